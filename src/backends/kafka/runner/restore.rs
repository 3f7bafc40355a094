//! Brings the state of tasks back from their changelogs.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::intake::passing;
use crate::backends::kafka::{Quiet, classify, client, ends, reading};
use crate::config::settings::Kafka;
use crate::domain::EventTime;
use crate::streams::changelog;

/// How long one question to the brokers may take.
const CALL: Duration = Duration::from_secs(10);
/// After how much silence below the goal an open transaction is taken for a dead worker's.
const STALLED: Duration = Duration::from_millis(300);

/// Two consumers: one that reads committed records, one that sees where the log really ends.
pub struct Restorer {
    committed: BaseConsumer<Quiet>,
    uncommitted: BaseConsumer<Quiet>,
}

/// One record of a changelog.
pub struct ChangelogRecord<'a> {
    /// The store, by position in the description.
    pub store: usize,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
    /// The key.
    pub key: &'a [u8],
    /// The value without the format byte; `None`: deleted.
    pub value: Option<&'a [u8]>,
}

/// First kept offset and true end, by store and partition.
pub type Bounds = HashMap<(usize, i32), (i64, i64)>;

/// What is still to be read.
#[derive(Default)]
struct Goals {
    /// By store and partition: the next offset that is expected, and the end to be reached.
    open: HashMap<(usize, i32), (i64, i64)>,
    /// Offsets that are behind it.
    done: u64,
    /// All offsets.
    total: u64,
}

impl Goals {
    /// A record was read.
    fn pass(&mut self, place: (usize, i32), offset: i64) {
        if let Some((next, end)) = self.open.get_mut(&place) {
            let behind = (offset + 1).min(*end);
            self.done += u64::try_from(behind - *next).unwrap_or(0);
            *next = behind;
        }
    }

    /// Strikes out the goals that a reader at `position` has reached; what they still had were
    /// records that compaction or an aborted transaction took, and markers. Says whether there were
    /// any.
    fn strike(&mut self, changelogs: &[String], position: &TopicPartitionList) -> bool {
        let before = self.open.len();
        let done = &mut self.done;
        self.open.retain(|(store, partition), (next, end)| {
            let at = position.find_partition(&changelogs[*store], *partition).map(|e| e.offset());
            let there = matches!(at, Some(Offset::Offset(at)) if at >= *end);
            if there {
                *done += u64::try_from(*end - *next).unwrap_or(0);
            }
            !there
        });
        self.open.len() < before
    }
}

/// What is to be read of changelogs.
pub struct Span<'a> {
    /// The topics, by store.
    pub changelogs: &'a [String],
    /// The partitions, with their bounds.
    pub bounds: &'a Bounds,
    /// Where to begin, if not at the first offset.
    pub from: &'a HashMap<(usize, i32), i64>,
}

impl Span<'_> {
    /// What is to be read, and where to begin.
    fn goals(&self) -> Result<(Goals, TopicPartitionList)> {
        let mut goals = Goals::default();
        let mut list = TopicPartitionList::new();
        for (place, (first, end)) in self.bounds {
            let topic = &self.changelogs[place.0];
            let begin = self.from.get(place).copied().unwrap_or(*first).max(*first);
            if *end > begin {
                goals.total += u64::try_from(end - begin).unwrap_or(0);
                goals.open.insert(*place, (begin, *end));
                list.add_partition_offset(topic, place.1, Offset::Offset(begin))
                    .map_err(|e| classify(e, format!("could not read \"{topic}\"")))?;
            }
        }
        Ok((goals, list))
    }
}

impl Restorer {
    /// Opens both consumers in the name of `group`; they never join it nor commit.
    ///
    /// # Errors
    /// As the client says.
    pub fn open(kafka: &Kafka, group: &str) -> Result<Self> {
        let open = |isolation: &str| {
            client(kafka)
                .set("group.id", group)
                .set("enable.auto.commit", "false")
                .set("enable.auto.offset.store", "false")
                .set("auto.offset.reset", "error")
                .set("isolation.level", isolation)
                .set("enable.partition.eof", "true")
                .set("fetch.wait.max.ms", "20")
                .set("fetch.queue.backoff.ms", "5")
                .set("queued.max.messages.kbytes", "8192")
                .create_with_context(Quiet)
                .map_err(|e| {
                    classify(e, format!("could not open the restore consumer of \"{group}\""))
                })
        };
        Ok(Self { committed: open("read_committed")?, uncommitted: open("read_uncommitted")? })
    }

    /// The consumer that does not wait for open transactions.
    #[must_use]
    pub const fn impatient(&self) -> &BaseConsumer<Quiet> {
        &self.uncommitted
    }

    /// The consumer whose answers are stable.
    #[must_use]
    pub const fn patient(&self) -> &BaseConsumer<Quiet> {
        &self.committed
    }

    /// First kept offset and true end of a partition, open transactions included.
    ///
    /// # Errors
    /// As the client says.
    pub fn bounds(&self, topic: &str, partition: i32) -> Result<(i64, i64)> {
        ends::bounds(&self.uncommitted, topic, partition, CALL).map_err(|e| {
            classify(
                e,
                format!("could not read the bounds of partition {partition} of \"{topic}\""),
            )
        })
    }

    /// The end of a partition for a reader of committed records.
    ///
    /// # Errors
    /// As the client says.
    pub fn stable_end(&self, topic: &str, partition: i32) -> Result<i64> {
        self.stable_end_within(topic, partition, CALL)
    }

    /// The same, within `limit`.
    ///
    /// # Errors
    /// As the client says.
    pub fn stable_end_within(&self, topic: &str, partition: i32, limit: Duration) -> Result<i64> {
        ends::bounds(&self.committed, topic, partition, limit).map(|(_, end)| end).map_err(|e| {
            classify(e, format!("could not read the end of partition {partition} of \"{topic}\""))
        })
    }

    /// The bounds of partitions of changelogs, by store and partition.
    ///
    /// # Errors
    /// As the client says.
    pub fn all_bounds(&self, changelogs: &[String], partitions: &[i32]) -> Result<Bounds> {
        let mut all = Bounds::new();
        for (store, topic) in changelogs.iter().enumerate() {
            for partition in partitions {
                all.insert((store, *partition), self.bounds(topic, *partition)?);
            }
        }
        Ok(all)
    }

    /// By store and partition: the first record written a second or more after a time, if there
    /// is one.
    ///
    /// # Errors
    /// As the client says.
    pub fn written_after(
        &self,
        changelogs: &[String],
        times: &HashMap<i32, EventTime>,
    ) -> Result<HashMap<(usize, i32), i64>> {
        let what = || format!("could not look for records by time in {}", changelogs.join(", "));
        let mut asked = TopicPartitionList::new();
        for topic in changelogs {
            for (partition, time) in times {
                let time = Offset::Offset(time.millis() + 1000);
                asked
                    .add_partition_offset(topic, *partition, time)
                    .map_err(|e| classify(e, what()))?;
            }
        }
        let answer = ends::at_times(&self.uncommitted, &asked, CALL);
        let mut found = HashMap::new();
        for element in answer.map_err(|e| classify(e, what()))?.elements() {
            let store = changelogs.iter().position(|t| t == element.topic());
            if let (Some(store), Offset::Offset(offset)) = (store, element.offset()) {
                found.insert((store, element.partition()), offset);
            }
        }
        Ok(found)
    }

    /// Reads changelogs from where they are known up to their **true** end, and hands every
    /// committed record to `apply`. The commit markers of offsets and of a changelog
    /// are written independently, so the stable end of the moment is not enough.
    ///
    /// `stalled` is called when an open transaction keeps the reader from the goal; it may abort
    /// that transaction. `progress` is told how many offsets of how many are behind it: of a compacted
    /// changelog there are fewer records, and nobody knows how many.
    ///
    /// Returns how many records each partition had.
    ///
    /// # Errors
    /// As the client or `apply` says; [`Kind::TimedOut`] if the goal is not reached in `limit`
    /// after the last progress.
    pub fn restore(
        &self,
        span: &Span<'_>,
        limit: Duration,
        apply: &mut dyn FnMut(ChangelogRecord<'_>) -> std::result::Result<(), String>,
        stalled: &mut dyn FnMut(i32) -> Result<()>,
        progress: &mut dyn FnMut(u64, u64) -> Result<()>,
    ) -> Result<HashMap<i32, u64>> {
        let (changelogs, (mut goals, list)) = (span.changelogs, span.goals()?);
        let what = || format!("could not restore from {}", changelogs.join(", "));
        let mut counts = HashMap::new();
        if goals.open.is_empty() {
            return Ok(counts);
        }
        reading::assign(&self.committed, &list).map_err(|e| classify(e, what()))?;
        let mut read: u64 = 0;
        let mut last_progress = Instant::now();
        let mut next_fence = STALLED;
        while !goals.open.is_empty() {
            match self.committed.poll(Duration::from_millis(20)) {
                Some(Ok(message)) => {
                    let store = changelogs.iter().position(|t| t == message.topic()).unwrap_or(0);
                    let partition = message.partition();
                    let failed = |e: String| {
                        BackendError::new(Kind::Refused, what()).because(format!(
                            "partition {partition} offset {}: {e}",
                            message.offset()
                        ))
                    };
                    let value =
                        message.payload().map(changelog::open).transpose().map_err(failed)?;
                    let (key, offset) = (message.key().unwrap_or_default(), message.offset());
                    let record = ChangelogRecord { store, partition, offset, key, value };
                    apply(record).map_err(failed)?;
                    *counts.entry(partition).or_default() += 1;
                    read += 1;
                    goals.pass((store, partition), offset);
                    last_progress = Instant::now();
                    next_fence = STALLED;
                    if read.is_multiple_of(10_000) {
                        progress(goals.done, goals.total)?;
                    }
                }
                Some(Err(KafkaError::PartitionEOF(_))) | None => {
                    let position = self.committed.position().map_err(|e| classify(e, what()))?;
                    if goals.strike(changelogs, &position) {
                        last_progress = Instant::now();
                    }
                    progress(goals.done, goals.total)?;
                    if last_progress.elapsed() > next_fence {
                        next_fence += Duration::from_secs(2);
                        for (_, partition) in goals.open.keys() {
                            stalled(*partition)?;
                        }
                    }
                    if last_progress.elapsed() > limit {
                        return Err(BackendError::new(Kind::TimedOut, what()).because(format!(
                            "an open transaction has kept {} partitions below their end for {} s",
                            goals.open.len(),
                            limit.as_secs()
                        )));
                    }
                }
                // A young client calls all brokers down when the address it began with closes.
                Some(Err(error)) if passing(&error) && last_progress.elapsed() < limit => {}
                Some(Err(error)) => return Err(classify(error, what())),
            }
        }
        drop(reading::unassign(&self.committed));
        progress(goals.done, goals.total)?;
        Ok(counts)
    }
}
