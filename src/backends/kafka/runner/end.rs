//! The end of a worker's input: idle sources, tables that are loaded, and a drain.

use rdkafka::Offset;
use rdkafka::consumer::Consumer;

use crate::backends::error::Result;
use crate::backends::kafka::classify;
use crate::backends::kafka::runner::transaction::Trouble;
use crate::backends::kafka::runner::worker::{IDLE_COMMIT, Tell, Worker};
use crate::domain::EventTime;
use crate::streams::topology::{Role, Source};

impl Worker {
    /// Where nothing came: closes windows of idle sources, passes markers, ends a drain. Everything
    /// that was delivered has been processed, so positions may be taken as they are.
    pub(super) fn at_end(&mut self, now: EventTime) -> std::result::Result<(), Trouble> {
        let positions = self
            .source
            .position()
            .map_err(|e| Trouble::Abort(classify(e, "could not read the consumer's position")))?;
        for (number, partition) in &mut self.partitions {
            for (at, source) in self.description.sources.iter().enumerate() {
                if let Some(Offset::Offset(offset)) =
                    positions.find_partition(&source.topic, *number).map(|e| e.offset())
                {
                    // Past the commit markers, so that lag reaches 0.
                    partition.next[at] = partition.next[at].max(offset);
                }
            }
            partition.dirty |=
                self.last_commit.elapsed() > IDLE_COMMIT && partition.next != partition.committed;
        }
        if !self.loading.is_empty() {
            return Ok(());
        }
        // A stage that is closed has nothing to say about time any more, and a source that is held
        // is not at its end.
        if self.drain.closed == 0 && !self.is_holding() {
            self.ask_ends();
            let events = |source: &Source| source.role == Role::Events;
            for (number, partition) in &mut self.partitions {
                let sources = self.description.sources.iter().zip(&partition.next).enumerate();
                let read = sources
                    .filter(|(_, (source, _))| events(source))
                    .all(|(at, (_, next))| self.lanes.is_at_end((at, *number), *next));
                if read && partition.driver.at_end(now, &mut self.outputs) {
                    partition.dirty = true;
                }
            }
        }
        self.send_outputs()?;
        if self.options.drain && self.drain.may == self.drain.closed && self.is_at_target() {
            self.close_stage()?;
        }
        Ok(())
    }

    /// Whether everything of the stage that may close is read.
    fn is_at_target(&self) -> bool {
        let sources = self.description.sources.iter().enumerate();
        let own: Vec<usize> =
            sources.filter(|(_, s)| s.stage == self.drain.may).map(|(at, _)| at).collect();
        self.partitions.values().all(|p| own.iter().all(|at| p.next[*at] >= p.target[*at]))
    }

    fn close_stage(&mut self) -> std::result::Result<(), Trouble> {
        let stage = self.drain.may;
        for partition in self.partitions.values_mut() {
            partition.driver.advance(&mut self.outputs);
            partition.driver.drain(stage, &mut self.outputs);
            partition.dirty = true;
        }
        self.send_outputs()?;
        self.commit()?;
        self.drain.closed = stage + 1;
        drop(self.tell.send((self.index, Tell::Drained { stage })));
        Ok(())
    }

    /// The stages before `stage` are closed everywhere: what its repartition topics hold now is
    /// all that comes. The true end counts: the marker of the last commit may not be there yet.
    pub(super) fn may_drain(&mut self, stage: usize) -> std::result::Result<(), Trouble> {
        for (at, source) in self.description.sources.iter().enumerate() {
            if source.stage != stage || source.role != Role::Repartition {
                continue;
            }
            for (number, partition) in &mut self.partitions {
                let bounds = self.restorer.bounds(&source.topic, *number);
                partition.target[at] = bounds.map_err(Trouble::Abort)?.1;
            }
        }
        self.drain.may = stage;
        Ok(())
    }

    /// Notes which tables have been read to the end they had; then everything is read.
    pub(super) fn load_on(&mut self) -> Result<()> {
        let partitions = &self.partitions;
        self.loading.retain(|(source, number)| {
            partitions.get(number).is_some_and(|p| p.next[*source] < p.target[*source])
        });
        if self.loading.is_empty() {
            self.read()?;
            drop(self.tell.send((self.index, Tell::Running)));
        }
        Ok(())
    }
}
