//! A worker of a town: the lives of its partitions, and one transaction for all of them, step by
//! step as `backends::kafka::runner` does it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bss::domain::EventTime;
use bss::streams::driver::{Driver, Limits, Place};
use bss::streams::output::Outputs;
use bss::streams::partition;
use bss::streams::record::SourceRecord;
use bss::streams::topology::{Description, SinkKind, Topology};

use crate::broker::{Broker, Logged, Position, Record, Refusal, Session};
use crate::disturbances::{Harm, Kind, Step, Tally, Trap};
use crate::world::{scarce, seen};

/// What is the same for all workers.
pub struct Setting {
    pub topology: Arc<dyn Topology>,
    pub description: Description,
    pub limits: Limits,
    pub now: EventTime,
    pub partitions: u32,
}

/// A partition's life between a restore and its end.
pub struct Life {
    pub driver: Driver,
    next: BTreeMap<usize, usize>,
    /// The first source's offset of the last commit.
    committed: usize,
    dirty: bool,
}

/// What a worker has yet to ask of the brokers.
enum Call {
    Begin,
    Send(Record),
    Offsets(Vec<Position>),
    Commit,
}

impl Call {
    const fn step(&self) -> Step {
        match self {
            Self::Begin => Step::Begin,
            Self::Send(Record::Output { .. }) => Step::Output,
            Self::Send(Record::HandOn { .. }) => Step::HandOn,
            Self::Send(Record::Change { .. }) => Step::Change,
            Self::Offsets(_) => Step::Offsets,
            Self::Commit => Step::Commit,
        }
    }
}

/// Why a worker cannot go on as it is.
#[derive(Clone, Copy, Debug)]
pub enum Fall {
    /// The transaction did not commit, as far as the worker knows.
    Failed,
    Refused(Refusal),
    Killed,
    Stopped,
}

pub struct Worker {
    pub session: Session,
    generation: u64,
    pub lives: BTreeMap<u32, Life>,
    open: bool,
    calls: VecDeque<Call>,
    pub trap: Option<Trap>,
}

/// The name a worker commits under.
fn name(producer: usize) -> String {
    format!("worker-{producer}")
}

/// The producer whose name is noted with a partition's offsets.
fn writer(broker: &Broker, number: u32) -> Option<usize> {
    let noted = broker.committed[&number].checkpoint(0).writer;
    noted.strip_prefix("worker-").and_then(|id| id.parse().ok())
}

impl Worker {
    pub fn start(broker: &mut Broker, producer: usize) -> Self {
        Self {
            session: broker.init(producer),
            generation: 0,
            lives: BTreeMap::new(),
            open: false,
            calls: VecDeque::new(),
            trap: None,
        }
    }

    /// Works from now on for these partitions. What is open
    /// by now is given up; state that stayed here untouched is kept.
    pub fn take(
        &mut self,
        numbers: &[u32],
        generation: u64,
        broker: &mut Broker,
        tally: &mut Tally,
    ) {
        self.generation = generation;
        if self.open || self.lives.values().any(|life| life.dirty) {
            self.give_up(broker);
        }
        self.lives.retain(|number, _| numbers.contains(number));
        let own = self.session.producer;
        for number in self.lives.keys() {
            stabilise(broker, *number, own, tally);
        }
        self.lives.retain(|number, life| {
            let committed = &broker.committed[number];
            let kept =
                committed.offset(0) == life.committed && writer(broker, *number) == Some(own);
            if kept {
                tally.note(Kind::Kept);
            }
            kept
        });
    }

    /// Goes on with a partition from what is committed.
    pub fn wake(&mut self, setting: &Setting, broker: &mut Broker, number: u32, tally: &mut Tally) {
        stabilise(broker, number, self.session.producer, tally);
        let committed = &broker.committed[&number];
        let sources = 0..setting.description.sources.len();
        let checkpoints: Vec<_> = sources.map(|source| committed.checkpoint(source)).collect();
        let partition = i32::try_from(number).expect("few");
        let place = Place { partition, partitions: setting.partitions };
        let mut driver = Driver::new(&*setting.topology, setting.limits, place, &checkpoints);
        if !committed.changelog.is_empty() {
            driver.keep_within(&scarce());
        }
        for ((store, key), value) in &committed.changelog {
            driver.restore(*store, key, Some(value)).expect("our own changelog");
        }
        let (next, committed) = (committed.offsets.clone(), committed.offset(0));
        self.lives.insert(number, Life { driver, next, committed, dirty: false });
    }

    /// Sources of a partition's life, of those asked for, with the offset of the next record.
    pub fn waiting(
        &self,
        broker: &Broker,
        number: u32,
        sources: impl Iterator<Item = usize>,
    ) -> Vec<(usize, usize)> {
        let next = &self.lives[&number].next;
        let from = |source: &usize| next.get(source).copied().unwrap_or(0);
        sources
            .filter_map(|s| broker.readable((s, number), from(&s)).map(|offset| (s, offset)))
            .collect()
    }

    /// Takes one record; what it writes is yet to be sent.
    pub fn process(
        &mut self,
        setting: &Setting,
        broker: &Broker,
        number: u32,
        (source, offset): (usize, usize),
    ) {
        let logged = broker.record((source, number), offset);
        let record = SourceRecord {
            source,
            partition: i32::try_from(number).expect("few"),
            offset: i64::try_from(offset).expect("short"),
            key: logged.key.as_deref(),
            value: logged.value.as_deref(),
            timestamp: logged.timestamp,
        };
        let life = self.lives.get_mut(&number).expect("awake");
        life.next.insert(source, offset + 1);
        life.dirty = true;
        let mut written = Outputs::new();
        life.driver.step(&record, setting.now, &mut written).expect("no panic");
        self.gather(setting, &written);
    }

    /// Closes stages of a partition at the end of their input.
    pub fn drain(
        &mut self,
        setting: &Setting,
        number: u32,
        stages: impl IntoIterator<Item = usize>,
    ) {
        let life = self.lives.get_mut(&number).expect("awake");
        life.dirty = true;
        let mut written = Outputs::new();
        life.driver.advance(&mut written);
        for stage in stages {
            life.driver.drain(stage, &mut written);
        }
        self.gather(setting, &written);
    }

    fn send(&mut self, record: Record) {
        if !self.open {
            self.open = true;
            self.calls.push_back(Call::Begin);
        }
        self.calls.push_back(Call::Send(record));
    }

    fn gather(&mut self, setting: &Setting, written: &Outputs) {
        let description = &setting.description;
        for record in written.iter() {
            let (key, value) = (record.key.map(<[u8]>::to_vec), record.value.map(<[u8]>::to_vec));
            let kind = description.sinks[record.sink].kind;
            let source = description.source_of(record.sink);
            if let (Some(source), SinkKind::Repartition) = (source, kind) {
                let by_key = || partition::of_key(record.key.expect("keyed"), setting.partitions);
                let own = record.partition.map(|p| u32::try_from(p).expect("one of ours"));
                let to = (source, own.unwrap_or_else(by_key));
                self.send(Record::HandOn { to, logged: Logged { key, value, timestamp: None } });
                continue;
            }
            let table = kind == SinkKind::Table;
            let row = table.then(|| (record.sink, key.expect("keyed"), value));
            self.send(Record::Output { seen: seen(description, &record), row });
        }
    }

    /// Plans the commit of whatever happened since the last one; false if nothing did.
    pub fn plan_commit(&mut self, setting: &Setting) -> bool {
        let mut written = Outputs::new();
        for life in self.lives.values_mut().filter(|life| life.dirty) {
            life.driver.advance(&mut written);
        }
        self.gather(setting, &written);
        let (mut changes, mut positions) = (Vec::new(), Vec::new());
        for (number, life) in self.lives.iter_mut().filter(|(_, life)| life.dirty) {
            let partition = *number;
            life.driver.take_changes(&mut |store, key, value| {
                let (key, value) = (key.to_vec(), value.map(<[u8]>::to_vec));
                changes.push(Record::Change { partition, store, key, value });
            });
            let sources = 0..setting.description.sources.len();
            let noted = sources.filter(|source| setting.description.has_checkpoint(*source));
            let own = name(self.session.producer);
            let text = |source| (source, life.driver.checkpoint(source, &own).to_metadata());
            let (offsets, metadata) = (life.next.clone(), noted.map(text).collect());
            positions.push(Position { partition, offsets, metadata });
        }
        if positions.is_empty() {
            return false;
        }
        changes.into_iter().for_each(|change| self.send(change));
        if !self.open {
            self.open = true;
            self.calls.push_back(Call::Begin);
        }
        self.calls.extend([Call::Offsets(positions), Call::Commit]);
        true
    }

    /// Asks the brokers for what is planned, call by call, until one goes wrong.
    pub fn work(&mut self, broker: &mut Broker, tally: &mut Tally) -> Result<(), Fall> {
        while let Some(call) = self.calls.pop_front() {
            match self.trapped(&call) {
                None => self.ask(broker, call)?,
                Some(trap) => {
                    tally.note(Kind::At(trap.step, trap.harm));
                    return Err(self.harmed(broker, call, trap.harm));
                }
            }
        }
        Ok(())
    }

    fn ask(&mut self, broker: &mut Broker, call: Call) -> Result<(), Fall> {
        let session = self.session;
        match call {
            // The client's own affair: the brokers hear of it with the first record.
            Call::Begin => Ok(()),
            Call::Send(record) => broker.send(session, record),
            Call::Offsets(positions) => broker.send_offsets(session, self.generation, positions),
            Call::Commit => broker.commit(session).map(|()| self.note_committed()),
        }
        .map_err(Fall::Refused)
    }

    fn note_committed(&mut self) {
        self.open = false;
        for life in self.lives.values_mut().filter(|life| life.dirty) {
            life.dirty = false;
            life.committed = life.next.get(&0).copied().unwrap_or(0);
        }
    }

    /// The trap, if this call is the one it waits for.
    fn trapped(&mut self, call: &Call) -> Option<Trap> {
        let trap = self.trap.as_mut().filter(|trap| trap.step == call.step())?;
        if trap.skip > 0 {
            trap.skip -= 1;
            return None;
        }
        self.trap.take()
    }

    fn harmed(&mut self, broker: &mut Broker, call: Call, harm: Harm) -> Fall {
        match harm {
            Harm::Refused => Fall::Failed,
            Harm::AnswerLost => self.ask(broker, call).err().unwrap_or(Fall::Failed),
            Harm::TimedOut => {
                broker.time_out(self.session.producer);
                self.ask(broker, call).err().unwrap_or(Fall::Refused(Refusal::Fenced))
            }
            Harm::Killed => Fall::Killed,
            Harm::Stopped => {
                self.calls.push_front(call);
                Fall::Stopped
            }
        }
    }

    /// Aborts, and forgets state that is ahead of the last commit; with a new producer if the old
    /// one is of no use any more.
    fn give_up(&mut self, broker: &mut Broker) {
        if broker.abort(self.session).is_err() {
            self.session = broker.init(self.session.producer);
        }
        self.open = false;
        self.calls.clear();
        self.lives.retain(|_, life| !life.dirty);
    }

    /// Back to the last commit after a failure.
    pub fn go_back(&mut self, broker: &mut Broker) {
        self.give_up(broker);
        self.lives.clear();
    }
}

/// Waits until a partition's offsets and changelog can be read to their end. What keeps them is the
/// open transaction of a worker that is gone: the id that was last noted is taken, and if it was
/// another's, the brokers abort it in time.
fn stabilise(broker: &mut Broker, number: u32, own: usize, tally: &mut Tally) {
    let others = |broker: &Broker| broker.holder(number).filter(|holder| *holder != own);
    if others(broker).is_none() {
        return;
    }
    if let Some(writer) = writer(broker, number).filter(|writer| *writer != own) {
        tally.note(Kind::FencedWriter);
        broker.init(writer);
    }
    while let Some(holder) = others(broker) {
        tally.note(Kind::Abandoned);
        broker.time_out(holder);
    }
}
