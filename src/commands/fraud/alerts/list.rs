//! `bss fraud alerts list`

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// List alerts
#[derive(Debug, clap::Args)]
pub struct ListArgs {}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(_args: ListArgs, _context: &Context) -> Result<ExitStatus, Failure> {
    Err(Failure::failed("not built yet"))
}
