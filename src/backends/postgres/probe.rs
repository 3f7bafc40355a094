//! What a PostgreSQL server is and what its TimescaleDB can do.

use sqlx::{PgConnection, Row};

use crate::backends::error::Result;
use crate::backends::postgres::{classify, connect, place};
use crate::config::settings::Timescale;
use crate::domain::EventTime;

/// The facts. A setting is absent where the server does not know it or does not show it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The server's clock.
    pub time: EventTime,
    /// Whether the server only replays another one's log.
    pub in_recovery: bool,
    /// Whether TimescaleDB's scheduler of jobs runs in this database.
    pub scheduler: bool,
    /// `max_worker_processes`.
    pub worker_processes: Option<i32>,
    /// `timescaledb.max_background_workers`.
    pub background_workers: Option<i32>,
}

/// Asks the server; changes nothing.
///
/// # Errors
/// As [`connect`]; a refused query.
pub async fn facts(settings: &Timescale) -> Result<Facts> {
    let mut connection = connect(settings).await?;
    ask(&mut connection)
        .await
        .map_err(|e| classify(e, format!("could not ask {} for its state", place(settings))))
}

async fn ask(connection: &mut PgConnection) -> std::result::Result<Facts, sqlx::Error> {
    let row = sqlx::query(include_str!("probe.sql")).fetch_one(connection).await?;
    let number = |name: &str| -> std::result::Result<Option<i32>, sqlx::Error> {
        let text: Option<String> = row.try_get(name)?;
        Ok(text.and_then(|t| t.parse().ok()))
    };
    Ok(Facts {
        time: EventTime::from_micros(row.try_get("micros")?),
        in_recovery: row.try_get("in_recovery")?,
        scheduler: row.try_get("scheduler")?,
        worker_processes: number("worker_processes")?,
        background_workers: number("background_workers")?,
    })
}
