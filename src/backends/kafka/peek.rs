//! Looks at single records of many partitions, without joining a group.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::{Offset, TopicPartitionList};

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::intake::passing;
use crate::backends::kafka::{Quiet, classify, client, reading};
use crate::config::settings::Kafka;
use crate::domain::{EventTime, event_time};

/// How long nothing may come before a look is given up.
const SILENCE: Duration = Duration::from_secs(20);
/// How far before its end a partition is looked at first for its last record. The offsets there
/// may be markers of transactions; then the look begins earlier.
const TAIL: i64 = 16;

/// The part of a partition that is looked at: offsets `from..to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The first offset.
    pub from: i64,
    /// The first offset that is not looked at.
    pub to: i64,
}

/// A record that was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Its offset.
    pub offset: i64,
    /// Its Kafka timestamp.
    pub time: Option<EventTime>,
    /// The event time that its value gives.
    pub event_time: Option<EventTime>,
}

/// What was found, by topic and partition.
pub type Found = BTreeMap<(String, i32), Seen>;

/// A reader of single records.
pub struct Peeker {
    consumer: BaseConsumer<Quiet>,
    place: String,
}

impl Peeker {
    /// Makes a reader; `committed` records only, or also those of open transactions.
    ///
    /// # Errors
    /// As the client says.
    pub fn open(kafka: &Kafka, committed: bool) -> Result<Self> {
        let isolation = if committed { "read_committed" } else { "read_uncommitted" };
        let place = kafka.bootstrap.clone();
        let consumer = client(kafka)
            // The client wants a name; partitions are assigned by hand, so no group is joined.
            .set("group.id", "bss-peek")
            .set("isolation.level", isolation)
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("enable.partition.eof", "true")
            .set("auto.offset.reset", "error")
            .set("allow.auto.create.topics", "false")
            .set("fetch.wait.max.ms", "10")
            .set("fetch.queue.backoff.ms", "5")
            .set("queued.max.messages.kbytes", "1024")
            .set("fetch.message.max.bytes", "65536")
            .create_with_context(Quiet)
            .map_err(|e| classify(e, format!("could not make a client for Kafka at {place}")))?;
        Ok(Self { consumer, place })
    }

    /// The first record in each span; none where there are only markers of transactions.
    ///
    /// # Errors
    /// As the client says.
    pub fn first(&self, spans: &[Span]) -> Result<Found> {
        let mut found = Found::new();
        self.look(spans, &mut |at, seen| {
            found.entry(at).or_insert(seen);
            false
        })?;
        Ok(found)
    }

    /// The last record in each span.
    ///
    /// # Errors
    /// As the client says.
    pub fn last(&self, spans: &[Span]) -> Result<Found> {
        let mut found = Found::new();
        let mut left = spans.to_vec();
        let mut tail = TAIL;
        while !left.is_empty() {
            let tails: Vec<Span> =
                left.iter().map(|s| Span { from: s.from.max(s.to - tail), ..s.clone() }).collect();
            self.look(&tails, &mut |at, seen| {
                found.insert(at, seen);
                true
            })?;
            left.retain(|s| {
                s.to - tail > s.from && !found.contains_key(&(s.topic.clone(), s.partition))
            });
            tail = tail.saturating_mul(16);
        }
        Ok(found)
    }

    /// Hands the records of the spans to `each`, which says whether the partition is to be read
    /// on.
    fn look(
        &self,
        spans: &[Span],
        each: &mut dyn FnMut((String, i32), Seen) -> bool,
    ) -> Result<()> {
        let what = || format!("could not look into the topics at {}", self.place);
        let mut goals: BTreeMap<(String, i32), i64> = BTreeMap::new();
        let mut list = TopicPartitionList::new();
        for span in spans.iter().filter(|s| s.from < s.to) {
            goals.insert((span.topic.clone(), span.partition), span.to);
            list.add_partition_offset(&span.topic, span.partition, Offset::Offset(span.from))
                .map_err(|e| classify(e, what()))?;
        }
        if goals.is_empty() {
            return Ok(());
        }
        reading::assign(&self.consumer, &list).map_err(|e| classify(e, what()))?;
        let mut heard = Instant::now();
        while !goals.is_empty() {
            match self.consumer.poll(Duration::from_millis(20)) {
                Some(Ok(message)) => {
                    heard = Instant::now();
                    let at = (message.topic().to_owned(), message.partition());
                    let Some(goal) = goals.get(&at).copied() else { continue };
                    let offset = message.offset();
                    let time = message.timestamp().to_millis().map(EventTime::from_millis);
                    let event_time = message.payload().and_then(event_time);
                    let on = offset < goal && each(at.clone(), Seen { offset, time, event_time });
                    if !on || offset + 1 >= goal {
                        goals.remove(&at);
                    }
                }
                Some(Err(KafkaError::PartitionEOF(_))) | None => {
                    let position = self.consumer.position().map_err(|e| classify(e, what()))?;
                    goals.retain(|(topic, partition), goal| {
                        let at = position.find_partition(topic, *partition).map(|e| e.offset());
                        !matches!(at, Some(Offset::Offset(at)) if at >= *goal)
                    });
                }
                Some(Err(error)) if passing(&error) => {
                    tracing::info!(%error, "the client tries again");
                }
                Some(Err(error)) => return Err(classify(error, what())),
            }
            if heard.elapsed() > SILENCE {
                return Err(BackendError::new(Kind::TimedOut, what()).because(format!(
                    "nothing has come for {} s from {} partitions",
                    SILENCE.as_secs(),
                    goals.len()
                )));
            }
        }
        reading::unassign(&self.consumer).map_err(|e| classify(e, what()))
    }
}
