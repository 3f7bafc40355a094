//! `bss fraud alerts explain`

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Explain one alert
#[derive(Debug, clap::Args)]
pub struct ExplainArgs {}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(_args: ExplainArgs, _context: &Context) -> Result<ExitStatus, Failure> {
    Err(Failure::failed("not built yet"))
}
