//! A topology that stands still as an operator asked: everything is committed, nothing is read.

use crate::backends::error::Kind;
use crate::backends::kafka::reading;
use crate::backends::kafka::runner::transaction::Trouble;
use crate::backends::kafka::runner::worker::Worker;
use crate::backends::kafka::runner::{Phase, RunHandle};
use crate::streams::meta::Pause;

impl RunHandle {
    /// Asks the workers to stand still, or to go on.
    pub fn pause(&self, pause: Option<Pause>) {
        self.with(|view| view.pause = pause);
    }

    /// The pause that all `busy` workers obey, if they do.
    #[must_use]
    pub fn obeyed(&self) -> Option<Pause> {
        self.with(|view| match &view.phase {
            Phase::Paused { since, by } => Some(Pause { since: since.clone(), by: by.clone() }),
            _ => None,
        })
    }

    /// Brings the phase in line with what the `busy` workers do.
    pub(super) fn show_pause(&self, busy: usize) {
        self.with(|view| match (&view.pause, &view.phase) {
            (Some(pause), Phase::Running | Phase::Paused { .. }) if view.still.len() >= busy => {
                view.watch.stands_still();
                view.phase = Phase::Paused { since: pause.since.clone(), by: pause.by.clone() };
            }
            (None, Phase::Paused { .. }) if view.still.is_empty() => view.phase = Phase::Running,
            _ => {}
        });
    }
}

impl Worker {
    /// Obeys what the operator asked for. Whether the worker stands still.
    ///
    /// # Errors
    /// Of the commit before it stands still, or of reading on.
    pub(super) fn obey(&mut self) -> std::result::Result<bool, Trouble> {
        let (wanted, still) =
            self.handle.with(|view| (view.pause.is_some(), view.still.contains(&self.index)));
        if wanted && !still {
            self.commit()?;
            // Nothing is fetched meanwhile; the positions are kept here.
            drop(reading::unassign(&self.source));
            self.handle.with(|view| view.still.insert(self.index));
        } else if !wanted && still {
            self.read().map_err(|error| match error.kind {
                Kind::Unreachable | Kind::TimedOut => Trouble::Abort(error),
                _ => Trouble::Fatal(error),
            })?;
            self.moves();
        }
        Ok(wanted)
    }

    /// The worker reads, or has nothing to read.
    pub(super) fn moves(&self) {
        self.handle.with(|view| view.still.remove(&self.index));
    }
}
