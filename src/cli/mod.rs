//! The command line: parse, set up logging, settings and runtime, run the command, end.

pub mod environment;
pub mod exit;
pub mod failure;
pub mod global;
pub mod range;

use clap::{CommandFactory, FromArgMatches};

pub use exit::ExitStatus;
pub use failure::Failure;

use crate::commands::{Command, Context};
use crate::ui::{OutputForm, Ui};
use crate::{config, runtime, telemetry};
use global::Global;

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
    Cli::command()
}

/// Runs the program and returns its exit code.
#[must_use]
pub fn main() -> ExitStatus {
    let environment = environment::read();
    let matches = match command().try_get_matches() {
        Ok(matches) => matches,
        Err(error) => {
            let status = if error.use_stderr() { ExitStatus::Usage } else { ExitStatus::Done };
            drop(error.print());
            return status;
        }
    };
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => {
            drop(error.print());
            return ExitStatus::Usage;
        }
    };
    match run(cli, &environment) {
        Ok(status) => status,
        Err(failure) => {
            failure.print(&mut std::io::stderr().lock());
            failure.status
        }
    }
}

fn run(cli: Cli, environment: &environment::Environment) -> Result<ExitStatus, Failure> {
    let Cli { global, command } = cli;
    let form = global.output.unwrap_or(OutputForm::Table);
    let ui = Ui::new(form, global.quiet, global.no_color || environment.plain);
    telemetry::init(global.verbose, command.runs_long() && !ui.draws(), ui.draws());
    if let Some(result) = command.without_settings(&ui) {
        return result;
    }
    let resolved = config::layers::resolve(&environment.sources(&global))?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(|e| Failure::failed("could not start the runtime").because(&e))?;
    let result = runtime.block_on(async {
        let shutdown = runtime::Shutdown::listen()
            .map_err(|e| Failure::failed("could not listen for signals").because(&e))?;
        let context = Context::new(resolved, global, ui, shutdown, environment.clone());
        command.run(&context).await
    });
    // Nothing may hold the process open once the command has ended.
    runtime.shutdown_timeout(std::time::Duration::from_secs(2));
    result
}
