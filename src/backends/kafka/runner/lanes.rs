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

/// The lanes of all workers of the process that have records waiting, with the time they reached.
pub(super) type Shared = Arc<Mutex<BTreeMap<Lane, EventTime>>>;

/// A worker's lanes.
pub(super) struct Lanes {
    ends: HashMap<Lane, i64>,
    asked: Option<Instant>,
    looked: Instant,
    compared: Instant,
    held: HashSet<Lane>,
    shared: Shared,
}

impl Lanes {
    pub fn new(shared: Shared) -> Self {
        let (ends, held) = (HashMap::new(), HashSet::new());
        let now = Instant::now();
        Self { ends, asked: None, looked: now, compared: now, held, shared }
    }

    /// The assignment has changed: nothing is known.
    pub fn forget(&mut self) {
        self.asked = None;
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.retain(|lane, _| !self.ends.contains_key(lane));
        self.ends.clear();
        self.held.clear();
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
        let shared = Arc::clone(&self.lanes.shared);
        let wanted: HashSet<Lane> = {
            let mut all = shared.lock().unwrap_or_else(PoisonError::into_inner);
            self.tell_lanes(&mut all);
            let own = |lane: &Lane| self.partitions.contains_key(&lane.1);
            let held = |lane: &Lane| self.lanes.held.contains(lane);
            ahead(&all, held, max).into_iter().filter(own).collect()
        };
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
        if self.is_holding() {
            // It stands still for others, not by itself.
            self.show(false);
        }
        Ok(())
    }

    fn tell_lanes(&self, all: &mut BTreeMap<Lane, EventTime>) {
        for (lane, end) in &self.lanes.ends {
            let Some(partition) = self.partitions.get(&lane.1) else { continue };
            match partition.driver.source_time(lane.0) {
                Some(time) if partition.next[lane.0] < *end => all.insert(*lane, time),
                _ => all.remove(lane),
            };
        }
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
