//! A worker's side of the state on disk: gathers what was committed and when it is written.

use std::collections::{BTreeMap, HashMap};
use std::time::{Duration, Instant};

use super::changes::Changes;
use super::keeper::Keeper;
use crate::backends::error::Result;
use crate::domain::EventTime;
use crate::streams::mark::Mark;

/// So many bytes of changes are written before their time.
const FULL: usize = 16 << 20;
/// So many bytes of a restore are written on its way.
const PART: usize = 4 << 20;
/// After so long a mark is written again for its time alone.
const REFRESH: Duration = Duration::from_secs(600);

/// By store and partition: the first offset of a changelog that the state does not hold yet.
pub(in super::super) type Reached = HashMap<(usize, i32), i64>;

/// What a worker keeps on disk of its partitions.
pub(in super::super) struct Local {
    keeper: Keeper,
    layout: u64,
    stores: usize,
    interval: Duration,
    changes: Changes,
    marks: BTreeMap<i32, Mark>,
    /// The store that the marks are of.
    epoch: u64,
    /// A commit came since the marks were written.
    moved: bool,
    /// The next commit brings a checkpoint, whatever the time.
    hurried: bool,
    written: Instant,
}

impl Local {
    /// For stores of `layout`; written every `interval`.
    pub fn new(keeper: Keeper, layout: u64, stores: usize, interval: Duration) -> Self {
        let epoch = keeper.disk.epoch();
        Self {
            keeper,
            layout,
            stores,
            interval,
            changes: Changes::default(),
            marks: BTreeMap::new(),
            epoch,
            moved: false,
            hurried: false,
            written: Instant::now(),
        }
    }

    /// Adds a change that is not committed yet.
    pub fn push(&mut self, partition: i32, store: usize, key: &[u8], value: Option<&[u8]>) {
        if self.marks.contains_key(&partition) {
            self.changes.push(partition, store, key, value);
        }
    }

    /// What was added is committed, between the times `before` and `after`. With the `ends` of the
    /// changelogs below which everything is ours and committed, a checkpoint is written.
    ///
    /// # Errors
    /// That of an earlier checkpoint.
    pub fn settle(
        &mut self,
        ends: Option<&Reached>,
        before: EventTime,
        after: EventTime,
    ) -> Result<()> {
        self.changes.settle();
        self.moved = true;
        let Some(ends) = ends else { return Ok(()) };
        for (partition, mark) in &mut self.marks {
            // The commit shows that the partitions were ours: nobody else has written there.
            mark.since = before;
            mark.written = after;
            for (store, offset) in mark.offsets.iter_mut().enumerate() {
                let end = ends.get(&(store, *partition)).copied().unwrap_or(*offset);
                *offset = end.max(*offset);
            }
        }
        self.hurried = false;
        self.write(self.changes.size() >= FULL)
    }

    /// Whether the next commit should bring a checkpoint.
    pub fn is_due(&self) -> bool {
        let age = self.written.elapsed();
        self.hurried
            || self.changes.size() >= FULL
            || age >= if self.changes.is_empty() { REFRESH } else { self.interval }
    }

    /// The next commit brings a checkpoint. Whether there is anything to write.
    pub fn hurry(&mut self) -> bool {
        self.hurried = true;
        !self.changes.is_empty()
    }

    /// Writes a checkpoint; with `wait` also if others are still waiting to be written.
    fn write(&mut self, wait: bool) -> Result<()> {
        self.keeper.failed()?;
        self.written = Instant::now();
        let mut changes = self.changes.take();
        for (partition, mark) in &self.marks {
            changes.push_mark(*partition, mark);
        }
        changes.settle();
        if wait {
            self.keeper.write(changes, self.epoch);
        } else if let Some(back) = self.keeper.try_write(changes, self.epoch) {
            self.changes = back;
        }
        self.moved = false;
        Ok(())
    }

    /// Writes what was committed, as at a hand-over.
    ///
    /// # Errors
    /// That of an earlier checkpoint.
    pub fn hand_over(&mut self) -> Result<()> {
        self.changes.roll_back();
        if self.changes.is_empty() && !self.moved { Ok(()) } else { self.write(true) }
    }

    /// Goes back to what is committed and on disk; only `kept` partitions go on as they are.
    ///
    /// # Errors
    /// That of a checkpoint.
    pub fn go_back(&mut self, kept: &dyn Fn(i32) -> bool) -> Result<()> {
        self.hand_over()?;
        self.keeper.wait()?;
        let epoch = self.keeper.disk.epoch();
        let same = epoch == self.epoch;
        self.epoch = epoch;
        self.marks.retain(|partition, _| same && kept(*partition));
        Ok(())
    }

    /// The mark of a partition on disk; `Err`: why it is of no use.
    pub fn mark(&self, partition: i32) -> Result<std::result::Result<Option<Mark>, String>> {
        let read = self.keeper.disk.mark(partition)?;
        Ok(read.and_then(|mark| match mark {
            Some(mark) => mark.fits(self.layout, self.stores).map(|()| Some(mark)),
            None => Ok(None),
        }))
    }

    /// Hands the entries on disk of a partition to `apply`, as far as `mark` says: restoring goes
    /// on from there.
    pub fn load(
        &mut self,
        partition: i32,
        mark: Mark,
        apply: &mut dyn FnMut(usize, &[u8], &[u8]) -> std::result::Result<(), String>,
    ) -> Result<std::result::Result<u64, String>> {
        let loaded = self.keeper.disk.load(partition, apply)?;
        match loaded {
            Ok(_) => drop(self.marks.insert(partition, mark)),
            Err(_) => self.damaged()?,
        }
        Ok(loaded)
    }

    /// The store is not as it was written: it is made anew.
    fn damaged(&mut self) -> Result<()> {
        self.keeper.disk.renew()?;
        self.epoch = self.keeper.disk.epoch();
        self.marks.clear();
        Ok(())
    }

    /// Forgets what is on disk of a partition; it is restored from offset 0 of each store on,
    /// beginning at `now`.
    pub fn begin(&mut self, partition: i32, now: EventTime) -> Result<()> {
        self.keeper.disk.forget(partition)?;
        // A damage on the way has made it anew.
        let epoch = self.keeper.disk.epoch();
        if epoch != self.epoch {
            self.marks.clear();
            self.epoch = epoch;
        }
        let (layout, offsets) = (self.layout, vec![0; self.stores]);
        self.marks.insert(partition, Mark { layout, since: now, written: now, offsets });
        Ok(())
    }

    /// Notes a record of a changelog that was restored; a long restore is written on its way,
    /// so that the next start goes on there. Whether it was.
    pub fn restored(
        &mut self,
        partition: i32,
        store: usize,
        offset: i64,
        key: &[u8],
        value: Option<&[u8]>,
    ) -> Result<bool> {
        let Some(mark) = self.marks.get_mut(&partition) else { return Ok(false) };
        mark.offsets[store] = offset + 1;
        self.changes.push(partition, store, key, value);
        self.changes.settle();
        let full = self.changes.size() >= PART;
        if full {
            self.write(true)?;
        }
        Ok(full)
    }

    /// What is on disk of a partition is followed from `mark` on, without being read.
    pub fn follow(&mut self, partition: i32, mark: Mark) {
        self.marks.insert(partition, mark);
    }

    /// Records were read at `now`: none of them was written later.
    pub fn seen(&mut self, now: EventTime) {
        self.marks.values_mut().for_each(|mark| mark.written = now);
    }

    /// Writes what was read if it is time; whoever reads faster than the disk writes waits.
    ///
    /// # Errors
    /// That of an earlier checkpoint.
    pub fn keep_up(&mut self) -> Result<()> {
        if self.is_due() { self.write(true) } else { Ok(()) }
    }

    /// Where the mark of a store's partition is.
    pub fn reached(&self, partition: i32, store: usize) -> Option<i64> {
        self.marks.get(&partition)?.offsets.get(store).copied()
    }

    /// The store on disk was made anew since: what was read before is gone.
    pub fn is_stale(&self) -> bool {
        self.keeper.disk.epoch() != self.epoch
    }

    /// A partition's restore, begun at `began`, has reached `ends`.
    pub fn complete(&mut self, partition: i32, began: EventTime, ends: &Reached) {
        let Some(mark) = self.marks.get_mut(&partition) else { return };
        mark.since = began;
        mark.written = began;
        for (store, offset) in mark.offsets.iter_mut().enumerate() {
            *offset = ends.get(&(store, partition)).copied().unwrap_or(*offset).max(*offset);
        }
        self.moved = true;
    }
}
