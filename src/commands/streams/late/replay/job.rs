//! Reads the late records, the source and what was told; waits on Kafka, so it has a thread of its
//! own.

use std::cell::RefCell;
use std::sync::Arc;

use super::Chosen;
use crate::backends::BackendError;
use crate::backends::kafka::aside::{AsideReader, Start};
use crate::backends::kafka::replay::progress;
use crate::cli::{ExitStatus, Failure};
use crate::commands::streams::aside::interrupted;
use crate::config::settings::Kafka;
use crate::domain::{EventTime, cloud_event};
use crate::runtime::Shutdown;
use crate::streams::driver::Limits;
use crate::streams::late::Corrections;
use crate::streams::late::correction::{Plan, Recorded, plan};
use crate::streams::late::reach::{self, Progress, Sorted};
use crate::streams::late::recount::{Recount, Recounted};
use crate::streams::letters::choice::Choice;
use crate::streams::letters::shelf::{Keep, Shelf, State};
use crate::streams::letters::{AsideRecord, Entry, Position};
use crate::streams::record::SourceRecord;
use crate::streams::topology::{Description, Role, Topology};

/// What is to be done.
pub struct Job {
    pub topology: Arc<dyn Topology>,
    pub kafka: Kafka,
    pub dead_letters: String,
    pub driver: Limits,
    pub limits: reach::Limits,
    pub chosen: Chosen,
    pub now: EventTime,
    pub shutdown: Shutdown,
}

/// What was found.
pub struct Found {
    pub plan: Plan,
    pub shelf: Shelf,
    reader: AsideReader,
    progress: Progress,
}

impl Found {
    /// ` at <time>` if a late record was replayed.
    pub fn replayed_at(&self, position: Position) -> Option<String> {
        match self.shelf.state(position) {
            State::Open => None,
            State::Requeued { at } => Some(at.map_or_else(String::new, |at| format!(" at {at}"))),
        }
    }

    /// Whether somebody has replayed anything or reset the topology since.
    ///
    /// # Errors
    /// As the client says.
    pub fn has_changed(
        &mut self,
        kafka: &Kafka,
        description: &Description,
        stop: &dyn Fn() -> bool,
    ) -> Result<bool, BackendError> {
        let mut replayed = false;
        self.reader.read_on(stop, &mut |record| {
            replayed |= matches!(record.read(), Entry::Marker { .. });
        })?;
        let now = progress(kafka, description)?;
        let went_back =
            |(at, next): (&(usize, i32), &i64)| now.committed.get(at).is_none_or(|now| now < next);
        Ok(replayed || self.progress.committed.iter().any(went_back))
    }
}

impl Job {
    /// Does it.
    ///
    /// # Errors
    /// A topic that cannot be read; interrupted; a task that panics.
    pub fn run(&self) -> Result<Found, Failure> {
        let description = self.topology.describe();
        let Some(corrections) = self.topology.corrections() else {
            return Err(Failure::new(ExitStatus::Bug, "a topology without windows"));
        };
        // Before all else: every late record of what was read by then is in the late topic.
        let progress = progress(&self.kafka, description).map_err(|e| self.failed(e))?;
        let choice = Choice { topology: Some(description.name.to_owned()), ..Choice::default() };
        let mut shelf = Shelf::new(choice, Keep::Content);
        let late = &description.sinks[description.late_sink()].topic;
        let reader = self.whole(late, &Start::Beginning, &mut |mut record| {
            // The source has it.
            record.value = None;
            shelf.take(record);
            Ok(())
        })?;
        let chosen = |letter: &_| self.chosen.takes(letter);
        let mut sorted = reach::sort(description, shelf.open(), &chosen, &progress, self.limits);
        if sorted.candidates.is_empty() {
            let plan = Plan { left: sorted.left, ..Plan::default() };
            return Ok(Found { plan, shelf, reader, progress });
        }
        self.without_dead(&mut sorted)?;
        let recounted = self.recount(corrections, &sorted, &progress)?;
        let recorded = self.recorded(&recounted)?;
        let plan = plan(description, corrections, &sorted, &recounted, &recorded, &progress);
        Ok(Found { plan, shelf, reader, progress })
    }

    /// What was set aside as a dead letter stays so: a record of the future may be one of the past
    /// by now.
    fn without_dead(&self, sorted: &mut Sorted) -> Result<(), Failure> {
        let description = self.topology.describe();
        self.whole(&self.dead_letters, &Start::Beginning, &mut |record| {
            if let Entry::Letter(letter) = record.read() {
                sorted.dead.extend(reach::origin(description, &letter));
            }
            Ok(())
        })?;
        Ok(())
    }

    /// Counts the windows anew.
    fn recount(
        &self,
        corrections: &dyn Corrections,
        sorted: &Sorted,
        progress: &Progress,
    ) -> Result<Recounted, Failure> {
        let description = self.topology.describe();
        let patient = corrections.patient();
        let mut recount = Recount::new(&*patient, corrections, self.driver, sorted, progress);
        let back = corrections.lookback().max(self.limits.correct_for);
        let start = self.since(sorted.candidates.iter().map(|c| c.window.start).min(), back);
        let panicked = |text: String| {
            Failure::new(ExitStatus::Bug, "counting anew panicked").because(&Panic(text))
        };
        for (source, from) in description.sources.iter().enumerate() {
            if from.role != Role::Events || description.is_downstream(from.stage) {
                continue;
            }
            self.topic(&from.topic, &start, false, &mut |record| {
                let taken = SourceRecord {
                    source,
                    partition: record.position.partition,
                    offset: record.position.offset,
                    key: record.key.as_deref(),
                    value: record.value.as_deref(),
                    timestamp: record.time,
                };
                recount.take(&taken, self.now).map_err(panicked)
            })?;
        }
        recount.finish(self.now).map_err(panicked)
    }

    /// What was told of the windows that are affected.
    fn recorded(&self, recounted: &Recounted) -> Result<Recorded, Failure> {
        let description = self.topology.describe();
        let mut recorded = Recorded::of(recounted.affected());
        // A result is written after its window has ended.
        let start = self.since(recorded.earliest(), 0);
        for sink in recorded.sinks() {
            self.whole(&description.sinks[sink].topic, &start, &mut |record| {
                let id = record.header(cloud_event::ID).unwrap_or_default();
                if let (Some(key), Some(value)) = (&record.key, &record.value) {
                    recorded.take(sink, key, &id, value);
                }
                Ok(())
            })?;
        }
        Ok(recorded)
    }

    /// Kafka's time of a record is not before its event time, but for the allowed skew.
    fn since(&self, time: Option<EventTime>, back: i64) -> Start {
        let back = back.saturating_add(self.driver.max_skew);
        time.map_or(Start::Beginning, |time| Start::Since(time.plus_micros(-back)))
    }

    /// Reads a topic from `start` to its true end.
    fn whole(
        &self,
        topic: &str,
        start: &Start,
        each: &mut dyn FnMut(AsideRecord) -> Result<(), Failure>,
    ) -> Result<AsideReader, Failure> {
        self.topic(topic, start, true, each)
    }

    fn topic(
        &self,
        topic: &str,
        start: &Start,
        to_true_end: bool,
        each: &mut dyn FnMut(AsideRecord) -> Result<(), Failure>,
    ) -> Result<AsideReader, Failure> {
        let failed = RefCell::new(None);
        let stop = || self.shutdown.asked() || failed.borrow().is_some();
        let mut take = |record| {
            // What comes before the reader has stopped is not wanted any more.
            if failed.borrow().is_none()
                && let Err(failure) = each(record)
            {
                failed.replace(Some(failure));
            }
        };
        let read = AsideReader::open(&self.kafka, topic).and_then(|mut reader| {
            reader.read(start, &stop, &mut take)?;
            if to_true_end {
                reader.read_on(&stop, &mut take)?;
            }
            Ok(reader)
        });
        match failed.into_inner() {
            Some(failure) => Err(failure),
            None => read.map_err(|e| self.failed(e)),
        }
    }

    fn failed(&self, error: BackendError) -> Failure {
        interrupted(&self.shutdown, error)
    }
}

/// A panic's message as a cause.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Panic(String);
