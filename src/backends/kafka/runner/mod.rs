//! Runs a topology on Kafka, exactly once.
//!
//! One group member a process and topology (`member`), which only holds the membership: it
//! subscribes, keeps its partitions paused, and takes the group metadata when an assignment
//! begins. Workers (`worker`) share the assigned partitions; each has its own consumer with
//! explicit offsets and its own transactional producer (`transaction`). Outputs, changelog and
//! offsets go into one transaction. State comes back from the disk
//! (`disk`) and from what the changelog has beyond it (`reload`, `restore`).

mod care;
mod careful;
mod commit;
mod crew;
pub mod disk;
mod end;
pub mod files;
mod globals;
pub mod lag;
mod lanes;
pub mod member;
pub mod membership;
mod merge;
pub mod meta;
mod monitor;
mod observe;
pub mod offsets;
mod pause;
pub mod preflight;
mod pressure;
pub mod rebuild;
mod recover;
mod reload;
pub mod reset;
pub mod restore;
pub mod room;
mod round;
mod standby;
pub mod state;
pub mod status;
mod step;
mod take;
pub mod transaction;
pub mod turnstile;
pub mod worker;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use crate::backends::kafka::runner::turnstile::Turnstile;
use crate::config::settings;
use crate::domain::EventTime;
use crate::runtime::{Clock, Fault};
use crate::streams::checkpoint::Counts;
use crate::streams::driver::Limits;
use crate::streams::meta::Pause;
use crate::streams::store::Memory;
use crate::streams::watch::Watch;

/// Where a group without committed offsets starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartAt {
    /// The oldest record that is kept.
    Earliest,
    /// Only what comes from now on.
    Latest,
}

/// How to run a topology.
#[derive(Clone)]
pub struct RunOptions {
    /// The cluster.
    pub kafka: settings::Kafka,
    /// The engine's settings.
    pub streams: settings::Streams,
    /// This process's stable name in the group.
    pub instance: String,
    /// Folder of locks and status files.
    pub state_dir: PathBuf,
    /// The driver's limits.
    pub limits: Limits,
    /// What the stores of all topologies of this process may hold in memory.
    pub memory: Arc<Memory>,
    /// Where workers that take care pass one at a time.
    pub turnstile: Arc<Turnstile>,
    /// Stop at the end of the input as it is when an assignment begins.
    pub drain: bool,
    /// Where a first start begins.
    pub from: StartAt,
    /// Go on over records that retention deleted before they were read.
    pub accept_gap: bool,
    /// Keep the state of partitions that others have on the own disk too.
    pub standby: bool,
    /// Where this process answers `/metrics`, as others are told: `HOST:PORT`.
    pub http: Option<String>,
    /// The wall clock.
    pub clock: Arc<dyn Clock>,
    /// Where tests end the process.
    pub fault: Arc<Fault>,
}

/// What a run is doing, told from the inside.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case", tag = "state")]
pub enum Phase {
    /// Joining the group.
    #[default]
    Starting,
    /// Reading changelogs.
    Restoring {
        /// Offsets that are behind it.
        done: u64,
        /// All offsets, as far as known.
        total: u64,
    },
    /// Processing.
    Running,
    /// Everything is committed and nothing is read, as an operator asked.
    Paused {
        /// Since when.
        since: String,
        /// Who asked.
        by: String,
    },
    /// A member without partitions.
    StandingBy,
    /// Ended by a failure.
    Failed {
        /// Why.
        cause: String,
    },
    /// Ended as asked.
    Stopped,
}

/// Where the state of an assignment came from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Restored {
    /// Entries read from disk.
    pub disk: u64,
    /// Records read from changelogs.
    pub changelog: u64,
}

/// What a run looks like from outside; the runner writes, commands read.
#[derive(Clone, Debug, Default)]
pub struct RunView {
    /// What it is doing.
    pub phase: Phase,
    /// The partitions it has.
    pub partitions: Vec<i32>,
    /// When it was given them.
    pub assigned_at: Option<EventTime>,
    /// The pause that an operator asked for.
    pub pause: Option<Pause>,
    /// The workers that stand still for it.
    pub still: BTreeSet<u16>,
    /// How far each worker's last restore came: offsets behind it, and all.
    pub restores: BTreeMap<u16, (u64, u64)>,
    /// Since when it restores, in microseconds of [`RunHandle::elapsed`].
    pub restores_since: i64,
    /// What is known of workers and sources.
    pub watch: Watch,
    /// Where their state came from.
    pub restored: Restored,
    /// Records processed by this process since it started.
    pub counts: Counts,
    /// Partitions that a drain left to other processes, which have not closed them.
    pub left_open: Vec<i32>,
    /// Transactions committed.
    pub commits: u64,
    /// How long the last rebalance stopped the work, in milliseconds.
    pub last_stop_ms: Option<u64>,
    /// Sentences for the operator, oldest first; taken by the command.
    pub notes: Vec<String>,
    /// The partitions of others whose state is followed here, and how many records of it are
    /// still to be read.
    pub standby: (Vec<i32>, u64),
    /// What a run that is ending waits for, and since when it ends.
    pub ending: Option<(&'static str, Instant)>,
}

/// The shared view of a run and the wish to stop it.
#[derive(Clone)]
pub struct RunHandle {
    view: Arc<Mutex<RunView>>,
    stop: Arc<AtomicBool>,
    born: Instant,
}

impl Default for RunHandle {
    fn default() -> Self {
        Self { view: Arc::default(), stop: Arc::default(), born: Instant::now() }
    }
}

impl RunHandle {
    /// Asks the run to stop cleanly.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::SeqCst);
    }

    /// Whether a stop was asked for.
    #[must_use]
    pub fn stopping(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    /// Reads or changes the view.
    pub fn with<T>(&self, act: impl FnOnce(&mut RunView) -> T) -> T {
        act(&mut self.view.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The run ends, and now waits for `what`.
    pub fn ending(&self, what: &'static str) {
        self.with(|view| {
            let since = view.ending.map_or_else(Instant::now, |(_, since)| since);
            view.ending = Some((what, since));
        });
    }

    /// Adds a sentence for the operator.
    pub fn note(&self, sentence: impl Into<String>) {
        self.with(|v| v.notes.push(sentence.into()));
    }
}
