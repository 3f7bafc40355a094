//! What was paid, how it was scored, what was told of it.

use std::collections::HashMap;
use std::sync::Arc;

use crate::domain::payment::{Currency, Score};
use crate::domain::{EventTime, Money};

/// A payment: all its events together.
#[derive(Clone, Debug)]
pub struct Payment {
    /// Its identifier.
    pub id: Arc<str>,
    /// Who paid: a place in [`History::customers`].
    pub customer: u32,
    /// Its first event.
    pub time: EventTime,
    /// The highest score of its events; none if none was scored.
    pub score: Option<Score>,
}

/// An alert.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Its identifier: the same for the same payment, rule and severity.
    pub id: String,
    /// The rule's name.
    pub rule: String,
    /// How much it asks for.
    pub severity: String,
    /// About whom.
    pub customer: String,
    /// When.
    pub time: EventTime,
    /// About which payments.
    pub payment_ids: Vec<String>,
    /// The amount of the payment that raised it.
    pub amount: Option<(Money, Currency)>,
    /// A sentence for a person.
    pub description: String,
}

/// Payments and alerts of some time.
#[derive(Clone, Debug, Default)]
pub struct History {
    payments: Vec<Payment>,
    places: HashMap<Arc<str>, usize>,
    customers: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, u32>,
    alerts: Vec<Told>,
}

impl History {
    /// Takes in an event of a payment. Of several events the payment has the earliest time, the
    /// highest score, and the customer of the first.
    pub fn pay(&mut self, id: &str, customer: &str, time: EventTime, score: Option<Score>) {
        if let Some(at) = self.places.get(id) {
            let own = &mut self.payments[*at];
            own.time = own.time.min(time);
            own.score = own.score.max(score);
            return;
        }
        let customer = self.number(customer);
        let id: Arc<str> = id.into();
        self.places.insert(Arc::clone(&id), self.payments.len());
        self.payments.push(Payment { id, customer, time, score });
    }

    /// Takes in a score of a payment that is known.
    pub fn scored(&mut self, id: &str, score: Score) {
        if let Some(at) = self.places.get(id) {
            let own = &mut self.payments[*at];
            own.score = own.score.max(Some(score));
        }
    }

    /// Takes in an alert.
    pub fn tell(&mut self, alert: Told) {
        self.alerts.push(alert);
    }

    fn number(&mut self, customer: &str) -> u32 {
        if let Some(number) = self.numbers.get(customer) {
            return *number;
        }
        let name: Arc<str> = customer.into();
        let number = u32::try_from(self.customers.len()).unwrap_or(u32::MAX);
        self.customers.push(Arc::clone(&name));
        self.numbers.insert(name, number);
        number
    }

    /// All payments, as they came.
    #[must_use]
    pub fn payments(&self) -> &[Payment] {
        &self.payments
    }

    /// The place of a payment in [`Self::payments`].
    #[must_use]
    pub fn place(&self, id: &str) -> Option<usize> {
        self.places.get(id).copied()
    }

    /// All alerts, as they came.
    #[must_use]
    pub fn alerts(&self) -> &[Told] {
        &self.alerts
    }

    /// The customers by number.
    #[must_use]
    pub fn customers(&self) -> &[Arc<str>] {
        &self.customers
    }

    /// The number of a customer.
    #[must_use]
    pub fn customer(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }
}
