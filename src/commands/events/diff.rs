//! `bss events diff`

use super::form::left_out;
use super::loading::{AsOf, Found, Model};
use super::{open, state};
use crate::backends::redis::events::Access;
use crate::cli::{ExitStatus, Failure, range};
use crate::commands::Context;
use crate::events::Aggregate;
use crate::events::tree::{Change, Tree};
use crate::ui::{Cell, Report};

/// Show which fields of an aggregate changed
///
/// Compares the states of an aggregate after two of its revisions, or at two instants: each field
/// that differs, as a JSON pointer, with its value before and after.
#[derive(Debug, clap::Args)]
pub struct DiffArgs {
    /// The aggregate, TYPE/ID
    #[arg(value_name = "AGGREGATE")]
    aggregate: Aggregate,
    /// Before: a revision, or a time
    #[arg(long, value_name = "REV|TIME")]
    from: String,
    /// After: a revision, or a time; the newest event if not given
    #[arg(long, value_name = "REV|TIME")]
    to: Option<String>,
    /// Leave out events of a type or version that this program does not know, and count them
    #[arg(long)]
    skip_unknown: bool,
}

fn as_of(option: &str, text: &str, context: &Context) -> Result<AsOf, Failure> {
    if let Ok(revision) = text.parse() {
        return Ok(AsOf::Revision(revision));
    }
    let zone = range::zone(&context.global, context.settings())?;
    Ok(AsOf::Time(range::instant(option, text, context.now(), &zone)?))
}

/// Runs the command.
///
/// # Errors
/// As [`state::run`].
pub async fn run(args: DiffArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let from = as_of("--from", &args.from, context)?;
    let to = args.to.as_deref().map_or(Ok(AsOf::Newest), |to| as_of("--to", to, context))?;
    let model = Model::new(context, args.skip_unknown)?;
    let mut store = open(context, Access::Read).await?;
    let aggregate = &args.aggregate;
    let before = model.state(&mut store, aggregate, from).await?;
    if before.events == 0 {
        return Err(state::nothing(aggregate, 0));
    }
    let after = model.state(&mut store, aggregate, to).await?;
    after.warn(aggregate, context);
    left_out(after.skipped.max(before.skipped), context);
    let revision = |found: &Found| found.state.as_ref().map(|state| state.revision);
    let named = |found: &Found| match revision(found) {
        Some(revision) => format!("revision {revision}"),
        None => "before its first event".to_owned(),
    };
    let mut report =
        Report::new(format!("{aggregate} from {} to {}", named(&before), named(&after)))
            .meta("aggregate", aggregate.as_str())
            .meta("fromRevision", revision(&before))
            .meta("toRevision", revision(&after))
            .column("field", "FIELD")
            .column("change", "CHANGE")
            .column("before", "BEFORE")
            .column("after", "AFTER");
    let data = |found: Found| found.state.map(|state| state.data).unwrap_or_default();
    for change in Tree::changes(&data(before), &data(after)) {
        report.push(row(change));
    }
    context.ui.report(&report)?;
    Ok(ExitStatus::Done)
}

fn row(change: Change) -> Vec<Cell> {
    let kind = match (&change.before, &change.after) {
        (None, _) => "added",
        (_, None) => "removed",
        _ => "changed",
    };
    let cell = |json: Option<String>| json.map_or(Cell::Null, Cell::Raw);
    vec![change.field.into(), kind.into(), cell(change.before), cell(change.after)]
}
