//! `bss streams reset --undo`

use std::path::Path;

use super::{ResetArgs, alone, look};
use crate::backends::BackendError;
use crate::backends::kafka::runner::reset::Target;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::streams::aside::blocking;
use crate::config::Backend;
use crate::streams::rebuild::Rebuild;
use crate::streams::topology::Description;
use crate::streams::undo::{NotedOffset, Undo, Verdict, told};
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
    refuse(&undo, &verdict, &description)?;
    let state = match verdict {
        Verdict::Emptied if args.force => State::Empty,
        Verdict::Emptied => State::ToBeRebuilt,
        _ => State::Theirs,
    };
    let offsets = match state {
        State::ToBeRebuilt => marked(&undo, &description)?,
        State::Empty | State::Theirs => undo.offsets.clone(),
    };
    let report = report(&undo, state, &before.offsets, args.apply);
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
    let effect = match state {
        State::Empty => "state stays empty: results from there on lack what was counted before",
        State::ToBeRebuilt => "no run goes on from them before a rebuild has made their state",
        State::Theirs => "the state is the one they belong to",
    };
    let outputs = told(&undo.offsets);
    let what = format!("set back the offsets of {}", description.name);
    let effect = format!("{effect}; {outputs} outputs that were told stay");
    context.confirm(&[Backend::Kafka], &what, &effect).await?;
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
    if state == State::ToBeRebuilt {
        context.ui.status(format!(
            "Their state is gone; make it: `bss streams rebuild {} --apply`. Until then a run refuses.",
            description.name
        ));
    }
    Ok(ExitStatus::Done)
}

/// What state there will be to the offsets that are set back.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Theirs,
    ToBeRebuilt,
    Empty,
}

/// The offsets, so that nobody goes on from them before a rebuild.
fn marked(undo: &Undo, description: &Description) -> Result<Vec<NotedOffset>, Failure> {
    let rebuild = Rebuild::of(description, &undo.offsets).map_err(|cause| {
        let mut failure = Failure::failed(format!("could not mark the offsets of {}", undo.group));
        failure.causes.push(cause);
        failure
    })?;
    Ok(rebuild.marked())
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
fn refuse(undo: &Undo, verdict: &Verdict, description: &Description) -> Result<(), Failure> {
    let Verdict::Refused(cause) = verdict else { return Ok(()) };
    let what = format!("refused to set back the offsets of group \"{}\"", undo.group);
    let mut failure = Failure::new(ExitStatus::Conflict, what);
    failure.causes.push(cause.clone());
    Err(failure.hint("Over other state records would be counted twice or not at all.").hint(
        format!(
            "Complete or repeat the reset first: `bss streams reset {} --apply`.",
            description.name
        ),
    ))
}

fn report(undo: &Undo, state: State, now: &[NotedOffset], applied: bool) -> Report {
    let state = match state {
        State::Theirs => "theirs",
        State::ToBeRebuilt => "to-be-rebuilt",
        State::Empty => "empty",
    };
    let outputs = told(&undo.offsets);
    let (name, taken_at) = (&undo.topology, &undo.taken_at);
    let title =
        format!("Offsets of {name} as of {taken_at}; {outputs} outputs that were told stay");
    let mut report = Report::new(title)
        .column("topic", "TOPIC")
        .number("partition", "PARTITION")
        .number("found", "FOUND")
        .number("afterwards", "AFTERWARDS")
        .meta("topology", undo.topology.as_str())
        .meta("group", undo.group.as_str())
        .meta("takenAt", undo.taken_at.as_str())
        .meta("state", state)
        .meta("outputs", outputs)
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
