//! `bss streams list`

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::streams::topologies;
use crate::ui::{Cell, Report};

/// List the topologies
#[derive(Debug, clap::Args)]
pub struct ListArgs {}

/// Runs the command.
///
/// # Errors
/// Settings that make no sense.
#[expect(clippy::unused_async, reason = "every leaf has the same form")]
pub async fn run(_args: ListArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let mut report = Report::new("")
        .column("topology", "TOPOLOGY")
        .number("version", "VERSION")
        .column("group", "GROUP")
        .column("reads", "READS")
        .column("summary", "WHAT IT DOES");
    for topology in topologies::chosen(&[], context.settings())? {
        let d = topology.describe();
        report.push(vec![
            d.name.into(),
            Cell::Integer(d.version.into()),
            d.group.clone().into(),
            Cell::List(d.sources.iter().map(|s| s.topic.clone()).collect()),
            d.summary.into(),
        ]);
    }
    context.ui.report(&report)?;
    Ok(ExitStatus::Done)
}
