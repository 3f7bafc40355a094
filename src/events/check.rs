//! The proof that a shard is whole: its positions dense, its chain unbroken, the revisions of each
//! aggregate gapless, each event once.

use hashbrown::HashMap;
use hashbrown::hash_map::Entry;
use xxhash_rust::xxh3::xxh3_64_with_seed;

use super::{Aggregate, Event, Link};

/// What is wrong at an event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Events are missing before this one.
    Gap {
        /// The first position that is missing.
        from: u64,
        /// The last one.
        to: u64,
    },
    /// The event's link is not made of the one before and of its content: one of them was changed.
    Link {
        /// The link it should have.
        expected: Link,
    },
    /// The aggregate's revisions leave one out or have one twice.
    Revision {
        /// The revision it should have.
        expected: u64,
    },
    /// The stored bytes cannot be read.
    Content(String),
}

/// What was seen of one aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its first revision that was seen; later than 0 if older events were archived.
    pub first: u64,
    /// The revision its next event will have.
    pub next: u64,
    /// A hash of its positions in their order, to compare with the index.
    pub positions: u64,
}

/// The hash of one more position after others.
#[must_use]
pub fn with_position(before: u64, n: u64) -> u64 {
    xxh3_64_with_seed(&n.to_be_bytes(), before)
}

/// Walks the events of one shard in order. Holds one entry for each aggregate.
#[derive(Debug)]
pub struct Checker {
    next: u64,
    link: Link,
    whole: bool,
    aggregates: HashMap<Aggregate, Seen>,
    events: u64,
}

impl Checker {
    /// Begins before the event at `next`, whose predecessor has `link`. At 1 with
    /// [`Link::START`] every aggregate must begin with revision 0.
    #[must_use]
    pub fn new(next: u64, link: Link) -> Self {
        Self { next, link, whole: next <= 1, aggregates: HashMap::new(), events: 0 }
    }

    /// Takes the next event and says what is wrong with it. The walk goes on from what is there, so
    /// that one fault is told once.
    pub fn step(&mut self, event: &Event) -> Vec<Finding> {
        let mut findings = Vec::new();
        let n = event.position.n;
        if n != self.next {
            findings.push(Finding::Gap { from: self.next, to: n.saturating_sub(1) });
        } else {
            let expected = event.link_after(&self.link);
            if expected != event.link {
                findings.push(Finding::Link { expected });
            }
        }
        if let Err(error) = event.content() {
            findings.push(Finding::Content(error.to_string()));
        }
        let seen = match self.aggregates.entry(event.aggregate.clone()) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let first = if self.whole { 0 } else { event.revision };
                entry.insert(Seen { first, next: first, positions: 0 })
            }
        };
        if event.revision != seen.next {
            findings.push(Finding::Revision { expected: seen.next });
        }
        seen.next = event.revision + 1;
        seen.positions = with_position(seen.positions, n);
        (self.next, self.link) = (n + 1, event.link);
        self.events += 1;
        findings
    }

    /// How many events were walked.
    #[must_use]
    pub const fn events(&self) -> u64 {
        self.events
    }

    /// The last event's position and link.
    #[must_use]
    pub const fn head(&self) -> (u64, Link) {
        (self.next - 1, self.link)
    }

    /// The aggregates that were seen.
    pub fn aggregates(&self) -> impl ExactSizeIterator<Item = (&Aggregate, &Seen)> {
        self.aggregates.iter()
    }

    /// What was seen of an aggregate.
    #[must_use]
    pub fn seen(&self, aggregate: &Aggregate) -> Option<&Seen> {
        self.aggregates.get(aggregate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::EventTime;
    use crate::events::Position;

    fn history(of: &[(&str, u64)]) -> Vec<Event> {
        let mut link = Link::START;
        let made = of.iter().zip(1..).map(|((aggregate, revision), n)| {
            let mut event = Event {
                position: Position { shard: 0, n },
                aggregate: aggregate.parse().unwrap(),
                revision: *revision,
                recorded_at: EventTime::from_millis(1_795_550_400_000),
                link,
                envelope: format!(r#"{{"id":"{n}","type":"t","data":{{}}}}"#).into_bytes(),
            };
            event.link = event.link_after(&link);
            link = event.link;
            event
        });
        made.collect()
    }

    fn findings(events: &[Event]) -> Vec<(u64, Finding)> {
        let mut checker = Checker::new(1, Link::START);
        let of = |e: &Event, found: Vec<Finding>| {
            found.into_iter().map(|f| (e.position.n, f)).collect::<Vec<_>>()
        };
        events.iter().flat_map(|e| of(e, checker.step(e))).collect()
    }

    #[test]
    fn every_kind_of_damage_is_named_where_it_is() {
        let good = history(&[("a/1", 0), ("b/1", 0), ("a/1", 1), ("a/1", 2), ("b/1", 1)]);
        assert!(findings(&good).is_empty());

        let mut changed = good.clone();
        changed[2].envelope = br#"{"id":"3","type":"t","data":{"x":1}}"#.to_vec();
        assert!(matches!(findings(&changed)[..], [(3, Finding::Link { .. })]));

        let mut lost = good.clone();
        lost.remove(2);
        assert_eq!(
            findings(&lost),
            [(4, Finding::Gap { from: 3, to: 3 }), (4, Finding::Revision { expected: 1 })]
        );

        let mut moved = good.clone();
        moved[3].aggregate = "b/1".parse().unwrap();
        let found = findings(&moved);
        assert!(matches!(found[0], (4, Finding::Link { .. })));
        assert!(matches!(found[1], (4, Finding::Revision { expected: 1 })));

        let mut damaged = good.clone();
        damaged[4].envelope.pop();
        assert!(matches!(
            findings(&damaged)[..],
            [(5, Finding::Link { .. }), (5, Finding::Content(_))]
        ));

        let twice = history(&[("a/1", 0), ("a/1", 0)]);
        assert_eq!(findings(&twice), [(2, Finding::Revision { expected: 1 })]);
    }

    #[test]
    fn a_walk_may_begin_behind_what_was_archived() {
        let all = history(&[("a/1", 0), ("a/1", 1), ("a/1", 2), ("b/1", 0)]);
        let mut checker = Checker::new(3, all[1].link);
        assert!(all[2..].iter().all(|e| checker.step(e).is_empty()));
        assert_eq!(checker.head(), (4, all[3].link));
        let of = |name: &str| {
            checker.aggregates().find(|(a, _)| a.as_str() == name).map(|(_, s)| (s.first, s.next))
        };
        assert_eq!((of("a/1"), of("b/1")), (Some((2, 3)), Some((0, 1))));
    }
}
