//! `bss streams describe`

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::streams::topologies;
use crate::streams::topology::Description;
use crate::ui::{Cell, Report};

/// Show what a topology reads, keeps and writes, and by which numbers it works
#[derive(Debug, clap::Args)]
pub struct DescribeArgs {
    /// The topology
    #[arg(value_name = "TOPOLOGY")]
    topology: String,
}

/// Runs the command.
///
/// # Errors
/// An unknown topology: exit 2.
#[expect(clippy::unused_async, reason = "every leaf has the same form")]
pub async fn run(args: DescribeArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let topology = topologies::build(&args.topology, context.settings())?;
    let d = topology.describe();
    let instance = topologies::instance(context.settings());
    let late = d.stages[0].lateness_limit.map_or_else(
        || "a record is late once all its windows are closed".to_owned(),
        |limit| format!("a record more than {} s behind stream time is late", limit / 1_000_000),
    );
    let title = format!(
        "{} version {}: {}\nconsumer group {}, transactional ids {}-{instance}-N, guarantee {}\n\
         {late}\n",
        d.name,
        d.version,
        d.summary,
        d.group,
        d.group,
        context.settings().streams.guarantee,
    );
    let mut report = Report::new(title)
        .meta("topology", d.name)
        .meta("version", d.version)
        .meta("group", d.group.as_str())
        .meta("configuration", topology.configuration())
        .column("role", "ROLE")
        .column("name", "NAME")
        .column("keyedBy", "KEYED BY")
        .column("detail", "DETAIL");
    rows(d, &mut report);
    context.ui.report(&report)?;
    Ok(ExitStatus::Done)
}

fn rows(d: &Description, report: &mut Report) {
    let key = |key: &str| if key.is_empty() { Cell::Null } else { key.into() };
    for source in &d.sources {
        let detail = "plain JSON or CloudEvents".into();
        report.push(vec![
            "reads".into(),
            source.topic.clone().into(),
            key(source.keyed_by),
            detail,
        ]);
    }
    for store in &d.stores {
        let keyed = d.sources.first().map_or(Cell::Null, |s| key(s.keyed_by));
        let name = store.name.into();
        report.push(vec!["keeps".into(), name, keyed.clone(), store.bounded_by.into()]);
        let detail = "compacted; the store's latest values".into();
        report.push(vec!["changelog".into(), store.changelog.clone().into(), keyed, detail]);
    }
    for sink in &d.sinks {
        let detail = if sink.event_type.is_empty() {
            sink.what.to_owned()
        } else {
            format!("{} ({})", sink.what, sink.event_type)
        };
        let name = sink.topic.clone().into();
        report.push(vec!["writes".into(), name, key(sink.keyed_by), detail.into()]);
    }
}
