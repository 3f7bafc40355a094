//! What the indexes say, for the proof that they agree with the log.

use redis::Value;

use super::read::number;
use super::{Keys, Store};
use crate::backends::error::Result;
use crate::events::place::{bucket, id_key};
use crate::events::{Aggregate, Digest};

/// What the index of ids says of one: its revision, and whether its digest is that of the event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The revision it was stored with.
    pub revision: u64,
    /// Whether it was stored with this content.
    pub same: bool,
}

impl Store {
    /// The positions of each aggregate's events, by revision.
    ///
    /// # Errors
    /// As the server says.
    pub async fn indexes(&mut self, aggregates: &[&Aggregate]) -> Result<Vec<Vec<u64>>> {
        let mut pipeline = redis::pipe();
        for aggregate in aggregates {
            let key = Keys::new(self.namespace(), self.shard_of(aggregate)).index(aggregate);
            pipeline.cmd("LRANGE").arg(key).arg(0).arg(-1);
        }
        let answers: Vec<Value> = pipeline
            .query_async(&mut self.connection)
            .await
            .map_err(|e| self.failed(e, "read the indexes"))?;
        let positions = |value: Value| match value {
            Value::Array(parts) => parts.iter().filter_map(number).collect(),
            _ => Vec::new(),
        };
        Ok(answers.into_iter().map(positions).collect())
    }

    /// What the index of ids says of events: `(aggregate, id, digest)` each.
    ///
    /// # Errors
    /// As the server says.
    pub async fn known(
        &mut self,
        events: &[(&Aggregate, &str, Digest)],
    ) -> Result<Vec<Option<Known>>> {
        let mut pipeline = redis::pipe();
        for (aggregate, id, _) in events {
            let key = id_key(aggregate, id);
            let keys = Keys::new(self.namespace(), self.shard_of(aggregate));
            pipeline.cmd("HGET").arg(keys.ids(bucket(&key))).arg(&key);
        }
        let answers: Vec<Value> = pipeline
            .query_async(&mut self.connection)
            .await
            .map_err(|e| self.failed(e, "read the index of ids"))?;
        let known = |(value, (_, _, digest)): (Value, &(&Aggregate, &str, Digest))| {
            let Value::BulkString(bytes) = value else { return None };
            let (start, revision) = bytes.split_at_checked(4)?;
            let revision = std::str::from_utf8(revision).ok()?.parse().ok()?;
            Some(Known { revision, same: digest.bytes().starts_with(start) })
        };
        Ok(answers.into_iter().zip(events).map(known).collect())
    }
}
