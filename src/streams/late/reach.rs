//! Which late records can be replayed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::domain::EventTime;
use crate::streams::letters::{Letter, Position};
use crate::streams::partition;
use crate::streams::topology::{Description, Role};
use crate::streams::window::WindowSpan;

/// How far the stages of a topology are, as committed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// How many partitions each of its topics has.
    pub partitions: u32,
    /// Stream time by stage and partition.
    pub times: BTreeMap<(usize, i32), EventTime>,
    /// The next offset to read, by source and partition.
    pub committed: BTreeMap<(usize, i32), i64>,
}

impl Progress {
    /// Whether a stage has passed `time` in the partition of `key`; a later one, whose keys may be
    /// others than those of its results, in every partition.
    #[must_use]
    pub fn has_passed(&self, stage: usize, key: &[u8], time: EventTime) -> bool {
        if stage > 0 {
            return self.has_passed_everywhere(stage, time);
        }
        let number = partition::of_key(key, self.partitions);
        let partition = i32::try_from(number).unwrap_or(i32::MAX);
        self.times.get(&(stage, partition)).is_some_and(|reached| *reached >= time)
    }

    fn has_passed_everywhere(&self, stage: usize, time: EventTime) -> bool {
        let passed = |partition: u32| {
            let partition = i32::try_from(partition).unwrap_or(i32::MAX);
            self.times.get(&(stage, partition)).is_some_and(|reached| *reached >= time)
        };
        (0..self.partitions).all(passed)
    }
}

/// How long windows wait, and how long after that they are corrected, in microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long after its end a window closes.
    pub grace: i64,
    /// How far stream time may be beyond the close.
    pub correct_for: i64,
}

/// A late record that is to be replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Where it lies in the late topic. One record that was set aside twice has two.
    pub letters: Vec<Position>,
    /// The source it was read from, by position.
    pub source: usize,
    /// Its partition there.
    pub partition: i32,
    /// Its offset there.
    pub offset: i64,
    /// Its key.
    pub key: Option<Vec<u8>>,
    /// The window it was late for.
    pub window: WindowSpan,
}

/// Why a late record is not replayed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// Its headers do not say where it came from, or this topology does not read that.
    NoOrigin,
    /// Its headers name no window.
    NoWindow,
    /// Its window closed too long ago.
    OutOfReach {
        /// When it closed.
        closed: EventTime,
        /// How far stream time is.
        reached: EventTime,
    },
    /// A window it belongs to is not closed in a later stage, or was joined to one that is open.
    Open,
    /// Its record, or others of its window, are not in the source topic any more.
    Gone,
    /// A count without it does not give what was told of its window.
    Differs {
        /// The result.
        id: String,
    },
    /// A result that it ends cannot be withdrawn.
    Stays {
        /// The result.
        id: String,
    },
}

impl Obstacle {
    /// The code; a promise.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoOrigin => "no-origin",
            Self::NoWindow => "no-window",
            Self::OutOfReach { .. } => "out-of-reach",
            Self::Open => "window-open",
            Self::Gone => "source-gone",
            Self::Differs { .. } => "recount-differs",
            Self::Stays { .. } => "cannot-withdraw",
        }
    }
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoOrigin => write!(f, "its headers name no record that this topology reads"),
            Self::NoWindow => write!(f, "its headers name no window"),
            Self::OutOfReach { closed, reached } => write!(
                f,
                "its window closed at {closed}, stream time is {reached}: more than streams.correct_for"
            ),
            Self::Open => write!(f, "a window of it is still open; replay it once that is closed"),
            Self::Gone => write!(f, "the source topic does not hold it any more"),
            Self::Differs { id } => write!(
                f,
                "counting without it does not give what was told of {id}: records are gone, or the settings have changed"
            ),
            Self::Stays { id } => write!(f, "{id} would have to be withdrawn, and cannot"),
        }
    }
}

/// A record that stays in the late topic, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The record.
    pub letter: Position,
    /// Why.
    pub obstacle: Obstacle,
}

/// The late records of a topology, sorted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sorted {
    /// What is to be replayed, in the order of source, partition and offset.
    pub candidates: Vec<Candidate>,
    /// What was chosen and cannot be.
    pub left: Vec<Left>,
    /// Records (source, partition, offset) that stay late in every count: they are not chosen, and
    /// were not replayed before.
    pub late: BTreeSet<(usize, i32, i64)>,
    /// Records that were set aside for another reason: the topology never knew them.
    pub dead: BTreeSet<(usize, i32, i64)>,
}

/// The window in a late record's header: `tumbling <start>/<end>`.
#[must_use]
pub fn window(letter: &Letter) -> Option<WindowSpan> {
    let (_, span) = letter.window.split_once(' ')?;
    let (start, end) = span.split_once('/')?;
    let time = |text| EventTime::from_event_text(text).ok();
    Some(WindowSpan { start: time(start)?, end: time(end)? })
}

/// The record that a letter is about: source, partition, offset.
#[must_use]
pub fn origin(description: &Description, letter: &Letter) -> Option<(usize, i32, i64)> {
    let origin = letter.origin.as_ref().filter(|_| letter.topology == description.name)?;
    let is =
        |s: &crate::streams::topology::Source| s.role == Role::Events && s.topic == origin.topic;
    let source = description.sources.iter().position(is)?;
    Some((source, origin.partition, origin.offset))
}

/// Sorts the open late records of a topology by what is to become of them.
#[must_use]
pub fn sort<'a>(
    description: &Description,
    open: impl IntoIterator<Item = &'a Letter>,
    chosen: &dyn Fn(&Letter) -> bool,
    progress: &Progress,
    limits: Limits,
) -> Sorted {
    let mut sorted = Sorted::default();
    let mut candidates: BTreeMap<(usize, i32, i64), Candidate> = BTreeMap::new();
    for letter in open.into_iter().filter(|l| l.topology == description.name) {
        let record = origin(description, letter);
        let candidate = candidate(description, letter, progress, limits);
        match (chosen(letter), candidate) {
            (true, Ok(candidate)) => {
                let at = (candidate.source, candidate.partition, candidate.offset);
                let known = candidates
                    .entry(at)
                    .or_insert_with(|| Candidate { letters: Vec::new(), ..candidate.clone() });
                known.letters.extend(candidate.letters);
            }
            (chosen, candidate) => {
                sorted.late.extend(record);
                if let (true, Err(obstacle)) = (chosen, candidate) {
                    sorted.left.push(Left { letter: letter.position(), obstacle });
                }
            }
        }
    }
    // One that was set aside twice and chosen once is chosen.
    sorted.late.retain(|at| !candidates.contains_key(at));
    sorted.candidates = candidates.into_values().collect();
    sorted
}

fn candidate(
    description: &Description,
    letter: &Letter,
    progress: &Progress,
    limits: Limits,
) -> Result<Candidate, Obstacle> {
    let (source, partition, offset) = origin(description, letter).ok_or(Obstacle::NoOrigin)?;
    let window = window(letter).ok_or(Obstacle::NoWindow)?;
    let closed = window.end.plus_micros(limits.grace);
    let stage = description.sources[source].stage;
    let reached = progress.times.get(&(stage, partition)).copied().ok_or(Obstacle::Open)?;
    if reached.micros_since(closed) > limits.correct_for {
        return Err(Obstacle::OutOfReach { closed, reached });
    }
    let later = (0..description.stages.len()).filter(|s| description.is_downstream(*s));
    if later.into_iter().any(|stage| !progress.has_passed_everywhere(stage, closed)) {
        return Err(Obstacle::Open);
    }
    let (letters, key) = (vec![letter.position()], letter.record.key.clone());
    Ok(Candidate { letters, source, partition, offset, key, window })
}
