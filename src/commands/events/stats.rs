//! `bss events stats`

use super::open;
use crate::backends::redis::events::{Access, Direction, Store};
use crate::backends::redis::facts;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::domain::EventTime;
use crate::events::{Event, Position};
use crate::ui::{Cell, Report};

/// One day in ms.
const DAY: i64 = 86_400_000;

/// Show how much the store holds and how long its memory lasts
///
/// For each shard its events, the first and the last one, those of the last day, and the memory its
/// events take with all indexes; and when the server's maxmemory is reached if events go on coming as
/// in the last day.
#[derive(Debug, clap::Args)]
pub struct StatsArgs {}

/// Runs the command.
///
/// # Errors
/// Redis unreachable, no event store: exit 4.
pub async fn run(_args: StatsArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let mut store = open(context, Access::Read).await?;
    let facts = facts(&context.settings().redis).await?;
    let number = |key: &str| facts.info.get(key).and_then(|v| v.parse::<u64>().ok());
    let (used, limit) = (number("used_memory"), number("maxmemory").filter(|limit| *limit > 0));
    let mut report =
        Report::new(format!("The event store `{}` in {}", store.namespace(), store.place()))
            .number("shard", "SHARD")
            .number("events", "EVENTS")
            .number("firstPosition", "FIRST")
            .number("lastPosition", "LAST")
            .column("firstRecordedAt", "FIRST RECORDED")
            .column("lastRecordedAt", "LAST RECORDED")
            .number("lastDay", "LAST DAY")
            .number("archived", "ARCHIVED");
    let (mut events, mut lately) = (0, 0);
    for shard in 0..store.shards() {
        let shard = of(&mut store, shard, facts.time).await?;
        events += shard.events;
        lately += shard.last_day;
        report.push(shard.row());
    }
    let full = full_at(used, limit, events, lately, facts.time);
    let report = report
        .meta("events", events)
        .meta("usedMemory", used)
        .meta("maxMemory", limit)
        .meta("fullAt", full.map(|time| time.to_string()));
    context.ui.report(&report)?;
    match (limit, full) {
        (None, _) => {
            context.ui.hint("The server has no maxmemory: it grows until the machine has no more.");
        }
        (Some(_), Some(time)) => {
            context.ui.status(format!("As in the last day, its maxmemory is reached on {time}."));
        }
        (Some(_), None) => {}
    }
    Ok(ExitStatus::Done)
}

/// When the memory is used up, at the rate of the last day and with what an event takes now.
fn full_at(
    used: Option<u64>,
    limit: Option<u64>,
    events: u64,
    lately: u64,
    now: EventTime,
) -> Option<EventTime> {
    let (used, limit) = (used?, limit?);
    if events == 0 || lately == 0 {
        return None;
    }
    let each = (used / events).max(1);
    let left = limit.saturating_sub(used) / each;
    let days = left / lately;
    // Beyond some decades a date says nothing.
    let days = i64::try_from(days).ok().filter(|days| *days < 36_500)?;
    Some(now.plus_millis(days * DAY))
}

struct Shard {
    shard: u16,
    events: u64,
    first: Option<(u64, EventTime)>,
    last: Option<(u64, EventTime)>,
    last_day: u64,
    archived: u64,
}

impl Shard {
    fn row(&self) -> Vec<Cell> {
        let time = |end: Option<(u64, EventTime)>| end.map_or(Cell::Null, |(_, time)| time.into());
        let place = |end: Option<(u64, EventTime)>| end.map_or(Cell::Null, |(n, _)| n.into());
        vec![
            u64::from(self.shard).into(),
            self.events.into(),
            place(self.first),
            place(self.last),
            time(self.first),
            time(self.last),
            self.last_day.into(),
            self.archived.into(),
        ]
    }
}

async fn of(store: &mut Store, shard: u16, now: EventTime) -> Result<Shard, Failure> {
    let (archived, _) = store.floor(shard).await?;
    let end = |event: Option<Event>| event.map(|event| (event.position.n, event.recorded_at));
    let first = end(one(store, shard, 1, Direction::Forward).await?);
    let last = end(one(store, shard, u64::MAX, Direction::Backward).await?);
    let since = first_since(store, shard, now.plus_millis(-DAY)).await?;
    let until =
        |first: Option<u64>| first.zip(last).map_or(0, |(first, (last, _))| last + 1 - first);
    let (events, last_day) = (until(first.map(|(n, _)| n)), until(since));
    Ok(Shard { shard, events, first, last, last_day, archived })
}

/// The first event from a position on.
async fn one(
    store: &mut Store,
    shard: u16,
    n: u64,
    direction: Direction,
) -> Result<Option<Event>, Failure> {
    Ok(store.read(Position { shard, n }, direction, 1).await?.into_iter().next())
}

/// The first position recorded at or after an instant, by halving: the server's clock does not go
/// back by more than it is set back.
///
/// # Errors
/// As the server says.
pub async fn first_since(
    store: &mut Store,
    shard: u16,
    since: EventTime,
) -> Result<Option<u64>, Failure> {
    let first = one(store, shard, 1, Direction::Forward).await?;
    let last = one(store, shard, u64::MAX, Direction::Backward).await?;
    let Some((first, last)) = first.zip(last) else { return Ok(None) };
    if last.recorded_at < since {
        return Ok(None);
    }
    let (mut low, mut high) = (first.position.n, last.position.n);
    while low < high {
        let middle = low + (high - low) / 2;
        let Some(event) = one(store, shard, middle, Direction::Forward).await? else { break };
        if event.recorded_at < since {
            low = event.position.n + 1;
        } else {
            high = middle;
        }
    }
    Ok(Some(low))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_of_the_end_is_told_where_there_is_one() {
        let now = EventTime::from_millis(1_795_550_400_000);
        // 1,000 bytes an event, 100 events a day, 10,000 bytes left: ten events, today.
        assert_eq!(full_at(Some(10_000), Some(20_000), 10, 100, now), Some(now));
        assert_eq!(
            full_at(Some(10_000), Some(1_010_000), 10, 100, now),
            Some(now.plus_millis(10 * DAY))
        );
        assert_eq!(full_at(Some(10_000), None, 10, 100, now), None);
        assert_eq!(full_at(Some(10_000), Some(20_000), 0, 0, now), None);
        assert_eq!(full_at(Some(1), Some(u64::MAX), 1, 1, now), None, "not in a lifetime");
    }
}
