//! `bss streams late list`

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::streams::aside::{self, OriginArgs};
use crate::streams::letters::shelf::{Keep, Shelf};
use crate::topics;
use crate::ui::{Cell, Report};

/// List late records, the newest last
///
/// Lists what was set aside because its window had closed: where it came from, by how much it was
/// late, and how far stream time was. --since and --until are over the time at which it was set
/// aside. Reads finished transactions only and joins no consumer group.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    origin: OriginArgs,
    /// At most so many records, the newest ones
    #[arg(long, value_name = "N", default_value_t = 50,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
}

/// Runs the command.
///
/// # Errors
/// Kafka unreachable, a missing topic: exit 4.
pub async fn run(args: ListArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let choice = args.origin.choice(context)?;
    let topic = topics::late_records(&context.settings().general.application);
    let shelf = Shelf::new(choice.clone(), Keep::Facts);
    let start = aside::start(&choice);
    let shelf = aside::read(context, topic.clone(), start, shelf).await?.shelf;
    let all = shelf.by_time();
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let shown = &all[all.len().saturating_sub(limit)..];
    let report = Report::new(format!("Late records in {topic}{}", aside::span(&choice)))
        .column("position", "POSITION")
        .column("timestamp", "TIME")
        .column("topology", "TOPOLOGY")
        .column("topic", "TOPIC")
        .number("partition", "PARTITION")
        .number("offset", "OFFSET")
        .number("latenessMs", "LATENESS-MS")
        .column("streamTime", "STREAM TIME")
        .column("window", "WINDOW")
        .meta("found", all.len() as u64)
        .meta("limit", args.limit)
        .meta("cut", shown.len() < all.len());
    let mut report = aside::meta(report, &topic, &choice);
    for (letter, _) in shown {
        let mut cells = aside::place(letter);
        cells.push(letter.lateness_ms.map_or(Cell::Null, Cell::Integer));
        cells.push(letter.stream_time.map_or(Cell::Null, Cell::Time));
        cells.push(Cell::text_or_null(Some(letter.window.as_str()).filter(|w| !w.is_empty())));
        report.push(cells);
    }
    context.ui.report(&report)?;
    aside::cut(context, shown.len(), all.len());
    Ok(ExitStatus::Done)
}
