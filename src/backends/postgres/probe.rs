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
    /// PostgreSQL's version.
    pub version: String,
    /// Its major part.
    pub major: i32,
    /// Whether the server only replays another one's log.
    pub in_recovery: bool,
    /// TimescaleDB's version in this database.
    pub installed: Option<String>,
    /// The version whose files the server has.
    pub available: Option<String>,
    /// `timescaledb.license`; absent where the library is not loaded.
    pub license: Option<String>,
    /// Whether the library of the Community edition answers; absent if it is not asked.
    pub community: Option<bool>,
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
    let what = |e| classify(e, format!("could not ask {} for its state", place(settings)));
    let mut facts = ask(&mut connection).await.map_err(what)?;
    if facts.installed.is_some() && facts.license.as_deref().is_some_and(|l| l != "apache") {
        facts.community = Some(community(&mut connection).await);
    }
    Ok(facts)
}

async fn ask(connection: &mut PgConnection) -> std::result::Result<Facts, sqlx::Error> {
    let row = sqlx::query(include_str!("probe.sql")).fetch_one(connection).await?;
    Ok(Facts {
        time: EventTime::from_micros(row.try_get("micros")?),
        version: row.try_get("version")?,
        major: row.try_get("major")?,
        in_recovery: row.try_get("in_recovery")?,
        installed: row.try_get("installed")?,
        available: row.try_get("available")?,
        license: row.try_get("license")?,
        community: None,
        scheduler: row.try_get("scheduler")?,
        worker_processes: row.try_get("worker_processes")?,
        background_workers: row.try_get("background_workers")?,
    })
}

/// Asks the library itself, by a call that cannot do anything: the Apache library answers that its
/// licence does not allow it, the Community one that there is no such table.
async fn community(connection: &mut PgConnection) -> bool {
    let asked = sqlx::query("SELECT remove_retention_policy(0::regclass, if_exists => true)");
    match asked.execute(connection).await {
        Ok(_) => true,
        Err(error) => {
            let code = error.as_database_error().and_then(|e| e.code().map(|c| c.into_owned()));
            code.as_deref() == Some("42704")
        }
    }
}
