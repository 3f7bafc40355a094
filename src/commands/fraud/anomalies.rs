//! `bss fraud anomalies`

use std::time::Duration;

use rust_decimal::Decimal;

use crate::backends::postgres::transaction::{limit_statements, report_fault};
use crate::backends::postgres::{self, reports};
use crate::cli::range::{self, Range};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::metrics::query::{Anomalies, AnomalyQuery, PaymentRow, threshold};
use crate::ui::{Cell, Report};

/// The range without `--since`.
const SPAN: Duration = Duration::from_secs(24 * 60 * 60);

/// List payments with a high fraud score
///
/// Lists the stored payments of the last 24 hours (or of --since and --until) whose score is above
/// the threshold, the highest first. Sums are taken over all of them, by currency. Payments
/// without a score are counted apart, never as a score of zero.
#[derive(Debug, clap::Args)]
pub struct AnomaliesArgs {
    /// Scores above this, 0 to 100; the number itself is not included
    #[arg(long, value_name = "SCORE", default_value = "80", value_parser = threshold)]
    threshold: Decimal,
    /// Only payments of this customer
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// Only payments in this currency
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// List payments without a score instead, newest first
    #[arg(long, conflicts_with = "threshold")]
    unscored: bool,
    /// At most so many payments
    #[arg(long, value_name = "N", default_value_t = 50,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(args: AnomaliesArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let settings = context.settings();
    let range = range::resolve(&context.global, settings, context.now(), SPAN)?;
    let query = AnomalyQuery {
        tenant: settings.general.tenant.clone(),
        since: range.since,
        until: range.until,
        threshold: args.threshold,
        customer: args.customer,
        currency: args.currency,
        unscored: args.unscored,
        limit: args.limit,
    };
    let mut connection = postgres::connect(&settings.timescale).await?;
    let limit = settings.timescale.statement_timeout;
    limit_statements(&mut connection, limit).await?;
    let found = reports::anomalies(&mut connection, &query).await.map_err(|e| {
        let what = "could not read hypertable bss.payment_metrics".to_owned();
        report_fault(e, what, &range.title(), limit)
    })?;
    context.ui.report(&report(&query, &range, &found))?;
    for total in &found.totals {
        let (payments, amount, currency) = (total.payments, total.amount, &total.currency);
        context.ui.status(format!("In all: {payments} payments, {amount} {currency}."));
    }
    if found.unscored > 0 && !query.unscored {
        let unscored = found.unscored;
        context.ui.status(format!("{unscored} payments of the range have no score (--unscored)."));
    }
    if found.cut() {
        context.ui.cut(found.rows.len(), "--limit");
    }
    Ok(ExitStatus::Done)
}

fn report(query: &AnomalyQuery, range: &Range, found: &Anomalies) -> Report {
    let about = if query.unscored {
        "Payments without a fraud score".to_owned()
    } else {
        format!("Payments with a fraud score above {}", query.threshold)
    };
    let totals: Vec<serde_json::Value> = found
        .totals
        .iter()
        .map(|t| {
            serde_json::json!({
                "currency": t.currency,
                "payments": t.payments,
                "amount": t.amount.to_string(),
            })
        })
        .collect();
    let threshold = (!query.unscored).then(|| query.threshold.to_string());
    let report = Report::new(format!("{about}, {}", range.title()))
        .column("timestamp", "TIME")
        .number("fraudScore", "SCORE")
        .column("paymentId", "PAYMENT")
        .column("customerId", "CUSTOMER")
        .number("amount", "AMOUNT")
        .column("currency", "CURRENCY")
        .column("status", "STATUS")
        .column("paymentMethod", "METHOD")
        .meta("threshold", threshold)
        .meta("found", found.found())
        .meta("limit", query.limit)
        .meta("cut", found.cut())
        .meta("unscored", found.unscored)
        .meta("totals", totals);
    let mut report = range.meta(report);
    for row in &found.rows {
        report.push(cells(row));
    }
    report
}

fn cells(row: &PaymentRow) -> Vec<Cell> {
    vec![
        row.time.into(),
        row.fraud_score.map_or(Cell::Null, |s| Cell::Number(s.normalize().to_string())),
        row.payment_id.as_str().into(),
        row.customer_id.as_str().into(),
        row.amount.into(),
        row.currency.as_str().into(),
        row.status.as_str().into(),
        Cell::text_or_null(row.payment_method.clone()),
    ]
}
