//! Measures against plain second forms; labels, judgements and comparisons by example.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};

use proptest::prelude::*;

use super::cards::{Card, card_precision};
use super::compare::{Affected, Sum};
use super::judge::Found;
use super::labels::{Verdict, from_json};
use super::ranking::in_top;
use super::*;
use crate::domain::payment::{Currency, Score};
use crate::domain::{EventTime, Reason, Reject};

const DAY: i64 = 86_400_000_000;

/// 2026-01-01T00:00:00Z and so many hours.
fn at(hours: i64) -> EventTime {
    EventTime::from_millis(1_767_225_600_000 + hours * 3_600_000)
}

fn day(time: EventTime) -> EventTime {
    EventTime::from_micros(time.micros().div_euclid(DAY) * DAY)
}

/// Scores with many ties.
fn ranked() -> impl Strategy<Value = Vec<(u32, bool)>> {
    prop::collection::vec((0..12_u32, prop::bool::weighted(0.3)), 0..60)
}

/// Of all pairs of a fraud and a genuine payment, the share in which the fraud is higher.
fn plain_auc(payments: &[(u32, bool)]) -> Option<f64> {
    let (mut sum, mut pairs) = (0.0, 0.0);
    for (fraud, _) in payments.iter().filter(|p| p.1) {
        for (genuine, _) in payments.iter().filter(|p| !p.1) {
            pairs += 1.0;
            sum += match fraud.cmp(genuine) {
                std::cmp::Ordering::Greater => 1.0,
                std::cmp::Ordering::Equal => 0.5,
                std::cmp::Ordering::Less => 0.0,
            };
        }
    }
    (pairs > 0.0).then(|| sum / pairs)
}

/// The mean over the frauds of the precision among all that are at least as high.
fn plain_average_precision(payments: &[(u32, bool)]) -> Option<f64> {
    let frauds: Vec<u32> = payments.iter().filter(|p| p.1).map(|p| p.0).collect();
    let precision = |score: u32| {
        let seen: Vec<bool> = payments.iter().filter(|p| p.0 >= score).map(|p| p.1).collect();
        seen.iter().filter(|fraud| **fraud).count() as f64 / seen.len() as f64
    };
    let sum: f64 = frauds.iter().map(|score| precision(*score)).sum();
    (!frauds.is_empty()).then(|| sum / frauds.len() as f64)
}

fn close(a: Option<f64>, b: Option<f64>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => (a - b).abs() < 1e-12,
        (a, b) => a == b,
    }
}

/// The days one after the other, each a list of its own.
fn plain_cards(cards: &[Card<u8, u32>], most: usize) -> Option<f64> {
    let mut days: Vec<EventTime> = cards.iter().map(|c| c.day).collect();
    days.sort_unstable();
    days.dedup();
    let mut found: HashSet<u8> = HashSet::new();
    let mut shares = Vec::new();
    for day in &days {
        let mut customers: Vec<u8> =
            cards.iter().filter(|c| c.day == *day).map(|c| c.customer).collect();
        customers.sort_unstable();
        customers.dedup();
        customers.retain(|c| !found.contains(c));
        let of =
            |customer: u8| cards.iter().filter(move |c| c.day == *day && c.customer == customer);
        let highest = |customer: u8| of(customer).map(|c| c.score).max().unwrap();
        customers.sort_by_key(|c| (std::cmp::Reverse(highest(*c)), *c));
        let hits: Vec<u8> =
            customers.into_iter().take(most).filter(|c| of(*c).any(|card| card.fraud)).collect();
        shares.push(hits.len() as f64 / most as f64);
        found.extend(hits);
    }
    (!days.is_empty()).then(|| shares.iter().sum::<f64>() / days.len() as f64)
}

fn cards() -> impl Strategy<Value = Vec<Card<u8, u32>>> {
    let card = (0..4_i64, 0..9_u8, 0..6_u32, prop::bool::weighted(0.3));
    let card = card.prop_map(|(days, customer, score, fraud)| {
        let day = at(days * 24);
        Card { day, customer, score, fraud }
    });
    prop::collection::vec(card, 0..60)
}

proptest! {
    #[test]
    fn the_measures_are_what_they_say(payments in ranked()) {
        let ranking = Ranking::of(payments.iter().copied());
        prop_assert!(close(ranking.auc(), plain_auc(&payments)));
        prop_assert!(close(ranking.average_precision(), plain_average_precision(&payments)));
    }

    #[test]
    fn only_the_order_of_scores_matters(payments in ranked(), by in 1..90_u64) {
        let ranking = Ranking::of(payments.iter().copied());
        let curved = payments.iter().map(|(s, f)| (u64::from(*s).pow(3) * by + 7, *f));
        let other = Ranking::of(curved);
        prop_assert_eq!(ranking.auc(), other.auc());
        prop_assert_eq!(ranking.average_precision(), other.average_precision());
        let mut turned = payments.clone();
        turned.reverse();
        let other = Ranking::of(turned);
        prop_assert_eq!(ranking.average_precision(), other.average_precision());
    }

    #[test]
    fn the_opposite_score_has_the_opposite_area(payments in ranked()) {
        let area = Ranking::of(payments.iter().copied()).auc();
        let opposite = Ranking::of(payments.iter().map(|(s, f)| (100 - s, *f))).auc();
        prop_assert!(close(area, opposite.map(|a| 1.0 - a)));
    }

    #[test]
    fn the_top_holds_all_it_has_room_for(payments in ranked(), top in 0..70_u64) {
        let groups = payments.iter().map(|(s, f)| (*s, Some(usize::from(*f))));
        let found: f64 = in_top(groups, top, 2).iter().sum();
        let room = top.min(payments.len() as u64);
        prop_assert!((found - room as f64).abs() < 1e-9);
        // Where no score comes twice nothing is drawn.
        let single = payments.iter().enumerate().map(|(n, (_, f))| (n, f.then_some(0)));
        let last = payments.iter().rev().take(usize::try_from(top).unwrap());
        let expected = last.filter(|p| p.1).count() as f64;
        prop_assert!((in_top(single, top, 1)[0] - expected).abs() < 1e-9);
    }

    #[test]
    fn cards_are_looked_into_day_by_day(cards in cards(), most in 1..5_usize, turn in any::<bool>()) {
        let mut given = cards.clone();
        if turn {
            given.reverse();
        }
        prop_assert!(close(card_precision(given, most), plain_cards(&cards, most)));
    }

    #[test]
    fn counts_of_decisions_add_up(
        payments in prop::collection::vec((0..100_000_u32, 0..4_u8), 1..40),
        above in 0..100_000_u32,
    ) {
        // 0: unknown, 1: genuine, 2: fraud, 3: fraud without a score.
        let (mut history, mut labels) = (History::default(), Labels::default());
        labels.say_themselves();
        for ((n, (score, kind)), hour) in payments.iter().enumerate().zip(0_i64..) {
            let id = format!("p{n}");
            let score = (*kind < 3).then(|| Score::from_thousandths(*score));
            history.pay(&id, &format!("c{}", n % 7), at(hour), score);
            if *kind > 0 {
                labels.learn(n as u64, &id, known(*kind > 1)).unwrap();
            }
        }
        let score = Score::from_thousandths(above);
        let thresholds = [Threshold { shown: "x".to_owned(), score }];
        let terms = terms(&thresholds, Unlisted::Unknown, None);
        let found = evaluate(&history, &labels, &terms);
        let decision = &found.decisions[0];
        let count = |which: &dyn Fn(&(u32, u8)) -> bool| {
            payments.iter().filter(|p| which(p)).count() as u64
        };
        prop_assert_eq!(decision.right, count(&|p| p.1 == 2 && p.0 > above));
        prop_assert_eq!(decision.wrong, count(&|p| p.1 == 1 && p.0 > above));
        prop_assert_eq!(decision.unknown(), count(&|p| p.1 == 0 && p.0 > above));
        prop_assert_eq!(decision.frauds, Found { found: decision.right, of: count(&|p| p.1 == 2) });
        prop_assert_eq!(found.unscored, count(&|p| p.1 == 3));
        prop_assert_eq!(found.unscored_frauds, found.unscored);
        prop_assert_eq!(found.labelled, count(&|p| p.1 > 0));
        let (hit, miss) = (decision.right as f64, (decision.frauds.of - decision.right) as f64);
        let f1 = (decision.frauds.of > 0)
            .then(|| 2.0 * hit / (2.0 * hit + decision.wrong as f64 + miss));
        prop_assert!(close(decision.f1(), f1));
    }
}

#[test]
fn published_examples_of_both_measures() {
    // scikit-learn's documentation: scores 0.1, 0.4, 0.35, 0.8 of classes 0, 0, 1, 1.
    let ranking = Ranking::of([(10, false), (40, false), (35, true), (80, true)]);
    assert!(close(ranking.auc(), Some(0.75)));
    assert!(close(ranking.average_precision(), Some(0.5 + 0.5 * 2.0 / 3.0)));
    // All equal: chance, and the share of frauds.
    let level = Ranking::of([(1, true), (1, false), (1, false), (1, false)]);
    assert_eq!((level.auc(), level.average_precision()), (Some(0.5), Some(0.25)));
    let none = Ranking::of([(1, false), (2, false)]);
    assert_eq!((none.auc(), none.average_precision()), (None, None));
    let all = Ranking::of([(1, true)]);
    assert_eq!((all.auc(), all.average_precision()), (None, Some(1.0)));
}

#[test]
fn a_found_customer_is_left_out_on_later_days() {
    let card = |day: i64, customer: u8, score: u32, fraud: bool| {
        let day = at(day * 24);
        Card { day, customer, score, fraud }
    };
    let both = [card(0, 1, 9, true), card(1, 1, 9, true), card(1, 2, 5, true)];
    assert_eq!(card_precision(both, 1), Some(1.0));
    // A day with fewer customers is a share of as many all the same.
    assert_eq!(card_precision([card(0, 1, 9, true)], 4), Some(0.25));
    // Of equals the lesser goes first.
    assert_eq!(card_precision([card(0, 2, 5, true), card(0, 1, 5, false)], 1), Some(0.0));
    assert_eq!(card_precision(Vec::<Card<u8, u32>>::new(), 100), None);
}

fn known(fraud: bool) -> Label {
    Label { fraud, scenario: None, known_at: None }
}

fn terms<'a>(
    thresholds: &'a [Threshold],
    unlisted: Unlisted,
    leave_out: Option<Known>,
) -> Terms<'a> {
    let (since, until) = (None, None);
    Terms { since, until, day: &day, thresholds, cards: 1, top: 0.5, leave_out, unlisted }
}

fn told(id: &str, rule: &str, customer: &str, time: EventTime, payments: &[&str]) -> Told {
    Told {
        id: id.to_owned(),
        rule: rule.to_owned(),
        severity: "HIGH".to_owned(),
        customer: customer.to_owned(),
        time,
        payment_ids: payments.iter().map(|p| (*p).to_owned()).collect(),
        amount: None,
        description: String::new(),
    }
}

#[test]
fn alerts_are_true_by_any_of_their_payments() {
    let mut history = History::default();
    for (id, hour) in ["a", "b", "c", "d"].into_iter().zip(0..) {
        history.pay(id, "c1", at(hour), None);
    }
    history.tell(told("1", "RAPID_PAYMENTS", "c1", at(1), &["a", "b"]));
    history.tell(told("2", "RAPID_PAYMENTS", "c1", at(2), &["c"]));
    history.tell(told("3", "OUR_OWN", "c1", at(3), &["a", "d"]));
    history.tell(told("4", "OUR_OWN", "c1", at(9), &["elsewhere"]));
    let mut labels = Labels::default();
    let label = |scenario: &str| Label { scenario: Some(scenario.to_owned()), ..known(true) };
    labels.learn(2, "b", label("s1")).unwrap();
    labels.learn(3, "d", label("s2")).unwrap();
    labels.learn(4, "c", known(false)).unwrap();
    labels.learn(5, "nowhere", known(false)).unwrap();
    let found = evaluate(&history, &labels, &terms(&[], Unlisted::Unknown, None));
    assert_eq!((found.payments, found.with_label, found.unscored), (4, 3, 4));
    assert_eq!((found.auc, found.card_precision, found.top), (None, None, 0));
    let of = |by: By| found.decisions.iter().find(|d| d.by == by).unwrap();
    let counts = |d: &Decision| (d.fired, d.right, d.wrong, d.unknown(), d.frauds.found);
    let rapid = of(By::Rule("RAPID_PAYMENTS".to_owned()));
    assert_eq!(counts(rapid), (2, 1, 1, 0, 1));
    let (one, none) = (Found { found: 1, of: 1 }, Found { found: 0, of: 1 });
    assert_eq!(rapid.scenarios, [one, none]);
    assert_eq!((rapid.precision(), rapid.recall(), rapid.f1()), (Some(0.5), Some(0.5), Some(0.5)));
    assert_eq!(counts(of(By::Rule("OUR_OWN".to_owned()))), (2, 1, 0, 1, 1));
    assert_eq!(counts(of(By::AnyRule)), (4, 2, 1, 1, 2));
    let silent = of(By::Rule("CARD_TESTING".to_owned()));
    assert_eq!(
        (counts(silent), silent.precision(), silent.f1()),
        ((0, 0, 0, 0, 0), None, Some(0.0))
    );
    // What is not listed is genuine: the payment of elsewhere too.
    let listed = evaluate(&history, &labels, &terms(&[], Unlisted::Genuine, None));
    let own = listed.decisions.iter().find(|d| d.by == By::Rule("OUR_OWN".to_owned())).unwrap();
    assert_eq!((counts(own), listed.labelled), ((2, 1, 1, 0, 1), 4));
}

#[test]
fn known_customers_are_left_out_from_the_day_after_they_are_known() {
    let mut history = History::default();
    for (id, hours) in [("early", 0), ("same", 30), ("later", 49), ("other", 49)] {
        let customer = if id == "other" { "c2" } else { "c1" };
        history.pay(id, customer, at(hours), Some(Score::from_thousandths(50_000)));
    }
    history.tell(told("1", "NO_HISTORY", "c1", at(49), &["later"]));
    let mut labels = Labels::default();
    labels.learn(1, "early", known(true)).unwrap();
    let left_out = |delay: i64, since: Option<EventTime>| {
        let known = Some(Known { delay: delay * 3_600_000_000, since });
        let found = evaluate(&history, &labels, &terms(&[], Unlisted::Genuine, known));
        (found.left_out, found.decisions.last().unwrap().fired)
    };
    assert_eq!(left_out(23, None), (2, 0), "known on the first day");
    assert_eq!(left_out(24, None), (1, 0), "known on the second, with its first instant");
    assert_eq!(left_out(48, None), (0, 1), "known with the first instant of the third");
    assert_eq!(left_out(23, Some(at(1))), (0, 1), "paid before that");
    // A label that says when it was known is held to that.
    let said = Label { known_at: Some(at(40)), ..known(true) };
    let mut labels = Labels::default();
    labels.learn(1, "early", said).unwrap();
    let known = Some(Known { delay: 0, since: None });
    let found = evaluate(&history, &labels, &terms(&[], Unlisted::Genuine, known));
    assert_eq!((found.left_out, found.with_label), (1, 1));
}

#[test]
fn several_events_are_one_payment() {
    let mut history = History::default();
    let score = |n| Some(Score::from_thousandths(n));
    history.pay("p", "c", at(2), score(80_000));
    history.pay("p", "c", at(1), None);
    history.pay("p", "c", at(3), score(10));
    history.scored("unknown", Score::from_thousandths(1));
    let payment = &history.payments()[0];
    assert_eq!((payment.time, payment.score, history.payments().len()), (at(1), score(80_000), 1));
}

#[test]
fn labels_that_disagree_are_set_aside_unless_time_tells() {
    let mut labels = Labels::default();
    let fraud = |at: Option<EventTime>| Label { known_at: at, ..known(true) };
    let verdict =
        |labels: &Labels, id: &str| labels.verdict(id, Unlisted::Unknown).map(|v| v.fraud);
    labels.learn(2, "a", fraud(None)).unwrap();
    labels.learn(3, "a", fraud(None)).unwrap();
    assert_eq!((labels.repeated(), verdict(&labels, "a")), (1, Some(true)));
    let reject = labels.learn(4, "a", known(false)).unwrap_err();
    assert_eq!(reject.reason, Reason::Conflicting);
    assert_eq!(
        reject.detail,
        "payment a is genuine here and fraud in line 2; it counts as unlabelled"
    );
    assert_eq!(verdict(&labels, "a"), None);
    assert_eq!(labels.verdict("a", Unlisted::Genuine), None, "not even genuine");
    assert!(labels.learn(5, "a", fraud(None)).is_err(), "for good");
    assert_eq!(labels.frauds().count(), 0);
    let kind = |name: &str| Label { scenario: Some(name.to_owned()), ..known(true) };
    labels.learn(6, "k", kind("1")).unwrap();
    let reject = labels.learn(7, "k", kind("2")).unwrap_err();
    assert!(reject.detail.starts_with("payment k is fraud of scenario 2 here and fraud of"));
    // A later word stands, in whatever order they come.
    for order in [[1, 2], [2, 1]] {
        let mut labels = Labels::default();
        for hours in order {
            let label = Label { fraud: hours == 1, ..fraud(Some(at(hours))) };
            labels.learn(1, "b", label).unwrap();
        }
        assert_eq!(verdict(&labels, "b"), Some(false), "{order:?}");
    }
    let same = Label { fraud: false, ..fraud(Some(at(1))) };
    labels.learn(1, "c", fraud(Some(at(1)))).unwrap();
    assert!(labels.learn(2, "c", same).is_err(), "of one time");
}

fn csv(header: &str, row: &str) -> Result<(String, Label), Reject> {
    let names: Vec<String> = header.split(',').map(str::to_owned).collect();
    let row: Vec<Cow<'_, str>> = row.split(',').map(Cow::Borrowed).collect();
    let (payment, label) = LabelColumns::from_header(&names).unwrap().read(&row)?;
    Ok((payment.into_owned(), label))
}

#[test]
fn every_form_of_a_label_is_read() {
    let own = |fraud: bool, scenario: Option<&str>, time: Option<EventTime>| {
        ("p1".to_owned(), Label { fraud, scenario: scenario.map(str::to_owned), known_at: time })
    };
    for (header, row, label) in [
        ("payment_id,scenario", "p1,2", own(true, Some("2"), None)),
        ("payment_id,scenario", "p1,0", own(false, None, None)),
        ("paymentId", "p1", own(true, None, None)),
        ("fraud,paymentId,customerId", "Yes,p1,c1", own(true, None, None)),
        ("paymentId,fraud,scenario", "p1,0,3", own(false, None, None)),
        (
            "paymentId,fraud,labelledAt,merchantId",
            "p1,true,2026-01-01T01:00:00Z,m",
            own(true, None, Some(at(1))),
        ),
        ("payment_id,fraud,labelled_at", "p1,false,", own(false, None, None)),
    ] {
        assert_eq!(csv(header, row), Ok(label), "{header}: {row}");
    }
    for (json, label, says) in [
        (r#"{"paymentId":"p1","fraud":true}"#, own(true, None, None), true),
        (r#"{"paymentId":"p1","fraud":"no"}"#, own(false, None, None), true),
        (r#"{"payment_id":"p1","scenario":3}"#, own(true, Some("3"), None), false),
        (
            r#"{"paymentId":"p1","customerId":"c","fraud":1,"timestamp":1767229200000}"#,
            own(true, None, Some(at(1))),
            true,
        ),
        (
            r#"{"specversion":"1.0","id":"7","time":"2026-01-01T01:00:00Z","data":{"paymentId":"p1","fraud":false}}"#,
            own(false, None, Some(at(1))),
            true,
        ),
    ] {
        let (payment, read, own_word) = from_json(json.as_bytes()).unwrap();
        assert_eq!(((payment.into_owned(), read), own_word), (label, says), "{json}");
    }
}

#[test]
fn each_fault_of_a_label_has_its_reason() {
    for (row, reason) in [
        ("p1,maybe,", Reason::WrongType),
        ("p1,NaN,", Reason::WrongType),
        ("p1,,", Reason::MissingField),
        (",true,", Reason::MissingField),
        ("p1,true", Reason::BrokenCsv),
        ("p1,true,soon", Reason::BadTime),
        ("p1,true,1767225600", Reason::ImplausibleTime),
    ] {
        assert_eq!(csv("paymentId,fraud,labelledAt", row).unwrap_err().reason, reason, "{row}");
    }
    assert_eq!(csv("paymentId,scenario", "p1,").unwrap_err().reason, Reason::MissingField);
    for (json, reason) in [
        (r#"{"paymentId":"p1"}"#, Reason::MissingField),
        (r#"{"fraud":true}"#, Reason::MissingField),
        (r#"{"paymentId":"p1","fraud":null}"#, Reason::MissingField),
        (r#"{"paymentId":"p1","fraud":[]}"#, Reason::WrongType),
        (r#"{"paymentId":"p1","fraud":NaN}"#, Reason::BrokenJson),
        ("null", Reason::JsonNull),
        ("{", Reason::BrokenJson),
    ] {
        assert_eq!(from_json(json.as_bytes()).unwrap_err().reason, reason, "{json}");
    }
    let header = |text: &str| {
        let names: Vec<String> = text.split(',').map(str::to_owned).collect();
        LabelColumns::from_header(&names).unwrap_err()
    };
    assert_eq!(header("id,fraud"), "the header lacks paymentId; it has id, fraud");
    assert_eq!(header("paymentId,fraud,payment_id"), "the header names payment_id twice");
}

#[test]
fn what_is_unlisted_depends_on_the_form() {
    let mut labels = Labels::default();
    labels.learn(1, "a", known(true)).unwrap();
    assert_eq!(labels.unlisted(), Unlisted::Genuine);
    let genuine = Verdict { fraud: false, scenario: None, known_at: None };
    assert_eq!(labels.verdict("x", labels.unlisted()), Some(genuine));
    labels.say_themselves();
    assert_eq!(labels.unlisted(), Unlisted::Unknown);
    assert_eq!(labels.verdict("x", labels.unlisted()), None);
}

#[test]
fn both_sides_are_compared_by_alert_score_and_amount() {
    let mut comparison = Comparison::default();
    let (eur, usd) = (Currency::new("EUR").unwrap(), Currency::new("USD").unwrap());
    for (id, amount, currency) in
        [("a", "10.50", eur), ("b", "20", eur), ("c", "7", usd), ("d", "1", eur)]
    {
        comparison.pay(id, amount.parse().unwrap(), currency);
        comparison.pay(id, "999".parse().unwrap(), usd);
    }
    let scores = [("a", 70_000, 80_000), ("b", 95_000, 74_000), ("c", 75_000, 75_000)];
    for (id, before, after) in scores {
        comparison.scored(Side::Before, id, Score::from_thousandths(before));
        comparison.scored(Side::After, id, Score::from_thousandths(after));
    }
    comparison.scored(Side::After, "nobody", Score::from_thousandths(1));
    comparison.told(Side::Before, &told("x", "R", "k", at(2), &["a"]));
    comparison.told(Side::After, &told("x", "R", "k", at(2), &["a"]));
    comparison.told(Side::After, &told("y", "R", "k", at(3), &["c"]));
    comparison.told(Side::Before, &told("z", "Q", "k", at(1), &["d"]));
    let threshold =
        |n: u32| Threshold { shown: (n / 1000).to_string(), score: Score::from_thousandths(n) };
    let changes = comparison.changes(&[threshold(75_000), threshold(90_000)]);
    assert!(!changes.is_none());
    assert_eq!((changes.payments, changes.raised, changes.lowered), (4, 1, 1));
    let tallies: BTreeMap<&str, (u64, u64, u64)> = changes
        .alerts
        .iter()
        .map(|((rule, _), t)| (rule.as_str(), (t.before, t.after, t.both)))
        .collect();
    assert_eq!(tallies, BTreeMap::from([("Q", (1, 0, 0)), ("R", (1, 2, 1))]));
    let only: Vec<(&str, &str)> =
        changes.only.iter().map(|(side, alert)| (side.word(), alert.id.as_str())).collect();
    assert_eq!(only, [("before", "z"), ("after", "y")]);
    let crossed: Vec<(u64, u64, u64, u64)> =
        changes.crossings.iter().map(|c| (c.before, c.after, c.up, c.down)).collect();
    assert_eq!(crossed, [(1, 1, 1, 1), (1, 0, 0, 1)]);
    let sum = |payments, amount: &str| Sum { payments, amount: amount.parse().unwrap() };
    let none = Sum::default();
    // a was alerted by both; b no longer is above 75, d no longer alerted; c is alerted now.
    assert_eq!(
        changes.affected,
        [
            Affected { currency: eur, added: none, dropped: sum(2, "21") },
            Affected { currency: usd, added: sum(1, "7"), dropped: none },
        ]
    );
    assert!(Comparison::default().changes(&[]).is_none());
}
