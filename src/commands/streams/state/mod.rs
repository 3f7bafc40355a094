//! `bss streams state`: look into the state of a topology.

pub mod get;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Look into the state of a topology
#[derive(Debug, clap::Subcommand)]
#[expect(missing_docs, reason = "each leaf's arguments carry its help")]
pub enum State {
    Get(get::GetArgs),
}

impl State {
    /// Runs the leaf.
    ///
    /// # Errors
    /// The command's failure.
    pub async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self {
            Self::Get(args) => get::run(args, context).await,
        }
    }
}
