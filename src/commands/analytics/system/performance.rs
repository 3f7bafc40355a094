//! `bss analytics system performance`

use super::super::asking::{DAY, connect, number};
use crate::backends::postgres::facts::hours;
use crate::backends::postgres::transaction::report_fault;
use crate::cli::{ExitStatus, Failure, range};
use crate::commands::Context;
use crate::ui::{Cell, Report};

/// A service hour by hour
///
/// The gauges of one service by hour (in UTC) over the last 24 hours (or --since and --until), the
/// newest first. An hour without a report is not listed; a gauge that was not reported is unknown.
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
    let found = hours(&mut connection, tenant, &args.service, times).await.map_err(|e| {
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
    let mut report = range.meta(report);
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
