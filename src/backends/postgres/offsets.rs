//! The Kafka offsets that are stored beside the rows, and the lock that fences a second process.

use sqlx::postgres::PgConnection;

use crate::backends::error::Result;
use crate::backends::postgres::fault;

const TABLE: &str = "could not use table bss.ingest_offset";

/// The stored offset of a partition; where there is none, `first` is stored.
///
/// # Errors
/// The table is missing, or the connection broke.
pub async fn ensure(
    connection: &mut PgConnection,
    group: &str,
    topic: &str,
    partition: i32,
    first: i64,
) -> Result<i64> {
    sqlx::query(
        "INSERT INTO bss.ingest_offset (kafka_group, topic, partition, next_offset) \
         VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
    )
    .bind(group)
    .bind(topic)
    .bind(partition)
    .bind(first)
    .execute(&mut *connection)
    .await
    .map_err(|e| fault(e, TABLE))?;
    sqlx::query_scalar(
        "SELECT next_offset FROM bss.ingest_offset \
         WHERE kafka_group = $1 AND topic = $2 AND partition = $3",
    )
    .bind(group)
    .bind(topic)
    .bind(partition)
    .fetch_one(connection)
    .await
    .map_err(|e| fault(e, TABLE))
}

/// The stored offsets of a topic, by partition.
///
/// # Errors
/// The table is missing, or the connection broke.
pub async fn stored(
    connection: &mut PgConnection,
    group: &str,
    topic: &str,
) -> Result<Vec<(i32, i64)>> {
    sqlx::query_as(
        "SELECT partition, next_offset FROM bss.ingest_offset \
         WHERE kafka_group = $1 AND topic = $2",
    )
    .bind(group)
    .bind(topic)
    .fetch_all(connection)
    .await
    .map_err(|e| fault(e, TABLE))
}

/// Locks the offset of a partition until the transaction ends, and reads it.
///
/// # Errors
/// What the server says; a deadlock is worth a repetition.
pub async fn lock(
    connection: &mut PgConnection,
    group: &str,
    topic: &str,
    partition: i32,
) -> std::result::Result<Option<i64>, sqlx::Error> {
    sqlx::query_scalar(
        "SELECT next_offset FROM bss.ingest_offset \
         WHERE kafka_group = $1 AND topic = $2 AND partition = $3 FOR UPDATE",
    )
    .bind(group)
    .bind(topic)
    .bind(partition)
    .fetch_optional(connection)
    .await
}

/// Moves the locked offset of a partition.
///
/// # Errors
/// What the server says.
pub async fn advance(
    connection: &mut PgConnection,
    group: &str,
    topic: &str,
    partition: i32,
    next: i64,
) -> std::result::Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE bss.ingest_offset SET next_offset = $4 \
         WHERE kafka_group = $1 AND topic = $2 AND partition = $3",
    )
    .bind(group)
    .bind(topic)
    .bind(partition)
    .bind(next)
    .execute(connection)
    .await
    .map(|_done| ())
}
