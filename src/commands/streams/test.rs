//! `bss streams test`

use std::io::BufRead;
use std::path::PathBuf;

use serde_json::value::RawValue;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::streams::bench::{Bench, open};
use crate::commands::streams::topologies;
use crate::streams::output::Outputs;
use crate::streams::topology::Topology;
use crate::ui::{Cell, OutputForm, Report};

/// Run a topology over a file, without a broker
///
/// The same engine as `streams run`: each line is one record's value (NDJSON; gzip is
/// recognised), keyed by the source's declared field and spread over kafka.partitions as Kafka
/// would; or an object of exactly topic, key and value, as `streams generate` writes several
/// kinds: other topics are skipped. The outputs come as rows, in the order they were written; at
/// the end everything is closed.
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
    let now = context.now();
    let partitions = settings.kafka.partitions;
    let mut bench = Bench::new(&*topology, topologies::limits(settings), partitions, now);
    let mut shown = Shown::new(context, &*topology, args.only);
    for line in reader.split(b'\n') {
        let line = line.map_err(|e| Failure::unreadable(&name, &e))?;
        if context.shutdown.asked() {
            return Ok(context.shutdown.status());
        }
        bench.line(&line)?;
        shown.take(&mut bench.outputs)?;
    }
    bench.drain()?;
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
                // Digit for digit; a line break in JSON is a space and would end the line.
                serde_json::from_slice::<&RawValue>(v).map_or_else(
                    |_| String::from_utf8_lossy(v).into_owned().into(),
                    |raw| Cell::Raw(raw.get().replace(['\n', '\r'], " ")),
                )
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
