//! How far a topology is, asked from the brokers: offsets, counts, lag, members.

use std::time::Duration;

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::runner::{offsets, preflight, restore::Restorer};
use crate::config::settings::Kafka;
use crate::domain::EventTime;
use crate::streams::checkpoint::Counts;
use crate::streams::topology::Description;

/// How long one question may take.
const CALL: Duration = Duration::from_secs(10);

/// One partition of one source.
#[derive(Clone, Debug)]
pub struct PartitionStanding {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The next offset to read; `None` before the first commit.
    pub committed: Option<i64>,
    /// First kept offset.
    pub first: i64,
    /// End for a reader of committed records.
    pub end: i64,
    /// True end, open transactions included.
    pub high: i64,
    /// The largest event time processed.
    pub stream_time: Option<EventTime>,
    /// What the records came to since the group began.
    pub counts: Counts,
    /// The transactional id that committed last.
    pub writer: String,
    /// Everything was closed at the end of the input, and nothing came since.
    pub closed: bool,
}

impl PartitionStanding {
    /// Records not yet read.
    #[must_use]
    pub fn lag(&self) -> u64 {
        let from = self.committed.unwrap_or(self.first).max(self.first);
        u64::try_from(self.end - from).unwrap_or(0)
    }

    /// Whether anything is to be read yet, in transactions that are open or whose marker is on its
    /// way too.
    #[must_use]
    pub fn is_behind(&self) -> bool {
        self.lag() > 0 || self.committed.is_some_and(|at| at < self.high)
    }

    /// Records that retention deleted before they were read.
    #[must_use]
    pub fn gone(&self) -> u64 {
        self.committed.map_or(0, |at| u64::try_from(self.first - at).unwrap_or(0))
    }
}

/// A topology's standing.
#[derive(Clone, Debug)]
pub struct Standing {
    /// The group's state as the broker names it: `Stable`, `Empty`, ...
    pub group_state: String,
    /// The members' ids; a static member's begins with its instance name.
    pub members: Vec<String>,
    /// Its partitions.
    pub partitions: Vec<PartitionStanding>,
}

impl Standing {
    /// The counts of all partitions.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        self.partitions.iter().for_each(|p| sum.add(&p.counts));
        sum
    }

    /// The lag of all partitions.
    #[must_use]
    pub fn lag(&self) -> u64 {
        self.partitions.iter().map(PartitionStanding::lag).sum()
    }
}

/// Asks how far the topology is.
///
/// # Errors
/// As the client says; [`Kind::Missing`] for a missing source.
pub fn standing(kafka: &Kafka, description: &Description) -> Result<Standing> {
    let group = &description.group;
    let consumer = preflight::asker(kafka, group)?;
    let restorer = Restorer::open(kafka, group)?;
    let mut partitions = Vec::new();
    for source in &description.sources {
        let topic = &source.topic;
        let count =
            preflight::partition_count(&consumer, &kafka.bootstrap, topic)?.ok_or_else(|| {
                BackendError::new(
                    Kind::Missing,
                    format!("topic \"{topic}\" is missing at {}", kafka.bootstrap),
                )
                .hint("Create it with `bss setup kafka`.")
            })?;
        let numbers: Vec<i32> = (0..i32::try_from(count).unwrap_or(i32::MAX)).collect();
        // Not the stable ones: a status must not wait for a transaction.
        let committed = offsets::committed(restorer.impatient(), group, topic, &numbers, CALL)?;
        for (partition, committed) in numbers.into_iter().zip(committed) {
            let (first, high) = restorer.bounds(topic, partition)?;
            partitions.push(PartitionStanding {
                topic: topic.clone(),
                partition,
                committed: committed.offset,
                first,
                end: restorer.stable_end(topic, partition)?,
                high,
                stream_time: committed.checkpoint.stream_time,
                counts: committed.checkpoint.counts,
                writer: committed.checkpoint.writer,
                closed: committed.checkpoint.closed,
            });
        }
    }
    let (group_state, members) = preflight::members(&consumer, group)?;
    Ok(Standing { group_state, members, partitions })
}
