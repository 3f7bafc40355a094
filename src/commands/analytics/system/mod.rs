//! `bss analytics system`: Judge and compare services

pub mod comparison;
pub mod health;
pub mod performance;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Judge and compare services
#[derive(Debug, clap::Subcommand)]
#[expect(missing_docs, reason = "each leaf's arguments carry its help")]
pub enum System {
    Comparison(comparison::ComparisonArgs),
    Health(health::HealthArgs),
    Performance(performance::PerformanceArgs),
}

impl System {
    /// Runs the leaf.
    ///
    /// # Errors
    /// The command's failure.
    pub async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self {
            Self::Comparison(args) => comparison::run(args, context).await,
            Self::Health(args) => health::run(args, context).await,
            Self::Performance(args) => performance::run(args, context).await,
        }
    }
}
