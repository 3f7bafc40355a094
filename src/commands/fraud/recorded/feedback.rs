//! Labels that come back to the rules when they became known, as in a run.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashSet};

use xxhash_rust::xxh3::xxh3_64;

use crate::domain::{EventTime, PaymentEvent, json};
use crate::fraud::evaluation::{Labels, Unlisted};

/// How labels come back.
#[derive(Clone, Copy, Debug)]
pub struct Feedback {
    /// How long after its payment a label is known that does not say when, in microseconds.
    pub delay: i64,
    /// What a payment is that no label names.
    pub unlisted: Unlisted,
}

/// A label on its way.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Due {
    at: EventTime,
    /// Of equal times the payment that came first.
    number: usize,
    customer: String,
    partition: Option<i32>,
    json: Vec<u8>,
}

/// Labels of payments that were made, until they are known.
pub struct Returning<'a> {
    labels: &'a Labels,
    terms: Feedback,
    waiting: BinaryHeap<Reverse<Due>>,
    /// Payments whose label is on its way or back.
    sent: HashSet<u64>,
}

impl<'a> Returning<'a> {
    /// None on its way.
    pub fn new(labels: &'a Labels, terms: Feedback) -> Self {
        Self { labels, terms, waiting: BinaryHeap::new(), sent: HashSet::new() }
    }

    /// A payment is made; a label of before its payment is known at once.
    pub fn paid(&mut self, payment: &PaymentEvent<'_>, partition: Option<i32>) {
        let Some(verdict) = self.labels.verdict(&payment.payment_id, self.terms.unlisted) else {
            return;
        };
        // Several events of a payment have one label.
        if !self.sent.insert(xxh3_64(payment.payment_id.as_bytes())) {
            return;
        }
        let at = verdict.known_at.unwrap_or_else(|| payment.time.plus_micros(self.terms.delay));
        let at = at.max(payment.time);
        let mut json = b"{\"paymentId\":".to_vec();
        json::text(&payment.payment_id, &mut json);
        json::text_field("customerId", &payment.customer_id, &mut json);
        json::optional_field("merchantId", payment.merchant_id.as_deref(), &mut json);
        json::key("fraud", &mut json);
        json.extend_from_slice(if verdict.fraud { b"true" } else { b"false" });
        json::time_field("labelledAt", at, &mut json);
        json.push(b'}');
        self.waiting.push(Reverse(Due {
            at,
            number: self.sent.len(),
            customer: payment.customer_id.to_string(),
            partition,
            json,
        }));
    }

    /// The next label that is known at `time`: customer, partition of the payment, record.
    pub fn next(&mut self, time: EventTime) -> Option<(String, Option<i32>, Vec<u8>)> {
        if self.waiting.peek().is_none_or(|Reverse(due)| due.at > time) {
            return None;
        }
        let Reverse(due) = self.waiting.pop()?;
        Some((due.customer, due.partition, due.json))
    }
}
