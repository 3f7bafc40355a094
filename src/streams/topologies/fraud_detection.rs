//! fraud-detection: scores each payment and raises alerts at once, per customer.
//!
//! The rules are the room `fraud`'s; this is the glue to records, stores and sinks.

use crate::domain::payment::Currency;
use crate::domain::{EventTime, PaymentEvent, Reject};
use crate::fraud::scored::{write_scored_id, write_scored_payment};
use crate::fraud::{CustomerState, Rules};
use crate::streams::output::Outputs;
use crate::streams::record::SourceRecord;
use crate::streams::store::{Store, StoreValue};
use crate::streams::topology::{
    Description, Gate, Outcome, Sinks, Source, Stage, StoreDescription, Task, Topology,
};

/// The topology's name.
pub const NAME: &str = "fraud-detection";
/// Raised when the same input gives other outputs.
const VERSION: u32 = 1;
/// The store of customers.
pub const STORE: &str = "customers";
/// Customers looked at for expiry at each commit.
const SWEEP: usize = 200;

const SCORED: usize = 0;
const ALERTS: usize = 1;
const HIGH_RISK: usize = 2;

/// The topics it works on.
#[derive(Clone, Debug)]
pub struct FraudTopics {
    /// Payments, keyed by customerId.
    pub payments: String,
    /// Each payment with its score.
    pub scored: String,
    /// Alerts.
    pub alerts: String,
    /// Customers of high risk.
    pub high_risk: String,
    /// Late records.
    pub late: String,
    /// Dead letters.
    pub dead_letters: String,
}

/// The topology.
pub struct FraudDetection {
    description: Description,
    rules: Rules,
    currency: Currency,
}

impl FraudDetection {
    /// The topology of `application` on `topics` with `rules`; `currency` stands in for an
    /// absent one.
    #[must_use]
    pub fn new(application: &str, topics: FraudTopics, rules: Rules, currency: Currency) -> Self {
        let group = format!("{application}-{NAME}");
        let sinks = Sinks::of(application, NAME);
        let description = Description {
            name: NAME,
            version: VERSION,
            summary: "Scores each payment and raises alerts at once, per customer.",
            stages: vec![Stage { name: "payments", lateness_limit: Some(rules.lateness_limit()) }],
            sources: vec![Source::events(topics.payments, "customerId")],
            stores: vec![StoreDescription::new(
                &group,
                0,
                STORE,
                "256 payments and 8 currencies a customer; a customer unseen for fraud.customer_ttl is dropped",
            )],
            sinks: vec![
                sinks.sink(
                    topics.scored,
                    "paymentId",
                    "bss.payment.scored.v1",
                    "each payment with its score",
                ),
                sinks.sink(
                    topics.alerts,
                    "customerId",
                    "bss.fraud.alert.v1",
                    "alerts, committed early",
                ),
                sinks.sink(
                    topics.high_risk,
                    "customerId",
                    "bss.fraud.high-risk.v1",
                    "customers whose score rose above a limit",
                ),
                sinks.aside(topics.late, "records later than the limit, as they came"),
                sinks.aside(topics.dead_letters, "records that cannot be processed, as they came"),
            ],
            group,
        };
        Self { description, rules, currency }
    }
}

impl Topology for FraudDetection {
    fn describe(&self) -> &Description {
        &self.description
    }

    fn configuration(&self) -> String {
        format!("currency {}; {:?}", self.currency, self.rules)
    }

    fn task(&self, _stage: usize) -> Box<dyn Task> {
        Box::new(FraudTask {
            rules: self.rules.clone(),
            currency: self.currency,
            customers: Store::new(STORE),
        })
    }
}

impl StoreValue for CustomerState {
    fn encode(&self, out: &mut Vec<u8>) {
        Self::encode(self, out);
    }

    fn decode(bytes: &[u8]) -> Result<Self, String> {
        Self::decode(bytes).map_err(|fault| fault.to_string())
    }
}

struct FraudTask {
    rules: Rules,
    currency: Currency,
    customers: Store<CustomerState>,
}

impl FraudTask {
    fn payment<'a>(&self, record: &SourceRecord<'a>) -> Result<PaymentEvent<'a>, Reject> {
        let value = record.content("payment")?;
        let payment = PaymentEvent::from_json(value, self.currency, record.timestamp)?;
        record.keyed_by("customerId", &payment.customer_id)?;
        Ok(payment)
    }
}

impl Task for FraudTask {
    fn process(
        &mut self,
        record: &SourceRecord<'_>,
        gate: &mut Gate,
        out: &mut Outputs,
    ) -> Outcome {
        let payment = match self.payment(record) {
            Ok(payment) => payment,
            Err(reject) => return Outcome::Rejected(reject),
        };
        if let Err(outcome) = gate.admit(payment.time) {
            return outcome;
        }
        let customer = payment.customer_id.as_ref();
        let rules = &self.rules;
        let stream_time = gate.source_time().unwrap_or(payment.time);
        let assessment = self.customers.update(customer.as_bytes(), |state| {
            if stream_time.micros_since(state.last_seen()) > rules.customer_ttl {
                // As if it had been swept: the answer must not depend on when the sweep comes.
                *state = CustomerState::default();
            }
            let assessment = state.assess(&payment, rules);
            (!assessment.duplicate, assessment)
        });
        if assessment.duplicate {
            return Outcome::Duplicate;
        }
        out.push(
            SCORED,
            payment.time,
            payment.payment_id.as_bytes(),
            |id| write_scored_id(&payment, id),
            |value| write_scored_payment(&payment, assessment.score, value),
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
        Outcome::Processed
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
}
