//! What the brokers hold, and their part in a transaction: nobody reads records of one that is open
//! or aborted, a producer whose place was taken is refused, and so are offsets in the name of an
//! assignment that is over.

use std::collections::BTreeMap;

use bss::domain::EventTime;
use bss::streams::checkpoint::Checkpoint;

use crate::world::Seen;

/// A source and its partition.
pub type Lane = (usize, u32);

#[derive(Clone)]
pub struct Logged {
    pub key: Option<Vec<u8>>,
    pub value: Option<Vec<u8>>,
    pub timestamp: Option<EventTime>,
}

/// A row of a table that every process reads whole: sink, key, value.
pub type Row = (usize, Vec<u8>, Option<Vec<u8>>);

/// What a worker writes.
pub enum Record {
    Output { seen: Seen, row: Option<Row> },
    HandOn { to: Lane, logged: Logged },
    Change { partition: u32, store: usize, key: Vec<u8>, value: Option<Vec<u8>> },
}

/// What a worker commits of one partition beside its records, by source.
pub struct Position {
    pub partition: u32,
    pub offsets: BTreeMap<usize, usize>,
    pub metadata: BTreeMap<usize, String>,
}

/// What is committed of one partition.
#[derive(Default)]
pub struct Committed {
    pub offsets: BTreeMap<usize, usize>,
    pub metadata: BTreeMap<usize, String>,
    pub changelog: BTreeMap<(usize, Vec<u8>), Vec<u8>>,
}

impl Committed {
    pub fn checkpoint(&self, source: usize) -> Checkpoint {
        let text = self.metadata.get(&source).map_or("", String::as_str);
        Checkpoint::from_metadata(text).expect("our own")
    }

    pub fn offset(&self, source: usize) -> usize {
        self.offsets.get(&source).copied().unwrap_or(0)
    }

    pub fn change(&mut self, store: usize, key: Vec<u8>, value: Option<Vec<u8>>) {
        match value {
            Some(value) => self.changelog.insert((store, key), value),
            None => self.changelog.remove(&(store, key)),
        };
    }
}

/// A producer's right to write under its id, until somebody else takes the id.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    pub producer: usize,
    epoch: u32,
}

/// Why a broker refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// Somebody took the producer's id, or its transaction timed out.
    Fenced,
    /// The assignment it worked for is over.
    Stale,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Committed,
    Aborted,
}

/// What of a transaction is nobody's to see before it commits; what it hands on lies in the logs.
#[derive(Default)]
struct Pending {
    outputs: Vec<Seen>,
    rows: Vec<Row>,
    changes: Vec<(u32, usize, Vec<u8>, Option<Vec<u8>>)>,
    positions: Vec<Position>,
}

/// A record of a log, with the transaction it belongs to.
struct Entry {
    transaction: Option<usize>,
    logged: Logged,
}

#[derive(Default)]
pub struct Broker {
    epochs: Vec<u32>,
    generation: u64,
    states: Vec<State>,
    /// By producer: its open transaction.
    open: BTreeMap<usize, (usize, Pending)>,
    logs: BTreeMap<Lane, Vec<Entry>>,
    /// By partition.
    pub committed: BTreeMap<u32, Committed>,
    /// What a reader of committed records sees.
    pub outputs: Vec<Seen>,
    /// Committed rows that the processes have yet to read.
    pub rows: Vec<Row>,
}

impl Broker {
    pub fn new(partitions: u32) -> Self {
        let committed = (0..partitions).map(|p| (p, Committed::default())).collect();
        Self { committed, ..Self::default() }
    }

    /// Writes a record of an input, outside of any transaction.
    pub fn publish(&mut self, lane: Lane, logged: Logged) {
        self.logs.entry(lane).or_default().push(Entry { transaction: None, logged });
    }

    /// The log of an input.
    pub fn log(&self, lane: Lane) -> impl Iterator<Item = &Logged> {
        self.logs.get(&lane).into_iter().flatten().map(|entry| &entry.logged)
    }

    pub fn lanes(&self) -> impl Iterator<Item = Lane> {
        self.logs.keys().copied()
    }

    /// Where the next record is that a reader of committed records gets, from an offset on: not
    /// beyond the first record of an open transaction.
    pub fn readable(&self, lane: Lane, from: usize) -> Option<usize> {
        let rest = self.logs.get(&lane)?.iter().enumerate().skip(from);
        let state = |entry: &Entry| entry.transaction.map_or(State::Committed, |t| self.states[t]);
        let mut rest = rest.map(|(at, entry)| (at, state(entry)));
        let (at, state) = rest.find(|(_, state)| *state != State::Aborted)?;
        (state == State::Committed).then_some(at)
    }

    pub fn record(&self, lane: Lane, at: usize) -> &Logged {
        &self.logs[&lane][at].logged
    }

    /// An id that no producer had.
    pub fn another_producer(&mut self) -> usize {
        self.epochs.push(0);
        self.epochs.len() - 1
    }

    /// Takes the producer's id: whoever had it is fenced and its open transaction aborted.
    pub fn init(&mut self, producer: usize) -> Session {
        self.end(producer, State::Aborted);
        self.epochs[producer] += 1;
        Session { producer, epoch: self.epochs[producer] }
    }

    /// The transaction has been open for too long: it is aborted, and its producer fenced.
    pub fn time_out(&mut self, producer: usize) {
        self.init(producer);
    }

    /// Producers with an open transaction.
    pub fn at_work(&self) -> Vec<usize> {
        self.open.keys().copied().collect()
    }

    /// The group gives the partitions out anew.
    pub fn rebalance(&mut self) -> u64 {
        self.generation += 1;
        self.generation
    }

    fn check(&self, session: Session) -> Result<(), Refusal> {
        if self.epochs[session.producer] == session.epoch { Ok(()) } else { Err(Refusal::Fenced) }
    }

    fn opened(&mut self, session: Session) -> Result<&mut (usize, Pending), Refusal> {
        self.check(session)?;
        let (open, states) = (&mut self.open, &mut self.states);
        Ok(open.entry(session.producer).or_insert_with(|| {
            states.push(State::Open);
            (states.len() - 1, Pending::default())
        }))
    }

    pub fn send(&mut self, session: Session, record: Record) -> Result<(), Refusal> {
        let (number, pending) = self.opened(session)?;
        match record {
            Record::Output { seen, row } => {
                pending.outputs.push(seen);
                pending.rows.extend(row);
            }
            Record::Change { partition, store, key, value } => {
                pending.changes.push((partition, store, key, value));
            }
            Record::HandOn { to, logged } => {
                let entry = Entry { transaction: Some(*number), logged };
                self.logs.entry(to).or_default().push(entry);
            }
        }
        Ok(())
    }

    pub fn send_offsets(
        &mut self,
        session: Session,
        generation: u64,
        positions: Vec<Position>,
    ) -> Result<(), Refusal> {
        self.check(session)?;
        if generation != self.generation {
            return Err(Refusal::Stale);
        }
        self.opened(session)?.1.positions = positions;
        Ok(())
    }

    pub fn commit(&mut self, session: Session) -> Result<(), Refusal> {
        self.check(session)?;
        let Some(mut pending) = self.end(session.producer, State::Committed) else {
            return Ok(());
        };
        self.outputs.append(&mut pending.outputs);
        self.rows.append(&mut pending.rows);
        for (partition, store, key, value) in pending.changes {
            self.of(partition).change(store, key, value);
        }
        for position in pending.positions {
            let committed = self.of(position.partition);
            committed.offsets = position.offsets;
            committed.metadata = position.metadata;
        }
        Ok(())
    }

    pub fn abort(&mut self, session: Session) -> Result<(), Refusal> {
        self.check(session)?;
        self.end(session.producer, State::Aborted);
        Ok(())
    }

    /// Ends the open transaction of a producer; what waited for its commit comes back.
    fn end(&mut self, producer: usize, state: State) -> Option<Pending> {
        let (number, pending) = self.open.remove(&producer)?;
        self.states[number] = state;
        Some(pending)
    }

    pub fn of(&mut self, partition: u32) -> &mut Committed {
        self.committed.get_mut(&partition).expect("a partition")
    }

    /// Who keeps a partition's offsets or changelog from being read to their end.
    pub fn holder(&self, partition: u32) -> Option<usize> {
        let holds = |pending: &Pending| {
            pending.positions.iter().any(|p| p.partition == partition)
                || pending.changes.iter().any(|(p, ..)| *p == partition)
        };
        self.open.iter().find(|(_, (_, pending))| holds(pending)).map(|(producer, _)| *producer)
    }
}
