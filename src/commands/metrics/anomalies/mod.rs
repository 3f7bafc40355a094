//! `bss metrics anomalies`: Find anomalies in stored metrics and in files

pub mod customer;
pub mod file;
mod listing;
pub mod system;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Find anomalies in stored metrics and in files
#[derive(Debug, clap::Subcommand)]
#[expect(missing_docs, reason = "each leaf's arguments carry its help")]
pub enum Anomalies {
    System(system::SystemArgs),
    Customer(customer::CustomerArgs),
    File(file::FileArgs),
}

impl Anomalies {
    /// Runs the leaf.
    ///
    /// # Errors
    /// The command's failure.
    pub async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self {
            Self::System(args) => system::run(args, context).await,
            Self::Customer(args) => customer::run(args, context).await,
            Self::File(args) => file::run(&args, context),
        }
    }
}
