//! Reads topics from their beginning, such as those of records set aside: finished transactions
//! only, without joining a group.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Headers};
use rdkafka::{Message, Offset, TopicPartitionList};

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::intake::passing;
use crate::backends::kafka::{Quiet, classify, client, ends, reading};
use crate::config::settings::Kafka;
use crate::domain::EventTime;
use crate::streams::letters::{AsideRecord, Position};

/// How long nothing may come before the reader gives up: an open transaction ends earlier.
const SILENCE: Duration = Duration::from_secs(60);
/// How long one wait for a record is.
const WAIT: Duration = Duration::from_millis(50);

/// Where reading starts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    /// At everything that is kept.
    Beginning,
    /// At the first record of this time in each partition.
    Since(EventTime),
    /// At these offsets; other partitions are not read.
    At(BTreeMap<i32, i64>),
}

impl Start {
    /// Reading that has to see these letters and what became of them: markers stand behind
    /// their letters in the same partition.
    #[must_use]
    pub fn at(positions: impl IntoIterator<Item = Position>) -> Self {
        let mut first: BTreeMap<i32, i64> = BTreeMap::new();
        for Position { partition, offset } in positions {
            let at = first.entry(partition).or_insert(offset);
            *at = offset.min(*at);
        }
        Self::At(first)
    }
}

/// A reader of one topic.
pub struct AsideReader {
    consumer: BaseConsumer<Quiet>,
    kafka: Kafka,
    topic: String,
    /// First kept offset and stable end of each partition, as seen when it was opened.
    bounds: BTreeMap<i32, (i64, i64)>,
    next: BTreeMap<i32, i64>,
}

impl AsideReader {
    /// Connects and looks at the topic; reads nothing yet.
    ///
    /// # Errors
    /// Kafka is unreachable; [`Kind::Missing`] if the topic is not there.
    pub fn open(kafka: &Kafka, topic: &str) -> Result<Self> {
        let what = || format!("could not read topic \"{topic}\" on Kafka at {}", kafka.bootstrap);
        let consumer = consumer(kafka, topic, "read_committed").map_err(|e| classify(e, what()))?;
        let limit = kafka.connect_timeout;
        let metadata =
            consumer.fetch_metadata(Some(topic), limit).map_err(|e| classify(e, what()))?;
        let mut bounds = BTreeMap::new();
        let found = metadata.topics().iter().filter(|t| t.name() == topic && t.error().is_none());
        for partition in found.flat_map(|t| t.partitions()) {
            let ends = ends::bounds(&consumer, topic, partition.id(), limit)
                .map_err(|e| classify(e, what()))?;
            bounds.insert(partition.id(), ends);
        }
        if bounds.is_empty() {
            return Err(BackendError::new(Kind::Missing, what())
                .because("the topic does not exist")
                .hint("It carries the name in general.application; is that the right one?")
                .hint("Run `bss setup kafka` to make the topics."));
        }
        let next = BTreeMap::new();
        Ok(Self { consumer, kafka: kafka.clone(), topic: topic.to_owned(), bounds, next })
    }

    /// The first kept offset of a partition and its stable end; none if there is no such
    /// partition.
    #[must_use]
    pub fn bounds(&self, partition: i32) -> Option<(i64, i64)> {
        self.bounds.get(&partition).copied()
    }

    /// Hands every committed record from `start` up to the stable end to `each`.
    ///
    /// # Errors
    /// As the client says; [`Kind::Stopped`] once `stop` says so.
    pub fn read(
        &mut self,
        start: &Start,
        stop: &dyn Fn() -> bool,
        each: &mut dyn FnMut(AsideRecord),
    ) -> Result<()> {
        self.next = match start {
            Start::Beginning => self.bounds.iter().map(|(p, (first, _))| (*p, *first)).collect(),
            Start::Since(time) => self.offsets_at(*time)?,
            Start::At(offsets) => offsets
                .iter()
                .filter_map(|(p, at)| Some((*p, (*at).max(self.bounds.get(p)?.0))))
                .collect(),
        };
        let goals = self.bounds.iter().map(|(p, (_, end))| (*p, *end)).collect();
        self.read_to(goals, stop, each)
    }

    /// Reads on up to the **true** end of the moment: a marker of an earlier requeue may lie behind
    /// the stable end while the transaction of a running topology is open before it.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_on(
        &mut self,
        stop: &dyn Fn() -> bool,
        each: &mut dyn FnMut(AsideRecord),
    ) -> Result<()> {
        let what = || format!("could not read the end of topic \"{}\"", self.topic);
        let all = consumer(&self.kafka, &self.topic, "read_uncommitted")
            .map_err(|e| classify(e, what()))?;
        let mut goals = BTreeMap::new();
        for partition in self.next.keys() {
            let (_, end) = ends::bounds(&all, &self.topic, *partition, self.kafka.connect_timeout)
                .map_err(|e| classify(e, what()))?;
            goals.insert(*partition, end);
        }
        self.read_to(goals, stop, each)
    }

    /// The first offset of each partition whose record is of `time` or later.
    fn offsets_at(&self, time: EventTime) -> Result<BTreeMap<i32, i64>> {
        let what = || format!("could not find {time} in topic \"{}\"", self.topic);
        let mut asked = TopicPartitionList::new();
        for partition in self.bounds.keys() {
            asked
                .add_partition_offset(&self.topic, *partition, Offset::Offset(time.millis().max(0)))
                .map_err(|e| classify(e, what()))?;
        }
        let found = ends::at_times(&self.consumer, &asked, self.kafka.connect_timeout)
            .map_err(|e| classify(e, what()))?;
        let mut next = BTreeMap::new();
        for (partition, (_, end)) in &self.bounds {
            let at = found.find_partition(&self.topic, *partition).map(|e| e.offset());
            let at = if let Some(Offset::Offset(at)) = at { at } else { *end };
            next.insert(*partition, at);
        }
        Ok(next)
    }

    fn read_to(
        &mut self,
        mut goals: BTreeMap<i32, i64>,
        stop: &dyn Fn() -> bool,
        each: &mut dyn FnMut(AsideRecord),
    ) -> Result<()> {
        goals.retain(|p, goal| self.next.get(p).is_some_and(|next| next < goal));
        if goals.is_empty() {
            return Ok(());
        }
        let topic = self.topic.clone();
        let what = || format!("could not read topic \"{topic}\" to its end");
        let mut list = TopicPartitionList::new();
        for partition in goals.keys() {
            list.add_partition_offset(&topic, *partition, Offset::Offset(self.next[partition]))
                .map_err(|e| classify(e, what()))?;
        }
        reading::assign(&self.consumer, &list).map_err(|e| classify(e, what()))?;
        let mut heard = Instant::now();
        while !goals.is_empty() {
            if stop() {
                return Err(BackendError::new(Kind::Stopped, "interrupted"));
            }
            match self.consumer.poll(WAIT) {
                Some(Ok(message)) => {
                    heard = Instant::now();
                    let Some(goal) = goals.get(&message.partition()).copied() else { continue };
                    let after = message.offset() + 1;
                    if after <= goal {
                        each(record(&message));
                    }
                    self.next.insert(message.partition(), after.min(goal));
                    if after >= goal {
                        goals.remove(&message.partition());
                    }
                }
                Some(Err(KafkaError::PartitionEOF(_))) | None => {
                    self.strike_out(&mut goals).map_err(|e| classify(e, what()))?;
                }
                Some(Err(error)) if passing(&error) => {
                    tracing::info!(%error, topic, "the client tries again");
                }
                Some(Err(error)) => return Err(classify(error, what())),
            }
            if heard.elapsed() > SILENCE {
                return Err(BackendError::new(Kind::TimedOut, what())
                    .because(format!(
                        "nothing has come for {} s; an open transaction may hold {} partitions back",
                        SILENCE.as_secs(),
                        goals.len()
                    ))
                    .hint("`bss streams status` names open transactions."));
            }
        }
        reading::unassign(&self.consumer).map_err(|e| classify(e, what()))
    }

    /// Strikes out the partitions whose reader has passed the markers of transactions at its goal.
    fn strike_out(
        &mut self,
        goals: &mut BTreeMap<i32, i64>,
    ) -> std::result::Result<(), KafkaError> {
        let position = self.consumer.position()?;
        goals.retain(|partition, goal| {
            let at = position.find_partition(&self.topic, *partition).map(|e| e.offset());
            let reached = matches!(at, Some(Offset::Offset(at)) if at >= *goal);
            if reached {
                self.next.insert(*partition, *goal);
            }
            !reached
        });
        Ok(())
    }
}

fn consumer(
    kafka: &Kafka,
    topic: &str,
    isolation: &str,
) -> std::result::Result<BaseConsumer<Quiet>, KafkaError> {
    client(kafka)
        // The client wants a name; partitions are assigned by hand, so no group is joined.
        .set("group.id", format!("{topic}-reader"))
        .set("isolation.level", isolation)
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("enable.partition.eof", "true")
        .set("auto.offset.reset", "error")
        .set("allow.auto.create.topics", "false")
        .set("fetch.wait.max.ms", "20")
        .set("fetch.queue.backoff.ms", "5")
        .set("queued.max.messages.kbytes", "8192")
        .create_with_context(Quiet)
}

fn record(message: &BorrowedMessage<'_>) -> AsideRecord {
    let headers = message.headers().map_or_else(Vec::new, |headers| {
        headers.iter().map(|h| (h.key.to_owned(), h.value.map(<[u8]>::to_vec))).collect()
    });
    AsideRecord {
        position: Position { partition: message.partition(), offset: message.offset() },
        time: message.timestamp().to_millis().map(EventTime::from_millis),
        key: message.key().map(<[u8]>::to_vec),
        value: message.payload().map(<[u8]>::to_vec),
        headers,
    }
}
