//! Listing, reading and replaying events, against a real server.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

use crate::bounded::end_of;
use crate::event_corner::Corner;

/// One column of a report.
fn column(json: &Value, name: &str) -> Vec<String> {
    let text = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned);
    json["rows"].as_array().expect("rows").iter().map(|row| text(&row[name])).collect()
}

/// A field of each line of a replay.
fn told(corner: &Corner, arguments: &[&str], field: &str) -> Vec<String> {
    let lines = corner.lines(&[&["replay", "-o", "ndjson"], arguments].concat());
    let of = |line: &String| {
        let event: Value = serde_json::from_str(line).expect("JSON");
        event[field].as_str().map_or_else(|| event[field].to_string(), str::to_owned)
    };
    lines.iter().map(of).collect()
}

fn three_kinds(corner: &Corner) {
    for (aggregate, kind, id, more) in [
        ("order/1", "OrderPlaced", "a", ["--correlation", "k1", "--actor", "ann"]),
        ("order/2", "OrderPlaced", "b", ["--correlation", "k2", "--actor", "bob"]),
        ("customer/1", "CustomerCreated", "c", ["--causation", "a", "--actor", "ann"]),
        ("order/1", "OrderShipped", "d", ["--causation", "c", "--correlation", "k1"]),
    ] {
        let given = ["append", aggregate, "--type", kind, "--id", id];
        corner.ends(0, &[&given[..], &more].concat());
    }
}

#[test]
fn aggregates_are_listed_by_name_and_a_cut_is_told() {
    let corner = Corner::new("listed");
    three_kinds(&corner);
    let all = corner.json(&["list"]);
    assert_eq!(column(&all, "aggregateId"), ["1", "1", "2"]);
    assert_eq!(column(&all, "aggregateType"), ["customer", "order", "order"]);
    assert_eq!(column(&all, "events"), ["1", "2", "1"]);
    assert_eq!(column(&all, "lastPosition"), ["0:3", "0:4", "0:2"]);
    assert_eq!(column(&corner.json(&["list", "order"]), "aggregateId"), ["1", "2"]);
    assert_eq!(column(&corner.json(&["list", "order", "--prefix", "2"]), "aggregateId"), ["2"]);
    let cut = corner.ends(0, &["list", "--limit", "2"]);
    assert!(cut.contains("--limit"), "{cut}");
}

#[test]
fn an_aggregate_is_read_in_pages_both_ways() {
    let corner = Corner::new("pages");
    corner.append_many("order/1", 250);
    corner.append("order/2", "between", "{}");
    corner.append("order/1", "last", "{\"n\":250}");
    let revisions = |arguments: &[&str]| -> Vec<u64> {
        let json = corner.json(&[&["read", "order/1"], arguments].concat());
        column(&json, "revision").iter().map(|n| n.parse().expect("a number")).collect()
    };
    assert_eq!(revisions(&[]), (0..100).collect::<Vec<_>>());
    assert_eq!(revisions(&["--limit", "1000"]), (0..251).collect::<Vec<_>>());
    assert_eq!(revisions(&["--backward", "--limit", "3"]), [250, 249, 248]);
    assert_eq!(revisions(&["--backward", "--to-revision", "1"]), [1, 0]);
    assert_eq!(revisions(&["--from-revision", "249"]), [249, 250]);
    assert_eq!(revisions(&["--from-revision", "5", "--to-revision", "6"]), [5, 6]);
    assert!(revisions(&["--from-revision", "251"]).is_empty());
    let cut = corner.ends(0, &["read", "order/1"]);
    assert!(cut.contains("--limit"), "{cut}");
    let missing = corner.ends(1, &["read", "order/3"]);
    assert!(missing.contains("there are no events of order/3"), "{missing}");
}

#[test]
fn a_replay_tells_the_chosen_events_in_order() {
    let corner = Corner::new("chosen");
    three_kinds(&corner);
    let ids = |arguments: &[&str]| told(&corner, arguments, "eventId");
    assert_eq!(ids(&[]), ["a", "b", "c", "d"]);
    assert_eq!(ids(&["--backward"]), ["d", "c", "b", "a"]);
    assert_eq!(ids(&["--limit", "2"]), ["a", "b"]);
    assert_eq!(ids(&["--backward", "--limit", "1", "--category", "customer"]), ["c"]);
    assert_eq!(ids(&["--from", "3"]), ["c", "d"]);
    assert_eq!(ids(&["--from", "3", "--backward"]), ["c", "b", "a"]);
    assert_eq!(ids(&["--type", "Order*"]), ["a", "b", "d"]);
    assert_eq!(ids(&["--type", "OrderShipped", "--type", "CustomerCreated"]), ["c", "d"]);
    assert_eq!(ids(&["--correlation", "k1"]), ["a", "d"]);
    assert_eq!(ids(&["--causation", "a"]), ["c"]);
    assert_eq!(ids(&["--actor", "ann", "--category", "order"]), ["a"]);
    assert_eq!(ids(&["order/1"]), ["a", "d"]);
    assert_eq!(ids(&["order/1", "--backward"]), ["d", "a"]);
    assert_eq!(ids(&["order/1", "--from-revision", "1"]), ["d"]);
    assert!(ids(&["--until", "2020-01-01"]).is_empty());
    assert_eq!(ids(&["--since", "2020-01-01"]).len(), 4);
    let third = &told(&corner, &[], "recordedAt")[2];
    assert!(ids(&["--since", third]).contains(&"c".to_owned()));
    corner.ends(2, &["replay", "-o", "csv"]);
    corner.ends(1, &["replay", "order/9"]);
}

#[test]
fn a_replay_crosses_pages_and_shards() {
    let corner = Corner::new("crossed").with("BSS_EVENTS_SHARDS", "3");
    for n in 0..7 {
        corner.append_many(&format!("order/{n}"), 350);
    }
    for arguments in [&[][..], &["--backward"][..]] {
        let lines = corner.lines(&[&["replay", "-o", "ndjson"], arguments].concat());
        assert_eq!(lines.len(), 7 * 350);
        let mut positions: Vec<(u64, u64)> = Vec::new();
        for line in &lines {
            let event: Value = serde_json::from_str(line).expect("JSON");
            let number = |name: &str| event[name].as_u64().expect("a number");
            positions.push((number("shard"), number("position")));
        }
        let mut all = positions.clone();
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 7 * 350, "each once");
        let step = if arguments.is_empty() { 1_i128 } else { -1 };
        let in_order = |pair: &[(u64, u64)]| {
            pair[0].0 != pair[1].0 || i128::from(pair[1].1) == i128::from(pair[0].1) + step
        };
        assert!(positions.windows(2).all(in_order));
    }
    let one = told(&corner, &["order/3"], "revision");
    assert_eq!(one, (0..350).map(|n| n.to_string()).collect::<Vec<_>>());
    assert_eq!(corner.json(&["list"])["rows"].as_array().expect("rows").len(), 7);
    let text = corner.ends(0, &["verify"]);
    assert!(text.contains("2450 events: whole"), "{text}");
    // The count of shards is fixed when a store is made: writers must agree, readers follow.
    let other = corner.with("BSS_EVENTS_SHARDS", "2");
    let text = other.ends(1, &["append", "order/0", "--type", "T"]);
    assert!(text.contains("made with 3 shards, events.shards is 2"), "{text}");
    assert_eq!(told(&other, &[], "eventId").len(), 2450);
}

/// A running `replay --follow`, and its lines as they come.
fn follow(corner: &Corner, arguments: &[&str]) -> (Child, Receiver<String>) {
    let given = [&["events", "replay", "--follow", "-o", "ndjson"], arguments].concat();
    let mut command = corner.command(&given);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut child = command.spawn().expect("bss");
    let out = BufReader::new(child.stdout.take().expect("its output"));
    let (sender, lines) = channel();
    std::thread::spawn(move || {
        for line in out.lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    (child, lines)
}

#[test]
fn a_follower_sees_each_event_once_as_it_comes() {
    let one = Corner::new("follow");
    let many = Corner::new("follow3").with("BSS_EVENTS_SHARDS", "3");
    for (corner, arguments) in [(&one, &[][..]), (&one, &["order/1"][..]), (&many, &[][..])] {
        corner.append("order/1", "first", "{}");
        corner.append("order/1", "second", "{}");
        let (mut child, lines) = follow(corner, arguments);
        let next = || -> String {
            let line = lines.recv_timeout(Duration::from_secs(30)).expect("an event");
            let event: Value = serde_json::from_str(&line).expect("JSON");
            event["eventId"].as_str().expect("an id").to_owned()
        };
        let earlier = [next(), next()];
        assert_eq!(earlier, ["first", "second"]);
        if arguments.is_empty() && std::ptr::eq(corner, &one) {
            corner.append("order/2", "third", "{}");
            assert_eq!(next(), "third");
        }
        let last = format!("last{}", arguments.len());
        for id in ["fourth".to_owned() + &last, last] {
            corner.append("order/1", &id, "{}");
            let mut seen = next();
            // What an earlier follower was shown lies before it.
            while seen != id {
                seen = next();
            }
        }
        let pid = rustix::process::Pid::from_child(&child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("asked");
        assert_eq!(end_of(&mut child).code(), Some(0), "a stop is no failure");
        assert!(lines.recv().is_err(), "and nothing comes twice");
    }
}
