//! Carries a plan out, one step at a time, each safe to run again.

use sqlx::{Connection, Executor, PgConnection};

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::postgres::classify;
use crate::backends::postgres::inventory::path;
use crate::backends::postgres::migrate::LOCK_TIMEOUT;
use crate::runtime::fault::Fault;
use crate::timescale::server::Server;
use crate::timescale::sql::Batch;

/// Makes the session ready for [`step`].
///
/// # Errors
/// A broken connection.
pub async fn prepare(connection: &mut PgConnection, server: &Server) -> Result<()> {
    let what = "could not prepare the session";
    path(connection, server).await.map_err(|e| classify(e, what))?;
    let set = format!("SET lock_timeout = '{LOCK_TIMEOUT}'");
    connection.execute(set.as_str()).await.map_err(|e| classify(e, what))?;
    Ok(())
}

/// Runs the batches of one step; `what` says which. `fault` may end the process before a batch is
/// committed (`setup-before-commit`) and after each (`setup-after-batch`).
///
/// # Errors
/// [`Kind::TimedOut`] when others hold the table; [`Kind::Denied`] with the statement to give to
/// an administrator; what else the server refuses.
pub async fn step(
    connection: &mut PgConnection,
    what: &str,
    batches: &[Batch],
    fault: &Fault,
) -> Result<()> {
    for batch in batches {
        match batch {
            Batch::Alone(statement) => {
                let ran = (&mut *connection).execute(statement.as_str()).await;
                ran.map_err(|e| explain(e, what, statement))?;
            }
            Batch::UntilZero(statement) => loop {
                let ran = sqlx::query_scalar(statement).fetch_one(&mut *connection).await;
                let done: i32 = ran.map_err(|e| explain(e, what, statement))?;
                if done == 0 {
                    break;
                }
                fault.hit("setup-after-batch");
            },
            Batch::Together(statements) => {
                let failed = |e| classify(e, what);
                let mut transaction = connection.begin().await.map_err(failed)?;
                for statement in statements {
                    let ran = transaction.execute(statement.as_str()).await;
                    ran.map_err(|e| explain(e, what, statement))?;
                }
                fault.hit("setup-before-commit");
                transaction.commit().await.map_err(failed)?;
            }
        }
        fault.hit("setup-after-batch");
    }
    Ok(())
}

fn explain(error: sqlx::Error, what: &str, statement: &str) -> BackendError {
    let code = error.as_database_error().and_then(|e| e.code()).map(|c| c.into_owned());
    let error = classify(error, what);
    match (error.kind, code.as_deref()) {
        (_, Some("55P03")) => error.hint(format!(
            "Others held the table for more than {LOCK_TIMEOUT}. Run the same command again, or \
             pause what writes to it."
        )),
        (Kind::Denied, _) => {
            error.hint(format!("Ask an administrator to run, in this database: {statement};"))
        }
        _ => error,
    }
}
