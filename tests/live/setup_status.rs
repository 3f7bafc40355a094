//! `bss setup timescale --status`: what it says is what is there, on both editions.

use serde_json::Value;
use sqlx::Executor;

use crate::bounded::Bounded;
use crate::metrics_database::{Database, json};
use crate::setup_timescale::wipe_community;
use crate::support::{self, shown};

fn bss(database: &Database, arguments: &[&str], status: i32) -> std::process::Output {
    let output = database.bss().args(arguments).ended().expect("bss");
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", shown(&output));
    output
}

fn status(database: &Database) -> Value {
    json(&bss(database, &["setup", "timescale", "--status", "-o", "json"], 0))
}

/// The object of a kind and name.
fn object(status: &Value, kind: &str, name: &str) -> Value {
    let rows = status["rows"].as_array().expect("rows");
    let found = rows.iter().find(|r| r["kind"] == kind && r["name"] == name);
    found.unwrap_or_else(|| panic!("no {kind} {name} in {status}")).clone()
}

fn executes(database: &Database, statement: &str) {
    database.work(async |connection| {
        connection.execute(statement).await.unwrap_or_else(|e| panic!("{statement}: {e}"));
    });
}

/// `count` payments, one an hour, from so many days ago on; one statement, so one range of changes.
fn pay(database: &Database, name: &str, days: u32, count: u32) {
    let insert = format!(
        "INSERT INTO bss.payment_metrics
             (time, payment_id, customer_id, amount, currency, status, event_id)
         SELECT now() - INTERVAL '{days} days' + n * INTERVAL '1 hour', '{name}' || n, 'c', 10, 'EUR',
                'COMPLETED', '{name}' || n FROM generate_series(0, {count} - 1) n"
    );
    executes(database, &insert);
}

/// How many buckets of a width the rows of some payments touch.
fn touched(database: &Database, name: &str, width: &str) -> u64 {
    database.count(&format!(
        "SELECT count(DISTINCT date_trunc('{width}', time, 'UTC')) FROM bss.payment_metrics \
         WHERE payment_id LIKE '{name}%'"
    ))
}

/// The numbers of both editions; `kind` is what its aggregates are called.
fn tells_what_is_there(database: &Database, kind: &str) {
    let daily = |status: &Value| object(status, kind, "payment_status_daily");
    let hourly = |status: &Value| object(status, kind, "payment_pattern_hourly");
    let nothing = status(database);
    let table = object(&nothing, "hypertable", "payment_metrics");
    for (key, value) in [("chunks", Value::from(0)), ("approximateRows", Value::from(0))] {
        assert_eq!(table[key], value, "{table}");
    }
    assert!(["oldest", "newest", "bytesPerRow", "floor"].iter().all(|k| table[*k].is_null()));
    assert_eq!(table["chunkInterval"], "7 days");
    assert!(daily(&nothing)["madeUntil"].is_null(), "{}", daily(&nothing));

    // All that an emptied table may have changed is made, from the oldest row on.
    pay(database, "first", 25, 1);
    bss(database, &["metrics", "refresh", "--stale"], 0);
    pay(database, "old", 20, 48);
    pay(database, "new", 3, 48);
    // The policies look at the last seven days only.
    bss(database, &["metrics", "policies", "run", "--all"], 0);
    executes(database, "ANALYZE bss.payment_metrics");
    let there = status(database);
    let table = object(&there, "hypertable", "payment_metrics");
    let rows = table["approximateRows"].as_u64().expect("a number of rows");
    assert!((95..=99).contains(&rows), "{table}");
    let bytes = table["totalBytes"].as_u64().expect("bytes");
    let sized =
        "SELECT sum(total_bytes)::bigint FROM hypertable_detailed_size('bss.payment_metrics')";
    assert_eq!(bytes, database.count(sized));
    assert!(table["bytesPerRow"].as_f64().expect("bytes a row") > 100.0, "{table}");
    let times = database.work(async |connection| {
        let query = "SELECT to_jsonb(array[min(time), max(time)])::text FROM bss.payment_metrics";
        let times: String = sqlx::query_scalar(query).fetch_one(connection).await.expect(query);
        times
    });
    for key in ["oldest", "newest"] {
        let second = &table[key].as_str().expect("a time")[..19];
        assert!(times.contains(second), "{key} {second} is not in {times}");
    }
    assert!(daily(&there)["madeUntil"].is_string());
    assert_eq!(
        (&daily(&there)["realTime"], &daily(&there)["filled"]),
        (&true.into(), &true.into())
    );
    let waiting = [&daily(&there), &hourly(&there)].map(|a| a["invalidBuckets"].as_u64());
    let expected = ["day", "hour"].map(|width| Some(touched(database, "old", width)));
    assert_eq!(waiting, expected, "what is older than the policies look is told");

    bss(database, &["metrics", "refresh", "--stale"], 0);
    let made = status(database);
    assert_eq!([&daily(&made), &hourly(&made)].map(|a| a["invalidBuckets"].as_u64()), [Some(0); 2]);
    pay(database, "late", 19, 1);
    let late = status(database);
    assert_eq!([&daily(&late), &hourly(&late)].map(|a| a["invalidBuckets"].as_u64()), [Some(1); 2]);
    bss(database, &["metrics", "refresh", "--stale"], 0);

    // Rows of three years ago expire; the floor is told, and what lies below it waits for nothing.
    pay(database, "gone", 1100, 24);
    bss(database, &["metrics", "policies", "run", "--all", "payment_metrics"], 0);
    bss(database, &["metrics", "refresh", "--stale"], 0);
    let expired = status(database);
    let floor = object(&expired, "hypertable", "payment_metrics")["floor"].clone();
    assert!(floor.is_string(), "{expired}");
    assert_eq!(daily(&expired)["invalidBuckets"], 0, "{}", daily(&expired));
}

/// The policy of a kind on an object.
fn policy(status: &Value, kind: &str, on: &str) -> Value {
    let rows = status["rows"].as_array().expect("rows");
    let found = rows.iter().find(|r| r["policy"] == kind && r["on"] == on);
    found.unwrap_or_else(|| panic!("no {kind} policy on {on}")).clone()
}

#[test]
fn the_apache_edition_says_what_it_holds_and_what_it_lacks() {
    let database = Database::fresh();
    tells_what_is_there(&database, "rollup");
    let status = status(&database);
    let meta = &status["meta"];
    assert_eq!((&meta["edition"], &meta["differences"]), (&"apache".into(), &0.into()));
    let lacks = meta["notAvailable"].as_array().expect("a list");
    assert!(lacks.iter().any(|l| l == "compression"), "{meta}");
    let table = object(&status, "hypertable", "payment_metrics");
    assert!(table["compressedChunks"].is_null() && table["savedPercent"].is_null(), "{table}");
    // What `policies run` began is due again an interval later.
    let refresh = policy(&status, "refresh", "payment_status_daily");
    let time = |key: &str| -> jiff::Timestamp {
        refresh[key].as_str().expect("a time").parse().expect("an instant")
    };
    assert_eq!(time("nextRun"), time("lastStarted") + jiff::SignedDuration::from_hours(1));
    assert_eq!(refresh["health"], "fine");
    let text = shown(&bss(&database, &["setup", "timescale", "--status"], 0));
    for part in [
        "not here: compression, continuous aggregates (rollups stand in), a scheduler of policies",
        "ROWS, ABOUT",
        "MADE UNTIL",
        "NEXT RUN",
    ] {
        assert!(text.contains(part), "no `{part}` in {text}");
    }
    executes(&database, "DROP VIEW bss.revenue_daily");
    let text = shown(&bss(&database, &["setup", "timescale", "--status"], 0));
    assert!(text.contains("hint: 1 objects differ from what is declared"), "{text}");
    bss(&database, &["setup", "timescale", "--status", "--check"], 2);
}

#[test]
fn the_community_edition_says_what_compression_saves() {
    let _turn = support::pglite();
    wipe_community();
    let database = Database::community();
    tells_what_is_there(&database, "aggregate");
    let status = status(&database);
    assert_eq!(status["meta"]["edition"], "community");
    let table = object(&status, "hypertable", "payment_metrics");
    let number = |key: &str| table[key].as_u64().unwrap_or_else(|| panic!("no {key} in {table}"));
    let compressed = "SELECT count(*) FROM timescaledb_information.chunks \
                      WHERE hypertable_name = 'payment_metrics' AND is_compressed";
    assert_eq!(number("compressedChunks"), database.count(compressed));
    assert!(number("compressedChunks") > 0 && number("beforeCompressionBytes") > 0, "{table}");
    let (before, after) = (number("beforeCompressionBytes"), number("afterCompressionBytes"));
    let saved = table["savedPercent"].as_f64().expect("a percent");
    let after_by_percent = before as f64 * (1.0 - saved / 100.0);
    assert!((after_by_percent - after as f64).abs() <= before as f64 / 1000.0, "{table}");
    // Nothing runs the policies by itself here.
    assert_eq!(status["meta"]["scheduler"], false);
    assert!(policy(&status, "compression", "payment_metrics")["nextRun"].is_string());
}

#[test]
fn a_database_that_is_not_set_up_is_said_to_be_so() {
    let database = Database::bare();
    let text = shown(&bss(&database, &["setup", "timescale", "--status"], 1));
    assert!(text.contains("is not set up") && text.contains("bss setup timescale"), "{text}");
}
