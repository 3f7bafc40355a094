//! Putting events back where they were, and walking the aggregates.

use redis::Value;

use super::library::{Function, RESTORE, SCAN, lacks};
use super::read::number;
use super::{Keys, Store};
use crate::backends::error::{BackendError, Kind, Result};
use crate::events::place::{bucket, id_key};
use crate::events::{Aggregate, Digest, Event, Position};

/// What putting events back came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Restored {
    /// They are there.
    Done {
        /// How many were stored now.
        stored: u64,
        /// How many were there before, the same.
        there: u64,
    },
    /// One does not fit; those before it are stored.
    Refused {
        /// Which.
        position: Position,
        /// What is wrong.
        why: Misfit,
        /// What the store has instead: a link, a position, a count of events.
        found: String,
    },
}

/// Why an event does not fit where it says it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// Another event is at its position.
    Differs,
    /// Events before it are missing; found is the last position.
    Gap,
    /// Its link is not made of the one before and of itself; found is the one that is.
    Link,
    /// Its aggregate has another number of events; found is that number.
    Revision,
    /// Its id is taken in its aggregate.
    Id,
}

impl Misfit {
    /// The misfit in words; `found` is what the store has.
    #[must_use]
    pub fn sentence(self, found: &str) -> String {
        match self {
            Self::Differs => "the store has another event at this position".to_owned(),
            Self::Gap => format!("the store ends at position {found}: events in between are missing"),
            Self::Link => "its link does not follow from the event before and its own content: one of them was changed".to_owned(),
            Self::Revision => format!("its aggregate has {found} events in the store"),
            Self::Id => "its id is taken in its aggregate".to_owned(),
        }
    }
}

/// One aggregate as its index has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Indexed {
    /// Which.
    pub aggregate: Aggregate,
    /// How many events it has.
    pub events: u64,
    /// Where the last one is.
    pub last: Position,
}

impl Store {
    /// Puts events of one shard back, in the order of their positions: at most
    /// [`super::append::LIMIT`] at once.
    ///
    /// # Errors
    /// As the server says; [`Kind::Missing`] if the shard was never made.
    pub async fn restore(&mut self, shard: u16, events: &[Event]) -> Result<Restored> {
        let keys = Keys::new(self.namespace(), shard);
        let mut names = vec![keys.tail(), keys.head(), keys.log()];
        let mut args: Vec<Vec<u8>> = Vec::with_capacity(events.len() * 8);
        for event in events {
            let content = event.content().map_err(|e| {
                let what = format!("could not put back the event at {}", event.position);
                BackendError::new(Kind::Refused, what).because(e.to_string())
            })?;
            let id = id_key(&event.aggregate, &content.id);
            names.extend([keys.index(&event.aggregate), keys.ids(bucket(&id))]);
            args.extend([
                event.position.n.to_string().into_bytes(),
                event.recorded_at.millis().to_string().into_bytes(),
                event.link.as_str().as_bytes().to_vec(),
                event.revision.to_string().into_bytes(),
                event.aggregate.as_str().as_bytes().to_vec(),
                id.to_vec(),
                Digest::of(&event.aggregate, &event.envelope).bytes().to_vec(),
                event.envelope.clone(),
            ]);
        }
        let args: Vec<&[u8]> = args.iter().map(Vec::as_slice).collect();
        let value = self.run(RESTORE, &names, &args, "put events back").await?;
        restored(&value, shard).ok_or_else(|| self.absent(shard))
    }

    /// One step of a walk over a shard's aggregates, those of type `kind` if one is given: the next
    /// cursor (0 at the end), and some of them. An aggregate may come twice.
    ///
    /// # Errors
    /// As the server says.
    pub async fn walk(
        &mut self,
        shard: u16,
        cursor: u64,
        kind: Option<&str>,
    ) -> Result<(u64, Vec<Indexed>)> {
        let keys = Keys::new(self.namespace(), shard);
        let start = keys.indexes();
        let pattern =
            format!("{}{}*", escaped(&start), kind.map_or(String::new(), |k| format!("{k}/")));
        let cursor = cursor.to_string();
        let args = [cursor.as_bytes(), pattern.as_bytes(), b"1000".as_slice()];
        let value = self.run(SCAN, &[keys.log()], &args, "walk the aggregates").await?;
        let unreadable = || {
            BackendError::new(
                Kind::Internal,
                format!("could not walk the aggregates in {}", self.place()),
            )
            .because("an answer that cannot be read")
        };
        let Value::Array(parts) = value else { return Err(unreadable()) };
        let mut parts = parts.iter();
        let next = parts.next().and_then(number).ok_or_else(unreadable)?;
        let mut found = Vec::new();
        while let (Some(key), Some(events), Some(last)) = (parts.next(), parts.next(), parts.next())
        {
            let Value::BulkString(key) = key else { return Err(unreadable()) };
            let name = std::str::from_utf8(key).ok().and_then(|k| k.strip_prefix(&start));
            found.push(Indexed {
                aggregate: name.and_then(|n| n.parse().ok()).ok_or_else(unreadable)?,
                events: number(events).ok_or_else(unreadable)?,
                last: Position { shard, n: number(last).unwrap_or(0) },
            });
        }
        Ok((next, found))
    }

    /// Calls a function; loads the functions first if they are gone.
    pub(super) async fn run(
        &mut self,
        function: Function,
        keys: &[String],
        args: &[&[u8]],
        what: &str,
    ) -> Result<Value> {
        match self.calls().command(function, keys, args).query_async(&mut self.connection).await {
            Err(error) if lacks(&error) => {
                self.load_functions().await?;
                self.ask(&self.calls().command(function, keys, args), what).await
            }
            answer => answer.map_err(|e| self.failed(e, what)),
        }
    }
}

/// A text in a pattern of the server as it is.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '*' | '?' | '[' | ']' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

fn restored(value: &Value, shard: u16) -> Option<Restored> {
    let Value::Array(parts) = value else { return None };
    let text = |i: usize| match parts.get(i)? {
        Value::BulkString(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    };
    let why = match text(0)? {
        "ok" => {
            let (stored, there) = (number(parts.get(1)?)?, number(parts.get(2)?)?);
            return Some(Restored::Done { stored, there });
        }
        "differs" => Misfit::Differs,
        "gap" => Misfit::Gap,
        "link" => Misfit::Link,
        "revision" => Misfit::Revision,
        "id" => Misfit::Id,
        _ => return None,
    };
    let position = Position { shard, n: number(parts.get(1)?)? };
    Some(Restored::Refused { position, why, found: text(2).unwrap_or_default().to_owned() })
}
