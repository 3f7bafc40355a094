//! From the order in which things happened to the order in which they arrive: some late, some
//! twice, some broken.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use crate::domain::EventTime;
use crate::generate::Event;
use crate::generate::random::Random;

/// What the sequence of the flaws is drawn for.
const FLAWS: u64 = 4;

/// How far the arrival is from flawless. The rows of tables are always spared.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Flaws {
    /// The share of events that arrive late.
    pub out_of_order: f64,
    /// How late an event or a repetition arrives at most, in milliseconds.
    pub max_delay: i64,
    /// The share of events that arrive twice.
    pub duplicates: f64,
    /// The share of events that cannot be read.
    pub broken: f64,
}

/// What became of an event on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Nothing.
    Sound,
    /// It comes late.
    Delayed,
    /// It has come before.
    Duplicate,
    /// It cannot be read.
    Broken,
}

/// An event as it arrives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// The event.
    pub event: Event,
    /// When it arrives.
    pub at: EventTime,
    /// What became of it.
    pub mark: Mark,
}

/// Events in the order of their arrival.
pub struct Arrivals<I: Iterator<Item = Event>> {
    source: std::iter::Peekable<I>,
    random: Random,
    flaws: Flaws,
    order: BinaryHeap<Reverse<(EventTime, u64)>>,
    waiting: BTreeMap<u64, Arrival>,
    taken: u64,
}

impl<I: Iterator<Item = Event>> Arrivals<I> {
    /// The arrivals of what `source` gives in the order of event time. Flaws have chances of
    /// their own: with and without them the events are the same.
    pub fn new(source: I, seed: u64, flaws: Flaws) -> Self {
        Self {
            source: source.peekable(),
            random: Random::of(seed, FLAWS, 0),
            flaws,
            order: BinaryHeap::new(),
            waiting: BTreeMap::new(),
            taken: 0,
        }
    }

    fn wait(&mut self, event: Event, delay: i64, mark: Mark) {
        let at = event.time.plus_millis(delay);
        self.order.push(Reverse((at, self.taken)));
        self.waiting.insert(self.taken, Arrival { event, at, mark });
        self.taken += 1;
    }

    fn take(&mut self, mut event: Event) {
        if event.kind.is_table() {
            return self.wait(event, 0, Mark::Sound);
        }
        let flaws = self.flaws;
        // All chances are drawn each time, so that one share does not change what another hits.
        let late = self.random.happens(flaws.out_of_order);
        let twice = self.random.happens(flaws.duplicates);
        let broken = self.random.happens(flaws.broken);
        let most = flaws.max_delay.max(0);
        let (delay, again) =
            (self.random.between(1.min(most), most), self.random.between(1.min(most), most));
        let fault = self.random.below(Fault::ALL.len() as u64);
        let delay = if late { delay } else { 0 };
        if broken {
            let fault = Fault::ALL[usize::try_from(fault).unwrap_or(0)];
            event.value = fault.spoil(&event);
            return self.wait(event, delay, Mark::Broken);
        }
        let copy = twice.then(|| event.clone());
        self.wait(event, delay, if delay > 0 { Mark::Delayed } else { Mark::Sound });
        if let Some(copy) = copy {
            self.wait(copy, delay + again.min(most - delay), Mark::Duplicate);
        }
    }
}

impl<I: Iterator<Item = Event>> Iterator for Arrivals<I> {
    type Item = Arrival;

    fn next(&mut self) -> Option<Arrival> {
        loop {
            let first = self.order.peek().map(|Reverse((at, _))| *at);
            // What has not happened yet cannot arrive before it happens.
            let due = match (first, self.source.peek()) {
                (Some(first), Some(head)) => first < head.time,
                (Some(_), None) => true,
                (None, _) => false,
            };
            if due {
                let Reverse((_, number)) = self.order.pop()?;
                return self.waiting.remove(&number);
            }
            let event = self.source.next()?;
            self.take(event);
        }
    }
}

/// The ways in which a record is broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    Truncated,
    Empty,
    JsonNull,
    NoCustomer,
    Seconds,
    FarAhead,
}

impl Fault {
    const ALL: [Self; 6] = [
        Self::Truncated,
        Self::Empty,
        Self::JsonNull,
        Self::NoCustomer,
        Self::Seconds,
        Self::FarAhead,
    ];

    fn spoil(self, event: &Event) -> Vec<u8> {
        let value = &event.value;
        let text = String::from_utf8_lossy(value);
        let retimed = |time: String| {
            let end = text.rfind("\"timestamp\":").unwrap_or(0);
            format!("{}\"timestamp\":{time}}}", &text[..end]).into_bytes()
        };
        match self {
            Self::Truncated => value[..value.len() / 2].to_vec(),
            Self::Empty => Vec::new(),
            Self::JsonNull => b"null".to_vec(),
            Self::NoCustomer => {
                text.replace(&format!("\"customerId\":\"{}\",", event.key), "").into_bytes()
            }
            Self::Seconds => retimed((event.time.millis() / 1000).to_string()),
            Self::FarAhead => {
                retimed(format!("\"{}\"", event.time.plus_millis(50 * 365 * 86_400_000)))
            }
        }
    }
}
