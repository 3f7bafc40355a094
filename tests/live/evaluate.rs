//! `fraud evaluate` over stored payments, the same on both editions and as over the recording; over
//! a topic as over a file, `fraud backtest` too.

use std::fmt::Write;

use bss::backends::postgres::alerts;
use bss::metrics::alert::Alert;
use serde_json::Value;

use crate::bounded::Bounded;
use crate::broker::{Corner, payments};
use crate::metrics_database::{Database, json};
use crate::setup_timescale::wipe_community;
use crate::support::{self, shown};

/// Payments of two days, their labels, the scored payments and the alerts.
struct Recording {
    payments: String,
    labels: String,
    scored: String,
    alerts: Vec<Alert>,
}

fn recording(database: &Database) -> Recording {
    let mut recording = Recording {
        payments: String::new(),
        labels: String::new(),
        scored: String::new(),
        alerts: Vec::new(),
    };
    recording.labels.push_str("paymentId,fraud,scenario\n");
    for (_, line) in payments(2000, 40, 11) {
        let payment: Value = serde_json::from_str(&line).expect("a payment");
        writeln!(recording.payments, "{line}").expect("written");
        let large = payment["amount"].as_f64().expect("an amount") > 60.0;
        let id = payment["paymentId"].as_str().expect("an id");
        // Every third is unknown; a redelivered one has its label twice.
        let number: u64 = id[1..].parse().expect("a number");
        if !number.is_multiple_of(3) {
            let fraud = large || number % 50 == 1;
            let scenario = if large { "large" } else { "other" };
            writeln!(recording.labels, "{id},{fraud},{scenario}").expect("written");
        }
    }
    recording.labels.push_str("nobody,true,other\n");
    std::fs::write(database.home().join("in.ndjson"), &recording.payments).expect("written");
    let arguments = ["streams", "test", "--input", "in.ndjson", "-o", "ndjson"];
    let output = database.bss().args(arguments).ended().expect("bss");
    assert!(output.status.success(), "{}", shown(&output));
    for line in String::from_utf8(output.stdout).expect("text").lines() {
        let row: Value = serde_json::from_str(line).expect("a row");
        let (topic, value) = (row["topic"].as_str().expect("a topic"), &row["value"]);
        if topic.ends_with("payment.metrics") {
            writeln!(recording.scored, "{value}").expect("written");
        } else if topic.ends_with("fraud.alerts") {
            let alert = Alert::from_json(value.to_string().as_bytes()).expect("an alert");
            recording.alerts.push(alert);
        }
    }
    assert!(recording.alerts.len() > 5);
    recording
}

/// Stores what a run would have stored, and two payments that nobody scored.
fn store(database: &Database, recording: &Recording) {
    std::fs::write(database.home().join("in.ndjson"), &recording.payments).expect("written");
    let labels = format!("{}unscored1,true,other\n", recording.labels);
    std::fs::write(database.home().join("labels.csv"), labels).expect("written");
    let unscored = |n: u32| {
        format!(
            "{{\"paymentId\":\"unscored{n}\",\"customerId\":\"new\",\"amount\":\"5.00\",\
             \"currency\":\"EUR\",\"status\":\"COMPLETED\",\"timestamp\":\"2026-01-01T00:30:00Z\"}}\n"
        )
    };
    let rows = recording.scored.clone() + &unscored(1) + &unscored(2);
    std::fs::write(database.home().join("scored.ndjson"), rows).expect("written");
    let arguments = ["metrics", "import", "payment", "scored.ndjson"];
    let output = database.bss().args(arguments).ended().expect("bss");
    assert!(output.status.success(), "{}", shown(&output));
    database.work(async |connection| {
        for alert in &recording.alerts {
            alerts::write(connection, "default", alert).await.expect("stored");
        }
    });
}

fn evaluated(database: &Database, more: &[&str]) -> Value {
    let mut command = database.bss();
    command.args(["fraud", "evaluate", "--labels=labels.csv", "-o", "json"]).args(more);
    let output = command.ended().expect("bss");
    assert_eq!(output.status.code(), Some(0), "{more:?}: {}", shown(&output));
    json(&output)
}

const RANGE: [&str; 3] =
    ["--since=2026-01-01T00:20:00Z", "--until=2026-01-02", "--as-of=2026-01-03"];
const KNOWN: [&str; 2] = ["--leave-out-known", "--label-delay=10m"];

fn asked(database: &Database) -> Vec<Value> {
    let zone = ["--tz=Asia/Kathmandu", "--cards=5", "--threshold=20", "--threshold=60"];
    let known = [&RANGE[..], &KNOWN, &["--tz=-01:00"]].concat();
    let since = [&known[..], &["--known-since=2026-01-01T00:05:00Z"]].concat();
    [RANGE.to_vec(), [&RANGE[..], &zone].concat(), known, since]
        .iter()
        .map(|arguments| evaluated(database, arguments))
        .collect()
}

#[test]
fn both_editions_judge_alike_and_as_the_recording_is_judged() {
    let database = Database::fresh();
    let recording = recording(&database);
    let community = {
        let _turn = support::pglite();
        wipe_community();
        let database = Database::community();
        store(&database, &recording);
        asked(&database)
    };
    store(&database, &recording);
    let apache = asked(&database);
    assert_eq!(apache, community);
    let meta = &apache[0]["meta"];
    assert_eq!((&meta["unscored"], &meta["unscoredFrauds"]), (&2.into(), &1.into()), "{meta}");
    assert!(meta["frauds"].as_u64() > Some(20) && meta["aucRoc"].as_f64() > Some(0.3), "{meta}");
    let fired = |found: &Value| {
        found["rows"].as_array().expect("rows").iter().map(|r| r["fired"].as_u64()).max()
    };
    assert!(fired(&apache[1]) > Some(Some(10)), "{}", apache[1]);
    // The same rules over the recording say the same; only what nobody scored is not in it.
    let recorded = evaluated(&database, &[&RANGE[..2], &["--payments=in.ndjson"]].concat());
    for figure in ["aucRoc", "averagePrecision", "cardPrecision", "top"] {
        assert_eq!(recorded["meta"][figure], meta[figure], "{figure}");
    }
    let counted = |found: &Value, kind: &str| -> Vec<Value> {
        let rows = found["rows"].as_array().expect("rows").iter();
        rows.filter(|r| r["by"] == kind).map(|r| r["fired"].clone()).collect()
    };
    for kind in ["score above", "rule", "any rule"] {
        assert_eq!(counted(&recorded, kind), counted(&apache[0], kind), "{kind}");
    }
    // Frauds of before the range make a customer known.
    assert!(apache[2]["meta"]["leftOut"].as_u64() > Some(0), "{}", apache[2]["meta"]);
    assert!(apache[3]["meta"]["leftOut"].as_u64() <= apache[2]["meta"]["leftOut"].as_u64());
    let zone = [&RANGE[..2], &KNOWN, &["--tz=-01:00", "--payments=in.ndjson"]].concat();
    assert_eq!(evaluated(&database, &zone)["meta"]["leftOut"], apache[2]["meta"]["leftOut"]);
}

#[test]
fn a_database_without_tables_is_told() {
    let database = Database::bare();
    std::fs::write(database.home().join("labels.csv"), "paymentId\np\n").expect("written");
    let output =
        database.bss().args(["fraud", "evaluate", "--labels=labels.csv"]).ended().expect("bss");
    assert_eq!(output.status.code(), Some(4), "{}", shown(&output));
    assert!(shown(&output).contains("bss setup timescale"), "{}", shown(&output));
}

#[test]
fn a_topic_is_judged_as_a_file_of_its_payments() {
    let corner = Corner::new("evaluate_topic", 4);
    let events = payments(1500, 30, 5);
    corner.feed(&events);
    let lines: String = events.iter().map(|(_, line)| format!("{line}\n")).collect();
    std::fs::write(corner.home.path().join("in.ndjson"), lines).expect("written");
    let frauds: String = (0..1500).filter(|n| n % 40 == 3).map(|n| format!("p{n},x\n")).collect();
    std::fs::write(corner.home.path().join("labels.csv"), format!("paymentId,scenario\n{frauds}"))
        .expect("written");
    std::fs::write(corner.home.path().join("rules.toml"), "rapid_high = 5\n").expect("written");
    let ran = |arguments: &[&str]| {
        let output = corner.bss(arguments).args(["-o", "json"]).ended().expect("bss");
        assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
        json(&output)
    };
    let back = ["--labels=labels.csv", "--feedback", "--label-delay=10m", "--threshold=5"];
    let topic = format!("--payments=topic:{}", corner.topic("payment.events"));
    let evaluate = |from: &str| ran(&[&["fraud", "evaluate", from][..], &back].concat());
    let file = evaluate("--payments=in.ndjson");
    assert!(file["meta"]["records"]["labelsReturned"].as_u64() > Some(1000), "{}", file["meta"]);
    assert_eq!(evaluate("--payments=kafka"), file);
    assert_eq!(evaluate(&topic), file);
    let rules = ["fraud", "backtest", "--rules=rules.toml"];
    let backtest = |from: &str| ran(&[&rules[..], &[from], &back].concat());
    let file = backtest("--payments=in.ndjson");
    assert!(file["meta"]["found"].as_u64() > Some(0), "{file}");
    assert_eq!(backtest("--payments=kafka"), file);
    let missing = ["fraud", "backtest", "--rules=rules.toml", "--payments=topic:nowhere"];
    let output = corner.bss(&missing).ended().expect("bss");
    assert_eq!(output.status.code(), Some(4), "{}", shown(&output));
    assert!(shown(&output).contains("\"nowhere\""), "{}", shown(&output));
}
