//! `bss events snapshot list`

use std::collections::BTreeMap;

use super::open;
use crate::backends::redis::events::Access;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::events::loading::{Model, rules};
use crate::events::Aggregate;
use crate::events::snapshot::Snapshot;
use crate::ui::{Cell, Report};

/// List the snapshots
///
/// Lists which aggregates have a snapshot, by name, with its revision and whether it is of this
/// program. Whether it agrees with the events, `snapshot verify` tells.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// Only of aggregates of this type, such as customer
    #[arg(value_name = "TYPE")]
    category: Option<String>,
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
    let model = Model::new(context, false)?;
    let mut store = open(context, Access::Read).await?;
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let (mut kept, mut cut) = (BTreeMap::new(), false);
    for shard in 0..store.shards() {
        let mut cursor = 0;
        loop {
            let (next, found) = store.snapshots(shard, cursor, args.category.as_deref()).await?;
            for (aggregate, bytes) in found {
                kept.insert(aggregate, bytes);
            }
            while kept.len() > limit {
                // The walk is in no order: the first names are those that are left at its end.
                kept.pop_last();
                cut = true;
            }
            cursor = next;
            if cursor == 0 {
                break;
            }
        }
    }
    let mut report = Report::new(format!("Snapshots in {}", store.place()))
        .meta("limit", args.limit)
        .meta("cut", cut)
        .column("aggregateType", "TYPE")
        .column("aggregateId", "ID")
        .number("revision", "REVISION")
        .number("schema", "SCHEMA")
        .column("recordedAt", "RECORDED AT")
        .number("bytes", "BYTES")
        .column("condition", "CONDITION");
    for (aggregate, bytes) in &kept {
        report.push(row(&model, aggregate, bytes));
    }
    let shown = kept.len();
    context.ui.report(&report)?;
    if cut {
        context.ui.cut(shown, "--limit");
    }
    Ok(ExitStatus::Done)
}

fn row(model: &Model, aggregate: &Aggregate, bytes: &[u8]) -> Vec<Cell> {
    let read = Snapshot::read(aggregate, bytes);
    let fits = read.as_ref().map_err(Clone::clone);
    let fits = fits.and_then(|taken| taken.fits(&rules(aggregate), model.upcasters()));
    let taken = read.ok();
    vec![
        aggregate.kind().into(),
        aggregate.id().into(),
        taken.as_ref().map_or(Cell::Null, |t| t.state.revision.into()),
        taken.as_ref().map_or(Cell::Null, |t| u64::from(t.schema).into()),
        taken.as_ref().map_or(Cell::Null, |t| t.state.recorded_at.into()),
        (bytes.len() as u64).into(),
        fits.map_or_else(|why| why.word(), |()| "current").into(),
    ]
}
