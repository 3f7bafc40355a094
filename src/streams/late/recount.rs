//! Counts windows anew, without and with the late records.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::EventTime;
use crate::streams::driver::Limits;
use crate::streams::late::Corrections;
use crate::streams::late::name::Name;
use crate::streams::late::reach::{Candidate, Progress, Sorted};
use crate::streams::output::Outputs;
use crate::streams::pipeline::Pipeline;
use crate::streams::record::SourceRecord;
use crate::streams::topology::Topology;

/// A result as it was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// The value.
    pub value: Vec<u8>,
    /// Its event time.
    pub time: EventTime,
}

/// The results of all windows.
pub type Results = BTreeMap<Name, Told>;

/// What the two counts gave.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recounted {
    /// Without the late records.
    pub before: Results,
    /// With them.
    pub after: Results,
    /// The late records (source, partition, offset) that were met.
    pub met: BTreeSet<(usize, i32, i64)>,
}

impl Recounted {
    /// The results in which the late records make a difference.
    #[must_use]
    pub fn affected(&self) -> BTreeSet<Name> {
        let differs = |name: &&Name| self.before.get(*name) != self.after.get(*name);
        self.before.keys().chain(self.after.keys()).filter(differs).cloned().collect()
    }
}

/// One of the two counts.
struct Side<'a> {
    pipeline: Pipeline<'a>,
    results: Results,
}

/// The two counts, under way. Memory: the windows of the keys that are counted.
pub struct Recount<'a> {
    corrections: &'a dyn Corrections,
    without: Side<'a>,
    with: Side<'a>,
    chosen: BTreeSet<(usize, i32, i64)>,
    sorted: &'a Sorted,
    committed: &'a BTreeMap<(usize, i32), i64>,
    /// Only these keys count; all if the results of a key hang on records of others.
    keys: Option<BTreeSet<Option<Vec<u8>>>>,
    met: BTreeSet<(usize, i32, i64)>,
    scratch: Outputs,
}

impl<'a> Recount<'a> {
    /// Nothing counted yet. `patient` is the topology that [`Corrections::patient`] gave.
    #[must_use]
    pub fn new(
        patient: &'a dyn Topology,
        corrections: &'a dyn Corrections,
        limits: Limits,
        sorted: &'a Sorted,
        progress: &'a Progress,
    ) -> Self {
        let side = || Side {
            pipeline: Pipeline::new(patient, limits, progress.partitions),
            results: Results::new(),
        };
        let at = |c: &Candidate| (c.source, c.partition, c.offset);
        let keys = || sorted.candidates.iter().map(|c| c.key.clone()).collect();
        Self {
            corrections,
            without: side(),
            with: side(),
            chosen: sorted.candidates.iter().map(at).collect(),
            sorted,
            committed: &progress.committed,
            // Only a repartition topic brings records of several keys together.
            keys: (patient.describe().stages.len() == 1).then(keys),
            met: BTreeSet::new(),
            scratch: Outputs::new(),
        }
    }

    /// Takes a record of a source, in the order of its partition. What the topology has not read
    /// yet, or has set aside, is passed over.
    ///
    /// # Errors
    /// The panic's message of a task that stopped.
    pub fn take(&mut self, record: &SourceRecord<'_>, now: EventTime) -> Result<(), String> {
        let at = (record.source, record.partition, record.offset);
        let read = self.committed.get(&(at.0, at.1)).is_some_and(|next| at.2 < *next);
        let other = |keys: &BTreeSet<_>| !keys.contains(&record.key.map(<[u8]>::to_vec));
        if !read || self.sorted.dead.contains(&at) || self.keys.as_ref().is_some_and(other) {
            return Ok(());
        }
        let chosen = self.chosen.contains(&at);
        if chosen {
            self.met.insert(at);
        }
        let late = self.sorted.late.contains(&at);
        for (side, late) in [(&mut self.without, late || chosen), (&mut self.with, late)] {
            if late {
                side.pipeline.take_late(record, now, &mut self.scratch)?;
            } else {
                side.pipeline.take(record, now, &mut self.scratch)?;
            }
            keep(self.corrections, &mut self.scratch, &mut side.results);
        }
        Ok(())
    }

    /// Closes all windows.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn finish(mut self, now: EventTime) -> Result<Recounted, String> {
        for side in [&mut self.without, &mut self.with] {
            side.pipeline.drain(now, &mut self.scratch)?;
            keep(self.corrections, &mut self.scratch, &mut side.results);
        }
        Ok(Recounted { before: self.without.results, after: self.with.results, met: self.met })
    }
}

/// Keeps the results among the outputs.
fn keep(corrections: &dyn Corrections, outputs: &mut Outputs, results: &mut Results) {
    for record in outputs.iter() {
        let (Some(key), Some(value)) = (record.key, record.value) else { continue };
        let Some((name, _)) = Name::read(record.sink, key, record.id) else { continue };
        if corrections.closing(name.sink, name.measure.as_deref(), name.span).is_some() {
            results.insert(name, Told { value: value.to_vec(), time: record.time });
        }
    }
    outputs.clear();
}
