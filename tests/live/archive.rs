//! `bss events archive`: what leaves the store is in the files, whatever kills the run.

use crate::bounded::Bounded;
use crate::shelf::Shelf;
use crate::support::shown;

const REPLAY: [&str; 4] = ["events", "replay", "-o", "ndjson"];

fn replay(shelf: &Shelf, options: &[&str]) -> String {
    shelf.text(&REPLAY.iter().chain(options).copied().collect::<Vec<_>>())
}

#[test]
fn archived_events_are_read_as_before_and_the_store_goes_on() {
    let shelf = Shelf::new(2);
    shelf.fill(1, 40);
    let before = replay(&shelf, &[]);
    let one = shelf.text(&["events", "read", "thing/1", "-o", "ndjson"]);
    let archive = ["events", "archive", "--keep", "3", "--dir", "old"];
    let report = shelf.json(&archive);
    let shards = report["rows"].as_array().expect("rows");
    assert!(shards.iter().all(|row| row["files"] == 1), "{report}");
    assert_eq!(replay(&shelf, &[]).lines().count(), 6);
    let gone = shelf.ended(1, &["events", "read", "thing/1"]);
    assert!(shown(&gone).contains("--archive DIR"), "{}", shown(&gone));
    assert_eq!(replay(&shelf, &["--archive", "old"]), before);
    let read = ["events", "read", "thing/1", "-o", "ndjson", "--archive", "old"];
    assert_eq!(shelf.text(&read), one);
    assert_eq!(
        replay(&shelf, &["thing/1", "--archive", "old"]).lines().count(),
        one.lines().count()
    );
    assert_eq!(shelf.text(&["events", "export", "-", "--archive", "old"]), before);
    shelf.ended(0, &["events", "verify"]);
    let whole = shelf.json(&["events", "verify", "--archive", "old"]);
    assert_eq!(whole["meta"]["events"], 40, "{whole}");
    shelf.ended(0, &["events", "archive", "verify", "old"]);
    assert_eq!(shelf.json(&["events", "archive", "list", "old"])["meta"]["events"], 34);
    // Ids, revisions and positions go on; a second archive goes on where the first ended.
    let again =
        ["events", "append", "thing/1", "--type", "Odd", "--id", "e-1", "--data", "{\"n\":1}"];
    assert_eq!(shelf.json(&again)["rows"][0]["state"], "known");
    shelf.fill(41, 50);
    let before = replay(&shelf, &["--archive", "old"]);
    assert_eq!(before.lines().count(), 50);
    shelf.ended(0, &["events", "archive", "--keep", "0", "--dir", "old"]);
    shelf.ended(0, &["events", "archive", "--keep", "0", "--dir", "old"]);
    assert_eq!(replay(&shelf, &[]), "");
    assert_eq!(replay(&shelf, &["--archive", "old"]), before);
    shelf.ended(0, &["events", "verify", "--archive", "old"]);
    let added =
        ["events", "append", "thing/1", "--type", "Odd", "--expected", "8", "--data", "{\"n\":52}"];
    shelf.ended(0, &added);
    shelf.ended(0, &["events", "verify", "--archive", "old"]);
    // Into an empty store of another name it comes as it was.
    let other = shelf.other();
    let dir = shelf.home().join("old");
    let dir = dir.to_str().expect("a path");
    other.ended(0, &["events", "archive", "restore", dir]);
    assert_eq!(replay(&other, &[]), before);
    // What is changed in a file is seen by all who read it.
    let file = std::fs::read_dir(dir).expect("a folder").map(|e| e.expect("an entry").path());
    let file = file.into_iter().find(|p| p.extension().is_some_and(|e| e == "gz")).expect("a file");
    let mut bytes = std::fs::read(&file).expect("read");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&file, bytes).expect("written");
    shelf.ended(6, &["events", "archive", "verify", "old"]);
    shelf.ended(6, &["events", "replay", "--archive", "old"]);
}

#[test]
fn nothing_is_trimmed_that_a_reader_has_not_done() {
    let shelf = Shelf::new(1);
    shelf.fill(1, 20);
    let group = ["events", "groups", "run", "fast", "--drain", "--", "true"];
    shelf.ended(0, &group);
    let mut redis = shelf.redis();
    let readers = shelf.key(0, "readers");
    let mut set = redis::cmd("HSET");
    let _set: u64 = set.arg(&readers).arg("relay").arg(8).query(&mut redis).expect("set");
    let held = shelf.ended(7, &["events", "archive", "--keep", "0", "--dir", "old", "-o", "json"]);
    assert!(shown(&held).contains("relay has done shard 0 up to 8 only"), "{}", shown(&held));
    assert_eq!(replay(&shelf, &[]).lines().count(), 12);
    // With force it says what is lost, and asks first.
    let force = ["events", "archive", "--upto", "18", "--dir", "old", "--force"];
    shelf.ended(2, &force);
    assert_eq!(replay(&shelf, &[]).lines().count(), 12);
    let forced = shelf.ended(0, &[&force[..], &["--yes"]].concat());
    assert!(shown(&forced).contains("relay loses 10 events"), "{}", shown(&forced));
    assert_eq!(replay(&shelf, &[]).lines().count(), 2);
    assert_eq!(replay(&shelf, &["--archive", "old"]).lines().count(), 20);
    let time = "2000-01-01T00:00:00Z";
    shelf.ended(0, &["events", "archive", "--before", time, "--dir", "old"]);
    assert_eq!(replay(&shelf, &[]).lines().count(), 2);
    // A folder with another history is refused.
    let link = "0123456789abcdef0123456789abcdef";
    let mut set = redis::cmd("SET");
    let head = format!("18 {link}");
    let _set: String = set.arg(shelf.key(0, "head")).arg(head).query(&mut redis).expect("set");
    let refused = shelf.ended(5, &["events", "archive", "--keep", "0", "--dir", "old"]);
    assert!(shown(&refused).contains("another history"), "{}", shown(&refused));
    shelf.ended(6, &["events", "replay", "--archive", "old"]);
}

#[test]
fn a_kill_at_any_step_loses_nothing() {
    let steps = ["part", "file", "verified", "manifest", "trimmed"];
    for step in steps {
        let shelf = Shelf::new(1);
        shelf.fill(1, 30);
        let before = replay(&shelf, &[]);
        let archive = ["events", "archive", "--keep", "10", "--dir", "old"];
        let fault = format!("archive-{step}:1");
        let mut command = shelf.bss(&archive);
        let killed = command.env("BSS_DEV_FAULT", fault).ended().expect("bss");
        assert_eq!(killed.status.code(), None, "{step}: {}", shown(&killed));
        let left = replay(&shelf, &[]);
        let trimmed = step == "trimmed";
        assert_eq!(left.lines().count(), if trimmed { 10 } else { 30 }, "{step}");
        assert_eq!(replay(&shelf, &["--archive", "old"]), before, "{step}");
        // More has come in, so the next run has another range.
        shelf.fill(31, 33);
        let before = replay(&shelf, &["--archive", "old"]);
        shelf.ended(0, &archive);
        assert_eq!(replay(&shelf, &[]).lines().count(), 10, "{step}");
        assert_eq!(replay(&shelf, &["--archive", "old"]), before, "{step}");
        shelf.ended(0, &["events", "verify", "--archive", "old"]);
        shelf.ended(0, &["events", "archive", "verify", "old"]);
    }
}
