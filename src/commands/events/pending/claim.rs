//! `bss events pending claim`

use std::time::Duration;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::events::groups::{open_for, this_consumer};
use crate::config::settings::parse_span;
use crate::events::group;
use crate::ui::Report;

/// Give pending events that nobody works on to another consumer
///
/// Takes what was given to any consumer at least --idle ago and gives it to this machine's consumer or
/// that of --to, whose run does it next. Pending events that were trimmed are told and taken off the list:
/// exit 7.
#[derive(Debug, clap::Args)]
pub struct ClaimArgs {
    /// The group
    #[arg(value_name = "GROUP", value_parser = group::name)]
    group: String,
    /// Only events that were given at least so long ago
    #[arg(long, value_name = "SPAN", value_parser = parse_span)]
    idle: Duration,
    /// Only those of this consumer
    #[arg(long, value_name = "CONSUMER")]
    of: Option<String>,
    /// Who shall have them; the consumer of this machine if not given
    #[arg(long, value_name = "CONSUMER", value_parser = group::name)]
    to: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// Exit 1 if there is no such group.
pub async fn run(args: ClaimArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let mut store = open_for(context, &args.group).await?;
    let to = args.to.clone().unwrap_or_else(this_consumer);
    let idle = u64::try_from(args.idle.as_millis()).unwrap_or(u64::MAX);
    let (mut given, mut lost) = (Vec::new(), Vec::new());
    for shard in 0..store.shards() {
        if !store.known_groups(shard).await?.contains_key(&args.group) {
            continue;
        }
        let claimed = store.claim(shard, &args.group, (args.of.as_deref(), &to), idle).await?;
        given.extend(claimed.given);
        lost.extend(claimed.trimmed);
    }
    let mut report = Report::new(format!(
        "The group {}: {} events given to {to}, {} lost",
        args.group,
        given.len(),
        lost.len()
    ))
    .meta("group", args.group.as_str())
    .meta("claimed", given.len() as u64)
    .meta("lost", lost.len() as u64)
    .column("position", "POSITION")
    .column("consumer", "CONSUMER")
    .column("state", "STATE");
    for position in &given {
        report.push(vec![position.to_string().into(), to.as_str().into(), "claimed".into()]);
    }
    for position in &lost {
        report.push(vec![position.to_string().into(), crate::ui::Cell::Null, "lost".into()]);
    }
    context.ui.report(&report)?;
    if lost.is_empty() {
        return Ok(ExitStatus::Done);
    }
    let ids: Vec<String> = lost.iter().map(ToString::to_string).collect();
    context.ui.warning(format!(
        "{} pending events had been trimmed and were not done: {}",
        lost.len(),
        ids.join(", ")
    ));
    context
        .ui
        .hint("If they are archived: bss events replay --archive DIR --from POSITION --limit 1");
    Ok(ExitStatus::Partly)
}
