//! A record as a topology sees it.

use crate::domain::{EventTime, Reason, Reject};

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

impl<'a> SourceRecord<'a> {
    /// The value, where an event is expected.
    ///
    /// # Errors
    /// [`Reason::Tombstone`].
    pub fn content(&self, event: &str) -> Result<&'a [u8], Reject> {
        self.value.ok_or_else(|| {
            let detail = format!("a null value where an event ({event}) is expected");
            Reject::new(Reason::Tombstone, "", detail)
        })
    }

    /// Checks that the key is the content of the declared field: otherwise the events of one
    /// `id` would be spread over tasks.
    ///
    /// # Errors
    /// [`Reason::KeyMismatch`] with both.
    pub fn keyed_by(&self, field: &'static str, id: &str) -> Result<(), Reject> {
        if self.key == Some(id.as_bytes()) {
            return Ok(());
        }
        let found = self.key.map_or_else(
            || "no key".to_owned(),
            |key| format!("key `{}`", String::from_utf8_lossy(&key[..key.len().min(64)])),
        );
        Err(Reject::new(Reason::KeyMismatch, field, format!("{found}, {field} `{id}`")))
    }
}
