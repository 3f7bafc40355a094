//! The thread that writes checkpoints, one after the other, beside the work.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::Disk;
use super::changes::Changes;
use crate::backends::error::{BackendError, Kind, Result};
use crate::runtime::Fault;

/// How many checkpoints may wait: a worker that is faster than the disk waits with it.
const WAITING: usize = 2;

pub(super) enum Job {
    /// Write this; it is of a store made anew so often.
    Write {
        changes: Changes,
        epoch: u64,
    },
    /// Answer once everything before is written.
    Report(SyncSender<()>),
    End,
}

/// The way to the thread.
#[derive(Clone)]
pub(in super::super) struct Keeper {
    pub(super) disk: Arc<Disk>,
    jobs: SyncSender<Job>,
    failure: Arc<Mutex<Option<BackendError>>>,
    /// A checkpoint was not written: none after it may be, since its mark would tell of it.
    broken: Arc<AtomicBool>,
}

/// Ends the thread when dropped, after what it was given.
pub(in super::super) struct Keeping {
    keeper: Keeper,
    thread: Option<JoinHandle<()>>,
}

impl Keeping {
    /// Starts the thread over `disk`.
    pub fn start(disk: Disk, fault: Arc<Fault>) -> Result<Self> {
        let (jobs, list) = sync_channel(WAITING);
        let (disk, failure, broken) = (Arc::new(disk), Arc::default(), Arc::default());
        let keeper = Keeper { disk, jobs, failure, broken };
        let inside = keeper.clone();
        let thread = std::thread::Builder::new()
            .name("state".to_owned())
            .spawn(move || inside.serve(&list, &fault))
            .map_err(|e| {
                BackendError::new(Kind::Local, "could not start the thread of state").because(e)
            })?;
        Ok(Self { keeper, thread: Some(thread) })
    }

    pub fn keeper(&self) -> Keeper {
        self.keeper.clone()
    }

    /// Waits until everything is written.
    ///
    /// # Errors
    /// The failure of a checkpoint.
    pub fn end(&mut self) -> Result<()> {
        if let Some(thread) = self.thread.take() {
            // A thread that is gone has left its failure.
            drop(self.keeper.jobs.send(Job::End));
            drop(thread.join());
        }
        self.keeper.failed()
    }
}

impl Drop for Keeping {
    fn drop(&mut self) {
        if let Err(error) = self.end() {
            tracing::warn!(%error, "the last checkpoint was not written");
        }
    }
}

impl Keeper {
    fn serve(&self, jobs: &Receiver<Job>, fault: &Fault) {
        while let Ok(job) = jobs.recv() {
            match job {
                Job::End => return,
                // The worker may have stopped waiting.
                Job::Report(done) => drop(done.send(())),
                Job::Write { mut changes, epoch } => {
                    if epoch != self.disk.epoch() || self.broken.load(Ordering::SeqCst) {
                        continue;
                    }
                    fault.hit("before-checkpoint");
                    if let Err(error) = self.disk.write(&mut changes) {
                        self.broken.store(true, Ordering::SeqCst);
                        *self.failure.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
                    }
                    fault.hit("after-checkpoint");
                }
            }
        }
    }

    /// The failure of a checkpoint, once.
    pub fn failed(&self) -> Result<()> {
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner).take();
        failure.map_or(Ok(()), Err)
    }

    /// Whether another checkpoint would wait; then the changes may as well gather.
    pub(super) fn try_write(&self, changes: Changes, epoch: u64) -> Option<Changes> {
        match self.jobs.try_send(Job::Write { changes, epoch }) {
            Err(TrySendError::Full(Job::Write { changes, .. })) => Some(changes),
            _ => None,
        }
    }

    pub(super) fn write(&self, changes: Changes, epoch: u64) {
        // A thread that is gone has left its failure.
        drop(self.jobs.send(Job::Write { changes, epoch }));
    }

    /// Waits until everything given so far is written.
    pub(super) fn wait(&self) -> Result<()> {
        let (done, written) = sync_channel(1);
        if self.jobs.send(Job::Report(done)).is_ok() {
            // It answers, or is gone and has left its failure.
            let _gone = written.recv().is_err();
        }
        self.failed()
    }
}
