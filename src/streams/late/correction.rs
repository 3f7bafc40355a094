//! What is told anew of closed windows.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::domain::EventTime;
use crate::streams::late::Corrections;
use crate::streams::late::name::{Name, content, revised};
use crate::streams::late::reach::{Candidate, Left, Obstacle, Progress, Sorted};
use crate::streams::late::recount::Recounted;
use crate::streams::letters::Position;
use crate::streams::topology::Description;

/// The last revision that was told of a result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Latest {
    /// The highest revision.
    pub revision: u32,
    /// What was told last.
    pub value: Vec<u8>,
}

impl Latest {
    /// Whether it was withdrawn.
    #[must_use]
    pub fn is_withdrawn(&self) -> bool {
        serde_json::from_slice::<Value>(&self.value).is_ok_and(|v| v["withdrawn"] == true)
    }
}

/// What was told of the affected windows and of those that overlap them.
#[derive(Clone, Debug, Default)]
pub struct Recorded {
    /// By everything but the span: the affected spans are few.
    affected: BTreeMap<(usize, Vec<u8>), Vec<Name>>,
    latest: BTreeMap<Name, Latest>,
}

impl Recorded {
    /// Nothing found yet.
    #[must_use]
    pub fn of(affected: BTreeSet<Name>) -> Self {
        let mut by_key: BTreeMap<(usize, Vec<u8>), Vec<Name>> = BTreeMap::new();
        for name in affected {
            by_key.entry((name.sink, name.key.clone())).or_default().push(name);
        }
        Self { affected: by_key, latest: BTreeMap::new() }
    }

    /// The sinks whose records are wanted.
    #[must_use]
    pub fn sinks(&self) -> BTreeSet<usize> {
        self.affected.keys().map(|(sink, _)| *sink).collect()
    }

    /// The earliest start of an affected window.
    #[must_use]
    pub fn earliest(&self) -> Option<EventTime> {
        self.affected.values().flatten().map(|name| name.span.start).min()
    }

    /// Takes a record of a sink, in the order of its partition.
    pub fn take(&mut self, sink: usize, key: &[u8], id: &str, value: &[u8]) {
        let Some(names) = self.affected.get(&(sink, key.to_vec())) else { return };
        let Some((name, revision)) = Name::read(sink, key, id) else { return };
        if !names.iter().any(|affected| *affected == name || affected.overlaps(&name)) {
            return;
        }
        let revision = self.latest.get(&name).map_or(revision, |l| l.revision.max(revision));
        self.latest.insert(name, Latest { revision, value: value.to_vec() });
    }

    fn standing(&self, name: &Name) -> Option<&Latest> {
        self.latest.get(name).filter(|latest| !latest.is_withdrawn())
    }

    /// Results that stand and overlap `name`, other than itself.
    fn beside<'a>(&'a self, name: &'a Name) -> impl Iterator<Item = (&'a Name, &'a Latest)> {
        let found =
            self.latest.iter().filter(move |(other, _)| *other != name && name.overlaps(other));
        found.filter(|(_, latest)| !latest.is_withdrawn())
    }
}

/// A result that is told anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Correction {
    /// The result.
    pub name: Name,
    /// What was told before.
    pub before: Option<Latest>,
    /// The revision it is told as.
    pub revision: u32,
    /// What is told.
    pub value: Vec<u8>,
    /// Its event time.
    pub time: EventTime,
    /// The result is withdrawn: its events are told of by a longer session.
    pub withdraws: bool,
}

/// What a replay writes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// What is told anew, in the order of the results' names.
    pub corrections: Vec<Correction>,
    /// The late records that are done with it.
    pub replayed: Vec<Position>,
    /// Those that stay.
    pub left: Vec<Left>,
}

/// Plans the correction: every affected result that differs from what was told is told as the next
/// revision. A result that cannot be trusted or is not closed keeps the late records of its key
/// (of the whole replay, where stages mix keys) where they are.
#[must_use]
pub fn plan(
    description: &Description,
    corrections: &dyn Corrections,
    sorted: &Sorted,
    recounted: &Recounted,
    recorded: &Recorded,
    progress: &Progress,
) -> Plan {
    let mut plan = Plan { left: sorted.left.clone(), ..Plan::default() };
    let mut refused: BTreeMap<&[u8], Obstacle> = BTreeMap::new();
    let judge = Judge { corrections, recounted, recorded, progress };
    let affected = recounted.affected();
    for candidate in sorted.candidates.iter().filter(|c| !is_met(c, recounted)) {
        refused.entry(candidate.key.as_deref().unwrap_or_default()).or_insert(Obstacle::Gone);
    }
    for name in &affected {
        match judge.correct(name) {
            Ok(more) => plan.corrections.extend(more),
            Err(obstacle) => drop(refused.entry(&name.key).or_insert(obstacle)),
        }
    }
    let mixed = description.stages.len() > 1;
    let obstacle = |candidate: &Candidate| {
        let own = refused.get(candidate.key.as_deref().unwrap_or_default());
        own.or_else(|| refused.values().next().filter(|_| mixed))
    };
    for candidate in &sorted.candidates {
        match obstacle(candidate) {
            None => plan.replayed.extend(&candidate.letters),
            Some(obstacle) => plan.left.extend(
                candidate.letters.iter().map(|l| Left { letter: *l, obstacle: obstacle.clone() }),
            ),
        }
    }
    plan.corrections
        .retain(|c| refused.is_empty() || (!mixed && !refused.contains_key(&*c.name.key)));
    plan.corrections.sort_by(|a, b| a.name.cmp(&b.name));
    // Two sessions that become one withdraw what overlaps both, once.
    plan.corrections.dedup_by(|a, b| a.name == b.name);
    plan
}

fn is_met(candidate: &Candidate, recounted: &Recounted) -> bool {
    recounted.met.contains(&(candidate.source, candidate.partition, candidate.offset))
}

/// Judges one affected result.
struct Judge<'a> {
    corrections: &'a dyn Corrections,
    recounted: &'a Recounted,
    recorded: &'a Recorded,
    progress: &'a Progress,
}

impl Judge<'_> {
    fn correct(&self, name: &Name) -> Result<Vec<Correction>, Obstacle> {
        let differs = |name: &Name| Obstacle::Differs { id: name.id(1) };
        let Some(told) = self.recounted.after.get(name) else {
            // Became part of another, which withdraws it.
            let others = self.recounted.after.keys();
            let mut longer = others.filter(|other| other.overlaps(name) && other.covers(name));
            let known = self.is_as_told(name, None) && longer.next().is_some();
            return if known { Ok(Vec::new()) } else { Err(differs(name)) };
        };
        let closing = self.corrections.closing(name.sink, name.measure.as_deref(), name.span);
        let (stage, closes_at) = closing.ok_or_else(|| differs(name))?;
        if !self.progress.has_passed(stage, &name.key, closes_at) {
            return Err(Obstacle::Open);
        }
        if !self.is_as_told(name, Some(&told.value)) {
            return Err(differs(name));
        }
        let before = self.recorded.standing(name);
        let mut written = Vec::new();
        let overlap = self.corrections.overlap();
        for (other, latest) in self.recorded.beside(name).filter(|_| !overlap) {
            if !name.covers(other) {
                return Err(differs(other));
            }
            let revision = latest.revision.saturating_add(1);
            match self.corrections.withdrawn(name.sink, &latest.value, revision) {
                Some(value) => written.push(Correction {
                    name: other.clone(),
                    before: Some(latest.clone()),
                    revision,
                    value,
                    time: other.span.end,
                    withdraws: true,
                }),
                // A measurement goes with the result it was taken from.
                None if name.measure.is_some() => {}
                None => return Err(Obstacle::Stays { id: other.id(latest.revision) }),
            }
        }
        if before.is_none_or(|b| content(&b.value) != content(&told.value)) {
            let before = self.recorded.latest.get(name).cloned();
            let revision = before.as_ref().map_or(1, |b| b.revision.saturating_add(1));
            let value = revised(&told.value, revision);
            let (name, time) = (name.clone(), told.time);
            written.push(Correction { name, before, revision, value, time, withdraws: false });
        }
        Ok(written)
    }

    /// Whether a count without the late records says what was told; or what was told is already
    /// what it should be, `right`.
    fn is_as_told(&self, name: &Name, right: Option<&[u8]>) -> bool {
        let counted = self.recounted.before.get(name).map(|told| &*told.value);
        let told = self.recorded.standing(name).map(|latest| &*latest.value);
        match (counted, told) {
            (_, Some(told)) if right.is_some_and(|right| content(right) == content(told)) => true,
            (None, None) => true,
            (None, Some(_)) => false,
            (Some(_), None) => !self.corrections.recounts_exactly(),
            (Some(counted), Some(told)) => {
                content(counted) == content(told)
                    || (!self.corrections.recounts_exactly()
                        && self.corrections.is_more(counted, told))
            }
        }
    }
}

/// Whether every number of `told` is in `counted` at the same place and not smaller, and all else
/// is equal.
pub(super) fn is_at_least(counted: &[u8], told: &[u8]) -> bool {
    fn at_least(counted: &Value, told: &Value) -> bool {
        match (counted, told) {
            (Value::Object(counted), Value::Object(told)) => told.iter().all(|(name, told)| {
                name == "revision" || counted.get(name).is_some_and(|c| at_least(c, told))
            }),
            (Value::Number(counted), Value::Number(told)) => {
                counted.as_f64().zip(told.as_f64()).is_some_and(|(c, t)| c >= t)
            }
            (counted, told) => counted == told,
        }
    }
    let read = |bytes| serde_json::from_slice::<Value>(bytes).ok();
    read(counted).zip(read(told)).is_some_and(|(counted, told)| at_least(&counted, &told))
}
