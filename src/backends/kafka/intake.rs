//! Reads the partitions of one topic from offsets that are kept elsewhere.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers};
use rdkafka::types::RDKafkaErrorCode as Code;
use rdkafka::{Message, Offset, TopicPartitionList};

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::{Quiet, classify, client, ends, reading};
use crate::config::settings::Kafka;
use crate::domain::fields::MAX_TEXT_BYTES;
use crate::domain::{EventTime, cloud_event};

/// How long an idle partition is waited for before an empty batch comes back.
const IDLE: Duration = Duration::from_millis(500);
/// How long a batch that has begun waits for more.
const LINGER: Duration = Duration::from_millis(200);
/// Bytes after which a batch is full.
const BYTES: usize = 16 << 20;

/// One record, copied out of the client.
#[derive(Clone, Debug)]
pub struct Taken {
    /// Its partition.
    pub partition: i32,
    /// Its offset.
    pub offset: i64,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// Its value; none is a tombstone.
    pub value: Option<Vec<u8>>,
    /// The time Kafka has for it.
    pub time: Option<EventTime>,
    /// Its CloudEvents id, if a header has one.
    pub id: Option<String>,
}

/// Records and how far each partition has come with them.
#[derive(Debug, Default)]
pub struct Batch {
    /// The records, in order for each partition.
    pub records: Vec<Taken>,
    /// For each partition that moved: where it stood, where it stands.
    pub moved: BTreeMap<i32, (i64, i64)>,
}

/// A reader of one topic.
pub struct Intake {
    consumer: BaseConsumer<Quiet>,
    topic: String,
    next: BTreeMap<i32, i64>,
    /// The ends that were seen when the reader was made.
    ends: BTreeMap<i32, i64>,
}

/// Where a partition begins and ends for a read_committed reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// The partition.
    pub partition: i32,
    /// The first offset that is there.
    pub first: i64,
    /// The offset after the last record of a finished transaction.
    pub end: i64,
}

impl Intake {
    /// Connects and looks at the topic; reads nothing yet.
    ///
    /// # Errors
    /// Kafka is unreachable, the topic is missing.
    pub fn open(settings: &Kafka, group: &str, topic: &str) -> Result<(Self, Vec<Bounds>)> {
        let what =
            || format!("could not read topic \"{topic}\" on Kafka at {}", settings.bootstrap);
        let consumer: BaseConsumer<Quiet> = client(settings)
            .set("group.id", group)
            .set("isolation.level", "read_committed")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("enable.partition.eof", "true")
            .set("auto.offset.reset", "error")
            .set("allow.auto.create.topics", "false")
            .set("fetch.queue.backoff.ms", "10")
            .create_with_context(Quiet)
            .map_err(|e| classify(e, what()))?;
        let limit = settings.connect_timeout;
        let metadata =
            consumer.fetch_metadata(Some(topic), limit).map_err(|e| classify(e, what()))?;
        let partitions: Vec<i32> = metadata
            .topics()
            .iter()
            .filter(|t| t.name() == topic && t.error().is_none())
            .flat_map(|t| t.partitions().iter().map(|p| p.id()))
            .collect();
        if partitions.is_empty() {
            return Err(BackendError::new(Kind::Missing, what())
                .because("the topic does not exist")
                .hint("Run `bss setup kafka` to make the topics."));
        }
        let mut bounds = Vec::with_capacity(partitions.len());
        for partition in partitions {
            let (first, end) = ends::bounds(&consumer, topic, partition, limit)
                .map_err(|e| classify(e, what()))?;
            bounds.push(Bounds { partition, first, end });
        }
        let ends = bounds.iter().map(|b| (b.partition, b.end)).collect();
        let next = BTreeMap::new();
        Ok((Self { consumer, topic: topic.to_owned(), next, ends }, bounds))
    }

    /// Starts reading each partition at its offset.
    ///
    /// # Errors
    /// The client refuses an offset.
    pub fn start(&mut self, next: BTreeMap<i32, i64>) -> Result<()> {
        let what = || format!("could not start reading topic \"{}\"", self.topic);
        let mut list = TopicPartitionList::new();
        for (partition, offset) in &next {
            list.add_partition_offset(&self.topic, *partition, Offset::Offset(*offset))
                .map_err(|e| classify(e, what()))?;
        }
        reading::assign(&self.consumer, &list).map_err(|e| classify(e, what()))?;
        self.next = next;
        Ok(())
    }

    /// Whether everything is read up to the ends seen at the start.
    #[must_use]
    pub fn caught_up(&self) -> bool {
        self.ends.iter().all(|(p, end)| self.next.get(p).is_some_and(|next| next >= end))
    }

    /// Waits for records, at most a moment; empty if none came.
    ///
    /// # Errors
    /// What the client cannot mend by itself.
    pub fn take(&mut self, size: usize) -> Result<Batch> {
        let mut batch = Batch::default();
        let started = Instant::now();
        let mut bytes = 0;
        while batch.records.len() < size && bytes < BYTES {
            let wait = if batch.records.is_empty() { IDLE } else { LINGER };
            let Some(left) = wait.checked_sub(started.elapsed()) else { break };
            match self.consumer.poll(left) {
                None => break,
                Some(Ok(message)) => {
                    let taken = Taken {
                        partition: message.partition(),
                        offset: message.offset(),
                        key: message.key().map(<[u8]>::to_vec),
                        value: message.payload().map(<[u8]>::to_vec),
                        time: message.timestamp().to_millis().map(EventTime::from_millis),
                        id: event_id(&message),
                    };
                    bytes += taken.value.as_ref().map_or(0, Vec::len);
                    advance(&mut self.next, &mut batch.moved, taken.partition, taken.offset + 1);
                    batch.records.push(taken);
                }
                Some(Err(KafkaError::PartitionEOF(partition))) => {
                    // The markers of transactions stand behind the last record.
                    let end = self.ends.get(&partition).copied().unwrap_or(0);
                    advance(&mut self.next, &mut batch.moved, partition, end);
                    if !batch.records.is_empty() && self.caught_up() {
                        break;
                    }
                }
                Some(Err(error)) if passing(&error) => {
                    tracing::info!(%error, topic = self.topic, "the client tries again");
                }
                Some(Err(error)) => {
                    let what = format!("could not read topic \"{}\"", self.topic);
                    return Err(classify(error, what));
                }
            }
        }
        Ok(batch)
    }

    /// Reads on from other offsets: another process has moved them.
    ///
    /// # Errors
    /// The client refuses an offset.
    pub fn restart(&mut self, next: BTreeMap<i32, i64>) -> Result<()> {
        let what = format!("could not leave the partitions of topic \"{}\"", self.topic);
        reading::unassign(&self.consumer).map_err(|e| classify(e, what))?;
        self.start(next)
    }
}

fn event_id(message: &BorrowedMessage<'_>) -> Option<String> {
    let mut headers = message.headers()?.iter();
    let id = headers.find(|header| header.key == cloud_event::ID)?.value?;
    let text = std::str::from_utf8(id).ok()?;
    (!text.is_empty() && text.len() <= MAX_TEXT_BYTES && !text.contains('\0'))
        .then(|| text.to_owned())
}

fn advance(
    next: &mut BTreeMap<i32, i64>,
    moved: &mut BTreeMap<i32, (i64, i64)>,
    partition: i32,
    to: i64,
) {
    let at = next.entry(partition).or_insert(to);
    if to > *at {
        moved.entry(partition).or_insert((*at, to)).1 = to;
        *at = to;
    }
}

/// Errors that the client mends by itself.
pub(super) fn passing(error: &KafkaError) -> bool {
    matches!(
        error.rdkafka_error_code(),
        Some(
            Code::BrokerTransportFailure
                | Code::AllBrokersDown
                | Code::DestroyBroker
                | Code::OperationTimedOut
                | Code::Resolve
        )
    )
}
