//! `bss events groups list`

use std::collections::BTreeMap;

use crate::backends::redis::events::Access;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::events::open;
use crate::ui::{Cell, Report};

/// List the consumer groups
///
/// Shows for each group how many events it has not done, how many of those are pending with a consumer,
/// and how many are parked. A group that others have made on the log has no checkpoint here and holds no
/// archiving back. Lost is one that the server has forgotten: its next run makes it again at its
/// checkpoint.
#[derive(Debug, clap::Args)]
pub struct ListArgs {}

#[derive(Default)]
struct Group {
    checkpoint: Vec<String>,
    lag: u64,
    consumers: u64,
    pending: u64,
    parked: u64,
    missing: bool,
}

/// Runs the command.
///
/// # Errors
/// Redis unreachable, no event store: exit 4.
pub async fn run(_args: ListArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let mut store = open(context, Access::Read).await?;
    let mut groups: BTreeMap<String, Group> = BTreeMap::new();
    for shard in 0..store.shards() {
        let (head, _) = store.head(shard).await?;
        let known = store.known_groups(shard).await?;
        for (reader, at) in store.readers(shard).await? {
            let Some(name) = reader.strip_prefix("group:") else { continue };
            let group = groups.entry(name.to_owned()).or_default();
            group.checkpoint.push(format!("{shard}:{at}"));
            group.lag += head.saturating_sub(at);
            group.missing |= !known.contains_key(name);
            group.parked += store.parked(shard, name).await?.len() as u64;
        }
        for (name, known) in known {
            let group = groups.entry(name).or_default();
            group.consumers = group.consumers.max(known.consumers);
            group.pending += known.pending;
        }
    }
    let mut report =
        Report::new(format!("Consumer groups of the event store in {}", store.place()))
            .column("group", "GROUP")
            .column("checkpoint", "CHECKPOINT")
            .number("lag", "LAG")
            .number("pending", "PENDING")
            .number("consumers", "CONSUMERS")
            .number("parked", "PARKED")
            .column("state", "STATE");
    for (name, group) in groups {
        let ours = !group.checkpoint.is_empty();
        report.push(vec![
            name.into(),
            if ours { Cell::List(group.checkpoint) } else { Cell::Null },
            if ours { group.lag.into() } else { Cell::Null },
            group.pending.into(),
            group.consumers.into(),
            group.parked.into(),
            match (ours, group.missing) {
                (false, _) => "foreign".into(),
                (_, true) => "lost".into(),
                _ => "kept".into(),
            },
        ]);
    }
    context.ui.report(&report)?;
    Ok(ExitStatus::Done)
}
