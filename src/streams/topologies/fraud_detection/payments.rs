//! The stage keyed by customer: payments are scored at once, labels remembered and handed on.

use std::sync::Arc;

use crate::domain::payment::Currency;
use crate::domain::{EventTime, FraudLabel, PaymentEvent, Reject};
use crate::fraud::scored::{write_scored_id, write_scored_payment};
use crate::fraud::{CustomerState, Rules};
use crate::streams::output::Outputs;
use crate::streams::record::SourceRecord;
use crate::streams::store::{Memory, Store, StoreValue};
use crate::streams::topologies::fraud_detection::merchants::Merchants;
use crate::streams::topologies::fraud_detection::{
    ALERTS, CHANGES, HIGH_RISK, LABELS, SCORED, STORE,
};
use crate::streams::topology::{Gate, Outcome, Task};

/// Customers looked at for expiry at each commit.
const SWEEP: usize = 200;

impl StoreValue for CustomerState {
    fn encode(&self, out: &mut Vec<u8>) {
        Self::encode(self, out);
    }

    fn decode(bytes: &[u8]) -> Result<Self, String> {
        Self::decode(bytes).map_err(|fault| fault.to_string())
    }

    fn heap(&self) -> usize {
        Self::heap(self)
    }
}

pub(super) struct PaymentsTask {
    rules: Rules,
    currency: Currency,
    customers: Store<CustomerState>,
    merchants: Arc<Merchants>,
}

impl PaymentsTask {
    pub fn new(rules: Rules, currency: Currency, merchants: Arc<Merchants>) -> Self {
        Self { rules, currency, customers: Store::new(STORE), merchants }
    }

    fn payment<'a>(&self, record: &SourceRecord<'a>) -> Result<PaymentEvent<'a>, Reject> {
        let value = record.content("payment")?;
        let payment = PaymentEvent::from_json(value, self.currency, record.timestamp)?;
        record.keyed_by("customerId", &payment.customer_id)?;
        Ok(payment)
    }

    /// A label: the customer's, and what it changes for the merchant goes on.
    fn label(
        &mut self,
        record: &SourceRecord<'_>,
        gate: &Gate,
        out: &mut Outputs,
    ) -> Result<Outcome, Reject> {
        let label = FraudLabel::from_json(record.content("label")?, record.timestamp)?;
        record.keyed_by("customerId", &label.customer_id)?;
        if let Err(outcome) = gate.admit_row(label.labelled_at) {
            return Ok(outcome);
        }
        let change = self.customers.update(label.customer_id.as_bytes(), |state| {
            let change = state.learn_label(&label);
            (change.is_some(), change)
        });
        let Some(change) = change else { return Ok(Outcome::Duplicate) };
        if let Some(merchant) = &label.merchant_id {
            let encoded = change.encode();
            out.hand_on(CHANGES, change.time, merchant.as_bytes(), |bytes| {
                bytes.extend_from_slice(&encoded);
            });
        }
        Ok(Outcome::Processed)
    }

    fn assess(
        &mut self,
        record: &SourceRecord<'_>,
        gate: &mut Gate,
        out: &mut Outputs,
    ) -> Result<Outcome, Reject> {
        let payment = self.payment(record)?;
        if let Err(outcome) = gate.admit(payment.time) {
            return Ok(outcome);
        }
        let customer = payment.customer_id.as_ref();
        let rules = &self.rules;
        let stream_time = gate.source_time().unwrap_or(payment.time);
        let merchants = payment.merchant_id.as_ref().map(|id| (id, self.merchants.read()));
        let history = merchants.as_ref().and_then(|(id, all)| all.get(id.as_bytes()));
        let assessment = self.customers.update(customer.as_bytes(), |state| {
            if stream_time.micros_since(state.last_seen()) > rules.customer_ttl {
                // As if it had been swept: the answer must not depend on when the sweep comes.
                *state = CustomerState::default();
            }
            let assessment = state.assess(&payment, history, rules);
            (!assessment.duplicate, assessment)
        });
        if assessment.duplicate {
            return Ok(Outcome::Duplicate);
        }
        out.push(
            SCORED,
            payment.time,
            payment.payment_id.as_bytes(),
            |id| write_scored_id(&payment, id),
            |value| write_scored_payment(&payment, &assessment.parts, value),
        );
        for alert in &assessment.alerts {
            let key = customer.as_bytes();
            let id = |b: &mut Vec<u8>| b.extend_from_slice(alert.id.to_string().as_bytes());
            out.push(ALERTS, alert.time, key, id, |value| alert.write_json(customer, value));
            out.hurry();
        }
        if let Some(risk) = &assessment.high_risk {
            let key = customer.as_bytes();
            let id = |b: &mut Vec<u8>| risk.write_id(customer, b);
            out.push(HIGH_RISK, risk.time, key, id, |value| risk.write_json(customer, value));
            out.hurry();
        }
        Ok(Outcome::Processed)
    }
}

impl Task for PaymentsTask {
    fn process(
        &mut self,
        record: &SourceRecord<'_>,
        gate: &mut Gate,
        out: &mut Outputs,
    ) -> Outcome {
        let outcome = if record.source == LABELS {
            self.label(record, gate, out)
        } else {
            self.assess(record, gate, out)
        };
        outcome.unwrap_or_else(Outcome::Rejected)
    }

    fn advance(&mut self, stream_time: EventTime, _out: &mut Outputs) {
        let ttl = self.rules.customer_ttl;
        self.customers.expire(SWEEP, |state| stream_time.micros_since(state.last_seen()) > ttl);
    }

    fn drain(&mut self, _out: &mut Outputs) -> Option<EventTime> {
        // Every rule answers at once: no window waits for its end.
        None
    }

    fn resume(&mut self, _stream_time: EventTime) {
        // The gate decides what is late; it has stream time by itself.
    }

    fn waits_for_time(&self) -> bool {
        false
    }

    fn take_changes(&mut self, write: &mut dyn FnMut(usize, &[u8], Option<&[u8]>)) {
        self.customers.take_changes(&mut |key, value| write(0, key, value));
    }

    fn restore(&mut self, _store: usize, key: &[u8], value: Option<&[u8]>) -> Result<(), String> {
        self.customers.restore(key, value)
    }

    fn keys(&self) -> usize {
        self.customers.len()
    }

    fn keep_within(&mut self, memory: &Arc<Memory>) {
        self.customers.keep_within(memory);
    }

    fn make_room(&mut self) {
        self.customers.make_room();
    }
}
