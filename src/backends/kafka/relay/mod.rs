//! Publishes the events of the event store, each once: events, rows and how far each shard is, in one
//! transaction.

pub mod copies;

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rdkafka::message::{Header, OwnedHeaders};

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::aside::{AsideReader, Start};
use crate::backends::kafka::runner::preflight;
use crate::backends::kafka::runner::transaction::{Outgoing, Transaction, Trouble};
use crate::config::settings::{Guarantee, Kafka, Streams};
use crate::domain::cloud_event;
use crate::events::relay::{self, State};
use crate::events::{Content, Event, wire};
use crate::runtime::Fault;
use crate::topics;

/// How long a topic may take to become known to every broker.
const SPREAD: Duration = Duration::from_secs(2);

/// The names a relay works under.
#[derive(Clone, Debug)]
pub struct Names {
    /// `general.application`.
    pub application: String,
    /// `kafka.topic_prefix`.
    pub prefix: String,
    /// `events.namespace`.
    pub namespace: String,
}

impl Names {
    /// The transactional id: one relay at a time.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}-relay-{}-all", self.application, self.namespace)
    }

    /// The topic of the states.
    #[must_use]
    pub fn states(&self) -> String {
        topics::relay(&self.application)
    }

    /// The topic of the customers' rows.
    #[must_use]
    pub fn rows(&self) -> String {
        topics::name(&self.prefix, topics::subject::CUSTOMER_INFO)
    }
}

/// An event that goes out.
#[derive(Debug)]
pub struct Going {
    /// The event.
    pub event: Event,
    /// The epoch of its shard.
    pub epoch: String,
    /// Its content in today's form, if the stored one is older: readers get this one, and the stored
    /// one in a header, as the chain holds for that.
    pub current: Option<Content<'static>>,
}

/// What goes out together.
#[derive(Debug, Default)]
pub struct Batch {
    /// Events in their order.
    pub events: Vec<Going>,
    /// Rows of customers in their order; none deletes the row.
    pub rows: Vec<(String, Option<Vec<u8>>)>,
    /// How far each shard is afterwards.
    pub states: BTreeMap<u16, State>,
}

/// The one who holds the right to publish a store's events.
pub struct Publisher {
    kafka: Kafka,
    names: Names,
    transaction: Transaction,
    known: BTreeSet<String>,
    /// How long a transaction may be open.
    patience: Duration,
}

impl Publisher {
    /// Takes the place of whoever published before: what is committed is committed, what was open is
    /// aborted.
    ///
    /// # Errors
    /// As the client says; [`Kind::Missing`] without the topic of the states.
    pub fn start(kafka: &Kafka, streams: &Streams, names: Names) -> Result<Self> {
        // Whatever the topologies may do: an event is published once.
        let streams = Streams { guarantee: Guarantee::ExactlyOnce, ..streams.clone() };
        let known = BTreeSet::new();
        require(kafka, &names.states())?;
        let transaction = Transaction::start(kafka, &streams, &names.id())?;
        let patience = streams.transaction_timeout;
        Ok(Self { kafka: kafka.clone(), names, transaction, known, patience })
    }

    /// How far each shard is, as committed.
    ///
    /// # Errors
    /// As the client says; [`Kind::Internal`] for a state that cannot be read.
    pub fn states(&self) -> Result<BTreeMap<u16, State>> {
        states(&self.kafka, &self.names)
    }

    /// The rows of customers, as committed.
    ///
    /// # Errors
    /// As the client says.
    pub fn rows(&self) -> Result<BTreeMap<String, Vec<u8>>> {
        let mut rows = BTreeMap::new();
        let mut reader = AsideReader::open(&self.kafka, &self.names.rows())?;
        reader.read(&Start::Beginning, &|| false, &mut |record| {
            let Some(key) = record.key.and_then(|key| String::from_utf8(key).ok()) else { return };
            match record.value {
                Some(row) => drop(rows.insert(key, row)),
                None => drop(rows.remove(&key)),
            }
        })?;
        Ok(rows)
    }

    /// Refuses a topic that is not there: a broker might make it, not as it must be.
    ///
    /// # Errors
    /// [`Kind::Missing`]; others as the client says.
    pub fn require(&mut self, topic: &str) -> Result<()> {
        if !self.known.contains(topic) {
            require(&self.kafka, topic)?;
            self.known.insert(topic.to_owned());
        }
        Ok(())
    }

    /// Writes and commits a batch: all of it or nothing.
    ///
    /// # Errors
    /// [`Kind::Conflict`] if another relay took over. After every failure the publisher is to be
    /// started anew, and to go on from the states as committed.
    pub fn publish(&mut self, batch: &Batch, fault: &Fault) -> Result<()> {
        let kinds: BTreeSet<&str> =
            batch.events.iter().map(|going| going.event.aggregate.kind()).collect();
        for kind in kinds {
            self.require(&topics::aggregate_events(&self.names.prefix, kind))?;
        }
        if !batch.rows.is_empty() {
            self.require(&self.names.rows())?;
        }
        let started = Instant::now();
        let Err(trouble) = self.write(batch, fault) else { return Ok(()) };
        // One that was open for too long is ended in the same way: our own clock tells.
        let young = started.elapsed() < self.patience.mul_f32(0.9);
        let fenced = self.transaction.ended().filter(|_| young);
        // Where it cannot be aborted, the next start does it.
        drop(self.transaction.abort());
        Err(match (trouble, fenced) {
            (Trouble::Abort(error), Some(cause)) => {
                let kind = Kind::Conflict;
                self.told(Trouble::Fenced(BackendError { kind, ..error }.because(cause)))
            }
            (trouble, _) => self.told(trouble),
        })
    }

    fn write(&mut self, batch: &Batch, fault: &Fault) -> std::result::Result<(), Trouble> {
        let source = relay::source(&self.names.namespace);
        let mut value = Vec::new();
        for going in &batch.events {
            let event = &going.event;
            let headers = headers(going, &source, &mut value)?;
            self.transaction.send(Outgoing {
                topic: &topics::aggregate_events(&self.names.prefix, event.aggregate.kind()),
                partition: None,
                key: Some(event.aggregate.id().as_bytes()),
                value: Some(&value),
                headers: Some(headers),
            })?;
            fault.hit("relay-after-event");
        }
        let rows = self.names.rows();
        for (id, row) in &batch.rows {
            let (key, value) = (Some(id.as_bytes()), row.as_deref());
            let (topic, partition, headers) = (&*rows, None, None);
            self.transaction.send(Outgoing { topic, partition, key, value, headers })?;
        }
        let states = self.names.states();
        for (shard, state) in &batch.states {
            let key = relay::key(&self.names.namespace, *shard);
            let value = serde_json::to_vec(state).map_err(|e| {
                let what = format!("could not note how far shard {shard} is");
                Trouble::Fatal(BackendError::new(Kind::Internal, what).because(e))
            })?;
            self.transaction.send(Outgoing {
                topic: &states,
                partition: None,
                key: Some(key.as_bytes()),
                value: Some(&value),
                headers: None,
            })?;
        }
        fault.hit("relay-before-commit");
        self.transaction.commit_records()?;
        fault.hit("relay-after-commit");
        Ok(())
    }

    fn told(&self, trouble: Trouble) -> BackendError {
        let error = match trouble {
            // One that timed out may be started anew.
            Trouble::Fenced(error) if error.kind != Kind::Conflict => error.transient(true),
            Trouble::Abort(error) => error.transient(true),
            other => other.into_error(),
        };
        if error.kind != Kind::Conflict {
            return error;
        }
        let id = self.names.id();
        let what = format!("another relay took over: \"{id}\" belongs to it");
        BackendError { message: what, transient: false, ..error }
            .hint("One relay runs at a time; what this one had not committed, the other publishes.")
            .hint("For another store: another events.namespace.")
    }
}

/// How far each shard is, as committed.
///
/// # Errors
/// As the client says; [`Kind::Internal`] for a state that cannot be read.
pub fn states(kafka: &Kafka, names: &Names) -> Result<BTreeMap<u16, State>> {
    let topic = names.states();
    let mut states = BTreeMap::new();
    let mut wrong = None;
    let mut reader = AsideReader::open(kafka, &topic)?;
    reader.read(&Start::Beginning, &|| false, &mut |record| {
        let key = record.key.unwrap_or_default();
        let Some(shard) = relay::shard_of_key(&names.namespace, &key) else { return };
        match record.value.as_deref().map(serde_json::from_slice::<State>) {
            Some(Ok(state)) => drop(states.insert(shard, state)),
            Some(Err(error)) => wrong = Some(error),
            None => drop(states.remove(&shard)),
        }
    })?;
    match wrong {
        None => Ok(states),
        Some(error) => Err(BackendError::new(
            Kind::Internal,
            format!("could not read how far the relay is in topic \"{topic}\""),
        )
        .because(error)),
    }
}

/// Refuses a topic that is not there.
fn require(kafka: &Kafka, topic: &str) -> Result<()> {
    let asker = preflight::asker(kafka, "bss-relay")?;
    let started = Instant::now();
    while preflight::partition_count(&asker, &kafka.bootstrap, topic)?.is_none() {
        if started.elapsed() > SPREAD {
            let what = format!("topic \"{topic}\" is missing at {}", kafka.bootstrap);
            return Err(BackendError::new(Kind::Missing, what)
                .hint("Create it with `bss setup kafka`; events.types names the types of aggregate that have a topic."));
        }
        std::thread::park_timeout(Duration::from_millis(100));
    }
    Ok(())
}

/// The headers of an event; its JSON goes to `value`.
fn headers(
    going: &Going,
    source: &str,
    value: &mut Vec<u8>,
) -> std::result::Result<OwnedHeaders, Trouble> {
    let event = &going.event;
    let damaged = |e: &dyn std::fmt::Display| {
        let what = format!("could not publish the event at {}", event.position);
        Trouble::Fatal(
            BackendError::new(Kind::Refused, what)
                .because(e.to_string())
                .hint("See what else is damaged: bss events verify"),
        )
    };
    let stored = event.content().map_err(|e| damaged(&e))?;
    let content = going.current.as_ref().unwrap_or(&stored);
    value.clear();
    wire::write_with(event, content, value).map_err(|e| damaged(&e))?;
    let mut time = Vec::with_capacity(32);
    content.time().unwrap_or(event.recorded_at).write_rfc3339(&mut time);
    let event_type = relay::cloud_type(&event.aggregate, content);
    let (position, revision) = (event.position.to_string(), event.revision.to_string());
    let (spec, version) = cloud_event::SPEC_VERSION;
    let (form, json) = cloud_event::CONTENT_TYPE;
    let all: [(&str, &[u8]); 10] = [
        (spec, version.as_bytes()),
        (cloud_event::ID, content.id.as_bytes()),
        (cloud_event::TYPE, event_type.as_bytes()),
        (cloud_event::SOURCE, source.as_bytes()),
        (cloud_event::TIME, &time),
        (form, json.as_bytes()),
        (relay::POSITION, position.as_bytes()),
        (relay::REVISION, revision.as_bytes()),
        (relay::LINK, event.link.as_str().as_bytes()),
        (relay::EPOCH, going.epoch.as_bytes()),
    ];
    let headers = OwnedHeaders::new_with_capacity(all.len() + 1);
    let older = going.current.is_some().then_some((relay::ENVELOPE, event.envelope.as_slice()));
    Ok(all
        .into_iter()
        .chain(older)
        .fold(headers, |headers, (key, value)| headers.insert(Header { key, value: Some(value) })))
}
