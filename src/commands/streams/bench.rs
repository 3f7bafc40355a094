//! What `test` and `diff` share: a topology over recorded input, without a broker.

use std::borrow::Cow;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::cli::{ExitStatus, Failure};
use crate::domain::EventTime;
use crate::streams::checkpoint::Counts;
use crate::streams::driver::Limits;
use crate::streams::output::Outputs;
use crate::streams::pipeline::Pipeline;
use crate::streams::record::SourceRecord;
use crate::streams::topology::Topology;

/// Opens a file, or standard input for `-`; gzip is recognised.
///
/// # Errors
/// As the system says.
pub fn open(path: &Path) -> std::io::Result<Box<dyn BufRead>> {
    let raw: Box<dyn Read> = if path.as_os_str() == "-" {
        Box::new(std::io::stdin())
    } else {
        Box::new(std::fs::File::open(path)?)
    };
    let mut reader = BufReader::with_capacity(1 << 16, raw);
    if reader.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        let plain = flate2::bufread::MultiGzDecoder::new(reader);
        return Ok(Box::new(BufReader::with_capacity(1 << 16, plain)));
    }
    Ok(Box::new(reader))
}

/// A record for the bench.
#[derive(Clone, Copy, Debug)]
pub struct Recorded<'a> {
    /// Which of the topology's sources it is from.
    pub source: usize,
    /// Its partition; without one the key decides.
    pub partition: Option<i32>,
    /// Its key.
    pub key: Option<&'a [u8]>,
    /// Its value.
    pub value: Option<&'a [u8]>,
    /// Its timestamp.
    pub timestamp: Option<EventTime>,
}

/// A line with nothing but topic, key and value, as `streams generate` writes several kinds.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Line<'a> {
    /// The topic.
    pub topic: String,
    /// The key.
    pub key: Option<String>,
    #[serde(borrow)]
    value: &'a RawValue,
}

impl<'a> Line<'a> {
    /// The line, if it is such a one.
    #[must_use]
    pub fn of(line: &'a [u8]) -> Option<Self> {
        // The other forms do not begin so, and are not read twice.
        let several = line.starts_with(b"{\"topic\":");
        several.then(|| serde_json::from_slice(line).ok()).flatten()
    }

    /// The value: a text stands for bytes that are no JSON object, null for a tombstone.
    #[must_use]
    pub fn content(&self) -> Option<Cow<'a, str>> {
        let raw = self.value.get();
        let text = serde_json::from_str::<String>(raw).map_or(Cow::Borrowed(raw), Cow::Owned);
        Some(text).filter(|_| raw != "null")
    }
}

/// A topology over one input.
pub struct Bench<'a> {
    topology: &'a dyn Topology,
    pipeline: Pipeline<'a>,
    now: EventTime,
    skipped: u64,
    /// What was written since it was last cleared.
    pub outputs: Outputs,
}

impl<'a> Bench<'a> {
    /// A bench whose clock stands still at `now`, so that the same input gives the same answer
    /// whenever it is run.
    pub fn new(
        topology: &'a dyn Topology,
        limits: Limits,
        partitions: i32,
        now: EventTime,
    ) -> Self {
        let partitions = u32::try_from(partitions.max(1)).unwrap_or(1);
        let pipeline = Pipeline::new(topology, limits, partitions);
        Self { topology, pipeline, now, skipped: 0, outputs: Outputs::new() }
    }

    /// Takes a line: an object of exactly topic, key and value is a record of that topic, which is
    /// skipped if the topology does not read it; anything else is a value of the first source.
    ///
    /// # Errors
    /// The task stopped: exit 70.
    pub fn line(&mut self, line: &[u8]) -> Result<(), Failure> {
        let sources = &self.topology.describe().sources;
        let Some(parts) = Line::of(line) else {
            let key = key_of(line, sources[0].keyed_by);
            let key = key.as_deref().map(str::as_bytes);
            let value = Some(line);
            return self.take(&Recorded {
                source: 0,
                partition: None,
                key,
                value,
                timestamp: None,
            });
        };
        let Some(source) = sources.iter().position(|s| s.topic == parts.topic) else {
            self.skipped += 1;
            return Ok(());
        };
        let content = parts.content();
        let value = content.as_deref().map(str::as_bytes);
        let key = parts.key.as_deref().map(str::as_bytes);
        self.take(&Recorded { source, partition: None, key, value, timestamp: None })
    }

    /// Takes a record.
    ///
    /// # Errors
    /// The task stopped: exit 70.
    pub fn take(&mut self, recorded: &Recorded<'_>) -> Result<(), Failure> {
        let record = SourceRecord {
            source: recorded.source,
            // Without one the key decides.
            partition: recorded.partition.unwrap_or(-1),
            offset: 0,
            key: recorded.key,
            value: recorded.value,
            timestamp: recorded.timestamp,
        };
        self.pipeline.take(&record, self.now, &mut self.outputs).map_err(stopped)
    }

    /// Closes everything at the end of the input.
    ///
    /// # Errors
    /// As [`Self::take`].
    pub fn drain(&mut self) -> Result<(), Failure> {
        self.pipeline.drain(self.now, &mut self.outputs).map_err(stopped)
    }

    /// What became of the records.
    pub fn counts(&self) -> Counts {
        self.pipeline.counts()
    }

    /// How many lines were of topics that the topology does not read.
    pub const fn skipped(&self) -> u64 {
        self.skipped
    }
}

fn stopped(panic: String) -> Failure {
    Failure::new(ExitStatus::Bug, "a task stopped").because(&std::io::Error::other(panic))
}

/// The declared field's value, also inside a structured CloudEvent: what a producer would have
/// used as the key.
fn key_of(line: &[u8], field: &str) -> Option<String> {
    let value = serde_json::from_slice::<Value>(line).ok()?;
    let inside = || value.get("specversion").and_then(|_| value.get("data")?.get(field));
    match value.get(field).or_else(inside)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
