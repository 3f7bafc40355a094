//! `bss metrics record order`

use super::store::{Given, store};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::metrics::draft::Draft;
use crate::metrics::kind::Kind;

/// Record one order in one status
///
/// Stores it once however often the command is given: the key is order, time and status. The same
/// key with other content is refused with both versions (exit 5).
#[derive(Debug, clap::Args)]
pub struct OrderArgs {
    /// The order's identifier
    #[arg(value_name = "ORDER")]
    order: String,
    /// Who ordered
    #[arg(long, value_name = "ID")]
    customer: String,
    /// What it costs in all: decimal digits, at most 4 behind the point
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    amount: String,
    /// How many items
    #[arg(long, value_name = "N", allow_hyphen_values = true)]
    items: String,
    /// What it has come to, such as PENDING or COMPLETED
    #[arg(long, value_name = "STATUS")]
    status: String,
    /// When it happened: RFC 3339 or epoch milliseconds
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    timestamp: String,
    /// In which currency [default: general.currency]
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// Where it was ordered
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// More about it: a JSON object
    #[arg(long, value_name = "JSON")]
    tags: Option<String>,
    /// Which version of the event it is: a higher one takes the place of the stored one
    #[arg(long, value_name = "N")]
    revision: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(args: OrderArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let what = format!("order \"{}\"", args.order);
    let draft = Draft::new(Kind::Order)
        .with("orderId", Some(args.order))
        .with("customerId", Some(args.customer))
        .with("totalAmount", Some(args.amount))
        .with("itemsCount", Some(args.items))
        .with("status", Some(args.status))
        .with("timestamp", Some(args.timestamp))
        .with("currency", args.currency)
        .with("region", args.region)
        .with("tags", args.tags)
        .with("revision", args.revision);
    let shown = &["orderId", "timestamp", "status", "totalAmount", "currency"];
    store(Given { kind: Kind::Order, draft, what, shown }, context).await
}
