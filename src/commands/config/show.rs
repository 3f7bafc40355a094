//! `bss config show`

use toml::Value;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::config::layers::nearest;
use crate::ui::{Cell, Report};

/// Show each value and the layer it came from
///
/// Secrets are shown as "(set)".
#[derive(Debug, clap::Args)]
pub struct ShowArgs {
    /// Show only this key (kafka.bootstrap) or section (kafka)
    key: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// Exit 2 for an unknown key.
pub fn run(args: &ShowArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let resolved = &context.resolved;
    let wanted = |path: &str| match &args.key {
        None => true,
        Some(key) => path == key || path.strip_prefix(key).is_some_and(|r| r.starts_with('.')),
    };
    let mut report = Report::new("")
        .column("key", "KEY")
        .column("value", "VALUE")
        .column("origin", "ORIGIN")
        .meta("context", resolved.context.as_ref().map(|c| c.name.clone()))
        .meta("contexts", resolved.contexts.clone());
    for (path, value) in resolved.values.iter().filter(|(path, _)| wanted(path)) {
        let origin = resolved.origins.get(path).map_or("built-in", String::as_str);
        report.push(vec![Cell::from(path.as_str()), cell(value), Cell::from(origin)]);
    }
    if report.rows.is_empty() {
        return Err(unknown(args.key.as_deref().unwrap_or_default(), context));
    }
    context.ui.report(&report)?;
    Ok(ExitStatus::Done)
}

fn cell(value: &Value) -> Cell {
    match value {
        Value::String(text) => Cell::from(text.as_str()),
        Value::Integer(number) => Cell::Integer(*number),
        Value::Boolean(yes) => Cell::Bool(*yes),
        Value::Array(items) => {
            Cell::List(items.iter().filter_map(|i| i.as_str().map(str::to_owned)).collect())
        }
        // A float is written in TOML as in JSON.
        Value::Float(_) | Value::Datetime(_) | Value::Table(_) => Cell::Number(value.to_string()),
    }
}

fn unknown(key: &str, context: &Context) -> Failure {
    let failure = Failure::usage(format!("unknown configuration key `{key}`")).code("unknown-key");
    let values = &context.resolved.values;
    match nearest(key, values.keys()) {
        Some(near) => failure.hint(format!("Did you mean `{near}`?")),
        None => failure.hint("`bss config show` lists every key."),
    }
}
