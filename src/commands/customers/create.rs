//! `bss customers create`

use super::carry;
use super::given::{FieldArgs, WishArgs, texts};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::customers::Command;

/// Create a customer
///
/// Stores CustomerCreated as the first event of customer/ID. A customer is created once; with the
/// same --command-id the same command again stores nothing and answers what is stored.
#[derive(Debug, clap::Args)]
pub struct CreateArgs {
    /// The customer's id
    #[arg(value_name = "ID")]
    id: String,
    /// The customer's name
    #[arg(long, value_name = "TEXT")]
    name: String,
    /// The tier, one of customers.tiers
    #[arg(long, value_name = "TIER")]
    tier: String,
    #[command(flatten)]
    fields: FieldArgs,
    #[command(flatten)]
    wish: WishArgs,
}

/// Runs the command.
///
/// # Errors
/// Exit 5 if there is such a customer, exit 2 for a field that cannot be.
pub async fn run(args: CreateArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let mut fields = args.fields.fields();
    fields.extend(texts(&[("name", &Some(args.name)), ("tier", &Some(args.tier))]));
    carry::out(&args.id, &Command::Create(fields), &args.wish, context).await
}
