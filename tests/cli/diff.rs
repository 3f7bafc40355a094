//! `streams diff` over files, without a server.

use std::io::Write;

use serde_json::Value;

use crate::support::{Place, run};

const START: &str = "--start=2026-01-05T00:00:00Z";

/// A file of several kinds, packed, and what the topology makes of it.
fn recorded(place: &Place, topology: &str) -> String {
    let made = ["streams", "generate", "--count=2000", START, "--broken=0.01"];
    place.run(&[&made[..], &["--output-file=in.ndjson"]].concat()).ok();
    let plain = std::fs::read(place.path().join("in.ndjson")).unwrap();
    let file = std::fs::File::create(place.path().join("in.gz")).unwrap();
    let mut gz = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
    gz.write_all(&plain).unwrap();
    gz.finish().unwrap();
    let tested = place.run(&["streams", "test", topology, "--input=in.ndjson", "-o", "ndjson"]);
    assert!(!tested.stdout.is_empty(), "{tested:?}");
    std::fs::write(place.path().join("out.ndjson"), &tested.stdout).unwrap();
    tested.stdout.clone()
}

#[test]
fn a_recorded_run_equals_itself_and_each_edit_is_named() {
    for topology in ["fraud-detection", "customer-activity"] {
        let place = Place::new();
        let outputs = recorded(&place, topology);
        let same = ["streams", "diff", topology, "--input=in.gz", "--against=out.ndjson"];
        let shown = place.run(&same);
        assert!(shown.ok().ends_with("(none)\n"), "{shown:?}");
        let lines: Vec<&str> = outputs.lines().collect();
        assert!(shown.stderr.contains(" lines of the input are for other topics"), "{shown:?}");

        // One output is gone, one says something else.
        let changed = lines[3].replacen("\"value\":{", "\"value\":{\"added\":1.50,", 1);
        let edited = [&lines[..1], &lines[2..3], &[&changed], &lines[4..]].concat().join("\n");
        std::fs::write(place.path().join("edited.ndjson"), edited + "\n").unwrap();
        let edits = ["streams", "diff", topology, "--input=in.gz", "--against=edited.ndjson"];
        let shown = place.run(&[&edits[..], &["-o", "json"]].concat());
        assert_eq!(shown.status, Some(6), "{shown:?}");
        assert!(shown.stderr.ends_with(" outputs equal, 1 changed, 1 extra.\n"), "{shown:?}");
        let document: Value = serde_json::from_str(&shown.stdout).unwrap();
        let rows = document["rows"].as_array().unwrap();
        let row = |kind: &str| rows.iter().find(|r| r["kind"] == kind).unwrap();
        let gone: Value = serde_json::from_str(lines[1]).unwrap();
        assert_eq!(row("extra")["produced"], gone["value"]);
        assert_eq!(row("extra")["id"], gone["id"]);
        assert_eq!(row("extra")["recorded"], Value::Null);
        let fields = serde_json::json!([{"field": "/added", "recorded": 1.5}]);
        assert_eq!(row("changed")["fields"], fields);
        let table = place.run(&edits);
        assert!(table.stdout.contains("/added 1.50 -> (none)"), "{table:?}");
    }
}

#[test]
fn what_is_no_output_is_refused_with_its_line() {
    let place = Place::new();
    recorded(&place, "fraud-detection");
    let diff = |more: &[&str]| place.run(&[&["streams", "diff"][..], more].concat());
    diff(&["--input=in.ndjson", "--against=in.gz"])
        .fails(1, &["line 1 of in.gz", "missing field `id`"]);
    std::fs::write(place.path().join("bad.ndjson"), "{\"topic\":\"t\"}\n").unwrap();
    diff(&["--input=in.ndjson", "--against=bad.ndjson"])
        .fails(1, &["line 1 of bad.ndjson", "missing field", "streams test -o ndjson"]);
    std::fs::write(place.path().join("empty.ndjson"), "").unwrap();
    let empty = diff(&["--input=empty.ndjson", "--against=empty.ndjson"]);
    assert!(empty.ok().ends_with("(none)\n"), "{empty:?}");
    assert_eq!(empty.stderr, "0 inputs; 0 outputs equal.\n");
    diff(&["--input=none.ndjson", "--against=out.ndjson"]).fails(1, &["none.ndjson"]);
    diff(&["--input=in.ndjson", "--against=out.ndjson", "--only=nowhere"])
        .fails(2, &["fraud-detection does not write to nowhere", "bss.fraud.alerts"]);
    diff(&["--input=-", "--against=-"]).fails(2, &["cannot both be standard input"]);
    run(&["streams", "diff", "--input=topic:", "--against=x"]).fails(2, &["topic:NAME"]);
}

#[test]
fn structured_cloud_events_give_what_plain_ones_give() {
    let place = Place::new();
    let made = ["streams", "generate", "payment-events", "--count=300", START];
    place.run(&[&made[..], &["--output-file=plain.ndjson"]].concat()).ok();
    let plain = std::fs::read_to_string(place.path().join("plain.ndjson")).unwrap();
    let wrap = |line: &str| format!("{{\"specversion\":\"1.0\",\"id\":\"x\",\"data\":{line}}}\n");
    let wrapped: String = plain.lines().map(wrap).collect();
    std::fs::write(place.path().join("wrapped.ndjson"), wrapped).unwrap();
    let tested = place.run(&["streams", "test", "--input=plain.ndjson", "-o", "ndjson"]);
    std::fs::write(place.path().join("out.ndjson"), tested.ok()).unwrap();
    let shown = place.run(&["streams", "diff", "--input=wrapped.ndjson", "--against=out.ndjson"]);
    shown.ok();
    assert!(shown.stderr.starts_with("300 inputs; "), "{shown:?}");
}
