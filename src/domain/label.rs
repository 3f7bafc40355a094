//! The fraud label: what a payment turned out to be, as a chargeback or an investigation says,
//! days after it.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::fields::{self, Text, digits, missing, optional, required};
use crate::domain::money::Money;
use crate::domain::payment::Currency;
use crate::domain::reject::{Reason, Reject};
use crate::domain::time::EventTime;

/// One valid label. Texts borrow from the record where they can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FraudLabel<'a> {
    /// The payment it is about.
    pub payment_id: Cow<'a, str>,
    /// Who paid.
    pub customer_id: Cow<'a, str>,
    /// The merchant or terminal of the payment.
    pub merchant_id: Option<Cow<'a, str>>,
    /// Whether it was fraud; no if it was found to be genuine.
    pub fraud: bool,
    /// When this became known: the label's event time.
    pub labelled_at: EventTime,
    /// When the payment happened.
    pub payment_time: Option<EventTime>,
    /// The payment's amount, zero or more.
    pub amount: Option<Money>,
    /// The amount's currency.
    pub currency: Option<Currency>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(borrow)]
    payment_id: Option<Text<'a>>,
    #[serde(borrow)]
    customer_id: Option<Text<'a>>,
    #[serde(borrow)]
    merchant_id: Option<Text<'a>>,
    #[serde(borrow)]
    fraud: Option<&'a RawValue>,
    #[serde(borrow, alias = "timestamp")]
    labelled_at: Option<&'a RawValue>,
    #[serde(borrow)]
    payment_time: Option<&'a RawValue>,
    #[serde(borrow)]
    amount: Option<&'a RawValue>,
    #[serde(borrow)]
    currency: Option<Text<'a>>,
}

impl<'a> FraudLabel<'a> {
    /// Reads a JSON label, plain or as the data of a structured CloudEvent; fields that are not
    /// named here are let be. The envelope's time, then `record_time` (the Kafka timestamp) stand
    /// in for an absent `labelledAt`.
    ///
    /// # Errors
    /// The first fault: the record's form or envelope, then by field. A label from before its
    /// payment is [`Reason::ImplausibleTime`].
    pub fn from_json(bytes: &'a [u8], record_time: Option<EventTime>) -> Result<Self, Reject> {
        fields::event(
            bytes,
            fields::json_fault,
            |w: &Wire<'_>| w.payment_id.is_some() && w.customer_id.is_some(),
            |wire, envelope_time| Self::check(wire, envelope_time, record_time),
        )
    }

    fn check(
        wire: Wire<'a>,
        envelope_time: Option<Cow<'a, str>>,
        record_time: Option<EventTime>,
    ) -> Result<Self, Reject> {
        let payment_id = required(wire.payment_id.map(|t| t.0), "paymentId")?;
        let customer_id = required(wire.customer_id.map(|t| t.0), "customerId")?;
        let fraud = verdict(wire.fraud)?;
        let own = optional(digits(wire.labelled_at, "labelledAt")?, "labelledAt")?;
        let labelled_at = fields::time(own.or(envelope_time), record_time, "labelledAt")?;
        let payment_time = optional(digits(wire.payment_time, "paymentTime")?, "paymentTime")?
            .map(|text| EventTime::from_event_text(&text))
            .transpose()?;
        if let Some(time) = payment_time.filter(|time| *time > labelled_at) {
            let detail = format!("{labelled_at} is before the payment's time {time}");
            return Err(Reject::new(Reason::ImplausibleTime, "labelledAt", detail));
        }
        Ok(Self {
            payment_id,
            customer_id,
            merchant_id: optional(wire.merchant_id.map(|t| t.0), "merchantId")?,
            fraud,
            labelled_at,
            payment_time,
            amount: optional(digits(wire.amount, "amount")?, "amount")?
                .map(|text| Money::non_negative(&text))
                .transpose()?,
            currency: optional(wire.currency.map(|t| t.0), "currency")?
                .map(|code| Currency::new(&code))
                .transpose()?,
        })
    }
}

/// `true` or `false`, nothing that merely looks like it.
fn verdict(raw: Option<&RawValue>) -> Result<bool, Reject> {
    match raw.map(RawValue::get) {
        Some("true") => Ok(true),
        Some("false") => Ok(false),
        None | Some("null") => Err(missing("fraud")),
        Some(other) => {
            let shown: String = other.chars().take(32).collect();
            let detail = format!("`{shown}` is neither true nor false");
            Err(Reject::new(Reason::WrongType, "fraud", detail))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"paymentId":"p1","customerId":"c1","merchantId":"m1","fraud":true,
        "labelledAt":"2026-01-08T00:00:00Z","paymentTime":"2026-01-01T00:00:00Z",
        "amount":"12.30","currency":"EUR","source":{"chargeback":7}}"#;

    fn read(json: &str) -> Result<FraudLabel<'_>, Reject> {
        FraudLabel::from_json(json.as_bytes(), None)
    }

    #[test]
    fn reads_a_plain_label_and_borrows() {
        let label = read(GOOD).unwrap();
        assert!(matches!(label.payment_id, Cow::Borrowed("p1")));
        assert_eq!((label.customer_id.as_ref(), label.merchant_id.as_deref()), ("c1", Some("m1")));
        assert!(label.fraud);
        assert_eq!(label.labelled_at.to_string(), "2026-01-08T00:00:00Z");
        assert_eq!(label.payment_time.unwrap().to_string(), "2026-01-01T00:00:00Z");
        assert_eq!(label.amount.unwrap().to_string(), "12.30");
        let least = r#"{"paymentId":7,"customerId":"c1","fraud":false,"timestamp":1767225600000}"#;
        let label = read(least).unwrap();
        assert_eq!((label.payment_id.as_ref(), label.fraud), ("7", false));
        assert_eq!((label.merchant_id, label.payment_time, label.amount), (None, None, None));
    }

    #[test]
    fn each_fault_has_its_reason() {
        for (from, to, reason) in [
            ("\"p1\"", "\"\"", Reason::MissingField),
            ("\"c1\"", "null", Reason::MissingField),
            ("\"c1\"", "[]", Reason::WrongType),
            ("true", "null", Reason::MissingField),
            ("true", "\"true\"", Reason::WrongType),
            ("true", "1", Reason::WrongType),
            ("\"2026-01-08T00:00:00Z\"", "1767225600", Reason::ImplausibleTime),
            ("2026-01-08", "2025-12-31", Reason::ImplausibleTime),
            ("\"2026-01-01T00:00:00Z\"", "\"yesterday\"", Reason::BadTime),
            ("\"12.30\"", "NaN", Reason::BrokenJson),
            ("\"12.30\"", "-1", Reason::Negative),
            ("\"12.30\"", "0.00001", Reason::Scale),
            ("\"EUR\"", "\"euro\"", Reason::BadCurrency),
            ("\"m1\"", "\"\\u0000\"", Reason::BadText),
            ("{\"paymentId\"", "{\"", Reason::BrokenJson),
        ] {
            let json = GOOD.replacen(from, to, 1);
            assert_eq!(read(&json).unwrap_err().reason, reason, "{to}");
        }
        let long = GOOD.replace("\"m1\"", &format!("\"{}\"", "é".repeat(200)));
        assert_eq!(read(&long).unwrap_err().reason, Reason::BadText);
        assert_eq!(read("null").unwrap_err().reason, Reason::JsonNull);
        assert_eq!(read("").unwrap_err().reason, Reason::Empty);
    }

    #[test]
    fn the_record_or_the_envelope_stand_in_for_an_absent_time() {
        let timeless = r#"{"paymentId":"p1","customerId":"c1","fraud":true}"#;
        let time = EventTime::from_millis(1_767_225_600_000);
        assert_eq!(read(timeless).unwrap_err().reason, Reason::MissingField);
        let label = FraudLabel::from_json(timeless.as_bytes(), Some(time)).unwrap();
        assert_eq!(label.labelled_at, time);
        let envelope = |data: &str| {
            format!(
                r#"{{"specversion":"1.0","id":"7","source":"bank","type":"a","time":"2026-01-02T00:00:00Z","data":{data}}}"#
            )
        };
        assert_eq!(read(&envelope(GOOD)).unwrap(), read(GOOD).unwrap());
        let json = envelope(timeless);
        let label = FraudLabel::from_json(json.as_bytes(), Some(time)).unwrap();
        assert_eq!(label.labelled_at.to_string(), "2026-01-02T00:00:00Z");
    }
}
