//! The names of a shard's keys. All have the shard's hash tag, so that on a cluster they lie on one
//! server and a function may touch them together.

use crate::events::{Aggregate, Event, Position};

/// The keys of one shard.
#[derive(Clone, Debug)]
pub struct Keys {
    tag: String,
}

impl Keys {
    /// The keys of a shard in a namespace.
    #[must_use]
    pub fn new(namespace: &str, shard: u16) -> Self {
        Self { tag: format!("{{{namespace}:{shard}}}") }
    }

    /// A hash: the shard's format, shard count, epoch, and the position up to which it is published.
    #[must_use]
    pub fn meta(&self) -> String {
        format!("{}:meta", self.tag)
    }

    /// A string: `N LINK` of the last event that was trimmed, or of none. Its absence says that the
    /// shard was never made.
    #[must_use]
    pub fn head(&self) -> String {
        format!("{}:head", self.tag)
    }

    /// A string: `LINK N` of the last event, so that an append need not read it; absent until one is
    /// stored.
    #[must_use]
    pub fn tail(&self) -> String {
        format!("{}:tail", self.tag)
    }

    /// The stream with all events, one entry each: its id is `N-RECORDED_AT`, its fields `h` (link,
    /// revision, aggregate) and `e` (the envelope).
    #[must_use]
    pub fn log(&self) -> String {
        format!("{}:log", self.tag)
    }

    /// A list: the positions of an aggregate's events, by revision.
    #[must_use]
    pub fn index(&self, aggregate: &Aggregate) -> String {
        format!("{}:a:{aggregate}", self.tag)
    }

    /// What the keys of all indexes begin with.
    #[must_use]
    pub fn indexes(&self) -> String {
        format!("{}:a:", self.tag)
    }

    /// A hash: event ids of a bucket, each with the first bytes of its digest and its revision.
    #[must_use]
    pub fn ids(&self, bucket: u32) -> String {
        format!("{}:i:{bucket}", self.tag)
    }

    /// A hash: who reads the log and up to which position everything is done. Nothing beyond the
    /// slowest is trimmed. Names are `KIND:NAME`, such as `group:mail`.
    #[must_use]
    pub fn readers(&self) -> String {
        self.part("readers")
    }

    /// A hash: the events that a group's handler did not take, by position.
    #[must_use]
    pub fn parked(&self, group: &str) -> String {
        self.part(&format!("parked:{group}"))
    }

    /// A set: the positions of parked events that the group shall try again.
    #[must_use]
    pub fn again(&self, group: &str) -> String {
        self.part(&format!("again:{group}"))
    }

    /// A key of another part of the store: `{tag}:PART`.
    #[must_use]
    pub fn part(&self, part: &str) -> String {
        format!("{}:{part}", self.tag)
    }
}

/// The first entry id of a position: a range may begin and end with it.
#[must_use]
pub fn entry(position: Position) -> String {
    position.n.to_string()
}

/// The whole entry id of an event.
#[must_use]
pub fn entry_of(event: &Event) -> String {
    format!("{}-{}", event.position.n, event.recorded_at.millis())
}
