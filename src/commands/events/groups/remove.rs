//! `bss events groups remove`

use super::{open_for, seconds};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::config::Backend;
use crate::events::group;
use crate::ui::{Cell, Report};

/// A consumer that has asked for nothing for so long is taken for gone, in ms: one that runs asks
/// several times a second, but not while its handler works.
const STILL_MS: u64 = 10_000;

/// Remove a group that is not wanted any more
///
/// Its checkpoint, its pending and its parked events are forgotten in all shards, and events need not be
/// kept for it any more: a group that nobody runs keeps `bss events archive` from trimming. The events
/// themselves stay. A group of that name that is run again begins anew. Refused while one of its consumers
/// has asked for events in the last ten seconds.
#[derive(Debug, clap::Args)]
pub struct RemoveArgs {
    /// The group
    #[arg(value_name = "GROUP", value_parser = group::name)]
    group: String,
}

/// Runs the command.
///
/// # Errors
/// Exit 1 if there is no such group; exit 5 while it runs; exit 2 without a confirmation.
pub async fn run(args: RemoveArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let group = &args.group;
    let mut store = open_for(context, group).await?;
    let (mut pending, mut parked) = (0, 0);
    let mut report = Report::new("")
        .column("group", "GROUP")
        .number("shard", "SHARD")
        .number("pending", "PENDING")
        .number("parked", "PARKED")
        .number("idleSeconds", "IDLE SECONDS");
    for shard in 0..store.shards() {
        let consumers = store.consumers(shard, group).await?;
        if let Some(awake) = consumers.iter().find(|consumer| consumer.idle_ms < STILL_MS) {
            let what = format!("refused to remove the group {group}: {} runs it", awake.name);
            return Err(Failure::new(ExitStatus::Conflict, what).code("refused").hint(format!(
                "Stop it, wait until it has been still for {} s, then run this again.",
                STILL_MS / 1000
            )));
        }
        let own = store.pending(shard, group).await?.len() as u64;
        let aside = store.parked(shard, group).await?.len() as u64;
        pending += own;
        parked += aside;
        let idle = consumers.iter().map(|consumer| consumer.idle_ms).min();
        report.push(vec![
            group.as_str().into(),
            u64::from(shard).into(),
            own.into(),
            aside.into(),
            idle.map_or(Cell::Null, seconds),
        ]);
    }
    let what = format!("remove the group {group} in {}", store.place());
    let effect = format!("{pending} pending and {parked} parked events of it are forgotten");
    let _agreed = context.confirm(&[Backend::Redis], &what, &effect).await?;
    for shard in 0..store.shards() {
        store.disband(shard, group).await?;
    }
    context.ui.report(&report)?;
    Ok(ExitStatus::Done)
}
