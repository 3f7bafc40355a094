//! `bss metrics policies run`

use std::time::Instant;

use super::{Looked, look};
use crate::backends::postgres::apply;
use crate::backends::postgres::policies::{self, Ended};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::runtime::fault::Fault;
use crate::timescale::policies::{Policy, PolicyKind, declared, is_due};
use crate::timescale::server::Edition;
use crate::ui::{Cell, Progress, Report};

/// Run the policies that are due, where no scheduler does
///
/// Refreshes aggregates, compresses old chunks where the edition can, and lets rows expire, each as
/// often as it is declared. For cron: two at the same time do no harm, and one that was stopped or
/// killed goes on where it was. On a server whose own scheduler works it does nothing unless --all is
/// given. Exit code 7 if a policy failed; the others are run. Exit code 5 if none failed, but another
/// run, or somebody else, held for more than 5 s what one needs: it counts as not begun.
#[derive(Debug, clap::Args)]
pub struct RunArgs {
    /// Only the policies on these aggregates and hypertables
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// Also those that are not due
    #[arg(long)]
    all: bool,
}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(args: RunArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let settings = &context.settings().timescale;
    let Looked { mut connection, server, edition, spec, inventory } = look(settings).await?;
    let mut wanted = declared(&spec, edition);
    choose(&mut wanted, &args.names)?;
    // The Apache edition has a scheduler too, but no policies for it.
    let by_itself =
        edition == Edition::Community && policies::scheduler(&mut connection).await? == Some(true);
    if by_itself && !args.all {
        context.ui.status("The server's own scheduler runs the policies; --all runs them now.");
        return Ok(ExitStatus::Done);
    }
    apply::prepare(&mut connection, &server).await?;
    let mut report = Report::new("")
        .column("policy", "POLICY")
        .column("object", "ON")
        .column("outcome", "OUTCOME")
        .number("seconds", "SECONDS")
        .column("failure", "FAILURE");
    let fault = Fault::parse(context.environment.fault.as_deref());
    let (mut failed, mut busy) = (0, 0);
    for policy in wanted {
        if context.shutdown.asked() {
            break;
        }
        let known = policies::known(&mut connection, &inventory, edition).await?;
        let runs = known.get(&(policy.kind, policy.inner.clone()));
        let name = format!("{} of {}", policy.kind.word(), policy.object);
        if !args.all && !is_due(&policy, runs, context.now()) {
            let row = [policy.kind.word(), &policy.object, "not due"].map(Cell::from);
            report.push(row.into_iter().chain([Cell::Null, Cell::Null]).collect());
            continue;
        }
        let started = Instant::now();
        let mut progress = (policy.kind == PolicyKind::Refresh)
            .then(|| Progress::start(&context.ui, name.clone(), None));
        let mut step = |done| {
            fault.hit("policies-after-step");
            if let Some(progress) = &mut progress {
                progress.set(done);
            }
            !context.shutdown.asked()
        };
        let server = (&inventory, edition);
        let outcome = policies::run(&mut connection, server, &policy, &fault, &mut step).await?;
        if let Some(progress) = progress {
            progress.finish();
        }
        failed += u32::from(matches!(outcome, Ended::Failed(_)));
        busy += u32::from(outcome == Ended::Busy);
        let (word, failure) = words(outcome, context.shutdown.asked());
        report.push(vec![
            policy.kind.word().into(),
            policy.object.as_str().into(),
            word.into(),
            Cell::Number(format!("{:.1}", started.elapsed().as_secs_f64())),
            Cell::text_or_null(failure),
        ]);
    }
    context.ui.report(&report)?;
    if context.shutdown.asked() {
        return Ok(context.shutdown.status());
    }
    Ok(match (failed, busy) {
        (0, 0) => ExitStatus::Done,
        (0, _) => ExitStatus::Conflict,
        _ => ExitStatus::Partly,
    })
}

/// How a run ended, for people, and why it did not end well.
fn words(outcome: Ended, asked_to_stop: bool) -> (&'static str, Option<String>) {
    match outcome {
        Ended::Failed(cause) => ("failed", Some(cause)),
        Ended::Busy => ("busy", Some("others hold it; another run may be at work".to_owned())),
        Ended::Well if asked_to_stop => ("stopped", None),
        Ended::Well => ("done", None),
    }
}

/// Keeps the policies on what is named.
fn choose(wanted: &mut Vec<Policy>, names: &[String]) -> Result<(), Failure> {
    for name in names {
        if !wanted.iter().any(|p| p.object == *name) {
            let mut known: Vec<&str> = wanted.iter().map(|p| p.object.as_str()).collect();
            known.sort_unstable();
            known.dedup();
            return Err(Failure::usage(format!("no policy is declared on `{name}`"))
                .hint(format!("There are policies on {}.", known.join(", "))));
        }
    }
    wanted.retain(|p| names.is_empty() || names.contains(&p.object));
    Ok(())
}
