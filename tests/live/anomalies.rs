//! `bss metrics anomalies`: a planted incident is found, and both editions say the same.

use std::fmt::Write as _;
use std::process::Output;

use serde_json::Value;

use crate::bounded::Bounded;
use crate::metrics_database::{Database, json};
use crate::setup_timescale::wipe_community;
use crate::support::{self, shown};

const AT: [&str; 2] = ["--as-of", "2026-03-22T00:00:00Z"];

fn bss(database: &Database, arguments: &[&str]) -> Output {
    let mut command = database.bss();
    command.args(arguments).args(AT).args(["-o", "json"]).ended().expect("bss")
}

fn anomalies(database: &Database, arguments: &[&str]) -> Value {
    let output = bss(database, &[&["metrics", "anomalies"], arguments].concat());
    assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", shown(&output));
    json(&output)
}

fn import(database: &Database, kind: &str, text: &str) {
    std::fs::write(database.home().join("rows.csv"), text).expect("written");
    let mut command = database.bss();
    command.args(["metrics", "import", kind, "rows.csv"]);
    let output = command.ended().expect("bss");
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
}

fn first() -> jiff::Timestamp {
    "2026-03-01T00:00:00Z".parse().expect("an instant")
}

/// A number without a pattern from 0 to 9.
fn noise(row: i64) -> i64 {
    (row.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695) >> 33).rem_euclid(10)
}

/// Two services, every quarter of an hour for three weeks; `api` has an incident on the last day at
/// noon, for an hour, and reports its memory now and then.
fn services() -> String {
    let mut text = "serviceName,timestamp,cpuUsage,memoryUsage,errorRate\n".to_owned();
    for row in 0..21 * 96 {
        let time = first() + jiff::SignedDuration::from_mins(15 * row);
        let incident = (20 * 96 + 48..20 * 96 + 52).contains(&row);
        let day = 10 * (row % 96 - 48).abs() / 48;
        let (cpu, errors) = if incident { (97, 40) } else { (30 + noise(row) - day, 1) };
        let memory =
            if row % 3 == 0 { String::new() } else { (50 + noise(row + 5000)).to_string() };
        writeln!(text, "api,{time},{cpu},{memory},{errors}").expect("written");
        writeln!(text, "web,{time},{},60,", 40 + noise(row + 9000)).expect("written");
    }
    // A second report at one instant: both are averaged.
    text + "api,2026-03-21T12:00:00Z,99,,\n"
}

/// Two customers, some measurements an hour for three weeks; on the last day at noon the views of `c1` are ten
/// times as many.
fn customers() -> String {
    let mut text = "customerId,metricName,metricValue,timestamp\n".to_owned();
    for hour in 0..21 * 24 {
        let time = first() + jiff::SignedDuration::from_mins(60 * hour + 7);
        let views = if hour == 20 * 24 + 12 { 500 } else { 45 + noise(hour) };
        writeln!(text, "c1,views,{views},{time}").expect("written");
        writeln!(text, "c2,views,{},{time}", 45 + noise(hour + 3000)).expect("written");
        writeln!(text, "c2,clicks,{},{time}", 5 + noise(hour + 7000) / 3).expect("written");
    }
    text
}

fn filled(database: &Database) {
    import(database, "system", &services());
    import(database, "customer", &customers());
}

fn asked(database: &Database) -> Vec<Value> {
    let commands: [&[&str]; 8] = [
        &["system"],
        &["system", "--first", "highest", "--limit", "1"],
        &["system", "--service", "web"],
        &["system", "--metric", "memoryUsage", "--threshold", "0.01", "--since", "7d"],
        &["system", "--tz", "America/New_York", "--history", "10"],
        &["customer"],
        &["customer", "--by", "mean", "--metric", "views", "--bucket", "15m"],
        &["customer", "--customer", "c2"],
    ];
    commands.iter().map(|command| anomalies(database, command)).collect()
}

fn lines(report: &Value, fields: &[&str]) -> Vec<String> {
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let rows = report["rows"].as_array().expect("rows").iter();
    rows.map(|row| fields.iter().map(|f| text(&row[*f])).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn a_planted_incident_is_found_and_both_editions_say_the_same() {
    let community = {
        let _turn = support::pglite();
        wipe_community();
        let database = Database::community();
        filled(&database);
        asked(&database)
    };
    let database = Database::fresh();
    filled(&database);
    let apache = asked(&database);
    assert_eq!(apache, community);
    let [all, highest, web, memory, west, customers, mean, quiet] = apache.as_slice() else {
        panic!("eight reports");
    };
    let found = lines(all, &["timestamp", "serviceName", "metric", "value"]);
    for metric in ["cpuUsage 98.0", "errorRate 40.0"] {
        let incident = format!("2026-03-21T12:00:00Z api {metric}");
        assert!(found.contains(&incident), "{found:?}");
    }
    assert!(
        found.iter().all(|line| line.contains("2026-03-21T1") && line.contains("api")),
        "{found:?}"
    );
    assert_eq!((&all["meta"]["series"], &all["meta"]["rows"]), (&5.into(), &(96 * 5).into()));
    // The gauge that is now and then absent is counted, the ones that are never there are no series.
    assert_eq!(all["meta"]["missing"], 32);
    assert!(all["meta"]["repeated"].as_u64().expect("a count") >= 2, "{}", all["meta"]);
    assert_eq!((&highest["meta"]["cut"], &highest["meta"]["limit"]), (&true.into(), &1.into()));
    assert_eq!(lines(highest, &["serviceName", "metric"]), ["api errorRate"]);
    assert_eq!(web["rows"], Value::Array(Vec::new()));
    assert_eq!(lines(memory, &["metric"]).iter().filter(|m| *m != "memoryUsage").count(), 0);
    assert_eq!(west["meta"]["historyDays"], 10);
    assert!(lines(west, &["metric"]).contains(&"cpuUsage".to_owned()));
    let fields = ["timestamp", "metric", "value"];
    let noon = format!("2026-03-21T12:00:00Z views {}.0", 500 + 45 + noise(20 * 24 + 12 + 3000));
    assert_eq!(lines(customers, &fields), [noon]);
    assert_eq!(lines(mean, &["timestamp"]), ["2026-03-21T12:00:00Z"]);
    assert_eq!(quiet["rows"], Value::Array(Vec::new()));
}

#[test]
fn more_rows_than_allowed_are_refused_and_a_young_series_is_said_to_be_one() {
    let database = Database::fresh();
    let text = "serviceName,timestamp,cpuUsage\n".to_owned();
    let rows = (0..150).map(|row| {
        format!(
            "api,{},{row}\n",
            first() + jiff::SignedDuration::from_hours(20 * 24 + row % 24 - row / 24)
        )
    });
    import(&database, "system", &rows.fold(text, |text, row| text + &row));
    let output = bss(&database, &["metrics", "anomalies", "system", "--max-rows", "10"]);
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    for part in ["hypertable bss.system_metrics has more than 10 rows", "--max-rows", "--history"] {
        assert!(error.contains(part), "{error}");
    }
    let young = anomalies(&database, &["system"]);
    assert_eq!((&young["meta"]["learning"], &young["meta"]["found"]), (&1.into(), &0.into()));
    let nothing = anomalies(&database, &["customer"]);
    assert_eq!((&nothing["meta"]["series"], &nothing["meta"]["rows"]), (&0.into(), &0.into()));
}
