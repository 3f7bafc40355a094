//! `bss metrics anomalies`: Find anomalies in stored metrics and in files

pub mod customer;
pub mod file;
mod listing;
pub mod system;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Find anomalies in stored metrics and in files
///
/// Each series is judged row by row, from the rows before it alone: an alarm is the one that would
/// have been raised at that time. Three models look at each row: the usual at that time of day
/// (RHYTHM), the step from the row before (JUMP), and how far the value is from all so far (NOVELTY).
/// How rare what they see is in the series itself makes a score from 0 to 1.
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
