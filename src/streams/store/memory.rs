//! The memory that the stores of a process share, and the files for what it has no room for.

use std::io;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, PoisonError};

/// So many times room is not made again after a file could not be written.
const PATIENCE: u32 = 256;

/// A file of values that memory has no room for. Nobody reads it in another life.
pub trait SpillFile: Send {
    /// Writes `bytes` from `at` on.
    ///
    /// # Errors
    /// As the system says; what lies from `at` on is then unknown.
    fn write(&self, at: u64, bytes: &[u8]) -> io::Result<()>;

    /// Fills `into` with the bytes from `at` on.
    ///
    /// # Errors
    /// As the system says.
    fn read(&self, at: u64, into: &mut [u8]) -> io::Result<()>;
}

/// Where such files are made.
pub trait SpillFolder: Send + Sync {
    /// An empty file; it goes when it is dropped.
    ///
    /// # Errors
    /// As the system says.
    fn create(&self) -> io::Result<Box<dyn SpillFile>>;
}

/// State that was spilled could not be read back: what the store holds is not known any more. It
/// travels as the payload of an unwinding thread, since it is no fault of the record at hand.
#[derive(Debug)]
pub struct StateLost(pub String);

/// How much all stores together may hold in memory, and how much they do.
pub struct Memory {
    limit: u64,
    held: AtomicU64,
    spilled: AtomicU64,
    folder: Box<dyn SpillFolder>,
    failure: Mutex<Option<io::Error>>,
    patience: AtomicU32,
}

impl Memory {
    /// `limit` bytes; what is beyond goes to files in `folder`.
    #[must_use]
    pub fn new(limit: u64, folder: Box<dyn SpillFolder>) -> Self {
        Self {
            limit,
            held: AtomicU64::new(0),
            spilled: AtomicU64::new(0),
            folder,
            failure: Mutex::new(None),
            patience: AtomicU32::new(0),
        }
    }

    /// How many bytes the stores may hold.
    #[must_use]
    pub const fn limit(&self) -> u64 {
        self.limit
    }

    /// How many bytes they hold in memory, by their own account.
    #[must_use]
    pub fn held(&self) -> u64 {
        self.held.load(Relaxed)
    }

    /// How many bytes of values lie in files.
    #[must_use]
    pub fn spilled(&self) -> u64 {
        self.spilled.load(Relaxed)
    }

    /// Why nothing could be spilled lately, if that is so; told once.
    #[must_use]
    pub fn take_failure(&self) -> Option<io::Error> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(super) fn folder(&self) -> &dyn SpillFolder {
        &*self.folder
    }

    /// A store that held `before` bytes holds `now`.
    pub(super) fn holds(&self, before: u64, now: u64) {
        // Wraps where it falls.
        self.held.fetch_add(now.wrapping_sub(before), Relaxed);
    }

    /// The same of what it has in files.
    pub(super) fn has_spilled(&self, before: u64, now: u64) {
        self.spilled.fetch_add(now.wrapping_sub(before), Relaxed);
    }

    /// How much a store that holds `own` bytes should let go: its share of what is too much.
    pub(super) fn excess(&self, own: u64) -> u64 {
        let held = self.held();
        let over = held.saturating_sub(self.limit);
        if over == 0 || self.waits() {
            return 0;
        }
        let share = u128::from(over) * u128::from(own) / u128::from(held.max(1));
        u64::try_from(share).unwrap_or(own)
    }

    fn waits(&self) -> bool {
        self.patience.try_update(Relaxed, Relaxed, |left| left.checked_sub(1)).is_ok()
    }

    /// A file could not be written: what it was for stays in memory.
    pub(super) fn failed(&self, error: io::Error) {
        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        self.patience.store(PATIENCE, Relaxed);
    }
}
