//! Topologies that stand still when asked to, and go on.

use std::time::{Duration, Instant};

use serde_json::Value;

use crate::bounded::Bounded;
use crate::broker::{Corner, payments};
use crate::dlq::document;
use crate::observe::start;
use crate::streams::{assert_same, stop};
use crate::support::{shown, wait_for};

const LIMIT: Duration = Duration::from_secs(60);

fn ask(corner: &Corner, verb: &str, more: &[&str]) -> Value {
    let mut args = vec!["streams", verb, corner.job.name, "-o", "json"];
    args.extend(more);
    let output = corner.bss(&args).env("USER", "ann").ended().expect("bss");
    assert!(output.status.success(), "{}", shown(&output));
    document(&output)["rows"][0].clone()
}

/// Two processes stand still within two seconds and read nothing; a third that starts stands still
/// too; afterwards the outputs are those of a run that nobody paused.
#[test]
fn a_pause_is_obeyed_by_all_and_loses_nothing() {
    let corner = Corner::new("pause", 4);
    let input = payments(6000, 60, 11);
    let undisturbed = Corner::new("pause_not", 4);
    undisturbed.feed(&input);
    assert!(matches!(undisturbed.drain().status.code(), Some(0 | 7)));
    let (first, rest) = input.split_at(3000);
    corner.feed(first);
    let one = start(&corner, "one", &[]);
    let two = start(&corner, "two", &[]);
    wait_for("both work", LIMIT, || {
        let rows = corner.rows(&["metadata", corner.job.name]);
        let told = rows.iter().filter(|r| r["partitions"].as_array().is_some_and(|p| p.len() == 2));
        (told.count() == 2 && corner.status()["lag"] == 0).then_some(())
    });
    let asked = Instant::now();
    let row = ask(&corner, "pause", &["--wait"]);
    let took = asked.elapsed();
    assert_eq!(
        (&row["paused"], &row["processes"], &row["obeyed"]),
        (&true.into(), &2.into(), &2.into()),
        "{row}"
    );
    assert!(took < Duration::from_secs(5), "obeyed after {took:?}");
    corner.feed(rest);
    let status = wait_for("it is told", LIMIT, || {
        let output = corner.bss(&["streams", "status", corner.job.name]).ended().expect("bss");
        let text = shown(&output);
        (text.contains(" paused ") && output.status.success()).then_some(text)
    });
    assert!(status.contains("by ann@"), "{status}");
    assert_eq!(corner.status()["lag"], rest.len(), "nothing is read");
    // Again: nothing changes, not even since when.
    let again = ask(&corner, "pause", &["--wait"]);
    assert_eq!(again["since"], row["since"], "{again}");
    // Longer than stalled_after: standing still as asked is no stall. And a restart stays paused.
    stop(one);
    let one = start(&corner, "one", &[]);
    wait_for("it stands still after a restart", LIMIT, || {
        let rows = corner.rows(&["metrics", corner.job.name]);
        let mut states = rows.iter().filter(|r| r["state"] == "paused");
        let one = states.any(|r| r["instance"] == "one");
        (one && rows.len() == 2).then_some(())
    });
    assert_eq!(corner.status()["lag"], rest.len(), "nothing is read after a restart");
    let row = ask(&corner, "resume", &["--wait"]);
    assert_eq!((&row["paused"], &row["obeyed"]), (&false.into(), &2.into()), "{row}");
    wait_for("all is read", LIMIT, || (corner.status()["lag"] == 0).then_some(()));
    stop(one);
    stop(two);
    assert!(matches!(corner.drain().status.code(), Some(0 | 7)));
    assert_same(&undisturbed.outcome(), &corner.outcome(), "paused");
}

/// A pause before anybody runs it holds; without the topic it is refused.
#[test]
fn a_pause_waits_for_whoever_starts() {
    let corner = Corner::new("pause_first", 2);
    corner.feed(&payments(100, 5, 7));
    let row = ask(&corner, "pause", &[]);
    assert_eq!((&row["paused"], &row["processes"]), (&true.into(), &0.into()), "{row}");
    let child = start(&corner, "one", &[]);
    wait_for("it stands still", LIMIT, || {
        let rows = corner.rows(&["metrics", corner.job.name]);
        rows.iter().any(|r| r["state"] == "paused").then_some(())
    });
    assert_eq!(corner.status()["read"], 0);
    ask(&corner, "resume", &["--wait"]);
    wait_for("it reads", LIMIT, || (corner.status()["read"] == 100).then_some(()));
    stop(child);
    let nowhere = corner
        .bss(&["streams", "pause", corner.job.name])
        .env("BSS_GENERAL_APPLICATION", "nothing_here")
        .ended()
        .expect("bss");
    assert_eq!(nowhere.status.code(), Some(4), "{}", shown(&nowhere));
    assert!(shown(&nowhere).contains("bss setup kafka"), "{}", shown(&nowhere));
}

/// A process that hangs does not obey: named, and exit 1.
#[test]
fn who_does_not_obey_in_time_is_named() {
    let corner = Corner::new("pause_hang", 2);
    let mut child = start(&corner, "stubborn", &[("BSS_DEV_FAULT", "hang-after-batch:1")]);
    wait_for("it is told", LIMIT, || {
        let rows = corner.rows(&["metadata", corner.job.name]);
        rows.iter().any(|r| r["pid"].is_number()).then_some(())
    });
    let output = corner
        .bss(&["streams", "pause", corner.job.name, "--wait", "--timeout", "3s"])
        .ended()
        .expect("bss");
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(shown(&output).contains("stubborn"), "{}", shown(&output));
    child.kill().expect("killed");
    drop(child.wait());
}
