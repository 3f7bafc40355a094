//! The example shop's half a day: real records from the JSON to the sums.

use std::collections::BTreeMap;

use super::given::rules;
use crate::domain::payment::Currency;
use crate::domain::{CustomerChange, EventTime, OrderEvent};
use crate::orders::{
    CountedOrder, CustomerHistory, CustomerOrders, CustomerVersion, Decision, Received, RegionSums,
    RevenueKey, RevenueSums, write_enriched,
};

const ORDERS: &str = include_str!("../../../examples/shop/order.events.ndjson");
const CUSTOMERS: &str = include_str!("../../../examples/shop/customer.info.ndjson");

fn orders() -> Vec<OrderEvent<'static>> {
    let eur = Currency::new("EUR").unwrap();
    ORDERS.lines().map(|line| OrderEvent::from_json(line.as_bytes(), eur, None).unwrap()).collect()
}

fn table() -> BTreeMap<String, CustomerHistory> {
    let mut table: BTreeMap<String, CustomerHistory> = BTreeMap::new();
    for line in CUSTOMERS.lines() {
        let change = CustomerChange::from_record(Some(line.as_bytes()), None).unwrap();
        let CustomerChange::Row(row) = &change else { panic!("a row") };
        let history = table.entry(row.customer_id.to_string()).or_default();
        history.put(CustomerVersion::from(&change), rules().history);
    }
    table
}

/// J1: the table is read first, so that every order of a known customer has its tier.
#[test]
fn each_order_of_a_known_customer_has_its_tier() {
    let (table, rules) = (table(), rules());
    let mut states: BTreeMap<String, CustomerOrders> = BTreeMap::new();
    let (mut told, mut now) = (0, EventTime::default());
    for order in orders() {
        now = now.max(order.time);
        let known = table.get(&*order.customer_id);
        assert!(known.is_some(), "{}", order.customer_id);
        let state = states.entry(order.customer_id.to_string()).or_default();
        state.order(&order, known, now, &rules, &mut |decision| {
            let Decision::Enriched { order, customer, revision } = decision else {
                panic!("{decision:?}")
            };
            let mut out = Vec::new();
            write_enriched(order, customer, revision, &rules, &mut out);
            let json: serde_json::Value = serde_json::from_slice(&out).unwrap();
            assert_eq!(json["totalAmount"], order.total_amount.to_string());
            assert_ne!(json["customerTier"], "UNKNOWN", "{json}");
            assert_eq!(json["revision"], 1);
            told += 1;
        });
    }
    assert_eq!((told, ORDERS.lines().count()), (21, 21));
}

#[test]
fn sums_by_region_and_by_category_are_those_of_all_orders() {
    let mut rules = rules();
    rules.remember_for = rules.history;
    let mut regions: BTreeMap<String, RegionSums> = BTreeMap::new();
    let mut revenue: BTreeMap<RevenueKey, RevenueSums> = BTreeMap::new();
    let mut expected: BTreeMap<Currency, (i128, i128)> = BTreeMap::new();
    // One customer for all: only where they count is asked.
    let (mut state, mut now) = (CustomerOrders::default(), EventTime::default());
    for order in orders().iter().chain(&orders()) {
        now = now.max(order.time);
        let (_, received) = state.order(order, None, now, &rules, &mut |_| {});
        let Received::Taken(counted) = received else { continue };
        let one = CountedOrder::of(order, counted).unwrap();
        regions.entry(one.region_name().to_owned()).or_default().join(&RegionSums::one(&one));
        let sums = expected.entry(order.currency).or_default();
        sums.0 += order.total_amount.units();
        if counted.as_revenue {
            revenue.entry(one.revenue_key()).or_default().join(&RevenueSums::one(&one));
            sums.1 += order.total_amount.units();
        }
    }
    let mut found: BTreeMap<Currency, (i128, i128)> = BTreeMap::new();
    for (currency, units) in regions.values().flat_map(RegionSums::amounts) {
        found.entry(currency).or_default().0 += units;
    }
    for (key, sums) in &revenue {
        found.entry(key.currency).or_default().1 += sums.units();
    }
    assert_eq!(found, expected);
    assert_eq!(regions.values().map(RegionSums::orders).sum::<u64>(), 21);
    assert!(found.len() > 1 && revenue.len() > regions.len());
}
