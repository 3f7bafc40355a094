//! The product view event: a customer looked at a product.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::fields::{self, Text, digits, optional, required};
use crate::domain::reject::Reject;
use crate::domain::time::EventTime;

/// One valid view of a product. Texts borrow from the record where they can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProductView<'a> {
    /// Who looked.
    pub customer_id: Cow<'a, str>,
    /// At what.
    pub product_id: Cow<'a, str>,
    /// The product's category, if told.
    pub category: Option<Cow<'a, str>>,
    /// The session the application counts it to, if it keeps one.
    pub session_id: Option<Cow<'a, str>>,
    /// When.
    pub time: EventTime,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(borrow)]
    customer_id: Option<Text<'a>>,
    #[serde(borrow)]
    product_id: Option<Text<'a>>,
    #[serde(borrow)]
    category: Option<Text<'a>>,
    #[serde(borrow)]
    session_id: Option<Text<'a>>,
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
}

impl<'a> ProductView<'a> {
    /// Reads a JSON product view, plain or as the data of a structured CloudEvent; fields that are
    /// not named here are let be. The envelope's time, then `record_time` (the Kafka timestamp)
    /// stand in for an absent `timestamp`.
    ///
    /// # Errors
    /// The first fault: the record's form or envelope, then by field.
    pub fn from_json(bytes: &'a [u8], record_time: Option<EventTime>) -> Result<Self, Reject> {
        fields::event(
            bytes,
            fields::json_fault,
            |w: &Wire<'_>| w.customer_id.is_some() && w.product_id.is_some(),
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
            product_id: required(wire.product_id.map(|t| t.0), "productId")?,
            category: optional(wire.category.map(|t| t.0), "category")?,
            session_id: optional(wire.session_id.map(|t| t.0), "sessionId")?,
            time,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::reject::Reason;

    const GOOD: &str = r#"{"customerId":"c1","productId":"p1","category":"toys",
        "sessionId":"s1","timestamp":"2026-01-01T00:00:00Z"}"#;

    fn read(json: &str) -> Result<ProductView<'_>, Reject> {
        ProductView::from_json(json.as_bytes(), None)
    }

    #[test]
    fn reads_a_plain_event_and_borrows() {
        let view = read(GOOD).unwrap();
        assert!(matches!(view.customer_id, Cow::Borrowed("c1")));
        assert!(matches!(view.product_id, Cow::Borrowed("p1")));
        assert_eq!(view.category.as_deref(), Some("toys"));
        assert_eq!(view.session_id.as_deref(), Some("s1"));
        assert_eq!(view.time.to_string(), "2026-01-01T00:00:00Z");
        let bare = r#"{"customerId":1,"productId":2,"category":"","sessionId":null}"#;
        let view = ProductView::from_json(bare.as_bytes(), Some(view.time)).unwrap();
        assert_eq!((&*view.customer_id, &*view.product_id), ("1", "2"));
        assert_eq!((view.category, view.session_id), (None, None));
    }

    #[test]
    fn each_fault_has_its_reason() {
        for (from, to, reason) in [
            ("\"c1\"", "\"\"", Reason::MissingField),
            ("\"p1\"", "null", Reason::MissingField),
            ("\"p1\"", "[]", Reason::WrongType),
            ("\"p1\"", "\"a\\u0000b\"", Reason::BadText),
            ("\"2026-01-01T00:00:00Z\"", "1767225600", Reason::ImplausibleTime),
            ("\"2026-01-01T00:00:00Z\"", "\"soon\"", Reason::BadTime),
            ("{\"customerId\"", "{\"", Reason::BrokenJson),
        ] {
            let json = GOOD.replacen(from, to, 1);
            assert_eq!(read(&json).unwrap_err().reason, reason, "{to}");
        }
        let long = GOOD.replace("p1", &"p".repeat(257));
        assert_eq!(read(&long).unwrap_err().reason, Reason::BadText);
        assert_eq!(read("null").unwrap_err().reason, Reason::JsonNull);
        assert_eq!(read(" ").unwrap_err().reason, Reason::Empty);
    }

    #[test]
    fn a_structured_cloud_event_is_its_data() {
        let good = read(GOOD).unwrap();
        let json =
            format!(r#"{{"specversion":"1.0","id":"7","source":"shop","type":"v","data":{GOOD}}}"#);
        assert_eq!(read(&json).unwrap(), good);
    }
}
