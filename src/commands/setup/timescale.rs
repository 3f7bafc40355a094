//! `bss setup timescale`

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Plan, apply or check hypertables, continuous aggregates and policies
#[derive(Debug, clap::Args)]
pub struct TimescaleArgs {}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(_args: TimescaleArgs, _context: &Context) -> Result<ExitStatus, Failure> {
    Err(Failure::failed("not built yet"))
}
