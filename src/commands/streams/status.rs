//! `bss streams status`

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Show whether topologies run, how far they are and what they set aside
#[derive(Debug, clap::Args)]
pub struct StatusArgs {}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(_args: StatusArgs, _context: &Context) -> Result<ExitStatus, Failure> {
    Err(Failure::failed("not built yet"))
}
