//! The customer as other rooms may know it: a row of the table `bss.customer.info`, without
//! personal fields.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::fields::{self, Text, digits, missing, optional, required};
use crate::domain::reject::Reject;
use crate::domain::time::EventTime;

/// A customer's row. Texts borrow from the record where they can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerInfo<'a> {
    /// Who.
    pub customer_id: Cow<'a, str>,
    /// The tier: `GOLD`, ...; opaque.
    pub tier: Cow<'a, str>,
    /// Where the customer is.
    pub region: Option<Cow<'a, str>>,
    /// Since when the row holds.
    pub time: EventTime,
}

/// What a record of the table says: a row, or that there is none any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CustomerChange<'a> {
    /// The customer is as this row says.
    Row(CustomerInfo<'a>),
    /// A tombstone: there is no such customer since then.
    Deleted {
        /// The Kafka timestamp, as a tombstone has no time of its own.
        time: EventTime,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(borrow)]
    customer_id: Option<Text<'a>>,
    #[serde(borrow)]
    tier: Option<Text<'a>>,
    #[serde(borrow)]
    region: Option<Text<'a>>,
    #[serde(borrow)]
    updated_at: Option<&'a RawValue>,
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
}

impl<'a> CustomerChange<'a> {
    /// Reads a record of the table. A null value is a deletion as of `record_time` (the Kafka
    /// timestamp); an empty value and the text `null` are neither a row nor a deletion.
    ///
    /// # Errors
    /// As [`CustomerInfo::from_json`]; [`crate::domain::Reason::MissingField`] for a deletion
    /// without a time.
    pub fn from_record(
        value: Option<&'a [u8]>,
        record_time: Option<EventTime>,
    ) -> Result<Self, Reject> {
        match (value, record_time) {
            (Some(bytes), _) => CustomerInfo::from_json(bytes, record_time).map(Self::Row),
            (None, Some(time)) => Ok(Self::Deleted { time }),
            (None, None) => Err(missing("timestamp")),
        }
    }
}

impl<'a> CustomerInfo<'a> {
    /// Reads a JSON row, plain or as the data of a structured CloudEvent. Its time is `updatedAt`,
    /// else `timestamp`, else the envelope's, else `record_time` (the Kafka timestamp).
    ///
    /// # Errors
    /// The first fault: the record's form or envelope, then by field.
    pub fn from_json(bytes: &'a [u8], record_time: Option<EventTime>) -> Result<Self, Reject> {
        fields::event(
            bytes,
            fields::json_fault,
            |w: &Wire<'_>| w.customer_id.is_some() && w.tier.is_some(),
            |wire, envelope_time| Self::check(wire, envelope_time, record_time),
        )
    }

    fn check(
        wire: Wire<'a>,
        envelope_time: Option<Cow<'a, str>>,
        record_time: Option<EventTime>,
    ) -> Result<Self, Reject> {
        let updated = optional(digits(wire.updated_at, "updatedAt")?, "updatedAt")?;
        let (field, own) = match updated {
            Some(text) => ("updatedAt", Some(text)),
            None => ("timestamp", optional(digits(wire.timestamp, "timestamp")?, "timestamp")?),
        };
        let time = match (own.or(envelope_time), record_time) {
            (Some(text), _) => {
                EventTime::from_event_text(&text).map_err(|fault| Reject { field, ..fault })?
            }
            (None, Some(time)) => time,
            (None, None) => return Err(missing("updatedAt")),
        };
        Ok(Self {
            customer_id: required(wire.customer_id.map(|t| t.0), "customerId")?,
            tier: required(wire.tier.map(|t| t.0), "tier")?,
            region: optional(wire.region.map(|t| t.0), "region")?,
            time,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::reject::Reason;

    const GOOD: &str = r#"{"customerId":"c1","tier":"GOLD","region":"EU",
        "updatedAt":"2026-01-01T00:00:00Z","timestamp":"2026-01-02T00:00:00Z"}"#;

    fn at(text: &str) -> EventTime {
        EventTime::from_event_text(text).unwrap()
    }

    fn read(json: &str) -> Result<CustomerInfo<'_>, Reject> {
        CustomerInfo::from_json(json.as_bytes(), None)
    }

    #[test]
    fn reads_a_row_and_borrows() {
        let row = read(GOOD).unwrap();
        assert!(matches!(row.tier, Cow::Borrowed("GOLD")));
        assert_eq!((&*row.customer_id, row.region.as_deref()), ("c1", Some("EU")));
        assert_eq!(row.time, at("2026-01-01T00:00:00Z"));
        assert_eq!(read(&GOOD.replace("\"EU\"", "null")).unwrap().region, None);
    }

    #[test]
    fn its_time_is_the_first_there_is() {
        let second = GOOD.replace("updatedAt", "other");
        assert_eq!(read(&second).unwrap().time, at("2026-01-02T00:00:00Z"));
        let none = second.replace("timestamp", "another");
        assert_eq!(read(&none).unwrap_err().reason, Reason::MissingField);
        let record = at("2026-01-03T00:00:00Z");
        let row = CustomerInfo::from_json(none.as_bytes(), Some(record)).unwrap();
        assert_eq!(row.time, record);
        let envelope = |data: &str| {
            format!(r#"{{"specversion":"1.0","time":"2026-01-04T00:00:00Z","data":{data}}}"#)
        };
        assert_eq!(read(&envelope(&none)).unwrap().time, at("2026-01-04T00:00:00Z"));
        assert_eq!(read(&envelope(GOOD)), read(GOOD));
    }

    #[test]
    fn a_tombstone_an_empty_value_and_the_text_null_are_three_things() {
        let record = at("2026-01-03T00:00:00Z");
        let read = |value| CustomerChange::from_record(value, Some(record));
        assert_eq!(read(None), Ok(CustomerChange::Deleted { time: record }));
        assert_eq!(read(Some(b"")).unwrap_err().reason, Reason::Empty);
        assert_eq!(read(Some(b"null")).unwrap_err().reason, Reason::JsonNull);
        assert!(matches!(read(Some(GOOD.as_bytes())), Ok(CustomerChange::Row(_))));
        let timeless = CustomerChange::from_record(None, None).unwrap_err();
        assert_eq!(timeless.reason, Reason::MissingField);
    }

    #[test]
    fn each_fault_has_its_reason_and_field() {
        for (from, to, reason, field) in [
            ("\"c1\"", "\"\"", Reason::MissingField, "customerId"),
            ("\"GOLD\"", "null", Reason::MissingField, "tier"),
            ("\"GOLD\"", "{}", Reason::WrongType, ""),
            ("\"GOLD\"", "\"a\\u0000\"", Reason::BadText, "tier"),
            ("\"2026-01-01T00:00:00Z\"", "1767225600", Reason::ImplausibleTime, "updatedAt"),
            ("\"2026-01-01T00:00:00Z\"", "\"soon\"", Reason::BadTime, "updatedAt"),
            ("\"2026-01-01T00:00:00Z\"", "[]", Reason::WrongType, "updatedAt"),
            ("{\"customerId\"", "{\"", Reason::BrokenJson, ""),
        ] {
            let json = GOOD.replacen(from, to, 1);
            let reject = read(&json).unwrap_err();
            assert_eq!((reject.reason, reject.field), (reason, field), "{to}");
        }
        assert_eq!(read("{}").unwrap_err().reason, Reason::MissingField);
    }
}
