//! One fraud alert, as fraud-detection writes it to Kafka.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::domain::payment::{Currency, MAX_RECORD_BYTES, MAX_TEXT_BYTES};
use crate::domain::{EventTime, Money, Reason, Reject};

/// A valid alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Deterministic: the same input gives the same alert.
    pub alert_id: String,
    /// The rule that answered.
    pub rule: String,
    /// The version of the rule.
    pub rule_version: i32,
    /// How urgent it is.
    pub severity: String,
    /// Whose payments they are.
    pub customer_id: String,
    /// The payments, in the order the rule saw them.
    pub payment_ids: Vec<String>,
    /// The amount it is about, with its currency.
    pub amount: Option<(Money, Currency)>,
    /// What the rule saw and compared with.
    pub values: Map<String, Value>,
    /// The first instant the rule looked at.
    pub window_start: Option<EventTime>,
    /// The last instant the rule looked at.
    pub window_end: Option<EventTime>,
    /// The event time.
    pub time: EventTime,
    /// A sentence for a person.
    pub description: String,
    /// 1, and higher for a correction.
    pub revision: i32,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire<'a> {
    alert_id: Option<String>,
    rule: Option<String>,
    rule_version: Option<i32>,
    severity: Option<String>,
    customer_id: Option<String>,
    payment_ids: Option<Vec<String>>,
    #[serde(borrow)]
    amount: Option<&'a RawValue>,
    currency: Option<String>,
    values: Option<Map<String, Value>>,
    #[serde(borrow)]
    window_start: Option<&'a RawValue>,
    #[serde(borrow)]
    window_end: Option<&'a RawValue>,
    #[serde(borrow)]
    timestamp: Option<&'a RawValue>,
    description: Option<String>,
    revision: Option<i32>,
}

impl Alert {
    /// Reads a JSON alert.
    ///
    /// # Errors
    /// The first fault.
    pub fn from_json(bytes: &[u8]) -> Result<Self, Reject> {
        if bytes.len() > MAX_RECORD_BYTES {
            let detail = format!("{} bytes; at most {MAX_RECORD_BYTES} are accepted", bytes.len());
            return Err(Reject::new(Reason::Oversize, "", detail));
        }
        if bytes.iter().all(u8::is_ascii_whitespace) {
            return Err(Reject::new(Reason::Empty, "", "no content"));
        }
        let text = std::str::from_utf8(bytes).map_err(|e| {
            Reject::new(Reason::NotUtf8, "", format!("byte {} is not UTF-8", e.valid_up_to()))
        })?;
        if text.trim() == "null" {
            return Err(Reject::new(Reason::JsonNull, "", "the JSON text null"));
        }
        let wire: Wire<'_> = serde_json::from_str(text).map_err(|e| {
            let reason = if e.is_data() { Reason::WrongType } else { Reason::BrokenJson };
            Reject::new(reason, "", e.to_string())
        })?;
        let amount = match (wire.amount, wire.currency) {
            (None, _) => None,
            (Some(amount), Some(currency)) => {
                Some((plain(amount).parse()?, Currency::new(&currency)?))
            }
            (Some(_), None) => return Err(missing("currency")),
        };
        let instant =
            |raw: Option<&RawValue>| raw.map(|r| EventTime::from_event_text(plain(r))).transpose();
        Ok(Self {
            alert_id: name(wire.alert_id, "alertId")?,
            rule: name(wire.rule, "rule")?,
            rule_version: positive(wire.rule_version, "ruleVersion")?,
            severity: name(wire.severity, "severity")?,
            customer_id: name(wire.customer_id, "customerId")?,
            payment_ids: wire.payment_ids.ok_or_else(|| missing("paymentIds"))?,
            amount,
            values: wire.values.unwrap_or_default(),
            window_start: instant(wire.window_start)?,
            window_end: instant(wire.window_end)?,
            time: instant(wire.timestamp)?.ok_or_else(|| missing("timestamp"))?,
            description: wire.description.unwrap_or_default(),
            revision: positive(wire.revision, "revision")?,
        })
        .and_then(Self::storable)
    }

    /// PostgreSQL's texts and JSON hold everything but U+0000.
    fn storable(self) -> Result<Self, Reject> {
        let nul = |text: &str| text.contains('\0');
        let texts = [&self.alert_id, &self.rule, &self.severity, &self.customer_id];
        if texts.into_iter().chain(&self.payment_ids).any(|t| nul(t))
            || nul(&self.description)
            || Value::Object(self.values.clone()).to_string().contains("\\u0000")
        {
            return Err(Reject::new(Reason::BadText, "", "contains U+0000"));
        }
        Ok(self)
    }
}

fn plain(raw: &RawValue) -> &str {
    raw.get().trim_matches('"')
}

fn missing(field: &'static str) -> Reject {
    Reject::new(Reason::MissingField, field, "absent or empty")
}

fn name(text: Option<String>, field: &'static str) -> Result<String, Reject> {
    let text = text.filter(|t| !t.is_empty()).ok_or_else(|| missing(field))?;
    if text.len() > MAX_TEXT_BYTES {
        let detail = format!("{} bytes; at most {MAX_TEXT_BYTES} are accepted", text.len());
        return Err(Reject::new(Reason::BadText, field, detail));
    }
    Ok(text)
}

fn positive(number: Option<i32>, field: &'static str) -> Result<i32, Reject> {
    match number.unwrap_or(1) {
        n if n >= 1 => Ok(n),
        n => Err(Reject::new(Reason::WrongType, field, format!("{n} is below 1"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"{"alertId":"a1","rule":"RAPID_PAYMENTS","ruleVersion":1,
        "severity":"HIGH","customerId":"c1","paymentIds":["p1","p2"],"amount":"12.34",
        "currency":"EUR","values":{"payments":11},"windowStart":"2026-01-01T00:00:00Z",
        "windowEnd":"2026-01-01T00:05:00Z","timestamp":"2026-01-01T00:05:00Z",
        "description":"11 payments","revision":1}"#;

    #[test]
    fn reads_an_alert() {
        let alert = Alert::from_json(GOOD.as_bytes()).unwrap();
        assert_eq!(alert.payment_ids, ["p1", "p2"]);
        assert_eq!(alert.amount.unwrap().0.to_string(), "12.34");
        assert_eq!(alert.time, alert.window_end.unwrap());
        assert_eq!(alert.values["payments"], 11);
    }

    #[test]
    fn each_fault_has_its_reason() {
        for (from, to, reason) in [
            ("\"a1\"", "null", Reason::MissingField),
            ("\"EUR\"", "null", Reason::MissingField),
            ("\"12.34\"", "\"NaN\"", Reason::NotANumber),
            ("\"revision\":1", "\"revision\":0", Reason::WrongType),
            ("[\"p1\",\"p2\"]", "\"p1\"", Reason::WrongType),
            ("11 payments", "a\\u0000b", Reason::BadText),
            ("{\"payments\":11}", "{\"a\":\"\\u0000\"}", Reason::BadText),
            ("}", "", Reason::BrokenJson),
        ] {
            let json = GOOD.replace(from, to);
            let error = Alert::from_json(json.as_bytes()).unwrap_err();
            assert_eq!(error.reason, reason, "{to}");
        }
        assert_eq!(Alert::from_json(b" ").unwrap_err().reason, Reason::Empty);
        assert_eq!(Alert::from_json(b"null").unwrap_err().reason, Reason::JsonNull);
    }
}
