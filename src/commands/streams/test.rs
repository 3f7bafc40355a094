//! `bss streams test`

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Run a topology over a file, without a broker
#[derive(Debug, clap::Args)]
pub struct TestArgs {}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(_args: TestArgs, _context: &Context) -> Result<ExitStatus, Failure> {
    Err(Failure::failed("not built yet"))
}
