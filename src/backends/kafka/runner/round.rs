//! A worker's round: a batch of records, the ends of its input, and a commit if it is time.

use std::sync::Arc;
use std::time::Duration;

use rdkafka::consumer::BaseConsumer;
use rdkafka::error::KafkaError;
use rdkafka::message::BorrowedMessage;
use rdkafka::types::RDKafkaErrorCode as Code;

use crate::backends::error::{BackendError, Kind};
use crate::backends::kafka::intake::passing;
use crate::backends::kafka::runner::care::Level;
use crate::backends::kafka::runner::transaction::Trouble;
use crate::backends::kafka::runner::worker::{WAIT, Worker};
use crate::backends::kafka::{Quiet, classify};
use crate::domain::EventTime;
use crate::streams::topology::Description;

/// Records taken between two looks at the clock and at commands.
pub(super) const BATCH: u32 = 500;

/// The next record of the sources, if one comes within `wait`. It borrows the consumer, which is
/// shared for that: the worker changes while the record is in hand.
///
/// # Errors
/// What does not pass by itself, such as records that are gone.
pub(super) fn next<'a>(
    sources: &'a BaseConsumer<Quiet>,
    description: &Description,
    wait: Duration,
) -> std::result::Result<Option<BorrowedMessage<'a>>, Trouble> {
    match sources.poll(wait).transpose() {
        Ok(message) => Ok(message),
        // The client connects again by itself, and reads on where it was.
        Err(error) if passing(&error) => {
            let group = &description.group;
            tracing::info!(%error, group, "the sources cannot be read");
            Ok(None)
        }
        Err(error) => Err(source_trouble(description, error)),
    }
}

/// What it means that the sources cannot be read.
fn source_trouble(description: &Description, error: KafkaError) -> Trouble {
    let what = format!("could not read the sources of \"{}\"", description.group);
    match error.rdkafka_error_code() {
        Some(Code::AutoOffsetReset | Code::OffsetOutOfRange) => Trouble::Fatal(
            BackendError::new(Kind::Missing, what)
                .because(error)
                .hint("Retention deleted records before they were read; `bss streams status` shows where. Go on without them with --accept-gap."),
        ),
        _ => Trouble::Abort(classify(error, what)),
    }
}

impl Worker {
    /// One round: a batch of records, then a commit if it is time.
    pub(super) fn round(&mut self) -> std::result::Result<(), Trouble> {
        let now = self.options.clock.now();
        let taken = match self.care.level() {
            Level::Usual => self.take_batch(now)?,
            level => self.take_carefully(level, now)?,
        };
        self.behind = taken == BATCH;
        self.pressure.round(self.behind);
        self.transaction.poll();
        self.options.fault.hit("after-batch");
        // Also beside partitions that are never quiet.
        if taken == 0 || self.lanes.is_look_due() {
            self.at_end(now)?;
            self.tell_standing();
        }
        if self.staged && self.loading.is_empty() {
            self.hold_back().map_err(Trouble::Abort)?;
        }
        if !self.loading.is_empty() {
            self.load_on().map_err(Trouble::Abort)?;
        }
        if self.due() {
            self.commit()?;
        }
        Ok(())
    }

    /// Processes what waits, a batch at most; tells how many records it was.
    fn take_batch(&mut self, now: EventTime) -> std::result::Result<u32, Trouble> {
        let source = Arc::clone(&self.source);
        let mut wait = self.patience();
        let mut taken = 0;
        while taken < BATCH {
            let next = next(&source, &self.description, wait)?;
            let Some(message) = next else { break };
            wait = Duration::ZERO;
            taken += 1;
            self.process(&message, now)?;
        }
        Ok(taken)
    }

    pub(super) fn patience(&self) -> Duration {
        if !self.transaction.is_open() {
            return WAIT;
        }
        let interval = self.interval();
        interval.saturating_sub(self.last_commit.elapsed()).min(WAIT)
    }

    fn interval(&self) -> Duration {
        let streams = &self.options.streams;
        // Behind a backlog nobody waits for one output in particular, and a longer transaction
        // writes a key's state once instead of several times.
        if self.behind && self.pressure.backlog() {
            streams.backlog_interval.max(streams.commit_interval)
        } else if self.urgent && !self.behind {
            streams.urgent_interval
        } else {
            streams.commit_interval
        }
    }

    fn due(&self) -> bool {
        let streams = &self.options.streams;
        let (records, bytes) = self.transaction.size();
        let full = self.transaction.is_open()
            && (records >= streams.max_transaction_records
                || bytes >= streams.max_transaction_bytes);
        let dirty = self.partitions.values().any(|p| p.dirty);
        full || (dirty && self.last_commit.elapsed() >= self.interval())
    }
}
