//! `bss streams dlq list`

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::streams::aside;
use crate::commands::streams::dlq::ChoiceArgs;
use crate::streams::letters::Letter;
use crate::streams::letters::choice::Choice;
use crate::streams::letters::shelf::{Keep, Shelf, State, groups};
use crate::topics;
use crate::ui::{Cell, Report};

/// List dead letters, the newest last
///
/// Lists the records that topologies and `metrics ingest` set aside: where each came from, why it
/// was set aside, and whether it was requeued. --since and --until are over the time at which it
/// was set aside. Reads finished transactions only and joins no consumer group.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    choice: ChoiceArgs,
    /// Only letters in this state
    #[arg(long, value_name = "STATE", value_parser = ["open", "requeued"])]
    state: Option<String>,
    /// Count them by topology, topic and reason
    #[arg(long, conflicts_with = "limit")]
    summary: bool,
    /// At most so many letters, the newest ones
    #[arg(long, value_name = "N", default_value_t = 50,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
}

/// Runs the command.
///
/// # Errors
/// Kafka unreachable, a missing topic: exit 4.
pub async fn run(args: ListArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let choice = args.choice.choice(context)?;
    let topic = topics::dead_letters(&context.settings().general.application);
    let shelf = Shelf::new(choice.clone(), Keep::Facts);
    let start = aside::start(&choice);
    let shelf = aside::read(context, topic.clone(), start, shelf).await?.shelf;
    let wanted = |state: State| args.state.as_ref().is_none_or(|word| word == state.word());
    let all: Vec<(&Letter, State)> =
        shelf.by_time().into_iter().filter(|(_, state)| wanted(*state)).collect();
    let open = all.iter().filter(|(_, state)| *state == State::Open).count();
    if args.summary {
        let report = summary(&topic, &choice, &all);
        context.ui.report(&counted(report, all.len(), open))?;
        return Ok(ExitStatus::Done);
    }
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let shown = &all[all.len().saturating_sub(limit)..];
    let report = Report::new(format!("Dead letters in {topic}{}", aside::span(&choice)))
        .column("position", "POSITION")
        .column("timestamp", "TIME")
        .column("topology", "TOPOLOGY")
        .column("topic", "TOPIC")
        .number("partition", "PARTITION")
        .number("offset", "OFFSET")
        .column("reason", "REASON")
        .column("field", "FIELD")
        .column("detail", "DETAIL")
        .column("state", "STATE")
        .meta("limit", args.limit)
        .meta("cut", shown.len() < all.len());
    let mut report = counted(aside::meta(report, &topic, &choice), all.len(), open);
    for (letter, state) in shown {
        let mut cells = aside::place(letter);
        cells.extend([&letter.reason, &letter.field, &letter.detail].map(|t| aside::text(t)));
        cells.push(state.word().into());
        report.push(cells);
    }
    context.ui.report(&report)?;
    aside::cut(context, shown.len(), all.len());
    if let Some((letter, _)) = shown.last() {
        context.ui.hint(format!(
            "`bss streams dlq explain {}` tells what a letter's reason means and what to do.",
            letter.position()
        ));
    }
    Ok(ExitStatus::Done)
}

fn counted(report: Report, found: usize, open: usize) -> Report {
    report
        .meta("found", found as u64)
        .meta("open", open as u64)
        .meta("requeued", (found - open) as u64)
}

/// One row for each topology, topic and reason.
fn summary(topic: &str, choice: &Choice, all: &[(&Letter, State)]) -> Report {
    let title =
        format!("Dead letters in {topic}{} by topology, topic and reason", aside::span(choice));
    let report = Report::new(title)
        .column("topology", "TOPOLOGY")
        .column("topic", "TOPIC")
        .column("reason", "REASON")
        .number("open", "OPEN")
        .number("requeued", "REQUEUED")
        .column("oldest", "OLDEST")
        .column("newest", "NEWEST");
    let mut report = aside::meta(report, topic, choice);
    for ((topology, topic, reason), group) in groups(all) {
        report.push(vec![
            aside::text(topology),
            aside::text(topic),
            aside::text(reason),
            group.open.into(),
            group.requeued.into(),
            group.oldest.map_or(Cell::Null, Cell::Time),
            group.newest.map_or(Cell::Null, Cell::Time),
        ]);
    }
    report
}
