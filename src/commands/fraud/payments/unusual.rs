//! `bss fraud payments unusual-amounts`

use crate::backends::postgres::transaction::report_fault;
use crate::backends::postgres::unusual;
use crate::cli::{ExitStatus, Failure, range};
use crate::commands::Context;
use crate::commands::analytics::asking::{DAY, connect};
use crate::metrics::query::UnusualQuery;
use crate::ui::{Cell, Report};

/// List payments whose amount is unusual for their customer
///
/// Compares each payment of the last 7 days (or of --since and --until) with the median of its
/// customer's payments in the same currency, in units of their usual distance from it (the median
/// absolute deviation, as of a normal distribution): both stand still when one amount is far off. A
/// payment counts once, with its last status. The furthest off come first.
#[derive(Debug, clap::Args)]
pub struct UnusualArgs {
    /// Customers with at least so many payments in the range
    #[arg(long, value_name = "N", default_value_t = 5,
        value_parser = clap::value_parser!(u32).range(3..=1_000_000))]
    min_count: u32,
    /// Payments that are more than so many usual distances off
    #[arg(long, value_name = "N", default_value_t = 5,
        value_parser = clap::value_parser!(u32).range(1..=1000))]
    distance: u32,
    /// Only in this currency
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// At most so many payments
    #[arg(long, value_name = "N", default_value_t = 50,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(args: UnusualArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let settings = context.settings();
    let range = range::resolve(&context.global, settings, context.now(), DAY * 7)?;
    let query = UnusualQuery {
        tenant: settings.general.tenant.clone(),
        since: range.since,
        until: range.until,
        least_payments: args.min_count,
        distance: args.distance,
        currency: args.currency,
        limit: args.limit,
    };
    let mut connection = connect(context).await?;
    let limit = settings.timescale.statement_timeout;
    let (rows, found) = unusual::furthest(&mut connection, &query).await.map_err(|e| {
        let what = "could not read hypertable bss.payment_metrics".to_owned();
        report_fault(e, what, &range.title(), limit)
    })?;
    let cut = u64::try_from(rows.len()).unwrap_or(u64::MAX) < found;
    let report = Report::new(format!("Payments of an unusual amount, {}", range.title()))
        .column("timestamp", "TIME")
        .column("paymentId", "PAYMENT")
        .column("customerId", "CUSTOMER")
        .number("amount", "AMOUNT")
        .column("currency", "CURRENCY")
        .column("status", "STATUS")
        .number("median", "MEDIAN")
        .number("distance", "DISTANCE")
        .number("payments", "OF")
        .meta("minCount", query.least_payments)
        .meta("minDistance", query.distance)
        .meta("found", found)
        .meta("limit", query.limit)
        .meta("cut", cut);
    let mut report = range.meta(report);
    for row in &rows {
        report.push(vec![
            row.payment.time.into(),
            row.payment.payment_id.as_str().into(),
            row.payment.customer_id.as_str().into(),
            row.payment.amount.into(),
            row.payment.currency.as_str().into(),
            row.payment.status.as_str().into(),
            row.median.into(),
            Cell::Number(format!("{:.1}", row.distance)),
            Cell::from(row.payments),
        ]);
    }
    context.ui.report(&report)?;
    if cut {
        context.ui.cut(rows.len(), "--limit");
    }
    Ok(ExitStatus::Done)
}
