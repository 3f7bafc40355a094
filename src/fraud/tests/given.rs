//! Payments to begin with, and a customer who makes them.

use std::borrow::Cow;

use crate::domain::payment::{Currency, PaymentStatus};
use crate::domain::{EventTime, Money, PaymentEvent};
use crate::fraud::{Alert, Assessment, CustomerState, Rules};

/// 2026-01-01T10:00:00Z and `seconds`.
pub(super) fn at(seconds: i64) -> EventTime {
    EventTime::from_millis(1_767_261_600_000 + seconds * 1000)
}

pub(super) fn currency(code: &str) -> Currency {
    Currency::new(code).unwrap()
}

pub(super) fn money(text: &str) -> Money {
    text.parse().unwrap()
}

/// A completed payment in euros.
pub(super) fn payment(id: &str, seconds: i64, amount: &str) -> PaymentEvent<'static> {
    PaymentEvent {
        payment_id: Cow::Owned(id.to_owned()),
        customer_id: Cow::Borrowed("c1"),
        order_id: None,
        amount: money(amount),
        currency: currency("EUR"),
        status: PaymentStatus::Completed,
        payment_method: None,
        instrument_id: None,
        merchant_id: None,
        location: None,
        failure_reason: None,
        fraud_score: None,
        time: at(seconds),
    }
}

/// A declined payment with an instrument.
pub(super) fn decline(
    id: &str,
    seconds: i64,
    amount: &str,
    instrument: Option<&'static str>,
) -> PaymentEvent<'static> {
    PaymentEvent {
        status: PaymentStatus::Declined,
        instrument_id: instrument.map(Cow::Borrowed),
        ..payment(id, seconds, amount)
    }
}

/// A payment that failed for `reason`.
pub(super) fn failure(id: &str, seconds: i64, reason: &'static str) -> PaymentEvent<'static> {
    PaymentEvent {
        status: PaymentStatus::Failed,
        failure_reason: Some(Cow::Borrowed(reason)),
        ..payment(id, seconds, "10.00")
    }
}

/// A payment from a place.
pub(super) fn from(id: &str, seconds: i64, place: &'static str) -> PaymentEvent<'static> {
    PaymentEvent { location: Some(Cow::Borrowed(place)), ..payment(id, seconds, "10.00") }
}

/// A customer under rules.
#[derive(Default)]
pub(super) struct Customer {
    pub(super) state: CustomerState,
    pub(super) rules: Rules,
}

impl Customer {
    pub(super) fn with(change: impl FnOnce(&mut Rules)) -> Self {
        let mut customer = Self::default();
        change(&mut customer.rules);
        customer
    }

    pub(super) fn pays(&mut self, payment: &PaymentEvent<'_>) -> Assessment {
        self.state.assess(payment, None, &self.rules)
    }

    /// Makes all payments; the alerts as `RULE SEVERITY`.
    pub(super) fn told(
        &mut self,
        payments: impl IntoIterator<Item = PaymentEvent<'static>>,
    ) -> Vec<String> {
        let mut told = Vec::new();
        for payment in payments {
            told.extend(self.pays(&payment).alerts.iter().map(named));
        }
        told
    }
}

/// `RULE SEVERITY`
pub(super) fn named(alert: &Alert) -> String {
    format!("{} {}", alert.rule, alert.severity)
}
