//! The event store in Redis.
//!
//! A shard is a stream with all its events (`log`), a list of positions for each aggregate, and
//! hashes of event ids; see [`keys`]. Functions of the server check and append in one step.

pub mod ahead;
pub mod append;
pub mod epoch;
pub mod groups;
pub mod index;
pub mod keys;
pub mod library;
pub mod pending;
pub mod raw;
pub mod read;
pub mod restore;
pub mod snapshots;
pub mod trim;
pub mod view;

use std::time::Duration;

use redis::{Cmd, RedisError, Value};

use self::library::Calls;
use super::connection::{self, Connection};
use super::{classify, facts, place, safety};
use crate::backends::error::{BackendError, Kind, Result};
use crate::config::settings::{Events, Redis};
use crate::events::{Aggregate, Link, place::shard_of};

pub use ahead::Ahead;
pub use append::{Append, Outcome};
pub use groups::{Consumer, Given, Mended, Taken};
pub use keys::{Keys, entry_of};
pub use pending::{Claimed, Pending};
pub use read::{Direction, Loaded, Part};
pub use restore::{Indexed, Restored};
pub use trim::Trimmed;

/// The form in which this program keeps events.
const FORMAT: &str = "1";

/// What a store is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Reading only: nothing is made.
    Read,
    /// Writing: the server must be safe, and the shards are made if they are not there.
    Write,
}

/// An open event store; its clones share the connection.
#[derive(Clone)]
pub struct Store {
    connection: Connection,
    redis: Redis,
    events: Events,
    calls: Calls,
    shards: u16,
}

impl Store {
    /// Opens the store.
    ///
    /// # Errors
    /// Those of [`connection::open`]; [`Kind::Refused`] for writing to a server that may lose
    /// events, and for a store of another shard count or format; [`Kind::Missing`] for reading one
    /// that was never made.
    pub async fn open(redis: &Redis, events: &Events, access: Access) -> Result<Self> {
        let connection = connection::open(redis, events.response_timeout).await?;
        let mut store = Self {
            connection,
            redis: redis.clone(),
            events: events.clone(),
            calls: Calls::Functions,
            shards: events.shards,
        };
        if access == Access::Write && !events.allow_unsafe {
            store.refuse_unsafe().await?;
        }
        store.load_functions().await?;
        store.meet(access).await?;
        Ok(store)
    }

    /// How many shards it has.
    #[must_use]
    pub const fn shards(&self) -> u16 {
        self.shards
    }

    /// Its namespace: what its keys begin with.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.events.namespace
    }

    /// Where it is, for people.
    #[must_use]
    pub fn place(&self) -> String {
        place(&self.redis)
    }

    /// The shard of an aggregate.
    #[must_use]
    pub fn shard_of(&self, aggregate: &Aggregate) -> u16 {
        shard_of(aggregate, self.shards)
    }

    const fn calls(&self) -> Calls {
        self.calls
    }

    fn max_event_bytes(&self) -> usize {
        usize::try_from(self.events.max_event_bytes).unwrap_or(usize::MAX)
    }

    const fn replicas(&self) -> u32 {
        self.events.replicas
    }

    fn replicas_timeout_ms(&self) -> u64 {
        u64::try_from(self.events.replicas_timeout.as_millis()).unwrap_or(u64::MAX)
    }

    async fn load_functions(&mut self) -> Result<()> {
        let loaded = library::load(&mut self.connection).await;
        self.calls = loaded.map_err(|e| {
            self.failed(e, "load the functions of the event store").hint(
                "The login needs FUNCTION LOAD and FCALL, or SCRIPT LOAD and EVALSHA, and the keys of events.namespace.",
            )
        })?;
        Ok(())
    }

    /// Opens the connection anew, for as long as `events.response_timeout`.
    ///
    /// # Errors
    /// As [`connection::open`] says when that time is over.
    pub async fn reconnect(&mut self) -> Result<()> {
        let deadline = tokio::time::Instant::now() + self.events.response_timeout;
        loop {
            match self.open_anew().await {
                Err(error) if error.transient && tokio::time::Instant::now() < deadline => {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                opened => return opened,
            }
        }
    }

    async fn open_anew(&mut self) -> Result<()> {
        self.connection = connection::open(&self.redis, self.events.response_timeout).await?;
        // A server that still loads its data answers, but not to this.
        self.load_functions().await
    }

    async fn refuse_unsafe(&self) -> Result<()> {
        let facts = facts(&self.redis).await?;
        let Some(line) = safety::judge(&facts).into_iter().find(|line| line.fix.is_some()) else {
            return Ok(());
        };
        let what = format!("refused to write events to Redis at {}", self.place());
        Err(BackendError::new(Kind::Refused, what)
            .because(format!(
                "{} is {}: an event store needs {}",
                line.setting, line.found, line.wanted
            ))
            .hint(line.fix.unwrap_or_default())
            .hint("Where events may be lost (a trial): --set events.allow_unsafe=true"))
    }

    /// Reads or makes the shards and compares them with the settings.
    async fn meet(&mut self, access: Access) -> Result<()> {
        let meta = Keys::new(self.namespace(), 0).meta();
        let mut found = self.meta(&meta).await?;
        if found.is_none() {
            if access == Access::Read {
                let what = format!(
                    "could not find the event store `{}` in Redis at {}",
                    self.namespace(),
                    self.place()
                );
                return Err(BackendError::new(Kind::Missing, what)
                    .hint("The first append makes it: bss events append customer/c-1 --type ...")
                    .hint("Another name of the store: --set events.namespace=NAME"));
            }
            self.make().await?;
            found = self.meta(&meta).await?;
        }
        let (format, shards) = found.unwrap_or_default();
        if format != FORMAT {
            let what =
                format!("refused the event store `{}` in {}", self.namespace(), self.place());
            return Err(BackendError::new(Kind::Unsupported, what)
                .because(format!("its format is {format}; this program knows {FORMAT}")));
        }
        if access == Access::Write && shards != self.events.shards.to_string() {
            let what =
                format!("refused the event store `{}` in {}", self.namespace(), self.place());
            return Err(BackendError::new(Kind::Refused, what)
                .because(format!(
                    "it was made with {shards} shards, events.shards is {}; the count is fixed when a store is made",
                    self.events.shards
                ))
                .hint(format!("Set events.shards = {shards}"))
                .hint("For another count: bss events export, then import into another events.namespace"));
        }
        self.shards = shards.parse().unwrap_or(1);
        Ok(())
    }

    async fn meta(&mut self, key: &str) -> Result<Option<(String, String)>> {
        let mut cmd = redis::cmd("HMGET");
        cmd.arg(key).arg("format").arg("shards");
        let value = self.ask(&cmd, "read the event store's description").await?;
        let text = |v: &Value| match v {
            Value::BulkString(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            _ => None,
        };
        let Value::Array(parts) = value else { return Ok(None) };
        Ok(parts.first().and_then(text).zip(parts.get(1).and_then(text)))
    }

    /// Makes the shards that are not there; the first shard's description last, since it says that
    /// all are.
    async fn make(&mut self) -> Result<()> {
        for shard in (0..self.events.shards).rev() {
            let keys = Keys::new(self.namespace(), shard);
            let mut head = redis::cmd("SET");
            head.arg(keys.head()).arg(format!("0 {}", Link::START)).arg("NX");
            self.ask(&head, "make the event store").await?;
            let mut meta = redis::cmd("HSET");
            meta.arg(keys.meta()).arg("format").arg(FORMAT).arg("shards").arg(self.events.shards);
            self.ask(&meta, "make the event store").await?;
        }
        Ok(())
    }

    /// Sends a command; `what` continues "could not".
    pub(super) async fn ask(&mut self, cmd: &Cmd, what: &str) -> Result<Value> {
        cmd.query_async(&mut self.connection).await.map_err(|e| self.failed(e, what))
    }

    /// A shard that was never made, or is gone.
    pub(super) fn absent(&self, shard: u16) -> BackendError {
        let what = format!("could not find shard {shard} of the event store in {}", self.place());
        BackendError::new(Kind::Missing, what)
            .because("it was never made, or the server was flushed or is another one")
            .hint("Restore the server, or bring back what Kafka holds: bss events import --from-kafka")
    }

    pub(super) fn failed(&self, error: RedisError, what: &str) -> BackendError {
        classify(error, format!("could not {what} in Redis at {}", self.place()))
    }
}
