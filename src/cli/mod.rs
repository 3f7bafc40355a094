//! The command line: parse, set up logging, settings and runtime, run the command, end.
//!
//! Start with [`main`]. [`range`] reads times, [`confirm`] guards what deletes, [`failure`] is
//! the only place that prints an error, [`exit`] lists the exit codes.

pub mod confirm;
pub mod environment;
pub mod exit;
pub mod failure;
pub mod generate;
pub mod global;
pub mod panic;
pub mod range;
pub mod usage;

use std::ffi::OsString;
use std::io::Write;

use clap::{CommandFactory, FromArgMatches};

pub use exit::ExitStatus;
pub use failure::Failure;

use crate::commands::{Command, Context};
use crate::ui::{OutputForm, Ui};
use crate::{config, runtime, telemetry};
use environment::Environment;
use global::Global;
use usage::Refused;

/// The operator's toolkit of a Business Support System.
///
/// Sets TimescaleDB, Kafka and Redis up as code, runs the stream topologies exactly once, loads
/// and queries metrics, and reports fraud.
#[derive(Debug, clap::Parser)]
#[command(name = "bss", version, disable_help_subcommand = true, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    global: Global,
    #[command(subcommand)]
    command: Command,
}

/// The whole command line as clap sees it, for completions, man pages and tests.
#[must_use]
pub fn command() -> clap::Command {
    let mut text = "Exit codes:\n".to_owned();
    for (status, meaning) in exit::MEANINGS {
        text.push_str(&format!("  {:>3}  {meaning}\n", status.code()));
    }
    Cli::command().after_long_help(text)
}

/// Runs the program and returns its exit code.
#[must_use]
pub fn main() -> ExitStatus {
    let arguments: Vec<OsString> = std::env::args_os().collect();
    let form = usage::form_of(&arguments);
    panic::install(form);
    match std::panic::catch_unwind(|| start(&arguments)) {
        Ok(Ok(status)) => status,
        Ok(Err(failure)) => {
            let failure = with_next_step(failure);
            failure.print_as(form, &mut std::io::stderr().lock());
            failure.status
        }
        // The hook has told about it.
        Err(_) => ExitStatus::Bug,
    }
}

/// A server that cannot be used without a word on what to do: the commands that find out.
fn with_next_step(failure: Failure) -> Failure {
    if failure.status != ExitStatus::Unreachable || !failure.hints.is_empty() {
        return failure;
    }
    failure
        .hint("`bss doctor` checks every server; `bss config show` tells where an address is from.")
}

fn start(arguments: &[OsString]) -> Result<ExitStatus, Failure> {
    let environment = environment::read();
    let parsed = command().try_get_matches_from(arguments).and_then(|m| Cli::from_arg_matches(&m));
    let refused = match parsed {
        Ok(cli) => return run(cli, &environment),
        Err(error) => usage::refused(&error),
    };
    match refused {
        Refused::Text(text) => {
            Ui::new(OutputForm::Table, false, true).write(text.as_bytes())?;
            Ok(ExitStatus::Done)
        }
        Refused::Help(text) => {
            // A closed standard error leaves nothing to tell.
            drop(std::io::stderr().lock().write_all(text.as_bytes()));
            Ok(ExitStatus::Usage)
        }
        Refused::Failure(failure) => Err(failure),
    }
}

fn run(cli: Cli, environment: &Environment) -> Result<ExitStatus, Failure> {
    let Cli { global, command } = cli;
    let form = match (global.output, &global.plot) {
        (None | Some(OutputForm::Table), Some(_)) => OutputForm::Plot,
        (Some(OutputForm::Json | OutputForm::Ndjson | OutputForm::Csv), Some(_)) => {
            return Err(Failure::usage("--plot draws and --output lists")
                .hint("Leave one of them out; `-o svg --plot=COLUMN` draws a file."));
        }
        (form, _) => form.unwrap_or(OutputForm::Table),
    };
    let column = global.plot.clone().filter(|c| !c.is_empty());
    let logs = global.verbose > 0 || environment.log.is_some();
    let ui = Ui::new(form, global.quiet, global.no_color || environment.plain);
    let ui = ui.with_logs(logs).drawing(column);
    telemetry::init(&telemetry::Logging {
        verbose: global.verbose,
        long: command.runs_long(),
        directives: environment.log.clone(),
        json: command.runs_long() && !ui.terminal(),
        color: ui.terminal(),
    })
    .map_err(|e| {
        let failure = Failure::config("cannot read BSS_LOG").hint("Give such as bss=debug,info.");
        Failure { causes: vec![e], ..failure }
    })?;
    if !command.takes_range() {
        refuse_range(&global, command.takes_zone())?;
    }
    if let Some(result) = command.without_settings(&ui) {
        return result;
    }
    if let Some(name) = environment.unreadable.first() {
        return Err(Failure::config(format!("the value of the variable {name} is not UTF-8")));
    }
    let resolved = config::layers::resolve(&environment.sources(&global))?;
    for warning in &resolved.warnings {
        ui.warning(warning);
    }
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|e| Failure::failed("could not start the runtime").because(&e))?;
    let result = runtime.block_on(async {
        let shutdown = runtime::Shutdown::listen()
            .map_err(|e| Failure::failed("could not listen for signals").because(&e))?;
        let context = Context::new(resolved, global, ui, shutdown, environment.clone());
        carry_out(command, context).await
    });
    // Nothing may hold the process open once the command has ended.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    result
}

/// An option that would do nothing is an error: whoever gave it expects something of it.
fn refuse_range(global: &Global, takes_zone: bool) -> Result<(), Failure> {
    let Global { since, until, as_of, tz, .. } = global;
    let tz = if takes_zone { &None } else { tz };
    let given = [("--since", since), ("--until", until), ("--as-of", as_of), ("--tz", tz)];
    match given.iter().find(|(_, value)| value.is_some()) {
        Some((option, _)) => Err(Failure::usage(format!(
            "{option} means nothing here: this command reports over no time range"
        ))
        .hint(format!("Leave {option} out."))),
        None => Ok(()),
    }
}

/// Fetches the secrets the command needs and runs it. A command that does not stop by itself is
/// stopped here: its connections close and the servers roll back what was open.
async fn carry_out(command: Command, mut context: Context) -> Result<ExitStatus, Failure> {
    let shutdown = context.shutdown.clone();
    let interrupted = || Err(Failure::new(shutdown.status(), "interrupted"));
    for backend in command.backends() {
        let warnings = tokio::select! {
            fetched = config::credentials::fetch(&mut context.resolved, *backend) => fetched?,
            () = shutdown.wait() => return interrupted(),
        };
        for warning in warnings {
            context.ui.warning(warning);
        }
    }
    #[cfg(debug_assertions)]
    if context.environment.fault.as_deref() == Some("panic") {
        // A worst case for tests: a bug whose text holds a secret.
        panic!("the password is {}", context.settings().timescale.password.expose());
    }
    if command.stops_itself() {
        return command.run(&context).await;
    }
    tokio::select! {
        result = command.run(&context) => result,
        () = shutdown.wait() => interrupted(),
    }
}
