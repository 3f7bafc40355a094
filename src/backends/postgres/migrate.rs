//! The plain SQL of `migrations/`, compiled in and applied in order, and the leased row under
//! which operators take turns.
//!
//! The schema and the lease's table are made first, in one transaction under a transaction-level
//! advisory lock: unlike a session-level one it also holds behind a connection pooler.

use std::time::Duration;

use sqlx::migrate::{Migrate, MigrateError, Migrator};
use sqlx::{Connection, PgConnection, Row};

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::postgres::classify;
use crate::runtime::fault::Fault;
use crate::timescale::inventory::Migrations;

static MIGRATOR: Migrator = sqlx::migrate!("./migrations");

/// How long a lease lasts unless it is renewed.
pub const LEASE: Duration = Duration::from_secs(60);

/// How long a statement of the set-up waits for a lock: it must never queue behind ingest with
/// others queueing behind it.
pub const LOCK_TIMEOUT: &str = "5s";

/// What makes the schema and the lease's table; safe to repeat.
const FOUNDATION: [&str; 3] = [
    "SELECT pg_advisory_xact_lock(hashtext('bss setup'))",
    "CREATE SCHEMA IF NOT EXISTS bss",
    "CREATE TABLE IF NOT EXISTS bss.operator_lock (
        name text PRIMARY KEY,
        owner text NOT NULL,
        host text NOT NULL,
        expires_at timestamptz NOT NULL
    )",
];

/// Makes the schema and the lease's table where they are missing.
///
/// # Errors
/// [`Kind::Denied`] with the literal grant when the role may not.
pub async fn lay_foundation(connection: &mut PgConnection) -> Result<()> {
    let what = "could not create schema \"bss\"";
    let there = "SELECT to_regclass('bss.operator_lock') IS NOT NULL";
    let there: bool =
        sqlx::query_scalar(there).fetch_one(&mut *connection).await.map_err(|e| denied(e, what))?;
    if there {
        return Ok(());
    }
    let mut transaction = connection.begin().await.map_err(|e| classify(e, what))?;
    for statement in FOUNDATION {
        sqlx::query(statement).execute(&mut *transaction).await.map_err(|e| denied(e, what))?;
    }
    transaction.commit().await.map_err(|e| classify(e, what))
}

fn denied(error: sqlx::Error, what: &str) -> BackendError {
    let error = classify(error, what);
    if error.kind != Kind::Denied {
        return error;
    }
    error.hint(
        "Ask an administrator to run, in this database: \
         CREATE SCHEMA bss AUTHORIZATION <the user of [timescale]>;",
    )
}

/// Applies every pending migration, each in a transaction of its own, and returns how many there
/// were. The caller holds the lease (or, in a test, the database for itself).
///
/// # Errors
/// [`Kind::Conflict`] when the database was set up by a newer program or an applied migration
/// differs from this program's; [`Kind::Refused`] when the server refuses one, naming it.
pub async fn migrate(connection: &mut PgConnection, fault: &Fault) -> Result<usize> {
    lay_foundation(connection).await?;
    let what = "could not apply the migrations of schema \"bss\"";
    // The migrator keeps its record in the first schema of the path.
    sqlx::query("SELECT set_config('search_path', 'bss, public', false)")
        .execute(&mut *connection)
        .await
        .map_err(|e| classify(e, what))?;
    connection.ensure_migrations_table().await.map_err(|e| refused(e, what))?;
    let applied = connection.list_applied_migrations().await.map_err(|e| refused(e, what))?;
    let mut done = 0;
    for migration in MIGRATOR.iter() {
        match applied.iter().find(|a| a.version == migration.version) {
            Some(a) if a.checksum == migration.checksum => {}
            Some(_) => return Err(refused(MigrateError::VersionMismatch(migration.version), what)),
            None => {
                let what = format!(
                    "could not apply migration {:04} \"{}\"",
                    migration.version, migration.description
                );
                connection.apply(migration).await.map_err(|e| refused(e, &what))?;
                done += 1;
                fault.hit("setup-migration");
            }
        }
    }
    if let Some(newer) = applied.iter().find(|a| !MIGRATOR.version_exists(a.version)) {
        return Err(refused(MigrateError::VersionMissing(newer.version), what));
    }
    Ok(done)
}

fn refused(error: MigrateError, what: &str) -> BackendError {
    match error {
        MigrateError::Execute(e) | MigrateError::ExecuteMigration(e, _) => classify(e, what),
        MigrateError::VersionMissing(version) => BackendError::new(Kind::Conflict, what.to_owned())
            .because(format!("migration {version:04} was applied by a newer bss"))
            .hint("Run the newer bss."),
        MigrateError::VersionMismatch(version) => {
            BackendError::new(Kind::Conflict, what.to_owned())
                .because(format!("migration {version:04} was applied with another content"))
                .hint("Run the bss that set this database up, or set up an empty database.")
        }
        other => BackendError::new(Kind::Refused, what.to_owned()).because(other),
    }
}

/// What is applied and what is pending; changes nothing.
///
/// # Errors
/// As [`migrate`], without the statements.
pub async fn migrations(connection: &mut PgConnection) -> Result<Migrations> {
    let what = "could not read the migrations of schema \"bss\"";
    let there = "SELECT to_regclass('bss._sqlx_migrations') IS NOT NULL";
    let there: bool = sqlx::query_scalar(there)
        .fetch_one(&mut *connection)
        .await
        .map_err(|e| classify(e, what))?;
    let rows = if there {
        sqlx::query("SELECT version, checksum FROM bss._sqlx_migrations ORDER BY version")
            .fetch_all(&mut *connection)
            .await
            .map_err(|e| classify(e, what))?
    } else {
        Vec::new()
    };
    let applied: Vec<(i64, Vec<u8>)> = rows.iter().map(|r| (r.get(0), r.get(1))).collect();
    let mut pending = Vec::new();
    for migration in MIGRATOR.iter() {
        match applied.iter().find(|(version, _)| *version == migration.version) {
            Some((_, checksum)) if *checksum == *migration.checksum => {}
            Some(_) => return Err(refused(MigrateError::VersionMismatch(migration.version), what)),
            None => pending.push((migration.version, migration.description.to_string())),
        }
    }
    if let Some((newer, _)) = applied.iter().find(|(v, _)| !MIGRATOR.version_exists(*v)) {
        return Err(refused(MigrateError::VersionMissing(*newer), what));
    }
    Ok(Migrations { pending })
}

/// The text of the migrations with these versions, for review.
#[must_use]
pub fn text(versions: &[i64]) -> Vec<String> {
    let wanted = MIGRATOR.iter().filter(|m| versions.contains(&m.version));
    wanted.map(|m| m.sql.to_string()).collect()
}

/// The statements that make the schema and the lease's table, for review.
#[must_use]
pub fn foundation_text() -> Vec<String> {
    FOUNDATION[1..].iter().map(|s| (*s).to_owned()).collect()
}

/// The turn of one operator: a row with owner, host and expiry.
#[derive(Clone, Debug)]
pub struct Lease {
    /// Who holds it: program and process.
    pub owner: String,
    /// On which machine.
    pub host: String,
}

impl Lease {
    /// Takes the turn, or renews it.
    ///
    /// # Errors
    /// [`Kind::Conflict`], naming who holds it, where and until when.
    pub async fn take(&self, connection: &mut PgConnection) -> Result<()> {
        let what = "could not take the operators' lock of schema \"bss\"";
        let taken = sqlx::query(
            "INSERT INTO bss.operator_lock AS held (name, owner, host, expires_at)
             VALUES ('setup', $1, $2, clock_timestamp() + make_interval(secs => $3))
             ON CONFLICT (name) DO UPDATE
             SET owner = EXCLUDED.owner, host = EXCLUDED.host, expires_at = EXCLUDED.expires_at
             WHERE held.expires_at < clock_timestamp()
                OR (held.owner = EXCLUDED.owner AND held.host = EXCLUDED.host)
             RETURNING 1",
        )
        .bind(&self.owner)
        .bind(&self.host)
        .bind(LEASE.as_secs_f64())
        .fetch_optional(&mut *connection)
        .await
        .map_err(|e| classify(e, what))?;
        if taken.is_some() {
            return Ok(());
        }
        let holder = sqlx::query(
            "SELECT owner, host, to_char(expires_at AT TIME ZONE 'UTC',
                                         'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"')
             FROM bss.operator_lock WHERE name = 'setup'",
        )
        .fetch_optional(&mut *connection)
        .await
        .map_err(|e| classify(e, what))?;
        let error = BackendError::new(Kind::Conflict, what);
        Err(match holder {
            None => error.because("another operator let it go at this moment").transient(true),
            Some(row) => {
                let (owner, host): (String, String) = (row.get(0), row.get(1));
                let until: String = row.get(2);
                error
                    .because(format!("\"{owner}\" on host \"{host}\" holds it until {until}"))
                    .hint("Wait until it is done; the lock of a dead process ends by itself then.")
            }
        })
    }

    /// Lets the turn go.
    ///
    /// # Errors
    /// A broken connection; the lease then ends by itself.
    pub async fn release(&self, connection: &mut PgConnection) -> Result<()> {
        sqlx::query(
            "DELETE FROM bss.operator_lock WHERE name = 'setup' AND owner = $1 AND host = $2",
        )
        .bind(&self.owner)
        .bind(&self.host)
        .execute(connection)
        .await
        .map_err(|e| classify(e, "could not release the operators' lock of schema \"bss\""))?;
        Ok(())
    }
}
