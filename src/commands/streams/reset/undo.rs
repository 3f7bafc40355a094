//! `bss streams reset --undo`

use std::path::Path;

use super::{ResetArgs, alone, look};
use crate::backends::BackendError;
use crate::backends::kafka::runner::reset::Target;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::streams::aside::blocking;
use crate::config::Backend;
use crate::streams::topology::Description;
use crate::streams::undo::{NotedOffset, Undo, Verdict};
use crate::ui::{Cell, Report};

/// Sets the offsets back, where the state allows it.
pub async fn run(
    file: &Path,
    args: &ResetArgs,
    description: Description,
    context: &Context,
) -> Result<ExitStatus, Failure> {
    let undo = read(file, &description)?;
    let (resetter, before) = look(context, &description, Target::Earliest).await?;
    let verdict = undo.judge(&before.offsets, &before.changelogs);
    refuse(&undo, &verdict, args, &description)?;
    let report = report(&undo, &verdict, &before.offsets, args.apply);
    if verdict == Verdict::Nothing {
        context.ui.report(&report)?;
        context.ui.status("The offsets are as they were; nothing to do.");
        return Ok(ExitStatus::Done);
    }
    if !args.apply {
        context.ui.report(&report)?;
        context.ui.status("Nothing was changed; --apply carries it out.");
        return Ok(ExitStatus::Done);
    }
    let (resetter, _locks) = alone(context, resetter, &description).await?;
    let effect = match verdict {
        Verdict::Emptied => {
            "state stays empty: results from there on lack what was counted before; outputs stay"
        }
        _ => "the state is the one they belong to; outputs stay",
    };
    let what = format!("set back the offsets of {}", description.name);
    context.confirm(&[Backend::Kafka], &what, effect).await?;
    let offsets = undo.offsets.clone();
    blocking(move || {
        // The others may have begun meanwhile.
        let now = resetter.look(Target::Earliest)?;
        if undo.judge(&now.offsets, &now.changelogs) != verdict {
            return Ok(false);
        }
        resetter.set(&offsets)?;
        Ok::<_, BackendError>(true)
    })
    .await??
    .then_some(())
    .ok_or_else(|| {
        Failure::new(ExitStatus::Conflict, "did not set the offsets: the group has moved meanwhile")
            .hint("Run the command again without --apply to see how it stands.")
    })?;
    context.ui.report(&report)?;
    context.ui.status(format!("The offsets of {} are set back.", description.name));
    Ok(ExitStatus::Done)
}

fn read(file: &Path, description: &Description) -> Result<Undo, Failure> {
    let what = || format!("could not read the undo file {}", file.display());
    let text = std::fs::read(file).map_err(|e| Failure::failed(what()).because(&e))?;
    let undo: Undo = serde_json::from_slice(&text).map_err(|e| {
        Failure::failed(what())
            .because(&e)
            .hint("Give the file that `bss streams reset --apply` has named.")
    })?;
    if undo.group != description.group {
        return Err(Failure::usage(format!(
            "{} is of group \"{}\", not of \"{}\"",
            file.display(),
            undo.group,
            description.group
        )));
    }
    Ok(undo)
}

/// Offsets without their state give wrong results.
fn refuse(
    undo: &Undo,
    verdict: &Verdict,
    args: &ResetArgs,
    description: &Description,
) -> Result<(), Failure> {
    let refused = |cause: String| {
        let what = format!("refused to set back the offsets of group \"{}\"", undo.group);
        let mut failure = Failure::new(ExitStatus::Conflict, what);
        failure.causes.push(cause);
        failure
    };
    let name = description.name;
    match verdict {
        Verdict::Emptied if !args.force => Err(refused(
            "the state that belongs to them is gone; it is rebuilt by processing only".to_owned(),
        )
        .hint(format!("To have state again, process everything again: `bss streams run {name}`."))
        .hint("To go on from these offsets without what was counted before, add --force.")),
        Verdict::Refused(cause) => Err(refused(cause.clone())
            .hint("Over other state records would be counted twice or not at all.")
            .hint(format!(
                "Complete or repeat the reset first: `bss streams reset {name} --apply`."
            ))),
        _ => Ok(()),
    }
}

fn report(undo: &Undo, verdict: &Verdict, now: &[NotedOffset], applied: bool) -> Report {
    let state = match verdict {
        Verdict::Emptied => "empty",
        _ => "theirs",
    };
    let mut report = Report::new(format!("Offsets of {} as of {}", undo.topology, undo.taken_at))
        .column("topic", "TOPIC")
        .number("partition", "PARTITION")
        .number("found", "FOUND")
        .number("afterwards", "AFTERWARDS")
        .meta("topology", undo.topology.as_str())
        .meta("group", undo.group.as_str())
        .meta("takenAt", undo.taken_at.as_str())
        .meta("state", state)
        .meta("applied", applied);
    for noted in &undo.offsets {
        let at = |o: &&NotedOffset| o.topic == noted.topic && o.partition == noted.partition;
        report.push(vec![
            noted.topic.as_str().into(),
            Cell::Integer(noted.partition.into()),
            now.iter().find(at).map_or(Cell::Null, |o| Cell::Integer(o.offset)),
            Cell::Integer(noted.offset),
        ]);
    }
    report
}
