//! Events back where they were.

use super::Tally;
use super::lines::Lines;
use crate::backends::redis::events::{Restored, Store};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::events::{Event, wire};
use crate::ui::Progress;

/// Events that are put back at once.
const BATCH: usize = 500;

/// Puts the events of a file back.
///
/// # Errors
/// Exit 1 for a line that is no event: what comes after it cannot fit. Exit 5 for an event that does
/// not fit.
pub async fn run(mut lines: Lines, store: &mut Store, context: &Context) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    let mut batch: Vec<Event> = Vec::with_capacity(BATCH);
    let mut progress = Progress::start(&context.ui, "importing events", None);
    while !context.shutdown.asked() {
        let Some((number, line)) = lines.next()? else { break };
        let event = wire::read(&line).map_err(|e| {
            Failure::failed(format!("could not import line {number} of {}", lines.name()))
                .because(&e)
                .hint("What stands before it is stored. Without this event those after it do not fit; mend the line, or append the rest as new events: --renumber")
        })?;
        tally.read += 1;
        let full = batch.len() == BATCH
            || batch.last().is_some_and(|last| last.position.shard != event.position.shard);
        if full {
            put(store, &mut batch, &mut tally).await?;
            progress.set(tally.read);
        }
        if event.position.shard >= store.shards()
            || event.position.shard != store.shard_of(&event.aggregate)
        {
            return Err(misplaced(&event, store));
        }
        batch.push(event);
    }
    put(store, &mut batch, &mut tally).await?;
    progress.finish();
    Ok(tally)
}

fn misplaced(event: &Event, store: &Store) -> Failure {
    let what = format!("could not put back the event at {}", event.position);
    let why = format!(
        "{} belongs to shard {} of the {} of this store",
        event.aggregate,
        store.shard_of(&event.aggregate),
        store.shards()
    );
    Failure::new(ExitStatus::Conflict, what)
        .code("conflict")
        .because(&std::io::Error::other(why))
        .hint("Append the events as new ones: --renumber")
}

/// Puts events of one shard back.
///
/// # Errors
/// Exit 5 for one that does not fit.
pub async fn put(
    store: &mut Store,
    batch: &mut Vec<Event>,
    tally: &mut Tally,
) -> Result<(), Failure> {
    let Some(first) = batch.first() else { return Ok(()) };
    let shard = first.position.shard;
    match store.restore(shard, batch).await? {
        Restored::Done { stored, there } => {
            tally.stored += stored;
            tally.there += there;
            batch.clear();
            Ok(())
        }
        Restored::Refused { position, why, found } => {
            let event = batch.iter().find(|e| e.position == position);
            let name = event
                .map_or(String::new(), |e| format!(" ({} revision {})", e.aggregate, e.revision));
            Err(Failure::new(
                ExitStatus::Conflict,
                format!("could not put back the event at {position}{name}"),
            )
            .code("conflict")
            .because(&std::io::Error::other(why.sentence(&found)))
            .hint("See what the store holds there: bss events replay --limit 1 --from POSITION")
            .hint("Into a store with other events: --renumber"))
        }
    }
}
