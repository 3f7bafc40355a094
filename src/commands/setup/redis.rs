//! `bss setup redis`

use crate::backends::redis::safety::{durability, judge};
use crate::backends::redis::{facts, place};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::ui::{Cell, Report};

/// Check persistence and eviction settings
///
/// Nothing is changed: an event store must neither evict nor forget, and whether it may is the
/// server's operator's decision. Findings come with the command that mends them; exit 6 if there
/// is any.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct RedisArgs {
    /// The same: this command only ever checks
    #[arg(long, hide = true)]
    pub check: bool,
}

/// Runs the command.
///
/// # Errors
/// Redis unreachable or refusing: exit 4.
pub async fn run(_args: RedisArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let settings = &context.settings().redis;
    let facts = facts(settings).await?;
    let mut lines = judge(&facts);
    lines.extend(durability(&facts));
    let info = |key: &str| facts.info.get(key).map_or("unknown", String::as_str);
    let place = place(settings);
    let version = info("redis_version");
    let mut report = Report::new(format!("Redis {version} at {place}, {}", info("role")))
        .meta("server", place.as_str())
        .meta("version", version)
        .column("setting", "SETTING")
        .column("found", "FOUND")
        .column("wanted", "WANTED")
        .column("result", "RESULT")
        .column("fix", "FIX");
    for line in &lines {
        let result = if line.fix.is_some() { "finding" } else { "ok" };
        report.push(vec![
            line.setting.into(),
            line.found.clone().into(),
            line.wanted.into(),
            result.into(),
            Cell::text_or_null(line.fix),
        ]);
    }
    context.ui.report(&report)?;
    let found = lines.iter().any(|l| l.fix.is_some());
    Ok(if found { ExitStatus::Found } else { ExitStatus::Done })
}
