//! `bss fraud payments high-value`

use crate::backends::postgres::reports;
use crate::backends::postgres::transaction::report_fault;
use crate::cli::{ExitStatus, Failure, range};
use crate::commands::Context;
use crate::commands::analytics::asking::{DAY, connect};
use crate::domain::Money;
use crate::metrics::query::HighValueQuery;
use crate::ui::{Cell, Report};

/// List payments of a high amount
///
/// Lists the payments of the last 24 hours (or of --since and --until) of at least --min-amount, the
/// highest first; amounts of different currencies are not the same, so a list of one currency
/// (--currency) is the one to read. A payment is listed once for each status it came to.
#[derive(Debug, clap::Args)]
pub struct HighValueArgs {
    /// Amounts from this on
    #[arg(long, value_name = "AMOUNT", default_value = "1000", value_parser = amount)]
    min_amount: Money,
    /// Only in this currency
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// At most so many payments
    #[arg(long, value_name = "N", default_value_t = 50,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
}

fn amount(text: &str) -> Result<Money, String> {
    Money::non_negative(text).map_err(|fault| fault.detail)
}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(args: HighValueArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let settings = context.settings();
    let range = range::resolve(&context.global, settings, context.now(), DAY)?;
    let query = HighValueQuery {
        tenant: settings.general.tenant.clone(),
        since: range.since,
        until: range.until,
        least: args.min_amount,
        currency: args.currency,
        limit: args.limit,
    };
    let mut connection = connect(context).await?;
    let limit = settings.timescale.statement_timeout;
    let (rows, found) = reports::high_value(&mut connection, &query).await.map_err(|e| {
        let what = "could not read hypertable bss.payment_metrics".to_owned();
        report_fault(e, what, &range.title(), limit)
    })?;
    let title = format!("Payments of {} and more, {}", query.least, range.title());
    let cut = u64::try_from(rows.len()).unwrap_or(u64::MAX) < found;
    let report = Report::new(title)
        .column("timestamp", "TIME")
        .column("paymentId", "PAYMENT")
        .column("customerId", "CUSTOMER")
        .number("amount", "AMOUNT")
        .column("currency", "CURRENCY")
        .column("status", "STATUS")
        .number("fraudScore", "SCORE")
        .column("paymentMethod", "METHOD")
        .meta("minAmount", query.least.to_string())
        .meta("found", found)
        .meta("limit", query.limit)
        .meta("cut", cut);
    let mut report = range.meta(report);
    for row in &rows {
        report.push(vec![
            row.time.into(),
            row.payment_id.as_str().into(),
            row.customer_id.as_str().into(),
            row.amount.into(),
            row.currency.as_str().into(),
            row.status.as_str().into(),
            row.fraud_score.map_or(Cell::Null, |s| Cell::Number(s.normalize().to_string())),
            Cell::text_or_null(row.payment_method.clone()),
        ]);
    }
    context.ui.report(&report)?;
    if cut {
        context.ui.cut(rows.len(), "--limit");
    }
    Ok(ExitStatus::Done)
}
