//! `bss streams status`

use crate::backends::kafka::runner::lag::PartitionLag;
use crate::backends::kafka::runner::status::Standing;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::streams::aside::blocking;
use crate::commands::streams::condition::{self, Condition, Seen};
use crate::commands::streams::{hanging, lag, topologies};
use crate::domain::EventTime;
use crate::streams::topology::Description;
use crate::ui::{Cell, Report};

/// Show whether topologies run, how far they are and what they set aside
///
/// Offsets, lag and counts are what the broker holds: they move in the same transaction as the
/// outputs. AGE is how long the oldest unread record has waited, in seconds. Whether a process
/// restores, runs or has stalled is what it says itself: in the state directory of this machine, or
/// at its own port (`streams.http`). Exit code 6: a topology failed, is stalled (records wait and
/// nothing was committed for `streams.stalled_after`), lost records to retention, or nobody runs it
/// while records wait for longer than that.
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
    let mut report = if args.partitions { partition_report() } else { summary_report() };
    let mut healthy = true;
    for topology in topologies::chosen(&args.topologies, context.settings())? {
        let (kafka, dir) = (context.settings().kafka.clone(), topologies::state_dir(context));
        let description = topology.describe().clone();
        let mut seen = blocking(move || Seen::look(kafka, &dir, description)).await??;
        seen.ask_processes().await;
        if seen.in_the_dark(context) {
            seen = blocking(move || seen.look_again()).await??;
        }
        let state = condition::judge(&seen, context);
        healthy &= state.healthy;
        if args.partitions {
            partition_rows(&seen.description, &seen.standing, &mut report);
        } else {
            summary_row(&seen, &state, context.now(), &mut report);
        }
        let name = seen.description.name;
        for cause in &state.causes {
            context.ui.warning(format!("{name}: {}: {cause}", state.word));
        }
        hanging::warn(context, &seen.lags, context.now());
    }
    context.ui.report(&report)?;
    Ok(if healthy { ExitStatus::Done } else { ExitStatus::Found })
}

fn summary_report() -> Report {
    Report::new("")
        .column("topology", "TOPOLOGY")
        .column("state", "STATE")
        .number("members", "MEMBERS")
        .number("partitions", "PARTITIONS")
        .number("lag", "LAG")
        .number("oldestUnreadAgeSeconds", "AGE")
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

fn summary_row(seen: &Seen, state: &Condition, now: EventTime, report: &mut Report) {
    let (d, standing) = (&seen.description, &seen.standing);
    let oldest =
        seen.lags.iter().filter_map(|p: &PartitionLag| lag::age(p.oldest_unread, now)).max();
    let counts = standing.counts();
    let time = standing.partitions.iter().filter_map(|p| p.stream_time).max();
    let count = |n: usize| Cell::from(n as u64);
    report.push(vec![
        d.name.into(),
        state.word.into(),
        count(standing.members.len()),
        count(standing.partitions.len()),
        standing.lag().into(),
        lag::cell(oldest),
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
