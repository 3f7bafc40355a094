//! `bss customers change-tier`

use super::carry;
use super::given::WishArgs;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::customers::Command;

/// Change the tier of a customer
///
/// Stores CustomerTierChanged with the tier before and after. The tier that the customer has is
/// nothing to do.
#[derive(Debug, clap::Args)]
pub struct ChangeTierArgs {
    /// The customer's id
    #[arg(value_name = "ID")]
    id: String,
    /// The new tier, one of customers.tiers
    #[arg(value_name = "TIER")]
    tier: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    wish: WishArgs,
}

/// Runs the command.
///
/// # Errors
/// Exit 1 if there is no such customer, exit 5 if it is closed, exit 2 for a tier that is none.
pub async fn run(args: ChangeTierArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let command = Command::ChangeTier { tier: args.tier, reason: args.reason };
    carry::out(&args.id, &command, &args.wish, context).await
}
