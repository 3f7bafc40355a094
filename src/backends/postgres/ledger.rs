//! The import ledger: which batches of which file are in the table.

use sqlx::Row;
use sqlx::postgres::PgConnection;

use crate::backends::error::Result;
use crate::backends::postgres::fault;
use crate::metrics::ledger::{Entry, Link};

/// One batch that goes into the ledger.
#[derive(Clone, Debug)]
pub struct Posting<'a> {
    /// Its link.
    pub link: Link,
    /// The kind of metric.
    pub kind: &'a str,
    /// The file, for people.
    pub source: &'a str,
    /// Which batch of the file, from 1.
    pub number: u64,
    /// Rows with a repeated key inside the batch.
    pub duplicates: u64,
    /// Rows inside the batch with a repeated key and other content.
    pub conflicting: u64,
    /// Records that were set aside before anything was sent.
    pub rejected: u64,
}

fn count(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn natural(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// Looks a batch up.
///
/// # Errors
/// The table is missing, or the connection broke.
pub async fn find(connection: &mut PgConnection, link: Link) -> Result<Option<Entry>> {
    let what = "could not read table bss.import_ledger";
    let row = sqlx::query(
        "SELECT rows_stored, duplicates, conflicting FROM bss.import_ledger WHERE chain_hash = $1",
    )
    .bind(&link.bytes()[..])
    .fetch_optional(connection)
    .await
    .map_err(|e| fault(e, what))?;
    Ok(row.map(|row| Entry {
        stored: natural(row.get(0)),
        duplicates: natural(row.get(1)),
        conflicting: natural(row.get(2)),
    }))
}

/// Writes a batch into the ledger, inside the transaction of its rows. A batch that is loaded
/// again keeps what it brought before: its stored rows now come as duplicates.
///
/// # Errors
/// The table is missing, or the connection broke.
pub async fn post(
    connection: &mut PgConnection,
    posting: &Posting<'_>,
    outcome: Entry,
) -> std::result::Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO bss.import_ledger AS l (chain_hash, kind, source, batch_no, rows_stored, \
         duplicates, conflicting, rejected) VALUES ($1, $2, $3, $4, $5, $6, $7, $8) \
         ON CONFLICT (chain_hash) DO UPDATE SET \
         rows_stored = l.rows_stored + EXCLUDED.rows_stored, \
         duplicates = greatest(EXCLUDED.duplicates - l.rows_stored, 0), \
         conflicting = EXCLUDED.conflicting, rejected = EXCLUDED.rejected",
    )
    .bind(&posting.link.bytes()[..])
    .bind(posting.kind)
    .bind(posting.source)
    .bind(count(posting.number))
    .bind(count(outcome.stored))
    .bind(count(outcome.duplicates))
    .bind(count(outcome.conflicting))
    .bind(count(posting.rejected))
    .execute(connection)
    .await
    .map(|_done| ())
}
