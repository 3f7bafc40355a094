//! recommendation on a real broker: an answer to each view, and the trends that a file gives.

use std::collections::BTreeMap;
use std::io::Write;

use serde_json::Value;
use serde_json::value::RawValue;

use crate::bounded::Bounded;
use crate::broker::{Corner, Job};
use crate::support::shown;

const RECOMMENDATION: Job = Job {
    name: "recommendation",
    input: "product.views",
    table: None,
    outputs: &["recommendations", "products.trending"],
};

type Records = Vec<(Option<Vec<u8>>, Option<Vec<u8>>)>;

/// The lines of topic, key and value that `streams generate` writes.
fn generated(corner: &Corner) -> Vec<(String, String, String)> {
    let path = corner.home.path().join("made.ndjson");
    let output = corner
        .bss(&["streams", "generate", "customer-events", "product-views"])
        .args(["--count", "6000", "--span", "1d", "--products", "40", "--seed", "4", "--yes"])
        .args(["--start", "2026-06-01T00:00:00Z", "--output-file"])
        .arg(&path)
        .ended()
        .expect("bss");
    assert!(output.status.success(), "{}", shown(&output));
    let text = std::fs::read_to_string(&path).expect("made");
    let read = |line: &str| {
        let parts: Value = serde_json::from_str(line).expect("JSON");
        let text = |key: &str| parts[key].as_str().expect("a text").to_owned();
        let raw: BTreeMap<&str, &RawValue> = serde_json::from_str(line).expect("JSON");
        (text("topic"), text("key"), raw["value"].get().to_owned())
    };
    text.lines().map(read).collect()
}

/// Ids of an output topic with their values, sorted; as a file gives them.
fn of_a_file(corner: &Corner, lines: &[(String, String, String)]) -> [Vec<(String, Value)>; 2] {
    let path = corner.home.path().join("events.ndjson");
    let mut file = std::fs::File::create(&path).expect("file");
    for (topic, key, value) in lines {
        writeln!(file, r#"{{"topic":"{topic}","key":"{key}","value":{value}}}"#).expect("written");
    }
    let test = corner
        .bss(&["streams", "test", RECOMMENDATION.name, "-o", "ndjson", "--input"])
        .arg(&path)
        .ended()
        .expect("bss");
    assert!(test.status.success(), "{}", shown(&test));
    let rows = test.stdout.split(|b| *b == b'\n').filter(|l| !l.is_empty());
    let rows: Vec<Value> = rows.map(|l| serde_json::from_slice(l).expect("JSON")).collect();
    [0, 1].map(|at| {
        let topic = corner.topic(RECOMMENDATION.outputs[at]);
        let own = rows.iter().filter(|row| row["topic"] == topic);
        let entry =
            |row: &Value| (row["id"].as_str().expect("an id").to_owned(), row["value"].clone());
        sorted(own.map(entry).collect())
    })
}

/// The same as the broker has them.
fn of_the_broker(corner: &Corner) -> [Vec<(String, Value)>; 2] {
    [0, 1].map(|at| {
        let records = corner.read(&corner.topic(RECOMMENDATION.outputs[at]));
        let entry = |(_, value, headers): crate::broker::Read| {
            let id = headers.into_iter().find(|(name, _)| name == "ce_id").expect("an id").1;
            let value = serde_json::from_slice(&value.expect("a value")).expect("JSON");
            (String::from_utf8(id).expect("UTF-8"), value)
        };
        sorted(records.into_values().flatten().map(entry).collect())
    })
}

fn sorted(mut entries: Vec<(String, Value)>) -> Vec<(String, Value)> {
    entries.sort_by(|a, b| a.0.cmp(&b.0));
    entries
}

/// `streams test` and `run --drain` over the same records: an answer to each view, the same trends.
#[test]
fn each_view_is_answered_and_trends_are_those_of_a_file() {
    let corner = Corner::of(RECOMMENDATION, "recommendation", 4);
    let lines = generated(&corner);
    let mut topics: BTreeMap<&str, Records> = BTreeMap::new();
    for (topic, key, value) in &lines {
        let record = (Some(key.clone().into_bytes()), Some(value.clone().into_bytes()));
        topics.entry(topic).or_default().push(record);
    }
    assert_eq!(topics.len(), 2);
    for (topic, records) in &topics {
        corner.write(topic, records);
    }
    let views = topics[&*corner.topic("product.views")].len();
    let run = |changed: &[&str]| {
        let drain = ["streams", "run", RECOMMENDATION.name, "--drain"];
        let run = corner.bss(&drain).args(changed).ended().expect("bss");
        assert!(run.status.success(), "{}", shown(&run));
        String::from_utf8(run.stderr).expect("UTF-8")
    };
    let words = run(&[]);
    assert!(!words.contains("recommend.sessions"), "{words}");
    let [wanted, trends] = of_a_file(&corner, &lines);
    let [found, told] = of_the_broker(&corner);
    let ids = |entries: &[(String, Value)]| -> Vec<String> {
        entries.iter().map(|(id, _)| id.clone()).collect()
    };
    assert_eq!((found.len(), ids(&found)), (views, ids(&wanted)), "one answer a view");
    assert!(trends.len() > 288, "only {} rankings", trends.len());
    assert_eq!(told, trends);
    // A second run finds nothing to do.
    run(&[]);
    assert_eq!(of_the_broker(&corner), [found, told]);
    let status = corner.status();
    let events = lines.len() as u64;
    assert_eq!((status["read"].as_u64(), status["lag"].as_u64()), (Some(events), Some(0)));
    let ring = corner
        .bss(&["streams", "state", "get", RECOMMENDATION.name, "ring", "next", "-o", "json"])
        .ended()
        .expect("bss");
    assert!(ring.status.success(), "{}", shown(&ring));
    // Too few sessions to know any of them are told of as soon as the table is read.
    let words = run(&["--set", "recommend.sessions=8", "--set", "recommend.settle=12h"]);
    assert!(words.contains("recommendation: 8 sessions are kept (recommend.sessions)"), "{words}");
}
