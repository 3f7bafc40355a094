//! `bss events groups status`

use super::{open_for, reader, seconds};
use crate::backends::redis::events::{Direction, Pending, Store};
use crate::backends::redis::facts;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::domain::EventTime;
use crate::events::{Position, group};
use crate::ui::{Cell, Report};

/// Show how far a group is and what its consumers have
///
/// For each shard the checkpoint (up to there everything is done), how many events come after it and how
/// old the first of them is; for each consumer its pending events, since when it has asked for nothing, and
/// which of its pending events were trimmed, so that nobody can do them any more.
#[derive(Debug, clap::Args)]
pub struct StatusArgs {
    /// The group
    #[arg(value_name = "GROUP", value_parser = group::name)]
    group: String,
}

/// Runs the command.
///
/// # Errors
/// Exit 1 if there is no such group.
pub async fn run(args: StatusArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let mut store = open_for(context, &args.group).await?;
    let now = facts(&context.settings().redis).await?.time;
    let mut rows = Vec::new();
    let (mut lag, mut pending, mut parked, mut trimmed) = (0, 0, 0, Vec::new());
    for shard in 0..store.shards() {
        let found = of(&mut store, shard, &args.group, now).await?;
        lag += found.lag;
        pending += found.pending.len() as u64;
        parked += store.parked(shard, &args.group).await?.len() as u64;
        trimmed.extend(gone(&found.pending));
        rows.extend(found.rows());
    }
    let mut report = Report::new(format!(
        "The group {} in {}: {lag} events to do, {pending} pending, {parked} parked",
        args.group,
        store.place()
    ))
    .meta("group", args.group.as_str())
    .meta("lag", lag)
    .meta("pending", pending)
    .meta("parked", parked)
    .meta("trimmedPending", trimmed.clone())
    .number("shard", "SHARD")
    .number("checkpoint", "CHECKPOINT")
    .number("lag", "LAG")
    .number("lagSeconds", "LAG SECONDS")
    .column("consumer", "CONSUMER")
    .number("pending", "PENDING")
    .number("idleSeconds", "IDLE SECONDS")
    .column("trimmed", "TRIMMED")
    .column("state", "STATE");
    rows.into_iter().for_each(|row| report.push(row));
    context.ui.report(&report)?;
    if !trimmed.is_empty() {
        let hint = "Take them off the list: bss events pending claim GROUP --idle 0s".to_owned();
        context.ui.warning(format!(
            "{} pending events were trimmed and cannot be done any more: {}",
            trimmed.len(),
            trimmed.join(", ")
        ));
        context.ui.hint(hint.replace("GROUP", &args.group));
    }
    Ok(ExitStatus::Done)
}

/// The positions of pending events that were trimmed.
fn gone(pending: &[Pending]) -> Vec<String> {
    pending.iter().filter(|p| !p.there).map(|p| p.position.to_string()).collect()
}

struct Found {
    shard: u16,
    checkpoint: u64,
    lag: u64,
    lag_ms: Option<u64>,
    lost: bool,
    consumers: Vec<crate::backends::redis::events::Consumer>,
    pending: Vec<Pending>,
}

async fn of(store: &mut Store, shard: u16, group: &str, now: EventTime) -> Result<Found, Failure> {
    let checkpoint = store.readers(shard).await?.get(&reader(group)).copied().unwrap_or(0);
    let (head, _) = store.head(shard).await?;
    let next = Position { shard, n: checkpoint + 1 };
    let first = store.read(next, Direction::Forward, 1).await?;
    let age = |since: EventTime| u64::try_from((now.millis() - since.millis()).max(0)).ok();
    Ok(Found {
        shard,
        checkpoint,
        lag: head.saturating_sub(checkpoint),
        lag_ms: first.first().and_then(|event| age(event.recorded_at)),
        lost: !store.known_groups(shard).await?.contains_key(group),
        consumers: store.consumers(shard, group).await?,
        pending: store.pending(shard, group).await?,
    })
}

impl Found {
    /// A row for each consumer, or one for the shard if it has none.
    fn rows(&self) -> Vec<Vec<Cell>> {
        let start = || -> Vec<Cell> {
            vec![
                u64::from(self.shard).into(),
                self.checkpoint.into(),
                self.lag.into(),
                self.lag_ms.map_or(Cell::Null, seconds),
            ]
        };
        let state = || Cell::from(if self.lost { "lost" } else { "kept" });
        if self.consumers.is_empty() {
            let rest = [Cell::Null, 0_u64.into(), Cell::Null, Cell::Null, state()];
            return vec![start().into_iter().chain(rest).collect()];
        }
        let row = |consumer: &crate::backends::redis::events::Consumer| {
            let of = |p: &&Pending| p.consumer == consumer.name;
            let own: Vec<Pending> = self.pending.iter().filter(of).cloned().collect();
            let gone = gone(&own);
            let rest = [
                consumer.name.as_str().into(),
                consumer.pending.into(),
                seconds(consumer.idle_ms),
                if gone.is_empty() { Cell::Null } else { Cell::List(gone) },
                state(),
            ];
            start().into_iter().chain(rest).collect()
        };
        self.consumers.iter().map(row).collect()
    }
}
