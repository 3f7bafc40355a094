//! Writes events from outside the streams: idempotent, acknowledged by all replicas.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::error::KafkaError;
use rdkafka::message::{DeliveryResult, Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use rdkafka::types::RDKafkaErrorCode as Code;

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::{classify, client, log};
use crate::config::settings::Kafka;
use crate::domain::{CloudEvent, cloud_event};

/// How long a record may wait for its acknowledgement.
const DELIVERY: Duration = Duration::from_secs(30);
/// How long acknowledgements are waited for at a time.
const PAUSE: Duration = Duration::from_millis(1);

/// Counts what was acknowledged and keeps the first failed delivery.
#[derive(Default)]
struct Deliveries {
    acknowledged: AtomicU64,
    failed: Mutex<Option<KafkaError>>,
}

impl ClientContext for Deliveries {
    fn log(&self, level: rdkafka::config::RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }
    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "kafka producer");
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, delivery: &DeliveryResult<'_>, _opaque: ()) {
        match delivery {
            Ok(_) => {
                self.acknowledged.fetch_add(1, Ordering::Relaxed);
            }
            Err((error, _)) => {
                if let Ok(mut first) = self.failed.lock() {
                    first.get_or_insert_with(|| error.clone());
                }
            }
        }
    }
}

/// The writer.
pub struct Feed {
    producer: BaseProducer<Deliveries>,
    place: String,
}

impl Feed {
    /// A writer; nothing is asked of the brokers yet.
    ///
    /// # Errors
    /// The settings are refused.
    pub fn open(settings: &Kafka) -> Result<Self> {
        let place = settings.bootstrap.clone();
        let producer = client(settings)
            .set("enable.idempotence", "true")
            .set("acks", "all")
            .set("compression.type", "lz4")
            .set("linger.ms", "5")
            .set("batch.size", "1000000")
            .set("queue.buffering.max.messages", "100000")
            .set("partitioner", "murmur2_random")
            .set("message.timeout.ms", DELIVERY.as_millis().to_string())
            .create_with_context(Deliveries::default())
            .map_err(|e| classify(e, format!("could not write events to Kafka at {place}")))?;
        Ok(Self { producer, place })
    }

    /// How many records the brokers have acknowledged.
    #[must_use]
    pub fn acknowledged(&self) -> u64 {
        self.producer.context().acknowledged.load(Ordering::Relaxed)
    }

    /// Hands one record over, by its key's partition; waits while the client's queue is full.
    ///
    /// # Errors
    /// This record is refused, or an earlier one was not delivered.
    pub fn send(
        &self,
        topic: &str,
        key: &str,
        value: &[u8],
        cloud: Option<&CloudEvent<'_>>,
    ) -> Result<()> {
        let mut record = BaseRecord::to(topic).key(key).payload(value);
        record.headers = cloud.map(headers);
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(Code::QueueFull), back)) => {
                    self.take(PAUSE)?;
                    record = back;
                }
                Err((error, _)) => {
                    return Err(classify(error, format!("could not write to topic \"{topic}\"")));
                }
            }
        }
    }

    /// Takes the acknowledgements that have come.
    ///
    /// # Errors
    /// A record was not delivered.
    pub fn serve(&self) -> Result<()> {
        self.take(Duration::ZERO)
    }

    /// Takes acknowledgements for `span`; with none, those of one batch if they are there.
    fn take(&self, span: Duration) -> Result<()> {
        self.producer.poll(span);
        let failed = self.producer.context().failed.lock().ok().and_then(|mut f| f.take());
        failed.map_or(Ok(()), |error| {
            let what = format!("could not write events to Kafka at {}", self.place);
            Err(classify(error, what))
        })
    }

    /// Waits until everything handed over is acknowledged.
    ///
    /// # Errors
    /// A record was not delivered in time.
    pub fn finish(&self) -> Result<()> {
        let started = Instant::now();
        loop {
            self.take(PAUSE)?;
            if self.producer.in_flight_count() == 0 {
                // The last deliveries may have been taken by this very call.
                return self.serve();
            }
            if started.elapsed() > DELIVERY + Duration::from_secs(5) {
                let what = format!("could not write events to Kafka at {}", self.place);
                return Err(BackendError::new(Kind::TimedOut, what));
            }
        }
    }
}

fn headers(event: &CloudEvent<'_>) -> OwnedHeaders {
    let mut time = Vec::with_capacity(32);
    event.time.write_rfc3339(&mut time);
    let (spec, version) = cloud_event::SPEC_VERSION;
    let (content, json) = cloud_event::CONTENT_TYPE;
    OwnedHeaders::new_with_capacity(6)
        .insert(Header { key: spec, value: Some(version) })
        .insert(Header { key: cloud_event::ID, value: Some(event.id) })
        .insert(Header { key: cloud_event::TYPE, value: Some(event.event_type) })
        .insert(Header { key: cloud_event::SOURCE, value: Some(event.source) })
        .insert(Header { key: cloud_event::TIME, value: Some(&time) })
        .insert(Header { key: content, value: Some(json) })
}
