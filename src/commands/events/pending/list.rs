//! `bss events pending list`

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::events::groups::{open_for, seconds};
use crate::events::group;
use crate::ui::Report;

/// List the events that consumers of a group have and have not done
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// The group
    #[arg(value_name = "GROUP", value_parser = group::name)]
    group: String,
    /// Only those of this consumer
    #[arg(long, value_name = "NAME")]
    consumer: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 100,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
}

/// Runs the command.
///
/// # Errors
/// Exit 1 if there is no such group.
pub async fn run(args: ListArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let mut store = open_for(context, &args.group).await?;
    let mut all = Vec::new();
    for shard in 0..store.shards() {
        all.extend(store.pending(shard, &args.group).await?);
    }
    all.retain(|pending| args.consumer.as_ref().is_none_or(|c| *c == pending.consumer));
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let mut report = Report::new(format!("Pending in the group {}: {}", args.group, all.len()))
        .meta("group", args.group.as_str())
        .meta("pending", all.len() as u64)
        .meta("cut", all.len() > limit)
        .column("position", "POSITION")
        .column("consumer", "CONSUMER")
        .number("idleSeconds", "IDLE SECONDS")
        .number("deliveries", "DELIVERIES")
        .column("state", "STATE");
    for pending in all.iter().take(limit) {
        report.push(vec![
            pending.position.to_string().into(),
            pending.consumer.as_str().into(),
            seconds(pending.idle_ms),
            pending.deliveries.into(),
            if pending.there { "there" } else { "trimmed" }.into(),
        ]);
    }
    context.ui.report(&report)?;
    if all.len() > limit {
        context.ui.cut(limit, "--limit");
    }
    Ok(ExitStatus::Done)
}
