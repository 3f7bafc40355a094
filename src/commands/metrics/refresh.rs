//! `bss metrics refresh`

use super::policies::{Looked, look};
use crate::backends::postgres::policies::{self, Span};
use crate::backends::postgres::{apply, fault};
use crate::cli::{ExitStatus, Failure, range};
use crate::commands::Context;
use crate::timescale::spec::ContinuousAggregate;
use crate::ui::{Cell, Progress, Report};

/// Bring aggregates up to date with their rows
///
/// A policy refreshes only the last days; rows that came later for older days are not in an
/// aggregate until this command takes them in. With --stale it looks back to the retention floor,
/// and makes exactly the buckets that have changed; a second run finds nothing to do. Without, it
/// needs --since, and --until if not up to where the policy goes. A range that reaches below the
/// floor is refused: what the dropped rows added up to would be lost. Works in steps with progress;
/// one that was stopped goes on where it was.
#[derive(Debug, clap::Args)]
pub struct RefreshArgs {
    /// Only these aggregates
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Everything that has changed, however old
    #[arg(long)]
    stale: bool,
}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(args: RefreshArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let settings = context.settings();
    let asked = range::given(&context.global, settings, context.now())?;
    if args.stale == asked.0.is_some() {
        return Err(Failure::usage("give either --stale or --since")
            .hint("`bss metrics refresh --stale` makes every bucket that has changed."));
    }
    let Looked { mut connection, server, edition, spec, .. } = look(&settings.timescale).await?;
    let all = || spec.aggregates.iter().map(|a| a.name.as_str()).collect::<Vec<_>>().join(", ");
    for name in &args.names {
        if !spec.aggregates.iter().any(|a| a.name == *name) {
            return Err(Failure::usage(format!("no aggregate `{name}` is declared"))
                .hint(format!("Declared are {}.", all())));
        }
    }
    let wanted = |a: &&ContinuousAggregate| args.names.is_empty() || args.names.contains(&a.name);
    apply::prepare(&mut connection, &server).await?;
    let mut report = Report::new("")
        .column("aggregate", "AGGREGATE")
        .column("since", "SINCE")
        .column("until", "UNTIL")
        .number("buckets", "BUCKETS");
    for aggregate in spec.aggregates.iter().filter(wanted) {
        let what = || format!("could not refresh {}", aggregate.name);
        let span = policies::span(&mut connection, &spec, aggregate, edition, asked).await?;
        if let (Some(since), Some(floor)) = (asked.0, span.floor)
            && since < floor
        {
            return Err(Failure::failed(format!(
                "{} from {since}: rows before {floor} are gone",
                what()
            ))
            .code("below-floor")
            .hint(format!("Begin at or after {floor}, the first bucket that is whole.")));
        }
        let Span { since, until, .. } = span;
        let title = format!("Refreshing {}", aggregate.name);
        let mut progress = Progress::start(&context.ui, title, span.total());
        let mut last = 0;
        policies::refresh(&mut connection, aggregate, edition, &span, &mut |done| {
            progress.set(done);
            last = done;
            !context.shutdown.asked()
        })
        .await
        .map_err(|e| fault(e, what()))?;
        progress.finish();
        report.push(vec![
            aggregate.name.as_str().into(),
            since.map_or(Cell::Null, Cell::from),
            until.into(),
            Cell::from(last),
        ]);
        if context.shutdown.asked() {
            break;
        }
    }
    context.ui.report(&report)?;
    if context.shutdown.asked() {
        context.ui.hint("Stopped after a whole step. Give the same command again to go on.");
        return Ok(context.shutdown.status());
    }
    Ok(ExitStatus::Done)
}
