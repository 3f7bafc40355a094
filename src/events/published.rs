//! The proof that a topic holds each event of the store once, in order, with the same link.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use super::{Aggregate, Event, Link, Position};

/// What is wrong with a published event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// The store has it, the topic has not.
    Missing,
    /// The topic has it more than once.
    Twice,
    /// It comes after a later event of its aggregate.
    Order {
        /// The revision of that one.
        after: u64,
    },
    /// It has another link than in the store.
    Link {
        /// The store's.
        stored: Link,
    },
    /// The store has no such event.
    Unknown,
}

/// One shard's published events: 16 bytes each, by position.
#[derive(Debug, Default)]
struct Slots {
    floor: u64,
    head: u64,
    links: Vec<u128>,
}

impl Slots {
    fn index(&self, n: u64) -> Option<usize> {
        usize::try_from(n.checked_sub(self.floor + 1)?).ok()
    }
}

/// What a topic holds of a store. Takes 16 bytes an event and one entry an aggregate.
#[derive(Debug, Default)]
pub struct Published {
    shards: BTreeMap<u16, Slots>,
    last: HashMap<Aggregate, u64>,
    events: u64,
    archived: u64,
}

impl Published {
    /// Declares a shard with its floor and head, as they are after the topic's end was seen.
    pub fn shard(&mut self, shard: u16, floor: u64, head: u64) {
        self.shards.insert(shard, Slots { floor, head, links: Vec::new() });
    }

    /// Takes a published event; those of one aggregate in the topic's order.
    pub fn take(&mut self, event: &Event) -> Option<Finding> {
        self.events += 1;
        let Position { shard, n } = event.position;
        let Some(slots) = self.shards.get_mut(&shard).filter(|s| n <= s.head) else {
            return Some(Finding::Unknown);
        };
        let later = self.last.get(&event.aggregate).copied().filter(|r| *r > event.revision);
        if later.is_none() {
            self.last.insert(event.aggregate.clone(), event.revision);
        }
        let Some(at) = slots.index(n) else {
            self.archived += 1;
            return later.map(|after| Finding::Order { after });
        };
        if slots.links.len() <= at {
            slots.links.resize(at + 1, 0);
        }
        if slots.links[at] != 0 {
            return Some(Finding::Twice);
        }
        slots.links[at] = number(&event.link);
        later.map(|after| Finding::Order { after })
    }

    /// Compares an event of the store; `due` says whether it must have been published.
    pub fn compare(&mut self, event: &Event, due: bool) -> Option<Finding> {
        let slots = self.shards.get_mut(&event.position.shard)?;
        let at = slots.index(event.position.n)?;
        match slots.links.get_mut(at).map(std::mem::take) {
            None | Some(0) => due.then_some(Finding::Missing),
            Some(link) if link == number(&event.link) => None,
            Some(_) => Some(Finding::Link { stored: event.link }),
        }
    }

    /// What is left once all events of the store were compared: events that it has not.
    pub fn unknown(&self) -> impl Iterator<Item = Position> {
        self.shards.iter().flat_map(|(shard, slots)| {
            let left = slots.links.iter().zip(slots.floor + 1..).filter(|(link, _)| **link != 0);
            left.map(move |(_, n)| Position { shard: *shard, n })
        })
    }

    /// How many published events were taken.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.events
    }

    /// How many of them are trimmed in the store.
    #[must_use]
    pub const fn archived(&self) -> u64 {
        self.archived
    }
}

/// A link's 128 bits. The one of zeros stands before the first event only.
fn number(link: &Link) -> u128 {
    u128::from_str_radix(link.as_str(), 16).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::EventTime;

    fn event(n: u64, aggregate: &str, revision: u64, digit: char) -> Event {
        Event {
            position: Position { shard: 0, n },
            aggregate: aggregate.parse().unwrap(),
            revision,
            recorded_at: EventTime::from_millis(0),
            link: digit.to_string().repeat(32).parse().unwrap(),
            envelope: Vec::new(),
        }
    }

    fn store() -> Vec<Event> {
        vec![
            event(1, "a/1", 0, '1'),
            event(2, "b/1", 0, '2'),
            event(3, "a/1", 1, '3'),
            event(4, "a/1", 2, '4'),
        ]
    }

    /// Findings by position; `floor` events of the store are trimmed.
    fn findings(topic: &[Event], floor: u64, due: u64) -> (Vec<(u64, Finding)>, Published) {
        let store = store();
        let mut published = Published::default();
        published.shard(0, floor, store.len() as u64);
        let mut found = Vec::new();
        for event in topic {
            found.extend(published.take(event).map(|f| (event.position.n, f)));
        }
        for event in store.iter().filter(|e| e.position.n > floor) {
            let n = event.position.n;
            found.extend(published.compare(event, n <= due).map(|f| (n, f)));
        }
        found.extend(published.unknown().map(|p| (p.n, Finding::Unknown)));
        (found, published)
    }

    #[test]
    fn a_whole_topic_has_no_findings() {
        let (found, published) = findings(&store(), 0, 4);
        assert_eq!((found, published.events()), (vec![], 4));
        // The order of two aggregates is that of their partitions.
        let all = store();
        let turned = [&all[0], &all[2], &all[3], &all[1]].map(Clone::clone);
        assert_eq!(findings(&turned, 0, 4).0, []);
        // Not yet published, or trimmed.
        assert_eq!(findings(&all[..2], 0, 2).0, []);
        let (found, published) = findings(&all, 2, 4);
        assert_eq!((found, published.archived()), (vec![], 2));
    }

    #[test]
    fn each_fault_is_one_finding() {
        let all = store();
        assert_eq!(findings(&all[..3], 0, 4).0, [(4, Finding::Missing)]);
        let twice: Vec<Event> = all.iter().chain(&all[1..2]).cloned().collect();
        assert_eq!(findings(&twice, 0, 4).0, [(2, Finding::Twice)]);
        let turned = [&all[0], &all[1], &all[3], &all[2]].map(Clone::clone);
        assert_eq!(findings(&turned, 0, 4).0, [(3, Finding::Order { after: 2 })]);
        let mut other = all.clone();
        other[1].link = "f".repeat(32).parse().unwrap();
        assert_eq!(findings(&other, 0, 4).0, [(2, Finding::Link { stored: all[1].link })]);
        let more: Vec<Event> = all.iter().cloned().chain([event(9, "c/1", 0, '9')]).collect();
        assert_eq!(findings(&more, 0, 4).0, [(9, Finding::Unknown)]);
    }
}
