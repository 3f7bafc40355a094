//! One transaction on one connection, repeated where the server broke a deadlock.

use std::time::Duration;

use sqlx::postgres::PgConnection;
use sqlx::{Connection, Executor};

use crate::backends::error::{Kind, Result};
use crate::backends::postgres::code;
use crate::backends::postgres::{classify, fault};

/// One session with the server.
pub type Session = PgConnection;

/// How often a transaction is repeated after a deadlock or a serialization failure.
pub const REPEATS: u32 = 5;

/// Whether the server broke a deadlock (40P01) or refused a serialization (40001): the same
/// transaction may succeed a moment later.
#[must_use]
pub fn repeats(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|c| c == "40P01" || c == "40001")
}

/// How long to wait before the n-th repetition (from 1): longer each time, and not the same for
/// two processes, since `seed` differs.
#[must_use]
pub fn pause(n: u32, seed: u64) -> Duration {
    let jitter = (seed.wrapping_add(u64::from(n)).wrapping_mul(0x9e37_79b9_7f4a_7c15)) >> 58;
    Duration::from_millis(u64::from(n) * 20 + jitter)
}

/// Begins a transaction.
///
/// # Errors
/// A lost connection.
pub async fn begin(connection: &mut PgConnection) -> Result<()> {
    connection
        .execute("BEGIN")
        .await
        .map(|_done| ())
        .map_err(|e| classify(e, "could not begin a transaction"))
}

/// Commits the transaction.
///
/// # Errors
/// [`Kind::Conflict`] after a deadlock, anything else the server says.
pub async fn commit(connection: &mut PgConnection) -> Result<()> {
    connection
        .execute("COMMIT")
        .await
        .map(|_done| ())
        .map_err(|e| classify(e, "could not commit a transaction"))
}

/// Rolls the transaction back.
///
/// # Errors
/// A lost connection.
pub async fn roll_back(connection: &mut PgConnection) -> Result<()> {
    connection
        .execute("ROLLBACK")
        .await
        .map(|_done| ())
        .map_err(|e| classify(e, "could not roll a transaction back"))
}

/// Ends the connection in good order; what was not committed is rolled back.
///
/// # Errors
/// A lost connection.
pub async fn close(connection: PgConnection) -> Result<()> {
    connection.close().await.map_err(|e| classify(e, "could not close the connection"))
}

/// Limits how long each statement of this session may run, for reports.
///
/// # Errors
/// A lost connection.
pub async fn limit_statements(connection: &mut PgConnection, limit: Duration) -> Result<()> {
    let statement = format!("SET statement_timeout = {}", limit.as_millis());
    connection
        .execute(statement.as_str())
        .await
        .map(|_done| ())
        .map_err(|e| classify(e, "could not set the statement timeout"))
}

/// A report's failure: one that ran into the limit names the span and how to narrow it.
#[must_use]
pub fn report_fault(
    error: sqlx::Error,
    what: String,
    span: &str,
    limit: Duration,
) -> crate::backends::BackendError {
    let fault = fault(error, what);
    if fault.kind == Kind::TimedOut {
        let seconds = limit.as_secs();
        return fault
            .hint(format!("The range is {span}: narrow it with --since and --until."))
            .hint(format!("timescale.statement_timeout is {seconds} s; --set timescale.statement_timeout=5m lifts it once."));
    }
    fault
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_and_differ() {
        assert!(pause(1, 7) < pause(5, 7));
        let distinct: std::collections::BTreeSet<_> = (0..64).map(|s| pause(1, s)).collect();
        assert!(distinct.len() > 8, "{distinct:?}");
        assert!(pause(5, u64::MAX) < Duration::from_millis(200));
    }
}
