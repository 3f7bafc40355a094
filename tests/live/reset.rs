//! A topology that begins anew: the same outputs again, whatever cuts the reset off.

use std::collections::BTreeMap;
use std::process::Output;
use std::time::Duration;

use crate::bounded::Bounded;
use crate::broker::{ACTIVITY, Corner, FRAUD, Job, ORDERS, activities, orders, payments};
use crate::dlq::document;
use crate::streams::stop;
use crate::support::{shown, wait_for};

type Outcome = BTreeMap<(String, Vec<u8>), Vec<String>>;

/// `streams` with a short session, so that a process that ended leaves the group soon.
fn leaf(corner: &Corner, args: &[&str]) -> Output {
    command(corner, args).ended().expect("bss")
}

fn command(corner: &Corner, args: &[&str]) -> std::process::Command {
    let all: Vec<&str> = ["streams", "-o", "json"].iter().chain(args).copied().collect();
    let mut command = corner.bss(&all);
    command.env("BSS_STREAMS_SESSION_TIMEOUT", "6s");
    command
}

fn drain(corner: &Corner) -> Output {
    leaf(corner, &["run", corner.job.name, "--drain"])
}

fn reset(corner: &Corner, more: &[&str]) -> Output {
    let args: Vec<&str> = ["reset", corner.job.name].iter().chain(more).copied().collect();
    leaf(corner, &args)
}

#[track_caller]
fn ok(output: &Output) -> String {
    assert!(output.status.success(), "{}", shown(output));
    shown(output)
}

/// The path of the undo file, as the command named it.
fn undo_file(told: &str) -> String {
    let (_, rest) = told.split_once("Wrote the offsets to ").expect("an undo file");
    rest.lines().next().expect("a line").trim_end_matches('.').to_owned()
}

/// Each key's outputs are there twice, in the same order.
fn assert_twice(corner: &Corner, once: &Outcome) {
    let twice = corner.outcome();
    assert_eq!(twice.len(), once.len());
    for (key, records) in once {
        let both: Vec<String> = records.iter().chain(records).cloned().collect();
        assert_eq!(twice.get(key), Some(&both), "{key:?}");
    }
}

/// A reset leaves the outputs, and its undo with a rebuild gives everything back.
fn run_reset_undo(job: Job, input: &[(String, String)]) {
    let corner = Corner::of(job, "reset_twice", 4);
    corner.feed(input);
    ok(&drain(&corner));
    let once = corner.outcome();
    let before = corner.status();
    let plan = reset(&corner, &[]);
    ok(&plan);
    let rows = document(&plan)["rows"].as_array().expect("rows").clone();
    let stays: Vec<_> = rows.iter().filter(|r| r["action"] == "= stays").collect();
    assert_eq!(stays.len(), job.outputs.len() + 3, "{rows:?}");
    let outputs = before["outputs"].as_u64().expect("a count").to_string();
    assert_eq!(stays[0]["found"], outputs, "{rows:?}");
    assert_eq!(corner.status()["read"], before["read"], "a plan changes nothing");
    let unasked = reset(&corner, &["--apply"]);
    assert_eq!(unasked.status.code(), Some(2), "{}", shown(&unasked));
    assert_eq!(corner.status()["read"], before["read"], "nor does a refusal");
    let told = ok(&reset(&corner, &["--apply", "--yes"]));
    let file = undo_file(&told);
    assert_eq!(corner.status()["state"], "never-run");
    assert_eq!(corner.outcome(), once, "outputs stay");
    // The state is gone: nobody goes on from the offsets before a rebuild, which tells nothing again.
    let back = reset(&corner, &["--undo", &file, "--apply", "--yes"]);
    ok(&back);
    assert_eq!(document(&back)["meta"]["outputs"].to_string(), outputs, "{}", shown(&back));
    let early = drain(&corner);
    assert_eq!(early.status.code(), Some(5), "{}", shown(&early));
    assert!(shown(&early).contains("bss streams rebuild"), "{}", shown(&early));
    ok(&leaf(&corner, &["rebuild", job.name, "--apply", "--yes"]));
    ok(&drain(&corner));
    // Nothing new: what partitions further on had told may come again, as it was.
    let again = corner.outcome();
    assert_eq!(again.len(), once.len());
    for (key, records) in &once {
        assert!(again[key].starts_with(records), "{key:?}");
        assert!(again[key].iter().all(|record| records.contains(record)), "{key:?}");
    }
    for key in ["read", "processed", "late", "duplicate", "lag"] {
        assert_eq!(corner.status()[key], before[key], "{key}");
    }
}

/// Run, reset, run: each result is there twice.
fn run_reset_run(job: Job, input: &[(String, String)]) {
    let corner = Corner::of(job, "reset_again", 4);
    corner.feed(input);
    ok(&drain(&corner));
    let (once, before) = (corner.outcome(), corner.status());
    ok(&reset(&corner, &["--apply", "--yes"]));
    ok(&drain(&corner));
    assert_twice(&corner, &once);
    let after = corner.status();
    for key in ["read", "processed", "late", "duplicate", "outputs", "lag"] {
        assert_eq!(after[key], before[key], "{key}");
    }
}

#[test]
fn after_a_reset_a_run_writes_the_same_again() {
    run_reset_run(FRAUD, &payments(3000, 100, 4));
}

#[test]
fn after_a_reset_windows_are_the_same_again() {
    run_reset_run(ACTIVITY, &activities(3000, 100, 4));
}

#[test]
fn an_undo_and_a_rebuild_give_the_state_back() {
    run_reset_undo(ACTIVITY, &activities(3000, 100, 4));
    run_reset_undo(ORDERS, &orders(2000, 100, 4, u64::MAX));
}

/// Killed after each step: a run refuses, or finds neither offsets nor state; the reset again
/// completes it, and nothing is counted twice.
#[test]
fn a_reset_that_was_cut_off_is_completed_and_never_counts_twice() {
    for (step, refusal) in [
        ("reset-offsets-gone", Some((5, "has state but no committed offset"))),
        ("reset-state-gone", Some((4, "topics are missing"))),
        ("reset-offsets-set", Some((4, "topics are missing"))),
    ] {
        let corner = Corner::new("reset_cut", 2);
        corner.feed(&payments(1000, 50, 4));
        ok(&drain(&corner));
        let once = corner.outcome();
        let killed = command(&corner, &["reset", "fraud-detection", "--apply", "--yes"])
            .env("BSS_DEV_FAULT", format!("{step}:1"))
            .ended()
            .expect("bss");
        assert_eq!(killed.status.code(), None, "{step} was not reached: {}", shown(&killed));
        let run = drain(&corner);
        if let Some((code, text)) = refusal {
            assert_eq!(run.status.code(), Some(code), "{step}: {}", shown(&run));
            assert!(shown(&run).contains(text), "{step}: {}", shown(&run));
        }
        assert_eq!(corner.outcome(), once, "{step}: nothing was written");
        ok(&reset(&corner, &["--apply", "--yes"]));
        ok(&drain(&corner));
        assert_twice(&corner, &once);
    }
}

/// Cut off after its first step the state is still there: the offsets set back, all is as before.
#[test]
fn a_reset_that_only_took_the_offsets_is_taken_back_exactly() {
    let corner = Corner::new("reset_back", 2);
    let all = payments(1000, 50, 4);
    corner.feed(&all[..600]);
    ok(&drain(&corner));
    let before = corner.status();
    let killed = command(&corner, &["reset", "fraud-detection", "--apply", "--yes"])
        .env("BSS_DEV_FAULT", "reset-offsets-gone:1")
        .ended()
        .expect("bss");
    assert_eq!(killed.status.code(), None, "{}", shown(&killed));
    let file = undo_file(&shown(&killed));
    ok(&reset(&corner, &["--undo", &file]));
    assert_eq!(corner.status()["read"], 0, "a plan changes nothing");
    ok(&reset(&corner, &["--undo", &file, "--apply", "--yes"]));
    let back = corner.status();
    for key in ["read", "processed", "duplicate", "outputs", "streamTime", "lag"] {
        assert_eq!(back[key], before[key], "{key}: {back}");
    }
    let again = ok(&reset(&corner, &["--undo", &file, "--apply", "--yes"]));
    assert!(again.contains("nothing to do"), "{again}");
    corner.feed(&all[600..]);
    ok(&drain(&corner));
    let other = Corner::new("reset_straight", 2);
    other.feed(&all);
    ok(&drain(&other));
    let found = corner.outcome();
    assert_eq!(found, other.outcome(), "as if nothing had happened");
}

/// `--to latest` leaves what is there unread; `--force` goes on from the old offsets with empty
/// state, but never over state of something else.
#[test]
fn a_reset_begins_where_it_is_told() {
    let corner = Corner::new("reset_to", 1);
    corner.feed(&payments(300, 20, 4));
    ok(&drain(&corner));
    let told = ok(&reset(&corner, &["--to", "latest", "--apply", "--yes"]));
    let file = undo_file(&told);
    let lag = corner.rows(&["lag", "fraud-detection"]);
    assert_eq!((&lag[0]["committedOffset"], &lag[0]["lag"]), (&300.into(), &0.into()), "{lag:?}");
    ok(&drain(&corner));
    assert_eq!(corner.status()["read"], 0);
    let time = reset(&corner, &["--to", "2026-01-01"]);
    ok(&time);
    let rows = document(&time)["rows"].as_array().expect("rows").clone();
    let set = rows.iter().find(|r| r["action"] == "~ set").expect("an offset");
    assert_eq!((&set["found"], &set["afterwards"]), (&"300".into(), &"0".into()), "{set}");
    let forced = ["--undo", file.as_str(), "--force", "--apply", "--yes"];
    ok(&reset(&corner, &forced));
    assert_eq!(corner.status()["read"], 300, "the counts are in the offsets");
    corner.feed(&payments(100, 20, 5));
    let run = drain(&corner);
    assert!(matches!(run.status.code(), Some(0 | 7)), "{}", shown(&run));
    let over = reset(&corner, &forced);
    assert_eq!(over.status.code(), Some(5), "{}", shown(&over));
    assert!(shown(&over).contains("counted twice"), "{}", shown(&over));
}

/// While a member lives nothing is touched.
#[test]
fn a_living_member_keeps_a_reset_away() {
    let corner = Corner::new("reset_alive", 2);
    corner.feed(&payments(100, 20, 4));
    let run = command(&corner, &["run", "fraud-detection", "--quiet"]).spawn().expect("bss");
    wait_for("it reads all", Duration::from_secs(30), || {
        (corner.status()["lag"] == 0).then_some(())
    });
    let refused = reset(&corner, &["--apply", "--yes"]);
    let text = shown(&refused);
    assert_eq!(refused.status.code(), Some(5), "{text}");
    let host = rustix::system::uname();
    assert!(text.contains("it has members"), "{text}");
    assert!(text.contains(&format!("{}-", host.nodename().to_string_lossy())), "{text}");
    assert_eq!(corner.status()["read"], 100);
    stop(run);
}
