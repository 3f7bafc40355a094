//! Writes letters back to where they came from, and for each a marker beside it, in one
//! transaction.

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
use crate::streams::letters::requeue::Return;
use crate::streams::letters::{Position, REQUEUED, REQUEUED_AT, REQUEUED_FROM};

/// How long the transaction may be open. Readers of committed records wait for it.
const TIMEOUT: Duration = Duration::from_secs(30);
/// How long one call to the coordinator may take before it is asked again.
const CALL: Duration = Duration::from_secs(5);
/// How long an unknown outcome is asked for.
const PATIENCE: Duration = Duration::from_secs(60);
/// What to type after a transaction that did not come about.
const LOOK: &str = "See what is open with `bss streams dlq list --state open`.";

/// A producer that holds the application's right to requeue.
pub struct Requeuer {
    producer: BaseProducer<Deliveries>,
    id: String,
    dead_letters: String,
}

impl Requeuer {
    /// Takes the place of whoever requeued for this application before: what is finished is
    /// finished, what was open is aborted. Records are written in batches that a topic of
    /// `smallest` `max.message.bytes` takes.
    ///
    /// # Errors
    /// As the client says.
    pub fn take_over(kafka: &Kafka, id: &str, dead_letters: &str, smallest: u64) -> Result<Self> {
        let what = || format!("could not start the producer \"{id}\"");
        let producer: BaseProducer<Deliveries> = client(kafka)
            .set("transactional.id", id)
            .set("transaction.timeout.ms", TIMEOUT.as_millis().to_string())
            .set("message.timeout.ms", TIMEOUT.as_millis().to_string())
            .set("enable.idempotence", "true")
            .set("linger.ms", "5")
            .set("queue.buffering.max.kbytes", "65536")
            .set("batch.size", smallest.clamp(1, 1_000_000).to_string())
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
        Ok(Self { producer, id: id.to_owned(), dead_letters: dead_letters.to_owned() })
    }

    /// Writes `returns` in their order and marks their letters as requeued at `at`: all of it or
    /// nothing.
    ///
    /// # Errors
    /// [`Kind::Conflict`] if another requeue took over, [`Kind::Stopped`] once `stop` says so; then
    /// and after every other failure but an unknown outcome nothing was written.
    pub fn write(
        &self,
        returns: &[Return],
        at: EventTime,
        fault: &Fault,
        stop: &dyn Fn() -> bool,
    ) -> Result<()> {
        let opened = Instant::now();
        self.producer.begin_transaction().map_err(|e| self.trouble(e, "begin", opened))?;
        let written = self.fill(returns, at, opened, fault, stop);
        if let Err(error) = written {
            self.abort();
            return Err(error);
        }
        fault.hit("requeue-before-commit");
        self.commit(opened)?;
        fault.hit("requeue-after-commit");
        Ok(())
    }

    /// Where it cannot be aborted, the next requeue or its timeout does it.
    fn abort(&self) {
        self.producer.purge(PurgeConfig::default().queue().inflight());
        if let Err(error) = self.producer.abort_transaction(CALL) {
            tracing::info!(%error, id = self.id, "the transaction is left to its timeout");
        }
    }

    fn fill(
        &self,
        returns: &[Return],
        at: EventTime,
        opened: Instant,
        fault: &Fault,
        stop: &dyn Fn() -> bool,
    ) -> Result<()> {
        for each in returns {
            self.send(record(each), opened, stop)?;
            for letter in &each.letters {
                let key = letter.to_string();
                self.send(self.marker(*letter, &key, at), opened, stop)?;
            }
            fault.hit("requeue-after-write");
        }
        while self.producer.in_flight_count() > 0 {
            self.wait(opened, stop)?;
        }
        match self.producer.context().failed() {
            None => Ok(()),
            Some(error) => Err(self.trouble(error, "write in", opened)),
        }
    }

    fn marker<'a>(
        &'a self,
        letter: Position,
        key: &'a str,
        at: EventTime,
    ) -> BaseRecord<'a, [u8], [u8]> {
        let at = at.to_string();
        let headers = OwnedHeaders::new_with_capacity(2)
            .insert(Header { key: REQUEUED, value: Some(key) })
            .insert(Header { key: REQUEUED_AT, value: Some(&at) });
        // Beside its letter, so that retention takes the letter first.
        BaseRecord::to(&self.dead_letters)
            .partition(letter.partition)
            .key(key.as_bytes())
            .headers(headers)
    }

    fn send(
        &self,
        mut record: BaseRecord<'_, [u8], [u8]>,
        opened: Instant,
        stop: &dyn Fn() -> bool,
    ) -> Result<()> {
        loop {
            match self.producer.send(record) {
                Ok(()) => return Ok(()),
                Err((KafkaError::MessageProduction(Code::QueueFull), back)) => {
                    self.wait(opened, stop)?;
                    record = back;
                }
                Err((error, _)) => return Err(self.trouble(error, "write in", opened)),
            }
        }
    }

    fn wait(&self, opened: Instant, stop: &dyn Fn() -> bool) -> Result<()> {
        if stop() {
            return Err(BackendError::new(Kind::Stopped, "interrupted; nothing was requeued"));
        }
        if opened.elapsed() > TIMEOUT {
            return Err(self.timed_out("write in"));
        }
        self.producer.poll(Duration::from_millis(10));
        Ok(())
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
                            .because("the outcome is not known: either all was requeued or nothing")
                            .hint(LOOK));
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
            .because(format!("older than {} s; nothing was requeued", TIMEOUT.as_secs()))
            .hint("Requeue fewer letters at once: filter by --topic, --partition or --until.")
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
                .hint("Another requeue of this application took over; nothing was requeued here.")
                .hint(LOOK);
        }
        fault.hint(format!("Nothing was requeued. {LOOK}"))
    }
}

fn record(each: &Return) -> BaseRecord<'_, [u8], [u8]> {
    let mut headers = OwnedHeaders::new_with_capacity(each.headers.len() + 1);
    for (key, value) in &each.headers {
        headers = headers.insert(Header { key, value: value.as_ref() });
    }
    if let Some(first) = each.letters.first() {
        headers = headers.insert(Header { key: REQUEUED_FROM, value: Some(&first.to_string()) });
    }
    let mut record: BaseRecord<'_, [u8], [u8]> =
        BaseRecord::to(&each.origin.topic).partition(each.origin.partition).headers(headers);
    record.key = each.key.as_deref();
    record.payload = each.value.as_deref();
    record
}
