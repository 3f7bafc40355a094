//! `bss events groups retire`

use super::open_for;
use crate::backends::redis::events::Store;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::events::group;
use crate::ui::{Cell, Report};

/// Remove a consumer of a group without losing its work
///
/// Gives what the consumer has and has not done to another one, the one that asked last, and removes it
/// then. The last consumer of a group is removed with pending events only if --to names who shall have
/// them; that one need not be there yet. Exit 7 if pending events had been trimmed, which nobody can do.
#[derive(Debug, clap::Args)]
pub struct RetireArgs {
    /// The group
    #[arg(value_name = "GROUP", value_parser = group::name)]
    group: String,
    /// The consumer that is removed
    #[arg(value_name = "CONSUMER")]
    consumer: String,
    /// Who shall have its pending events
    #[arg(long, value_name = "CONSUMER", value_parser = group::name)]
    to: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// Exit 1 if there is no such group or consumer; exit 5 if nobody is there to take its events, or it
/// still asks for new ones.
pub async fn run(args: RetireArgs, context: &Context) -> Result<ExitStatus, Failure> {
    if args.to.as_deref() == Some(args.consumer.as_str()) {
        return Err(Failure::usage("--to names the consumer that is to be removed"));
    }
    let mut store = open_for(context, &args.group).await?;
    let mut report = Report::new("")
        .number("shard", "SHARD")
        .column("consumer", "CONSUMER")
        .column("movedTo", "MOVED TO")
        .number("moved", "MOVED")
        .number("trimmed", "TRIMMED");
    // All shards are looked at before anything is changed.
    let mut plan = Vec::new();
    for shard in 0..store.shards() {
        if let Some(to) = heir(&mut store, shard, &args).await? {
            plan.push((shard, to));
        }
    }
    if plan.is_empty() {
        let what = format!("the group {} has no consumer {}", args.group, args.consumer);
        return Err(Failure::failed(what)
            .code("missing")
            .hint(format!("See who there is: bss events groups status {}", args.group)));
    }
    let mut lost = 0;
    for (shard, to) in plan {
        let claimed = match &to {
            Some(to) => store.claim(shard, &args.group, (Some(&args.consumer), to), 0).await?,
            None => crate::backends::redis::events::Claimed::default(),
        };
        if !store.dismiss(shard, &args.group, &args.consumer).await? {
            let what = format!("could not remove {}: it takes new events", args.consumer);
            return Err(Failure::new(ExitStatus::Conflict, what)
                .hint("Stop the process first, then run this again."));
        }
        lost += claimed.trimmed.len() as u64;
        report.push(vec![
            u64::from(shard).into(),
            args.consumer.as_str().into(),
            Cell::text_or_null(to.filter(|_| !claimed.given.is_empty())),
            (claimed.given.len() as u64).into(),
            (claimed.trimmed.len() as u64).into(),
        ]);
    }
    context.ui.report(&report)?;
    Ok(if lost > 0 { ExitStatus::Partly } else { ExitStatus::Done })
}

/// Who shall have the pending events of a shard; `None` if the consumer is not there, and nobody if
/// it has none.
async fn heir(
    store: &mut Store,
    shard: u16,
    args: &RetireArgs,
) -> Result<Option<Option<String>>, Failure> {
    let mut consumers = store.consumers(shard, &args.group).await?;
    let Some(at) = consumers.iter().position(|c| c.name == args.consumer) else {
        return Ok(None);
    };
    let own = consumers.swap_remove(at);
    if own.pending == 0 {
        return Ok(Some(None));
    }
    if let Some(to) = &args.to {
        return Ok(Some(Some(to.clone())));
    }
    consumers.sort_by_key(|c| c.idle_ms);
    match consumers.into_iter().next() {
        Some(next) => Ok(Some(Some(next.name))),
        None => {
            let what = format!(
                "refused to remove {}: it is the only consumer of the group {} and has {} pending events",
                own.name, args.group, own.pending
            );
            Err(Failure::new(ExitStatus::Conflict, what)
                .code("refused")
                .hint("Name who shall have them: --to CONSUMER"))
        }
    }
}
