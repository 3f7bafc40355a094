//! `streams generate` into real topics.

use std::collections::BTreeMap;

use bss::streams::partition;
use serde_json::Value;

use crate::broker::Corner;
use crate::support::shown;

const SUBJECTS: [&str; 6] = [
    "customer.events",
    "order.events",
    "payment.events",
    "product.views",
    "customer.info",
    "product.catalog",
];
const KINDS: [&str; 6] = [
    "customer-events",
    "order-events",
    "payment-events",
    "product-views",
    "customer-info",
    "product-catalog",
];

fn generate(corner: &Corner, options: &[&str]) -> (Value, String) {
    let arguments = [&["streams", "generate", "-o", "json", "--yes"][..], options].concat();
    let output = corner.bss(&arguments).output().expect("bss");
    assert!(output.status.success(), "{}", shown(&output));
    let report = serde_json::from_slice(&output.stdout).expect("JSON");
    (report, String::from_utf8(output.stderr).expect("UTF-8"))
}

/// Every record arrives, where Kafka's own clients would put it, with the headers asked for; and
/// the topology takes all payments.
#[test]
fn all_records_arrive_in_their_keys_partitions_and_are_processed() {
    let corner = Corner::new("generate", 4);
    let options =
        [&KINDS[..], &["--count", "6000", "--cloud-events", "--fraud-bursts", "0.02"]].concat();
    let (report, _) = generate(&corner, &options);
    let mut total = 0;
    for (row, subject) in report["rows"].as_array().expect("rows").iter().zip(SUBJECTS) {
        assert_eq!(row["topic"], corner.topic(subject).as_str());
        let found = corner.read(&corner.topic(subject));
        let count: usize = found.values().map(Vec::len).sum();
        assert_eq!(row["records"], count, "{row}");
        assert!(count > 0, "{row}");
        total += count;
        let mut ids = BTreeMap::new();
        for (key, records) in found {
            for (at, value, headers) in records {
                let expected = partition::of_key(&key, 4);
                assert_eq!(u32::try_from(at).expect("a partition"), expected);
                let value: Value = serde_json::from_slice(&value.expect("a value")).expect("JSON");
                let headers: BTreeMap<String, String> = headers
                    .into_iter()
                    .map(|(k, v)| (k, String::from_utf8(v).expect("UTF-8")))
                    .collect();
                assert_eq!(headers["ce_time"], value["timestamp"].as_str().expect("a time"));
                assert_eq!(headers["ce_source"], format!("bss/{}/generate", corner.application));
                assert!(ids.insert(headers["ce_id"].clone(), value).is_none());
            }
        }
    }
    assert_eq!(total, 6000);
    let output = corner.drain();
    assert!(output.status.success(), "{}", shown(&output));
    let status = corner.status();
    let payments = &report["rows"][2]["records"];
    assert_eq!((&status["read"], &status["processed"]), (payments, payments), "{status}");
    assert_eq!((&status["rejected"], &status["late"]), (&0.into(), &0.into()), "{status}");
    assert!(!corner.read(&corner.topic("fraud.alerts")).is_empty(), "the planted bursts are found");
}

#[test]
fn flaws_are_counted_as_what_they_are() {
    let corner = Corner::new("flawed", 1);
    let options = [
        &["payment-events", "--count", "3000", "--duplicates", "0.02", "--broken", "0.02"][..],
        &["--out-of-order", "0.02", "--max-delay", "12h", "--customers", "20"],
    ]
    .concat();
    let (report, _) = generate(&corner, &options);
    let row = &report["rows"][0];
    let output = corner.drain();
    assert_eq!(output.status.code(), Some(7), "{}", shown(&output));
    let status = corner.status();
    let count = |value: &Value, key: &str| value[key].as_u64().expect("a count");
    assert_eq!(count(&status, "read"), 3000);
    assert_eq!(count(&status, "rejected") + count(&status, "future"), count(row, "broken"));
    assert!(count(&status, "late") > 0, "{status}");
    assert!(count(&status, "duplicate") > 0, "{status}");
}

#[test]
fn nothing_is_written_without_a_word_or_without_topics() {
    let corner = Corner::new("asked", 1);
    let output = corner.bss(&["streams", "generate", "--count", "10"]).output().expect("bss");
    assert_eq!(output.status.code(), Some(2), "{}", shown(&output));
    assert!(shown(&output).contains("hint: Add --yes"), "{}", shown(&output));
    assert!(corner.read(&corner.topic("customer.events")).is_empty());
    let output = corner
        .bss(&["streams", "generate", "--count", "10", "--yes"])
        .env("BSS_KAFKA_TOPIC_PREFIX", "nothing_here")
        .output()
        .expect("bss");
    assert_eq!(output.status.code(), Some(4), "{}", shown(&output));
    assert!(shown(&output).contains("nothing_here.customer.events"), "{}", shown(&output));
    assert!(shown(&output).contains("bss setup kafka"), "{}", shown(&output));
}
