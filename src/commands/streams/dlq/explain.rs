//! `bss streams dlq explain`

use serde_json::json;

use super::unknown;
use crate::backends::kafka::aside::Start;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::streams::aside;
use crate::streams::letters::advice::{Advice, advice};
use crate::streams::letters::choice::Choice;
use crate::streams::letters::content::{Form, Shown, shown};
use crate::streams::letters::shelf::{Keep, Shelf, State};
use crate::streams::letters::{Letter, Position};
use crate::topics;
use crate::ui::{Cell, Report};

/// Explain one dead letter
///
/// Tells where the record came from, what its reason means and what to do next, and shows its
/// value with the faulty field marked, its headers, and the commands that requeue it.
#[derive(Debug, clap::Args)]
pub struct ExplainArgs {
    /// The letter, as `bss streams dlq list` names it
    #[arg(value_name = "POSITION")]
    position: Position,
    /// Print the original value as it is and nothing else
    #[arg(long)]
    raw: bool,
}

/// Runs the command.
///
/// # Errors
/// An unknown position is exit 1 with the code `not-found`; a missing topic exit 4.
pub async fn run(args: ExplainArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let topic = topics::dead_letters(&context.settings().general.application);
    let shelf = Shelf::new(Choice::of([args.position]), Keep::Content);
    let start = Start::at([args.position]);
    let reading = aside::read(context, topic.clone(), start, shelf).await?;
    let Some(letter) = reading.shelf.get(args.position) else {
        return Err(unknown(&topic, &[args.position].into(), &reading.reader));
    };
    if args.raw {
        match letter.value() {
            Some(value) => context.ui.write(value)?,
            None => context.ui.warning("the value is null, a tombstone; nothing is printed"),
        }
        return Ok(ExitStatus::Done);
    }
    let state = reading.shelf.state(args.position);
    context.ui.report(&report(letter, state, &topic))?;
    Ok(ExitStatus::Done)
}

fn report(letter: &Letter, state: State, topic: &str) -> Report {
    let advice = advice(&letter.reason);
    let value = shown(letter.value(), &letter.field);
    let commands = commands(letter.position(), state, &advice, value.form);
    let title = title(letter, state, topic, &advice, &value, &commands);
    let origin = letter.origin.as_ref();
    let requeued_at = match state {
        State::Open => None,
        State::Requeued { at } => at.map(|t| t.to_string()),
    };
    let bytes = letter.value().map(|v| v.len() as u64);
    let text = letter.value().and_then(|v| std::str::from_utf8(v).ok());
    let key = letter.record.key.as_deref().map(String::from_utf8_lossy);
    let mut report = Report::new(title)
        .column("header", "HEADER")
        .column("value", "VALUE")
        .meta("position", letter.position().to_string())
        .meta("timestamp", letter.record.time.map(|t| t.to_string()))
        .meta("topology", letter.topology.as_str())
        .meta("topic", origin.map(|o| o.topic.as_str()))
        .meta("partition", origin.map(|o| o.partition))
        .meta("offset", origin.map(|o| o.offset))
        .meta("reason", letter.reason.as_str())
        .meta("field", letter.field.as_str())
        .meta("detail", letter.detail.as_str())
        .meta("state", state.word())
        .meta("requeuedAt", requeued_at)
        .meta("meaning", advice.means)
        .meta("next", advice.next)
        .meta("commands", commands)
        .meta("key", key.map_or(serde_json::Value::Null, |key| json!(key)))
        .meta("valueForm", value.form.word())
        .meta("valueBytes", bytes)
        .meta("value", text);
    for (name, bytes) in &letter.record.headers {
        let text = bytes.as_deref().map(String::from_utf8_lossy);
        report.push(vec![name.as_str().into(), Cell::text_or_null(text)]);
    }
    report
}

fn title(
    letter: &Letter,
    state: State,
    topic: &str,
    advice: &Advice,
    value: &Shown,
    commands: &[String],
) -> String {
    let unsaid = |text: &str| if text.is_empty() { "unknown".to_owned() } else { text.to_owned() };
    let mut title = format!("Dead letter {} of {topic}, {}", letter.position(), state.word());
    if let State::Requeued { at: Some(at) } = state {
        title.push_str(&format!(" at {at}"));
    }
    if let Some(origin) = &letter.origin {
        title.push_str(&format!(
            "\nfrom {} partition {} offset {}",
            origin.topic, origin.partition, origin.offset
        ));
    }
    title.push_str(&format!("\nset aside by {}", unsaid(&letter.topology)));
    if let Some(time) = letter.record.time {
        title.push_str(&format!(" at {time}"));
    }
    title.push_str(&format!("\n\n{}", unsaid(&letter.reason)));
    if !letter.field.is_empty() {
        title.push_str(&format!(" in {}", letter.field));
    }
    if !letter.detail.is_empty() {
        title.push_str(&format!(": {}", letter.detail.replace('\n', "\\n")));
    }
    title.push_str(&format!("\n{}\nNext: {}\n", advice.means, advice.next));
    for command in commands {
        title.push_str(&format!("  {command}\n"));
    }
    let key = letter.record.key.as_deref().map(String::from_utf8_lossy);
    let key = key.map_or_else(|| "(null)".to_owned(), |k| k.replace('\n', "\\n"));
    title.push_str(&format!("\nkey: {key}\nvalue"));
    if let Some(bytes) = letter.value() {
        title.push_str(&format!(", {} bytes, {}", bytes.len(), value.form.word()));
    }
    title.push_str(":\n");
    // Indented, so that no line of a value can pass for one of this text.
    for line in value.text.lines() {
        title.push_str(&format!("  | {line}\n"));
    }
    if value.cut {
        let position = letter.position();
        title.push_str(&format!("  (cut; all of it: bss streams dlq explain {position} --raw)\n"));
    }
    title
}

/// What to type next.
fn commands(position: Position, state: State, advice: &Advice, form: Form) -> Vec<String> {
    if state != State::Open {
        return Vec::new();
    }
    if !advice.repair {
        return vec![format!("bss streams dlq requeue {position}")];
    }
    let mut commands = Vec::new();
    if !matches!(form, Form::Null | Form::Empty) {
        commands.push(format!("bss streams dlq explain {position} --raw > value.json"));
    }
    commands.push(format!("bss streams dlq requeue {position} --value value.json"));
    commands
}
