//! What the declared objects hold: sizes, times, how far aggregates are made. Changes nothing.

use std::collections::BTreeMap;

use sqlx::Row;
use sqlx::postgres::{PgConnection, PgRow};

use crate::backends::error::Result;
use crate::backends::postgres::instant::Instant;
use crate::backends::postgres::inventory::path;
use crate::backends::postgres::{fault, hypertable};
use crate::domain::EventTime;
use crate::timescale::inventory::Inventory;
use crate::timescale::server::{Edition, Server};
use crate::timescale::spec::{ContinuousAggregate, Spec};
use crate::timescale::sql::{ident, literal, qualified};
use crate::timescale::status::{AggregateStatus, HypertableStatus, KnownRows};

type Asked<T> = std::result::Result<T, sqlx::Error>;

fn natural(row: &PgRow, column: &str) -> Asked<u64> {
    row.try_get::<i64, _>(column).map(|n| u64::try_from(n).unwrap_or(0))
}

/// The declared hypertables that the server has, in the order of the declaration.
///
/// # Errors
/// A refused query.
pub async fn hypertables(
    connection: &mut PgConnection,
    spec: &Spec,
    server: &Server,
    inventory: &Inventory,
) -> Result<Vec<HypertableStatus>> {
    let what = "could not measure the hypertables of schema \"bss\"";
    path(connection, server).await.map_err(|e| fault(e, what))?;
    let mut found = measured(connection).await.map_err(|e| fault(e, what))?;
    let mut all = Vec::new();
    for table in &spec.hypertables {
        let (Some(there), Some(mut status)) =
            (inventory.hypertables.get(&table.name), found.remove(&table.name))
        else {
            continue;
        };
        status.chunk_interval = there.chunk_interval;
        status.floor = hypertable::floor(connection, &table.name).await?;
        let query = format!("SELECT min(\"time\"), max(\"time\") FROM {}", qualified(&table.name));
        let what = || format!("could not look at the times of hypertable {}", table.name);
        let row = sqlx::query(&query).fetch_one(&mut *connection).await;
        let row = row.map_err(|e| fault(e, what()))?;
        let time = |at: usize| row.get::<Option<Instant>, _>(at).map(|i| i.0);
        status.times = time(0).zip(time(1));
        all.push(status);
    }
    Ok(all)
}

async fn measured(connection: &mut PgConnection) -> Asked<BTreeMap<String, HypertableStatus>> {
    let rows = sqlx::query(include_str!("status.sql")).fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let name: String = row.try_get("name")?;
            let (before, after): (Option<i64>, Option<i64>) =
                (row.try_get("before_bytes")?, row.try_get("after_bytes")?);
            let bytes = |n: Option<i64>| n.and_then(|n| u64::try_from(n).ok());
            let status = HypertableStatus {
                name: name.clone(),
                chunks: natural(row, "chunks")?,
                compressed_chunks: natural(row, "compressed")?,
                rows: KnownRows {
                    compressed: row.try_get("counted")?,
                    analyzed: row.try_get("analyzed")?,
                    analyzed_bytes: row.try_get("analyzed_bytes")?,
                    other_bytes: row.try_get("other_bytes")?,
                },
                bytes: natural(row, "bytes")?,
                compression: bytes(before).zip(bytes(after)),
                ..HypertableStatus::default()
            };
            Ok((name, status))
        })
        .collect()
}

/// The declared aggregates that the server has, in the order of the declaration. `tables` are the
/// hypertables below them.
///
/// # Errors
/// A refused query.
pub async fn aggregates(
    connection: &mut PgConnection,
    spec: &Spec,
    inventory: &Inventory,
    edition: Edition,
    tables: &[HypertableStatus],
) -> Result<Vec<AggregateStatus>> {
    let mut all = Vec::new();
    for aggregate in &spec.aggregates {
        let inner = aggregate.inner();
        let found = inventory.aggregates.get(&inner);
        let rollup = inventory.rollups.get(&inner);
        let below = tables.iter().find(|t| t.name == aggregate.on);
        let what = || format!("could not look at aggregate {}", aggregate.name);
        let mut status = AggregateStatus {
            name: aggregate.name.clone(),
            on: aggregate.on.clone(),
            bucket: aggregate.bucket,
            ..AggregateStatus::default()
        };
        match (edition, found, rollup) {
            (Edition::Community, Some(found), _) => {
                continuous(connection, aggregate, below, &mut status)
                    .await
                    .map_err(|e| fault(e, what()))?;
                status.real_time = !found.materialized_only;
                status.fill_pending = found.fill_pending;
            }
            (Edition::Apache, _, Some(found)) => {
                rolled_up(connection, aggregate, below, &mut status)
                    .await
                    .map_err(|e| fault(e, what()))?;
                let view = inventory.views.get(&aggregate.name);
                status.real_time = view.is_some_and(|v| v.found.contains("UNION ALL"));
                status.fill_pending = found.fill_pending;
            }
            _ => continue,
        }
        all.push(status);
    }
    Ok(all)
}

async fn continuous(
    connection: &mut PgConnection,
    aggregate: &ContinuousAggregate,
    below: Option<&HypertableStatus>,
    status: &mut AggregateStatus,
) -> Asked<()> {
    let made_of: String = sqlx::query_scalar(
        "SELECT format('%I.%I', materialization_hypertable_schema,
                       materialization_hypertable_name)
         FROM timescaledb_information.continuous_aggregates
         WHERE view_schema = 'bss' AND view_name = $1",
    )
    .bind(aggregate.inner())
    .fetch_one(&mut *connection)
    .await?;
    // What changed before the oldest row and the oldest bucket is of no row; below the floor it
    // tells of what was dropped. The buckets themselves are asked, not the view: that adds up rows.
    let oldest = format!("SELECT min({}) FROM {made_of}", ident(&aggregate.bucket_column));
    let oldest: Option<Instant> = sqlx::query_scalar(&oldest).fetch_one(&mut *connection).await?;
    let first = below.and_then(|t| t.times).map(|(first, _)| first);
    let from = oldest.map(|i| i.0).into_iter().chain(first).min();
    let from = from.max(below.and_then(|t| t.floor));
    let row = sqlx::query(include_str!("status_aggregate.sql"))
        .bind(aggregate.inner())
        .bind(from.map(Instant))
        .fetch_one(connection)
        .await?;
    status.bytes = natural(&row, "bytes")?;
    status.made_until = made(EventTime::from_micros(row.try_get("watermark")?));
    // Without a row nothing can be out of date.
    status.invalid_buckets = if from.is_some() { natural(&row, "invalid")? } else { 0 };
    Ok(())
}

async fn rolled_up(
    connection: &mut PgConnection,
    aggregate: &ContinuousAggregate,
    below: Option<&HypertableStatus>,
    status: &mut AggregateStatus,
) -> Asked<()> {
    let inner = aggregate.inner();
    let query = format!(
        "SELECT pg_total_relation_size({}) AS bytes, r.watermark, \
         (SELECT count(DISTINCT bucket) FROM bss.rollup_invalidation i WHERE i.rollup = r.name \
         AND i.bucket < r.watermark AND i.bucket >= coalesce($2, '-infinity')) AS invalid \
         FROM bss.rollup r WHERE r.name = $1",
        literal(&qualified(&inner))
    );
    let floor = below.and_then(|t| t.floor).map(Instant);
    let row = sqlx::query(&query).bind(&inner).bind(floor).fetch_one(connection).await?;
    status.bytes = natural(&row, "bytes")?;
    status.made_until = made(row.try_get::<Instant, _>("watermark")?.0);
    status.invalid_buckets = natural(&row, "invalid")?;
    Ok(())
}

/// A watermark; before the first bucket it is the least instant that the server knows.
fn made(watermark: EventTime) -> Option<EventTime> {
    Some(watermark).filter(|w| w.micros() > i64::MIN / 2 && w.micros() > -210_866_803_200_000_000)
}
