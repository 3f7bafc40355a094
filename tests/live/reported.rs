//! What operators of such systems have reported as broken elsewhere, and what this one does: money
//! (M) and the operation of TimescaleDB (T). Cases that belong to another theme stand there.

use std::process::{Output, Stdio};
use std::time::Duration;

use rust_decimal::Decimal;
use serde_json::Value;
use sqlx::{Connection, Executor, PgConnection};

use crate::bounded::Bounded;
use crate::metrics_database::{Database, json};
use crate::setup_timescale::wipe_community;
use crate::support::{self, shown};

const LIMIT: Duration = Duration::from_secs(60);

fn bss(database: &Database, arguments: &[&str]) -> Output {
    database.bss().args(arguments).args(["-o", "json"]).ended().expect("bss")
}

#[track_caller]
fn done(database: &Database, arguments: &[&str], status: i32) -> Value {
    let output = bss(database, arguments);
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", shown(&output));
    json(&output)
}

fn write(database: &Database, name: &str, text: &str) {
    std::fs::write(database.home().join(name), text).expect("written");
}

/// Imports `text`; the first row of the result.
#[track_caller]
fn import(database: &Database, kind: &str, text: &str, status: i32) -> Value {
    write(database, "rows.csv", text);
    let document = done(database, &["metrics", "import", kind, "rows.csv"], status);
    document["rows"][0].clone()
}

fn text(database: &Database, query: &str) -> String {
    database.work(async |connection| {
        sqlx::query_scalar(query).fetch_one(connection).await.expect(query)
    })
}

fn executes(database: &Database, statement: &str) {
    database.work(async |connection| {
        connection.execute(statement).await.unwrap_or_else(|e| panic!("{statement}: {e}"));
    });
}

const REVENUE: &str = "eventId,revenue,costs,orders,region,category,revision,timestamp\n";

/// Case M1.
#[test]
fn sums_are_exact_and_any_split_of_them_adds_up_to_the_same() {
    let database = Database::fresh();
    let row = |n: usize| {
        let (region, category, day) = (n % 7, n % 11, 1 + n % 5);
        format!("e{n},1234.5678,0,1,r{region},k{category},1,2026-01-{day:02}T12:00:00Z\n")
    };
    let rows: String = (0..800).map(row).collect();
    assert_eq!(import(&database, "revenue", &format!("{REVENUE}{rows}"), 0)["stored"], 800);
    let exact = "987654.2400";
    assert_eq!(text(&database, "SELECT sum(revenue)::text FROM bss.revenue_metrics"), exact);
    let span = ["--since", "2026-01-01", "--until", "2026-01-06", "--as-of", "2026-01-10"];
    let exact: Decimal = exact.parse().expect("a decimal");
    for refreshed in [false, true] {
        for (split, parts) in [
            (&["revenue", "summary"][..], 5),
            (&["revenue", "region"], 35),
            (&["revenue", "region", "--total"], 7),
            (&["revenue", "category"], 55),
        ] {
            let report = done(&database, &[&["analytics"], split, &span].concat(), 0);
            let rows = report["rows"].as_array().expect("rows");
            let amounts = rows.iter().map(|r| r["revenue"].as_str().expect("decimal text"));
            let sum: Decimal = amounts.map(|a| a.parse::<Decimal>().expect("a decimal")).sum();
            assert_eq!((rows.len(), sum), (parts, exact), "{split:?}, refreshed: {refreshed}");
        }
        done(&database, &["metrics", "refresh", "--stale"], 0);
    }
}

/// Case M2.
#[test]
fn what_is_no_number_is_set_aside_and_no_other_way_leads_in() {
    let database = Database::fresh();
    let rows: String = ["NaN", "Infinity", "-Infinity", "1e400"]
        .iter()
        .map(|amount| format!("p{amount},c,{amount},COMPLETED,2026-01-01T00:00:00Z\n"))
        .collect();
    let head = "paymentId,customerId,amount,status,timestamp\n";
    let row = import(&database, "payment", &format!("{head}{rows}"), 7);
    assert_eq!((&row["stored"], &row["rejected"]), (&0.into(), &4.into()));
    let rejects = std::fs::read_to_string(database.home().join("rows.csv.rejects.ndjson"));
    let reason = |line: &str| serde_json::from_str::<Value>(line).expect("JSON")["reason"].clone();
    let reasons: Vec<Value> = rejects.expect("rejects").lines().map(reason).collect();
    assert_eq!(reasons, ["not-a-number", "not-a-number", "not-a-number", "too-large"]);
    for (table, columns, values) in [
        (
            "payment_metrics",
            "payment_id, customer_id, amount, currency, status",
            "'p','c','NaN','EUR','x'",
        ),
        ("revenue_metrics", "revenue, costs, profit, currency, orders_count", "'NaN',0,0,'EUR',1"),
        ("customer_metrics", "customer_id, metric_name, metric_value", "'c','m','Infinity'"),
    ] {
        let insert = format!(
            "INSERT INTO bss.{table} (time, event_id, {columns}) VALUES (now(), 'e', {values})"
        );
        let error = database.work(async |connection| connection.execute(insert.as_str()).await);
        let error = error.expect_err(&insert);
        let code = error.as_database_error().and_then(|e| e.code()).map(|c| c.into_owned());
        assert_eq!(code.as_deref(), Some("23514"), "{insert}: {error}");
    }
}

/// Case M5. A refund is a row of its own below zero; "refunded so far" is one event whose later
/// revision takes the place of the earlier one.
#[test]
fn refunds_count_once_be_they_single_or_so_far() {
    let database = Database::fresh();
    let row = |id: &str, amount: &str, revision: u32, minute: u32| {
        format!("{id},{amount},0,0,,,{revision},2026-01-01T10:{minute:02}:00Z\n")
    };
    let so_far = |amount, revision| row("refund-of-1", amount, revision, 5);
    let deliveries = [
        row("charge-1", "100.00", 1, 0),
        so_far("-10.00", 1),
        so_far("-20.00", 2),
        so_far("-20.00", 2),
    ];
    for delivery in &deliveries {
        import(&database, "revenue", &format!("{REVENUE}{delivery}"), 0);
    }
    let net = "SELECT sum(revenue)::text FROM bss.revenue_metrics";
    assert_eq!(text(&database, net), "80.0000");
    let refunds = [row("refund-7", "-5.00", 1, 9), row("refund-8", "-5.00", 1, 9)].concat();
    assert_eq!(import(&database, "revenue", &format!("{REVENUE}{refunds}"), 0)["stored"], 2);
    assert_eq!(text(&database, net), "70.0000");
    // All in one file and the other way round: the same.
    let other = Database::fresh();
    let back: String = deliveries.iter().rev().cloned().collect();
    import(&other, "revenue", &format!("{REVENUE}{refunds}{back}"), 0);
    assert_eq!(text(&other, net), "70.0000");
    // Of payments, each REFUNDED one says what it gave back.
    let head = "paymentId,customerId,amount,status,timestamp\n";
    let refund = |minute: u32| format!("p,c,5.00,REFUNDED,2026-01-01T10:{minute:02}:00Z\n");
    let twice = [refund(1), refund(2), refund(2)].concat();
    let row = import(&other, "payment", &format!("{head}{twice}"), 0);
    assert_eq!((&row["stored"], &row["duplicate"]), (&2.into(), &1.into()));
}

/// Case M7, of hours; `analytics` has the days.
fn hours_begin_before_what_is_in_them(database: &Database) {
    let rows: String = ["05:30", "06:30", "07:30"]
        .iter()
        .map(|time| format!("c,m,1,2022-11-06T{time}:00Z\n"))
        .collect();
    let head = "customerId,metricName,metricValue,timestamp\n";
    import(database, "customer", &format!("{head}{rows}"), 0);
    let arguments = ["analytics", "customer", "aggregates", "c", "--bucket", "hour"];
    let span = ["--since", "2022-11-06", "--until", "2022-11-07", "--tz", "America/Chicago"];
    let report = done(database, &[&arguments[..], &span].concat(), 0);
    let rows = report["rows"].as_array().expect("rows");
    let found: Vec<String> = rows.iter().map(Value::to_string).collect();
    assert_eq!(rows.len(), 3, "{found:?}");
    for (row, hour) in found.iter().zip(["07", "06", "05"]) {
        assert!(row.contains(&format!("2022-11-06T{hour}:00:00Z")), "{row}");
    }
}

#[test]
fn hours_of_the_night_when_clocks_go_back_are_three() {
    hours_begin_before_what_is_in_them(&Database::fresh());
    let _turn = support::pglite();
    hours_begin_before_what_is_in_them(&Database::community());
}

/// Case T1: what the policy's window does not see is told by the import, and taken in when asked.
fn late_rows_are_told_and_taken_in(database: &Database) {
    let now = jiff::Timestamp::now();
    let days = |n: i64| (now - jiff::SignedDuration::from_hours(24 * n)).to_string();
    let row = |id: &str, days_ago: i64| format!("{id},10,0,1,,,1,{}\n", days(days_ago));
    import(database, "revenue", &format!("{REVENUE}{}", row("a", 3)), 0);
    done(database, &["metrics", "refresh", "--stale"], 0);
    write(database, "late.csv", &format!("{REVENUE}{}{}", row("b", 2), row("late", 90)));
    let output = bss(database, &["metrics", "import", "revenue", "late.csv"]);
    let told = shown(&output);
    assert_eq!(json(&output)["meta"]["outsideRefreshWindow"], 1, "{told}");
    assert!(told.contains("1 rows are older than") && told.contains("refresh --stale"), "{told}");
    let sum = "SELECT sum(total_revenue)::text FROM bss.revenue_daily";
    done(database, &["metrics", "refresh", "--stale"], 0);
    assert_eq!(text(database, sum), "30.0000");
    let raw = "SELECT sum(revenue)::text FROM bss.revenue_metrics";
    assert_eq!(text(database, raw), "30.0000");
}

#[test]
fn an_import_tells_of_rows_that_no_policy_refreshes() {
    late_rows_are_told_and_taken_in(&Database::fresh());
    let _turn = support::pglite();
    wipe_community();
    late_rows_are_told_and_taken_in(&Database::community());
}

/// Case T4: what cannot be refreshed is not dropped.
#[test]
fn retention_drops_nothing_while_a_refresh_fails() {
    let database = Database::fresh();
    let rows: String =
        (1..=9).map(|n| format!("e{n},1,0,1,,,1,2020-01-0{n}T00:00:00Z\n")).collect();
    import(&database, "revenue", &format!("{REVENUE}{rows}"), 0);
    let break_it =
        "ALTER TABLE bss.revenue_daily_v1 ADD CONSTRAINT broken CHECK (total_orders < 0)";
    executes(&database, break_it);
    let output = bss(&database, &["metrics", "policies", "run", "--all"]);
    assert_eq!(output.status.code(), Some(7), "{}", shown(&output));
    let left = "SELECT count(*) FROM bss.revenue_metrics";
    assert_eq!(database.count(left), 9);
    done(&database, &["metrics", "policies", "check"], 6);
    executes(&database, "ALTER TABLE bss.revenue_daily_v1 DROP CONSTRAINT broken");
    done(&database, &["metrics", "policies", "run", "--all"], 0);
    assert_eq!(database.count(left), 0);
    let kept = "SELECT sum(total_revenue)::text FROM bss.revenue_daily";
    assert_eq!(text(&database, kept), "9.0000");
}

const PAYMENTS: &str = "payment_id,customerId,amount,status,timestamp\n";

/// Case T8, two at once; `import` has the rest.
#[test]
fn two_loads_into_a_compressed_chunk_count_each_row_once() {
    let _turn = support::pglite();
    let database = Database::community();
    let row = |n: u32| format!("p{n},c,12.34,COMPLETED,2026-01-01T00:00:{n:02}Z\n");
    assert_eq!(import(&database, "payment", &format!("{PAYMENTS}{}", row(3)), 0)["stored"], 1);
    executes(&database, "SELECT compress_chunk(c) FROM show_chunks('bss.payment_metrics') c");
    let ten: Vec<String> = (1..=10).map(row).collect();
    let back: String = ten.iter().rev().map(String::as_str).collect();
    write(&database, "a.csv", &format!("{PAYMENTS}{}", ten.concat()));
    write(&database, "b.csv", &format!("{PAYMENTS}{back}"));
    let start = |name: &str| {
        let mut command = database.bss();
        command.args(["metrics", "import", "payment", name, "-o", "json"]);
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("bss")
    };
    let loads = [start("a.csv"), start("b.csv")];
    let of = |load: std::process::Child| {
        let output = load.wait_with_output().expect("bss");
        assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
        let row = json(&output)["rows"][0].clone();
        (row["stored"].as_u64().expect("stored"), row["duplicate"].as_u64().expect("duplicate"))
    };
    let [a, b] = loads.map(of);
    assert_eq!((a.0 + b.0, a.1 + b.1), (9, 11));
    assert_eq!(database.payments(), 10);
}

/// Case T9.
#[test]
fn twelve_years_of_days_are_told_before_the_first_row() {
    let database = Database::fresh();
    executes(&database, "SELECT set_chunk_time_interval('bss.payment_metrics', INTERVAL '1 day')");
    let rows: String = (0..4380_i64)
        .map(|n| format!("p{n},c,1,COMPLETED,{}\n", 1_262_304_000_000 + n * 86_400_000))
        .collect();
    write(&database, "p.csv", &format!("{PAYMENTS}{rows}"));
    let output = bss(&database, &["metrics", "import", "payment", "p.csv"]);
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    let told = shown(&output);
    assert!(told.contains("about 4380 new chunks of 1 day"), "{told}");
    assert!(told.contains("locks") && told.contains("has room for"), "{told}");
    assert!(told.contains("--allow-chunks 4380"), "{told}");
    assert_eq!(database.payments(), 0);
    // Of standard input nobody knows beforehand: it ends with the batch that goes beyond.
    let mut command = database.bss();
    command.args(["metrics", "import", "payment", "-", "--batch", "500", "--allow-chunks", "10"]);
    command.stdin(std::fs::File::open(database.home().join("p.csv")).expect("the file"));
    let output = command.stdout(Stdio::piped()).stderr(Stdio::piped()).output().expect("bss");
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert_eq!(database.payments(), 0);
}

/// The buckets that the last refresh made, of `revenue_daily`.
fn refreshed(database: &Database) -> u64 {
    let report = done(database, &["metrics", "refresh", "revenue_daily", "--stale"], 0);
    report["rows"][0]["buckets"].as_u64().expect("buckets")
}

/// Case T13: two years in steps, the newest first; killed on the way, the next run makes the rest.
#[test]
fn a_refresh_of_two_years_that_was_killed_goes_on_where_it_was() {
    const STOP: i64 = 77;
    let database = Database::fresh();
    let insert = |id: &str, days: &str| {
        let rows = format!(
            "INSERT INTO bss.revenue_metrics (time, event_id, revenue, costs, profit, currency, \
             orders_count) SELECT date_trunc('day', now()) - n * INTERVAL '1 day', '{id}' || n, 1, 0, \
             1, 'EUR', 1 FROM generate_series({days}) n"
        );
        executes(&database, &rows);
    };
    insert("new", "1, 1");
    assert_eq!(refreshed(&database), 1);
    insert("old", "2, 701");
    // The refresh waits at the day 300 days ago for as long as the test wants it to.
    executes(
        &database,
        &format!(
            "CREATE FUNCTION bss.wait_there() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN \
             IF NEW.day < now() - INTERVAL '300 days' THEN \
             PERFORM pg_advisory_xact_lock({STOP}); END IF; RETURN NEW; END $$; \
             CREATE TRIGGER wait_there BEFORE INSERT ON bss.revenue_daily_v1 FOR EACH ROW \
             EXECUTE FUNCTION bss.wait_there()"
        ),
    );
    let made = "SELECT count(*) FROM bss.revenue_daily_v1";
    database.work(async |hand: &mut PgConnection| {
        let mut open = hand.begin().await.expect("begun");
        let lock = format!("SELECT pg_advisory_xact_lock({STOP})");
        open.execute(lock.as_str()).await.expect("locked");
        let mut command = database.bss();
        command.args(["metrics", "refresh", "revenue_daily", "--stale"]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("bss");
        let waits = format!(
            "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND \
             objid = {STOP}"
        );
        support::wait_for("the refresh to wait", LIMIT, || {
            (database_count(&database, &waits) > 0).then_some(())
        });
        child.kill().expect("killed");
        child.wait().expect("ended");
        open.rollback().await.expect("let go");
    });
    executes(&database, "DROP TRIGGER wait_there ON bss.revenue_daily_v1");
    let there = database.count(made);
    assert!((250..=350).contains(&there), "{there} were made, the newest first");
    let newest = "SELECT min(day)::date = (now() - INTERVAL '1 day' * (SELECT count(*) FROM \
                  bss.revenue_daily_v1))::date FROM bss.revenue_daily_v1";
    let whole: bool = database.work(async |connection| {
        sqlx::query_scalar(newest).fetch_one(connection).await.expect(newest)
    });
    assert!(whole, "the newest {there} days, without a gap");
    assert_eq!(refreshed(&database), 701 - there);
    assert_eq!(database.count(made), 701);
    assert_eq!(refreshed(&database), 0);
}

/// A count by a connection of its own, from inside another one's work.
fn database_count(database: &Database, query: &str) -> u64 {
    std::thread::scope(|scope| scope.spawn(|| database.count(query)).join().expect("a count"))
}

/// Case T12: a changed aggregate is made anew where its rows are there, with its policies; where they
/// are gone, what they added up to stays.
#[test]
fn a_changed_aggregate_loses_neither_history_nor_policies() {
    let row = "{ name = \"row_count\", sql = \"count(*)\" },";
    let more = format!("{row}\n    {{ name = \"largest\", sql = \"max(revenue)\" }},");
    let declared = bss::timescale::spec::DECLARED.replacen(row, &more, 1);
    let rows: String =
        (1..=9).map(|n| format!("e{n},{n},0,1,,,1,2020-01-0{n}T00:00:00Z\n")).collect();
    for gone in [false, true] {
        let database = Database::fresh();
        import(&database, "revenue", &format!("{REVENUE}{rows}"), 0);
        if gone {
            done(&database, &["metrics", "policies", "run", "--all"], 0);
            assert_eq!(database.count("SELECT count(*) FROM bss.revenue_metrics"), 0);
        }
        write(&database, "declared.toml", &declared);
        let setup = |arguments: &[&str]| {
            let mut command = database.bss();
            command.env("BSS_TIMESCALE_DECLARED", database.home().join("declared.toml"));
            let output = command.args(["setup", "timescale"]).args(arguments).ended().expect("bss");
            (output.status.code(), shown(&output))
        };
        let (status, told) = setup(&["--check"]);
        assert_eq!(status, Some(6), "{told}");
        assert_eq!(
            told.contains("are gone, a new one could not be filled with them"),
            gone,
            "{told}"
        );
        let (status, told) = setup(&["--yes"]);
        let (after, left) = setup(&["--check"]);
        let kept = "SELECT sum(total_revenue)::text FROM bss.revenue_daily";
        assert_eq!(text(&database, kept), "45.0000", "{told}");
        if gone {
            assert_ne!(status, Some(0), "{told}");
            assert_eq!(after, Some(6), "{left}");
        } else {
            assert_eq!((status, after), (Some(0), Some(0)), "{told}\n{left}");
            let largest = "SELECT max(largest)::text FROM bss.revenue_daily";
            assert_eq!(text(&database, largest), "9.0000");
        }
        done(&database, &["metrics", "policies", "check"], 0);
    }
}
