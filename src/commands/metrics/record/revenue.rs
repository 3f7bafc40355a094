//! `bss metrics record revenue`

use super::store::{Given, store};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::metrics::draft::Draft;
use crate::metrics::kind::Kind;

/// Record revenue with its costs
///
/// Stores it once however often the command is given: it is known by its event id and time. The
/// profit is the difference; it cannot be given.
#[derive(Debug, clap::Args)]
pub struct RevenueArgs {
    /// What came in; refunds make it negative
    #[arg(value_name = "REVENUE", allow_hyphen_values = true)]
    revenue: String,
    /// What it cost
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    costs: String,
    /// Of how many orders
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    orders: String,
    /// When it happened: RFC 3339 or epoch milliseconds
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    timestamp: String,
    /// In which currency [default: general.currency]
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// Where
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// For which product category
    #[arg(long, value_name = "CATEGORY")]
    category: Option<String>,
    /// What it is known by [default: a digest of all that is given]
    #[arg(long, value_name = "ID")]
    event_id: Option<String>,
    /// Which version of the event it is: a higher one takes the place of the stored one
    #[arg(long, value_name = "N")]
    revision: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(args: RevenueArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let what = format!("revenue of {}", args.revenue);
    let draft = Draft::new(Kind::Revenue)
        .with("revenue", Some(args.revenue))
        .with("costs", Some(args.costs))
        .with("ordersCount", Some(args.orders))
        .with("timestamp", Some(args.timestamp))
        .with("currency", args.currency)
        .with("region", args.region)
        .with("productCategory", args.category)
        .with("eventId", args.event_id)
        .with("revision", args.revision);
    let shown =
        &["timestamp", "region", "productCategory", "revenue", "costs", "profit", "currency"];
    store(Given { kind: Kind::Revenue, draft, what, shown }, context).await
}
