//! An event as a writer gives it in a line of JSON, before it is stored: what the store decides is
//! not there yet, and the id need not be.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::EventTime;

use super::content::{BadContent, compact_raw};
use super::{Aggregate, Content};

/// A line's event.
#[derive(Clone, Debug)]
pub struct Draft {
    /// The id, if the line has one; that of the content is empty.
    pub id: Option<Cow<'static, str>>,
    /// The rest.
    pub content: Content<'static>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Line<'a> {
    aggregate_type: Option<String>,
    aggregate_id: Option<String>,
    event_id: Option<String>,
    #[serde(rename = "type")]
    event_type: String,
    #[serde(default = "first")]
    type_version: u32,
    event_time: Option<String>,
    correlation_id: Option<String>,
    causation_id: Option<String>,
    actor: Option<String>,
    #[serde(borrow)]
    data: &'a RawValue,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
}

const fn first() -> u32 {
    1
}

/// Reads a line with an event of `aggregate`. A line may name the aggregate, but no other one: an
/// append is one step on one aggregate.
///
/// # Errors
/// What is wrong with it.
pub fn read(line: &str, aggregate: &Aggregate) -> Result<Draft, BadContent> {
    let line: Line<'_> = serde_json::from_str(line).map_err(|e| BadContent::Json(e.to_string()))?;
    let kind = line.aggregate_type.as_deref().unwrap_or(aggregate.kind());
    let id = line.aggregate_id.as_deref().unwrap_or(aggregate.id());
    if (kind, id) != (aggregate.kind(), aggregate.id()) {
        return Err(BadContent::Json(format!(
            "it is an event of {kind}/{id}: an append is one step on one aggregate, {aggregate}, and no server does two together"
        )));
    }
    let time = |text: &str| {
        EventTime::from_event_text(text)
            .map(EventTime::millis)
            .map_err(|e| BadContent::Time(format!("eventTime: {e}")))
    };
    let content = Content {
        id: Cow::Borrowed(""),
        event_type: Cow::Owned(line.event_type),
        type_version: line.type_version,
        time_ms: line.event_time.as_deref().map(time).transpose()?,
        correlation_id: line.correlation_id.map(Cow::Owned),
        causation_id: line.causation_id.map(Cow::Owned),
        actor: line.actor.map(Cow::Owned),
        data: Cow::Owned(compact_raw(line.data)?),
        metadata: line.metadata.map(|m| compact_raw(m).map(Cow::Owned)).transpose()?,
    };
    Ok(Draft { id: line.event_id.map(Cow::Owned), content })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_says_what_it_needs_and_no_other_aggregate() {
        let one: Aggregate = "customer/c-1".parse().unwrap();
        let draft = read(r#"{"type":"Made","data":{"a": 1}}"#, &one).unwrap();
        assert_eq!((draft.id, draft.content.data.get()), (None, "{\"a\":1}"));
        let named = r#"{"aggregateType":"customer","aggregateId":"c-1","eventId":"e","type":"Made","data":{}}"#;
        assert_eq!(read(named, &one).unwrap().id.as_deref(), Some("e"));
        let other = named.replace("c-1", "c-2");
        assert!(read(&other, &one).unwrap_err().to_string().contains("one step on one aggregate"));
        assert!(read(r#"{"type":"a","data":{},"typ":1}"#, &one).is_err());
        assert!(read(r#"{"type":"a","data":{},"eventTime":"x"}"#, &one).is_err());
    }
}
