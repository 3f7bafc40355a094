//! `bss streams late`: list records that came too late, and count them after all.

pub mod list;
pub mod replay;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// List records that came too late, and correct their windows
#[derive(Debug, clap::Subcommand)]
#[expect(missing_docs, reason = "each leaf's arguments carry its help")]
pub enum Late {
    List(list::ListArgs),
    Replay(replay::ReplayArgs),
}

impl Late {
    /// Runs the leaf.
    ///
    /// # Errors
    /// The command's failure.
    pub async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self {
            Self::List(args) => list::run(args, context).await,
            Self::Replay(args) => replay::run(args, context).await,
        }
    }
}
