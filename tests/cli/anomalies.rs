//! `bss metrics anomalies`: files are scored without a server, and faults are named with their line.

use std::fmt::Write as _;
use std::io::Write as _;

use crate::support::{Place, run};

/// Rows every five minutes, the value far off in row 900.
fn rows(from: usize, to: usize) -> String {
    let first: jiff::Timestamp = "2026-03-02T00:00:00Z".parse().unwrap();
    let mut text = String::new();
    for row in from..to {
        let time = first + jiff::SignedDuration::from_mins(5 * i64::try_from(row).unwrap());
        let value = if row == 900 { 500 } else { 50 + (row * 7919) % 13 };
        writeln!(text, "{time},{value}").unwrap();
    }
    text
}

fn series() -> String {
    format!("timestamp,value\n{}", rows(0, 1000))
}

#[test]
fn every_row_of_a_file_has_a_score() {
    let place = Place::new().file("cpu.csv", &series());
    let shown = place.run(&["metrics", "anomalies", "file", "cpu.csv", "-o", "csv"]);
    let lines: Vec<&str> = shown.ok().lines().collect();
    assert_eq!(lines.len(), 1001);
    assert_eq!(lines[0], "timestamp,value,expected,score,deviations,model,anomaly_score");
    assert!(lines[901].starts_with("2026-03-05T03:00:00Z,500.0,"), "{}", lines[901]);
    let score: f64 = lines[901].rsplit(',').next().unwrap().parse().unwrap();
    assert!(score > 0.99, "{score}");
    assert_eq!(shown.stderr, "Rows: 1000, alarms: 1, repeated: 1.\n");
}

#[test]
fn a_gzipped_file_says_the_same_and_alarms_can_be_listed_alone() {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(series().as_bytes()).unwrap();
    let place = Place::new().file("cpu.csv", &series());
    std::fs::write(place.path().join("cpu.csv.gz"), packed.finish().unwrap()).unwrap();
    let ask = |file: &str| {
        let shown = place.run(&["metrics", "anomalies", "file", file, "--alarms", "-o", "json"]);
        let mut report: serde_json::Value = serde_json::from_str(shown.ok()).unwrap();
        report["meta"]["source"].take();
        report
    };
    let plain = ask("cpu.csv");
    assert_eq!(plain, ask("cpu.csv.gz"));
    assert_eq!(plain["rows"].as_array().unwrap().len(), 1);
    assert_eq!(plain["rows"][0]["timestamp"], "2026-03-05T03:00:00Z");
    assert_eq!(plain["rows"][0]["value"], 500.0);
    assert_eq!(plain["meta"]["rows"], 1000);
}

#[test]
fn a_bad_line_is_left_out_and_named() {
    let text = format!(
        "value,host,timestamp\n{}",
        rows(0, 400)
            .lines()
            .map(|line| line.split_once(',').map(|(t, v)| format!("{v},a,{t}\n")).unwrap())
            .collect::<String>()
    );
    let text = text.replacen("54,a,2026-03-02T00:10:00Z", "many,a,2026-03-02T00:10:00Z", 1);
    let text = text.replacen("2026-03-02T00:30:00Z", "half past", 1);
    let text = text.replacen("\n50,a,2026-03-02T00:00:00Z", "\n,a,2026-03-02T00:00:00Z", 1);
    let place = Place::new().file("bad.csv", &text);
    let shown = place.run(&["metrics", "anomalies", "file", "bad.csv", "-o", "json"]);
    assert_eq!(shown.status, Some(7), "{shown:?}");
    let report: serde_json::Value = serde_json::from_str(&shown.stdout).unwrap();
    assert_eq!(report["meta"]["rejected"], 2);
    assert_eq!(report["meta"]["missing"], 1);
    assert_eq!(report["meta"]["rejects"][0]["line"], 4);
    assert_eq!(report["meta"]["rejects"][1]["line"], 8);
    assert_eq!(report["rows"].as_array().unwrap().len(), 398);
    assert_eq!(report["rows"][0]["anomaly_score"], serde_json::Value::Null);
    let first = "warning: line 4 of bad.csv is left out: `many` is not a finite number\n";
    assert!(shown.stderr.starts_with(first), "{shown:?}");
}

#[test]
fn a_file_out_of_order_is_refused_with_the_line() {
    let text = format!("timestamp,value\n{}{}", rows(10, 20), rows(5, 6));
    let place = Place::new().file("unsorted.csv", &text);
    place.run(&["metrics", "anomalies", "file", "unsorted.csv"]).is(
        1,
        "",
        "error: unsorted.csv is not in order of time: 2026-03-02T00:25:00Z in line 12 comes after \
         2026-03-02T01:35:00Z in line 11\n\
         hint: Sort its lines by timestamp: a row is judged by the rows before it.\n",
    );
}

#[test]
fn a_file_without_the_columns_or_without_anything_is_refused() {
    let place = Place::new().file("other.csv", "time,v\n1,2\n").file("empty.csv", "");
    place.run(&["metrics", "anomalies", "file", "other.csv"]).fails(
        1,
        &[
            "other.csv has no columns timestamp and value: its first line is `time,v`",
            "hint: Give CSV",
        ],
    );
    place
        .run(&["metrics", "anomalies", "file", "empty.csv"])
        .fails(1, &["empty.csv has no columns timestamp and value: it is empty"]);
    place.run(&["metrics", "anomalies", "file", "none.csv"]).fails(1, &["could not read none.csv"]);
}

#[test]
fn options_out_of_range_are_usage_errors() {
    for (arguments, part) in [
        (&["system", "--threshold", "0"][..], "a score is above 0 and at most 1"),
        (&["system", "--threshold", "1.5"], "a score is above 0 and at most 1"),
        (&["customer", "--threshold", "nan"], "a score is above 0 and at most 1"),
        (
            &["system", "--metric", "disk"],
            "cpuUsage, memoryUsage, requestRate, errorRate, latencyP99",
        ),
        (&["system", "--history", "0"], "--history"),
        (&["customer", "--bucket", "1d"], "1m, 5m, 15m, 1h"),
        (&["customer", "--by", "median"], "sum, mean"),
        (&["system", "--limit", "0"], "--limit"),
        (&["system", "--max-rows", "0"], "--max-rows"),
        (&["system", "--first", "oldest"], "newest, highest"),
        (&["system", "--since", "yesterdya"], "cannot read the time `yesterdya` of --since"),
        (&["file"], "<FILE>"),
        (&["file", "x.csv", "--since", "1d"], "--since"),
    ] {
        run(&[&["metrics", "anomalies"], arguments].concat()).fails(2, &[part]);
    }
    let soon = ["customer", "--since", "2026-03-02T10:10:00Z", "--until", "2026-03-02T10:50:00Z"];
    run(&[&["metrics", "anomalies"], &soon[..]].concat())
        .fails(2, &["no whole bucket that is over lies in the time range", "--bucket"]);
}
