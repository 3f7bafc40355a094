//! `bss events snapshot show`

use super::{judged, none, open};
use crate::backends::redis::events::Access;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::events::loading::Model;
use crate::events::Aggregate;
use crate::events::snapshot::Snapshot;
use crate::ui::{Cell, Report};

/// Show the snapshot of an aggregate
///
/// What is kept, and whether a state would be made of it: why not, if not.
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// The aggregate, TYPE/ID
    #[arg(value_name = "AGGREGATE")]
    aggregate: Aggregate,
}

/// Runs the command.
///
/// # Errors
/// Exit 1 if there is none, or its bytes cannot be read.
pub async fn run(args: ShowArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let aggregate = &args.aggregate;
    let model = Model::new(context, false)?;
    let mut store = open(context, Access::Read).await?;
    let Some(bytes) = store.snapshot(aggregate).await? else { return Err(none(aggregate)) };
    let taken = Snapshot::read(aggregate, &bytes).map_err(|why| {
        Failure::failed(format!("could not read the snapshot of {aggregate}"))
            .because(&why)
            .hint(format!("Take it anew: bss events snapshot take {aggregate}"))
    })?;
    let usable = judged(&model, &mut store, aggregate, &bytes).await?;
    let mut report = Report::new(format!("Snapshot of {aggregate} in {}", store.place()))
        .column("aggregate", "AGGREGATE")
        .number("revision", "REVISION")
        .column("position", "POSITION")
        .column("link", "LINK")
        .number("schema", "SCHEMA")
        .column("lastType", "LAST TYPE")
        .column("eventTime", "EVENT TIME")
        .column("recordedAt", "RECORDED AT")
        .column("condition", "CONDITION")
        .column("detail", "DETAIL")
        .column("state", "STATE");
    let (condition, detail) = match usable {
        Ok(_) => ("current", Cell::Null),
        Err(why) => (why.word(), why.to_string().into()),
    };
    let state = taken.state;
    report.push(vec![
        aggregate.as_str().into(),
        state.revision.into(),
        state.position.to_string().into(),
        state.link.as_str().into(),
        u64::from(taken.schema).into(),
        state.event_type.into(),
        state.time.into(),
        state.recorded_at.into(),
        condition.into(),
        detail,
        Cell::Raw(state.data.to_json()),
    ]);
    context.ui.report(&report)?;
    Ok(ExitStatus::Done)
}
