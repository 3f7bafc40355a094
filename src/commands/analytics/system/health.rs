//! `bss analytics system health`

use std::time::Duration;

use super::super::asking::{DAY, connect, number};
use crate::analytics::health::{Health, judge, overall};
use crate::backends::postgres::facts::gauges;
use crate::backends::postgres::transaction::report_fault;
use crate::cli::{ExitStatus, Failure, range};
use crate::commands::Context;
use crate::ui::{Cell, Report};

/// The range without `--since`.
const SPAN: Duration = Duration::from_secs(60 * 60);

/// How every service is
///
/// Judges each service by its gauges of the last hour (or of --since and --until): mean cpu and memory
/// (warning from 70 %, critical from 85), mean error rate (1 and 5 %), and the 95th percentile of the
/// reported p99 latencies (500 and 1000 ms). A gauge that was not reported is unknown, not zero; a
/// service that reported in the day before and does not any more is SILENT. With --check the exit code
/// is 6 unless all are HEALTHY.
#[derive(Debug, clap::Args)]
pub struct HealthArgs {
    /// Exit with code 6 unless every service is healthy
    #[arg(long)]
    check: bool,
}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(args: HealthArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let settings = context.settings();
    let range = range::resolve(&context.global, settings, context.now(), SPAN)?;
    let day = i64::try_from(DAY.as_micros()).unwrap_or(i64::MAX);
    let times = (range.since.plus_micros(-day), range.since, range.until);
    let mut connection = connect(context).await?;
    let limit = settings.timescale.statement_timeout;
    let found = gauges(&mut connection, &settings.general.tenant, times).await.map_err(|e| {
        let what = "could not read hypertable bss.system_metrics".to_owned();
        report_fault(e, what, &range.title(), limit)
    })?;
    let overall = overall(found.iter().map(judge));
    let report = Report::new(format!("Services: {}, {}", overall.word(), range.title()))
        .column("serviceName", "SERVICE")
        .column("health", "HEALTH")
        .number("reports", "REPORTS")
        .number("averageCpu", "CPU %")
        .number("averageMemory", "MEMORY %")
        .number("averageErrorRate", "ERRORS %")
        .number("averageRequestRate", "REQUESTS/S")
        .number("latencyP99", "P99 MS")
        .meta("overallHealth", overall.word());
    let mut report = range.meta(report);
    let mut worst_first: Vec<_> = found.iter().map(|g| (judge(g), g)).collect();
    worst_first.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.service.cmp(&b.1.service)));
    for (health, gauges) in worst_first {
        report.push(vec![
            gauges.service.as_str().into(),
            health.word().into(),
            Cell::from(gauges.reports),
            number(gauges.cpu),
            number(gauges.memory),
            number(gauges.errors),
            number(gauges.requests),
            number(gauges.latency),
        ]);
    }
    context.ui.report(&report)?;
    Ok(if args.check && overall != Health::Healthy { ExitStatus::Found } else { ExitStatus::Done })
}
