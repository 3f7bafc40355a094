//! `bss setup kafka`, `redis` and `all` on real servers.

use std::process::Output;

use crate::bounded::Bounded;
use crate::support::{bss, redis, shown, unique};

/// Runs `bss setup ARGUMENTS` for an application and a database of its own.
fn setup(name: &str, variables: &[(&str, &str)], arguments: &[&str]) -> Output {
    let home = tempfile::tempdir().expect("folder");
    let mut command = bss(home.path());
    command
        .env("BSS_GENERAL_APPLICATION", name)
        .env("BSS_KAFKA_TOPIC_PREFIX", name)
        .env("BSS_KAFKA_PARTITIONS", "2")
        .env("BSS_TIMESCALE_DATABASE", name)
        .envs(variables.iter().copied())
        .arg("setup")
        .args(arguments)
        .stdin(std::process::Stdio::null());
    command.ended().expect("the program starts")
}

/// Runs it, demands the exit code and returns what was shown.
fn expect(name: &str, variables: &[(&str, &str)], arguments: &[&str], status: i32) -> String {
    let output = setup(name, variables, arguments);
    let text = shown(&output);
    assert_eq!(output.status.code(), Some(status), "{arguments:?} {text}");
    text
}

/// The rows of `setup kafka -o ndjson` with these arguments.
fn rows(name: &str, variables: &[(&str, &str)], arguments: &[&str]) -> Vec<serde_json::Value> {
    let output = setup(name, variables, arguments);
    let text = String::from_utf8(output.stdout).expect("text");
    text.lines().map(|l| serde_json::from_str(l).expect("a row")).collect()
}

#[test]
fn topics_are_made_once_and_a_partition_count_is_never_changed() {
    let name = unique("topics");
    let plan = ["kafka", "--plan", "-o", "ndjson"];
    let planned = rows(&name, &[], &plan);
    for subject in ["payment.events", "payment.metrics", "fraud.alerts", "fraud.high-risk"] {
        let object = format!("topic {name}.{subject}");
        assert!(planned.iter().any(|r| r["object"] == object), "no {object} in {planned:?}");
    }
    expect(&name, &[], &["kafka", "--check"], 6);
    expect(&name, &[], &["kafka", "--yes"], 0);
    assert_eq!(rows(&name, &[], &plan), Vec::<serde_json::Value>::new());
    expect(&name, &[], &["kafka", "--yes"], 0);
    // Other settings: each topic is named with both counts, and nothing is done.
    let three = [("BSS_KAFKA_PARTITIONS", "3")];
    let refused = expect(&name, &three, &["kafka", "--yes"], 5);
    assert!(refused.contains("never changed by set-up"), "{refused}");
    let differing = rows(&name, &three, &plan);
    // All but the fingerprints and the relay's states: one partition, whatever the setting says.
    assert_eq!(differing.len(), planned.len() - 2, "{differing:?}");
    for row in &differing {
        let (found, declared) = (row["found"].as_str(), row["declared"].as_str());
        assert!(found.is_some_and(|f| f.starts_with('2')), "{row}");
        assert!(declared.is_some_and(|d| d.starts_with('3')), "{row}");
    }
    assert_eq!(rows(&name, &[], &plan), Vec::<serde_json::Value>::new());
}

#[test]
fn redis_is_checked_and_not_changed() {
    let name = unique("redis");
    let text = expect(&name, &[], &["redis"], 0);
    for setting in ["appendonly", "appendfsync", "maxmemory-policy"] {
        assert!(text.contains(setting), "{text}");
    }
    let (host, _) = redis();
    let wrong = [("BSS_REDIS_HOST", host.as_str()), ("BSS_REDIS_PORT", "1")];
    let text = expect(&name, &wrong, &["redis"], 4);
    assert!(text.contains(&format!("{host}:1")), "{text}");
}

#[test]
fn all_three_are_set_up_by_one_command_and_then_as_declared() {
    let name = unique("all");
    crate::setup_timescale::make_database(&name);
    expect(&name, &[], &["all", "--plan", "--wait=20s"], 0);
    expect(&name, &[], &["all", "--check"], 6);
    let done = expect(&name, &[], &["all", "--yes", "--wait"], 0);
    let summary = "TimescaleDB as declared, Kafka as declared, Redis as declared.";
    assert!(done.contains(summary), "{done}");
    let again = expect(&name, &[], &["all", "--yes"], 0);
    assert!(again.contains("TimescaleDB is as declared."), "{again}");
    assert!(again.contains("topics are as declared."), "{again}");
}
