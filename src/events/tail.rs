//! What Kafka has beyond the end of a shard, and whether it can be put back.

use std::collections::BTreeMap;

use super::{Event, Link};

/// What is to be done with what Kafka has of a shard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Plan {
    /// Kafka has nothing that the store has not.
    Whole,
    /// These events follow on the store's last one.
    Restore {
        /// The first.
        from: u64,
        /// The last.
        to: u64,
    },
    /// Events between are not in Kafka.
    Gap {
        /// The first that is nowhere.
        from: u64,
        /// The last.
        to: u64,
    },
    /// What Kafka has after the store's end does not follow on it: two histories.
    Parted,
    /// The chain of what Kafka has breaks at an event.
    Broken {
        /// Where.
        at: u64,
    },
}

/// The end of a shard as Kafka has it.
#[derive(Clone, Debug)]
pub struct Tail {
    head: u64,
    link: Link,
    events: BTreeMap<u64, Event>,
    before: Option<(u64, Link)>,
    twice: Option<u64>,
}

impl Tail {
    /// For a shard that ends at `head` with `link`.
    #[must_use]
    pub const fn new(head: u64, link: Link) -> Self {
        Self { head, link, events: BTreeMap::new(), before: None, twice: None }
    }

    /// Takes a published event, in any order.
    pub fn take(&mut self, event: Event) {
        let n = event.position.n;
        if n <= self.head {
            if self.before.is_none_or(|(last, _)| last < n) {
                self.before = Some((n, event.link));
            }
        } else if let Some(other) = self.events.insert(n, event)
            && self.events.get(&n).is_some_and(|event| event.link != other.link)
        {
            self.twice.get_or_insert(n);
        }
    }

    /// The last published event up to the store's end: the store must have it with this link.
    #[must_use]
    pub const fn before(&self) -> Option<(u64, Link)> {
        self.before
    }

    /// The last position that Kafka has.
    #[must_use]
    pub fn end(&self) -> u64 {
        let last = self.events.last_key_value().map(|(n, _)| *n);
        last.or(self.before.map(|(n, _)| n)).unwrap_or(0)
    }

    /// What is to be done; `stored` is the link that the store has where [`Self::before`] is, `None`
    /// if that event was trimmed.
    #[must_use]
    pub fn plan(&self, stored: Option<Link>) -> Plan {
        if let (Some((_, link)), Some(stored)) = (self.before, stored)
            && link != stored
        {
            return Plan::Parted;
        }
        let Some(first) = self.events.keys().next().copied() else { return Plan::Whole };
        if let Some(at) = self.twice {
            return Plan::Broken { at };
        }
        if first != self.head + 1 {
            return Plan::Gap { from: self.head + 1, to: first - 1 };
        }
        let (mut next, mut link) = (first, self.link);
        for (n, event) in &self.events {
            if *n != next {
                return Plan::Gap { from: next, to: n - 1 };
            }
            if event.link_after(&link) != event.link {
                return if *n == first { Plan::Parted } else { Plan::Broken { at: *n } };
            }
            (next, link) = (n + 1, event.link);
        }
        Plan::Restore { from: first, to: next - 1 }
    }

    /// The events beyond the store's end, in their order.
    #[must_use]
    pub fn into_events(self) -> Vec<Event> {
        self.events.into_values().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::EventTime;
    use crate::events::Position;

    /// A history of so many events; another `salt`, another history from event `salted` on.
    fn history(count: u64, salted: u64, salt: &str) -> Vec<Event> {
        let mut link = Link::START;
        let made = (1..=count).map(|n| {
            let salt = if n >= salted { salt } else { "" };
            let mut event = Event {
                position: Position { shard: 0, n },
                aggregate: "a/1".parse().unwrap(),
                revision: n - 1,
                recorded_at: EventTime::from_millis(1_795_550_400_000),
                link,
                envelope: format!(r#"{{"id":"{n}{salt}","type":"t","data":{{}}}}"#).into_bytes(),
            };
            event.link = event.link_after(&link);
            link = event.link;
            event
        });
        made.collect()
    }

    fn plan(kafka: &[Event], store: &[Event]) -> Plan {
        let (head, link) = store.last().map_or((0, Link::START), |e| (e.position.n, e.link));
        let mut tail = Tail::new(head, link);
        // The partitions of a topic come one after the other.
        kafka.iter().filter(|e| e.position.n % 2 == 0).for_each(|e| tail.take(e.clone()));
        kafka.iter().filter(|e| e.position.n % 2 == 1).for_each(|e| tail.take(e.clone()));
        let at = |n: u64| store.iter().find(|e| e.position.n == n).map(|e| e.link);
        tail.plan(tail.before().and_then(|(n, _)| at(n)))
    }

    #[test]
    fn a_missing_end_is_put_back() {
        let all = history(9, 1, "");
        assert_eq!(plan(&all, &all[..5]), Plan::Restore { from: 6, to: 9 });
        assert_eq!(plan(&all, &[]), Plan::Restore { from: 1, to: 9 });
        assert_eq!(plan(&all[7..], &all[..7]), Plan::Restore { from: 8, to: 9 });
        assert_eq!(plan(&all, &all), Plan::Whole);
        assert_eq!(plan(&all[..5], &all), Plan::Whole);
        assert_eq!(plan(&[], &all), Plan::Whole);
        let mut twice = all.clone();
        twice.push(all[8].clone());
        assert_eq!(plan(&twice, &all[..5]), Plan::Restore { from: 6, to: 9 });
    }

    #[test]
    fn what_does_not_follow_is_told() {
        let (all, other) = (history(9, 1, ""), history(9, 6, "x"));
        assert_eq!(plan(&all, &other[..7]), Plan::Parted);
        assert_eq!(plan(&all[..7], &other), Plan::Parted);
        assert_eq!(plan(&all[7..], &other[..7]), Plan::Parted, "without one of the store's own");
        assert_eq!(plan(&all[6..], &all[..3]), Plan::Gap { from: 4, to: 6 });
        let mut hole = all.clone();
        hole.remove(6);
        assert_eq!(plan(&hole, &all[..5]), Plan::Gap { from: 7, to: 7 });
        let mut changed = all.clone();
        changed[7].envelope = b"{}".to_vec();
        assert_eq!(plan(&changed, &all[..5]), Plan::Broken { at: 8 });
        let both: Vec<Event> = all.iter().chain(&other[8..]).cloned().collect();
        assert_eq!(plan(&both, &all[..5]), Plan::Broken { at: 9 });
    }
}
