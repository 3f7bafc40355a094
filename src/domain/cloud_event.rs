//! CloudEvents: written in Kafka's binary mode (the attributes as `ce_` headers), read in binary and
//! in structured mode (an envelope around the event).

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::fields::{Text, digits};
use crate::domain::{EventTime, Reason, Reject};

/// The attributes of an event we write (CloudEvents 1.0, Kafka protocol binding, binary mode).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CloudEvent<'a> {
    /// Deterministic: the same input gives the same id.
    pub id: &'a str,
    /// What it is, with its version.
    pub event_type: &'a str,
    /// Who wrote it.
    pub source: &'a str,
    /// Event time.
    pub time: EventTime,
}

/// The header names and the fixed values.
pub const SPEC_VERSION: (&str, &str) = ("ce_specversion", "1.0");
/// The id's header.
pub const ID: &str = "ce_id";
/// The type's header.
pub const TYPE: &str = "ce_type";
/// The source's header.
pub const SOURCE: &str = "ce_source";
/// The event time's header.
pub const TIME: &str = "ce_time";
/// The payload's form.
pub const CONTENT_TYPE: (&str, &str) = ("content-type", "application/json");

/// The event inside an envelope (structured mode).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unwrapped<'a> {
    /// The event's own JSON object.
    pub data: &'a str,
    /// The envelope's time, which stands in for an absent one of the event.
    pub time: Option<Cow<'a, str>>,
    /// The envelope's id.
    pub id: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(borrow)]
    specversion: Option<&'a RawValue>,
    #[serde(borrow)]
    data: Option<&'a RawValue>,
    #[serde(borrow)]
    data_base64: Option<&'a RawValue>,
    #[serde(borrow)]
    time: Option<&'a RawValue>,
    #[serde(borrow)]
    id: Option<&'a RawValue>,
}

/// The event inside a structured CloudEvent; `None` if the text is none. Asked only about what is
/// no plain event, so that plain events cost nothing.
///
/// # Errors
/// [`Reason::BadEnvelope`] for another version than 1, or without an object as `data`.
pub fn unwrap(text: &str) -> Option<Result<Unwrapped<'_>, Reject>> {
    if !text.contains("\"specversion\"") {
        return None;
    }
    let envelope: Envelope<'_> = serde_json::from_str(text).ok()?;
    let version = envelope.specversion?;
    Some(opened(version, &envelope))
}

fn opened<'a>(version: &RawValue, envelope: &Envelope<'a>) -> Result<Unwrapped<'a>, Reject> {
    let bad = |field, detail: String| Reject::new(Reason::BadEnvelope, field, detail);
    let version = version.get();
    if !version.strip_prefix("\"1.").is_some_and(|rest| {
        rest.strip_suffix('"')
            .is_some_and(|minor| !minor.is_empty() && minor.bytes().all(|b| b.is_ascii_digit()))
    }) {
        let shown: String = version.chars().take(32).collect();
        return Err(bad("specversion", format!("{shown} is not 1.0 or another 1.x")));
    }
    let data = envelope.data.map(RawValue::get).ok_or_else(|| {
        let binary = envelope.data_base64.is_some();
        let detail = if binary { "data_base64 holds no JSON object" } else { "absent" };
        bad("data", detail.to_owned())
    })?;
    if !data.starts_with('{') {
        let shown: String = data.chars().take(32).collect();
        return Err(bad("data", format!("`{shown}` is no JSON object")));
    }
    let time = digits(envelope.time, "time")
        .map_err(|fault| bad("time", fault.detail))?
        .filter(|time| !time.is_empty());
    let id = envelope.id.and_then(|id| serde_json::from_str::<Text<'a>>(id.get()).ok());
    Ok(Unwrapped { data, time, id: id.map(|id| id.0).filter(|id| !id.is_empty()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_envelope_is_opened_and_a_broken_one_is_named() {
        let read = |text: &str| {
            unwrap(text).map(|r| {
                r.map(|u| (u.data.to_owned(), u.time.map(Cow::into_owned)))
                    .map_err(|e| (e.reason, e.field))
            })
        };
        let data = || "{\"a\":1}".to_owned();
        for (text, wanted) in [
            (r#"{"specversion":"1.0","id":"x","data":{"a":1}}"#, Some(Ok((data(), None)))),
            (
                r#"{"data": {"a":1}, "time":"2026-01-01T00:00:00Z","specversion" : "1.1"}"#,
                Some(Ok((data(), Some("2026-01-01T00:00:00Z".to_owned())))),
            ),
            (r#"{"specversion":"1.0"}"#, Some(Err((Reason::BadEnvelope, "data")))),
            (r#"{"specversion":"1.0","data":null}"#, Some(Err((Reason::BadEnvelope, "data")))),
            (r#"{"specversion":"1.0","data":"{}"}"#, Some(Err((Reason::BadEnvelope, "data")))),
            (
                r#"{"specversion":"1.0","data_base64":"e30="}"#,
                Some(Err((Reason::BadEnvelope, "data"))),
            ),
            (
                r#"{"specversion":"1.0","data":{},"time":{}}"#,
                Some(Err((Reason::BadEnvelope, "time"))),
            ),
            (r#"{"specversion":"0.3","data":{}}"#, Some(Err((Reason::BadEnvelope, "specversion")))),
            (r#"{"specversion":"1.","data":{}}"#, Some(Err((Reason::BadEnvelope, "specversion")))),
            (r#"{"specversion":1.0,"data":{}}"#, Some(Err((Reason::BadEnvelope, "specversion")))),
            (r#"{"data":{}}"#, None),
            (r#"{"note":"\"specversion\"","data":{}}"#, None),
            (r#"{"specversion":"1.0","#, None),
        ] {
            assert_eq!(read(text), wanted, "{text}");
        }
    }
}
