//! `bss metrics ingest`: Kafka to TimescaleDB, each record once; and the reports on what it stored.

use std::process::{Command, Output, Stdio};
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{Headers, Message};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde_json::Value;

use crate::bounded::Bounded;
use crate::metrics_database::{Database, json};
use crate::support::{self, shown};

const LIMIT: Duration = Duration::from_secs(30);

/// A database, topics of its own, and an application name of its own.
struct Pipe {
    database: Database,
    prefix: String,
}

impl Pipe {
    fn new() -> Self {
        Self::into(Database::fresh())
    }

    fn into(database: Database) -> Self {
        let pipe = Self { database, prefix: support::unique("ingest") };
        let mut command = pipe.bss();
        let output = command.args(["setup", "kafka", "--yes"]).ended().expect("bss");
        assert!(output.status.success(), "{}", shown(&output));
        pipe
    }

    fn bss(&self) -> Command {
        let mut command = self.database.bss();
        command
            .env("BSS_KAFKA_TOPIC_PREFIX", &self.prefix)
            .env("BSS_GENERAL_APPLICATION", &self.prefix)
            .env("BSS_KAFKA_PARTITIONS", "3")
            .env("BSS_METRICS_BATCH", "100");
        command
    }

    /// Writes records in one transaction, which leaves a marker at each partition's end.
    fn send(&self, subject: &str, records: &[(String, Vec<u8>)], commit: bool) {
        let topic = format!("{}.{subject}", self.prefix);
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", support::kafka())
            .set("transactional.id", support::unique("writer"))
            .create()
            .expect("a producer");
        producer.init_transactions(LIMIT).expect("transactions");
        producer.begin_transaction().expect("begun");
        for (key, value) in records {
            producer.send(BaseRecord::to(&topic).key(key).payload(value)).expect("queued");
        }
        producer.flush(LIMIT).expect("written");
        if commit {
            producer.commit_transaction(LIMIT).expect("committed");
        } else {
            producer.abort_transaction(LIMIT).expect("aborted");
        }
    }

    fn once(&self, arguments: &[&str]) -> Output {
        let mut command = self.bss();
        command.args(["metrics", "ingest", "--once", "-o", "json"]).args(arguments);
        command.ended().expect("bss")
    }

    /// What the dead letters hold: reason and value.
    fn letters(&self, count: usize) -> Vec<(String, Vec<u8>)> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", support::kafka())
            .set("group.id", support::unique("reader"))
            .set("auto.offset.reset", "earliest")
            .create()
            .expect("a consumer");
        let topic = format!("{}-dlq", self.prefix);
        consumer.subscribe(&[&topic]).expect("subscribed");
        let mut found = Vec::new();
        support::wait_for("dead letters", LIMIT, || {
            if let Some(Ok(message)) = consumer.poll(Duration::from_millis(100)) {
                let headers = message.headers().expect("headers");
                let reason = (0..headers.count())
                    .filter_map(|n| headers.try_get(n))
                    .filter(|h| h.key.ends_with("reason"))
                    .filter_map(|h| h.value)
                    .map(|v| String::from_utf8_lossy(v).into_owned())
                    .next();
                let value = message.payload().unwrap_or_default().to_vec();
                found.push((reason.expect("a reason"), value));
            }
            (found.len() >= count).then_some(())
        });
        found
    }
}

fn payment(n: usize, score: &str) -> (String, Vec<u8>) {
    let value = format!(
        "{{\"paymentId\":\"p{n}\",\"customerId\":\"c{}\",\"amount\":\"{n}.50\",\
         \"currency\":\"EUR\",\"status\":\"COMPLETED\",\"fraudScore\":{score},\
         \"timestamp\":\"2026-01-01T00:{:02}:{:02}Z\"}}",
        n % 7,
        n / 60 % 60,
        n % 60
    );
    (format!("p{n}"), value.into_bytes())
}

fn payments(count: usize) -> Vec<(String, Vec<u8>)> {
    (1..=count).map(|n| payment(n, "12.345")).collect()
}

fn alert(id: &str, severity: &str) -> (String, Vec<u8>) {
    let value = format!(
        "{{\"alertId\":\"{id}\",\"rule\":\"RAPID_PAYMENTS\",\"ruleVersion\":1,\
         \"severity\":\"{severity}\",\"customerId\":\"c1\",\"paymentIds\":[\"p1\",\"p8\",\"p99\"],\
         \"amount\":\"8.50\",\"currency\":\"EUR\",\"values\":{{\"count\":11,\"limit\":10}},\
         \"windowStart\":\"2026-01-01T00:00:00Z\",\"windowEnd\":\"2026-01-01T00:05:00Z\",\
         \"timestamp\":\"2026-01-01T00:00:08Z\",\"description\":\"11 payments in 5 minutes\",\
         \"revision\":1}}"
    );
    ("c1".to_owned(), value.into_bytes())
}

/// Read, stored, duplicate, conflicting, rejected and future of a subject's row.
fn counts(output: &Output, subject: &str) -> [u64; 6] {
    let document = json(output);
    let rows = document["rows"].as_array().expect("rows");
    let row = rows
        .iter()
        .find(|r| r["topic"].as_str().is_some_and(|t| t.ends_with(subject)))
        .unwrap_or_else(|| panic!("{subject}: {}", shown(output)));
    ["read", "stored", "duplicate", "conflicting", "rejected", "future"]
        .map(|key| row[key].as_u64().expect(key))
}

#[test]
fn what_is_committed_is_stored_once_and_what_is_aborted_never() {
    let pipe = Pipe::new();
    pipe.send("payment.metrics", &payments(250), true);
    pipe.send("payment.metrics", &[payment(900, "1")], false);
    pipe.send("fraud.alerts", &[alert("a1", "HIGH"), alert("a2", "CRITICAL")], true);
    let output = pipe.once(&[]);
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    assert_eq!(counts(&output, "payment.metrics"), [250, 250, 0, 0, 0, 0]);
    assert_eq!(counts(&output, "fraud.alerts"), [2, 2, 0, 0, 0, 0]);
    assert_eq!(pipe.database.payments(), 250);
    let again = pipe.once(&[]);
    assert_eq!(counts(&again, "payment.metrics"), [0; 6], "{}", shown(&again));
    // Sent again: the key makes it a duplicate.
    pipe.send("payment.metrics", &payments(30), true);
    assert_eq!(counts(&pipe.once(&["payment"]), "payment.metrics"), [30, 0, 30, 0, 0, 0]);
    assert_eq!(pipe.database.payments(), 250);
}

#[test]
fn a_record_that_cannot_be_stored_is_a_dead_letter_with_its_reason() {
    let pipe = Pipe::new();
    let far =
        String::from_utf8(payment(3, "1").1).expect("text").replace("2026-01-01", "2096-01-01");
    let other = String::from_utf8(payment(1, "1").1).expect("text").replace("1.50", "7.00");
    let records = [
        payment(1, "1"),
        ("k".to_owned(), b"{".to_vec()),
        ("k".to_owned(), Vec::new()),
        ("k".to_owned(), vec![b'{', 0xff, b'}']),
        ("k".to_owned(), far.into_bytes()),
        ("p1".to_owned(), other.clone().into_bytes()),
        payment(2, "101"),
    ];
    pipe.send("payment.metrics", &records, true);
    let output = pipe.once(&["payment"]);
    assert_eq!(output.status.code(), Some(7), "{}", shown(&output));
    assert_eq!(counts(&output, "payment.metrics"), [7, 1, 0, 1, 4, 1]);
    let mut letters = pipe.letters(6);
    letters.sort();
    let reasons: Vec<&str> = letters.iter().map(|l| l.0.as_str()).collect();
    let expected = ["bad-score", "broken-json", "conflicting", "empty", "future", "not-utf8"];
    assert_eq!(reasons, expected);
    assert_eq!(letters[2].1, other.into_bytes());
    // A conflict with what an earlier run stored is one too.
    let changed = String::from_utf8(payment(1, "1").1).expect("text").replace("1.50", "8.00");
    pipe.send("payment.metrics", &[("p1".to_owned(), changed.into_bytes())], true);
    assert_eq!(counts(&pipe.once(&["payment"]), "payment.metrics"), [1, 0, 0, 1, 0, 0]);
    assert_eq!(pipe.database.payments(), 1);
}

#[test]
fn killed_at_each_step_every_record_counts_once() {
    counts_once_after_a_kill(&Database::fresh);
}

#[test]
fn killed_at_each_step_every_record_counts_once_on_community() {
    let _turn = support::pglite();
    counts_once_after_a_kill(&Database::community);
}

fn counts_once_after_a_kill(fresh: &dyn Fn() -> Database) {
    for fault in ["ingest-before-commit:1", "ingest-before-commit:2", "ingest-after-commit:2"] {
        let pipe = Pipe::into(fresh());
        pipe.send("payment.metrics", &payments(450), true);
        let mut command = pipe.bss();
        command.args(["metrics", "ingest", "--once", "payment"]).env("BSS_DEV_FAULT", fault);
        let killed = command.ended().expect("bss");
        assert_eq!(killed.status.code(), None, "{fault}: {}", shown(&killed));
        let before = pipe.database.payments();
        let rest = pipe.once(&["payment"]);
        assert_eq!(rest.status.code(), Some(0), "{fault}: {}", shown(&rest));
        let [read, stored, duplicate, ..] = counts(&rest, "payment.metrics");
        assert_eq!((before + stored, duplicate), (450, 0), "{fault}: {read} read");
        assert_eq!(pipe.database.payments(), 450, "{fault}");
    }
}

#[test]
fn two_processes_store_each_record_once() {
    let pipe = Pipe::new();
    pipe.send("payment.metrics", &payments(3000), true);
    let start = || {
        let mut command = pipe.bss();
        command.args(["metrics", "ingest", "--once", "payment", "-o", "json"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("bss")
    };
    let (a, b) = (start(), start());
    let outputs = [a.wait_with_output().expect("a"), b.wait_with_output().expect("b")];
    // One may give way to the other, and says so.
    let codes: Vec<_> = outputs.iter().map(|o| o.status.code()).collect();
    let text = format!("{} {}", shown(&outputs[0]), shown(&outputs[1]));
    assert!(codes.iter().all(|c| matches!(c, Some(0 | 5))), "{text}");
    let rest = pipe.once(&["payment"]);
    assert_eq!(rest.status.code(), Some(0), "{}", shown(&rest));
    let stored: u64 = outputs.iter().chain([&rest]).map(|o| counts(o, "payment.metrics")[1]).sum();
    assert_eq!((stored, pipe.database.payments()), (3000, 3000), "{text}");
}

#[test]
fn a_long_run_stops_gracefully() {
    let pipe = Pipe::new();
    pipe.send("payment.metrics", &payments(20), true);
    let mut command = pipe.bss();
    command.args(["metrics", "ingest", "payment", "-o", "json"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("bss");
    support::wait_for("20 payments", LIMIT, || (pipe.database.payments() == 20).then_some(()));
    let pid = rustix::process::Pid::from_raw(i32::try_from(child.id()).expect("pid")).expect("pid");
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("asked");
    let output = child.wait_with_output().expect("bss");
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    assert_eq!(counts(&output, "payment.metrics")[1], 20);
}

#[test]
fn a_missing_topic_is_told_with_the_next_step() {
    let pipe = Pipe { database: Database::fresh(), prefix: support::unique("absent") };
    let output = pipe.once(&[]);
    assert_eq!(output.status.code(), Some(4), "{}", shown(&output));
    assert!(shown(&output).contains("bss setup kafka"), "{}", shown(&output));
}

#[test]
fn fraud_is_reported_from_what_was_stored() {
    let pipe = Pipe::new();
    let scores = ["80", "80.001", "99.9", "12", "95"];
    let records: Vec<_> = scores.iter().enumerate().map(|(n, s)| payment(n + 1, s)).collect();
    pipe.send("payment.metrics", &records, true);
    pipe.send("fraud.alerts", &[alert("a1", "HIGH"), alert("a2", "CRITICAL")], true);
    assert_eq!(pipe.once(&[]).status.code(), Some(0));
    let text = "payment_id,customer_id,amount,status,timestamp,currency\n\
                u1,c1,3,COMPLETED,2026-01-01T00:00:01Z,EUR\n\
                u2,c1,3,COMPLETED,2026-01-01T00:00:01Z,USD\n";
    std::fs::write(pipe.database.home().join("p.csv"), text).expect("written");
    let plain = |arguments: &[&str]| pipe.bss().args(arguments).ended().expect("bss");
    let run =
        |arguments: &[&str]| plain(&[arguments, &["--as-of", "2026-01-01T12:00:00Z"]].concat());
    let output = plain(&["metrics", "import", "payment", "p.csv"]);
    assert!(output.status.success(), "{}", shown(&output));

    let output = run(&["fraud", "anomalies", "-o", "json", "--limit", "2"]);
    let report = json(&output);
    let ids: Vec<&str> = rows(&report).iter().filter_map(|r| r["paymentId"].as_str()).collect();
    assert_eq!(ids, ["p3", "p5"], "{}", shown(&output));
    assert_eq!((&report["meta"]["found"], &report["meta"]["unscored"]), (&3.into(), &2.into()));
    assert_eq!(report["meta"]["totals"][0]["amount"], "11.50");
    assert!(String::from_utf8_lossy(&output.stderr).contains("--limit"), "{}", shown(&output));
    assert_eq!(report["meta"]["since"], "2025-12-31T12:00:00Z");
    // Below the index of suspects lines and totals are read apart.
    let more = json(&run(&["fraud", "anomalies", "--threshold", "79.99", "-o", "json"]));
    let counts = (rows(&more).len(), &more["meta"]["totals"][0]["payments"]);
    assert_eq!(counts, (4, &4.into()));
    let table = run(&["fraud", "anomalies"]);
    let first = String::from_utf8_lossy(&table.stdout).lines().next().map(str::to_owned);
    assert!(first.is_some_and(|l| l.contains("zone UTC") && l.contains("2025-12-31T12:00:00Z")));
    let unscored =
        json(&run(&["fraud", "anomalies", "--unscored", "--currency", "USD", "-o", "json"]));
    assert_eq!(rows(&unscored).len(), 1);
    let none = run(&["fraud", "anomalies", "--threshold", "99.9"]);
    assert_eq!(none.status.code(), Some(0), "{}", shown(&none));

    let alerts = json(&run(&["fraud", "alerts", "list", "--severity", "CRITICAL", "-o", "json"]));
    assert_eq!(rows(&alerts)[0]["alertId"], "a2");
    assert_eq!(rows(&alerts).len(), 1);
    let explained = plain(&["fraud", "alerts", "explain", "a1"]);
    let text = String::from_utf8_lossy(&explained.stdout).into_owned();
    for part in ["RAPID_PAYMENTS", "11 payments in 5 minutes", "limit: 10", "p1", "p99"] {
        assert!(text.contains(part), "{part}: {}", shown(&explained));
    }
    let unknown = plain(&["fraud", "alerts", "explain", "nothing"]);
    assert_eq!(unknown.status.code(), Some(1), "{}", shown(&unknown));
}

fn rows(report: &Value) -> &Vec<Value> {
    report["rows"].as_array().expect("rows")
}
