//! State on disk: what a restart reads of it, and when it must not.

use std::path::PathBuf;
use std::process::Output;

use crate::bounded::Bounded;
use crate::broker::{Corner, payments};
use crate::streams::assert_same;
use crate::support::{kafka, shown};

/// A run of instance `name` to the end of the input.
fn drain(corner: &Corner, name: &str, changes: &[(&str, &str)]) -> Output {
    let mut command = corner.bss(&["streams", "run", corner.job.name, "--drain"]);
    command
        .env("BSS_STREAMS_INSTANCE", name)
        .env("BSS_STREAMS_SESSION_TIMEOUT", "6s")
        .env("BSS_STREAMS_CHECKPOINT_INTERVAL", "1ms");
    for (key, value) in changes {
        command.env(key, value);
    }
    command.ended().expect("bss")
}

/// A file of `name` in the state folder.
pub fn place(corner: &Corner, name: &str, ending: &str) -> PathBuf {
    let group = format!("{}-{}", corner.application, corner.job.name);
    corner.home.path().join(format!(".local/state/bss/{group}-{name}.{ending}"))
}

/// How much the last run of `name` restored: entries from disk, records from changelogs.
pub fn restored(corner: &Corner, name: &str) -> (u64, u64) {
    let status = status(corner, name);
    let number = |key: &str| status["restored"][key].as_u64().expect("a number");
    (number("disk"), number("changelog"))
}

/// What the last run of `name` said of itself.
fn status(corner: &Corner, name: &str) -> serde_json::Value {
    let text = std::fs::read(place(corner, name, "status.json")).expect("a status file");
    serde_json::from_slice(&text).expect("JSON")
}

#[track_caller]
fn succeeded(output: &Output) {
    assert!(output.status.success(), "{}", shown(output));
}

pub fn customers(input: &[(String, String)]) -> u64 {
    let all: std::collections::BTreeSet<&String> = input.iter().map(|(c, _)| c).collect();
    all.len() as u64
}

/// After a clean stop a restart reads nothing of the changelogs. Killed right before or right
/// after a checkpoint is written, it reads what they have beyond the disk, and gives the same
/// outputs.
#[test]
fn a_restart_reads_only_what_the_disk_does_not_have() {
    let input = payments(6000, 200, 31);
    let reference = Corner::new("disk_ref", 4);
    reference.feed(&input);
    succeeded(&reference.drain());
    let wanted = reference.outcome();
    for fault in
        ["before-checkpoint:1", "before-checkpoint:4", "after-checkpoint:1", "after-checkpoint:4"]
    {
        let corner = Corner::new("disk", 4);
        corner.feed(&input[..3000]);
        succeeded(&drain(&corner, "one", &[]));
        assert_eq!(restored(&corner, "one"), (0, 0), "a first start");
        corner.feed(&input[3000..]);
        let killed = drain(
            &corner,
            "one",
            &[("BSS_DEV_FAULT", fault), ("BSS_STREAMS_MAX_TRANSACTION_RECORDS", "300")],
        );
        assert_eq!(killed.status.code(), None, "{fault}: {}", shown(&killed));
        let output = drain(&corner, "one", &[]);
        succeeded(&output);
        let (disk, changelog) = restored(&corner, "one");
        assert!(disk > 100, "{fault}: {disk}");
        assert!(changelog < 1000, "{fault}: {changelog}");
        if fault == "before-checkpoint:1" {
            assert!(changelog > 0, "{fault}: the transaction was committed, the disk not written");
        }
        assert_same(&corner.outcome(), &wanted, fault);
        succeeded(&drain(&corner, "one", &[]));
        assert_eq!(restored(&corner, "one"), (customers(&input), 0), "{fault}: a clean stop");
    }
}

/// Another process had the partitions in between: what it changed is read from the changelogs,
/// written to disk, and there at the next start.
#[test]
fn a_partition_that_was_away_is_brought_up_to_date() {
    let input = payments(3000, 150, 32);
    let reference = Corner::new("away_ref", 2);
    reference.feed(&input);
    succeeded(&reference.drain());
    let corner = Corner::new("away", 2);
    for (name, part) in [("one", 0..1000), ("two", 1000..2000), ("one", 2000..3000)] {
        corner.feed(&input[part]);
        succeeded(&drain(&corner, name, &[]));
    }
    let (disk, changelog) = restored(&corner, "one");
    assert!(disk > 0 && changelog > 0, "{disk} entries, {changelog} records");
    succeeded(&drain(&corner, "one", &[]));
    assert_eq!(restored(&corner, "one"), (customers(&input), 0));
    assert_same(&corner.outcome(), &reference.outcome(), "moved");
}

/// Damaged state is deleted and said so; everything comes from the changelogs.
#[test]
fn damaged_state_is_restored_in_full() {
    let input = payments(2000, 100, 33);
    let reference = Corner::new("damage_ref", 2);
    reference.feed(&input);
    succeeded(&reference.drain());
    let corner = Corner::new("damage", 2);
    corner.feed(&input[..1000]);
    succeeded(&drain(&corner, "one", &[]));
    let tables = place(&corner, "one", "state");
    let mut harmed = 0;
    let mut folders = vec![tables];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder").map(|e| e.expect("an entry")) {
            if entry.file_type().expect("a type").is_dir() {
                folders.push(entry.path());
            } else if entry.metadata().expect("metadata").len() > 0 {
                let mut bytes = std::fs::read(entry.path()).expect("read");
                let from = bytes.len() / 4;
                bytes[from..].fill(0xa5);
                std::fs::write(entry.path(), bytes).expect("written");
                harmed += 1;
            }
        }
    }
    assert!(harmed > 0);
    corner.feed(&input[1000..]);
    let output = drain(&corner, "one", &[]);
    succeeded(&output);
    let text = shown(&output);
    assert!(text.contains("all comes from the changelogs"), "{text}");
    let (disk, changelog) = restored(&corner, "one");
    assert!(disk == 0 && changelog > 0, "{disk} entries, {changelog} records");
    assert_same(&corner.outcome(), &reference.outcome(), "after the damage");
    succeeded(&drain(&corner, "one", &[]));
    assert_eq!(restored(&corner, "one"), (customers(&input), 0), "it is whole again");
}

/// A reset deletes the state on disk; one made on another machine does not reach it, and it must
/// not be taken for state of the new changelogs, however long those have become.
#[test]
fn state_of_deleted_changelogs_is_not_used() {
    let input = payments(1500, 80, 34);
    let corner = Corner::new("anew", 2);
    corner.feed(&input);
    succeeded(&drain(&corner, "one", &[]));
    let elsewhere = tempfile::tempdir().expect("a folder");
    let elsewhere = elsewhere.path().to_str().expect("UTF-8").to_owned();
    let reset = |state_dir: Option<&str>| {
        let mut command = corner.bss(&["streams", "reset", corner.job.name, "--apply", "--yes"]);
        command.env("BSS_STREAMS_INSTANCE", "one").env("BSS_STREAMS_SESSION_TIMEOUT", "6s");
        if let Some(dir) = state_dir {
            command.env("BSS_STREAMS_STATE_DIR", dir);
        }
        // A member that has ended stays in the group for its session; without its status file
        // nobody here knows that it has.
        crate::support::wait_for("the reset", std::time::Duration::from_secs(30), || {
            let output = command.ended().expect("bss");
            (output.status.code() != Some(5)).then_some(output)
        })
    };
    succeeded(&reset(Some(&elsewhere)));
    assert!(place(&corner, "one", "state").exists());
    // They become as long as the old ones were, and longer.
    succeeded(&drain(&corner, "two", &[]));
    let output = drain(&corner, "one", &[]);
    succeeded(&output);
    let text = shown(&output);
    assert!(text.contains("partitions is not used"), "{text}");
    assert_eq!(restored(&corner, "one").0, 0, "{text}");
    succeeded(&reset(None));
    assert!(!place(&corner, "one", "state").exists(), "a reset deletes what is here");
}

/// X7: killed in the middle of a full restore, the next start goes on there.
#[test]
fn a_restore_goes_on_where_it_was_killed() {
    let input = payments(75_000, 1_000_000, 36);
    let corner = Corner::new("resume", 1);
    corner.feed(&input);
    succeeded(&drain(&corner, "one", &[("BSS_STREAMS_CHECKPOINT_INTERVAL", "0s")]));
    assert!(!place(&corner, "one", "state").exists(), "switched off");
    let killed = drain(&corner, "one", &[("BSS_DEV_FAULT", "restore-checkpoint:1")]);
    assert_eq!(killed.status.code(), None, "{}", shown(&killed));
    // The checkpoint that the kill overtook may or may not be there: take the one before.
    let killed = drain(&corner, "one", &[("BSS_DEV_FAULT", "after-checkpoint:1")]);
    assert_eq!(killed.status.code(), None, "{}", shown(&killed));
    let output = drain(&corner, "one", &[]);
    succeeded(&output);
    let (disk, changelog) = restored(&corner, "one");
    assert!(disk > 20_000, "{disk} entries, {changelog} records");
    assert!(changelog > 0 && changelog < customers(&input) * 2 / 3, "{changelog} records");
    let run = &status(&corner, "one")["exposed"]["runs"][0];
    assert_eq!(run["restored"], run["toRestore"], "markers and what is compacted count too: {run}");
    assert!(run["restored"].as_u64() >= Some(changelog), "{run}");
    succeeded(&drain(&corner, "one", &[]));
    assert_eq!(restored(&corner, "one"), (customers(&input), 0), "nothing is missing");
}

/// What stands where the state should be is named, with what to do.
#[test]
fn a_state_that_cannot_be_opened_is_named() {
    let corner = Corner::new("blocked", 1);
    let state = place(&corner, "one", "state");
    std::fs::create_dir_all(state.parent().expect("a folder")).expect("made");
    std::fs::write(&state, "a file").expect("written");
    let output = drain(&corner, "one", &[]);
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    let text = shown(&output);
    assert!(text.contains(state.to_str().expect("UTF-8")), "{text}");
    assert!(text.contains("streams.state_dir"), "{text}");
}

/// How long deletions stay is read from the topics; where it cannot be, nothing is said.
#[test]
fn the_age_that_state_may_have_is_read_from_the_changelogs() {
    let corner = Corner::new("age", 1);
    let settings = crate::fencing::options("age").kafka;
    assert_eq!(settings.bootstrap, kafka());
    let changelog = format!("{}-fraud-detection-customers-changelog", corner.application);
    let least = |topics: &[String]| {
        bss::backends::kafka::admin::least_setting(&settings, topics, "delete.retention.ms")
            .expect("an answer")
    };
    assert_eq!(least(std::slice::from_ref(&changelog)), Some(86_400_000));
    let table = corner.topic("customer.info");
    assert_eq!(least(&[table, changelog.clone()]), Some(86_400_000), "the least of both");
    assert_eq!(least(&[changelog, "nothing.there".to_owned()]), None);
}
