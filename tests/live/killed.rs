//! Killed at each step, `bss setup timescale` and `bss metrics policies run` go on: the same command,
//! given again, ends where one that was not disturbed ends.

use bss::backends::postgres::inventory;
use bss::timescale::inventory::Inventory;
use bss::timescale::spec::Spec;
use sqlx::Executor;

use crate::bounded::Bounded;
use crate::metrics_database::Database;
use crate::setup_timescale::{migration_files, wipe_community};
use crate::support::{self, shown};

/// Small, but with each kind of step.
const DECLARED: &str = r#"
[[hypertable]]
name = "payment_metrics"
chunk_interval = "7 days"
key = ["tenant", "payment_id", "time", "status"]
index = [{ name = "payment_metrics_time_idx", on = ["time DESC"] }]
compression = { after = "30 days", every = "1 hour", segment_by = [], order_by = ["time DESC"] }
retention = { after = "200 days", every = "1 day" }

[[aggregate]]
name = "paid_daily"
version = 1
on = "payment_metrics"
bucket = "1 day"
bucket_column = "day"
group_by = ["tenant", "status"]
measure = [{ name = "payments", sql = "count(*)" }, { name = "amount", sql = "sum(amount)" }]
refresh = { start_offset = "28 days", end_offset = "1 hour", every = "1 hour" }

[[aggregate]]
name = "paid_hourly"
version = 1
on = "payment_metrics"
bucket = "1 hour"
bucket_column = "hour"
group_by = ["tenant"]
measure = [{ name = "payments", sql = "count(*)" }]
refresh = { start_offset = "28 days", end_offset = "1 hour", every = "1 hour" }
"#;

/// Runs the program with a fault (none if it is empty); says whether it was killed, and what it said.
fn run(database: &Database, arguments: &[&str], fault: &str) -> (bool, String) {
    let file = database.home().join("declared.toml");
    std::fs::write(&file, DECLARED).expect("written");
    let mut command = database.bss();
    command.env("BSS_TIMESCALE_DECLARED", &file).args(arguments);
    if !fault.is_empty() {
        command.env("BSS_DEV_FAULT", fault);
    }
    let output = command.ended().expect("bss");
    let (code, text) = (output.status.code(), shown(&output));
    assert!(matches!(code, None | Some(0)), "{arguments:?} {fault}: {text}");
    (code.is_none(), text)
}

/// What a process that is dead holds ends by itself after a while.
fn end_lease(database: &Database) {
    database.work(async |connection| {
        let end = "UPDATE bss.operator_lock SET expires_at = now() - INTERVAL '1 second'";
        connection.execute(end).await.expect(end);
    });
}

/// A payment every eleven hours of the `days` days before `base`.
fn pay(database: &Database, base: &str, days: u32) {
    let insert = format!(
        "INSERT INTO bss.payment_metrics (time, payment_id, customer_id, amount, currency, status, \
         event_id) SELECT TIMESTAMPTZ '{base}' - INTERVAL '3 hours' - n * INTERVAL '11 hours', 'p' || n, \
         'c', n, 'EUR', 'COMPLETED', 'p' || n FROM generate_series(0, {days} * 24 / 11) n"
    );
    database.work(async |connection| {
        connection.execute(insert.as_str()).await.expect("paid");
    });
}

/// All that there is: objects, what the aggregates hold and say, rows and floor.
fn state(database: &Database) -> (Inventory, Vec<String>) {
    let spec = Spec::parse(DECLARED, "UTC").expect("a declaration");
    database.work(async |connection| {
        let server = inventory::server(connection).await.expect("a server");
        let mut found = inventory::inventory(connection, &spec, &server).await.expect("read");
        for (at, job) in found.jobs.iter_mut().enumerate() {
            job.id = i32::try_from(at).expect("few");
        }
        let mut rows = Vec::new();
        for query in [
            "SELECT v::text FROM bss.paid_daily v ORDER BY 1",
            "SELECT v::text FROM bss.paid_hourly v ORDER BY 1",
            "SELECT v::text FROM bss.paid_daily_v1 v ORDER BY 1",
            "SELECT v::text FROM bss.paid_hourly_v1 v ORDER BY 1",
            "SELECT p::text FROM bss.payment_metrics p ORDER BY 1",
            "SELECT concat(hypertable, floor, dropped_before) FROM bss.retention_floor",
            "SELECT concat(name, watermark) FROM bss.rollup ORDER BY 1",
            "SELECT DISTINCT rollup || bucket FROM bss.rollup_invalidation ORDER BY 1",
            "SELECT concat(policy, object, failure) FROM bss.policy_run ORDER BY 1",
            "SELECT concat(c.hypertable_name, range_start, is_compressed) \
             FROM timescaledb_information.chunks c WHERE hypertable_schema = 'bss' ORDER BY 1",
        ] {
            let found = sqlx::query_scalar::<_, String>(query).fetch_all(&mut *connection).await;
            rows.push(query.to_owned());
            rows.extend(found.expect(query));
        }
        (found, rows)
    })
}

fn same(found: &(Inventory, Vec<String>), undisturbed: &(Inventory, Vec<String>), what: &str) {
    for (found, undisturbed) in found.1.iter().zip(&undisturbed.1) {
        assert_eq!(found, undisturbed, "{what}");
    }
    assert_eq!(found.1.len(), undisturbed.1.len(), "{what}");
    assert_eq!(found.0, undisturbed.0, "{what}");
}

const SETUP: [&str; 3] = ["setup", "timescale", "--yes"];
const RUN: [&str; 4] = ["metrics", "policies", "run", "--all"];

/// From an empty database, with rows after the migrations, to the end; how often it was killed.
fn sets_up(database: &Database, base: &str, disturbed: bool) -> u32 {
    let mut killed = 0;
    if disturbed {
        // Each run applies one migration and dies before the next.
        for applied in 1..=migration_files() {
            assert!(run(database, &SETUP, "setup-migration:1").0);
            let there = database.count("SELECT count(*) FROM bss._sqlx_migrations");
            assert_eq!(usize::try_from(there), Ok(applied));
            end_lease(database);
            killed += 1;
        }
    } else {
        assert!(run(database, &SETUP, "setup-migrated:1").0);
        end_lease(database);
    }
    pay(database, base, 150);
    killed += if disturbed { set_up_with_kills(database) } else { 0 };
    run(database, &SETUP, "");
    let (_, text) = run(database, &["setup", "timescale", "--check"], "");
    assert!(text.contains("(no differences)"), "{text}");
    killed
}

/// Before the first batch that is left is committed, then after it; a filling that is cut off begins
/// with the same batch again, and is killed after its next one.
fn set_up_with_kills(database: &Database) -> u32 {
    let (mut killed, mut nth, mut left) = (0, 1, String::new());
    loop {
        killed += u32::from(run(database, &SETUP, "setup-before-commit:1").0);
        end_lease(database);
        let plan = run(database, &["setup", "timescale", "--plan"], "").1;
        nth = if plan == left { nth + 1 } else { 1 };
        left = plan;
        let after = run(database, &SETUP, &format!("setup-after-batch:{nth}")).0;
        end_lease(database);
        if !after {
            return killed;
        }
        killed += 1;
    }
}

/// With rows that expire and buckets that change; how often it was killed.
fn runs_policies(database: &Database, base: &str, disturbed: bool) -> u32 {
    let execute = |statement: &str| {
        database.work(async |connection| {
            connection.execute(statement).await.expect("done");
        });
    };
    execute(&format!(
        "INSERT INTO bss.payment_metrics (time, payment_id, customer_id, amount, currency, status, \
         event_id) SELECT TIMESTAMPTZ '{base}' - INTERVAL '190 days' - n * INTERVAL '11 hours', \
         'o' || n, 'c', n, 'EUR', 'FAILED', 'o' || n FROM generate_series(0, 90) n"
    ));
    let mut killed = 0;
    let steps = [("policies-before-end", 5), ("policies-begun", 5), ("policies-after-step", 1)];
    for (at, (step, last)) in steps.into_iter().enumerate() {
        execute(&format!("DELETE FROM bss.payment_metrics WHERE event_id = 'p{}'", 20 + at));
        // The last that is tried is not reached: that run comes to its end.
        let mut nth = 1;
        while disturbed && run(database, &RUN, &format!("{step}:{nth}")).0 {
            killed += 1;
            nth = last.min(nth + 1);
        }
    }
    run(database, &RUN, "");
    assert_eq!(database.count("SELECT count(*) FROM bss.retention_floor"), 1);
    let (_, text) = run(database, &["metrics", "policies", "check", "-o", "json"], "");
    assert!(!text.contains("\"failed\"") && !text.contains("never ran"), "{text}");
    killed
}

fn goes_on(fresh: &dyn Fn() -> Database, faults: (u32, u32)) {
    let mut ends = Vec::new();
    let database = fresh();
    let base = database.work(async |connection| {
        let query = "SELECT now()::text";
        sqlx::query_scalar::<_, String>(query).fetch_one(connection).await.expect(query)
    });
    for disturbed in [false, true] {
        let database = fresh();
        let killed = sets_up(&database, &base, disturbed);
        assert!(!disturbed || killed >= faults.0, "killed {killed} times");
        let set_up = state(&database);
        let killed = runs_policies(&database, &base, disturbed);
        assert!(!disturbed || killed >= faults.1, "killed {killed} times");
        ends.push((set_up, state(&database)));
    }
    same(&ends[1].0, &ends[0].0, "set up");
    same(&ends[1].1, &ends[0].1, "policies run");
}

#[test]
fn killed_at_each_step_set_up_and_policies_go_on() {
    goes_on(&Database::bare, (38, 8));
}

#[test]
fn killed_at_each_step_set_up_and_policies_go_on_on_community() {
    let _turn = support::pglite();
    let fresh = || {
        wipe_community();
        Database::community_as_it_is()
    };
    goes_on(&fresh, (33, 8));
    wipe_community();
}
