//! The written events, digit for digit.

use super::given::{at, deleted, order, rules, tier};
use crate::domain::payment::Currency;
use crate::orders::{
    Counted, CountedOrder, CustomerVersion, RegionSums, RevenueKey, RevenueSums, WindowResult,
    write_enriched, write_enriched_id, write_high_value, write_high_value_id, write_metric,
    write_metric_id, write_region, write_region_id, write_revenue, write_revenue_id,
};

fn text(write: impl FnOnce(&mut Vec<u8>)) -> String {
    let mut out = Vec::new();
    write(&mut out);
    String::from_utf8(out).unwrap()
}

fn enriched(customer: Option<&CustomerVersion>, revision: u32) -> String {
    let order = order("o1", "NEW", 0);
    text(|out| write_enriched(&order, customer, revision, &rules(), out))
}

const ORDER: &str = r#"{"orderId":"o1","customerId":"c1","productId":"p1","totalAmount":"12.30","currency":"EUR","itemsCount":2,"status":"NEW","region":"EU","itemCategories":["TOYS","BOOKS"],"timestamp":"2026-01-01T10:00:00Z","#;

#[test]
fn an_order_with_its_customer_and_without() {
    let gold = tier(-5, "GOLD");
    let known = r#""customerTier":"GOLD","customerRegion":"EU","customerAsOf":"2026-01-01T09:59:55Z","highValue":false,"revision":2}"#;
    assert_eq!(enriched(Some(&gold), 2), format!("{ORDER}{known}"));
    let absent =
        r#""customerTier":"UNKNOWN","unmatchedReason":"absent","highValue":false,"revision":1}"#;
    assert_eq!(enriched(None, 1), format!("{ORDER}{absent}"));
    let gone = r#""customerTier":"UNKNOWN","customerAsOf":"2026-01-01T09:59:55Z","unmatchedReason":"deleted","highValue":false,"revision":1}"#;
    assert_eq!(enriched(Some(&deleted(-5)), 1), format!("{ORDER}{gone}"));
}

#[test]
fn ids_are_unique_whatever_is_in_the_texts() {
    let id = |id: &str, status: &str, revision: u32| {
        let order = order(id, status, 0);
        text(|out| write_enriched_id(&order, revision, out))
    };
    assert_eq!(id("o1", "NEW", 1), "o1/NEW/1767261600000000/enriched");
    assert_eq!(id("o1", "NEW", 2), "o1/NEW/1767261600000000/enriched/r2");
    assert_eq!(id("a/b", "50%", 1), "a%2Fb/50%25/1767261600000000/enriched");
    assert_ne!(id("a/b", "c", 1), id("a", "b/c", 1));
    let order = order("o1", "NEW", 0);
    let metric = text(|out| write_metric_id(&order, out));
    assert_eq!(metric, "o1/NEW/1767261600000000");
    let high = text(|out| write_high_value_id(&order, 2, out));
    assert_eq!(high, "o1/NEW/1767261600000000/high-value/r2");
}

#[test]
fn a_high_value_names_its_threshold() {
    let mut order = order("o\"1", "NEW", 0);
    order.total_amount = "1000.0001".parse().unwrap();
    (order.region, order.product_id) = (None, None);
    order.item_categories.clear();
    assert_eq!(
        text(|out| write_high_value(&order, None, 1, &rules(), out)),
        r#"{"orderId":"o\"1","customerId":"c1","totalAmount":"1000.0001","currency":"EUR","itemsCount":2,"status":"NEW","itemCategories":[],"timestamp":"2026-01-01T10:00:00Z","customerTier":"UNKNOWN","unmatchedReason":"absent","threshold":"1000.00","revision":1}"#
    );
    let enriched = text(|out| write_enriched(&order, None, 1, &rules(), out));
    assert!(enriched.contains(r#""highValue":true"#), "{enriched}");
}

#[test]
fn a_measurement_has_the_columns_of_its_table() {
    assert_eq!(
        text(|out| write_metric(&order("o1", "NEW", 0), out)),
        r#"{"orderId":"o1","customerId":"c1","status":"NEW","totalAmount":"12.30","currency":"EUR","itemsCount":2,"region":"EU","timestamp":"2026-01-01T10:00:00Z"}"#
    );
}

fn counted(currency: &str, amount: &str) -> CountedOrder {
    let mut order = order("o1", "NEW", 0);
    order.currency = Currency::new(currency).unwrap();
    order.total_amount = amount.parse().unwrap();
    CountedOrder::of(&order, Counted { as_order: true, as_revenue: true }).unwrap()
}

fn window<A>(sums: A, revision: u32) -> WindowResult<A> {
    WindowResult { start: at(0), end: at(3600), revision, sums }
}

#[test]
fn a_window_tells_amounts_by_currency() {
    let mut sums = RegionSums::default();
    for (currency, amount) in [("USD", "0.0001"), ("EUR", "1.10"), ("EUR", "2.20")] {
        sums.join(&RegionSums::one(&counted(currency, amount)));
    }
    let result = window(&sums, 1);
    assert_eq!(
        text(|out| write_region("E/U", &result, out)),
        r#"{"region":"E/U","windowStart":"2026-01-01T10:00:00Z","windowEnd":"2026-01-01T11:00:00Z","orders":3,"amounts":{"EUR":"3.30","USD":"0.0001"},"revision":1}"#
    );
    let id = text(|out| write_region_id("E/U", &result, out));
    assert_eq!(id, "E%2FU/1767261600000000-1767265200000000");
}

#[test]
fn revenue_has_the_columns_of_its_table() {
    let order = counted("EUR", "12.30");
    let key = order.revenue_key();
    let sums = RevenueSums::one(&order);
    let result = window(&sums, 2);
    assert_eq!(
        text(|out| write_revenue(&key, &result, out)),
        r#"{"revenue":"12.30","costs":"0.00","currency":"EUR","ordersCount":1,"region":"EU","productCategory":"TOYS","timestamp":"2026-01-01T10:00:00Z","windowEnd":"2026-01-01T11:00:00Z","revision":2}"#
    );
    let id = |key: &RevenueKey| text(|out| write_revenue_id(key, &result, out));
    assert_eq!(id(&key), "EU/TOYS/EUR/1767261600000000-1767265200000000/r2");
    let nothing = RevenueKey { region: None, category: None, ..key };
    assert_eq!(id(&nothing), "//EUR/1767261600000000-1767265200000000/r2");
    let written = text(|out| write_revenue(&nothing, &result, out));
    assert!(!written.contains("region") && !written.contains("productCategory"), "{written}");
}
