//! What is promised of the events.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::*;
use crate::domain::payment::Currency;
use crate::domain::{FraudLabel, PaymentEvent};

const DAY: i64 = 86_400_000_000;

fn start() -> EventTime {
    EventTime::from_event_text("2026-01-05T00:00:00Z").unwrap()
}

fn shape(events: u64) -> Shape {
    Shape {
        start: start(),
        extent: Extent::Count { events, span: DAY },
        customers: 1000,
        products: 200,
        kinds: Kinds::of(&Kind::ALL[..6]),
        bursts: 0.0,
        rhythm: Rhythm::Daily,
    }
}

fn events(count: u64) -> Vec<Event> {
    Generator::new(1, &shape(count)).collect()
}

fn json(event: &Event) -> Value {
    serde_json::from_slice(&event.value)
        .unwrap_or_else(|e| panic!("{e}: {}", String::from_utf8_lossy(&event.value)))
}

fn digest(arrivals: impl Iterator<Item = Arrival>) -> String {
    let mut hash = Sha256::new();
    for Arrival { event, at, mark } in arrivals {
        let head = format!(
            "{:?} {:016x} {} {} {at} {mark:?} ",
            event.kind, event.id, event.key, event.time
        );
        hash.update(head.as_bytes());
        hash.update(&event.value);
        hash.update(b"\n");
    }
    format!("{:x}", hash.finalize())
}

/// If this changes, every recorded expectation of every user changes with it: say so in the
/// changelog.
#[test]
fn the_first_ten_thousand_are_these_bytes() {
    let flaws = Flaws { out_of_order: 0.05, max_delay: 30_000, duplicates: 0.01, broken: 0.01 };
    let shape = Shape { bursts: 0.01, ..shape(10_000) };
    let made = || Arrivals::new(Generator::new(1, &shape), 1, flaws).take(10_000);
    assert_eq!(digest(made()), digest(made()));
    assert_eq!(digest(made()), "bfbed3c64b5efb057875ec2ed15e93d582666cba4766c444a9cd9b49c1ed9422");
}

#[test]
fn another_seed_or_start_gives_other_events_of_known_customers() {
    let base = events(500);
    let other_seed: Vec<Event> = Generator::new(2, &shape(500)).collect();
    assert_ne!(base, other_seed);
    let later = Shape { start: start().plus_micros(DAY), ..shape(500) };
    let later: Vec<Event> = Generator::new(1, &later).collect();
    let ids = |events: &[Event]| events.iter().map(|e| e.id).collect::<BTreeSet<_>>();
    assert!(ids(&base).is_disjoint(&ids(&later)));
    let regions = |events: &[Event]| -> BTreeMap<String, String> {
        let rows = events.iter().filter(|e| e.kind == Kind::CustomerInfo);
        rows.map(|e| (e.key.clone(), json(e)["region"].to_string())).collect()
    };
    let (first, second) = (regions(&base), regions(&later));
    let both: Vec<&String> = first.keys().filter(|k| second.contains_key(*k)).collect();
    assert!(both.len() > 5);
    assert!(both.iter().all(|k| first[*k] == second[*k]));
}

#[test]
fn values_are_json_with_the_key_the_time_and_the_fields_of_their_kind() {
    let mut seen = BTreeMap::new();
    for event in events(20_000) {
        let value = json(&event);
        let text = std::str::from_utf8(&event.value).unwrap();
        assert!(text.ends_with(&format!("\"timestamp\":\"{}\"}}", event.time)), "{text}");
        let key = if event.kind == Kind::ProductCatalog { "productId" } else { "customerId" };
        assert_eq!(value[key], event.key.as_str(), "{text}");
        let fields: BTreeSet<String> = value.as_object().unwrap().keys().cloned().collect();
        seen.entry(event.kind).or_insert_with(BTreeSet::new).extend(fields);
        if event.kind == Kind::OrderEvents {
            let total: crate::domain::Money =
                value["totalAmount"].as_str().unwrap().parse().unwrap();
            assert!(total.to_f64() >= 1.0 && value["itemsCount"].as_i64().unwrap() >= 1, "{text}");
            assert!(!value["itemCategories"].as_array().unwrap().is_empty(), "{text}");
        }
    }
    let fields = |kind| seen[&kind].iter().map(String::as_str).collect::<Vec<_>>().join(" ");
    assert_eq!(
        Kind::ALL[..6].iter().map(|kind| fields(*kind)).collect::<Vec<_>>(),
        [
            "activityType category customerId metadata productId sessionId timestamp",
            "currency customerId itemCategories itemsCount orderId productId region status \
             timestamp totalAmount",
            "amount currency customerId failureReason instrumentId location merchantId orderId \
             paymentId paymentMethod status timestamp",
            "category customerId productId sessionId timestamp",
            "customerId region tier timestamp updatedAt",
            "basePrice category ceiling currency expectedDemand floor productId timestamp",
        ]
    );
}

#[test]
fn every_payment_is_valid_and_follows_its_order() {
    let default = Currency::new("XXX").unwrap();
    let mut orders = BTreeMap::new();
    let (mut payments, mut nowhere) = (0, 0);
    let mut currencies: BTreeMap<String, BTreeMap<String, u32>> = BTreeMap::new();
    for event in events(40_000) {
        if event.kind == Kind::OrderEvents {
            let value = json(&event);
            nowhere += u32::from(value["region"].is_null());
            orders.insert(value["orderId"].as_str().unwrap().to_owned(), (event.time, value));
        }
        if event.kind != Kind::PaymentEvents {
            continue;
        }
        payments += 1;
        let payment = PaymentEvent::from_json(&event.value, default, None).unwrap();
        let (placed, order) = &orders[payment.order_id.as_deref().unwrap()];
        let after = event.time.micros_since(*placed) / 1000;
        assert!((1_000..=48_000).contains(&after), "{after} ms");
        assert_eq!(order["customerId"], payment.customer_id.as_ref());
        assert_eq!(order["totalAmount"], payment.amount.to_string());
        assert_eq!(order["currency"], payment.currency.code());
        let customer = currencies.entry(payment.customer_id.into_owned()).or_default();
        *customer.entry(payment.currency.code().to_owned()).or_default() += 1;
    }
    assert!(payments > 1_000 && orders.len() > 1_000, "{payments} {}", orders.len());
    assert!(nowhere > 0 && nowhere < payments / 10, "{nowhere}");
    let all: BTreeSet<&String> = currencies.values().flat_map(BTreeMap::keys).collect();
    assert!(all.len() >= 5, "{all:?}");
    let one = currencies.values().filter(|c| c.len() == 1).count();
    assert!(one * 10 > currencies.len() * 8, "one currency for most");
}

/// The catalogue's expected demand is in units of demand as dynamic-pricing counts it.
#[test]
fn the_catalogue_expects_what_comes() {
    let mut expected: BTreeMap<String, f64> = BTreeMap::new();
    let mut demand = 0.0;
    for event in events(100_000) {
        let value = json(&event);
        match event.kind {
            Kind::ProductCatalog => {
                let row = value["expectedDemand"].as_f64().unwrap();
                expected.insert(value["productId"].to_string(), row);
            }
            Kind::ProductViews => demand += 0.05,
            Kind::OrderEvents => demand += value["itemsCount"].as_f64().unwrap_or(0.0),
            _ => {}
        }
    }
    let expected = expected.values().sum::<f64>() * 96.0;
    let ratio = demand / expected;
    assert!((0.8..1.25).contains(&ratio), "{demand} of {expected}");
}

#[test]
fn few_customers_and_products_are_heavy_and_nights_are_calm() {
    let mut customers: BTreeMap<String, u32> = BTreeMap::new();
    let mut views: BTreeMap<String, u32> = BTreeMap::new();
    let mut hours = [0_u32; 24];
    let mut total = 0;
    for event in events(100_000).into_iter().filter(|e| !e.kind.is_table()) {
        total += 1;
        let hour = usize::try_from(event.time.micros_since(start()) / (DAY / 24)).unwrap();
        hours[hour % 24] += 1;
        if event.kind == Kind::ProductViews {
            *views.entry(json(&event)["productId"].to_string()).or_default() += 1;
        }
        *customers.entry(event.key).or_default() += 1;
    }
    let heaviest = |counts: BTreeMap<String, u32>, first: usize| -> u32 {
        let mut counts: Vec<u32> = counts.into_values().collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        counts[..first].iter().sum()
    };
    assert!(customers.len() > 900);
    let ten = heaviest(customers, 10);
    assert!(ten > total * 15 / 100, "1 % of the customers have {ten} of {total} events");
    let all: u32 = views.values().sum();
    let two = heaviest(views, 2);
    assert!(two > all * 8 / 100, "1 % of the products have {two} of {all} views");
    assert!(hours[19] > 5 * hours[3], "{hours:?}");
}

#[test]
fn the_extents_end_where_they_say() {
    for count in [1, 7, 500, 20_000] {
        let made = events(count);
        assert_eq!(made.len() as u64, count);
        let last = made.last().unwrap().time;
        assert!(last < start().plus_micros(DAY + LONGEST_SESSION), "{count}: {last}");
        assert!(count < 500 || last > start().plus_micros(DAY * 9 / 10), "{count}: {last}");
    }
    // A rare kind is spread over the day as well.
    let kinds = Kinds::of(&[Kind::PaymentEvents]);
    let made: Vec<Event> = Generator::new(1, &Shape { kinds, ..shape(200) }).collect();
    let before_noon = made.iter().filter(|e| e.time < start().plus_micros(DAY / 2)).count();
    assert!((40..110).contains(&before_noon), "{before_noon}");
    let extent = Extent::Span { span: 2 * DAY, rate: 0.1 };
    let made: Vec<Event> = Generator::new(1, &Shape { extent, ..shape(0) }).collect();
    assert!((16_000..19_000).contains(&made.len()), "{}", made.len());
    assert!(made.iter().all(|e| e.time < start().plus_micros(2 * DAY)));
    let extent = Extent::Endless { rate: 10.0 };
    let first: Vec<Event> = Generator::new(1, &Shape { extent, ..shape(0) }).take(500).collect();
    assert!(first.iter().any(|e| e.kind == Kind::PaymentEvents), "they are there from the start");
    assert!(first.iter().all(|e| e.time >= start() || e.kind.is_table()));
    let made: Vec<Event> =
        Generator::new(1, &Shape { extent, ..shape(0) }).skip(5_000).take(50_000).collect();
    let seconds = made[49_999].time.micros_since(made[0].time) / 1_000_000;
    assert!(seconds > 3_000, "{seconds}");
}

#[test]
fn tables_alone_come_whole_and_then_change() {
    let kinds = Kinds::of(&[Kind::CustomerInfo, Kind::ProductCatalog]);
    let made: Vec<Event> = Generator::new(1, &Shape { kinds, ..shape(1_400) }).collect();
    let keys: BTreeSet<&String> = made[..1_200].iter().map(|e| &e.key).collect();
    assert_eq!(keys.len(), 1_200);
    assert!(made[1_200..].iter().all(|e| keys.contains(&e.key) && e.time > start()));
}

#[test]
fn with_events_a_row_comes_before_its_first_use() {
    let mut known = BTreeSet::new();
    for event in events(20_000) {
        if event.kind.is_table() {
            known.insert(event.key.clone());
            continue;
        }
        assert!(known.contains(&event.key), "{}", event.key);
        if event.kind == Kind::ProductViews {
            assert!(known.contains(json(&event)["productId"].as_str().unwrap()));
        }
    }
}

#[test]
fn planted_fraud_is_named_and_valid() {
    let default = Currency::new("XXX").unwrap();
    let mut found: BTreeMap<String, u32> = BTreeMap::new();
    let shape = Shape { bursts: 0.05, ..shape(30_000) };
    for event in Generator::new(1, &shape).filter(|e| e.kind == Kind::PaymentEvents) {
        let payment = PaymentEvent::from_json(&event.value, default, None).unwrap();
        let kind = payment.payment_id.rsplit_once('-').unwrap().0.to_owned();
        *found.entry(kind).or_default() += 1;
    }
    let names: Vec<&str> = found.keys().map(String::as_str).collect();
    assert_eq!(names, ["PAY", "PLANTED-CARD-TESTING", "PLANTED-RAPID", "PLANTED-UNUSUAL-AMOUNT"]);
    assert!(found.values().all(|count| *count > 5), "{found:?}");
}

/// Each planted payment is labelled hours to days later, and some genuine ones; no other event is
/// another for it.
#[test]
fn labels_tell_of_payments_before_them() {
    let span = Extent::Span { span: 12 * DAY, rate: 0.05 };
    let with = Shape { bursts: 0.05, extent: span, kinds: Kinds::of(&Kind::ALL), ..shape(0) };
    let (labels, others): (Vec<Event>, Vec<Event>) =
        Generator::new(1, &with).partition(|e| e.kind == Kind::FraudLabels);
    let payments: BTreeMap<String, &Event> = others
        .iter()
        .filter(|e| e.kind == Kind::PaymentEvents)
        .map(|e| (json(e)["paymentId"].as_str().unwrap().to_owned(), e))
        .collect();
    let mut known = BTreeMap::from([(true, 0), (false, 0)]);
    for event in &labels {
        let label = FraudLabel::from_json(&event.value, None).unwrap();
        let payment = payments[label.payment_id.as_ref()];
        assert_eq!(label.fraud, label.payment_id.starts_with("PLANTED-"), "{label:?}");
        assert_eq!((label.payment_time, &event.key), (Some(payment.time), &payment.key));
        assert_eq!(label.amount.unwrap().to_string(), json(payment)["amount"]);
        let late = label.labelled_at.micros_since(payment.time);
        assert!((3600..=10 * 86_400).contains(&(late / 1_000_000)), "{late}");
        *known.entry(label.fraud).or_default() += 1;
    }
    assert!(known[&true] > 50 && known[&false] > 0, "{known:?}");
    let early = |event: &&Event| event.time < start().plus_micros(DAY);
    let planted = payments.iter().filter(|(id, e)| id.starts_with("PLANTED") && early(e)).count();
    let told = |label: &Event| json(label)["fraud"] == true;
    let of_first_day = labels.iter().filter(|label| {
        told(label)
            && payments[json(label)["paymentId"].as_str().unwrap()].time < start().plus_micros(DAY)
    });
    assert_eq!(of_first_day.count(), planted, "all that are old enough");
}

/// As many at night as in the evening, as a measurement at a rate wants it.
#[test]
fn a_steady_shop_has_no_rhythm() {
    let extent = Extent::Span { span: DAY, rate: 0.5 };
    let steady = Shape { extent, rhythm: Rhythm::Steady, ..shape(0) };
    let mut quarters = [0_u32; 4];
    for event in Generator::new(1, &steady) {
        let quarter = event.time.micros_since(start()) / (DAY / 4);
        quarters[usize::try_from(quarter).unwrap()] += 1;
    }
    assert!(quarters.iter().all(|n| n.abs_diff(10_800) < 1_000), "{quarters:?}");
}

#[test]
fn without_flaws_events_arrive_as_they_happen() {
    let plain = events(5_000);
    let arrived: Vec<Event> =
        Arrivals::new(plain.clone().into_iter(), 1, Flaws::default()).map(|a| a.event).collect();
    assert_eq!(arrived, plain);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn events_come_in_order_and_flaws_keep_their_shares(
        seed: u64,
        late in 0.0..0.5_f64,
        twice in 0.0..0.5_f64,
        broken in 0.0..0.5_f64,
        max_delay in 1..600_000_i64,
    ) {
        let shape = Shape { kinds: Kinds::of(&Kind::ALL[..4]), ..shape(4_000) };
        let made: Vec<Event> = Generator::new(seed, &shape).collect();
        prop_assert!(made.is_sorted_by_key(|e| e.time));
        let flaws = Flaws { out_of_order: late, max_delay, duplicates: twice, broken };
        let arrived: Vec<Arrival> = Arrivals::new(made.clone().into_iter(), seed, flaws).collect();
        prop_assert!(arrived.is_sorted_by_key(|a| a.at));
        let mut counts = [0.0_f64; 4];
        let mut first = BTreeMap::new();
        for Arrival { event, at, mark } in &arrived {
            let delay = at.micros_since(event.time);
            prop_assert!((0..=max_delay * 1000).contains(&delay));
            prop_assert_eq!(*mark == Mark::Delayed, delay > 0 && !matches!(mark, Mark::Duplicate | Mark::Broken));
            counts[*mark as usize] += 1.0;
            if *mark == Mark::Duplicate {
                prop_assert_eq!(first.get(&event.id), Some(&event));
            } else {
                prop_assert!(first.insert(event.id, event).is_none());
            }
        }
        // Every event arrives once, whatever happens to it on the way.
        prop_assert_eq!(first.len(), made.len());
        let near = |count: f64, share: f64| (count / 4_000.0 - share).abs() < 0.05;
        let [_, delayed, repeated, spoilt] = counts;
        prop_assert!(near(spoilt, broken), "{} of {}", spoilt, broken);
        prop_assert!(near(delayed, late * (1.0 - broken)), "{} of {}", delayed, late);
        prop_assert!(near(repeated, twice * (1.0 - broken)), "{} of {}", repeated, twice);
    }
}

#[test]
fn broken_payments_are_refused_for_many_reasons() {
    let default = Currency::new("XXX").unwrap();
    let shape = Shape { kinds: Kinds::of(&[Kind::PaymentEvents]), ..shape(600) };
    let flaws = Flaws { broken: 1.0, ..Flaws::default() };
    let end = start().plus_micros(2 * DAY);
    let mut reasons = BTreeSet::new();
    for Arrival { event, mark, .. } in Arrivals::new(Generator::new(1, &shape), 1, flaws) {
        assert_eq!(mark, Mark::Broken);
        reasons.insert(match PaymentEvent::from_json(&event.value, default, None) {
            Err(reject) => format!("{:?}", reject.reason),
            Ok(payment) if payment.time > end => "Future".to_owned(),
            Ok(payment) => panic!("{payment:?} is sound"),
        });
    }
    let expected = ["BrokenJson", "Empty", "Future", "ImplausibleTime", "JsonNull", "MissingField"];
    assert_eq!(reasons, expected.map(str::to_owned).into());
}
