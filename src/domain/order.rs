//! The order event: what a customer bought, and what has become of it.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::fields::{self, Text, digits, optional, required};
use crate::domain::money::Money;
use crate::domain::payment::Currency;
use crate::domain::reject::{Reason, Reject};
use crate::domain::time::EventTime;

/// The most categories an order may have; what is kept of an order is bounded by it.
pub const MAX_CATEGORIES: usize = 32;

/// One valid order, as of one step of its life. Texts borrow from the record where they can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderEvent<'a> {
    /// The order; several events of one order carry the same.
    pub order_id: Cow<'a, str>,
    /// Who ordered.
    pub customer_id: Cow<'a, str>,
    /// The product, or the first of several.
    pub product_id: Option<Cow<'a, str>>,
    /// What it costs in all, zero or more.
    pub total_amount: Money,
    /// In which currency.
    pub currency: Currency,
    /// How many items.
    pub items_count: u64,
    /// What it has come to: `PENDING`, `COMPLETED`, ...; opaque.
    pub status: Cow<'a, str>,
    /// Where it was ordered.
    pub region: Option<Cow<'a, str>>,
    /// The categories of its items, in the order given.
    pub item_categories: Vec<Cow<'a, str>>,
    /// When it came to this.
    pub time: EventTime,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(borrow)]
    order_id: Option<Text<'a>>,
    #[serde(borrow)]
    customer_id: Option<Text<'a>>,
    #[serde(borrow)]
    product_id: Option<Text<'a>>,
    #[serde(borrow)]
    total_amount: Option<&'a RawValue>,
    #[serde(borrow)]
    currency: Option<Text<'a>>,
    #[serde(borrow)]
    items_count: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    region: Option<Text<'a>>,
    #[serde(borrow)]
    item_categories: Option<Vec<Text<'a>>>,
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
}

impl Wire<'_> {
    const fn is_whole(&self) -> bool {
        self.order_id.is_some()
            && self.customer_id.is_some()
            && self.total_amount.is_some()
            && self.items_count.is_some()
            && self.status.is_some()
    }
}

impl<'a> OrderEvent<'a> {
    /// Reads a JSON order event, plain or as the data of a structured CloudEvent.
    /// `default_currency` stands in for an absent one; the envelope's time, then `record_time` (the
    /// Kafka timestamp) for an absent `timestamp`.
    ///
    /// # Errors
    /// The first fault: the record's form or envelope, then by field.
    pub fn from_json(
        bytes: &'a [u8],
        default_currency: Currency,
        record_time: Option<EventTime>,
    ) -> Result<Self, Reject> {
        fields::event(
            bytes,
            |text, e| fields::amount_fault(text, "totalAmount", e),
            Wire::is_whole,
            |wire, envelope_time| Self::check(wire, default_currency, envelope_time, record_time),
        )
    }

    fn check(
        wire: Wire<'a>,
        default_currency: Currency,
        envelope_time: Option<Cow<'a, str>>,
        record_time: Option<EventTime>,
    ) -> Result<Self, Reject> {
        let order_id = required(wire.order_id.map(|t| t.0), "orderId")?;
        let customer_id = required(wire.customer_id.map(|t| t.0), "customerId")?;
        let amount = required(digits(wire.total_amount, "totalAmount")?, "totalAmount")?;
        let total_amount = Money::non_negative(&amount)
            .map_err(|fault| Reject { field: "totalAmount", ..fault })?;
        let currency = match optional(wire.currency.map(|t| t.0), "currency")? {
            Some(code) => Currency::new(&code)?,
            None => default_currency,
        };
        let items = required(digits(wire.items_count, "itemsCount")?, "itemsCount")?;
        let own = optional(digits(wire.timestamp, "timestamp")?, "timestamp")?.or(envelope_time);
        let time = fields::time(own, record_time, "timestamp")?;
        Ok(Self {
            order_id,
            customer_id,
            product_id: optional(wire.product_id.map(|t| t.0), "productId")?,
            total_amount,
            currency,
            items_count: fields::count(&items, "itemsCount")?,
            status: required(wire.status.map(|t| t.0), "status")?,
            region: optional(wire.region.map(|t| t.0), "region")?,
            item_categories: categories(wire.item_categories.unwrap_or_default())?,
            time,
        })
    }

    /// The order with texts of its own.
    #[must_use]
    pub fn to_static(&self) -> OrderEvent<'static> {
        let own = |text: &Cow<'_, str>| Cow::Owned(text.as_ref().to_owned());
        OrderEvent {
            order_id: own(&self.order_id),
            customer_id: own(&self.customer_id),
            product_id: self.product_id.as_ref().map(own),
            status: own(&self.status),
            region: self.region.as_ref().map(own),
            item_categories: self.item_categories.iter().map(own).collect(),
            ..*self
        }
    }
}

/// The categories' names; empty ones are none.
fn categories(list: Vec<Text<'_>>) -> Result<Vec<Cow<'_, str>>, Reject> {
    const FIELD: &str = "itemCategories";
    if list.len() > MAX_CATEGORIES {
        let detail = format!("{} categories; at most {MAX_CATEGORIES} are accepted", list.len());
        return Err(Reject::new(Reason::BadText, FIELD, detail));
    }
    list.into_iter().filter_map(|name| optional(Some(name.0), FIELD).transpose()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::fields::{MAX_RECORD_BYTES, MAX_TEXT_BYTES};
    use proptest::prelude::*;

    const GOOD: &str = r#"{"orderId":"o1","customerId":"c1","productId":"p1","totalAmount":12.30,
        "currency":"USD","itemsCount":2,"status":"COMPLETED","region":"EU",
        "itemCategories":["BOOKS","T\u00d6YS"],"timestamp":1767225600000,"more":{"a":[1]}}"#;

    fn eur() -> Currency {
        Currency::new("EUR").unwrap()
    }

    fn read(json: &str) -> Result<OrderEvent<'_>, Reject> {
        OrderEvent::from_json(json.as_bytes(), eur(), None)
    }

    #[test]
    fn reads_a_plain_event_and_borrows() {
        let order = read(GOOD).unwrap();
        assert!(matches!(order.order_id, Cow::Borrowed("o1")));
        assert_eq!((&*order.customer_id, order.product_id.as_deref()), ("c1", Some("p1")));
        assert_eq!(
            (order.total_amount.to_string(), order.currency.code()),
            ("12.30".into(), "USD")
        );
        assert_eq!((order.items_count, &*order.status), (2, "COMPLETED"));
        assert_eq!(order.region.as_deref(), Some("EU"));
        assert_eq!(order.item_categories, ["BOOKS", "TÖYS"]);
        assert!(matches!(order.item_categories[0], Cow::Borrowed(_)));
        assert_eq!(order.time.to_string(), "2026-01-01T00:00:00Z");
        assert_eq!(order.to_static(), order);
    }

    #[test]
    fn what_may_be_absent_may_be_absent_null_or_empty() {
        let plain = r#"{"orderId":7,"customerId":"c","totalAmount":"0","itemsCount":"0",
            "status":"NEW","timestamp":"2026-01-01T00:00:00Z"}"#;
        let order = read(plain).unwrap();
        assert_eq!((&*order.order_id, order.currency, order.items_count), ("7", eur(), 0));
        for more in [
            r#"{"region":null,"itemCategories":null,"productId":null,"currency":null,"#,
            r#"{"region":"","itemCategories":[""],"productId":"","currency":"","#,
            r#"{"itemCategories":[],"#,
        ] {
            assert_eq!(read(&plain.replacen('{', more, 1)), read(plain), "{more}");
        }
    }

    #[test]
    fn amounts_keep_every_digit_as_number_or_text() {
        for (amount, shown) in
            [("9007199254740.9931", "9007199254740.9931"), ("\"0.10\"", "0.10"), ("1E+2", "100.00")]
        {
            let json = GOOD.replace("12.30", amount);
            assert_eq!(read(&json).unwrap().total_amount.to_string(), shown);
        }
    }

    #[test]
    fn each_fault_has_its_reason_and_field() {
        let forms = [
            ("", Reason::Empty),
            ("  ", Reason::Empty),
            ("null", Reason::JsonNull),
            ("{", Reason::BrokenJson),
            ("[]", Reason::WrongType),
            ("\"x\"", Reason::WrongType),
            ("{}", Reason::MissingField),
        ];
        for (json, reason) in forms {
            assert_eq!(read(json).unwrap_err().reason, reason, "{json}");
        }
        let swaps = [
            ("12.30", "NaN", Reason::NotANumber, "totalAmount"),
            ("12.30", "\"Infinity\"", Reason::NotANumber, "totalAmount"),
            ("12.30", "-1", Reason::Negative, "totalAmount"),
            ("12.30", "1e400", Reason::TooLarge, "totalAmount"),
            ("12.30", "1.23456", Reason::Scale, "totalAmount"),
            ("12.30", "true", Reason::WrongType, "totalAmount"),
            ("12.30", "null", Reason::MissingField, "totalAmount"),
            ("\"USD\"", "\"usd\"", Reason::BadCurrency, "currency"),
            ("\"itemsCount\":2", "\"itemsCount\":-2", Reason::Negative, "itemsCount"),
            ("\"itemsCount\":2", "\"itemsCount\":2.5", Reason::WrongType, "itemsCount"),
            ("\"itemsCount\":2", "\"itemsCount\":\"two\"", Reason::WrongType, "itemsCount"),
            ("\"itemsCount\":2", "\"itemsCount\":1e3", Reason::WrongType, "itemsCount"),
            (
                "\"itemsCount\":2",
                "\"itemsCount\":9223372036854775808",
                Reason::TooLarge,
                "itemsCount",
            ),
            ("\"itemsCount\":2", "\"itemsCount\":null", Reason::MissingField, "itemsCount"),
            ("\"COMPLETED\"", "\"\"", Reason::MissingField, "status"),
            ("1767225600000", "1767225600", Reason::ImplausibleTime, "timestamp"),
            ("1767225600000", "\"soon\"", Reason::BadTime, "timestamp"),
            ("1767225600000", "\"\"", Reason::MissingField, "timestamp"),
            ("\"o1\"", "\"\"", Reason::MissingField, "orderId"),
            ("\"c1\"", "\"a\\u0000b\"", Reason::BadText, "customerId"),
            ("\"BOOKS\"", "\"a\\u0000b\"", Reason::BadText, "itemCategories"),
            ("\"o1\"", "{}", Reason::WrongType, ""),
            ("[\"BOOKS\"", "[null", Reason::WrongType, ""),
        ];
        for (from, to, reason, field) in swaps {
            let json = GOOD.replacen(from, to, 1);
            let reject = read(&json).unwrap_err();
            assert_eq!((reject.reason, reject.field), (reason, field), "{to}");
        }
        let long = GOOD.replace("o1", &"x".repeat(MAX_TEXT_BYTES + 1));
        assert_eq!(read(&long).unwrap_err().reason, Reason::BadText);
        let many = format!("[{}\"x\"", "\"x\",".repeat(MAX_CATEGORIES));
        let many = GOOD.replace("[\"BOOKS\"", &many);
        assert_eq!(read(&many).unwrap_err().reason, Reason::BadText);
        let huge = format!("{GOOD}{}", " ".repeat(MAX_RECORD_BYTES));
        assert_eq!(read(&huge).unwrap_err().reason, Reason::Oversize);
        let bytes = OrderEvent::from_json(&[b'{', 0xff, b'}'], eur(), None);
        assert_eq!(bytes.unwrap_err().reason, Reason::NotUtf8);
    }

    #[test]
    fn times_come_from_the_event_then_the_envelope_then_the_record() {
        let record = EventTime::from_millis(1_767_139_200_000);
        let read = |json: &str| {
            let order = OrderEvent::from_json(json.as_bytes(), eur(), Some(record));
            order.map(|order| order.time.to_string()).map_err(|e| e.reason)
        };
        let timeless = GOOD.replace("\"timestamp\":1767225600000,", "");
        let envelope = |data: &str, version: &str| {
            format!(
                r#"{{"specversion":"{version}","id":"7","status":{{}},"time":"2026-01-02T00:00:00Z","data":{data}}}"#
            )
        };
        assert_eq!(read(GOOD), Ok("2026-01-01T00:00:00Z".to_owned()));
        assert_eq!(read(&timeless), Ok("2025-12-31T00:00:00Z".to_owned()));
        assert_eq!(read(&envelope(&timeless, "1.0")), Ok("2026-01-02T00:00:00Z".to_owned()));
        assert_eq!(read(&envelope(GOOD, "1.0")), Ok("2026-01-01T00:00:00Z".to_owned()));
        assert_eq!(read(&envelope(GOOD, "2.0")), Err(Reason::BadEnvelope));
        assert_eq!(read(&envelope("[]", "1.0")), Err(Reason::BadEnvelope));
    }

    proptest! {
        #[test]
        fn no_bytes_panic(cut in any::<prop::sample::Index>(), byte in any::<u8>()) {
            let mut bytes = GOOD.as_bytes().to_vec();
            let at = cut.index(bytes.len());
            prop_assert!(OrderEvent::from_json(&bytes[..at], eur(), None).is_err());
            bytes[at] = byte;
            if let Ok(order) = OrderEvent::from_json(&bytes, eur(), None) {
                prop_assert!(!order.order_id.is_empty() && !order.customer_id.is_empty());
            }
        }
    }
}
