//! Records that were set aside, read back: dead letters, late records, and the markers that say
//! which dead letters were requeued and which late records replayed.
//!
//! [`driver`](crate::streams::driver) and `metrics ingest` write them with headers; here a record
//! becomes an [`Entry`] again, a [`shelf::Shelf`] folds letters and markers into states, and
//! [`requeue`] decides what goes back where.

pub mod advice;
pub mod choice;
pub mod content;
mod json;
pub mod requeue;
pub mod shelf;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use crate::domain::EventTime;

/// The header of a marker: which letter was requeued.
pub const REQUEUED: &str = "bss_requeued";
/// The header of a marker: when.
pub const REQUEUED_AT: &str = "bss_requeued_at";
/// The header of a record that was written back: which letter it was.
pub const REQUEUED_FROM: &str = "bss_requeued_from";

/// The header of a marker in the late topic: which late record was replayed.
pub const REPLAYED: &str = "bss_replayed";
/// The header of a marker in the late topic: when.
pub const REPLAYED_AT: &str = "bss_replayed_at";

/// A place in the topic of records set aside: the name of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.partition, self.offset)
    }
}

/// A text that names no position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("expected PARTITION:OFFSET such as 3:17, as `list` shows it")]
pub struct NoPosition;

impl FromStr for Position {
    type Err = NoPosition;

    fn from_str(text: &str) -> Result<Self, NoPosition> {
        let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
        let (partition, offset) = text.split_once(':').ok_or(NoPosition)?;
        if !digits(partition) || !digits(offset) {
            return Err(NoPosition);
        }
        let partition = partition.parse().map_err(|_| NoPosition)?;
        let offset = offset.parse().map_err(|_| NoPosition)?;
        Ok(Self { partition, offset })
    }
}

/// Where a record was read before it was set aside.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Origin {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
}

/// A header: its name and its bytes, if any.
pub type Header = (String, Option<Vec<u8>>);

/// Whether a header is the record's own: not one that was added when it was set aside.
fn is_own(name: &str) -> bool {
    !name.starts_with("bss_")
}

/// A record as it lies in the topic of records set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AsideRecord {
    /// Where it lies.
    pub position: Position,
    /// The time Kafka has for it.
    pub time: Option<EventTime>,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its value; none is a null value, which is not an empty one.
    pub value: Option<Vec<u8>>,
    /// Its headers.
    pub headers: Vec<Header>,
}

/// A record that was set aside, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// The record as it lies there.
    pub record: AsideRecord,
    /// Who set it aside; empty if it does not say.
    pub topology: String,
    /// Where it was read; none if the headers do not say.
    pub origin: Option<Origin>,
    /// The code of the reason; empty for a late record.
    pub reason: String,
    /// The field at fault; empty if the whole record is.
    pub field: String,
    /// What was found.
    pub detail: String,
    /// Whether the original value was null.
    pub tombstone: bool,
    /// By how much a late record was late, in milliseconds.
    pub lateness_ms: Option<i64>,
    /// Stream time when a late record came.
    pub stream_time: Option<EventTime>,
    /// The last window a late record would have counted in; empty where none decides.
    pub window: String,
}

impl Letter {
    /// Where it lies.
    #[must_use]
    pub const fn position(&self) -> Position {
        self.record.position
    }

    /// The original value: none for a tombstone, which is not an empty value.
    #[must_use]
    pub fn value(&self) -> Option<&[u8]> {
        if self.tombstone { None } else { self.record.value.as_deref() }
    }
}

/// What a record in the topic is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A record that was set aside.
    Letter(Box<Letter>),
    /// The note that a letter was requeued or replayed; none if it names no position.
    Marker {
        /// Which letter.
        of: Option<Position>,
        /// When.
        at: Option<EventTime>,
    },
}

impl AsideRecord {
    /// The header `name` as text; bytes that are no UTF-8 are replaced.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<String> {
        let (_, value) = self.headers.iter().find(|(key, _)| key == name)?;
        Some(String::from_utf8_lossy(value.as_deref().unwrap_or_default()).into_owned())
    }

    /// Reads the headers. A record without those of this program is a letter that does not say
    /// where it came from.
    #[must_use]
    pub fn read(self) -> Entry {
        let time = |name| self.header(name).and_then(|t| EventTime::from_event_text(&t).ok());
        for (done, at) in [(REQUEUED, REQUEUED_AT), (REPLAYED, REPLAYED_AT)] {
            if let Some(of) = self.header(done) {
                return Entry::Marker { of: of.parse().ok(), at: time(at) };
            }
        }
        let text = |name| self.header(name).unwrap_or_default();
        let number = |name| self.header(name).and_then(|n| n.parse::<i64>().ok());
        let partition = self.header("bss_partition").and_then(|n| n.parse::<i32>().ok());
        let origin = self.header("bss_topic").zip(partition).zip(number("bss_offset"));
        let origin = origin
            .filter(|((topic, partition), offset)| {
                !topic.is_empty() && *partition >= 0 && *offset >= 0
            })
            .map(|((topic, partition), offset)| Origin { topic, partition, offset });
        Entry::Letter(Box::new(Letter {
            topology: text("bss_topology"),
            origin,
            reason: text("bss_reason"),
            field: text("bss_field"),
            detail: text("bss_detail"),
            tombstone: self.value.is_none() || self.header("bss_tombstone").is_some(),
            lateness_ms: number("bss_lateness_ms"),
            stream_time: time("bss_stream_time"),
            window: text("bss_window"),
            record: self,
        }))
    }
}
