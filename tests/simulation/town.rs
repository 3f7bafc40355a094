//! Many partitions of a topology with several stages, and the workers that have them: each lives its
//! own lives, hands records on to the others when it commits, and is disturbed at every step of it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bss::domain::EventTime;
use bss::generate::random::Random;
use bss::streams::checkpoint::Counts;
use bss::streams::driver::Limits;
use bss::streams::output::Outputs;
use bss::streams::partition;
use bss::streams::pipeline::Pipeline;
use bss::streams::record::SourceRecord;
use bss::streams::topology::{Role, Topology};

use crate::broker::{Broker, Logged, Refusal};
use crate::disturbances::{Disturbances, Event, Kind, Tally};
use crate::worker::{Fall, Setting, Worker};
use crate::world::{Seen, seen};

/// A record of an input: source, key, value.
#[derive(Clone, Debug)]
pub struct Input {
    pub source: usize,
    pub key: Vec<u8>,
    pub value: Option<Vec<u8>>,
    pub timestamp: Option<EventTime>,
}

pub struct Town {
    pub setting: Setting,
    pub broker: Broker,
    /// By the id of their producer.
    workers: BTreeMap<usize, Worker>,
    /// Ids whose workers are gone, or stand still, and may come back.
    away: BTreeSet<usize>,
    /// Who stood still while others were given its partitions.
    zombies: Vec<Worker>,
    /// Whose a partition is.
    owners: BTreeMap<u32, usize>,
    disturbances: Disturbances,
}

impl Town {
    /// A town with one worker, undisturbed.
    pub fn new(
        topology: Arc<dyn Topology>,
        limits: Limits,
        now: EventTime,
        partitions: u32,
        inputs: &[Input],
    ) -> Self {
        let description = topology.describe().clone();
        let mut town = Self {
            setting: Setting { topology, description, limits, now, partitions },
            broker: Broker::new(partitions),
            workers: BTreeMap::new(),
            away: BTreeSet::new(),
            zombies: Vec::new(),
            owners: BTreeMap::new(),
            disturbances: Disturbances::none(),
        };
        town.publish(inputs);
        town.start_another();
        town.reassign();
        town
    }

    pub fn publish(&mut self, inputs: &[Input]) {
        for input in inputs {
            let number = partition::of_key(&input.key, self.setting.partitions);
            let logged = Logged {
                key: Some(input.key.clone()),
                value: input.value.clone(),
                timestamp: input.timestamp,
            };
            self.broker.publish((input.source, number), logged);
        }
    }

    fn start(&mut self, producer: usize) {
        self.away.remove(&producer);
        self.workers.insert(producer, Worker::start(&mut self.broker, producer));
    }

    fn start_another(&mut self) {
        let producer = self.broker.another_producer();
        self.start(producer);
    }

    /// The group gives the partitions out anew; who was away may be back by then, under its id.
    fn reassign(&mut self) {
        for producer in self.away.clone() {
            if self.disturbances.one_in(2) {
                self.start(producer);
            }
        }
        if self.workers.is_empty() {
            self.start_another();
        }
        let generation = self.broker.rebalance();
        let all: Vec<usize> = self.workers.keys().copied().collect();
        for number in 0..self.setting.partitions {
            let owner = all[self.disturbances.below(all.len())];
            if self.owners.insert(number, owner).is_some_and(|before| before != owner) {
                self.disturbances.tally.note(Kind::Moved);
            }
        }
        let tally = &mut self.disturbances.tally;
        for (producer, worker) in &mut self.workers {
            let own: Vec<u32> =
                self.owners.iter().filter(|(_, o)| *o == producer).map(|(n, _)| *n).collect();
            worker.take(&own, generation, &mut self.broker, tally);
        }
    }

    /// A partition takes one record of a source of this role; false if there is none.
    fn step(&mut self, number: u32, role: Role, random: &mut Random) -> bool {
        let tally = &mut self.disturbances.tally;
        let worker = self.workers.get_mut(&self.owners[&number]).expect("an owner at work");
        if !worker.lives.contains_key(&number) {
            worker.wake(&self.setting, &mut self.broker, number, tally);
            // Tables first, as a worker does.
            while self.step(number, Role::Table, random) {}
            return true;
        }
        let sources = self.setting.description.sources.iter().enumerate();
        let own = sources.filter(|(_, source)| source.role == role).map(|(at, _)| at);
        let waiting = worker.waiting(&self.broker, number, own);
        if waiting.is_empty() {
            return false;
        }
        let at = usize::try_from(random.below(waiting.len() as u64)).expect("few");
        worker.process(&self.setting, &self.broker, number, waiting[at]);
        self.work(self.owners[&number]);
        true
    }

    /// Lets a worker ask what it has to ask; false if it fell.
    fn work(&mut self, producer: usize) -> bool {
        let worker = self.workers.get_mut(&producer).expect("at work");
        let result = worker.work(&mut self.broker, &mut self.disturbances.tally);
        self.learn();
        match result {
            Ok(()) => return true,
            Err(Fall::Failed | Fall::Refused(_)) => {
                let worker = self.workers.get_mut(&producer).expect("at work");
                worker.go_back(&mut self.broker);
            }
            Err(Fall::Killed) => {
                self.workers.remove(&producer);
                self.away.insert(producer);
                self.reassign();
            }
            Err(Fall::Stopped) => {
                self.zombies.extend(self.workers.remove(&producer));
                self.away.insert(producer);
                self.reassign();
            }
        }
        false
    }

    /// One transaction of all partitions of a worker; false if it did not come to its end.
    fn commit(&mut self, producer: usize) -> bool {
        let Some(worker) = self.workers.get_mut(&producer) else { return false };
        !worker.plan_commit(&self.setting) || self.work(producer)
    }

    /// Every process reads the rows that were committed.
    fn learn(&mut self) {
        for (sink, key, value) in self.broker.rows.drain(..) {
            let topic = &self.setting.description.sinks[sink].topic;
            for global in self.setting.topology.globals().iter().filter(|g| g.topic == *topic) {
                global.table.apply(&key, value.as_deref()).expect("our own row");
            }
        }
    }

    /// A rebalance: who is at work commits before it lets go.
    fn hand_over(&mut self) {
        for producer in self.workers.keys().copied().collect::<Vec<_>>() {
            self.commit(producer);
        }
        self.reassign();
    }

    /// What befalls the worker whose turn it was.
    fn disturb(&mut self, producer: usize) {
        let Some(event) = self.disturbances.due() else { return };
        match event {
            Event::Trapped(trap) => {
                if let Some(worker) = self.workers.get_mut(&producer) {
                    worker.trap = Some(trap);
                }
            }
            Event::Killed => {
                self.disturbances.tally.note(Kind::Killed);
                self.workers.remove(&producer);
                self.away.insert(producer);
                self.hand_over();
            }
            Event::HandOver => {
                self.disturbances.tally.note(Kind::HandOver);
                self.hand_over();
            }
            Event::Lost => {
                self.disturbances.tally.note(Kind::Lost);
                // What they commit now is of an assignment that is over.
                self.broker.rebalance();
                self.hand_over();
            }
        }
    }

    /// One that stood still goes on where it was, and with its partitions, until it is refused.
    fn go_on(&mut self, mut zombie: Worker) {
        let mut more = self.disturbances.below(4);
        let sources = 0..self.setting.description.sources.len();
        let mut unknown = Tally::default();
        loop {
            let result = zombie.work(&mut self.broker, &mut unknown);
            self.learn();
            let kind = match result {
                Ok(()) => None,
                Err(Fall::Refused(Refusal::Fenced)) => Some(Kind::ZombieFenced),
                Err(Fall::Refused(Refusal::Stale)) => Some(Kind::ZombieStale),
                Err(fall) => unreachable!("a zombie has no trap: {fall:?}"),
            };
            if let Some(kind) = kind {
                self.disturbances.tally.note(kind);
                // A fenced one has nothing to abort any more.
                let _fenced = self.broker.abort(zombie.session).is_err();
                return;
            }
            let waits = |n: &u32| zombie.waiting(&self.broker, *n, sources.clone()).pop();
            let next = zombie.lives.keys().find_map(|n| waits(n).map(|record| (*n, record)));
            match next.filter(|_| more > 0) {
                Some((number, record)) => {
                    more -= 1;
                    zombie.process(&self.setting, &self.broker, number, record);
                }
                None if zombie.plan_commit(&self.setting) => more = 0,
                None => return,
            }
        }
    }

    /// Lets the partitions live, crash and change hands in an order that `random` draws, until
    /// everything is read; then closes one stage after the other. Says what happened.
    pub fn live(&mut self, random: &mut Random, disturbances: Disturbances) -> Tally {
        self.disturbances = disturbances;
        for _ in 0..self.disturbances.below(3) {
            self.start_another();
        }
        self.reassign();
        let all: Vec<u32> = (0..self.setting.partitions).collect();
        let mut idle = 0;
        while idle < 200 {
            let number = all[usize::try_from(random.below(all.len() as u64)).expect("few")];
            let role = *random.weighted(&[(2, Role::Events), (2, Role::Repartition)]);
            let taken = self.step(number, role, random);
            idle = if taken { 0 } else { idle + 1 };
            if random.below(5) == 0 {
                self.commit(self.owners[&number]);
            }
            if taken {
                self.disturb(self.owners[&number]);
            }
            if !self.zombies.is_empty() && self.disturbances.one_in(10) {
                let zombie = self.zombies.swap_remove(0);
                self.go_on(zombie);
            }
        }
        for stage in 0..self.setting.description.stages.len() {
            self.close(stage, random);
        }
        // The counts are those of all partitions.
        self.finish(random);
        std::mem::take(&mut self.disturbances.tally)
    }

    /// Closes a stage in every partition, again where the commit failed.
    fn close(&mut self, stage: usize, random: &mut Random) {
        let mut closed: BTreeSet<u32> = BTreeSet::new();
        while closed.len() < self.owners.len() {
            self.finish(random);
            let left = self.owners.iter().find(|(number, _)| !closed.contains(number));
            let Some((_, producer)) = left else { break };
            let producer = *producer;
            let owned = self.owners.iter().filter(|(_, owner)| **owner == producer);
            let own: Vec<u32> = owned.map(|(n, _)| *n).filter(|n| !closed.contains(n)).collect();
            for number in &own {
                let worker = self.workers.get_mut(&producer).expect("at work");
                if random.below(3) == 0 {
                    // The end comes to a life that saw no record.
                    worker.lives.remove(number);
                }
                let tally = &mut self.disturbances.tally;
                let stages = match worker.lives.contains_key(number) {
                    true => stage..=stage,
                    false => {
                        worker.wake(&self.setting, &mut self.broker, *number, tally);
                        0..=stage
                    }
                };
                worker.drain(&self.setting, *number, stages);
            }
            if self.commit(producer) {
                closed.extend(own);
            }
        }
    }

    /// Reads and commits everything, partition after partition; nothing is drained.
    pub fn read_all(&mut self, random: &mut Random) {
        self.finish(random);
        self.workers.values_mut().for_each(|worker| worker.lives.clear());
    }

    fn finish(&mut self, random: &mut Random) {
        let mut any = true;
        while any {
            any = false;
            self.end_what_waits();
            for number in 0..self.setting.partitions {
                for role in [Role::Table, Role::Events, Role::Repartition] {
                    while self.step(number, role, random) {
                        any = true;
                    }
                }
                any |= !self.commit(self.owners[&number]);
            }
        }
    }

    /// Whoever stands still goes on, and the brokers abort what the dead left open.
    fn end_what_waits(&mut self) {
        for zombie in std::mem::take(&mut self.zombies) {
            self.go_on(zombie);
        }
        for producer in self.broker.at_work() {
            if !self.workers.contains_key(&producer) {
                self.disturbances.tally.note(Kind::Abandoned);
                self.broker.time_out(producer);
            }
        }
    }

    pub fn outputs(&self) -> Vec<Seen> {
        self.broker.outputs.clone()
    }

    pub fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        let lives = self.workers.values().flat_map(|worker| worker.lives.values());
        lives.for_each(|life| sum.add(&life.driver.counts()));
        sum
    }

    pub fn stored(&self) -> usize {
        self.broker.committed.values().map(|c| c.changelog.len()).sum()
    }
}

/// The same inputs through the pipeline, in the order given: outputs and counts.
pub fn piped(
    topology: &dyn Topology,
    limits: Limits,
    now: EventTime,
    partitions: u32,
    inputs: &[Input],
) -> (Vec<Seen>, Counts) {
    let mut pipeline = Pipeline::new(topology, limits, partitions);
    let mut written = Outputs::new();
    for input in inputs {
        let record = SourceRecord {
            source: input.source,
            partition: -1,
            offset: 0,
            key: Some(&input.key),
            value: input.value.as_deref(),
            timestamp: input.timestamp,
        };
        pipeline.take(&record, now, &mut written).expect("no panic");
    }
    pipeline.drain(now, &mut written).expect("no panic");
    let outputs = written.iter().map(|record| seen(topology.describe(), &record)).collect();
    (outputs, pipeline.counts())
}
