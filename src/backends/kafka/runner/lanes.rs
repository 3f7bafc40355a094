//! What a worker knows of the ends of its sources: which are at their end, and which run too far
//! ahead of the slowest and are held.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::consumer::Consumer;

use crate::backends::error::Result;
use crate::backends::kafka::classify;
use crate::backends::kafka::runner::worker::Worker;
use crate::domain::EventTime;
use crate::streams::drift::{Lane, ahead};
use crate::streams::topology::Role;

/// How often the ends are asked for.
const ENDS: Duration = Duration::from_secs(5);
/// How long that may take; a transaction may be open meanwhile.
const ASK: Duration = Duration::from_secs(1);
/// How often a worker that always has records looks which of its partitions have none.
const LOOK: Duration = Duration::from_millis(500);
/// How often the lanes are compared.
const COMPARE: Duration = Duration::from_millis(50);

/// By worker of the process: its lanes that have records waiting, with the time they reached.
pub(super) type Shared = Arc<Mutex<BTreeMap<u16, BTreeMap<Lane, EventTime>>>>;

/// A worker's lanes.
pub(super) struct Lanes {
    ends: HashMap<Lane, i64>,
    asked: Option<Instant>,
    looked: Instant,
    compared: Instant,
    held: HashSet<Lane>,
    worker: u16,
    shared: Shared,
}

impl Lanes {
    pub fn new(worker: u16, shared: Shared) -> Self {
        let (ends, held) = (HashMap::new(), HashSet::new());
        let now = Instant::now();
        Self { ends, asked: None, looked: now, compared: now, held, worker, shared }
    }

    /// The assignment has changed or is over: nothing is known, and nobody waits for these lanes.
    pub fn forget(&mut self) {
        self.asked = None;
        self.ends.clear();
        self.held.clear();
        self.tell(BTreeMap::new());
    }

    /// Tells all lanes of the worker that have records waiting, in the place of those it told
    /// before. Gives those of the whole process.
    fn tell(&self, waiting: BTreeMap<Lane, EventTime>) -> BTreeMap<Lane, EventTime> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.insert(self.worker, waiting);
        shared.values().flatten().map(|(lane, time)| (*lane, *time)).collect()
    }

    /// Whether it is time again to look which partitions are at their end.
    pub fn is_look_due(&mut self) -> bool {
        let due = self.looked.elapsed() >= LOOK;
        if due {
            self.looked = Instant::now();
        }
        due
    }

    /// Whether a lane was read to the end it had when it was last asked for.
    pub fn is_at_end(&self, lane: Lane, next: i64) -> bool {
        self.ends.get(&lane).is_some_and(|end| next >= *end)
    }
}

impl Worker {
    /// Asks for the ends of the sources of events, if that was not done lately.
    pub(super) fn ask_ends(&mut self) {
        if self.lanes.asked.is_some_and(|at| at.elapsed() < ENDS) {
            return;
        }
        self.lanes.asked = Some(Instant::now());
        for (at, source) in self.description.sources.iter().enumerate() {
            if source.role != Role::Events {
                continue;
            }
            for number in self.partitions.keys() {
                let end = self.restorer.stable_end_within(&source.topic, *number, ASK);
                match end {
                    Ok(end) => {
                        self.lanes.ends.insert((at, *number), end);
                    }
                    // Not known to be at its end: it holds time back.
                    Err(error) => {
                        tracing::info!(%error, "the end of a source is not known");
                        self.lanes.ends.remove(&(at, *number));
                        return;
                    }
                }
            }
        }
    }

    /// Holds the lanes that are too far ahead of the slowest of the process, and lets go on what
    /// is no longer.
    pub(super) fn hold_back(&mut self) -> Result<()> {
        if self.lanes.compared.elapsed() < COMPARE {
            return Ok(());
        }
        self.lanes.compared = Instant::now();
        self.ask_ends();
        let max = i64::try_from(self.options.streams.max_drift.as_micros()).unwrap_or(i64::MAX);
        let all = self.lanes.tell(self.waiting_lanes());
        let own = |lane: &Lane| self.partitions.contains_key(&lane.1);
        let held = |lane: &Lane| self.lanes.held.contains(lane);
        let wanted: HashSet<Lane> = ahead(&all, held, max).into_iter().filter(own).collect();
        let stop: Vec<Lane> = wanted.difference(&self.lanes.held).copied().collect();
        let go: Vec<Lane> = self.lanes.held.difference(&wanted).copied().collect();
        let what = || format!("could not pause sources of \"{}\"", self.description.group);
        if !stop.is_empty() {
            self.source.pause(&self.list(&stop)).map_err(|e| classify(e, what()))?;
        }
        if !go.is_empty() {
            self.source.resume(&self.list(&go)).map_err(|e| classify(e, what()))?;
        }
        self.lanes.held = wanted;
        self.handle.with(|view| {
            for (source, partition) in &self.lanes.held {
                view.watch.held(*partition, *source);
            }
        });
        Ok(())
    }

    /// The lanes with records waiting, as far as the ends are known, with the time they reached.
    fn waiting_lanes(&self) -> BTreeMap<Lane, EventTime> {
        let waiting = self.lanes.ends.iter().filter_map(|(lane, end)| {
            let partition = self.partitions.get(&lane.1)?;
            let time = partition.driver.source_time(lane.0)?;
            (partition.next[lane.0] < *end).then_some((*lane, time))
        });
        waiting.collect()
    }

    fn list(&self, lanes: &[Lane]) -> TopicPartitionList {
        let mut list = TopicPartitionList::with_capacity(lanes.len());
        for (source, partition) in lanes {
            list.add_partition(&self.description.sources[*source].topic, *partition);
        }
        list
    }

    /// Whether a lane is held.
    pub(super) fn is_holding(&self) -> bool {
        !self.lanes.held.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A lane whose end could not be asked for any more was held to be the slowest for ever, also
    /// when its partition had long gone: the others of the process waited for it.
    #[test]
    fn nobody_waits_for_lanes_that_are_gone() {
        let shared = Shared::default();
        let (mut one, two) = (Lanes::new(0, Arc::clone(&shared)), Lanes::new(1, shared));
        let lane = |number: i32, time| ((0, number), EventTime::from_micros(time));
        one.ends.insert((0, 0), 10);
        one.tell(BTreeMap::from([lane(0, 1), lane(2, 5)]));
        let own = BTreeMap::from([lane(1, 900)]);
        let all = BTreeMap::from([lane(0, 1), lane(1, 900), lane(2, 5)]);
        assert_eq!(two.tell(own.clone()), all);
        // An end that is not known.
        one.ends.remove(&(0, 0));
        one.forget();
        assert_eq!(two.tell(own.clone()), own);
        // Told again, what was told before does not stay.
        one.tell(BTreeMap::from([lane(0, 3)]));
        one.tell(BTreeMap::from([lane(2, 7)]));
        assert_eq!(two.tell(own), BTreeMap::from([lane(1, 900), lane(2, 7)]));
    }
}
