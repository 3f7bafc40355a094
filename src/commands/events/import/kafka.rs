//! Events back where they were, from the topics they were published to.

use std::collections::BTreeMap;

use super::{Tally, back};
use crate::backends::redis::events::{Access, Direction, Store};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::events::{copied, open};
use crate::events::tail::{Plan, Tail};
use crate::events::{Event, Position};
use crate::ui::{Progress, Report};

/// Events that are put back at once.
const BATCH: usize = 500;

/// Compares the shards' ends with what Kafka has and, unless only the plan is asked for, puts back
/// what is missing.
///
/// # Errors
/// Exit 5 for what does not fit; nothing is changed then.
pub async fn run(plan_only: bool, context: &Context) -> Result<ExitStatus, Failure> {
    let mut store = open(context, Access::Write).await?;
    let tails = tails(&mut store, context).await?;
    let mut report =
        Report::new(format!("What Kafka has beyond the event store in {}", store.place()))
            .number("shard", "SHARD")
            .number("storeEnd", "STORE ENDS AT")
            .number("kafkaEnd", "KAFKA ENDS AT")
            .number("missing", "MISSING")
            .column("plan", "PLAN");
    let (mut misfits, mut missing) = (Vec::new(), 0);
    let mut lost: Vec<(u16, Vec<Event>)> = Vec::new();
    for (shard, tail) in tails {
        let head = store.head(shard).await?.0;
        let plan = tail.plan(stored(&mut store, shard, &tail).await?);
        let (count, said) = sentence(&mut store, shard, &plan, context).await?;
        let end = tail.end();
        report.push(vec![
            u64::from(shard).into(),
            head.into(),
            end.into(),
            count.into(),
            said.as_str().into(),
        ]);
        missing += count;
        match plan {
            Plan::Whole => {}
            Plan::Restore { .. } => lost.push((shard, tail.into_events())),
            _ => misfits.push(format!("shard {shard}: {said}")),
        }
    }
    context.ui.report(&report)?;
    if !misfits.is_empty() {
        return Err(misfit(&misfits));
    }
    if plan_only || missing == 0 {
        let done = if missing == 0 { "Nothing is missing." } else { "Nothing was changed." };
        context.ui.status(done);
        return Ok(ExitStatus::Done);
    }
    let tally = restore(&mut store, lost, missing, context).await?;
    context.ui.status(format!("{} events are back.", tally.stored));
    if context.shutdown.asked() {
        context.ui.hint("Run it again: it goes on where it stopped.");
        return Ok(context.shutdown.status());
    }
    Ok(ExitStatus::Done)
}

/// What Kafka has beyond each shard's end.
async fn tails(store: &mut Store, context: &Context) -> Result<BTreeMap<u16, Tail>, Failure> {
    let mut tails = BTreeMap::new();
    for shard in 0..store.shards() {
        let (head, link) = store.head(shard).await?;
        tails.insert(shard, Tail::new(head, link));
    }
    let mut copies = copied::open(context)?;
    let mut wrong = None;
    let mut progress = Progress::start(&context.ui, "reading what Kafka has", None);
    copied::read(&mut copies, context, &mut |copied| {
        match copied::event(copied) {
            Err(failure) => wrong = wrong.take().or(Some(failure)),
            Ok(event) => match tails.get_mut(&event.position.shard) {
                Some(tail) => tail.take(event),
                None => wrong = wrong.take().or_else(|| Some(no_shard(event.position))),
            },
        }
        progress.advance(1);
    })?;
    progress.finish();
    wrong.map_or(Ok(tails), Err)
}

fn no_shard(position: Position) -> Failure {
    let what = format!("Kafka has an event at {position}, a shard that the store has not");
    Failure::new(ExitStatus::Conflict, what).hint("Set events.shards to the count it had.")
}

/// The link that the store has where Kafka's last event before the store's end is.
async fn stored(
    store: &mut Store,
    shard: u16,
    tail: &Tail,
) -> Result<Option<crate::events::Link>, Failure> {
    let Some((n, _)) = tail.before() else { return Ok(None) };
    let (floor, link) = store.floor(shard).await?;
    if n <= floor {
        return Ok((n == floor).then_some(link));
    }
    let found = store.read(Position { shard, n }, Direction::Forward, 1).await?;
    Ok(found.first().filter(|event| event.position.n == n).map(|event| event.link))
}

/// How many events go back, and the plan in words.
async fn sentence(
    store: &mut Store,
    shard: u16,
    plan: &Plan,
    context: &Context,
) -> Result<(u64, String), Failure> {
    let range = |from: &u64, to: &u64| format!("{shard}:{from} to {shard}:{to}");
    Ok(match plan {
        Plan::Whole => (0, "nothing is missing".to_owned()),
        Plan::Restore { from, to } => (to - from + 1, format!("put back {}", range(from, to))),
        Plan::Gap { from, to } => {
            (0, format!("cannot: {} are neither in the store nor in Kafka", range(from, to)))
        }
        Plan::Broken { at } => (0, format!("cannot: the chain in Kafka breaks at {shard}:{at}")),
        Plan::Parted => {
            let ranges = copied::parted(store, shard, context).await?;
            let ranges = ranges.map_or_else(|| "two histories".to_owned(), |r| r.to_string());
            (0, format!("cannot: {ranges}"))
        }
    })
}

fn misfit(misfits: &[String]) -> Failure {
    Failure::new(ExitStatus::Conflict, "what Kafka has does not fit the store; nothing was changed")
        .code("conflict")
        .because(&std::io::Error::other(misfits.join("\n")))
        .hint("If the store went on after a loss: restore it from before (a backup, bss events export), then run this again before anything is appended.")
        .hint("To keep what it has: bss events export FILE, then bss --set events.namespace=NAME events import FILE --renumber, and relay that store.")
}

async fn restore(
    store: &mut Store,
    lost: Vec<(u16, Vec<Event>)>,
    missing: u64,
    context: &Context,
) -> Result<Tally, Failure> {
    let mut tally = Tally::default();
    let mut progress = Progress::start(&context.ui, "putting events back", Some(missing));
    for (shard, events) in lost {
        if events.iter().any(|event| store.shard_of(&event.aggregate) != shard) {
            let what = format!("events of shard {shard} belong to others of this store");
            return Err(Failure::new(ExitStatus::Conflict, what)
                .hint("Set events.shards to the count it had."));
        }
        let mut left = events.into_iter().peekable();
        while left.peek().is_some() && !context.shutdown.asked() {
            let mut batch: Vec<Event> = left.by_ref().take(BATCH).collect();
            back::put(store, &mut batch, &mut tally).await?;
            progress.set(tally.stored);
        }
        store.epoch(shard).await?;
    }
    progress.finish();
    Ok(tally)
}
