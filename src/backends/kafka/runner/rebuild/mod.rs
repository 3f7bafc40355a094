//! Makes a topology's state anew from its sources, for the partition count they have now.
//!
//! The order is what makes it safe to be cut off: the offsets are marked first, so that a run
//! refuses; the new state is made in memory; only then the old topics go, and the offsets without
//! a mark are written last, in one request. Doing it again completes it.

mod feed;
mod write;

use rdkafka::message::Message;

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::runner::merge::{Lane, merged};
use crate::backends::kafka::runner::preflight;
use crate::backends::kafka::runner::reset::{Before, Resetter};
use crate::streams::partition;
use crate::streams::rebuild::Rebuild;
use crate::streams::topology::{Description, Role};

pub use feed::{Feeding, Made, feed};
pub use write::carry_out;

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
/// [`Kind::Conflict`] if nothing is committed, or more than there is; [`Kind::Unfit`] if the
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
                return Err(BackendError::new(Kind::Unfit, what)
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
