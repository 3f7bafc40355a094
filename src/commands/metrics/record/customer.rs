//! `bss metrics record customer`

use super::store::{Given, store};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::metrics::draft::Draft;
use crate::metrics::kind::Kind;

/// Record one measurement of a customer
///
/// Stores it once however often the command is given: it is known by its event id and time.
#[derive(Debug, clap::Args)]
pub struct CustomerArgs {
    /// The customer's identifier
    #[arg(value_name = "CUSTOMER")]
    customer: String,
    /// What was measured
    #[arg(value_name = "METRIC")]
    metric: String,
    /// How much
    #[arg(value_name = "VALUE", allow_hyphen_values = true)]
    value: String,
    /// When it happened: RFC 3339 or epoch milliseconds
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    timestamp: String,
    /// More about it: a JSON object
    #[arg(long, value_name = "JSON")]
    labels: Option<String>,
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
pub async fn run(args: CustomerArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let what = format!("{} of customer \"{}\"", args.metric, args.customer);
    let draft = Draft::new(Kind::Customer)
        .with("customerId", Some(args.customer))
        .with("metricName", Some(args.metric))
        .with("metricValue", Some(args.value))
        .with("timestamp", Some(args.timestamp))
        .with("labels", args.labels)
        .with("eventId", args.event_id)
        .with("revision", args.revision);
    let shown = &["customerId", "metricName", "timestamp", "metricValue"];
    store(Given { kind: Kind::Customer, draft, what, shown }, context).await
}
