//! What a replay tells, for people and machines.

use std::sync::Arc;

use super::job::Found;
use crate::commands::streams::aside;
use crate::streams::compare::value;
use crate::streams::late::correction::{Correction, Plan};
use crate::streams::topology::Topology;
use crate::ui::{Cell, Report};

/// Changes that the question shows.
const SHOWN: usize = 10;

/// One row for each result that is told anew, then one for each late record that stays.
pub fn report(topology: &Arc<dyn Topology>, found: &Found, prefix: &str) -> Report {
    let description = topology.describe();
    let plan = &found.plan;
    let mut report = Report::new("")
        .column("outcome", "OUTCOME")
        .column("topic", "TOPIC")
        .column("key", "KEY")
        .column("windowStart", "START")
        .column("windowEnd", "END")
        .column("metricName", "METRIC")
        .number("fromRevision", "FROM")
        .number("revision", "REVISION")
        .column("change", "CHANGE")
        .column("position", "POSITION")
        .column("reason", "REASON")
        .column("why", "WHY")
        .meta("topology", description.name)
        .meta("replayed", plan.replayed.len() as u64)
        .meta("corrections", plan.corrections.len() as u64)
        .meta("left", plan.left.len() as u64);
    for each in &plan.corrections {
        let verb = match (each.withdraws, prefix.is_empty()) {
            (true, true) => "withdrawn",
            (true, false) => "would-withdraw",
            (false, true) => "corrected",
            (false, false) => "would-correct",
        };
        let before = each.before.as_ref().map(|b| Cell::Integer(b.revision.into()));
        report.push(vec![
            verb.into(),
            description.sinks[each.name.sink].topic.as_str().into(),
            aside::text(&String::from_utf8_lossy(&each.name.key)),
            Cell::Time(each.name.span.start),
            Cell::Time(each.name.span.end),
            Cell::text_or_null(each.name.measure.as_deref()),
            before.unwrap_or(Cell::Null),
            Cell::Integer(each.revision.into()),
            change(each).as_str().into(),
            Cell::Null,
            Cell::Null,
            Cell::Null,
        ]);
    }
    for left in &plan.left {
        let letter = found.shelf.get(left.letter);
        let key = letter.and_then(|l| l.record.key.as_deref()).unwrap_or_default();
        let window = letter.and_then(crate::streams::late::reach::window);
        report.push(vec![
            "left-open".into(),
            letter.map_or(Cell::Null, |l| aside::origin(l.origin.as_ref())[0].clone()),
            aside::text(&String::from_utf8_lossy(key)),
            window.map_or(Cell::Null, |w| Cell::Time(w.start)),
            window.map_or(Cell::Null, |w| Cell::Time(w.end)),
            Cell::Null,
            Cell::Null,
            Cell::Null,
            Cell::Null,
            left.letter.to_string().into(),
            left.obstacle.code().into(),
            left.obstacle.to_string().into(),
        ]);
    }
    report
}

/// `count 97 -> 100, activityScore 97 -> 100`; the fields that are new stand alone.
fn change(each: &Correction) -> String {
    if each.withdraws {
        return "told of by a longer one".to_owned();
    }
    let before = each.before.as_ref().map_or(&b"{}"[..], |b| &b.value);
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let fields = value::fields(&text(before), &text(&each.value));
    let known = |f: &&value::Field| {
        let name = f.path.trim_start_matches('/');
        !["revision", "customerId", "region", "timestamp"].contains(&name)
            && !name.starts_with("window")
    };
    let part = |f: &value::Field| {
        let name = f.path.trim_start_matches('/');
        let produced = f.produced.as_deref().unwrap_or("nothing");
        f.recorded
            .as_ref()
            .map_or_else(|| format!("{name} {produced}"), |r| format!("{name} {r} -> {produced}"))
    };
    fields.iter().filter(known).map(part).collect::<Vec<_>>().join(", ")
}

/// The changes in short, for the question.
pub fn effect(topology: &Arc<dyn Topology>, plan: &Plan) -> String {
    let line = |each: &Correction| {
        let topic = &topology.describe().sinks[each.name.sink].topic;
        let key = String::from_utf8_lossy(&each.name.key);
        let start = each.name.span.start;
        format!("{topic} {key} {start} as revision {}: {}", each.revision, change(each))
    };
    let mut lines: Vec<String> = plan.corrections.iter().take(SHOWN).map(line).collect();
    let more = plan.corrections.len().saturating_sub(SHOWN);
    if more > 0 {
        lines.push(format!("and {more} more; --dry-run shows them all"));
    }
    if lines.is_empty() {
        lines.push("no result changes; the late records are noted as replayed".to_owned());
    }
    lines.join("\n")
}
