//! `bss analytics orders fulfilment`

use super::super::asking::{DAY, connect, expired_meta, number, tell_expired};
use crate::backends::postgres::facts::fulfilment;
use crate::backends::postgres::transaction::report_fault;
use crate::cli::{ExitStatus, Failure, range};
use crate::commands::Context;
use crate::ui::{Cell, Report};

/// How long orders take from one status to another
///
/// From an order's first PENDING to its first DELIVERED after it (or --from and --to) over the last 30
/// days (or --since and --until): the slowest first, those that are not there yet before all. An order
/// counts once, however often it comes to either.
#[derive(Debug, clap::Args)]
pub struct FulfilmentArgs {
    /// The status in which it begins
    #[arg(long, value_name = "STATUS", default_value = "PENDING")]
    from: String,
    /// The status in which it ends
    #[arg(long, value_name = "STATUS", default_value = "DELIVERED")]
    to: String,
    /// At most so many orders
    #[arg(long, value_name = "N", default_value_t = 50,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(args: FulfilmentArgs, context: &Context) -> Result<ExitStatus, Failure> {
    if args.from == args.to {
        return Err(Failure::usage(format!("--from and --to are both `{}`", args.from)));
    }
    let settings = context.settings();
    let range = range::resolve(&context.global, settings, context.now(), DAY * 30)?;
    let mut connection = connect(context).await?;
    let limit = settings.timescale.statement_timeout;
    let (tenant, times) = (&settings.general.tenant, (range.since, range.until));
    let statuses = (args.from.as_str(), args.to.as_str());
    let found = fulfilment(&mut connection, tenant, statuses, times, args.limit).await;
    let found = found.map_err(|e| {
        let what = "could not read hypertable bss.order_metrics".to_owned();
        report_fault(e, what, &range.title(), limit)
    })?;
    let expired = tell_expired(context, &mut connection, "order_metrics", range.since).await?;
    let text = |value: Option<f64>| value.map(|v| format!("{v:.2}"));
    let cut = u64::try_from(found.orders.len()).unwrap_or(u64::MAX) < found.began;
    let title = format!("Orders from {} to {}, {}", args.from, args.to, range.title());
    let report = Report::new(title)
        .column("orderId", "ORDER")
        .column("began", "FROM")
        .column("ended", "TO")
        .number("hours", "HOURS")
        .meta("orders", found.began)
        .meta("fulfilled", found.ended)
        .meta("medianHours", text(found.median))
        .meta("p95Hours", text(found.slow))
        .meta("limit", args.limit)
        .meta("cut", cut);
    let mut report = expired_meta(range.meta(report), expired);
    for order in &found.orders {
        report.push(vec![
            order.order_id.as_str().into(),
            order.began.into(),
            order.ended.map_or(Cell::Null, Cell::from),
            number(order.hours),
        ]);
    }
    context.ui.report(&report)?;
    if let (Some(median), Some(slow)) = (text(found.median), text(found.slow)) {
        let (ended, began) = (found.ended, found.began);
        context.ui.status(format!(
            "In all: {ended} of {began} orders; half within {median} h, 95 % within {slow} h."
        ));
    }
    if cut {
        context.ui.cut(found.orders.len(), "--limit");
    }
    Ok(ExitStatus::Done)
}
