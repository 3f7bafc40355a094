//! What holds for every sequence of payments.

use std::borrow::Cow;

use proptest::prelude::*;

use super::given::{at, currency, payment};
use super::naive::Naive;
use crate::domain::PaymentEvent;
use crate::domain::payment::PaymentStatus;
use crate::fraud::{Assessment, CustomerState, Rules, StateFault};

/// One step of a sequence: a new event, or an earlier one again.
#[derive(Clone, Debug)]
enum Step {
    New { gap: i64, behind: i64, id: u16, status: usize, amount: u32, detail: u8 },
    Again(usize),
}

fn step() -> impl Strategy<Value = Step> {
    let gap = prop_oneof![
        60 => 0..20_i64, 6 => 20..300_i64, 2 => 300..4000_i64, 1 => 4000..4_000_000_i64,
    ];
    let behind = prop_oneof![3 => Just(0_i64), 1 => 0..=600_i64];
    let status = prop_oneof![6 => Just(2_usize), 4 => Just(4_usize), 2 => 0..7_usize];
    let amount = prop_oneof![
        4 => 1..=600_u32, 4 => 600..20_000_u32, 1 => 20_000..2_000_000_u32, 1 => Just(0),
    ];
    let new = (gap, behind, 0..2000_u16, status, amount, any::<u8>()).prop_map(
        |(gap, behind, id, status, amount, detail)| Step::New {
            gap,
            behind,
            id,
            status,
            amount,
            detail,
        },
    );
    prop_oneof![12 => new, 1 => (0..40_usize).prop_map(Step::Again)]
}

/// The events of the steps: out of order within grace, redelivered while they are remembered.
fn events(steps: Vec<Step>) -> Vec<PaymentEvent<'static>> {
    let (mut now, mut events) = (0, Vec::<PaymentEvent<'static>>::new());
    for step in steps {
        match step {
            Step::Again(back) => {
                let Some(nth) = events.len().checked_sub(back + 1) else { continue };
                if at(now).micros_since(events[nth].time) <= 4_200_000_000 {
                    events.push(events[nth].clone());
                }
            }
            Step::New { gap, behind, id, status, amount, detail } => {
                now += gap;
                let amount = format!("{}.{:02}", amount / 100, amount % 100);
                let pick = |n: u8, from: &[&'static str]| {
                    from.get(usize::from(n)).map(|text| Cow::Borrowed(*text))
                };
                events.push(PaymentEvent {
                    status: PaymentStatus::ALL[status],
                    currency: currency(if detail % 8 == 7 { "USD" } else { "EUR" }),
                    instrument_id: pick(detail % 5, &["i1", "i2", "i3", "i4"]),
                    payment_method: pick(detail % 7, &["CARD", "PAYPAL", "CARD", "APPLE_PAY"]),
                    location: pick(detail % 11, &["Rome", "Rome", "Rome", "Oslo", "Relay"]),
                    failure_reason: pick(detail % 3, &["timeout", "insufficient_funds"]),
                    ..payment(&format!("payment-{id}"), now - behind, &amount)
                });
            }
        }
    }
    events
}

fn rules() -> Rules {
    Rules { relay_locations: vec!["Relay".to_owned()], no_history: true, ..Rules::default() }
}

fn encoded(state: &CustomerState) -> Vec<u8> {
    let mut out = Vec::new();
    state.encode(&mut out);
    out
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn equals_the_plain_form(steps in prop::collection::vec(step(), 0..180)) {
        let (mut state, mut naive, rules) = (CustomerState::default(), Naive::default(), rules());
        for event in events(steps) {
            let mut expected = naive.assess(&event, &rules);
            let answer = state.assess(&event, None, &rules);
            for (own, plain) in answer.parts.named().into_iter().zip(expected.parts.named()) {
                prop_assert!((own.1 - plain.1).abs() < 1e-12, "{:?} {:?} {:?}", own, plain, event);
            }
            // The plain form rounds elsewhere; a thousandth is the least a score can differ by.
            let apart = answer.score.thousandths().abs_diff(expected.score.thousandths());
            prop_assert!(apart <= 1, "{:?} {:?}", answer, expected);
            expected.parts = answer.parts;
            prop_assert_eq!(answer, expected, "{:?}", event);
        }
    }

    #[test]
    fn a_restored_state_answers_as_the_live_one(
        steps in prop::collection::vec(step(), 0..150),
        every in 1..20_usize,
    ) {
        let rules = rules();
        let (mut live, mut restored) = (CustomerState::default(), CustomerState::default());
        for (n, event) in events(steps).iter().enumerate() {
            let answer = live.assess(event, None, &rules);
            prop_assert_eq!(&restored.assess(event, None, &rules), &answer);
            if n % every == 0 {
                restored = CustomerState::decode(&encoded(&restored)).unwrap();
                prop_assert_eq!(&restored, &live);
            }
            prop_assert_eq!(encoded(&restored), encoded(&live));
        }
    }

    #[test]
    fn damaged_bytes_are_refused_or_read_but_never_panic(
        steps in prop::collection::vec(step(), 1..60),
        at in any::<prop::sample::Index>(),
        bits in 1..=255_u8,
    ) {
        let (mut state, rules) = (CustomerState::default(), rules());
        for event in events(steps) {
            state.assess(&event, None, &rules);
        }
        let bytes = encoded(&state);
        let cut = at.index(bytes.len());
        prop_assert!(CustomerState::decode(&bytes[..cut]).is_err());
        let mut damaged = bytes;
        damaged[cut] ^= bits;
        if let Ok(mut read) = CustomerState::decode(&damaged) {
            read.assess(&payment("after", 10, "10.00"), None, &rules);
        }
    }
}

#[test]
fn the_sequences_reach_every_rule() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let mut told: std::collections::BTreeMap<String, usize> = std::collections::BTreeMap::new();
    let (mut duplicates, mut at_risk) = (0, 0);
    for _ in 0..200 {
        let steps = prop::collection::vec(step(), 0..180).new_tree(&mut runner).unwrap().current();
        let mut state = CustomerState::default();
        for event in events(steps) {
            let Assessment { duplicate, alerts, high_risk, .. } =
                state.assess(&event, None, &rules());
            duplicates += usize::from(duplicate);
            at_risk += usize::from(high_risk.is_some());
            for alert in alerts {
                *told.entry(super::given::named(&alert)).or_default() += 1;
            }
        }
    }
    assert_eq!(told.len(), 6, "{told:?}");
    assert!(told.values().all(|n| *n >= 20) && duplicates > 200 && at_risk > 200, "{told:?}");
}

#[test]
fn another_format_version_is_refused_by_number() {
    let mut bytes = encoded(&CustomerState::default());
    assert_eq!(CustomerState::decode(&bytes), Ok(CustomerState::default()));
    bytes[0] = 9;
    let fault = CustomerState::decode(&bytes).unwrap_err();
    assert_eq!(fault, StateFault::Version { found: 9, reads: 2 });
    assert_eq!(fault.to_string(), "state is of format version 9; this program reads up to 2");
    assert_eq!(CustomerState::decode(&[]), Err(StateFault::Truncated));
    bytes[0] = 2;
    bytes.push(0);
    assert_eq!(CustomerState::decode(&bytes), Err(StateFault::Corrupt("end")));
}

#[test]
fn what_a_customer_costs_is_bounded() {
    let (mut state, rules) = (CustomerState::default(), rules());
    for n in 0..15 {
        state.assess(&payment(&format!("pay-{n:08}"), n * 240, "10.00"), None, &rules);
    }
    assert!(size_of::<CustomerState>() <= 232, "{}", size_of::<CustomerState>());
    assert!(encoded(&state).len() <= 320, "{}", encoded(&state).len());
    for n in 15..5000 {
        let id = format!("{n:0>200}");
        state.assess(&super::given::decline(&id, 3600 + n / 10, "1.00", Some("i")), None, &rules);
    }
    assert!(encoded(&state).len() <= 256 * 240, "{}", encoded(&state).len());
}
