//! `bss metrics record payment`

use super::store::{Given, store};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::metrics::draft::Draft;
use crate::metrics::kind::Kind;

/// Record one payment
///
/// Stores the payment once however often the command is given: the key is payment, time and
/// status. The same key with other content is refused with both versions (exit 5).
#[derive(Debug, clap::Args)]
pub struct PaymentArgs {
    /// The payment's identifier
    #[arg(value_name = "PAYMENT")]
    payment: String,
    /// Who pays
    #[arg(long, value_name = "ID")]
    customer: String,
    /// How much: decimal digits, at most 4 behind the point
    #[arg(long, value_name = "AMOUNT", allow_hyphen_values = true)]
    amount: String,
    /// What it has come to: PENDING, AUTHORIZED, COMPLETED, FAILED, DECLINED, REFUNDED, CANCELLED
    #[arg(long, value_name = "STATUS")]
    status: String,
    /// When it happened: RFC 3339 or epoch milliseconds
    #[arg(long, value_name = "TIME", allow_hyphen_values = true)]
    timestamp: String,
    /// In which currency [default: general.currency]
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// What is paid for
    #[arg(long, value_name = "ID")]
    order: Option<String>,
    /// How it is paid
    #[arg(long, value_name = "METHOD")]
    method: Option<String>,
    /// The merchant or terminal
    #[arg(long, value_name = "ID")]
    merchant: Option<String>,
    /// Its fraud score, 0 to 100
    #[arg(long, value_name = "SCORE", allow_hyphen_values = true)]
    score: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(args: PaymentArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let what = format!("payment \"{}\"", args.payment);
    let draft = Draft::new(Kind::Payment)
        .with("paymentId", Some(args.payment))
        .with("customerId", Some(args.customer))
        .with("amount", Some(args.amount))
        .with("status", Some(args.status))
        .with("timestamp", Some(args.timestamp))
        .with("currency", args.currency)
        .with("orderId", args.order)
        .with("paymentMethod", args.method)
        .with("merchantId", args.merchant)
        .with("fraudScore", args.score);
    let shown = &["paymentId", "timestamp", "status", "amount", "currency"];
    store(Given { kind: Kind::Payment, draft, what, shown }, context).await
}
