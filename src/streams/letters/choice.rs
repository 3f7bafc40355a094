//! Which letters are meant.

use std::collections::BTreeSet;

use crate::domain::EventTime;
use crate::streams::letters::{Letter, Position};

/// What a letter must be like; the default takes all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// Set aside by this topology.
    pub topology: Option<String>,
    /// For one of these reasons; for any if there is none.
    pub reasons: Vec<String>,
    /// Read from this topic.
    pub topic: Option<String>,
    /// Read from this partition.
    pub partition: Option<i32>,
    /// Set aside at this time or later.
    pub since: Option<EventTime>,
    /// Set aside before this time.
    pub until: Option<EventTime>,
    /// One of these; any if there is none.
    pub positions: BTreeSet<Position>,
}

impl Choice {
    /// The choice of these positions.
    #[must_use]
    pub fn of(positions: impl IntoIterator<Item = Position>) -> Self {
        Self { positions: positions.into_iter().collect(), ..Self::default() }
    }

    /// Whether every letter is meant.
    #[must_use]
    pub fn takes_all(&self) -> bool {
        *self == Self::default()
    }

    /// Whether `letter` is meant.
    #[must_use]
    pub fn takes(&self, letter: &Letter) -> bool {
        let same = |wanted: &Option<String>, found: &str| {
            wanted.as_ref().is_none_or(|wanted| wanted == found)
        };
        let origin = letter.origin.as_ref();
        let time = letter.record.time;
        same(&self.topology, &letter.topology)
            && (self.reasons.is_empty() || self.reasons.contains(&letter.reason))
            && same(&self.topic, origin.map_or("", |o| o.topic.as_str()))
            && self.partition.is_none_or(|p| origin.is_some_and(|o| o.partition == p))
            && self.since.is_none_or(|since| time.is_some_and(|t| t >= since))
            && self.until.is_none_or(|until| time.is_some_and(|t| t < until))
            && (self.positions.is_empty() || self.positions.contains(&letter.position()))
    }
}
