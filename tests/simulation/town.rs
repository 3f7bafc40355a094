//! Many partitions of a topology with several stages, and what a broker would hold of them: each
//! partition lives its own lives, and hands records on to the others when it commits.

use std::collections::BTreeMap;
use std::sync::Arc;

use bss::domain::EventTime;
use bss::generate::random::Random;
use bss::streams::checkpoint::{Checkpoint, Counts};
use bss::streams::driver::{Driver, Limits, Place};
use bss::streams::output::{OutputRecord, Outputs};
use bss::streams::partition;
use bss::streams::pipeline::Pipeline;
use bss::streams::rebuild::{Pace, Rebuild};
use bss::streams::record::SourceRecord;
use bss::streams::topology::{Description, Role, SinkKind, Topology};
use bss::streams::undo::NotedOffset;

use crate::world::{Seen, scarce};

/// A record of an input: source, key, value.
#[derive(Clone, Debug)]
pub struct Input {
    pub source: usize,
    pub key: Vec<u8>,
    pub value: Option<Vec<u8>>,
    pub timestamp: Option<EventTime>,
}

#[derive(Clone)]
struct Logged {
    key: Option<Vec<u8>>,
    value: Option<Vec<u8>>,
    timestamp: Option<EventTime>,
}

/// What the broker holds of one partition's commits.
#[derive(Default)]
struct Committed {
    offsets: BTreeMap<usize, usize>,
    metadata: BTreeMap<usize, String>,
    changelog: BTreeMap<(usize, Vec<u8>), Vec<u8>>,
}

/// A partition's life between a restore and its end.
struct Life {
    driver: Driver,
    next: BTreeMap<usize, usize>,
    handed: Vec<(usize, u32, Logged)>,
    /// Rows of tables that every process reads whole: sink, key, value.
    rows: Vec<(usize, Vec<u8>, Option<Vec<u8>>)>,
    outputs: Vec<Seen>,
}

pub struct Town {
    topology: Arc<dyn Topology>,
    description: Description,
    limits: Limits,
    now: EventTime,
    partitions: u32,
    logs: BTreeMap<(usize, u32), Vec<Logged>>,
    committed: BTreeMap<u32, Committed>,
    lives: BTreeMap<u32, Life>,
    /// Everything committed, of all partitions.
    pub outputs: Vec<Seen>,
}

fn seen(description: &Description, record: &OutputRecord<'_>) -> Seen {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Seen {
        topic: description.sinks[record.sink].topic.clone(),
        key: record.key.map_or_else(|| "(null)".to_owned(), text),
        id: record.id.to_owned(),
        value: record.value.map_or_else(|| "(null)".to_owned(), text),
        headers: record.headers.iter().map(|(k, v)| (*k, text(v))).collect(),
    }
}

impl Town {
    pub fn new(
        topology: Arc<dyn Topology>,
        limits: Limits,
        now: EventTime,
        partitions: u32,
        inputs: &[Input],
    ) -> Self {
        let mut logs: BTreeMap<(usize, u32), Vec<Logged>> = BTreeMap::new();
        for input in inputs {
            let number = partition::of_key(&input.key, partitions);
            logs.entry((input.source, number)).or_default().push(Logged {
                key: Some(input.key.clone()),
                value: input.value.clone(),
                timestamp: input.timestamp,
            });
        }
        let description = topology.describe().clone();
        let committed = (0..partitions).map(|p| (p, Committed::default())).collect();
        let (lives, outputs) = (BTreeMap::new(), Vec::new());
        Self { topology, description, limits, now, partitions, logs, committed, lives, outputs }
    }

    fn wake(&self, number: u32) -> Life {
        let committed = &self.committed[&number];
        let read = |source: usize| {
            let text = committed.metadata.get(&source).map_or("", String::as_str);
            Checkpoint::from_metadata(text).expect("our own")
        };
        let checkpoints: Vec<Checkpoint> = (0..self.description.sources.len()).map(read).collect();
        let partition = i32::try_from(number).expect("few");
        let place = Place { partition, partitions: self.partitions };
        let mut driver = Driver::new(&*self.topology, self.limits, place, &checkpoints);
        if !committed.changelog.is_empty() {
            driver.keep_within(&scarce());
        }
        for ((store, key), value) in &committed.changelog {
            driver.restore(*store, key, Some(value)).expect("our own changelog");
        }
        let (handed, rows, outputs) = (Vec::new(), Vec::new(), Vec::new());
        Life { driver, next: committed.offsets.clone(), handed, rows, outputs }
    }

    fn gather(&self, life: &mut Life, written: &Outputs) {
        for record in written.iter() {
            let sink = &self.description.sinks[record.sink];
            match self.description.source_of(record.sink) {
                Some(source) if sink.kind == SinkKind::Repartition => {
                    let by_key = || partition::of_key(record.key.expect("keyed"), self.partitions);
                    let own = record.partition.map(|p| u32::try_from(p).expect("one of ours"));
                    let logged = Logged {
                        key: record.key.map(<[u8]>::to_vec),
                        value: record.value.map(<[u8]>::to_vec),
                        timestamp: None,
                    };
                    life.handed.push((source, own.unwrap_or_else(by_key), logged));
                }
                _ => life.outputs.push(seen(&self.description, &record)),
            }
            if sink.kind == SinkKind::Table {
                let (key, value) = (record.key.expect("keyed"), record.value.map(<[u8]>::to_vec));
                life.rows.push((record.sink, key.to_vec(), value));
            }
        }
    }

    /// A partition takes one record of a source of this role; false if there is none.
    fn step(&mut self, number: u32, role: Role, random: &mut Random) -> bool {
        if !self.lives.contains_key(&number) {
            let life = self.wake(number);
            self.lives.insert(number, life);
            // Tables first, as a worker does.
            while self.step(number, Role::Table, random) {}
        }
        let mut life = self.lives.remove(&number).expect("just woken");
        let waiting: Vec<usize> = (0..self.description.sources.len())
            .filter(|source| self.description.sources[*source].role == role)
            .filter(|source| {
                let log = self.logs.get(&(*source, number)).map_or(0, Vec::len);
                life.next.get(source).copied().unwrap_or(0) < log
            })
            .collect();
        let taken = !waiting.is_empty();
        if taken {
            let at = usize::try_from(random.below(waiting.len() as u64)).expect("few");
            let source = waiting[at];
            let next = life.next.entry(source).or_default();
            let logged = self.logs[&(source, number)][*next].clone();
            let record = SourceRecord {
                source,
                partition: i32::try_from(number).expect("few"),
                offset: i64::try_from(*next).expect("short"),
                key: logged.key.as_deref(),
                value: logged.value.as_deref(),
                timestamp: logged.timestamp,
            };
            *next += 1;
            let mut written = Outputs::new();
            life.driver.step(&record, self.now, &mut written).expect("no panic");
            self.gather(&mut life, &written);
        }
        self.lives.insert(number, life);
        taken
    }

    fn commit(&mut self, number: u32) {
        let Some(mut life) = self.lives.remove(&number) else { return };
        let mut written = Outputs::new();
        life.driver.advance(&mut written);
        self.gather(&mut life, &written);
        let committed = self.committed.get_mut(&number).expect("a partition");
        life.driver.take_changes(&mut |store, key, value| {
            match value {
                Some(value) => committed.changelog.insert((store, key.to_vec()), value.to_vec()),
                None => committed.changelog.remove(&(store, key.to_vec())),
            };
        });
        committed.offsets.clone_from(&life.next);
        for source in 0..self.description.sources.len() {
            if self.description.has_checkpoint(source) {
                let text = life.driver.checkpoint(source, "town").to_metadata();
                committed.metadata.insert(source, text);
            }
        }
        self.outputs.append(&mut life.outputs);
        for (source, to, logged) in life.handed.drain(..) {
            self.logs.entry((source, to)).or_default().push(logged);
        }
        for (sink, key, value) in life.rows.drain(..) {
            let topic = &self.description.sinks[sink].topic;
            for global in self.topology.globals().iter().filter(|g| g.topic == *topic) {
                global.table.apply(&key, value.as_deref()).expect("our own row");
            }
        }
        self.lives.insert(number, life);
    }

    /// Lets the partitions live, crash and take over in an order that `random` draws, until
    /// everything is read; then closes one stage after the other.
    pub fn live(&mut self, random: &mut Random, mut crashes: u64) {
        let all: Vec<u32> = (0..self.partitions).collect();
        let mut idle = 0;
        while idle < 200 {
            let number = all[usize::try_from(random.below(all.len() as u64)).expect("few")];
            let role = *random.weighted(&[(2, Role::Events), (2, Role::Repartition)]);
            idle = if self.step(number, role, random) { 0 } else { idle + 1 };
            if random.below(5) == 0 {
                self.commit(number);
            }
            if crashes > 0 && random.below(15) == 0 {
                crashes -= 1;
                self.lives.remove(&number);
            }
        }
        for stage in 0..self.description.stages.len() {
            self.finish(random);
            for number in &all {
                if random.below(3) == 0 {
                    // The end comes to a life that saw no record.
                    self.lives.remove(number);
                }
                let mut written = Outputs::new();
                let mut life = self.lives.remove(number).unwrap_or_else(|| self.wake(*number));
                life.driver.advance(&mut written);
                life.driver.drain(stage, &mut written);
                self.gather(&mut life, &written);
                self.lives.insert(*number, life);
                self.commit(*number);
            }
        }
    }

    /// The topics have grown to `partitions`: the state is made anew of what was read, as
    /// `bss streams rebuild` does, whatever the order between partitions; `more` comes afterwards.
    pub fn rebuilt(self, partitions: u32, more: &[Input], random: &mut Random) -> Self {
        let offsets = self.noted();
        let rebuild = Rebuild::of(&self.description, &offsets).expect("our own");
        // Cut off and begun again: the marks hold everything.
        let again = Rebuild::of(&self.description, &rebuild.marked()).expect("our own");
        let topology = Arc::clone(&self.topology);
        let mut pipeline = Pipeline::new(&*topology, self.limits, partitions);
        let mut dropped = Outputs::new();
        for role in [Role::Table, Role::Events] {
            self.refeed(role, &again, &mut pipeline, &mut dropped, random);
        }
        pipeline.hold_time_at(again.ceilings());
        pipeline.settle(self.now, &mut dropped).expect("no panic");
        let limits = self.limits;
        let mut grown = Self::new(self.topology, limits, self.now, partitions, more);
        for (place, mut log) in self.logs {
            if self.description.sources[place.0].role != Role::Repartition {
                log.append(grown.logs.entry(place).or_default());
                grown.logs.insert(place, log);
            }
        }
        pipeline.into_changes(&mut |number, store, key, value| {
            let committed = grown.committed.get_mut(&number).expect("a partition");
            if let Some(value) = value {
                committed.changelog.insert((store, key.to_vec()), value.to_vec());
            }
        });
        for noted in again.afterwards(i32::try_from(partitions).expect("few"), &|_, _| 0, "town") {
            let sources = &self.description.sources;
            let source = sources.iter().position(|s| s.topic == noted.topic).expect("a source");
            let number = u32::try_from(noted.partition).expect("few");
            let committed = grown.committed.get_mut(&number).expect("a partition");
            committed.offsets.insert(source, usize::try_from(noted.offset).expect("short"));
            committed.metadata.insert(source, noted.metadata);
        }
        grown.outputs = self.outputs;
        grown
    }

    fn noted(&self) -> Vec<NotedOffset> {
        let mut all = Vec::new();
        for (number, committed) in &self.committed {
            // A commit is one of all sources.
            let sources = self.description.sources.iter().enumerate();
            for (source, described) in sources.filter(|_| !committed.metadata.is_empty()) {
                let offset = committed.offsets.get(&source).copied().unwrap_or(0);
                all.push(NotedOffset {
                    topic: described.topic.clone(),
                    partition: i32::try_from(*number).expect("few"),
                    offset: i64::try_from(offset).expect("short"),
                    metadata: committed.metadata.get(&source).cloned().unwrap_or_default(),
                });
            }
        }
        all
    }

    fn refeed(
        &self,
        role: Role,
        rebuild: &Rebuild,
        pipeline: &mut Pipeline<'_>,
        out: &mut Outputs,
        random: &mut Random,
    ) {
        let own = |(source, _): &(usize, u32)| self.description.sources[*source].role == role;
        let read = |place: &(usize, u32)| {
            self.committed[&place.1].offsets.get(&place.0).copied().unwrap_or(0)
        };
        let mut lanes: Vec<((usize, u32), usize)> =
            self.logs.keys().filter(|p| own(p)).map(|p| (*p, 0)).collect();
        let lane = |(source, number): (usize, u32)| (source, i32::try_from(number).expect("few"));
        lanes.retain(|(place, _)| read(place) > 0);
        let mut pace = Pace::new(rebuild, lanes.iter().map(|(place, _)| lane(*place)));
        pipeline.hold_time_at(pace.now());
        loop {
            for (place, next) in &lanes {
                if *next >= read(place) {
                    pace.ended(lane(*place));
                }
            }
            lanes.retain(|(place, next)| *next < read(place));
            if lanes.is_empty() {
                return;
            }
            let at = usize::try_from(random.below(lanes.len() as u64)).expect("few");
            let (place, next) = &mut lanes[at];
            let logged = &self.logs[place][*next];
            let record = SourceRecord {
                source: place.0,
                partition: -1,
                offset: 0,
                key: logged.key.as_deref(),
                value: logged.value.as_deref(),
                timestamp: logged.timestamp,
            };
            pipeline.comes_from(pace.reached(lane(*place)));
            pipeline.take(&record, self.now, out).expect("no panic");
            *next += 1;
            pace.admitted(lane(*place), pipeline.admitted());
            if random.below(3) == 0
                && let Some(held) = pace.moved()
            {
                pipeline.hold_time_at(held);
            }
        }
    }

    /// Reads and commits everything, partition after partition; nothing is drained.
    pub fn read_all(&mut self, random: &mut Random) {
        self.finish(random);
        self.lives.clear();
    }

    fn finish(&mut self, random: &mut Random) {
        let mut any = true;
        while any {
            any = false;
            for number in 0..self.partitions {
                for role in [Role::Table, Role::Events, Role::Repartition] {
                    while self.step(number, role, random) {
                        any = true;
                    }
                }
                self.commit(number);
            }
        }
    }

    pub fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        self.lives.values().for_each(|life| sum.add(&life.driver.counts()));
        sum
    }

    pub fn stored(&self) -> usize {
        self.committed.values().map(|c| c.changelog.len()).sum()
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
