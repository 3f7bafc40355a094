//! Long stops and deleted input: what a run does when it wakes up.

use std::collections::BTreeMap;
use std::process::Stdio;
use std::time::Duration;

use bss::backends::kafka::runner::restore::Restorer;
use bss::streams::partition::of_key;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use rustix::process::{Pid, Signal, kill_process};

use crate::bounded::Bounded;
use crate::broker::{Corner, payments};
use crate::disk::{place, restored};
use crate::fencing::options;
use crate::streams::{assert_same, stop};
use crate::support::{kafka, shown, wait_for};

/// X3: stopped for longer than the transaction timeout, in the middle of a transaction. It wakes
/// up, starts its producer anew by itself and goes on: nothing is lost or doubled, and the cause
/// it tells is the time that has passed, not a second instance.
#[test]
fn a_stop_longer_than_the_transaction_timeout_is_survived() {
    let input = payments(20_000, 300, 11);
    let reference = Corner::new("stop_ref", 1);
    reference.feed(&input);
    assert!(reference.drain().status.success());
    let corner = Corner::new("stop", 1);
    corner.feed(&input);
    let child = corner
        .bss(&["streams", "run", "fraud-detection"])
        .env("BSS_STREAMS_TRANSACTION_TIMEOUT", "2s")
        .env("BSS_STREAMS_SESSION_TIMEOUT", "60s")
        .env("BSS_STREAMS_MAX_TRANSACTION_RECORDS", "200")
        .env("BSS_STREAMS_COMMIT_INTERVAL", "1s")
        .stderr(Stdio::piped())
        .spawn()
        .expect("bss");
    let pid = Pid::from_child(&child);
    let limit = Duration::from_secs(60);
    // Stopped until the broker has an open transaction of it and, later, has ended that. The topic
    // itself tells of progress: a status takes longer than the run would.
    let restorer = Restorer::open(&options("looker").kafka, "looker").expect("open");
    let output = corner.topic("payment.metrics");
    let written = || restorer.bounds(&output, 0).expect("bounds").1 > 0;
    wait_for("progress", limit, || written().then_some(()));
    let open = || {
        let (_, high) = restorer.bounds(&output, 0).expect("bounds");
        restorer.stable_end(&output, 0).expect("end") < high
    };
    let mut tries = 0;
    loop {
        kill_process(pid, Signal::STOP).expect("stopped");
        if open() {
            break;
        }
        kill_process(pid, Signal::CONT).expect("woken");
        tries += 1;
        assert!(tries < 1000, "never in a transaction");
    }
    wait_for("the broker ends its transaction", limit, || (!open()).then_some(()));
    kill_process(pid, Signal::CONT).expect("woken");
    wait_for("it has caught up", limit, || {
        let status = corner.status();
        (status["lag"] == 0 && status["read"] == input.len()).then_some(())
    });
    let pid = Pid::from_child(&child);
    kill_process(pid, Signal::TERM).expect("told");
    let ended = child.wait_with_output().expect("ended");
    assert_eq!(ended.status.code(), Some(0), "{}", shown(&ended));
    let text = shown(&ended);
    assert!(text.contains("timed out") || text.contains("timeout"), "{text}");
    assert!(!text.contains("second instance of"), "{text}");
    assert_same(&corner.outcome(), &reference.outcome(), "after the wake");
}

fn delete_before(topic: &str, offset: i64) {
    let admin: AdminClient<DefaultClientContext> =
        ClientConfig::new().set("bootstrap.servers", kafka()).create().expect("admin");
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(topic, 0, Offset::Offset(offset)).expect("offset");
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    runtime.block_on(admin.delete_records(&list, &AdminOptions::new())).expect("deleted");
}

/// X6: retention deleted records before they were read. The run stops with their number, its
/// state untouched; with --accept-gap it goes on, and the gap stays in the status.
#[test]
fn deleted_records_stop_the_run_until_the_gap_is_accepted() {
    let input = payments(200, 20, 12);
    let corner = Corner::new("gap", 1);
    corner.feed(&input[..100]);
    assert!(corner.drain().status.success());
    let before = (corner.status(), corner.outcome());
    corner.feed(&input[100..]);
    let topic = corner.topic("payment.events");
    delete_before(&topic, 150);
    let refused = corner.drain();
    assert_eq!(refused.status.code(), Some(4), "{}", shown(&refused));
    let text = shown(&refused);
    assert!(text.contains(&format!("50 records of {topic}/0 are gone")), "{text}");
    assert!(text.contains("committed offset 100, oldest kept record 150"), "{text}");
    assert!(text.contains("--accept-gap"), "{text}");
    assert_eq!(corner.outcome(), before.1, "nothing was written");
    let status = corner.status();
    assert_eq!((&status["state"], &status["read"]), (&"gap".into(), &before.0["read"]));
    let accepted = corner
        .bss(&["streams", "run", "fraud-detection", "--drain", "--accept-gap"])
        .ended()
        .expect("bss");
    assert!(accepted.status.success(), "{}", shown(&accepted));
    assert!(shown(&accepted).contains("50 records of"), "{}", shown(&accepted));
    let status = corner.status();
    assert_eq!(
        (&status["read"], &status["skipped"], &status["lag"]),
        (&150.into(), &50.into(), &0.into())
    );
    // Accepted once, it does not come again.
    assert!(corner.drain().status.success());
    assert_eq!(corner.status()["skipped"], 50);
}

/// A restart of the same instance inside the session timeout moves no partition.
#[test]
fn a_quick_restart_moves_nothing() {
    let corner = Corner::new("restart", 4);
    corner.feed(&payments(400, 40, 13));
    let run = |instance: &str| {
        corner
            .bss(&["streams", "run", "fraud-detection", "--quiet"])
            .env("BSS_STREAMS_INSTANCE", instance)
            .env("BSS_STREAMS_SESSION_TIMEOUT", "30s")
            .spawn()
            .expect("bss")
    };
    let owners = || {
        let output = corner
            .bss(&["streams", "status", "fraud-detection", "--partitions", "-o", "json"])
            .ended()
            .expect("bss");
        let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let rows = document["rows"].as_array().expect("rows").clone();
        let owner = |r: &serde_json::Value| r["writer"].as_str().unwrap_or_default().to_owned();
        rows.iter().map(owner).collect::<Vec<_>>()
    };
    let limit = Duration::from_secs(60);
    let mut processes = vec![run("one"), run("two"), run("three")];
    wait_for("three share the work", limit, || {
        corner.feed(&payments(40, 40, 14));
        let owners = owners();
        let all = ["one", "two", "three"];
        all.iter().all(|i| owners.iter().any(|o| o.contains(&format!("-{i}-")))).then_some(())
    });
    let before = owners();
    let assigned = || -> BTreeMap<String, String> {
        let rows = corner.rows(&["metadata", "fraud-detection"]);
        let text = |row: &serde_json::Value, key: &str| row[key].as_str().unwrap_or("").to_owned();
        rows.iter().map(|row| (text(row, "instance"), text(row, "assignedAt"))).collect()
    };
    let first = assigned();
    assert_eq!(first.len(), 3, "{first:?}");
    let mut restarted = Vec::new();
    for (at, instance) in ["one", "two", "three"].into_iter().enumerate() {
        let next = corner.status()["read"].as_u64().expect("a count") + 40;
        stop(processes.remove(at));
        processes.insert(at, run(instance));
        corner.feed(&payments(40, 40, 15));
        wait_for("the work goes on", limit, || {
            (corner.status()["read"].as_u64() >= Some(next)).then_some(())
        });
        restarted.push(instance);
        assert_eq!(owners(), before, "{instance} is back at its own partitions");
        // What it needs is on its disk; of the others nobody was given anything anew.
        let (disk, changelog) = restored(&corner, instance);
        assert!(disk > 0 && changelog == 0, "{instance}: {disk} entries, {changelog} records");
        let stayed = |map: &BTreeMap<String, String>| {
            let mut map = map.clone();
            map.retain(|instance, _| !restarted.contains(&instance.as_str()));
            map
        };
        assert_eq!(stayed(&assigned()), stayed(&first), "after the restart of {instance}");
    }
    processes.into_iter().for_each(stop);
}

/// X10: a record that ends the process each time is found and set aside, whether at its processing
/// or at the commit of its transaction, alone or beside a worker that could go on; the rest flows as
/// if it had never been there.
#[test]
fn a_record_that_ends_the_process_is_found_and_set_aside() {
    let input = payments(3000, 30, 16);
    // Three starts are chance, three prove it. At the commit two starts with notes find nothing, and
    // some are needed to close in upon the record. Commits before it may add a few.
    for (partitions, fault, expected) in
        [(1, "record-0-150:1", 6..=9), (1, "commit-0-150:1", 9..=13), (3, "commit-0-150:1", 9..=14)]
    {
        let first = |(key, _): &&(String, String)| of_key(key.as_bytes(), partitions) == 0;
        let cause = input.iter().filter(first).nth(150).expect("a record");
        let mut without = input.clone();
        without.remove(input.iter().position(|r| std::ptr::eq(r, cause)).expect("its place"));
        let reference = Corner::new("killer_ref", partitions.try_into().expect("few"));
        reference.feed(&without);
        assert!(reference.drain().status.success());
        let corner = Corner::new("killer", partitions.try_into().expect("few"));
        corner.feed(&input);
        let mut deaths = 0;
        let output = loop {
            let output = corner
                .bss(&["streams", "run", "fraud-detection", "--drain"])
                .env("BSS_DEV_FAULT", fault)
                .ended()
                .expect("bss");
            if output.status.code().is_some() {
                break output;
            }
            deaths += 1;
            assert!(deaths < 18, "{}", shown(&output));
        };
        assert_eq!(output.status.code(), Some(7), "{fault}: {}", shown(&output));
        assert!(expected.contains(&deaths), "{fault}, {partitions} partitions: {deaths} deaths");
        let status = corner.status();
        assert_eq!(
            (&status["read"], &status["rejected"], &status["lag"]),
            (&3000.into(), &1.into(), &0.into())
        );
        let letters: Vec<_> = corner.read(&corner.dead_letters()).into_values().flatten().collect();
        assert_eq!(letters.len(), 1);
        let header = |name: &str| {
            let (_, value) = letters[0].2.iter().find(|(k, _)| k == name).expect(name);
            String::from_utf8_lossy(value).into_owned()
        };
        assert_eq!((header("bss_reason"), header("bss_offset")), ("panicked".into(), "150".into()));
        assert!(header("bss_detail").contains("the process ended"), "{}", header("bss_detail"));
        assert_same(&corner.outcome(), &reference.outcome(), "without it");
    }
}

/// Killed at its start again and again for no reason of its records (by a lack of memory, or
/// whoever runs it): it takes care, finds nothing, and ends the care where it has passed what was
/// there. One record a transaction would not come so far in the time it has.
#[test]
fn kills_by_chance_do_not_make_a_run_slow() {
    let input = payments(60_000, 300, 18);
    let reference = Corner::new("chance_ref", 3);
    reference.feed(&input);
    assert!(reference.drain().status.success());
    let corner = Corner::new("chance", 3);
    corner.feed(&input);
    // Five until transactions are small; more with the same record in hand prove nothing, as long
    // as they are few.
    for kill in 0..7 {
        let died = corner
            .bss(&["streams", "run", "fraud-detection"])
            .env("BSS_STREAMS_INSTANCE", "chance")
            .env(
                "BSS_DEV_FAULT",
                if kill % 2 == 0 { "before-commit:1" } else { "after-changelog:1" },
            )
            .ended()
            .expect("bss");
        assert_eq!(died.status.code(), None, "{kill}: {}", shown(&died));
    }
    let noted = place(&corner, "chance", "starts.json");
    assert!(noted.exists(), "{}", noted.display());
    let child = corner
        .bss(&["streams", "run", "fraud-detection"])
        .env("BSS_STREAMS_INSTANCE", "chance")
        .stderr(Stdio::piped())
        .spawn()
        .expect("bss");
    let limit = Duration::from_secs(120);
    wait_for("the care ends", limit, || (!noted.exists()).then_some(()));
    wait_for("it has caught up", limit, || (corner.status()["lag"] == 0).then_some(()));
    kill_process(Pid::from_child(&child), Signal::TERM).expect("told");
    let ended = child.wait_with_output().expect("ended");
    assert_eq!(ended.status.code(), Some(0), "{}", shown(&ended));
    assert!(shown(&ended).contains("small transactions"), "{}", shown(&ended));
    assert!(corner.drain().status.success());
    assert_same(&corner.outcome(), &reference.outcome(), "after the kills");
}
