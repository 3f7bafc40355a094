//! `bss events snapshot verify`

use super::{judged, none, open};
use crate::backends::redis::events::{Access, Store};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::events::loading::Model;
use crate::events::tree::Tree;
use crate::events::{Aggregate, State};
use crate::ui::{Cell, Report};

/// Compare snapshots with the events
///
/// Makes the state of each snapshot anew by all its events and compares. Lists those that differ, are
/// damaged, of another program, or of another history than the store's, and exits 6 if there are
/// any. None of these is ever used: a state is then made of the events alone. A snapshot whose events
/// were archived cannot be compared; these are counted.
#[derive(Debug, clap::Args)]
pub struct VerifyArgs {
    /// Only of this aggregate, TYPE/ID, or of aggregates of this type
    #[arg(value_name = "AGGREGATE|TYPE")]
    which: Option<String>,
}

/// What a comparison came to.
enum Verdict {
    Same,
    Archived,
    Wrong(Option<u64>, &'static str, String),
}

/// Runs the command.
///
/// # Errors
/// Exit 1 if the aggregate has no snapshot, or an event is unknown.
pub async fn run(args: VerifyArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let model = Model::new(context, false)?;
    let mut store = open(context, Access::Read).await?;
    let mut report = Report::new(format!("Snapshots with findings in {}", store.place()))
        .column("aggregate", "AGGREGATE")
        .number("revision", "REVISION")
        .column("finding", "FINDING")
        .column("detail", "DETAIL");
    let (mut same, mut archived) = (0_u64, 0_u64);
    let mut take = |aggregate: &Aggregate, verdict: Verdict| match verdict {
        Verdict::Same => same += 1,
        Verdict::Archived => archived += 1,
        Verdict::Wrong(revision, finding, detail) => report.push(vec![
            aggregate.as_str().into(),
            revision.map_or(Cell::Null, Into::into),
            finding.into(),
            detail.into(),
        ]),
    };
    match args.which.as_deref().map(|which| (which, which.parse::<Aggregate>())) {
        Some((which, Ok(aggregate))) if which.contains('/') => {
            let Some(bytes) = store.snapshot(&aggregate).await? else {
                return Err(none(&aggregate));
            };
            take(&aggregate, verdict(&model, &mut store, &aggregate, &bytes).await?);
        }
        which => {
            let kind = which.map(|(which, _)| which);
            for shard in 0..store.shards() {
                let mut cursor = 0;
                loop {
                    let (next, found) = store.snapshots(shard, cursor, kind).await?;
                    for (aggregate, bytes) in found {
                        take(&aggregate, verdict(&model, &mut store, &aggregate, &bytes).await?);
                    }
                    cursor = next;
                    if cursor == 0 {
                        break;
                    }
                }
            }
        }
    }
    let found = !report.rows.is_empty();
    let report = report.meta("same", same).meta("archived", archived);
    context.ui.report(&report)?;
    if archived > 0 {
        context
            .ui
            .warning(format!("the events of {archived} snapshots were archived: not compared"));
    }
    if found {
        context.ui.hint("Take one anew: bss events snapshot take AGGREGATE");
        return Ok(ExitStatus::Found);
    }
    context.ui.status(format!("{same} snapshots: the same as their events."));
    Ok(ExitStatus::Done)
}

async fn verdict(
    model: &Model,
    store: &mut Store,
    aggregate: &Aggregate,
    bytes: &[u8],
) -> Result<Verdict, Failure> {
    let state: State = match judged(model, store, aggregate, bytes).await? {
        Ok(state) => state,
        Err(why) => return Ok(Verdict::Wrong(None, why.word(), why.to_string())),
    };
    let full = match model.full(store, aggregate, state.revision).await {
        Err(failure) if failure.code == "archived" => return Ok(Verdict::Archived),
        full => full?,
    };
    if full.as_ref() == Some(&state) {
        return Ok(Verdict::Same);
    }
    let data = full.map(|full| full.data).unwrap_or_default();
    let fields: Vec<String> =
        Tree::changes(&state.data, &data).into_iter().map(|change| change.field).collect();
    let detail = if fields.is_empty() {
        "what it says of its event is not so".to_owned()
    } else {
        format!("the events say otherwise of {}", fields.join(", "))
    };
    Ok(Verdict::Wrong(Some(state.revision), "differs", detail))
}
