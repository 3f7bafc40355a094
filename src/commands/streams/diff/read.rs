//! Reads both sides and runs the bench; waits on servers, so it has a thread of its own.

use std::cell::RefCell;
use std::io::BufRead;
use std::path::Path;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Place;
use crate::backends::kafka::aside::{AsideReader, Start};
use crate::backends::{BackendError, Kind};
use crate::cli::Failure;
use crate::commands::streams::aside::interrupted;
use crate::commands::streams::bench::{Bench, Recorded, open};
use crate::config::settings::Kafka;
use crate::domain::{EventTime, cloud_event};
use crate::runtime::Shutdown;
use crate::streams::checkpoint::Counts;
use crate::streams::compare::value;
use crate::streams::compare::{Comparison, Output, Verdict};
use crate::streams::driver::Limits;
use crate::streams::letters::{AsideRecord, REPLAYED, REQUEUED};
use crate::streams::topology::{Description, Topology};

/// What is to be done.
pub struct Job {
    pub topology: Arc<dyn Topology>,
    pub limits: Limits,
    pub kafka: Kafka,
    pub now: EventTime,
    pub shutdown: Shutdown,
    pub input: Place,
    /// Topics of the input and the sources they are for.
    pub sources: Vec<(String, usize)>,
    pub against: Place,
    /// The topics that are compared.
    pub sinks: Vec<String>,
    pub keep_open: bool,
}

/// What came out.
pub struct Done {
    pub verdict: Verdict,
    pub counts: Counts,
    /// Lines of the input for other topics.
    pub skipped: u64,
}

impl Job {
    /// Does it.
    ///
    /// # Errors
    /// A file or topic that cannot be read; interrupted.
    pub fn run(&self) -> Result<Done, Failure> {
        let mut comparison = Comparison::default();
        match &self.against {
            Place::File(path) => self.lines(path, &mut |number, line| {
                let output = written(line).map_err(|e| {
                    let what = format!("could not read line {number} of {}", path.display());
                    Failure::failed(what)
                        .because(&e)
                        .hint("Recorded outputs are what `bss streams test -o ndjson` writes.")
                })?;
                if self.compares(&output.topic) {
                    comparison.recorded(&output);
                }
                Ok(())
            })?,
            Place::Kafka | Place::Topic(_) => {
                for sink in &self.sinks {
                    self.topic(sink, &mut |record| {
                        if let Some(output) = stored(self.topology.describe(), sink, &record) {
                            comparison.recorded(&output);
                        }
                        Ok(())
                    })?;
                }
            }
        }
        self.produce(comparison)
    }

    /// Runs the input through the topology.
    fn produce(&self, mut comparison: Comparison) -> Result<Done, Failure> {
        let partitions = self.kafka.partitions;
        let mut bench = Bench::new(&*self.topology, self.limits, partitions, self.now);
        match &self.input {
            Place::File(path) => self.lines(path, &mut |_, line| {
                bench.line(line)?;
                self.pass(&mut bench, &mut comparison);
                Ok(())
            })?,
            Place::Kafka | Place::Topic(_) => {
                for (topic, source) in &self.sources {
                    self.topic(topic, &mut |record| {
                        bench.take(&Recorded {
                            source: *source,
                            partition: Some(record.position.partition),
                            key: record.key.as_deref(),
                            value: record.value.as_deref(),
                            timestamp: record.time,
                        })?;
                        self.pass(&mut bench, &mut comparison);
                        Ok(())
                    })?;
                }
            }
        }
        if !self.keep_open {
            bench.drain()?;
        }
        self.pass(&mut bench, &mut comparison);
        let (counts, skipped) = (bench.counts(), bench.skipped());
        Ok(Done { verdict: comparison.verdict(), counts, skipped })
    }

    /// Hands the new outputs over.
    fn pass(&self, bench: &mut Bench<'_>, comparison: &mut Comparison) {
        let sinks = &self.topology.describe().sinks;
        for record in bench.outputs.iter() {
            let topic = &sinks[record.sink].topic;
            if self.compares(topic) && !sinks[record.sink].kind.is_inside() {
                comparison.produced(&Output {
                    topic: topic.clone(),
                    key: record.key.map(text),
                    id: Some(record.id.to_owned()).filter(|id| !id.is_empty()),
                    value: value::json(record.value),
                });
            }
        }
        bench.outputs.clear();
    }

    fn compares(&self, topic: &str) -> bool {
        // A recorded topic that is no sink of the topology is missing now, not left out.
        let sinks = &self.topology.describe().sinks;
        let all = self.sinks.len() == sinks.iter().filter(|s| !s.kind.is_inside()).count();
        all || self.sinks.iter().any(|s| s == topic)
    }

    fn lines(
        &self,
        path: &Path,
        each: &mut dyn FnMut(usize, &[u8]) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let what = |e| Failure::failed(format!("could not read {}", path.display())).because(&e);
        for (at, line) in open(path).map_err(what)?.split(b'\n').enumerate() {
            if self.shutdown.asked() {
                return Err(Failure::new(self.shutdown.status(), "interrupted"));
            }
            each(at + 1, &line.map_err(what)?)?;
        }
        Ok(())
    }

    fn topic(
        &self,
        topic: &str,
        each: &mut dyn FnMut(AsideRecord) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        let failed = RefCell::new(None);
        let stop = || self.shutdown.asked() || failed.borrow().is_some();
        let read = AsideReader::open(&self.kafka, topic).and_then(|mut reader| {
            reader.read(&Start::Beginning, &stop, &mut |record| {
                // What comes before the reader has stopped is not wanted any more.
                if failed.borrow().is_none()
                    && let Err(failure) = each(record)
                {
                    failed.replace(Some(failure));
                }
            })
        });
        match (failed.into_inner(), read) {
            (Some(failure), _) => Err(failure),
            (None, read) => read.map_err(|e| interrupted(&self.shutdown, self.advised(e))),
        }
    }

    /// A missing topic with what to do here.
    fn advised(&self, mut error: BackendError) -> BackendError {
        if error.kind == Kind::Missing {
            let name = self.topology.describe().name;
            error.hints = vec![
                format!(
                    "`bss streams describe {name}` names its topics; they carry the name in kafka.topic_prefix."
                ),
                "Run `bss setup kafka` to make the topics.".to_owned(),
            ];
        }
        error
    }
}

/// A line as `streams test` writes it: `id` is there even if it is null, which tells an output from
/// a line of input.
#[derive(Deserialize)]
struct Written {
    topic: String,
    key: Option<String>,
    #[serde(deserialize_with = "Option::deserialize")]
    id: Option<String>,
    value: Box<RawValue>,
}

fn written(line: &[u8]) -> serde_json::Result<Output> {
    let Written { topic, key, id, value } = serde_json::from_slice(line)?;
    Ok(Output { topic, key, id, value })
}

/// A record of an output topic; none if it is not this topology's.
fn stored(description: &Description, sink: &str, record: &AsideRecord) -> Option<Output> {
    let header = |name: &str| {
        let found = record.headers.iter().find(|(key, _)| key == name)?;
        found.1.as_deref()
    };
    let carries = &description.sinks[description.late_sink()..];
    if carries.iter().any(|s| s.topic == sink) {
        let own = header("bss_topology") == Some(description.name.as_bytes());
        if !own || header(REQUEUED).or(header(REPLAYED)).is_some() {
            return None;
        }
    }
    let id = header(cloud_event::ID).map(text).filter(|_| header("bss_topology").is_none());
    Some(Output {
        topic: sink.to_owned(),
        key: record.key.as_deref().map(text),
        id,
        value: value::json(record.value.as_deref()),
    })
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
