//! Where snapshots are kept: a hash in each shard, by aggregate, one each.

use redis::Value;

use super::read::number;
use super::{Keys, Store};
use crate::backends::error::{BackendError, Kind, Result};
use crate::events::Aggregate;

/// A kept snapshot: what it is of, and its bytes.
pub type Kept = (Aggregate, Vec<u8>);

impl Store {
    fn snapshots_of(&self, aggregate: &Aggregate) -> String {
        Keys::new(self.namespace(), self.shard_of(aggregate)).part("snapshots")
    }

    /// The bytes of an aggregate's snapshot, if there is one.
    ///
    /// # Errors
    /// As the server says.
    pub async fn snapshot(&mut self, aggregate: &Aggregate) -> Result<Option<Vec<u8>>> {
        let mut cmd = redis::cmd("HGET");
        cmd.arg(self.snapshots_of(aggregate)).arg(aggregate.as_str());
        let what = format!("read the snapshot of {aggregate}");
        Ok(match self.ask(&cmd, &what).await? {
            Value::BulkString(bytes) => Some(bytes),
            _ => None,
        })
    }

    /// Keeps a snapshot of an aggregate, instead of the one that is there.
    ///
    /// # Errors
    /// As the server says.
    pub async fn keep_snapshot(&mut self, aggregate: &Aggregate, bytes: &[u8]) -> Result<()> {
        let mut cmd = redis::cmd("HSET");
        cmd.arg(self.snapshots_of(aggregate)).arg(aggregate.as_str()).arg(bytes);
        self.ask(&cmd, &format!("keep a snapshot of {aggregate}")).await?;
        Ok(())
    }

    /// Deletes an aggregate's snapshot.
    ///
    /// # Errors
    /// As the server says.
    pub async fn drop_snapshot(&mut self, aggregate: &Aggregate) -> Result<()> {
        let mut cmd = redis::cmd("HDEL");
        cmd.arg(self.snapshots_of(aggregate)).arg(aggregate.as_str());
        self.ask(&cmd, &format!("delete the snapshot of {aggregate}")).await?;
        Ok(())
    }

    /// One step of a walk over a shard's snapshots, those of aggregates of type `kind` if one is
    /// given: the next cursor (0 at the end), and some of them. One may come twice.
    ///
    /// # Errors
    /// As the server says.
    pub async fn snapshots(
        &mut self,
        shard: u16,
        cursor: u64,
        kind: Option<&str>,
    ) -> Result<(u64, Vec<Kept>)> {
        let mut cmd = redis::cmd("HSCAN");
        cmd.arg(Keys::new(self.namespace(), shard).part("snapshots")).arg(cursor);
        cmd.arg("COUNT").arg(500);
        let value = self.ask(&cmd, "walk the snapshots").await?;
        let unreadable = || {
            let what = format!("could not walk the snapshots in {}", self.place());
            BackendError::new(Kind::Internal, what).because("an answer that cannot be read")
        };
        let Value::Array(parts) = value else { return Err(unreadable()) };
        let [cursor, Value::Array(pairs)] =
            <[Value; 2]>::try_from(parts).map_err(|_| unreadable())?
        else {
            return Err(unreadable());
        };
        let next = number(&cursor).ok_or_else(unreadable)?;
        let mut found = Vec::with_capacity(pairs.len() / 2);
        let mut pairs = pairs.into_iter();
        while let (Some(Value::BulkString(name)), Some(Value::BulkString(bytes))) =
            (pairs.next(), pairs.next())
        {
            let name = std::str::from_utf8(&name).ok().and_then(|name| name.parse().ok());
            let aggregate: Aggregate = name.ok_or_else(unreadable)?;
            if kind.is_none_or(|kind| aggregate.kind() == kind) {
                found.push((aggregate, bytes));
            }
        }
        Ok((next, found))
    }
}
