//! How a worker takes records while the run takes care (`runner/care.rs`).
//!
//! One worker has the turn at a time, from the first record of its round until what it commits is
//! written; what waits for brokers from then on is no work on a record.
//!
//! A cause at the commit lies somewhere in the transaction that did not commit. It is closed in
//! upon: the first records of each partition of a source have a transaction each, and a transaction
//! may hold an eighth of what went well before it. So a start that ends at the cause leaves it
//! within an eighth of the distance it had, and after a few starts it stands alone; and where there
//! is no cause, a hundred commits later the transactions are as large as ever.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use rdkafka::message::Message;

use crate::backends::kafka::runner::care::{Level, Place, Standing};
use crate::backends::kafka::runner::round::{BATCH, next};
use crate::backends::kafka::runner::transaction::Trouble;
use crate::backends::kafka::runner::worker::{Partition, Worker};
use crate::domain::EventTime;
use crate::streams::drift::Lane;

/// A transaction holds this part of what went well before it.
const PART: u64 = 8;
/// So many records of a lane without harm are enough: more than a transaction may hold by default,
/// since the cause lies as far behind the last commit at most.
const CLEAN: i64 = 100_000;

/// How many records a transaction may hold, by what went well since the start.
#[derive(Debug, Default)]
pub(super) struct Growth {
    /// Records committed, by lane.
    well: BTreeMap<Lane, u64>,
    /// Records in the open transaction, by lane.
    open: BTreeMap<Lane, u64>,
}

impl Growth {
    /// How many records a transaction may hold that has records of the lane.
    fn of(&self, lane: Lane) -> u64 {
        1 + self.well.get(&lane).map_or(0, |well| well / PART)
    }

    /// Whether the next record of the lane has no room in the open transaction.
    fn is_full(&self, lane: Lane) -> bool {
        let open: u64 = self.open.values().sum();
        let room = self.open.keys().map(|open| self.of(*open)).min();
        open > 0 && open >= self.of(lane).min(room.unwrap_or(u64::MAX))
    }

    /// Whether a record of the lane has a transaction of its own.
    fn is_alone(&self, lane: Lane) -> bool {
        self.of(lane) == 1
    }

    fn took(&mut self, lane: Lane) {
        *self.open.entry(lane).or_default() += 1;
    }

    /// The open transaction is committed.
    pub(super) fn committed(&mut self) {
        for (lane, records) in std::mem::take(&mut self.open) {
            *self.well.entry(lane).or_default() += records;
        }
    }

    /// The open transaction is aborted.
    pub(super) fn aborted(&mut self) {
        self.open.clear();
    }
}

impl Worker {
    /// Processes what waits, a batch at most, each record noted while it is processed. With
    /// [`Level::Narrow`] it commits as soon as the transaction has what it may hold; a record that
    /// has one of its own stays noted until that is written.
    pub(super) fn take_carefully(
        &mut self,
        level: Level,
        now: EventTime,
    ) -> std::result::Result<u32, Trouble> {
        let source = Arc::clone(&self.source);
        let mut wait = self.patience();
        let mut taken = 0;
        while taken < BATCH {
            let next = next(&source, &self.description, wait)?;
            let Some(message) = next else { break };
            wait = Duration::ZERO;
            taken += 1;
            let place = Place {
                topic: message.topic().to_owned(),
                partition: message.partition(),
                offset: message.offset(),
            };
            let lane = (self.description.source_at(&place.topic).unwrap_or(0), place.partition);
            let narrow = level == Level::Narrow;
            let full = narrow && self.growth.is_full(lane);
            if full {
                self.commit()?;
            }
            let alone = narrow && self.growth.is_alone(lane);
            self.take_turn();
            self.care.note(place, alone).map_err(Trouble::Fatal)?;
            self.process(&message, now)?;
            self.growth.took(lane);
            if alone {
                self.commit()?;
            } else {
                self.care.let_go();
            }
            // After a commit commands are looked at: a rebalance does not wait for hundreds.
            if alone || full {
                break;
            }
        }
        Ok(taken)
    }

    /// Waits for the turn, unless it is its own already.
    pub(super) fn take_turn(&mut self) {
        if self.turn.is_none() {
            self.turn = Some(self.options.turnstile.enter());
        }
    }

    /// Nothing is in hand any more: the next may come.
    pub(super) fn end_turn(&mut self) {
        if self.turn.is_some() {
            self.care.let_go();
            self.turn = None;
        }
    }

    /// Tells how far this worker is, as long as that matters.
    pub(super) fn tell_standing(&self) {
        if !self.care.is_watching() {
            return;
        }
        let active = self.partitions.values().filter(|p| p.active);
        let standing = active.map(Partition::standing).min().unwrap_or(Standing::Pending);
        self.care.stands(self.index, standing, |place| {
            let source = self.description.source_at(&place.topic);
            let partition = self.partitions.get(&place.partition);
            source.zip(partition).is_some_and(|(source, p)| place.offset < p.committed[source])
        });
    }
}

impl Partition {
    fn standing(&self) -> Standing {
        let sources =
            self.began.iter().zip(&self.committed).zip(self.next.iter().zip(&self.target));
        let standing = sources.map(|((began, committed), (next, target))| {
            let all = committed >= target || (next >= target && !self.dirty);
            if all || committed - began >= CLEAN {
                Standing::Through
            } else if committed > began {
                Standing::Begun
            } else {
                Standing::Pending
            }
        });
        standing.min().unwrap_or(Standing::Through)
    }
}

#[cfg(test)]
mod tests {
    use std::iter::repeat_n;

    use super::*;

    /// What a start did that ended: how many of each source it committed, and whether the cause
    /// had a transaction of its own. `Ok`: how many commits it took to the end.
    type Life = Result<usize, (Vec<usize>, bool)>;

    /// Processes the records of sources in `order`, of which each has some committed, as rounds
    /// do; the `cause` is a record of a source.
    fn life(
        order: impl IntoIterator<Item = usize>,
        committed: &[usize],
        cause: Option<(usize, usize)>,
    ) -> Life {
        let mut growth = Growth::default();
        let (mut done, mut read) = (committed.to_vec(), committed.to_vec());
        let (mut commits, mut alone, mut armed) = (0, false, false);
        for source in order {
            let lane = (source, 0);
            if growth.is_full(lane) {
                if armed {
                    return Err((done, alone));
                }
                growth.committed();
                (done, commits) = (read.clone(), commits + 1);
            }
            if cause == Some((source, read[source])) {
                (armed, alone) = (true, growth.is_alone(lane) && growth.open.is_empty());
            }
            read[source] += 1;
            growth.took(lane);
        }
        if armed { Err((done, alone)) } else { Ok(commits + 1) }
    }

    #[test]
    fn a_cause_at_the_commit_stands_alone_after_a_few_starts() {
        for cause in (0..100).chain((100..100_000).step_by(9_973)) {
            let (mut done, mut starts) = (vec![0], 0);
            loop {
                let order = repeat_n(0, 100_001);
                let (now, alone) = life(order, &done, Some((0, cause))).unwrap_err();
                starts += 1;
                assert!(now[0] <= cause && starts <= 7, "{cause}: {starts} starts");
                if alone {
                    assert_eq!(now, [cause]);
                    break;
                }
                done = now;
            }
        }
    }

    /// The client gives records of one source after the other, so another one may always come
    /// first: what went well of it says nothing of the one behind it.
    #[test]
    fn a_cause_behind_the_records_of_another_source_stands_alone() {
        for (first, cause) in [(10, 0), (3000, 0), (3000, 7), (50_000, 900)] {
            let (mut done, mut starts) = (vec![0, 0], 0);
            loop {
                let order = repeat_n(0, first).chain(repeat_n(1, 1000));
                let (now, alone) = life(order, &done, Some((1, cause))).unwrap_err();
                starts += 1;
                assert!(starts <= 6, "{first}, {cause}: {starts} starts");
                if alone {
                    assert_eq!(now[1], cause);
                    break;
                }
                done = now;
            }
        }
    }

    #[test]
    fn without_a_cause_transactions_are_soon_large() {
        let commits = life(repeat_n(0, 100_000), &[0], None).unwrap();
        assert!((8..120).contains(&commits), "{commits} commits");
    }

    #[test]
    fn what_is_aborted_did_not_go_well() {
        let mut growth = Growth::default();
        for _ in 0..800 {
            growth.took((0, 0));
            growth.aborted();
        }
        assert!(growth.is_alone((0, 0)) && !growth.is_full((0, 0)));
    }
}
