//! What `streams lag` and `streams reset` refuse before any server is asked.

use crate::support::{Place, run};

#[test]
fn a_lag_wants_limits_that_can_be_read() {
    run(&["streams", "lag", "--max-lag", "few"]).fails(2, &["--max-lag"]);
    run(&["streams", "lag", "--max-age", "5 moons"]).fails(2, &["`5 moons` is not a duration"]);
    run(&["streams", "lag", "fraud-detektion"]).fails(2, &["Did you mean `fraud-detection`?"]);
    run(&["streams", "lag", "--since", "1h"]).fails(2, &["--since"]);
}

#[test]
fn a_reset_wants_one_topology_and_a_place() {
    run(&["streams", "reset"]).fails(2, &["<TOPOLOGY>"]);
    run(&["streams", "reset", "fraud"]).fails(2, &["unknown topology `fraud`"]);
    run(&["streams", "reset", "fraud-detection", "--to", "noon"])
        .fails(2, &["`noon` of --to", "Or give earliest or latest."]);
    run(&["streams", "reset", "fraud-detection", "--force"]).fails(2, &["--undo"]);
    run(&["streams", "reset", "fraud-detection", "--undo", "x", "--to", "latest"])
        .fails(2, &["cannot be used with"]);
}

#[test]
fn an_undo_file_must_be_one_and_of_this_group() {
    let place = Place::new();
    let undo = ["streams", "reset", "fraud-detection", "--undo", "undo.json"];
    place.run(&undo).fails(1, &["could not read the undo file undo.json"]);
    std::fs::write(place.path().join("undo.json"), "{}").unwrap();
    place.run(&undo).fails(1, &["that `bss streams reset --apply` has named"]);
    let other = r#"{"topology":"fraud-detection","group":"other-fraud-detection",
        "takenAt":"2026-01-01T00:00:00Z","offsets":[],"changelogs":[]}"#;
    std::fs::write(place.path().join("undo.json"), other).unwrap();
    place.run(&undo).fails(2, &["of group \"other-fraud-detection\", not of"]);
}

#[test]
fn a_store_must_be_one_of_the_topology() {
    run(&["streams", "state", "get", "fraud-detection", "windows", "c1"]).is(
        2,
        "",
        "error: fraud-detection has no store `windows`\nhint: It has customers, merchants.\n",
    );
    run(&["streams", "state", "get", "fraud-detection", "customers"]).fails(2, &["<KEY>"]);
}

#[test]
fn a_pause_names_its_topologies_and_waits_only_when_asked() {
    run(&["streams", "pause"]).fails(2, &["<TOPOLOGY>"]);
    run(&["streams", "resume"]).fails(2, &["<TOPOLOGY>"]);
    run(&["streams", "pause", "fraud"]).fails(2, &["unknown topology `fraud`"]);
    run(&["streams", "pause", "fraud-detection", "--timeout", "5s"]).fails(2, &["--wait"]);
    run(&["streams", "resume", "fraud-detection", "--wait", "--timeout", "soon"])
        .fails(2, &["`soon` is not a duration"]);
}

#[test]
fn metadata_and_metrics_know_the_topologies() {
    for leaf in ["metadata", "metrics", "status"] {
        run(&["streams", leaf, "fraud-detektion"]).fails(2, &["Did you mean `fraud-detection`?"]);
        run(&["streams", leaf, "--since", "1h"]).fails(2, &["--since"]);
    }
}

#[test]
fn an_address_to_listen_on_must_be_one() {
    let place = Place::new().with("BSS_STREAMS_HTTP", "9464");
    place.run(&["streams", "list"]).fails(3, &["streams.http is `9464`", "HOST:PORT"]);
    let place = Place::new().with("BSS_STREAMS_STALLED_AFTER", "0s");
    place.run(&["streams", "list"]).fails(3, &["streams.stalled_after is zero"]);
}

#[test]
fn the_rights_of_a_topology_as_a_table_and_as_commands() {
    let shown = run(&["streams", "describe", "fraud-detection", "--acls"]);
    let text = shown.ok();
    assert!(text.starts_with("what User:bss needs to run fraud-detection\n"), "{text}");
    for line in [
        "topic bss.payment.events literal Read input",
        "topic bss-fraud-detection-customers-changelog literal Read Write DescribeConfigs changelog",
        "group bss-fraud-detection literal Read",
        "transactional-id bss-fraud-detection- prefixed Write",
    ] {
        let flat = |l: &str| l.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.lines().any(|l| flat(l).starts_with(line)), "{line}\n{text}");
    }
    let describe = ["streams", "describe", "fraud-detection", "--acls=commands"];
    let commands = run(&[&describe[..], &["--principal", "User:CN=x y"]].concat());
    let lines: Vec<&str> = commands.ok().lines().collect();
    assert!(lines.len() > 5);
    for line in lines {
        assert!(
            line.starts_with("kafka-acls.sh --bootstrap-server 127.0.0.1:9092 --add --allow-principal 'User:CN=x y' --operation "),
            "{line}"
        );
    }
    // At least once needs no transactions.
    let place = Place::new().with("BSS_STREAMS_GUARANTEE", "at-least-once");
    assert!(!place.run(&describe).ok().contains("--transactional-id"));
    run(&["streams", "describe", "fraud-detection", "--principal", "User:x"]).fails(2, &["--acls"]);
}

/// A store has the key by which records come to its stage, not that of the topology's input.
#[test]
fn what_a_store_is_keyed_by_is_told() {
    for (topology, stores) in [
        ("fraud-detection", &[("customers", "customerId"), ("merchants", "merchantId")][..]),
        (
            "recommendation",
            &[
                ("customers", "customerId"),
                ("views", "productId"),
                ("rankings", "category"),
                ("watermarks", "upstream partition"),
            ],
        ),
        ("order-enrichment", &[("orders", "customerId"), ("trend", "region")]),
        ("dynamic-pricing", &[("placed", "customerId"), ("standing", "productId")]),
    ] {
        let shown = run(&["streams", "describe", topology, "-o", "csv"]);
        for (store, key) in stores {
            let line = format!("keeps,{store},{key},");
            assert!(shown.ok().lines().any(|l| l.starts_with(&line)), "{line}\n{}", shown.ok());
        }
    }
}
