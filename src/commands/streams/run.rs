//! `bss streams run`

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Run topologies
#[derive(Debug, clap::Args)]
pub struct RunArgs {}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(_args: RunArgs, _context: &Context) -> Result<ExitStatus, Failure> {
    Err(Failure::failed("not built yet"))
}
