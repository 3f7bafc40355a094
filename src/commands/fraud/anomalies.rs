//! `bss fraud anomalies`

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// List payments with a high fraud score
#[derive(Debug, clap::Args)]
pub struct AnomaliesArgs {}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(_args: AnomaliesArgs, _context: &Context) -> Result<ExitStatus, Failure> {
    Err(Failure::failed("not built yet"))
}
