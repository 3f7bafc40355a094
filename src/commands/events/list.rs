//! `bss events list`

use std::collections::BTreeMap;

use super::open;
use crate::backends::redis::events::{Access, Indexed};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::ui::Report;

/// List the aggregates
///
/// Lists which aggregates there are, by name, with their number of events. Walks the indexes, not the
/// events.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only aggregates of this type, such as customer
    #[arg(value_name = "TYPE")]
    category: Option<String>,
    /// Only aggregates whose id begins with this
    #[arg(long, value_name = "TEXT", default_value = "")]
    prefix: String,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
}

/// Runs the command.
///
/// # Errors
/// Redis unreachable, no event store: exit 4.
pub async fn run(args: ListArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let mut store = open(context, Access::Read).await?;
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let (mut kept, mut all) = (BTreeMap::new(), 0_u64);
    for shard in 0..store.shards() {
        let mut cursor = 0;
        loop {
            let (next, found) = store.walk(shard, cursor, args.category.as_deref()).await?;
            for Indexed { aggregate, events, last } in found {
                if aggregate.id().starts_with(&args.prefix)
                    && kept.insert(aggregate, (events, last)).is_none()
                {
                    all += 1;
                }
            }
            // The walk is in no order, so the first names are known at its end only.
            while kept.len() > limit.saturating_mul(2) {
                kept.pop_last();
            }
            cursor = next;
            if cursor == 0 {
                break;
            }
        }
    }
    let mut report = Report::new(format!("Aggregates in {}", store.place()))
        .column("aggregateType", "TYPE")
        .column("aggregateId", "ID")
        .number("events", "EVENTS")
        .column("lastPosition", "LAST POSITION")
        .meta("limit", args.limit)
        .meta("cut", all > u64::from(args.limit));
    for (aggregate, (events, last)) in kept.iter().take(limit) {
        report.push(vec![
            aggregate.kind().into(),
            aggregate.id().into(),
            (*events).into(),
            last.to_string().into(),
        ]);
    }
    let (shown, cut) = (kept.len().min(limit), all > u64::from(args.limit));
    context.ui.report(&report)?;
    if cut {
        context.ui.cut(shown, "--limit");
    }
    Ok(ExitStatus::Done)
}
