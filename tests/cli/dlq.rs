//! What `streams dlq` refuses before any server is asked.

use crate::support::run;

#[test]
fn a_requeue_wants_to_be_told_what() {
    let all = ["streams", "dlq", "requeue"];
    let with = |more: &[&'static str]| run(&all.iter().chain(more).copied().collect::<Vec<_>>());
    with(&[]).is(
        2,
        "",
        "error: no dead letters were chosen\n\
         hint: Name positions, filter by --reason, --topology, --topic, --partition, --since or \
         --until, or give --all.\n",
    );
    with(&["--all", "--value", "x"]).fails(2, &["--value takes the place of one letter's value"]);
    with(&["1:2", "1:3", "--value", "x"]).fails(2, &["POSITION --value FILE"]);
    with(&["1:2", "--since", "1h"]).fails(2, &["positions and a time range"]);
    with(&["1:2", "--all"]).fails(2, &["cannot be used with '--all'"]);
    with(&["1:2", "--reason", "empty"]).fails(2, &["cannot be used with"]);
    with(&["1:2", "--value", "nowhere.json"]).fails(1, &["could not read nowhere.json"]);
}

#[test]
fn positions_reasons_and_ranges_are_checked() {
    run(&["streams", "dlq", "explain", "17"]).fails(2, &["PARTITION:OFFSET such as 3:17"]);
    run(&["streams", "dlq", "list", "--reason", "brokn-json"]).fails(2, &["'broken-json'"]);
    run(&["streams", "dlq", "list", "--partition=-1"]).fails(2, &["--partition"]);
    run(&["streams", "dlq", "list", "--since", "foo"]).fails(2, &["`foo` of --since"]);
    run(&["streams", "late", "list", "--since", "2026-02-02", "--until", "2026-02-01"])
        .fails(2, &["the time range is empty"]);
    run(&["streams", "dlq", "explain", "1:2", "--since", "1h"]).fails(2, &["--since"]);
}
