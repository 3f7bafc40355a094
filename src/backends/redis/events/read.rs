//! Reading: by position, by aggregate, and what is new.

use std::collections::BTreeMap;

use redis::Value;

use super::keys::entry;
use super::library::LOAD;
use super::{Keys, Store};
use crate::backends::error::{BackendError, Kind, Result};
use crate::domain::EventTime;
use crate::events::{Aggregate, Event, Link, Position};

/// Which way events are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// The oldest first.
    Forward,
    /// The newest first.
    Backward,
}

/// One event of an aggregate as its index has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Loaded {
    /// It is there.
    Event(Event),
    /// It was trimmed: the archive has it.
    Trimmed {
        /// Its revision.
        revision: u64,
        /// Its position.
        position: Position,
    },
}

/// Events of an aggregate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// How many events the aggregate has in all.
    pub events: u64,
    /// Those that were asked for, by revision.
    pub loaded: Vec<Loaded>,
}

impl Store {
    /// Reads up to `count` events of a shard, beginning with `from` and going in a direction.
    ///
    /// # Errors
    /// As the server says; [`Kind::Internal`] for an entry that is no event.
    pub async fn read(
        &mut self,
        from: Position,
        direction: Direction,
        count: usize,
    ) -> Result<Vec<Event>> {
        let log = Keys::new(self.namespace(), from.shard).log();
        let mut cmd = match direction {
            Direction::Forward => {
                redis::cmd("XRANGE").arg(log).arg(entry(from)).arg("+").to_owned()
            }
            Direction::Backward => {
                redis::cmd("XREVRANGE").arg(log).arg(entry(from)).arg("-").to_owned()
            }
        };
        cmd.arg("COUNT").arg(count);
        let value = self.ask(&cmd, "read events").await?;
        self.entries(value, from.shard)
    }

    /// The last event of a shard, or the link and position before its first one.
    ///
    /// # Errors
    /// As the server says; [`Kind::Missing`] if the shard was never made.
    pub async fn head(&mut self, shard: u16) -> Result<(u64, Link)> {
        let end = Position { shard, n: u64::MAX };
        if let Some(event) = self.read(end, Direction::Backward, 1).await?.into_iter().next() {
            return Ok((event.position.n, event.link));
        }
        self.floor(shard).await
    }

    /// The last position that a shard's log ever had, also if that event is gone; 0 if the log is.
    ///
    /// # Errors
    /// As the server says.
    pub async fn last_ever(&mut self, shard: u16) -> Result<u64> {
        let mut cmd = redis::cmd("XINFO");
        cmd.arg("STREAM").arg(Keys::new(self.namespace(), shard).log());
        let told = cmd.query_async::<BTreeMap<String, Value>>(&mut self.connection).await;
        match told {
            Ok(told) => Ok(told.get("last-generated-id").and_then(position_of).unwrap_or(0)),
            Err(error) if error.to_string().contains("no such key") => Ok(0),
            Err(error) => Err(self.failed(error, "read the end of the log")),
        }
    }

    /// Position and link of the last event that was trimmed from a shard; `(0, START)` if none was.
    ///
    /// # Errors
    /// As the server says; [`Kind::Missing`] if the shard was never made.
    pub async fn floor(&mut self, shard: u16) -> Result<(u64, Link)> {
        let key = Keys::new(self.namespace(), shard).head();
        let value = self.ask(redis::cmd("GET").arg(&key), "read the head of the store").await?;
        let told = match &value {
            Value::BulkString(bytes) => std::str::from_utf8(bytes).ok().and_then(|text| {
                let (n, link) = text.split_once(' ')?;
                Some((n.parse().ok()?, link.parse().ok()?))
            }),
            _ => None,
        };
        told.ok_or_else(|| self.absent(shard))
    }

    /// Reads events of one aggregate by revision, from `first` to `last` (`None`: the newest).
    ///
    /// # Errors
    /// As the server says.
    pub async fn load(
        &mut self,
        aggregate: &Aggregate,
        first: u64,
        last: Option<u64>,
    ) -> Result<Part> {
        let shard = self.shard_of(aggregate);
        let keys = Keys::new(self.namespace(), shard);
        let names = [keys.log(), keys.index(aggregate)];
        let (first, last) = (first.to_string(), last.map_or("-1".to_owned(), |l| l.to_string()));
        let args = [first.as_bytes(), last.as_bytes()];
        let what = format!("read {aggregate}");
        let value = self.run(LOAD, &names, &args, &what).await?;
        self.part(value, shard).ok_or_else(|| {
            BackendError::new(Kind::Internal, format!("could not {what} in {}", self.place()))
                .because("an answer that cannot be read")
        })
    }

    /// The events after these positions of these shards, waiting a second at most for the first one;
    /// empty if none came.
    ///
    /// # Errors
    /// As the server says.
    pub async fn after(&mut self, ends: &[(u16, u64)], count: usize) -> Result<Vec<Event>> {
        let mut events = Vec::new();
        for (shard, n) in ends {
            let next = Position { shard: *shard, n: n.saturating_add(1) };
            events.extend(self.read(next, Direction::Forward, count).await?);
        }
        // A cluster's shards lie on several servers, which no command waits for together.
        let [(shard, n)] = ends else {
            if events.is_empty() {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
            }
            return Ok(events);
        };
        if !events.is_empty() {
            return Ok(events);
        }
        let mut cmd = redis::cmd("XREAD");
        cmd.arg("COUNT").arg(count).arg("BLOCK").arg(1000).arg("STREAMS");
        cmd.arg(Keys::new(self.namespace(), *shard).log()).arg(format!("{n}-{}", u64::MAX));
        let Value::Array(streams) = self.ask(&cmd, "wait for events").await? else {
            return Ok(events);
        };
        for stream in streams {
            if let Value::Array(parts) = stream {
                for entries in parts.into_iter().skip(1) {
                    events.extend(self.entries(entries, *shard)?);
                }
            }
        }
        Ok(events)
    }

    /// Whether an aggregate has events, and how many.
    ///
    /// # Errors
    /// As the server says.
    pub async fn events_of(&mut self, aggregate: &Aggregate) -> Result<u64> {
        let key = Keys::new(self.namespace(), self.shard_of(aggregate)).index(aggregate);
        let value = self.ask(redis::cmd("LLEN").arg(key), "count events").await?;
        Ok(number(&value).unwrap_or(0))
    }

    fn part(&self, value: Value, shard: u16) -> Option<Part> {
        let Value::Array(parts) = value else { return None };
        let mut parts = parts.into_iter();
        let events = number(&parts.next()?)?;
        let mut loaded = Vec::with_capacity(parts.len() / 3);
        while let Some(revision) = parts.next() {
            let revision = number(&revision)?;
            let position = Position { shard, n: number(&parts.next()?)? };
            loaded.push(match parts.next()? {
                found @ Value::Array(_) => Loaded::Event(event(found, shard)?),
                _ => Loaded::Trimmed { revision, position },
            });
        }
        Some(Part { events, loaded })
    }

    /// The events of an answer of `XRANGE`.
    pub(super) fn entries(&self, value: Value, shard: u16) -> Result<Vec<Event>> {
        let wrong = |why: String| {
            let what =
                format!("could not read shard {shard} of the event store in {}", self.place());
            BackendError::new(Kind::Internal, what).because(why)
        };
        let Value::Array(entries) = value else {
            return match value {
                Value::Nil => Ok(Vec::new()),
                _ => Err(wrong("an answer that cannot be read".to_owned())),
            };
        };
        let mut events = Vec::with_capacity(entries.len());
        for entry in entries {
            let id = id_of(&entry);
            events.push(event(entry, shard).ok_or_else(|| {
                wrong(format!("the entry {id} of its log is no event: somebody else wrote it"))
            })?);
        }
        Ok(events)
    }
}

/// The position in an entry id.
fn position_of(id: &Value) -> Option<u64> {
    let Value::BulkString(id) = id else { return None };
    std::str::from_utf8(id).ok()?.split_once('-')?.0.parse().ok()
}

fn id_of(entry: &Value) -> String {
    match entry {
        Value::Array(parts) => match parts.first() {
            Some(Value::BulkString(id)) => String::from_utf8_lossy(id).into_owned(),
            _ => String::new(),
        },
        _ => String::new(),
    }
}

/// A number in whatever form the server gives it.
pub(super) fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Int(number) => u64::try_from(*number).ok(),
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok()?.parse().ok(),
        _ => None,
    }
}

/// A text in whatever form the server gives it.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
        Value::SimpleString(text) => Some(text.clone()),
        Value::Int(number) => Some(number.to_string()),
        _ => None,
    }
}

/// An entry `[id, [h, ..., e, ...]]` as an event.
fn event(entry: Value, shard: u16) -> Option<Event> {
    let Value::Array(parts) = entry else { return None };
    let [Value::BulkString(id), Value::Array(fields)] = <[Value; 2]>::try_from(parts).ok()? else {
        return None;
    };
    let [_, Value::BulkString(header), _, Value::BulkString(envelope)] =
        <[Value; 4]>::try_from(fields).ok()?
    else {
        return None;
    };
    let (n, recorded) = std::str::from_utf8(&id).ok()?.split_once('-')?;
    let (link, rest) = header.split_at_checked(32)?;
    let (revision, aggregate) = std::str::from_utf8(rest).ok()?.split_once(' ')?;
    Some(Event {
        position: Position { shard, n: n.parse().ok()? },
        aggregate: aggregate.parse().ok()?,
        revision: revision.parse().ok()?,
        recorded_at: EventTime::from_millis(recorded.parse().ok()?),
        link: Link::from_bytes(link)?,
        envelope,
    })
}
