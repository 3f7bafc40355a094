//! The entries of a store as its changelog has them, and as of which offsets.

use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::runner::offsets::{self, Committed};
use crate::backends::kafka::runner::preflight;
use crate::backends::kafka::runner::restore::{Restorer, Span};
use crate::config::settings::Kafka;
use crate::streams::partition;
use crate::streams::topology::Description;

/// How long the offsets of a group may stay unstable, and how long a changelog may stand still.
const LIMIT: Duration = Duration::from_secs(20);
/// How often a state that is committed to while it is read is read again.
const TRIES: usize = 3;

/// What a store keeps of a key.
#[derive(Clone, Debug)]
pub struct Kept {
    /// The partition of the key.
    pub partition: i32,
    /// Entries by their key in the changelog.
    pub entries: BTreeMap<Vec<u8>, Vec<u8>>,
    /// What was committed by source when reading began.
    pub committed: Vec<Committed>,
    /// Whether nothing was committed while it was read: the entries are exactly as of the offsets.
    pub exact: bool,
}

/// Reads the entries that `belongs` chooses, from the partition where records with `key` are.
///
/// # Errors
/// [`Kind::Missing`] without a source or the changelog; others as the client says.
pub fn of_key(
    kafka: &Kafka,
    description: &Description,
    store: usize,
    key: &[u8],
    stop: &dyn Fn() -> bool,
    belongs: &dyn Fn(&[u8]) -> bool,
) -> Result<Kept> {
    let restorer = Restorer::open(kafka, &description.group)?;
    let changelog = &description.stores[store].changelog;
    let mut count = 0;
    for topic in [changelog, &description.sources[0].topic] {
        let found = preflight::partition_count(restorer.impatient(), &kafka.bootstrap, topic)?;
        count = u32::try_from(found.unwrap_or(0)).unwrap_or(u32::MAX);
        if count == 0 {
            let what = format!("topic \"{topic}\" is missing at {}", kafka.bootstrap);
            return Err(
                BackendError::new(Kind::Missing, what).hint("Create it with `bss setup kafka`.")
            );
        }
    }
    let partition = i32::try_from(partition::of_key(key, count)).unwrap_or(0);
    let committed = || -> Result<Vec<Committed>> {
        let mut all = Vec::new();
        for source in &description.sources {
            let group = &description.group;
            let patient = restorer.patient();
            all.extend(offsets::committed(patient, group, &source.topic, &[partition], LIMIT)?);
        }
        Ok(all)
    };
    let mut before = committed()?;
    let mut tries = 0;
    loop {
        let mut entries = BTreeMap::new();
        let changelogs = std::slice::from_ref(changelog);
        let bounds = restorer.all_bounds(changelogs, &[partition])?;
        restorer.restore(
            &Span { changelogs, bounds: &bounds, from: &HashMap::new() },
            LIMIT,
            &mut |record| {
                if belongs(record.key) {
                    match record.value {
                        Some(value) => drop(entries.insert(record.key.to_vec(), value.to_vec())),
                        None => drop(entries.remove(record.key)),
                    }
                }
                Ok(())
            },
            // Only a run may end somebody's transaction; this one waits.
            &mut |_| Ok(()),
            &mut |_, _| {
                if stop() { Err(BackendError::new(Kind::Stopped, "interrupted")) } else { Ok(()) }
            },
        )?;
        tries += 1;
        let after = committed()?;
        let exact = after == before;
        if exact || tries == TRIES {
            return Ok(Kept { partition, entries, committed: before, exact });
        }
        before = after;
    }
}
