//! `bss analytics system`: Judge and compare services

pub mod health;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Judge and compare services
#[derive(Debug, clap::Subcommand)]
#[expect(missing_docs, reason = "each leaf's arguments carry its help")]
pub enum System {
    Health(health::HealthArgs),
}

impl System {
    /// Runs the leaf.
    ///
    /// # Errors
    /// The command's failure.
    pub async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self {
            Self::Health(args) => health::run(args, context).await,
        }
    }
}
