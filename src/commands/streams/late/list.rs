//! `bss streams late list`

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::streams::aside::{self, OriginArgs};
use crate::streams::letters::shelf::{Keep, Shelf, State};
use crate::topics;
use crate::ui::{Cell, Report};

/// List late records, the newest last
///
/// Lists what was set aside because its window had closed: where it came from, by how much it was
/// late, how far stream time was, and whether it was replayed since. --since and --until are over
/// the time at which it was set aside. Reads finished transactions only and joins no consumer group.
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    #[command(flatten)]
    origin: OriginArgs,
    /// Only records in this state
    #[arg(long, value_enum)]
    state: Option<Wanted>,
    /// At most so many records, the newest ones
    #[arg(long, value_name = "N", default_value_t = 50,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
}

/// A state to choose by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Wanted {
    /// Not replayed yet
    Open,
    /// Counted after all by `late replay`
    Replayed,
}

impl Wanted {
    const fn of(state: State) -> Self {
        match state {
            State::Open => Self::Open,
            State::Requeued { .. } => Self::Replayed,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Replayed => "replayed",
        }
    }
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
    let mut all = shelf.by_time();
    all.retain(|(_, state)| args.state.is_none_or(|wanted| Wanted::of(*state) == wanted));
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
        .column("state", "STATE")
        .meta("found", all.len() as u64)
        .meta("limit", args.limit)
        .meta("cut", shown.len() < all.len());
    let mut report = aside::meta(report, &topic, &choice);
    for (letter, state) in shown {
        let mut cells = aside::place(letter);
        cells.push(letter.lateness_ms.map_or(Cell::Null, Cell::Integer));
        cells.push(letter.stream_time.map_or(Cell::Null, Cell::Time));
        cells.push(Cell::text_or_null(Some(letter.window.as_str()).filter(|w| !w.is_empty())));
        cells.push(Wanted::of(*state).word().into());
        report.push(cells);
    }
    context.ui.report(&report)?;
    aside::cut(context, shown.len(), all.len());
    Ok(ExitStatus::Done)
}
