//! What a worker does after a failure: back to its last commit, with a new producer if the old one is
//! of no use any more.

use std::time::{Duration, Instant};

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::reading;
use crate::backends::kafka::runner::transaction::{Transaction, Trouble};
use crate::backends::kafka::runner::worker::Worker;

/// How often in a row a worker goes back to the same commit before it gives up, unless the servers
/// cannot be blamed for it.
const MAX_RETURNS: u32 = 10;

/// A time in which the servers let nothing commit.
#[derive(Clone, Copy, Debug)]
pub struct Outage {
    first: Instant,
    last: Instant,
}

impl Outage {
    /// The trouble at `now` belongs to the earlier one, unless it was calm for `calm` in between.
    fn go_on(earlier: Option<Self>, now: Instant, calm: Duration) -> Self {
        let going = earlier.filter(|outage| now.duration_since(outage.last) < calm);
        Self { first: going.map_or(now, |outage| outage.first), last: now }
    }
}

/// How many pauses a worker makes before it goes back for the `returns`-th time in a row: none at
/// first, then 1, 2, 4, 8, at most 16. Restoring over and over would keep busy the servers that it
/// waits for.
const fn pauses(returns: u32) -> u32 {
    match returns {
        0 | 1 => 0,
        2..=5 => 1 << (returns - 2),
        _ => 16,
    }
}

impl Worker {
    /// Goes back to the last commit after a failure that allows it.
    pub(super) fn recover(&mut self, trouble: Trouble) -> Result<()> {
        tracing::warn!(?trouble, worker = self.index, "the transaction did not commit");
        self.goes_back(&trouble);
        self.growth.aborted();
        // No transaction may be open for long without a sign that the servers do their part again.
        let calm = self.options.streams.transaction_timeout * 3;
        let outage = Outage::go_on(self.outage, Instant::now(), calm);
        let result = self.go_back(trouble, outage.first + self.options.streams.outage_timeout);
        self.outage = Some(Outage { last: Instant::now(), ..outage });
        result
    }

    fn go_back(&mut self, trouble: Trouble, deadline: Instant) -> Result<()> {
        let error = match trouble {
            Trouble::Fatal(error) => return Err(error),
            Trouble::Stale(_) => {
                // The next assignment comes through the member; nothing of this one counts.
                drop(reading::unassign(&self.source));
                self.lanes.forget();
                self.care.leaves(self.index);
                self.member = None;
                self.partitions.clear();
                return match self.transaction.abort() {
                    Ok(()) => Ok(()),
                    Err(_) => self.renew(deadline),
                };
            }
            Trouble::Abort(error) => {
                if self.transaction.abort().is_err() {
                    self.renew(deadline)?;
                }
                error
            }
            Trouble::Fenced(error) => {
                self.renew(deadline)?;
                error
            }
        };
        // A record that was found to stop the task is set aside next time: that is progress.
        self.returns = if self.poison.len() > self.parked { 0 } else { self.returns + 1 };
        self.parked = self.poison.len();
        let over =
            if error.transient { Instant::now() > deadline } else { self.returns > MAX_RETURNS };
        if error.kind == Kind::Local || over {
            return Err(error);
        }
        self.handle.note(format!("worker {} goes back to its last commit: {error}.", self.index));
        for _ in 0..pauses(self.returns) {
            self.pause()?;
        }
        let Some(member) = self.member.clone() else { return Ok(()) };
        let partitions: Vec<i32> = self.partitions.keys().copied().collect();
        // The servers may need a moment; the last failure is the one that is reported.
        loop {
            self.partitions.clear();
            match self.take(partitions.clone(), member.clone()) {
                Ok(()) => return Ok(()),
                Err(Trouble::Abort(e)) if e.transient && Instant::now() < deadline => {
                    tracing::info!(error = %e, worker = self.index, "going back again");
                    self.pause()?;
                }
                Err(trouble) => return Err(trouble.into_error()),
            }
        }
    }

    /// A producer of the same id in the place of one that is of no use any more. The servers may
    /// need a moment for it.
    fn renew(&mut self, deadline: Instant) -> Result<()> {
        let id = self.transaction.id().to_owned();
        loop {
            let waits = || Instant::now() < deadline && !self.handle.stopping();
            let (kafka, streams) = (&self.options.kafka, &self.options.streams);
            match Transaction::start_while(kafka, streams, &id, waits) {
                Ok(transaction) => {
                    self.transaction = transaction;
                    return Ok(());
                }
                Err(e) if e.transient && Instant::now() < deadline => {
                    tracing::info!(error = %e, worker = self.index, "asking for a producer again");
                    self.pause()?;
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Lets the servers come back; a stop meanwhile is a stop, as nothing is open any more.
    fn pause(&self) -> Result<()> {
        if self.handle.stopping() {
            return Err(BackendError::new(Kind::Stopped, "stopped while going back"));
        }
        std::thread::park_timeout(Duration::from_millis(200));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_goes_back_again_and_again_waits_longer_each_time() {
        let waits: Vec<u32> = (0..9).map(pauses).collect();
        assert_eq!(waits, [0, 0, 1, 2, 4, 8, 16, 16, 16]);
    }

    #[test]
    fn an_outage_goes_on_until_it_was_calm_for_a_while() {
        let (start, calm) = (Instant::now(), Duration::from_secs(30));
        let at = |seconds| start + Duration::from_secs(seconds);
        let first = Outage::go_on(None, at(0), calm);
        assert_eq!(first.first, at(0));
        // It took a while to go back, and failed again soon after.
        let second = Outage::go_on(Some(Outage { last: at(40), ..first }), at(65), calm);
        assert_eq!(second.first, at(0));
        let third = Outage::go_on(Some(second), at(95), calm);
        assert_eq!(third.first, at(95));
    }
}
