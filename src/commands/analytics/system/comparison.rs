//! `bss analytics system comparison`

use super::super::asking::{DAY, connect, in_hours, number};
use crate::analytics::facts::Source;
use crate::backends::postgres::facts::{gauges, hourly_gauges};
use crate::backends::postgres::transaction::report_fault;
use crate::cli::{ExitStatus, Failure, range};
use crate::commands::Context;
use crate::ui::{Cell, Report};

/// Services beside each other
///
/// Means of the gauges of every service over the last 24 hours (or --since and --until), the highest
/// error rate first. P99 MS is the 95th percentile of the reported p99 latencies: a mean of
/// percentiles says nothing. Over more than 31 days the hourly aggregate is read, whole hours only, and
/// there is none.
#[derive(Debug, clap::Args)]
pub struct ComparisonArgs {}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(_: ComparisonArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let settings = context.settings();
    let range = range::resolve(&context.global, settings, context.now(), DAY)?;
    let mut connection = connect(context).await?;
    let limit = settings.timescale.statement_timeout;
    let times = (range.since, range.since, range.until);
    let (tenant, long) = (&settings.general.tenant, in_hours(context, &range));
    let found = match &long {
        None => gauges(&mut connection, tenant, times).await,
        Some(h) => hourly_gauges(&mut connection, tenant, (h.since, h.until)).await,
    };
    let source = if long.is_some() { Source::Hourly } else { Source::Rows };
    let range = long.unwrap_or(range);
    let mut found = found.map_err(|e| {
        let what = "could not read hypertable bss.system_metrics".to_owned();
        report_fault(e, what, &range.title(), limit)
    })?;
    found.sort_by(|a, b| {
        let rate = |g: &crate::analytics::health::Gauges| g.errors.unwrap_or(-1.0);
        rate(b).total_cmp(&rate(a)).then_with(|| a.service.cmp(&b.service))
    });
    let report = Report::new(format!("Services, {}", range.title()))
        .column("serviceName", "SERVICE")
        .number("reports", "REPORTS")
        .number("averageErrorRate", "ERRORS %")
        .number("averageCpu", "CPU %")
        .number("averageMemory", "MEMORY %")
        .number("averageRequestRate", "REQUESTS/S")
        .number("latencyP99", "P99 MS");
    let mut report = range.meta(report).meta("source", source.word());
    for gauges in &found {
        report.push(vec![
            gauges.service.as_str().into(),
            Cell::from(gauges.reports),
            number(gauges.errors),
            number(gauges.cpu),
            number(gauges.memory),
            number(gauges.requests),
            number(gauges.latency),
        ]);
    }
    context.ui.report(&report)?;
    Ok(ExitStatus::Done)
}
