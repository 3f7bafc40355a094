//! `bss setup redis`

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Check persistence and eviction settings
#[derive(Debug, clap::Args)]
pub struct RedisArgs {}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(_args: RedisArgs, _context: &Context) -> Result<ExitStatus, Failure> {
    Err(Failure::failed("not built yet"))
}
