//! State of partitions that are taken over: from the disk as far as it goes, then from the
//! changelogs.

use std::collections::HashMap;

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::admin;
use crate::backends::kafka::runner::disk::local::Local;
use crate::backends::kafka::runner::offsets::Committed;
use crate::backends::kafka::runner::restore::{Bounds, Restorer, Span};
use crate::backends::kafka::runner::worker::{Partition, Worker};
use crate::config::settings::Kafka;
use crate::domain::EventTime;
use crate::streams::checkpoint::Checkpoint;
use crate::streams::driver::{Driver, Place};
use crate::streams::mark::{LogBounds, Mark};

/// A mark this young, in microseconds, is used without asking how long deletions stay: no
/// changelog forgets them within a minute.
const YOUNG: i64 = 60_000_000;

/// Partitions whose state is not in memory, with what is committed of their sources.
type Fresh<'a> = [(i32, &'a [Committed])];

/// Which marks are looked for.
pub(super) struct Asked<'a> {
    pub changelogs: &'a [String],
    pub numbers: &'a [i32],
    pub bounds: &'a Bounds,
    pub now: EventTime,
}

/// Marks by partition, and the partitions whose marks are of no use, with the cause.
pub(super) type Usable = (HashMap<i32, Mark>, Vec<(i32, String)>);

/// The marks on disk from which the changelogs give the state, and which do not, and why.
pub(super) fn usable(
    local: &Local,
    restorer: &Restorer,
    kafka: &Kafka,
    asked: &Asked<'_>,
) -> Result<Usable> {
    let Asked { changelogs, numbers, bounds, now } = *asked;
    let mut marks = HashMap::new();
    let mut causes: Vec<(i32, String)> = Vec::new();
    for number in numbers {
        match local.mark(*number)? {
            Ok(Some(mark)) => drop(marks.insert(*number, mark)),
            Ok(None) => {}
            Err(cause) => causes.push((*number, cause)),
        }
    }
    if marks.is_empty() {
        return Ok((marks, causes));
    }
    let times = marks.iter().map(|(number, mark)| (*number, mark.written)).collect();
    let after = restorer.written_after(changelogs, &times)?;
    let young = marks.values().all(|mark| (0..YOUNG).contains(&now.micros_since(mark.since)));
    let keeps = if young { Some(i64::MAX) } else { keeps_deletions(kafka, changelogs)? };
    let Some(keeps) = keeps else {
        let cause = "how long its changelogs keep deletions is not told (a right to DescribeConfigs on them?)";
        causes.extend(marks.into_keys().map(|number| (number, cause.to_owned())));
        return Ok((HashMap::new(), causes));
    };
    marks.retain(|number, mark| {
        let log = |store| {
            let place = (store, *number);
            let (first, end) = bounds.get(&place).copied().unwrap_or_default();
            LogBounds { first, end, after: after.get(&place).copied() }
        };
        let logs: Vec<LogBounds> = (0..changelogs.len()).map(log).collect();
        mark.holds(now, keeps, &logs).map_err(|cause| causes.push((*number, cause))).is_ok()
    });
    Ok((marks, causes))
}

/// How long the changelogs keep deletions, in microseconds; `None` if that is not told.
fn keeps_deletions(kafka: &Kafka, changelogs: &[String]) -> Result<Option<i64>> {
    let least = admin::least_setting(kafka, changelogs, "delete.retention.ms")?;
    Ok(least.map(|millis| millis.saturating_mul(1000)))
}

impl Worker {
    /// Brings the state of `fresh` back. Returns how many entries and records each had.
    pub(super) fn reload(&mut self, fresh: &Fresh<'_>) -> Result<HashMap<i32, u64>> {
        let numbers: Vec<i32> = fresh.iter().map(|(number, _)| *number).collect();
        let mut local = self.local.take();
        let result = self.reload_with(fresh, &numbers, &mut local);
        self.local = local;
        result
    }

    fn reload_with(
        &mut self,
        fresh: &Fresh<'_>,
        numbers: &[i32],
        local: &mut Option<Local>,
    ) -> Result<HashMap<i32, u64>> {
        if let Some(local) = local {
            let partitions = &self.partitions;
            local.go_back(&|n| partitions.contains_key(&n) && !numbers.contains(&n))?;
        }
        if fresh.is_empty() {
            return Ok(HashMap::new());
        }
        for (number, committed) in fresh {
            self.blank(*number, committed);
        }
        let changelogs: Vec<String> =
            self.description.stores.iter().map(|s| s.changelog.clone()).collect();
        let began = self.options.clock.now();
        let bounds = self.restorer.all_bounds(&changelogs, numbers)?;
        let mut counts = HashMap::new();
        let mut from = HashMap::new();
        if let Some(local) = local {
            let asked = Asked { changelogs: &changelogs, numbers, bounds: &bounds, now: began };
            let (marks, causes) = usable(local, &self.restorer, &self.options.kafka, &asked)?;
            self.tell_discarded(causes);
            for (number, committed) in fresh {
                let mark = marks.get(number);
                let loaded = self.load(local, *number, committed, mark, began)?;
                if let Some((mark, entries)) = mark.zip(loaded) {
                    counts.insert(*number, entries);
                    let offsets = mark.offsets.iter().enumerate();
                    from.extend(offsets.map(|(store, offset)| ((store, *number), *offset)));
                }
            }
        }
        let span = Span { changelogs: &changelogs, bounds: &bounds, from: &from };
        for (number, records) in self.read_changelogs(&span, local)? {
            *counts.entry(number).or_default() += records;
        }
        if let Some(local) = local {
            let ends = bounds.iter().map(|(place, (_, end))| (*place, *end)).collect();
            numbers.iter().for_each(|number| local.complete(*number, began, &ends));
        }
        Ok(counts)
    }

    /// A partition with empty stores.
    fn blank(&mut self, number: i32, committed: &[Committed]) {
        let checkpoints: Vec<Checkpoint> = committed.iter().map(|c| c.checkpoint.clone()).collect();
        let place = Place { partition: number, partitions: self.count };
        let mut driver = Driver::new(&*self.topology, self.options.limits, place, &checkpoints);
        driver.keep_within(&self.options.memory);
        let none = vec![0; self.description.sources.len()];
        let partition = Partition {
            driver,
            next: none.clone(),
            committed: none.clone(),
            began: none.clone(),
            target: none,
            dirty: false,
            active: false,
        };
        self.partitions.insert(number, partition);
    }

    fn tell_discarded(&self, mut causes: Vec<(i32, String)>) {
        causes.sort_unstable();
        if let Some((first, cause)) = causes.first() {
            let count = causes.len();
            self.handle.note(format!(
                "the state on disk of {count} partitions is not used, all comes from the changelogs: partition {first}: {cause}."
            ));
        }
    }

    /// Loads a partition from disk; without a usable mark, or if what is there is damaged, what is
    /// on disk goes, and all comes from the changelogs: `None`.
    fn load(
        &mut self,
        local: &mut Local,
        number: i32,
        committed: &[Committed],
        mark: Option<&Mark>,
        began: EventTime,
    ) -> Result<Option<u64>> {
        if let Some(mark) = mark {
            let Some(partition) = self.partitions.get_mut(&number) else { return Ok(None) };
            let handle = &self.handle;
            let mut counted = 0;
            let loaded = local.load(number, mark.clone(), &mut |store, key, value| {
                counted += 1;
                if counted % 10_000 == 0 {
                    handle.with(|view| view.restored.disk += 10_000);
                }
                partition.driver.restore(store, key, Some(value))
            })?;
            match loaded {
                Ok(entries) => {
                    handle.with(|view| view.restored.disk += entries % 10_000);
                    return Ok(Some(entries));
                }
                Err(cause) => {
                    handle.with(|view| view.restored.disk -= counted / 10_000 * 10_000);
                    self.tell_discarded(vec![(number, cause)]);
                    self.blank(number, committed);
                }
            }
        }
        local.begin(number, began)?;
        Ok(None)
    }

    fn read_changelogs(
        &mut self,
        span: &Span<'_>,
        local: &mut Option<Local>,
    ) -> Result<HashMap<i32, u64>> {
        let limit = self.options.streams.transaction_timeout * 3;
        let (handle, index) = (self.handle.clone(), self.index);
        let fault = self.options.fault.clone();
        let mut drivers = std::mem::take(&mut self.partitions);
        let mut failed = None;
        let result = self.restorer.restore(
            span,
            limit,
            &mut |record| {
                let Some(p) = drivers.get_mut(&record.partition) else { return Ok(()) };
                p.driver.restore(record.store, record.key, record.value)?;
                let Some(local) = local else { return Ok(()) };
                let noted = local.restored(
                    record.partition,
                    record.store,
                    record.offset,
                    record.key,
                    record.value,
                );
                match noted {
                    Ok(true) => fault.hit("restore-checkpoint"),
                    Ok(false) => {}
                    Err(error) => {
                        failed = Some(error);
                        return Err("the checkpoint was not written".to_owned());
                    }
                }
                Ok(())
            },
            &mut |partition| self.fence_writers(&[partition]),
            &mut |done, total| {
                handle.restoring(index, done, total);
                if handle.stopping() {
                    return Err(BackendError::new(Kind::Stopped, "stopped while restoring"));
                }
                Ok(())
            },
        );
        self.partitions = drivers;
        if let Some(error) = failed {
            return Err(error);
        }
        let counts = result?;
        handle.with(|view| view.restored.changelog += counts.values().sum::<u64>());
        Ok(counts)
    }
}
