//! `bss metrics anomalies system`

use super::listing::{Found, Listing, local};
use crate::backends::postgres::series::{self, Span};
use crate::backends::postgres::transaction::report_fault;
use crate::cli::range::{self, Range};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::analytics::asking::{DAY, connect};
use crate::metrics::anomaly::alarms::Watch;

/// List anomalies in the gauges of services
///
/// Judges each gauge of each service and lists the alarms of the last 24 hours (or of --since and
/// --until), learning from the days before (--history). A row is judged from the rows before it alone,
/// so an alarm is the one that would have been raised at that time. MODEL says what stands out: RHYTHM
/// for the time of day, JUMP for the step from the row before, NOVELTY for a value far from all so far;
/// DEVIATIONS, by how many standard deviations the value is off what the model EXPECTED; SCORE, from 0
/// to 1, how rare all that is in this series. REPEATED counts the rows after an alarm that reach the
/// threshold too: within 100 rows only a higher score is a new alarm. Time of day and weekends are
/// those of --tz. A gauge that stops reporting is no anomaly here: `bss analytics system health` names
/// silent services.
#[derive(Debug, clap::Args)]
pub struct SystemArgs {
    /// Only this service
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    /// Only this gauge
    #[arg(long, value_enum)]
    metric: Option<Gauge>,
    /// Days before the range that are learnt from
    #[arg(long, value_name = "DAYS", default_value_t = 14,
        value_parser = clap::value_parser!(u32).range(1..=3650))]
    history: u32,
    #[command(flatten)]
    listing: Listing,
}

/// A gauge of a service.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
#[value(rename_all = "camelCase")]
enum Gauge {
    /// Percent of the processor.
    CpuUsage,
    /// Percent of the memory.
    MemoryUsage,
    /// Requests a second.
    RequestRate,
    /// Percent of failed requests.
    ErrorRate,
    /// The 99th percentile of the latency, in milliseconds.
    #[value(name = "latencyP99")]
    LatencyP99,
}

impl Gauge {
    const ALL: [Self; 5] =
        [Self::CpuUsage, Self::MemoryUsage, Self::RequestRate, Self::ErrorRate, Self::LatencyP99];

    /// Its column, and its field in results.
    const fn names(self) -> (&'static str, &'static str) {
        match self {
            Self::CpuUsage => ("cpu_usage", "cpuUsage"),
            Self::MemoryUsage => ("memory_usage", "memoryUsage"),
            Self::RequestRate => ("request_rate", "requestRate"),
            Self::ErrorRate => ("error_rate", "errorRate"),
            Self::LatencyP99 => ("latency_p99", "latencyP99"),
        }
    }
}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(args: SystemArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let settings = context.settings();
    let range = range::resolve(&context.global, settings, context.now(), DAY)?;
    let found = judge(&args, context, &range).await?;
    let about = ("Anomalies of services", true);
    found.tell(context, &args.listing, &range, about, args.history)?;
    Ok(ExitStatus::Done)
}

async fn judge(args: &SystemArgs, context: &Context, range: &Range) -> Result<Found, Failure> {
    let settings = context.settings();
    let gauges: Vec<Gauge> = args.metric.map_or(Gauge::ALL.to_vec(), |gauge| vec![gauge]);
    let (columns, fields): (Vec<_>, Vec<_>) = gauges.iter().map(|gauge| gauge.names()).unzip();
    let span = Span {
        tenant: settings.general.tenant.clone(),
        since: args.listing.start(range.since, args.history),
        until: range.until,
        most: args.listing.max_rows,
    };
    let watch = || Watch::new(range.since, args.listing.threshold);
    let mut found = Found::default();
    let mut current: Option<(String, Vec<Watch>)> = None;
    let mut end = |current: Option<(String, Vec<Watch>)>| {
        let Some((service, watches)) = current else { return };
        fields.iter().zip(watches).for_each(|(field, watch)| found.take(&service, field, watch));
    };
    let mut connection = connect(context).await?;
    let limit = settings.timescale.statement_timeout;
    let read = series::services(&mut connection, &span, args.service.as_deref(), &columns, |row| {
        if current.as_ref().is_none_or(|(service, _)| *service != row.service) {
            let watches = columns.iter().map(|_| watch()).collect();
            end(current.replace((row.service.clone(), watches)));
        }
        let Some((_, watches)) = &mut current else { return };
        let local = local(&range.zone, row.time);
        for (watch, gauge) in watches.iter_mut().zip(row.gauges) {
            watch.see(row.time, local, gauge);
        }
    });
    let complete = read.await.map_err(|e| {
        let what = "could not read hypertable bss.system_metrics".to_owned();
        report_fault(e, what, &range.title(), limit)
    })?;
    args.listing.refuse_part(complete, "bss.system_metrics", "--service or --metric")?;
    end(current);
    Ok(found)
}
