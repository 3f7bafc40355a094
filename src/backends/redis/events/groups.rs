//! Consumer groups on the shards' logs, with checkpoints of our own.

use std::collections::BTreeMap;

use redis::Value;

use super::epoch::takes_nothing;
use super::keys::entry_of;
use super::library::{ACK, DISBAND, DISMISS, PARK, TAKE};
use super::read::{number, text};
use super::{Keys, Store};
use crate::backends::error::{BackendError, Kind, Result};
use crate::events::{Event, Position};

/// What was done to a group before it went on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mended {
    /// Nothing: it is as it was left.
    Nothing,
    /// It was made: there was none of this name.
    New,
    /// The server had lost it; it was made again at its checkpoint.
    Lost,
    /// Somebody had moved it beyond its checkpoint; it was put back.
    Moved,
}

/// An entry that a consumer was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Given {
    /// An event.
    Event(Event),
    /// It was trimmed before it was done; its entry id.
    Trimmed(String),
}

/// What a consumer was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// What was done to the group first.
    pub mended: Mended,
    /// Its checkpoint then.
    pub checkpoint: u64,
    /// The last position that any of its consumers was given.
    pub given: u64,
    /// The entries.
    pub entries: Vec<Given>,
}

/// One group of one shard as the server has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// How many consumers it has.
    pub consumers: u64,
    /// How many events were given and are not done.
    pub pending: u64,
}

/// One consumer of a group in a shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consumer {
    /// Its name.
    pub name: String,
    /// How many events it has and has not done.
    pub pending: u64,
    /// For how long it has asked for nothing, in ms.
    pub idle_ms: u64,
}

impl Store {
    /// Gives a consumer of a group its next events of a shard. `start` is where a group begins that
    /// is not there yet; without it there must be one: `None` if there is not.
    ///
    /// # Errors
    /// As the server says.
    pub async fn take(
        &mut self,
        shard: u16,
        group: &str,
        consumer: &str,
        count: usize,
        start: Option<u64>,
    ) -> Result<Option<Taken>> {
        let keys = Keys::new(self.namespace(), shard);
        let (count, start) =
            (count.to_string(), start.map_or(String::new(), |start| start.to_string()));
        let args = [group.as_bytes(), consumer.as_bytes(), count.as_bytes(), start.as_bytes()];
        let what = format!("take events of the group {group}");
        let value = self.run(TAKE, &[keys.log(), keys.readers()], &args, &what).await?;
        let Value::Array(parts) = value else { return Err(self.unreadable(&what)) };
        let Ok([state, checkpoint, given, entries]) = <[Value; 4]>::try_from(parts) else {
            return Ok(None);
        };
        let (Some(state), Some(checkpoint), Some(given), Value::Array(entries)) =
            (text(&state), number(&checkpoint), number(&given), entries)
        else {
            return Err(self.unreadable(&what));
        };
        let mended = match state.as_str() {
            "new" => Mended::New,
            "lost" => Mended::Lost,
            "moved" => Mended::Moved,
            _ => Mended::Nothing,
        };
        let mut taken = Vec::with_capacity(entries.len());
        for entry in entries {
            match trimmed(&entry) {
                Some(id) => taken.push(Given::Trimmed(id)),
                None => {
                    let events = self.entries(Value::Array(vec![entry]), shard)?;
                    taken.extend(events.into_iter().map(Given::Event));
                }
            }
        }
        Ok(Some(Taken { mended, checkpoint, given, entries: taken }))
    }

    /// Notes that a group has done entries of a shard.
    ///
    /// # Errors
    /// As the server says; whether it is noted is then open, and they may be given again.
    pub async fn done(&mut self, shard: u16, group: &str, entries: &[String]) -> Result<()> {
        if entries.is_empty() {
            return Ok(());
        }
        let keys = Keys::new(self.namespace(), shard);
        let mut args = vec![group.as_bytes()];
        args.extend(entries.iter().map(String::as_bytes));
        let what = format!("note what the group {group} has done");
        self.run(ACK, &[keys.log(), keys.readers()], &args, &what).await.map(drop)
    }

    /// Sets an event aside for a group, which then goes on.
    ///
    /// # Errors
    /// As the server says.
    pub async fn park(&mut self, group: &str, event: &Event, record: &[u8]) -> Result<()> {
        let keys = Keys::new(self.namespace(), event.position.shard);
        let (entry, position) = (entry_of(event), event.position.n.to_string());
        let args = [group.as_bytes(), entry.as_bytes(), position.as_bytes(), record];
        let what = format!("park the event at {} for the group {group}", event.position);
        let names = [keys.log(), keys.readers(), keys.parked(group)];
        self.run(PARK, &names, &args, &what).await.map(drop)
    }

    /// The readers of a shard with the position up to which each has done everything.
    ///
    /// # Errors
    /// As the server says.
    pub async fn readers(&mut self, shard: u16) -> Result<BTreeMap<String, u64>> {
        let key = Keys::new(self.namespace(), shard).readers();
        let value = self.ask(redis::cmd("HGETALL").arg(key), "read who reads the store").await?;
        let pairs = pairs(value);
        let position = |text: &str| text.split(' ').next().and_then(|n| n.parse().ok());
        Ok(pairs.into_iter().map(|(name, at)| (name, position(&at).unwrap_or(0))).collect())
    }

    /// Notes how far a reader has done everything. What it has not done is not trimmed. Where it writes
    /// to has the word on it: a note that a full server does not take is made with the next events.
    ///
    /// # Errors
    /// As the server says.
    pub async fn note_reader(&mut self, shard: u16, name: &str, position: u64) -> Result<()> {
        let mut note = redis::cmd("HSET");
        note.arg(Keys::new(self.namespace(), shard).readers()).arg(name).arg(position);
        match note.query_async::<Value>(&mut self.connection).await {
            Err(error) if takes_nothing(&error) => Ok(()),
            answer => {
                answer.map(drop).map_err(|e| self.failed(e, &format!("note how far {name} is")))
            }
        }
    }

    /// The groups of a shard that the server knows, ours or not.
    ///
    /// # Errors
    /// As the server says.
    pub async fn known_groups(&mut self, shard: u16) -> Result<BTreeMap<String, Known>> {
        let log = Keys::new(self.namespace(), shard).log();
        if !self.has(&log).await? {
            return Ok(BTreeMap::new());
        }
        let value = self.ask(redis::cmd("XINFO").arg("GROUPS").arg(log), "list the groups").await?;
        let one = |fields: BTreeMap<String, Value>| {
            let count = |key: &str| fields.get(key).and_then(number).unwrap_or(0);
            let name = fields.get("name").and_then(text)?;
            Some((name, Known { consumers: count("consumers"), pending: count("pending") }))
        };
        Ok(maps(value).into_iter().filter_map(one).collect())
    }

    /// The consumers of a group in a shard.
    ///
    /// # Errors
    /// As the server says.
    pub async fn consumers(&mut self, shard: u16, group: &str) -> Result<Vec<Consumer>> {
        if !self.known_groups(shard).await?.contains_key(group) {
            return Ok(Vec::new());
        }
        let mut cmd = redis::cmd("XINFO");
        cmd.arg("CONSUMERS").arg(Keys::new(self.namespace(), shard).log()).arg(group);
        let value = self.ask(&cmd, &format!("list the consumers of the group {group}")).await?;
        let one = |fields: BTreeMap<String, Value>| {
            let count = |key: &str| fields.get(key).and_then(number).unwrap_or(0);
            let name = fields.get("name").and_then(text)?;
            Some(Consumer { name, pending: count("pending"), idle_ms: count("idle") })
        };
        Ok(maps(value).into_iter().filter_map(one).collect())
    }

    /// Removes a consumer of a group in a shard; false if it has pending events, which would be
    /// forgotten with it.
    ///
    /// # Errors
    /// As the server says.
    pub async fn dismiss(&mut self, shard: u16, group: &str, consumer: &str) -> Result<bool> {
        let log = Keys::new(self.namespace(), shard).log();
        let args = [group.as_bytes(), consumer.as_bytes()];
        let what = format!("remove the consumer {consumer} of the group {group}");
        let value = self.run(DISMISS, &[log], &args, &what).await?;
        Ok(number(&value) == Some(1))
    }

    /// Removes a group of a shard with all that is kept of it.
    ///
    /// # Errors
    /// As the server says.
    pub async fn disband(&mut self, shard: u16, group: &str) -> Result<()> {
        let keys = Keys::new(self.namespace(), shard);
        let names = [keys.log(), keys.readers(), keys.parked(group), keys.again(group)];
        let what = format!("remove the group {group}");
        self.run(DISBAND, &names, &[group.as_bytes()], &what).await.map(drop)
    }

    /// The parked events of a group in a shard, by position, each with its record.
    ///
    /// # Errors
    /// As the server says.
    pub async fn parked(&mut self, shard: u16, group: &str) -> Result<BTreeMap<u64, String>> {
        let key = Keys::new(self.namespace(), shard).parked(group);
        let what = format!("read the parked events of the group {group}");
        let value = self.ask(redis::cmd("HGETALL").arg(key), &what).await?;
        let one = |(n, record): (String, String)| Some((n.parse().ok()?, record));
        Ok(pairs(value).into_iter().filter_map(one).collect())
    }

    /// Asks a group to try a parked event again, wherever it runs.
    ///
    /// # Errors
    /// As the server says.
    pub async fn ask_again(&mut self, group: &str, position: Position) -> Result<()> {
        let key = Keys::new(self.namespace(), position.shard).again(group);
        let mut cmd = redis::cmd("SADD");
        cmd.arg(key).arg(position.n);
        self.ask(&cmd, &format!("have the event at {position} tried again")).await.map(drop)
    }

    /// A parked event that shall be tried again, with its record: whoever asks first has it.
    ///
    /// # Errors
    /// As the server says.
    pub async fn asked_again(&mut self, shard: u16, group: &str) -> Result<Option<(u64, String)>> {
        let keys = Keys::new(self.namespace(), shard);
        let what = format!("look what the group {group} shall try again");
        loop {
            let value = self.ask(redis::cmd("SPOP").arg(keys.again(group)), &what).await?;
            let Some(n) = number(&value) else { return Ok(None) };
            let mut cmd = redis::cmd("HGET");
            let value = self.ask(cmd.arg(keys.parked(group)).arg(n), &what).await?;
            // Somebody else may have done it since.
            if let Some(record) = text(&value) {
                return Ok(Some((n, record)));
            }
        }
    }

    /// Takes an event off a group's parked ones: it is done.
    ///
    /// # Errors
    /// As the server says.
    pub async fn unpark(&mut self, group: &str, position: Position) -> Result<()> {
        let key = Keys::new(self.namespace(), position.shard).parked(group);
        let mut cmd = redis::cmd("HDEL");
        cmd.arg(key).arg(position.n);
        self.ask(&cmd, &format!("take the event at {position} off the parked ones")).await.map(drop)
    }

    /// Replaces the record of a parked event.
    ///
    /// # Errors
    /// As the server says.
    pub async fn park_again(
        &mut self,
        group: &str,
        position: Position,
        record: &[u8],
    ) -> Result<()> {
        let key = Keys::new(self.namespace(), position.shard).parked(group);
        let mut cmd = redis::cmd("HSET");
        cmd.arg(key).arg(position.n).arg(record);
        self.ask(&cmd, &format!("park the event at {position} again")).await.map(drop)
    }

    async fn has(&mut self, key: &str) -> Result<bool> {
        let value = self.ask(redis::cmd("EXISTS").arg(key), "look for the log").await?;
        Ok(number(&value) == Some(1))
    }

    /// An answer that cannot be read; `what` continues "could not".
    pub(super) fn unreadable(&self, what: &str) -> BackendError {
        BackendError::new(Kind::Internal, format!("could not {what} in Redis at {}", self.place()))
            .because("an answer that cannot be read")
    }
}

/// The id of an entry without fields.
fn trimmed(entry: &Value) -> Option<String> {
    let Value::Array(parts) = entry else { return None };
    let [id, fields] = parts.as_slice() else { return None };
    matches!(fields, Value::Nil).then(|| text(id)).flatten()
}

/// A hash as pairs.
fn pairs(value: Value) -> Vec<(String, String)> {
    let texts: Vec<String> = match value {
        Value::Array(parts) => parts.iter().filter_map(text).collect(),
        Value::Map(found) => found.iter().flat_map(|(k, v)| [text(k), text(v)]).flatten().collect(),
        _ => Vec::new(),
    };
    texts.chunks_exact(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect()
}

/// A list of maps, each given as names and values one after the other.
fn maps(value: Value) -> Vec<BTreeMap<String, Value>> {
    let Value::Array(found) = value else { return Vec::new() };
    let one = |value: Value| match value {
        Value::Array(parts) => parts
            .chunks_exact(2)
            .filter_map(|pair| Some((text(&pair[0])?, pair[1].clone())))
            .collect(),
        Value::Map(pairs) => pairs.into_iter().filter_map(|(k, v)| Some((text(&k)?, v))).collect(),
        _ => BTreeMap::new(),
    };
    found.into_iter().map(one).collect()
}
