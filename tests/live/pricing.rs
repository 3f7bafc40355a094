//! dynamic-pricing on a real broker: what a file gives.

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::Value;

use crate::bounded::Bounded;
use crate::broker::{Corner, Job};
use crate::support::shown;

const PRICING: Job = Job {
    name: "dynamic-pricing",
    input: "order.events",
    table: None,
    outputs: &["pricing.recommendations"],
};

type Records = Vec<(Option<Vec<u8>>, Option<Vec<u8>>)>;

/// The lines of topic, key and value that `streams generate` writes; the catalogue first, since a
/// run loads it before it takes events.
fn generated(corner: &Corner) -> Vec<(String, String, String)> {
    let path = corner.home.path().join("made.ndjson");
    let output = corner
        .bss(&["streams", "generate", "order-events", "product-views", "product-catalog"])
        .args(["--count", "6000", "--span", "2d", "--products", "12", "--seed", "4", "--yes"])
        .args(["--start", "2026-06-01T00:00:00Z", "--output-file"])
        .arg(&path)
        .ended()
        .expect("bss");
    assert!(output.status.success(), "{}", shown(&output));
    let text = std::fs::read_to_string(&path).expect("made");
    let mut lines: Vec<(String, String, String)> = text
        .lines()
        .map(|line| {
            let parts: Value = serde_json::from_str(line).expect("JSON");
            let text = |key: &str| parts[key].as_str().expect("a text").to_owned();
            let value: &serde_json::value::RawValue =
                serde_json::from_str::<BTreeMap<&str, &serde_json::value::RawValue>>(line)
                    .expect("JSON")["value"];
            (text("topic"), text("key"), value.get().to_owned())
        })
        .collect();
    lines.sort_by_key(|(topic, _, _)| !topic.ends_with("product.catalog"));
    lines
}

/// `streams test` and `run --drain` over the same records: the same prices, in order per product.
#[test]
fn a_file_gives_the_same_prices_as_the_broker() {
    let corner = Corner::of(PRICING, "pricing", 4);
    let lines = generated(&corner);
    let path = corner.home.path().join("events.ndjson");
    let mut file = std::fs::File::create(&path).expect("file");
    let mut topics: BTreeMap<&str, Records> = BTreeMap::new();
    for (topic, key, value) in &lines {
        writeln!(file, r#"{{"topic":"{topic}","key":"{key}","value":{value}}}"#).expect("written");
        let record = (Some(key.clone().into_bytes()), Some(value.clone().into_bytes()));
        topics.entry(topic).or_default().push(record);
    }
    assert_eq!(topics.len(), 3);
    for (topic, records) in &topics {
        corner.write(topic, records);
    }
    // Few units move the prices of a small shop.
    let settings = ["--set", "pricing.prior_demand=2"];
    let run = corner
        .bss(&["streams", "run", PRICING.name, "--drain"])
        .args(settings)
        .ended()
        .expect("bss");
    assert!(run.status.success(), "{}", shown(&run));
    let test = corner
        .bss(&["streams", "test", PRICING.name, "-o", "ndjson"])
        .args(settings)
        .arg("--input")
        .arg(&path)
        .ended()
        .expect("bss");
    assert!(test.status.success(), "{}", shown(&test));
    let mut wanted: BTreeMap<Vec<u8>, Vec<Value>> = BTreeMap::new();
    for line in test.stdout.split(|b| *b == b'\n').filter(|l| !l.is_empty()) {
        let row: Value = serde_json::from_slice(line).expect("JSON");
        assert_eq!(row["topic"], corner.topic("pricing.recommendations"));
        let key = row["key"].as_str().expect("key").as_bytes().to_vec();
        wanted.entry(key).or_default().push(row["value"].clone());
    }
    let told: usize = wanted.values().map(Vec::len).sum();
    assert!(told > 100, "only {told} prices moved");
    let found: BTreeMap<Vec<u8>, Vec<Value>> = corner
        .read(&corner.topic("pricing.recommendations"))
        .into_iter()
        .map(|(key, records)| {
            let value = |(_, value, _): crate::broker::Read| {
                serde_json::from_slice(&value.expect("a value")).expect("JSON")
            };
            (key, records.into_iter().map(value).collect())
        })
        .collect();
    assert_eq!(found, wanted);
    let status = corner.status();
    let read = (status["read"].as_u64(), status["lag"].as_u64());
    assert_eq!(read, (Some(lines.len() as u64), Some(0)), "rows of the catalogue too");
    the_state_is_shown(&corner, &wanted);
}

/// `state get` reads where a price stands.
fn the_state_is_shown(corner: &Corner, told: &BTreeMap<Vec<u8>, Vec<Value>>) {
    let (product, prices) = told.first_key_value().expect("prices");
    let product = std::str::from_utf8(product).expect("UTF-8");
    let output = corner
        .bss(&["streams", "state", "get", PRICING.name, "standing", product, "-o", "json"])
        .args(["--set", "pricing.prior_demand=2"])
        .ended()
        .expect("bss");
    assert!(output.status.success(), "{}", shown(&output));
    let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let last = &prices.last().expect("one")["recommendedPrice"];
    assert_eq!(&document["rows"][0]["value"]["recommendedPrice"], last, "{document}");
}
