//! `bss doctor` against the real servers.

use std::process::Command;

use serde_json::Value;

use crate::bounded::Bounded;
use crate::support::{bss, community, pglite, shown, unique};

/// The rows by backend and check, and the exit code.
fn doctor(command: &mut Command) -> (Vec<Value>, Option<i32>) {
    let output = command.args(["doctor", "-o", "json"]).ended().expect("the program starts");
    let json: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|e| {
        panic!("{e}: {}", shown(&output));
    });
    let rows = json["rows"].as_array().expect("rows").clone();
    (rows, output.status.code())
}

fn row<'a>(rows: &'a [Value], backend: &str, check: &str) -> &'a Value {
    let found = rows.iter().find(|r| r["backend"] == backend && r["check"] == check);
    found.unwrap_or_else(|| panic!("no {backend} {check} in {rows:?}"))
}

#[test]
fn all_three_answer_and_topics_that_are_missing_are_a_finding() {
    let home = tempfile::tempdir().expect("folder");
    let application = unique("doctor");
    let mut command = bss(home.path());
    command.env("BSS_GENERAL_APPLICATION", &application);
    command.env("BSS_KAFKA_TOPIC_PREFIX", &application);
    let (rows, status) = doctor(&mut command);
    assert_eq!(status, Some(6), "{rows:?}");
    for backend in ["timescale", "kafka", "redis"] {
        assert_eq!(row(&rows, backend, "reachable")["state"], "ok");
    }
    for (backend, check, state) in [
        ("timescale", "version", "ok"),
        ("timescale", "edition", "note"),
        ("timescale", "clock", "ok"),
        ("kafka", "version", "ok"),
        ("kafka", "transactions", "ok"),
        ("kafka", "topics", "finding"),
        ("redis", "appendonly", "ok"),
        ("redis", "maxmemory-policy", "ok"),
        ("redis", "clock", "ok"),
    ] {
        assert_eq!(row(&rows, backend, check)["state"], state, "{backend} {check}: {rows:?}");
    }
    let fix = row(&rows, "kafka", "topics")["fix"].as_str().expect("a fix");
    assert!(fix.contains("`bss setup kafka`"), "{fix}");
}

#[test]
fn the_community_edition_is_told_apart() {
    let home = tempfile::tempdir().expect("folder");
    let (host, port) = community();
    let mut command = bss(home.path());
    command.env("BSS_TIMESCALE_HOST", host).env("BSS_TIMESCALE_PORT", port.to_string());
    command.env("BSS_TIMESCALE_CONNECT_TIMEOUT", "30s");
    let _turn = pglite();
    let (rows, _) = doctor(&mut command);
    assert_eq!(row(&rows, "timescale", "edition")["found"], "Community");
    assert_eq!(row(&rows, "timescale", "scheduler")["state"], "finding");
}

#[test]
fn a_dead_server_is_named_with_its_cause_while_the_others_are_checked() {
    let home = tempfile::tempdir().expect("folder");
    for (section, cause) in [
        ("REDIS", "Connection refused"),
        ("TIMESCALE", "Connection refused"),
        ("KAFKA", "Connection refused"),
    ] {
        let mut command = bss(home.path());
        match section {
            "KAFKA" => command.env("BSS_KAFKA_BOOTSTRAP", "127.0.0.1:1"),
            other => command.env(format!("BSS_{other}_PORT"), "1"),
        };
        command.env("BSS_KAFKA_CONNECT_TIMEOUT", "3s");
        let (rows, status) = doctor(&mut command);
        assert_eq!(status, Some(4), "{rows:?}");
        let backend = section.to_ascii_lowercase();
        let dead = row(&rows, &backend, "reachable");
        assert_eq!(dead["state"], "unreachable");
        let found = dead["found"].as_str().expect("found");
        assert!(found.contains(cause) && found.contains("127.0.0.1:1"), "{found}");
        assert!(dead["fix"].as_str().expect("a fix").contains("bss config show"));
        for other in ["timescale", "kafka", "redis"].iter().filter(|o| **o != backend) {
            assert_eq!(row(&rows, other, "reachable")["state"], "ok", "{rows:?}");
        }
    }
}

#[test]
fn a_refused_password_is_told_and_not_shown() {
    let home = tempfile::tempdir().expect("folder");
    let mut command = bss(home.path());
    command.env("BSS_TIMESCALE_PASSWORD", "hunter2%@/").env("BSS_REDIS_PASSWORD", "hunter2");
    let output = command.args(["doctor", "-vvv"]).ended().expect("the program starts");
    let text = shown(&output);
    assert_eq!(output.status.code(), Some(4), "{text}");
    assert!(text.contains("password authentication failed for user"), "{text}");
    assert!(!text.contains("hunter2"), "{text}");
}
