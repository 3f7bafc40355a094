//! Taking partitions over: committed offsets, state, then the first read.

use std::time::{Duration, Instant};

use rdkafka::{Offset, TopicPartitionList};

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::runner::StartAt;
use crate::backends::kafka::runner::care::Standing;
use crate::backends::kafka::runner::membership::Membership;
use crate::backends::kafka::runner::offsets::{self, Committed};
use crate::backends::kafka::runner::preflight;
use crate::backends::kafka::runner::transaction::{Trouble, fence};
use crate::backends::kafka::runner::worker::{Drain, Tell, Worker};
use crate::backends::kafka::{classify, reading};
use crate::streams::topology::Role;

/// How long the stable offsets are waited for before an open transaction is taken for a dead
/// worker's. A living worker commits before it lets a partition go, but the marker of that commit
/// may reach a busy broker's offsets topic later: too short a wait fences somebody alive.
const STABLE: Duration = Duration::from_secs(1);

impl Worker {
    /// Takes `partitions`: stable committed offsets, then the changelogs up to their true end,
    /// then reading. State that stayed here untouched since the last assignment is kept.
    pub(super) fn take(
        &mut self,
        partitions: Vec<i32>,
        member: Membership,
    ) -> std::result::Result<(), Trouble> {
        self.member = Some(member);
        self.drain = Drain::default();
        // A send that failed leaves outputs behind; they are of a transaction that is gone.
        self.outputs.clear();
        self.urgent = false;
        self.partitions.retain(|number, _| partitions.contains(number));
        self.last_commit = Instant::now();
        if partitions.is_empty() {
            self.care.leaves(self.index);
        } else {
            self.care.stands(self.index, Standing::Pending, |_| false);
        }
        self.acquire(&partitions).map_err(|error| match error.kind {
            Kind::Unreachable | Kind::TimedOut => Trouble::Abort(error),
            _ => Trouble::Fatal(error),
        })?;
        self.show(false);
        if self.loading.is_empty() {
            drop(self.tell.send((self.index, Tell::Running)));
        }
        Ok(())
    }

    fn acquire(&mut self, partitions: &[i32]) -> Result<()> {
        if partitions.is_empty() {
            return Ok(());
        }
        let committed = self.stable_offsets(partitions)?;
        if committed.iter().flatten().any(|c| c.checkpoint.rebuilding.is_some()) {
            return Err(preflight::half_rebuilt(&self.description));
        }
        let mut fresh = Vec::new();
        for (number, committed) in partitions.iter().zip(&committed) {
            let kept = self.partitions.get(number).is_some_and(|p| {
                committed[0].offset == Some(p.committed[0])
                    && committed[0].checkpoint.writer == self.transaction.id()
            });
            if !kept {
                fresh.push((*number, committed.as_slice()));
            }
        }
        let restored = self.reload(&fresh)?;
        for (number, committed) in partitions.iter().zip(&committed) {
            let records = restored.get(number).copied().unwrap_or(0);
            self.position(*number, committed, records)?;
        }
        self.read()
    }

    /// By partition and source. If a transaction keeps the offsets unstable, its owner is dead
    /// (a living one commits before it lets go): its id is taken, which aborts it at once.
    fn stable_offsets(&self, partitions: &[i32]) -> Result<Vec<Vec<Committed>>> {
        let group = &self.description.group;
        let mut result = vec![Vec::new(); partitions.len()];
        for source in &self.description.sources {
            let read = |limit| {
                offsets::committed(self.restorer.patient(), group, &source.topic, partitions, limit)
            };
            let committed = match read(STABLE) {
                Err(error) if error.kind == Kind::TimedOut => {
                    self.fence_writers(partitions)?;
                    read(self.options.streams.transaction_timeout * 3)?
                }
                other => other?,
            };
            for (at, committed) in committed.into_iter().enumerate() {
                result[at].push(committed);
            }
        }
        Ok(result)
    }

    pub(super) fn fence_writers(&self, partitions: &[i32]) -> Result<()> {
        let group = &self.description.group;
        let topic = &self.description.sources[0].topic;
        let limit = self.options.streams.transaction_timeout;
        let last = offsets::committed(self.restorer.impatient(), group, topic, partitions, limit)?;
        let own = self.transaction.id();
        let mut writers: Vec<&str> = last.iter().map(|c| c.checkpoint.writer.as_str()).collect();
        writers.sort_unstable();
        writers.dedup();
        for writer in writers.into_iter().filter(|w| !w.is_empty() && *w != own) {
            tracing::info!(writer, "aborting the open transaction of a worker that is gone");
            fence(&self.options.kafka, &self.options.streams, writer)?;
        }
        Ok(())
    }

    /// Sets a partition's first offsets: the committed ones, or on a first start what was asked
    /// for. A group that has state but no offsets is not a first start.
    fn position(&mut self, number: i32, committed: &[Committed], restored: u64) -> Result<()> {
        let mut starts = Vec::with_capacity(committed.len());
        let mut lost = Vec::with_capacity(committed.len());
        for (source, committed) in self.description.sources.iter().zip(committed) {
            let (first, _) = self.restorer.bounds(&source.topic, number)?;
            let end = self.restorer.stable_end(&source.topic, number)?;
            let mut gone = 0;
            let start = match committed.offset {
                Some(offset) => {
                    gone = self.bridge(&source.topic, number, offset, first)?;
                    offset.max(first)
                }
                // A table is read whole, and what an earlier stage wrote too.
                None if restored == 0 && source.role != Role::Events => first,
                None if restored > 0 => {
                    return Err(BackendError::new(
                        Kind::Conflict,
                        format!(
                            "cannot start group \"{}\": partition {number} has state but no committed offset",
                            self.description.group
                        ),
                    )
                    .because(format!("{restored} records in its changelog, no offset on \"{}\"", source.topic))
                    .hint("The offsets expired or were deleted (offsets.retention.minutes). Going on from the beginning would count everything again.")
                    .hint(format!("Begin anew without the state: `bss streams reset {}`.", self.description.name)));
                }
                None => match self.options.from {
                    StartAt::Earliest => first,
                    StartAt::Latest => end,
                },
            };
            lost.push(gone);
            starts.push((start, end, committed.offset));
        }
        if let Some(partition) = self.partitions.get_mut(&number) {
            partition.began = starts.iter().map(|s| s.0).collect();
            partition.next = starts.iter().map(|s| s.0).collect();
            partition.target = starts.iter().map(|s| s.1).collect();
            // A first start commits where it began.
            partition.committed = starts.iter().map(|s| s.2.unwrap_or(-1)).collect();
            for (source, lost) in lost.into_iter().enumerate().filter(|(_, lost)| *lost > 0) {
                partition.driver.skip(source, lost);
                // What is passed over is committed even if nothing comes any more.
                partition.dirty = true;
            }
            partition.active = true;
        }
        Ok(())
    }

    /// Records that retention deleted before they were read stop the run, unless told otherwise.
    /// Returns how many are passed over.
    fn bridge(&self, topic: &str, partition: i32, offset: i64, first: i64) -> Result<u64> {
        let lost = u64::try_from(first - offset).unwrap_or(0);
        if lost == 0 {
            return Ok(0);
        }
        if self.options.accept_gap {
            self.handle
                .note(format!("{lost} records of {topic}/{partition} are gone and skipped."));
            return Ok(lost);
        }
        Err(BackendError::new(
            Kind::Missing,
            format!("{lost} records of {topic}/{partition} are gone"),
        )
        .because(format!("committed offset {offset}, oldest kept record {first}"))
        .hint(
            "Retention deleted them before they were read. Go on without them with --accept-gap.",
        ))
    }

    /// Starts reading at the partitions' positions: tables alone until they are at the end they
    /// had, so that no event meets a table that is half there.
    pub(super) fn read(&mut self) -> Result<()> {
        let what = || format!("could not read the sources of \"{}\"", self.description.group);
        let sources = self.description.sources.iter().enumerate();
        let tables: Vec<usize> =
            sources.filter(|(_, s)| s.role == Role::Table).map(|(at, _)| at).collect();
        self.loading.clear();
        self.lanes.forget();
        for (number, partition) in &self.partitions {
            let behind = |at: &&usize| partition.next[**at] < partition.target[**at];
            self.loading.extend(tables.iter().filter(behind).map(|at| (*at, *number)));
        }
        let mut list = TopicPartitionList::new();
        for (number, partition) in &self.partitions {
            let sources = self.description.sources.iter().zip(&partition.next).enumerate();
            for (at, (source, next)) in sources {
                if !self.loading.is_empty() && !self.loading.contains(&(at, *number)) {
                    continue;
                }
                list.add_partition_offset(&source.topic, *number, Offset::Offset(*next))
                    .map_err(|e| classify(e, what()))?;
            }
        }
        reading::assign(&self.source, &list).map_err(|e| classify(e, what()))
    }
}
