//! Sessions laid over time, their events in the order of event time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::domain::EventTime;
use crate::generate::random::{Random, whole};
use crate::generate::rhythm::{Busy, Rhythm};
use crate::generate::session::Visit;
use crate::generate::shop::Shop;
use crate::generate::{Event, Kind, Kinds};

/// What the sequence of the sessions is drawn for.
const SESSIONS: u64 = 3;

/// No session lasts longer, in microseconds: 12 views, searches and additions of at most 80 s,
/// a purchase and a logout.
pub const LONGEST_SESSION: i64 = 30 * 60 * 1_000_000;

/// How many events of each kind a session has, in the order of the kinds: what is reckoned with
/// until it has turned out.
const USUAL: [f64; Kind::ALL.len()] = [5.3, 0.24, 0.25, 2.85, 0.05, 0.1, 0.01];

/// How much is made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Extent {
    /// So many events whose sessions begin within so many microseconds.
    Count {
        /// Events.
        events: u64,
        /// Microseconds, more than 0.
        span: i64,
    },
    /// All events of so many microseconds.
    Span {
        /// Microseconds.
        span: i64,
        /// Events a second, on average over a day.
        rate: f64,
    },
    /// Without an end.
    Endless {
        /// Events a second, on average over a day.
        rate: f64,
    },
}

impl Extent {
    /// Events a second, on average.
    #[must_use]
    pub fn rate(&self) -> f64 {
        match self {
            Self::Count { events, span } => *events as f64 * 1e6 / (*span).max(1) as f64,
            Self::Span { rate, .. } | Self::Endless { rate } => *rate,
        }
    }
}

/// What is made. The same seed and shape give the same bytes.
#[derive(Clone, Debug)]
pub struct Shape {
    /// When it begins.
    pub start: EventTime,
    /// How much.
    pub extent: Extent,
    /// How many customers there are.
    pub customers: u64,
    /// How many products there are.
    pub products: u64,
    /// Which kinds of event are wanted. If all of them are tables, the tables come whole first;
    /// else a row comes when its customer or product is first seen.
    pub kinds: Kinds,
    /// The share of sessions that are planted fraud.
    pub bursts: f64,
    /// Whether the hours of a day are alike.
    pub rhythm: Rhythm,
}

/// How long before the start the first sessions of a run without an end begin, in microseconds:
/// it follows the clock, and nobody wants to wait until the first customers get as far as paying.
/// What happens before the start is thrown away, so it must not be too much.
fn warm_up(extent: Extent) -> i64 {
    const LONGEST: f64 = 600.0;
    const MOST: f64 = 200_000.0;
    match extent {
        Extent::Endless { rate } => whole(1e6 * LONGEST.min(MOST / rate)),
        Extent::Count { .. } | Extent::Span { .. } => 0,
    }
}

/// An event and its place in the order.
#[derive(Debug)]
struct Queued(EventTime, u64, Event);

impl PartialEq for Queued {
    fn eq(&self, other: &Self) -> bool {
        (self.0, self.1) == (other.0, other.1)
    }
}
impl Eq for Queued {}
impl PartialOrd for Queued {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Queued {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.0, self.1).cmp(&(other.0, other.1))
    }
}

/// Makes events, in the order of event time.
#[derive(Debug)]
pub struct Generator {
    random: Random,
    shop: Shop,
    extent: Extent,
    bursts: f64,
    rhythm: Rhythm,
    start: EventTime,
    /// Begun, not yet happened.
    queue: BinaryHeap<Reverse<Queued>>,
    /// When the next session begins; none if there is no more.
    next_session: Option<Busy>,
    sessions: u64,
    /// Wanted events a session, before any was made.
    usual: f64,
    /// Rows that belong to no session.
    rows: u64,
    made: u64,
    given: u64,
}

impl Generator {
    /// A generator. Customers and products follow from the seed alone, the sessions also from
    /// the start: another day has other orders of the same customers.
    #[must_use]
    pub fn new(seed: u64, shape: &Shape) -> Self {
        let start = EventTime::from_millis(shape.start.millis());
        let mut generator = Self {
            random: Random::of(seed, SESSIONS, start.micros().unsigned_abs()),
            shop: Shop::new(seed, shape),
            extent: shape.extent,
            bursts: shape.bursts,
            rhythm: shape.rhythm,
            start,
            queue: BinaryHeap::new(),
            next_session: None,
            sessions: 0,
            usual: shape.kinds.list().into_iter().map(|kind| USUAL[kind.index()]).sum(),
            rows: 0,
            made: 0,
            given: 0,
        };
        if shape.kinds.only_tables() {
            let rows = generator.shop.tables(&mut generator.random, start);
            generator.queue(rows);
            generator.rows = generator.made;
        }
        generator.next_session =
            generator.following(shape.rhythm.busy(start.plus_micros(-warm_up(shape.extent))));
        generator
    }

    fn queue(&mut self, events: Vec<Event>) {
        let end = match self.extent {
            Extent::Count { span, .. } => Some(self.start.plus_micros(span)),
            Extent::Span { .. } | Extent::Endless { .. } => None,
        };
        for event in events {
            // So many events are those of the span; what is known of them later is not of it.
            if event.kind == Kind::FraudLabels && end.is_some_and(|end| event.time >= end) {
                continue;
            }
            self.queue.push(Reverse(Queued(event.time, self.made, event)));
            self.made += 1;
        }
    }

    /// When the session after `now` begins.
    fn following(&mut self, now: Busy) -> Option<Busy> {
        // Wanted events a session, as it has turned out so far.
        let made = (self.made - self.rows) as f64;
        let each = (self.usual * 64.0 + made) / (64.0 + self.sessions as f64);
        match self.extent {
            Extent::Count { events, .. } if self.made >= events => None,
            Extent::Count { events, span } => {
                // As many sessions as are still needed, thrown at random into the time left.
                let needed = ((events - self.made) as f64 / each).max(1.0);
                let left = self.rhythm.busy(self.start.plus_micros(span)).since(now).max(0);
                let step = whole(left as f64 * self.random.first_of(needed));
                Some(now.plus(step.clamp(0, left)))
            }
            Extent::Span { span, rate } => {
                let next = now.plus(whole(1e6 * each / rate * self.random.exponential()).max(1));
                (next < self.rhythm.busy(self.start.plus_micros(span))).then_some(next)
            }
            Extent::Endless { rate } => {
                Some(now.plus(whole(1e6 * each / rate * self.random.exponential()).max(1)))
            }
        }
    }

    /// Makes the session that begins at `now`.
    fn session(&mut self, now: Busy) {
        let time = EventTime::from_millis(self.rhythm.clock(now).millis());
        let planted = self.random.happens(self.bursts);
        let visit = Visit::begin(&mut self.random, &mut self.shop, time);
        let events = if planted { visit.plant() } else { visit.browse() };
        self.queue(events);
        self.sessions += 1;
        self.next_session = self.following(now);
    }

    fn ended(&self, time: EventTime) -> bool {
        match self.extent {
            Extent::Count { events, .. } => self.given >= events,
            Extent::Span { span, .. } => time >= self.start.plus_micros(span),
            Extent::Endless { .. } => false,
        }
    }
}

impl Iterator for Generator {
    type Item = Event;

    fn next(&mut self) -> Option<Event> {
        loop {
            let first = self.queue.peek().map(|Reverse(queued)| queued.0);
            if self.ended(first.unwrap_or(self.start)) {
                return None;
            }
            // A session that begins before the first event may have the first event.
            match (self.next_session, first) {
                (Some(session), Some(first)) if self.rhythm.clock(session) >= first => {}
                (Some(session), _) => {
                    self.session(session);
                    continue;
                }
                (None, _) => {}
            }
            let Reverse(Queued(time, _, event)) = self.queue.pop()?;
            if time < self.start && !event.kind.is_table() {
                continue;
            }
            self.given += 1;
            return Some(event);
        }
    }
}
