//! `bss streams dlq requeue`

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use super::{ChoiceArgs, unknown};
use crate::backends::kafka::admin::Admin;
use crate::backends::kafka::aside::Start;
use crate::backends::kafka::requeue::Requeuer;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::streams::aside::{self, Reading, blocking};
use crate::config::Backend;
use crate::runtime::Fault;
use crate::streams::letters::Position;
use crate::streams::letters::choice::Choice;
use crate::streams::letters::requeue::{Plan, Target, plan};
use crate::streams::letters::shelf::{Keep, Shelf, State};
use crate::topics;
use crate::ui::{Cell, Report};

/// Bytes of values that one requeue takes: they are kept in memory and go in one transaction.
const BYTES: u64 = 128 << 20;
/// What a topic takes where the broker does not say.
const DEFAULT_LIMIT: u64 = 1_048_588;

/// Write dead letters back to the topics they came from
///
/// Writes the original bytes with the original key to the original partition, in the order of the
/// original offsets. Only letters that are open go; --since and --until choose by the time at which
/// they were set aside. One Kafka transaction holds the records and a note for each letter, so that
/// a letter goes once, however the command ends. A letter whose topic is gone, or takes no record
/// of its size, stays open (exit 7). Asks first; without a terminal it needs --yes.
#[derive(Debug, clap::Args)]
pub struct RequeueArgs {
    /// Letters, as `bss streams dlq list` names them
    #[arg(value_name = "POSITION", conflicts_with_all = ["topology", "reasons", "topic", "partition"])]
    positions: Vec<Position>,
    #[command(flatten)]
    choice: ChoiceArgs,
    /// Every letter that is open
    #[arg(long, conflicts_with_all = ["positions", "topology", "reasons", "topic", "partition"])]
    all: bool,
    /// The repaired value that goes in place of the original one; for one position
    #[arg(long, value_name = "FILE")]
    value: Option<PathBuf>,
    /// Print what would go and change nothing
    #[arg(long)]
    dry_run: bool,
}

/// Runs the command.
///
/// # Errors
/// Exit 2 if nothing or too much is chosen, or the operator does not agree; 1 for an unknown
/// position; 4 for a missing topic; 5 if another requeue took over.
pub async fn run(args: RequeueArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let choice = chosen(&args, context)?;
    let repaired = repaired(&args)?;
    let repaired = repaired.as_deref();
    let topic = topics::dead_letters(&context.settings().general.application);
    let start = if choice.positions.is_empty() {
        aside::start(&choice)
    } else {
        Start::at(choice.positions.iter().copied())
    };
    let shelf = Shelf::new(choice.clone(), Keep::OpenContent);
    let reading = aside::read(context, topic.clone(), start, shelf).await?;
    judge(&reading, &choice, &topic, context)?;
    let targets = targets(&reading.shelf, context).await?;
    let planned = plan(reading.shelf.open(), &targets, repaired);
    if args.dry_run {
        context.ui.report(&report(&topic, &planned, "would-requeue"))?;
        return Ok(ExitStatus::Done);
    }
    if planned.returns.is_empty() {
        return end(context, &topic, &planned);
    }
    context
        .confirm(
            &[Backend::Kafka],
            &format!("requeue {} dead letters of {topic}", planned.letters()),
            &counts(&planned),
        )
        .await?;
    let done = carry_out(reading, planned, &targets, repaired, &topic, context).await?;
    end(context, &topic, &done)
}

/// What was asked for.
fn chosen(args: &RequeueArgs, context: &Context) -> Result<Choice, Failure> {
    let filter = args.choice.choice(context)?;
    if args.value.is_some() && args.positions.len() != 1 {
        return Err(Failure::usage("--value takes the place of one letter's value")
            .hint("Name that letter: `bss streams dlq requeue POSITION --value FILE`."));
    }
    if !args.positions.is_empty() {
        if filter.since.or(filter.until).is_some() {
            return Err(Failure::usage("positions and a time range cannot be given together")
                .hint("Leave --since, --until and --as-of out."));
        }
        return Ok(Choice::of(args.positions.iter().copied()));
    }
    if filter.takes_all() && !args.all {
        return Err(Failure::usage("no dead letters were chosen")
            .hint("Name positions, filter by --reason, --topology, --topic, --partition, --since or --until, or give --all."));
    }
    Ok(filter)
}

/// The repaired value.
fn repaired(args: &RequeueArgs) -> Result<Option<Vec<u8>>, Failure> {
    let Some(path) = &args.value else { return Ok(None) };
    let read = std::fs::read(path);
    read.map(Some)
        .map_err(|e| Failure::failed(format!("could not read {}", path.display())).because(&e))
}

/// Refuses what cannot be meant, and says what has gone already.
fn judge(
    reading: &Reading,
    choice: &Choice,
    topic: &str,
    context: &Context,
) -> Result<(), Failure> {
    let shelf = &reading.shelf;
    let absent: BTreeSet<Position> =
        choice.positions.iter().copied().filter(|p| shelf.get(*p).is_none()).collect();
    if !absent.is_empty() {
        return Err(unknown(topic, &absent, &reading.reader));
    }
    for position in &choice.positions {
        if let State::Requeued { at } = shelf.state(*position) {
            let when = at.map_or_else(String::new, |at| format!(" at {at}"));
            context.ui.status(format!("{position} was requeued{when} already."));
        }
    }
    if shelf.bytes() > BYTES {
        return Err(Failure::failed(format!(
            "cannot requeue {} bytes in one transaction, at most {BYTES}",
            shelf.bytes()
        ))
        .hint("Requeue in parts: filter by --topic, --partition, --reason or --until."));
    }
    Ok(())
}

/// The topics that the open letters came from, as they are now.
async fn targets(shelf: &Shelf, context: &Context) -> Result<BTreeMap<String, Target>, Failure> {
    let origins = shelf.open().filter_map(|letter| letter.origin.as_ref());
    let names: BTreeSet<String> = origins.map(|origin| origin.topic.clone()).collect();
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let names: Vec<String> = names.into_iter().collect();
    let inventory = Admin::new(&context.settings().kafka)?.inventory(&names).await?;
    let target = |(name, found): (String, crate::topics::plan::Found)| {
        let limit = found.settings.get("max.message.bytes").and_then(|v| v.parse().ok());
        let limit = limit.unwrap_or(DEFAULT_LIMIT);
        (name, Target { partitions: found.partitions, limit })
    };
    Ok(inventory.topics.into_iter().map(target).collect())
}

/// `bss.payment.events: 2 broken-json, 1 empty`
fn counts(plan: &Plan) -> String {
    let mut topics: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for ((topic, reason), count) in plan.counts() {
        let reason = if reason.is_empty() { "without a reason" } else { reason };
        topics.entry(topic).or_default().push(format!("{count} {reason}"));
    }
    let parts = topics.into_iter().map(|(topic, counts)| format!("{topic}: {}", counts.join(", ")));
    format!("to {}", parts.collect::<Vec<_>>().join("; "))
}

/// Writes what was agreed to, without what another requeue has written meanwhile.
async fn carry_out(
    mut reading: Reading,
    planned: Plan,
    targets: &BTreeMap<String, Target>,
    repaired: Option<&[u8]>,
    topic: &str,
    context: &Context,
) -> Result<Plan, Failure> {
    let settings = context.settings();
    let kafka = settings.kafka.clone();
    let id = format!("{topic}-requeue");
    let smallest = planned.smallest_limit(targets).unwrap_or(DEFAULT_LIMIT);
    let Plan { returns, left } = planned;
    let agreed: BTreeSet<Position> =
        returns.iter().flat_map(|r| r.letters.iter().copied()).collect();
    // Planned anew below; the values need not be there twice meanwhile.
    drop(returns);
    let dead_letters = topic.to_owned();
    let shutdown = context.shutdown.clone();
    let (requeuer, reading) = blocking(move || {
        let stop = || shutdown.asked();
        // From here on no other requeue can commit: what it has committed shows at the end.
        let requeuer = Requeuer::take_over(&kafka, &id, &dead_letters, smallest)?;
        let Reading { reader, shelf } = &mut reading;
        reader.read_on(&stop, &mut |record| shelf.take(record))?;
        Ok((requeuer, reading))
    })
    .await?
    .map_err(|e| aside::interrupted(&context.shutdown, e))?;
    let still = reading.shelf.open().filter(|l| agreed.contains(&l.position()));
    let mut done = plan(still, targets, repaired);
    done.left = left;
    let gone = agreed.len() - done.letters();
    if gone > 0 {
        context.ui.warning(format!("{gone} letters were requeued by somebody else meanwhile"));
    }
    let at = context.now();
    let fault = Fault::parse(context.environment.fault.as_deref());
    let shutdown = context.shutdown.clone();
    if done.returns.is_empty() {
        return Ok(done);
    }
    drop(reading);
    blocking(move || {
        requeuer.write(&done.returns, at, &fault, &|| shutdown.asked())?;
        Ok(done)
    })
    .await?
    .map_err(|e| aside::interrupted(&context.shutdown, e))
}

/// Reports what was done and ends with what is left.
fn end(context: &Context, topic: &str, done: &Plan) -> Result<ExitStatus, Failure> {
    context.ui.report(&report(topic, done, "requeued"))?;
    let letters = done.letters();
    if letters == 0 && done.left.is_empty() {
        context.ui.status("Nothing to requeue.");
        return Ok(ExitStatus::Done);
    }
    context.ui.status(format!("Requeued {letters} dead letters."));
    if done.left.is_empty() {
        return Ok(ExitStatus::Done);
    }
    context.ui.warning(format!("{} letters cannot go back and stay open.", done.left.len()));
    Ok(ExitStatus::Partly)
}

/// One row for each letter, in the order of writing; what stays at the end.
fn report(topic: &str, plan: &Plan, outcome: &str) -> Report {
    let mut report = Report::new("")
        .column("position", "POSITION")
        .column("topic", "TOPIC")
        .number("partition", "PARTITION")
        .number("offset", "OFFSET")
        .column("reason", "REASON")
        .number("valueBytes", "BYTES")
        .column("outcome", "OUTCOME")
        .column("why", "WHY")
        .meta("topic", topic)
        .meta("letters", plan.letters() as u64)
        .meta("left", plan.left.len() as u64);
    for each in &plan.returns {
        for (at, position) in each.letters.iter().enumerate() {
            let mut row = vec![position.to_string().into()];
            row.extend(aside::origin(Some(&each.origin)));
            row.push(aside::text(&each.reason));
            row.push(each.value.as_ref().map_or(Cell::Null, |v| Cell::from(v.len() as u64)));
            row.push(outcome.into());
            let twin = format!("the same record as {}, which is written once", each.letters[0]);
            row.push(if at == 0 { Cell::Null } else { twin.into() });
            report.push(row);
        }
    }
    for left in &plan.left {
        let mut row = vec![left.letter.to_string().into()];
        row.extend(aside::origin(left.origin.as_ref()));
        row.push(aside::text(&left.reason));
        row.extend([Cell::Null, "left-open".into(), left.obstacle.to_string().into()]);
        report.push(row);
    }
    report
}
