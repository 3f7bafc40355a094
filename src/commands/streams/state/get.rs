//! `bss streams state get`

use serde_json::json;

use crate::backends::kafka::runner::state::{self, Kept};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::streams::aside::{blocking, interrupted};
use crate::commands::streams::topologies;
use crate::streams::topologies::readable::{Form, Shown};
use crate::streams::topology::Description;
use crate::ui::{Cell, Report};

/// Show what a store keeps of one key
///
/// Reads the changelog of the key's partition, committed records only, and says as of which
/// committed offset of the source the state is. Values are shown as JSON. Of a store of windows all
/// that are open for the key are shown; closed ones are in the outputs. A key without a value is
/// exit 1.
#[derive(Debug, clap::Args)]
pub struct GetArgs {
    /// The topology
    #[arg(value_name = "TOPOLOGY")]
    topology: String,
    /// The store, as `bss streams describe` names it
    #[arg(value_name = "STORE")]
    store: String,
    /// The key, such as a customer's id
    #[arg(value_name = "KEY")]
    key: String,
}

/// Runs the command.
///
/// # Errors
/// Exit 2 for an unknown topology or store, 1 (`not-found`) for a key without a value, 4 for Kafka.
pub async fn run(args: GetArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let topology = topologies::build(&args.topology, context.settings())?;
    let description = topology.describe().clone();
    let Some(store) = description.stores.iter().position(|s| s.name == args.store) else {
        let names: Vec<&str> = description.stores.iter().map(|s| s.name).collect();
        let what = format!("{} has no store `{}`", description.name, args.store);
        return Err(Failure::usage(what).hint(format!("It has {}.", names.join(", "))));
    };
    let form = Form::of(description.name, &args.store);
    let (kafka, key) = (context.settings().kafka.clone(), args.key.clone().into_bytes());
    let (asked, shutdown) = (description.clone(), context.shutdown.clone());
    let kept = blocking(move || {
        let belongs = |entry: &[u8]| form.belongs(entry, &key);
        state::of_key(&kafka, &asked, store, &key, &|| shutdown.asked(), &belongs)
    })
    .await?
    .map_err(|e| interrupted(&context.shutdown, e))?;
    let as_of = as_of(&description, &kept);
    if kept.entries.is_empty() {
        let what = format!("store \"{}\" keeps no value of key \"{}\"", args.store, args.key);
        let mut failure = Failure::failed(what).code("not-found");
        failure.causes.push(as_of);
        return Err(failure
            .hint("Keys are compared byte by byte; is it running behind? See `bss streams lag`."));
    }
    context.ui.report(&report(&args, &description, store, form, &kept, &as_of)?)?;
    Ok(ExitStatus::Done)
}

/// `as of offset 12 of bss.payment.events/3`
fn as_of(description: &Description, kept: &Kept) -> String {
    let parts: Vec<String> = description
        .sources
        .iter()
        .zip(&kept.committed)
        .map(|(source, committed)| {
            let place = format!("{}/{}", source.topic, kept.partition);
            match committed.offset {
                Some(offset) => format!("offset {offset} of {place}"),
                None => format!("no committed offset of {place}"),
            }
        })
        .collect();
    let word = if kept.exact { "as of" } else { "as of at least" };
    format!("{word} {}", parts.join(", "))
}

fn report(
    args: &GetArgs,
    description: &Description,
    store: usize,
    form: Form,
    kept: &Kept,
    as_of: &str,
) -> Result<Report, Failure> {
    let changelog = &description.stores[store].changelog;
    let committed: Vec<serde_json::Value> = description
        .sources
        .iter()
        .zip(&kept.committed)
        .map(|(source, committed)| {
            json!({"topic": source.topic, "partition": kept.partition, "offset": committed.offset})
        })
        .collect();
    let time = kept.committed.first().and_then(|c| c.checkpoint.stream_time);
    let title = format!("{} in store {} of {}, {as_of}", args.key, args.store, description.name);
    let mut report = Report::new(title)
        .column("start", "START")
        .column("end", "END")
        .column("session", "SESSION")
        .number("revision", "REVISION")
        .column("form", "FORM")
        .column("value", "VALUE")
        .meta("topology", description.name)
        .meta("store", args.store.as_str())
        .meta("key", args.key.as_str())
        .meta("changelog", changelog.as_str())
        .meta("partition", kept.partition)
        .meta("committed", committed)
        .meta("exact", kept.exact)
        .meta("streamTime", time.map(|t| t.to_string()));
    for (key, value) in &kept.entries {
        let shown = form.show(key, value).map_err(|e| {
            let mut failure = Failure::failed(format!(
                "could not read the value of key \"{}\" in \"{changelog}\"",
                args.key
            ));
            failure.causes.push(e);
            failure.hint("Was it written by a newer program? Use that one.")
        })?;
        report.push(row(shown, value));
    }
    Ok(report)
}

fn row(shown: Shown, bytes: &[u8]) -> Vec<Cell> {
    let (form, value) = match shown.value {
        Some(value) => ("json", Cell::Json(value)),
        None => ("hex", bytes.iter().map(|b| format!("{b:02x}")).collect::<String>().into()),
    };
    vec![
        shown.span.map_or(Cell::Null, |(start, _)| Cell::Time(start)),
        shown.span.and_then(|(_, end)| end).map_or(Cell::Null, Cell::Time),
        Cell::text_or_null(shown.session),
        shown.revision.map_or(Cell::Null, |r| Cell::Integer(r.into())),
        form.into(),
        value,
    ]
}
