//! The group member: hands partitions to workers, hears what becomes of them, and ends the work.

use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::types::RDKafkaErrorCode as Code;

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::classify;
use crate::backends::kafka::runner::care::{Care, Level};
use crate::backends::kafka::runner::crew::Crew;
use crate::backends::kafka::runner::disk::keeper::Keeping;
use crate::backends::kafka::runner::disk::{self, Disk};
use crate::backends::kafka::runner::globals::{self, Globals};
use crate::backends::kafka::runner::lanes::Shared;
use crate::backends::kafka::runner::membership::{self, Assignment, MemberContext, Membership};
use crate::backends::kafka::runner::meta::{self, MetaLog};
use crate::backends::kafka::runner::monitor::Monitor;
use crate::backends::kafka::runner::preflight::{self, Fingerprint};
use crate::backends::kafka::runner::standby::Standby;
use crate::backends::kafka::runner::status::PartitionStanding;
use crate::backends::kafka::runner::worker::{self, Command, Joint, Tell};
use crate::backends::kafka::runner::{Phase, Restored, RunHandle, RunOptions, files, status};
use crate::streams::topology::{Description, Topology};

/// How long a rebalance may take after a session has timed out.
const TAKE_OVER: Duration = Duration::from_secs(5);
/// How often a drained process looks whether the others are done.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often an end looks whether the workers are done.
const GLANCE: Duration = Duration::from_millis(20);
/// Fenced again within so many session timeouts, a member gives way: another one of its name joins
/// anew as soon as a heartbeat tells it that it was fenced. A broker that stands still for a while
/// does not do so again that soon.
const FENCED_AGAIN: u32 = 2;
/// How often the status file is written.
const STATUS_EVERY: Duration = Duration::from_secs(1);

/// Runs `topology` until the handle asks to stop, the input is drained, or nothing helps.
///
/// # Errors
/// What ended the run; its kind decides the exit code.
pub fn run(topology: &Arc<dyn Topology>, options: &RunOptions, handle: &RunHandle) -> Result<()> {
    let description = topology.describe();
    let group = &description.group;
    let _lock = files::lock(&options.state_dir, group, &options.instance)?;
    let result = run_locked(topology, options, handle);
    let phase = match &result {
        Ok(()) => Phase::Stopped,
        Err(error) => Phase::Failed { cause: error.to_string() },
    };
    handle.with(|view| view.phase = phase);
    result.and(tell_status(options, handle, description))
}

fn run_locked(
    topology: &Arc<dyn Topology>,
    options: &RunOptions,
    handle: &RunHandle,
) -> Result<()> {
    let description = topology.describe();
    let count = preflight::topics(&options.kafka, description)?;
    let own = Fingerprint { version: description.version, configuration: topology.configuration() };
    let meta = MetaLog::open(&options.kafka, &meta::topic(description))?;
    preflight::agree(&options.kafka, &meta, &description.group, &options.instance, &own)?;
    handle.pause(meta.pause(&description.group));
    let care = Arc::new(Care::start(&options.state_dir, &description.group, &options.instance)?);
    let failed = care.failed_starts();
    match care.level() {
        Level::Usual => {}
        Level::Noted => handle.note(format!(
            "the last {failed} starts ended without a commit: each record is noted until the cause is known."
        )),
        Level::Narrow => handle.note(format!(
            "the last {failed} starts ended without a commit: small transactions that grow until the cause is known."
        )),
    }
    let globals = globals::load(topology, options, handle)?;
    let partitions = u32::try_from(count).unwrap_or(u32::MAX);
    let mut keeping = keep_state(description, options, handle)?;
    let keeper = keeping.as_ref().map(Keeping::keeper);
    let shared = Joint { count: partitions, lanes: Shared::default(), keeper };
    let standby = follow_others(description, options, handle, &shared)?;
    let crew = Crew::hire(topology, options, handle, &care, &shared)?;
    let monitor = Monitor::start(options, handle, description, meta)?;
    let consumer = membership::enter(options, handle, description, &crew)?;
    let mut member = Member {
        options,
        handle,
        crew,
        consumer,
        description,
        count,
        assigned_at: Instant::now(),
        next_look: Instant::now(),
        draining: 0,
        drained: Vec::new(),
        globals,
        standby,
        running: 0,
        fenced: None,
    };
    let result = member.serve(&description.group);
    if let Err(error) = &result
        && !handle.stopping()
    {
        // Told at once: the workers may take a while to end.
        handle.with(|view| view.phase = Phase::Failed { cause: error.to_string() });
        tell_status(options, handle, description)?;
    }
    let result = member.end(result);
    handle.ending("what others are told of it");
    monitor.end(result.is_ok());
    care.ended();
    handle.ending("its state on disk");
    let kept = keeping.as_mut().map_or(Ok(()), Keeping::end);
    drop(keeping);
    result.and(kept)
}

/// Opens the state on disk, unless it is switched off.
fn keep_state(
    description: &Description,
    options: &RunOptions,
    handle: &RunHandle,
) -> Result<Option<Keeping>> {
    if options.streams.checkpoint_interval.is_zero() || description.stores.is_empty() {
        return Ok(None);
    }
    let place = disk::folder(&options.state_dir, &description.group, &options.instance);
    let (disk, damage) = Disk::open(place.clone())?;
    if let Some(cause) = damage {
        handle.note(format!(
            "the state at {} is damaged and was deleted, all comes from the changelogs: {cause}.",
            place.display()
        ));
    }
    Keeping::start(disk, Arc::clone(&options.fault)).map(Some)
}

/// Follows the state of what others have, if that is wanted.
fn follow_others(
    description: &Description,
    options: &RunOptions,
    handle: &RunHandle,
    shared: &Joint,
) -> Result<Option<Standby>> {
    let count = i32::try_from(shared.count).unwrap_or(i32::MAX);
    let local = worker::local(shared, description, options).filter(|_| options.standby);
    local.map(|local| Standby::start(options, handle, description, local, count)).transpose()
}

/// Writes the status file.
fn tell_status(options: &RunOptions, handle: &RunHandle, description: &Description) -> Result<()> {
    let limit = i64::try_from(options.streams.stalled_after.as_micros()).unwrap_or(i64::MAX);
    let figures = handle.figures(description, &options.instance, limit);
    let view = handle.with(|view| view.clone());
    files::write_status(options, &description.group, &view, figures)
}

struct Member<'a> {
    options: &'a RunOptions,
    handle: &'a RunHandle,
    crew: Crew,
    consumer: Arc<BaseConsumer<MemberContext>>,
    description: &'a Description,
    count: usize,
    assigned_at: Instant,
    next_look: Instant,
    /// The stage that is being drained.
    draining: usize,
    /// Workers that have closed that stage, in this assignment.
    drained: Vec<u16>,
    /// The tables that every process reads whole.
    globals: Option<Globals>,
    /// The state of partitions that others have.
    standby: Option<Standby>,
    running: usize,
    /// When the group last took somebody else for this member.
    fenced: Option<Instant>,
}

impl Member<'_> {
    fn serve(&mut self, group: &str) -> Result<()> {
        let mut next_status = Instant::now();
        let mut busy: Vec<u16> = Vec::new();
        loop {
            if let Some(Err(error)) = self.consumer.poll(Duration::from_millis(50)) {
                if error.rdkafka_error_code() == Some(Code::FencedInstanceId) {
                    self.rejoin()?;
                    busy.clear();
                } else {
                    judge(error, group)?;
                }
            }
            if let Some(assignment) = self.consumer.context().take_assignment() {
                busy = self.assign(&assignment)?;
            }
            self.hear(&busy)?;
            self.handle.show_pause(busy.len());
            let at = self.handle.elapsed();
            self.handle.with(|view| view.watch.member_turned(at));
            if self.handle.stopping() {
                return Ok(());
            }
            if self.options.drain
                && !busy.is_empty()
                && busy.iter().all(|w| self.drained.contains(w))
                && self.all_drained()?
                && self.next_stage()
            {
                return Ok(());
            }
            if let Some(globals) = &mut self.globals {
                globals.failed()?;
            }
            self.standby.as_ref().map_or(Ok(()), Standby::failed)?;
            if let Some(error) = self.options.memory.take_failure() {
                self.handle.note(format!(
                    "state could not be spilled to {} and stays in memory, beyond streams.memory: {error}.",
                    self.options.state_dir.display()
                ));
            }
            if next_status <= Instant::now() {
                next_status = Instant::now() + STATUS_EVERY;
                tell_status(self.options, self.handle, self.description)?;
            }
        }
    }

    /// Whether nothing is left to close: the own partitions are drained; those of others are, or
    /// may come here once their owner has been silent for the session timeout. After that it is
    /// told which stay open.
    fn all_drained(&mut self) -> Result<bool> {
        let own = self.handle.with(|view| view.partitions.clone());
        if own.len() >= self.count {
            return Ok(true);
        }
        if Instant::now() < self.next_look {
            return Ok(false);
        }
        self.next_look = Instant::now() + LOOK_EVERY;
        let standing = status::standing(&self.options.kafka, self.description)?;
        // What was closed is noted with the offsets of the stage's first source.
        let sources = self.description.sources.iter().filter(|s| s.stage == self.draining);
        let topics: Vec<&str> = sources.map(|s| s.topic.as_str()).collect();
        let noted = |p: &PartitionStanding| {
            topics.first() != Some(&p.topic.as_str()) || p.closed || p.committed.is_none()
        };
        let mut open: Vec<i32> = standing
            .partitions
            .iter()
            .filter(|p| topics.contains(&p.topic.as_str()))
            .filter(|p| !own.contains(&p.partition) && (p.is_behind() || !noted(p)))
            .map(|p| p.partition)
            .collect();
        open.sort_unstable();
        open.dedup();
        if !open.is_empty()
            && self.assigned_at.elapsed() < self.options.streams.session_timeout + TAKE_OVER
        {
            return Ok(false);
        }
        self.handle.with(|view| view.left_open = open);
        Ok(true)
    }

    /// Lets the workers close the next stage. True if there is none.
    fn next_stage(&mut self) -> bool {
        self.draining += 1;
        self.drained.clear();
        if self.draining >= self.description.stages.len() {
            return true;
        }
        let stage = self.draining;
        for command in &self.crew.commands {
            // A worker that is gone has told why.
            drop(command.send(Command::Drain { stage }));
        }
        false
    }

    /// Hands the partitions out. Returns the workers that got any.
    fn assign(&mut self, assignment: &Assignment) -> Result<Vec<u16>> {
        if let Some(standby) = &self.standby {
            standby.own(&assignment.partitions)?;
        }
        self.drained.clear();
        self.draining = 0;
        self.running = 0;
        self.assigned_at = Instant::now();
        let workers = u16::try_from(self.crew.commands.len()).unwrap_or(u16::MAX);
        let mut busy = Vec::new();
        let now = self.options.clock.now();
        self.handle.with(|view| {
            view.partitions.clone_from(&assignment.partitions);
            view.assigned_at = Some(now);
            view.watch.assign(&assignment.partitions);
            view.still.clear();
            view.restores.clear();
        });
        // Before the workers add to it.
        self.handle.with(|view| view.restored = Restored::default());
        for (index, command) in (0..workers).zip(&self.crew.commands) {
            let partitions = worker::share(&assignment.partitions, index, workers);
            if !partitions.is_empty() {
                busy.push(index);
            }
            let member = Membership {
                metadata: Arc::clone(&assignment.member),
                consumer: Arc::downgrade(&self.consumer),
            };
            // A worker that is gone has told why.
            drop(command.send(Command::Take { partitions, member }));
        }
        let none = assignment.partitions.is_empty();
        let at = self.handle.elapsed();
        self.handle.with(|view| {
            view.restores_since = at;
            view.phase =
                if none { Phase::StandingBy } else { Phase::Restoring { done: 0, total: 0 } };
        });
        if none {
            self.handle.note(format!(
                "this process stands by: all {} partitions have an owner.",
                self.count
            ));
        }
        Ok(busy)
    }

    fn hear(&mut self, busy: &[u16]) -> Result<()> {
        while let Ok((index, tell)) = self.crew.tells.try_recv() {
            match tell {
                Tell::Drained { stage } if stage == self.draining => self.drained.push(index),
                Tell::Drained { .. } => {}
                Tell::Running if busy.contains(&index) => {
                    self.running += 1;
                    if self.running >= busy.len() {
                        let stopped = self.consumer.context().take_stop();
                        self.handle.with(|view| {
                            view.phase = Phase::Running;
                            view.last_stop_ms = stopped
                                .map(|at| u64::try_from(at.elapsed().as_millis()).unwrap_or(0));
                        });
                    }
                }
                Tell::Running => {}
                Tell::Failed(error) => return Err(error),
                Tell::Ended => {
                    let what = format!("worker {index} ended by itself");
                    return Err(BackendError::new(Kind::Internal, what));
                }
            }
        }
        if let Some(index) = self.crew.threads.iter().position(JoinHandle::is_finished) {
            // What it told may still be on its way; a panic tells nothing.
            if let Ok((_, Tell::Failed(error))) =
                self.crew.tells.recv_timeout(Duration::from_millis(200))
            {
                return Err(error);
            }
            return Err(BackendError::new(Kind::Internal, format!("worker {index} panicked")));
        }
        Ok(())
    }

    /// The group takes somebody else for this member. That is another process of the same name,
    /// or this one, whose join was answered so late that it had asked again. So it joins anew, which
    /// fences the other if there is one; fenced again soon, this one gives way.
    fn rejoin(&mut self) -> Result<()> {
        let instance = &self.options.instance;
        let soon = self.options.streams.session_timeout * FENCED_AGAIN;
        if self.fenced.is_some_and(|at| at.elapsed() < soon) {
            let what = format!("could not stay a member of group \"{}\"", self.description.group);
            return Err(BackendError::new(Kind::Conflict, what)
                .because(format!("another process runs as instance \"{instance}\""))
                .hint("Stop one of the two, or give this one another name with --set streams.instance=NAME."));
        }
        self.fenced = Some(Instant::now());
        self.handle.note(format!(
            "the group has another member of the name \"{instance}\", or has lost this one; it joins anew."
        ));
        self.consumer.context().release(true);
        let fresh = membership::enter(self.options, self.handle, self.description, &self.crew)?;
        membership::leave(std::mem::replace(&mut self.consumer, fresh));
        Ok(())
    }

    /// Stops the workers and waits for them; the first failure is the one reported.
    fn end(self, result: Result<()>) -> Result<()> {
        self.handle.ending("its workers");
        for command in &self.crew.commands {
            drop(command.send(Command::Stop));
        }
        let deadline = Instant::now() + self.options.streams.transaction_timeout * 2;
        let mut result = result;
        // One that panicked tells nothing, it is just over.
        let going = || !self.crew.threads.iter().all(JoinHandle::is_finished);
        while going() && Instant::now() < deadline {
            match self.crew.tells.recv_timeout(GLANCE) {
                Ok((_, Tell::Failed(error))) => result = result.and(Err(error)),
                Ok(_) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        for (_, tell) in self.crew.tells.try_iter() {
            if let Tell::Failed(error) = tell {
                result = result.and(Err(error));
            }
        }
        // A stop that interrupted a restore is a stop, not a failure.
        if let Err(error) = &result
            && error.kind == Kind::Stopped
            && self.handle.stopping()
        {
            result = Ok(());
        }
        for thread in self.crew.threads {
            if thread.is_finished() || Instant::now() < deadline {
                drop(thread.join());
            }
        }
        self.handle.ending("the tables that it reads whole");
        drop(self.globals);
        self.handle.ending("its standby state");
        drop(self.standby);
        self.handle.ending("its place in the group");
        self.options.fault.hit("before-leaving");
        membership::leave(self.consumer);
        result
    }
}

/// Which errors of the member end the run.
fn judge(error: KafkaError, group: &str) -> Result<()> {
    let what = format!("could not stay a member of group \"{group}\"");
    let fatal = matches!(error, KafkaError::MessageConsumptionFatal(_));
    match error.rdkafka_error_code() {
        _ if fatal => Err(classify(error, what)),
        Some(
            Code::GroupAuthorizationFailed
            | Code::TopicAuthorizationFailed
            | Code::SaslAuthenticationFailed
            | Code::Authentication
            | Code::UnknownTopicOrPartition
            | Code::UnknownTopic,
        ) => Err(classify(error, what)),
        _ => {
            tracing::info!(%error, "the group member goes on");
            Ok(())
        }
    }
}
