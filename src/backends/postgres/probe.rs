//! The state of a PostgreSQL server beside what a plan looks at: clock, role, scheduler.

use sqlx::{PgConnection, Row};

use crate::backends::error::Result;
use crate::backends::postgres::{classify, place};
use crate::config::settings::Timescale;
use crate::domain::EventTime;

/// The facts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The server's clock.
    pub time: EventTime,
    /// PostgreSQL's version.
    pub version: String,
    /// Whether the server only replays another one's log.
    pub in_recovery: bool,
    /// Whether TimescaleDB's scheduler of jobs runs in this database.
    pub scheduler: bool,
    /// `timescaledb.max_background_workers`, where the library is loaded.
    pub background_workers: Option<i32>,
}

/// Asks the server; changes nothing.
///
/// # Errors
/// A refused query.
pub async fn facts(connection: &mut PgConnection, settings: &Timescale) -> Result<Facts> {
    ask(connection)
        .await
        .map_err(|e| classify(e, format!("could not ask {} for its state", place(settings))))
}

async fn ask(connection: &mut PgConnection) -> std::result::Result<Facts, sqlx::Error> {
    let row = sqlx::query(include_str!("probe.sql")).fetch_one(connection).await?;
    Ok(Facts {
        time: EventTime::from_micros(row.try_get("micros")?),
        version: row.try_get("version")?,
        in_recovery: row.try_get("in_recovery")?,
        scheduler: row.try_get("scheduler")?,
        background_workers: row.try_get("background_workers")?,
    })
}
