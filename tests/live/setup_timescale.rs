//! `bss setup timescale` on both editions.

use bss::backends::postgres::{connect, migrate};
use bss::config::layers::{Sources, resolve};
use bss::config::settings::Timescale;
use bss::runtime::fault::Fault;
use sqlx::{Connection, Executor, PgConnection};

use crate::bounded::Bounded;
use crate::support;

/// Settings of the test servers' databases.
pub fn settings(community: bool, database: &str) -> Timescale {
    let (host, port) = if community { support::community() } else { support::postgres() };
    let password = if community { "" } else { "postgres" };
    let options = [
        ("timescale.host", host.as_str()),
        ("timescale.port", &port.to_string()),
        ("timescale.database", database),
        ("timescale.password", password),
    ];
    let options = options.map(|(k, v)| (k.to_owned(), v.to_owned())).to_vec();
    resolve(&Sources { options, ..Sources::default() }).expect("settings").settings.timescale
}

/// Runs `work` to its end.
pub fn wait<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime").block_on(work)
}

/// Makes a database on the Apache edition, without the extension.
pub fn make_database(name: &str) {
    wait(create(name));
}

/// A database of its own on the Apache edition, without the extension.
pub async fn fresh_database() -> String {
    let name = support::unique("setup");
    create(&name).await;
    name
}

async fn create(name: &str) {
    let mut admin = connect(&settings(false, "postgres")).await.expect("the Apache edition");
    admin.execute(format!("CREATE DATABASE {name}").as_str()).await.expect("a database");
    admin.close().await.expect("closed");
}

/// Empties the schema on the Community edition; the caller holds the turn.
pub fn wipe_community() {
    wait(async {
        let mut hand = connect(&settings(true, "postgres")).await.expect("connected");
        clean(&mut hand).await;
        hand.close().await.expect("closed");
    });
}

/// Empties the schema on PGlite; 2.23 drops hypertables only one at a time.
async fn clean(connection: &mut PgConnection) {
    let caggs: Vec<String> = sqlx::query_scalar(
        "SELECT format('%I.%I', view_schema, view_name)
         FROM timescaledb_information.continuous_aggregates WHERE view_schema = 'bss'",
    )
    .fetch_all(&mut *connection)
    .await
    .expect("continuous aggregates");
    for cagg in caggs {
        let drop = format!("DROP MATERIALIZED VIEW {cagg} CASCADE");
        connection.execute(drop.as_str()).await.expect(&drop);
    }
    let tables: Vec<String> = sqlx::query_scalar(
        "SELECT format('%I.%I', schemaname, tablename) FROM pg_tables WHERE schemaname = 'bss'",
    )
    .fetch_all(&mut *connection)
    .await
    .expect("tables");
    for table in tables {
        let drop = format!("DROP TABLE {table} CASCADE");
        connection.execute(drop.as_str()).await.expect(&drop);
    }
    let schemas = "DROP SCHEMA IF EXISTS bss, bss_tenant CASCADE";
    connection.execute(schemas).await.expect("no schema");
}

/// How many migrations there are.
pub fn migration_files() -> usize {
    let files = std::fs::read_dir(support::checkout("migrations")).expect("the migrations");
    let is_sql = |f: &std::fs::DirEntry| f.path().extension().is_some_and(|e| e == "sql");
    files.filter(|f| f.as_ref().is_ok_and(is_sql)).count()
}

#[test]
fn migrations_apply_once_on_both_editions() {
    let all = migration_files();
    wait(async {
        let database = fresh_database().await;
        let mut apache = connect(&settings(false, &database)).await.expect("connected");
        assert_eq!(migrate::migrate(&mut apache, &Fault::default()).await.expect("first"), all);
        assert_eq!(migrate::migrate(&mut apache, &Fault::default()).await.expect("second"), 0);
        assert_eq!(migrate::migrations(&mut apache).await.expect("read").pending, []);
    });
    let _turn = support::pglite();
    wait(async {
        let mut community = connect(&settings(true, "postgres")).await.expect("connected");
        clean(&mut community).await;
        assert_eq!(migrate::migrations(&mut community).await.expect("read").pending.len(), all);
        assert_eq!(migrate::migrate(&mut community, &Fault::default()).await.expect("first"), all);
        assert_eq!(migrate::migrate(&mut community, &Fault::default()).await.expect("second"), 0);
    });
}

/// `bss setup timescale ARGUMENTS` on a database.
fn setup(community: bool, database: &str, arguments: &[&str]) -> std::process::Output {
    let home = tempfile::tempdir().expect("folder");
    let mut command = support::bss(home.path());
    command.env("BSS_TIMESCALE_DATABASE", database);
    if community {
        let (host, port) = support::community();
        command
            .env("BSS_TIMESCALE_HOST", host)
            .env("BSS_TIMESCALE_PORT", port.to_string())
            .env("BSS_TIMESCALE_PASSWORD", "");
    }
    command.args(["setup", "timescale"]).args(arguments).stdin(std::process::Stdio::null());
    command.ended().expect("the program starts")
}

/// Runs it, demands the exit code and returns what was shown.
pub fn expect(community: bool, database: &str, arguments: &[&str], status: i32) -> String {
    let output = setup(community, database, arguments);
    let text = support::shown(&output);
    assert_eq!(output.status.code(), Some(status), "{arguments:?} {text}");
    text
}

/// The lines of the plan that `--check` shows.
fn differences(community: bool, database: &str, status: i32) -> Vec<String> {
    let output = setup(community, database, &["--check"]);
    assert_eq!(output.status.code(), Some(status), "{}", support::shown(&output));
    let text = String::from_utf8(output.stdout).expect("text");
    let lines = text.lines().skip(1).filter(|l| *l != "(no differences)");
    lines.map(str::to_owned).collect()
}

/// Alters by hand, demands exactly one line of difference, has it mended.
fn altered(community: bool, database: &str, alteration: &str, line: &str) {
    wait(async {
        let mut hand = connect(&settings(community, database)).await.expect("connected");
        hand.execute(alteration).await.expect(alteration);
        hand.close().await.expect("closed");
    });
    let lines = differences(community, database, 6);
    assert_eq!(lines.len(), 1, "{alteration}: {lines:#?}");
    assert!(lines[0].starts_with(line), "{alteration}: {}", lines[0]);
    expect(community, database, &["--yes"], 0);
    assert_eq!(differences(community, database, 0), Vec::<String>::new(), "{alteration}");
}

/// Case T6.
#[test]
fn the_apache_edition_gets_rollups_and_is_told_what_it_lacks() {
    let database = wait(fresh_database());
    let plan = expect(false, &database, &["--plan"], 0);
    for part in [
        "warning: not available on the Apache edition: compression of payment_metrics, \
         order_metrics, customer_metrics, revenue_metrics, system_metrics; compression policy on",
        "+ create rollup payment_status_daily: by 1 day and tenant, currency, status",
        "+ create hypertable payment_metrics: chunks of 7 days",
        "+ create migration 0001",
    ] {
        assert!(plan.contains(part), "no `{part}` in {plan}");
    }
    // Without a terminal and without --yes nothing happens.
    assert!(expect(false, &database, &[], 2).contains("--yes"));
    assert!(!differences(false, &database, 6).is_empty());
    expect(false, &database, &["--yes"], 0);
    assert_eq!(differences(false, &database, 0), Vec::<String>::new());
    assert!(expect(false, &database, &[], 0).contains("TimescaleDB is as declared."));
    altered(
        false,
        &database,
        "SELECT set_chunk_time_interval('bss.payment_metrics', INTERVAL '1 day')",
        "~ change chunk interval of payment_metrics: 1 day -> 7 days",
    );
    altered(
        false,
        &database,
        "DROP INDEX bss.payment_metrics_suspect_idx",
        "+ create index payment_metrics_suspect_idx on payment_metrics: (time DESC) where",
    );
    altered(
        false,
        &database,
        "DROP INDEX bss.order_metrics_time_idx;
         CREATE INDEX order_metrics_time_idx ON bss.order_metrics (time)",
        "~ change index order_metrics_time_idx on order_metrics: btree (\"time\") -> btree",
    );
    altered(
        false,
        &database,
        "ALTER TABLE bss.fraud_alerts DROP CONSTRAINT fraud_alerts_key",
        "+ create unique key fraud_alerts_key on fraud_alerts: (tenant, alert_id, time)",
    );
    for (alteration, line) in ALTERED_ROLLUPS {
        altered(false, &database, alteration, line);
    }
}

const ALTERED_ROLLUPS: [(&str, &str); 7] = [
    (
        "DROP TRIGGER note_update_old ON bss.payment_metrics",
        "~ change invalidation log of payment_metrics: 4 triggers -> 5",
    ),
    (
        "ALTER TABLE bss.revenue_metrics DISABLE TRIGGER note_insert",
        "~ change invalidation log of revenue_metrics: 4 triggers -> 5",
    ),
    (
        "CREATE OR REPLACE FUNCTION bss.note_payment_metrics() RETURNS trigger LANGUAGE plpgsql
         AS $$ BEGIN RETURN NULL; END $$",
        "~ change invalidation log of payment_metrics: another body -> its body",
    ),
    ("DROP FUNCTION bss.refresh_rollup", "+ create function refresh_rollup"),
    ("DROP VIEW bss.revenue_daily", "+ create view revenue_daily: over revenue_daily_v1"),
    (
        "CREATE OR REPLACE VIEW bss.revenue_daily AS SELECT * FROM bss.revenue_daily_v1",
        "~ change view revenue_daily: another body -> the columns of revenue_daily_v1",
    ),
    (
        "UPDATE bss.rollup SET definition = 'SELECT 1' WHERE name = 'revenue_daily_v1'",
        "~ change rollup revenue_daily: another SELECT -> its SELECT  (the old one is kept",
    ),
];

#[test]
fn foreign_objects_are_told_and_left() {
    let database = wait(fresh_database());
    expect(false, &database, &["--yes"], 0);
    wait(async {
        let mut hand = connect(&settings(false, &database)).await.expect("connected");
        let make = "CREATE INDEX mine ON bss.order_metrics (region)";
        hand.execute(make).await.expect(make);
    });
    let foreign = "- foreign index mine on order_metrics  (not declared, left as it is)";
    assert_eq!(differences(false, &database, 6), [foreign]);
    assert!(expect(false, &database, &["--yes"], 0).contains("1 objects are not declared"));
    assert_eq!(differences(false, &database, 6), [foreign]);
}

/// Case T15.
#[test]
fn the_community_edition_is_reconciled_and_each_alteration_is_one_line() {
    let _turn = support::pglite();
    let database = "postgres";
    wipe_community();
    let plan = expect(true, database, &["--sql"], 0);
    assert!(plan.contains("CREATE MATERIALIZED VIEW bss.\"payment_status_daily_v1\""), "{plan}");
    expect(true, database, &["--yes"], 0);
    assert_eq!(differences(true, database, 0), Vec::<String>::new());
    for (alteration, line) in altered_policies().into_iter().chain(altered_aggregates()) {
        altered(true, database, &alteration, line);
    }
}

/// Chunks, policies and jobs altered by hand, and the line that tells.
fn altered_policies() -> Vec<(String, &'static str)> {
    let job = |kind: &str, on: &str, what: &str| {
        format!(
            "SELECT alter_job(job_id, {what}) FROM timescaledb_information.jobs
             WHERE proc_name = '{kind}' AND hypertable_schema = 'bss' AND hypertable_name = '{on}'"
        )
    };
    let refresh = "policy_refresh_continuous_aggregate";
    let half = "schedule_interval => INTERVAL '30 minutes'";
    let retain = "SELECT delete_job(job_id) FROM timescaledb_information.jobs
        WHERE proc_name = 'retain' AND config ->> 'hypertable' = 'order_metrics'";
    vec![
        (
            job(refresh, "payment_status_daily_v1", half),
            "~ change refresh policy on payment_status_daily: from 7 days to 1 hour ago, every 30 \
             minutes -> from 7 days to 1 hour ago, every 1 hour",
        ),
        (
            job(refresh, "revenue_daily_v1", "scheduled => false"),
            "~ change refresh policy on revenue_daily: from 7 days to 1 hour ago, every 1 hour, \
             paused -> ",
        ),
        (
            job("policy_compression", "system_metrics", half),
            "~ change compression policy on system_metrics: after 7 days, every 30 minutes -> ",
        ),
        (
            "SELECT set_chunk_time_interval('bss.system_metrics', INTERVAL '3 days')".to_owned(),
            "~ change chunk interval of system_metrics: 3 days -> 1 day",
        ),
        (
            "ALTER TABLE bss.payment_metrics SET (timescaledb.compress,
             timescaledb.compress_segmentby = 'currency')"
                .to_owned(),
            "~ change compression of payment_metrics: segment by currency, order by time DESC -> \
             segment by none, order by time DESC",
        ),
        (
            "SELECT add_retention_policy('bss.payment_metrics', INTERVAL '1 year')".to_owned(),
            "- remove native retention policy on payment_metrics: after 1 year",
        ),
        (retain.to_owned(), "+ create retention job on order_metrics: after 2 years, every 1 day"),
    ]
}

/// Views and aggregates altered by hand, and the line that tells.
fn altered_aggregates() -> Vec<(String, &'static str)> {
    let view = "CREATE OR REPLACE VIEW bss.payment_status_daily AS
        SELECT day, tenant, currency, status, payment_count, total_amount, fraud_score_sum,
               fraud_score_count + 1 AS fraud_score_count FROM bss.payment_status_daily_v1";
    let other = "DROP MATERIALIZED VIEW bss.revenue_daily_v1 CASCADE;
        CREATE MATERIALIZED VIEW bss.revenue_daily_v1 WITH (timescaledb.continuous) AS
        SELECT time_bucket('1 day', time) AS day, sum(revenue) AS total_revenue
        FROM bss.revenue_metrics GROUP BY 1 WITH NO DATA";
    vec![
        (
            "DROP VIEW bss.revenue_daily".to_owned(),
            "+ create view revenue_daily: over revenue_daily_v1",
        ),
        (view.to_owned(), "~ change view payment_status_daily: another body -> "),
        (
            "DROP MATERIALIZED VIEW bss.customer_activity_daily_v1 CASCADE".to_owned(),
            "+ create continuous aggregate customer_activity_daily: by 1 day and tenant, customer_id",
        ),
        (other.to_owned(), "~ change continuous aggregate revenue_daily: another SELECT -> "),
        (
            "ALTER MATERIALIZED VIEW bss.payment_status_daily_v1
             SET (timescaledb.materialized_only = true)"
                .to_owned(),
            "~ change continuous aggregate payment_status_daily: materialized only -> real-time",
        ),
        (
            "CREATE OR REPLACE PROCEDURE bss.retain(job_id int, config jsonb)
             LANGUAGE plpgsql AS 'BEGIN END'"
                .to_owned(),
            "~ change procedure retain: another body -> its body",
        ),
    ]
}

#[test]
fn servers_that_cannot_be_used_are_told_with_the_next_step() {
    let database = wait(fresh_database());
    let run = |variables: &[(&str, &str)], arguments: &[&str]| {
        let home = tempfile::tempdir().expect("folder");
        let mut command = support::bss(home.path());
        command.env("BSS_TIMESCALE_DATABASE", &database).envs(variables.iter().copied());
        command.args(["setup", "timescale"]).args(arguments);
        let output = command.ended().expect("the program starts");
        (output.status.code(), support::shown(&output))
    };
    // A port that was free a moment ago.
    let free = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = free.local_addr().expect("address").port().to_string();
    drop(free);
    for (variables, says) in [
        ([("BSS_TIMESCALE_PORT", port.as_str())], "could not connect to database"),
        ([("BSS_TIMESCALE_PASSWORD", "wrong")], "password authentication failed"),
        ([("BSS_TIMESCALE_DATABASE", "nowhere")], "database \"nowhere\" does not exist"),
    ] {
        let (status, text) = run(&variables, &["--plan"]);
        assert_eq!(status, Some(4), "{text}");
        assert!(text.contains(says), "no `{says}` in {text}");
        assert!(!text.contains("wrong\""), "{text}");
    }
    let (status, text) = run(&[("BSS_TIMESCALE_PORT", &port)], &["--plan", "--wait=1s"]);
    assert_eq!(status, Some(4), "{text}");
    assert!(text.contains("hint: Waited 1 s; --wait=DURATION waits longer."), "{text}");
    let (status, text) = run(&[("BSS_TIMESCALE_ZONE", "Mars/Olympus")], &["--plan"]);
    assert_eq!(status, Some(3), "{text}");
    assert!(text.contains("timescale.zone is `Mars/Olympus`"), "{text}");
}

/// Case T2.
#[test]
fn a_declaration_that_cannot_be_right_is_refused_with_both_numbers() {
    let home = tempfile::tempdir().expect("folder");
    let file = home.path().join("declared.toml");
    let text = bss::timescale::spec::DECLARED.replace(
        "refresh = { start_offset = \"7 days\", end_offset = \"15 minutes\"",
        "refresh = { start_offset = \"1 day\", end_offset = \"15 minutes\"",
    );
    std::fs::write(&file, text).expect("written");
    let mut command = support::bss(home.path());
    command.env("BSS_TIMESCALE_DECLARED", &file).args(["setup", "timescale", "--plan"]);
    let output = command.ended().expect("the program starts");
    let text = support::shown(&output);
    assert_eq!(output.status.code(), Some(3), "{text}");
    assert!(
        text.contains(
            "caused by: continuous aggregate customer_activity_daily: the refresh window from 1 \
             day to 15 minutes before now is shorter than two buckets of 1 day"
        ),
        "{text}"
    );
}

#[test]
fn a_second_operator_is_refused_by_name_until_the_lease_ends() {
    let database = wait(fresh_database());
    wait(async {
        let mut other = connect(&settings(false, &database)).await.expect("connected");
        migrate::lay_foundation(&mut other).await.expect("foundation");
        let lease = migrate::Lease { owner: "anna".into(), host: "ops1".into() };
        lease.take(&mut other).await.expect("free");
    });
    let refused = expect(false, &database, &["--yes"], 5);
    assert!(refused.contains("caused by: \"anna\" on host \"ops1\" holds it until "), "{refused}");
    wait(async {
        let mut other = connect(&settings(false, &database)).await.expect("connected");
        let end = "UPDATE bss.operator_lock SET expires_at = now() - INTERVAL '1 second'";
        other.execute(end).await.expect(end);
    });
    expect(false, &database, &["--yes"], 0);
}

#[test]
fn ddl_does_not_queue_behind_a_writer() {
    let database = wait(fresh_database());
    expect(false, &database, &["--yes"], 0);
    wait(async {
        let mut writer = connect(&settings(false, &database)).await.expect("connected");
        let drop_index = "DROP INDEX bss.order_metrics_time_idx";
        writer.execute(drop_index).await.expect(drop_index);
        let mut open = writer.begin().await.expect("begun");
        open.execute("LOCK TABLE bss.order_metrics IN ROW EXCLUSIVE MODE").await.expect("locked");
        let text = expect(false, &database, &["--yes"], 4);
        assert!(text.contains("canceling statement due to lock timeout"), "{text}");
        assert!(text.contains("hint: Others held the table for more than 5s."), "{text}");
        open.rollback().await.expect("let go");
    });
    expect(false, &database, &["--yes"], 0);
    assert_eq!(differences(false, &database, 0), Vec::<String>::new());
}
