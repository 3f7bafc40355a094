//! Writes something once: in one transaction of an id that only one process holds.

use std::time::{Duration, Instant};

use rdkafka::error::{KafkaError, RDKafkaError};
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer, PurgeConfig};
use rdkafka::types::RDKafkaErrorCode as Code;

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::letters::Deliveries;
use crate::backends::kafka::{classify, client};
use crate::config::settings::Kafka;
use crate::domain::EventTime;
use crate::runtime::Fault;
use crate::streams::letters::Position;

/// How long the transaction may be open. Readers of committed records wait for it.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long one call to the coordinator may take before it is asked again.
const CALL: Duration = Duration::from_secs(5);
/// How long an unknown outcome is asked for.
const PATIENCE: Duration = Duration::from_secs(60);

/// How it is spoken of.
pub(super) struct Words {
    /// Who does it: `requeue`; also the prefix of the faults for tests.
    pub noun: &'static str,
    /// What is done: `requeued`.
    pub done: &'static str,
    /// What to type after a transaction that did not come about.
    pub look: &'static str,
    /// What to do when it takes too long.
    pub fewer: &'static str,
    /// The header that names the record a marker is about, and the one that says when.
    pub marker: (&'static str, &'static str),
}

/// A producer that holds the right to write under its id.
pub(super) struct Once {
    producer: BaseProducer<Deliveries>,
    id: String,
    words: &'static Words,
}

impl Once {
    /// Takes the place of whoever held the id before: what is finished is finished, what was open
    /// is aborted. Batches are at most `batch` bytes.
    ///
    /// # Errors
    /// As the client says.
    pub fn take_over(kafka: &Kafka, id: &str, batch: u64, words: &'static Words) -> Result<Self> {
        let what = || format!("could not start the producer \"{id}\"");
        let producer: BaseProducer<Deliveries> = client(kafka)
            .set("transactional.id", id)
            .set("transaction.timeout.ms", TIMEOUT.as_millis().to_string())
            .set("message.timeout.ms", TIMEOUT.as_millis().to_string())
            .set("enable.idempotence", "true")
            .set("partitioner", "murmur2_random")
            .set("linger.ms", "5")
            .set("queue.buffering.max.kbytes", "65536")
            .set("batch.size", batch.clamp(1, 1_000_000).to_string())
            .set("message.max.bytes", "16777216")
            .set("delivery.report.only.error", "true")
            .create_with_context(Deliveries::default())
            .map_err(|e| classify(e, what()))?;
        let started = Instant::now();
        while let Err(error) = producer.init_transactions(CALL) {
            let again = matches!(&error, KafkaError::Transaction(e) if e.is_retriable());
            if !again || started.elapsed() > PATIENCE {
                return Err(classify(error, what()));
            }
        }
        Ok(Self { producer, id: id.to_owned(), words })
    }

    /// Writes what `fill` sends: all of it or nothing.
    ///
    /// # Errors
    /// [`Kind::Conflict`] if another process took over, [`Kind::Stopped`] once `stop` says so; then
    /// and after every other failure but an unknown outcome nothing was written.
    pub fn write(
        &self,
        fault: &Fault,
        stop: &dyn Fn() -> bool,
        fill: &dyn Fn(&Open<'_>) -> Result<()>,
    ) -> Result<()> {
        let opened = Instant::now();
        let noun = self.words.noun;
        self.producer.begin_transaction().map_err(|e| self.trouble(e, "begin", opened))?;
        let open = Open { once: self, opened, stop };
        if let Err(error) = fill(&open).and_then(|()| open.settle()) {
            self.abort();
            return Err(error);
        }
        fault.hit(&format!("{noun}-before-commit"));
        self.commit(opened)?;
        fault.hit(&format!("{noun}-after-commit"));
        Ok(())
    }

    /// Where it cannot be aborted, the next one or its timeout does it.
    fn abort(&self) {
        self.producer.purge(PurgeConfig::default().queue().inflight());
        if let Err(error) = self.producer.abort_transaction(CALL) {
            tracing::info!(%error, id = self.id, "the transaction is left to its timeout");
        }
    }

    /// An unknown outcome is asked for until it is known: the call may be repeated.
    fn commit(&self, opened: Instant) -> Result<()> {
        let asked = Instant::now();
        loop {
            match self.producer.commit_transaction(CALL) {
                Ok(()) => return Ok(()),
                Err(KafkaError::Transaction(e)) if e.is_retriable() => {
                    tracing::info!(error = %e, id = self.id, "asking again: commit transaction");
                    if asked.elapsed() > PATIENCE {
                        return Err(BackendError::new(Kind::TimedOut, self.what("commit"))
                            .because(format!(
                                "the outcome is not known: either all was {} or nothing",
                                self.words.done
                            ))
                            .hint(self.words.look));
                    }
                }
                Err(error) => {
                    if matches!(&error, KafkaError::Transaction(e) if e.txn_requires_abort()) {
                        self.abort();
                    }
                    return Err(self.trouble(error, "commit", opened));
                }
            }
        }
    }

    fn what(&self, verb: &str) -> String {
        format!("could not {verb} transaction \"{}\"", self.id)
    }

    fn timed_out(&self, verb: &str) -> BackendError {
        BackendError::new(Kind::TimedOut, self.what(verb))
            .because(format!("older than {} s; nothing was {}", TIMEOUT.as_secs(), self.words.done))
            .hint(self.words.fewer)
    }

    /// The client calls a transaction that timed out and a second producer of the same id by the
    /// same name; our own clock tells them apart.
    fn trouble(&self, error: KafkaError, verb: &str, opened: Instant) -> BackendError {
        // A record that was not written only says that it was thrown away; the client knows why.
        let ended = self.producer.client().fatal_error();
        let fatal = match &error {
            KafkaError::Transaction(e) => RDKafkaError::is_fatal(e),
            _ => ended.is_some(),
        };
        if fatal && opened.elapsed() > TIMEOUT.mul_f32(0.9) {
            return self.timed_out(verb);
        }
        let mut fault = classify(error, self.what(verb));
        if fatal {
            if let Some((_, cause)) = ended {
                fault = fault.because(cause);
            }
            return BackendError { kind: Kind::Conflict, ..fault }
                .hint(format!(
                    "Another {} of this application took over; nothing was {} here.",
                    self.words.noun, self.words.done
                ))
                .hint(self.words.look);
        }
        fault.hint(format!("Nothing was {}. {}", self.words.done, self.words.look))
    }
}

/// The transaction while it is filled.
pub(super) struct Open<'a> {
    once: &'a Once,
    opened: Instant,
    stop: &'a dyn Fn() -> bool,
}

impl Open<'_> {
    /// Sends a record; waits while the queue is full.
    pub fn send(&self, mut record: BaseRecord<'_, [u8], [u8]>) -> Result<()> {
        loop {
            match self.once.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(Code::QueueFull), back)) => {
                    self.wait()?;
                    record = back;
                }
                Err((error, _)) => return Err(self.once.trouble(error, "write in", self.opened)),
            }
        }
    }

    /// Notes beside a record of `topic` that it is done with.
    pub fn mark(&self, topic: &str, letter: Position, at: EventTime) -> Result<()> {
        let (key, at) = (letter.to_string(), at.to_string());
        let (done, time) = self.once.words.marker;
        let headers = OwnedHeaders::new_with_capacity(2)
            .insert(Header { key: done, value: Some(&key) })
            .insert(Header { key: time, value: Some(&at) });
        // In its partition, so that retention takes the record first.
        let record = BaseRecord::to(topic).partition(letter.partition).headers(headers);
        self.send(record.key(key.as_bytes()))
    }

    /// Waits until everything is written.
    fn settle(&self) -> Result<()> {
        while self.once.producer.in_flight_count() > 0 {
            self.wait()?;
        }
        match self.once.producer.context().failed() {
            None => Ok(()),
            Some(error) => Err(self.once.trouble(error, "write in", self.opened)),
        }
    }

    fn wait(&self) -> Result<()> {
        if (self.stop)() {
            let done = self.once.words.done;
            let what = format!("interrupted; nothing was {done}");
            return Err(BackendError::new(Kind::Stopped, what));
        }
        if self.opened.elapsed() > TIMEOUT {
            return Err(self.once.timed_out("write in"));
        }
        self.once.producer.poll(Duration::from_millis(10));
        Ok(())
    }
}
