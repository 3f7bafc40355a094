//! `bss setup all`

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Set up all three
#[derive(Debug, clap::Args)]
pub struct AllArgs {}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(_args: AllArgs, _context: &Context) -> Result<ExitStatus, Failure> {
    Err(Failure::failed("not built yet"))
}
