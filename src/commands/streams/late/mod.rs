//! `bss streams late`: list records that came too late.

pub mod list;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// List records that came too late
#[derive(Debug, clap::Subcommand)]
#[expect(missing_docs, reason = "each leaf's arguments carry its help")]
pub enum Late {
    List(list::ListArgs),
}

impl Late {
    /// Runs the leaf.
    ///
    /// # Errors
    /// The command's failure.
    pub async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self {
            Self::List(args) => list::run(args, context).await,
        }
    }
}
