//! `streams diff`: what a topology would write now against what it wrote.

use std::process::Output;

use serde_json::Value;

use crate::bounded::Bounded;
use crate::broker::{ACTIVITY, Corner, FRAUD, Job, activities, payments};
use crate::support::shown;

fn diff(corner: &Corner, more: &[&str]) -> Output {
    let arguments = [&["streams", "diff", corner.job.name][..], more].concat();
    corner.bss(&arguments).ended().expect("bss")
}

fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", shown(output)))
}

/// A recorded run: topics that hold input and outputs.
fn recorded(job: Job, what: &str, events: &[(String, String)]) -> Corner {
    let corner = Corner::of(job, what, 4);
    corner.feed(events);
    let output = corner.drain();
    // 7: records were set aside.
    assert!(matches!(output.status.code(), Some(0 | 7)), "{}", shown(&output));
    corner
}

const OWN: [&str; 6] = ["--input", "kafka", "--against", "kafka", "-o", "json"];

#[test]
fn the_same_payments_give_the_same_and_another_setting_gives_differences() {
    let mut events = payments(3000, 60, 3);
    events.push(("c000001".to_owned(), "{\n\"broken\": ".to_owned()));
    let corner = recorded(FRAUD, "diff_fraud", &events);
    let output = diff(&corner, &OWN);
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    let same = document(&output);
    assert_eq!(same["meta"]["inputs"], 3001, "{same}");
    assert_eq!(same["meta"]["equal"], same["meta"]["recorded"], "{same}");
    assert_eq!(same["rows"], Value::Array(Vec::new()));
    let topic = |document: &Value, name: &str| {
        let topics = document["meta"]["topics"].as_array().expect("topics").clone();
        topics.into_iter().find(|t| t["topic"] == name).unwrap_or_default()
    };
    assert_eq!(topic(&same, &corner.dead_letters())["equal"], 1, "{same}");
    assert!(topic(&same, &corner.topic("fraud.alerts"))["equal"].as_u64() > Some(0), "{same}");

    let alerts = corner.topic("fraud.alerts");
    let against = format!("topic:{alerts}");
    let input = format!("topic:{}", corner.topic("payment.events"));
    let earlier = ["--set", "fraud.rapid_high=5", "--limit", "3"];
    let arguments = [&["--input", &input, "--against", &against, "-o", "json"][..], &earlier];
    let output = diff(&corner, &arguments.concat());
    assert_eq!(output.status.code(), Some(6), "{}", shown(&output));
    let other = document(&output);
    let count = |key: &str| other["meta"][key].as_u64().expect("a count");
    assert!(count("extra") > 3 && other["meta"]["cut"] == true, "{other}");
    assert_eq!(other["rows"].as_array().map(Vec::len), Some(3));
    for row in other["rows"].as_array().expect("rows") {
        assert_eq!(row["topic"], alerts.as_str());
        let sides = (!row["recorded"].is_null(), !row["produced"].is_null());
        let wanted = match row["kind"].as_str().expect("a kind") {
            "missing" => (true, false),
            "extra" => (false, true),
            _ => (true, true),
        };
        assert_eq!(sides, wanted, "{row}");
    }
    assert!(shown(&output).contains("\n3,001 inputs; "), "{}", shown(&output));
    assert!(shown(&output).contains("only the first 3 are shown"), "{}", shown(&output));
}

#[test]
fn windows_and_sessions_compare_too() {
    let corner = recorded(ACTIVITY, "diff_activity", &activities(3000, 60, 3));
    let output = diff(&corner, &OWN);
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    assert!(document(&output)["meta"]["equal"].as_u64() > Some(1000), "{}", shown(&output));
    // The run was drained: without closing, the last windows are missing and nothing else is.
    let output = diff(&corner, &[&OWN[..], &["--keep-open"]].concat());
    assert_eq!(output.status.code(), Some(6), "{}", shown(&output));
    let open = document(&output);
    assert!(open["meta"]["missing"].as_u64() > Some(0), "{open}");
    assert_eq!((&open["meta"]["extra"], &open["meta"]["changed"]), (&0.into(), &0.into()));
    let weights = ["--set", "activity.weights=LOGIN=9", "--only"];
    let metrics = corner.topic("customer.metrics");
    let output = diff(&corner, &[&OWN[..], &weights, &[&metrics]].concat());
    let other = document(&output);
    assert!(other["meta"]["changed"].as_u64() > Some(0), "{}", shown(&output));
    assert_eq!((&other["meta"]["extra"], &other["meta"]["missing"]), (&0.into(), &0.into()));
    let fields: Vec<&str> = other["rows"][0]["fields"]
        .as_array()
        .expect("fields")
        .iter()
        .filter_map(|f| f["field"].as_str())
        .collect();
    assert_eq!(fields, ["/metricValue"], "{other}");
}

#[test]
fn a_file_stands_for_either_side() {
    let corner = recorded(FRAUD, "diff_files", &payments(500, 20, 5));
    let values: String = payments(500, 20, 5).into_iter().map(|(_, json)| json + "\n").collect();
    std::fs::write(corner.home.path().join("in.ndjson"), values).expect("written");
    let tested = corner
        .bss(&["streams", "test", "--input", "in.ndjson", "-o", "ndjson"])
        .ended()
        .expect("bss");
    std::fs::write(corner.home.path().join("out.ndjson"), &tested.stdout).expect("written");
    for (input, against) in
        [("in.ndjson", "out.ndjson"), ("in.ndjson", "kafka"), ("kafka", "out.ndjson")]
    {
        let output = diff(&corner, &["--input", input, "--against", against]);
        assert_eq!(output.status.code(), Some(0), "{input} {against}: {}", shown(&output));
    }
}

#[test]
fn a_missing_topic_says_what_to_do_and_an_empty_one_has_no_differences() {
    let corner = Corner::new("diff_missing", 2);
    let output = diff(&corner, &["--input", "topic:nowhere", "--against", "kafka"]);
    assert_eq!(output.status.code(), Some(4), "{}", shown(&output));
    for part in ["\"nowhere\"", "hint: `bss streams describe fraud-detection`", "bss setup kafka"] {
        assert!(shown(&output).contains(part), "{part}: {}", shown(&output));
    }
    let output = diff(&corner, &["--input", "kafka", "--against", "kafka"]);
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    assert!(shown(&output).contains("0 inputs; 0 outputs equal."), "{}", shown(&output));
}
