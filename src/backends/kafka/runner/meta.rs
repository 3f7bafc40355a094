//! The compacted topic `<application>-meta`: fingerprints, pauses, and who runs where.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::intake::passing;
use crate::backends::kafka::runner::preflight;
use crate::backends::kafka::{Quiet, classify, client, ends, reading};
use crate::config::settings::Kafka;
use crate::streams::meta::{Pause, Process};
use crate::streams::topology::Description;

/// How long one question to the brokers may take.
const CALL: Duration = Duration::from_secs(10);

/// The newest value of each key, as far as it was read; it can be read on.
pub struct MetaLog {
    consumer: BaseConsumer<Quiet>,
    kafka: Kafka,
    topic: String,
    entries: BTreeMap<String, String>,
}

/// The name of an application's topic, told by one of its topologies.
#[must_use]
pub fn topic(description: &Description) -> String {
    let name = description.group.strip_suffix(description.name).unwrap_or(&description.group);
    format!("{name}meta")
}

impl MetaLog {
    /// Opens the topic and reads it to its end.
    ///
    /// # Errors
    /// [`Kind::Missing`] without the topic; others as the client says.
    pub fn open(kafka: &Kafka, topic: &str) -> Result<Self> {
        let what = || format!("could not read \"{topic}\" at {}", kafka.bootstrap);
        let consumer: BaseConsumer<Quiet> = client(kafka)
            // The client wants a name; partitions are assigned by hand, so no group is joined.
            .set("group.id", "bss-meta")
            .set("enable.auto.commit", "false")
            .set("enable.auto.offset.store", "false")
            .set("auto.offset.reset", "earliest")
            .set("allow.auto.create.topics", "false")
            .set("queued.max.messages.kbytes", "1024")
            .create_with_context(Quiet)
            .map_err(|e| classify(e, what()))?;
        let Some(count) = preflight::partition_count(&consumer, &kafka.bootstrap, topic)? else {
            return Err(BackendError::new(
                Kind::Missing,
                format!("topic \"{topic}\" is missing at {}", kafka.bootstrap),
            )
            .hint("Create it with `bss setup kafka`."));
        };
        let mut list = TopicPartitionList::new();
        let mut ends = BTreeMap::new();
        for partition in 0..i32::try_from(count).unwrap_or(i32::MAX) {
            let (first, end) =
                ends::bounds(&consumer, topic, partition, CALL).map_err(|e| classify(e, what()))?;
            if first < end {
                ends.insert(partition, end);
            }
            list.add_partition_offset(topic, partition, Offset::Beginning)
                .map_err(|e| classify(e, what()))?;
        }
        reading::assign(&consumer, &list).map_err(|e| classify(e, what()))?;
        let mut log = Self {
            consumer,
            kafka: kafka.clone(),
            topic: topic.to_owned(),
            entries: BTreeMap::new(),
        };
        log.catch_up(&mut ends)?;
        Ok(log)
    }

    fn catch_up(&mut self, ends: &mut BTreeMap<i32, i64>) -> Result<()> {
        let started = Instant::now();
        while !ends.is_empty() {
            self.read_on(Duration::from_millis(20))?;
            let position = self.consumer.position().map_err(|e| classify(e, self.what()))?;
            ends.retain(|partition, end| {
                let at = position.find_partition(&self.topic, *partition).map(|e| e.offset());
                !matches!(at, Some(Offset::Offset(at)) if at >= *end)
            });
            if started.elapsed() > CALL {
                return Err(BackendError::new(Kind::TimedOut, self.what()));
            }
        }
        Ok(())
    }

    fn what(&self) -> String {
        format!("could not read \"{}\" at {}", self.topic, self.kafka.bootstrap)
    }

    /// Waits for news at most `wait` and takes all that is there. Whether anything came.
    ///
    /// # Errors
    /// As the client says; a passing failure is none.
    pub fn read_on(&mut self, wait: Duration) -> Result<bool> {
        let mut wait = wait;
        let mut any = false;
        while let Some(result) = self.consumer.poll(wait) {
            wait = Duration::ZERO;
            match result {
                Ok(message) => {
                    any = true;
                    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                    let Some(key) = message.key().map(text) else { continue };
                    match message.payload().map(text) {
                        Some(value) => drop(self.entries.insert(key, value)),
                        None => drop(self.entries.remove(&key)),
                    }
                }
                Err(error) if passing(&error) => break,
                Err(error) => return Err(classify(error, self.what())),
            }
        }
        Ok(any)
    }

    /// The newest value of a key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&str> {
        self.entries.get(key).map(String::as_str)
    }

    /// The pause of a group, if there is one.
    #[must_use]
    pub fn pause(&self, group: &str) -> Option<Pause> {
        self.get(&Pause::key(group)).map(Pause::read)
    }

    /// The processes of a group; one that cannot be read is left out.
    #[must_use]
    pub fn processes(&self, group: &str) -> Vec<Process> {
        let keys = Process::keys(group);
        let all = self.entries.range(keys.clone()..).take_while(|(key, _)| key.starts_with(&keys));
        all.filter_map(|(_, value)| serde_json::from_str(value).ok()).collect()
    }

    /// Writes a value, or deletes the key, and waits until it is acknowledged.
    ///
    /// # Errors
    /// As the client says.
    pub fn write(&self, key: &str, value: Option<&str>) -> Result<()> {
        let what = || format!("could not write to \"{}\" at {}", self.topic, self.kafka.bootstrap);
        let producer: BaseProducer<Refusal> = client(&self.kafka)
            .set("enable.idempotence", "true")
            .set("partitioner", "murmur2_random")
            .set("message.timeout.ms", CALL.as_millis().to_string())
            .create_with_context(Refusal::default())
            .map_err(|e| classify(e, what()))?;
        let mut record: BaseRecord<'_, str, str> = BaseRecord::to(&self.topic).key(key);
        record.payload = value;
        producer.send(record).map_err(|(e, _)| classify(e, what()))?;
        producer.flush(CALL).map_err(|e| classify(e, what()))?;
        match producer.context().take() {
            None => Ok(()),
            Some(error) => Err(classify(error, what())),
        }
    }
}

/// Keeps why a record was not taken: the flush does not tell.
#[derive(Default)]
struct Refusal(std::sync::Mutex<Option<KafkaError>>);

impl Refusal {
    fn take(&self) -> Option<KafkaError> {
        self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner).take()
    }
}

impl rdkafka::ClientContext for Refusal {
    fn log(&self, level: rdkafka::config::RDKafkaLogLevel, facility: &str, message: &str) {
        super::super::log(level, facility, message);
    }
    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "kafka producer");
    }
}

impl rdkafka::producer::ProducerContext for Refusal {
    type DeliveryOpaque = ();
    fn delivery(&self, result: &rdkafka::message::DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = result {
            *self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = Some(error.clone());
        }
    }
}
