//! An event as it is stored.

use crate::domain::EventTime;

use super::content::BadContent;
use super::{Aggregate, Content, Digest, Link, Position};

/// A stored event. What its writer said is kept as bytes and read when it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Where it is among all events of its shard.
    pub position: Position,
    /// What it is about.
    pub aggregate: Aggregate,
    /// Which event of its aggregate it is, from 0.
    pub revision: u64,
    /// When the server stored it, to the millisecond.
    pub recorded_at: EventTime,
    /// Its link in the chain.
    pub link: Link,
    /// What the writer said, byte for byte.
    pub envelope: Vec<u8>,
}

impl Event {
    /// What the writer said.
    ///
    /// # Errors
    /// If the stored bytes are damaged.
    pub fn content(&self) -> Result<Content<'_>, BadContent> {
        Content::from_envelope(&self.envelope)
    }

    /// The link that it should have after `before`.
    #[must_use]
    pub fn link_after(&self, before: &Link) -> Link {
        let digest = Digest::of(&self.aggregate, &self.envelope);
        before.next(&digest, self.revision, self.recorded_at.millis())
    }
}
