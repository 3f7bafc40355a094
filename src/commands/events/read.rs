//! `bss events read`

use super::form::{Form, FormArgs};
use super::history::ArchiveOption;
use super::{open, shown};
use crate::backends::redis::events::{Access, Loaded};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::events::Aggregate;
use crate::ui::Report;

/// Read the events of one aggregate
///
/// Shows the events of an aggregate by revision. What it costs depends on how many are shown, not on
/// how many the store holds.
#[derive(Debug, clap::Args)]
pub struct ReadArgs {
    /// The aggregate, TYPE/ID
    #[arg(value_name = "AGGREGATE")]
    aggregate: Aggregate,
    /// The first revision to show
    #[arg(long, value_name = "N", default_value_t = 0)]
    from_revision: u64,
    /// The last revision to show
    #[arg(long, value_name = "N")]
    to_revision: Option<u64>,
    /// The newest first
    #[arg(long)]
    backward: bool,
    /// At most so many events
    #[arg(long, value_name = "N", default_value_t = 100,
        value_parser = clap::value_parser!(u64).range(1..=100_000))]
    limit: u64,
    #[command(flatten)]
    form: FormArgs,
    #[command(flatten)]
    archive: ArchiveOption,
}

/// Runs the command.
///
/// # Errors
/// Exit 1 if the aggregate has no events, or those asked for were archived or are of a newer version
/// than is known.
pub async fn run(args: ReadArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let mut form = Form::new(&args.form, context)?;
    let mut store = open(context, Access::Read).await?;
    let events = store.events_of(&args.aggregate).await?;
    let Some(newest) = events.checked_sub(1) else {
        return Err(Failure::failed(format!("there are no events of {}", args.aggregate))
            .code("missing")
            .hint("See which aggregates there are: bss events list"));
    };
    let end = args.to_revision.unwrap_or(newest).min(newest);
    let (first, last) = if args.backward {
        (args.from_revision.max((end + 1).saturating_sub(args.limit)), end)
    } else {
        (args.from_revision, end.min(args.from_revision.saturating_add(args.limit - 1)))
    };
    let wanted = (end + 1).saturating_sub(args.from_revision);
    let mut found = Vec::new();
    if first <= last {
        let mut part = store.load(&args.aggregate, first, Some(last)).await?;
        if part.loaded.iter().any(|loaded| matches!(loaded, Loaded::Trimmed { .. })) {
            args.archive.of(&mut store).await?.fill(&mut part.loaded)?;
        }
        found = shown::present(part.loaded)?;
    }
    if args.backward {
        found.reverse();
    }
    let cut = wanted > found.len() as u64;
    let mut report = shown::columns(
        Report::new(format!("{}: {events} events in {}", args.aggregate, store.place()))
            .meta("aggregate", args.aggregate.as_str())
            .meta("events", events)
            .meta("cut", cut),
    );
    for event in &found {
        if let Some(content) = form.content(event)? {
            report.push(shown::row(event, &content));
        }
    }
    let report = report.meta("skipped", form.skipped());
    context.ui.report(&report)?;
    form.tell(context);
    if cut {
        context.ui.cut(found.len(), "--limit");
    }
    Ok(ExitStatus::Done)
}
