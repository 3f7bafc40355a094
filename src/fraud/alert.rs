//! What the rules tell: alerts, and customers at high risk.

use std::fmt;

use xxhash_rust::xxh3::xxh3_128;

use crate::domain::json;
use crate::domain::payment::{Currency, Score};
use crate::domain::{EventTime, Money, PaymentEvent};

/// The version of the rules' meaning; it changes when the same payments give other alerts.
pub const RULE_VERSION: u32 = 1;

/// A rule, by the name it has in alerts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// Many payments in a few minutes.
    RapidPayments,
    /// Far above what the customer usually pays.
    UnusualAmount,
    /// The first payment in a currency.
    NoHistory,
    /// Many small declines with several instruments.
    CardTesting,
    /// Another place than shortly before; informational.
    LocationChange,
}

impl Rule {
    /// Every rule, in the order in which they are asked.
    pub const ALL: [Self; 5] = [
        Self::RapidPayments,
        Self::UnusualAmount,
        Self::NoHistory,
        Self::CardTesting,
        Self::LocationChange,
    ];

    /// The name in alerts and tables.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::RapidPayments => "RAPID_PAYMENTS",
            Self::UnusualAmount => "UNUSUAL_AMOUNT",
            Self::NoHistory => "NO_HISTORY",
            Self::CardTesting => "CARD_TESTING",
            Self::LocationChange => "LOCATION_CHANGE",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// How much an alert asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// For information.
    Low,
    /// To be looked at some time.
    Medium,
    /// To be looked at soon.
    High,
    /// To be acted on now.
    Critical,
}

impl Severity {
    /// The name in alerts and tables.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Critical => "CRITICAL",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// An alert's id: the same payment in the same place of the same rules gives the same id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AlertId(u128);

impl AlertId {
    /// XXH3 (128 bits) of `rule|severity|customerId|paymentId|time in microseconds`.
    fn of(rule: Rule, severity: Severity, payment: &PaymentEvent<'_>) -> Self {
        let text = format!(
            "{rule}|{severity}|{}|{}|{}",
            payment.customer_id,
            payment.payment_id,
            payment.time.micros()
        );
        Self(xxh3_128(text.as_bytes()))
    }
}

impl fmt::Display for AlertId {
    /// 32 hexadecimal digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// What the rule saw, in numbers.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// RAPID_PAYMENTS
    Rapid {
        /// Distinct payments in the window, this one included.
        count: u32,
        /// The number that it is more than.
        limit: u32,
    },
    /// UNUSUAL_AMOUNT
    Unusual {
        /// The customer's mean before this payment, in this currency.
        mean: Money,
        /// Amount / mean, to three decimals; absent where the mean is 0.
        ratio: Option<f64>,
        /// Standard deviations above the mean, to three decimals; absent where there are none.
        deviations: Option<f64>,
        /// Payments in the history.
        payments: u32,
        /// Whether the ratio (or else the deviations) made it an alert.
        by_ratio: bool,
    },
    /// NO_HISTORY
    First,
    /// CARD_TESTING
    Declines {
        /// Distinct small declined payments in the window.
        count: u32,
        /// Distinct instruments among them; payments without one count as one instrument.
        instruments: u32,
        /// Up to which amount a decline is small.
        max_amount: Money,
    },
    /// LOCATION_CHANGE
    Moved {
        /// The place before.
        from: String,
        /// The place of this payment.
        to: String,
        /// Whether this place is a known relay.
        relay: bool,
    },
}

/// One alert about a customer.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// Deterministic.
    pub id: AlertId,
    /// Which rule.
    pub rule: Rule,
    /// How much it asks for.
    pub severity: Severity,
    /// The payments it is about, in order of time; this one is among them.
    pub payment_ids: Vec<String>,
    /// This payment's amount.
    pub amount: Money,
    /// This payment's currency.
    pub currency: Currency,
    /// What the rule saw.
    pub seen: Seen,
    /// Where the rule began to look.
    pub window_start: EventTime,
    /// Where it stopped: this payment's time, unless payments came out of order.
    pub window_end: EventTime,
    /// This payment's time.
    pub time: EventTime,
}

impl Alert {
    /// An alert about `payment` alone, without a window.
    pub(super) fn about(
        rule: Rule,
        severity: Severity,
        payment: &PaymentEvent<'_>,
        seen: Seen,
    ) -> Self {
        Self {
            id: AlertId::of(rule, severity, payment),
            rule,
            severity,
            payment_ids: vec![payment.payment_id.to_string()],
            amount: payment.amount,
            currency: payment.currency,
            seen,
            window_start: payment.time,
            window_end: payment.time,
            time: payment.time,
        }
    }

    /// One sentence for people.
    #[must_use]
    pub fn description(&self) -> String {
        let (amount, currency) = (self.amount, self.currency);
        let window = || span_text(self.window_end.micros_since(self.window_start));
        match &self.seen {
            Seen::Rapid { count, limit } => {
                format!("{count} payments within {}, more than {limit}", window())
            }
            Seen::Unusual { mean, ratio: Some(ratio), payments, by_ratio: true, .. } => format!(
                "{amount} {currency} is {ratio:.1} times the customer's mean of {mean} {currency} \
                 over {payments} payments"
            ),
            Seen::Unusual { mean, deviations, payments, .. } => format!(
                "{amount} {currency} is {:.1} standard deviations above the customer's mean of \
                 {mean} {currency} over {payments} payments",
                deviations.unwrap_or_default()
            ),
            Seen::First => {
                format!("first payment of the customer in {currency}, nothing to compare with")
            }
            Seen::Declines { count, instruments, max_amount } => format!(
                "{count} declined payments of at most {max_amount} within {} with {instruments} \
                 instruments",
                window()
            ),
            Seen::Moved { from, to, relay } => format!(
                "paid from {to}{} within {} of paying from {from}",
                if *relay { " (a known relay)" } else { "" },
                window()
            ),
        }
    }

    /// Appends the alert's JSON, as it goes to `bss.fraud.alerts`.
    pub fn write_json(&self, customer_id: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"alertId\":");
        json::text(&self.id.to_string(), out);
        json::text_field("rule", self.rule.code(), out);
        json::key("ruleVersion", out);
        json::value(&RULE_VERSION, out);
        json::text_field("severity", self.severity.code(), out);
        json::text_field("customerId", customer_id, out);
        json::key("paymentIds", out);
        json::value(&self.payment_ids, out);
        json::money_field("amount", self.amount, out);
        json::text_field("currency", self.currency.code(), out);
        json::key("values", out);
        json::value(&self.values(), out);
        json::time_field("windowStart", self.window_start, out);
        json::time_field("windowEnd", self.window_end, out);
        json::time_field("timestamp", self.time, out);
        json::text_field("description", &self.description(), out);
        out.extend_from_slice(b",\"revision\":1}");
    }

    /// What the rule saw, as the object `values` of the JSON.
    #[must_use]
    pub fn values(&self) -> serde_json::Value {
        let window = self.window_end.micros_since(self.window_start) / 1_000_000;
        let mut values = match &self.seen {
            Seen::Rapid { count, limit } => {
                serde_json::json!({"count": count, "limit": limit, "windowSeconds": window})
            }
            Seen::Unusual { mean, ratio, deviations, payments, by_ratio } => serde_json::json!({
                "amount": self.amount, "mean": mean, "ratio": ratio, "deviations": deviations,
                "payments": payments, "rule": if *by_ratio { "ratio" } else { "deviations" },
            }),
            Seen::First => serde_json::json!({"payments": 0}),
            Seen::Declines { count, instruments, max_amount } => serde_json::json!({
                "count": count, "instruments": instruments, "maxAmount": max_amount,
                "windowSeconds": window,
            }),
            Seen::Moved { from, to, relay } => serde_json::json!({
                "from": from, "to": to, "elapsedSeconds": window, "relay": relay,
            }),
        };
        if let Some(fields) = values.as_object_mut() {
            fields.retain(|_, value| !value.is_null());
        }
        values
    }
}

/// A span for people: `5 min`, `2 h`, `90 s`.
fn span_text(micros: i64) -> String {
    let seconds = micros / 1_000_000;
    match seconds {
        s if s >= 3600 && s % 3600 == 0 => format!("{} h", s / 3600),
        s if s >= 60 && s % 60 == 0 => format!("{} min", s / 60),
        s if s >= 600 => format!("{} min", s / 60),
        s => format!("{s} s"),
    }
}

/// How high a customer's score is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RiskLevel {
    /// Above `fraud.high_risk`.
    High,
    /// Above `fraud.critical_risk`.
    Critical,
}

impl RiskLevel {
    /// The name in records.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::High => "HIGH",
            Self::Critical => "CRITICAL",
        }
    }
}

/// A customer whose score rose above a limit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HighRisk {
    /// The payment that made it rise.
    pub payment_id: String,
    /// The customer's score.
    pub score: Score,
    /// Which limit.
    pub level: RiskLevel,
    /// What the payment's score came from: the names of its [parts](crate::fraud::Parts)
    /// that are worth naming.
    pub reasons: Vec<&'static str>,
    /// The payment's time.
    pub time: EventTime,
}

impl HighRisk {
    /// Appends the JSON, as it goes to `bss.fraud.high-risk`.
    pub fn write_json(&self, customer_id: &str, out: &mut Vec<u8>) {
        out.extend_from_slice(b"{\"customerId\":");
        json::text(customer_id, out);
        json::text_field("paymentId", &self.payment_id, out);
        json::score_field("score", self.score, out);
        json::text_field("level", self.level.code(), out);
        json::key("reasons", out);
        json::value(&self.reasons, out);
        json::time_field("timestamp", self.time, out);
        out.push(b'}');
    }

    /// Appends the `ce_id`: `<customerId>/<paymentId>/<level>`.
    pub fn write_id(&self, customer_id: &str, out: &mut Vec<u8>) {
        for part in [customer_id, "/", &self.payment_id, "/", self.level.code()] {
            out.extend_from_slice(part.as_bytes());
        }
    }
}
