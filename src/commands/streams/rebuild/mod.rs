//! `bss streams rebuild`

mod report;

use std::sync::Arc;

use crate::backends::kafka::admin::Admin;
use crate::backends::kafka::runner::files;
use crate::backends::kafka::runner::rebuild::{self, Facts, Feeding, Made};
use crate::backends::kafka::runner::reset::{self, Before, Resetter, Target};
use crate::backends::{BackendError, Kind};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::streams::aside::{blocking, interrupted};
use crate::commands::streams::reset::{alone, changelogs, fence, look};
use crate::commands::streams::topologies;
use crate::config::Backend;
use crate::runtime::Fault;
use crate::streams::topology::Description;
use crate::ui::Progress;

/// Make a topology's state anew, for the partitions its sources have now
///
/// The way out when a topic has grown: keys move to other partitions, and their state must go with
/// them. Reads the sources from their oldest kept record up to the committed offsets, makes the
/// state of it as a run would, but writes no outputs again; then it puts the new changelogs in the
/// place of the old and goes on from the same offsets. The state is made in the memory of this
/// process. Without --apply it only prints what would be done. Refused (exit 5) while the group
/// has members.
///
/// State can only be as whole as the sources: records that retention has deleted are missing from
/// it, and unread records that lie in the partition their key had before do not meet its state.
/// Both are counted, and refused (exit 5) without --accept-gap: drain before a topic grows.
///
/// Where partitions had come unequally far, time goes on from the slowest: windows that close
/// behind it and were told by a faster partition are told again, with the same ids.
///
/// From the first step to the last the committed offsets carry a mark, and a run refuses (exit 5).
/// Cut off anywhere, the same command completes it. The offsets of before are in an undo file;
/// `bss streams reset --undo` takes it back as long as the old state is there.
#[derive(Debug, clap::Args)]
pub struct RebuildArgs {
    /// The topology
    #[arg(value_name = "TOPOLOGY")]
    topology: String,
    /// Carry it out; asks first, without a terminal it needs --yes
    #[arg(long)]
    apply: bool,
    /// Go on although the sources do not hold exactly what the state was made from
    #[arg(long)]
    accept_gap: bool,
}

/// Runs the command.
///
/// # Errors
/// Exit 2 for an unknown topology or a refused confirmation, 4 for Kafka, 5 while members live or
/// for gaps that were not accepted.
pub async fn run(args: RebuildArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let description = topologies::build(&args.topology, context.settings())?.describe().clone();
    let (resetter, before) = look(context, &description, Target::Earliest).await?;
    let (resetter, facts) = facts(context, resetter, before).await?;
    let declared = changelogs(context, &description, facts.partitions)?;
    let report = report::report(&description, &facts, &declared, args.apply);
    tell(context, &facts, &facts.gaps(&description));
    if !args.apply {
        context.ui.report(&report)?;
        context.ui.status("Nothing was changed; --apply carries it out.");
        return Ok(ExitStatus::Done);
    }
    accept(&args, &description, facts.gaps(&description))?;
    let waits = alone(context, resetter, &description);
    let (resetter, _locks) = tokio::select! {
        alone = waits => alone?,
        () = context.shutdown.wait() => return Ok(context.shutdown.status()),
    };
    let what = format!("rebuild the state of {}", description.name);
    let effect = format!(
        "the old state is gone, the new one is for {} partitions; offsets and outputs stay",
        facts.partitions
    );
    context.confirm(&[Backend::Kafka], &what, &effect).await?;
    let (resetter, before) =
        fence(context, resetter, &description, facts.before, Target::Earliest).await?;
    let (resetter, facts) = self::facts(context, resetter, before).await?;
    accept(&args, &description, facts.gaps(&description))?;
    let started = context.now();
    let made = make(&args, context, &resetter, &facts).await?;
    let admin = Admin::new(&context.settings().kafka)?;
    let streams = &context.settings().streams;
    let fault = Fault::parse(context.environment.fault.as_deref());
    rebuild::carry_out(&admin, &resetter, streams, &facts, &made, &declared, &fault)
        .await
        .map_err(|e| {
            Failure::from(e).hint(format!(
                "The group is marked and no run starts; complete it with `bss streams rebuild {} --apply`.",
                description.name
            ))
        })?;
    files::remove_statuses(&topologies::state_dir(context), &description.group)?;
    context.ui.report(&report)?;
    let millis = context.now().micros_since(started) / 1000;
    context.ui.status(format!(
        "{} is rebuilt: {} records read, {} keys in {} partitions, {}.{:03} s.",
        description.name,
        made.records(),
        made.keys(),
        facts.partitions,
        millis / 1000,
        millis % 1000
    ));
    Ok(ExitStatus::Done)
}

async fn facts(
    context: &Context,
    resetter: Arc<Resetter>,
    before: Before,
) -> Result<(Arc<Resetter>, Facts), Failure> {
    let looked = blocking(move || {
        let facts = rebuild::look(&resetter, before)?;
        Ok::<_, BackendError>((resetter, facts))
    });
    tokio::select! {
        looked = looked => Ok(looked??),
        () = context.shutdown.wait() => Err(Failure::new(context.shutdown.status(), "interrupted")),
    }
}

/// Says what will not be as before.
fn tell(context: &Context, facts: &Facts, gaps: &[String]) {
    if facts.rebuild.is_marked() {
        context.ui.warning("an earlier rebuild was cut off; this one completes it");
    }
    for gap in gaps {
        context.ui.warning(gap.clone());
    }
    if let Some((from, to)) = facts.rebuild.told_again() {
        let from = from.map_or_else(|| "the beginning".to_owned(), |time| time.to_string());
        context.ui.status(format!(
            "Partitions had come to different times: what closes between {from} and {to} may be told again, with the same ids."
        ));
    }
}

fn accept(args: &RebuildArgs, description: &Description, gaps: Vec<String>) -> Result<(), Failure> {
    if gaps.is_empty() || args.accept_gap {
        return Ok(());
    }
    let what = format!(
        "refused to rebuild {}: its sources do not hold exactly what its state was made from",
        description.name
    );
    let mut failure = Failure::new(ExitStatus::Conflict, what);
    failure.causes = gaps;
    Err(failure.hint("Go on nevertheless with --accept-gap."))
}

/// Marks the offsets and makes the new state. Nothing of the old is touched: what fails here takes
/// the mark back, unless an earlier rebuild had set it.
async fn make(
    args: &RebuildArgs,
    context: &Context,
    resetter: &Arc<Resetter>,
    facts: &Facts,
) -> Result<Made, Failure> {
    let fault = Fault::parse(context.environment.fault.as_deref());
    let cut_off = facts.rebuild.is_marked();
    if !cut_off {
        let noted = resetter.undo(&facts.before, context.now());
        let dir = topologies::state_dir(context);
        let file = reset::write_undo(&dir, "rebuild", &noted, context.now())?;
        context.ui.status(format!("Wrote the offsets to {}.", file.display()));
        set(resetter, facts.rebuild.marked()).await?;
    }
    fault.hit("rebuild-marked");
    let made = match feed(args, context, facts).await {
        Ok(made) => accept_made(args, context, facts, made),
        Err(failure) => Err(failure),
    };
    if made.is_err() && !cut_off {
        set(resetter, facts.before.offsets.clone()).await?;
    }
    if made.is_ok() {
        fault.hit("rebuild-made");
    }
    made
}

async fn set(
    resetter: &Arc<Resetter>,
    offsets: Vec<crate::streams::undo::NotedOffset>,
) -> Result<(), Failure> {
    let resetter = Arc::clone(resetter);
    Ok(blocking(move || resetter.set(&offsets)).await??)
}

async fn feed(args: &RebuildArgs, context: &Context, facts: &Facts) -> Result<Made, Failure> {
    let settings = context.settings().clone();
    let (name, facts, shutdown) = (args.topology.clone(), facts.clone(), context.shutdown.clone());
    let now = context.now();
    let what = format!("Rebuilding {name}");
    let mut progress = Progress::start(&context.ui, what, Some(facts.total()));
    let fed = blocking(move || {
        let topology = || {
            topologies::build(&name, &settings)
                .map_err(|failure| BackendError::new(Kind::Internal, failure.message))
        };
        let feeding = Feeding {
            topology: &topology,
            limits: topologies::limits(&settings),
            now,
            stopping: &|| shutdown.asked(),
        };
        let made = rebuild::feed(&settings.kafka, &facts, &feeding, &mut |done| progress.set(done));
        progress.finish();
        made
    });
    fed.await?.map_err(|e| interrupted(&context.shutdown, e))
}

fn accept_made(
    args: &RebuildArgs,
    context: &Context,
    facts: &Facts,
    made: Made,
) -> Result<Made, Failure> {
    let gaps = made.gaps(facts);
    for gap in &gaps {
        context.ui.warning(gap.clone());
    }
    if made.left_out > 0 {
        context.ui.warning(format!(
            "{} records stop the tasks and are left out, as a run sets them aside",
            made.left_out
        ));
    }
    let description = topologies::build(&args.topology, context.settings())?.describe().clone();
    accept(args, &description, gaps)?;
    Ok(made)
}
