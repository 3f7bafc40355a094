//! `bss setup kafka`

use crate::backends::kafka::admin::{Admin, Inventory};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::streams::topologies;
use crate::config::{Backend, Settings};
use crate::streams::topology::SinkKind;
use crate::topics::plan::{self, Declared, Own, Step};
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
    /// Change nothing; exit 6 if topics or broker settings differ
    #[arg(long)]
    pub check: bool,
}

/// Runs the command.
///
/// # Errors
/// Kafka unreachable: exit 4; a partition count that differs: exit 5.
pub async fn run(args: KafkaArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let declared = declared(context.settings())?;
    let names: Vec<String> = declared.iter().map(|d| d.name.clone()).collect();
    let admin = Admin::new(&context.settings().kafka)?;
    let inventory = admin.inventory(&names).await?;
    let steps = plan::plan(&declared, &inventory.topics);
    context.ui.report(&report(context, &steps, &inventory, args.check))?;
    let refused = steps.iter().filter(|s| !s.applies()).count();
    if args.check {
        let findings = broker_findings(context, &inventory);
        let clean = steps.is_empty() && findings == 0;
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
    let mut own = Own::default();
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

fn broker_findings(context: &Context, inventory: &Inventory) -> usize {
    judge(context, inventory).len()
}

fn judge(context: &Context, inventory: &Inventory) -> Vec<plan::BrokerFinding> {
    let timeout = context.settings().streams.transaction_timeout.as_millis();
    let timeout = i64::try_from(timeout).unwrap_or(i64::MAX);
    plan::judge_brokers(&inventory.broker_settings, inventory.brokers, timeout)
}

fn report(context: &Context, steps: &[Step], inventory: &Inventory, check: bool) -> Report {
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
    for step in steps {
        report.push(step.line().map(Cell::from).into());
    }
    if check {
        for finding in judge(context, inventory) {
            report.push(vec![
                "broker".into(),
                format!("! {}", finding.key).into(),
                finding.found.into(),
                finding.wanted.into(),
                finding.reason.into(),
            ]);
        }
    }
    report
}
