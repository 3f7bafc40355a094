//! Writes records that were set aside to the topic of dead letters.

use std::sync::Mutex;
use std::time::Duration;

use rdkafka::client::ClientContext;
use rdkafka::error::KafkaError;
use rdkafka::message::{DeliveryResult, Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use rdkafka::types::RDKafkaErrorCode as Code;

use crate::backends::error::{Kind, Result};
use crate::backends::kafka::{classify, client, log};
use crate::config::settings::Kafka;

/// Keeps the first failed delivery.
#[derive(Default)]
pub(super) struct Deliveries(Mutex<Option<KafkaError>>);

impl Deliveries {
    /// The first failed delivery since the last call.
    pub(super) fn failed(&self) -> Option<KafkaError> {
        self.0.lock().ok().and_then(|mut first| first.take())
    }
}

impl ClientContext for Deliveries {
    fn log(&self, level: rdkafka::config::RDKafkaLogLevel, facility: &str, message: &str) {
        log(level, facility, message);
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();

    fn delivery(&self, delivery: &DeliveryResult<'_>, _opaque: ()) {
        if let Err((error, _)) = delivery
            && let Ok(mut first) = self.0.lock()
        {
            first.get_or_insert_with(|| error.clone());
        }
    }
}

/// One record for the dead letters.
#[derive(Clone, Debug)]
pub struct Letter {
    /// Its key, as it was.
    pub key: Option<Vec<u8>>,
    /// Its value, as it was.
    pub value: Option<Vec<u8>>,
    /// Where it came from and why it is here.
    pub headers: Vec<(&'static str, Vec<u8>)>,
}

/// The writer.
pub struct Letters {
    producer: BaseProducer<Deliveries>,
    topic: String,
}

impl Letters {
    /// A writer to `topic`.
    ///
    /// # Errors
    /// The settings are refused.
    pub fn open(settings: &Kafka, topic: String) -> Result<Self> {
        let producer = client(settings)
            .set("enable.idempotence", "true")
            .set("linger.ms", "5")
            // A dead letter is as large as the record it carries; the topic's limit decides.
            .set("message.max.bytes", "16777216")
            .create_with_context(Deliveries::default())
            .map_err(|e| classify(e, format!("could not write to topic \"{topic}\"")))?;
        Ok(Self { producer, topic })
    }

    /// Sends `letters` and waits until each of them is acknowledged.
    ///
    /// # Errors
    /// One was not acknowledged within `limit`.
    pub fn send(&self, letters: &[Letter], limit: Duration) -> Result<()> {
        let what = || format!("could not write dead letters to topic \"{}\"", self.topic);
        for letter in letters {
            let mut headers = OwnedHeaders::new_with_capacity(letter.headers.len());
            for (key, value) in &letter.headers {
                headers = headers.insert(Header { key, value: Some(value) });
            }
            let mut record: BaseRecord<'_, [u8], [u8]> =
                BaseRecord::to(&self.topic).headers(headers);
            record.key = letter.key.as_deref();
            record.payload = letter.value.as_deref();
            loop {
                match self.producer.send(record) {
                    Ok(()) => break,
                    Err((error, back)) if error.rdkafka_error_code() == Some(Code::QueueFull) => {
                        self.producer.poll(Duration::from_millis(50));
                        record = back;
                    }
                    Err((error, _)) => return Err(classify(error, what())),
                }
            }
        }
        self.producer.flush(limit).map_err(|e| classify(e, what()))?;
        self.producer.context().failed().map_or(Ok(()), |error| {
            let fault = classify(error, what());
            Err(if fault.kind == Kind::Missing {
                fault.hint("Run `bss setup kafka` to make the topics.")
            } else {
                fault
            })
        })
    }
}
