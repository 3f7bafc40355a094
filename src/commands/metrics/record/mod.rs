//! `bss metrics record`: record one metric.

pub mod payment;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Record one metric
#[derive(Debug, clap::Subcommand)]
#[expect(missing_docs, reason = "each leaf's arguments carry its help")]
pub enum Record {
    Payment(payment::PaymentArgs),
}

impl Record {
    /// Runs the leaf.
    ///
    /// # Errors
    /// The command's failure.
    pub async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self {
            Self::Payment(args) => payment::run(args, context).await,
        }
    }
}
