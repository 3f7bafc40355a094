//! Our side: order-enrichment, driven as in production.

use std::collections::BTreeMap;
use std::sync::Arc;

use bss::backends::kafka::runner::disk::spill::SpillTo;
use bss::domain::payment::Currency;
use bss::domain::{EventTime, Money};
use bss::orders::OrderRules;
use bss::streams::driver::{Driver, Limits, Place};
use bss::streams::output::Outputs;
use bss::streams::record::SourceRecord;
use bss::streams::store::Memory;
use bss::streams::topologies::order_enrichment::{OrderEnrichment, OrderTopics};
use bss::streams::topology::{Outcome, Topology};
use serde_json::{Value, json};

use crate::joins::case::{Case, Record, What, ZERO};

const MILLI: i64 = 1000;
/// Behind all times of a case, and the grace of windows, which are not looked at here.
const YEAR: i64 = 366 * 86_400_000;
const ENRICHED: &str = "enriched";

/// What an order is told with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The number of the record that brought it; behind the last one, the end of the input.
    pub step: usize,
    pub revision: u64,
    /// The number of the tier; `None`: it is not known.
    pub tier: Option<usize>,
    /// Since when the row, or the deletion, holds; `None`: there was none.
    pub since: Option<i64>,
    /// Why there is no tier.
    pub reason: Option<String>,
}

fn topology(case: &Case) -> OrderEnrichment {
    let name = |what: &str| what.to_owned();
    let topics = OrderTopics {
        orders: name("orders"),
        customers: name("customers"),
        enriched: name(ENRICHED),
        high_value: name("high"),
        metrics: name("metrics"),
        region_trend: name("trend"),
        revenue: name("revenue"),
        late: name("late"),
        dead_letters: name("dlq"),
    };
    let rules = OrderRules {
        wait: case.wait * MILLI,
        correct_for: case.correct_for * MILLI,
        history: case.history * MILLI,
        remember_for: YEAR * MILLI,
        high_value: Money::non_negative("1000").expect("an amount"),
        high_value_by_currency: BTreeMap::new(),
        no_revenue: Vec::new(),
        window: 60_000 * MILLI,
        grace: YEAR * MILLI,
        updates: false,
    };
    let currency = Currency::new("EUR").expect("a currency");
    OrderEnrichment::new("oracle", topics, rules, currency).expect("a window that can be")
}

/// Source and value of a record.
fn content(at: usize, record: &Record) -> (&'static str, Option<Value>) {
    let time = EventTime::from_millis(record.time).to_string();
    match record.what {
        What::Order => (
            "orders",
            Some(json!({"orderId": at.to_string(), "customerId": record.customer,
                "totalAmount": "1.00", "itemsCount": 1, "status": "NEW", "timestamp": time})),
        ),
        What::Row(tier) => (
            "customers",
            Some(json!({"customerId": record.customer, "tier": tier.to_string(),
                "updatedAt": time})),
        ),
        What::Deleted => ("customers", None),
    }
}

/// An order's number, and what it is told with.
fn told(step: usize, value: &[u8]) -> (usize, Told) {
    let value: Value = serde_json::from_slice(value).expect("JSON");
    let text = |field: &str| value[field].as_str();
    let number = |text: &str| text.parse().expect("a number");
    let told = Told {
        step,
        revision: value["revision"].as_u64().expect("a revision"),
        tier: text("customerTier").filter(|tier| *tier != bss::orders::UNKNOWN).map(number),
        since: text("customerAsOf").map(|time| {
            let time = EventTime::from_event_text(time).expect("a time");
            assert_eq!(time.micros() % MILLI, 0, "{time} is not in whole milliseconds");
            time.millis()
        }),
        reason: text("unmatchedReason").map(str::to_owned),
    };
    (number(text("orderId").expect("an order")), told)
}

/// What is told of each order, in the order in which it is. Stream time is that of all customers
/// together, as in a task of Kafka Streams. Every other case is committed after each third record,
/// which spills its stores to a file.
pub fn run(case: &Case) -> BTreeMap<usize, Vec<Told>> {
    let topology = topology(case);
    let description = topology.describe();
    let source =
        |topic: &str| description.sources.iter().position(|s| s.topic == topic).expect("a source");
    let enriched = description.sinks.iter().position(|s| s.topic == ENRICHED).expect("a sink");
    let limits = Limits { max_skew: 0, idle_after: 0 };
    let mut driver = Driver::new(&topology, limits, Place { partition: 0, partitions: 1 }, &[]);
    let scarce = case.records.len() % 2 == 1;
    if scarce {
        let files = SpillTo::new(std::env::temp_dir());
        driver.keep_within(&Arc::new(Memory::new(0, Box::new(files))));
    }
    let now = EventTime::from_millis(ZERO + YEAR);
    let (mut out, mut all) = (Outputs::new(), BTreeMap::<usize, Vec<Told>>::new());
    for (step, record) in case.records.iter().enumerate() {
        let (topic, value) = content(step, record);
        let value = value.map(|value| value.to_string());
        let input = SourceRecord {
            source: source(topic),
            partition: 0,
            offset: i64::try_from(step).expect("a small number"),
            key: Some(record.customer.as_bytes()),
            value: value.as_deref().map(str::as_bytes),
            timestamp: Some(EventTime::from_millis(record.time)),
        };
        let outcome = driver.step(&input, now, &mut out).expect("no panic");
        let again = matches!(outcome, Outcome::Duplicate) && record.what != What::Order;
        assert!(again || matches!(outcome, Outcome::Processed), "record {step}: {outcome:?}");
        if scarce && step % 3 == 2 {
            driver.advance(&mut out);
            driver.take_changes(&mut |_, _, _| ());
            driver.make_room();
        }
        note(&mut out, enriched, step, &mut all);
    }
    driver.drain(0, &mut out);
    note(&mut out, enriched, case.records.len(), &mut all);
    all
}

/// Takes what was told in a step out of the outputs.
fn note(out: &mut Outputs, sink: usize, step: usize, all: &mut BTreeMap<usize, Vec<Told>>) {
    for record in out.iter().filter(|record| record.sink == sink) {
        let (order, told) = told(step, record.value.expect("a value"));
        all.entry(order).or_default().push(told);
    }
    out.clear();
}
