//! `bss metrics record`

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Record one metric
#[derive(Debug, clap::Args)]
pub struct RecordArgs {}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(_args: RecordArgs, _context: &Context) -> Result<ExitStatus, Failure> {
    Err(Failure::failed("not built yet"))
}
