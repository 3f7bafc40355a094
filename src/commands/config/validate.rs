//! `bss config validate`

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::streams::rules::fraud_rules;
use crate::config::file::FileState;
use crate::config::{Backend, Sources, credentials, layers};
use crate::ui::{Cell, Report};

/// Check every file, context and secret
///
/// Reads all layers, lays each context over them in turn, and fetches the secrets by file or
/// command. No server is asked: that is what `bss doctor` does.
#[derive(Debug, clap::Args)]
pub struct ValidateArgs {}

/// Runs the command.
///
/// # Errors
/// Exit 3 with the first thing that is wrong.
pub async fn run(_args: ValidateArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let resolved = &context.resolved;
    let mut report = Report::new("").column("layer", "LAYER").column("state", "STATE");
    let row = |layer: String, state: &str| vec![Cell::from(layer), Cell::from(state)];
    report.push(row("built-in".to_owned(), "read"));
    for (path, state) in &resolved.files {
        let state = match state {
            FileState::Read => "read".to_owned(),
            FileState::Absent => "absent".to_owned(),
            FileState::Skipped(why) => format!("not read: {why}"),
        };
        report.push(row(path.display().to_string(), &state));
    }
    let sources = context.environment.sources(&context.global);
    report.push(row("environment".to_owned(), &count(sources.variables.len())));
    report.push(row("option --set".to_owned(), &count(sources.options.len())));
    fraud_rules(&resolved.settings)?;
    secrets(context, resolved.clone(), "").await?;
    for name in &resolved.contexts {
        let sources = Sources { context: Some(name.clone()), ..sources.clone() };
        let of_context = layers::resolve(&sources)?;
        let of = |f: Failure| Failure { message: format!("context {name}: {}", f.message), ..f };
        fraud_rules(&of_context.settings).map_err(of)?;
        let production = of_context.context.as_ref().is_some_and(|c| c.production);
        secrets(context, of_context, &format!("context {name}: ")).await?;
        let state = if production { "valid, production" } else { "valid" };
        report.push(row(format!("[context.{name}]"), state));
    }
    context.ui.report(&report)?;
    context.ui.status("The configuration is valid.");
    Ok(ExitStatus::Done)
}

fn count(values: usize) -> String {
    match values {
        1 => "1 value".to_owned(),
        n => format!("{n} values"),
    }
}

async fn secrets(
    context: &Context,
    mut resolved: layers::Resolved,
    prefix: &str,
) -> Result<(), Failure> {
    for backend in Backend::ALL {
        let fetched = credentials::fetch(&mut resolved, backend).await;
        let warnings =
            fetched.map_err(|f| Failure { message: format!("{prefix}{}", f.message), ..f })?;
        for warning in warnings {
            context.ui.warning(format!("{prefix}{warning}"));
        }
    }
    Ok(())
}
