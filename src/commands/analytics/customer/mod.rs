//! `bss analytics customer`: Show what customers do

pub mod metrics;
pub mod top;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Show what customers do
#[derive(Debug, clap::Subcommand)]
#[expect(missing_docs, reason = "each leaf's arguments carry its help")]
pub enum Customer {
    Aggregates(metrics::AggregatesArgs),
    Metrics(metrics::MetricsArgs),
    Top(top::TopArgs),
}

impl Customer {
    /// Runs the leaf.
    ///
    /// # Errors
    /// The command's failure.
    pub async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self {
            Self::Aggregates(args) => metrics::aggregates(args, context).await,
            Self::Metrics(args) => metrics::run(args, context).await,
            Self::Top(args) => top::run(args, context).await,
        }
    }
}
