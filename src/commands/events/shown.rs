//! Events in a report and in lines.

use crate::backends::redis::events::Loaded;
use crate::cli::Failure;
use crate::events::{Content, Event, Unfit, wire};
use crate::ui::{Cell, Report};

/// A report's columns for events.
#[must_use]
pub fn columns(report: Report) -> Report {
    report
        .number("revision", "REVISION")
        .column("position", "POSITION")
        .column("recordedAt", "RECORDED AT")
        .column("type", "TYPE")
        .number("typeVersion", "V")
        .column("eventId", "EVENT ID")
        .column("eventTime", "EVENT TIME")
        .column("correlationId", "CORRELATION")
        .column("causationId", "CAUSATION")
        .column("actor", "ACTOR")
        .column("link", "LINK")
        .column("data", "DATA")
        .column("metadata", "METADATA")
}

/// The row of an event with its content, in the form it is to be seen in.
#[must_use]
pub fn row(event: &Event, content: &Content<'_>) -> Vec<Cell> {
    let text = |t: &Option<std::borrow::Cow<'_, str>>| Cell::text_or_null(t.as_deref());
    vec![
        event.revision.into(),
        event.position.to_string().into(),
        event.recorded_at.into(),
        content.event_type.as_ref().into(),
        u64::from(content.type_version).into(),
        content.id.as_ref().into(),
        content.time().unwrap_or(event.recorded_at).into(),
        text(&content.correlation_id),
        text(&content.causation_id),
        text(&content.actor),
        event.link.as_str().into(),
        Cell::Raw(content.data.get().to_owned()),
        content.metadata.as_ref().map_or(Cell::Null, |m| Cell::Raw(m.get().to_owned())),
    ]
}

/// An event's line of JSON as it is stored, with its end of line.
///
/// # Errors
/// Exit 1 if its stored bytes are damaged.
pub fn line(event: &Event, out: &mut Vec<u8>) -> Result<(), Failure> {
    line_with(event, &event.content().map_err(|e| damaged(event, &e))?, out)
}

/// An event's line of JSON with a content of it, and its end of line.
///
/// # Errors
/// Never in practice.
pub fn line_with(event: &Event, content: &Content<'_>, out: &mut Vec<u8>) -> Result<(), Failure> {
    wire::write_with(event, content, out).map_err(|e| damaged(event, &e))?;
    out.push(b'\n');
    Ok(())
}

/// An event that cannot be brought to today's form.
#[must_use]
pub fn unfit(event: &Event, unfit: &Unfit) -> Failure {
    if let Unfit::Content(error) = unfit {
        return damaged(event, error);
    }
    let what = format!(
        "stopped at the event at {} ({} revision {})",
        event.position, event.aggregate, event.revision
    );
    Failure::failed(what)
        .code("unknown-event")
        .because(unfit)
        .hint("A newer bss wrote it: use that one, or declare what is missing in events.upcasters.")
}

/// An event whose stored bytes cannot be read.
#[must_use]
pub fn damaged(event: &Event, error: &dyn std::fmt::Display) -> Failure {
    let what = format!(
        "could not read the event at {} ({} revision {})",
        event.position, event.aggregate, event.revision
    );
    Failure::failed(what)
        .because(&std::io::Error::other(error.to_string()))
        .hint("See what else is damaged: bss events verify")
}

/// The events of a loaded part; a trimmed one is told.
///
/// # Errors
/// Exit 1 for one that was trimmed.
pub fn present(loaded: Vec<Loaded>) -> Result<Vec<Event>, Failure> {
    let one = |loaded| {
        match loaded {
        Loaded::Event(event) => Ok(event),
        Loaded::Trimmed { revision, position } => Err(Failure::failed(format!(
            "the event of revision {revision} (position {position}) was archived and is not in the store"
        ))
        .code("archived")
        .hint("Read it from the archive: --archive DIR, or begin later: --from-revision N")),
    }
    };
    loaded.into_iter().map(one).collect()
}
