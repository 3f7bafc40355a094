//! The payment event, as it comes from Kafka (JSON) or a file (NDJSON, CSV), and its rules.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::cloud_event;
use crate::domain::fields::{self, Text, digits, missing, optional, required};
use crate::domain::money::Money;
use crate::domain::reject::{Reason, Reject};
use crate::domain::time::EventTime;

pub use crate::domain::fields::{MAX_RECORD_BYTES, MAX_TEXT_BYTES};

/// What a payment's life has come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PaymentStatus {
    /// Started, no answer yet.
    Pending,
    /// Money reserved.
    Authorized,
    /// Money moved.
    Completed,
    /// The processor or the network failed.
    Failed,
    /// The issuer refused.
    Declined,
    /// Money given back; the amount is the amount given back, positive.
    Refunded,
    /// Withdrawn before it completed.
    Cancelled,
}

impl PaymentStatus {
    /// Every status, in the order of a payment's life.
    pub const ALL: [Self; 7] = [
        Self::Pending,
        Self::Authorized,
        Self::Completed,
        Self::Failed,
        Self::Declined,
        Self::Refunded,
        Self::Cancelled,
    ];

    /// The text form, as in events and tables.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Pending => "PENDING",
            Self::Authorized => "AUTHORIZED",
            Self::Completed => "COMPLETED",
            Self::Failed => "FAILED",
            Self::Declined => "DECLINED",
            Self::Refunded => "REFUNDED",
            Self::Cancelled => "CANCELLED",
        }
    }

    /// Reads the text form, in capitals.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.code() == code)
    }

    /// Reads the text form of an event's field.
    ///
    /// # Errors
    /// [`Reason::UnknownStatus`] if it is none.
    pub fn read(text: &str) -> Result<Self, Reject> {
        Self::from_code(text).ok_or_else(|| {
            let shown: String = text.chars().take(32).collect();
            let detail = format!("`{shown}` is not a payment status");
            Reject::new(Reason::UnknownStatus, "status", detail)
        })
    }
}

impl fmt::Display for PaymentStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// A currency code: three letters A to Z (ISO 4217's form).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

impl Currency {
    /// Reads a code.
    ///
    /// # Errors
    /// [`Reason::BadCurrency`] if it is not three letters A to Z.
    pub fn new(code: &str) -> Result<Self, Reject> {
        match <[u8; 3]>::try_from(code.as_bytes()) {
            Ok(letters) if letters.iter().all(u8::is_ascii_uppercase) => Ok(Self(letters)),
            _ => {
                let shown: String = code.chars().take(16).collect();
                let detail = format!("`{shown}` is not three letters A to Z");
                Err(Reject::new(Reason::BadCurrency, "currency", detail))
            }
        }
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> &str {
        // Checked to be ASCII letters when it was made.
        std::str::from_utf8(&self.0).unwrap_or("XXX")
    }

    /// The code's bytes, for compact state.
    #[must_use]
    pub const fn bytes(self) -> [u8; 3] {
        self.0
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// One valid payment. Texts borrow from the record where they can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentEvent<'a> {
    /// The payment's identifier; several events of one payment carry the same.
    pub payment_id: Cow<'a, str>,
    /// Who pays.
    pub customer_id: Cow<'a, str>,
    /// What is paid for.
    pub order_id: Option<Cow<'a, str>>,
    /// How much, zero or more.
    pub amount: Money,
    /// In which currency.
    pub currency: Currency,
    /// What it has come to.
    pub status: PaymentStatus,
    /// How it is paid: `CARD`, `PAYPAL`, ...
    pub payment_method: Option<Cow<'a, str>>,
    /// The card, account or wallet it is paid with (a token, never a card number).
    pub instrument_id: Option<Cow<'a, str>>,
    /// The merchant or terminal.
    pub merchant_id: Option<Cow<'a, str>>,
    /// Where the payer is, as given.
    pub location: Option<Cow<'a, str>>,
    /// Why it failed, as the processor names it.
    pub failure_reason: Option<Cow<'a, str>>,
    /// A score from 0 to 100 that came with it.
    pub fraud_score: Option<Score>,
    /// When it happened.
    pub time: EventTime,
}

/// A risk score from 0 to 100 with three decimals, kept as thousandths.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Score(u32);

impl Score {
    /// From thousandths, at most 100,000.
    #[must_use]
    pub const fn from_thousandths(value: u32) -> Self {
        Self(if value > 100_000 { 100_000 } else { value })
    }

    /// The score in thousandths.
    #[must_use]
    pub const fn thousandths(self) -> u32 {
        self.0
    }

    /// The score from a fraction between 0 and 1, rounded to three decimals of a hundred.
    #[must_use]
    pub fn from_fraction(fraction: f64) -> Self {
        let scaled = (fraction.clamp(0.0, 1.0) * 100_000.0).round();
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "clamped to 0 to 100,000 on the line above"
        )]
        let thousandths = scaled as u32;
        Self(thousandths)
    }

    /// Reads a number from 0 to 100, rounded to three decimals.
    ///
    /// # Errors
    /// [`Reason::BadScore`] if it is none.
    pub fn from_text(text: &str) -> Result<Self, Reject> {
        let bad = |why: &str| {
            let shown: String = text.chars().take(32).collect();
            Reject::new(Reason::BadScore, "fraudScore", format!("`{shown}` {why}"))
        };
        let value: rust_decimal::Decimal =
            text.trim().parse().map_err(|_| bad("is not a number"))?;
        let scaled = value
            .checked_mul(1000.into())
            .map(|v| v.round())
            .and_then(|v| u32::try_from(v).ok())
            .filter(|v| *v <= 100_000)
            .ok_or_else(|| bad("is not within 0 to 100"))?;
        Ok(Self(scaled))
    }
}

impl fmt::Display for Score {
    /// At most three decimals, without trailing zeros.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, rest) = (self.0 / 1000, self.0 % 1000);
        match rest {
            0 => write!(f, "{whole}"),
            r if r % 100 == 0 => write!(f, "{whole}.{}", r / 100),
            r if r % 10 == 0 => write!(f, "{whole}.{:02}", r / 10),
            r => write!(f, "{whole}.{r:03}"),
        }
    }
}

/// What a payment is made from: the texts of its fields, from JSON or CSV, not yet checked.
/// An empty text counts as absent.
#[derive(Clone, Debug, Default)]
pub struct PaymentDraft<'a> {
    /// `paymentId`
    pub payment_id: Option<Cow<'a, str>>,
    /// `customerId`
    pub customer_id: Option<Cow<'a, str>>,
    /// `orderId`
    pub order_id: Option<Cow<'a, str>>,
    /// `amount`, the digits as written
    pub amount: Option<Cow<'a, str>>,
    /// `currency`
    pub currency: Option<Cow<'a, str>>,
    /// `status`
    pub status: Option<Cow<'a, str>>,
    /// `paymentMethod`
    pub payment_method: Option<Cow<'a, str>>,
    /// `instrumentId`
    pub instrument_id: Option<Cow<'a, str>>,
    /// `merchantId`
    pub merchant_id: Option<Cow<'a, str>>,
    /// `location`
    pub location: Option<Cow<'a, str>>,
    /// `failureReason`
    pub failure_reason: Option<Cow<'a, str>>,
    /// `fraudScore`, the digits as written
    pub fraud_score: Option<Cow<'a, str>>,
    /// `timestamp`: RFC 3339 or epoch milliseconds
    pub timestamp: Option<Cow<'a, str>>,
}

impl<'a> PaymentDraft<'a> {
    /// Checks every field. `default_currency` stands in for an absent one, `record_time` (the
    /// Kafka timestamp) for an absent `timestamp`.
    ///
    /// # Errors
    /// The first fault, by field.
    pub fn check(
        self,
        default_currency: Currency,
        record_time: Option<EventTime>,
    ) -> Result<PaymentEvent<'a>, Reject> {
        let payment_id = required(self.payment_id, "paymentId")?;
        let customer_id = required(self.customer_id, "customerId")?;
        let amount = Money::non_negative(&required(self.amount, "amount")?)?;
        let status = PaymentStatus::read(&required(self.status, "status")?)?;
        let currency = match optional(self.currency, "currency")? {
            Some(code) => Currency::new(&code)?,
            None => default_currency,
        };
        let time = match (optional(self.timestamp, "timestamp")?, record_time) {
            (Some(text), _) => EventTime::from_event_text(&text)?,
            (None, Some(time)) => time,
            (None, None) => return Err(missing("timestamp")),
        };
        let fraud_score = match optional(self.fraud_score, "fraudScore")? {
            Some(text) => Some(Score::from_text(&text)?),
            None => None,
        };
        Ok(PaymentEvent {
            payment_id,
            customer_id,
            order_id: optional(self.order_id, "orderId")?,
            amount,
            currency,
            status,
            payment_method: optional(self.payment_method, "paymentMethod")?,
            instrument_id: optional(self.instrument_id, "instrumentId")?,
            merchant_id: optional(self.merchant_id, "merchantId")?,
            location: optional(self.location, "location")?,
            failure_reason: optional(self.failure_reason, "failureReason")?,
            fraud_score,
            time,
        })
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    #[serde(borrow)]
    payment_id: Option<Text<'a>>,
    #[serde(borrow)]
    customer_id: Option<Text<'a>>,
    #[serde(borrow)]
    order_id: Option<Text<'a>>,
    #[serde(borrow)]
    amount: Option<&'a RawValue>,
    #[serde(borrow)]
    currency: Option<Text<'a>>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow, alias = "method")]
    payment_method: Option<Text<'a>>,
    #[serde(borrow)]
    instrument_id: Option<Text<'a>>,
    #[serde(borrow)]
    merchant_id: Option<Text<'a>>,
    #[serde(borrow)]
    location: Option<Text<'a>>,
    #[serde(borrow)]
    failure_reason: Option<Text<'a>>,
    #[serde(borrow)]
    fraud_score: Option<&'a RawValue>,
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
}

impl<'a> PaymentDraft<'a> {
    /// Reads the fields of a JSON payment event, unchecked; it may be the data of a structured
    /// CloudEvent.
    ///
    /// # Errors
    /// The fault of the record's form or envelope, or a field of the wrong type.
    pub fn from_json(bytes: &'a [u8]) -> Result<Self, Reject> {
        let text = fields::document(bytes)?;
        let plain = Self::plain(text);
        if plain.as_ref().is_ok_and(Self::is_whole) {
            return plain;
        }
        let Some(inside) = cloud_event::unwrap(text) else { return plain };
        let inside = inside?;
        let mut draft = Self::plain(inside.data)?;
        if draft.timestamp.as_ref().is_none_or(|t| t.is_empty()) {
            draft.timestamp = inside.time;
        }
        Ok(draft)
    }

    /// Whether every field is there that must be.
    const fn is_whole(&self) -> bool {
        self.payment_id.is_some()
            && self.customer_id.is_some()
            && self.amount.is_some()
            && self.status.is_some()
    }

    fn plain(text: &'a str) -> Result<Self, Reject> {
        let wire: Wire<'a> =
            serde_json::from_str(text).map_err(|e| fields::amount_fault(text, "amount", &e))?;
        Ok(Self {
            payment_id: wire.payment_id.map(|t| t.0),
            customer_id: wire.customer_id.map(|t| t.0),
            order_id: wire.order_id.map(|t| t.0),
            amount: digits(wire.amount, "amount")?,
            currency: wire.currency.map(|t| t.0),
            status: wire.status.map(|t| t.0),
            payment_method: wire.payment_method.map(|t| t.0),
            instrument_id: wire.instrument_id.map(|t| t.0),
            merchant_id: wire.merchant_id.map(|t| t.0),
            location: wire.location.map(|t| t.0),
            failure_reason: wire.failure_reason.map(|t| t.0),
            fraud_score: digits(wire.fraud_score, "fraudScore")?,
            timestamp: digits(wire.timestamp, "timestamp")?,
        })
    }
}

impl<'a> PaymentEvent<'a> {
    /// Reads a JSON payment event, plain or as the data of a structured CloudEvent, whose time comes
    /// before `record_time`.
    ///
    /// # Errors
    /// The first fault: the record's form, then by field.
    pub fn from_json(
        bytes: &'a [u8],
        default_currency: Currency,
        record_time: Option<EventTime>,
    ) -> Result<Self, Reject> {
        PaymentDraft::from_json(bytes)?.check(default_currency, record_time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eur() -> Currency {
        Currency::new("EUR").unwrap()
    }

    fn read(json: &str) -> Result<PaymentEvent<'_>, Reject> {
        PaymentEvent::from_json(json.as_bytes(), eur(), None)
    }

    const GOOD: &str = r#"{"paymentId":"p1","customerId":"c1","amount":12.30,"status":"COMPLETED",
        "method":"CARD","timestamp":1767225600000,"unknown":{"a":[1]}}"#;

    #[test]
    fn reads_a_plain_event_and_borrows() {
        let p = read(GOOD).unwrap();
        assert_eq!((p.payment_id.as_ref(), p.customer_id.as_ref()), ("p1", "c1"));
        assert!(matches!(p.payment_id, Cow::Borrowed(_)));
        assert_eq!(p.amount.to_string(), "12.30");
        assert_eq!(p.currency, eur());
        assert_eq!(p.payment_method.as_deref(), Some("CARD"));
        assert_eq!(p.time.to_string(), "2026-01-01T00:00:00Z");
    }

    #[test]
    fn amounts_keep_every_digit_as_number_or_text() {
        for (amount, shown) in
            [("9007199254740.9931", "9007199254740.9931"), ("\"0.10\"", "0.10"), ("1E+2", "100.00")]
        {
            let json = GOOD.replace("12.30", amount);
            assert_eq!(read(&json).unwrap().amount.to_string(), shown);
        }
    }

    #[test]
    fn each_fault_has_its_reason() {
        let cases = [
            ("", Reason::Empty),
            ("  ", Reason::Empty),
            ("null", Reason::JsonNull),
            ("{", Reason::BrokenJson),
            ("[]", Reason::WrongType),
            ("\"x\"", Reason::WrongType),
        ];
        for (json, reason) in cases {
            assert_eq!(read(json).unwrap_err().reason, reason, "{json}");
        }
        let swaps = [
            ("12.30", "NaN", Reason::NotANumber),
            ("12.30", "\"Infinity\"", Reason::NotANumber),
            ("12.30", "-1", Reason::Negative),
            ("12.30", "1e400", Reason::TooLarge),
            ("12.30", "1.23456", Reason::Scale),
            ("12.30", "true", Reason::WrongType),
            ("12.30", "null", Reason::MissingField),
            ("COMPLETED", "DONE", Reason::UnknownStatus),
            ("1767225600000", "1767225600", Reason::ImplausibleTime),
            ("1767225600000", "\"soon\"", Reason::BadTime),
            ("\"p1\"", "\"\"", Reason::MissingField),
            ("\"p1\"", "\"a\\u0000b\"", Reason::BadText),
            ("\"p1\"", "{}", Reason::WrongType),
        ];
        for (from, to, reason) in swaps {
            let json = GOOD.replace(from, to);
            assert_eq!(read(&json).unwrap_err().reason, reason, "{to}");
        }
        let long = GOOD.replace("p1", &"x".repeat(MAX_TEXT_BYTES + 1));
        assert_eq!(read(&long).unwrap_err().reason, Reason::BadText);
        let huge = format!("{GOOD}{}", " ".repeat(MAX_RECORD_BYTES));
        assert_eq!(read(&huge).unwrap_err().reason, Reason::Oversize);
        let bytes = [b'{', 0xff, b'}'];
        assert_eq!(
            PaymentEvent::from_json(&bytes, eur(), None).unwrap_err().reason,
            Reason::NotUtf8
        );
    }

    #[test]
    fn an_absent_time_is_the_record_time() {
        let json = GOOD.replace("\"timestamp\":1767225600000,", "");
        assert_eq!(read(&json).unwrap_err().reason, Reason::MissingField);
        let time = EventTime::from_millis(1_767_225_600_000);
        assert_eq!(PaymentEvent::from_json(json.as_bytes(), eur(), Some(time)).unwrap().time, time);
    }

    #[test]
    fn scores_show_at_most_three_decimals() {
        for (thousandths, shown) in
            [(0, "0"), (100_000, "100"), (12_345, "12.345"), (12_300, "12.3")]
        {
            assert_eq!(Score::from_thousandths(thousandths).to_string(), shown);
        }
        assert_eq!(Score::from_fraction(0.87).to_string(), "87");
    }

    #[test]
    fn a_structured_cloud_event_is_its_data() {
        let data = r#"{"paymentId":"p","customerId":"c","amount":0.10,"status":"COMPLETED"}"#;
        // `status` is an extension of the envelope, and of another type than the payment's.
        let json = format!(
            r#"{{"status":{{}},"data":{data},"specversion":"1.0","id":"7","time":"2026-01-02T00:00:00Z"}}"#
        );
        let record = EventTime::from_millis(1_767_225_600_000);
        let read = |json: &str| {
            PaymentEvent::from_json(json.as_bytes(), eur(), Some(record))
                .map(|p| (p.payment_id.into_owned(), p.amount.to_string(), p.time.to_string()))
                .map_err(|e| e.reason)
        };
        let told = |time: &str| Ok(("p".to_owned(), "0.10".to_owned(), time.to_owned()));
        assert_eq!(read(&json), told("2026-01-02T00:00:00Z"));
        assert_eq!(read(data), told("2026-01-01T00:00:00Z"));
        let own = data.replace("\"amount\"", "\"timestamp\":1767139200000,\"amount\"");
        assert_eq!(read(&json.replace(data, &own)), told("2025-12-31T00:00:00Z"));
        assert_eq!(read(&json.replace("\"1.0\"", "\"2.0\"")), Err(Reason::BadEnvelope));
        assert_eq!(read(&json.replace("\"data\"", "\"dat\"")), Err(Reason::BadEnvelope));
        assert_eq!(read(&json.replace("\"p\"", "null")), Err(Reason::MissingField));
        // A whole payment is plain, whatever else it carries.
        let both = data.replace("\"amount\"", "\"specversion\":\"9\",\"amount\"");
        assert_eq!(read(&both), told("2026-01-01T00:00:00Z"));
    }
}
