//! Feeds the records up to the committed offsets into new tasks, in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rdkafka::message::{BorrowedMessage, Message};

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::runner::merge::{Lane, merged};
use crate::backends::kafka::runner::rebuild::Facts;
use crate::config::settings::Kafka;
use crate::domain::EventTime;
use crate::streams::driver::Limits;
use crate::streams::output::Outputs;
use crate::streams::pipeline::Pipeline;
use crate::streams::rebuild::{Pace, is_placed};
use crate::streams::record::SourceRecord;
use crate::streams::topology::{Description, Role, SinkKind, Topology};

/// Records between two looks at the clock, at signals and at what became old in the stores.
const LOOK_EVERY: u64 = 1000;
/// How many records may stop the tasks before the rebuild gives up.
const MAX_POISON: usize = 100;

/// One entry of a store.
pub(super) struct Entry {
    pub partition: i32,
    pub store: usize,
    pub key: Box<[u8]>,
    pub value: Box<[u8]>,
}

/// The new state, in the form of its changelogs.
#[derive(Default)]
pub struct Made {
    pub(super) entries: Vec<Entry>,
    /// By sink and key: the last row of a table that every process reads whole.
    pub(super) rows: BTreeMap<(usize, Vec<u8>), Option<Vec<u8>>>,
    /// Records fed, by stage.
    fed: Vec<u64>,
    foreign: u64,
    /// How many records stopped a task and were left out.
    pub left_out: usize,
}

impl Made {
    /// Records fed.
    #[must_use]
    pub fn records(&self) -> u64 {
        self.fed.iter().sum()
    }

    /// Keys of all stores.
    #[must_use]
    pub const fn keys(&self) -> usize {
        self.entries.len()
    }

    /// What was found otherwise than the state had it, a sentence each.
    #[must_use]
    pub fn gaps(&self, facts: &Facts) -> Vec<String> {
        let mut gaps = Vec::new();
        if self.foreign > 0 {
            gaps.push(format!(
                "{} records lie in a partition that Kafka's murmur2 gives under no count: their producer spreads keys otherwise, and state would not lie where its events come",
                self.foreign
            ));
        }
        for (stage, fed) in self.fed.iter().enumerate() {
            if let Some(counted) = facts.rebuild.counted(stage)
                && *fed > counted
            {
                gaps.push(format!(
                    "the sources hold {fed} records, {counted} were counted: the topology began later (--from latest, or a reset to a time)"
                ));
            }
        }
        gaps
    }
}

/// What feeding needs from outside.
pub struct Feeding<'a> {
    /// Makes the topology, with empty tables.
    pub topology: &'a dyn Fn() -> Result<Arc<dyn Topology>>,
    /// The driver's limits.
    pub limits: Limits,
    /// The time of day.
    pub now: EventTime,
    /// Whether to stop.
    pub stopping: &'a dyn Fn() -> bool,
}

/// Feeds the records up to the committed offsets into new tasks. A record that stops a task is
/// left out, as a run sets it aside.
///
/// # Errors
/// As the client says; [`Kind::Stopped`] if asked to stop; [`Kind::Internal`] if too many records
/// stop the tasks.
pub fn feed(
    kafka: &Kafka,
    facts: &Facts,
    feeding: &Feeding<'_>,
    progress: &mut dyn FnMut(u64),
) -> Result<Made> {
    let mut poison = BTreeSet::new();
    loop {
        let topology = (feeding.topology)()?;
        let mut feeder = Feeder::new(&*topology, facts, feeding, &poison, progress);
        let fed = feeder.run(kafka, facts);
        if let Some((place, panic)) = feeder.panicked.take() {
            tracing::warn!(?place, panic, "a record stops the task and is left out");
            poison.insert(place);
            if poison.len() > MAX_POISON {
                return Err(BackendError::new(Kind::Internal, "too many records stop the tasks")
                    .because(panic));
            }
            continue;
        }
        fed?;
        let mut made = feeder.finish();
        made.left_out = poison.len();
        return Ok(made);
    }
}

/// Source, partition, offset.
type Place = (usize, i32, i64);

struct Feeder<'a> {
    description: &'a Description,
    pipeline: Pipeline<'a>,
    feeding: &'a Feeding<'a>,
    poison: &'a BTreeSet<Place>,
    progress: &'a mut dyn FnMut(u64),
    partitions: u32,
    pace: Pace,
    out: Outputs,
    made: Made,
    panicked: Option<(Place, String)>,
}

impl<'a> Feeder<'a> {
    fn new(
        topology: &'a dyn Topology,
        facts: &Facts,
        feeding: &'a Feeding<'a>,
        poison: &'a BTreeSet<Place>,
        progress: &'a mut dyn FnMut(u64),
    ) -> Self {
        let description = topology.describe();
        let partitions = u32::try_from(facts.partitions).unwrap_or(u32::MAX);
        let mut pipeline = Pipeline::new(topology, feeding.limits, partitions);
        let lanes = facts.lanes(description, Role::Events).into_iter().filter(|l| !l.is_empty());
        let pace = Pace::new(&facts.rebuild, lanes.map(|lane| (lane.source, lane.partition)));
        pipeline.hold_time_at(pace.now());
        let made = Made { fed: vec![0; description.stages.len()], ..Made::default() };
        Self {
            description,
            pipeline,
            feeding,
            poison,
            progress,
            partitions,
            pace,
            out: Outputs::new(),
            made,
            panicked: None,
        }
    }

    /// Tables first, then events, then time to where it stood.
    fn run(&mut self, kafka: &Kafka, facts: &Facts) -> Result<()> {
        let group = self.description.group.clone();
        for role in [Role::Table, Role::Events] {
            let lanes = facts.lanes(self.description, role);
            merged(kafka, &group, &lanes, &mut |lane, message| match message {
                Some(message) => self.take(lane, message),
                None => {
                    self.pace.ended((lane.source, lane.partition));
                    Ok(())
                }
            })?;
        }
        self.pipeline.hold_time_at(facts.rebuild.ceilings());
        let settled = self.pipeline.settle(self.feeding.now, &mut self.out);
        self.keep_rows();
        settled.map_err(|panic| stopped("the tasks at the end", panic))
    }

    fn take(&mut self, lane: &Lane, message: &BorrowedMessage<'_>) -> Result<()> {
        let place = (lane.source, lane.partition, message.offset());
        let stage = self.description.sources[lane.source].stage;
        self.made.fed[stage] += 1;
        let records = self.made.records();
        if records.is_multiple_of(LOOK_EVERY) {
            (self.progress)(records);
            if (self.feeding.stopping)() {
                return Err(BackendError::new(Kind::Stopped, "stopped while rebuilding"));
            }
        }
        if self.poison.contains(&place) {
            return Ok(());
        }
        let placed = |key| is_placed(key, lane.partition, self.partitions);
        self.made.foreign += u64::from(!message.key().is_none_or(placed));
        let timestamp = message.timestamp().to_millis().map(EventTime::from_millis);
        // What was ahead of the clock when it came is so again.
        let now = timestamp.map_or(self.feeding.now, |time| time.min(self.feeding.now));
        let record = SourceRecord {
            source: lane.source,
            partition: -1,
            offset: message.offset(),
            key: message.key(),
            value: message.payload(),
            timestamp,
        };
        self.pipeline.comes_from(self.pace.reached((lane.source, lane.partition)));
        let mut taken = self.pipeline.take(&record, now, &mut self.out);
        self.pace.admitted((lane.source, lane.partition), self.pipeline.admitted());
        if taken.is_ok() && records.is_multiple_of(LOOK_EVERY) {
            if let Some(held) = self.pace.moved() {
                self.pipeline.hold_time_at(held);
            }
            taken = self.pipeline.advance(now, &mut self.out);
        }
        self.keep_rows();
        taken.map_err(|panic| {
            self.panicked = Some((place, panic.clone()));
            stopped(&format!("the task at {place:?}"), panic)
        })
    }

    /// What was told is dropped; the topology's own tables are state.
    fn keep_rows(&mut self) {
        for record in self.out.iter() {
            if self.description.sinks[record.sink].kind == SinkKind::Table {
                let key = (record.sink, record.key.unwrap_or_default().to_vec());
                self.made.rows.insert(key, record.value.map(<[u8]>::to_vec));
            }
        }
        self.out.clear();
    }

    fn finish(self) -> Made {
        let Self { pipeline, mut made, .. } = self;
        pipeline.into_changes(&mut |partition, store, key, value| {
            // What was deleted again needs no tombstone in a new topic.
            let Some(value) = value else { return };
            let partition = i32::try_from(partition).unwrap_or(i32::MAX);
            made.entries.push(Entry { partition, store, key: key.into(), value: value.into() });
        });
        made
    }
}

fn stopped(what: &str, panic: String) -> BackendError {
    BackendError::new(Kind::Internal, format!("{what} panicked")).because(panic)
}
