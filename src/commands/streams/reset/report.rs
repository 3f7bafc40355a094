//! What a reset does and what it leaves, a line each.

use std::path::Path;

use super::ResetArgs;
use crate::backends::kafka::runner::files;
use crate::backends::kafka::runner::reset::{self, Before};
use crate::streams::topology::Description;
use crate::streams::undo::told;
use crate::topics::plan::Declared;
use crate::ui::Report;

/// The plan of a reset.
pub fn report(
    description: &Description,
    before: &Before,
    changelogs: &[Declared],
    args: &ResetArgs,
    dir: &Path,
) -> Report {
    let group = &description.group;
    let members: Vec<&str> = before.members.iter().map(String::as_str).collect();
    let mut report = Report::new(format!("Reset of {}", description.name))
        .column("object", "OBJECT")
        .column("action", "ACTION")
        .column("found", "FOUND")
        .column("afterwards", "AFTERWARDS")
        .meta("topology", description.name)
        .meta("group", group.as_str())
        .meta("members", members)
        .meta("to", args.to.as_str())
        .meta("applied", args.apply);
    let mut line = |object: String, action: &str, found: String, afterwards: String| {
        report.push(vec![object.into(), action.into(), found.into(), afterwards.into()]);
    };
    line(
        format!("offsets of group {group}"),
        "- delete",
        format!("{} partitions", before.offsets.len()),
        if before.targets.is_empty() { "none: begins at the earliest" } else { "set, see below" }
            .to_owned(),
    );
    let sums = reset::sums(&before.changelogs);
    for declared in changelogs {
        let found = sums.get(declared.name.as_str());
        line(
            format!("topic {}", declared.name),
            "- delete, + create",
            found.map_or_else(|| "absent".to_owned(), |n| format!("{n} offsets")),
            format!("empty, {} partitions", declared.partitions),
        );
    }
    for target in &before.targets {
        let at = |o: &&crate::streams::undo::NotedOffset| {
            o.topic == target.topic && o.partition == target.partition
        };
        let found = before.offsets.iter().find(at);
        line(
            format!("offset of {}/{}", target.topic, target.partition),
            "~ set",
            found.map_or_else(|| "none".to_owned(), |o| o.offset.to_string()),
            target.offset.to_string(),
        );
    }
    let statuses = files::read_statuses(dir, group).len();
    line(
        format!("status files and state in {}", dir.display()),
        "- delete",
        statuses.to_string(),
        "none".to_owned(),
    );
    let outputs = told(&before.offsets).to_string();
    line("outputs that were told".to_owned(), "= stays", outputs.clone(), outputs);
    for (topic, offsets) in reset::sums(&before.outputs) {
        // Markers of transactions, and outputs of another life, are offsets too.
        let found = format!("{offsets} offsets");
        line(format!("output {topic}"), "= stays", found.clone(), found);
    }
    report
}
