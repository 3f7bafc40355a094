//! The keys that personal fields are sealed with: a folder of their own, apart from the events.
//!
//! 4,096 files, each for the subjects whose digest begins with its name; a record is the SHA-256 of a
//! subject (32 bytes) and its key (32 bytes), so that no name stands there in the clear. A key is on
//! the disk before anything is sealed with it. To erase one, its bytes are written over where they
//! stand, with zeros and its fingerprint: the record stays, and the subject never gets another key.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::FlockOperation;
use sha2::{Digest as _, Sha256};

use crate::backends::error::{BackendError, Kind, Result};
use crate::events::Aggregate;
use crate::events::seal::{Fingerprint, Key};

const HALF: usize = 32;
const RECORD: usize = 2 * HALF;
/// What an erased key begins with; its fingerprint follows, zeros if there never was a key.
const ERASED: [u8; HALF - size_of::<Fingerprint>()] = [0; HALF - size_of::<Fingerprint>()];

/// What is kept for a subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// Nothing.
    Nothing,
    /// Its key.
    Key(Key),
    /// Its key was erased, which had this fingerprint; zeros if it never had one.
    Erased(Fingerprint),
}

/// The folder.
#[derive(Clone, Debug)]
pub struct Keys {
    folder: PathBuf,
}

impl Keys {
    /// The keys in a folder, which is made with the first key.
    #[must_use]
    pub const fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Where they are.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// What is kept for a subject.
    ///
    /// # Errors
    /// [`Kind::Local`]: a file that cannot be read, a folder that others may read.
    pub fn find(&self, subject: &Aggregate) -> Result<Held> {
        let digest = digest(subject);
        let mut file = match File::open(self.file(&digest)) {
            Ok(file) => file,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Held::Nothing),
            Err(e) => return Err(self.failed("read", e)),
        };
        self.guarded()?;
        // What another process is writing is not on the disk yet.
        rustix::fs::flock(&file, FlockOperation::LockShared).map_err(|e| self.failed("lock", e))?;
        let records = self.records(&mut file)?;
        Ok(found(&records, &digest).map_or(Held::Nothing, |(_, held)| held))
    }

    /// What is kept for a subject; a new key if that was nothing.
    ///
    /// # Errors
    /// As [`Self::find`]; no room, no random bytes.
    pub fn take(&self, subject: &Aggregate) -> Result<Held> {
        match self.find(subject)? {
            Held::Nothing => {}
            held => return Ok(held),
        }
        let mut bytes = [0; HALF];
        getrandom::fill(&mut bytes).map_err(|e| self.failed("make a key for", e))?;
        self.keep(subject, Some(bytes))
    }

    /// Forgets a subject's key for good, and says what was kept before.
    ///
    /// # Errors
    /// As [`Self::take`]; the key may be there still then.
    pub fn erase(&self, subject: &Aggregate) -> Result<Held> {
        self.keep(subject, None)
    }

    /// Keeps a key for a subject of which nothing is kept, and gives what is kept then; or erases its
    /// key (`None`), and gives what was kept.
    fn keep(&self, subject: &Aggregate, key: Option<[u8; HALF]>) -> Result<Held> {
        self.make_folder()?;
        self.guarded()?;
        let digest = digest(subject);
        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(self.file(&digest))
            .map_err(|e| self.failed("write", e))?;
        rustix::fs::flock(&file, FlockOperation::LockExclusive)
            .map_err(|e| self.failed("lock", e))?;
        let records = self.records(&mut file)?;
        let there = found(&records, &digest);
        let write = |bytes: &[u8], at: usize| {
            let at =
                u64::try_from(at).map_err(|_| std::io::Error::from(ErrorKind::FileTooLarge))?;
            file.write_all_at(bytes, at)?;
            file.sync_all()
        };
        let written = match &there {
            Some((at, Held::Key(old))) if key.is_none() => {
                write(&erased(old.fingerprint()), at + HALF)
            }
            Some(_) => return Ok(there.map_or(Held::Nothing, |(_, held)| held)),
            // Over what a writer that was killed left of a record.
            None => write(&[digest, key.unwrap_or(erased([0; 8]))].concat(), records.len())
                .and_then(|()| if records.is_empty() { sync(&self.folder) } else { Ok(()) }),
        };
        written.map_err(|e| self.failed("write", e))?;
        Ok(match there {
            Some((_, held)) => held,
            None => key.map_or(Held::Nothing, |bytes| Held::Key(Key::new(bytes))),
        })
    }

    fn file(&self, digest: &[u8; HALF]) -> PathBuf {
        self.folder.join(format!("{:02x}{:x}", digest[0], digest[1] >> 4))
    }

    /// The whole records of a file.
    fn records(&self, file: &mut File) -> Result<Vec<u8>> {
        let mut records = Vec::new();
        file.read_to_end(&mut records).map_err(|e| self.failed("read", e))?;
        records.truncate(records.len() / RECORD * RECORD);
        Ok(records)
    }

    fn make_folder(&self) -> Result<()> {
        if self.folder.is_dir() {
            return Ok(());
        }
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&self.folder);
        let made = made.and_then(|()| self.folder.parent().map_or(Ok(()), sync));
        made.map_err(|e| self.failed("make", e))
    }

    /// Whoever reads the keys reads the personal fields.
    fn guarded(&self) -> Result<()> {
        let mode = std::fs::metadata(&self.folder).map_err(|e| self.failed("look at", e))?.mode();
        if mode & 0o077 == 0 {
            return Ok(());
        }
        let folder = self.folder.display();
        Err(BackendError::new(Kind::Local, format!("refused to use the keys in {folder}"))
            .because(format!("others may enter the folder (mode {:03o})", mode & 0o777))
            .hint(format!("chmod 700 {folder}")))
    }

    fn failed(&self, act: &str, error: impl Into<std::io::Error>) -> BackendError {
        let what = format!("could not {act} the keys in {}", self.folder.display());
        BackendError::new(Kind::Local, what)
            .because(error.into())
            .hint("events.keys_dir says where they are.")
    }
}

/// What was made in a folder is there after a crash of the machine too.
fn sync(folder: &Path) -> std::io::Result<()> {
    // The working directory as the parent of a relative name.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    File::open(folder)?.sync_all()
}

fn digest(subject: &Aggregate) -> [u8; HALF] {
    Sha256::digest(subject.as_str()).into()
}

/// What stands in the place of a key.
fn erased(print: Fingerprint) -> [u8; HALF] {
    let mut bytes = [0; HALF];
    bytes[ERASED.len()..].copy_from_slice(&print);
    bytes
}

fn found(records: &[u8], digest: &[u8; HALF]) -> Option<(usize, Held)> {
    let (records, _) = records.as_chunks::<RECORD>();
    let at = records.iter().position(|record| record.starts_with(digest))?;
    let key = records[at].last_chunk::<HALF>()?;
    let held = match key.strip_prefix(&ERASED) {
        Some(print) => Held::Erased(print.try_into().ok()?),
        None => Held::Key(Key::new(*key)),
    };
    Some((at * RECORD, held))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn customer(n: u32) -> Aggregate {
        Aggregate::new("customer", &n.to_string()).unwrap()
    }

    fn bytes_in(folder: &Path) -> Vec<u8> {
        let files = std::fs::read_dir(folder).unwrap();
        files.flat_map(|f| std::fs::read(f.unwrap().path()).unwrap()).collect()
    }

    fn has(bytes: &[u8], part: &[u8]) -> bool {
        bytes.windows(part.len()).any(|w| w == part)
    }

    #[test]
    fn each_subject_has_one_key_until_it_is_erased_for_good() {
        let home = tempfile::tempdir().unwrap();
        let keys = Keys::new(home.path().join("a/keys"));
        assert_eq!(keys.find(&customer(1)).unwrap(), Held::Nothing);
        assert!(!keys.folder().exists(), "looking makes nothing");
        let all: Vec<Held> = (0..500).map(|n| keys.take(&customer(n)).unwrap()).collect();
        for (n, held) in (0..500).zip(&all) {
            assert_eq!(&keys.take(&customer(n)).unwrap(), held);
            assert_eq!(&keys.find(&customer(n)).unwrap(), held);
            assert_eq!(all.iter().filter(|other| *other == held).count(), 1);
        }
        let Held::Key(key) = &all[7] else { panic!("{:?}", all[7]) };
        assert!(has(&bytes_in(keys.folder()), key.bytes()));
        assert_eq!(&keys.erase(&customer(7)).unwrap(), &all[7]);
        assert!(!has(&bytes_in(keys.folder()), key.bytes()));
        for held in [keys.find(&customer(7)), keys.take(&customer(7)), keys.erase(&customer(7))] {
            assert_eq!(held.unwrap(), Held::Erased(key.fingerprint()));
        }
        // One that never had a key does not get one any more.
        assert_eq!(keys.erase(&customer(900)).unwrap(), Held::Nothing);
        assert_eq!(keys.take(&customer(900)).unwrap(), Held::Erased([0; 8]));
        assert_eq!(&keys.find(&customer(8)).unwrap(), &all[8]);
    }

    #[test]
    fn what_a_killed_writer_left_is_written_over() {
        let home = tempfile::tempdir().unwrap();
        let keys = Keys::new(home.path().join("keys"));
        let held = keys.take(&customer(1)).unwrap();
        let file = keys.file(&digest(&customer(1)));
        for cut in 1..RECORD {
            let whole = std::fs::read(&file).unwrap();
            let other = [&whole[..RECORD], &vec![7; cut]].concat();
            std::fs::write(&file, other).unwrap();
            assert_eq!(keys.find(&customer(1)).unwrap(), held);
            std::fs::write(&file, &whole[..cut]).unwrap();
            assert_eq!(keys.find(&customer(1)).unwrap(), Held::Nothing);
            std::fs::write(&file, &whole).unwrap();
        }
        std::fs::write(&file, [9; 3]).unwrap();
        let new = keys.take(&customer(1)).unwrap();
        assert_eq!(std::fs::read(&file).unwrap().len(), RECORD);
        assert_eq!(keys.find(&customer(1)).unwrap(), new);
    }

    #[test]
    fn writers_at_once_agree_on_the_key() {
        let home = tempfile::tempdir().unwrap();
        let keys = Keys::new(home.path().join("keys"));
        let taken: Vec<Vec<Held>> = std::thread::scope(|scope| {
            let one = || (0..50).map(|n| keys.take(&customer(n)).unwrap()).collect();
            let threads: Vec<_> = (0..8).map(|_| scope.spawn(one)).collect();
            threads.into_iter().map(|t| t.join().unwrap()).collect()
        });
        assert!(taken.iter().all(|held| held == &taken[0]));
        assert_eq!(bytes_in(keys.folder()).len(), 50 * RECORD);
    }

    #[test]
    fn a_folder_that_others_may_enter_is_refused() {
        let home = tempfile::tempdir().unwrap();
        let keys = Keys::new(home.path().join("keys"));
        keys.take(&customer(1)).unwrap();
        std::fs::set_permissions(keys.folder(), std::fs::Permissions::from_mode(0o750)).unwrap();
        for refused in [keys.find(&customer(1)), keys.take(&customer(2)), keys.erase(&customer(1))]
        {
            assert!(refused.unwrap_err().message.contains("refused to use the keys"));
        }
    }
}
