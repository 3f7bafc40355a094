//! `bss streams metrics`

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::streams::aside::blocking;
use crate::commands::streams::processes::{self, Known};
use crate::commands::streams::topologies;
use crate::streams::watch::figures::{PartitionFigures, ProcessFigures, RunFigures};
use crate::ui::{Cell, Report};

/// Show the figures of running processes: what /metrics tells, as a table or JSON
///
/// They are asked from the port of each process (`streams.http`), else taken from its status file on
/// this machine; FROM tells which. Counts are of the records since the group began, commits since
/// the process started. COMMIT P50 and P99 are upper bounds in milliseconds, WAIT is how long the
/// oldest unread record has waited. The process's memory and CPU time are those of all topologies it
/// runs. A process that neither answers nor is on this machine is named, and the exit code is 7.
#[derive(Debug, clap::Args)]
pub struct MetricsArgs {
    /// Topologies to show; all if none is named
    #[arg(value_name = "TOPOLOGY")]
    topologies: Vec<String>,
    /// One line a partition
    #[arg(short, long)]
    partitions: bool,
}

/// Runs the command.
///
/// # Errors
/// Kafka unreachable: exit 4, after what this machine knows; an unknown topology: exit 2.
pub async fn run(args: MetricsArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let mut report = if args.partitions { partition_report() } else { run_report() };
    let dir = topologies::state_dir(context);
    let (mut failed, mut silent) = (None, false);
    for topology in topologies::chosen(&args.topologies, context.settings())? {
        let name = topology.describe().name;
        let (kafka, dir) = (context.settings().kafka.clone(), dir.clone());
        let description = topology.describe().clone();
        let (known, error) = blocking(move || match processes::find(&kafka, &dir, &description) {
            Ok(found) => (found.processes, None),
            Err(error) => (processes::local(&dir, &description), Some(error)),
        })
        .await?;
        failed = failed.or(error);
        for known in known.iter().filter(|k| k.lives()) {
            match known.figures(name).await {
                Some((run, from, _)) if args.partitions => {
                    run.partitions.iter().for_each(|p| partition_rows(&run, p, &from, &mut report));
                }
                Some((run, from, process)) => report.push(run_row(&run, &from, process)),
                None => {
                    silent = true;
                    tell_silent(context, name, known);
                }
            }
        }
    }
    context.ui.report(&report)?;
    match failed {
        Some(error) => Err(Failure::from(error)),
        None if silent => Ok(ExitStatus::Partly),
        None => Ok(ExitStatus::Done),
    }
}

fn tell_silent(context: &Context, topology: &str, known: &Known) {
    let process = &known.process;
    let host = if process.host.is_empty() { "another machine" } else { &process.host };
    context.ui.warning(match &process.http {
        Some(address) => format!(
            "{topology}: instance {} on {host} does not answer at {address}.",
            process.instance
        ),
        None => format!(
            "{topology}: instance {} on {host} shows its figures nowhere this command can ask.",
            process.instance
        ),
    });
    if process.http.is_none() {
        context.ui.hint("Give it an address with streams.http, such as 0.0.0.0:9464.");
    }
}

fn run_report() -> Report {
    Report::new("")
        .column("topology", "TOPOLOGY")
        .column("instance", "INSTANCE")
        .column("state", "STATE")
        .column("cause", "CAUSE")
        .column("partitions", "PARTITIONS")
        .number("read", "READ")
        .number("processed", "PROCESSED")
        .number("duplicate", "DUPLICATE")
        .number("late", "LATE")
        .number("future", "FUTURE")
        .number("rejected", "REJECTED")
        .number("outputs", "OUTPUTS")
        .number("keys", "KEYS")
        .number("lag", "LAG")
        .number("waitSeconds", "WAIT")
        .number("commits", "COMMITS")
        .number("commitP50Millis", "COMMIT P50")
        .number("commitP99Millis", "P99")
        .number("returns", "RETURNS")
        .number("restored", "RESTORED")
        .number("toRestore", "OF")
        .number("standby", "STANDBY")
        .number("standbyBehind", "BEHIND")
        .number("lastStopMillis", "LAST STOP")
        .number("residentBytes", "MEMORY")
        .number("stateBytes", "STATE")
        .number("spilledBytes", "SPILLED")
        .number("cpuSeconds", "CPU")
        .column("from", "FROM")
}

fn run_row(run: &RunFigures, from: &str, process: ProcessFigures) -> Vec<Cell> {
    let counts = run.counts();
    let maybe = |value: Option<u64>| value.map_or(Cell::Null, Cell::from);
    let numbers = run.partitions.iter().map(|p| p.partition.to_string()).collect();
    vec![
        run.topology.clone().into(),
        run.instance.clone().into(),
        run.state.word().into(),
        Cell::text_or_null(run.cause.clone()),
        Cell::List(numbers),
        counts.total().into(),
        counts.processed.into(),
        counts.duplicate.into(),
        counts.late.into(),
        counts.future.into(),
        counts.rejected.into(),
        counts.outputs.into(),
        run.keys().into(),
        run.lag().into(),
        seconds(Some(run.waiting_millis())),
        run.commits.into(),
        maybe(run.commit_durations.bound_of(500)),
        maybe(run.commit_durations.bound_of(990)),
        run.returns.total().into(),
        run.restored.into(),
        run.to_restore.into(),
        run.standby.into(),
        run.standby_behind.into(),
        maybe(run.last_stop_millis),
        maybe(process.resident_bytes),
        process.state_bytes.into(),
        process.spilled_bytes.into(),
        seconds(process.cpu_millis),
        from.into(),
    ]
}

fn partition_report() -> Report {
    Report::new("")
        .column("topology", "TOPOLOGY")
        .column("instance", "INSTANCE")
        .column("topic", "TOPIC")
        .number("partition", "PARTITION")
        .number("worker", "WORKER")
        .number("committedOffset", "COMMITTED")
        .number("endOffset", "END")
        .number("lag", "LAG")
        .number("waitSeconds", "WAIT")
        .number("eventLagSeconds", "EVENT LAG")
        .column("streamTime", "STREAM TIME")
        .number("read", "READ")
        .number("outputs", "OUTPUTS")
        .number("keys", "KEYS")
        .column("from", "FROM")
}

fn partition_rows(run: &RunFigures, p: &PartitionFigures, from: &str, report: &mut Report) {
    for (at, source) in p.sources.iter().enumerate() {
        // What is of the partition as a whole stands with its first topic, so that sums are right.
        let whole = |number: u64| if at == 0 { number.into() } else { Cell::Null };
        report.push(vec![
            run.topology.clone().into(),
            run.instance.clone().into(),
            source.topic.clone().into(),
            Cell::Integer(p.partition.into()),
            Cell::Integer(p.worker.into()),
            Cell::Integer(source.committed),
            source.end.map_or(Cell::Null, Cell::Integer),
            source.lag.map_or(Cell::Null, Cell::from),
            seconds(source.lag.map(|_| source.waiting_millis)),
            seconds(source.event_lag_millis),
            p.stream_time.map_or(Cell::Null, Cell::Time),
            whole(p.counts.total()),
            whole(p.counts.outputs),
            whole(p.keys),
            from.into(),
        ]);
    }
}

/// Milliseconds as seconds with three decimals.
fn seconds(millis: Option<u64>) -> Cell {
    millis.map_or(Cell::Null, |m| Cell::Number(format!("{}.{:03}", m / 1000, m % 1000)))
}
