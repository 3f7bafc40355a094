//! `--once-per-id`: an event that comes again with a new time counts once (case T7), on both editions.

use std::process::{Output, Stdio};

use rdkafka::config::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

use crate::bounded::Bounded;
use crate::metrics_database::{Database, json};
use crate::support::{self, shown};

const HEADER: &str = "eventId,customerId,metricName,metricValue,timestamp\n";

fn row(id: &str, minute: u32) -> String {
    format!("{id},c,logins,1,2026-01-01T10:{minute:02}:00Z\n")
}

fn import(database: &Database, kind: &str, name: &str, text: &str, more: &[&str]) -> Output {
    std::fs::write(database.home().join(name), text).expect("written");
    let mut command = database.bss();
    command.args(["metrics", "import", kind, name, "-o", "json"]).args(more);
    command.ended().expect("bss")
}

/// Read, stored and duplicate, and how many of these have an id that counts already.
#[track_caller]
fn fates(output: &Output) -> [u64; 4] {
    assert_eq!(output.status.code(), Some(0), "{}", shown(output));
    let document = json(output);
    let row = &document["rows"][0];
    let of = |key: &str| row[key].as_u64().unwrap_or_else(|| panic!("{key}: {}", shown(output)));
    let repeated = document["meta"]["repeatedIds"].as_u64().expect("repeatedIds");
    [of("read"), of("stored"), of("duplicate"), repeated]
}

fn events_count_once(database: &Database) {
    let once = ["--once-per-id"];
    let load = |name: &str, text: &str, more: &[&str]| {
        fates(&import(database, "customer", name, &format!("{HEADER}{text}"), more))
    };
    let stored = || database.count("SELECT count(*) FROM bss.customer_metrics");
    assert_eq!(load("a.csv", &row("E", 0), &once), [1, 1, 0, 0]);
    assert_eq!(load("b.csv", &row("E", 5), &once), [1, 0, 1, 1]);
    // The same time is the same row; of one file the earliest counts.
    let several = [row("F", 9), row("E", 0), row("F", 7), row("F", 8), row("G", 1)].concat();
    assert_eq!(load("c.csv", &several, &once), [5, 2, 3, 2]);
    assert_eq!(stored(), 3);
    let f = "SELECT extract(minute FROM time)::bigint FROM bss.customer_metrics \
             WHERE event_id = 'F'";
    assert_eq!(database.count(f), 7);
    // Again, by the ledger and by the ids: nothing changes.
    assert_eq!(load("c.csv", &several, &once)[1], 0);
    let reload = ["--once-per-id", "--reload"];
    assert_eq!(load("c.csv", &several, &reload), [5, 0, 5, 2]);
    assert_eq!(load("d.csv", &row("H", 1), &[]), [1, 1, 0, 0]);
    // Without the option a new time is another row.
    assert_eq!(load("e.csv", &row("H", 2), &[]), [1, 1, 0, 0]);
    assert_eq!(stored(), 5);
    // A payment's statuses are events of their own.
    let text = "payment_id,customer_id,amount,status,timestamp\n\
                p,c,5,PENDING,2026-01-01T10:00:00Z\np,c,5,COMPLETED,2026-01-01T10:01:00Z\n\
                p,c,5,COMPLETED,2026-01-01T10:05:00Z\n";
    assert_eq!(fates(&import(database, "payment", "p.csv", text, &once)), [3, 2, 1, 1]);
    let bare = "revenue,costs,orders,time\n1,0,1,2026-01-01T10:00:00Z\n";
    let output = import(database, "revenue", "bare.csv", bare, &once);
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(shown(&output).contains("--map eventId=COLUMN"), "{}", shown(&output));
}

#[test]
fn imported_events_count_once() {
    events_count_once(&Database::fresh());
}

#[test]
fn imported_events_count_once_on_community() {
    let _turn = support::pglite();
    events_count_once(&Database::community());
}

fn ingested_once(database: &Database) {
    let prefix = support::unique("once");
    let bss = |arguments: &[&str]| {
        let mut command = database.bss();
        command
            .env("BSS_KAFKA_TOPIC_PREFIX", &prefix)
            .env("BSS_GENERAL_APPLICATION", &prefix)
            .env("BSS_KAFKA_PARTITIONS", "1");
        let output = command.args(arguments).ended().expect("bss");
        assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
        output
    };
    bss(&["setup", "kafka", "--yes"]);
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", support::kafka())
        .create()
        .expect("a producer");
    let topic = format!("{prefix}.customer.metrics");
    let send = |id: &str, minute: u32| {
        let value = format!(
            "{{\"eventId\":\"{id}\",\"customerId\":\"c\",\"metricName\":\"m\",\"metricValue\":1,\
             \"timestamp\":\"2026-01-01T10:{minute:02}:00Z\"}}"
        );
        producer.send(BaseRecord::to(&topic).key("c").payload(&value)).expect("queued");
        producer.flush(std::time::Duration::from_secs(30)).expect("written");
    };
    let ingest = || {
        let arguments = ["metrics", "ingest", "customer", "--once", "--once-per-id", "-o", "json"];
        let output = bss(&arguments);
        let document = json(&output);
        let row = &document["rows"][0];
        let of = |key: &str| row[key].as_u64().expect("a count");
        let repeated = document["meta"]["repeatedIds"][&topic].as_u64().expect("repeatedIds");
        [of("read"), of("stored"), of("duplicate"), repeated]
    };
    let before = database.count("SELECT count(*) FROM bss.customer_metrics");
    send("I", 0);
    send("I", 5);
    send("J", 0);
    assert_eq!(ingest(), [3, 2, 1, 1]);
    send("J", 9);
    send("J", 0);
    assert_eq!(ingest(), [2, 0, 2, 1]);
    assert_eq!(database.count("SELECT count(*) FROM bss.customer_metrics"), before + 2);
}

#[test]
fn ingested_events_count_once() {
    ingested_once(&Database::fresh());
}

#[test]
fn ingested_events_count_once_on_community() {
    let _turn = support::pglite();
    ingested_once(&Database::community());
}

#[test]
fn killed_and_given_again_each_event_counts_once() {
    let text: String = (0..600).map(|n| row(&format!("e{}", n % 200), n / 20)).collect();
    for fault in ["import-before-commit:2", "import-after-batch:2"] {
        let database = Database::fresh();
        std::fs::write(database.home().join("e.csv"), format!("{HEADER}{text}")).expect("written");
        let arguments =
            ["metrics", "import", "customer", "e.csv", "--batch", "50", "--once-per-id"];
        let killed = database.bss().args(arguments).env("BSS_DEV_FAULT", fault).ended();
        assert_eq!(killed.expect("bss").status.code(), None, "{fault}");
        let rest = database.bss().args(arguments).args(["-o", "json"]).ended().expect("bss");
        let [read, stored, duplicate, _] = fates(&rest);
        assert_eq!((read, stored + duplicate), (600, 600), "{fault}");
        let ids = "SELECT count(*) FROM bss.customer_metrics";
        assert_eq!(database.count(ids), 200, "{fault}");
        assert_eq!(database.count("SELECT count(*) FROM bss.seen_event"), 200, "{fault}");
    }
}

#[test]
fn two_loads_of_the_same_events_in_opposite_order_count_each_once() {
    let database = Database::fresh();
    let lines = |minute: u32| (0..2000).map(move |n| row(&format!("e{n}"), minute));
    let (there, back): (String, String) = (lines(0).collect(), lines(5).rev().collect());
    let start = |name: &str, text: &str| {
        std::fs::write(database.home().join(name), format!("{HEADER}{text}")).expect("written");
        let mut command = database.bss();
        command.args(["metrics", "import", "customer", name, "--once-per-id", "-o", "json"]);
        command.args(["--batch", "500"]).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("bss")
    };
    let (a, b) = (start("a.csv", &there), start("b.csv", &back));
    let (a, b) = (a.wait_with_output().expect("a"), b.wait_with_output().expect("b"));
    let (a, b) = (fates(&a), fates(&b));
    assert_eq!((a[1] + b[1], a[3] + b[3]), (2000, 2000));
    assert_eq!(database.count("SELECT count(*) FROM bss.customer_metrics"), 2000);
}

#[test]
fn retention_forgets_the_ids_of_the_rows_it_drops() {
    let database = Database::fresh();
    let old = "old,c,logins,1,2020-01-01T10:00:00Z\n";
    let text = format!("{HEADER}{old}{}", row("new", 0));
    assert_eq!(fates(&import(&database, "customer", "a.csv", &text, &["--once-per-id"]))[1], 2);
    let mut command = database.bss();
    let output = command.args(["metrics", "policies", "run", "--all"]).ended().expect("bss");
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    assert_eq!(database.count("SELECT count(*) FROM bss.customer_metrics"), 1);
    let left = "SELECT count(*) FROM bss.seen_event WHERE event_id = 'new'";
    assert_eq!(database.count(left), 1);
    assert_eq!(database.count("SELECT count(*) FROM bss.seen_event"), 1);
}
