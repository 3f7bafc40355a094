//! `bss streams test`

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;

use serde_json::Value;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::streams::topologies;
use crate::domain::EventTime;
use crate::streams::checkpoint::{Checkpoint, Counts};
use crate::streams::driver::Driver;
use crate::streams::output::Outputs;
use crate::streams::partition;
use crate::streams::record::SourceRecord;
use crate::streams::topology::Topology;
use crate::ui::{Cell, OutputForm, Report};

/// Run a topology over a file, without a broker
///
/// The same engine as `streams run`: each line is one record's value (NDJSON; gzip is
/// recognised), keyed by the source's declared field and spread over kafka.partitions as Kafka
/// would. The outputs come as rows, in the order they were written; at the end everything is
/// closed.
#[derive(Debug, clap::Args)]
pub struct TestArgs {
    /// The topology
    #[arg(value_name = "TOPOLOGY", default_value = "fraud-detection")]
    topology: String,
    /// The file of records; - is standard input
    #[arg(long, value_name = "FILE")]
    input: PathBuf,
    /// Show only the outputs of these topics (can be repeated)
    #[arg(long, value_name = "TOPIC")]
    only: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// A file that cannot be read (exit 1), an unknown topology (exit 2).
#[expect(clippy::unused_async, reason = "every leaf has the same form")]
pub async fn run(args: TestArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let settings = context.settings();
    let topology = topologies::build(&args.topology, settings)?;
    let name = args.input.display().to_string();
    let reader = open(&args.input).map_err(|e| Failure::unreadable(&name, &e))?;
    // The clock stands still, so that the same file gives the same answer whenever it is run.
    let now = context.now();
    let count = u32::try_from(settings.kafka.partitions.max(1)).unwrap_or(1);
    let mut bench = Bench::new(&*topology, topologies::limits(settings), count, now);
    let mut shown = Shown::new(context, &*topology, args.only);
    for line in reader.split(b'\n') {
        let line = line.map_err(|e| Failure::unreadable(&name, &e))?;
        if context.shutdown.asked() {
            return Ok(context.shutdown.status());
        }
        bench.take(&line)?;
        shown.take(&mut bench.outputs)?;
    }
    bench.drain();
    shown.take(&mut bench.outputs)?;
    shown.end()?;
    let counts = bench.counts();
    context.ui.status(format!(
        "{} read = {} processed + {} duplicate + {} late + {} future + {} rejected; {} outputs.",
        counts.total(),
        counts.processed,
        counts.duplicate,
        counts.late,
        counts.future,
        counts.rejected,
        counts.outputs
    ));
    Ok(if counts.set_aside() == 0 { ExitStatus::Done } else { ExitStatus::Partly })
}

fn open(path: &std::path::Path) -> std::io::Result<Box<dyn BufRead>> {
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

/// The drivers of all partitions over one file.
struct Bench<'a> {
    topology: &'a dyn Topology,
    limits: crate::streams::driver::Limits,
    partitions: u32,
    now: EventTime,
    drivers: BTreeMap<u32, (Driver, i64)>,
    outputs: Outputs,
}

impl<'a> Bench<'a> {
    const fn new(
        topology: &'a dyn Topology,
        limits: crate::streams::driver::Limits,
        partitions: u32,
        now: EventTime,
    ) -> Self {
        let outputs = Outputs::new();
        Self { topology, limits, partitions, now, drivers: BTreeMap::new(), outputs }
    }

    fn take(&mut self, line: &[u8]) -> Result<(), Failure> {
        let field = self.topology.describe().sources[0].keyed_by;
        let key = key_of(line, field);
        let number = key.as_ref().map_or(0, |k| partition::of_key(k.as_bytes(), self.partitions));
        let (topology, limits) = (self.topology, self.limits);
        let (driver, offset) = self
            .drivers
            .entry(number)
            .or_insert_with(|| (Driver::new(topology, limits, &Checkpoint::default()), 0));
        let record = SourceRecord {
            source: 0,
            partition: i32::try_from(number).unwrap_or(0),
            offset: *offset,
            key: key.as_ref().map(String::as_bytes),
            value: Some(line),
            timestamp: None,
        };
        *offset += 1;
        driver.step(&record, self.now, &mut self.outputs).map_err(|panic| {
            Failure::new(ExitStatus::Bug, format!("the task stopped at record {}", record.offset))
                .because(&std::io::Error::other(panic))
        })?;
        Ok(())
    }

    fn drain(&mut self) {
        for (driver, _) in self.drivers.values_mut() {
            driver.advance(&mut self.outputs);
            driver.drain(&mut self.outputs);
        }
    }

    fn counts(&self) -> Counts {
        let mut sum = Counts::default();
        self.drivers.values().for_each(|(driver, _)| sum.add(driver.counts()));
        sum
    }
}

/// The declared field's value: what a producer would have used as the key.
fn key_of(line: &[u8], field: &str) -> Option<String> {
    match serde_json::from_slice::<Value>(line).ok()?.get(field)? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// The outputs as rows; NDJSON streams, the other forms are gathered.
struct Shown<'a> {
    context: &'a Context,
    topology: &'a dyn Topology,
    only: Vec<String>,
    report: Report,
}

impl<'a> Shown<'a> {
    fn new(context: &'a Context, topology: &'a dyn Topology, only: Vec<String>) -> Self {
        let report = Report::new("")
            .column("topic", "TOPIC")
            .column("key", "KEY")
            .column("id", "ID")
            .column("time", "TIME")
            .column("value", "VALUE");
        Self { context, topology, only, report }
    }

    fn take(&mut self, outputs: &mut Outputs) -> Result<(), Failure> {
        for record in outputs.iter() {
            let topic = &self.topology.describe().sinks[record.sink].topic;
            if !self.only.is_empty() && !self.only.contains(topic) {
                continue;
            }
            let value = record.value.map_or(Cell::Null, |v| {
                serde_json::from_slice(v)
                    .map_or_else(|_| String::from_utf8_lossy(v).into_owned().into(), Cell::Json)
            });
            self.report.push(vec![
                topic.clone().into(),
                record.key.map_or(Cell::Null, |k| String::from_utf8_lossy(k).into_owned().into()),
                Cell::text_or_null(Some(record.id).filter(|id| !id.is_empty())),
                record.time.into(),
                value,
            ]);
        }
        outputs.clear();
        if self.context.ui.form() == OutputForm::Ndjson && self.report.rows.len() > 1000 {
            self.end()?;
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), Failure> {
        self.context.ui.report(&self.report)?;
        self.report.rows.clear();
        Ok(())
    }
}
