//! PostgreSQL with TimescaleDB.

mod access;
pub mod apply;
pub mod inventory;
pub mod migrate;
pub mod probe;

pub mod alerts;
pub mod copy;
pub mod customers;
pub mod export;
pub mod facts;
pub mod grouped;
pub mod history;
pub mod hypertable;
pub mod ingest;
pub mod instant;
pub mod ledger;
pub mod load;
pub mod offsets;
pub mod policies;
pub mod projection;
pub mod reports;
pub mod samples;
pub mod seen;
pub mod series;
pub mod status;
pub mod transaction;
pub mod unusual;

use std::time::Duration;

pub use sqlx::postgres::PgConnection;
use sqlx::postgres::{PgConnectOptions, PgSslMode};
use sqlx::{ConnectOptions, Connection};

use crate::backends::error::{BackendError, Kind, Result};
use crate::config::settings::{Timescale, Tls};

/// Where a database is, without any secret: `database "name" at host:port`.
#[must_use]
pub fn place(settings: &Timescale) -> String {
    format!("database \"{}\" at {}:{}", settings.database, settings.host, settings.port)
}

/// The client's options; the password must have been resolved into `settings.password`.
#[must_use]
pub fn options(settings: &Timescale) -> PgConnectOptions {
    let mut options = PgConnectOptions::new_without_pgpass()
        .host(&settings.host)
        .port(settings.port)
        .database(&settings.database)
        .username(&settings.user)
        .application_name("bss")
        .ssl_mode(match settings.tls {
            Tls::Off => PgSslMode::Disable,
            Tls::Require => PgSslMode::Require,
            Tls::VerifyCa => PgSslMode::VerifyCa,
            Tls::VerifyFull => PgSslMode::VerifyFull,
        });
    if !settings.password.is_empty() {
        options = options.password(settings.password.expose());
    }
    if !settings.tls_ca.as_os_str().is_empty() {
        options = options.ssl_root_cert(&settings.tls_ca);
    }
    if !settings.tls_cert.as_os_str().is_empty() {
        options = options.ssl_client_cert(&settings.tls_cert).ssl_client_key(&settings.tls_key);
    }
    options.disable_statement_logging()
}

/// Opens one connection.
///
/// # Errors
/// [`Kind::Unreachable`], [`Kind::TimedOut`], [`Kind::Denied`], [`Kind::Missing`].
pub async fn connect(settings: &Timescale) -> Result<PgConnection> {
    let what = || format!("could not connect to {}", place(settings));
    let limit: Duration = settings.connect_timeout;
    match tokio::time::timeout(limit, PgConnection::connect_with(&options(settings))).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(classify(error, what())),
        Err(_) => Err(BackendError::new(Kind::TimedOut, what())
            .because(format!("no answer within {} s", limit.as_secs()))),
    }
}

/// Turns a client error into a classified one; `what` says what was tried on which object.
#[must_use]
pub fn classify(error: sqlx::Error, what: impl Into<String>) -> BackendError {
    let kind = match &error {
        sqlx::Error::Database(e) => match e.code().as_deref() {
            Some("28P01" | "28000" | "42501") => Kind::Denied,
            Some("3D000" | "42P01" | "42883" | "3F000") => Kind::Missing,
            Some("0A000") => Kind::Unsupported,
            Some("57014" | "55P03") => Kind::TimedOut,
            Some("40P01" | "40001" | "23505") => Kind::Conflict,
            Some("57P01" | "57P02" | "57P03" | "53300") => Kind::Unreachable,
            _ => Kind::Refused,
        },
        sqlx::Error::Io(_) | sqlx::Error::Tls(_) | sqlx::Error::PoolClosed => Kind::Unreachable,
        sqlx::Error::PoolTimedOut => Kind::TimedOut,
        sqlx::Error::Protocol(_) => Kind::Unreachable,
        _ => Kind::Internal,
    };
    let transient = matches!(&error, sqlx::Error::Database(e)
        if matches!(e.code().as_deref(), Some("40P01" | "40001" | "57P01" | "57P02" | "57P03")))
        || matches!(kind, Kind::Unreachable | Kind::TimedOut);
    BackendError::new(kind, what).because(error).transient(transient)
}

/// [`classify`] with the next step where a table of `bss` is not there.
#[must_use]
pub fn fault(error: sqlx::Error, what: impl Into<String>) -> BackendError {
    let fault = classify(error, what);
    if fault.kind == Kind::Missing {
        return fault.hint("Run `bss setup timescale` to make the tables.");
    }
    fault
}

/// The SQLSTATE of a server's error.
fn code(error: &sqlx::Error) -> Option<String> {
    error.as_database_error().and_then(|e| e.code()).map(std::borrow::Cow::into_owned)
}

/// Whether the server refuses the data: classes 22 (data exception) and 23 (a constraint).
fn is_of_data(error: &sqlx::Error) -> bool {
    code(error).is_some_and(|c| (c.starts_with("22") || c.starts_with("23")) && c != "23505")
}

fn said(error: &sqlx::Error) -> String {
    error.as_database_error().map_or_else(|| error.to_string(), |e| e.message().to_owned())
}
