//! `bss metrics record payment`

use crate::backends::postgres::copy::EncodedPayments;
use crate::backends::postgres::payments::{self, PaymentWriter};
use crate::backends::postgres::{self, fault, transaction};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::domain::PaymentEvent;
use crate::domain::payment::{Currency, PaymentDraft};
use crate::metrics::decode::{Rules, within};
use crate::ui::Report;

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
    let settings = context.settings();
    let currency = Currency::new(&settings.general.currency)
        .map_err(|e| Failure::config("cannot use general.currency").because(&e))?;
    let mut connection = postgres::connect(&settings.timescale).await?;
    let floor = payments::floor(&mut connection, "payment_metrics").await?;
    let skew = i64::try_from(settings.general.max_skew.as_micros()).unwrap_or(i64::MAX);
    let latest = context.now().plus_micros(skew);
    let rules = Rules { currency, round: false, latest, floor };
    let id = args.payment.clone();
    let draft = PaymentDraft {
        payment_id: Some(args.payment.into()),
        customer_id: Some(args.customer.into()),
        amount: Some(args.amount.into()),
        status: Some(args.status.into()),
        timestamp: Some(args.timestamp.into()),
        currency: args.currency.map(Into::into),
        order_id: args.order.map(Into::into),
        payment_method: args.method.map(Into::into),
        merchant_id: args.merchant.map(Into::into),
        fraud_score: args.score.map(Into::into),
        ..PaymentDraft::default()
    };
    let what = || format!("could not record payment \"{id}\"");
    let refused =
        |e: crate::domain::Reject| Failure::failed(what()).code(e.reason.code()).because(&e);
    let payment = draft.check(currency, None).map_err(refused)?;
    within(payment.time, &rules).map_err(refused)?;
    let mut rows = EncodedPayments::default();
    rows.push(&payment, &settings.general.tenant)
        .map_err(|e| Failure::failed(what()).because(e.as_ref()))?;
    transaction::begin(&mut connection).await?;
    let outcome = PaymentWriter::default()
        .write(&mut connection, &rows)
        .await
        .map_err(|e| fault(e, what()))?;
    if let Some((_, said)) = outcome.refused.first() {
        return Err(Failure::failed(what()).because(&std::io::Error::other(said.clone())));
    }
    if let Some(conflict) = outcome.conflicting.first() {
        return Err(Failure::new(
            ExitStatus::Conflict,
            format!("{}: its time and status are stored with other content", what()),
        )
        .because(&std::io::Error::other(format!("stored: {}", conflict.stored.to_json())))
        .because(&std::io::Error::other(format!(
            "given: {}",
            crate::metrics::sample::to_json(&payment)
        )))
        .hint("A correction is a new event: give it a time or status of its own."));
    }
    transaction::commit(&mut connection).await?;
    transaction::close(connection).await?;
    let outcome = if outcome.stored == 1 { "stored" } else { "duplicate" };
    context.ui.report(&report(&payment, outcome))?;
    Ok(ExitStatus::Done)
}

fn report(payment: &PaymentEvent<'_>, outcome: &str) -> Report {
    let mut report = Report::new("")
        .column("paymentId", "PAYMENT")
        .column("timestamp", "TIME")
        .column("status", "STATUS")
        .number("amount", "AMOUNT")
        .column("currency", "CURRENCY")
        .column("outcome", "OUTCOME");
    report.push(vec![
        payment.payment_id.as_ref().into(),
        payment.time.into(),
        payment.status.code().into(),
        payment.amount.into(),
        payment.currency.code().into(),
        outcome.into(),
    ]);
    report
}
