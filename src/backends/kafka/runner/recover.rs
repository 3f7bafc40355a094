//! What a worker does after a failure: back to its last commit, with a new producer if the old one is
//! of no use any more.

use std::time::{Duration, Instant};

use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode as Code;

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::runner::transaction::{Transaction, Trouble};
use crate::backends::kafka::runner::worker::Worker;
use crate::backends::kafka::{classify, reading};

/// How often in a row a worker goes back to the same commit before it gives up.
const MAX_RETURNS: u32 = 10;

impl Worker {
    /// Goes back to the last commit after a failure that allows it.
    pub(super) fn recover(&mut self, trouble: Trouble) -> Result<()> {
        let started = Instant::now();
        tracing::warn!(?trouble, worker = self.index, "the transaction did not commit");
        self.goes_back(&trouble);
        let error = match trouble {
            Trouble::Fatal(error) => return Err(error),
            Trouble::Stale(_) => {
                // The next assignment comes through the member; nothing of this one counts.
                drop(reading::unassign(&self.source));
                self.lanes.forget();
                self.member = None;
                self.partitions.clear();
                return match self.transaction.abort() {
                    Ok(()) => Ok(()),
                    Err(_) => self.renew(),
                };
            }
            Trouble::Abort(error) => {
                if self.transaction.abort().is_err() {
                    self.renew()?;
                }
                error
            }
            Trouble::Fenced(error) => {
                self.renew()?;
                error
            }
        };
        // A record that was found to stop the task is set aside next time: that is progress.
        self.returns = if self.poison.len() > self.parked { 0 } else { self.returns + 1 };
        self.parked = self.poison.len();
        if error.kind == Kind::Local || self.returns > MAX_RETURNS {
            return Err(error);
        }
        self.handle.note(format!("worker {} goes back to its last commit: {error}.", self.index));
        let Some(member) = self.member.clone() else { return Ok(()) };
        let partitions: Vec<i32> = self.partitions.keys().copied().collect();
        // The servers may need a moment; the last failure is the one that is reported.
        let deadline = self.options.streams.transaction_timeout * 6;
        loop {
            self.partitions.clear();
            match self.take(partitions.clone(), member.clone()) {
                Ok(()) => return Ok(()),
                Err(Trouble::Abort(e)) if e.transient && started.elapsed() < deadline => {
                    tracing::info!(error = %e, worker = self.index, "going back again");
                    std::thread::park_timeout(Duration::from_millis(200));
                }
                Err(trouble) => return Err(trouble.into_error()),
            }
            if self.handle.stopping() {
                return Err(error);
            }
        }
    }

    /// A producer of the same id in the place of one that is of no use any more. The servers may
    /// need a moment for it.
    fn renew(&mut self) -> Result<()> {
        let id = self.transaction.id().to_owned();
        let deadline = Instant::now() + self.options.streams.transaction_timeout * 6;
        loop {
            match Transaction::start(&self.options.kafka, &self.options.streams, &id) {
                Ok(transaction) => {
                    self.transaction = transaction;
                    return Ok(());
                }
                Err(e) if e.transient && Instant::now() < deadline && !self.handle.stopping() => {
                    tracing::info!(error = %e, worker = self.index, "asking for a producer again");
                    std::thread::park_timeout(Duration::from_millis(200));
                }
                Err(error) => return Err(error),
            }
        }
    }

    pub(super) fn source_trouble(&self, error: KafkaError) -> Trouble {
        let what = format!("could not read the sources of \"{}\"", self.description.group);
        match error.rdkafka_error_code() {
            Some(Code::AutoOffsetReset | Code::OffsetOutOfRange) => Trouble::Fatal(
                BackendError::new(Kind::Missing, what)
                    .because(error)
                    .hint("Retention deleted records before they were read; `bss streams status` shows where. Go on without them with --accept-gap."),
            ),
            _ => Trouble::Abort(classify(error, what)),
        }
    }
}
