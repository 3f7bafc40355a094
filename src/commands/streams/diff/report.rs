//! Tells what differs.

use serde_json::json;

use super::DiffArgs;
use super::read::Done;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::streams::compare::value::Field;
use crate::streams::compare::{Difference, Kind, Output, Tally};
use crate::streams::topology::Description;
use crate::ui::{Cell, OutputForm, Report};

/// Prints the differences and the sentence.
///
/// # Errors
/// Standard output cannot be written.
pub fn show(
    args: &DiffArgs,
    context: &Context,
    description: &Description,
    done: &Done,
) -> Result<ExitStatus, Failure> {
    let total = done.verdict.total();
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    let found = usize::try_from(total.differences()).unwrap_or(usize::MAX);
    let people = context.ui.form() == OutputForm::Table;
    let title = format!("{}: outputs now against {}", description.name, args.against);
    let mut report = facts(Report::new(title), args, description, done, found > limit)
        .column("kind", "KIND")
        .column("topic", "TOPIC")
        .column("key", "KEY")
        .column("id", "ID");
    report = if people {
        report.column("difference", "DIFFERENCE")
    } else {
        report
            .column("fields", "FIELDS")
            .column("recorded", "RECORDED")
            .column("produced", "PRODUCED")
    };
    for difference in done.verdict.differences().take(limit) {
        report.push(row(&difference, people));
    }
    context.ui.report(&report)?;
    if found > limit {
        context.ui.cut(limit, "--limit");
    }
    if done.skipped > 0 {
        let reads: Vec<&str> = description.sources.iter().map(|s| s.topic.as_str()).collect();
        context.ui.warning(format!(
            "{} lines of the input are for other topics than {} and were skipped",
            grouped(done.skipped),
            reads.join(", ")
        ));
    }
    context.ui.status(sentence(done.counts.total(), &total));
    Ok(if found == 0 { ExitStatus::Done } else { ExitStatus::Found })
}

fn facts(
    report: Report,
    args: &DiffArgs,
    description: &Description,
    done: &Done,
    cut: bool,
) -> Report {
    let total = done.verdict.total();
    let topics: Vec<serde_json::Value> = done
        .verdict
        .topics()
        .iter()
        .map(|(topic, tally)| {
            json!({
                "topic": topic,
                "recorded": tally.recorded,
                "produced": tally.produced,
                "equal": tally.equal(),
                "changed": tally.changed,
                "missing": tally.missing,
                "extra": tally.extra,
            })
        })
        .collect();
    report
        .meta("topology", description.name)
        .meta("input", args.input.to_string())
        .meta("against", args.against.to_string())
        .meta("inputs", done.counts.total())
        .meta("skipped", done.skipped)
        .meta("recorded", total.recorded)
        .meta("produced", total.produced)
        .meta("equal", total.equal())
        .meta("changed", total.changed)
        .meta("missing", total.missing)
        .meta("extra", total.extra)
        .meta("topics", topics)
        .meta("limit", args.limit)
        .meta("cut", cut)
}

fn row(difference: &Difference, people: bool) -> Vec<Cell> {
    let side = difference.recorded.as_ref().or(difference.produced.as_ref());
    let mut cells = vec![
        difference.kind.word().into(),
        Cell::text_or_null(side.map(|o| o.topic.as_str())),
        Cell::text_or_null(side.and_then(|o| o.key.as_deref())),
        Cell::text_or_null(side.and_then(|o| o.id.as_deref())),
    ];
    let fields = difference.fields();
    if people {
        let text = if difference.kind == Kind::Changed {
            let told: Vec<String> = fields.iter().map(told).collect();
            told.join(", ")
        } else {
            side.map(|o| short(o.value.get())).unwrap_or_default()
        };
        cells.push(text.into());
        return cells;
    }
    cells.push(Cell::Raw(json_of(&fields)));
    for side in [&difference.recorded, &difference.produced] {
        cells.push(
            side.as_ref().map_or(Cell::Null, |o: &Output| Cell::Raw(one_line(o.value.get()))),
        );
    }
    cells
}

/// `/amount 10 -> 20`.
fn told(field: &Field) -> String {
    let side = |text: &Option<String>| text.as_deref().map_or_else(|| "(none)".to_owned(), short);
    let path = if field.path.is_empty() { "value" } else { &field.path };
    format!("{path} {} -> {}", side(&field.recorded), side(&field.produced))
}

fn short(text: &str) -> String {
    const LONGEST: usize = 100;
    let cut: String = text.chars().take(LONGEST).collect();
    if cut.len() < text.len() { format!("{cut}...") } else { cut }
}

/// The fields as JSON, digit for digit; a side that is not there has no key.
fn json_of(fields: &[Field]) -> String {
    let one = |field: &Field| {
        let mut text = format!("{{\"field\":{}", json!(field.path));
        for (name, side) in [("recorded", &field.recorded), ("produced", &field.produced)] {
            if let Some(side) = side {
                text.push_str(&format!(",\"{name}\":{}", one_line(side)));
            }
        }
        text.push('}');
        text
    };
    format!("[{}]", fields.iter().map(one).collect::<Vec<_>>().join(","))
}

/// A line break in JSON is a space, and would end a line of NDJSON.
fn one_line(json: &str) -> String {
    json.replace(['\n', '\r'], " ")
}

/// `10,000 inputs; 9,998 outputs equal, 1 changed, 1 missing.`
fn sentence(inputs: u64, total: &Tally) -> String {
    let input = if inputs == 1 { "input" } else { "inputs" };
    let output = if total.equal() == 1 { "output" } else { "outputs" };
    let mut text =
        format!("{} {input}; {} {output} equal", grouped(inputs), grouped(total.equal()));
    let parts = [("changed", total.changed), ("missing", total.missing), ("extra", total.extra)];
    for (word, count) in parts.into_iter().filter(|(_, count)| *count > 0) {
        text.push_str(&format!(", {} {word}", grouped(count)));
    }
    text.push('.');
    text
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sentence_counts_in_groups_of_three() {
        let tally =
            Tally { recorded: 10_000, produced: 9_999, missing: 1, changed: 1, ..Tally::default() };
        assert_eq!(
            sentence(10_000, &tally),
            "10,000 inputs; 9,998 outputs equal, 1 changed, 1 missing."
        );
        assert_eq!(sentence(0, &Tally::default()), "0 inputs; 0 outputs equal.");
        assert_eq!([7, 999, 1000, 1_234_567].map(grouped), ["7", "999", "1,000", "1,234,567"]);
    }
}
