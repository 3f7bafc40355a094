//! The JSON form of an event, as commands print, export and import it and the relay publishes it:
//! one object a line.

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use std::borrow::Cow;

use crate::domain::EventTime;

use super::content::{BadContent, compact_raw};
use super::{Aggregate, Content, Event, Link, Position};

/// An event as JSON. Reading one back gives the same event. Without `eventTime` it happened when it
/// was recorded.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Wire<'a> {
    shard: u16,
    position: u64,
    #[serde(borrow)]
    aggregate_type: Cow<'a, str>,
    #[serde(borrow)]
    aggregate_id: Cow<'a, str>,
    revision: u64,
    #[serde(borrow)]
    event_id: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    event_type: Cow<'a, str>,
    type_version: u32,
    recorded_at: Cow<'a, str>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    event_time: Option<Cow<'a, str>>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    correlation_id: Option<Cow<'a, str>>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    causation_id: Option<Cow<'a, str>>,
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    actor: Option<Cow<'a, str>>,
    link: Cow<'a, str>,
    data: Cow<'a, RawValue>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    metadata: Option<Cow<'a, RawValue>>,
}

/// Writes an event as one line of JSON, without its end of line.
///
/// # Errors
/// If the stored envelope is damaged.
pub fn write(event: &Event, out: &mut Vec<u8>) -> Result<(), BadContent> {
    write_with(event, &event.content()?, out)
}

/// Writes an event with another content than the stored one: upcast, or with its personal fields
/// readable.
///
/// # Errors
/// Never in practice.
pub fn write_with(
    event: &Event,
    content: &Content<'_>,
    out: &mut Vec<u8>,
) -> Result<(), BadContent> {
    let wire = Wire {
        shard: event.position.shard,
        position: event.position.n,
        aggregate_type: event.aggregate.kind().into(),
        aggregate_id: event.aggregate.id().into(),
        revision: event.revision,
        event_id: content.id.as_ref().into(),
        event_type: content.event_type.as_ref().into(),
        type_version: content.type_version,
        recorded_at: event.recorded_at.to_string().into(),
        event_time: content.time().map(|time| time.to_string().into()),
        correlation_id: content.correlation_id.as_deref().map(Cow::Borrowed),
        causation_id: content.causation_id.as_deref().map(Cow::Borrowed),
        actor: content.actor.as_deref().map(Cow::Borrowed),
        link: event.link.as_str().into(),
        data: Cow::Borrowed(content.data.as_ref()),
        metadata: content.metadata.as_deref().map(Cow::Borrowed),
    };
    serde_json::to_writer(out, &wire).map_err(|e| BadContent::Json(e.to_string()))
}

/// Reads an event that [`write`] wrote. The envelope is made anew, so that the event's link tells
/// whether it is the one that was stored.
///
/// # Errors
/// What is wrong with the line.
pub fn read(line: &str) -> Result<Event, BadContent> {
    let json = |e: serde_json::Error| BadContent::Json(e.to_string());
    let wire: Wire<'_> = serde_json::from_str(line).map_err(json)?;
    let wrong = |field: &str, e: &dyn std::fmt::Display| BadContent::Json(format!("{field}: {e}"));
    let aggregate = Aggregate::new(&wire.aggregate_type, &wire.aggregate_id)
        .map_err(|e| wrong("aggregateType, aggregateId", &e))?;
    let instant =
        |field: &str, text: &str| EventTime::from_event_text(text).map_err(|e| wrong(field, &e));
    let recorded_at = instant("recordedAt", &wire.recorded_at)?;
    let time = wire.event_time.as_deref().map(|t| instant("eventTime", t)).transpose()?;
    let content = Content {
        id: wire.event_id,
        event_type: wire.event_type,
        type_version: wire.type_version,
        time_ms: time.map(EventTime::millis),
        correlation_id: wire.correlation_id,
        causation_id: wire.causation_id,
        actor: wire.actor,
        data: Cow::Owned(compact_raw(&wire.data)?),
        metadata: wire.metadata.map(|m| compact_raw(&m).map(Cow::Owned)).transpose()?,
    };
    content.check()?;
    Ok(Event {
        position: Position { shard: wire.shard, n: wire.position },
        revision: wire.revision,
        recorded_at,
        link: wire.link.parse::<Link>().map_err(|e| wrong("link", &e))?,
        envelope: content.envelope()?,
        aggregate,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_reads_back_byte_for_byte() {
        for envelope in [
            r#"{"id":"e","type":"Made","data":{"amount":12.340,"text":"a\u0007\u00e9"}}"#,
            r#"{"id":"e","type":"Made","v":3,"time":1795550399999,"correlationId":"c","actor":"x","data":{},"metadata":{"k":[1]}}"#,
        ] {
            let event = Event {
                position: Position { shard: 2, n: 17 },
                aggregate: "order/a b".parse().unwrap(),
                revision: 4,
                recorded_at: EventTime::from_millis(1_795_550_400_123),
                link: Link::START,
                envelope: envelope.as_bytes().to_vec(),
            };
            let mut line = Vec::new();
            write(&event, &mut line).unwrap();
            let text = String::from_utf8(line).unwrap();
            assert_eq!(read(&text).unwrap(), event, "{text}");
        }
    }

    #[test]
    fn a_line_that_is_no_event_says_why() {
        let line = r#"{"shard":0,"position":1,"aggregateType":"Order","aggregateId":"a","revision":0,"eventId":"e","type":"t","typeVersion":1,"recordedAt":"2026-11-27T05:00:00Z","link":"00","data":{}}"#;
        assert!(read(line).unwrap_err().to_string().starts_with("aggregateType"));
        let line = line.replace("Order", "order");
        assert!(read(&line).unwrap_err().to_string().starts_with("link"));
        assert!(read("{}").unwrap_err().to_string().contains("missing field"));
    }
}
