//! `bss setup kafka`

use crate::backends::kafka::admin::{Admin, Inventory};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::streams::topologies;
use crate::config::{Backend, Settings};
use crate::streams::topology::SinkKind;
use crate::topics::plan::{self, Declared, Own, Step};
use crate::topics::trust::{self, Client, Finding};
use crate::ui::{Cell, Report};

/// Plan, create or check topics
///
/// Creates the topics of the system with their partitions, replication factor, cleanup policy,
/// retention and min.insync.replicas, and sets back what was altered. A partition count is never
/// changed. Prints the plan and asks first; without a terminal it needs --yes.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct KafkaArgs {
    /// Print the plan and change nothing
    #[arg(long, conflicts_with = "check")]
    pub plan: bool,
    /// Change nothing; exit 6 if topics differ, or settings that exactly-once stands on: replication
    /// and in-sync copies of the transaction log, offsets retention, transaction timeout, timestamp
    /// limits, unclean election. Each line names what mends it
    #[arg(long)]
    pub check: bool,
}

/// Runs the command.
///
/// # Errors
/// Kafka unreachable: exit 4; a partition count that differs: exit 5.
pub async fn run(args: KafkaArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let declared = declared(context.settings())?;
    let inventory = inventory(context.settings(), &declared).await?;
    let admin = Admin::new(&context.settings().kafka)?;
    let steps = plan::plan(&declared, &inventory.topics);
    let findings = if args.check { judge(context.settings(), &inventory) } else { Vec::new() };
    context.ui.report(&report(context, &steps, &inventory, args.check.then_some(&findings)))?;
    let refused = steps.iter().filter(|s| !s.applies()).count();
    if args.check {
        let clean = steps.is_empty() && findings.is_empty();
        return Ok(if clean { ExitStatus::Done } else { ExitStatus::Found });
    }
    if args.plan {
        return Ok(ExitStatus::Done);
    }
    let todo: Vec<&Step> = steps.iter().filter(|s| s.applies()).collect();
    if !todo.is_empty() {
        let what = format!(
            "create or set {} topics at {}",
            todo.len(),
            context.settings().kafka.bootstrap
        );
        context.confirm(&[Backend::Kafka], &what, "nothing is deleted").await?;
        for step in &todo {
            admin.apply(step).await?;
        }
        let created: Vec<&str> = todo
            .iter()
            .filter_map(|step| match step {
                Step::Create(declared) => Some(declared.name.as_str()),
                _ => None,
            })
            .collect();
        admin.ready(&created).await?;
        context.ui.status(format!("Kafka: {} of {} steps done.", todo.len(), steps.len()));
    } else if refused == 0 {
        context.ui.status(format!("Kafka: {} topics are as declared.", declared.len()));
    }
    if refused > 0 {
        return Err(Failure::new(
            ExitStatus::Conflict,
            format!("{refused} differences are never changed by set-up; they are marked with ! above"),
        )
        .hint("Set kafka.partitions and kafka.replication_factor to what is there, or make the topics anew."));
    }
    Ok(ExitStatus::Done)
}

/// The topics that the settings ask for.
///
/// # Errors
/// Settings of a topology that make no sense: exit 3.
pub fn declared(settings: &Settings) -> Result<Vec<Declared>, Failure> {
    let mut own = Own { aggregates: settings.events.types.clone(), ..Own::default() };
    for topology in topologies::chosen(&[], settings)? {
        let description = topology.describe();
        let of = |kind| {
            let sinks = description.sinks.iter().filter(move |s| s.kind == kind);
            sinks.map(|s| s.topic.clone())
        };
        own.compacted.extend(description.stores.iter().map(|s| s.changelog.clone()));
        own.compacted.extend(of(SinkKind::Table));
        own.repartition.extend(of(SinkKind::Repartition));
    }
    Ok(plan::declared(
        &settings.general.application,
        &settings.kafka.topic_prefix,
        &own,
        settings.kafka.partitions,
        settings.kafka.replication_factor,
        settings.kafka.min_insync_replicas,
    ))
}

/// What is there of the declared topics and of the brokers' own, with the brokers' settings.
///
/// # Errors
/// Kafka unreachable: exit 4.
pub async fn inventory(settings: &Settings, declared: &[Declared]) -> Result<Inventory, Failure> {
    let internal = [trust::TRANSACTIONS, trust::OFFSETS].map(str::to_owned);
    let names: Vec<String> = declared.iter().map(|d| d.name.clone()).chain(internal).collect();
    Ok(Admin::new(&settings.kafka)?.inventory(&names).await?)
}

/// What exactly-once stands on and does not carry it.
#[must_use]
pub fn judge(settings: &Settings, inventory: &Inventory) -> Vec<Finding> {
    let millis = |span: std::time::Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX);
    let client = Client {
        bootstrap: settings.kafka.bootstrap.clone(),
        transaction_ms: millis(settings.streams.transaction_timeout),
        max_skew_ms: millis(settings.general.max_skew),
    };
    trust::judge(inventory.brokers, &inventory.broker_settings, &inventory.topics, &client)
}

fn report(
    context: &Context,
    steps: &[Step],
    inventory: &Inventory,
    findings: Option<&Vec<Finding>>,
) -> Report {
    let place = &context.settings().kafka.bootstrap;
    let title = format!("Kafka at {place}, {} brokers", inventory.brokers);
    let mut report = Report::new(title)
        .meta("bootstrap", place.as_str())
        .meta("brokers", inventory.brokers as u64)
        .column("object", "OBJECT")
        .column("action", "ACTION")
        .column("found", "FOUND")
        .column("declared", "DECLARED")
        .column("reason", "REASON");
    if findings.is_some() {
        report = report.column("mend", "MEND WITH");
    }
    for step in steps {
        let mut cells: Vec<Cell> = step.line().map(Cell::from).into();
        cells.extend(findings.map(|_| step.mend().into()));
        report.push(cells);
    }
    for finding in findings.into_iter().flatten() {
        report.push(vec![
            finding.object.clone().into(),
            format!("! {}", finding.key).into(),
            finding.found.clone().into(),
            finding.wanted.clone().into(),
            finding.reason.into(),
            finding.mend.clone().into(),
        ]);
    }
    report
}
