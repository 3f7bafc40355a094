//! A worker: some of the process's partitions, one consumer, one transactional producer.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, TryRecvError};
use std::time::{Duration, Instant};

use rdkafka::consumer::BaseConsumer;
use rdkafka::message::OwnedHeaders;

use crate::backends::error::{BackendError, Result};
use crate::backends::kafka::runner::care::Care;
use crate::backends::kafka::runner::careful::Growth;
use crate::backends::kafka::runner::disk::keeper::Keeper;
use crate::backends::kafka::runner::disk::local::Local;
use crate::backends::kafka::runner::lanes::{Lanes, Shared};
use crate::backends::kafka::runner::membership::Membership;
use crate::backends::kafka::runner::pressure::Pressure;
use crate::backends::kafka::runner::recover::Outage;
use crate::backends::kafka::runner::restore::Restorer;
use crate::backends::kafka::runner::step::send;
use crate::backends::kafka::runner::transaction::{Transaction, Trouble};
use crate::backends::kafka::runner::turnstile::Turn;
use crate::backends::kafka::runner::{RunHandle, RunOptions, room};
use crate::backends::kafka::{Quiet, classify, client, reading};
use crate::config::settings::Kafka;
use crate::streams::driver::Driver;
use crate::streams::mark;
use crate::streams::output::Outputs;
use crate::streams::topology::{Description, Topology};

/// How long an empty source is waited for.
pub(super) const WAIT: Duration = Duration::from_millis(20);
/// How often a worker without open work looks whether markers moved its positions.
pub(super) const IDLE_COMMIT: Duration = Duration::from_millis(500);

/// What the member asks of a worker.
pub enum Command {
    /// Work on these partitions until released.
    Take {
        /// The partitions.
        partitions: Vec<i32>,
        /// The membership this assignment belongs to.
        member: Membership,
    },
    /// Commit (or, if the assignment is lost, abort) and let go; answer when done.
    Release {
        /// The group has given the partitions away already.
        lost: bool,
        /// Where to answer.
        done: SyncSender<()>,
    },
    /// The stages before this one are closed in every partition: close it at its end.
    Drain {
        /// The stage.
        stage: usize,
    },
    /// Commit and end.
    Stop,
}

/// What a worker tells the member.
pub enum Tell {
    /// The end of a stage's input was reached and everything closed and committed (`--drain`).
    Drained {
        /// The stage.
        stage: usize,
    },
    /// Restored; processing.
    Running,
    /// The worker ended by a failure.
    Failed(BackendError),
    /// The worker ended as asked.
    Ended,
}

/// One partition of the topology.
pub(super) struct Partition {
    pub driver: Driver,
    /// By source: the next offset to read, as committed with the next transaction.
    pub next: Vec<i64>,
    /// By source: the offset of the last commit.
    pub committed: Vec<i64>,
    /// By source: where the assignment began to read.
    pub began: Vec<i64>,
    /// By source: where it ended then, which is where `--drain` ends.
    pub target: Vec<i64>,
    /// Something happened since the last commit.
    pub dirty: bool,
    /// The assignment's worker restored it; false while parked between two assignments.
    pub active: bool,
}

/// How far a drain is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Drain {
    /// Stages that are closed.
    pub closed: usize,
    /// The stage that may close at its end.
    pub may: usize,
}

/// A worker thread's whole state.
pub(super) struct Worker {
    pub index: u16,
    pub topology: Arc<dyn Topology>,
    pub description: Arc<Description>,
    pub options: RunOptions,
    pub handle: RunHandle,
    pub tell: Sender<(u16, Tell)>,
    pub transaction: Transaction,
    /// Shared with the record in hand, which borrows it.
    pub source: Arc<BaseConsumer<Quiet>>,
    pub restorer: Restorer,
    pub partitions: BTreeMap<i32, Partition>,
    pub member: Option<Membership>,
    pub outputs: Outputs,
    pub urgent: bool,
    /// The last round took a full batch: there is a backlog.
    pub behind: bool,
    /// Whether records keep waiting.
    pub pressure: Pressure,
    pub last_commit: Instant,
    pub drain: Drain,
    /// Tables that are still read to the end they had, by source and partition; nothing else is
    /// read meanwhile.
    pub loading: HashSet<(usize, i32)>,
    /// State on disk, if it is kept there.
    pub local: Option<Local>,
    /// What is known of the ends of the sources.
    pub lanes: Lanes,
    /// A stage hands records on to later ones.
    pub staged: bool,
    /// How many partitions every topic has.
    pub count: u32,
    /// How often it went back since the last commit.
    pub returns: u32,
    /// Since when the servers have let no transaction commit, and when they last did not.
    pub outage: Option<Outage>,
    /// How many records were known to stop the task when it last went back.
    pub parked: usize,
    /// The care this process takes.
    pub care: Arc<Care>,
    /// How large its transactions may be while it takes care.
    pub growth: Growth,
    /// Its turn, if it takes care and works on a record.
    pub turn: Option<Turn>,
    /// Records that made the task panic or ended the process, by source, partition and offset, with the message.
    pub poison: BTreeMap<(usize, i32, i64), String>,
}

/// What the workers of a process have in common.
pub(super) struct Joint {
    /// How many partitions every topic has.
    pub count: u32,
    /// How far the lanes of all workers are.
    pub lanes: Shared,
    /// The way to the disk, if state is kept there.
    pub keeper: Option<Keeper>,
}

/// Opens a worker's clients: its producer takes its id first, which aborts what a predecessor of
/// the same name left open.
pub(super) fn open(
    index: u16,
    topology: &Arc<dyn Topology>,
    options: &RunOptions,
    handle: &RunHandle,
    care: &Arc<Care>,
    shared: &Joint,
    tell: Sender<(u16, Tell)>,
) -> Result<Worker> {
    let description = Arc::new(topology.describe().clone());
    let staged = (0..description.stages.len()).any(|stage| description.keeps_watermarks(stage));
    let id = transactional_id(&description.group, &options.instance, index);
    let transaction = Transaction::start(&options.kafka, &options.streams, &id)?;
    let queue = room::of_a_queue(&options.streams) / 1024;
    let source = Arc::new(open_source(&options.kafka, &description.group, queue)?);
    let restorer = Restorer::open(&options.kafka, &description.group)?;
    let local = local(shared, &description, options);
    let mut poison = BTreeMap::new();
    for place in care.causes() {
        let source = description.source_at(&place.topic);
        let cause = format!(
            "the process ended while it was processed, after {} starts without a commit",
            care.failed_starts()
        );
        poison.extend(source.map(|s| ((s, place.partition, place.offset), cause)));
    }
    Ok(Worker {
        index,
        topology: Arc::clone(topology),
        description,
        options: options.clone(),
        handle: handle.clone(),
        tell,
        transaction,
        source,
        restorer,
        partitions: BTreeMap::new(),
        member: None,
        outputs: Outputs::default(),
        urgent: false,
        behind: false,
        pressure: Pressure::default(),
        last_commit: Instant::now(),
        drain: Drain::default(),
        loading: HashSet::new(),
        local,
        lanes: Lanes::new(index, Arc::clone(&shared.lanes)),
        staged,
        count: shared.count,
        returns: 0,
        outage: None,
        parked: poison.len(),
        care: Arc::clone(care),
        growth: Growth::default(),
        turn: None,
        poison,
    })
}

/// The consumer of a worker's sources, with at most `queue` KiB waiting in it.
fn open_source(kafka: &Kafka, group: &str, queue: u64) -> Result<BaseConsumer<Quiet>> {
    client(kafka)
        .set("group.id", group)
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", "error")
        .set("isolation.level", "read_committed")
        .set("fetch.wait.max.ms", "20")
        .set("fetch.queue.backoff.ms", "5")
        .set("fetch.message.max.bytes", "262144")
        .set("queued.min.messages", "50000")
        .set("queued.max.messages.kbytes", queue.to_string())
        .create_with_context(Quiet)
        .map_err(|e| classify(e, format!("could not open the consumer of \"{group}\"")))
}

/// A way to the state on disk, if it is kept there.
pub(super) fn local(
    shared: &Joint,
    description: &Description,
    options: &RunOptions,
) -> Option<Local> {
    let keeper = shared.keeper.clone()?;
    let stores = description.stores.iter().map(|s| s.changelog.as_str());
    let layout = mark::layout(description.version, shared.count, stores);
    let interval = options.streams.checkpoint_interval;
    Some(Local::new(keeper, layout, description.stores.len(), interval))
}

/// The transactional id of a worker.
#[must_use]
pub fn transactional_id(group: &str, instance: &str, index: u16) -> String {
    format!("{group}-{instance}-{index}")
}

impl Worker {
    /// Works until told to stop or until nothing helps.
    pub fn run(mut self, commands: &Receiver<Command>) {
        let told = match room::guarded(&self.options.state_dir.clone(), || self.serve(commands)) {
            Ok(()) => Tell::Ended,
            Err(error) => Tell::Failed(error),
        };
        // The member may have ended first.
        drop(self.tell.send((self.index, told)));
    }

    fn serve(&mut self, commands: &Receiver<Command>) -> Result<()> {
        loop {
            self.come_round();
            let command = if self.working() {
                match commands.try_recv() {
                    Ok(command) => Some(command),
                    Err(TryRecvError::Empty) => None,
                    Err(TryRecvError::Disconnected) => return Ok(()),
                }
            } else {
                match commands.recv_timeout(Duration::from_millis(100)) {
                    Ok(command) => Some(command),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => return Ok(()),
                }
            };
            let result = match command {
                Some(Command::Stop) => {
                    self.before_hand_over();
                    let end = self.commit();
                    drop(reading::unassign(&self.source));
                    self.hand_over()?;
                    return match end {
                        // Whoever took over does again what was not committed.
                        Ok(()) | Err(Trouble::Stale(_) | Trouble::Fenced(_)) => Ok(()),
                        Err(trouble) => Err(trouble.into_error()),
                    };
                }
                Some(Command::Take { partitions, member }) => self.take(partitions, member),
                Some(Command::Drain { stage }) => self.may_drain(stage),
                Some(Command::Release { lost, done }) => {
                    let result = self.release(lost);
                    // The member may have stopped waiting.
                    let _gone = done.send(()).is_err();
                    result
                }
                None if self.working() => match self.obey() {
                    Ok(true) => {
                        std::thread::park_timeout(WAIT);
                        Ok(())
                    }
                    Ok(false) => self.round(),
                    Err(trouble) => Err(trouble),
                },
                None => Ok(()),
            };
            self.end_turn();
            if let Err(trouble) = result {
                self.recover(trouble)?;
            }
        }
    }

    fn working(&self) -> bool {
        let drained = self.drain.closed >= self.description.stages.len();
        self.member.is_some() && !self.partitions.is_empty() && !drained
    }

    /// Lets the partitions go: their state stays parked, in case they come back untouched.
    fn release(&mut self, lost: bool) -> std::result::Result<(), Trouble> {
        self.before_hand_over();
        let result = if lost { self.give_up() } else { self.commit() };
        drop(reading::unassign(&self.source));
        self.lanes.forget();
        self.care.leaves(self.index);
        self.hand_over().map_err(Trouble::Fatal)?;
        self.member = None;
        if result.is_err() {
            // What was not committed is done again, by whoever has the partition next.
            self.partitions.retain(|_, p| !p.dirty);
        }
        for partition in self.partitions.values_mut() {
            partition.active = false;
        }
        match result {
            // The group has moved on: what was open is somebody else's to do.
            Err(Trouble::Stale(_)) => self.give_up(),
            other => other,
        }
    }

    /// The next commit is the last before a hand-over: the state on disk goes along with it, also
    /// if nothing but that is left to do.
    fn before_hand_over(&mut self) {
        if let Some(local) = &mut self.local
            && local.hurry()
        {
            self.partitions.values_mut().filter(|p| p.active).for_each(|p| p.dirty = true);
        }
    }

    /// What is committed goes to disk.
    fn hand_over(&mut self) -> Result<()> {
        self.local.as_mut().map_or(Ok(()), Local::hand_over)
    }

    /// Aborts, and forgets state that is ahead of the last commit.
    fn give_up(&mut self) -> std::result::Result<(), Trouble> {
        self.partitions.retain(|_, p| !p.dirty);
        self.growth.aborted();
        self.transaction.abort()
    }

    pub(super) fn send_outputs(&mut self) -> std::result::Result<(), Trouble> {
        self.urgent |= self.outputs.urgent();
        for record in self.outputs.iter() {
            send(&mut self.transaction, &self.description, &record, None::<&OwnedHeaders>)?;
        }
        self.outputs.clear();
        Ok(())
    }
}

/// The partitions of a worker among `workers`: the same partition always goes to the same
/// worker, so that a rebalance that brings it back finds its state.
#[must_use]
pub fn share(partitions: &[i32], index: u16, workers: u16) -> Vec<i32> {
    let workers = i32::from(workers.max(1));
    let unique: HashSet<i32> = partitions.iter().copied().collect();
    let mut mine: Vec<i32> =
        unique.into_iter().filter(|p| p.rem_euclid(workers) == i32::from(index)).collect();
    mine.sort_unstable();
    mine
}
