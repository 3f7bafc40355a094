//! State of partitions that other processes have, followed on the own disk: whoever takes one over
//! reads from the changelogs only what came in the last moments.

use std::collections::{BTreeSet, HashSet};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, SyncSender, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::{Offset, TopicPartitionList};

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::intake::passing;
use crate::backends::kafka::runner::disk::local::{Local, Reached};
use crate::backends::kafka::runner::reload::{Asked, usable};
use crate::backends::kafka::runner::restore::{Bounds, Restorer};
use crate::backends::kafka::runner::{RunHandle, RunOptions, preflight};
use crate::backends::kafka::{Quiet, classify, reading};
use crate::domain::EventTime;
use crate::streams::changelog;
use crate::streams::topology::Description;

/// How long one wait for records takes.
const WAIT: Duration = Duration::from_millis(100);
/// Records taken between two looks at what else there is to do.
const BATCH: usize = 2000;
/// How often the ends of the changelogs are asked for.
const LOOK: Duration = Duration::from_secs(1);
/// How long after a failure the changelogs are tried again.
const PAUSE: Duration = Duration::from_secs(5);
/// How long letting partitions go may take: what was read is handed to the thread that writes.
const LET_GO: Duration = Duration::from_secs(30);

enum Say {
    /// The process has these partitions itself now; answered when they are let go.
    Own(Vec<i32>, SyncSender<()>),
    End,
}

/// The thread that follows what others have.
pub(super) struct Standby {
    say: Sender<Say>,
    failures: Receiver<BackendError>,
    thread: Option<JoinHandle<()>>,
}

impl Standby {
    /// Starts the thread; it follows nothing until it knows what is owned.
    ///
    /// # Errors
    /// A client or thread that cannot be made.
    pub fn start(
        options: &RunOptions,
        handle: &RunHandle,
        description: &Description,
        local: Local,
        count: i32,
    ) -> Result<Self> {
        let group = &description.group;
        let follower = Follower {
            options: options.clone(),
            handle: handle.clone(),
            changelogs: description.stores.iter().map(|s| s.changelog.clone()).collect(),
            consumer: preflight::asker(&options.kafka, group)?,
            restorer: Restorer::open(&options.kafka, group)?,
            local,
            count,
            owned: None,
            followed: BTreeSet::new(),
            round: None,
            looked: Instant::now(),
            retry: None,
        };
        let (say, said) = channel();
        let (tell, failures) = channel();
        let thread = std::thread::Builder::new()
            .name("standby".to_owned())
            .spawn(move || {
                if let Err(error) = follower.run(&said) {
                    // The member may have ended first.
                    drop(tell.send(error));
                }
            })
            .map_err(|e| {
                BackendError::new(Kind::Local, "could not start the thread of standby state")
                    .because(e)
            })?;
        Ok(Self { say, failures, thread: Some(thread) })
    }

    /// The process has `partitions` from now on: they are let go here before any is loaded.
    ///
    /// # Errors
    /// [`Kind::TimedOut`] if that does not happen.
    pub fn own(&self, partitions: &[i32]) -> Result<()> {
        let (done, gone) = sync_channel(1);
        if self.say.send(Say::Own(partitions.to_vec(), done)).is_err() {
            // The thread is gone and has left its failure.
            return Ok(());
        }
        match gone.recv_timeout(LET_GO) {
            Err(RecvTimeoutError::Timeout) => Err(BackendError::new(
                Kind::TimedOut,
                "could not take the state on disk over from the standby",
            )
            .because(format!("it did not let go within {} s", LET_GO.as_secs()))),
            _ => Ok(()),
        }
    }

    /// The failure that ended the thread, if one did.
    ///
    /// # Errors
    /// That failure.
    pub fn failed(&self) -> Result<()> {
        self.failures.try_recv().map_or(Ok(()), Err)
    }
}

impl Drop for Standby {
    fn drop(&mut self) {
        if let Some(thread) = self.thread.take() {
            // A thread that is gone has left its failure.
            drop(self.say.send(Say::End));
            drop(thread.join());
        }
    }
}

/// Reading up to the ends that the changelogs had at some moment.
struct Round {
    began: EventTime,
    ends: Reached,
    left: HashSet<i32>,
}

impl Round {
    fn of(began: EventTime, bounds: Bounds, numbers: &[i32]) -> Self {
        let ends = bounds.into_iter().map(|(place, (_, end))| (place, end)).collect();
        Self { began, ends, left: numbers.iter().copied().collect() }
    }
}

struct Follower {
    options: RunOptions,
    handle: RunHandle,
    changelogs: Vec<String>,
    consumer: BaseConsumer<Quiet>,
    restorer: Restorer,
    local: Local,
    count: i32,
    /// What the process has itself; unknown until the first assignment.
    owned: Option<Vec<i32>>,
    followed: BTreeSet<i32>,
    round: Option<Round>,
    looked: Instant,
    /// When a failed beginning is tried again.
    retry: Option<Instant>,
}

impl Follower {
    fn run(mut self, said: &Receiver<Say>) -> Result<()> {
        loop {
            let wait = if self.followed.is_empty() { WAIT } else { Duration::ZERO };
            match said.recv_timeout(wait) {
                Ok(Say::Own(partitions, done)) => {
                    self.let_go()?;
                    // The member may have stopped waiting.
                    let _late = done.send(()).is_err();
                    self.owned = Some(partitions);
                    self.retry = Some(Instant::now());
                }
                Ok(Say::End) | Err(RecvTimeoutError::Disconnected) => return self.let_go(),
                Err(RecvTimeoutError::Timeout) => {}
            }
            let result = if self.retry.is_some_and(|at| at <= Instant::now()) {
                self.begin()
            } else if self.followed.is_empty() {
                Ok(())
            } else if self.local.is_stale() {
                self.retry = Some(Instant::now());
                Ok(())
            } else {
                self.turn()
            };
            if let Err(error) = result {
                if error.kind == Kind::Local {
                    return Err(error);
                }
                tracing::info!(%error, cause = ?error.source, "the standby begins anew");
                self.let_go()?;
                self.retry = Some(Instant::now() + PAUSE);
            }
        }
    }

    /// What was read goes to the disk, and nothing is followed any more.
    fn let_go(&mut self) -> Result<()> {
        drop(reading::unassign(&self.consumer));
        self.followed.clear();
        self.round = None;
        self.tell();
        self.local.go_back(&|_| false)
    }

    /// Begins to follow what the process does not have, from where the disk is.
    fn begin(&mut self) -> Result<()> {
        self.retry = None;
        // Also what the workers have handed over is on disk then.
        self.let_go()?;
        let Some(owned) = &self.owned else { return Ok(()) };
        let numbers: Vec<i32> = (0..self.count).filter(|n| !owned.contains(n)).collect();
        if numbers.is_empty() {
            return Ok(());
        }
        let now = self.options.clock.now();
        let bounds = self.restorer.all_bounds(&self.changelogs, &numbers)?;
        let asked = Asked { changelogs: &self.changelogs, numbers: &numbers, bounds: &bounds, now };
        let (mut marks, causes) = usable(&self.local, &self.restorer, &self.options.kafka, &asked)?;
        for (partition, cause) in causes {
            tracing::info!(partition, cause, "the standby reads a partition from its beginning");
        }
        let mut list = TopicPartitionList::new();
        for number in &numbers {
            match marks.remove(number) {
                Some(mark) => self.local.follow(*number, mark),
                None => self.local.begin(*number, now)?,
            }
        }
        for (store, topic) in self.changelogs.iter().enumerate() {
            for number in &numbers {
                let first = bounds.get(&(store, *number)).map_or(0, |bounds| bounds.0);
                let at = self.local.reached(*number, store).unwrap_or(0).max(first);
                list.add_partition_offset(topic, *number, Offset::Offset(at))
                    .map_err(|e| self.trouble(e))?;
            }
        }
        reading::assign(&self.consumer, &list).map_err(|e| self.trouble(e))?;
        self.round = Some(Round::of(now, bounds, &numbers));
        self.followed = numbers.into_iter().collect();
        self.tell();
        Ok(())
    }

    /// Takes what is there, and a look at the ends from time to time.
    fn turn(&mut self) -> Result<()> {
        let mut wait = WAIT;
        for _ in 0..BATCH {
            match self.consumer.poll(wait) {
                Some(Ok(message)) => {
                    let now = self.options.clock.now();
                    self.local.seen(now);
                    if take(&mut self.local, &self.changelogs, &message)? {
                        self.options.fault.hit("standby-checkpoint");
                    }
                }
                Some(Err(KafkaError::PartitionEOF(_))) | None => break,
                Some(Err(error)) if passing(&error) => break,
                Some(Err(error)) => return Err(self.trouble(error)),
            }
            wait = Duration::ZERO;
        }
        if self.looked.elapsed() >= LOOK {
            self.looked = Instant::now();
            self.look()?;
        }
        self.local.keep_up()
    }

    /// A partition that has reached the end it had when a round began holds all that was written
    /// by then; after all of them, the next round begins.
    fn look(&mut self) -> Result<()> {
        let position = self.consumer.position().map_err(|e| self.trouble(e))?;
        let at = |store: usize, partition: i32| {
            let found = position.find_partition(&self.changelogs[store], partition);
            match found.map(|element| element.offset()) {
                Some(Offset::Offset(at)) => at,
                // Nothing was read yet: where it was told to begin.
                _ => self.local.reached(partition, store).unwrap_or(0),
            }
        };
        let Some(round) = &mut self.round else { return Ok(()) };
        let stores = 0..self.changelogs.len();
        let open = |partition: i32| {
            let behind = |store| {
                round.ends.get(&(store, partition)).is_some_and(|e| at(store, partition) < *e)
            };
            stores.clone().any(behind)
        };
        let reached: Vec<i32> = round.left.iter().copied().filter(|n| !open(*n)).collect();
        for partition in &reached {
            round.left.remove(partition);
            self.local.complete(*partition, round.began, &round.ends);
        }
        // More than that may have been read since the round began.
        self.local.seen(self.options.clock.now());
        if !round.left.is_empty() {
            self.tell();
            return Ok(());
        }
        let now = self.options.clock.now();
        let numbers: Vec<i32> = self.followed.iter().copied().collect();
        let bounds = self.restorer.all_bounds(&self.changelogs, &numbers)?;
        self.round = Some(Round::of(now, bounds, &numbers));
        self.tell();
        Ok(())
    }

    /// Shows what is followed, and how many records of it are still to be read.
    fn tell(&self) {
        let behind = self.round.as_ref().map_or(0, |round| {
            let left = |(store, partition): &(usize, i32), end: &i64| {
                let at = self.local.reached(*partition, *store).unwrap_or(0);
                if round.left.contains(partition) {
                    u64::try_from(end - at).unwrap_or(0)
                } else {
                    0
                }
            };
            round.ends.iter().map(|(place, end)| left(place, end)).sum()
        });
        let followed = self.followed.iter().copied().collect();
        self.handle.with(|view| view.standby = (followed, behind));
    }

    fn trouble(&self, error: KafkaError) -> BackendError {
        classify(error, format!("could not follow {}", self.changelogs.join(", ")))
    }
}

/// Notes a record of a changelog; whether that wrote a checkpoint.
fn take(local: &mut Local, changelogs: &[String], message: &BorrowedMessage<'_>) -> Result<bool> {
    let Some(store) = changelogs.iter().position(|t| t == message.topic()) else {
        return Ok(false);
    };
    let (partition, offset) = (message.partition(), message.offset());
    let value = message.payload().map(changelog::open).transpose().map_err(|fault| {
        BackendError::new(Kind::Refused, format!("could not follow \"{}\"", message.topic()))
            .because(format!("partition {partition} offset {offset}: {fault}"))
    })?;
    local.restored(partition, store, offset, message.key().unwrap_or_default(), value)
}
