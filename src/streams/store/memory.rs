//! The memory that the stores of a process share, and the files for what it has no room for.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};

/// So many times room is not made again after a file could not be written.
const PATIENCE: u32 = 4096;
/// Values may hold this part of the limit at least, however much else is held.
const LEAST: u64 = 4;

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
    /// What values hold, which can be spilled, and what all else does.
    values: AtomicU64,
    fixed: AtomicU64,
    spilled: AtomicU64,
    folder: Box<dyn SpillFolder>,
    failure: Mutex<Option<io::Error>>,
    /// The last file could not be written.
    failing: AtomicBool,
    patience: AtomicU32,
}

impl Memory {
    /// `limit` bytes; what is beyond goes to files in `folder`.
    #[must_use]
    pub fn new(limit: u64, folder: Box<dyn SpillFolder>) -> Self {
        Self {
            limit,
            values: AtomicU64::new(0),
            fixed: AtomicU64::new(0),
            spilled: AtomicU64::new(0),
            folder,
            failure: Mutex::new(None),
            failing: AtomicBool::new(false),
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
        self.values.load(Relaxed).wrapping_add(self.fixed.load(Relaxed))
    }

    /// How many bytes of values lie in files.
    #[must_use]
    pub fn spilled(&self) -> u64 {
        self.spilled.load(Relaxed)
    }

    /// Why nothing can be spilled any more, if that is so; told once until it can again.
    #[must_use]
    pub fn take_failure(&self) -> Option<io::Error> {
        self.failure.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    pub(super) fn folder(&self) -> &dyn SpillFolder {
        &*self.folder
    }

    /// A store whose values held `before` bytes, and all else of it, holds `now`.
    pub(super) fn holds(&self, before: (u64, u64), now: (u64, u64)) {
        // Wraps where it falls.
        self.values.fetch_add(now.0.wrapping_sub(before.0), Relaxed);
        self.fixed.fetch_add(now.1.wrapping_sub(before.1), Relaxed);
    }

    /// The same of what it has in files.
    pub(super) fn has_spilled(&self, before: u64, now: u64) {
        self.spilled.fetch_add(now.wrapping_sub(before), Relaxed);
    }

    /// How much a store whose values hold `own` bytes should let go: its share of what is too much.
    pub(super) fn excess(&self, own: u64) -> u64 {
        let (held, fixed) = (self.values.load(Relaxed), self.fixed.load(Relaxed));
        let allowed = self.limit.saturating_sub(fixed).max(self.limit / LEAST);
        let over = held.saturating_sub(allowed);
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
        if !self.failing.swap(true, Relaxed) {
            *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
        self.patience.store(PATIENCE, Relaxed);
    }

    /// A file was written.
    pub(super) fn succeeded(&self) {
        self.failing.store(false, Relaxed);
    }
}

/// What somebody beside the stores holds of their memory; it cannot be spilled, so that values have
/// less.
pub struct Share {
    memory: Arc<Memory>,
    told: u64,
}

impl Share {
    /// A share of `memory`; nothing is held yet.
    #[must_use]
    pub fn new(memory: &Arc<Memory>) -> Self {
        Self { memory: Arc::clone(memory), told: 0 }
    }

    /// By now `bytes` are held.
    pub fn holds(&mut self, bytes: u64) {
        self.memory.holds((0, std::mem::replace(&mut self.told, bytes)), (0, bytes));
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.holds(0);
    }
}
