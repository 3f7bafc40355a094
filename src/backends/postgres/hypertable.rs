//! How a hypertable lies in chunks, and where its rows begin.

use std::time::Duration;

use sqlx::Row;
use sqlx::postgres::PgConnection;

use crate::backends::error::Result;
use crate::backends::postgres::fault;
use crate::backends::postgres::instant::Instant;
use crate::domain::EventTime;
use crate::metrics::chunks::Layout;

/// Reads the chunk interval and the chunks of `bss.<table>`; `None` if it is an ordinary table.
///
/// # Errors
/// TimescaleDB is missing, or the connection broke.
pub async fn layout(connection: &mut PgConnection, table: &str) -> Result<Option<Layout>> {
    let what = || format!("could not read the chunks of hypertable bss.{table}");
    let interval: Option<i64> = sqlx::query_scalar(
        "SELECT (extract(epoch FROM time_interval) * 1000000)::bigint \
         FROM timescaledb_information.dimensions \
         WHERE hypertable_schema = 'bss' AND hypertable_name = $1 AND time_interval IS NOT NULL",
    )
    .bind(table)
    .fetch_optional(&mut *connection)
    .await
    .map_err(|e| fault(e, what()))?;
    let Some(micros) = interval.and_then(|i| u64::try_from(i).ok()) else { return Ok(None) };
    let rows = sqlx::query(
        "SELECT range_start, range_end FROM timescaledb_information.chunks \
         WHERE hypertable_schema = 'bss' AND hypertable_name = $1",
    )
    .bind(table)
    .fetch_all(&mut *connection)
    .await
    .map_err(|e| fault(e, what()))?;
    // How large the server's table of locks is: see max_locks_per_transaction in its manual.
    let locks = sqlx::query(
        "SELECT current_setting('max_locks_per_transaction')::bigint * \
         (current_setting('max_connections')::bigint + \
          current_setting('max_prepared_transactions')::bigint), \
         1 + (SELECT count(*) FROM pg_index WHERE indrelid = format('bss.%I', $1::text)::regclass)",
    )
    .bind(table)
    .fetch_one(connection)
    .await
    .map_err(|e| fault(e, what()))?;
    let natural = |at: usize| u64::try_from(locks.get::<i64, _>(at)).unwrap_or(0);
    let existing = rows
        .iter()
        .map(|row| {
            let (Instant(start), Instant(end)) = (row.try_get(0)?, row.try_get(1)?);
            Ok((start, end))
        })
        .collect::<std::result::Result<_, sqlx::Error>>()
        .map_err(|e| fault(e, what()))?;
    let interval = Duration::from_micros(micros);
    Ok(Some(Layout { interval, existing, locks_each: natural(1), locks: natural(0) }))
}

/// The retention floor of a hypertable, if rows have ever been dropped.
///
/// # Errors
/// The table is missing, or the connection broke.
pub async fn floor(connection: &mut PgConnection, hypertable: &str) -> Result<Option<EventTime>> {
    let floor: Option<Instant> = sqlx::query_scalar(
        "SELECT max(floor) FROM bss.retention_floor WHERE hypertable IN ($1, $2)",
    )
    .bind(hypertable)
    .bind(format!("bss.{hypertable}"))
    .fetch_one(connection)
    .await
    .map_err(|e| fault(e, "could not read table bss.retention_floor"))?;
    Ok(floor.map(|f| f.0))
}
