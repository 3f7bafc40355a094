//! A requeue writes each letter back once, in order, whatever happens on the way.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::Duration;

use bss::backends::Kind;
use bss::backends::kafka::letters::{Letter, Letters};
use bss::backends::kafka::requeue::Requeuer;
use bss::backends::kafka::runner::transaction::{Outgoing, Transaction};
use bss::domain::EventTime;
use bss::runtime::Fault;
use bss::streams::letters::requeue::Return;
use bss::streams::letters::{Origin, Position};

use crate::bounded::{Bounded, end_of};
use crate::broker::Corner;
use crate::dlq::document;
use crate::fencing::options;
use crate::support::shown;

/// A dead letter written by hand.
fn letter(origin: (&str, i32, i64), key: Option<&[u8]>, value: Option<&[u8]>) -> Letter {
    let mut headers = vec![
        ("bss_topology", b"metrics-ingest".to_vec()),
        ("bss_topic", origin.0.as_bytes().to_vec()),
        ("bss_partition", origin.1.to_string().into_bytes()),
        ("bss_offset", origin.2.to_string().into_bytes()),
        ("bss_reason", b"refused".to_vec()),
        ("bss_field", Vec::new()),
        ("bss_detail", b"the server was tired".to_vec()),
        ("traceparent", b"00-1".to_vec()),
    ];
    if value.is_none() {
        headers.push(("bss_tombstone", b"true".to_vec()));
    }
    Letter { key: key.map(<[u8]>::to_vec), value: value.map(<[u8]>::to_vec), headers }
}

fn set_aside(corner: &Corner, letters: &[Letter]) {
    let kafka = options("letters").kafka;
    let writer = Letters::open(&kafka, corner.dead_letters()).expect("a writer");
    writer.send(letters, Duration::from_secs(20)).expect("written");
}

/// `count` letters of one partition, the highest original offset first.
fn backwards(corner: &Corner, count: i64) -> Vec<Letter> {
    let topic = corner.topic("payment.events");
    (0..count)
        .rev()
        .map(|n| {
            let key = format!("k{}", n % 3);
            letter((&topic, 1, n), Some(key.as_bytes()), Some(n.to_string().as_bytes()))
        })
        .collect()
}

/// Everything in the input topic: partition, value, headers; in order per key.
fn returned(corner: &Corner) -> Vec<(Vec<u8>, Vec<crate::broker::Read>)> {
    corner.read(&corner.topic("payment.events")).into_iter().collect()
}

fn values(corner: &Corner) -> Vec<i64> {
    let records = returned(corner).into_iter().flat_map(|(_, records)| records);
    let number = |v: Option<Vec<u8>>| String::from_utf8(v.expect("a value")).expect("UTF-8");
    let mut all: Vec<i64> = records.map(|(_, v, _)| number(v).parse().expect("number")).collect();
    all.sort_unstable();
    all
}

#[test]
fn order_per_key_partition_and_bytes_are_those_of_the_original() {
    let corner = Corner::new("order", 3);
    set_aside(&corner, &backwards(&corner, 30));
    let told = corner.json(&["dlq", "requeue", "--all", "--yes"]);
    assert_eq!((&told["meta"]["letters"], &told["meta"]["left"]), (&30.into(), &0.into()));
    let all = returned(&corner);
    assert_eq!(all.len(), 3, "keys");
    for (key, records) in all {
        let numbers: Vec<i64> = records
            .iter()
            .map(|(partition, value, headers)| {
                assert_eq!(*partition, 1, "{key:?}");
                let names: Vec<&str> = headers.iter().map(|(k, _)| k.as_str()).collect();
                assert_eq!(names, ["traceparent", "bss_requeued_from"], "{key:?}");
                let value = value.as_deref().expect("a value");
                std::str::from_utf8(value).expect("UTF-8").parse().expect("a number")
            })
            .collect();
        assert_eq!(numbers.len(), 10, "{key:?}");
        assert!(numbers.is_sorted(), "{key:?}: {numbers:?}");
    }
}

#[test]
fn a_second_requeue_takes_nothing() {
    let corner = Corner::new("again", 3);
    set_aside(&corner, &backwards(&corner, 6));
    let plan = corner.json(&["dlq", "requeue", "--reason", "refused", "--dry-run"]);
    assert_eq!(plan["rows"].as_array().map(Vec::len), Some(6));
    assert_eq!(plan["rows"][0]["outcome"], "would-requeue");
    assert!(values(&corner).is_empty(), "a dry run writes nothing");
    let one = corner.states()[0].0.clone();
    corner.json(&["dlq", "requeue", &one, "--yes"]);
    let again = corner.leaf(&["dlq", "requeue", &one, "--yes"]);
    assert!(again.status.success(), "{}", shown(&again));
    assert!(shown(&again).contains(&format!("{one} was requeued at ")), "{}", shown(&again));
    assert_eq!(document(&again)["meta"]["letters"], 0);
    corner.json(&["dlq", "requeue", "--all", "--yes"]);
    assert_eq!(values(&corner), [0, 1, 2, 3, 4, 5]);
    let nothing = corner.leaf(&["dlq", "requeue", "--all", "--yes"]);
    assert!(nothing.status.success(), "{}", shown(&nothing));
    assert!(shown(&nothing).contains("Nothing to requeue."), "{}", shown(&nothing));
    assert_eq!(values(&corner), [0, 1, 2, 3, 4, 5]);
    assert!(corner.states().iter().all(|(_, state)| state == "requeued"));
}

#[test]
fn null_and_empty_values_and_keys_stay_apart() {
    let corner = Corner::new("null", 1);
    let topic = corner.topic("payment.events");
    set_aside(
        &corner,
        &[
            letter((&topic, 0, 0), Some(b"tombstone"), None),
            letter((&topic, 0, 1), Some(b"empty"), Some(b"")),
            letter((&topic, 0, 2), None, Some(b"no key")),
        ],
    );
    corner.json(&["dlq", "requeue", "--all", "--yes"]);
    let all = corner.read(&topic);
    assert_eq!(all[&b"tombstone"[..]][0].1, None);
    assert_eq!(all[&b"empty"[..]][0].1.as_deref(), Some(&b""[..]));
    assert_eq!(all[&b""[..]][0].1.as_deref(), Some(&b"no key"[..]));
}

/// Killed before the commit nothing is requeued, killed after it everything is; in both cases a
/// further requeue leaves each record once.
#[test]
fn a_killed_requeue_leaves_all_or_nothing() {
    for (step, done) in [
        ("requeue-after-write:3", false),
        ("requeue-before-commit:1", false),
        ("requeue-after-commit:1", true),
    ] {
        let corner = Corner::new("killed", 3);
        set_aside(&corner, &backwards(&corner, 8));
        let killed = corner
            .bss(&["streams", "dlq", "requeue", "--all", "--yes"])
            .env("BSS_DEV_FAULT", step)
            .ended()
            .expect("bss");
        assert_eq!(killed.status.code(), None, "{step} was not reached: {}", shown(&killed));
        let wanted = if done { "requeued" } else { "open" };
        let states = corner.states();
        assert_eq!(states.len(), 8, "{step}: {states:?}");
        assert!(states.iter().all(|(_, state)| state == wanted), "{step}: {states:?}");
        let told = corner.json(&["dlq", "requeue", "--all", "--yes"]);
        assert_eq!(told["meta"]["letters"], if done { 0 } else { 8 }, "{step}: {told}");
        assert_eq!(values(&corner), [0, 1, 2, 3, 4, 5, 6, 7], "{step}");
    }
}

#[test]
fn what_cannot_go_back_stays_open_and_the_rest_goes() {
    let corner = Corner::new("left", 2);
    let topic = corner.topic("payment.events");
    let large = vec![b'7'; 1_100_000];
    let mut no_origin = letter((&topic, 0, 4), Some(b"k"), Some(b"4"));
    no_origin.headers.retain(|(name, _)| *name != "bss_topic");
    set_aside(
        &corner,
        &[
            letter((&topic, 0, 0), Some(b"k"), Some(b"0")),
            letter(("gone.topic", 0, 1), Some(b"k"), Some(b"1")),
            letter((&topic, 9, 2), Some(b"k"), Some(b"2")),
            letter((&topic, 0, 3), Some(b"k"), Some(&large)),
            no_origin,
            letter((&topic, 0, 5), Some(b"k"), Some(b"5")),
        ],
    );
    let output = corner.leaf(&["dlq", "requeue", "--all", "--yes"]);
    assert_eq!(output.status.code(), Some(7), "{}", shown(&output));
    let told = document(&output);
    assert_eq!((&told["meta"]["letters"], &told["meta"]["left"]), (&2.into(), &4.into()));
    let text = shown(&output);
    for part in [
        "topic \\\"gone.topic\\\" does not exist any more",
        "has 2 partitions, no partition 9",
        "raise its max.message.bytes",
        "do not say which topic",
        "4 letters cannot go back and stay open",
    ] {
        assert!(text.contains(part), "no `{part}` in {text}");
    }
    assert_eq!(values(&corner), [0, 5]);
    let open = corner.states().into_iter().filter(|(_, state)| state == "open").count();
    assert_eq!(open, 4);
}

fn back(corner: &Corner) -> Vec<Return> {
    vec![Return {
        origin: Origin { topic: corner.topic("payment.events"), partition: 0, offset: 0 },
        letters: vec![Position { partition: 0, offset: 0 }],
        key: Some(b"k".to_vec()),
        value: Some(b"0".to_vec()),
        headers: Vec::new(),
        reason: "refused".to_owned(),
    }]
}

fn take_over(corner: &Corner) -> Requeuer {
    let letters = corner.dead_letters();
    let id = format!("{letters}-requeue");
    Requeuer::take_over(&options("op").kafka, &id, &letters, 1_000_000).expect("taken over")
}

fn write(requeuer: &Requeuer, corner: &Corner) -> Result<(), bss::backends::BackendError> {
    let at = EventTime::from_millis(1_767_225_600_000);
    requeuer.write(&back(corner), at, &Fault::default(), &|| false)
}

#[test]
fn an_operator_who_is_overtaken_writes_nothing() {
    let corner = Corner::new("overtaken", 1);
    set_aside(&corner, &[letter((&corner.topic("payment.events"), 0, 0), Some(b"k"), Some(b"0"))]);
    let first = take_over(&corner);
    let second = take_over(&corner);
    let refused = write(&first, &corner).expect_err("fenced");
    assert_eq!(refused.kind, Kind::Conflict, "{refused:?}");
    assert!(refused.hints.iter().any(|h| h.contains("took over")), "{refused:?}");
    write(&second, &corner).expect("written");
    assert_eq!(values(&corner), [0]);
}

/// A marker that lies behind an open transaction of a running topology is not seen by a reader
/// of the stable end; the requeue must see it all the same.
#[test]
fn a_marker_behind_an_open_transaction_counts() {
    let corner = Corner::new("behind", 1);
    set_aside(&corner, &[letter((&corner.topic("payment.events"), 0, 0), Some(b"k"), Some(b"0"))]);
    let requeuer = take_over(&corner);
    let run = options("run");
    let id = format!("{}-run", corner.application);
    let mut open = Transaction::start(&run.kafka, &run.streams, &id).expect("producer");
    let letters = corner.dead_letters();
    let outgoing = Outgoing {
        topic: &letters,
        partition: Some(0),
        key: Some(b"other"),
        value: Some(b"{}"),
        headers: None,
    };
    open.send(outgoing).expect("written");
    let restorer = bss::backends::kafka::runner::restore::Restorer::open(&run.kafka, &id);
    let restorer = restorer.expect("open");
    crate::support::wait_for("the open transaction shows", Duration::from_secs(8), || {
        open.poll();
        (restorer.bounds(&letters, 0).expect("bounds").1 > 1).then_some(())
    });
    write(&requeuer, &corner).expect("written");
    let mut child = corner
        .bss(&["streams", "dlq", "requeue", "0:0", "--yes"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("bss");
    let mut said = BufReader::new(child.stderr.take().expect("piped"));
    let mut line = String::new();
    said.read_line(&mut line).expect("a line");
    assert!(line.starts_with("This will requeue 1 dead letters of"), "{line}");
    // It has taken the letter for open; only now can it see the marker.
    open.abort().expect("aborted");
    let status = end_of(&mut child);
    let mut rest = String::new();
    said.read_to_string(&mut rest).expect("text");
    assert!(status.success(), "{rest}");
    assert!(rest.contains("1 letters were requeued by somebody else meanwhile"), "{rest}");
    assert_eq!(values(&corner), [0]);
}
