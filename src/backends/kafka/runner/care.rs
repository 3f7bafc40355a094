//! Finds the record that ends the process: an abort or a lack of memory cannot be caught.
//!
//! The state directory counts the starts that ended without a commit. After three of them the run
//! takes care: one worker at a time (`runner/careful.rs`), and the record in hand is noted while it
//! is processed. If the process ends again, the next start finds the note; a record that was in
//! hand at three such ends is set aside. (Fewer may be chance: whoever kills the process does not
//! choose the record. If it ends with that record in hand all the same, more are needed.) If there
//! is no note, since the end came at the commit and not at the record, two starts later the
//! transactions are small, and a record that has one of its own stays noted until all of that is
//! written. The care ends where all is processed that was there at the start.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use crate::backends::error::Result;
use crate::backends::kafka::runner::files;

/// So many starts without a commit are taken for chance.
const CHANCE: u32 = 3;
/// So many more do without small transactions.
const NOTED: u32 = 2;
/// A record in hand at so many ends is the cause.
const PROOF: u32 = 3;
/// Bytes that a record's place takes in the file at most: a topic's name has up to 249.
const ROOM: usize = 512;

/// How much care a run takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// None.
    Usual,
    /// The record in hand is noted while it is processed.
    Noted,
    /// And transactions are small at first; a record that has one of its own is noted until that is
    /// written.
    Narrow,
}

/// How far a worker has come with what it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Of a source with records nothing is committed yet.
    Pending,
    /// Of each source that has records some are committed.
    Begun,
    /// All that was there when it began is committed, or as much as one transaction may hold: an
    /// earlier start had nothing else in hand.
    Through,
}

/// A record by its place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The offset.
    pub offset: i64,
}

/// What the file keeps from one start to the next.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Kept {
    starts: u32,
    in_hand: Option<Place>,
    /// The one in hand has a transaction of its own.
    alone: bool,
    suspects: Vec<Suspect>,
}

/// A record that was in hand when a process ended, and how often.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Suspect {
    place: Place,
    ends: u32,
    /// So many ends prove it.
    #[serde(default = "proof")]
    needed: u32,
}

const fn proof() -> u32 {
    PROOF
}

impl Suspect {
    const fn is_proven(&self) -> bool {
        self.ends >= self.needed
    }
}

impl Kept {
    /// A new start: what was in hand at the end of the last one is a suspect.
    fn started(mut self) -> Self {
        self.starts = self.starts.saturating_add(1);
        let Some(found) = self.in_hand.take() else { return self };
        if let Some(suspect) = self.suspects.iter_mut().find(|s| s.place == found) {
            if suspect.is_proven() {
                // It was set aside, and that was no help.
                suspect.needed = suspect.ends.saturating_mul(2).saturating_add(2);
            }
            suspect.ends = suspect.ends.saturating_add(1);
            // The care that led to the note is enough.
            self.starts = CHANCE + 1 + if self.alone { NOTED } else { 0 };
        } else {
            self.suspects.push(Suspect { place: found, ends: 1, needed: PROOF });
        }
        self
    }

    const fn level(&self) -> Level {
        match self.starts {
            0..=CHANCE => Level::Usual,
            n if n <= CHANCE + NOTED => Level::Noted,
            _ => Level::Narrow,
        }
    }
}

/// The care a run takes.
pub struct Care {
    dir: PathBuf,
    place: PathBuf,
    kept: Mutex<Kept>,
    /// Written in place: a process that is killed ends before a write or behind it, and the note of
    /// each record costs microseconds.
    file: File,
    /// Of the file in bytes, whatever is noted: what is shorter leaves nothing of what was longer.
    size: usize,
    level: Mutex<Level>,
    /// By worker that has partitions.
    standings: Mutex<BTreeMap<u16, Standing>>,
    /// Whether the file is there, and this run writes to it.
    filed: AtomicBool,
}

fn unlocked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Care {
    /// Counts a start of `instance`.
    ///
    /// # Errors
    /// [`Kind::Local`](crate::backends::error::Kind::Local), such as a full disk.
    pub fn start(dir: &Path, group: &str, instance: &str) -> Result<Self> {
        let place = files::path(dir, group, instance, "starts.json");
        // A file that cannot be read is of a start that was cut off while it wrote.
        let before = std::fs::read(&place).ok().and_then(|b| serde_json::from_slice(&b).ok());
        let kept: Kept = before.unwrap_or_default();
        let kept = kept.started();
        let what = || format!("could not note the start in {}", place.display());
        let size = ROOM + kept.suspects.len() * ROOM;
        let file = text(&kept, size)
            .and_then(|text| files::replace(&place, &text))
            .and_then(|()| OpenOptions::new().write(true).open(&place))
            .map_err(|e| files::local(what(), e, dir))?;
        Ok(Self {
            dir: dir.to_owned(),
            level: Mutex::new(kept.level()),
            standings: Mutex::default(),
            filed: AtomicBool::new(true),
            kept: Mutex::new(kept),
            file,
            size,
            place,
        })
    }

    /// How much care to take.
    #[must_use]
    pub fn level(&self) -> Level {
        *unlocked(&self.level)
    }

    /// Whether it matters how far the workers are.
    #[must_use]
    pub fn is_watching(&self) -> bool {
        self.filed.load(Ordering::Relaxed)
    }

    /// How many starts ended without a commit before this one.
    #[must_use]
    pub fn failed_starts(&self) -> u32 {
        unlocked(&self.kept).starts.saturating_sub(1)
    }

    /// The records that end the process.
    #[must_use]
    pub fn causes(&self) -> Vec<Place> {
        let kept = unlocked(&self.kept);
        let proven = kept.suspects.iter().filter(|s| s.is_proven());
        proven.map(|s| s.place.clone()).collect()
    }

    /// Notes that a record is in hand, which has a transaction of its own if it is `alone`. Whoever
    /// notes one has the turn (`runner/careful.rs`): there is one note at a time.
    ///
    /// # Errors
    /// [`Kind::Local`](crate::backends::error::Kind::Local) if it cannot be noted: it must not be
    /// processed then.
    pub fn note(&self, place: Place, alone: bool) -> Result<()> {
        let mut kept = unlocked(&self.kept);
        kept.in_hand = Some(place);
        kept.alone = alone;
        self.write(&kept)
    }

    /// No record is in hand any more.
    pub fn let_go(&self) {
        let mut kept = unlocked(&self.kept);
        if kept.in_hand.take().is_some() {
            kept.alone = false;
            if let Err(error) = self.write(&kept) {
                tracing::warn!(%error, "the note of the record in hand stays");
            }
        }
    }

    /// A worker has partitions and comes so far with them; `passed` tells whether a suspect lies
    /// behind it.
    pub fn stands(&self, worker: u16, standing: Standing, passed: impl Fn(&Place) -> bool) {
        if !self.is_watching() {
            return;
        }
        let least = {
            let mut standings = unlocked(&self.standings);
            standings.insert(worker, standing);
            standings.values().min().copied()
        };
        let mut kept = unlocked(&self.kept);
        kept.suspects.retain(|suspect| !passed(&suspect.place));
        let enough = match self.level() {
            Level::Usual => Standing::Begun,
            Level::Noted | Level::Narrow => Standing::Through,
        };
        if least < Some(enough) {
            return;
        }
        // What is not proven was chance, also if somebody else reads its partition by now.
        kept.suspects.retain(Suspect::is_proven);
        *unlocked(&self.level) = Level::Usual;
        if kept.suspects.is_empty() {
            self.forget(&mut kept);
        } else if kept.starts > 0 {
            kept.starts = 0;
            if let Err(error) = self.write(&kept) {
                tracing::warn!(%error, "the next start counts as one more without a commit");
            }
        }
    }

    /// A worker has no partitions any more.
    pub fn leaves(&self, worker: u16) {
        unlocked(&self.standings).remove(&worker);
    }

    /// The run ended by itself: well or with an error, but not by a death. A worker that is still
    /// held up by brokers notes nothing any more.
    pub fn ended(&self) {
        if !self.is_watching() {
            return;
        }
        self.let_go();
        let mut kept = unlocked(&self.kept);
        if kept.suspects.is_empty() {
            self.forget(&mut kept);
        }
        self.filed.store(false, Ordering::Relaxed);
    }

    fn forget(&self, kept: &mut Kept) {
        *kept = Kept::default();
        self.filed.store(false, Ordering::Relaxed);
        // If it stays, the next start is counted as one more: more care than is due.
        drop(std::fs::remove_file(&self.place));
    }

    fn write(&self, kept: &Kept) -> Result<()> {
        if !self.is_watching() {
            return Ok(());
        }
        let what = || format!("could not note the record in hand in {}", self.place.display());
        text(kept, self.size)
            .and_then(|text| self.file.write_all_at(&text, 0))
            .map_err(|e| files::local(what(), e, &self.dir))
    }
}

/// `kept` as it is filed: with blanks behind it, `size` bytes long.
fn text(kept: &Kept, size: usize) -> std::io::Result<Vec<u8>> {
    let mut text = serde_json::to_vec(kept)?;
    text.resize(text.len().max(size), b' ');
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(offset: i64) -> Place {
        Place { topic: "t".to_owned(), partition: 0, offset }
    }

    /// A start that ends with the record at `offset` in hand.
    fn dies_with(care: &Care, offset: i64, alone: bool) {
        care.note(place(offset), alone).unwrap();
    }

    #[test]
    fn three_starts_are_chance_and_the_record_in_hand_is_found() {
        let dir = tempfile::tempdir().unwrap();
        let start = || Care::start(dir.path(), "g", "i").unwrap();
        for _ in 0..3 {
            assert_eq!(start().level(), Level::Usual);
        }
        let care = start();
        assert_eq!((care.level(), care.failed_starts()), (Level::Noted, 3));
        // One that went well is no suspect; one that is in hand at the end is.
        care.note(place(600_000), false).unwrap();
        care.let_go();
        dies_with(&care, 7, false);
        for _ in 0..2 {
            let care = start();
            assert_eq!((care.level(), care.causes()), (Level::Noted, vec![]), "it may be chance");
            dies_with(&care, 7, false);
        }
        let care = start();
        assert_eq!((care.level(), care.causes()), (Level::Noted, vec![place(7)]));
        // Ending well does not forget a cause that was not passed.
        care.ended();
        let care = start();
        assert_eq!(care.causes(), [place(7)]);
        care.stands(0, Standing::Begun, |cause| cause.offset < 8);
        assert_eq!((care.level(), care.causes()), (Level::Noted, vec![]));
        care.stands(0, Standing::Through, |_| false);
        assert_eq!(care.level(), Level::Usual);
        assert_eq!(start().failed_starts(), 0, "forgotten");
    }

    #[test]
    fn an_end_without_a_record_in_hand_leads_to_small_transactions() {
        let dir = tempfile::tempdir().unwrap();
        let start = || Care::start(dir.path(), "g", "i").unwrap();
        let levels: Vec<Level> = (0..7).map(|_| start().level()).collect();
        use Level::{Narrow, Noted, Usual};
        assert_eq!(levels, [Usual, Usual, Usual, Noted, Noted, Narrow, Narrow]);
        // Others in hand, each once, say nothing; the same again is looked at in the same way.
        for offset in [1, 2, 9, 9] {
            dies_with(&start(), offset, offset == 9);
        }
        let care = start();
        assert_eq!((care.level(), care.causes()), (Narrow, vec![]));
        dies_with(&care, 9, true);
        let care = start();
        assert_eq!((care.level(), care.causes()), (Narrow, vec![place(9)]));
        // It is set aside now, and the process ends with it all the same: more are needed.
        dies_with(&care, 9, true);
        for ends in 4..8 {
            let care = start();
            assert!(care.causes().is_empty(), "{ends}");
            dies_with(&care, 9, true);
        }
        assert_eq!(start().causes(), [place(9)]);
    }

    #[test]
    fn commits_of_all_workers_or_a_clean_end_forget_the_starts() {
        let dir = tempfile::tempdir().unwrap();
        let start = || Care::start(dir.path(), "g", "i").unwrap();
        for _ in 0..10 {
            let care = start();
            assert_eq!(care.level(), Level::Usual);
            care.stands(0, Standing::Pending, |_| false);
            care.stands(1, Standing::Pending, |_| false);
            care.stands(1, Standing::Through, |_| false);
            assert!(care.is_watching(), "the other may be at the cause");
            care.stands(0, Standing::Begun, |_| false);
            assert!(!care.is_watching());
            start().ended();
        }
        let care = start();
        care.stands(0, Standing::Pending, |_| false);
        care.leaves(0);
        care.stands(1, Standing::Begun, |_| false);
        assert!(!care.is_watching(), "one without partitions says nothing");
        std::fs::write(dir.path().join("g-i.starts.json"), "{").unwrap();
        assert_eq!(start().level(), Level::Usual, "a file that was cut off is no reason to fail");
    }

    #[test]
    fn a_worker_that_is_left_behind_at_the_end_is_not_in_hand() {
        let dir = tempfile::tempdir().unwrap();
        let start = || Care::start(dir.path(), "g", "i").unwrap();
        (0..3).for_each(|_| drop(start()));
        for _ in 0..5 {
            let care = start();
            dies_with(&care, 7, true);
            let care = start();
            care.note(place(7), true).unwrap();
            care.ended();
            care.note(place(7), true).unwrap();
            assert_eq!(start().causes(), []);
            std::fs::remove_file(dir.path().join("g-i.starts.json")).unwrap();
            (0..3).for_each(|_| drop(start()));
        }
    }

    #[test]
    fn care_ends_though_a_suspect_is_read_elsewhere() {
        let dir = tempfile::tempdir().unwrap();
        let start = || Care::start(dir.path(), "g", "i").unwrap();
        (0..3).for_each(|_| drop(start()));
        dies_with(&start(), 5, false);
        for ends in 0..3 {
            let care = start();
            // A chance, then a cause in another partition, none of which this one passes.
            dies_with(&care, 9, false);
            assert!(care.causes().is_empty(), "{ends}");
        }
        let care = start();
        care.stands(0, Standing::Begun, |_| false);
        assert_eq!((care.level(), care.causes()), (Level::Noted, vec![place(9)]));
        care.stands(0, Standing::Through, |_| false);
        assert_eq!(care.level(), Level::Usual);
        // What is proven stays so; starts that commit count no more.
        for _ in 0..5 {
            let care = start();
            assert_eq!((care.level(), care.causes()), (Level::Usual, vec![place(9)]));
            care.stands(0, Standing::Begun, |_| false);
        }
        start().stands(0, Standing::Begun, |_| true);
        assert_eq!((start().failed_starts(), start().causes()), (0, vec![]));
    }
}
