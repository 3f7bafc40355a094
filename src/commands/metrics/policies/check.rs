//! `bss metrics policies check`

use super::{Looked, look};
use crate::backends::postgres::policies;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::timescale::policies::{declared, judge};
use crate::timescale::server::Edition;
use crate::ui::{Cell, Report};

/// Check that every declared policy runs
///
/// Lists each policy with its last run and exits with code 6 if one failed, never ran (for two
/// intervals since it was made), has not ended well for three intervals, will never be started or is
/// missing on the server. One that runs now is never called stuck.
#[derive(Debug, clap::Args)]
pub struct CheckArgs {
    /// Only those with a finding
    #[arg(long)]
    findings: bool,
}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(args: CheckArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let settings = &context.settings().timescale;
    let Looked { mut connection, edition, spec, inventory, .. } = look(settings).await?;
    let known = policies::known(&mut connection, &inventory, edition).await?;
    let now = context.now();
    let mut report = Report::new(format!("Policies on the {edition} edition"))
        .meta("edition", edition.to_string().to_lowercase())
        .column("policy", "POLICY")
        .column("object", "ON")
        .column("every", "EVERY")
        .column("lastStarted", "LAST STARTED")
        .column("lastSuccess", "LAST SUCCESS")
        .column("health", "HEALTH")
        .column("detail", "DETAIL");
    let mut found = 0;
    for policy in declared(&spec, edition) {
        let runs = known.get(&(policy.kind, policy.inner.clone()));
        let health = judge(&policy, runs, now);
        found += usize::from(health.is_finding());
        if args.findings && !health.is_finding() {
            continue;
        }
        let time = |time: Option<crate::domain::EventTime>| time.map_or(Cell::Null, Cell::from);
        let detail = health.is_finding().then(|| health.to_string());
        report.push(vec![
            policy.kind.word().into(),
            policy.object.as_str().into(),
            policy.every.to_string().into(),
            time(runs.and_then(|r| r.started)),
            time(runs.and_then(|r| r.succeeded)),
            health.word().into(),
            Cell::text_or_null(detail),
        ]);
    }
    context.ui.report(&report)?;
    if found == 0 {
        return Ok(ExitStatus::Done);
    }
    let by_itself =
        edition == Edition::Community && policies::scheduler(&mut connection).await? == Some(true);
    if !by_itself {
        context.ui.hint(
            "No scheduler runs them here: call `bss metrics policies run` from cron, every 15 \
             minutes or so.",
        );
    }
    Ok(ExitStatus::Found)
}
