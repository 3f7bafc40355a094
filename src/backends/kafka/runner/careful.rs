//! A worker's round while the run takes care (`runner/care.rs`).
//!
//! A cause at the commit lies somewhere in the transaction that did not commit. It is closed in
//! upon: the first records of a partition have a transaction each, and a transaction may hold an
//! eighth of what went well before it. So a start that ends at the cause leaves it within an eighth
//! of the distance it had, and after a few starts it stands alone; and where there is no cause, a
//! hundred commits later the transactions are as large as ever.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::message::Message;

use crate::backends::kafka::intake::passing;
use crate::backends::kafka::runner::care::{Level, Place};
use crate::backends::kafka::runner::step::Step;
use crate::backends::kafka::runner::transaction::Trouble;
use crate::backends::kafka::runner::worker::{BATCH, Worker};
use crate::domain::EventTime;

/// A transaction holds this part of what went well before it.
const PART: u64 = 8;

/// How many records a transaction may hold, by what went well since the start.
#[derive(Debug, Default)]
pub(super) struct Growth {
    /// Records taken, by partition.
    taken: BTreeMap<i32, u64>,
    /// Records in the open transaction.
    open: u64,
}

impl Growth {
    /// How many records a transaction may hold that has the next record of `partition`.
    fn room(&self, partition: i32) -> u64 {
        1 + self.taken.get(&partition).map_or(0, |taken| taken / PART)
    }

    fn took(&mut self, partition: i32) {
        *self.taken.entry(partition).or_default() += 1;
        self.open += 1;
    }

    /// Nothing is open any more.
    pub(super) fn settled(&mut self) {
        self.open = 0;
    }
}

impl Worker {
    /// Processes what waits, a batch at most, each record noted while it is processed. With
    /// [`Level::Narrow`] it commits as soon as the transaction has what it may hold; a record that
    /// has one of its own stays noted until then.
    pub(super) fn careful_round(
        &mut self,
        level: Level,
        now: EventTime,
    ) -> std::result::Result<u32, Trouble> {
        let care = std::sync::Arc::clone(&self.care);
        let mut wait = self.patience();
        let mut taken = 0;
        while taken < BATCH {
            let Some(result) = self.source.poll(wait) else { break };
            wait = Duration::ZERO;
            // Its own, since a commit comes between the reading and the processing.
            let message = match result.map(|message| message.detach()) {
                Ok(message) => message,
                Err(error) if passing(&error) => {
                    tracing::info!(%error, worker = self.index, "the sources cannot be read");
                    break;
                }
                Err(error) => return Err(self.source_trouble(error)),
            };
            taken += 1;
            let narrow = level == Level::Narrow;
            let room = self.growth.room(message.partition());
            if narrow && self.growth.open >= room {
                self.commit()?;
            }
            let alone = narrow && room == 1;
            let place = Place {
                topic: message.topic().to_owned(),
                partition: message.partition(),
                offset: message.offset(),
            };
            let in_hand = care.take(place, alone).map_err(Trouble::Fatal)?;
            let mut step = Step {
                fault: &self.options.fault,
                description: &self.description,
                partitions: &mut self.partitions,
                outputs: &mut self.outputs,
                transaction: &mut self.transaction,
                poison: &mut self.poison,
                urgent: &mut self.urgent,
                handle: &self.handle,
            };
            step.take(&message, now)?;
            self.growth.took(message.partition());
            if alone {
                self.commit()?;
            }
            drop(in_hand);
        }
        Ok(taken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Processes records `from..` of one partition, as a round does; `ends` is the cause at a
    /// commit. Gives the record it would begin with after its end, or how many commits it took.
    fn life(from: u64, until: u64, cause: Option<u64>) -> Result<usize, (u64, bool)> {
        let mut growth = Growth::default();
        let (mut begin, mut commits) = (from, 0);
        let mut alone = false;
        for next in from..=until {
            if growth.open >= growth.room(0) || next == until {
                if cause.is_some_and(|c| (begin..next).contains(&c)) {
                    return Err((begin, alone));
                }
                (begin, commits) = (next, commits + 1);
                growth.settled();
            }
            alone = growth.room(0) == 1;
            growth.took(0);
        }
        Ok(commits)
    }

    #[test]
    fn a_cause_at_the_commit_stands_alone_after_a_few_starts() {
        for cause in (0..400).chain((400..100_000).step_by(997)) {
            let (mut from, mut starts) = (0, 0);
            loop {
                let (begin, alone) = life(from, 200_000, Some(cause)).unwrap_err();
                starts += 1;
                assert!(begin - from <= cause - from && starts <= 7, "{cause}: {starts} starts");
                if alone {
                    assert_eq!(begin, cause);
                    break;
                }
                from = begin;
            }
        }
    }

    #[test]
    fn without_a_cause_transactions_are_soon_large() {
        let commits = life(0, 100_000, None).unwrap();
        assert!((8..120).contains(&commits), "{commits} commits");
    }

    #[test]
    fn a_partition_that_begins_stands_by_itself() {
        let mut growth = Growth::default();
        (0..800).for_each(|_| growth.took(0));
        growth.settled();
        growth.took(0);
        assert_eq!((growth.room(0), growth.room(1)), (101, 1));
        assert!(growth.open >= growth.room(1), "what is open is committed before");
    }
}
