//! `setup kafka --check`: what exactly-once stands on, altered on a real broker.

use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, ResourceSpecifier};
use rdkafka::client::DefaultClientContext;
use serde_json::Value;

use crate::bounded::Bounded;
use crate::broker::Corner;
use crate::dlq::document;
use crate::support::{kafka, shown, wait_for};

/// Sets settings of a topic by hand.
fn alter(topic: &str, settings: &[(&str, &str)]) {
    let admin: AdminClient<DefaultClientContext> =
        rdkafka::ClientConfig::new().set("bootstrap.servers", kafka()).create().expect("admin");
    let mut change = AlterConfig::new(ResourceSpecifier::Topic(topic));
    for (key, value) in settings {
        change = change.set(key, value);
    }
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let answers = runtime.block_on(admin.alter_configs([&change], &AdminOptions::new()));
    assert!(answers.expect("answer").iter().all(Result::is_ok));
}

/// Exit code, rows and everything shown of `setup kafka --check`.
fn check(corner: &Corner, more: &[&str]) -> (Option<i32>, Vec<Value>, String) {
    let args = [&["setup", "kafka", "--check", "-o", "json"], more].concat();
    let output = corner.bss(&args).ended().expect("bss");
    let rows = document(&output)["rows"].as_array().expect("rows").clone();
    (output.status.code(), rows, shown(&output))
}

/// Each alteration is one line with found, expected, why and what mends it; mended, it is clean.
#[test]
fn each_thing_that_does_not_carry_exactly_once_is_one_line_with_what_mends_it() {
    let corner = Corner::new("trust", 2);
    let (code, rows, text) = check(&corner, &[]);
    assert_eq!((code, rows.len()), (Some(0), 0), "{text}");
    let changelog = format!("{}-fraud-detection-customers-changelog", corner.application);
    let table = corner.topic("customer.info");
    let input = corner.topic("payment.events");
    alter(&changelog, &[("cleanup.policy", "compact,delete"), ("retention.ms", "1000000")]);
    alter(&table, &[("min.compaction.lag.ms", "0"), ("cleanup.policy", "compact")]);
    alter(
        &input,
        &[
            ("message.timestamp.after.max.ms", "1000"),
            ("message.timestamp.before.max.ms", "3600000"),
            ("unclean.leader.election.enable", "true"),
            ("retention.ms", "604800000"),
        ],
    );
    // The brokers hear of alterations one after the other.
    let rows_of_all =
        |(code, rows, text): (_, Vec<Value>, _)| (rows.len() >= 5).then_some((code, rows, text));
    let limit = Duration::from_secs(10);
    let (code, rows, text) =
        wait_for("all alterations show", limit, || rows_of_all(check(&corner, &[])));
    assert_eq!(code, Some(6), "{text}");
    let row = |topic: &str, action: &str| {
        let object = format!("topic {topic}");
        let found = rows.iter().find(|r| r["object"] == object && r["action"] == action);
        found.unwrap_or_else(|| panic!("no {action} of {topic}: {text}")).clone()
    };
    for (topic, action) in
        [(&changelog, "~ set cleanup.policy"), (&table, "~ set min.compaction.lag.ms")]
    {
        let found = row(topic, action);
        assert_eq!(found["mend"], "bss setup kafka", "{found}");
        assert!(found["reason"].as_str().is_some_and(|r| r.starts_with("altered since set-up: ")));
    }
    for (key, found, wanted) in [
        ("message.timestamp.after.max.ms", "1000", "300000 or more"),
        ("message.timestamp.before.max.ms", "3600000", "604800000 or more"),
        ("unclean.leader.election.enable", "true", "false"),
    ] {
        let line = row(&input, &format!("! {key}"));
        assert_eq!((&line["found"], &line["declared"]), (&found.into(), &wanted.into()), "{line}");
        let mend = line["mend"].as_str().expect("a command");
        let command = format!("--entity-name {input} --add-config {key}=");
        assert!(mend.starts_with("kafka-configs.sh ") && mend.contains(&command), "{mend}");
    }
    let doctor = shown(&corner.bss(&["doctor"]).ended().expect("bss"));
    assert!(doctor.contains("3 settings do not carry it"), "{doctor}");
    // The settings of ours are mended by the set-up, the others by what was named.
    let setup = corner.bss(&["setup", "kafka", "--yes"]).ended().expect("bss");
    assert!(setup.status.success(), "{}", shown(&setup));
    alter(&input, &[("retention.ms", "604800000")]);
    wait_for("it is clean", limit, || (check(&corner, &[]).0 == Some(0)).then_some(()));
}

/// A transaction timeout above what the brokers allow is named before any transaction fails.
#[test]
fn a_transaction_timeout_that_the_brokers_refuse_is_named() {
    let corner = Corner::new("trust_timeout", 2);
    let (code, rows, text) = check(&corner, &["--set", "streams.transaction_timeout=20m"]);
    assert_eq!((code, rows.len()), (Some(6), 1), "{text}");
    assert_eq!(rows[0]["action"], "! transaction.max.timeout.ms");
    assert_eq!(rows[0]["declared"], "1200000 or more");
    assert!(rows[0]["mend"].as_str().is_some_and(|m| m.contains("every broker")), "{text}");
}
