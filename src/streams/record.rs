//! A record as a topology sees it.

use crate::domain::EventTime;

/// One record of a source topic. Everything borrows from the client's buffer.
#[derive(Clone, Copy, Debug)]
pub struct SourceRecord<'a> {
    /// Which of the topology's sources it is from, by position in its description.
    pub source: usize,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
    /// The key, if any.
    pub key: Option<&'a [u8]>,
    /// The value; `None` is a tombstone, `Some(b"")` an empty value.
    pub value: Option<&'a [u8]>,
    /// The broker's or producer's timestamp, which stands in for an absent event time.
    pub timestamp: Option<EventTime>,
}
