//! Consumer groups: where one begins, how long a failed event waits, and what is kept of one that its
//! handler did not take.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::Position;

/// The longest wait between two tries.
const LONGEST: Duration = Duration::from_secs(60);

/// Where a new group begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// With the first event.
    First,
    /// With the next one that is stored.
    Next,
    /// With this one; in other shards with the first.
    At(Position),
}

impl FromStr for Start {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "start" => Ok(Self::First),
            "end" => Ok(Self::Next),
            _ => text
                .parse()
                .map(Self::At)
                .map_err(|_| "expected start, end, or a position: N, or SHARD:N"),
        }
    }
}

impl fmt::Display for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::First => f.write_str("start"),
            Self::Next => f.write_str("end"),
            Self::At(position) => position.fmt(f),
        }
    }
}

impl Start {
    /// The checkpoint of a group that begins so in a shard whose last position is `last`.
    #[must_use]
    pub const fn checkpoint(self, shard: u16, last: u64) -> u64 {
        match self {
            Self::At(position) if position.shard == shard => position.n.saturating_sub(1),
            Self::First | Self::At(_) => 0,
            Self::Next => last,
        }
    }
}

/// The name of a group or a consumer.
///
/// # Errors
/// What is wrong with it.
pub fn name(text: &str) -> Result<String, &'static str> {
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if text.is_empty() || text.len() > 100 || !text.chars().all(letter) {
        return Err("a name has 1 to 100 letters, digits, `-`, `_` and `.`");
    }
    Ok(text.to_owned())
}

/// How long to wait before the try after `failed` failed ones: twice as long each time.
#[must_use]
pub fn wait(first: Duration, failed: u32) -> Duration {
    let doubled = 2_u32.checked_pow(failed.saturating_sub(1));
    doubled.and_then(|times| first.checked_mul(times)).unwrap_or(LONGEST).min(LONGEST)
}

/// What is kept of an event that a group's handler did not take.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Parked {
    /// What the handler said last.
    pub reason: String,
    /// How often it was tried.
    pub tries: u32,
    /// When it was parked, RFC 3339.
    pub parked_at: String,
    /// Which consumer had it.
    pub consumer: String,
    /// The event's line of JSON, so that it can be tried again after it was trimmed; absent if its
    /// stored bytes cannot be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<Box<RawValue>>,
}

impl Parked {
    /// Its stored form.
    ///
    /// # Errors
    /// Never in practice.
    pub fn record(&self) -> Result<Vec<u8>, serde_json::Error> {
        serde_json::to_vec(self)
    }

    /// Reads a stored one.
    ///
    /// # Errors
    /// If it is none.
    pub fn read(record: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(record)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_begins_where_it_was_told() {
        for text in ["start", "end", "1:7"] {
            assert_eq!(text.parse::<Start>().unwrap().to_string(), text);
        }
        assert!("middle".parse::<Start>().is_err());
        let at = "1:7".parse::<Start>().unwrap();
        assert_eq!((at.checkpoint(1, 100), at.checkpoint(0, 100)), (6, 0));
        assert_eq!((Start::First.checkpoint(0, 9), Start::Next.checkpoint(0, 9)), (0, 9));
    }

    #[test]
    fn waits_double_up_to_a_minute() {
        let first = Duration::from_secs(1);
        let waits = [1, 2, 3, 6, 7, 8, 40].map(|failed| wait(first, failed).as_secs());
        assert_eq!(waits, [1, 2, 4, 32, 60, 60, 60]);
        assert_eq!(wait(Duration::from_millis(10), 1), Duration::from_millis(10));
    }

    #[test]
    fn names_are_words() {
        assert!(name("mail-2.eu_1").is_ok());
        for bad in ["", "a b", "a:b", "{x}", &"x".repeat(101)] {
            assert!(name(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn what_is_parked_reads_back() {
        let event = RawValue::from_string(r#"{"position":1}"#.to_owned()).unwrap();
        let parked = Parked {
            reason: "exit 1".to_owned(),
            tries: 6,
            parked_at: "2026-11-27T05:00:00Z".to_owned(),
            consumer: "h".to_owned(),
            event: Some(event),
        };
        let record = String::from_utf8(parked.record().unwrap()).unwrap();
        let read = Parked::read(&record).unwrap();
        assert_eq!(read.event.unwrap().get(), r#"{"position":1}"#);
        assert_eq!((read.tries, read.reason.as_str()), (6, "exit 1"));
    }
}
