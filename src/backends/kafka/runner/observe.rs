//! What workers tell of their work, and what a run shows of itself.

use std::time::{Duration, Instant};

use crate::backends::kafka::runner::transaction::Trouble;
use crate::backends::kafka::runner::worker::Worker;
use crate::backends::kafka::runner::{Phase, RunHandle, RunView};
use crate::domain::progress;
use crate::streams::topology::Description;
use crate::streams::watch::Committed;
use crate::streams::watch::figures::{RunFigures, State};

/// A member that has not come round for so long is stalled, in microseconds.
const MEMBER: i64 = 10_000_000;

impl RunHandle {
    /// Microseconds since the handle was made: a clock that never goes back.
    #[must_use]
    pub fn elapsed(&self) -> i64 {
        i64::try_from(self.born.elapsed().as_micros()).unwrap_or(i64::MAX)
    }

    /// A worker has `done` of `total` offsets of changelogs behind it.
    pub(super) fn restoring(&self, worker: u16, done: u64, total: u64) {
        let at = self.elapsed();
        self.with(|view| {
            view.watch.turned(worker, at);
            // A worker may also go back while the others run: what they restored before is another's.
            if !matches!(view.phase, Phase::Restoring { .. }) {
                view.restores_since = at;
                view.restores.clear();
            }
            view.restores.insert(worker, (done, total));
            let all = view.restores.values();
            let (done, total) = all.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
            view.phase = Phase::Restoring { done, total };
        });
    }

    /// For how long a restore has run, and how far it has come; `None` while nothing is restored.
    #[must_use]
    pub fn restore(&self) -> Option<(Duration, String)> {
        let at = self.elapsed();
        self.with(|view| {
            let Phase::Restoring { done, total } = view.phase else { return None };
            Some((taken(view, at), restoring(view, done, total, at)?))
        })
    }

    /// The figures of the run as of now. `stalled_after` is in microseconds.
    #[must_use]
    pub fn figures(
        &self,
        description: &Description,
        instance: &str,
        stalled_after: i64,
    ) -> RunFigures {
        let at = self.elapsed();
        let topics: Vec<&str> = description.sources.iter().map(|s| s.topic.as_str()).collect();
        let view = self.with(|view| RunView { notes: Vec::new(), ..view.clone() });
        let (state, cause) = state(&view, stalled_after, &topics, at);
        let restored = view.restores.values().map(|(done, _)| done).sum();
        let to_restore = view.restores.values().map(|(_, total)| total).sum();
        RunFigures {
            topology: description.name.to_owned(),
            instance: instance.to_owned(),
            state,
            cause,
            partitions: view.watch.partitions(&topics, at),
            commits: view.commits,
            commit_durations: view.watch.commits,
            returns: view.watch.returns,
            restored,
            to_restore,
            last_stop_millis: view.last_stop_ms,
            standby: view.standby.0.len() as u64,
            standby_behind: view.standby.1,
        }
    }
}

/// The state of a run and its cause, worst first.
fn state(view: &RunView, stalled_after: i64, topics: &[&str], at: i64) -> (State, Option<String>) {
    let ended = matches!(view.phase, Phase::Failed { .. } | Phase::Stopped);
    if !ended {
        if let Some(silent) =
            view.watch.member_silent(at).filter(|s| *s >= MEMBER.max(stalled_after))
        {
            let cause = format!("the group member has not come round for {} s", silent / 1_000_000);
            return (State::Stalled, Some(cause));
        }
        if let Some(cause) = view.watch.stalled(stalled_after, topics, at) {
            return (State::Stalled, Some(cause));
        }
    }
    match &view.phase {
        Phase::Starting => (State::Starting, None),
        Phase::Restoring { done, total } => (State::Restoring, restoring(view, *done, *total, at)),
        Phase::Running => (State::Running, None),
        Phase::Paused { since, by } => (State::Paused, Some(format!("since {since} by {by}"))),
        Phase::StandingBy => (State::StandingBy, None),
        Phase::Failed { cause } => (State::Failed, Some(cause.clone())),
        Phase::Stopped => (State::Stopped, None),
    }
}

/// For how long a restore has run.
fn taken(view: &RunView, at: i64) -> Duration {
    Duration::from_micros(u64::try_from(at - view.restores_since).unwrap_or(0))
}

/// How far a restore has come, at what rate, and how long it will take; `None` before it is known
/// what there is to read.
fn restoring(view: &RunView, done: u64, total: u64, at: i64) -> Option<String> {
    let words = (total > 0).then(|| progress::words(done, Some(total), taken(view, at)))?;
    Some(format!("offsets of changelogs: {words}"))
}

impl Worker {
    /// The worker has come round.
    pub(super) fn come_round(&self) {
        let at = self.handle.elapsed();
        self.handle.with(|view| view.watch.turned(self.index, at));
    }

    /// The partitions that are dirty were committed, or all were taken: shows where they are.
    pub(super) fn show(&self, dirty_only: bool) {
        let at = self.handle.elapsed();
        for (number, partition) in self.partitions.iter().filter(|(_, p)| p.dirty || !dirty_only) {
            let driver = &partition.driver;
            let commit = Committed {
                worker: self.index,
                next: partition.next.clone(),
                counts: driver.counts(),
                stream_time: driver.stream_time(0),
                keys: driver.keys() as u64,
            };
            self.handle.with(|view| view.watch.committed(*number, commit, at));
        }
    }

    /// A commit that began then is done.
    pub(super) fn committed(&self, begun: Instant) {
        let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.handle.with(|view| {
            view.commits += 1;
            view.watch.took(micros);
        });
    }

    /// The worker goes back to its last commit.
    pub(super) fn goes_back(&self, trouble: &Trouble) {
        self.handle.with(|view| {
            let returns = &mut view.watch.returns;
            match trouble {
                Trouble::Abort(_) => returns.aborted += 1,
                Trouble::Stale(_) => returns.stale += 1,
                Trouble::Fenced(_) => returns.fenced += 1,
                Trouble::Fatal(_) => {}
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// X7: what is done, of how much, how fast, and how long it will take.
    #[test]
    fn a_restore_says_how_far_it_has_come() {
        let mut view = RunView {
            phase: Phase::Restoring { done: 600_000, total: 1_000_000 },
            restores_since: 2_000_000,
            ..RunView::default()
        };
        let told = |view: &RunView| state(view, i64::MAX, &[], 8_000_000);
        let words = "offsets of changelogs: 600000 of 1000000, 100000/s, 4 s left";
        assert_eq!(told(&view), (State::Restoring, Some(words.to_owned())));
        // Before it is known what there is.
        view.phase = Phase::Restoring { done: 0, total: 0 };
        assert_eq!(told(&view), (State::Restoring, None));
    }
}
