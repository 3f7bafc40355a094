//! `bss streams status`

use std::path::Path;

use crate::backends::kafka::runner::Phase;
use crate::backends::kafka::runner::files::{self, StatusFile};
use crate::backends::kafka::runner::preflight;
use crate::backends::kafka::runner::status::{self, Standing};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::streams::topologies;
use crate::domain::EventTime;
use crate::streams::topology::Description;
use crate::ui::{Cell, Report};

/// A living process that has not written its status for so long is stalled, in microseconds.
const STALLED: i64 = 10_000_000;

/// Show whether topologies run, how far they are and what they set aside
///
/// Offsets, lag and counts are what the broker holds: they move in the same transaction as the
/// outputs. Whether a process of this machine restores, runs or has stalled is what it says
/// itself in the state directory.
#[derive(Debug, clap::Args)]
pub struct StatusArgs {
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
/// Kafka unreachable (exit 4), an unknown topology (exit 2).
pub async fn run(args: StatusArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let dir = topologies::state_dir(context);
    let mut report = if args.partitions { partition_report() } else { summary_report() };
    let mut healthy = true;
    for topology in topologies::chosen(&args.topologies, context.settings())? {
        let kafka = context.settings().kafka.clone();
        let description = topology.describe().clone();
        let standing = tokio::task::spawn_blocking(move || {
            let standing = status::standing(&kafka, &description);
            standing.map(|s| (description, s))
        });
        let (description, standing) = standing.await.map_err(|e| {
            Failure::new(ExitStatus::Bug, "a question to Kafka panicked").because(&e)
        })??;
        let state = state(&dir, &description, &standing, context.now());
        healthy &= !matches!(state.word, "failed" | "stalled" | "gap");
        if args.partitions {
            partition_rows(&description, &standing, &mut report);
        } else {
            summary_row(&description, &standing, &state, &mut report);
        }
        if let Some(cause) = state.cause {
            context.ui.warning(format!("{}: {}: {cause}", description.name, state.word));
        }
        hang_warnings(context, &standing);
    }
    context.ui.report(&report)?;
    Ok(if healthy { ExitStatus::Done } else { ExitStatus::Found })
}

struct State {
    word: &'static str,
    cause: Option<String>,
}

/// One word for what is going on, worst first.
fn state(dir: &Path, d: &Description, standing: &Standing, now: EventTime) -> State {
    let gone: u64 = standing.partitions.iter().map(status::PartitionStanding::gone).sum();
    if gone > 0 {
        let cause = format!("{gone} records were deleted by retention before they were read");
        return State { word: "gap", cause: Some(cause) };
    }
    let mut newest: Option<StatusFile> = None;
    let mut ended: Vec<String> = Vec::new();
    for file in files::read_statuses(dir, &d.group) {
        let alive = files::held(dir, &d.group, &file.instance);
        let silent = now.micros() - file.written_at;
        match &file.phase {
            Phase::Failed { cause } if !alive => {
                return State { word: "failed", cause: Some(cause.clone()) };
            }
            Phase::Restoring { done, total } if alive && (*total > 0 || file.restored.disk > 0) => {
                let cause = format!(
                    "instance {}: {} entries from disk, {done} of {total} records of the changelogs",
                    file.instance, file.restored.disk
                );
                return State { word: "restoring", cause: Some(cause) };
            }
            _ if alive && silent > STALLED => {
                let cause = format!(
                    "process {} of instance {} has said nothing for {} s",
                    file.pid,
                    file.instance,
                    silent / 1_000_000
                );
                return State { word: "stalled", cause: Some(cause) };
            }
            _ if alive => newest = Some(file),
            _ => ended.push(file.instance),
        }
    }
    // A static member stays in the group for a session after its process has ended; the lock
    // of its instance tells.
    let gone = |id: &String| ended.iter().any(|e| preflight::is_member_of(id, e));
    let nobody = standing.members.iter().all(gone);
    let word = match (standing.group_state.as_str(), nobody, newest) {
        ("PreparingRebalance" | "CompletingRebalance", false, _) => "rebalancing",
        (_, false, Some(file)) if file.phase == Phase::StandingBy => "standing-by",
        (_, false, Some(file)) if file.phase == Phase::Starting => "starting",
        (_, false, _) => "running",
        (_, true, Some(_)) => "starting",
        (_, true, None) if standing.partitions.iter().all(|p| p.committed.is_none()) => "never-run",
        (_, true, None) => "stopped",
    };
    State { word, cause: None }
}

fn summary_report() -> Report {
    Report::new("")
        .column("topology", "TOPOLOGY")
        .column("state", "STATE")
        .number("members", "MEMBERS")
        .number("partitions", "PARTITIONS")
        .number("lag", "LAG")
        .column("streamTime", "STREAM TIME")
        .number("read", "READ")
        .number("processed", "PROCESSED")
        .number("duplicate", "DUPLICATE")
        .number("late", "LATE")
        .number("future", "FUTURE")
        .number("rejected", "REJECTED")
        .number("outputs", "OUTPUTS")
        .number("skipped", "SKIPPED")
}

fn summary_row(d: &Description, standing: &Standing, state: &State, report: &mut Report) {
    let counts = standing.counts();
    let time = standing.partitions.iter().filter_map(|p| p.stream_time).max();
    let count = |n: usize| Cell::from(n as u64);
    report.push(vec![
        d.name.into(),
        state.word.into(),
        count(standing.members.len()),
        count(standing.partitions.len()),
        standing.lag().into(),
        time.map_or(Cell::Null, Cell::Time),
        counts.total().into(),
        counts.processed.into(),
        counts.duplicate.into(),
        counts.late.into(),
        counts.future.into(),
        counts.rejected.into(),
        counts.outputs.into(),
        counts.skipped.into(),
    ]);
}

fn partition_report() -> Report {
    Report::new("")
        .column("group", "GROUP")
        .column("topic", "TOPIC")
        .number("partition", "PARTITION")
        .number("currentOffset", "CURRENT-OFFSET")
        .number("logEndOffset", "LOG-END-OFFSET")
        .number("lag", "LAG")
        .column("streamTime", "STREAM TIME")
        .number("processed", "PROCESSED")
        .number("duplicate", "DUPLICATE")
        .number("late", "LATE")
        .number("future", "FUTURE")
        .number("rejected", "REJECTED")
        .number("skipped", "SKIPPED")
        .column("writer", "WRITER")
}

fn partition_rows(d: &Description, standing: &Standing, report: &mut Report) {
    for p in &standing.partitions {
        report.push(vec![
            d.group.clone().into(),
            p.topic.clone().into(),
            Cell::Integer(p.partition.into()),
            p.committed.map_or(Cell::Null, Cell::Integer),
            Cell::Integer(p.end),
            p.lag().into(),
            p.stream_time.map_or(Cell::Null, Cell::Time),
            p.counts.processed.into(),
            p.counts.duplicate.into(),
            p.counts.late.into(),
            p.counts.future.into(),
            p.counts.rejected.into(),
            p.counts.skipped.into(),
            Cell::text_or_null(Some(p.writer.as_str()).filter(|w| !w.is_empty())),
        ]);
    }
}

/// A reader of committed records sees nothing behind an open transaction; if nobody of the group
/// is there to end it, it hangs until its timeout.
fn hang_warnings(context: &Context, standing: &Standing) {
    if !standing.members.is_empty() {
        return;
    }
    for p in standing.partitions.iter().filter(|p| p.end < p.high) {
        context.ui.warning(format!(
            "{}/{}: an open transaction of a producer holds back {} records from offset {} on.",
            p.topic,
            p.partition,
            p.high - p.end,
            p.end
        ));
        context.ui.hint(format!(
            "If it stays, abort it: kafka-transactions.sh --bootstrap-server {} abort --topic {} --partition {} --start-offset {}",
            context.settings().kafka.bootstrap, p.topic, p.partition, p.end
        ));
    }
}
