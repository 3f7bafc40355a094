//! `bss config`: Show and check the configuration

pub mod show;
pub mod validate;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Show and check the configuration
#[derive(Debug, clap::Subcommand)]
#[expect(missing_docs, reason = "each leaf's arguments carry its help")]
pub enum Config {
    Show(show::ShowArgs),
    Validate(validate::ValidateArgs),
}

impl Config {
    /// Runs the leaf.
    ///
    /// # Errors
    /// The command's failure.
    pub async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self {
            Self::Show(args) => show::run(&args, context),
            Self::Validate(args) => validate::run(args, context).await,
        }
    }
}
