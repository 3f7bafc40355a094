//! Letters and markers folded into what is open and what was requeued.

use std::collections::BTreeMap;

use crate::domain::EventTime;
use crate::streams::letters::choice::Choice;
use crate::streams::letters::{AsideRecord, Entry, Letter, Position, is_own};

/// What has become of a letter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Nothing yet.
    Open,
    /// It was written back.
    Requeued {
        /// When, if the marker says.
        at: Option<EventTime>,
    },
}

impl State {
    /// The word for it; a promise.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Requeued { .. } => "requeued",
        }
    }
}

/// How much of a letter is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keep {
    /// Where from and why, for a list.
    Facts,
    /// Everything.
    Content,
    /// What goes back, while the letter is open.
    OpenContent,
}

/// The chosen letters of a topic and what became of them. The order in which the records are
/// taken does not matter.
#[derive(Clone, Debug)]
pub struct Shelf {
    choice: Choice,
    keep: Keep,
    letters: BTreeMap<Position, Letter>,
    requeued: BTreeMap<Position, Option<EventTime>>,
    bytes: u64,
}

impl Shelf {
    /// An empty shelf for the letters of `choice`.
    #[must_use]
    pub const fn new(choice: Choice, keep: Keep) -> Self {
        Self { choice, keep, letters: BTreeMap::new(), requeued: BTreeMap::new(), bytes: 0 }
    }

    /// Takes one record of the topic.
    pub fn take(&mut self, record: AsideRecord) {
        match record.read() {
            Entry::Letter(letter) => {
                if self.choice.takes(&letter) {
                    let mut letter = *letter;
                    let position = letter.position();
                    let gone = self.requeued.contains_key(&position);
                    if self.keep == Keep::Facts || (gone && self.keep == Keep::OpenContent) {
                        strip(&mut letter);
                    } else if self.keep == Keep::OpenContent {
                        letter.record.headers.retain(|(name, _)| is_own(name));
                    }
                    self.bytes += size(&letter);
                    self.letters.insert(position, letter);
                }
            }
            Entry::Marker { of: Some(of), at } => {
                // Told twice, the first time counts.
                let known = self.requeued.entry(of).or_insert(at);
                *known = match (*known, at) {
                    (Some(known), Some(at)) => Some(known.min(at)),
                    (known, at) => known.or(at),
                };
                if self.keep == Keep::OpenContent
                    && let Some(letter) = self.letters.get_mut(&of)
                {
                    self.bytes -= size(letter);
                    strip(letter);
                }
            }
            Entry::Marker { of: None, .. } => {}
        }
    }

    /// The bytes of the values it keeps.
    #[must_use]
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }

    /// A letter.
    #[must_use]
    pub fn get(&self, position: Position) -> Option<&Letter> {
        self.letters.get(&position)
    }

    /// What has become of the letter at `position`.
    #[must_use]
    pub fn state(&self, position: Position) -> State {
        self.requeued.get(&position).map_or(State::Open, |at| State::Requeued { at: *at })
    }

    /// The letters with their states, oldest first.
    #[must_use]
    pub fn by_time(&self) -> Vec<(&Letter, State)> {
        let mut all: Vec<(&Letter, State)> =
            self.letters.values().map(|l| (l, self.state(l.position()))).collect();
        all.sort_by_key(|(letter, _)| (letter.record.time, letter.position()));
        all
    }

    /// The letters that are open.
    pub fn open(&self) -> impl Iterator<Item = &Letter> {
        self.letters.values().filter(|l| self.state(l.position()) == State::Open)
    }
}

fn strip(letter: &mut Letter) {
    letter.record.key = None;
    letter.record.value = None;
    letter.record.headers = Vec::new();
}

fn size(letter: &Letter) -> u64 {
    letter.record.value.as_ref().map_or(0, Vec::len) as u64
}

/// The letters of one topology, topic and reason.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// How many are open.
    pub open: u64,
    /// How many were requeued.
    pub requeued: u64,
    /// When the first was set aside.
    pub oldest: Option<EventTime>,
    /// When the last was.
    pub newest: Option<EventTime>,
}

/// Counts letters by topology, topic and reason.
#[must_use]
pub fn groups<'a>(
    letters: impl IntoIterator<Item = &'a (&'a Letter, State)>,
) -> BTreeMap<(&'a str, &'a str, &'a str), Group> {
    let mut groups: BTreeMap<_, Group> = BTreeMap::new();
    for (letter, state) in letters {
        let topic = letter.origin.as_ref().map_or("", |o| o.topic.as_str());
        let key = (letter.topology.as_str(), topic, letter.reason.as_str());
        let group = groups.entry(key).or_default();
        match state {
            State::Open => group.open += 1,
            State::Requeued { .. } => group.requeued += 1,
        }
        let time = letter.record.time;
        group.oldest = [group.oldest, time].into_iter().flatten().min();
        group.newest = group.newest.max(time);
    }
    groups
}
