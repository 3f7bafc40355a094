//! A stored alert in words a person understands at 3 a.m.

use serde_json::Value;

use crate::metrics::alert::Alert;
use crate::metrics::query::PaymentRow;

/// The words of an explanation, apart from the table of the payments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// What was found: one sentence.
    pub summary: String,
    /// What the rule looks for.
    pub rule: String,
    /// What it saw and compared with: name and value.
    pub saw: Vec<(String, String)>,
    /// What the list of payments does not say.
    pub notes: Vec<String>,
}

/// Explains `alert`; `payments` are those of its payments that are stored.
#[must_use]
pub fn explain(alert: &Alert, payments: &[PaymentRow]) -> Explanation {
    let mut saw = Vec::new();
    if let (Some(start), Some(end)) = (alert.window_start, alert.window_end) {
        saw.push(("looked at".to_owned(), format!("{start} to {end}")));
    }
    for (key, value) in &alert.values {
        flatten(&words(key), value, &mut saw);
    }
    if let Some((amount, currency)) = &alert.amount {
        saw.push(("amount".to_owned(), format!("{amount} {currency}")));
    }
    let mut notes = Vec::new();
    let absent: Vec<&str> = alert
        .payment_ids
        .iter()
        .map(String::as_str)
        .filter(|id| !payments.iter().any(|p| p.payment_id == *id))
        .collect();
    if !absent.is_empty() {
        notes.push(format!(
            "{} of its {} payments are not stored (yet): {}",
            absent.len(),
            alert.payment_ids.len(),
            absent.join(", ")
        ));
    }
    if alert.revision > 1 {
        notes.push(format!("This is revision {}: a correction of an earlier one.", alert.revision));
    }
    let summary = if alert.description.is_empty() {
        format!("{} payments of customer {}.", alert.payment_ids.len(), alert.customer_id)
    } else {
        alert.description.clone()
    };
    Explanation { summary, rule: meaning(&alert.rule).to_owned(), saw, notes }
}

/// What a rule looks for. The numbers it used stand with what it saw.
fn meaning(rule: &str) -> &'static str {
    match rule {
        "RAPID_PAYMENTS" => {
            "Counts the distinct payments of one customer in a short window up to this payment. \
             A stolen card or a runaway client shows as a burst. Redelivered payments and failures \
             of the processor do not count."
        }
        "UNUSUAL_AMOUNT" => {
            "Compares the amount with this customer's own earlier payments in the same currency: \
             many times their mean, or far outside their spread."
        }
        "NO_HISTORY" => "Tells that nothing was known of this customer before this payment.",
        "CARD_TESTING" => {
            "Looks for many declined small payments with several cards in a few minutes: somebody \
             tries out which stolen numbers work."
        }
        "LOCATION_CHANGE" => {
            "Tells that a payment came from elsewhere than the one before. For information."
        }
        _ => "This version of bss has no words for this rule; the values it saw follow.",
    }
}

/// `paymentsInWindow` as `payments in window`.
fn words(key: &str) -> String {
    let mut text = String::with_capacity(key.len() + 4);
    for c in key.chars() {
        if c.is_ascii_uppercase() {
            text.push(' ');
        }
        text.push(if c == '_' { ' ' } else { c.to_ascii_lowercase() });
    }
    text
}

fn flatten(name: &str, value: &Value, out: &mut Vec<(String, String)>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                flatten(&format!("{name}, {}", words(key)), value, out);
            }
        }
        Value::Array(items) => {
            let texts: Vec<String> = items.iter().map(plain).collect();
            out.push((name.to_owned(), texts.join(", ")));
        }
        other => out.push((name.to_owned(), plain(other))),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::EventTime;

    #[test]
    fn tells_what_was_seen_and_what_is_absent() {
        let json = br#"{"alertId":"a","rule":"RAPID_PAYMENTS","severity":"HIGH","customerId":"c",
            "paymentIds":["p1","p2"],"values":{"paymentsInWindow":11,"thresholds":{"high":10}},
            "windowStart":"2026-01-01T00:00:00Z","windowEnd":"2026-01-01T00:05:00Z",
            "timestamp":"2026-01-01T00:05:00Z","description":"11 payments in 5 minutes"}"#;
        let alert = Alert::from_json(json).unwrap();
        let payment = PaymentRow {
            time: EventTime::default(),
            payment_id: "p1".into(),
            customer_id: "c".into(),
            order_id: None,
            amount: "1".parse().unwrap(),
            currency: "EUR".into(),
            status: "COMPLETED".into(),
            payment_method: None,
            merchant_id: None,
            fraud_score: None,
        };
        let explanation = explain(&alert, &[payment]);
        assert_eq!(explanation.summary, "11 payments in 5 minutes");
        assert!(explanation.rule.contains("distinct payments"));
        assert_eq!(
            explanation.saw,
            [
                ("looked at".to_owned(), "2026-01-01T00:00:00Z to 2026-01-01T00:05:00Z".to_owned()),
                ("payments in window".to_owned(), "11".to_owned()),
                ("thresholds, high".to_owned(), "10".to_owned()),
            ]
        );
        assert!(explanation.notes[0].contains("p2"), "{:?}", explanation.notes);
        assert!(!explanation.notes[0].contains("p1,"), "{:?}", explanation.notes);
    }
}
