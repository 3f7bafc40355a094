//! Makes a topology's state anew from its sources, for the partition count they have now.
//!
//! The order is what makes it safe to be cut off: the offsets are marked first, so that a run
//! refuses; the new state is made in memory; only then the old topics go, and the offsets without
//! a mark are written last, in one request. Doing it again completes it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rdkafka::message::{BorrowedMessage, Message};

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::admin::Admin;
use crate::backends::kafka::runner::merge::{Lane, merged};
use crate::backends::kafka::runner::preflight;
use crate::backends::kafka::runner::reset::{Before, Resetter};
use crate::backends::kafka::runner::transaction::{Outgoing, Transaction};
use crate::config::settings::{Kafka, Streams};
use crate::domain::EventTime;
use crate::runtime::Fault;
use crate::streams::changelog;
use crate::streams::driver::Limits;
use crate::streams::output::Outputs;
use crate::streams::partition;
use crate::streams::pipeline::Pipeline;
use crate::streams::rebuild::{Pace, Rebuild, is_placed};
use crate::streams::record::SourceRecord;
use crate::streams::topology::{Description, Role, SinkKind, Topology};
use crate::topics::plan::{Declared, Step};

/// Records between two looks at the clock, at signals and at what became old in the stores.
const LOOK_EVERY: u64 = 1000;
/// Records and bytes of one transaction of the new changelogs.
const BATCH: (u32, u64) = (20_000, 8 << 20);
/// How many records may stop the tasks before the rebuild gives up.
const MAX_POISON: usize = 100;

/// A source of a topology and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFacts {
    /// The source, by position in the description.
    pub source: usize,
    /// By partition: the first offset that is kept.
    pub first: Vec<i64>,
    /// Offsets that are fed anew.
    pub fed: i64,
    /// Offsets before them that retention has deleted.
    pub gone: i64,
    /// Committed records that were not read yet.
    pub unread: u64,
    /// Of these, those that lie in another partition than their key's of now.
    pub misplaced: u64,
}

/// What there is before a rebuild.
#[derive(Clone, Debug)]
pub struct Facts {
    /// Offsets, members, changelogs.
    pub before: Before,
    /// What is committed.
    pub rebuild: Rebuild,
    /// The partition count that all sources have now.
    pub partitions: i32,
    /// The sources from outside.
    pub sources: Vec<SourceFacts>,
}

impl Facts {
    /// Offsets to feed.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.sources.iter().map(|s| u64::try_from(s.fed).unwrap_or(0)).sum()
    }

    /// What the sources do not hold as the state had it, a sentence each.
    #[must_use]
    pub fn gaps(&self, description: &Description) -> Vec<String> {
        let topic = |s: &SourceFacts| description.sources[s.source].topic.clone();
        let gone = self.sources.iter().filter(|s| s.gone > 0).map(|s| {
            format!(
                "{} offsets of {} are no longer kept: what they counted is missing",
                s.gone,
                topic(s)
            )
        });
        let misplaced = self.sources.iter().filter(|s| s.misplaced > 0).map(|s| {
            format!(
                "{} of {} unread records of {} lie in the partition their key had before: they do not meet its state",
                s.misplaced, s.unread, topic(s)
            )
        });
        gone.chain(misplaced).collect()
    }

    /// What is fed: of each source the tables or the events.
    fn lanes(&self, description: &Description, role: Role) -> Vec<Lane> {
        let own = self.sources.iter().filter(|s| description.sources[s.source].role == role);
        let lanes = own.flat_map(|facts| {
            (0..).zip(&facts.first).filter_map(|(partition, first)| {
                let to = self.rebuild.committed(facts.source, partition)?;
                let topic = description.sources[facts.source].topic.clone();
                Some(Lane { source: facts.source, topic, partition, from: *first, to })
            })
        });
        lanes.collect()
    }
}

/// Looks at what a rebuild needs beside `before`.
///
/// # Errors
/// [`Kind::Conflict`] if nothing is committed, or more than there is; [`Kind::Unsupported`] if the
/// sources have different partition counts; others as the client says.
pub fn look(resetter: &Resetter, before: Before) -> Result<Facts> {
    let description = &resetter.description;
    let what = || format!("cannot rebuild \"{}\"", description.name);
    let rebuild = Rebuild::of(description, &before.offsets)
        .map_err(|e| BackendError::new(Kind::Refused, what()).because(e))?;
    if rebuild.is_empty() {
        return Err(BackendError::new(Kind::Conflict, what())
            .because(format!("group \"{}\" has committed nothing", description.group))
            .hint(format!("To begin anew: `bss streams reset {} --apply`.", description.name)));
    }
    let partitions = one_count(resetter, description)?;
    if rebuild.partitions() > partitions {
        return Err(BackendError::new(Kind::Conflict, what())
            .because(format!(
                "its state was built for {} partitions, its sources have {partitions}",
                rebuild.partitions()
            ))
            .hint(format!(
                "The topics were made anew? Then `bss streams reset {} --apply`.",
                description.name
            )));
    }
    let mut facts = Facts { before, rebuild, partitions, sources: Vec::new() };
    let mut unread = Vec::new();
    for (source, described) in description.sources.iter().enumerate() {
        if described.role == Role::Repartition {
            continue;
        }
        let (mut first, mut fed, mut gone) = (Vec::new(), 0, 0);
        for partition in 0..partitions {
            let (begin, _) = resetter.restorer.bounds(&described.topic, partition)?;
            first.push(begin);
            let Some(to) = facts.rebuild.committed(source, partition) else { continue };
            let end = resetter.restorer.stable_end(&described.topic, partition)?;
            let topic = described.topic.clone();
            if to > end {
                return Err(BackendError::new(Kind::Conflict, what())
                    .because(format!("offset {to} is committed, {topic}/{partition} ends at {end}"))
                    .hint(format!(
                        "The topic was made anew? Then `bss streams reset {} --apply`.",
                        description.name
                    )));
            }
            fed += (to - begin).max(0);
            gone += begin.min(to);
            unread.push(Lane { source, topic, partition, from: to.max(begin), to: end });
        }
        let (unread, misplaced) = (0, 0);
        facts.sources.push(SourceFacts { source, first, fed, gone, unread, misplaced });
    }
    count_unread(resetter, &mut facts, &unread)?;
    Ok(facts)
}

fn one_count(resetter: &Resetter, description: &Description) -> Result<i32> {
    let mut found: Option<(&str, usize)> = None;
    let outside = description.sources.iter().filter(|s| s.role != Role::Repartition);
    for source in outside {
        let consumer = resetter.restorer.impatient();
        let place = &resetter.kafka.bootstrap;
        let count = preflight::partition_count(consumer, place, &source.topic)?.unwrap_or(0);
        match found {
            Some((topic, other)) if other != count => {
                let what =
                    format!("cannot rebuild \"{}\": partition counts differ", description.name);
                return Err(BackendError::new(Kind::Unsupported, what)
                    .because(format!(
                        "\"{topic}\" has {other} partitions, \"{}\" has {count}",
                        source.topic
                    ))
                    .hint("Keys would not meet. Give all sources the same count first."));
            }
            _ => found = Some((&source.topic, count)),
        }
    }
    Ok(found.map_or(0, |(_, count)| i32::try_from(count).unwrap_or(i32::MAX)))
}

/// Reads what is not read yet, to see which records would not meet their key's state.
fn count_unread(resetter: &Resetter, facts: &mut Facts, lanes: &[Lane]) -> Result<()> {
    let grown = facts.rebuild.partitions() != facts.partitions;
    let count = u32::try_from(facts.partitions).unwrap_or(u32::MAX);
    let group = &resetter.description.group;
    let sources = &mut facts.sources;
    merged(&resetter.kafka, group, lanes, &mut |lane, message| {
        let own = sources.iter_mut().find(|s| s.source == lane.source);
        if let (Some(own), Some(message)) = (own, message) {
            own.unread += 1;
            let elsewhere =
                |key| i32::try_from(partition::of_key(key, count)) != Ok(lane.partition);
            own.misplaced += u64::from(grown && message.key().is_some_and(elsewhere));
        }
        Ok(())
    })
}

/// One entry of a store.
struct Entry {
    partition: i32,
    store: usize,
    key: Box<[u8]>,
    value: Box<[u8]>,
}

/// The new state, in the form of its changelogs.
#[derive(Default)]
pub struct Made {
    entries: Vec<Entry>,
    /// By sink and key: the last row of a table that every process reads whole.
    rows: BTreeMap<(usize, Vec<u8>), Option<Vec<u8>>>,
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

/// Who commits the new state.
fn writer(group: &str) -> String {
    format!("{group}-rebuild")
}

/// Puts `made` in the place of the old state: the topics of the topology go and are made as
/// `declared`, the state is written, and the offsets are committed last.
///
/// # Errors
/// As the brokers say; the group stays marked, and another rebuild completes it.
pub async fn carry_out(
    admin: &Admin,
    resetter: &Resetter,
    streams: &Streams,
    facts: &Facts,
    made: &Made,
    declared: &[Declared],
    fault: &Fault,
) -> Result<()> {
    let names: Vec<&str> = declared.iter().map(|d| d.name.as_str()).collect();
    admin.delete_topics(&names).await?;
    fault.hit("rebuild-state-gone");
    for declared in declared {
        admin.apply(&Step::Create(declared.clone())).await?;
    }
    admin.ready(&names).await?;
    fault.hit("rebuild-topics-made");
    tokio::task::block_in_place(|| {
        write(resetter, streams, made, fault)?;
        fault.hit("rebuild-written");
        let first = |source: usize, partition: i32| {
            let own = facts.sources.iter().find(|s| s.source == source);
            let at = usize::try_from(partition).unwrap_or(usize::MAX);
            own.and_then(|s| s.first.get(at)).copied().unwrap_or(0)
        };
        let writer = writer(&resetter.description.group);
        resetter.set(&facts.rebuild.afterwards(facts.partitions, &first, &writer))?;
        fault.hit("rebuild-committed");
        Ok(())
    })
}

fn write(resetter: &Resetter, streams: &Streams, made: &Made, fault: &Fault) -> Result<()> {
    let description = &resetter.description;
    let id = writer(&description.group);
    let mut transaction = Transaction::start(&resetter.kafka, streams, &id)?;
    let mut sealed = Vec::with_capacity(512);
    let mut put = |outgoing: Outgoing<'_>| {
        transaction.send(outgoing)?;
        let (records, bytes) = transaction.size();
        if records >= BATCH.0 || bytes >= BATCH.1 {
            transaction.commit_records()?;
            fault.hit("rebuild-writing");
        }
        Ok(())
    };
    for entry in &made.entries {
        sealed.clear();
        changelog::seal(&entry.value, &mut sealed);
        put(Outgoing {
            topic: &description.stores[entry.store].changelog,
            partition: Some(entry.partition),
            key: Some(&entry.key),
            value: Some(&sealed),
            headers: None,
        })
        .map_err(|trouble: super::transaction::Trouble| trouble.into_error())?;
    }
    for ((sink, key), value) in &made.rows {
        let Some(value) = value else { continue };
        put(Outgoing {
            topic: &description.sinks[*sink].topic,
            partition: None,
            key: Some(key),
            value: Some(value),
            headers: None,
        })
        .map_err(super::transaction::Trouble::into_error)?;
    }
    transaction.commit_records().map_err(super::transaction::Trouble::into_error)
}
