//! What a topology is: sources, stores, sinks, and a task a partition that does the work.

use std::sync::Arc;

use crate::domain::{EventTime, Reason, Reject};
use crate::streams::changelog;
use crate::streams::driver::Place;
use crate::streams::late::Corrections;
use crate::streams::output::Outputs;
use crate::streams::record::SourceRecord;
use crate::streams::store::Memory;
use crate::streams::time::{Arrival, FutureGuard, StreamTime};
use crate::streams::window::WindowSpan;

/// Where a topology's records come from and go to, and what it keeps; enough to print it, to
/// create its topics and to run it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Description {
    /// The topology's name; the consumer group is `<application>-<name>`.
    pub name: &'static str,
    /// Raised when the same input gives other outputs or the stores change their meaning.
    pub version: u32,
    /// One sentence for people.
    pub summary: &'static str,
    /// The consumer group, also the prefix of changelogs and transactional ids.
    pub group: String,
    /// Its stages; records flow from a stage to later ones only.
    pub stages: Vec<Stage>,
    /// Topics it reads; all co-partitioned. The counts of a stage travel with the offsets of its
    /// first source.
    pub sources: Vec<Source>,
    /// Stores it keeps.
    pub stores: Vec<StoreDescription>,
    /// Topics it writes. The last two are the late topic and the dead letters.
    pub sinks: Vec<Sink>,
}

/// A part of a topology whose records are keyed alike; stages are joined by repartition topics.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// Its name.
    pub name: &'static str,
    /// How long after its time a record is still taken, in microseconds; `None` where the windows
    /// decide.
    pub lateness_limit: Option<i64>,
}

/// What a source's records are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Events; their times make stream time.
    Events,
    /// Rows of a compacted topic: read to their end before the stage's events are.
    Table,
    /// Records of an earlier stage, keyed anew; stream time is what the watermarks among them say.
    Repartition,
}

/// One input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The topic.
    pub topic: String,
    /// The field its records are keyed by.
    pub keyed_by: &'static str,
    /// The stage that reads it, by position.
    pub stage: usize,
    /// What its records are.
    pub role: Role,
}

impl Source {
    /// Events for the first stage.
    #[must_use]
    pub const fn events(topic: String, keyed_by: &'static str) -> Self {
        Self { topic, keyed_by, stage: 0, role: Role::Events }
    }

    /// Rows of a table for a stage.
    #[must_use]
    pub const fn table(stage: usize, topic: String, keyed_by: &'static str) -> Self {
        Self { topic, keyed_by, stage, role: Role::Table }
    }

    /// Records keyed anew for a stage.
    #[must_use]
    pub const fn repartition(stage: usize, topic: String, keyed_by: &'static str) -> Self {
        Self { topic, keyed_by, stage, role: Role::Repartition }
    }
}

/// One store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreDescription {
    /// Its name.
    pub name: &'static str,
    /// Its changelog topic.
    pub changelog: String,
    /// What bounds it.
    pub bounded_by: &'static str,
    /// The stage that keeps it, by position.
    pub stage: usize,
}

/// The name of the store of watermarks that a stage behind a repartition topic has; the engine
/// keeps it.
pub const WATERMARKS: &str = "watermarks";

impl StoreDescription {
    /// A store of a stage in the consumer group `group`.
    #[must_use]
    pub fn new(group: &str, stage: usize, name: &'static str, bounded_by: &'static str) -> Self {
        Self { name, changelog: changelog::topic(group, name), bounded_by, stage }
    }

    /// The store of watermarks of a stage.
    #[must_use]
    pub fn watermarks(group: &str, stage: usize) -> Self {
        let bounded_by = "one entry an upstream partition";
        let changelog = changelog::topic(group, &format!("{WATERMARKS}-{stage}"));
        Self { name: WATERMARKS, changelog, bounded_by, stage }
    }
}

impl SinkKind {
    /// Whether its records stay inside the topology.
    #[must_use]
    pub const fn is_inside(self) -> bool {
        matches!(self, Self::Repartition | Self::Table)
    }
}

/// What a sink's topic is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SinkKind {
    /// Events for others, with CloudEvents headers.
    Events,
    /// Records as they came: late ones or dead letters.
    Aside,
    /// Records for a later stage of the same topology.
    Repartition,
    /// Rows of a compacted topic that every process of the topology reads whole.
    Table,
}

/// One output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sink {
    /// The topic.
    pub topic: String,
    /// The field its records are keyed by.
    pub keyed_by: &'static str,
    /// The CloudEvents type; empty for topics that carry records as they came.
    pub event_type: &'static str,
    /// The CloudEvents source.
    pub event_source: String,
    /// What is written there.
    pub what: &'static str,
    /// What its topic is.
    pub kind: SinkKind,
    /// The stage that writes it; only a repartition topic's matters.
    pub stage: usize,
}

/// Makes the sinks of one topology: they share its event source.
pub struct Sinks(String);

impl Sinks {
    /// Those of topology `name` of `application`.
    #[must_use]
    pub fn of(application: &str, name: &str) -> Self {
        Self(format!("bss/{application}/{name}"))
    }

    /// An output of events.
    #[must_use]
    pub fn sink(
        &self,
        topic: String,
        keyed_by: &'static str,
        event_type: &'static str,
        what: &'static str,
    ) -> Sink {
        let (event_source, kind) = (self.0.clone(), SinkKind::Events);
        Sink { topic, keyed_by, event_type, event_source, what, kind, stage: 0 }
    }

    /// Records that `stage` hands to a later one.
    #[must_use]
    pub fn repartition(
        &self,
        stage: usize,
        topic: String,
        keyed_by: &'static str,
        what: &'static str,
    ) -> Sink {
        Sink { kind: SinkKind::Repartition, stage, ..self.sink(topic, keyed_by, "", what) }
    }

    /// Rows of a table that every process reads whole.
    #[must_use]
    pub fn table(&self, topic: String, keyed_by: &'static str, what: &'static str) -> Sink {
        Sink { kind: SinkKind::Table, ..self.sink(topic, keyed_by, "", what) }
    }

    /// An output of records as they came: late ones or dead letters.
    #[must_use]
    pub fn aside(&self, topic: String, what: &'static str) -> Sink {
        Sink { kind: SinkKind::Aside, ..self.sink(topic, "", "", what) }
    }
}

impl Description {
    /// The position of the late topic among the sinks.
    #[must_use]
    pub const fn late_sink(&self) -> usize {
        self.sinks.len() - 2
    }

    /// The position of the dead letters among the sinks.
    #[must_use]
    pub const fn dead_letter_sink(&self) -> usize {
        self.sinks.len() - 1
    }

    /// The topics that are the topology's own, deleted and made anew with its state: changelogs,
    /// repartition topics, tables that its processes read whole.
    pub fn own_topics(&self) -> impl Iterator<Item = &str> {
        let inside = self.sinks.iter().filter(|s| s.kind.is_inside());
        let sinks = inside.map(|s| s.topic.as_str());
        self.stores.iter().map(|s| s.changelog.as_str()).chain(sinks)
    }

    /// Whether a stage lies behind a repartition topic.
    #[must_use]
    pub fn is_downstream(&self, stage: usize) -> bool {
        self.sources.iter().any(|s| s.stage == stage && s.role == Role::Repartition)
    }

    /// The number of the source that is `topic`.
    #[must_use]
    pub fn source_at(&self, topic: &str) -> Option<usize> {
        self.sources.iter().position(|s| s.topic == topic)
    }

    /// The positions of a stage's sources of one role.
    pub fn sources_of(&self, stage: usize, role: Role) -> impl Iterator<Item = usize> + '_ {
        let own = move |source: &Source| source.stage == stage && source.role == role;
        self.sources.iter().enumerate().filter(move |(_, s)| own(s)).map(|(at, _)| at)
    }

    /// The position of the source that carries a stage's checkpoint: its first.
    #[must_use]
    pub fn first_source(&self, stage: usize) -> Option<usize> {
        self.sources.iter().position(|s| s.stage == stage)
    }

    /// Whether something of the stage travels with a source's offset: its counts with the first
    /// source's, its time with that of every source of events.
    #[must_use]
    pub fn has_checkpoint(&self, source: usize) -> bool {
        let Source { stage, role, .. } = &self.sources[source];
        *role == Role::Events || self.first_source(*stage) == Some(source)
    }

    /// Whether a stage's time is that of the watermarks it gets: those that keep them have
    /// windows, or wait otherwise.
    #[must_use]
    pub fn keeps_watermarks(&self, stage: usize) -> bool {
        self.stores.iter().any(|s| s.stage == stage && s.name == WATERMARKS)
    }

    /// The positions of the sinks by which a stage tells later ones how far it is.
    pub fn marks(&self, stage: usize) -> impl Iterator<Item = usize> + '_ {
        let listens = move |at: usize| {
            let reader = self.source_of(at).map(|source| self.sources[source].stage);
            reader.is_some_and(|reader| self.keeps_watermarks(reader))
        };
        (0..self.sinks.len()).filter(move |at| self.sinks[*at].stage == stage && listens(*at))
    }

    /// Where an output topic's records go within the topology.
    #[must_use]
    pub fn source_of(&self, sink: usize) -> Option<usize> {
        let sink = &self.sinks[sink];
        if sink.kind != SinkKind::Repartition {
            return None;
        }
        self.source_at(&sink.topic)
    }
}

/// What a record came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Processed.
    Processed,
    /// Delivered before; nothing written.
    Duplicate,
    /// Late for all its windows.
    Late(Lateness),
    /// Set aside for its content.
    Rejected(Reject),
    /// Set aside for being ahead of the clock.
    Future(Reject),
}

/// How late a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lateness {
    /// Microseconds behind stream time.
    pub micros: i64,
    /// The last window it would have counted in, and of which kind.
    pub window: Option<(&'static str, WindowSpan)>,
}

/// Decides whether an event time may enter: not ahead of the clock, not late. Stream time moves
/// only through it.
#[derive(Debug)]
pub struct Gate {
    /// The largest event time that was let in.
    pub stream_time: StreamTime,
    now: EventTime,
    guard: FutureGuard,
    /// The time of the record's own source partition: the same, but in a rebuild.
    own: StreamTime,
    ceiling: EventTime,
    admitted: Option<EventTime>,
}

impl Gate {
    /// A gate at wall-clock time `now`.
    #[must_use]
    pub const fn new(stream_time: StreamTime, now: EventTime, guard: FutureGuard) -> Self {
        let ceiling = EventTime::from_micros(i64::MAX);
        Self { stream_time, now, guard, own: stream_time, ceiling, admitted: None }
    }

    /// The time that was let in last.
    #[must_use]
    pub const fn admitted(&self) -> Option<EventTime> {
        self.admitted
    }

    /// The same gate with a stream time that does not pass `ceiling`, whatever is let in: a
    /// rebuild must not close what was never told. `own` is the time that the record's partition
    /// had reached, by which it is late or not.
    #[must_use]
    pub const fn held_at(mut self, ceiling: EventTime, own: StreamTime) -> Self {
        self.ceiling = ceiling;
        self.own = own;
        self
    }

    /// The time that the record's own source partition has reached with it: from here what is due
    /// some time after its arrival is reckoned, and whether it is late. The same as stream time,
    /// but in a rebuild, where several partitions are read as one.
    #[must_use]
    pub const fn source_time(&self) -> Option<EventTime> {
        self.own.get()
    }

    /// Lets a table's row of `time` in: it may not be ahead of the clock, and moves no time.
    ///
    /// # Errors
    /// [`Outcome::Future`].
    pub fn admit_row(&self, time: EventTime) -> Result<(), Outcome> {
        match self.guard.classify(time, self.now, StreamTime::new()) {
            Arrival::Future { ahead } => Err(self.ahead(time, ahead)),
            _ => Ok(()),
        }
    }

    fn ahead(&self, time: EventTime, ahead: i64) -> Outcome {
        let seconds = ahead / 1_000_000;
        let detail = format!("{time} is {seconds} s ahead of the clock ({})", self.now);
        Outcome::Future(Reject::new(Reason::Future, "timestamp", detail))
    }

    /// Lets `time` in and moves stream time, or says what the record is instead.
    ///
    /// # Errors
    /// [`Outcome::Future`] or [`Outcome::Late`].
    pub fn admit(&mut self, time: EventTime) -> Result<(), Outcome> {
        match self.guard.admit(time, self.now, &mut self.own) {
            Arrival::OnTime => {
                self.admitted = Some(time);
                self.stream_time.advance(time);
                if self.stream_time.get().is_some_and(|time| time > self.ceiling) {
                    self.stream_time = StreamTime::at(self.ceiling);
                }
                Ok(())
            }
            Arrival::Late { lateness } => {
                Err(Outcome::Late(Lateness { micros: lateness, window: None }))
            }
            Arrival::Future { ahead } => Err(self.ahead(time, ahead)),
        }
    }
}

/// A topology: a description and the tasks that do the work.
pub trait Topology: Send + Sync {
    /// What it reads, keeps and writes.
    fn describe(&self) -> &Description;

    /// Every number of the configuration that changes its outputs, as text; processes of one
    /// group must agree on it.
    fn configuration(&self) -> String;

    /// A stage's task for the partition at `place`, with empty stores.
    fn task(&self, stage: usize, place: Place) -> Box<dyn Task>;

    /// The tables that every process reads whole, by topic.
    fn globals(&self) -> Vec<Global> {
        Vec::new()
    }

    /// How the results of closed windows are corrected; `None` if it tells none.
    fn corrections(&self) -> Option<&dyn Corrections> {
        None
    }
}

/// A table that every process of a topology reads whole, from one of its compacted topics.
#[derive(Clone)]
pub struct Global {
    /// The compacted topic.
    pub topic: String,
    /// What is made of it, shared by all tasks of the process.
    pub table: Arc<dyn GlobalTable>,
}

/// A shared table. Rows come in the order of their partition; the same row twice changes nothing.
pub trait GlobalTable: Send + Sync {
    /// Takes a row; `None`: the key is deleted.
    ///
    /// # Errors
    /// What is wrong with it.
    fn apply(&self, key: &[u8], value: Option<&[u8]>) -> Result<(), String>;

    /// About how many bytes it holds; it may look at every row for that.
    fn held(&self) -> u64;

    /// What an operator should know of it, in sentences: said once by a process.
    fn advice(&self) -> Option<String> {
        None
    }
}

/// A stage's work on one partition. Pure: no clock, no network; time comes through the gate.
///
/// Stores are named by their position in the topology's description. Behind a repartition topic
/// a record's timestamp is its event time, the gate's stream time is the least watermark of all
/// upstream partitions, and the task lets nothing in by itself.
pub trait Task: Send {
    /// Takes one record. Outputs go to `out`, store changes stay inside until
    /// [`Task::take_changes`].
    fn process(&mut self, record: &SourceRecord<'_>, gate: &mut Gate, out: &mut Outputs)
    -> Outcome;

    /// Does what the advance of stream time asks for: closes windows, lets old state go. Called
    /// at commits and when a source went idle; the outputs must not depend on how often.
    fn advance(&mut self, stream_time: EventTime, out: &mut Outputs);

    /// Closes everything at the end of the input (`--drain`). Returns the stream time at which
    /// that is so, if it is later than now: what comes afterwards for a closed window is late.
    fn drain(&mut self, out: &mut Outputs) -> Option<EventTime>;

    /// Goes on where a commit at `stream_time` ended; told once, before anything else.
    fn resume(&mut self, stream_time: EventTime);

    /// Whether an advance by the clock alone can close something (idle closing).
    fn waits_for_time(&self) -> bool;

    /// Hands each store change since the last call to `write`: store position, key, value
    /// (`None`: deleted).
    fn take_changes(&mut self, write: &mut dyn FnMut(usize, &[u8], Option<&[u8]>));

    /// Takes one record of the changelog of the store at `store`.
    ///
    /// # Errors
    /// What is wrong with it.
    fn restore(&mut self, store: usize, key: &[u8], value: Option<&[u8]>) -> Result<(), String>;

    /// How many keys its stores hold.
    fn keys(&self) -> usize;

    /// Lets its stores keep within what those of the process may hold in memory; told before
    /// anything is restored.
    fn keep_within(&mut self, memory: &Arc<Memory>);

    /// Lets its stores spill what is too much, though nothing happened in them: others may need
    /// the room.
    fn make_room(&mut self);
}
