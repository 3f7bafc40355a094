//! Events that were given to a consumer and are not done, and their way to another one.

use redis::Value;

use super::library::{CLAIM, PENDING};
use super::read::{number, text};
use super::{Keys, Store};
use crate::backends::error::Result;
use crate::events::Position;

/// Entries that are looked at in one step: a server does nothing else meanwhile.
const PAGE: &str = "500";

/// One pending event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pending {
    /// Its entry id, `N-RECORDED_AT`.
    pub entry: String,
    /// Where it is.
    pub position: Position,
    /// Who has it.
    pub consumer: String,
    /// Since when it was given, in ms.
    pub idle_ms: u64,
    /// How often it was given.
    pub deliveries: u64,
    /// Whether the log still has it.
    pub there: bool,
}

/// What became of pending events that were to go to another consumer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Claimed {
    /// Where those are that it has now.
    pub given: Vec<Position>,
    /// Where those were that had been trimmed: nobody can do them, and they are pending no more.
    pub trimmed: Vec<Position>,
}

impl Store {
    /// What is pending in a group of a shard, by position.
    ///
    /// # Errors
    /// As the server says.
    pub async fn pending(&mut self, shard: u16, group: &str) -> Result<Vec<Pending>> {
        let log = Keys::new(self.namespace(), shard).log();
        let what = format!("list what is pending in the group {group}");
        let mut found: Vec<Pending> = Vec::new();
        let mut from = "-".to_owned();
        loop {
            let args = [group.as_bytes(), from.as_bytes(), PAGE.as_bytes()];
            let value = self.run(PENDING, std::slice::from_ref(&log), &args, &what).await?;
            let Value::Array(parts) = value else { return Err(self.unreadable(&what)) };
            for part in parts.chunks_exact(5) {
                found.push(one(part, shard).ok_or_else(|| self.unreadable(&what))?);
            }
            match found.last() {
                Some(last) if !parts.is_empty() => from = format!("({}", last.entry),
                _ => return Ok(found),
            }
        }
    }

    /// Gives the pending events of a shard to a consumer: those of one consumer or of all, that were
    /// given at least `idle_ms` ago.
    ///
    /// # Errors
    /// As the server says.
    pub async fn claim(
        &mut self,
        shard: u16,
        group: &str,
        (from, to): (Option<&str>, &str),
        idle_ms: u64,
    ) -> Result<Claimed> {
        let keys = Keys::new(self.namespace(), shard);
        let what = format!("give pending events of the group {group} to {to}");
        let idle = idle_ms.to_string();
        let mut claimed = Claimed::default();
        let mut start = "-".to_owned();
        loop {
            let args = [
                group.as_bytes(),
                from.unwrap_or_default().as_bytes(),
                to.as_bytes(),
                idle.as_bytes(),
                PAGE.as_bytes(),
                start.as_bytes(),
            ];
            let value = self.run(CLAIM, &[keys.log(), keys.readers()], &args, &what).await?;
            let Value::Array(parts) = value else { return Err(self.unreadable(&what)) };
            let [last, given, trimmed] = parts.as_slice() else {
                return Err(self.unreadable(&what));
            };
            claimed.given.extend(positions(given, shard));
            claimed.trimmed.extend(positions(trimmed, shard));
            match text(last) {
                Some(last) if !last.is_empty() => start = format!("({last}"),
                _ => return Ok(claimed),
            }
        }
    }
}

fn one(part: &[Value], shard: u16) -> Option<Pending> {
    let entry = text(&part[0])?;
    Some(Pending {
        position: position(&entry, shard)?,
        entry,
        consumer: text(&part[1])?,
        idle_ms: number(&part[2])?,
        deliveries: number(&part[3])?,
        there: number(&part[4])? > 0,
    })
}

fn positions(value: &Value, shard: u16) -> Vec<Position> {
    let Value::Array(entries) = value else { return Vec::new() };
    entries.iter().filter_map(|entry| position(&text(entry)?, shard)).collect()
}

/// The position of an entry id.
#[must_use]
pub fn position(entry: &str, shard: u16) -> Option<Position> {
    Some(Position { shard, n: entry.split('-').next()?.parse().ok()? })
}
