//! What labels teach: about a customer's payments, and about merchants'.

use std::borrow::Cow;
use std::collections::BTreeMap;

use proptest::prelude::*;

use super::given::{Customer, at, payment};
use crate::domain::{EventTime, FraudLabel, PaymentEvent};
use crate::fraud::labels::MAX_LABELS;
use crate::fraud::merchant::RETENTION_HOURS;
use crate::fraud::{
    CustomerState, LabelChange, MerchantHistory, Rules, StateFault, Verdict, Weights,
};

const HOUR: i64 = 3600;
const DAY: i64 = 24 * HOUR;

fn label(id: &str, seconds: i64, fraud: bool) -> FraudLabel<'static> {
    FraudLabel {
        payment_id: Cow::Owned(id.to_owned()),
        customer_id: Cow::Borrowed("c1"),
        merchant_id: Some(Cow::Borrowed("m1")),
        fraud,
        labelled_at: at(seconds),
        payment_time: None,
        amount: None,
        currency: None,
    }
}

fn verdicts() -> impl Strategy<Value = Verdict> {
    prop_oneof![
        3 => Just(Verdict::Fraud), 3 => Just(Verdict::Genuine),
        1 => Just(Verdict::Cleared), 1 => Just(Verdict::Convicted),
    ]
}

/// Changes within three months, many of them in the same hours.
fn changes() -> impl Strategy<Value = Vec<LabelChange>> {
    let hours = prop_oneof![3 => 0..40_i64, 1 => 0..90 * 24_i64];
    let change = (hours, 0..HOUR, verdicts())
        .prop_map(|(hour, rest, verdict)| LabelChange { verdict, time: at(hour * HOUR + rest) });
    prop::collection::vec(change, 0..60)
}

fn history(changes: &[LabelChange]) -> MerchantHistory {
    let mut history = MerchantHistory::default();
    changes.iter().for_each(|change| history.learn(*change));
    history
}

fn joined(a: &MerchantHistory, b: &MerchantHistory) -> MerchantHistory {
    let mut both = a.clone();
    both.join(b);
    both
}

fn encoded(history: &MerchantHistory) -> Vec<u8> {
    let mut out = Vec::new();
    history.encode(&mut out);
    out
}

/// The hour a time lies in.
fn hour(time: EventTime) -> i64 {
    time.micros().div_euclid(3_600_000_000)
}

/// The mean share as plainly as can be.
fn plain_share(changes: &[LabelChange], time: EventTime, weights: &Weights) -> f64 {
    let share = |window: i64| {
        let first = hour(time) - window / 3_600_000_000;
        let (mut fraud, mut genuine) = (0_i32, 0_i32);
        for change in changes {
            if (first..hour(time)).contains(&hour(change.time)) {
                let (f, g) = match change.verdict {
                    Verdict::Fraud => (1, 0),
                    Verdict::Genuine => (0, 1),
                    Verdict::Cleared => (-1, 1),
                    Verdict::Convicted => (1, -1),
                };
                (fraud, genuine) = (fraud + f, genuine + g);
            }
        }
        let (fraud, genuine) = (f64::from(fraud.max(0)), f64::from(genuine.max(0)));
        fraud / (fraud + genuine + weights.merchant_prior)
    };
    (share(weights.merchant_window) + share(weights.merchant_long_window)) / 2.0
}

proptest! {
    #[test]
    fn a_look_up_never_sees_a_later_label(changes in changes(), seconds in 0..60 * DAY) {
        let (time, weights) = (at(seconds), Weights::default());
        let before: Vec<LabelChange> =
            changes.iter().copied().filter(|change| change.time <= time).collect();
        // Whatever came after, and in whichever order, as long as the retention holds it all.
        prop_assume!(changes.iter().all(|c| hour(c.time) - hour(time) < RETENTION_HOURS - 32 * 24));
        let all = history(&changes).known(time, &weights);
        prop_assert_eq!(all.share.to_bits(), history(&before).known(time, &weights).share.to_bits());
        prop_assert!((all.share - plain_share(&changes, time, &weights)).abs() < 1e-12);
        prop_assert!((0.0..=1.0).contains(&all.share));
    }

    #[test]
    fn histories_join_in_any_order_and_grouping(
        parts in prop::array::uniform3(changes()), cut in any::<prop::sample::Index>(),
    ) {
        let [a, b, c] = parts.each_ref().map(|part| history(part));
        prop_assert_eq!(joined(&a, &b), joined(&b, &a));
        prop_assert_eq!(joined(&joined(&a, &b), &c), joined(&a, &joined(&b, &c)));
        prop_assert_eq!(joined(&a, &MerchantHistory::default()), a.clone());
        let (first, rest) = parts[0].split_at(cut.index(parts[0].len() + 1));
        prop_assert_eq!(joined(&history(first), &history(rest)), a);
    }

    #[test]
    fn a_history_round_trips_and_damage_never_panics(
        changes in changes(), at in any::<prop::sample::Index>(), bits in 1..=255_u8,
    ) {
        let own = history(&changes);
        let bytes = encoded(&own);
        prop_assert_eq!(MerchantHistory::decode(&bytes), Ok(own));
        let cut = at.index(bytes.len());
        prop_assert!(MerchantHistory::decode(&bytes[..cut]).is_err());
        let mut damaged = bytes;
        damaged[cut] ^= bits;
        if let Ok(mut read) = MerchantHistory::decode(&damaged) {
            read.learn(LabelChange { verdict: Verdict::Fraud, time: EventTime::default() });
            let risk = read.known(EventTime::from_micros(i64::MAX), &Weights::default());
            prop_assert!((0.0..=1.0).contains(&risk.share));
        }
    }

    #[test]
    fn a_change_round_trips(verdict in verdicts(), micros in any::<i64>()) {
        let change = LabelChange { verdict, time: EventTime::from_micros(micros) };
        prop_assert_eq!(LabelChange::decode(&change.encode()), Ok(change));
    }

    #[test]
    fn a_customers_labels_add_up(
        given in prop::collection::vec((0..12_u8, 0..50_i64, any::<bool>()), 0..32),
        seconds in 0..60_i64,
    ) {
        let mut state = CustomerState::default();
        // What stands, per payment: the latest word, and among equals in time the last to arrive.
        let mut words: BTreeMap<u8, Vec<(i64, bool)>> = BTreeMap::new();
        let (mut fraud, mut genuine) = (0_i32, 0_i32);
        for (id, time, verdict) in given {
            let change = state.learn_label(&label(&format!("p{id}"), time, verdict));
            let known = words.entry(id).or_default();
            let news = known.last().is_none_or(|(t, v)| *v != verdict && *t <= time);
            prop_assert_eq!(change.is_some(), news);
            if news {
                known.push((time, verdict));
            }
            let (f, g) = match change.map(|change| change.verdict) {
                None => (0, 0),
                Some(Verdict::Fraud) => (1, 0),
                Some(Verdict::Genuine) => (0, 1),
                Some(Verdict::Cleared) => (-1, 1),
                Some(Verdict::Convicted) => (1, -1),
            };
            (fraud, genuine) = (fraud + f, genuine + g);
        }
        let standing = |until: i64| {
            let last = |known: &Vec<(i64, bool)>| {
                known.iter().rev().find(|(t, _)| *t <= until).map(|(_, verdict)| *verdict)
            };
            words.values().filter_map(last).collect::<Vec<bool>>()
        };
        let count = |verdicts: &[bool], of: bool| {
            i32::try_from(verdicts.iter().filter(|v| **v == of).count()).unwrap()
        };
        let end = standing(i64::MAX);
        prop_assert_eq!((fraud, genuine), (count(&end, true), count(&end, false)));
        let known = state.labels.frauds(at(seconds), Rules::default().weights.customer_window);
        prop_assert_eq!(i32::try_from(known).unwrap(), count(&standing(seconds), true));
        let mut bytes = Vec::new();
        state.encode(&mut bytes);
        prop_assert_eq!(CustomerState::decode(&bytes), Ok(state));
    }
}

#[test]
fn a_merchants_history_is_bounded() {
    let mut history = MerchantHistory::default();
    for n in 0..100 * 24 {
        history.learn(LabelChange { verdict: Verdict::Genuine, time: at(n * HOUR) });
    }
    let hours = usize::try_from(RETENTION_HOURS).unwrap();
    assert_eq!(history.readable()["labels"].as_array().unwrap().len(), hours);
    assert!(encoded(&history).len() <= 3 * hours + 16, "{}", encoded(&history).len());
    let same = history.clone();
    history.learn(LabelChange { verdict: Verdict::Fraud, time: at(0) });
    assert_eq!(history, same, "older than is kept");
    let fault = MerchantHistory::decode(&[7]).unwrap_err();
    assert_eq!(fault, StateFault::Version { found: 7, reads: 1 });
}

#[test]
fn a_customers_labels_are_bounded_and_frauds_stay_longest() {
    let mut state = CustomerState::default();
    for n in 0..4 {
        state.learn_label(&label(&format!("fraud{n}"), n, true)).unwrap();
    }
    for n in 0..500 {
        state.learn_label(&label(&format!("genuine{n}"), 10 + n, false)).unwrap();
    }
    assert_eq!(state.labels.all().len(), MAX_LABELS);
    assert_eq!(state.labels.frauds(at(600), DAY * 1_000_000), 4);
    state.learn_label(&label("later", 61 * DAY, false)).unwrap();
    assert_eq!(state.labels.all().len(), 1, "older than two months");
    assert_eq!(state.last_seen(), at(61 * DAY), "a label keeps a customer");
}

#[test]
fn confirmed_fraud_at_the_merchant_raises_the_score_from_when_it_is_known() {
    let mut history = MerchantHistory::default();
    for n in 0..4 {
        history.learn(LabelChange { verdict: Verdict::Fraud, time: at(n * HOUR) });
    }
    let score = |seconds: i64| {
        let mut customer = Customer::default();
        let event =
            PaymentEvent { merchant_id: Some("m1".into()), ..payment("p", seconds, "9.00") };
        let answer = customer.state.assess(&event, Some(&history), &customer.rules);
        (answer.score.thousandths(), answer.parts.reasons())
    };
    assert_eq!(score(-DAY), (0, vec![]), "labels of later are not seen");
    assert_eq!(score(HOUR), (47_500, vec!["merchant-history"]), "one: 0.95 x 1 / (1 + 1)");
    assert_eq!(score(4 * HOUR), (76_000, vec!["merchant-history"]), "four: 0.95 x 4 / (4 + 1)");
    // Only the longer window still sees it, then none does.
    assert_eq!(score(5 * DAY).0, 38_000);
    assert_eq!(score(8 * DAY).0, 0);
}

#[test]
fn a_wave_passes_but_a_merchant_of_fraud_does_not() {
    let wave = |days: i64| {
        let mut history = MerchantHistory::default();
        for n in 0..days {
            history.learn(LabelChange { verdict: Verdict::Fraud, time: at(n * DAY) });
        }
        let risk = history.known(at(days * DAY), &Weights::default());
        (risk.wave_age.map(|age| age / 86_400_000_000), risk.past)
    };
    assert_eq!(wave(0), (None, false));
    assert_eq!(wave(5), (Some(5), false));
    assert_eq!(wave(20), (Some(20), false));
    assert_eq!(wave(21), (Some(21), true));
    assert_eq!(wave(41), (Some(41), true));
    assert_eq!(wave(42), (Some(42), false), "longer than twice a wave: it is the merchant");
    let mut ended = history(&[LabelChange { verdict: Verdict::Fraud, time: at(0) }]);
    ended.learn(LabelChange { verdict: Verdict::Genuine, time: at(HOUR) });
    assert_eq!(ended.known(at(30 * DAY), &Weights::default()).wave_age, None);
}

#[test]
fn confirmed_fraud_of_the_customer_raises_the_score_until_it_is_cleared() {
    let mut customer = Customer::default();
    for n in 0..5 {
        customer.pays(&payment(&format!("h{n}"), n * HOUR, "10.00"));
    }
    let change = customer.state.learn_label(&label("h1", 10 * HOUR, true)).unwrap();
    assert_eq!((change.verdict, change.time), (Verdict::Fraud, at(10 * HOUR)));
    assert_eq!(customer.state.learn_label(&label("h1", 11 * HOUR, true)), None, "known");
    let weight = |state: &CustomerState, seconds: i64| {
        let answer = state.clone().assess(&payment("x", seconds, "10.00"), None, &Rules::default());
        answer.parts.customer_history
    };
    assert!(weight(&customer.state, 10 * HOUR - 1).abs() < 1e-12, "not known yet");
    // One of five payments and five taken for granted, of 0.5 at most.
    assert!((weight(&customer.state, 10 * HOUR) - 0.05).abs() < 1e-3);
    let cleared = customer.state.learn_label(&label("h1", 12 * HOUR, false)).unwrap();
    assert_eq!(cleared.verdict, Verdict::Cleared);
    assert_eq!(
        customer.state.learn_label(&label("h1", 11 * HOUR, true)),
        None,
        "a later word stands"
    );
    assert!(weight(&customer.state, 13 * HOUR).abs() < 1e-12);
}

#[test]
fn a_state_of_version_1_is_read() {
    // Six payments in Rome and a small decline, as bss 0.1 wrote them.
    let hex = "01e080b0e1fb97d4a30600000000000049408084af5f04526f6d6501455552062ba3f9e8c0ff1740\
               000000000000244000000000000000008084af5f07ff8fbcfd0205027030809c9c390502703180\
               9c9c3905027032809c9c3905027033809c9c3905027034809c9c39050270358084af5f09026431\
               010092e3789987c0f152ce5af20f032d022c";
    let digits: Vec<u8> = hex.bytes().filter(u8::is_ascii_hexdigit).collect();
    let bytes: Vec<u8> = digits
        .chunks(2)
        .map(|pair| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap())
        .collect();
    let old = CustomerState::decode(&bytes).unwrap();
    let shown = old.readable();
    assert_eq!(shown["recentPayments"].as_array().unwrap().len(), 7);
    assert_eq!(shown["place"]["name"], "Rome");
    assert_eq!(shown["histories"][0]["usual"], 10.0);
    assert_eq!(shown["labels"], serde_json::json!([]));
    let mut new = Vec::new();
    old.encode(&mut new);
    assert_eq!(CustomerState::decode(&new), Ok(old));
}
