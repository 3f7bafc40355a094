//! A partition's world in memory: its log, and what a broker would hold of commits. Lives begin
//! with a restore, process, commit and end when the script says so. A commit is one step here, for
//! scripts written by hand and for undisturbed runs; `town` has all of its steps.

use std::collections::BTreeMap;
use std::sync::Arc;

use bss::backends::kafka::runner::disk::spill::SpillTo;
use bss::domain::EventTime;
use bss::streams::checkpoint::{Checkpoint, Counts};
use bss::streams::driver::{Driver, Limits, Place};
use bss::streams::output::{OutputRecord, Outputs};
use bss::streams::record::SourceRecord;
use bss::streams::store::Memory;
use bss::streams::topology::{Description, Topology};

/// The one partition there is.
const ONLY: Place = Place { partition: 0, partitions: 1 };

/// A record of the log: key and value.
pub type Logged = (Option<Vec<u8>>, Option<Vec<u8>>);

/// One written output, as a reader of committed records sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    pub topic: String,
    pub key: String,
    pub id: String,
    pub value: String,
    pub headers: Vec<(&'static str, String)>,
}

pub fn seen(description: &Description, record: &OutputRecord<'_>) -> Seen {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    Seen {
        topic: description.sinks[record.sink].topic.clone(),
        key: record.key.map_or_else(|| "(null)".to_owned(), text),
        id: record.id.to_owned(),
        value: record.value.map_or_else(|| "(null)".to_owned(), text),
        headers: record.headers.iter().map(|(k, v)| (*k, text(v))).collect(),
    }
}

/// What the broker holds of the committed transactions.
#[derive(Default)]
pub struct Committed {
    offset: usize,
    metadata: String,
    changelog: BTreeMap<(usize, Vec<u8>), Vec<u8>>,
    pub outputs: Vec<Seen>,
}

pub struct World {
    topology: Arc<dyn Topology>,
    limits: Limits,
    log: Vec<Logged>,
    pub committed: Committed,
}

/// No memory at all for stores: whatever is committed is spilled at once and read back. Undisturbed
/// runs have plenty, so that each comparison with one shows that it makes no difference.
pub fn scarce() -> Arc<Memory> {
    Arc::new(Memory::new(0, Box::new(SpillTo::new(std::env::temp_dir()))))
}

impl World {
    pub fn new(topology: Arc<dyn Topology>, limits: Limits, log: Vec<Logged>) -> Self {
        Self { topology, limits, log, committed: Committed::default() }
    }

    /// How many entries the changelog holds.
    pub fn stored(&self) -> usize {
        self.committed.changelog.len()
    }

    pub fn counts(&self) -> Counts {
        Checkpoint::from_metadata(&self.committed.metadata).expect("our own").counts
    }

    /// Restores a driver as a worker does.
    pub fn wake(&self) -> Life {
        let checkpoint = Checkpoint::from_metadata(&self.committed.metadata).expect("our own");
        let mut driver = Driver::new(&*self.topology, self.limits, ONLY, &[checkpoint]);
        if self.committed.offset > 0 {
            driver.keep_within(&scarce());
        }
        for ((store, key), value) in &self.committed.changelog {
            driver.restore(*store, key, Some(value)).expect("our own changelog");
        }
        Life { driver, next: self.committed.offset, outputs: Vec::new(), buffer: Outputs::new() }
    }

    /// Takes the next record at wall-clock time `now`. False at the end of the log.
    pub fn step(&self, life: &mut Life, now: EventTime) -> bool {
        let Some((key, value)) = self.log.get(life.next) else { return false };
        let record = SourceRecord {
            source: 0,
            partition: 0,
            offset: i64::try_from(life.next).expect("a short log"),
            key: key.as_deref(),
            value: value.as_deref(),
            timestamp: None,
        };
        life.driver.step(&record, now, &mut life.buffer).expect("no panic");
        life.next += 1;
        life.gather(&*self.topology);
        true
    }

    /// Nothing came for a while.
    pub fn idle(&self, life: &mut Life, now: EventTime) {
        life.driver.at_end(now, &mut life.buffer);
        life.gather(&*self.topology);
    }

    /// Closes everything, as `--drain` does at the end.
    pub fn drain(&self, life: &mut Life) {
        life.driver.advance(&mut life.buffer);
        life.driver.drain(0, &mut life.buffer);
        life.gather(&*self.topology);
    }

    /// One transaction.
    pub fn commit(&mut self, life: &mut Life) {
        life.driver.advance(&mut life.buffer);
        life.gather(&*self.topology);
        let changelog = &mut self.committed.changelog;
        life.driver.take_changes(&mut |store, key, value| {
            match value {
                Some(value) => changelog.insert((store, key.to_vec()), value.to_vec()),
                None => changelog.remove(&(store, key.to_vec())),
            };
        });
        self.committed.outputs.append(&mut life.outputs);
        self.committed.offset = life.next;
        self.committed.metadata = life.driver.checkpoint(0, "world").to_metadata();
    }
}

/// A worker's life between a restore and its end.
pub struct Life {
    driver: Driver,
    next: usize,
    outputs: Vec<Seen>,
    buffer: Outputs,
}

impl Life {
    /// What was written since the last commit.
    pub fn written(&self) -> &[Seen] {
        &self.outputs
    }

    fn gather(&mut self, topology: &dyn Topology) {
        let description = topology.describe();
        self.outputs.extend(self.buffer.iter().map(|record| seen(description, &record)));
        self.buffer.clear();
    }
}
