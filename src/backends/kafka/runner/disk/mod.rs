//! State on disk beside the changelogs: a mirror of them up to a mark a partition.
//!
//! One fjall store an instance of a group. A checkpoint is one sorted ingestion: fjall writes it as
//! a table of its own, syncs it and makes it part of the store in one step, so that entries and
//! marks are there together or not at all, also after a crash of the machine, and an open replays
//! no journal. Only what Kafka has committed is written (`local`), by a thread of its own
//! (`keeper`).
//!
//! What memory has no room for is another matter (`spill`): it is of this life alone.

mod changes;
pub(super) mod keeper;
pub(super) mod local;
pub mod spill;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use fjall::config::FilterPolicy;
use fjall::{Database, Keyspace, KeyspaceCreateOptions};

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::runner::files;
use crate::streams::mark::Mark;
use changes::{Changes, Named, mark_key, named};

/// Blocks of tables that fjall keeps in memory: it is read through once, then only written.
const CACHE: u64 = 4 << 20;
/// Deletions written at a time when a partition is forgotten.
const CHUNK: usize = 4 << 20;

/// The folder of the state of `instance` of `group`.
pub(super) fn folder(dir: &Path, group: &str, instance: &str) -> PathBuf {
    files::path(dir, group, instance, "state")
}

/// Deletes the state of `instance` of `group`. Whether there was any.
///
/// # Errors
/// [`Kind::Local`] if it cannot be deleted.
pub fn remove(dir: &Path, group: &str, instance: &str) -> Result<bool> {
    let place = folder(dir, group, instance);
    match std::fs::remove_dir_all(&place) {
        Ok(()) => Ok(true),
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(false),
        Err(e) => Err(files::local(format!("could not delete {}", place.display()), e, &place)),
    }
}

/// Why the store did not do what was asked.
enum Fault {
    /// The disk is full, read-only or not ours: an operator's matter.
    Disk(std::io::Error),
    /// The store is not as it was written.
    Damaged(String),
}

impl Fault {
    fn of(error: &fjall::Error) -> Self {
        use std::io::ErrorKind as K;
        let io = match error {
            fjall::Error::Io(e) | fjall::Error::Storage(fjall::LsmError::Io(e)) => Some(e),
            _ => None,
        };
        let ours = |kind| {
            matches!(
                kind,
                K::StorageFull | K::QuotaExceeded | K::ReadOnlyFilesystem | K::PermissionDenied
            )
        };
        match io {
            Some(e) if ours(e.kind()) => {
                Self::Disk(e.raw_os_error().map_or_else(
                    || std::io::Error::from(e.kind()),
                    std::io::Error::from_raw_os_error,
                ))
            }
            _ => Self::Damaged(error.to_string()),
        }
    }

    fn into_error(self, what: &str, place: &Path) -> BackendError {
        let what = format!("could not {what} {}", place.display());
        match self {
            Self::Disk(e) => files::local(what, e, place),
            Self::Damaged(cause) => {
                BackendError::new(Kind::Local, what).because(cause).hint(format!(
                    "The state there can be deleted: it comes back from Kafka. ({})",
                    place.display()
                ))
            }
        }
    }
}

/// Runs a call of the store; one that panics has met bytes it does not know.
fn guarded<T>(call: impl FnOnce() -> fjall::Result<T>) -> std::result::Result<T, Fault> {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(result) => result.map_err(|e| Fault::of(&e)),
        Err(_) => Err(Fault::Damaged("the store panicked over its content".to_owned())),
    }
}

/// The open store.
struct Open {
    /// Ends the store's threads when it goes.
    _database: Database,
    keyspace: Keyspace,
    /// How often it was made anew.
    epoch: u64,
}

/// The store of an instance.
pub(super) struct Disk {
    place: PathBuf,
    open: Mutex<Option<Open>>,
}

impl Disk {
    /// Opens the store; one that is damaged is deleted and made anew. Gives also what was wrong.
    pub fn open(place: PathBuf) -> Result<(Self, Option<String>)> {
        let damage = match start(&place, 0) {
            Ok(open) => return Ok((Self { place, open: Mutex::new(Some(open)) }, None)),
            Err(Fault::Damaged(cause)) => cause,
            Err(fault) => return Err(fault.into_error("open the state at", &place)),
        };
        let disk = Self { place, open: Mutex::new(None) };
        disk.renew()?;
        Ok((disk, Some(damage)))
    }

    fn lock(&self) -> MutexGuard<'_, Option<Open>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often the store was made anew; state noted under another number is gone.
    pub fn epoch(&self) -> u64 {
        self.lock().as_ref().map_or(u64::MAX, |open| open.epoch)
    }

    fn keyspace(&self) -> Result<Keyspace> {
        self.lock().as_ref().map(|open| open.keyspace.clone()).ok_or_else(|| {
            let what = format!("the state at {} could not be made anew", self.place.display());
            BackendError::new(Kind::Local, what)
        })
    }

    /// Deletes everything and begins anew.
    pub fn renew(&self) -> Result<()> {
        let mut open = self.lock();
        let epoch = open.take().map_or(1, |open| open.epoch + 1);
        match std::fs::remove_dir_all(&self.place) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                let what = format!("could not delete the state at {}", self.place.display());
                return Err(files::local(what, e, &self.place));
            }
            _ => {}
        }
        let made = start(&self.place, epoch);
        *open = Some(made.map_err(|fault| fault.into_error("open the state at", &self.place))?);
        Ok(())
    }

    /// The mark of a partition; a damaged store counts as one without it.
    pub fn mark(&self, partition: i32) -> Result<std::result::Result<Option<Mark>, String>> {
        let keyspace = self.keyspace()?;
        match guarded(|| keyspace.get(mark_key(partition))) {
            Ok(None) => Ok(Ok(None)),
            Ok(Some(bytes)) => Ok(Mark::decode(&bytes).map(Some)),
            Err(Fault::Damaged(cause)) => Ok(Err(cause)),
            Err(fault) => Err(fault.into_error("read the state at", &self.place)),
        }
    }

    /// Hands every entry of a partition to `apply`: store, key, value. Returns how many there
    /// are, or what is wrong with them.
    pub fn load(
        &self,
        partition: i32,
        apply: &mut dyn FnMut(usize, &[u8], &[u8]) -> std::result::Result<(), String>,
    ) -> Result<std::result::Result<u64, String>> {
        let keyspace = self.keyspace()?;
        let mut count = 0;
        let mut fault = None;
        let read = guarded(|| {
            for guard in keyspace.prefix(partition.to_be_bytes()) {
                let (stored, value) = guard.into_inner()?;
                let applied = match named(&stored) {
                    Ok(Named::Mark) => continue,
                    Ok(Named::Entry { store, key }) => apply(store, key, &value),
                    Err(fault) => Err(fault),
                };
                count += 1;
                if let Err(cause) = applied {
                    fault = Some(cause);
                    break;
                }
            }
            Ok(())
        });
        match (read, fault) {
            (Ok(()), None) => Ok(Ok(count)),
            (Ok(()), Some(cause)) | (Err(Fault::Damaged(cause)), _) => Ok(Err(cause)),
            (Err(fault), _) => Err(fault.into_error("read the state at", &self.place)),
        }
    }

    /// Writes changes, all or none, and syncs them.
    fn write(&self, changes: &mut Changes) -> Result<()> {
        let keyspace = self.keyspace()?;
        guarded(|| {
            let mut ingestion = keyspace.start_ingestion()?;
            for (key, value) in changes.sorted() {
                match value {
                    Some(value) => ingestion.write(key, value)?,
                    None => ingestion.write_tombstone(key)?,
                }
            }
            ingestion.finish()
        })
        .map_err(|fault| fault.into_error("write the state at", &self.place))
    }

    /// Deletes what is there of a partition: its mark first, so that nothing half is read.
    pub fn forget(&self, partition: i32) -> Result<()> {
        let mut changes = Changes::default();
        changes.push_deletion(&mark_key(partition));
        self.write(&mut changes)?;
        loop {
            let mut changes = Changes::default();
            let keyspace = self.keyspace()?;
            let read = guarded(|| {
                for guard in keyspace.prefix(partition.to_be_bytes()) {
                    changes.push_deletion(&guard.key()?);
                    if changes.size() > CHUNK {
                        break;
                    }
                }
                Ok(())
            });
            match read {
                Ok(()) if changes.is_empty() => return Ok(()),
                Ok(()) => self.write(&mut changes)?,
                Err(Fault::Damaged(_)) => return self.renew(),
                Err(fault) => return Err(fault.into_error("read the state at", &self.place)),
            }
        }
    }
}

fn start(place: &Path, epoch: u64) -> std::result::Result<Open, Fault> {
    std::fs::create_dir_all(place).map_err(|e| Fault::of(&fjall::Error::Io(e)))?;
    guarded(|| {
        let database = Database::builder(place).worker_threads(1).cache_size(CACHE).open()?;
        // Whole partitions are read, never a key that may be absent.
        let options = || KeyspaceCreateOptions::default().filter_policy(FilterPolicy::disabled());
        let keyspace = database.keyspace("state", options)?;
        Ok(Open { _database: database, keyspace, epoch })
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::EventTime;
    use proptest::prelude::*;

    fn entries(disk: &Disk, partition: i32) -> BTreeMap<(usize, Vec<u8>), Vec<u8>> {
        let mut found = BTreeMap::new();
        let mut apply = |store: usize, key: &[u8], value: &[u8]| {
            let twice = found.insert((store, key.to_vec()), value.to_vec());
            assert_eq!(twice, None);
            Ok(())
        };
        let count = disk.load(partition, &mut apply).expect("read").expect("sound");
        assert_eq!(count, found.len() as u64);
        found
    }

    fn mark(offset: i64) -> Mark {
        let time = EventTime::from_micros(offset);
        Mark { layout: 1, since: time, written: time, offsets: vec![offset] }
    }

    type Put = (i32, usize, Vec<u8>, Option<Vec<u8>>);

    fn write(disk: &Disk, puts: &[Put], marks: &[(i32, i64)]) {
        let mut changes = Changes::default();
        for (partition, store, key, value) in puts {
            changes.push(*partition, *store, key, value.as_deref());
        }
        for (partition, offset) in marks {
            changes.push_mark(*partition, &mark(*offset));
        }
        disk.write(&mut changes).expect("written");
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(12))]
        /// Against a map, through checkpoints and restarts.
        #[test]
        fn equals_a_map_after_any_checkpoints_and_restarts(
            rounds in prop::collection::vec(
                (
                    prop::collection::vec(
                        (-1_i32..3, 0_usize..2, prop::collection::vec(any::<u8>(), 0..3),
                         prop::option::of(prop::collection::vec(any::<u8>(), 0..40))),
                        1..40,
                    ),
                    any::<bool>(),
                ),
                1..8,
            )
        ) {
            let home = tempfile::tempdir().unwrap();
            let place = home.path().join("s");
            let (mut disk, damage) = Disk::open(place.clone()).unwrap();
            prop_assert_eq!(damage, None);
            let mut model: BTreeMap<i32, BTreeMap<(usize, Vec<u8>), Vec<u8>>> = BTreeMap::new();
            for (number, (puts, restart)) in rounds.into_iter().enumerate() {
                let offset = i64::try_from(number).unwrap();
                write(&disk, &puts, &[(0, offset)]);
                for (partition, store, key, value) in puts {
                    let of = model.entry(partition).or_default();
                    match value {
                        Some(value) => drop(of.insert((store, key), value)),
                        None => drop(of.remove(&(store, key))),
                    }
                }
                if restart {
                    drop(disk);
                    disk = Disk::open(place.clone()).unwrap().0;
                }
                prop_assert_eq!(disk.mark(0).unwrap(), Ok(Some(mark(offset))));
                prop_assert_eq!(disk.mark(1).unwrap(), Ok(None));
                for partition in -1..3 {
                    let wanted = model.get(&partition).cloned().unwrap_or_default();
                    prop_assert_eq!(entries(&disk, partition), wanted);
                }
            }
            disk.forget(0).unwrap();
            prop_assert_eq!(disk.mark(0).unwrap(), Ok(None));
            prop_assert!(entries(&disk, 0).is_empty());
            prop_assert_eq!(entries(&disk, 1), model.remove(&1).unwrap_or_default());
        }
    }

    /// Every file of the store in turn is cut, emptied or overwritten: what is read afterwards
    /// is what was written, or it is told as damaged or absent; never something else.
    #[test]
    fn damage_is_told_and_never_read() {
        let puts: Vec<Put> = (0..2000_u32)
            .map(|n| {
                (0, 0, n.to_be_bytes().to_vec(), Some(vec![u8::try_from(n % 251).unwrap(); 50]))
            })
            .collect();
        let made = tempfile::tempdir().unwrap();
        let (disk, _) = Disk::open(made.path().join("s")).unwrap();
        write(&disk, &puts, &[(0, 5)]);
        let wanted = entries(&disk, 0);
        drop(disk);
        let mut told = 0;
        let mut number = 0;
        while let Some(path) = files_of(made.path()).get(number).cloned() {
            number += 1;
            for harm in [harm_cut, harm_overwrite] {
                let home = tempfile::tempdir().unwrap();
                copy(made.path(), home.path());
                harm(&home.path().join(path.strip_prefix(made.path()).unwrap()));
                let (disk, damage) = Disk::open(home.path().join("s")).unwrap();
                let mark = disk.mark(0).unwrap();
                let mut found = BTreeMap::new();
                let read = disk.load(0, &mut |store, key, value| {
                    found.insert((store, key.to_vec()), value.to_vec());
                    Ok(())
                });
                let sound = damage.is_none() && read.unwrap().is_ok();
                if sound && matches!(mark, Ok(Some(_))) {
                    assert_eq!(found, wanted, "{}", path.display());
                } else {
                    told += 1;
                }
            }
        }
        assert!(told > 0, "no damage was noticed");
    }

    fn harm_cut(path: &Path) {
        let length = std::fs::metadata(path).unwrap().len();
        std::fs::File::options().write(true).open(path).unwrap().set_len(length / 2).unwrap();
    }

    fn harm_overwrite(path: &Path) {
        let mut bytes = std::fs::read(path).unwrap();
        let middle = bytes.len() / 2;
        if let Some(byte) = bytes.get_mut(middle) {
            *byte ^= 0x55;
        }
        std::fs::write(path, bytes).unwrap();
    }

    fn files_of(path: &Path) -> Vec<PathBuf> {
        let mut found = Vec::new();
        for entry in std::fs::read_dir(path).unwrap().map(std::result::Result::unwrap) {
            if entry.file_type().unwrap().is_dir() {
                found.extend(files_of(&entry.path()));
            } else {
                found.push(entry.path());
            }
        }
        found.sort();
        found
    }

    fn copy(from: &Path, to: &Path) {
        for path in files_of(from) {
            let target = to.join(path.strip_prefix(from).unwrap());
            std::fs::create_dir_all(target.parent().unwrap()).unwrap();
            std::fs::copy(&path, &target).unwrap();
        }
    }
}
