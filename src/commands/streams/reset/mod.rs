//! `bss streams reset`

mod report;
mod undo;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::backends::BackendError;
use crate::backends::kafka::admin::Admin;
use crate::backends::kafka::runner::disk;
use crate::backends::kafka::runner::files::{self, InstanceLock};
use crate::backends::kafka::runner::reset::{self, Before, Resetter, Target};
use crate::backends::kafka::runner::worker::transactional_id;
use crate::cli::range;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::setup::kafka::declared;
use crate::commands::streams::aside::blocking;
use crate::commands::streams::topologies;
use crate::config::Backend;
use crate::runtime::Fault;
use crate::streams::topology::Description;
use crate::streams::undo::told;
use crate::topics::plan::Declared;

/// Begin a topology anew: forget its offsets and its state
///
/// Without --apply it only prints what would be done. Deletes the offsets of the consumer group
/// (or sets them, with --to), deletes the changelogs and makes them anew as `setup kafka` declares
/// them, and deletes this machine's status files and state on disk. Outputs stay as they are: a run afterwards writes
/// the same results again, with the same ids. Refused (exit 5) while the group has members.
///
/// The steps are in an order in which a run after a reset that was cut off refuses to start, or
/// starts with neither offsets nor state; the same reset again completes it.
///
/// Before anything else the offsets are written to an undo file in the state directory. --undo sets
/// them back. If the state that belongs to them is gone, they are marked, so that no run goes on
/// from them before `bss streams rebuild` has made it from the input, which tells results again
/// only where partitions were further on than others. With --force they are not marked: a run goes
/// on with empty state, and windows that were open and histories of customers are missing. Over
/// state of anything else offsets are never set (exit 5): records would be counted twice or not at
/// all. Outputs stay in any case; the plan says how many were told.
#[derive(Debug, clap::Args)]
pub struct ResetArgs {
    /// The topology
    #[arg(value_name = "TOPOLOGY")]
    topology: String,
    /// Carry it out; asks first, without a terminal it needs --yes
    #[arg(long)]
    apply: bool,
    /// Where the next run begins: earliest, latest, or the first record of a time such as
    /// 2026-07-01T00:00:00Z or 24h, by its Kafka timestamp
    #[arg(long, value_name = "WHERE", default_value = "earliest", conflicts_with = "undo")]
    to: String,
    /// Set the offsets back that a reset has noted in this file
    #[arg(long, value_name = "FILE")]
    undo: Option<PathBuf>,
    /// Go on with empty state where theirs is gone, without a rebuild
    #[arg(long, requires = "undo")]
    force: bool,
}

/// Runs the command.
///
/// # Errors
/// Exit 2 for an unknown topology or a refused confirmation, 4 for Kafka, 5 while members live.
pub async fn run(args: ResetArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let settings = context.settings();
    let topology = topologies::build(&args.topology, settings)?;
    let description = topology.describe().clone();
    if let Some(file) = &args.undo {
        return undo::run(file, &args, description, context).await;
    }
    let target = target(&args.to, context)?;
    let (resetter, before) = look(context, &description, target).await?;
    let changelogs = changelogs(context, &description, before.partitions)?;
    let dir = topologies::state_dir(context);
    let report = report::report(&description, &before, &changelogs, &args, &dir);
    if !args.apply {
        context.ui.report(&report)?;
        context.ui.status("Nothing was changed; --apply carries it out.");
        return Ok(ExitStatus::Done);
    }
    let (resetter, locks) = alone(context, resetter, &description).await?;
    let what = format!("reset {}", description.name);
    let effect = format!(
        "its offsets and its state are gone, {} offsets of changelogs; {} outputs that were told stay",
        reset::sums(&before.changelogs).values().sum::<i64>(),
        told(&before.offsets)
    );
    context.confirm(&[Backend::Kafka], &what, &effect).await?;
    let (resetter, before) = fence(context, resetter, &description, before, target).await?;
    if before.offsets.is_empty() {
        context.ui.status("The group has no offsets: no undo file is written.");
    } else {
        let noted = resetter.undo(&before, context.now());
        let file = reset::write_undo(&dir, "reset", &noted, context.now())?;
        context.ui.status(format!("Wrote the offsets to {}.", file.display()));
    }
    let admin = Admin::new(&settings.kafka)?;
    let fault = Fault::parse(context.environment.fault.as_deref());
    reset::carry_out(&admin, &resetter, &before, &changelogs, &fault).await.map_err(|e| {
        Failure::from(e).hint(format!(
            "What was done stays done; complete it with `bss streams reset {} --to {} --apply`.",
            description.name, args.to
        ))
    })?;
    for (instance, _lock) in &locks {
        disk::remove(&dir, &description.group, instance)?;
    }
    files::remove_statuses(&dir, &description.group)?;
    context.ui.report(&report)?;
    context.ui.status(format!("{} is reset.", description.name));
    Ok(ExitStatus::Done)
}

fn target(text: &str, context: &Context) -> Result<Target, Failure> {
    match text {
        "earliest" => Ok(Target::Earliest),
        "latest" => Ok(Target::Latest),
        time => {
            let zone = range::zone(&context.global, context.settings())?;
            let time = range::instant("--to", time, context.now(), &zone)
                .map_err(|e| e.hint("Or give earliest or latest."))?;
            Ok(Target::At(time))
        }
    }
}

/// What there is of a topology's group, state and outputs.
pub(super) async fn look(
    context: &Context,
    description: &Description,
    target: Target,
) -> Result<(Arc<Resetter>, Before), Failure> {
    let (kafka, description) = (context.settings().kafka.clone(), description.clone());
    let looked = blocking(move || {
        let resetter = Resetter::open(&kafka, &description)?;
        let before = resetter.look(target)?;
        Ok::<_, BackendError>((Arc::new(resetter), before))
    });
    Ok(looked.await??)
}

/// Waits until nobody is in the group, and keeps the instances of this machine from starting.
pub(super) async fn alone(
    context: &Context,
    resetter: Arc<Resetter>,
    description: &Description,
) -> Result<(Arc<Resetter>, Vec<(String, InstanceLock)>), Failure> {
    let dir = topologies::state_dir(context);
    let group = description.group.clone();
    let instances = instances(context, &dir, &group);
    let limit = context.settings().streams.session_timeout * 2;
    let ui = context.ui.clone();
    let alone = blocking(move || {
        reset::wait_for_nobody(&resetter, &dir, limit, &|members| {
            ui.status(format!(
                "Waiting for {} to leave the group: the processes have ended, their places last for streams.session_timeout.",
                members.join(", ")
            ));
        })?;
        let lock =
            |instance: String| files::lock(&dir, &group, &instance).map(|lock| (instance, lock));
        let locks: Result<Vec<_>, BackendError> = instances.into_iter().map(lock).collect();
        Ok::<_, BackendError>((resetter, locks?))
    });
    Ok(alone.await??)
}

/// The instances of the group on this machine, as far as known.
fn instances(context: &Context, dir: &Path, group: &str) -> BTreeSet<String> {
    let known = files::read_statuses(dir, group).into_iter().map(|s| s.instance);
    known.chain([topologies::instance(context.settings())]).collect()
}

/// Ends what a dead process left open, then looks again: what is noted must be what is reset.
pub(super) async fn fence(
    context: &Context,
    resetter: Arc<Resetter>,
    description: &Description,
    before: Before,
    target: Target,
) -> Result<(Arc<Resetter>, Before), Failure> {
    let streams = context.settings().streams.clone();
    let dir = topologies::state_dir(context);
    let mut writers = before.writers;
    for instance in instances(context, &dir, &description.group) {
        for worker in 0..streams.workers {
            writers.insert(transactional_id(&description.group, &instance, worker));
        }
    }
    let fenced = blocking(move || {
        resetter.fence(&streams, &writers)?;
        let before = resetter.look(target)?;
        Ok::<_, BackendError>((resetter, before))
    });
    Ok(fenced.await??)
}

/// The topology's own topics as declared, with as many partitions as the sources have now.
pub(super) fn changelogs(
    context: &Context,
    description: &Description,
    partitions: i32,
) -> Result<Vec<Declared>, Failure> {
    let mut all = declared(context.settings())?;
    all.retain(|d| description.own_topics().any(|own| own == d.name));
    all.iter_mut().for_each(|d| d.partitions = partitions);
    Ok(all)
}
