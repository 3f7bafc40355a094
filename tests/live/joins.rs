//! Orders and the table of their customers on the real broker.

use serde_json::Value;

use crate::broker::{Corner, ORDERS, orders};
use crate::support::shown;

const CUSTOMERS: u64 = 10_000;

fn tier(customer: u64) -> &'static str {
    ["GOLD", "SILVER", "STANDARD"][usize::try_from(customer % 3).expect("small")]
}

/// J1: a new group reads the table whole before the first order, however long the table is. Orders
/// became "unknown customer" where the stream side ran ahead.
#[test]
fn no_order_overtakes_the_table() {
    let corner = Corner::of(ORDERS, "join_first", 4);
    let rows: Vec<_> = (0..CUSTOMERS)
        .map(|n| {
            let customer = format!("c{n:06}");
            let row = format!(
                r#"{{"customerId":"{customer}","tier":"{}","updatedAt":1767225600000}}"#,
                tier(n)
            );
            (Some(customer.into_bytes()), Some(row.into_bytes()))
        })
        .collect();
    corner.write(&corner.topic("customer.info"), &rows);
    // None late, some told again: one result each all the same.
    let placed: Vec<_> = orders(100, CUSTOMERS, 7, u64::MAX)
        .into_iter()
        .map(|(customer, json)| (Some(customer.into_bytes()), Some(json.into_bytes())))
        .collect();
    corner.write(&corner.topic("order.events"), &placed);
    let output = corner.drain();
    assert!(output.status.success(), "{}", shown(&output));
    let different: std::collections::BTreeSet<_> = placed.iter().collect();
    let mut found = 0;
    for (key, records) in corner.read(&corner.topic("orders.enriched")) {
        for (_, value, _) in records {
            let text = value.expect("a value");
            let order: Value = serde_json::from_slice(&text).expect("JSON");
            let customer = std::str::from_utf8(&key).expect("UTF-8");
            let number = customer[1..].parse().expect("a number");
            assert_eq!(order["customerTier"], tier(number), "{order}");
            assert_eq!(order["unmatchedReason"], Value::Null, "{order}");
            found += 1;
        }
    }
    assert_eq!(found, different.len());
}
