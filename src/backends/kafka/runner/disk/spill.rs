//! Files for values that memory has no room for, in the folder of state: they have no name, so that
//! they go with the process however it ends.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::streams::store::{SpillFile, SpillFolder};

/// The folder.
pub struct SpillTo(PathBuf);

impl SpillTo {
    /// Files in `folder`, which is made when it is needed.
    #[must_use]
    pub const fn new(folder: PathBuf) -> Self {
        Self(folder)
    }
}

struct Unnamed(File);

impl SpillFolder for SpillTo {
    fn create(&self) -> io::Result<Box<dyn SpillFile>> {
        static MADE: AtomicU64 = AtomicU64::new(0);
        std::fs::create_dir_all(&self.0)?;
        // A name lives for a moment, but another machine's process may share folder and number.
        let (path, file) = loop {
            let number = MADE.fetch_add(1, Ordering::Relaxed);
            let path = self.0.join(format!("spill-{}-{number}", std::process::id()));
            match File::options().read(true).write(true).create_new(true).open(&path) {
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => {}
                opened => break (path, opened?),
            }
        };
        std::fs::remove_file(&path)?;
        Ok(Box::new(Unnamed(file)))
    }
}

impl SpillFile for Unnamed {
    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()> {
        self.0.write_all_at(bytes, at)
    }

    fn read(&self, at: u64, into: &mut [u8]) -> io::Result<()> {
        self.0.read_exact_at(into, at)
    }
}
