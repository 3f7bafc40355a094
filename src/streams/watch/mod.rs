//! Watches a run: what its workers have committed, where the sources end, and whether somebody
//! stands still.
//!
//! Pure: whoever tells it something says when, in microseconds of a clock that never goes back.
//! Bounded: an entry a worker, and for each partition and source at most [`LOOKS`] looks.

pub mod figures;
pub mod prometheus;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::domain::EventTime;
use crate::streams::checkpoint::Counts;
use crate::streams::watch::figures::{Durations, PartitionFigures, Returns, SourceFigures};

/// How many looks at the end of a source are kept while records wait.
const LOOKS: usize = 64;

/// What a commit of a partition tells.
#[derive(Clone, Debug, Default)]
pub struct Committed {
    /// The worker.
    pub worker: u16,
    /// By source: the next offset to read.
    pub next: Vec<i64>,
    /// What the records came to.
    pub counts: Counts,
    /// The largest event time seen.
    pub stream_time: Option<EventTime>,
    /// How many keys the stores hold.
    pub keys: u64,
}

/// The first and last record that wait, as they were looked at.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// How long the oldest had waited by its Kafka timestamp, in microseconds.
    pub oldest: Option<i64>,
    /// The time of the last one.
    pub last: Option<EventTime>,
}

/// One source of a partition.
#[derive(Clone, Debug, Default)]
struct Reading {
    next: i64,
    end: Option<i64>,
    /// Since when records wait and nothing was committed.
    stands_since: Option<i64>,
    /// Looks whose end is not read yet: when, and the end. The first one tells how long the oldest
    /// record has waited at least.
    looks: VecDeque<(i64, i64)>,
    /// When the waiting records were looked at, and what was seen.
    waiting: Option<(i64, Waiting)>,
}

impl Reading {
    fn lag(&self) -> Option<u64> {
        self.end.map(|end| u64::try_from(end - self.next).unwrap_or(0))
    }

    fn committed(&mut self, next: i64) {
        if next != self.next {
            self.stands_since = None;
            if let Some((_, waiting)) = &mut self.waiting {
                // The one that was looked at is read.
                waiting.oldest = None;
            }
        }
        self.next = next;
        while self.looks.front().is_some_and(|(_, end)| *end <= next) {
            self.looks.pop_front();
        }
        if self.looks.is_empty() {
            self.waiting = None;
        }
    }

    fn ends(&mut self, end: i64, at: i64) {
        self.end = Some(end);
        if end <= self.next {
            self.stands_since = None;
            self.looks.clear();
            self.waiting = None;
            return;
        }
        self.stands_since.get_or_insert(at);
        if self.looks.back().is_none_or(|(_, last)| *last < end) {
            if self.looks.len() == LOOKS {
                // Every second one goes; the first stays, since it tells the longest wait.
                let mut keep = false;
                self.looks.retain(|_| {
                    keep = !keep;
                    keep
                });
            }
            self.looks.push_back((at, end));
        }
    }

    fn waits(&self, at: i64) -> i64 {
        let seen = self.looks.front().map_or(0, |(since, _)| at - since);
        let told = self.waiting.and_then(|(when, w)| Some(w.oldest? + at - when));
        seen.max(told.unwrap_or(0)).max(0)
    }
}

#[derive(Clone, Debug, Default)]
struct Partition {
    worker: u16,
    counts: Counts,
    stream_time: Option<EventTime>,
    keys: u64,
    sources: Vec<Reading>,
}

/// What was seen of a run.
#[derive(Clone, Debug, Default)]
pub struct Watch {
    /// When each worker last came round, and when it last committed.
    workers: BTreeMap<u16, (i64, i64)>,
    member: Option<i64>,
    partitions: BTreeMap<i32, Partition>,
    /// How long commits took.
    pub commits: Durations,
    /// How often workers went back to their last commit.
    pub returns: Returns,
}

impl Watch {
    /// The member came round.
    pub const fn member_turned(&mut self, at: i64) {
        self.member = Some(at);
    }

    /// A worker came round.
    pub fn turned(&mut self, worker: u16, at: i64) {
        self.workers.entry(worker).or_insert((at, at)).0 = at;
    }

    /// A partition was taken or its records were committed.
    pub fn committed(&mut self, partition: i32, commit: Committed, at: i64) {
        self.workers.insert(commit.worker, (at, at));
        let seen = self.partitions.entry(partition).or_default();
        seen.worker = commit.worker;
        seen.counts = commit.counts;
        seen.stream_time = commit.stream_time;
        seen.keys = commit.keys;
        seen.sources.resize_with(commit.next.len(), Reading::default);
        for (reading, next) in seen.sources.iter_mut().zip(commit.next) {
            reading.committed(next);
        }
    }

    /// A commit took `micros`.
    pub fn took(&mut self, micros: u64) {
        self.commits.add(micros);
    }

    /// The run has these partitions now; the others are forgotten.
    pub fn assign(&mut self, partitions: &[i32]) {
        let partitions: BTreeSet<i32> = partitions.iter().copied().collect();
        self.partitions.retain(|number, _| partitions.contains(number));
    }

    /// A source ends there for a reader of committed records.
    pub fn ends(&mut self, partition: i32, source: usize, end: i64, at: i64) {
        let seen = self.partitions.get_mut(&partition);
        if let Some(reading) = seen.and_then(|p| p.sources.get_mut(source)) {
            reading.ends(end, at);
        }
    }

    /// A source waits for slower ones on purpose: it does not stand still by itself. Whoever it
    /// waits for still does, also if the same worker has it.
    pub fn held(&mut self, partition: i32, source: usize) {
        let seen = self.partitions.get_mut(&partition);
        if let Some(reading) = seen.and_then(|p| p.sources.get_mut(source)) {
            reading.stands_since = None;
        }
    }

    /// Nobody works on purpose: time that passes is nobody's fault.
    pub fn stands_still(&mut self) {
        for reading in self.partitions.values_mut().flat_map(|p| &mut p.sources) {
            reading.stands_since = None;
        }
    }

    /// The records that have waited for `least` microseconds: partition, source, first offset
    /// and end.
    #[must_use]
    pub fn waiting(&self, least: i64, at: i64) -> Vec<(i32, usize, i64, i64)> {
        let mut found = Vec::new();
        for (number, partition) in &self.partitions {
            for (source, reading) in partition.sources.iter().enumerate() {
                if let Some(end) = reading.end.filter(|end| *end > reading.next)
                    && reading.looks.front().is_some_and(|(since, _)| at - since >= least)
                {
                    found.push((*number, source, reading.next, end));
                }
            }
        }
        found
    }

    /// The waiting records of a source were looked at.
    pub fn looked_at(&mut self, partition: i32, source: usize, waiting: Waiting, at: i64) {
        let seen = self.partitions.get_mut(&partition);
        if let Some(reading) = seen.and_then(|p| p.sources.get_mut(source)) {
            reading.waiting = (!reading.looks.is_empty()).then_some((at, waiting));
        }
    }

    /// Who stands still for `limit` microseconds or longer, as a sentence: a worker that does not
    /// come round, or one that has committed nothing while records that are not [`Self::held`]
    /// waited for it all the time.
    /// `topics` names the sources.
    #[must_use]
    pub fn stalled(&self, limit: i64, topics: &[&str], at: i64) -> Option<String> {
        for (worker, (turned, committed)) in &self.workers {
            let mine = || self.partitions.iter().filter(|(_, p)| p.worker == *worker);
            let numbers: Vec<String> = mine().map(|(n, _)| n.to_string()).collect();
            if numbers.is_empty() {
                continue;
            }
            if at - turned >= limit {
                return Some(format!(
                    "worker {worker} (partitions {}) has not come round for {} s",
                    numbers.join(", "),
                    (at - turned) / 1_000_000
                ));
            }
            let longest = mine()
                .flat_map(|(n, p)| p.sources.iter().enumerate().map(move |(s, r)| (*n, s, r)))
                .filter_map(|(n, s, r)| Some((r.stands_since?, n, s, r.lag()?)))
                .min();
            if let Some((since, number, source, lag)) = longest
                && at - since >= limit
                && at - committed >= limit
            {
                let topic = topics.get(source).copied().unwrap_or("a source");
                return Some(format!(
                    "{lag} records of {topic}/{number} wait, and worker {worker} has committed nothing for {} s",
                    (at - committed.max(&since)) / 1_000_000
                ));
            }
        }
        None
    }

    /// How long the member has not come round, in microseconds; `None` before its first round.
    #[must_use]
    pub fn member_silent(&self, at: i64) -> Option<i64> {
        self.member.map(|turned| at - turned)
    }

    /// The figures of all partitions; `topics` names the sources.
    #[must_use]
    pub fn partitions(&self, topics: &[&str], at: i64) -> Vec<PartitionFigures> {
        let source = |p: &Partition, (index, r): (usize, &Reading)| {
            let last = r.waiting.map(|(_, w)| w.last);
            let event_lag = match last {
                None => Some(0),
                Some(last) => last
                    .zip(p.stream_time)
                    .map(|(last, now)| u64::try_from(last.micros_since(now) / 1000).unwrap_or(0)),
            };
            SourceFigures {
                topic: topics.get(index).map_or_else(String::new, |t| (*t).to_owned()),
                committed: r.next,
                end: r.end,
                lag: r.lag(),
                waiting_millis: u64::try_from(r.waits(at) / 1000).unwrap_or(0),
                event_lag_millis: r.end.and(event_lag),
            }
        };
        let figures = |(number, p): (&i32, &Partition)| PartitionFigures {
            partition: *number,
            worker: p.worker,
            counts: p.counts,
            stream_time: p.stream_time,
            keys: p.keys,
            sources: p.sources.iter().enumerate().map(|s| source(p, s)).collect(),
        };
        self.partitions.iter().map(figures).collect()
    }
}

#[cfg(test)]
mod tests;
