//! All partitions of a topology in memory: what one stage hands on comes to the partition of its
//! key in the next, as through a repartition topic. For `streams test`, comparisons and tests.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use crate::domain::EventTime;
use crate::streams::checkpoint::Counts;
use crate::streams::driver::{Driver, Limits, Place};
use crate::streams::output::Outputs;
use crate::streams::partition;
use crate::streams::record::SourceRecord;
use crate::streams::topology::{Description, Global, SinkKind, Topology};

/// A record on its way between two stages.
struct Handed {
    source: usize,
    partition: u32,
    key: Option<Vec<u8>>,
    value: Vec<u8>,
}

/// The drivers of all partitions.
pub struct Pipeline<'a> {
    topology: &'a dyn Topology,
    description: Arc<Description>,
    globals: Vec<(usize, Global)>,
    limits: Limits,
    partitions: u32,
    drivers: BTreeMap<u32, Driver>,
    /// By source and partition: the next offset.
    offsets: BTreeMap<(usize, u32), i64>,
    between: VecDeque<Handed>,
    scratch: Outputs,
    /// Where time is held, by source; empty: nowhere.
    ceilings: Vec<Option<EventTime>>,
    /// What the last record from outside was let in with.
    admitted: Option<EventTime>,
    /// What the partition of then had reached that the next record comes from.
    reached: Option<Option<EventTime>>,
}

impl<'a> Pipeline<'a> {
    /// Empty stores in `partitions` partitions.
    #[must_use]
    pub fn new(topology: &'a dyn Topology, limits: Limits, partitions: u32) -> Self {
        let description = Arc::new(topology.describe().clone());
        let partitions = partitions.max(1);
        let sink_of =
            |global: &Global| description.sinks.iter().position(|s| s.topic == global.topic);
        let globals = topology
            .globals()
            .into_iter()
            .filter_map(|global| Some((sink_of(&global)?, global)))
            .collect();
        let mut pipeline = Self {
            topology,
            globals,
            limits,
            partitions,
            drivers: BTreeMap::new(),
            offsets: BTreeMap::new(),
            between: VecDeque::new(),
            scratch: Outputs::new(),
            ceilings: Vec::new(),
            admitted: None,
            reached: None,
            description,
        };
        if pipeline.description.stages.len() > 1 {
            // A partition that nothing comes to holds the time of later stages back too.
            for number in 0..partitions {
                pipeline.driver(number);
            }
        }
        pipeline
    }

    fn driver(&mut self, number: u32) -> &mut Driver {
        let (topology, limits, partitions) = (self.topology, self.limits, self.partitions);
        let ceilings = &self.ceilings;
        self.drivers.entry(number).or_insert_with(|| {
            let place = Place { partition: i32::try_from(number).unwrap_or(i32::MAX), partitions };
            let mut driver = Driver::new(topology, limits, place, &[]);
            if !ceilings.is_empty() {
                driver.hold_time_at(ceilings);
            }
            driver
        })
    }

    /// See [`Driver::comes_from`]; for the next [`Self::take`].
    pub const fn comes_from(&mut self, reached: Option<EventTime>) {
        self.reached = Some(reached);
    }

    /// The event time with which the last record that [`Self::take`] took was let in, if it was.
    #[must_use]
    pub const fn admitted(&self) -> Option<EventTime> {
        self.admitted
    }

    /// See [`Driver::hold_time_at`].
    pub fn hold_time_at(&mut self, ceilings: Vec<Option<EventTime>>) {
        self.drivers.values_mut().for_each(|driver| driver.hold_time_at(&ceilings));
        self.ceilings = ceilings;
    }

    /// Takes a record of a source at wall-clock time `now`; outputs for others are added to `out`.
    /// Its partition is the one given, else that of its key.
    ///
    /// # Errors
    /// The panic's message of the task that stopped.
    pub fn take(
        &mut self,
        record: &SourceRecord<'_>,
        now: EventTime,
        out: &mut Outputs,
    ) -> Result<(), String> {
        self.step(record, true, now, out)
    }

    /// Takes a record as one that was late: its own stage knows it, for instance to tell it from
    /// its redelivery, but hands nothing of it on. Where there is no later stage, windows are the
    /// task's own and a late record leaves no trace: it is passed over.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn take_late(
        &mut self,
        record: &SourceRecord<'_>,
        now: EventTime,
        out: &mut Outputs,
    ) -> Result<(), String> {
        if self.description.stages.len() == 1 {
            return Ok(());
        }
        self.step(record, false, now, out)
    }

    fn step(
        &mut self,
        record: &SourceRecord<'_>,
        hands_on: bool,
        now: EventTime,
        out: &mut Outputs,
    ) -> Result<(), String> {
        let by_key = || record.key.map_or(0, |key| partition::of_key(key, self.partitions));
        let number = u32::try_from(record.partition).unwrap_or_else(|_| by_key());
        let first = self.offset(record.source, number);
        let record = SourceRecord {
            partition: i32::try_from(number).unwrap_or(i32::MAX),
            offset: first,
            ..*record
        };
        let mut written = std::mem::take(&mut self.scratch);
        let stages = self.description.stages.len();
        let reached = self.reached.take();
        let driver = self.driver(number);
        if let Some(reached) = reached {
            driver.comes_from(record.source, reached);
        }
        let stepped = driver.step(&record, now, &mut written);
        let admitted = driver.admitted(record.source);
        if stepped.is_ok() && stages > 1 {
            driver.advance(&mut written);
        }
        self.admitted = admitted;
        self.sort(&mut written, hands_on, out);
        self.scratch = written;
        stepped?;
        self.deliver(now, out)
    }

    fn offset(&mut self, source: usize, partition: u32) -> i64 {
        let next = self.offsets.entry((source, partition)).or_default();
        *next += 1;
        *next - 1
    }

    /// Tells outputs for others from what stays inside; watermarks always go on.
    fn sort(&mut self, written: &mut Outputs, hands_on: bool, out: &mut Outputs) {
        if self.description.stages.len() == 1 && self.globals.is_empty() {
            out.append(written);
            return;
        }
        for record in written.iter() {
            let kind = self.description.sinks[record.sink].kind;
            match (kind, self.description.source_of(record.sink)) {
                (SinkKind::Repartition, Some(_)) if record.key.is_some() && !hands_on => {}
                (SinkKind::Repartition, Some(source)) => {
                    let own = record.partition.and_then(|p| u32::try_from(p).ok());
                    let by_key = || record.key.map_or(0, |k| partition::of_key(k, self.partitions));
                    self.between.push_back(Handed {
                        source,
                        partition: own.unwrap_or_else(by_key),
                        key: record.key.map(<[u8]>::to_vec),
                        value: record.value.unwrap_or_default().to_vec(),
                    });
                }
                (SinkKind::Table, _) => {
                    for (_, global) in self.globals.iter().filter(|(at, _)| *at == record.sink) {
                        // A row that a task of ours wrote is one that the table reads.
                        let applied =
                            global.table.apply(record.key.unwrap_or_default(), record.value);
                        debug_assert!(applied.is_ok(), "{applied:?}");
                    }
                    out.push_copy(&record);
                }
                _ => out.push_copy(&record),
            }
        }
        written.clear();
    }

    /// Brings what is between stages to its tasks.
    fn deliver(&mut self, now: EventTime, out: &mut Outputs) -> Result<(), String> {
        while let Some(handed) = self.between.pop_front() {
            let offset = self.offset(handed.source, handed.partition);
            let record = SourceRecord {
                source: handed.source,
                partition: i32::try_from(handed.partition).unwrap_or(i32::MAX),
                offset,
                key: handed.key.as_deref(),
                value: Some(&handed.value),
                timestamp: None,
            };
            let mut written = std::mem::take(&mut self.scratch);
            let driver = self.driver(handed.partition);
            let stepped = driver.step(&record, now, &mut written);
            if stepped.is_ok() {
                driver.advance(&mut written);
            }
            self.sort(&mut written, true, out);
            self.scratch = written;
            stepped?;
        }
        Ok(())
    }

    /// Closes everything at the end of the input, stage by stage.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn drain(&mut self, now: EventTime, out: &mut Outputs) -> Result<(), String> {
        for stage in 0..self.description.stages.len() {
            let mut written = std::mem::take(&mut self.scratch);
            for driver in self.drivers.values_mut() {
                driver.advance(&mut written);
                driver.drain(stage, &mut written);
            }
            self.sort(&mut written, true, out);
            self.scratch = written;
            self.deliver(now, out)?;
        }
        Ok(())
    }

    /// Tells all tasks how far time has come, as before a commit.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn advance(&mut self, now: EventTime, out: &mut Outputs) -> Result<(), String> {
        let mut written = std::mem::take(&mut self.scratch);
        self.drivers.values_mut().for_each(|driver| driver.advance(&mut written));
        self.sort(&mut written, true, out);
        self.scratch = written;
        self.deliver(now, out)
    }

    /// Moves the time of every partition to where it is held, stage by stage, so that exactly what
    /// closes later is open.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn settle(&mut self, now: EventTime, out: &mut Outputs) -> Result<(), String> {
        for number in 0..self.partitions {
            self.driver(number);
        }
        for stage in 0..self.description.stages.len() {
            let mut written = std::mem::take(&mut self.scratch);
            self.drivers.values_mut().for_each(|driver| driver.reach(stage, &mut written));
            self.sort(&mut written, true, out);
            self.scratch = written;
            self.deliver(now, out)?;
        }
        Ok(())
    }

    /// Hands each change of a store to `write` (partition, store, key, value; `None`: deleted),
    /// partition after partition, each of which is gone afterwards.
    pub fn into_changes(mut self, write: &mut dyn FnMut(u32, usize, &[u8], Option<&[u8]>)) {
        while let Some((number, mut driver)) = self.drivers.pop_first() {
            driver.take_changes(&mut |store, key, value| write(number, store, key, value));
        }
    }

    /// What became of the records from outside.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        self.drivers.values().for_each(|driver| sum.add(&driver.counts()));
        sum
    }

    /// What became of the records that earlier stages handed to this one.
    #[must_use]
    pub fn between(&self, stage: usize) -> Counts {
        let mut sum = Counts::default();
        self.drivers.values().for_each(|driver| sum.add(driver.between(stage)));
        sum
    }
}
