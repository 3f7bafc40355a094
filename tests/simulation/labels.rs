//! fraud-detection with labels: what merchants' payments turned out to be feeds the score, as known
//! at the payment's time.

use serde_json::{Value, json};

use crate::town::{Input, piped};
use crate::world::Seen;
use crate::{at, limits, topology};

const PAYMENTS: usize = 0;
const LABELS: usize = 1;
const DAY: i64 = 86_400;

fn payment(id: &str, customer: &str, merchant: &str, second: i64) -> Input {
    let value = json!({"paymentId": id, "customerId": customer, "merchantId": merchant,
        "amount": "20.00", "status": "COMPLETED", "timestamp": at(second).to_string()});
    input(PAYMENTS, customer, &value)
}

fn label(id: &str, customer: &str, merchant: &str, second: i64) -> Input {
    let value = json!({"paymentId": id, "customerId": customer, "merchantId": merchant,
        "fraud": true, "labelledAt": at(second).to_string()});
    input(LABELS, customer, &value)
}

fn input(source: usize, customer: &str, value: &Value) -> Input {
    let (key, value) = (customer.as_bytes().to_vec(), Some(value.to_string().into_bytes()));
    Input { source, key, value, timestamp: None }
}

fn score(outputs: &[Seen], id: &str) -> f64 {
    let values = outputs.iter().filter(|o| o.topic.ends_with("payment.metrics"));
    values
        .map(|o| serde_json::from_str::<Value>(&o.value).expect("JSON"))
        .find(|v| v["paymentId"] == id)
        .unwrap_or_else(|| panic!("no score of {id}"))["fraudScore"]
        .as_f64()
        .expect("a number")
}

/// Labels of other customers' payments reach the merchant's history in every partition; a payment
/// from before they were known is scored as if they were not there.
#[test]
fn what_was_known_of_the_merchant_counts_and_nothing_later() {
    let topology = topology("fraud-detection", &[]);
    let mut inputs: Vec<Input> = (0..20)
        .map(|n| label(&format!("l{n}"), &format!("victim{n}"), "bad", 8 * DAY + n * 60))
        .collect();
    // The same label again is none.
    inputs.push(label("l0", "victim0", "bad", 8 * DAY));
    inputs.push(payment("before", "c1", "bad", 7 * DAY));
    inputs.push(payment("at the bad one", "c2", "bad", 9 * DAY));
    inputs.push(payment("elsewhere", "c3", "good", 9 * DAY));
    let (outputs, counts) = piped(&*topology, limits(), at(20 * DAY), 4, &inputs);
    assert_eq!((counts.processed, counts.duplicate, counts.rejected), (23, 1, 0));
    let [before, bad, elsewhere] =
        ["before", "at the bad one", "elsewhere"].map(|id| score(&outputs, id));
    assert!((before - elsewhere).abs() < 1e-9, "{before} {elsewhere}");
    assert!(bad > elsewhere + 30.0, "{bad} {elsewhere}");
    let table = topology.describe().sinks.iter().find(|s| s.topic.ends_with("-table"));
    let table = &table.expect("a table of merchants").topic;
    let rows = outputs.iter().filter(|o| o.topic == *table).count();
    assert_eq!(rows, 20, "one row a label");
}

/// A label from before its payment, for another customer's key, or ahead of the clock is set aside.
#[test]
fn bad_labels_are_set_aside() {
    let topology = topology("fraud-detection", &[]);
    let mut wrong_key = label("l", "c", "m", 0);
    wrong_key.key = b"other".to_vec();
    let inputs = [
        wrong_key,
        label("l", "c", "m", 30 * DAY),
        Input { source: LABELS, key: b"c".to_vec(), value: None, timestamp: None },
        label("l", "c", "m", 0),
    ];
    let (outputs, counts) = piped(&*topology, limits(), at(20 * DAY), 1, &inputs);
    assert_eq!((counts.processed, counts.rejected, counts.future), (1, 2, 1));
    let letters = outputs.iter().filter(|o| o.topic.ends_with("-dlq")).count();
    assert_eq!(letters, 3);
}
