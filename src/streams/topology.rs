//! What a topology is: sources, stores, sinks, and a task a partition that does the work.

use crate::domain::{EventTime, Reason, Reject};
use crate::streams::output::Outputs;
use crate::streams::record::SourceRecord;
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
    /// Topics it reads; all co-partitioned.
    pub sources: Vec<Source>,
    /// Stores it keeps.
    pub stores: Vec<StoreDescription>,
    /// Topics it writes. The last two are the late topic and the dead letters.
    pub sinks: Vec<Sink>,
    /// How long after its time a record is still taken, in microseconds; `None` where the windows
    /// decide.
    pub lateness_limit: Option<i64>,
}

/// One input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The topic.
    pub topic: String,
    /// The field its records are keyed by.
    pub keyed_by: &'static str,
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
        Sink { topic, keyed_by, event_type, event_source: self.0.clone(), what }
    }

    /// An output of records as they came: late ones or dead letters.
    #[must_use]
    pub fn aside(&self, topic: String, what: &'static str) -> Sink {
        self.sink(topic, "", "", what)
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
}

impl Gate {
    /// A gate at wall-clock time `now`.
    #[must_use]
    pub const fn new(stream_time: StreamTime, now: EventTime, guard: FutureGuard) -> Self {
        Self { stream_time, now, guard }
    }

    /// Lets `time` in and moves stream time, or says what the record is instead.
    ///
    /// # Errors
    /// [`Outcome::Future`] or [`Outcome::Late`].
    pub fn admit(&mut self, time: EventTime) -> Result<(), Outcome> {
        match self.guard.admit(time, self.now, &mut self.stream_time) {
            Arrival::OnTime => Ok(()),
            Arrival::Late { lateness } => {
                Err(Outcome::Late(Lateness { micros: lateness, window: None }))
            }
            Arrival::Future { ahead } => {
                let seconds = ahead / 1_000_000;
                let detail = format!("{time} is {seconds} s ahead of the clock ({})", self.now);
                Err(Outcome::Future(Reject::new(Reason::Future, "timestamp", detail)))
            }
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

    /// A task for one partition, with empty stores.
    fn task(&self) -> Box<dyn Task>;
}

/// The work on one partition. Pure: no clock, no network; time comes through the gate.
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
}
