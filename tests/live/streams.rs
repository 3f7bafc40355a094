//! fraud-detection on a real broker: the same outputs whatever happens on the way.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::Duration;

use crate::bounded::{Bounded, end_of};
use crate::broker::{ACTIVITY, Corner, FRAUD, Job, ORDERS, activities, orders, payments, rows};
use crate::support::{shown, wait_for};

/// An undisturbed run over `events`.
fn reference(
    job: Job,
    what: &str,
    events: &[(String, String)],
) -> (Corner, BTreeMap<(String, Vec<u8>), Vec<String>>) {
    let corner = Corner::of(job, what, 4);
    corner.feed(events);
    let output = corner.drain();
    // Late records are set aside, which the status tells.
    assert!(matches!(output.status.code(), Some(0 | 7)), "{}", shown(&output));
    let outcome = corner.outcome();
    (corner, outcome)
}

pub fn assert_same(
    found: &BTreeMap<(String, Vec<u8>), Vec<String>>,
    wanted: &BTreeMap<(String, Vec<u8>), Vec<String>>,
    what: &str,
) {
    for (key, records) in wanted {
        let found = found.get(key).map_or(&[][..], Vec::as_slice);
        let same = found.iter().zip(records).take_while(|(a, b)| a == b).count();
        let place = format!("{what}: {} {}", key.0, String::from_utf8_lossy(&key.1));
        assert_eq!(found.get(same), records.get(same), "{place}: record {same}");
        assert_eq!(found.len(), records.len(), "{place}: records");
    }
    assert_eq!(found.len(), wanted.len(), "{what}: keys nobody asked for");
}

/// Killed at every step of the commit protocol, at different transactions, and started again:
/// each output once, in order per key, and a lag of 0.
#[test]
fn a_kill_at_any_step_of_the_commit_changes_nothing() {
    let input = payments(6000, 200, 1);
    let (_kept, wanted) = reference(FRAUD, "steps_ref", &input);
    assert!(wanted.keys().any(|(topic, _)| topic == "fraud.alerts"), "the input raises alerts");
    for (step, times) in [
        ("after-batch", 2),
        ("before-commit", 2),
        ("after-produce", 1),
        ("after-changelog", 2),
        ("after-drain", 1),
        ("after-offsets", 2),
        ("after-commit", 1),
    ] {
        let corner = Corner::new("steps", 4);
        corner.feed(&input);
        let killed = corner
            .bss(&["streams", "run", "fraud-detection", "--drain"])
            .env("BSS_STREAMS_MAX_TRANSACTION_RECORDS", "500")
            .env("BSS_DEV_FAULT", format!("{step}:{times}"))
            .ended()
            .expect("bss");
        assert_eq!(killed.status.code(), None, "{step} was not reached: {}", shown(&killed));
        let output = corner.drain();
        assert!(output.status.success(), "{step}: {}", shown(&output));
        assert_same(&corner.outcome(), &wanted, step);
        let status = corner.status();
        assert_eq!(status["lag"], 0, "{step}: {status}");
        assert_eq!(status["read"], input.len(), "{step}: {status}");
        assert_eq!(status["state"], "stopped", "{step}: {status}");
    }
}

/// The weaker guarantee without a failure: the same outputs, and offsets that are committed.
#[test]
fn at_least_once_gives_the_same_outputs_when_nothing_happens() {
    let input = payments(3000, 100, 1);
    let (_kept, wanted) = reference(FRAUD, "alo_ref", &input);
    let corner = Corner::new("alo", 4);
    corner.feed(&input);
    let output = corner
        .bss(&["streams", "run", "fraud-detection", "--drain"])
        .env("BSS_STREAMS_GUARANTEE", "at-least-once")
        .ended()
        .expect("bss");
    assert!(output.status.success(), "{}", shown(&output));
    assert_same(&corner.outcome(), &wanted, "at least once");
    let status = corner.status();
    assert_eq!(status["lag"], 0, "{status}");
    assert_eq!(status["read"], input.len(), "{status}");
}

/// Killed at random again and again, with a second process that joins, is killed and leaves.
/// `BSS_TEST_PAYMENTS` enlarges it.
#[test]
fn random_kills_and_a_second_process_change_nothing() {
    let count =
        std::env::var("BSS_TEST_PAYMENTS").ok().and_then(|n| n.parse().ok()).unwrap_or(60_000);
    random_kills(FRAUD, &payments(count, count / 20 + 10, 7), &["--standby"]);
}

/// The same where open windows and sessions are the state.
#[test]
fn random_kills_change_no_window() {
    random_kills(ACTIVITY, &activities(20_000, 500, 7), &[]);
}

/// The same behind a repartition topic, with a table that is joined.
#[test]
fn random_kills_change_no_join_and_no_region() {
    random_kills(ORDERS, &orders(20_000, 500, 7, 30), &["--standby"]);
}

fn random_kills(job: Job, input: &[(String, String)], more: &[&str]) {
    let (kept, wanted) = reference(job, "kills_ref", input);
    let sets_aside = kept.status();
    let corner = Corner::of(job, "kills", 4);
    corner.feed(input);
    let run = |instance: &str| {
        corner
            .bss(&["streams", "run", job.name, "--quiet"])
            .args(more)
            .env("BSS_STREAMS_INSTANCE", instance)
            .env("BSS_STREAMS_SESSION_TIMEOUT", "6s")
            .spawn()
            .expect("bss")
    };
    let read = || corner.status()["read"].as_u64().unwrap_or(0);
    let mut kills = 0;
    let mut second = Some(run("two"));
    for round in 0..10_u64 {
        let before = read();
        let mut first = run("one");
        // Some progress, then the axe, at no particular moment.
        let limit = Duration::from_secs(60);
        wait_for("progress", limit, || {
            let now = read();
            (now > before || now >= input.len() as u64).then_some(())
        });
        first.kill().expect("killed");
        first.wait().expect("reaped");
        kills += 1;
        if round == 3 {
            let mut gone = second.take().expect("running");
            gone.kill().expect("killed");
            gone.wait().expect("reaped");
            kills += 1;
        }
        if round == 5 {
            second = Some(run("two"));
        }
        if round == 7 {
            stop(second.take().expect("running"));
        }
    }
    assert_eq!(kills, 11);
    let output = corner
        .bss(&["streams", "run", job.name, "--drain"])
        .env("BSS_STREAMS_INSTANCE", "one")
        .env("BSS_STREAMS_SESSION_TIMEOUT", "6s")
        .ended()
        .expect("bss");
    assert!(matches!(output.status.code(), Some(0 | 7)), "{}", shown(&output));
    assert_same(&corner.outcome(), &wanted, "after the kills");
    let status = corner.status();
    for key in ["read", "processed", "duplicate", "late", "outputs", "lag"] {
        assert_eq!(status[key], sets_aside[key], "{key}: {status}");
    }
}

/// A drain beside a process that lives and keeps its partitions: it waits, then says which stay
/// open, exit 7. Two drains share the work, and each ends when all is closed.
#[test]
fn a_drain_closes_everything_or_says_what_stays_open() {
    let corner = Corner::of(ACTIVITY, "shared", 4);
    corner.feed(&activities(2000, 100, 5));
    let run = |instance: &str, drain: &[&str]| {
        let mut command = corner.bss(&["streams", "run", "customer-activity"]);
        command
            .args(drain)
            .env("BSS_STREAMS_INSTANCE", instance)
            .env("BSS_STREAMS_SESSION_TIMEOUT", "6s")
            .env("BSS_STREAMS_IDLE_AFTER", "0s");
        command
    };
    let mut living = run("living", &["--quiet"]).spawn().expect("bss");
    let limit = Duration::from_secs(40);
    wait_for("it reads all", limit, || (corner.status()["lag"] == 0).then_some(()));
    let output = run("drain", &["--drain"]).ended().expect("bss");
    assert_eq!(output.status.code(), Some(7), "{}", shown(&output));
    assert!(shown(&output).contains("belong to other processes"), "{}", shown(&output));
    living.kill().expect("killed");
    living.wait().expect("reaped");
    let other = run("other", &["--drain", "--quiet"]).spawn().expect("bss");
    let output = run("drain", &["--drain"]).ended().expect("bss");
    assert!(output.status.success(), "{}", shown(&output));
    let ended = other.wait_with_output().expect("ended");
    assert!(ended.status.success(), "{}", shown(&ended));
    let counted: u64 = corner
        .read(&corner.topic("customer.activity.aggregated"))
        .into_values()
        .flatten()
        .map(|(_, value, _)| {
            let value: serde_json::Value =
                serde_json::from_slice(&value.expect("a value")).expect("JSON");
            value["count"].as_u64().expect("a count")
        })
        .sum();
    assert_eq!(counted, 2000, "every event is in a closed window");
}

/// SIGTERM: a clean stop, exit 0.
pub fn stop(mut child: std::process::Child) {
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("told");
    assert_eq!(end_of(&mut child).code(), Some(0));
}

/// `streams test` on the same file: the same engine, so the same outputs.
#[test]
fn a_file_gives_the_same_outputs_as_the_broker() {
    file_equals_broker(FRAUD, &payments(5000, 100, 3));
    file_equals_broker(ACTIVITY, &activities(5000, 100, 3));
    file_equals_broker(ORDERS, &orders(5000, 100, 3, u64::MAX));
}

fn file_equals_broker(job: Job, input: &[(String, String)]) {
    let (corner, wanted) = reference(job, "file", input);
    let path = corner.home.path().join("events.ndjson");
    let mut file = std::fs::File::create(&path).expect("file");
    if let Some(table) = job.table {
        let topic = corner.topic(table);
        for (key, row) in rows(input) {
            writeln!(file, r#"{{"topic":"{topic}","key":"{key}","value":{row}}}"#)
                .expect("written");
        }
    }
    for (_, json) in input {
        writeln!(file, "{json}").expect("written");
    }
    let output = corner
        .bss(&["streams", "test", job.name, "-o", "ndjson", "--input"])
        .arg(&path)
        .ended()
        .expect("bss");
    assert!(output.status.success(), "{}", shown(&output));
    let mut found: BTreeMap<(String, Vec<u8>), Vec<serde_json::Value>> = BTreeMap::new();
    for line in output.stdout.split(|b| *b == b'\n').filter(|l| !l.is_empty()) {
        let row: serde_json::Value = serde_json::from_slice(line).expect("JSON");
        let topic = row["topic"].as_str().expect("topic");
        let subject = topic.strip_prefix(&format!("{}.", corner.prefix)).expect("own topic");
        let key = row["key"].as_str().expect("key").as_bytes().to_vec();
        found.entry((subject.to_owned(), key)).or_default().push(row["value"].clone());
    }
    assert_eq!(found.len(), wanted.len());
    for (key, records) in &wanted {
        let values: Vec<serde_json::Value> = records
            .iter()
            .map(|r| {
                let mut stream = serde_json::Deserializer::from_str(r).into_iter();
                stream.next().expect("a value").expect("JSON")
            })
            .collect();
        assert_eq!(found.get(key), Some(&values), "{key:?}");
    }
}

/// Each kind of bad record is set aside with its reason, counted, and passed.
#[test]
fn bad_records_are_set_aside_with_their_reasons() {
    let corner = Corner::new("bad", 1);
    let good = |id: &str, time: &str| {
        format!(
            r#"{{"paymentId":"{id}","customerId":"c1","amount":"9.99","status":"COMPLETED","timestamp":{time}}}"#
        )
    };
    let base = good("p1", "1767225600000");
    let swap = |from: &str, to: &str| Some(base.replace(from, to).into_bytes());
    let far_ahead = good("future", "4102444800000");
    let records: Vec<(&str, Option<Vec<u8>>)> = vec![
        ("", Some(base.clone().into_bytes())),
        ("empty", Some(Vec::new())),
        ("tombstone", None),
        ("json-null", Some(b"null".to_vec())),
        ("broken-json", Some(b"{\"paymentId\":".to_vec())),
        ("not-utf8", Some(vec![b'{', 0xff, b'}'])),
        ("oversize", Some(vec![b' '; 900_000].into_iter().chain(vec![b'x'; 200_000]).collect())),
        ("not-a-number", swap("\"9.99\"", "\"NaN\"")),
        ("negative", swap("9.99", "-9.99")),
        ("scale", swap("9.99", "9.99999")),
        ("unknown-status", swap("COMPLETED", "DONE")),
        ("implausible-time", swap("1767225600000", "1767225600")),
        ("future", Some(far_ahead.into_bytes())),
        ("key-mismatch", swap("\"c1\"", "\"c2\"")),
        ("", Some(good("p2", "1767232800000").into_bytes())),
        // Two hours behind: later than an hour and the grace.
        ("late", Some(good("p3", "1767225600000").into_bytes())),
        ("duplicate", Some(good("p2", "1767232800000").into_bytes())),
    ];
    let key = Some(b"c1".to_vec());
    let written: Vec<_> = records.iter().map(|(_, v)| (key.clone(), v.clone())).collect();
    allow_large(&corner);
    corner.write(&corner.topic("payment.events"), &written);
    let output = corner.drain();
    assert_eq!(output.status.code(), Some(7), "{}", shown(&output));
    let status = corner.status();
    let count = |key: &str| status[key].as_u64().expect("a count");
    assert_eq!(count("read"), records.len() as u64, "{status}");
    assert_eq!(
        (count("processed"), count("late"), count("duplicate"), count("future")),
        (2, 1, 1, 1)
    );
    assert_eq!(count("rejected"), 12, "{status}");
    assert_eq!(count("lag"), 0);
    let letters: Vec<_> = corner.read(&corner.dead_letters()).into_values().flatten().collect();
    let header = |headers: &[(String, Vec<u8>)], name: &str| {
        let found = headers.iter().find(|(k, _)| k == name).map(|(_, v)| v.clone());
        String::from_utf8(found.unwrap_or_default()).expect("UTF-8")
    };
    for (offset, (reason, value)) in records.iter().enumerate() {
        if matches!(*reason, "" | "late" | "duplicate") {
            continue;
        }
        let offset = offset.to_string();
        let letter = letters.iter().find(|(_, _, h)| header(h, "bss_offset") == offset);
        let (_, bytes, headers) = letter.unwrap_or_else(|| panic!("no dead letter for {reason}"));
        assert_eq!(header(headers, "bss_reason"), *reason);
        assert_eq!(bytes, value, "the original bytes of {reason}");
        assert_eq!(header(headers, "bss_topic"), corner.topic("payment.events"));
    }
    let late: Vec<_> = corner.read(&corner.late()).into_values().flatten().collect();
    assert_eq!(late.len(), 1);
    assert_eq!(header(&late[0].2, "bss_lateness_ms"), "7200000");
}

/// The topic's own limit is lifted, so that the record reaches the topology.
fn allow_large(corner: &Corner) {
    use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, ResourceSpecifier};
    let admin: AdminClient<rdkafka::client::DefaultClientContext> = rdkafka::ClientConfig::new()
        .set("bootstrap.servers", crate::support::kafka())
        .create()
        .expect("admin");
    let topic = corner.topic("payment.events");
    let change =
        AlterConfig::new(ResourceSpecifier::Topic(&topic)).set("max.message.bytes", "4000000");
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let answers = runtime.block_on(admin.alter_configs([&change], &AdminOptions::new()));
    assert!(answers.expect("answer").iter().all(Result::is_ok));
}

/// A second process of the same name is refused by the lock, and by the broker if it has
/// another state folder.
#[test]
fn two_processes_of_one_name_do_not_run() {
    let corner = Corner::new("twice", 2);
    corner.feed(&payments(100, 5, 1));
    let first = corner.bss(&["streams", "run", "--quiet"]).spawn().expect("bss");
    let limit = Duration::from_secs(30);
    wait_for("the first runs", limit, || (corner.status()["lag"] == 0).then_some(()));
    let second = corner.bss(&["streams", "run"]).ended().expect("bss");
    assert_eq!(second.status.code(), Some(5), "{}", shown(&second));
    let text = shown(&second);
    assert!(text.contains(&format!("process {}", first.id())), "{text}");
    assert!(text.contains("streams.instance"), "{text}");
    stop(first);
}

/// A client that does not come back when it leaves the group must not keep the process: it says
/// what it waited for and goes.
#[test]
fn a_stop_that_hangs_is_ended_and_told() {
    let corner = Corner::new("hangs", 2);
    corner.feed(&payments(100, 5, 1));
    let mut run = corner
        .bss(&["streams", "run"])
        .env("BSS_STREAMS_TRANSACTION_TIMEOUT", "2s")
        .env("BSS_DEV_FAULT", "hang-before-leaving:1")
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("bss");
    let limit = Duration::from_secs(30);
    wait_for("it runs", limit, || (corner.status()["lag"] == 0).then_some(()));
    let pid = rustix::process::Pid::from_child(&run);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("told");
    assert_eq!(end_of(&mut run).code(), Some(1));
    let text = std::io::read_to_string(run.stderr.take().expect("its words")).expect("text");
    assert!(text.contains("it waits for its place in the group"), "{text}");
    assert!(text.contains("Nothing committed is lost"), "{text}");
}

/// What is missing or does not fit is said before anything runs.
#[test]
fn what_cannot_run_is_refused_with_the_next_step() {
    let corner = Corner::new("refuse", 2);
    let run = |changes: &[(&str, &str)], args: &[&str]| {
        let mut command = corner.bss(&["streams", "run"]);
        if args.is_empty() {
            command.arg(corner.job.name);
        }
        for (key, value) in changes {
            command.env(key, value);
        }
        command.args(args).ended().expect("bss")
    };
    let missing = run(&[("BSS_KAFKA_TOPIC_PREFIX", "nothing_here")], &[]);
    assert_eq!(missing.status.code(), Some(4), "{}", shown(&missing));
    assert!(shown(&missing).contains("nothing_here.payment.events"), "{}", shown(&missing));
    assert!(shown(&missing).contains("bss setup kafka"), "{}", shown(&missing));
    let nowhere =
        run(&[("BSS_KAFKA_BOOTSTRAP", "127.0.0.1:1"), ("BSS_KAFKA_CONNECT_TIMEOUT", "2s")], &[]);
    assert_eq!(nowhere.status.code(), Some(4), "{}", shown(&nowhere));
    let unknown = run(&[], &["fraud-detektion"]);
    assert_eq!(unknown.status.code(), Some(2), "{}", shown(&unknown));
    assert!(shown(&unknown).contains("Did you mean `fraud-detection`?"), "{}", shown(&unknown));
    // Input of 3 partitions, state of 2.
    let other = Corner::new("refuse_more", 3);
    let differs = run(&[("BSS_KAFKA_TOPIC_PREFIX", &other.prefix)], &[]);
    assert_eq!(differs.status.code(), Some(3), "{}", shown(&differs));
    let text = shown(&differs);
    assert!(text.contains("state was built for 2 partitions") && text.contains("has 3"), "{text}");
    let file = corner.home.path().join("a-file");
    std::fs::write(&file, "x").expect("written");
    let folder = run(&[("BSS_STREAMS_STATE_DIR", file.to_str().expect("UTF-8"))], &[]);
    assert_eq!(folder.status.code(), Some(1), "{}", shown(&folder));
    assert!(shown(&folder).contains("streams.state_dir"), "{}", shown(&folder));
}
