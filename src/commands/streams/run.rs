//! `bss streams run`

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::backends::BackendError;
use crate::backends::kafka::runner::disk::spill::SpillTo;
use crate::backends::kafka::runner::{
    Phase, Restored, RunHandle, RunOptions, StartAt, member, room, status,
};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::streams::exposed::{self, Shown};
use crate::commands::streams::topologies;
use crate::runtime::{Fault, process};
use crate::streams::store::Memory;
use crate::streams::topology::Topology;
use crate::ui::{Cell, Report};

/// Run topologies until stopped (Ctrl-C: a clean stop, exit 0)
///
/// Outputs, state and offsets are committed together (streams.guarantee). State is kept in
/// memory and in a changelog topic, and every streams.checkpoint_interval on disk beside it; a
/// restart goes on from the last commit and reads only what the changelog has beyond the disk.
/// What streams.memory has no room for is spilled to files and read back when it is asked for.
/// Several processes with different `streams.instance` names share the partitions. With
/// `streams.http` set, the process answers /metrics (Prometheus), /healthz (no worker failed or
/// stalled) and /readyz (everything assigned is restored) there.
#[derive(Debug, clap::Args)]
pub struct RunArgs {
    /// Topologies to run; all if none is named
    #[arg(value_name = "TOPOLOGY")]
    topologies: Vec<String>,
    /// Process to the end of the input as it is now, close all windows, commit and end; what comes
    /// later for a closed window is late
    #[arg(long)]
    drain: bool,
    /// Where a first start begins
    #[arg(long, value_enum, default_value = "earliest")]
    from: From,
    /// Go on over records that retention deleted before they were read
    #[arg(long)]
    accept_gap: bool,
    /// Keep the state of partitions that other processes have on this disk too: to take one over,
    /// only the last moments are read
    #[arg(long)]
    standby: bool,
}

/// How long a stop may take beyond three transactions.
const LINGER: Duration = Duration::from_secs(15);

/// Where a first start begins.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum From {
    /// At the oldest record that is kept
    Earliest,
    /// At what comes from now on
    Latest,
}

/// Runs the command.
///
/// # Errors
/// What ended a run: exit 4, 5 or 1.
pub async fn run(args: RunArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let settings = context.settings();
    let chosen = topologies::chosen(&args.topologies, settings)?;
    if args.standby && settings.streams.checkpoint_interval.is_zero() {
        return Err(Failure::usage(
            "--standby keeps state on disk, which streams.checkpoint_interval = 0s switches off",
        ));
    }
    process::open_as_many_files_as_allowed();
    process::use_small_pages();
    let listener = exposed::listen(context).await?;
    let options = RunOptions {
        kafka: settings.kafka.clone(),
        streams: settings.streams.clone(),
        instance: topologies::instance(settings),
        state_dir: topologies::state_dir(context),
        limits: topologies::limits(settings),
        memory: memory(context, chosen.len()),
        turnstile: Arc::default(),
        drain: args.drain,
        from: match args.from {
            From::Earliest => StartAt::Earliest,
            From::Latest => StartAt::Latest,
        },
        accept_gap: args.accept_gap,
        standby: args.standby,
        http: listener.as_ref().map(|(_, address)| address.clone()),
        clock: Arc::clone(&context.clock),
        fault: Arc::new(Fault::parse(context.environment.fault.as_deref())),
    };
    let mut runs = Vec::new();
    for topology in &chosen {
        runs.push(start(Arc::clone(topology), options.clone())?);
    }
    if let Some((server, _)) = listener {
        let shown = runs.iter().zip(&chosen).map(|(run, topology)| Shown {
            description: topology.describe().clone(),
            handle: run.handle.clone(),
        });
        exposed::serve(server, shown.collect(), &options);
    }
    let patience = options.streams.transaction_timeout * 3 + LINGER;
    let failed = watch(context, &mut runs, patience).await;
    if let Some(failure) = failed {
        return Err(failure);
    }
    if !args.drain {
        context.ui.status("Stopped.");
        return Ok(ExitStatus::Done);
    }
    let left_open = tell_left_open(context, &runs);
    let status = summary(context, &chosen).await?;
    Ok(if left_open { ExitStatus::Partly } else { status })
}

/// What the stores of `count` topologies may hold in memory; what is beyond goes to files beside
/// the state.
fn memory(context: &Context, count: usize) -> Arc<Memory> {
    let folder = SpillTo::new(topologies::state_dir(context));
    let limit = room::of_stores(&context.settings().streams, count);
    Arc::new(Memory::new(limit, Box::new(folder)))
}

/// Says which partitions a drain could not close because a living process has them.
fn tell_left_open(context: &Context, runs: &[Run]) -> bool {
    let mut any = false;
    for run in runs {
        let left_open = run.handle.with(|view| view.left_open.clone());
        if left_open.is_empty() {
            continue;
        }
        any = true;
        let numbers: Vec<String> = left_open.iter().map(ToString::to_string).collect();
        context.ui.warning(format!(
            "{}: partitions {} belong to other processes, which have not closed them: run those with --drain too, or stop them and drain again.",
            run.name,
            numbers.join(", ")
        ));
    }
    any
}

/// One topology's run in a thread of its own.
struct Run {
    name: &'static str,
    handle: RunHandle,
    thread: Option<std::thread::JoinHandle<Result<(), BackendError>>>,
    told: Phase,
    /// When a restore that is still going on is next told of, from its beginning.
    next_words: Duration,
}

/// How often a restore says how far it has come.
const RESTORE_WORDS: Duration = Duration::from_secs(10);

fn start(topology: Arc<dyn Topology>, options: RunOptions) -> Result<Run, Failure> {
    let name = topology.describe().name;
    let handle = RunHandle::default();
    let inside = handle.clone();
    let thread = std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(move || member::run(&topology, &options, &inside))
        .map_err(|e| Failure::failed(format!("could not start {name}")).because(&e))?;
    Ok(Run { name, handle, thread: Some(thread), told: Phase::Starting, next_words: RESTORE_WORDS })
}

/// Tells what the runs do until all have ended. The first failure stops the others and is the one
/// returned. A run that does not end within `patience` is left, as by a kill.
async fn watch(context: &Context, runs: &mut [Run], patience: Duration) -> Option<Failure> {
    let mut failed = None;
    let mut stopped: Option<Instant> = None;
    loop {
        if context.shutdown.asked() || failed.is_some() {
            runs.iter().for_each(|run| run.handle.stop());
            stopped.get_or_insert_with(Instant::now);
        }
        for run in runs.iter_mut() {
            tell(context, run);
            let finished = run.thread.as_ref().is_some_and(std::thread::JoinHandle::is_finished);
            let failure = if finished && let Some(thread) = run.thread.take() {
                let ended = thread.join();
                tell(context, run);
                match ended {
                    Ok(Ok(())) => continue,
                    Ok(Err(error)) => Failure::from(error),
                    Err(_) => Failure::new(ExitStatus::Bug, format!("{} panicked", run.name)),
                }
            } else if let Some(failure) = unfinished(run, stopped, patience) {
                run.thread = None;
                failure
            } else {
                continue;
            };
            failed.get_or_insert(failure);
        }
        if runs.iter().all(|run| run.thread.is_none()) {
            return failed;
        }
        let pause = tokio::time::sleep(Duration::from_millis(50));
        tokio::select! {
            () = pause => {}
            () = context.shutdown.wait(), if !context.shutdown.asked() => {}
        }
    }
}

/// The failure of a run that takes longer than `patience` to end.
fn unfinished(run: &Run, stopped: Option<Instant>, patience: Duration) -> Option<Failure> {
    run.thread.as_ref()?;
    let ending = run.handle.with(|view| view.ending);
    let since = ending.map(|(_, since)| since).or(stopped)?;
    if since.elapsed() <= patience {
        return None;
    }
    let what = ending.map_or("its start", |(what, _)| what);
    let seconds = patience.as_secs();
    let message = format!("{} did not end within {seconds} s: it waits for {what}", run.name);
    let hint = "Nothing committed is lost: the next start goes on from the last commit.";
    Some(Failure::failed(message).hint(hint))
}

/// Says what changed since the last look.
fn tell(context: &Context, run: &mut Run) {
    let (phase, notes, partitions, stop, restored) = run.handle.with(|view| {
        let notes = std::mem::take(&mut view.notes);
        (view.phase.clone(), notes, view.partitions.len(), view.last_stop_ms, view.restored)
    });
    for note in notes {
        context.ui.warning(format!("{}: {note}", run.name));
    }
    let restoring = |phase: &Phase| matches!(phase, Phase::Restoring { .. });
    if phase != run.told && !(restoring(&phase) && restoring(&run.told)) {
        let what = match &phase {
            Phase::Starting => "starting".to_owned(),
            Phase::Restoring { .. } => "restoring".to_owned(),
            Phase::Running if matches!(run.told, Phase::Paused { .. }) => {
                format!("going on with {partitions} partitions")
            }
            Phase::Running => match stop {
                Some(ms) => format!("running on {partitions} partitions, after a stop of {ms} ms"),
                None => format!("running on {partitions} partitions"),
            },
            Phase::Paused { since, by } => {
                format!("paused since {since} by {by}; `bss streams resume {}` goes on", run.name)
            }
            Phase::StandingBy => "standing by".to_owned(),
            Phase::Failed { .. } => "failed".to_owned(),
            Phase::Stopped => "stopped".to_owned(),
        };
        context.ui.status(format!("{}: {what}.", run.name));
        if phase == Phase::Running && restored != Restored::default() {
            context.ui.status(format!(
                "{}: state restored: {} entries from disk, {} records from changelogs.",
                run.name, restored.disk, restored.changelog
            ));
        }
    }
    run.told = phase;
    tell_restore(context, run);
}

/// Says now and then how far a long restore has come.
fn tell_restore(context: &Context, run: &mut Run) {
    let Some((taken, words)) = run.handle.restore() else {
        run.next_words = RESTORE_WORDS;
        return;
    };
    if taken >= run.next_words {
        run.next_words = taken + RESTORE_WORDS;
        context.ui.status(format!("{}: restoring; {words}.", run.name));
    }
}

/// What all partitions came to, after a drain.
async fn summary(context: &Context, chosen: &[Arc<dyn Topology>]) -> Result<ExitStatus, Failure> {
    let mut report = Report::new("")
        .column("topology", "TOPOLOGY")
        .number("read", "READ")
        .number("processed", "PROCESSED")
        .number("duplicate", "DUPLICATE")
        .number("late", "LATE")
        .number("future", "FUTURE")
        .number("rejected", "REJECTED")
        .number("outputs", "OUTPUTS")
        .number("lag", "LAG");
    let mut aside = 0;
    for topology in chosen {
        let kafka = context.settings().kafka.clone();
        let description = topology.describe().clone();
        let name = description.name;
        let standing = tokio::task::spawn_blocking(move || status::standing(&kafka, &description))
            .await
            .map_err(|e| {
                Failure::new(ExitStatus::Bug, "a question to Kafka panicked").because(&e)
            })??;
        let counts = standing.counts();
        aside += counts.set_aside();
        let row = [
            counts.total(),
            counts.processed,
            counts.duplicate,
            counts.late,
            counts.future,
            counts.rejected,
            counts.outputs,
            standing.lag(),
        ];
        report.push(std::iter::once(Cell::from(name)).chain(row.map(Cell::from)).collect());
    }
    context.ui.report(&report)?;
    if aside == 0 {
        return Ok(ExitStatus::Done);
    }
    let application = &context.settings().general.application;
    context.ui.warning(format!(
        "{aside} records were set aside, with their reasons, in {application}-dlq and {application}-late."
    ));
    context.ui.hint("`bss streams dlq list` and `bss streams late list` show them.");
    Ok(ExitStatus::Partly)
}
