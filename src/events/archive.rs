//! What an archive of events says of itself: a manifest beside each file.
//!
//! The manifest comes last, so a file without one is a leftover and not of the archive. Files may overlap
//! after a run that was killed: they hold the same events.

use serde::{Deserialize, Serialize};

use super::{Event, Link};

/// The form of archive files that this program writes.
pub const FORMAT: u32 = 1;

/// Events of one file, at most.
pub const FILE_EVENTS: u64 = 100_000;

/// What a file holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Manifest {
    /// The form of the file.
    pub format: u32,
    /// The namespace of the store.
    pub namespace: String,
    /// The shard.
    pub shard: u16,
    /// The first position.
    pub first: u64,
    /// The last position.
    pub last: u64,
    /// How many events: none is missing between the first and the last.
    pub events: u64,
    /// The link of the event before the first.
    pub link_before: String,
    /// The link of the last event.
    pub link: String,
    /// When the first event was recorded.
    pub first_recorded_at: String,
    /// When the last event was recorded.
    pub last_recorded_at: String,
    /// Bytes of the file.
    pub bytes: u64,
    /// SHA-256 of the file.
    pub sha256: String,
    /// The name of the file, in the folder of the manifest.
    pub file: String,
}

/// The name of the file of a range.
#[must_use]
pub fn file_name(namespace: &str, shard: u16, first: u64, last: u64) -> String {
    format!("{namespace}-{shard}-{first:012}-{last:012}.ndjson.gz")
}

/// The name of a file's manifest.
#[must_use]
pub fn manifest_name(file: &str) -> String {
    format!("{}.json", file.trim_end_matches(".ndjson.gz"))
}

impl Manifest {
    /// Whether the file has an event.
    #[must_use]
    pub const fn covers(&self, n: u64) -> bool {
        self.first <= n && n <= self.last
    }

    /// Why this file cannot be of the history in which `link` is the link at `position`; it can if
    /// it does not touch that position.
    #[must_use]
    pub fn contradicts(&self, position: u64, link: &Link) -> bool {
        (self.last == position && self.link != link.as_str())
            || (self.first == position + 1 && self.link_before != link.as_str())
    }
}

/// The file to read an event from: of those that have it the one that goes furthest.
#[must_use]
pub fn covering(manifests: &[Manifest], shard: u16, n: u64) -> Option<&Manifest> {
    manifests.iter().filter(|m| m.shard == shard && m.covers(n)).max_by_key(|m| m.last)
}

/// What is wrong with an archived event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// Another position than the next.
    #[error("expected the event at {expected}, found {found}")]
    Position {
        /// The next position.
        expected: u64,
        /// What is there.
        found: u64,
    },
    /// Its link does not follow.
    #[error(
        "the link of the event at {0} does not follow from the one before: one of them was changed"
    )]
    Link(u64),
}

/// Walks archived events: each follows the one before, with its link.
#[derive(Clone, Copy, Debug)]
pub struct Walk {
    next: u64,
    link: Link,
}

impl Walk {
    /// Begins before the event at `next`, whose predecessor has `link`.
    #[must_use]
    pub const fn new(next: u64, link: Link) -> Self {
        Self { next, link }
    }

    /// Takes the next event.
    ///
    /// # Errors
    /// If it is not the next one, or not what was stored.
    pub fn step(&mut self, event: &Event) -> Result<(), Damage> {
        if event.position.n != self.next {
            return Err(Damage::Position { expected: self.next, found: event.position.n });
        }
        if event.link_after(&self.link) != event.link {
            return Err(Damage::Link(event.position.n));
        }
        (self.next, self.link) = (self.next + 1, event.link);
        Ok(())
    }

    /// The position of the next event.
    #[must_use]
    pub const fn next(&self) -> u64 {
        self.next
    }

    /// The link of the last one.
    #[must_use]
    pub const fn link(&self) -> &Link {
        &self.link
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::EventTime;
    use crate::events::Position;

    fn manifest(first: u64, last: u64) -> Manifest {
        Manifest {
            format: FORMAT,
            namespace: "bss".to_owned(),
            shard: 0,
            first,
            last,
            events: last + 1 - first,
            link_before: Link::START.to_string(),
            link: Link::START.to_string(),
            first_recorded_at: String::new(),
            last_recorded_at: String::new(),
            bytes: 0,
            sha256: String::new(),
            file: file_name("bss", 0, first, last),
        }
    }

    #[test]
    fn the_file_that_goes_furthest_is_read() {
        let all = [manifest(1, 10), manifest(11, 20), manifest(11, 15)];
        assert_eq!(covering(&all, 0, 12), Some(&all[1]));
        assert_eq!(covering(&all, 0, 21), None);
        assert_eq!(covering(&all, 1, 12), None);
        assert_eq!(manifest_name(&all[0].file), "bss-0-000000000001-000000000010.json");
        let other: Link = "0123456789abcdef0123456789abcdef".parse().unwrap();
        assert!(all[0].contradicts(10, &other) && all[1].contradicts(10, &other));
        assert!(!all[0].contradicts(10, &Link::START) && !all[0].contradicts(11, &other));
    }

    #[test]
    fn a_walk_sees_a_change_and_a_gap() {
        let event = |n, before: &Link| {
            let mut event = Event {
                position: Position { shard: 0, n },
                aggregate: "a/1".parse().unwrap(),
                revision: n - 1,
                recorded_at: EventTime::from_millis(1_795_550_400_000),
                link: Link::START,
                envelope: br#"{"id":"e","type":"t","data":{}}"#.to_vec(),
            };
            event.link = event.link_after(before);
            event
        };
        let first = event(1, &Link::START);
        let second = event(2, &first.link);
        let mut walk = Walk::new(1, Link::START);
        walk.step(&first).unwrap();
        let mut changed = second.clone();
        changed.revision = 5;
        assert_eq!(walk.step(&changed), Err(Damage::Link(2)));
        walk.step(&second).unwrap();
        assert_eq!((walk.next(), walk.link()), (3, &second.link));
        assert!(matches!(walk.step(&first), Err(Damage::Position { expected: 3, found: 1 })));
    }
}
