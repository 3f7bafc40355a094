//! `bss streams resume`

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::streams::pause::{self, Which};

/// Let paused topologies go on
#[derive(Debug, clap::Args)]
pub struct ResumeArgs {
    #[command(flatten)]
    which: Which,
}

/// Runs the command.
///
/// # Errors
/// As `bss streams pause`.
pub async fn run(args: ResumeArgs, context: &Context) -> Result<ExitStatus, Failure> {
    pause::change(&args.which, context, None).await
}
