//! Rule by rule.

use std::borrow::Cow;

use proptest::prelude::*;

use super::given::{Customer, at, currency, decline, failure, from, named, payment};
use crate::domain::PaymentEvent;
use crate::domain::payment::PaymentStatus;
use crate::fraud::alert::Seen;

const DAY: i64 = 86_400;

/// `count` payments a second apart from `start` on.
fn burst(prefix: &str, start: i64, count: i64) -> Vec<PaymentEvent<'static>> {
    (0..count).map(|n| payment(&format!("{prefix}{n}"), start + n, "10.00")).collect()
}

#[test]
fn more_than_ten_in_five_minutes_are_told_once_and_more_than_twenty_once_more() {
    let mut customer = Customer::default();
    assert!(customer.told(burst("p", 0, 10)).is_empty());
    let eleventh = customer.pays(&payment("p10", 10, "10.00"));
    let alert = &eleventh.alerts[0];
    assert_eq!(named(alert), "RAPID_PAYMENTS HIGH");
    assert_eq!(alert.seen, Seen::Rapid { count: 11, limit: 10 });
    assert_eq!(alert.payment_ids, (0..11).map(|n| format!("p{n}")).collect::<Vec<_>>());
    assert_eq!((alert.window_start, alert.window_end), (at(10 - 300), at(10)));
    assert!(customer.told((11..20).map(|n| payment(&format!("p{n}"), n, "10.00"))).is_empty());
    assert_eq!(customer.told([payment("p20", 20, "10.00")]), ["RAPID_PAYMENTS CRITICAL"]);
    assert!(customer.told(burst("q", 21, 30)).is_empty(), "told already");
}

#[test]
fn ten_before_and_ten_after_a_boundary_are_told() {
    // Tumbling windows of five minutes would see ten and ten.
    let mut customer = Customer::default();
    let payments =
        burst("a", 300 - 10, 10).into_iter().chain(burst("b", 300, 10)).collect::<Vec<_>>();
    assert_eq!(customer.told(payments), ["RAPID_PAYMENTS HIGH"]);
}

#[test]
fn a_new_burst_is_told_again() {
    let mut customer = Customer::default();
    assert_eq!(customer.told(burst("a", 0, 12)).len(), 1);
    assert!(customer.told([payment("calm", 400, "10.00")]).is_empty());
    assert_eq!(customer.told(burst("b", 500, 12)), ["RAPID_PAYMENTS HIGH"]);
}

#[test]
fn the_window_is_open_at_its_start() {
    let mut customer = Customer::default();
    customer.told(burst("a", 0, 1));
    customer.told(burst("b", 290, 9));
    // a0 at 0 s is out of (0 s, 300 s].
    assert!(customer.told([payment("at-300", 300, "10.00")]).is_empty());
    let mut earlier = Customer::default();
    earlier.told(burst("a", 0, 1));
    earlier.told(burst("b", 289, 9));
    assert_eq!(earlier.told([payment("at-299", 299, "10.00")]), ["RAPID_PAYMENTS HIGH"]);
}

#[test]
fn a_redelivered_payment_does_nothing() {
    let mut customer = Customer::default();
    customer.told(burst("p", 0, 10));
    let before = customer.state.clone();
    for again in burst("p", 0, 10) {
        let answer = customer.pays(&again);
        assert!(answer.duplicate && answer.alerts.is_empty() && answer.high_risk.is_none());
    }
    assert_eq!(customer.state, before);
    assert_eq!(customer.told([payment("p10", 10, "10.00")]), ["RAPID_PAYMENTS HIGH"]);
}

#[test]
fn a_redelivery_is_known_for_an_hour_and_grace() {
    let mut customer = Customer::default();
    customer.pays(&payment("p", 0, "10.00"));
    customer.pays(&payment("q", 4200, "10.00"));
    assert!(customer.pays(&payment("p", 0, "10.00")).duplicate);
    assert_eq!(customer.state.last_seen(), at(4200));
}

#[test]
fn several_events_of_a_payment_count_once() {
    let mut customer = Customer::default();
    for n in 0..10 {
        let (id, seconds) = (format!("p{n}"), n * 3);
        for (step, status) in
            [PaymentStatus::Pending, PaymentStatus::Authorized, PaymentStatus::Completed]
                .into_iter()
                .enumerate()
        {
            let time = at(seconds + i64::try_from(step).unwrap());
            let event = PaymentEvent { status, time, ..payment(&id, seconds, "10.00") };
            let answer = customer.pays(&event);
            assert!(!answer.duplicate && answer.alerts.is_empty());
        }
    }
    assert_eq!(customer.state.histories.of(currency("EUR")).unwrap().payments, 10);
    assert_eq!(customer.told([payment("p10", 40, "10.00")]), ["RAPID_PAYMENTS HIGH"]);
}

#[test]
fn refunds_and_cancellations_do_not_count() {
    let mut customer = Customer::default();
    for (n, status) in
        [PaymentStatus::Refunded, PaymentStatus::Cancelled].into_iter().cycle().take(30).enumerate()
    {
        let seconds = i64::try_from(n).unwrap();
        let event = PaymentEvent { status, ..payment(&format!("r{n}"), seconds, "90000.00") };
        let answer = customer.pays(&event);
        assert_eq!((answer.score.thousandths(), answer.alerts.len()), (0, 0));
        assert!(customer.pays(&event).duplicate, "but a redelivery is known");
    }
    assert_eq!(customer.state.histories.all(), []);
}

#[test]
fn the_processors_own_failures_do_not_count() {
    let mut customer = Customer::default();
    let mut scores = Vec::new();
    for n in 0..30 {
        let answer = customer.pays(&failure(&format!("f{n}"), n, "processor_unavailable"));
        assert!(answer.alerts.is_empty());
        scores.push(answer.score.thousandths());
    }
    assert_eq!(scores, vec![0; 30], "the score is unchanged by an outage");
    let mut other = Customer::default();
    let payments = (0..11).map(|n| failure(&format!("f{n}"), n, "insufficient_funds"));
    assert_eq!(other.told(payments), ["RAPID_PAYMENTS HIGH"], "other failures do count");
    // A payment that failed at the processor and then went through counts with the second event.
    let retried = PaymentEvent { time: at(31), ..payment("f0", 31, "10.00") };
    customer.pays(&retried);
    assert_eq!(customer.state.histories.of(currency("EUR")).unwrap().payments, 1);
}

#[test]
fn unusual_is_more_than_five_times_the_mean_of_five_payments() {
    let mut customer = Customer::default();
    let history = |count| (0..count).map(|n| payment(&format!("h{n}"), n * DAY / 24, "20.00"));
    customer.told(history(4));
    assert!(customer.told([decline("early", 5 * DAY, "900.00", None)]).is_empty(), "only four");
    customer.told([payment("h4", 5 * DAY + 1, "20.00")]);
    assert!(customer.told([decline("at", 6 * DAY, "100.00", None)]).is_empty(), "just five times");
    let answer = customer.pays(&payment("above", 7 * DAY, "150.00"));
    let alert = &answer.alerts[0];
    assert_eq!(named(alert), "UNUSUAL_AMOUNT HIGH");
    assert_eq!(alert.payment_ids, ["above"]);
    let Seen::Unusual { mean, ratio, deviations, payments, by_ratio } = &alert.seen else {
        panic!("{alert:?}")
    };
    assert_eq!((mean.to_string().as_str(), *ratio), ("20.00", Some(7.5)));
    assert_eq!((*deviations, *payments, *by_ratio), (None, 5, true));
}

#[test]
fn unusual_is_also_four_deviations_of_twenty_payments() {
    let mut customer = Customer::default();
    for n in 0..20 {
        let amount = if n % 2 == 0 { "95.00" } else { "105.00" };
        assert!(customer.pays(&payment(&format!("h{n}"), n * 3600, amount)).alerts.is_empty());
    }
    assert!(customer.told([decline("near", 72_001, "119.00", None)]).is_empty());
    let answer = customer.pays(&payment("far", 72_002, "125.00"));
    let Seen::Unusual { deviations: Some(deviations), by_ratio, .. } = answer.alerts[0].seen else {
        panic!("{answer:?}")
    };
    assert!(!by_ratio && (4.0..6.0).contains(&deviations), "{deviations}");
}

#[test]
fn a_mean_of_nothing_makes_nothing_unusual() {
    let mut customer = Customer::default();
    let free = (0..30).map(|n| payment(&format!("h{n}"), n * 3600, "0.00"));
    assert!(customer.told(free).is_empty());
    let answer = customer.pays(&payment("first-money", 31 * 3600, "40.00"));
    assert!(answer.alerts.is_empty(), "{answer:?}");
    assert_eq!(answer.score.thousandths(), 0);
}

#[test]
fn currencies_are_apart() {
    let mut customer = Customer::default();
    customer.told((0..10).map(|n| payment(&format!("h{n}"), n * 3600, "20.00")));
    let rupiah = PaymentEvent { currency: currency("IDR"), ..payment("r", DAY, "150000.00") };
    assert!(customer.pays(&rupiah).alerts.is_empty());
    assert_eq!(customer.told([payment("e", DAY + 1, "150000.00")]), ["UNUSUAL_AMOUNT HIGH"]);
}

#[test]
fn refused_payments_are_no_history() {
    let mut customer = Customer::default();
    customer.told((0..30).map(|n| decline(&format!("d{n}"), n * 3600, "20.00", None)));
    assert_eq!(customer.state.histories.all(), []);
}

#[test]
fn old_payments_weigh_less() {
    let mut customer = Customer::with(|rules| rules.unusual_deviations_min_payments = 1000);
    customer.told((0..10).map(|n| payment(&format!("old{n}"), n * 60, "10.00")));
    customer.told((0..10).map(|n| payment(&format!("new{n}"), 90 * DAY + n * 60, "100.00")));
    // Three half-lives on: (10 * 10 / 8 + 10 * 100) / (10 / 8 + 10) = 90.
    let mean = customer.state.histories.of(currency("EUR")).unwrap().mean;
    assert!((mean - 90.0).abs() < 0.01, "{mean}");
    assert!(customer.told([decline("x", 91 * DAY, "400.00", None)]).is_empty());
    assert_eq!(customer.told([decline("y", 91 * DAY, "460.00", None)]), ["UNUSUAL_AMOUNT HIGH"]);
}

#[test]
fn a_first_payment_is_told_only_when_asked_for() {
    assert!(Customer::default().told([payment("p", 0, "10.00")]).is_empty());
    let mut customer = Customer::with(|rules| rules.no_history = true);
    assert_eq!(customer.told([payment("p", 0, "10.00")]), ["NO_HISTORY MEDIUM"]);
    assert!(customer.told([payment("q", 1, "10.00")]).is_empty());
    let dollars = PaymentEvent { currency: currency("USD"), ..payment("r", 2, "10.00") };
    assert_eq!(customer.told([dollars]), ["NO_HISTORY MEDIUM"]);
}

/// One of ten instruments.
fn card(n: i64) -> &'static str {
    let cards = ["i0", "i1", "i2", "i3", "i4", "i5", "i6", "i7", "i8", "i9"];
    cards[usize::try_from(n % 10).unwrap()]
}

#[test]
fn ten_declines_with_ten_cards_are_card_testing_once() {
    let mut customer = Customer::default();
    let declines = |prefix: &str, start: i64| -> Vec<_> {
        (0..10)
            .map(|n| decline(&format!("{prefix}{n}"), start + n * 30, "1.00", Some(card(n))))
            .collect()
    };
    let mut answers = Vec::new();
    for event in declines("d", 0) {
        answers.push(customer.pays(&event));
    }
    let fired: Vec<usize> = (0..10).filter(|n| !answers[*n].alerts.is_empty()).collect();
    assert_eq!(fired, [4], "the fifth decline, once");
    let alert = &answers[4].alerts[0];
    assert_eq!(named(alert), "CARD_TESTING HIGH");
    assert_eq!(alert.payment_ids, ["d0", "d1", "d2", "d3", "d4"]);
    assert_eq!(alert.window_start, at(120 - 600));
    assert!(matches!(alert.seen, Seen::Declines { count: 5, instruments: 5, .. }));
    assert_eq!(answers[3].score.thousandths(), 0);
    assert_eq!(answers[4].score.thousandths(), 80_000);
    // 0.80 and six payments in the hour: 1 - 0.2 x 0.5.
    assert_eq!(answers[5].score.thousandths(), 90_000);
    assert_eq!(customer.told(declines("e", 4000)), ["CARD_TESTING HIGH"], "a new burst");
}

/// Buyers whose wallet gave another token at each try were taken for card testers.
#[test]
fn one_wallet_is_one_instrument() {
    let told = |methods: [&'static str; 2]| {
        let tries = (0..10).map(|n| PaymentEvent {
            payment_method: Some(Cow::Borrowed(methods[usize::from(n % 2 == 1)])),
            ..decline(&format!("t{n}"), n * 30, "1.00", Some(card(n)))
        });
        Customer::default().told(tries)
    };
    assert!(told(["APPLE_PAY", "APPLE_PAY"]).is_empty(), "a token a try");
    assert!(told(["APPLE_PAY", "apple_pay"]).is_empty(), "however it is written");
    assert!(told(["APPLE_PAY", "PAYPAL"]).is_empty(), "two wallets are two");
    assert_eq!(told(["CARD", "CARD"]), ["CARD_TESTING HIGH"]);
    let mut same = Customer::default();
    let one = (0..10).map(|n| decline(&format!("s{n}"), n * 30, "1.00", Some("one card")));
    assert!(same.told(one).is_empty());
    let mut other = Customer::default();
    let absent = (0..10).map(|n| decline(&format!("a{n}"), n * 30, "1.00", None));
    assert!(other.told(absent).is_empty(), "absent instruments are one");
}

#[test]
fn only_small_declines_are_card_testing() {
    let mut customer = Customer::default();
    let large = (0..9).map(|n| decline(&format!("l{n}"), n, "5.01", Some(card(n))));
    assert!(customer.told(large).is_empty());
    let mut failed = Customer::default();
    let own = (0..9).map(|n| PaymentEvent {
        instrument_id: Some(Cow::Borrowed(card(n))),
        amount: "1".parse().unwrap(),
        ..failure(&format!("f{n}"), n, "declined")
    });
    assert!(failed.told(own).is_empty(), "a failure is no decline");
    let mut slow = Customer::default();
    let apart = (0..9).map(|n| decline(&format!("s{n}"), n * 150, "5.00", Some(card(n))));
    assert!(slow.told(apart).is_empty(), "four in ten minutes");
    let mut one = Customer::default();
    let same = (0..9).map(|n| decline("same", n, "1.00", Some(card(n))));
    assert!(one.told(same).is_empty(), "events of one payment");
}

#[test]
fn a_change_of_place_is_information() {
    let mut customer = Customer::default();
    assert!(customer.told([from("a", 0, "Rome")]).is_empty());
    assert!(customer.told([from("b", 60, "Rome")]).is_empty());
    let answer = customer.pays(&from("c", 3660, "Oslo"));
    assert_eq!(named(&answer.alerts[0]), "LOCATION_CHANGE LOW");
    assert_eq!((answer.alerts[0].window_start, answer.alerts[0].window_end), (at(60), at(3660)));
    assert_eq!(answer.score.thousandths(), 0);
    assert!(customer.told([from("d", 3660 + 7201, "Rome")]).is_empty(), "time to travel");
    let mut off = Customer::with(|rules| rules.location_change = false);
    assert!(off.told([from("a", 0, "Rome"), from("b", 1, "Oslo")]).is_empty());
}

#[test]
fn a_known_relay_is_no_place_where_the_customer_is() {
    let relay = || Customer::with(|rules| rules.relay_locations = vec!["Los Angeles".to_owned()]);
    // 18:14 New York, 20:18 relay, 20:30 New York.
    let mut customer = relay();
    assert!(customer.told([from("a", 0, "New York")]).is_empty());
    assert!(customer.told([from("b", 7440, "Los Angeles")]).is_empty());
    assert!(customer.told([from("c", 8160, "New York")]).is_empty(), "not kept as the last place");
    let mut sooner = relay();
    sooner.told([from("a", 0, "New York")]);
    assert_eq!(sooner.told([from("b", 600, "Los Angeles")]), ["LOCATION_CHANGE LOW"]);
    assert!(sooner.told([from("c", 700, "New York")]).is_empty());
    let mut first = relay();
    first.told([from("a", 0, "Los Angeles")]);
    assert!(first.told([from("b", 1, "New York")]).is_empty());
}

proptest! {
    #[test]
    fn one_alert_of_a_severity_between_two_calm_moments(
        gaps in prop::collection::vec(0..60_i64, 1..200),
    ) {
        let mut customer = Customer::default();
        let (mut time, mut times) = (0, Vec::new());
        let mut since_calm: Vec<String> = Vec::new();
        for (n, gap) in gaps.into_iter().enumerate() {
            time += gap;
            times.push(time);
            let count = times.iter().filter(|t| **t > time - 300).count();
            if count <= 10 {
                since_calm.clear();
            }
            since_calm.extend(customer.told([payment(&format!("p{n}"), time, "10.00")]));
            let mut expected = Vec::new();
            if count > 10 {
                prop_assert_eq!(&since_calm[0], "RAPID_PAYMENTS HIGH");
                expected.push("RAPID_PAYMENTS HIGH");
            }
            if count > 20 || since_calm.len() > 1 {
                expected.push("RAPID_PAYMENTS CRITICAL");
            }
            prop_assert_eq!(&since_calm, &expected);
        }
    }
}
