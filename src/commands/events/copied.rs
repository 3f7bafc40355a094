//! What Kafka has of the store, beside the store.

use std::collections::BTreeMap;
use std::fmt;

use super::relay::names;
use crate::backends::kafka::relay::copies::{Copied, Copies};
use crate::backends::redis::events::{Direction, Store};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::events::{Event, Link, Position};

/// Where two histories of a shard part: the same up to before `from`, then each its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parted {
    shard: u16,
    from: u64,
    kafka: u64,
    store: u64,
}

impl fmt::Display for Parted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { shard, from, kafka, store } = self;
        write!(
            f,
            "Kafka has {shard}:{from} to {shard}:{kafka}, the store others from {shard}:{from} to {shard}:{store}"
        )
    }
}

/// Opens the topics with the store's events.
///
/// # Errors
/// As the client says.
pub fn open(context: &Context) -> Result<Copies, Failure> {
    let kafka = &context.settings().kafka;
    Ok(tokio::task::block_in_place(|| Copies::open(kafka, &names(context)))?)
}

/// Reads all published events.
///
/// # Errors
/// As the client says; exit 130 or 143 if it is stopped.
pub fn read(
    copies: &mut Copies,
    context: &Context,
    each: &mut dyn FnMut(Copied),
) -> Result<(), Failure> {
    let stop = || context.shutdown.asked();
    let read = tokio::task::block_in_place(|| copies.read(&stop, each));
    if stop() {
        return Err(Failure::new(context.shutdown.status(), "interrupted"));
    }
    Ok(read?)
}

/// The event of a record, which must be one.
///
/// # Errors
/// Exit 6: somebody else wrote it, or it was changed.
pub fn event(copied: Copied) -> Result<Event, Failure> {
    let Copied { topic, place, event } = copied;
    event.map_err(|why| {
        let what = format!("{place} of topic \"{topic}\" is no event of the store");
        Failure::new(ExitStatus::Found, what)
            .because(&std::io::Error::other(why))
            .hint("See what else is wrong: bss events verify --kafka")
    })
}

/// Where the store's history and Kafka's part; `None` if they do not.
///
/// # Errors
/// As the servers say.
pub async fn parted(
    store: &mut Store,
    shard: u16,
    context: &Context,
) -> Result<Option<Parted>, Failure> {
    let mut links: BTreeMap<u64, Link> = BTreeMap::new();
    let mut copies = open(context)?;
    read(&mut copies, context, &mut |copied| {
        if let Ok(event) = copied.event
            && event.position.shard == shard
        {
            links.insert(event.position.n, event.link);
        }
    })?;
    let (floor, head) = (store.floor(shard).await?.0, store.head(shard).await?.0);
    let Some(kafka) = links.last_key_value().map(|(n, _)| *n) else { return Ok(None) };
    let known: Vec<(u64, Link)> =
        links.range(floor + 1..=head.max(floor + 1)).map(|(n, l)| (*n, *l)).collect();
    // A link stands for all before it: equal up to somewhere, and never again.
    let (mut low, mut high) = (0, known.len());
    while low < high {
        let middle = low + (high - low) / 2;
        let (n, link) = known[middle];
        let found = store.read(Position { shard, n }, Direction::Forward, 1).await?;
        if found.first().is_some_and(|e| e.position.n == n && e.link == link) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    // Of types that are not published Kafka has nothing: it parts after the last one that is equal.
    let equal = low.checked_sub(1).map_or(floor, |at| known[at].0);
    let from = equal + 1;
    Ok((low < known.len() || head < kafka).then_some(Parted { shard, from, kafka, store: head }))
}
