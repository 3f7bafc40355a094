//! `bss fraud payments`: Report payments by status, amount and what is usual

pub mod high_value;
pub mod status;
pub mod unusual;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Report payments by status, amount and what is usual
#[derive(Debug, clap::Subcommand)]
#[expect(missing_docs, reason = "each leaf's arguments carry its help")]
pub enum Payments {
    HighValue(high_value::HighValueArgs),
    Status(status::StatusArgs),
    UnusualAmounts(unusual::UnusualArgs),
}

impl Payments {
    /// Runs the leaf.
    ///
    /// # Errors
    /// The command's failure.
    pub async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self {
            Self::HighValue(args) => high_value::run(args, context).await,
            Self::Status(args) => status::run(args, context).await,
            Self::UnusualAmounts(args) => unusual::run(args, context).await,
        }
    }
}
