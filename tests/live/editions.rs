//! A database that comes from the other edition of the server is brought to this one by a plan, and
//! answers as it did before.

use bss::backends::postgres::{apply, inventory, migrate};
use bss::runtime::fault::Fault;
use bss::timescale::editions::history_table;
use bss::timescale::plan::{Change, plan};
use bss::timescale::server::Edition;
use bss::timescale::spec::{ContinuousAggregate, DECLARED, Spec};
use bss::timescale::{rollups, sql};
use sqlx::{Executor, PgConnection};

use crate::aggregates::answers;
use crate::bounded::Bounded;
use crate::metrics_database::Database;
use crate::setup_timescale::wipe_community;
use crate::support::{self, shown};

fn spec() -> Spec {
    Spec::parse(DECLARED, "UTC").expect("the declaration")
}

async fn run(connection: &mut PgConnection, statement: &str) {
    connection.execute(statement).await.unwrap_or_else(|e| panic!("{statement}: {e}"));
}

fn bss(database: &Database, arguments: &[&str], status: i32) -> String {
    let output = database.bss().args(arguments).ended().expect("bss");
    assert_eq!(output.status.code(), Some(status), "{arguments:?} {}", shown(&output));
    shown(&output)
}

/// The lines of the plan that `--check` shows.
fn differences(database: &Database, status: i32) -> Vec<String> {
    let output = database.bss().args(["setup", "timescale", "--check"]).ended().expect("bss");
    assert_eq!(output.status.code(), Some(status), "{}", shown(&output));
    let text = String::from_utf8(output.stdout).expect("text");
    let lines = text.lines().skip(1).filter(|l| *l != "(no differences)");
    lines.map(str::to_owned).collect()
}

/// Rows of each kind up to `base`, one every 17 hours: of the last weeks, of what expires in the test
/// and of what has expired before.
async fn fill(connection: &mut PgConnection, base: &str) {
    let times = format!(
        "FROM generate_series(0, 1130) n, LATERAL (SELECT TIMESTAMPTZ '{base}' - INTERVAL '2 hours' \
         - n * INTERVAL '17 hours' AS t) x WHERE n < 40 OR n BETWEEN 560 AND 620 OR n > 1000"
    );
    for insert in [
        "payment_metrics (time, payment_id, customer_id, amount, currency, status, payment_method, \
         fraud_score, event_id) SELECT t, 'p' || n, 'c' || n % 5, n / 7.0, 'EUR', \
         CASE WHEN n % 3 = 0 THEN 'FAILED' ELSE 'COMPLETED' END, 'CARD', n % 90, 'p' || n",
        "order_metrics (time, order_id, customer_id, status, total_amount, currency, items_count, \
         region, event_id) SELECT t, 'o' || n, 'c' || n % 5, 'PENDING', n / 9.0, 'USD', n % 4, \
         CASE WHEN n % 2 = 0 THEN 'EU' END, 'o' || n",
        "customer_metrics (time, customer_id, metric_name, metric_value, event_id) \
         SELECT t, 'c' || n % 5, 'logins', n, 'm' || n",
        "revenue_metrics (time, revenue, costs, profit, currency, orders_count, region, event_id) \
         SELECT t, n, 1, n - 1, 'EUR', 1, 'EU', 'r' || n",
        "system_metrics (time, service_name, cpu_usage, latency_p99, event_id) \
         SELECT t, 's' || n % 3, n % 100, n % 900, 's' || n",
    ] {
        let insert =
            insert.replace(" / 7.0,", "::numeric / 8,").replace(" / 9.0,", "::numeric / 4,");
        run(connection, &format!("INSERT INTO bss.{insert} {times}")).await;
    }
}

const REPORTS: [&[&str]; 9] = [
    &["metrics", "query", "payment", "--bucket", "1mo", "--by", "status", "--since", "2020-01-01"],
    &["metrics", "query", "revenue", "--bucket", "1d", "--since", "40d"],
    &[
        "metrics",
        "query",
        "system",
        "--bucket",
        "1h",
        "--since",
        "2020-01-01",
        "-m",
        "count,avg:cpuUsage",
    ],
    &["analytics", "revenue", "summary", "--since", "2020-01-01"],
    &["analytics", "revenue", "region", "--total", "--since", "2020-01-01"],
    &["analytics", "orders", "status", "--total", "--since", "2020-01-01"],
    &["analytics", "customer", "top", "--since", "2020-01-01"],
    &["fraud", "payments", "status", "--since", "2020-01-01"],
    &["fraud", "patterns", "--since", "2020-01-01"],
];

/// What the views and the reports say.
fn all_answers(database: &Database, as_of: &str) -> Vec<String> {
    let mut all = answers(database);
    for report in REPORTS {
        let arguments = [report, &["--as-of", as_of, "-o", "json"]].concat();
        let output = database.bss().args(&arguments).ended().expect("bss");
        assert_eq!(output.status.code(), Some(0), "{arguments:?} {}", shown(&output));
        all.push(String::from_utf8(output.stdout).expect("text"));
    }
    all
}

/// The move, with what the plan should say; the answers stay what they were.
fn moves(database: &Database, before: &[String], as_of: &str, says: &[String]) {
    let told = differences(database, 6);
    for line in says {
        assert!(told.iter().any(|l| l.starts_with(line)), "no `{line}` in {told:#?}");
    }
    assert_eq!(bss(database, &["setup", "timescale", "--plan"], 0).matches("~ change").count(), 10);
    bss(database, &["setup", "timescale", "--yes"], 0);
    assert_eq!(differences(database, 0), Vec::<String>::new());
    let same = |when: &str| {
        let now = all_answers(database, as_of);
        for (now, before) in now.iter().zip(before) {
            assert_eq!(now, before, "{when}");
        }
        assert_eq!(now.len(), before.len(), "{when}");
    };
    same("after the move");
    let again = bss(database, &["setup", "timescale", "--yes"], 0);
    assert!(again.contains("TimescaleDB is as declared"), "{again}");
    bss(database, &["metrics", "policies", "run", "--all"], 0);
    bss(database, &["metrics", "refresh", "--stale"], 0);
    same("after the policies");
    // More rows expire: what they added up to stays.
    database.work(async |connection| {
        for table in ["payment_metrics", "order_metrics", "revenue_metrics"] {
            let expire = format!(
                "CALL bss.retain(0, '{{\"hypertable\": \"{table}\", \"drop_after\": \"400 days\"}}')"
            );
            run(connection, &expire).await;
        }
    });
    let views = answers(database);
    assert_eq!(views, before[..views.len()], "after more has expired");
    bss(database, &["setup", "timescale", "--check"], 0);
}

/// Rows, refreshed and expired as the rollups' edition does; gives the floors by table.
async fn age(connection: &mut PgConnection, spec: &Spec, base: &str) {
    fill(connection, base).await;
    for aggregate in &spec.aggregates {
        let inner = (&*aggregate.inner(), aggregate.bucket);
        let refresh = rollups::refresh(inner, "'-infinity'", "now() - INTERVAL '1 hour'");
        while sqlx::query_scalar::<_, i32>(&refresh)
            .fetch_one(&mut *connection)
            .await
            .expect("made")
            > 0
        {}
    }
    for table in &spec.hypertables {
        let retain = format!(
            "CALL bss.retain(0, '{{\"hypertable\": \"{}\", \"drop_after\": \"2 years\"}}')",
            table.name
        );
        run(connection, &retain).await;
    }
}

/// An instant that is now, and `--as-of` for it.
fn now(database: &Database) -> String {
    database.work(async |connection| {
        let query = "SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')";
        sqlx::query_scalar(query).fetch_one(connection).await.expect(query)
    })
}

#[test]
fn rollups_give_way_to_continuous_aggregates() {
    let _turn = support::pglite();
    wipe_community();
    let database = Database::community_as_it_is();
    let base = now(&database);
    database.work(async |connection| {
        let spec = spec();
        migrate::migrate(connection, &Fault::default()).await.expect("migrated");
        let server = inventory::server(connection).await.expect("a server");
        let found = inventory::inventory(connection, &spec, &server).await.expect("read");
        // What the Apache edition's apply makes.
        apply::prepare(connection, &server).await.expect("prepared");
        for (step, change) in plan(&spec, &found, Edition::Apache, "public").changes() {
            let batches = sql::batches(&spec, change, "public");
            let (what, fault) = (step.to_string(), Fault::default());
            apply::step(connection, &what, &batches, &fault).await.expect("a step");
        }
        age(connection, &spec, &base).await;
    });
    let before = all_answers(&database, &base);
    assert!(before.iter().any(|line| line.contains("payment_pattern_hourly")));
    let floors = database.count("SELECT count(*) FROM bss.retention_floor");
    assert_eq!(floors, 6 - 1, "of each table with rows");
    let says = [
        "~ change continuous aggregate payment_pattern_hourly: a rollup -> a continuous aggregate  \
         (its buckets before 20",
        "- remove invalidation log of payment_metrics: 5 triggers",
        "- remove function refresh_rollup",
        "+ create compression policy on payment_metrics",
        "+ create retention job on payment_metrics",
    ];
    moves(&database, &before, &base, &says.map(str::to_owned));
    let left = "SELECT count(*) FROM pg_proc WHERE pronamespace = 'bss'::regnamespace \
                AND (proname LIKE 'note\\_%' OR proname IN ('bucket_of', 'refresh_rollup'))";
    assert_eq!(database.count(left), 0);
    assert_eq!(database.count("SELECT count(*) FROM bss.rollup"), 0);
    assert_eq!(database.count("SELECT count(*) FROM bss.rollup_invalidation"), 0);
    wipe_community();
}

/// Makes of a rollup what the Community edition would have left: registered with the server or, as
/// after a dump of the schema alone, not.
async fn leave_behind(
    connection: &mut PgConnection,
    spec: &Spec,
    aggregate: &ContinuousAggregate,
    (number, registered): (usize, bool),
) {
    let (inner, internal) = (aggregate.inner(), "_timescaledb_internal");
    let made = format!("{internal}._materialized_hypertable_{number}");
    let column = &aggregate.bucket_column;
    let columns = aggregate.columns().join(", ");
    let select = sql::select(spec, aggregate);
    let text = "SELECT _timescaledb_functions.to_unix_microseconds(watermark) FROM bss.rollup \
                WHERE name = $1";
    let watermark: i64 = sqlx::query_scalar(text)
        .bind(&inner)
        .fetch_one(&mut *connection)
        .await
        .expect("a watermark");
    run(connection, &format!("CREATE TABLE {made} AS SELECT {columns} FROM bss.{inner}")).await;
    run(connection, &format!("ALTER TABLE {made} ALTER {column} SET NOT NULL")).await;
    let hypertable = format!(
        "SELECT create_hypertable('{made}', by_range('{column}', INTERVAL '70 days'), \
         migrate_data => true)"
    );
    run(connection, &hypertable).await;
    let id = "SELECT id FROM _timescaledb_catalog.hypertable WHERE table_name = $1";
    let id: i32 = sqlx::query_scalar(id)
        .bind(format!("_materialized_hypertable_{number}"))
        .fetch_one(&mut *connection)
        .await
        .expect("a hypertable");
    // Of one that is not registered the server knows no watermark: its view cannot be read.
    let known = if registered { id } else { 100_000 + id };
    let until = format!(
        "coalesce(_timescaledb_functions.to_timestamp(_timescaledb_functions.cagg_watermark({known})), \
         '-infinity'::timestamptz)"
    );
    let rows = select.replacen("GROUP BY", &format!("WHERE \"time\" >= {until}\nGROUP BY"), 1);
    for statement in [
        format!("DROP VIEW bss.{}", aggregate.name),
        format!("DROP TABLE bss.{inner}"),
        format!("DELETE FROM bss.rollup WHERE name = '{inner}'"),
        format!(
            "CREATE VIEW bss.{inner} AS SELECT {columns} FROM {made} WHERE {column} < {until} \
             UNION ALL {rows}"
        ),
        format!("COMMENT ON VIEW bss.{inner} IS 'bss {}'", sql::digest(spec, aggregate)),
        format!("CREATE VIEW bss.{} AS {}", aggregate.name, sql::view_select(aggregate, None)),
    ] {
        run(connection, &statement).await;
    }
    if registered {
        register(connection, spec, aggregate, (number, id, watermark)).await;
    }
}

/// Makes it known to the server as a continuous aggregate, with a policy.
async fn register(
    connection: &mut PgConnection,
    spec: &Spec,
    aggregate: &ContinuousAggregate,
    (number, id, watermark): (usize, i32, i64),
) {
    let (inner, internal) = (aggregate.inner(), "_timescaledb_internal");
    let select = sql::select(spec, aggregate);
    for statement in [
        format!("CREATE VIEW {internal}._partial_view_{number} AS {select}"),
        format!("CREATE VIEW {internal}._direct_view_{number} AS {select}"),
        format!(
            "INSERT INTO _timescaledb_catalog.continuous_agg (mat_hypertable_id, raw_hypertable_id, \
             user_view_schema, user_view_name, partial_view_schema, partial_view_name, \
             direct_view_schema, direct_view_name, materialized_only) \
             SELECT {id}, h.id, 'bss', '{inner}', '{internal}', '_partial_view_{number}', \
             '{internal}', '_direct_view_{number}', false FROM _timescaledb_catalog.hypertable h \
             WHERE h.table_name = '{}'",
            aggregate.on
        ),
        format!(
            "INSERT INTO _timescaledb_catalog.continuous_aggs_bucket_function VALUES ({id}, \
             'public.time_bucket(interval,timestamp with time zone)', '{}', NULL, NULL, NULL, true)",
            aggregate.bucket
        ),
        format!(
            "INSERT INTO _timescaledb_catalog.continuous_aggs_watermark VALUES ({id}, {watermark})"
        ),
        job(1000 + number, "policy_refresh_continuous_aggregate", &id.to_string(), "{}"),
    ] {
        run(connection, &statement).await;
    }
}

/// A job as it stands in the server's catalog.
fn job(id: usize, name: &str, hypertable: &str, config: &str) -> String {
    let schema = if name == "retain" { "bss" } else { "_timescaledb_functions" };
    format!(
        "INSERT INTO _timescaledb_catalog.bgw_job VALUES ({id}, '{name}', '1 hour', '0', -1, '1 hour', \
         '{schema}', '{name}', 'postgres', false, false, NULL, {hypertable}, '{config}', NULL, NULL, \
         NULL)"
    )
}

#[test]
fn continuous_aggregates_give_way_to_rollups() {
    let database = Database::fresh();
    let base = now(&database);
    database.work(async |connection| {
        run(connection, "SET search_path = bss, public; SET client_min_messages = error").await;
        age(connection, &spec(), &base).await;
    });
    let before = all_answers(&database, &base);
    database.work(async |connection| {
        run(connection, "SET search_path = bss, public; SET client_min_messages = error").await;
        let spec = spec();
        for (number, aggregate) in spec.aggregates.iter().enumerate() {
            leave_behind(connection, &spec, aggregate, (number, number % 2 == 0)).await;
        }
        let tables = spec.hypertables.iter().map(|t| Change::NoInvalidationLog(t.name.clone()));
        for change in tables.chain(rollups::NAMES.map(Change::NoRoutine)) {
            let batches = sql::batches(&spec, &change, "public");
            apply::step(connection, "gone", &batches, &Fault::default()).await.expect("gone");
        }
        let payments = "(SELECT id FROM _timescaledb_catalog.hypertable \
                        WHERE table_name = 'payment_metrics')";
        run(
            connection,
            &job(2000, "policy_compression", payments, "{\"compress_after\": \"7 days\"}"),
        )
        .await;
        let config = "{\"hypertable\": \"order_metrics\", \"drop_after\": \"2 years\"}";
        run(connection, &job(2001, "retain", "NULL", config)).await;
    });
    let kept = history_table("payment_pattern_daily_v1");
    let says = [
        "~ change rollup revenue_daily: a continuous aggregate -> a rollup  (its buckets before 20",
        "~ change rollup customer_activity_daily: the view of a continuous aggregate that is gone -> \
         a rollup  (its buckets before 20",
        "+ create function refresh_rollup",
        "+ create invalidation log of payment_metrics: by statement triggers",
        "- remove compression policy on payment_metrics: job 2000",
        "- remove retention job on order_metrics: job 2001",
    ];
    moves(&database, &before, &base, &says.map(str::to_owned));
    assert!(database.count(&format!("SELECT count(*) FROM bss.{kept}")) > 50);
    let left =
        "SELECT count(*) FROM pg_class WHERE relname LIKE '\\_materialized\\_hypertable\\_%'";
    assert_eq!(database.count(left), 0);
    let jobs = "SELECT count(*) FROM timescaledb_information.jobs WHERE job_id >= 1000";
    assert_eq!(database.count(jobs), 0);
}

/// Where nothing is left of the other edition below the floor, the plan says from where on there is
/// something; a table that nothing reads any more is named.
#[test]
fn what_cannot_be_made_again_is_said() {
    let database = Database::fresh();
    let base = now(&database);
    database.work(async |connection| {
        run(connection, "SET search_path = bss, public; SET client_min_messages = error").await;
        age(connection, &spec(), &base).await;
        for statement in [
            "DROP VIEW bss.revenue_daily",
            "DROP TABLE bss.revenue_daily_v1",
            "DELETE FROM bss.rollup WHERE name = 'revenue_daily_v1'",
            "CREATE TABLE _timescaledb_internal._materialized_hypertable_9 (day timestamptz)",
        ] {
            run(connection, statement).await;
        }
    });
    let told = differences(&database, 6);
    assert_eq!(told.len(), 2, "{told:#?}");
    let made = &told[0];
    assert!(made.starts_with("+ create rollup revenue_daily: by 1 day and tenant"), "{made}");
    assert!(made.contains("; without buckets before 20") && made.ends_with("are gone)"), "{made}");
    assert!(told[1].contains("DROP TABLE _timescaledb_internal._materialized_hyp"), "{}", told[1]);
    bss(&database, &["setup", "timescale", "--yes"], 0);
    assert_eq!(differences(&database, 6), told[1..]);
}
