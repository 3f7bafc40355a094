//! `bss fraud alerts`: list and explain alerts.

pub mod explain;
pub mod list;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// List and explain alerts
#[derive(Debug, clap::Subcommand)]
#[expect(missing_docs, reason = "each leaf's arguments carry its help")]
pub enum Alerts {
    List(list::ListArgs),
    Explain(explain::ExplainArgs),
}

impl Alerts {
    /// Runs the leaf.
    ///
    /// # Errors
    /// The command's failure.
    pub async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self {
            Self::List(args) => list::run(args, context).await,
            Self::Explain(args) => explain::run(args, context).await,
        }
    }
}
