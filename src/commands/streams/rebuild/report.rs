//! What a rebuild does and what it leaves, a line each.

use crate::backends::kafka::runner::rebuild::Facts;
use crate::backends::kafka::runner::reset;
use crate::streams::topology::Description;
use crate::topics::plan::Declared;
use crate::ui::Report;

/// The plan of a rebuild.
pub fn report(
    description: &Description,
    facts: &Facts,
    declared: &[Declared],
    applied: bool,
) -> Report {
    let (group, before) = (&description.group, &facts.before);
    let members: Vec<&str> = before.members.iter().map(String::as_str).collect();
    let mut report = Report::new(format!("Rebuild of {}", description.name))
        .column("object", "OBJECT")
        .column("action", "ACTION")
        .column("found", "FOUND")
        .column("afterwards", "AFTERWARDS")
        .meta("topology", description.name)
        .meta("group", group.as_str())
        .meta("members", members)
        .meta("partitions", u64::try_from(facts.partitions).unwrap_or(0))
        .meta("builtFor", u64::try_from(facts.rebuild.partitions()).unwrap_or(0))
        .meta("cutOff", facts.rebuild.is_marked())
        .meta("applied", applied);
    let mut line = |object: String, action: &str, found: String, afterwards: String| {
        report.push(vec![object.into(), action.into(), found.into(), afterwards.into()]);
    };
    for source in &facts.sources {
        let topic = &description.sources[source.source].topic;
        let found = format!("{} offsets committed, {} gone", source.fed, source.gone);
        line(format!("source {topic}"), "= read anew", found, format!("{} unread", source.unread));
    }
    let sums = reset::sums(&before.changelogs);
    for declared in declared {
        let found = sums.get(declared.name.as_str());
        line(
            format!("topic {}", declared.name),
            "- delete, + create",
            found.map_or_else(|| "absent".to_owned(), |n| format!("{n} offsets")),
            format!("{} partitions, made anew", declared.partitions),
        );
    }
    line(
        format!("offsets of group {group}"),
        "~ set",
        format!("{} partitions", facts.rebuild.partitions()),
        format!("the same, {} partitions", facts.partitions),
    );
    for (topic, offsets) in reset::sums(&before.outputs) {
        let found = format!("{offsets} offsets");
        line(format!("output {topic}"), "= stays", found.clone(), found);
    }
    report
}
