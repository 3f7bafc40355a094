//! What a step writes: records for sinks, gathered in one buffer.

use std::ops::Range;

use crate::domain::EventTime;

/// A header beyond the CloudEvents ones; dead letters carry several.
pub type Header = (&'static str, Vec<u8>);

#[derive(Clone, Debug)]
struct Entry {
    sink: usize,
    partition: Option<i32>,
    id: Range<usize>,
    key: Option<Range<usize>>,
    value: Option<Range<usize>>,
    time: EventTime,
    headers: Vec<Header>,
}

/// One output record, borrowed from [`Outputs`].
#[derive(Clone, Copy, Debug)]
pub struct OutputRecord<'a> {
    /// Which of the topology's sinks it is for, by position in its description.
    pub sink: usize,
    /// The partition it is for; `None`: the key decides.
    pub partition: Option<i32>,
    /// The CloudEvents id; deterministic. Empty: no CloudEvents headers are written.
    pub id: &'a str,
    /// The key; `None` where a record is carried that had none.
    pub key: Option<&'a [u8]>,
    /// The value; `None` is a tombstone.
    pub value: Option<&'a [u8]>,
    /// Event time, for `ce_time`.
    pub time: EventTime,
    /// Further headers.
    pub headers: &'a [Header],
}

/// The outputs of one or several steps, reused without allocating.
#[derive(Debug, Default)]
pub struct Outputs {
    bytes: Vec<u8>,
    entries: Vec<Entry>,
    urgent: bool,
}

impl Outputs {
    /// No outputs yet.
    #[must_use]
    pub const fn new() -> Self {
        Self { bytes: Vec::new(), entries: Vec::new(), urgent: false }
    }

    /// Adds a record: `id` and `value` are written by the closures straight into the buffer.
    pub fn push(
        &mut self,
        sink: usize,
        time: EventTime,
        key: &[u8],
        id: impl FnOnce(&mut Vec<u8>),
        value: impl FnOnce(&mut Vec<u8>),
    ) {
        let id = self.write(id);
        let key = Some(self.write(|b| b.extend_from_slice(key)));
        let value = Some(self.write(value));
        let headers = Vec::new();
        self.entries.push(Entry { sink, partition: None, id, key, value, time, headers });
    }

    /// Adds a record that is carried as it came, with headers that say why; it has no
    /// CloudEvents headers of its own.
    pub fn carry(
        &mut self,
        sink: usize,
        time: EventTime,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: Vec<Header>,
    ) {
        let id = self.write(|_| ());
        let key = key.map(|k| self.write(|b| b.extend_from_slice(k)));
        let value = value.map(|v| self.write(|b| b.extend_from_slice(v)));
        self.entries.push(Entry { sink, partition: None, id, key, value, time, headers });
    }

    /// Adds a record for a later stage: `value` writes what that stage's task reads; event time
    /// goes before it.
    pub fn hand_on(
        &mut self,
        sink: usize,
        time: EventTime,
        key: &[u8],
        value: impl FnOnce(&mut Vec<u8>),
    ) {
        let none = |_: &mut Vec<u8>| ();
        self.push(sink, time, key, none, |bytes| {
            bytes.extend_from_slice(&time.micros().to_be_bytes());
            value(bytes);
        });
    }

    /// Adds a row of a table that every process reads whole; `None` deletes the key.
    pub fn row(&mut self, sink: usize, time: EventTime, key: &[u8], value: Option<&[u8]>) {
        self.carry(sink, time, Some(key), value, Vec::new());
    }

    /// Adds a record without a key for one partition of a repartition topic.
    pub fn mark(&mut self, sink: usize, partition: i32, time: EventTime, value: &[u8]) {
        self.carry(sink, time, None, Some(value), Vec::new());
        if let Some(entry) = self.entries.last_mut() {
            entry.partition = Some(partition);
        }
    }

    fn write(&mut self, with: impl FnOnce(&mut Vec<u8>)) -> Range<usize> {
        let start = self.bytes.len();
        with(&mut self.bytes);
        start..self.bytes.len()
    }

    /// Adds a copy of another buffer's record.
    pub fn push_copy(&mut self, record: &OutputRecord<'_>) {
        let id = self.write(|b| b.extend_from_slice(record.id.as_bytes()));
        let key = record.key.map(|k| self.write(|b| b.extend_from_slice(k)));
        let value = record.value.map(|v| self.write(|b| b.extend_from_slice(v)));
        let (sink, partition, time) = (record.sink, record.partition, record.time);
        let headers = record.headers.to_vec();
        self.entries.push(Entry { sink, partition, id, key, value, time, headers });
    }

    /// Moves another buffer's records to the end of this one.
    pub fn append(&mut self, other: &mut Self) {
        if self.entries.is_empty() {
            std::mem::swap(self, other);
        } else {
            other.iter().for_each(|record| self.push_copy(&record));
            self.urgent |= other.urgent;
        }
        other.clear();
    }

    /// Asks that the transaction is committed soon: somebody waits for this output.
    pub const fn hurry(&mut self) {
        self.urgent = true;
    }

    /// Whether a step asked for an early commit.
    #[must_use]
    pub const fn urgent(&self) -> bool {
        self.urgent
    }

    /// The records, in the order they were written.
    pub fn iter(&self) -> impl Iterator<Item = OutputRecord<'_>> {
        self.entries.iter().map(|e| OutputRecord {
            sink: e.sink,
            partition: e.partition,
            // Ids are written as text by the topologies.
            id: std::str::from_utf8(&self.bytes[e.id.clone()]).unwrap_or_default(),
            key: e.key.clone().map(|k| &self.bytes[k]),
            value: e.value.clone().map(|v| &self.bytes[v]),
            time: e.time,
            headers: &e.headers,
        })
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Forgets everything, keeping the buffer.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.entries.clear();
        self.urgent = false;
    }
}
