//! The way to Kafka: what the relay notes of a shard beside the events it publishes, and what it
//! concludes when it comes back to the store.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Aggregate, Content, Link};

/// The header with the event's position, `SHARD:N`.
pub const POSITION: &str = "bss_position";
/// The header with its revision.
pub const REVISION: &str = "bss_revision";
/// The header with its link in the chain.
pub const LINK: &str = "bss_link";
/// The header with the epoch of its shard when it was published.
pub const EPOCH: &str = "bss_epoch";

/// The header with what is stored, byte for byte, where the value has a newer form of it.
pub const ENVELOPE: &str = "bss_envelope";

/// Who published an event, as its CloudEvents source: tells the events of two stores apart in one
/// topic.
#[must_use]
pub fn source(namespace: &str) -> String {
    format!("bss/events/{namespace}")
}

/// An event's CloudEvents type.
#[must_use]
pub fn cloud_type(aggregate: &Aggregate, content: &Content<'_>) -> String {
    format!("bss.{}.{}.v{}", aggregate.kind(), content.event_type, content.type_version)
}

/// The key of a shard's state.
#[must_use]
pub fn key(namespace: &str, shard: u16) -> String {
    format!("{namespace}:{shard}")
}

/// The shard of a key, if it is one of this store.
#[must_use]
pub fn shard_of_key(namespace: &str, key: &[u8]) -> Option<u16> {
    let (found, shard) = std::str::from_utf8(key).ok()?.rsplit_once(':')?;
    if found == namespace { shard.parse().ok() } else { None }
}

/// What the relay notes of a shard, in the transaction of the events it is about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct State {
    /// The position up to which everything is published.
    pub position: u64,
    /// The link of the event there.
    #[serde(serialize_with = "as_text", deserialize_with = "from_text")]
    pub link: Link,
    /// The shard's epoch then.
    pub epoch: String,
    /// The types of aggregate that are published; all if empty.
    #[serde(default)]
    pub types: BTreeSet<String>,
    /// How many events were published.
    #[serde(default)]
    pub published: u64,
}

impl State {
    /// Before the first event.
    #[must_use]
    pub fn start(types: BTreeSet<String>) -> Self {
        Self { position: 0, link: Link::START, epoch: String::new(), types, published: 0 }
    }

    /// Whether events of a type of aggregate are published.
    #[must_use]
    pub fn takes(&self, kind: &str) -> bool {
        self.types.is_empty() || self.types.contains(kind)
    }
}

fn as_text<S: serde::Serializer>(link: &Link, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(link.as_str())
}

fn from_text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Link, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
}

/// What the store has of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Position and link of the last event that was trimmed; `(0, START)` if none was.
    pub floor: (u64, Link),
    /// The position of the last event.
    pub head: u64,
    /// The link of the event at the position that is asked about, if it is there.
    pub at: Option<Link>,
}

/// What is to be done where a shard was published up to a position with a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// The store holds that event with that link, or nothing was published yet: go on.
    Whole,
    /// Events after that position were trimmed before they were published.
    Trimmed {
        /// The first of them.
        from: u64,
        /// The last.
        to: u64,
    },
    /// The store ends before that position: it lost what was published.
    Lost {
        /// The first event that Kafka has and the store has not.
        from: u64,
        /// The last.
        to: u64,
    },
    /// The store has another event there: it lost some and went on, or is another store.
    Other {
        /// The link it has there, if an event is there.
        found: Option<Link>,
    },
}

/// Compares what was published last with what the store has.
#[must_use]
pub fn judge(position: u64, link: Link, standing: &Standing) -> Verdict {
    let (floor, trimmed) = standing.floor;
    if position > standing.head {
        return Verdict::Lost { from: standing.head + 1, to: position };
    }
    if position < floor {
        return Verdict::Trimmed { from: position + 1, to: floor };
    }
    let found = if position == floor { Some(trimmed) } else { standing.at };
    if found == Some(link) { Verdict::Whole } else { Verdict::Other { found } }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn link(digit: char) -> Link {
        digit.to_string().repeat(32).parse().unwrap()
    }

    #[test]
    fn a_shard_that_was_never_published_is_begun() {
        let empty = Standing { floor: (0, Link::START), head: 0, at: None };
        assert_eq!(judge(0, Link::START, &empty), Verdict::Whole);
        let some = Standing { head: 9, ..empty };
        assert_eq!(judge(0, Link::START, &some), Verdict::Whole);
        let archived = Standing { floor: (4, link('4')), head: 9, at: None };
        assert_eq!(judge(0, Link::START, &archived), Verdict::Trimmed { from: 1, to: 4 });
    }

    #[test]
    fn a_store_that_holds_the_last_published_event_is_whole() {
        let standing = Standing { floor: (0, Link::START), head: 9, at: Some(link('7')) };
        assert_eq!(judge(7, link('7'), &standing), Verdict::Whole);
        assert_eq!(judge(9, link('7'), &standing), Verdict::Whole);
        // Trimmed since, up to there: the head tells its link.
        let trimmed = Standing { floor: (7, link('7')), head: 9, at: None };
        assert_eq!(judge(7, link('7'), &trimmed), Verdict::Whole);
        let all = Standing { floor: (7, link('7')), head: 7, at: None };
        assert_eq!(judge(7, link('7'), &all), Verdict::Whole);
    }

    #[test]
    fn a_store_that_was_trimmed_further_leaves_a_gap() {
        let trimmed = Standing { floor: (8, link('8')), head: 9, at: None };
        assert_eq!(judge(7, link('7'), &trimmed), Verdict::Trimmed { from: 8, to: 8 });
    }

    #[test]
    fn a_store_that_ends_before_lost_its_tail() {
        let short = Standing { floor: (0, Link::START), head: 5, at: None };
        assert_eq!(judge(7, link('7'), &short), Verdict::Lost { from: 6, to: 7 });
        let empty = Standing { head: 0, ..short };
        assert_eq!(judge(7, link('7'), &empty), Verdict::Lost { from: 1, to: 7 });
    }

    #[test]
    fn a_store_with_another_event_there_is_another_history() {
        let went_on = Standing { floor: (0, Link::START), head: 12, at: Some(link('a')) };
        assert_eq!(judge(7, link('7'), &went_on), Verdict::Other { found: Some(link('a')) });
        let hole = Standing { at: None, ..went_on };
        assert_eq!(judge(7, link('7'), &hole), Verdict::Other { found: None });
        let other = Standing { floor: (7, link('b')), head: 12, at: None };
        assert_eq!(judge(7, link('7'), &other), Verdict::Other { found: Some(link('b')) });
    }

    #[test]
    fn a_state_reads_back_and_names_its_store() {
        let state = State {
            position: 7,
            link: link('7'),
            epoch: "2-9d13".to_owned(),
            types: ["customer".to_owned()].into(),
            published: 5,
        };
        let text = serde_json::to_string(&state).unwrap();
        assert_eq!(serde_json::from_str::<State>(&text).unwrap(), state);
        assert!(state.takes("customer") && !state.takes("order"));
        assert!(State::start(BTreeSet::new()).takes("order"));
        assert_eq!(shard_of_key("a:b", key("a:b", 3).as_bytes()), Some(3));
        assert_eq!(shard_of_key("a", key("b", 3).as_bytes()), None);
    }
}
