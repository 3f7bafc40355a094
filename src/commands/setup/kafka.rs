//! `bss setup kafka`

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Plan, create or check topics
#[derive(Debug, clap::Args)]
pub struct KafkaArgs {}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(_args: KafkaArgs, _context: &Context) -> Result<ExitStatus, Failure> {
    Err(Failure::failed("not built yet"))
}
