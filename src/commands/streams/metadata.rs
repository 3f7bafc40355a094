//! `bss streams metadata`

use crate::backends::kafka::runner::files::StatusFile;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::streams::aside::blocking;
use crate::commands::streams::processes::{self, Known};
use crate::commands::streams::topologies;
use crate::ui::{Cell, Report};

/// Show which process has what: partitions, stores, state, address
///
/// Each process writes this to the topic <application>-meta when it is given partitions, and takes
/// it back when it stops. MEMBER tells whether the group has it now: a process that was killed stays
/// a member for the session timeout, and listed until its successor has the name. STANDBY are the
/// partitions of others whose state it follows (`run --standby`). STATE is known of the processes of
/// this machine.
#[derive(Debug, clap::Args)]
pub struct MetadataArgs {
    /// Topologies to show; all if none is named
    #[arg(value_name = "TOPOLOGY")]
    topologies: Vec<String>,
}

/// Runs the command.
///
/// # Errors
/// Kafka unreachable: exit 4, after what this machine knows; an unknown topology: exit 2.
pub async fn run(args: MetadataArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let mut report = Report::new("")
        .column("topology", "TOPOLOGY")
        .column("instance", "INSTANCE")
        .column("host", "HOST")
        .number("pid", "PID")
        .column("member", "MEMBER")
        .column("state", "STATE")
        .column("partitions", "PARTITIONS")
        .column("standby", "STANDBY")
        .column("stores", "STORES")
        .column("stateDir", "STATE DIR")
        .column("http", "HTTP")
        .column("assignedAt", "ASSIGNED AT")
        .column("version", "VERSION");
    let mut failed = None;
    let dir = topologies::state_dir(context);
    for topology in topologies::chosen(&args.topologies, context.settings())? {
        let (kafka, dir) = (context.settings().kafka.clone(), dir.clone());
        let description = topology.describe().clone();
        let (known, error) = blocking(move || match processes::find(&kafka, &dir, &description) {
            Ok(found) => (found.processes, None),
            Err(error) => (processes::local(&dir, &description), Some(error)),
        })
        .await?;
        let asked = error.is_none();
        known.iter().for_each(|k| report.push(row(topology.describe().name, k, asked)));
        failed = failed.or(error);
    }
    context.ui.report(&report)?;
    failed.map_or(Ok(ExitStatus::Done), |error| Err(Failure::from(error)))
}

fn row(topology: &str, known: &Known, asked: bool) -> Vec<Cell> {
    let process = &known.process;
    let text = |text: &str| Cell::text_or_null(Some(text).filter(|t| !t.is_empty()));
    let told = process.pid != 0;
    let numbers = |list: &[i32]| {
        if told { Cell::List(list.iter().map(ToString::to_string).collect()) } else { Cell::Null }
    };
    let state = |file: &StatusFile| file.exposed.runs.first().map(|run| run.state.word());
    vec![
        topology.into(),
        process.instance.clone().into(),
        text(&process.host),
        if told { Cell::Integer(process.pid.into()) } else { Cell::Null },
        if asked { Cell::Bool(known.member) } else { Cell::Null },
        Cell::text_or_null(known.local.as_ref().and_then(state)),
        numbers(&process.partitions),
        numbers(&process.standby),
        if told { Cell::List(process.stores.clone()) } else { Cell::Null },
        text(&process.state_dir),
        Cell::text_or_null(process.http.clone()),
        text(&process.assigned_at),
        text(&process.version),
    ]
}
