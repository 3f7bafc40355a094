//! `bss events snapshot take`

use super::open;
use crate::backends::redis::events::Access;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::events::loading::{AsOf, Model};
use crate::commands::events::state;
use crate::events::Aggregate;
use crate::ui::Report;

/// Take a snapshot of an aggregate
///
/// Keeps the aggregate's state of now beside its events, so that a later state costs the events
/// behind it only. Takes the place of the snapshot that is there, and of one that cannot be used.
/// Commands that write do this by themselves every events.snapshot_every events.
#[derive(Debug, clap::Args)]
pub struct TakeArgs {
    /// The aggregate, TYPE/ID
    #[arg(value_name = "AGGREGATE")]
    aggregate: Aggregate,
}

/// Runs the command.
///
/// # Errors
/// Exit 1 if the aggregate has no events, or one of them was archived, is damaged or unknown.
pub async fn run(args: TakeArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let aggregate = &args.aggregate;
    let model = Model::new(context, false)?;
    let mut store = open(context, Access::Write).await?;
    let found = model.state(&mut store, aggregate, AsOf::Newest).await?;
    found.warn(aggregate, context);
    let Some(state) = found.state else { return Err(state::nothing(aggregate, 0)) };
    let (revision, there) = (state.revision, found.snapshot == Some(state.revision));
    if !there {
        model.keep(&mut store, aggregate, state).await?;
    }
    let mut report = Report::new(format!("Snapshot of {aggregate} in {}", store.place()))
        .column("aggregate", "AGGREGATE")
        .number("revision", "REVISION")
        .column("state", "STATE");
    let told = if there { "known" } else { "stored" };
    report.push(vec![aggregate.as_str().into(), revision.into(), told.into()]);
    context.ui.report(&report)?;
    Ok(ExitStatus::Done)
}
