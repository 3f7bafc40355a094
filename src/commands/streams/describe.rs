//! `bss streams describe`

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::streams::topologies;
use crate::config::settings::Guarantee;
use crate::streams::acls;
use crate::streams::topology::{Description, WATERMARKS};
use crate::topics;
use crate::ui::{Cell, OutputForm, Report};

/// Show what a topology reads, keeps and writes, and by which numbers it works
#[derive(Debug, clap::Args)]
pub struct DescribeArgs {
    /// The topology
    #[arg(value_name = "TOPOLOGY")]
    topology: String,
    /// Show the rights (ACLs) that running it needs, as a table, or as commands to paste
    #[arg(long, value_enum, value_name = "FORM", num_args = 0..=1, require_equals = true,
          default_missing_value = "table")]
    acls: Option<AclForm>,
    /// Who is to have them
    #[arg(long, value_name = "PRINCIPAL", requires = "acls")]
    principal: Option<String>,
}

/// How rights are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum AclForm {
    /// One line a resource
    Table,
    /// One call of kafka-acls.sh a resource
    Commands,
}

/// Runs the command.
///
/// # Errors
/// An unknown topology: exit 2.
#[expect(clippy::unused_async, reason = "every leaf has the same form")]
pub async fn run(args: DescribeArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let topology = topologies::build(&args.topology, context.settings())?;
    let d = topology.describe();
    if let Some(form) = args.acls {
        return acls(d, form, args.principal, context);
    }
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

/// Shows the rights that running `d` needs.
fn acls(
    d: &Description,
    form: AclForm,
    principal: Option<String>,
    context: &Context,
) -> Result<ExitStatus, Failure> {
    let settings = context.settings();
    let user = if settings.kafka.user.is_empty() { "bss" } else { &settings.kafka.user };
    let principal = principal.unwrap_or_else(|| format!("User:{user}"));
    let meta = topics::meta(&settings.general.application);
    let transactions = settings.streams.guarantee == Guarantee::ExactlyOnce;
    let bootstrap = &settings.kafka.bootstrap;
    let title = match form {
        AclForm::Table => format!("what {principal} needs to run {}", d.name),
        AclForm::Commands => String::new(),
    };
    let mut report = Report::new(title).meta("topology", d.name).meta("principal", &*principal);
    report = match form {
        AclForm::Table => report
            .column("resource", "RESOURCE")
            .column("name", "NAME")
            .column("pattern", "PATTERN")
            .column("operations", "OPERATIONS")
            .column("why", "WHY"),
        AclForm::Commands => report.column("command", "COMMAND"),
    };
    let mut lines = String::new();
    for right in acls::needed(d, &meta, transactions) {
        let command = right.command(bootstrap, &principal);
        if form == AclForm::Commands {
            lines.push_str(&command);
            lines.push('\n');
            report.push(vec![command.into()]);
            continue;
        }
        let (kind, name, pattern) = right.resource.words();
        let operations = right.operations().into_iter().map(str::to_owned).collect();
        let why = right.why.clone();
        report.push(vec![
            kind.into(),
            name.into(),
            pattern.into(),
            Cell::List(operations),
            why.into(),
        ]);
    }
    if form == AclForm::Commands && context.ui.form() == OutputForm::Table {
        // To be piped into a shell: no heading, no padding.
        context.ui.write(lines.as_bytes())?;
    } else {
        context.ui.report(&report)?;
    }
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
        // A stage is where records of one key meet.
        let source = d.sources.iter().find(|source| source.stage == store.stage);
        let keyed = if store.name == WATERMARKS {
            "upstream partition".into()
        } else {
            source.map_or(Cell::Null, |source| key(source.keyed_by))
        };
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
