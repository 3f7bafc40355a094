//! `bss setup timescale`

mod adopt;
mod status;

use std::time::Duration;

use crate::backends::postgres::{self, apply, inventory, migrate, place};
use crate::backends::{BackendError, Kind};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::setup::wait;
use crate::config::Backend;
use crate::config::settings::Timescale;
use crate::runtime::fault::Fault;
use crate::timescale::access::Access;
use crate::timescale::plan::{Action, Change, Plan, plan};
use crate::timescale::server::{self, Edition, Server};
use crate::timescale::spec::{DECLARED, Spec};
use crate::timescale::{check, sql};
use crate::ui::{Cell, OutputForm, Report};

/// Plan, apply or check hypertables, continuous aggregates and policies
///
/// Compares the server with what is declared (built in, or the file of timescale.declared), prints
/// the steps between the two, asks, and carries them out. Each step can be run again; a second run
/// finds nothing to do. What an edition cannot have is named before the first statement.
///
/// With timescale.roles the roles of readers, writers and admins are kept too, and with
/// timescale.tenant_roles views of schema bss_tenant in which a role sees the rows of its tenant only.
/// Roles that the user may not make are named with the statement for an administrator (exit code 7).
///
/// A database that comes from the other edition (an upgrade of the server, a dump restored) is brought
/// to this one by the same plan: rollups give way to continuous aggregates under the same views, or the
/// other way round, made of the rows. What they hold below the retention floor cannot be made anew: it
/// is kept as a table NAME_history, which the view adds. Nothing is dropped before its place is taken.
///
/// --status shows what is there: of each hypertable its chunks, its size before and after
/// compression, its oldest and newest time and the retention floor; of each aggregate up to where it
/// is made and how many buckets before that have changed since; of each policy its last and its next
/// run. Numbers of rows are those of the server's statistics, not counted. Sizes are in bytes with
/// indexes. As JSON it is one list of objects, told apart by `kind`.
///
/// --adopt prints what is there, also what was made or altered by hand, as a declaration: with its file
/// as timescale.declared --check finds no difference. What a declaration cannot hold (a paused job, a
/// view of another body) is told, with exit code 7.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct TimescaleArgs {
    /// Print the plan and change nothing
    #[arg(long, conflicts_with_all = ["check", "sql", "status", "adopt"])]
    pub plan: bool,
    /// Change nothing; exit 6 if the server differs from what is declared
    #[arg(long, conflicts_with_all = ["sql", "status", "adopt"])]
    pub check: bool,
    /// Print only the statements of the plan and change nothing
    #[arg(long, conflicts_with_all = ["status", "adopt"])]
    pub sql: bool,
    /// Show sizes, times and policies of what is there and change nothing
    #[arg(long, conflicts_with = "adopt")]
    pub status: bool,
    /// Print what is there as a file for timescale.declared and change nothing
    #[arg(long)]
    pub adopt: bool,
    /// Wait until the server answers
    #[arg(long, value_name = "DURATION", num_args = 0..=1, require_equals = true,
          default_missing_value = "60s", value_parser = wait::span)]
    pub wait: Option<Duration>,
}

/// What was found out before anything is touched.
struct Examined {
    spec: Spec,
    server: Server,
    edition: Edition,
    plan: Plan,
}

impl Examined {
    fn schema(&self) -> &str {
        self.server.schema.as_deref().unwrap_or("public")
    }
}

/// Runs the command.
///
/// # Errors
/// A declaration that cannot be right: exit 3; a server that cannot be reached or used: exit 4;
/// another operator at work: exit 5.
pub async fn run(args: TimescaleArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let settings = &context.settings().timescale;
    let spec = declared(settings)?;
    let what = place(settings);
    let mut connection =
        wait::until(context, &what, args.wait, async || postgres::connect(settings).await).await?;
    if args.adopt {
        return adopt::print(context, connection, settings, spec).await;
    }
    if args.status {
        return status::show(context, connection, settings, spec).await;
    }
    let examined = examine(&mut connection, settings, spec).await?;
    if args.sql {
        context.ui.write(statements(&examined).as_bytes())?;
        return Ok(ExitStatus::Done);
    }
    show(context, settings, &examined)?;
    let drifted = !examined.plan.steps.is_empty();
    if args.check {
        return Ok(if drifted { ExitStatus::Found } else { ExitStatus::Done });
    }
    if args.plan {
        return Ok(ExitStatus::Done);
    }
    let steps = examined.plan.changes().count();
    if steps > 0 {
        let what = format!("carry out {steps} steps in {}", place(settings));
        let effect = "no rows are deleted";
        context.confirm(&[Backend::Timescale], &what, effect).await?;
        carry_out(context, connection, settings, &examined).await?;
        context.ui.status(format!("TimescaleDB: {steps} of {steps} steps done."));
    }
    conclude(context, &examined)
}

/// What remains after the steps: nothing, what is foreign, what is blocked.
fn conclude(context: &Context, examined: &Examined) -> Result<ExitStatus, Failure> {
    let count = |action| examined.plan.steps.iter().filter(|s| s.action == action).count();
    let foreign = count(Action::Foreign);
    if foreign > 0 {
        context.ui.warning(format!(
            "{foreign} objects are not declared and were left as they are; see the lines with - \
             foreign."
        ));
    }
    let blocked = count(Action::Blocked);
    if blocked > 0 {
        context.ui.warning(format!(
            "{blocked} objects differ and are not changed here; see the lines with ! blocked."
        ));
        return Ok(ExitStatus::Partly);
    }
    if examined.plan.steps.is_empty() {
        context.ui.status("TimescaleDB is as declared.");
    }
    Ok(ExitStatus::Done)
}

/// The declaration, linted.
///
/// # Errors
/// It cannot be read, is none, or cannot be right: exit 3.
pub fn declared(settings: &Timescale) -> Result<Spec, Failure> {
    let file = &settings.declared;
    let (text, name) = if file.as_os_str().is_empty() {
        (DECLARED.to_owned(), "the built-in declaration".to_owned())
    } else {
        let name = file.display().to_string();
        let text = std::fs::read_to_string(file).map_err(|e| {
            Failure::config(format!("cannot read the declaration {name}"))
                .because(&e)
                .hint("Correct timescale.declared, or leave it empty for the built-in one.")
        })?;
        (text, name)
    };
    let mut spec = Spec::parse(&text, &settings.zone).map_err(|e| {
        let mut failure = Failure::config(format!("cannot use the declaration {name}"));
        failure.causes.push(e);
        failure
    })?;
    let prefix = settings.roles.then(|| settings.role_prefix.clone());
    spec.access = Access::read(prefix, &settings.tenant_roles).map_err(|e| {
        let mut failure = Failure::config("cannot use timescale.tenant_roles");
        failure.causes.push(e);
        failure.hint("Give a list such as [\"acme_dashboard=acme\"].")
    })?;
    let findings = check::lint(&spec);
    if findings.is_empty() {
        return Ok(spec);
    }
    let count = findings.len();
    let mut failure =
        Failure::config(format!("cannot use the declaration {name}: {count} findings"));
    failure.causes.extend(findings.into_iter().map(|f| format!("{}: {}", f.object, f.text)));
    Err(failure.hint(format!("Correct it in {name} or in [timescale]; nothing was touched.")))
}

/// How many objects differ from what is declared, for `bss doctor`.
///
/// # Errors
/// As [`run`] before it changes anything.
pub async fn differences(settings: &Timescale) -> Result<usize, Failure> {
    let spec = declared(settings)?;
    let mut connection = postgres::connect(settings).await?;
    Ok(examine(&mut connection, settings, spec).await?.plan.steps.len())
}

/// Which server it is, if it can be used.
///
/// # Errors
/// It cannot, with the next step.
async fn usable(
    connection: &mut postgres::PgConnection,
    settings: &Timescale,
) -> Result<(Server, Edition), Failure> {
    let server = inventory::server(connection).await?;
    let edition = server::judge(&server).map_err(|unusable| {
        BackendError::new(Kind::Unsupported, format!("cannot use {}", place(settings)))
            .because(unusable.cause)
            .hint(unusable.hint)
    })?;
    Ok((server, edition))
}

async fn examine(
    connection: &mut postgres::PgConnection,
    settings: &Timescale,
    spec: Spec,
) -> Result<Examined, Failure> {
    let (server, edition) = usable(connection, settings).await?;
    let found = inventory::inventory(connection, &spec, &server).await?;
    let schema = server.schema.as_deref().unwrap_or("public");
    let plan = plan(&spec, &found, edition, schema);
    Ok(Examined { spec, server, edition, plan })
}

fn show(context: &Context, settings: &Timescale, examined: &Examined) -> Result<(), Failure> {
    let unavailable = &examined.plan.unavailable;
    let version = examined.server.installed.as_deref();
    if !unavailable.is_empty() {
        context.ui.warning(format!(
            "not available on the {} edition: {}.",
            examined.edition,
            grouped(unavailable)
        ));
    }
    if let Some((from, to)) = server::update_waits(&examined.server) {
        context.ui.hint(format!(
            "TimescaleDB {from} is in this database, {to} on the server: ALTER EXTENSION \
             timescaledb UPDATE."
        ));
    }
    let title = format!(
        "TimescaleDB {} ({} edition), {}",
        version.unwrap_or("not created yet"),
        examined.edition,
        place(settings)
    );
    if context.ui.form() == OutputForm::Table {
        let mut text = format!("{title}\n");
        for step in &examined.plan.steps {
            text.push_str(&format!("{}\n", crate::ui::visible(&step.to_string())));
        }
        if examined.plan.steps.is_empty() {
            text.push_str("(no differences)\n");
        }
        return Ok(context.ui.write(text.as_bytes())?);
    }
    let mut report = Report::new(title)
        .meta("edition", examined.edition.to_string().to_lowercase())
        .meta("version", version)
        .meta("notAvailable", unavailable.clone())
        .column("object", "OBJECT")
        .column("action", "ACTION")
        .column("found", "FOUND")
        .column("declared", "DECLARED")
        .column("reason", "REASON");
    for step in &examined.plan.steps {
        report.push(vec![
            step.object.as_str().into(),
            step.action.word().into(),
            Cell::text_or_null(step.found.as_deref()),
            Cell::text_or_null(step.declared.as_deref()),
            step.reason.as_str().into(),
        ]);
    }
    Ok(context.ui.report(&report)?)
}

/// Names by their kind: `compression of a, b; retention job on a`.
fn grouped(objects: &[String]) -> String {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for object in objects {
        let (kind, name) = object.rsplit_once(' ').unwrap_or(("", object));
        match groups.iter_mut().find(|(k, _)| *k == kind) {
            Some((_, names)) => names.push(name),
            None => groups.push((kind, vec![name])),
        }
    }
    let groups = groups.iter().map(|(kind, names)| format!("{kind} {}", names.join(", ")));
    groups.collect::<Vec<_>>().join("; ")
}

/// Every statement of the plan, for review.
fn statements(examined: &Examined) -> String {
    let mut text = String::new();
    let mut migrating = false;
    for (step, change) in examined.plan.changes() {
        if let Change::Migration(version) = change {
            if !std::mem::replace(&mut migrating, true) {
                for statement in migrate::foundation_text() {
                    text.push_str(&format!("{statement};\n"));
                }
            }
            text.push_str(&format!("\n-- {step}\n"));
            text.push_str(&migrate::text(&[*version]).concat());
            continue;
        }
        text.push_str(&format!("\n-- {step}\n"));
        for batch in sql::batches(&examined.spec, change, examined.schema()) {
            match batch {
                sql::Batch::Alone(statement) => text.push_str(&format!("{statement};\n")),
                sql::Batch::UntilZero(statement) => {
                    text.push_str(&format!("-- again until it gives 0:\n{statement};\n"));
                }
                sql::Batch::Together(statements) => {
                    text.push_str("BEGIN;\n");
                    for statement in statements {
                        text.push_str(&format!("{statement};\n"));
                    }
                    text.push_str("COMMIT;\n");
                }
            }
        }
    }
    text
}

/// Takes the operators' lock, makes sure that the plan still holds, carries it out and looks
/// whether the server is then as declared.
async fn carry_out(
    context: &Context,
    mut connection: postgres::PgConnection,
    settings: &Timescale,
    examined: &Examined,
) -> Result<(), Failure> {
    migrate::lay_foundation(&mut connection).await?;
    let lease = migrate::Lease {
        owner: format!("bss setup, process {}", std::process::id()),
        host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
    };
    lease.take(&mut connection).await?;
    let result = work(context, &mut connection, settings, examined, &lease).await;
    let released = lease.release(&mut connection).await;
    result?;
    released?;
    Ok(())
}

async fn work(
    context: &Context,
    connection: &mut postgres::PgConnection,
    settings: &Timescale,
    examined: &Examined,
    lease: &migrate::Lease,
) -> Result<(), Failure> {
    let now = examine(connection, settings, examined.spec.clone()).await?;
    if now.plan != examined.plan {
        return Err(Failure::new(
            ExitStatus::Conflict,
            format!("the plan for {} no longer holds", place(settings)),
        )
        .hint("Something was changed meanwhile. Run the same command again."));
    }
    apply::prepare(connection, &examined.server).await?;
    let fault = Fault::parse(context.environment.fault.as_deref());
    let total = examined.plan.changes().count();
    let mut migrated = false;
    for (at, (step, change)) in examined.plan.changes().enumerate() {
        if context.shutdown.asked() {
            return Err(Failure::new(context.shutdown.status(), "interrupted")
                .hint(format!("{at} of {total} steps are done; the same command goes on.")));
        }
        lease.take(connection).await?;
        let what = format!("could not carry out step {} of {total}: {step}", at + 1);
        if let Change::Migration(_) = change {
            // One call applies them all, each in a transaction of its own.
            if !migrated {
                migrate::migrate(connection, &fault).await?;
                fault.hit("setup-migrated");
                apply::prepare(connection, &examined.server).await?;
                migrated = true;
            }
            continue;
        }
        let batches = sql::batches(&examined.spec, change, examined.schema());
        apply::step(connection, &what, &batches, &fault).await?;
        if *change == Change::Extension {
            // The functions are in the path only once the extension's schema is known.
            let server = inventory::server(connection).await?;
            apply::prepare(connection, &server).await?;
        }
    }
    let after = examine(connection, settings, examined.spec.clone()).await?;
    if let Some((step, _)) = after.plan.changes().next() {
        return Err(Failure::failed(format!(
            "{} is still not as declared after {total} steps",
            place(settings)
        ))
        .hint(format!("The first difference: {step}")));
    }
    Ok(())
}
