//! `bss customers`: Create and change customers, by events

mod carry;
pub mod change_tier;
pub mod close;
pub mod create;
mod given;
pub mod show;
pub mod update;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Create and change customers, by events
#[derive(Debug, clap::Subcommand)]
#[expect(missing_docs, reason = "each leaf's arguments carry its help")]
pub enum Customers {
    Create(create::CreateArgs),
    Update(update::UpdateArgs),
    ChangeTier(change_tier::ChangeTierArgs),
    Close(close::CloseArgs),
    Show(show::ShowArgs),
}

impl Customers {
    /// Runs the leaf.
    ///
    /// # Errors
    /// The command's failure.
    pub async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self {
            Self::Create(args) => create::run(args, context).await,
            Self::Update(args) => update::run(args, context).await,
            Self::ChangeTier(args) => change_tier::run(args, context).await,
            Self::Close(args) => close::run(args, context).await,
            Self::Show(args) => show::run(args, context).await,
        }
    }
}
