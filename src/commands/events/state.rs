//! `bss events state`

use super::form::left_out;
use super::loading::{AsOf, Found, Model};
use super::open;
use super::sealing::{OpenOption, left_closed};
use crate::backends::redis::events::Access;
use crate::cli::{ExitStatus, Failure, range};
use crate::commands::Context;
use crate::events::Aggregate;
use crate::ui::{Cell, Report};

/// Show what the events of an aggregate say together
///
/// The state of an aggregate, now or as of one of its revisions or an instant: a customer by the
/// rules of customers, anything else with the data of its events merged (RFC 7396: field by field,
/// null removes). Reads the newest usable snapshot and the events behind it.
#[derive(Debug, clap::Args)]
pub struct StateArgs {
    /// The aggregate, TYPE/ID
    #[arg(value_name = "AGGREGATE")]
    aggregate: Aggregate,
    /// After this revision
    #[arg(long, value_name = "N")]
    at_revision: Option<u64>,
    /// After what was stored up to this instant
    #[arg(long, value_name = "TIME", conflicts_with = "at_revision")]
    at: Option<String>,
    /// Leave out events of a type or version that this program does not know, and count them
    #[arg(long)]
    skip_unknown: bool,
    #[command(flatten)]
    open: OpenOption,
}

impl StateArgs {
    fn as_of(&self, context: &Context) -> Result<AsOf, Failure> {
        if let Some(revision) = self.at_revision {
            return Ok(AsOf::Revision(revision));
        }
        let Some(text) = &self.at else { return Ok(AsOf::Newest) };
        let zone = range::zone(&context.global, context.settings())?;
        Ok(AsOf::Time(range::instant("--at", text, context.now(), &zone)?))
    }
}

/// Runs the command.
///
/// # Errors
/// Exit 1 if there are no events up to then, or one of them was archived, is damaged or unknown.
pub async fn run(args: StateArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let as_of = args.as_of(context)?;
    let model = Model::new(context, args.skip_unknown)?;
    let mut store = open(context, Access::Read).await?;
    let mut found = model.state(&mut store, &args.aggregate, as_of).await?;
    let aggregate = &args.aggregate;
    let title = format!("{aggregate}: {} events in {}", found.events, store.place());
    found.warn(aggregate, context);
    if let (Some(sealing), Some(state)) = (args.open.sealing(context)?, &mut found.state) {
        left_closed(sealing.open(aggregate, &mut state.data)?, &sealing, context);
    }
    let report = report(title, aggregate, found, context)?;
    context.ui.report(&report)?;
    Ok(ExitStatus::Done)
}

/// A failure for an aggregate without events.
#[must_use]
pub fn nothing(aggregate: &Aggregate, events: u64) -> Failure {
    let failure = match events {
        0 => Failure::failed(format!("there are no events of {aggregate}")),
        _ => Failure::failed(format!("there were no events of {aggregate} then")),
    };
    failure.code("missing").hint("See which aggregates there are: bss events list")
}

fn report(
    title: String,
    aggregate: &Aggregate,
    found: Found,
    context: &Context,
) -> Result<Report, Failure> {
    let Some(state) = found.state else { return Err(nothing(aggregate, found.events)) };
    left_out(found.skipped, context);
    let mut report = Report::new(title)
        .meta("events", found.events)
        .meta("eventsRead", found.read)
        .meta("snapshotRevision", found.snapshot)
        .meta("skipped", found.skipped)
        .column("aggregateType", "TYPE")
        .column("aggregateId", "ID")
        .number("revision", "REVISION")
        .column("position", "POSITION")
        .column("lastType", "LAST TYPE")
        .column("eventTime", "EVENT TIME")
        .column("recordedAt", "RECORDED AT")
        .column("state", "STATE");
    report.push(vec![
        aggregate.kind().into(),
        aggregate.id().into(),
        state.revision.into(),
        state.position.to_string().into(),
        state.event_type.into(),
        state.time.into(),
        state.recorded_at.into(),
        Cell::Raw(state.data.to_json()),
    ]);
    Ok(report)
}
