//! Steps a task one record at a time, counts what each record came to, and writes late records
//! and dead letters. The same driver runs in production, in `streams test` and in the tests.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use crate::domain::{EventTime, Reason, Reject};
use crate::streams::checkpoint::{Checkpoint, Counts};
use crate::streams::output::{Header, Outputs};
use crate::streams::record::SourceRecord;
use crate::streams::time::{FutureGuard, Grace, IdleClock, StreamTime};
use crate::streams::topology::{Description, Gate, Outcome, Task, Topology};

/// What the driver needs beside the topology.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How far ahead of the clock an event time may be, in microseconds.
    pub max_skew: i64,
    /// After how many microseconds of wall-clock silence a source counts as idle; 0: never.
    pub idle_after: i64,
}

/// One partition of a topology.
pub struct Driver {
    description: Arc<Description>,
    task: Box<dyn Task>,
    guard: FutureGuard,
    stream_time: StreamTime,
    counts: Counts,
    idle: Option<IdleClock>,
    idle_after: i64,
    advanced_to: Option<EventTime>,
    closed: bool,
}

impl Driver {
    /// A driver with empty stores that goes on from `checkpoint`.
    #[must_use]
    pub fn new(topology: &dyn Topology, limits: Limits, checkpoint: &Checkpoint) -> Self {
        let description = Arc::new(topology.describe().clone());
        let lateness = Grace::from_micros(description.lateness_limit.unwrap_or(i64::MAX));
        let mut task = topology.task();
        if let Some(time) = checkpoint.stream_time {
            task.resume(time);
        }
        Self {
            description,
            task,
            guard: FutureGuard::new(limits.max_skew, lateness),
            stream_time: checkpoint.stream_time.map_or_else(StreamTime::new, StreamTime::at),
            counts: checkpoint.counts,
            idle: None,
            idle_after: limits.idle_after,
            advanced_to: None,
            closed: checkpoint.closed,
        }
    }

    /// The counts so far.
    #[must_use]
    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    /// The largest event time seen.
    #[must_use]
    pub const fn stream_time(&self) -> Option<EventTime> {
        self.stream_time.get()
    }

    /// How many keys the stores hold.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.task.keys()
    }

    /// What to commit with the offset.
    #[must_use]
    pub fn checkpoint(&self, writer: &str) -> Checkpoint {
        Checkpoint {
            stream_time: self.stream_time.get(),
            counts: self.counts,
            writer: writer.to_owned(),
            closed: self.closed,
        }
    }

    /// Takes one record at wall-clock time `now`. Its outputs are added to `out`.
    ///
    /// A task that panics leaves its state in doubt: the caller must go back to the last commit.
    ///
    /// # Errors
    /// The panic's message.
    pub fn step(
        &mut self,
        record: &SourceRecord<'_>,
        now: EventTime,
        out: &mut Outputs,
    ) -> Result<Outcome, String> {
        let before = out.len();
        self.closed = false;
        if let Some(idle) = &mut self.idle {
            idle.heard(now);
        }
        let mut gate = Gate::new(self.stream_time, now, self.guard);
        let task = &mut self.task;
        let outcome = catch_unwind(AssertUnwindSafe(|| task.process(record, &mut gate, out)))
            .map_err(|panic| message(&*panic))?;
        self.stream_time = gate.stream_time;
        self.account(record, &outcome, out);
        self.counts.outputs += (out.len() - before) as u64;
        Ok(outcome)
    }

    /// Passes over `count` records that were deleted before they were read.
    pub const fn skip(&mut self, count: u64) {
        self.counts.skipped += count;
    }

    /// Sets a record aside without processing it: it stopped the task before.
    pub fn park(&mut self, record: &SourceRecord<'_>, detail: &str, out: &mut Outputs) {
        self.closed = false;
        let before = out.len();
        let outcome = Outcome::Rejected(Reject::new(Reason::Panicked, "", detail));
        self.account(record, &outcome, out);
        self.counts.outputs += (out.len() - before) as u64;
    }

    fn account(&mut self, record: &SourceRecord<'_>, outcome: &Outcome, out: &mut Outputs) {
        match outcome {
            Outcome::Processed => self.counts.processed += 1,
            Outcome::Duplicate => self.counts.duplicate += 1,
            Outcome::Late(late) => {
                self.counts.late += 1;
                let mut headers = self.origin(record);
                let millis = late.micros / 1000;
                headers.push(("bss_lateness_ms", millis.to_string().into_bytes()));
                if let Some((kind, span)) = late.window {
                    let window = format!("{kind} {}/{}", span.start, span.end);
                    headers.push(("bss_window", window.into_bytes()));
                }
                if let Some(time) = self.stream_time.get() {
                    headers.push(("bss_stream_time", time.to_string().into_bytes()));
                }
                self.carry(self.description.late_sink(), record, headers, out);
            }
            Outcome::Rejected(reject) => {
                self.counts.rejected += 1;
                self.dead_letter(record, reject, out);
            }
            Outcome::Future(reject) => {
                self.counts.future += 1;
                self.dead_letter(record, reject, out);
            }
        }
    }

    fn dead_letter(&self, record: &SourceRecord<'_>, reject: &Reject, out: &mut Outputs) {
        let mut headers = self.origin(record);
        headers.push(("bss_reason", reject.reason.code().into()));
        headers.push(("bss_field", reject.field.into()));
        headers.push(("bss_detail", reject.detail.clone().into_bytes()));
        self.carry(self.description.dead_letter_sink(), record, headers, out);
    }

    fn origin(&self, record: &SourceRecord<'_>) -> Vec<Header> {
        let topic = &self.description.sources[record.source].topic;
        let mut headers: Vec<Header> = vec![
            ("bss_topology", self.description.name.into()),
            ("bss_topic", topic.clone().into_bytes()),
            ("bss_partition", record.partition.to_string().into_bytes()),
            ("bss_offset", record.offset.to_string().into_bytes()),
        ];
        if record.value.is_none() {
            headers.push(("bss_tombstone", b"true".to_vec()));
        }
        headers
    }

    fn carry(
        &self,
        sink: usize,
        record: &SourceRecord<'_>,
        headers: Vec<Header>,
        out: &mut Outputs,
    ) {
        let time = record.timestamp.or(self.stream_time.get()).unwrap_or_default();
        out.carry(sink, time, record.key, record.value, headers);
    }

    /// Tells the task how far stream time has come; called before a commit.
    pub fn advance(&mut self, out: &mut Outputs) {
        let Some(time) = self.stream_time.get().filter(|t| self.advanced_to.is_none_or(|a| *t > a))
        else {
            return;
        };
        let before = out.len();
        self.advanced_to = Some(time);
        self.task.advance(time, out);
        self.counts.outputs += (out.len() - before) as u64;
    }

    /// Tells the driver that the source was read to its end at wall-clock time `now` and nothing
    /// came. After `idle_after` of silence the clock moves stream time on, so that windows close
    /// on a quiet topic. Returns whether it did.
    ///
    /// The move is part of the checkpoint: a restart repeats it, and what comes afterwards is
    /// late as it would have been.
    pub fn at_end(&mut self, now: EventTime, out: &mut Outputs) -> bool {
        let idle = self.idle.get_or_insert_with(|| IdleClock::new(self.idle_after, now));
        idle.at_end(true, now);
        let Some(claim) = idle.claim(now) else { return false };
        // A topic that never had a record has nothing to close.
        if !self.task.waits_for_time() || self.stream_time.get().is_none() {
            return false;
        }
        if !self.stream_time.advance(claim) {
            return false;
        }
        self.advance(out);
        true
    }

    /// Closes everything at the end of the input.
    pub fn drain(&mut self, out: &mut Outputs) {
        let before = out.len();
        if let Some(time) = self.task.drain(out) {
            self.stream_time.advance(time);
        }
        self.closed = true;
        self.counts.outputs += (out.len() - before) as u64;
    }

    /// See [`Task::take_changes`].
    pub fn take_changes(&mut self, write: &mut dyn FnMut(usize, &[u8], Option<&[u8]>)) {
        self.task.take_changes(write);
    }

    /// See [`Task::restore`].
    ///
    /// # Errors
    /// What is wrong with the changelog's record.
    pub fn restore(
        &mut self,
        store: usize,
        key: &[u8],
        value: Option<&[u8]>,
    ) -> Result<(), String> {
        self.task.restore(store, key, value)
    }
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panicked without a message".to_owned())
}
