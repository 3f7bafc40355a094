//! Steps one stage's task in one partition, and counts what each record came to.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;

use crate::domain::{EventTime, Reason, Reject};
use crate::streams::aside;
use crate::streams::checkpoint::{Checkpoint, Counts};
use crate::streams::driver::{Limits, Place};
use crate::streams::output::Outputs;
use crate::streams::record::SourceRecord;
use crate::streams::store::{Memory, StateLost};
use crate::streams::time::{FutureGuard, Grace, IdleClock, StreamTime};
use crate::streams::topology::{Description, Gate, Outcome, Role, Task, Topology, WATERMARKS};
use crate::streams::watermark::{Upstreams, Watermark, split_time};

/// How far stream time moves before later stages are told: a second.
const MARK_EVERY: i64 = 1_000_000;
/// A ceiling that holds nothing.
const FREE: EventTime = EventTime::from_micros(i64::MAX);
/// A ceiling below which no time is.
const NEVER: EventTime = EventTime::from_micros(i64::MIN);

/// The time of one source of events. Each has its own, so that a source that is read faster than
/// another does not make that one's records late.
struct Clock {
    source: usize,
    time: StreamTime,
    idle: Option<IdleClock>,
    /// Time does not pass it.
    ceiling: EventTime,
    /// In a rebuild: what the next record's own partition has reached.
    own: Option<StreamTime>,
    /// What the last record was let in with.
    admitted: Option<EventTime>,
}

/// One stage in one partition.
pub(super) struct StageDriver {
    number: usize,
    place: Place,
    description: Arc<Description>,
    task: Box<dyn Task>,
    guard: FutureGuard,
    /// Of the sources of events; empty behind a repartition topic.
    clocks: Vec<Clock>,
    /// Behind a repartition topic: the least watermark.
    least: StreamTime,
    /// Behind a repartition topic: time does not pass it.
    ceiling: EventTime,
    /// What the records from outside came to, and all outputs.
    counts: Counts,
    /// What the records of earlier stages came to, in this life; they were counted when they came
    /// from outside.
    between: Counts,
    idle_after: i64,
    advanced_to: Option<EventTime>,
    closed: bool,
    /// The repartition topics by which later stages are told its time, by position among the
    /// sinks.
    marks: Vec<usize>,
    /// It writes records that stay inside the topology.
    inside: bool,
    /// The stream time that later stages were told.
    marked: Option<EventTime>,
    /// Behind a repartition topic: how far the upstream partitions are.
    upstreams: Option<Upstreams>,
}

impl StageDriver {
    pub fn new(
        topology: &dyn Topology,
        description: &Arc<Description>,
        number: usize,
        limits: Limits,
        place: Place,
        checkpoints: &[Checkpoint],
    ) -> Self {
        let limit = description.stages[number].lateness_limit;
        let lateness = Grace::from_micros(limit.unwrap_or(i64::MAX));
        let first = description.first_source(number).and_then(|at| checkpoints.get(at));
        let at = |source: usize| {
            let time = checkpoints.get(source).and_then(|c| c.stream_time);
            time.map_or_else(StreamTime::new, StreamTime::at)
        };
        let of = |role| description.sources_of(number, role);
        let behind = of(Role::Repartition).count();
        let clocks = of(Role::Events)
            .filter(|_| behind == 0)
            .map(|source| Clock {
                source,
                time: at(source),
                idle: None,
                ceiling: FREE,
                own: None,
                admitted: None,
            })
            .collect();
        let mut stage = Self {
            number,
            place,
            task: topology.task(number, place),
            guard: FutureGuard::new(limits.max_skew, lateness),
            clocks,
            least: of(Role::Repartition).next().map_or_else(StreamTime::new, at),
            ceiling: FREE,
            counts: first.map_or_else(Counts::default, |c| c.counts),
            between: Counts::default(),
            idle_after: limits.idle_after,
            advanced_to: None,
            closed: first.is_some_and(|c| c.closed),
            marks: description.marks(number).collect(),
            inside: description.sinks.iter().any(|s| s.kind.is_inside()),
            marked: None,
            upstreams: description
                .keeps_watermarks(number)
                .then(|| Upstreams::new(behind, place.partitions)),
            description: Arc::clone(description),
        };
        if let Some(time) = stage.stream_time() {
            stage.task.resume(time);
        }
        stage
    }

    pub fn keep_within(&mut self, memory: &Arc<Memory>) {
        self.task.keep_within(memory);
    }

    pub fn make_room(&mut self) {
        self.task.make_room();
    }

    pub const fn counts(&self) -> &Counts {
        &self.counts
    }

    pub const fn between(&self) -> &Counts {
        &self.between
    }

    /// How far the stage has come: the least of its sources of events, or the least watermark.
    pub fn stream_time(&self) -> Option<EventTime> {
        if self.upstreams.is_some() {
            return self.least.get();
        }
        self.clocks.iter().map(|clock| clock.time.get()).min().flatten()
    }

    /// The time of one source.
    pub fn source_time(&self, source: usize) -> Option<EventTime> {
        match self.clock(source) {
            Some(at) => self.clocks[at].time.get(),
            None => self.least.get(),
        }
    }

    fn clock(&self, source: usize) -> Option<usize> {
        self.clocks.iter().position(|clock| clock.source == source)
    }

    pub fn keys(&self) -> usize {
        self.task.keys()
    }

    pub fn checkpoint(&self, source: usize, writer: &str) -> Checkpoint {
        let (stream_time, writer) = (self.source_time(source), writer.to_owned());
        if self.description.first_source(self.number) == Some(source) {
            let (counts, closed) = (self.counts, self.closed);
            Checkpoint { stream_time, counts, writer, closed, rebuilding: None }
        } else {
            Checkpoint { stream_time, writer, ..Checkpoint::default() }
        }
    }

    pub fn step(
        &mut self,
        record: &SourceRecord<'_>,
        now: EventTime,
        out: &mut Outputs,
    ) -> Result<Outcome, String> {
        let before = out.len();
        let role = self.description.sources[record.source].role;
        if let Some(at) = self.clock(record.source) {
            self.closed = false;
            if let Some(idle) = &mut self.clocks[at].idle {
                idle.heard(now);
            }
        }
        let outcome = match (role, record.key, record.value) {
            (Role::Repartition, None, Some(mark)) => {
                if let Err(fault) = self.hear(record.source, mark, out)? {
                    self.account(record, &broken(&fault), out);
                }
                self.count_outputs(before, out);
                return Ok(Outcome::Processed);
            }
            (Role::Repartition, _, value) => match split_time(value.unwrap_or_default()) {
                Ok((time, value)) => {
                    self.closed = false;
                    let inner =
                        SourceRecord { timestamp: Some(time), value: Some(value), ..*record };
                    self.process(&inner, now, out)?
                }
                Err(fault) => broken(&fault),
            },
            _ => self.process(record, now, out)?,
        };
        self.account(record, &outcome, out);
        self.count_outputs(before, out);
        Ok(outcome)
    }

    fn process(
        &mut self,
        record: &SourceRecord<'_>,
        now: EventTime,
        out: &mut Outputs,
    ) -> Result<Outcome, String> {
        let clock = self.clock(record.source);
        // A row of a table finds the time of the stage, and moves none.
        let time = match clock {
            Some(at) => self.clocks[at].time,
            None => self.stream_time().map_or_else(StreamTime::new, StreamTime::at),
        };
        let mut gate = Gate::new(time, now, self.guard);
        if let Some(Clock { ceiling, own: Some(own), .. }) = clock.map(|at| &self.clocks[at]) {
            gate = gate.held_at(*ceiling, *own);
        }
        let task = &mut self.task;
        let outcome = guarded(|| task.process(record, &mut gate, out))?;
        if let Some(at) = clock {
            self.clocks[at].time = gate.stream_time;
            self.clocks[at].admitted = gate.admitted();
        }
        Ok(outcome)
    }

    /// Takes an upstream partition's watermark: the outer failure is the task's panic.
    fn hear(
        &mut self,
        source: usize,
        mark: &[u8],
        out: &mut Outputs,
    ) -> Result<Result<(), String>, String> {
        let own = self.description.sources_of(self.number, Role::Repartition);
        let slot = own.take_while(|at| *at < source).count();
        let Some(upstreams) = &mut self.upstreams else { return Ok(Ok(())) };
        let noted = Watermark::decode(mark).and_then(|mark| upstreams.note(slot, mark));
        if noted.is_err() {
            return Ok(noted);
        }
        if let Some(least) = upstreams.least().map(|least| least.min(self.ceiling))
            && least > NEVER
            && self.least.advance(least)
        {
            let task = &mut self.task;
            guarded(|| task.advance(least, out))?;
        }
        Ok(Ok(()))
    }

    /// See [`super::driver::Driver::comes_from`].
    pub fn comes_from(&mut self, source: usize, reached: Option<EventTime>) {
        if let Some(at) = self.clock(source) {
            self.clocks[at].own = Some(reached.map_or_else(StreamTime::new, StreamTime::at));
        }
    }

    /// See [`super::driver::Driver::admitted`].
    pub fn admitted(&self, source: usize) -> Option<EventTime> {
        self.clock(source).and_then(|at| self.clocks[at].admitted)
    }

    /// See [`super::driver::Driver::hold_time_at`].
    pub fn hold_time_at(&mut self, ceilings: &[Option<EventTime>]) {
        let at = |source: usize| ceilings.get(source).copied().flatten();
        for clock in &mut self.clocks {
            clock.ceiling = at(clock.source).unwrap_or(FREE);
        }
        if let Some(source) = self.description.sources_of(self.number, Role::Repartition).next() {
            self.ceiling = at(source).unwrap_or(NEVER);
        }
    }

    /// See [`super::driver::Driver::reach`].
    pub fn reach(&mut self, out: &mut Outputs) {
        for clock in &mut self.clocks {
            if clock.ceiling < FREE {
                clock.time.advance(clock.ceiling);
            }
        }
        let held = NEVER < self.ceiling && self.ceiling < FREE;
        if held && self.least.advance(self.ceiling) {
            let before = out.len();
            self.task.advance(self.ceiling, out);
            self.count_outputs(before, out);
        }
        self.advance(out);
    }

    pub const fn skip(&mut self, count: u64) {
        self.counts.skipped += count;
    }

    pub fn park(&mut self, record: &SourceRecord<'_>, detail: &str, out: &mut Outputs) {
        self.closed = false;
        let before = out.len();
        let outcome = Outcome::Rejected(Reject::new(Reason::Panicked, "", detail));
        self.account(record, &outcome, out);
        self.count_outputs(before, out);
    }

    fn account(&mut self, record: &SourceRecord<'_>, outcome: &Outcome, out: &mut Outputs) {
        let role = self.description.sources[record.source].role;
        let counts = if role == Role::Repartition { &mut self.between } else { &mut self.counts };
        match outcome {
            Outcome::Processed => counts.processed += 1,
            Outcome::Duplicate => counts.duplicate += 1,
            Outcome::Late(late) => {
                counts.late += 1;
                let time = self.source_time(record.source);
                aside::late(&self.description, record, late, time, out);
            }
            Outcome::Rejected(reject) => {
                counts.rejected += 1;
                self.dead_letter(record, reject, out);
            }
            Outcome::Future(reject) => {
                counts.future += 1;
                self.dead_letter(record, reject, out);
            }
        }
    }

    fn dead_letter(&self, record: &SourceRecord<'_>, reject: &Reject, out: &mut Outputs) {
        let time = self.source_time(record.source);
        aside::dead_letter(&self.description, record, reject, time, out);
    }

    /// Counts what was written since `before`; what stays inside the topology is no output.
    fn count_outputs(&mut self, before: usize, out: &Outputs) {
        let written = out.len() - before;
        let inside = if self.inside {
            let sinks = &self.description.sinks;
            out.iter().skip(before).filter(|r| sinks[r.sink].kind.is_inside()).count()
        } else {
            0
        };
        self.counts.outputs += (written - inside) as u64;
    }

    pub fn advance(&mut self, out: &mut Outputs) {
        let Some(time) = self.stream_time() else { return };
        if self.upstreams.is_none() && self.advanced_to.is_none_or(|a| time > a) {
            let before = out.len();
            self.advanced_to = Some(time);
            self.task.advance(time, out);
            self.count_outputs(before, out);
        }
        if self.marked.is_none_or(|marked| time.micros_since(marked) >= MARK_EVERY) {
            self.mark(time, out);
        }
    }

    /// Tells every partition of later stages how far this one is.
    fn mark(&mut self, time: EventTime, out: &mut Outputs) {
        self.marked = Some(time);
        let partition = u32::try_from(self.place.partition).unwrap_or_default();
        let bytes = Watermark { partition, time }.encode();
        for sink in &self.marks {
            for to in 0..self.place.partitions {
                out.mark(*sink, i32::try_from(to).unwrap_or(i32::MAX), time, &bytes);
            }
        }
    }

    /// See [`super::driver::Driver::at_end`].
    pub fn at_end(&mut self, now: EventTime, out: &mut Outputs) -> bool {
        if self.upstreams.is_some() {
            return false;
        }
        let (hands_on, alone) = (!self.marks.is_empty(), self.clocks.len() == 1);
        let waits = self.task.waits_for_time();
        let mut moved = false;
        for clock in &mut self.clocks {
            let idle = clock.idle.get_or_insert_with(|| IdleClock::new(self.idle_after, now));
            idle.at_end(true, now);
            let Some(claim) = idle.claim(now) else { continue };
            let due = if hands_on || (waits && !alone) {
                // Later stages or other sources wait for it, also where nothing ever came; they
                // need not know at once.
                let step = MARK_EVERY.max(self.idle_after / 10);
                clock.time.get().is_none_or(|time| claim.micros_since(time) >= step)
            } else {
                // A topic that never had a record has nothing to close.
                waits && clock.time.get().is_some()
            };
            moved |= due && clock.time.advance(claim);
        }
        if moved {
            self.advance(out);
        }
        moved
    }

    /// Closes everything at the end of the input. What was closed and heard nothing since stays as
    /// it is: time does not move on because somebody drains again.
    pub fn drain(&mut self, out: &mut Outputs) {
        if !self.closed {
            // No source holds the others back any more, so that the end is the same whether the
            // task has seen all of its input or went on from a commit.
            if let Some(last) = self.clocks.iter().filter_map(|clock| clock.time.get()).max() {
                self.move_clocks(last);
                self.advance(out);
            }
            let before = out.len();
            if let Some(time) = self.task.drain(out) {
                self.least.advance(time);
                self.move_clocks(time);
            }
            self.closed = true;
            self.count_outputs(before, out);
        }
        if let Some(time) = self.stream_time() {
            self.mark(time, out);
        }
    }

    fn move_clocks(&mut self, time: EventTime) {
        for clock in &mut self.clocks {
            clock.time.advance(time);
        }
    }

    pub fn take_changes(&mut self, write: &mut dyn FnMut(usize, &[u8], Option<&[u8]>)) {
        self.task.take_changes(write);
        let store = self.description.stores.iter();
        let own = store.enumerate().find(|(_, s)| s.stage == self.number && s.name == WATERMARKS);
        if let (Some(upstreams), Some((store, _))) = (&mut self.upstreams, own) {
            upstreams.take_changes(&mut |key, value| write(store, key, value));
        }
    }

    pub fn restore(
        &mut self,
        store: usize,
        key: &[u8],
        value: Option<&[u8]>,
    ) -> Result<(), String> {
        match &mut self.upstreams {
            Some(upstreams) if self.description.stores[store].name == WATERMARKS => {
                upstreams.restore(key, value)
            }
            _ => self.task.restore(store, key, value),
        }
    }
}

fn broken(fault: &str) -> Outcome {
    Outcome::Rejected(Reject::new(Reason::Foreign, "", fault))
}

/// Runs a task's code; a panic becomes its message.
fn guarded<T>(run: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(run)).map_err(|panic| {
        if panic.is::<StateLost>() {
            // No fault of the record: it must not be set aside for it.
            resume_unwind(panic);
        }
        message(&*panic)
    })
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    panic
        .downcast_ref::<&str>()
        .map(|s| (*s).to_owned())
        .or_else(|| panic.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "panicked without a message".to_owned())
}
