//! The commit of a worker: outputs, store changes and positions together.

use std::sync::Arc;
use std::time::Instant;

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::types::RDKafkaErrorCode as Code;

use crate::backends::error::{BackendError, Kind};
use crate::backends::kafka::classify;
use crate::backends::kafka::runner::care::Level;
use crate::backends::kafka::runner::disk::local::{Local, Reached};
use crate::backends::kafka::runner::membership::Membership;
use crate::backends::kafka::runner::offsets::{self, Position};
use crate::backends::kafka::runner::transaction::{Outgoing, Trouble};
use crate::backends::kafka::runner::worker::Worker;
use crate::config::settings::Guarantee;
use crate::streams::changelog;

impl Worker {
    /// Commits outputs, store changes and positions of all dirty partitions in one transaction.
    pub(super) fn commit(&mut self) -> std::result::Result<(), Trouble> {
        let Some(member) = self.member.clone() else { return Ok(()) };
        self.last_commit = Instant::now();
        for quiet in self.partitions.values_mut().filter(|p| !p.dirty) {
            quiet.driver.make_room();
        }
        if !self.partitions.values().any(|p| p.dirty) {
            return Ok(());
        }
        if self.care.level() != Level::Usual {
            self.take_turn();
        }
        self.options.fault.hit("before-commit");
        let before = self.options.clock.now();
        for partition in self.partitions.values_mut().filter(|p| p.dirty) {
            partition.driver.advance(&mut self.outputs);
        }
        self.send_outputs()?;
        self.options.fault.hit("after-produce");
        self.send_changes()?;
        self.options.fault.hit("after-changelog");
        self.end_turn();
        let ends = self.changelog_ends()?;
        let writer = self.transaction.id().to_owned();
        let mut positions = Vec::with_capacity(self.partitions.len());
        for (number, partition) in self.partitions.iter().filter(|(_, p)| p.dirty) {
            for (at, source) in self.description.sources.iter().enumerate() {
                let metadata = if self.description.has_checkpoint(at) {
                    partition.driver.checkpoint(at, &writer).to_metadata()
                } else {
                    String::new()
                };
                positions.push(Position {
                    topic: &source.topic,
                    partition: *number,
                    offset: partition.next[at],
                    metadata,
                });
            }
        }
        if self.options.streams.guarantee == Guarantee::ExactlyOnce {
            let fault = Arc::clone(&self.options.fault);
            self.transaction.commit(&positions, &member.metadata, &move |step| fault.hit(step))?;
        } else {
            self.transaction.flush()?;
            let list = offsets::list(&positions).map_err(Trouble::Fatal)?;
            self.commit_plain(&member, &list)?;
        }
        if let Some(local) = &mut self.local {
            local
                .settle(ends.as_ref(), before, self.options.clock.now())
                .map_err(Trouble::Fatal)?;
        }
        self.note_committed();
        Ok(())
    }

    /// What was committed counts: nothing is dirty any more, and what stopped the task before and
    /// is passed need not be known.
    fn note_committed(&mut self) {
        self.show(true);
        for partition in self.partitions.values_mut().filter(|p| p.dirty) {
            partition.dirty = false;
            partition.committed.clone_from(&partition.next);
        }
        self.urgent = false;
        self.pressure.committed();
        self.growth.committed();
        self.returns = 0;
        self.outage = None;
        let partitions = &self.partitions;
        self.poison.retain(|(source, partition, offset), _| {
            partitions.get(partition).is_none_or(|p| *offset >= p.next[*source])
        });
        self.parked = self.poison.len();
        self.tell_standing();
        self.committed(self.last_commit);
        self.last_commit = Instant::now();
    }

    /// At least once: offsets after everything was acknowledged, through the member's own
    /// consumer: the brokers refuse those of anybody else while the group has members.
    fn commit_plain(
        &self,
        member: &Membership,
        list: &TopicPartitionList,
    ) -> std::result::Result<(), Trouble> {
        let what = || format!("could not commit offsets of \"{}\"", self.description.group);
        let Some(consumer) = member.consumer.upgrade() else {
            let gone = BackendError::new(Kind::Conflict, what()).because("the membership is over");
            return Err(Trouble::Stale(gone));
        };
        consumer.commit(list, CommitMode::Sync).map_err(|e| {
            let code = e.rdkafka_error_code();
            let failure = classify(e, what());
            match code {
                Some(
                    Code::IllegalGeneration | Code::UnknownMemberId | Code::RebalanceInProgress,
                ) => Trouble::Stale(failure),
                _ => Trouble::Abort(failure),
            }
        })
    }

    /// The ends of the changelogs of dirty partitions, if a checkpoint is due. Asked between the
    /// last write and the commit: all that is written is below them, and if the commit succeeds
    /// the partitions were still ours, so that nobody else's is.
    fn changelog_ends(&mut self) -> std::result::Result<Option<Reached>, Trouble> {
        if !self.local.as_ref().is_some_and(Local::is_due) {
            return Ok(None);
        }
        self.transaction.drain()?;
        let mut ends = Reached::new();
        for (store, described) in self.description.stores.iter().enumerate() {
            for (number, _) in self.partitions.iter().filter(|(_, p)| p.dirty) {
                let bounds = self.restorer.bounds(&described.changelog, *number);
                ends.insert((store, *number), bounds.map_err(Trouble::Abort)?.1);
            }
        }
        Ok(Some(ends))
    }

    fn send_changes(&mut self) -> std::result::Result<(), Trouble> {
        let mut failed = None;
        let mut sealed = Vec::with_capacity(512);
        for (number, partition) in self.partitions.iter_mut().filter(|(_, p)| p.dirty) {
            let (transaction, description) = (&mut self.transaction, &self.description);
            let local = &mut self.local;
            partition.driver.take_changes(&mut |store, key, value| {
                if failed.is_some() {
                    return;
                }
                if let Some(local) = local {
                    local.push(*number, store, key, value);
                }
                sealed.clear();
                let value = value.map(|v| {
                    changelog::seal(v, &mut sealed);
                    &*sealed
                });
                let outgoing = Outgoing {
                    topic: &description.stores[store].changelog,
                    partition: Some(*number),
                    key: Some(key),
                    value,
                    headers: None,
                };
                failed = transaction.send(outgoing).err();
            });
        }
        failed.map_or(Ok(()), Err)
    }
}
