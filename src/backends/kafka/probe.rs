//! What a Kafka cluster is and whether transactions can work on it.

use std::collections::BTreeMap;
use std::sync::Mutex;

use std::time::Duration;

use rdkafka::admin::{AdminClient, AdminOptions, ResourceSpecifier};
use rdkafka::client::{ClientContext, DefaultClientContext};
use rdkafka::error::KafkaError;
use rdkafka::message::DeliveryResult;
use rdkafka::metadata::Metadata;
use rdkafka::producer::{BaseProducer, Producer, ProducerContext};

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::{classify, client};
use crate::config::settings::Kafka;

/// The facts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// The brokers: id and address.
    pub brokers: Vec<(i32, String)>,
    /// The settings of the first broker; empty where we may not read them.
    pub settings: BTreeMap<String, String>,
}

/// Remembers why the client could not connect: the error of a call says only that it could not.
#[derive(Default)]
struct Reasons(Mutex<Option<(KafkaError, String)>>);

impl ProducerContext for Reasons {
    type DeliveryOpaque = ();

    fn delivery(&self, _delivery: &DeliveryResult<'_>, _opaque: ()) {}
}

impl ClientContext for Reasons {
    fn error(&self, error: KafkaError, reason: &str) {
        // "All brokers are down" follows every reason and adds nothing.
        let all_down = rdkafka::types::RDKafkaErrorCode::AllBrokersDown;
        if error.rdkafka_error_code() != Some(all_down)
            && let Ok(mut last) = self.0.lock()
        {
            *last = Some((error, reason.to_owned()));
        }
    }
}

/// Asks the cluster; changes nothing.
///
/// # Errors
/// [`Kind::Unreachable`], [`Kind::TimedOut`], [`Kind::Denied`].
pub async fn facts(settings: &Kafka) -> Result<Facts> {
    let what = format!("could not connect to Kafka at {}", settings.bootstrap);
    let own = settings.clone();
    // The call blocks until the limit when no broker answers.
    let metadata = tokio::task::spawn_blocking(move || metadata(&own))
        .await
        .map_err(|e| BackendError::new(Kind::Internal, what.clone()).because(e))??;
    let brokers: Vec<(i32, String)> =
        metadata.brokers().iter().map(|b| (b.id(), format!("{}:{}", b.host(), b.port()))).collect();
    let mut found = BTreeMap::new();
    if let Some((id, _)) = brokers.first() {
        let admin: AdminClient<DefaultClientContext> =
            client(settings).create().map_err(|e| classify(e, what))?;
        let options = AdminOptions::new().request_timeout(Some(settings.connect_timeout));
        let asked = admin.describe_configs(&[ResourceSpecifier::Broker(*id)], &options).await;
        // Without permission the settings stay unknown, which is told as such.
        for resource in asked.into_iter().flatten().flatten() {
            let entries = resource.entries.into_iter().filter(|e| !e.is_sensitive);
            found.extend(entries.filter_map(|e| Some((e.name, e.value?))));
        }
    }
    Ok(Facts { brokers, settings: found })
}

fn metadata(settings: &Kafka) -> Result<Metadata> {
    let what = format!("could not connect to Kafka at {}", settings.bootstrap);
    let limit = settings.connect_timeout;
    // A producer, because its events can be asked for; it writes nothing.
    let producer: BaseProducer<Reasons> = client(settings)
        .set("socket.connection.setup.timeout.ms", limit.as_millis().to_string())
        .create_with_context(Reasons::default())
        .map_err(|e| classify(e, what.clone()))?;
    producer.client().fetch_metadata(None, limit).map_err(|error| {
        // Each call serves one event; the first reasons are enough.
        (0..64).for_each(|_| producer.poll(Duration::ZERO));
        let last = producer.context().0.lock().ok().and_then(|mut last| last.take());
        match last {
            Some((cause, text)) => {
                let kind = classify(cause, what.clone()).kind;
                BackendError::new(kind, what).because(text)
            }
            None => classify(error, what),
        }
    })
}
