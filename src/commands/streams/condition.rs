//! One word for what is going on with a topology, and why.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::backends::BackendError;
use crate::backends::kafka::runner::Phase;
use crate::backends::kafka::runner::files::{self, StatusFile};
use crate::backends::kafka::runner::lag::{self, PartitionLag};
use crate::backends::kafka::runner::preflight;
use crate::backends::kafka::runner::status::{self, PartitionStanding, Standing};
use crate::commands::Context;
use crate::commands::streams::lag::{age, seconds};
use crate::commands::streams::pause;
use crate::commands::streams::processes::{self, Found};
use crate::config::settings::Kafka;
use crate::domain::EventTime;
use crate::streams::topology::Description;
use crate::streams::watch::figures::{RunFigures, State};

/// A living process that has not written its status for so long is stalled, in microseconds.
const SILENT: i64 = 10_000_000;
/// How long a group is watched that tells nothing of itself: longer than any commit interval
/// should be.
const SECOND_LOOK: Duration = Duration::from_secs(3);

/// The facts.
pub struct Seen {
    kafka: Kafka,
    /// The topology.
    pub description: Description,
    /// What the broker holds.
    pub standing: Standing,
    /// How far behind each partition is.
    pub lags: Vec<PartitionLag>,
    /// Who runs it.
    pub found: Found,
    /// What the living processes say, each with its instance.
    said: Vec<RunFigures>,
    /// The status files of this machine, of dead processes too.
    files: Vec<StatusFile>,
    dir: PathBuf,
    /// Partitions with records to read that stood still between two looks; `None` without a second
    /// look.
    still: Option<Vec<(String, i32)>>,
}

/// What it comes to.
pub struct Condition {
    /// One word.
    pub word: &'static str,
    /// Why, where that needs saying.
    pub causes: Vec<String>,
    /// Whether nothing has to be done.
    pub healthy: bool,
}

impl Condition {
    fn fine(word: &'static str) -> Self {
        Self { word, causes: Vec::new(), healthy: true }
    }

    fn bad(word: &'static str, cause: impl Into<String>) -> Self {
        Self { word, causes: vec![cause.into()], healthy: false }
    }

    fn because(mut self, cause: impl Into<String>) -> Self {
        self.causes.push(cause.into());
        self
    }
}

impl Seen {
    /// Asks the brokers and reads what this machine knows.
    ///
    /// # Errors
    /// As the client says.
    pub fn look(kafka: Kafka, dir: &Path, description: Description) -> Result<Self, BackendError> {
        let standing = status::standing(&kafka, &description)?;
        let lags = lag::lags(&kafka, &standing)?;
        let found = processes::find(&kafka, dir, &description)?;
        let files = files::read_statuses(dir, &description.group);
        let (said, dir) = (Vec::new(), dir.to_owned());
        Ok(Self { kafka, description, standing, lags, found, said, files, dir, still: None })
    }

    /// Asks the living processes.
    pub async fn ask_processes(&mut self) {
        for known in self.found.processes.iter().filter(|k| k.lives()) {
            if let Some((run, ..)) = known.figures(self.description.name).await {
                self.said.push(run);
            }
        }
    }

    /// Whether records wait for too long in a group whose processes tell nothing here: then only a
    /// second look can tell whether they work.
    #[must_use]
    pub fn in_the_dark(&self, context: &Context) -> bool {
        let told = |instance: &str| self.said.iter().any(|run| run.instance == instance);
        self.overdue(context).is_some()
            && !self.nobody()
            && self.found.processes.iter().any(|k| k.member && !told(&k.process.instance))
    }

    /// Looks again a little later.
    ///
    /// # Errors
    /// As the client says.
    pub fn look_again(mut self) -> Result<Self, BackendError> {
        std::thread::park_timeout(SECOND_LOOK);
        let later = status::standing(&self.kafka, &self.description)?;
        let pairs = self.standing.partitions.iter().zip(&later.partitions);
        let still = pairs.filter(|(a, b)| a.lag() > 0 && a.committed == b.committed);
        self.still = Some(still.map(|(a, _)| (a.topic.clone(), a.partition)).collect());
        Ok(self)
    }

    /// The longest wait of a record, where it is longer than `streams.stalled_after`, in
    /// microseconds, with how many wait.
    fn overdue(&self, context: &Context) -> Option<(i64, u64)> {
        let oldest = self.lags.iter().filter_map(|p| age(p.oldest_unread, context.now())).max()?;
        let limit = context.settings().streams.stalled_after.as_micros();
        let waiting = self.lags.iter().map(|p| p.records).sum();
        (u128::from(oldest.unsigned_abs()) > limit).then_some((oldest, waiting))
    }

    fn nobody(&self) -> bool {
        // A static member stays in the group for a session after its process has ended; the lock
        // of its instance tells.
        let held =
            |file: &&StatusFile| files::held(&self.dir, &self.description.group, &file.instance);
        let ended: Vec<&StatusFile> = self.files.iter().filter(|f| !held(f)).collect();
        let gone = |id: &String| ended.iter().any(|f| preflight::is_member_of(id, &f.instance));
        self.standing.members.iter().all(gone)
    }
}

/// Judges the facts, worst first.
#[must_use]
pub fn judge(seen: &Seen, context: &Context) -> Condition {
    let gone: u64 = seen.standing.partitions.iter().map(PartitionStanding::gone).sum();
    if gone > 0 {
        let cause = format!("{gone} records were deleted by retention before they were read");
        return Condition::bad("gap", cause);
    }
    broken(seen, context.now())
        .or_else(|| standing_still(seen, context))
        .unwrap_or_else(|| going(seen, context))
}

/// A process that failed, stalled, or is restoring.
fn broken(seen: &Seen, now: EventTime) -> Option<Condition> {
    for file in &seen.files {
        let alive = files::held(&seen.dir, &seen.description.group, &file.instance);
        let silent = now.micros() - file.written_at;
        match &file.phase {
            Phase::Failed { cause } if !alive => {
                let cause = format!("instance {}: {cause}", file.instance);
                return Some(Condition::bad("failed", cause));
            }
            _ if alive && silent > SILENT => {
                let cause = format!(
                    "process {} of instance {} has said nothing for {} s",
                    file.pid,
                    file.instance,
                    silent / 1_000_000
                );
                return Some(Condition::bad("stalled", cause));
            }
            _ => {}
        }
    }
    let cause = |run: &RunFigures| {
        let cause = run.cause.clone().unwrap_or_else(|| run.state.to_string());
        format!("instance {}: {cause}", run.instance)
    };
    let is = |wanted: State| seen.said.iter().find(|run| run.state == wanted);
    if let Some(run) = is(State::Failed).or_else(|| is(State::Stalled)) {
        return Some(Condition::bad(run.state.word(), cause(run)));
    }
    is(State::Restoring).map(|run| Condition::fine("restoring").because(cause(run)))
}

/// Paused, or records that nobody works on.
fn standing_still(seen: &Seen, context: &Context) -> Option<Condition> {
    if let Some(pause) = &seen.found.pause {
        let late =
            seen.said.iter().find(|run| matches!(run.state, State::Running | State::Starting));
        let condition = match late {
            Some(run) => Condition::fine("pausing")
                .because(format!("instance {} is {}", run.instance, run.state)),
            None => Condition::fine("paused"),
        };
        return Some(condition.because(pause::in_words(pause, context.now())));
    }
    let still = seen.still.as_ref()?;
    let (oldest, waiting) = seen.overdue(context)?;
    let (topic, partition) = still.first()?;
    Some(Condition::bad(
        "stalled",
        format!(
            "{waiting} records wait, the oldest for {} s, and nothing of {topic}/{partition} was committed within {} s; its process tells nothing here (streams.http)",
            seconds(oldest),
            SECOND_LOOK.as_secs()
        ),
    ))
}

fn going(seen: &Seen, context: &Context) -> Condition {
    let said =
        |state: State| seen.said.iter().all(|run| run.state == state) && !seen.said.is_empty();
    let standing = &seen.standing;
    match (standing.group_state.as_str(), seen.nobody()) {
        ("PreparingRebalance" | "CompletingRebalance", false) => Condition::fine("rebalancing"),
        (_, false) if said(State::StandingBy) => Condition::fine("standing-by"),
        (_, false) if said(State::Starting) => Condition::fine("starting"),
        (_, false) => Condition::fine("running"),
        (_, true) if seen.said.iter().any(|run| run.state != State::Stopped) => {
            Condition::fine("starting")
        }
        (_, true) if standing.partitions.iter().all(|p| p.committed.is_none()) => {
            Condition::fine("never-run")
        }
        (_, true) => match seen.overdue(context) {
            None => Condition::fine("stopped"),
            Some((oldest, waiting)) => Condition::bad(
                "stopped",
                format!(
                    "{waiting} records wait, the oldest for {} s, and nobody runs it",
                    seconds(oldest)
                ),
            ),
        },
    }
}
