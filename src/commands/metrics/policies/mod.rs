//! `bss metrics policies`: the policies that keep aggregates current and old rows away.

pub mod check;
pub mod run;

use crate::backends::postgres::{self, inventory, place};
use crate::backends::{BackendError, Kind};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::setup::timescale::declared;
use crate::config::settings::Timescale;
use crate::timescale::inventory::Inventory;
use crate::timescale::server::{self, Edition, Server};
use crate::timescale::spec::Spec;

/// Run and check the policies of aggregates, compression and retention
#[derive(Debug, clap::Subcommand)]
#[expect(missing_docs, reason = "each leaf's arguments carry its help")]
pub enum Policies {
    Check(check::CheckArgs),
    Run(run::RunArgs),
}

impl Policies {
    /// Runs the leaf.
    ///
    /// # Errors
    /// The command's failure.
    pub async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self {
            Self::Check(args) => check::run(args, context).await,
            Self::Run(args) => run::run(args, context).await,
        }
    }
}

/// A server that has been looked at.
pub struct Looked {
    /// The connection.
    pub connection: postgres::PgConnection,
    /// Which server it is.
    pub server: Server,
    /// What it can.
    pub edition: Edition,
    /// What is declared.
    pub spec: Spec,
    /// What is there.
    pub inventory: Inventory,
}

/// Connects and looks at what is declared and what is there.
///
/// # Errors
/// A declaration that cannot be right, a server that cannot be reached or used.
pub async fn look(settings: &Timescale) -> Result<Looked, Failure> {
    let spec = declared(settings)?;
    look_at(postgres::connect(settings).await?, settings, spec).await
}

/// The same with a connection that is there.
///
/// # Errors
/// As [`look`].
pub async fn look_at(
    mut connection: postgres::PgConnection,
    settings: &Timescale,
    spec: Spec,
) -> Result<Looked, Failure> {
    let server = inventory::server(&mut connection).await?;
    let edition = server::judge(&server).map_err(|unusable| {
        BackendError::new(Kind::Unsupported, format!("cannot use {}", place(settings)))
            .because(unusable.cause)
            .hint(unusable.hint)
    })?;
    let inventory = inventory::inventory(&mut connection, &spec, &server).await?;
    if !inventory.tables.contains("policy_run") {
        return Err(Failure::failed(format!("{} is not set up", place(settings)))
            .code("not-set-up")
            .hint("Run `bss setup timescale` to make what is declared."));
    }
    Ok(Looked { connection, server, edition, spec, inventory })
}
