//! `bss events parked list`

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::events::groups::open_for;
use crate::events::group::{self, Parked};
use crate::events::{Position, wire};
use crate::ui::{Cell, Report};

/// List the events that a group's handler did not take
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// The group
    #[arg(value_name = "GROUP", value_parser = group::name)]
    group: String,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
}

/// Runs the command.
///
/// # Errors
/// Exit 1 if there is no such group.
pub async fn run(args: ListArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let mut store = open_for(context, &args.group).await?;
    let mut all = Vec::new();
    for shard in 0..store.shards() {
        let found = store.parked(shard, &args.group).await?;
        all.extend(found.into_iter().map(|(n, record)| (Position { shard, n }, record)));
    }
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let mut report = Report::new(format!("Parked in the group {}: {}", args.group, all.len()))
        .meta("group", args.group.as_str())
        .meta("parked", all.len() as u64)
        .meta("cut", all.len() > limit)
        .column("position", "POSITION")
        .column("aggregate", "AGGREGATE")
        .column("type", "TYPE")
        .column("eventId", "EVENT ID")
        .column("reason", "REASON")
        .number("tries", "TRIES")
        .column("parkedAt", "PARKED AT")
        .column("consumer", "CONSUMER");
    for (position, record) in all.iter().take(limit) {
        report.push(row(*position, record));
    }
    context.ui.report(&report)?;
    if all.len() > limit {
        context.ui.cut(limit, "--limit");
    }
    Ok(ExitStatus::Done)
}

fn row(position: Position, record: &str) -> Vec<Cell> {
    let Ok(parked) = Parked::read(record) else {
        let mut row = vec![position.to_string().into(), Cell::Null, Cell::Null, Cell::Null];
        row.extend(["a record that cannot be read".into(), 0_u64.into(), Cell::Null, Cell::Null]);
        return row;
    };
    let event = parked.event.and_then(|line| wire::read(line.get()).ok());
    let content = event.as_ref().and_then(|event| event.content().ok());
    vec![
        position.to_string().into(),
        Cell::text_or_null(event.as_ref().map(|e| e.aggregate.as_str())),
        Cell::text_or_null(content.as_ref().map(|c| c.event_type.as_ref())),
        Cell::text_or_null(content.as_ref().map(|c| c.id.as_ref())),
        parked.reason.into(),
        u64::from(parked.tries).into(),
        parked.parked_at.into(),
        parked.consumer.into(),
    ]
}
