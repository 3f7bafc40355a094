//! `bss analytics system performance`

use super::super::asking::{DAY, connect, in_hours, number};
use crate::analytics::facts::Source;
use crate::backends::postgres::facts::{hours, made_hours};
use crate::backends::postgres::transaction::report_fault;
use crate::cli::{ExitStatus, Failure, range};
use crate::commands::Context;
use crate::ui::{Cell, Report};

/// A service hour by hour
///
/// The gauges of one service by hour (in UTC) over the last 24 hours (or --since and --until), the
/// newest first. An hour without a report is not listed; a gauge that was not reported is unknown. P99
/// MS is the 95th percentile of the reported p99 latencies; over more than 31 days the hourly aggregate
/// is read, whole hours only, and there is none.
#[derive(Debug, clap::Args)]
pub struct PerformanceArgs {
    /// The service
    #[arg(value_name = "SERVICE")]
    service: String,
}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(args: PerformanceArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let settings = context.settings();
    let range = range::resolve(&context.global, settings, context.now(), DAY)?;
    let mut connection = connect(context).await?;
    let limit = settings.timescale.statement_timeout;
    let (tenant, times) = (&settings.general.tenant, (range.since, range.until));
    let long = in_hours(context, &range);
    let found = match &long {
        None => hours(&mut connection, tenant, &args.service, times).await,
        Some(h) => made_hours(&mut connection, tenant, &args.service, (h.since, h.until)).await,
    };
    let source = if long.is_some() { Source::Hourly } else { Source::Rows };
    let range = long.unwrap_or(range);
    let found = found.map_err(|e| {
        let what = "could not read hypertable bss.system_metrics".to_owned();
        report_fault(e, what, &range.title(), limit)
    })?;
    let report = Report::new(format!("Service {}, {}", args.service, range.title()))
        .column("hour", "HOUR")
        .number("reports", "REPORTS")
        .number("averageCpu", "CPU %")
        .number("maxCpu", "MAX CPU %")
        .number("averageMemory", "MEMORY %")
        .number("averageRequestRate", "REQUESTS/S")
        .number("averageErrorRate", "ERRORS %")
        .number("latencyP99", "P99 MS")
        .meta("serviceName", args.service.as_str());
    let mut report = range.meta(report).meta("source", source.word());
    for hour in &found {
        report.push(vec![
            hour.start.into(),
            Cell::from(hour.gauges.reports),
            number(hour.gauges.cpu),
            number(hour.most_cpu),
            number(hour.gauges.memory),
            number(hour.gauges.requests),
            number(hour.gauges.errors),
            number(hour.gauges.latency),
        ]);
    }
    context.ui.report(&report)?;
    Ok(ExitStatus::Done)
}
