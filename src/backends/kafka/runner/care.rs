//! Finds the record that ends the process: an abort or a lack of memory cannot be caught.
//!
//! The state directory counts the starts that ended without a commit. After three of them the run
//! takes care: one worker at a time, and the record in hand is noted while it is processed. If the
//! process ends again, the next start finds the note; a record that was in hand at three such ends
//! is set aside. (Fewer may be chance: whoever kills the process does not choose the record.) If
//! there is no note, since the end came at the commit and not at the record, two starts later the
//! transactions are small (`runner/careful.rs`), and a record that has one of its own stays noted
//! until that is committed. Once enough went well, the run is as before.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
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
/// So many records without harm end the care: more than a transaction may hold by default, since
/// the cause lies as far behind the last commit at most.
const CLEAN: u64 = 100_000;

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
    /// committed.
    Narrow,
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
#[serde(rename_all = "camelCase")]
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
}

impl Kept {
    /// A new start: what was in hand at the end of the last one is a suspect.
    fn started(mut self) -> Self {
        self.starts = self.starts.saturating_add(1);
        if let Some(found) = self.in_hand.take() {
            match self.suspects.iter_mut().find(|s| s.place == found) {
                Some(suspect) => suspect.ends += 1,
                None => self.suspects.push(Suspect { place: found, ends: 1 }),
            }
            // The care that led to the note is enough.
            self.starts = CHANCE + 1 + if self.alone { NOTED } else { 0 };
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
    /// Held while a record is in hand.
    turnstile: Mutex<()>,
    level: Mutex<Level>,
    /// Whether the file is there.
    filed: AtomicBool,
    clean: AtomicU64,
}

/// A record in hand; it is no suspect any more once this is dropped.
pub struct InHand<'a> {
    care: &'a Care,
    _turn: MutexGuard<'a, ()>,
}

impl Drop for InHand<'_> {
    fn drop(&mut self) {
        let mut kept = unlocked(&self.care.kept);
        kept.in_hand = None;
        kept.alone = false;
        if let Err(error) = self.care.write(&kept) {
            tracing::warn!(%error, "the note of the record in hand stays");
        }
    }
}

fn unlocked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Care {
    /// Counts a start of `instance`.
    ///
    /// # Errors
    /// [`Kind::Local`], such as a full disk.
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
            filed: AtomicBool::new(true),
            clean: AtomicU64::new(0),
            turnstile: Mutex::new(()),
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

    /// How many starts ended without a commit before this one.
    #[must_use]
    pub fn failed_starts(&self) -> u32 {
        unlocked(&self.kept).starts.saturating_sub(1)
    }

    /// The records that end the process.
    #[must_use]
    pub fn causes(&self) -> Vec<Place> {
        let kept = unlocked(&self.kept);
        let proven = kept.suspects.iter().filter(|s| s.ends >= PROOF);
        proven.map(|s| s.place.clone()).collect()
    }

    /// Takes a record in hand, which has a transaction of its own if it is `alone`; waits for its turn.
    ///
    /// # Errors
    /// [`Kind::Local`] if it cannot be noted: it must not be processed then.
    pub fn take(&self, place: Place, alone: bool) -> Result<InHand<'_>> {
        let turn = unlocked(&self.turnstile);
        let mut kept = unlocked(&self.kept);
        kept.in_hand = Some(place);
        kept.alone = alone;
        self.write(&kept)?;
        Ok(InHand { care: self, _turn: turn })
    }

    /// A transaction of `records` committed; `passed` tells whether a suspect lies behind it.
    pub fn committed(&self, records: u64, passed: impl Fn(&Place) -> bool) {
        if !self.filed.load(Ordering::Relaxed) {
            return;
        }
        let mut kept = unlocked(&self.kept);
        kept.suspects.retain(|suspect| !passed(&suspect.place));
        let calm = self.clean.fetch_add(records, Ordering::Relaxed) + records >= CLEAN;
        if !calm && self.level() != Level::Usual {
            return;
        }
        // What is not proven was chance, also if somebody else reads its partition by now.
        kept.suspects.retain(|suspect| suspect.ends >= PROOF);
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

    /// The run ended by itself: well or with an error, but not by a death.
    pub fn ended(&self) {
        let mut kept = unlocked(&self.kept);
        if kept.suspects.is_empty() && self.filed.load(Ordering::Relaxed) {
            self.forget(&mut kept);
        }
    }

    fn forget(&self, kept: &mut Kept) {
        *kept = Kept::default();
        self.filed.store(false, Ordering::Relaxed);
        // If it stays, the next start is counted as one more: more care than is due.
        drop(std::fs::remove_file(&self.place));
    }

    fn write(&self, kept: &Kept) -> Result<()> {
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
        drop(care.take(place(600_000), false).unwrap());
        for _ in 0..2 {
            let care = start();
            assert_eq!((care.level(), care.causes()), (Level::Noted, vec![]), "it may be chance");
            std::mem::forget(care.take(place(7), false).unwrap());
        }
        let care = start();
        assert_eq!((care.level(), care.causes()), (Level::Noted, vec![]), "twice as well");
        std::mem::forget(care.take(place(7), false).unwrap());
        let care = start();
        assert_eq!((care.level(), care.causes()), (Level::Noted, vec![place(7)]));
        // Ending well does not forget a cause that was not passed.
        care.ended();
        let care = start();
        assert_eq!(care.causes(), [place(7)]);
        care.committed(1, |cause| cause.offset < 8);
        assert!(care.causes().is_empty());
        assert_eq!(care.level(), Level::Noted);
        care.committed(100_000, |_| false);
        assert_eq!(care.level(), Level::Usual);
        assert_eq!(start().failed_starts(), 0, "forgotten");
    }

    #[test]
    fn care_ends_though_a_suspect_is_read_elsewhere() {
        let dir = tempfile::tempdir().unwrap();
        let start = || Care::start(dir.path(), "g", "i").unwrap();
        (0..3).for_each(|_| drop(start()));
        std::mem::forget(start().take(place(5), false).unwrap());
        for ends in 0..3 {
            let care = start();
            // A chance, then a cause in another partition, none of which this one passes.
            std::mem::forget(care.take(place(9), false).unwrap());
            assert!(care.causes().is_empty(), "{ends}");
        }
        let care = start();
        care.committed(99_999, |_| false);
        assert_eq!((care.level(), care.causes()), (Level::Noted, vec![place(9)]));
        care.committed(1, |_| false);
        assert_eq!(care.level(), Level::Usual);
        // What is proven stays so; starts that commit count no more.
        for _ in 0..5 {
            let care = start();
            assert_eq!((care.level(), care.causes()), (Level::Usual, vec![place(9)]));
            care.committed(1, |_| false);
        }
        start().committed(1, |_| true);
        assert_eq!((start().failed_starts(), start().causes()), (0, vec![]));
    }

    #[test]
    fn an_end_without_a_record_in_hand_leads_to_small_transactions() {
        let dir = tempfile::tempdir().unwrap();
        let start = || Care::start(dir.path(), "g", "i").unwrap();
        let levels: Vec<Level> = (0..7).map(|_| start().level()).collect();
        use Level::{Narrow, Noted, Usual};
        assert_eq!(levels, [Usual, Usual, Usual, Noted, Noted, Narrow, Narrow]);
        // A record that was alone is looked at in the same way again.
        std::mem::forget(start().take(place(9), true).unwrap());
        for _ in 0..2 {
            let care = start();
            assert_eq!((care.level(), care.causes()), (Narrow, vec![]));
            std::mem::forget(care.take(place(9), true).unwrap());
        }
        assert_eq!(start().causes(), [place(9)]);
    }

    #[test]
    fn a_commit_or_a_clean_end_forgets_the_starts() {
        let dir = tempfile::tempdir().unwrap();
        let start = || Care::start(dir.path(), "g", "i").unwrap();
        for _ in 0..10 {
            start().committed(1, |_| false);
            start().ended();
            assert_eq!(start().level(), Level::Usual);
            start().ended();
        }
        std::fs::write(dir.path().join("g-i.starts.json"), "{").unwrap();
        assert_eq!(start().level(), Level::Usual, "a file that was cut off is no reason to fail");
    }
}
