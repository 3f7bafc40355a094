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
        "error: fraud-detection has no store `windows`\nhint: It has customers.\n",
    );
    run(&["streams", "state", "get", "fraud-detection", "customers"]).fails(2, &["<KEY>"]);
}
