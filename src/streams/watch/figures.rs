//! The figures of a run as others read them: on `/metrics`, in the status file, in a report.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::domain::EventTime;
use crate::streams::checkpoint::Counts;

/// What a run is doing, in one word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Joining the group.
    #[default]
    Starting,
    /// Reading changelogs.
    Restoring,
    /// Processing, or waiting for records.
    Running,
    /// A member without partitions.
    StandingBy,
    /// Standing still as an operator asked.
    Paused,
    /// Records wait and nothing is committed, or a worker does not come round.
    Stalled,
    /// Ended by a failure.
    Failed,
    /// Ended as asked.
    Stopped,
}

impl State {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Self; 8] = [
        Self::Starting,
        Self::Restoring,
        Self::Running,
        Self::StandingBy,
        Self::Paused,
        Self::Stalled,
        Self::Failed,
        Self::Stopped,
    ];

    /// Its name.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Restoring => "restoring",
            Self::Running => "running",
            Self::StandingBy => "standing-by",
            Self::Paused => "paused",
            Self::Stalled => "stalled",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }

    /// Whether nothing is wrong with it.
    #[must_use]
    pub const fn healthy(self) -> bool {
        !matches!(self, Self::Stalled | Self::Failed)
    }

    /// Whether everything assigned is restored and is processed, or is not on purpose.
    #[must_use]
    pub const fn ready(self) -> bool {
        matches!(self, Self::Running | Self::StandingBy | Self::Paused)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The upper bounds of the classes of commit durations, in milliseconds; longer ones are in a
/// class of their own.
pub const BOUNDS: [u64; 12] = [2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];

/// How long something took, by classes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Durations {
    /// How many fell into each class of [`BOUNDS`]; the last are the longer ones.
    pub classes: [u64; BOUNDS.len() + 1],
    /// The sum of all, in microseconds.
    pub sum_micros: u64,
}

impl Durations {
    /// Adds one that took `micros`.
    pub fn add(&mut self, micros: u64) {
        let class = BOUNDS.iter().position(|bound| micros <= bound * 1000);
        self.classes[class.unwrap_or(BOUNDS.len())] += 1;
        self.sum_micros = self.sum_micros.saturating_add(micros);
    }

    /// How many there were.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.classes.iter().sum()
    }

    /// The bound in milliseconds that at least `share` (0 to 1, in thousandths) of them kept;
    /// `None` without any, or where it lies in the class of the longest.
    #[must_use]
    pub fn bound_of(&self, thousandths: u64) -> Option<u64> {
        let needed = self.count().checked_mul(thousandths)?.div_ceil(1000).max(1);
        let mut seen = 0;
        BOUNDS.iter().zip(&self.classes).find_map(|(bound, count)| {
            seen += count;
            (seen >= needed).then_some(*bound)
        })
    }
}

/// One source of a partition.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SourceFigures {
    /// The topic.
    pub topic: String,
    /// The next offset to read, as committed.
    pub committed: i64,
    /// The end for a reader of committed records; `None` until it was asked for.
    pub end: Option<i64>,
    /// Offsets between the two.
    pub lag: Option<u64>,
    /// How long the oldest unread record has waited, in milliseconds; 0 if none waits.
    pub waiting_millis: u64,
    /// How far stream time is behind the last record, in milliseconds; 0 while none waits for
    /// longer than a few seconds, `None` where it is not known.
    pub event_lag_millis: Option<u64>,
}

/// One partition of a topology.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct PartitionFigures {
    /// Its number.
    pub partition: i32,
    /// The worker that has it.
    pub worker: u16,
    /// What its records came to since the group began, as of the last commit.
    pub counts: Counts,
    /// The largest event time seen, as of the last commit.
    #[serde(serialize_with = "write_time", deserialize_with = "read_time")]
    pub stream_time: Option<EventTime>,
    /// How many keys its stores hold.
    pub keys: u64,
    /// Its sources.
    pub sources: Vec<SourceFigures>,
}

impl PartitionFigures {
    /// Offsets not yet read, of all sources.
    #[must_use]
    pub fn lag(&self) -> u64 {
        self.sources.iter().filter_map(|s| s.lag).sum()
    }
}

/// A run of one topology in one process.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RunFigures {
    /// The topology.
    pub topology: String,
    /// The process's name in the group.
    pub instance: String,
    /// What it is doing.
    pub state: State,
    /// Why, where that needs a word.
    pub cause: Option<String>,
    /// Its partitions.
    pub partitions: Vec<PartitionFigures>,
    /// Transactions committed since the start.
    pub commits: u64,
    /// How long the commits took.
    pub commit_durations: Durations,
    /// How often a worker went back to its last commit, by cause: aborted, stale, fenced.
    pub returns: Returns,
    /// Offsets of changelogs that the last restore has behind it.
    pub restored: u64,
    /// Offsets of changelogs the last restore had to go through.
    pub to_restore: u64,
    /// How long the last rebalance stopped the work, in milliseconds.
    pub last_stop_millis: Option<u64>,
    /// The partitions of others whose state is followed on the own disk.
    pub standby: u64,
    /// Changelog records of these that are still to be read.
    pub standby_behind: u64,
}

impl RunFigures {
    /// What the records of all partitions came to.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        self.partitions.iter().for_each(|p| sum.add(&p.counts));
        sum
    }

    /// Offsets not yet read.
    #[must_use]
    pub fn lag(&self) -> u64 {
        self.partitions.iter().map(PartitionFigures::lag).sum()
    }

    /// The longest wait of a record, in milliseconds.
    #[must_use]
    pub fn waiting_millis(&self) -> u64 {
        let sources = self.partitions.iter().flat_map(|p| &p.sources);
        sources.map(|s| s.waiting_millis).max().unwrap_or(0)
    }

    /// How many keys the stores hold.
    #[must_use]
    pub fn keys(&self) -> u64 {
        self.partitions.iter().map(|p| p.keys).sum()
    }
}

/// Why workers went back to their last commit, and how often.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Returns {
    /// The transaction was aborted.
    pub aborted: u64,
    /// The assignment was over.
    pub stale: u64,
    /// The producer was fenced or its transaction timed out.
    pub fenced: u64,
}

impl Returns {
    /// All of them.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.aborted + self.stale + self.fenced
    }
}

/// What the operating system says of a process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct ProcessFigures {
    /// Memory in use, in bytes.
    pub resident_bytes: Option<u64>,
    /// CPU time used, in milliseconds.
    pub cpu_millis: Option<u64>,
    /// Open file descriptors.
    pub open_files: Option<u64>,
    /// What its stores hold in memory, by their own account, in bytes.
    pub state_bytes: u64,
    /// What they may hold.
    pub state_limit_bytes: u64,
    /// What they have spilled to files.
    pub spilled_bytes: u64,
}

/// All that a process shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Exposed {
    /// The process.
    pub process: ProcessFigures,
    /// Its runs, one a topology.
    pub runs: Vec<RunFigures>,
}

fn write_time<S: Serializer>(time: &Option<EventTime>, s: S) -> Result<S::Ok, S::Error> {
    match time {
        Some(time) => s.collect_str(time),
        None => s.serialize_none(),
    }
}

fn read_time<'de, D: Deserializer<'de>>(d: D) -> Result<Option<EventTime>, D::Error> {
    let text: Option<String> = Option::deserialize(d)?;
    text.map(|t| EventTime::from_event_text(&t))
        .transpose()
        .map_err(|reject| serde::de::Error::custom(reject.detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_duration_is_in_one_class_and_the_bound_holds(all in prop::collection::vec(0_u64..20_000_000, 1..200)) {
            let mut durations = Durations::default();
            all.iter().for_each(|micros| durations.add(*micros));
            prop_assert_eq!(durations.count(), all.len() as u64);
            prop_assert_eq!(durations.sum_micros, all.iter().sum::<u64>());
            for share in [1, 500, 990, 1000] {
                let needed = (all.len() * usize::try_from(share).unwrap()).div_ceil(1000);
                let within = |bound: u64| all.iter().filter(|m| **m <= bound * 1000).count();
                match durations.bound_of(share) {
                    Some(bound) => prop_assert!(within(bound) >= needed),
                    None => prop_assert!(within(BOUNDS[BOUNDS.len() - 1]) < needed),
                }
            }
        }

        #[test]
        fn figures_round_trip_as_json(counts in any::<[u32; 3]>(), micros in 700_000_000_000_000_i64..4_000_000_000_000_000, lag: Option<u64>, text in ".{0,20}") {
            let run = RunFigures {
                topology: text.clone(),
                state: State::Stalled,
                cause: Some(text),
                partitions: vec![PartitionFigures {
                    counts: Counts { processed: counts[0].into(), late: counts[1].into(), ..Counts::default() },
                    stream_time: Some(EventTime::from_micros(micros)),
                    sources: vec![SourceFigures { lag, ..SourceFigures::default() }],
                    ..PartitionFigures::default()
                }],
                returns: Returns { stale: counts[2].into(), ..Returns::default() },
                ..RunFigures::default()
            };
            let exposed = Exposed { runs: vec![run], ..Exposed::default() };
            let json = serde_json::to_string(&exposed).unwrap();
            prop_assert_eq!(serde_json::from_str::<Exposed>(&json).unwrap(), exposed);
        }
    }

    #[test]
    fn no_duration_has_no_bound_and_the_longest_have_none() {
        let mut durations = Durations::default();
        assert_eq!(durations.bound_of(500), None);
        durations.add(u64::MAX);
        assert_eq!((durations.bound_of(500), durations.count()), (None, 1));
    }
}
