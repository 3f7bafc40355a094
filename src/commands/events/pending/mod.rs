//! `bss events pending`: See and move the events that a group's consumers have not done

pub mod claim;
pub mod list;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// See and move the events that a group's consumers have not done
#[derive(Debug, clap::Subcommand)]
#[expect(missing_docs, reason = "each leaf's arguments carry its help")]
pub enum PendingLeaf {
    List(list::ListArgs),
    Claim(claim::ClaimArgs),
}

impl PendingLeaf {
    /// Runs the leaf.
    ///
    /// # Errors
    /// The command's failure.
    pub async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self {
            Self::List(args) => list::run(args, context).await,
            Self::Claim(args) => claim::run(args, context).await,
        }
    }
}
