//! What a writer says in an event, and its stored form, the envelope: one JSON object, kept byte for
//! byte.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::domain::EventTime;

/// Bytes of an id, a type or another short text, at most.
const TEXT_LIMIT: usize = 200;

/// What a writer says in an event.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Content<'a> {
    /// The event's id, unique within its aggregate: the same id again is the same event again.
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    /// What happened: `CustomerCreated`.
    #[serde(rename = "type", borrow)]
    pub event_type: Cow<'a, str>,
    /// The version of the form of `data`, from 1.
    #[serde(rename = "v", default = "first", skip_serializing_if = "is_first")]
    pub type_version: u32,
    /// When it happened, in ms since 1970; absent if that is when it was recorded.
    #[serde(default, rename = "time", skip_serializing_if = "Option::is_none")]
    pub time_ms: Option<i64>,
    /// The conversation it belongs to.
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<Cow<'a, str>>,
    /// The event or command that caused it.
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub causation_id: Option<Cow<'a, str>>,
    /// Who did it.
    #[serde(default, borrow, skip_serializing_if = "Option::is_none")]
    pub actor: Option<Cow<'a, str>>,
    /// What is told: a JSON object.
    pub data: Cow<'a, RawValue>,
    /// What is told about the telling: a JSON object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub metadata: Option<Cow<'a, RawValue>>,
}

const fn first() -> u32 {
    1
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
const fn is_first(version: &u32) -> bool {
    *version == 1
}

/// Why a content cannot be stored.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadContent {
    /// A text is empty, too long or has control characters.
    #[error("{0} must have 1 to 200 bytes without control characters")]
    Text(&'static str),
    /// Not a JSON object.
    #[error("{0} must be a JSON object")]
    Object(&'static str),
    /// Not JSON at all.
    #[error("{0}")]
    Json(String),
    /// Version 0.
    #[error("the type version starts at 1")]
    Version,
    /// Not a plausible instant.
    #[error("{0}")]
    Time(String),
}

impl<'a> Content<'a> {
    /// Reads a stored envelope.
    ///
    /// # Errors
    /// If it is none.
    pub fn from_envelope(bytes: &'a [u8]) -> Result<Self, BadContent> {
        serde_json::from_slice(bytes).map_err(|e| BadContent::Json(e.to_string()))
    }

    /// The stored form.
    ///
    /// # Errors
    /// Never in practice: all its parts are texts and numbers.
    pub fn envelope(&self) -> Result<Vec<u8>, BadContent> {
        serde_json::to_vec(self).map_err(|e| BadContent::Json(e.to_string()))
    }

    /// Whether it may be stored.
    ///
    /// # Errors
    /// What is wrong with it, by the name that the JSON form of an event has for it.
    pub fn check(&self) -> Result<(), BadContent> {
        let texts = [
            ("eventId", Some(&self.id)),
            ("type", Some(&self.event_type)),
            ("correlationId", self.correlation_id.as_ref()),
            ("causationId", self.causation_id.as_ref()),
            ("actor", self.actor.as_ref()),
        ];
        for (name, text) in texts {
            let good = |t: &Cow<'_, str>| {
                !t.is_empty() && t.len() <= TEXT_LIMIT && !t.chars().any(char::is_control)
            };
            if !text.is_none_or(good) {
                return Err(BadContent::Text(name));
            }
        }
        if self.type_version == 0 {
            return Err(BadContent::Version);
        }
        for (name, raw) in [("data", Some(&self.data)), ("metadata", self.metadata.as_ref())] {
            if raw.is_some_and(|raw| !raw.get().starts_with('{')) {
                return Err(BadContent::Object(name));
            }
        }
        if let Some(time) = self.time_ms {
            EventTime::from_event_millis(time).map_err(|e| BadContent::Time(e.to_string()))?;
        }
        Ok(())
    }

    /// When it happened, if it is said.
    #[must_use]
    pub fn time(&self) -> Option<EventTime> {
        self.time_ms.map(EventTime::from_millis)
    }

    /// The same with texts of its own.
    #[must_use]
    pub fn into_owned(self) -> Content<'static> {
        let own = |text: Cow<'a, str>| Cow::Owned(text.into_owned());
        Content {
            id: own(self.id),
            event_type: own(self.event_type),
            type_version: self.type_version,
            time_ms: self.time_ms,
            correlation_id: self.correlation_id.map(own),
            causation_id: self.causation_id.map(own),
            actor: self.actor.map(own),
            data: Cow::Owned(self.data.into_owned()),
            metadata: self.metadata.map(|m| Cow::Owned(m.into_owned())),
        }
    }
}

/// A JSON text without the white space between its parts, so that it fits a line of NDJSON; every
/// number and text stays as it is.
///
/// # Errors
/// If it is no JSON.
pub fn compact(text: &str) -> Result<Box<RawValue>, BadContent> {
    let raw: &RawValue = serde_json::from_str(text).map_err(|e| BadContent::Json(e.to_string()))?;
    compact_raw(raw)
}

/// As [`compact`], of what is known to be JSON.
///
/// # Errors
/// Never in practice.
pub fn compact_raw(raw: &RawValue) -> Result<Box<RawValue>, BadContent> {
    let wrong = |e: serde_json::Error| BadContent::Json(e.to_string());
    // Most has no white space at all, not even in a text; blocks without an early end are fast.
    let white = |block: &[u8]| block.iter().fold(false, |any, b| any | b.is_ascii_whitespace());
    if !raw.get().as_bytes().chunks(64).any(white) {
        return Ok(raw.to_owned());
    }
    let mut out = String::with_capacity(raw.get().len());
    let (mut inside, mut escaped) = (false, false);
    for c in raw.get().chars() {
        if inside {
            (inside, escaped) = (escaped || c != '"', !escaped && c == '\\');
        } else if c.is_ascii_whitespace() {
            continue;
        } else {
            inside = c == '"';
        }
        out.push(c);
    }
    RawValue::from_string(out).map_err(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn content(data: &str) -> Content<'static> {
        Content {
            id: "e-1".into(),
            event_type: "Made".into(),
            type_version: 1,
            time_ms: None,
            correlation_id: None,
            causation_id: None,
            actor: None,
            data: Cow::Owned(compact(data).unwrap()),
            metadata: None,
        }
    }

    #[test]
    fn an_envelope_is_short_and_reads_back() {
        let plain = content("{ \"a\" : 1.10 }");
        assert_eq!(plain.envelope().unwrap(), br#"{"id":"e-1","type":"Made","data":{"a":1.10}}"#);
        let full = Content {
            type_version: 2,
            time_ms: Some(1_795_550_400_000),
            correlation_id: Some("c".into()),
            causation_id: Some("k".into()),
            actor: Some("x\u{e9}\"".into()),
            metadata: Some(Cow::Owned(compact("{}").unwrap())),
            ..plain
        };
        let bytes = full.envelope().unwrap();
        let read = Content::from_envelope(&bytes).unwrap();
        assert_eq!(read.envelope().unwrap(), bytes);
        assert!(read.check().is_ok());
        assert!(Content::from_envelope(br#"{"id":"a","type":"b","data":{},"x":1}"#).is_err());
    }

    #[test]
    fn what_may_not_be_stored_is_named() {
        let with = |change: &dyn Fn(&mut Content<'static>)| {
            let mut made = content("{}");
            change(&mut made);
            made.check().unwrap_err().to_string()
        };
        assert!(with(&|c| c.id = "".into()).starts_with("eventId"));
        assert!(with(&|c| c.event_type = "a\u{7}".into()).starts_with("type"));
        assert!(with(&|c| c.actor = Some("x".repeat(201).into())).starts_with("actor"));
        assert!(with(&|c| c.type_version = 0).contains("starts at 1"));
        assert!(
            with(&|c| c.time_ms = Some(5)).contains("1990"),
            "{}",
            with(&|c| c.time_ms = Some(5))
        );
        assert_eq!(content("[1]").check().unwrap_err(), BadContent::Object("data"));
    }

    proptest! {
        #[test]
        fn compacting_changes_no_value(a in any::<String>(), b in any::<f64>().prop_filter("finite", |f| f.is_finite())) {
            let value = serde_json::json!({ "a b": [a, b], "c": { "d\\\"": null } });
            let pretty = serde_json::to_string_pretty(&value).unwrap();
            let made = compact(&pretty).unwrap();
            prop_assert_eq!(made.get(), serde_json::to_string(&value).unwrap());
        }
    }
}
