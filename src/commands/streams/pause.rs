//! `bss streams pause` and what `bss streams resume` shares with it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::backends::BackendError;
use crate::backends::kafka::runner::meta::{self, MetaLog};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::streams::aside::blocking;
use crate::commands::streams::processes::{self, Known};
use crate::commands::streams::topologies;
use crate::config::settings::parse_span;
use crate::domain::EventTime;
use crate::streams::meta::Pause;
use crate::streams::topology::Topology;
use crate::ui::{Cell, Report};

/// Make topologies stand still: everything committed, nothing read
///
/// Each running process obeys within a second or two, wherever it runs, and so does one that starts
/// later, until `bss streams resume`. The processes stay in the group, so that nothing moves and
/// nothing has to be restored afterwards. Windows do not close meanwhile. `bss streams status` says
/// since when and by whom.
#[derive(Debug, clap::Args)]
pub struct PauseArgs {
    #[command(flatten)]
    which: Which,
}

/// What is paused or resumed, and whether it is waited for.
#[derive(Debug, clap::Args)]
pub struct Which {
    /// The topologies
    #[arg(value_name = "TOPOLOGY", required = true)]
    topologies: Vec<String>,
    /// Wait until every process with partitions has obeyed; exit 1 if one has not in time
    #[arg(long)]
    wait: bool,
    /// How long to wait, such as 60s
    #[arg(long, value_name = "SPAN", value_parser = parse_span, default_value = "60s", requires = "wait")]
    timeout: Duration,
}

/// Runs the command.
///
/// # Errors
/// Kafka unreachable or the topic <application>-meta missing: exit 4; not obeyed in time: exit 1.
pub async fn run(args: PauseArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    let user = context.environment.user.clone().unwrap_or_else(|| "unknown".to_owned());
    let pause = Pause { since: context.now().to_string(), by: format!("{user}@{host}") };
    change(&args.which, context, Some(pause)).await
}

/// Pauses or, without a pause, resumes.
///
/// # Errors
/// See [`run`].
pub async fn change(
    which: &Which,
    context: &Context,
    wanted: Option<Pause>,
) -> Result<ExitStatus, Failure> {
    let mut report = Report::new("")
        .column("topology", "TOPOLOGY")
        .column("paused", "PAUSED")
        .column("since", "SINCE")
        .column("by", "BY")
        .number("processes", "PROCESSES")
        .number("obeyed", "OBEYED");
    let mut slow = Vec::new();
    for topology in topologies::chosen(&which.topologies, context.settings())? {
        let name = topology.describe().name;
        let asked = ask(context, &topology, wanted.clone(), which).await?;
        let word = if wanted.is_some() { "paused" } else { "running" };
        if !asked.changed {
            context.ui.status(format!("{name}: is {word} already; nothing was changed."));
        }
        let pause = asked.pause.as_ref();
        report.push(vec![
            name.into(),
            Cell::Bool(pause.is_some()),
            Cell::text_or_null(pause.map(|p| p.since.clone())),
            Cell::text_or_null(pause.map(|p| p.by.clone())),
            Cell::from((asked.obeyed.len() + asked.waiting.len()) as u64),
            Cell::from(asked.obeyed.len() as u64),
        ]);
        if asked.obeyed.is_empty() && asked.waiting.is_empty() && wanted.is_some() {
            context
                .ui
                .status(format!("{name}: nobody runs it now; whoever starts it stands still."));
        }
        if which.wait && !asked.waiting.is_empty() {
            slow.push(format!("{name}: {}", asked.waiting.join(", ")));
        }
    }
    context.ui.report(&report)?;
    if slow.is_empty() {
        return Ok(ExitStatus::Done);
    }
    let mut failure =
        Failure::failed(format!("not every process obeyed within {} s", which.timeout.as_secs()));
    failure.causes = slow;
    Err(failure.hint("The wish stays: they obey once they can. `bss streams status` and `bss streams metadata` tell more."))
}

/// How a wish was taken.
struct Asked {
    changed: bool,
    pause: Option<Pause>,
    obeyed: Vec<String>,
    waiting: Vec<String>,
}

async fn ask(
    context: &Context,
    topology: &Arc<dyn Topology>,
    wanted: Option<Pause>,
    which: &Which,
) -> Result<Asked, Failure> {
    let kafka = context.settings().kafka.clone();
    let dir = topologies::state_dir(context);
    let description = topology.describe().clone();
    let limit = if which.wait { which.timeout } else { Duration::ZERO };
    let shutdown = context.shutdown.clone();
    let asked = blocking(move || {
        let mut log = MetaLog::open(&kafka, &meta::topic(&description))?;
        let key = Pause::key(&description.group);
        let before = log.pause(&description.group);
        let changed = before.is_some() != wanted.is_some();
        // A second pause keeps since when and by whom the first is.
        let pause = if changed { wanted } else { before };
        if changed {
            let text = pause.as_ref().map(serde_json::to_string).transpose().map_err(|e| {
                BackendError::new(crate::backends::Kind::Internal, "could not write the pause")
                    .because(e)
            })?;
            log.write(&key, text.as_deref())?;
        }
        let started = Instant::now();
        loop {
            log.read_on(Duration::from_millis(100))?;
            let found = processes::join(&kafka, &dir, &description, &log)?;
            let with_work =
                |k: &&Known| k.member && (!k.process.partitions.is_empty() || k.process.pid == 0);
            let (obeyed, waiting): (Vec<&Known>, Vec<&Known>) = found
                .processes
                .iter()
                .filter(with_work)
                .partition(|k| k.process.pid != 0 && k.process.paused == pause);
            if waiting.is_empty() || started.elapsed() >= limit || shutdown.asked() {
                let name = |k: &&Known| k.process.instance.clone();
                return Ok::<_, BackendError>(Asked {
                    changed,
                    pause,
                    obeyed: obeyed.iter().map(name).collect(),
                    waiting: waiting.iter().map(name).collect(),
                });
            }
        }
    })
    .await??;
    if context.shutdown.asked() {
        return Err(Failure::new(context.shutdown.status(), "interrupted; the wish stays"));
    }
    Ok(asked)
}

/// A pause in words: `since 2026-01-01T00:00:00Z by ann@host`.
#[must_use]
pub fn in_words(pause: &Pause, now: EventTime) -> String {
    let since = EventTime::from_event_text(&pause.since).ok();
    let age = since.map(|s| format!(" ({} s)", now.micros_since(s).max(0) / 1_000_000));
    format!("since {}{} by {}", pause.since, age.unwrap_or_default(), pause.by)
}
