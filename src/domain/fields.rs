//! Reading the fields of an event: the limits, and the faults they have in common.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::reject::{Reason, Reject};
use crate::domain::{EventTime, cloud_event};

/// The largest record that is read, in bytes.
pub const MAX_RECORD_BYTES: usize = 1 << 20;
/// The longest identifier or name, in bytes.
pub const MAX_TEXT_BYTES: usize = 256;

/// The event time that a record's value gives in its field `timestamp`, whatever else is in it;
/// `None` where there is none that can be read.
#[must_use]
pub fn event_time(value: &[u8]) -> Option<EventTime> {
    #[derive(Deserialize)]
    struct Stamp<'a> {
        #[serde(borrow)]
        timestamp: Option<&'a RawValue>,
    }
    let stamp: Stamp<'_> = serde_json::from_slice(value).ok()?;
    let text = digits(stamp.timestamp, "timestamp").ok()??;
    EventTime::from_event_text(&text).ok()
}

/// The fault of a field that must be there.
pub(crate) fn missing(field: &'static str) -> Reject {
    Reject::new(Reason::MissingField, field, "absent or empty")
}

/// A text that must be there.
pub(crate) fn required<'a>(
    text: Option<Cow<'a, str>>,
    field: &'static str,
) -> Result<Cow<'a, str>, Reject> {
    optional(text, field)?.ok_or_else(|| missing(field))
}

/// A text that may be absent; an empty one is.
pub(crate) fn optional<'a>(
    text: Option<Cow<'a, str>>,
    field: &'static str,
) -> Result<Option<Cow<'a, str>>, Reject> {
    let Some(text) = text.filter(|t| !t.is_empty()) else { return Ok(None) };
    if text.len() > MAX_TEXT_BYTES {
        let detail = format!("{} bytes; at most {MAX_TEXT_BYTES} are accepted", text.len());
        return Err(Reject::new(Reason::BadText, field, detail));
    }
    if text.bytes().any(|b| b == 0) {
        return Err(Reject::new(Reason::BadText, field, "contains U+0000"));
    }
    Ok(Some(text))
}

/// A whole number from 0 to what the database keeps (2^63 - 1).
pub(crate) fn count(text: &str, field: &'static str) -> Result<u64, Reject> {
    let text = text.trim();
    let reject = |reason, why: &str| {
        let shown: String = text.chars().take(32).collect();
        Reject::new(reason, field, format!("`{shown}` {why}"))
    };
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(reject(Reason::WrongType, "is not a whole number"));
    }
    if digits.len() < text.len() && digits.bytes().any(|b| b != b'0') {
        return Err(reject(Reason::Negative, "is below zero"));
    }
    let count = digits.parse::<i64>().ok().and_then(|count| u64::try_from(count).ok());
    count.ok_or_else(|| reject(Reason::TooLarge, "is 2^63 or more"))
}

/// A record's text: not too large, not empty, UTF-8.
pub(crate) fn document(bytes: &[u8]) -> Result<&str, Reject> {
    if bytes.len() > MAX_RECORD_BYTES {
        let detail = format!("{} bytes; at most {MAX_RECORD_BYTES} are accepted", bytes.len());
        return Err(Reject::new(Reason::Oversize, "", detail));
    }
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Err(Reject::new(Reason::Empty, "", "no content"));
    }
    std::str::from_utf8(bytes).map_err(|e| {
        Reject::new(Reason::NotUtf8, "", format!("byte {} is not UTF-8", e.valid_up_to()))
    })
}

/// Reads an event: JSON as it is, or the data of a structured CloudEvent. What is `whole` is not
/// taken for an envelope. `fault` tells what is wrong with JSON that cannot be read; `check` makes
/// the event of its wire form and of the envelope's time.
pub(crate) fn event<'a, W: Deserialize<'a>, T>(
    bytes: &'a [u8],
    fault: impl Fn(&str, &serde_json::Error) -> Reject,
    whole: impl FnOnce(&W) -> bool,
    check: impl FnOnce(W, Option<Cow<'a, str>>) -> Result<T, Reject>,
) -> Result<T, Reject> {
    let text = document(bytes)?;
    let read = |text: &'a str| serde_json::from_str::<W>(text).map_err(|e| fault(text, &e));
    let plain = read(text);
    if plain.as_ref().is_ok_and(whole) {
        return check(plain?, None);
    }
    let Some(inside) = cloud_event::unwrap(text) else { return check(plain?, None) };
    let inside = inside?;
    check(read(inside.data)?, inside.time)
}

/// The time of an event: its `own`, else that of its record; `field` is where it belongs.
pub(crate) fn time(
    own: Option<Cow<'_, str>>,
    record_time: Option<EventTime>,
    field: &'static str,
) -> Result<EventTime, Reject> {
    match (own, record_time) {
        (Some(text), _) => EventTime::from_event_text(&text),
        (None, Some(time)) => Ok(time),
        (None, None) => Err(missing(field)),
    }
}

/// A JSON text that borrows where it has no escapes; whole numbers are taken as their digits,
/// since identifiers are opaque.
pub(crate) struct Text<'a>(pub Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a whole number")
            }
            fn visit_borrowed_str<E>(self, v: &'de str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Borrowed(v)))
            }
            fn visit_str<E>(self, v: &str) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(v.to_owned())))
            }
            fn visit_u64<E>(self, v: u64) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(v.to_string())))
            }
            fn visit_i64<E>(self, v: i64) -> Result<Self::Value, E> {
                Ok(Text(Cow::Owned(v.to_string())))
            }
        }
        d.deserialize_any(Visitor)
    }
}

/// A JSON number's digits or a JSON text's content; anything else is of the wrong type.
pub(crate) fn digits<'a>(
    raw: Option<&'a RawValue>,
    field: &'static str,
) -> Result<Option<Cow<'a, str>>, Reject> {
    let Some(raw) = raw else { return Ok(None) };
    let text = raw.get();
    match text.as_bytes().first() {
        Some(b'"') => {
            let inner = &text[1..text.len() - 1];
            if inner.contains('\\') {
                let detail = "has an escape where a number or time is expected";
                return Err(Reject::new(Reason::WrongType, field, detail));
            }
            Ok(Some(Cow::Borrowed(inner)))
        }
        Some(b'-' | b'0'..=b'9') => Ok(Some(Cow::Borrowed(text))),
        _ => {
            let shown: String = text.chars().take(32).collect();
            let detail = format!("`{shown}` is neither a number nor a text");
            Err(Reject::new(Reason::WrongType, field, detail))
        }
    }
}

/// Tells the forms of broken JSON apart.
pub(crate) fn json_fault(text: &str, error: &serde_json::Error) -> Reject {
    let trimmed = text.trim();
    if trimmed == "null" {
        return Reject::new(Reason::JsonNull, "", "the JSON text null");
    }
    let reason = if error.is_data() { Reason::WrongType } else { Reason::BrokenJson };
    Reject::new(reason, "", error.to_string())
}

/// As [`json_fault`]; a bare `NaN` where the amount `field` is: a number that is not one, not just
/// broken JSON.
pub(crate) fn amount_fault(text: &str, field: &'static str, error: &serde_json::Error) -> Reject {
    let named = format!("\"{field}\"");
    let amount =
        text.find(&named).map(|at| text[at + named.len()..].trim_start_matches([' ', ':']));
    let word = amount.unwrap_or_default().trim_start_matches('-');
    if word.starts_with("NaN") || word.starts_with("Inf") {
        let detail = "NaN or an infinity, which JSON lacks";
        return Reject::new(Reason::NotANumber, field, detail);
    }
    json_fault(text, error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_time_is_found_whatever_else_the_record_holds() {
        let time = EventTime::from_millis(1_767_225_600_000);
        for (value, found) in [
            (r#"{"timestamp":1767225600000,"other":[1]}"#, Some(time)),
            (r#"{"other":{"timestamp":1},"timestamp":"2026-01-01T00:00:00Z"}"#, Some(time)),
            (r#"{"timestamp":null}"#, None),
            (r#"{"timestamp":1767225600}"#, None),
            (r#"{"timestamp":{}}"#, None),
            ("{}", None),
            ("[]", None),
            ("\u{1}", None),
        ] {
            assert_eq!(event_time(value.as_bytes()), found, "{value}");
        }
    }
}
