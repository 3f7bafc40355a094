//! A worker's producer: outputs, changelog and offsets in one transaction.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::ClientContext;
use rdkafka::consumer::ConsumerGroupMetadata;
use rdkafka::error::{KafkaError, RDKafkaError};
use rdkafka::message::{DeliveryResult, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, ProducerContext};
use rdkafka::types::RDKafkaErrorCode as Code;

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::runner::offsets::{self, Position};
use crate::backends::kafka::{classify, client};
use crate::config::settings::{Guarantee, Kafka, Streams};

/// How long the client is left alone between two looks at its queue. Its own `poll` counts in
/// whole milliseconds and spins for the rest.
const PAUSE: Duration = Duration::from_micros(500);
/// How long one call to the coordinator may take before it is asked again.
const CALL: Duration = Duration::from_secs(5);

/// Why a transaction did not commit, and what must happen next.
#[derive(Debug)]
pub enum Trouble {
    /// The transaction was or must be aborted; state goes back to the last commit.
    Abort(BackendError),
    /// The assignment this transaction worked for is over; wait for the next one.
    Stale(BackendError),
    /// The producer is fenced or broken; a new one with the same id, state back to the commit.
    Fenced(BackendError),
    /// Nothing helps.
    Fatal(BackendError),
}

impl Trouble {
    /// The failure inside.
    #[must_use]
    pub fn into_error(self) -> BackendError {
        match self {
            Self::Abort(e) | Self::Stale(e) | Self::Fenced(e) | Self::Fatal(e) => e,
        }
    }
}

/// Keeps the first delivery that failed.
#[derive(Default)]
struct Deliveries(Mutex<Option<String>>);

impl ClientContext for Deliveries {
    fn log(&self, level: rdkafka::config::RDKafkaLogLevel, fac: &str, message: &str) {
        super::super::log(level, fac, message);
    }
    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "kafka producer");
    }
}

impl ProducerContext for Deliveries {
    type DeliveryOpaque = ();
    fn delivery(&self, result: &DeliveryResult<'_>, (): ()) {
        if let Err((error, _)) = result {
            let mut first = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            first.get_or_insert_with(|| error.to_string());
        }
    }
}

/// A record to write.
pub struct Outgoing<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The partition; `None`: by key.
    pub partition: Option<i32>,
    /// The key, if any.
    pub key: Option<&'a [u8]>,
    /// The value; `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    /// Headers.
    pub headers: Option<OwnedHeaders>,
}

/// A producer and its open transaction.
pub struct Transaction {
    producer: BaseProducer<Deliveries>,
    id: String,
    guarantee: Guarantee,
    timeout: Duration,
    open: bool,
    opened_at: Instant,
    records: u32,
    bytes: u64,
}

impl Transaction {
    /// Makes the producer `id` and takes its place: an earlier producer of the same id is
    /// fenced and its open transaction aborted.
    ///
    /// # Errors
    /// As the client says.
    pub fn start(kafka: &Kafka, streams: &Streams, id: &str) -> Result<Self> {
        let (started, limit) = (Instant::now(), streams.transaction_timeout.max(CALL) * 3);
        Self::start_while(kafka, streams, id, || started.elapsed() < limit)
    }

    /// The same, asking the servers for as long as `waits` says. One client asks all the time: the end
    /// of one whose question is still open can end the process (a fault of the client, seen when
    /// several gave up at once).
    ///
    /// # Errors
    /// As the client says.
    pub fn start_while(
        kafka: &Kafka,
        streams: &Streams,
        id: &str,
        waits: impl Fn() -> bool,
    ) -> Result<Self> {
        let exactly_once = streams.guarantee == Guarantee::ExactlyOnce;
        let timeout = streams.transaction_timeout;
        let mut config = client(kafka);
        config
            .set("compression.type", "lz4")
            .set("linger.ms", "5")
            .set("batch.size", "1000000")
            .set("batch.num.messages", "10000")
            .set("queue.buffering.max.messages", "30000")
            .set("queue.buffering.max.kbytes", "20480")
            .set("delivery.report.only.error", "true")
            .set("enable.idempotence", "true")
            .set("partitioner", "murmur2_random")
            // A dead letter is as large as the record it carries; the topic's limit decides.
            .set("message.max.bytes", "16777216")
            .set("message.timeout.ms", timeout.as_millis().to_string());
        if exactly_once {
            config
                .set("transactional.id", id)
                .set("transaction.timeout.ms", timeout.as_millis().to_string());
        }
        let what = format!("could not start the producer \"{id}\"");
        let producer: BaseProducer<Deliveries> =
            config.create_with_context(Deliveries::default()).map_err(|e| classify(e, &*what))?;
        if exactly_once {
            init(&producer, &what, waits)?;
        }
        Ok(Self {
            producer,
            id: id.to_owned(),
            guarantee: streams.guarantee,
            timeout,
            open: false,
            opened_at: Instant::now(),
            records: 0,
            bytes: 0,
        })
    }

    /// The transactional id.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Whether something was written since the last commit.
    #[must_use]
    pub const fn is_open(&self) -> bool {
        self.open
    }

    /// Records and bytes written since the last commit.
    #[must_use]
    pub const fn size(&self) -> (u32, u64) {
        (self.records, self.bytes)
    }

    /// What ended the producer for good, if anything did: a record that was not written does not say so.
    #[must_use]
    pub fn ended(&self) -> Option<String> {
        self.producer.client().fatal_error().map(|(_, cause)| cause)
    }

    /// Serves the client; called between batches.
    pub fn poll(&self) {
        self.producer.poll(Duration::ZERO);
    }

    /// Serves the client, then lets it work for a moment.
    fn serve(&self) {
        self.producer.poll(Duration::ZERO);
        std::thread::park_timeout(PAUSE);
    }

    fn begin(&mut self) -> std::result::Result<(), Trouble> {
        if !self.open {
            if self.guarantee == Guarantee::ExactlyOnce {
                self.producer.begin_transaction().map_err(|e| self.trouble(e, "begin"))?;
            }
            self.open = true;
            self.opened_at = Instant::now();
            self.records = 0;
            self.bytes = 0;
        }
        Ok(())
    }

    /// Writes one record; waits while the client's queue is full.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn send(&mut self, outgoing: Outgoing<'_>) -> std::result::Result<(), Trouble> {
        self.begin()?;
        self.records += 1;
        let length = |bytes: Option<&[u8]>| bytes.map_or(0, <[u8]>::len) as u64;
        self.bytes += length(outgoing.key) + length(outgoing.value);
        let mut record: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(outgoing.topic);
        record.key = outgoing.key;
        record.payload = outgoing.value;
        record.partition = outgoing.partition;
        record.headers = outgoing.headers;
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(Code::QueueFull), back)) => {
                    self.serve();
                    if self.opened_at.elapsed() > self.timeout {
                        return Err(self.timed_out("write to"));
                    }
                    record = back;
                }
                Err((error, _)) => return Err(self.trouble(error, "write to")),
            }
        }
    }

    /// Waits until everything written is acknowledged. The client's own flush waits 100 ms at a
    /// time whatever happens, so the queue is emptied here first.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn drain(&mut self) -> std::result::Result<(), Trouble> {
        while self.producer.in_flight_count() > 0 {
            self.serve();
            if self.opened_at.elapsed() > self.timeout {
                return Err(self.timed_out("flush"));
            }
        }
        let failed =
            self.producer.context().0.lock().unwrap_or_else(PoisonError::into_inner).take();
        match failed {
            None => Ok(()),
            Some(cause) => Err(Trouble::Abort(
                BackendError::new(
                    Kind::Refused,
                    format!("could not write records as \"{}\"", self.id),
                )
                .because(cause)
                .transient(true),
            )),
        }
    }

    /// Commits what was written together with `positions`, in the name of `member`: the group
    /// metadata taken when the assignment began, so that a worker whose partition has moved
    /// since is refused.
    ///
    /// `step` is told before each step of the protocol.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn commit(
        &mut self,
        positions: &[Position<'_>],
        member: &ConsumerGroupMetadata,
        step: &dyn Fn(&str),
    ) -> std::result::Result<(), Trouble> {
        self.begin()?;
        self.drain()?;
        step("after-drain");
        let list = offsets::list(positions).map_err(Trouble::Fatal)?;
        self.retry("send offsets of", |p| p.send_offsets_to_transaction(&list, member, CALL))?;
        step("after-offsets");
        // An unknown outcome is asked for until it is known: the call may be repeated.
        self.retry("commit", |p| p.commit_transaction(CALL))?;
        self.open = false;
        step("after-commit");
        Ok(())
    }

    /// Commits what was written, without positions.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn commit_records(&mut self) -> std::result::Result<(), Trouble> {
        if !self.open {
            return Ok(());
        }
        self.drain()?;
        if self.guarantee == Guarantee::ExactlyOnce {
            self.retry("commit", |p| p.commit_transaction(CALL))?;
        }
        self.open = false;
        Ok(())
    }

    /// At least once: waits until everything written is acknowledged; the caller then commits
    /// the offsets.
    ///
    /// # Errors
    /// See [`Trouble`].
    pub fn flush(&mut self) -> std::result::Result<(), Trouble> {
        self.begin()?;
        self.drain()?;
        self.open = false;
        Ok(())
    }

    /// Repeats a call of the transaction while its outcome is unknown.
    fn retry(
        &mut self,
        verb: &str,
        call: impl Fn(&BaseProducer<Deliveries>) -> std::result::Result<(), KafkaError>,
    ) -> std::result::Result<(), Trouble> {
        let deadline = self.timeout.max(CALL) * 3;
        let started = Instant::now();
        loop {
            match call(&self.producer) {
                Ok(()) => return Ok(()),
                Err(KafkaError::Transaction(e))
                    if e.is_retriable() && started.elapsed() < deadline =>
                {
                    tracing::info!(error = %e, id = self.id, "asking again: {verb} transaction");
                    self.serve();
                }
                Err(error) => return Err(self.trouble(error, verb)),
            }
        }
    }

    /// Throws the open transaction away.
    ///
    /// # Errors
    /// [`Trouble::Fenced`] if the producer cannot go on.
    pub fn abort(&mut self) -> std::result::Result<(), Trouble> {
        if !self.open {
            return Ok(());
        }
        self.open = false;
        if self.guarantee == Guarantee::AtLeastOnce {
            return Ok(());
        }
        self.producer.purge(rdkafka::producer::PurgeConfig::default().queue());
        let result = self.retry("abort", |p| p.abort_transaction(CALL));
        drop(self.producer.context().0.lock().unwrap_or_else(PoisonError::into_inner).take());
        result.map_err(|t| Trouble::Fenced(t.into_error()))
    }

    fn timed_out(&self, verb: &str) -> Trouble {
        Trouble::Fenced(
            BackendError::new(Kind::TimedOut, self.what(verb))
                .because(format!("older than transaction_timeout, {} s", self.timeout.as_secs())),
        )
    }

    fn what(&self, verb: &str) -> String {
        format!("could not {verb} transaction \"{}\"", self.id)
    }

    /// Decides what an error means. The client calls a transaction that timed out and a second
    /// producer of the same id by the same name; our own clock tells them apart.
    fn trouble(&self, error: KafkaError, verb: &str) -> Trouble {
        let what = self.what(verb);
        let code = error.rdkafka_error_code();
        let (fatal, abort) = match &error {
            KafkaError::Transaction(e) => (RDKafkaError::is_fatal(e), e.txn_requires_abort()),
            _ => (code == Some(Code::Fatal), true),
        };
        let age = self.opened_at.elapsed();
        let old = self.open && age > self.timeout.mul_f32(0.9);
        let cause = classify(error, what);
        match code {
            Some(Code::FencedInstanceId) => Trouble::Fatal(BackendError { kind: Kind::Conflict, ..cause }
                .hint("Another process runs under this instance name; give each its own with streams.instance.")),
            Some(Code::IllegalGeneration | Code::UnknownMemberId | Code::RebalanceInProgress) => {
                Trouble::Stale(BackendError { kind: Kind::Conflict, ..cause })
            }
            _ if fatal && old => Trouble::Fenced(BackendError { kind: Kind::TimedOut, ..cause }
                .hint(format!("The transaction was {} s old: it timed out, no second instance is there.", age.as_secs()))),
            _ if fatal => Trouble::Fenced(BackendError { kind: Kind::Conflict, ..cause }),
            _ if abort => Trouble::Abort(cause),
            _ => Trouble::Fenced(cause),
        }
    }
}

/// Takes the place of the producer `id`, which aborts whatever transaction it left open. Only
/// for an id whose owner is dead: a living one is fenced.
///
/// # Errors
/// As the client says.
pub fn fence(kafka: &Kafka, streams: &Streams, id: &str) -> Result<()> {
    Transaction::start(kafka, streams, id).map(drop)
}

fn init(producer: &BaseProducer<Deliveries>, what: &str, waits: impl Fn() -> bool) -> Result<()> {
    loop {
        match producer.init_transactions(CALL) {
            Ok(()) => return Ok(()),
            Err(KafkaError::Transaction(e)) if e.is_retriable() && waits() => {}
            Err(error) => return Err(classify(error, what)),
        }
    }
}
