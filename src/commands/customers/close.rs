//! `bss customers close`

use super::carry;
use super::given::WishArgs;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::customers::Command;

/// Close a customer who left
///
/// Stores CustomerClosed: the history stays, nothing can be changed any more.
#[derive(Debug, clap::Args)]
pub struct CloseArgs {
    /// The customer's id
    #[arg(value_name = "ID")]
    id: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    wish: WishArgs,
}

/// Runs the command.
///
/// # Errors
/// Exit 1 if there is no such customer.
pub async fn run(args: CloseArgs, context: &Context) -> Result<ExitStatus, Failure> {
    carry::out(&args.id, &Command::Close { reason: args.reason }, &args.wish, context).await
}
