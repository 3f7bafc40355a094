//! `bss setup timescale --adopt`: with the declaration that it prints the server is as declared.

use std::process::Output;

use sqlx::Executor;

use crate::bounded::Bounded;
use crate::metrics_database::Database;
use crate::setup_timescale::wipe_community;
use crate::support::{self, shown};

fn setup(database: &Database, arguments: &[&str], status: i32) -> Output {
    let mut command = database.bss();
    let output = command.args(["setup", "timescale"]).args(arguments).ended().expect("bss");
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {}", shown(&output));
    output
}

fn executes(database: &Database, statement: &str) {
    database.work(async |connection| {
        connection.execute(statement).await.unwrap_or_else(|e| panic!("{statement}: {e}"));
    });
}

/// Adopts into a file and returns what was printed.
fn adopted(database: &Database) -> String {
    let output = setup(database, &["--adopt"], 0);
    std::fs::write(database.home().join("adopted.toml"), &output.stdout).expect("written");
    String::from_utf8(output.stdout).expect("text")
}

const ADOPTED: [&str; 3] = ["--set", "timescale.declared=adopted.toml", "--check"];

/// Alterations that both editions have.
const ALTERED: [&str; 4] = [
    "SELECT set_chunk_time_interval('bss.payment_metrics', INTERVAL '1 day')",
    "DROP INDEX bss.order_metrics_time_idx;
     CREATE INDEX order_metrics_time_idx ON bss.order_metrics (time)",
    "CREATE INDEX mine ON bss.order_metrics (region, time DESC NULLS LAST)
     WHERE status <> 'it''s' AND items_count > 3",
    "DROP INDEX bss.payment_metrics_suspect_idx",
];

/// What is declared is adopted as it is; what was altered as it was altered.
fn comes_back(database: &Database, alterations: &[&str]) {
    let first = adopted(database);
    setup(database, &ADOPTED, 0);
    setup(database, &["--check"], 0);
    for alteration in ALTERED.iter().chain(alterations) {
        executes(database, alteration);
    }
    setup(database, &ADOPTED, 6);
    let second = adopted(database);
    assert_ne!(first, second);
    assert!(second.contains("\"mine\""), "{second}");
    setup(database, &ADOPTED, 0);
    // Applying it changes nothing, and it can be adopted from itself.
    let done = setup(database, &["--set", "timescale.declared=adopted.toml", "--yes"], 0);
    assert!(shown(&done).contains("TimescaleDB is as declared."), "{}", shown(&done));
    let again = ["--set", "timescale.declared=adopted.toml", "--adopt"];
    assert_eq!(String::from_utf8_lossy(&setup(database, &again, 0).stdout), second);
    // What no declaration can hold is told.
    executes(database, "CREATE INDEX odd ON bss.order_metrics (lower(region))");
    let told = shown(&setup(database, &["--adopt"], 7));
    assert!(told.contains("a declaration cannot hold: - foreign index odd"), "{told}");
    executes(database, "DROP INDEX bss.odd");
}

#[test]
fn the_apache_edition_is_adopted() {
    let database = Database::fresh();
    comes_back(
        &database,
        &["CREATE TABLE bss.more (time timestamptz NOT NULL, tenant text NOT NULL, n int);
           CREATE UNIQUE INDEX more_key ON bss.more (tenant, time) NULLS NOT DISTINCT;
           SELECT create_hypertable('bss.more', by_range('time', INTERVAL '2 days'),
                                    create_default_indexes => false)"],
    );
    let text = adopted(&database);
    assert!(text.contains("name = \"more\"\nchunk_interval = \"2 days\""), "{text}");
    assert!(text.contains("# This edition keeps compression, retention"), "{text}");
}

#[test]
fn the_community_edition_is_adopted_with_its_aggregates_and_policies() {
    let _turn = support::pglite();
    wipe_community();
    let database = Database::community();
    let job = |kind: &str, on: &str, what: &str| {
        format!(
            "SELECT alter_job(job_id, {what}) FROM timescaledb_information.jobs
             WHERE proc_name = '{kind}' AND hypertable_schema = 'bss' AND hypertable_name = '{on}'"
        )
    };
    let refresh = "policy_refresh_continuous_aggregate";
    let own = "DROP MATERIALIZED VIEW bss.revenue_daily_v1 CASCADE;
        CREATE MATERIALIZED VIEW bss.revenue_daily_v1 WITH (timescaledb.continuous,
            timescaledb.materialized_only = true, timescaledb.create_group_indexes = false) AS
        SELECT time_bucket('2 days', time) AS two_days, tenant, region,
               sum(revenue) AS total_revenue, max(costs) + 1 AS most, count(*) AS row_count
        FROM bss.revenue_metrics GROUP BY 1, 2, 3 WITH NO DATA;
        CREATE VIEW bss.revenue_daily AS SELECT two_days, tenant, region, total_revenue, most, row_count
        FROM bss.revenue_daily_v1;
        SELECT add_continuous_aggregate_policy('bss.revenue_daily_v1', INTERVAL '6 days',
            INTERVAL '90 minutes', INTERVAL '3 hours')";
    let alterations = [
        job(refresh, "payment_status_daily_v1", "schedule_interval => INTERVAL '30 minutes'"),
        job("policy_compression", "system_metrics", "schedule_interval => INTERVAL '1 day'"),
        "SELECT delete_job(job_id) FROM timescaledb_information.jobs
         WHERE proc_name = 'retain' AND config ->> 'hypertable' = 'order_metrics'"
            .to_owned(),
        "ALTER TABLE bss.payment_metrics SET (timescaledb.compress,
         timescaledb.compress_segmentby = 'currency')"
            .to_owned(),
        own.to_owned(),
    ];
    comes_back(&database, &alterations.each_ref().map(String::as_str));
    let text = adopted(&database);
    for part in ["every = \"30 minutes\"", "bucket = \"2 days\"", "materialized_only = true"] {
        assert!(text.contains(part), "no `{part}` in {text}");
    }
    executes(&database, &job(refresh, "payment_pattern_daily_v1", "scheduled => false"));
    let told = shown(&setup(&database, &["--adopt"], 7));
    assert!(
        told.contains("cannot hold: ~ change refresh policy on payment_pattern_daily"),
        "{told}"
    );
    wipe_community();
}
