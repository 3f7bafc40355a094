//! `bss streams describe`

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Show what a topology reads, keeps and writes
#[derive(Debug, clap::Args)]
pub struct DescribeArgs {}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(_args: DescribeArgs, _context: &Context) -> Result<ExitStatus, Failure> {
    Err(Failure::failed("not built yet"))
}
