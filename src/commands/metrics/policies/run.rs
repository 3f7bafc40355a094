//! `bss metrics policies run`

use std::time::Instant;

use super::{Looked, look};
use crate::backends::postgres::{apply, policies};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::timescale::policies::{Policy, PolicyKind, declared, is_due};
use crate::timescale::server::Edition;
use crate::ui::{Cell, Progress, Report};

/// Run the policies that are due, where no scheduler does
///
/// Refreshes aggregates, compresses old chunks where the edition can, and lets rows expire, each as
/// often as it is declared. For cron: two at the same time do no harm (one that waits for the other for
/// more than 5 s fails), and one
/// that was stopped or killed goes on where it was. On a server whose own scheduler works it does
/// nothing unless --all is given. Exit code 7 if a policy failed; the others are run.
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
    let mut failed = 0;
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
        let outcome = policies::run(&mut connection, &inventory, edition, &policy, &mut |done| {
            if let Some(progress) = &mut progress {
                progress.set(done);
            }
            !context.shutdown.asked()
        })
        .await?;
        if let Some(progress) = progress {
            progress.finish();
        }
        let word = match (&outcome, context.shutdown.asked()) {
            (Err(_), _) => "failed",
            (Ok(()), true) => "stopped",
            (Ok(()), false) => "done",
        };
        failed += u32::from(outcome.is_err());
        report.push(vec![
            policy.kind.word().into(),
            policy.object.as_str().into(),
            word.into(),
            Cell::Number(format!("{:.1}", started.elapsed().as_secs_f64())),
            Cell::text_or_null(outcome.err()),
        ]);
    }
    context.ui.report(&report)?;
    if context.shutdown.asked() {
        return Ok(context.shutdown.status());
    }
    Ok(if failed > 0 { ExitStatus::Partly } else { ExitStatus::Done })
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
