//! The customer activity event: somebody logged in, looked at a product, put it in the cart.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::fields::{self, Text, digits, optional, required};
use crate::domain::reject::Reject;
use crate::domain::time::EventTime;

/// One valid activity of a customer. Texts borrow from the record where they can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityEvent<'a> {
    /// Who.
    pub customer_id: Cow<'a, str>,
    /// What: `LOGIN`, `PRODUCT_VIEW`, ...; opaque.
    pub activity_type: Cow<'a, str>,
    /// The session the application counts it to, if it keeps one.
    pub session_id: Option<Cow<'a, str>>,
    /// The product it was about, if it was about one.
    pub product_id: Option<Cow<'a, str>>,
    /// That product's category, if told.
    pub category: Option<Cow<'a, str>>,
    /// When it happened.
    pub time: EventTime,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(borrow)]
    customer_id: Option<Text<'a>>,
    #[serde(borrow)]
    activity_type: Option<Text<'a>>,
    #[serde(borrow)]
    session_id: Option<Text<'a>>,
    #[serde(borrow)]
    product_id: Option<Text<'a>>,
    #[serde(borrow)]
    category: Option<Text<'a>>,
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
}

impl<'a> ActivityEvent<'a> {
    /// Reads a JSON activity event, plain or as the data of a structured CloudEvent; fields that are
    /// not named here are let be. The envelope's time, then `record_time` (the Kafka timestamp)
    /// stand in for an absent `timestamp`.
    ///
    /// # Errors
    /// The first fault: the record's form or envelope, then by field.
    pub fn from_json(bytes: &'a [u8], record_time: Option<EventTime>) -> Result<Self, Reject> {
        fields::event(
            bytes,
            fields::json_fault,
            |w: &Wire<'_>| w.customer_id.is_some() && w.activity_type.is_some(),
            |wire, envelope_time| Self::check(wire, envelope_time, record_time),
        )
    }

    fn check(
        wire: Wire<'a>,
        envelope_time: Option<Cow<'a, str>>,
        record_time: Option<EventTime>,
    ) -> Result<Self, Reject> {
        let own = digits(wire.timestamp, "timestamp")?.or(envelope_time);
        let time = fields::time(own, record_time, "timestamp")?;
        Ok(Self {
            customer_id: required(wire.customer_id.map(|t| t.0), "customerId")?,
            activity_type: required(wire.activity_type.map(|t| t.0), "activityType")?,
            session_id: optional(wire.session_id.map(|t| t.0), "sessionId")?,
            product_id: optional(wire.product_id.map(|t| t.0), "productId")?,
            category: optional(wire.category.map(|t| t.0), "category")?,
            time,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::reject::Reason;

    const GOOD: &str = r#"{"customerId":"c1","activityType":"LOGIN","sessionId":"s1",
        "metadata":{"page":"/"},"timestamp":"2026-01-01T00:00:00Z"}"#;

    fn read(json: &str) -> Result<ActivityEvent<'_>, Reject> {
        ActivityEvent::from_json(json.as_bytes(), None)
    }

    #[test]
    fn reads_a_plain_event_and_borrows() {
        let event = read(GOOD).unwrap();
        assert!(matches!(event.customer_id, Cow::Borrowed("c1")));
        assert_eq!(event.activity_type, "LOGIN");
        assert_eq!(event.session_id.as_deref(), Some("s1"));
        assert_eq!(event.time.to_string(), "2026-01-01T00:00:00Z");
        let without = GOOD.replace("\"s1\"", "\"\"");
        assert_eq!(read(&without).unwrap().session_id, None, "an empty text is absent");
        assert_eq!((event.product_id, event.category), (None, None));
        let about =
            GOOD.replace("\"metadata\"", "\"productId\":7,\"category\":\"toys\",\"metadata\"");
        let event = read(&about).unwrap();
        assert_eq!(event.product_id.as_deref(), Some("7"));
        assert_eq!(event.category.as_deref(), Some("toys"));
    }

    #[test]
    fn each_fault_has_its_reason() {
        for (from, to, reason) in [
            ("\"c1\"", "\"\"", Reason::MissingField),
            ("\"LOGIN\"", "null", Reason::MissingField),
            ("\"LOGIN\"", "{}", Reason::WrongType),
            ("\"2026-01-01T00:00:00Z\"", "1767225600", Reason::ImplausibleTime),
            ("\"2026-01-01T00:00:00Z\"", "[]", Reason::WrongType),
            ("{\"customerId\"", "{\"", Reason::BrokenJson),
        ] {
            let json = GOOD.replacen(from, to, 1);
            assert_eq!(read(&json).unwrap_err().reason, reason, "{to}");
        }
        assert_eq!(read("null").unwrap_err().reason, Reason::JsonNull);
        assert_eq!(read("").unwrap_err().reason, Reason::Empty);
        let no_time = r#"{"customerId":"c1","activityType":"LOGIN"}"#;
        let time = EventTime::from_millis(1_767_225_600_000);
        let read_again = ActivityEvent::from_json(no_time.as_bytes(), Some(time));
        assert_eq!(read_again.unwrap().time, time);
    }

    #[test]
    fn a_structured_cloud_event_is_its_data() {
        let good = read(GOOD).unwrap();
        let envelope = |data: &str| {
            format!(
                r#"{{"specversion":"1.0","id":"7","source":"shop","type":"a","time":"2026-01-02T00:00:00Z","data":{data}}}"#
            )
        };
        assert_eq!(read(&envelope(GOOD)).unwrap(), good);
        let later = EventTime::from_event_text("2026-01-02T00:00:00Z").unwrap();
        let timeless = GOOD.replace(r#","timestamp":"2026-01-01T00:00:00Z""#, "");
        let json = envelope(&timeless.replace("\n", ""));
        let event = ActivityEvent::from_json(json.as_bytes(), Some(good.time)).unwrap();
        assert_eq!(event.time, later, "the envelope comes before the record");
        assert_eq!(read(&envelope("[]")).unwrap_err().reason, Reason::BadEnvelope);
        let nested = read(&envelope(&envelope(GOOD))).unwrap_err();
        assert_eq!(nested.reason, Reason::MissingField, "one envelope is opened");
        let fault = read(&envelope(&GOOD.replace("\"LOGIN\"", "{}"))).unwrap_err();
        assert_eq!(fault.reason, Reason::WrongType);
    }
}
