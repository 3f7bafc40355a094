//! `bss streams diff`

mod read;
mod report;

use std::sync::Arc;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::streams::aside::blocking;
use crate::commands::streams::place::{Place, place};
use crate::commands::streams::topologies;
use crate::streams::topology::{Role, Topology};

/// Compare what a topology would write now with what it wrote
///
/// Runs recorded input through this program and configuration, as `streams test` does, and
/// compares the outputs with recorded ones: over topic, key, id and value, in order per key. Key
/// order and the spelling of numbers do not matter, nor do Kafka's timestamps and offsets. Exit 6
/// if anything differs.
///
/// Input and outputs come from a file (gzip is recognised; - is standard input), from a Kafka
/// topic as topic:NAME, or from the topology's own topics as kafka. A file of such a name is
/// written ./kafka or ./topic:NAME. Topics are read from the oldest kept record to the stable
/// end, without joining a group; input keeps its keys, partitions and order. Of dead letters and
/// late records only this topology's count.
///
/// A recommendation stands on the sessions that were committed when it was asked for: one that was
/// told while a run caught up may differ, with no change of program or configuration. Of a run that
/// kept up all are the same; --only leaves its topic out.
///
/// A file of input has a value a line, or an object of exactly topic, key and value as `streams
/// generate` writes; a file of outputs is what `streams test -o ndjson` wrote. A million outputs on
/// each side need about 350 MB of memory.
#[derive(Debug, clap::Args)]
pub struct DiffArgs {
    /// The topology
    #[arg(value_name = "TOPOLOGY", default_value = "fraud-detection")]
    topology: String,
    /// The recorded input: a file, -, topic:NAME or kafka
    #[arg(long, value_name = "PLACE", value_parser = place)]
    input: Place,
    /// The recorded outputs: a file, -, topic:NAME or kafka
    #[arg(long, value_name = "PLACE", value_parser = place)]
    against: Place,
    /// Compare only the outputs of these topics (can be repeated)
    #[arg(long, value_name = "TOPIC")]
    only: Vec<String>,
    /// Do not close at the end of the input what is still open, as a topology that still runs
    #[arg(long)]
    keep_open: bool,
    /// Show at most so many differences
    #[arg(long, value_name = "N", default_value_t = 50,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
}

impl DiffArgs {
    /// Whether a topic is read.
    #[must_use]
    pub const fn reads_kafka(&self) -> bool {
        self.input.is_kafka() || self.against.is_kafka()
    }
}

/// Runs the command.
///
/// # Errors
/// A file that cannot be read (exit 1), an unknown topology or topic (exit 2), Kafka unreachable
/// or a missing topic (exit 4).
pub async fn run(args: DiffArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let settings = context.settings();
    let topology = topologies::build(&args.topology, settings)?;
    if args.input.is_standard() && args.against.is_standard() {
        return Err(Failure::usage("--input and --against cannot both be standard input")
            .hint("Write one of them to a file."));
    }
    let job = read::Job {
        sources: sources(&args, &*topology)?,
        sinks: sinks(&args, &*topology)?,
        topology: Arc::clone(&topology),
        limits: topologies::limits(settings),
        kafka: settings.kafka.clone(),
        now: context.now(),
        shutdown: context.shutdown.clone(),
        input: args.input.clone(),
        against: args.against.clone(),
        keep_open: args.keep_open,
    };
    let done = blocking(move || job.run()).await??;
    report::show(&args, context, topology.describe(), &done)
}

/// The topics of the input and the sources they are for.
fn sources(args: &DiffArgs, topology: &dyn Topology) -> Result<Vec<(String, usize)>, Failure> {
    let sources = &topology.describe().sources;
    let of = |role| {
        let own = sources.iter().enumerate().filter(move |(_, s)| s.role == role);
        own.map(|(at, s)| (s.topic.clone(), at))
    };
    match &args.input {
        Place::File(_) => Ok(Vec::new()),
        Place::Kafka if of(Role::Events).count() > 1 => {
            // Between topics of events there is no order to go by.
            let names: Vec<String> = of(Role::Events).map(|(topic, _)| topic).collect();
            Err(Failure::usage(format!("{} reads several topics", args.topology)).hint(format!(
                "Give a file of their records in order, or one as --input topic:NAME: {}.",
                names.join(", ")
            )))
        }
        // Tables first, as a run does.
        Place::Kafka => Ok(of(Role::Table).chain(of(Role::Events)).collect()),
        // A copy under another name stands for the first source.
        Place::Topic(name) => {
            let source = sources.iter().position(|s| s.topic == *name).unwrap_or(0);
            Ok(vec![(name.clone(), source)])
        }
    }
}

/// The topics that are compared.
fn sinks(args: &DiffArgs, topology: &dyn Topology) -> Result<Vec<String>, Failure> {
    let outside = topology.describe().sinks.iter().filter(|s| !s.kind.is_inside());
    let all: Vec<String> = outside.map(|s| s.topic.clone()).collect();
    let known = |name: &String| {
        if all.contains(name) {
            return Ok(name.clone());
        }
        Err(Failure::usage(format!("{} does not write to {name}", args.topology))
            .hint(format!("It writes to {}.", all.join(", "))))
    };
    match &args.against {
        Place::Topic(name) if !args.only.is_empty() => {
            Err(Failure::usage(format!("--against topic:{name} compares that topic alone"))
                .hint("Give --against kafka with --only, or leave --only out."))
        }
        Place::Topic(name) => Ok(vec![known(name)?]),
        _ if args.only.is_empty() => Ok(all),
        _ => args.only.iter().map(known).collect(),
    }
}
