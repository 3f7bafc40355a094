//! `bss streams late replay`

mod job;
mod report;

use std::sync::Arc;

use crate::backends::kafka::replay::Replayer;
use crate::backends::{BackendError, Kind};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::streams::aside::{self, OriginArgs, blocking};
use crate::commands::streams::topologies;
use crate::config::Backend;
use crate::domain::EventTime;
use crate::runtime::Fault;
use crate::streams::late::reach;
use crate::streams::letters::choice::Choice;
use crate::streams::letters::{Letter, Position};
use crate::streams::topology::Topology;
use crate::topics;
use job::{Found, Job};

/// Correct closed windows with the late records that were meant for them
///
/// Counts the windows anew from the source topic, without and with the chosen late records, and
/// tells each result that they change once more, as its next revision; measurements taken from it
/// too. Sessions that become one are withdrawn and told as one. One Kafka transaction holds the
/// corrections and a note for each late record, so that a record counts once, however the command
/// ends. A record stays open (exit 7) if its window closed more than streams.correct_for ago, if a
/// window of it is still open, or if counting without it does not give what was told before.
/// --since and --until choose by the time at which records were set aside. Asks first; without a
/// terminal it needs --yes.
///
/// Of recommendation, what trends is corrected; prices of dynamic-pricing stand each on the one
/// before and are not.
///
/// The source topic is read back to streams.correct_for before the windows, or further if the
/// topology remembers longer; the topology may run meanwhile.
#[derive(Debug, clap::Args)]
pub struct ReplayArgs {
    /// The topology whose windows are corrected
    #[arg(value_name = "TOPOLOGY")]
    topology: String,
    /// Late records, as `bss streams late list` names them
    #[arg(value_name = "POSITION", conflicts_with_all = ["window", "key"])]
    positions: Vec<Position>,
    /// Only records that were late for the window that begins then
    #[arg(long, value_name = "TIME", value_parser = time)]
    window: Option<EventTime>,
    /// Only records with this key
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// Every late record of the topology that is open
    #[arg(long, conflicts_with_all = ["positions", "window", "key"])]
    all: bool,
    /// Print what would be told and change nothing
    #[arg(long)]
    dry_run: bool,
}

fn time(text: &str) -> Result<EventTime, String> {
    EventTime::from_event_text(text).map_err(|reject| reject.detail)
}

/// Which late records are meant.
struct Chosen {
    choice: Choice,
    window: Option<EventTime>,
    key: Option<String>,
}

impl Chosen {
    fn of(args: &ReplayArgs, context: &Context) -> Result<Self, Failure> {
        let range = OriginArgs::default().choice(context)?;
        let ranged = range.since.or(range.until).is_some();
        let named = !args.positions.is_empty();
        if named && ranged {
            return Err(Failure::usage("positions and a time range cannot be given together")
                .hint("Leave --since, --until and --as-of out."));
        }
        if !named && !ranged && args.window.is_none() && args.key.is_none() && !args.all {
            return Err(Failure::usage("no late records were chosen").hint(
                "Name positions, choose by --window, --key, --since or --until, or give --all.",
            ));
        }
        let positions = args.positions.iter().copied().collect();
        let choice = Choice { topology: Some(args.topology.clone()), positions, ..range };
        Ok(Self { choice, window: args.window, key: args.key.clone() })
    }

    fn takes(&self, letter: &Letter) -> bool {
        let start = |start| reach::window(letter).is_some_and(|span| span.start == start);
        let key = |key: &String| letter.record.key.as_deref() == Some(key.as_bytes());
        self.choice.takes(letter)
            && self.window.is_none_or(start)
            && self.key.as_ref().is_none_or(key)
    }
}

/// Runs the command.
///
/// # Errors
/// Exit 2 for an unknown topology or one without windows, if nothing is chosen or the operator does
/// not agree; 1 for an unknown position; 4 for a missing topic; 5 if another replay took over.
pub async fn run(args: ReplayArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let settings = context.settings();
    let topology = topologies::build(&args.topology, settings)?;
    if topology.corrections().is_none() {
        let what = format!("{} tells no results of windows that could be corrected", args.topology);
        return Err(Failure::usage(what).hint("`bss streams late list` names the topologies."));
    }
    let job = Job {
        topology: Arc::clone(&topology),
        kafka: settings.kafka.clone(),
        dead_letters: topics::dead_letters(&settings.general.application),
        driver: topologies::limits(settings),
        limits: reach::Limits {
            grace: topologies::micros(settings.streams.grace),
            correct_for: topologies::micros(settings.streams.correct_for),
        },
        chosen: Chosen::of(&args, context)?,
        now: context.now(),
        shutdown: context.shutdown.clone(),
    };
    let found = blocking(move || job.run()).await??;
    told_before(&args.positions, &found, context)?;
    if args.dry_run {
        context.ui.report(&report::report(&topology, &found, "would-"))?;
        return Ok(ExitStatus::Done);
    }
    if found.plan.replayed.is_empty() {
        return end(context, &topology, &found);
    }
    let (windows, records) = (found.plan.corrections.len(), found.plan.replayed.len());
    let what =
        format!("tell {windows} results of {} anew from {records} late records", args.topology);
    context.confirm(&[Backend::Kafka], &what, &report::effect(&topology, &found.plan)).await?;
    let found = carry_out(found, &topology, context).await?;
    end(context, &topology, &found)
}

/// Refuses positions that are none, and says what was replayed already.
fn told_before(positions: &[Position], found: &Found, context: &Context) -> Result<(), Failure> {
    for position in positions {
        match found.shelf.get(*position) {
            None => {
                let what = format!("there is no late record of this topology at {position}");
                return Err(Failure::failed(what).hint("`bss streams late list` names them."));
            }
            Some(_) => {
                if let Some(at) = found.replayed_at(*position) {
                    context.ui.status(format!("{position} was replayed{at} already."));
                }
            }
        }
    }
    Ok(())
}

/// Writes what was agreed to, unless somebody else has corrected or reset something meanwhile.
async fn carry_out(
    mut found: Found,
    topology: &Arc<dyn Topology>,
    context: &Context,
) -> Result<Found, Failure> {
    let kafka = context.settings().kafka.clone();
    let topology = Arc::clone(topology);
    let at = context.now();
    let fault = Fault::parse(context.environment.fault.as_deref());
    let shutdown = context.shutdown.clone();
    let done = blocking(move || {
        let stop = || shutdown.asked();
        let description = topology.describe();
        let late = &description.sinks[description.late_sink()].topic;
        // From here on no other replay can commit: what it has committed shows at the end.
        let replayer = Replayer::take_over(&kafka, &format!("{late}-replay"))?;
        if found.has_changed(&kafka, description, &stop)? {
            return Err(BackendError::new(
                Kind::Conflict,
                format!("the windows of {} were corrected or reset meanwhile", description.name),
            )
            .because("what was planned may not hold any more; nothing was replayed")
            .hint("Run the same command again."));
        }
        replayer.write(description, &found.plan, at, &fault, &stop)?;
        Ok(found)
    });
    done.await?.map_err(|e| aside::interrupted(&context.shutdown, e))
}

/// Reports what was done and ends with what is left.
fn end(
    context: &Context,
    topology: &Arc<dyn Topology>,
    found: &Found,
) -> Result<ExitStatus, Failure> {
    context.ui.report(&report::report(topology, found, ""))?;
    let plan = &found.plan;
    if plan.replayed.is_empty() && plan.left.is_empty() {
        context.ui.status("Nothing to replay.");
        return Ok(ExitStatus::Done);
    }
    context.ui.status(format!(
        "Replayed {} late records; {} results were told anew.",
        plan.replayed.len(),
        plan.corrections.len()
    ));
    if plan.left.is_empty() {
        return Ok(ExitStatus::Done);
    }
    context
        .ui
        .warning(format!("{} late records cannot be replayed and stay open.", plan.left.len()));
    Ok(ExitStatus::Partly)
}
