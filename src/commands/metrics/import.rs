//! `bss metrics import`

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Load a file of metrics
#[derive(Debug, clap::Args)]
pub struct ImportArgs {}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(_args: ImportArgs, _context: &Context) -> Result<ExitStatus, Failure> {
    Err(Failure::failed("not built yet"))
}
