//! Steps the tasks of one partition one record at a time. The same driver runs in production, in
//! `streams test` and in the tests.
//!
//! A partition has one task a stage; what a stage hands to a later one goes through a repartition
//! topic, so that it may come to another partition (`pipeline` is that topic in memory).

use std::sync::Arc;

use crate::domain::EventTime;
use crate::streams::checkpoint::{Checkpoint, Counts};
use crate::streams::output::Outputs;
use crate::streams::record::SourceRecord;
use crate::streams::stage::StageDriver;
use crate::streams::store::Memory;
use crate::streams::topology::{Description, Outcome, Topology};

/// What the driver needs beside the topology.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// How far ahead of the clock an event time may be, in microseconds.
    pub max_skew: i64,
    /// After how many microseconds of wall-clock silence a source counts as idle; 0: never.
    pub idle_after: i64,
}

/// Which partition a driver works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// The partition.
    pub partition: i32,
    /// How many there are, of every topic of the topology.
    pub partitions: u32,
}

/// One partition of a topology.
pub struct Driver {
    description: Arc<Description>,
    stages: Vec<StageDriver>,
}

impl Driver {
    /// A driver with empty stores that goes on from `checkpoints`, one a source; where one is
    /// absent the source starts afresh.
    #[must_use]
    pub fn new(
        topology: &dyn Topology,
        limits: Limits,
        place: Place,
        checkpoints: &[Checkpoint],
    ) -> Self {
        let description = Arc::new(topology.describe().clone());
        let stages = (0..description.stages.len())
            .map(|number| {
                StageDriver::new(topology, &description, number, limits, place, checkpoints)
            })
            .collect();
        Self { description, stages }
    }

    /// See [`crate::streams::topology::Task::keep_within`].
    pub fn keep_within(&mut self, memory: &Arc<Memory>) {
        self.stages.iter_mut().for_each(|stage| stage.keep_within(memory));
    }

    /// See [`crate::streams::topology::Task::make_room`].
    pub fn make_room(&mut self) {
        self.stages.iter_mut().for_each(StageDriver::make_room);
    }

    /// What the records from outside came to, and how many outputs all stages wrote.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        self.stages.iter().for_each(|stage| sum.add(stage.counts()));
        sum
    }

    /// What became, in this life, of the records that earlier stages handed to this one.
    #[must_use]
    pub fn between(&self, stage: usize) -> &Counts {
        self.stages[stage].between()
    }

    /// How far a stage has come: the largest event time seen (the least of its sources), or the
    /// least watermark.
    #[must_use]
    pub fn stream_time(&self, stage: usize) -> Option<EventTime> {
        self.stages[stage].stream_time()
    }

    /// The largest event time seen from a source.
    #[must_use]
    pub fn source_time(&self, source: usize) -> Option<EventTime> {
        self.stages[self.description.sources[source].stage].source_time(source)
    }

    /// How many keys the stores hold.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.stages.iter().map(StageDriver::keys).sum()
    }

    /// What to commit with the offset of a source.
    #[must_use]
    pub fn checkpoint(&self, source: usize, writer: &str) -> Checkpoint {
        let stage = self.description.sources[source].stage;
        self.stages[stage].checkpoint(source, writer)
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
        self.of(record.source).step(record, now, out)
    }

    /// Passes over `count` records of a source that were deleted before they were read.
    pub fn skip(&mut self, source: usize, count: u64) {
        self.of(source).skip(count);
    }

    /// Sets a record aside without processing it: it stopped the task before.
    pub fn park(&mut self, record: &SourceRecord<'_>, detail: &str, out: &mut Outputs) {
        self.of(record.source).park(record, detail, out);
    }

    fn of(&mut self, source: usize) -> &mut StageDriver {
        &mut self.stages[self.description.sources[source].stage]
    }

    /// Tells the tasks how far stream time has come, and later stages too; called before a
    /// commit.
    pub fn advance(&mut self, out: &mut Outputs) {
        self.stages.iter_mut().for_each(|stage| stage.advance(out));
    }

    /// Tells the driver that the sources were read to their end at wall-clock time `now` and
    /// nothing came. After `idle_after` of silence the clock moves stream time on, so that windows
    /// close on a quiet topic. Returns whether it did.
    ///
    /// The move is part of the checkpoint: a restart repeats it, and what comes afterwards is
    /// late as it would have been.
    pub fn at_end(&mut self, now: EventTime, out: &mut Outputs) -> bool {
        // Every stage is told, also after the first that moved.
        self.stages.iter_mut().fold(false, |moved, stage| stage.at_end(now, out) | moved)
    }

    /// The event time with which the last record of a source of events was let in; `None` if it
    /// was not.
    #[must_use]
    pub fn admitted(&self, source: usize) -> Option<EventTime> {
        self.stages[self.description.sources[source].stage].admitted(source)
    }

    /// Tells that the next record of a source comes from a partition of then that had `reached`
    /// this time: by it the record is late or not. For a rebuild.
    pub fn comes_from(&mut self, source: usize, reached: Option<EventTime>) {
        self.stages[self.description.sources[source].stage].comes_from(source, reached);
    }

    /// Keeps time from passing `ceilings`, one a source, whatever comes. `None` holds nothing at a
    /// source of events, where nothing was ever let in; behind a repartition topic it keeps time
    /// unknown. For a rebuild: nothing is closed that was not told before.
    pub fn hold_time_at(&mut self, ceilings: &[Option<EventTime>]) {
        self.stages.iter_mut().for_each(|stage| stage.hold_time_at(ceilings));
    }

    /// Moves a stage's time to where it is held, and closes what that closes.
    pub fn reach(&mut self, stage: usize, out: &mut Outputs) {
        self.stages[stage].reach(out);
    }

    /// Closes everything of a stage at the end of its input. The end of a later stage's input is
    /// only known when earlier ones have drained in every partition.
    pub fn drain(&mut self, stage: usize, out: &mut Outputs) {
        self.stages[stage].drain(out);
    }

    /// See [`crate::streams::topology::Task::take_changes`].
    pub fn take_changes(&mut self, write: &mut dyn FnMut(usize, &[u8], Option<&[u8]>)) {
        self.stages.iter_mut().for_each(|stage| stage.take_changes(write));
    }

    /// See [`crate::streams::topology::Task::restore`].
    ///
    /// # Errors
    /// What is wrong with the changelog's record.
    pub fn restore(
        &mut self,
        store: usize,
        key: &[u8],
        value: Option<&[u8]>,
    ) -> Result<(), String> {
        let stage = self.description.stores[store].stage;
        self.stages[stage].restore(store, key, value)
    }
}
