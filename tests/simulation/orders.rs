//! order-enrichment: what operators ran into with joins, and many lives.

use std::collections::BTreeMap;
use std::sync::Arc;

use bss::generate::random::Random;
use bss::streams::topology::Topology;
use serde_json::{Value, json};

use crate::disturbances::{Disturbances, Tally};
use crate::seeds;
use crate::stages::sorted;
use crate::town::{Input, Town, piped};
use crate::world::Seen;
use crate::{at, limits, topology};

const ORDERS: usize = 0;
const CUSTOMERS: usize = 1;

fn orders(settings: &[&str]) -> Arc<dyn Topology> {
    topology("order-enrichment", settings)
}

fn order(id: &str, customer: &str, second: i64) -> Input {
    let value = json!({"orderId": id, "customerId": customer, "totalAmount": "12.50",
        "itemsCount": 1, "status": "COMPLETED", "region": "EU", "itemCategories": ["books"],
        "timestamp": at(second).to_string()});
    input(ORDERS, customer, Some(&value.to_string()))
}

fn row(customer: &str, tier: &str, second: i64) -> Input {
    let value = json!({"customerId": customer, "tier": tier, "updatedAt": at(second).to_string()});
    input(CUSTOMERS, customer, Some(&value.to_string()))
}

fn input(source: usize, customer: &str, value: Option<&str>) -> Input {
    Input {
        source,
        key: customer.as_bytes().to_vec(),
        value: value.map(|v| v.as_bytes().to_vec()),
        timestamp: Some(at(5)),
    }
}

fn run(settings: &[&str], inputs: &[Input]) -> Vec<Seen> {
    piped(&*orders(settings), limits(), at(100_000), 1, inputs).0
}

fn of(outputs: &[Seen], topic: &str) -> Vec<Value> {
    let values = outputs.iter().filter(|o| o.topic.ends_with(topic));
    values.map(|o| serde_json::from_str(&o.value).expect("JSON")).collect()
}

fn tiers(outputs: &[Seen]) -> Vec<(String, String, u64)> {
    of(outputs, "orders.enriched")
        .iter()
        .map(|v| {
            let text = |key: &str| v[key].as_str().unwrap_or("-").to_owned();
            (text("orderId"), text("customerTier"), v["revision"].as_u64().expect("a revision"))
        })
        .collect()
}

fn told(id: &str, tier: &str, revision: u64) -> (String, String, u64) {
    (id.to_owned(), tier.to_owned(), revision)
}

/// J1: no order of a known customer is without its tier; the row as of the order's time counts.
#[test]
fn an_order_takes_the_row_as_of_its_time() {
    let mut inputs: Vec<Input> = (0..1000).map(|n| row(&format!("c{n}"), "GOLD", 0)).collect();
    inputs.push(row("c7", "SILVER", 100));
    inputs.extend((0..100).map(|n| order(&format!("o{n}"), &format!("c{n}"), 60)));
    inputs.push(order("later", "c7", 100));
    let outputs = run(&[], &inputs);
    let told = tiers(&outputs);
    assert_eq!(told.len(), 101);
    let other: Vec<_> = told.iter().filter(|t| t.1 != "GOLD").collect();
    assert_eq!(other, [&("later".to_owned(), "SILVER".to_owned(), 1)]);
}

/// J1: an order whose customer comes within the wait gets it; after that it is told as absent, and
/// corrected once when the row comes.
#[test]
fn a_row_that_comes_later_is_waited_for_or_corrects() {
    let inputs = [
        order("waits", "c", 0),
        order("other", "d", 1),
        row("c", "GOLD", 0),
        order("gone", "e", 2),
        order("moves time", "d", 10),
        row("e", "SILVER", 0),
    ];
    let outputs = run(&[], &inputs);
    let mut tiers = tiers(&outputs);
    tiers.sort();
    assert_eq!(
        tiers,
        [
            told("gone", "SILVER", 2),
            told("gone", "UNKNOWN", 1),
            told("moves time", "UNKNOWN", 1),
            told("other", "UNKNOWN", 1),
            told("waits", "GOLD", 1),
        ]
    );
    let first = &of(&outputs, "orders.enriched");
    let gone = first.iter().find(|v| v["orderId"] == "gone").expect("told");
    assert_eq!(gone["unmatchedReason"], "absent");
    let trend = of(&outputs, "region.trend");
    assert_eq!(trend.len(), 1);
    assert_eq!(trend[0]["orders"], 4, "a correction counts nothing again");
    assert_eq!(trend[0]["amounts"], json!({"EUR": "50.00"}));
}

/// J2: a tombstone, an empty value and the text null are three different things.
#[test]
fn a_deleted_row_is_not_data() {
    let inputs = [
        row("c", "GOLD", 0),
        input(CUSTOMERS, "c", None),
        order("o", "c", 60),
        input(CUSTOMERS, "c", Some("")),
        input(CUSTOMERS, "c", Some("null")),
    ];
    let outputs = run(&[], &inputs);
    assert_eq!(tiers(&outputs), [told("o", "UNKNOWN", 1)]);
    assert_eq!(of(&outputs, "orders.enriched")[0]["unmatchedReason"], "deleted");
    let reasons: Vec<&str> = outputs
        .iter()
        .filter_map(|o| o.headers.iter().find(|(k, _)| *k == "bss_reason"))
        .map(|(_, reason)| reason.as_str())
        .collect();
    assert_eq!(reasons, ["empty", "json-null"], "the tombstone is no reject");
}

/// An order that is late for its window is told all the same, and goes to the late topic.
#[test]
fn a_late_order_is_enriched_but_not_counted() {
    let inputs = [
        row("c", "GOLD", 0),
        order("first", "c", 0),
        order("next day", "c", 86_400),
        order("late", "c", 10),
    ];
    let outputs = run(&[], &inputs);
    assert_eq!(tiers(&outputs).len(), 3);
    let counted: u64 =
        of(&outputs, "region.trend").iter().filter_map(|t| t["orders"].as_u64()).sum();
    assert_eq!(counted, 2);
    let late: Vec<&Seen> = outputs.iter().filter(|o| o.topic.ends_with("-late")).collect();
    assert_eq!(late.len(), 1);
    assert!(late[0].headers.iter().any(|(k, v)| *k == "bss_window" && v.contains("10:00:00Z")));
}

/// Orders and rows of a few customers; some orders twice, out of order, late, broken, high.
fn many(random: &mut Random) -> Vec<Input> {
    let mut rows = Vec::new();
    let mut second = 0_i64;
    let mut all = Vec::new();
    for customer in 0..6 {
        for _ in 0..random.below(3) {
            let tier = *random.weighted(&[(1, "GOLD"), (1, "SILVER")]);
            let time = i64::try_from(random.below(4000)).expect("small");
            rows.push(row(&format!("c{customer}"), tier, time));
        }
    }
    for _ in 0..random.below(120) + 20 {
        second += i64::try_from(random.below(200)).expect("small");
        let back = match random.below(10) {
            0 => 6000,
            1..=3 => i64::try_from(random.below(600)).expect("small"),
            _ => 0,
        };
        let customer = format!("c{}", random.below(7));
        let region = *random.weighted(&[(2, "\"EU\""), (1, "\"US\""), (1, "null")]);
        let currency = *random.weighted(&[(3, "EUR"), (1, "USD")]);
        let status = *random.weighted(&[(3, "COMPLETED"), (1, "PENDING"), (1, "CANCELLED")]);
        let value = match random.below(30) {
            0 => "{".to_owned(),
            _ => format!(
                r#"{{"orderId":"o{}-{customer}","customerId":"{customer}","totalAmount":"{}.25","currency":"{currency}","itemsCount":1,"status":"{status}","region":{region},"itemCategories":["a"],"timestamp":"{}"}}"#,
                random.below(12),
                random.below(1500),
                at(second - back)
            ),
        };
        all.push(input(ORDERS, &customer, Some(&value)));
    }
    rows.extend(all);
    rows
}

/// Live, partition after partition, and through lives with crashes: the same outputs.
#[test]
fn order_enrichment_does_not_notice() {
    let mut tally = Tally::default();
    seeds::ORDERS.each(|seed| {
        let mut random = Random::of(seed, 7, 0);
        let inputs = many(&mut random);
        let partitions = u32::try_from(random.below(3)).expect("few") + 1;
        let topology = orders(&[]);
        let now = at(200_000);
        let (live, counts) = piped(&*topology, limits(), now, partitions, &inputs);
        let mut catch_up = Vec::new();
        for partition in 0..partitions {
            let own = |i: &&Input| bss::streams::partition::of_key(&i.key, partitions) == partition;
            catch_up.extend(inputs.iter().filter(own).cloned());
        }
        let (caught_up, _) = piped(&*topology, limits(), now, partitions, &catch_up);
        assert_eq!(sorted(caught_up), sorted(live.clone()), "seed {seed}: catch-up");
        let mut town = Town::new(Arc::clone(&topology), limits(), now, partitions, &inputs);
        let crashes = random.below(8);
        tally.add(&town.live(&mut random, Disturbances::of(seed, 7, crashes)));
        assert_eq!(sorted(town.outputs()), sorted(live.clone()), "seed {seed}: lives");
        assert_eq!(town.counts(), counts, "seed {seed}: lives");
        assert_eq!(counts.total(), inputs.len() as u64, "seed {seed}");
        account(&live, seed);
    });
    tally.assert_complete(seeds::ORDERS.count(), true);
}

/// Each order counts once in the trend, and the revenue of all categories is that of the orders.
fn account(outputs: &[Seen], seed: u64) {
    let metrics = of(outputs, "order.metrics");
    let mut ids: Vec<&str> = metrics.iter().filter_map(|m| m["orderId"].as_str()).collect();
    ids.sort_unstable();
    ids.dedup();
    let counted: u64 =
        of(outputs, "region.trend").iter().filter_map(|t| t["orders"].as_u64()).sum();
    let late = outputs.iter().filter(|o| o.topic.ends_with("-late")).count() as u64;
    assert!(counted <= ids.len() as u64, "seed {seed}: {counted} of {}", ids.len());
    assert!(counted + late >= ids.len() as u64, "seed {seed}: {counted} + {late} of {}", ids.len());
    let mut revisions: BTreeMap<String, Vec<u64>> = BTreeMap::new();
    for v in of(outputs, "orders.enriched") {
        let id = format!("{} {} {}", v["orderId"], v["status"], v["timestamp"]);
        revisions.entry(id).or_default().push(v["revision"].as_u64().expect("a revision"));
    }
    for (id, revisions) in revisions {
        assert!(revisions == [1] || revisions == [1, 2], "seed {seed}: {id} {revisions:?}");
    }
}
