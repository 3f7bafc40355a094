//! What goes back to its topic, in which order, and what stays.

use std::collections::BTreeMap;
use std::fmt;

use crate::streams::letters::{Header, Letter, Origin, Position, is_own};

/// What a record takes in a batch beside key, value and headers, rounded up.
const FRAME: u64 = 128;

/// A topic that letters may go back to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Target {
    /// How many partitions it has.
    pub partitions: i32,
    /// Its `max.message.bytes`.
    pub limit: u64,
}

/// A record that goes back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Return {
    /// Where to, with the offset it had: the order of writing.
    pub origin: Origin,
    /// The letters it stands for; the first is named in the record.
    pub letters: Vec<Position>,
    /// The key as it was.
    pub key: Option<Vec<u8>>,
    /// The value; none is a null value, which is not an empty one.
    pub value: Option<Vec<u8>>,
    /// Headers that were not added when it was set aside.
    pub headers: Vec<Header>,
    /// Why it was set aside.
    pub reason: String,
}

impl Return {
    fn size(&self) -> u64 {
        let headers = self.headers.iter().map(|(k, v)| k.len() + v.as_ref().map_or(0, Vec::len));
        let content = self.key.as_ref().map_or(0, Vec::len)
            + self.value.as_ref().map_or(0, Vec::len)
            + headers.sum::<usize>();
        content as u64 + FRAME
    }
}

/// Why a letter cannot go back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// Its headers do not say where it came from.
    NoOrigin,
    /// Its topic is gone.
    NoTopic {
        /// The topic.
        topic: String,
    },
    /// Its partition is gone: the topic was made anew with fewer.
    NoPartition {
        /// The topic.
        topic: String,
        /// The partition.
        partition: i32,
        /// How many there are.
        found: i32,
    },
    /// Its topic takes no record of its size.
    TooLarge {
        /// The topic.
        topic: String,
        /// What it would take.
        size: u64,
        /// What the topic takes.
        limit: u64,
    },
}

impl fmt::Display for Obstacle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoOrigin => write!(f, "its headers do not say which topic it came from"),
            Self::NoTopic { topic } => write!(f, "topic \"{topic}\" does not exist any more"),
            Self::NoPartition { topic, partition, found } => {
                write!(f, "topic \"{topic}\" has {found} partitions, no partition {partition}")
            }
            Self::TooLarge { topic, size, limit } => write!(
                f,
                "{size} bytes, topic \"{topic}\" takes {limit}; raise its max.message.bytes"
            ),
        }
    }
}

/// A letter that stays, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The letter.
    pub letter: Position,
    /// Where it came from, if it says.
    pub origin: Option<Origin>,
    /// Why it was set aside.
    pub reason: String,
    /// Why it stays.
    pub obstacle: Obstacle,
}

/// What is done with the chosen letters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// What goes back, in the order of topic, partition and original offset.
    pub returns: Vec<Return>,
    /// What stays.
    pub left: Vec<Left>,
}

impl Plan {
    /// How many letters go back.
    #[must_use]
    pub fn letters(&self) -> usize {
        self.returns.iter().map(|r| r.letters.len()).sum()
    }

    /// How many letters go back to each topic for each reason.
    #[must_use]
    pub fn counts(&self) -> BTreeMap<(&str, &str), usize> {
        let mut counts = BTreeMap::new();
        for each in &self.returns {
            *counts.entry((each.origin.topic.as_str(), each.reason.as_str())).or_default() +=
                each.letters.len();
        }
        counts
    }

    /// The smallest limit of the topics that are written to.
    #[must_use]
    pub fn smallest_limit(&self, targets: &BTreeMap<String, Target>) -> Option<u64> {
        self.returns.iter().filter_map(|r| targets.get(&r.origin.topic)).map(|t| t.limit).min()
    }
}

/// Plans the way back of open letters, in the order of the original offsets, so that the order
/// per key stays. One record that was set aside twice, with the same content, goes back once. With
/// `repaired` that value stands in for the original one.
#[must_use]
pub fn plan<'a>(
    open: impl IntoIterator<Item = &'a Letter>,
    targets: &BTreeMap<String, Target>,
    repaired: Option<&[u8]>,
) -> Plan {
    let mut letters: Vec<&Letter> = open.into_iter().collect();
    letters.sort_by_key(|l| (&l.origin, l.position()));
    let mut plan = Plan::default();
    for letter in letters {
        let candidate = candidate(letter, repaired);
        match candidate.and_then(|c| fits(&c, targets).map(|()| c)) {
            Err(obstacle) => plan.left.push(Left {
                letter: letter.position(),
                origin: letter.origin.clone(),
                reason: letter.reason.clone(),
                obstacle,
            }),
            Ok(next) => {
                let same = plan.returns.iter_mut().rev();
                let mut same = same.take_while(|r| r.origin == next.origin);
                match same.find(|r| (&r.key, &r.value) == (&next.key, &next.value)) {
                    Some(before) => before.letters.extend(next.letters),
                    None => plan.returns.push(next),
                }
            }
        }
    }
    plan
}

fn candidate(letter: &Letter, repaired: Option<&[u8]>) -> Result<Return, Obstacle> {
    let own = |(name, _): &&Header| is_own(name);
    Ok(Return {
        origin: letter.origin.clone().ok_or(Obstacle::NoOrigin)?,
        letters: vec![letter.position()],
        key: letter.record.key.clone(),
        value: repaired.or(letter.value()).map(<[u8]>::to_vec),
        headers: letter.record.headers.iter().filter(own).cloned().collect(),
        reason: letter.reason.clone(),
    })
}

fn fits(candidate: &Return, targets: &BTreeMap<String, Target>) -> Result<(), Obstacle> {
    let Origin { topic, partition, .. } = &candidate.origin;
    let target = targets.get(topic).ok_or_else(|| Obstacle::NoTopic { topic: topic.clone() })?;
    if *partition >= target.partitions {
        return Err(Obstacle::NoPartition {
            topic: topic.clone(),
            partition: *partition,
            found: target.partitions,
        });
    }
    let size = candidate.size();
    if size > target.limit {
        return Err(Obstacle::TooLarge { topic: topic.clone(), size, limit: target.limit });
    }
    Ok(())
}
