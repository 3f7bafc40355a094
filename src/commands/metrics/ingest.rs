//! `bss metrics ingest`

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Carry metrics and alerts from Kafka to TimescaleDB
#[derive(Debug, clap::Args)]
pub struct IngestArgs {}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(_args: IngestArgs, _context: &Context) -> Result<ExitStatus, Failure> {
    Err(Failure::failed("not built yet"))
}
