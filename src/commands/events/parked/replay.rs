//! `bss events parked replay`

use std::collections::BTreeSet;
use std::ffi::OsString;

use super::record;
use crate::backends::redis::events::Store;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::events::groups::{Ended, Handler, open_for, this_consumer};
use crate::events::Position;
use crate::events::group::{self, Parked};
use crate::ui::Report;

/// Try parked events of a group again
///
/// Asks the running group to try them again, all or those at the given positions: what its handler takes
/// is parked no more. With a command behind -- this process gives them to it, once each; what fails stays
/// parked: exit 7.
#[derive(Debug, clap::Args)]
pub struct ReplayArgs {
    /// The group
    #[arg(value_name = "GROUP", value_parser = group::name)]
    group: String,
    /// Only these, as `parked list` names them: N, or SHARD:N
    #[arg(value_name = "POSITION")]
    positions: Vec<Position>,
    /// A handler and its arguments
    #[arg(last = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// Runs the command.
///
/// # Errors
/// Exit 1 if there is no such group, a position is not parked, or the handler cannot be started.
pub async fn run(args: ReplayArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let mut store = open_for(context, &args.group).await?;
    let chosen = chosen(&mut store, &args).await?;
    if args.command.is_empty() {
        return ask(&mut store, &args.group, chosen, context).await;
    }
    let handler = Handler::new(args.command);
    let (mut done, mut failed) = (0, 0);
    for (position, text) in chosen {
        if context.shutdown.asked() {
            break;
        }
        match again(&mut store, &args.group, position, &text, (&handler, context)).await? {
            None => done += 1,
            Some(reason) => {
                failed += 1;
                context.ui.warning(format!("the event at {position} stays parked: {reason}"));
            }
        }
    }
    // The results are the handler's own.
    context.ui.status(format!("{done} events done, {failed} stay parked."));
    if context.shutdown.asked() {
        return Ok(context.shutdown.status());
    }
    Ok(if failed > 0 { ExitStatus::Partly } else { ExitStatus::Done })
}

/// Has the group's run try them again.
async fn ask(
    store: &mut Store,
    group: &str,
    chosen: Vec<(Position, String)>,
    context: &Context,
) -> Result<ExitStatus, Failure> {
    let mut report = Report::new(format!("To be tried again by the run of the group {group}"))
        .column("position", "POSITION");
    for (position, _) in chosen {
        store.ask_again(group, position).await?;
        report.push(vec![position.to_string().into()]);
    }
    context.ui.report(&report)?;
    Ok(ExitStatus::Done)
}

/// The records of the parked events that are asked for.
async fn chosen(store: &mut Store, args: &ReplayArgs) -> Result<Vec<(Position, String)>, Failure> {
    let mut asked: BTreeSet<Position> = args.positions.iter().copied().collect();
    let mut chosen = Vec::new();
    for shard in 0..store.shards() {
        for (n, record) in store.parked(shard, &args.group).await? {
            let position = Position { shard, n };
            if asked.remove(&position) || args.positions.is_empty() {
                chosen.push((position, record));
            }
        }
    }
    match asked.first() {
        None => Ok(chosen),
        Some(position) => {
            let what = format!("no event is parked at {position} in the group {}", args.group);
            Err(Failure::failed(what)
                .code("missing")
                .hint(format!("See what is parked: bss events parked list {}", args.group)))
        }
    }
}

/// Gives a parked event to a handler; why it stays parked, or `None` if it is done.
async fn again(
    store: &mut Store,
    group: &str,
    position: Position,
    text: &str,
    (handler, context): (&Handler, &Context),
) -> Result<Option<String>, Failure> {
    let unreadable = || Ok(Some("it cannot be read: bss events verify".to_owned()));
    let Ok(parked) = Parked::read(text) else { return unreadable() };
    let Some(event) = parked.event else { return unreadable() };
    let line = format!("{}\n", event.get());
    match handler.take(line.as_bytes(), &context.ui).await? {
        Ended::Done => {
            store.unpark(group, position).await?;
            Ok(None)
        }
        Ended::Failed(reason) => {
            let tries = parked.tries.saturating_add(1);
            let consumer = this_consumer();
            let record = record(context, &consumer, line.as_bytes(), reason.clone(), tries)?;
            store.park_again(group, position, &record).await?;
            Ok(Some(reason))
        }
    }
}
