//! Rows expire only once every aggregate has seen them, and no refresh wipes what they added up to.

use bss::backends::postgres::connect;
use sqlx::{Connection, Executor, PgConnection};

use crate::setup_timescale::{expect, fresh_database, settings, wait, wipe_community};
use crate::support;

/// The sums of the daily and of the hourly aggregate, and the number of raw rows.
async fn sums(connection: &mut PgConnection) -> ([i64; 2], i64) {
    let daily = "SELECT coalesce(sum(payment_count), 0)::bigint FROM bss.payment_status_daily";
    let hourly = "SELECT coalesce(sum(payment_count), 0)::bigint FROM bss.payment_pattern_hourly";
    let raw = "SELECT count(*) FROM bss.payment_metrics";
    let mut counts = [0; 3];
    for (count, query) in counts.iter_mut().zip([daily, hourly, raw]) {
        *count = sqlx::query_scalar(query).fetch_one(&mut *connection).await.expect(query);
    }
    let [daily, hourly, raw] = counts;
    ([daily, hourly], raw)
}

/// Lets payments expire as the server does: by its job, or as `bss metrics policies run` does.
async fn retain(connection: &mut PgConnection, community: bool) -> Result<(), String> {
    if !community {
        let call = "CALL bss.retain(0, '{\"hypertable\": \"payment_metrics\", \"drop_after\": \"2 years\"}')";
        return connection.execute(call).await.map(drop).map_err(|e| e.to_string());
    }
    let job: i32 = sqlx::query_scalar(
        "SELECT job_id FROM timescaledb_information.jobs
         WHERE proc_name = 'retain' AND config ->> 'hypertable' = 'payment_metrics'",
    )
    .fetch_one(&mut *connection)
    .await
    .expect("the job");
    let run = format!("CALL run_job({job})");
    connection.execute(run.as_str()).await.map(drop).map_err(|e| e.to_string())
}

/// `count` payments, one each `step`, from `from` on.
async fn pay(connection: &mut PgConnection, name: &str, from: &str, count: u32, step: &str) {
    let insert = format!(
        "INSERT INTO bss.payment_metrics
             (time, payment_id, customer_id, amount, currency, status, event_id)
         SELECT {from} + n * INTERVAL '{step}', '{name}' || n, 'c' || n % 7, 10, 'EUR',
                'COMPLETED', '{name}' || n FROM generate_series(0, {count} - 1) n"
    );
    connection.execute(insert.as_str()).await.expect(&insert);
}

/// On the Community edition if `turn` is given, which is then held.
fn retention_keeps_every_sum(turn: Option<support::Turn>, zone: &str) {
    let community = turn.is_some();
    let database = if community { "postgres".to_owned() } else { wait(fresh_database()) };
    let database = database.as_str();
    if community {
        wipe_community();
    }
    let home = tempfile::tempdir().expect("folder");
    let file = home.path().join("zone.toml");
    std::fs::write(&file, format!("[timescale]\nzone = \"{zone}\"\n")).expect("written");
    let config = file.to_str().expect("a path");
    let arguments = ["--config", config, "--yes"];
    expect(community, database, &arguments, 0);
    wait(async {
        let mut hand = connect(&settings(community, database)).await.expect("connected");
        // 1000 rows over 5 weeks, never refreshed, on both sides of what two years expire.
        pay(&mut hand, "a", "now() - INTERVAL '2 years 20 days'", 1000, "50 minutes").await;
        retain(&mut hand, community).await.expect("the first pass");
        let (made, raw) = sums(&mut hand).await;
        assert_eq!(made, [1000; 2], "{zone}");
        assert!(raw > 0 && raw < 1000, "{zone}: some whole chunks were dropped, {raw} left");
        // Rows of 50 days above the floor come in, so that each pass finds some to drop, on whichever
        // day of the week it is; then a refresh of what is left.
        let floor = "(SELECT floor FROM bss.retention_floor WHERE hypertable = 'payment_metrics')";
        pay(&mut hand, "b", floor, 200, "6 hours").await;
        let mut left = sums(&mut hand).await.1;
        for after in ["722 days", "715 days", "708 days", "650 days"] {
            let expire = format!(
                "CALL bss.retain(0, '{{\"hypertable\": \"payment_metrics\", \"drop_after\": \"{after}\"}}')"
            );
            hand.execute(expire.as_str()).await.expect("a later pass");
            let (made, raw) = sums(&mut hand).await;
            assert_eq!(made, [1200; 2], "{zone}, after {after}");
            assert!(raw < left, "{zone}, after {after}: nothing was dropped");
            left = raw;
        }
        assert_eq!(left, 0, "{zone}");
        // A row below everything dropped: kept, not dropped unseen, and named.
        pay(&mut hand, "stray", "now() - INTERVAL '4 years'", 1, "1 hour").await;
        let error = retain(&mut hand, community).await.expect_err("a stray chunk");
        assert!(error.contains("before which rows were dropped"), "{error}");
        let stray = "SELECT count(*) FROM bss.payment_metrics WHERE payment_id = 'stray0'";
        let left: i64 = sqlx::query_scalar(stray).fetch_one(&mut hand).await.expect(stray);
        assert_eq!(left, 1);
        hand.close().await.expect("closed");
    });
    // Set-up itself refreshes at or above the floor only.
    wait(async {
        let mut hand = connect(&settings(community, database)).await.expect("connected");
        let drop_stray = "DELETE FROM bss.payment_metrics WHERE payment_id = 'stray0'";
        hand.execute(drop_stray).await.expect(drop_stray);
        let other = "UPDATE bss.retention_floor SET moved_at = now()";
        hand.execute(other).await.expect(other);
        let pending = "DO $$ DECLARE old text; BEGIN
            SELECT obj_description('bss.payment_status_daily_v1'::regclass) INTO old;
            EXECUTE format('COMMENT ON {kind} bss.payment_status_daily_v1 IS %L', old || ' filling');
            END $$";
        let pending = pending.replace("{kind}", if community { "VIEW" } else { "TABLE" });
        hand.execute(pending.as_str()).await.expect(&pending);
        hand.close().await.expect("closed");
    });
    let text = expect(community, database, &arguments, 0);
    assert!(text.contains("payment_status_daily: half filled -> filled"), "{text}");
    wait(async {
        let mut hand = connect(&settings(community, database)).await.expect("connected");
        assert_eq!(sums(&mut hand).await.0, [1200; 2], "{zone}, after the filling");
        hand.close().await.expect("closed");
    });
}

/// Case T3.
#[test]
fn retention_keeps_every_sum_with_days_in_utc() {
    retention_keeps_every_sum(Some(support::pglite()), "UTC");
}

#[test]
fn retention_keeps_every_sum_with_days_in_a_zone() {
    retention_keeps_every_sum(Some(support::pglite()), "Europe/Berlin");
}

#[test]
fn retention_keeps_every_sum_of_rollups() {
    retention_keeps_every_sum(None, "UTC");
    retention_keeps_every_sum(None, "Europe/Berlin");
}
