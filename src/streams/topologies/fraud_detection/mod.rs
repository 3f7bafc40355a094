//! fraud-detection: scores each payment and raises alerts at once, per customer.
//!
//! The rules are the room `fraud`'s; this is the glue to records, stores and sinks. Payments and
//! what they turned out to be are keyed by customer (`payments`); what a label changes for its
//! merchant goes on to a stage keyed by merchant (`merchants`), whose histories every process reads
//! whole, so that payments need not be keyed anew.

mod merchants;
mod payments;

use std::sync::Arc;

use crate::domain::payment::Currency;
use crate::fraud::Rules;
use crate::streams::driver::Place;
use crate::streams::topology::{
    Description, Global, Sinks, Source, Stage, StoreDescription, Task, Topology,
};
use merchants::{Merchants, MerchantsTask};
use payments::PaymentsTask;

/// The topology's name.
pub const NAME: &str = "fraud-detection";
/// Raised when the same input gives other outputs.
const VERSION: u32 = 2;
/// The store of customers.
pub const STORE: &str = "customers";
/// The store of merchants.
pub const MERCHANTS: &str = "merchants";

/// The stages, by position.
const PAYMENTS: usize = 0;
const BY_MERCHANT: usize = 1;

/// The source of labels, by position.
const LABELS: usize = 1;

/// The sinks, by position.
const SCORED: usize = 0;
const ALERTS: usize = 1;
const HIGH_RISK: usize = 2;
const CHANGES: usize = 3;
const TABLE: usize = 4;

/// The topics it works on.
#[derive(Clone, Debug)]
pub struct FraudTopics {
    /// Payments, keyed by customerId.
    pub payments: String,
    /// What payments turned out to be, keyed by customerId.
    pub labels: String,
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
    merchants: Arc<Merchants>,
    table: String,
}

impl FraudDetection {
    /// The topology of `application` on `topics` with `rules`; `currency` stands in for an
    /// absent one.
    #[must_use]
    pub fn new(application: &str, topics: FraudTopics, rules: Rules, currency: Currency) -> Self {
        let group = format!("{application}-{NAME}");
        let changes = format!("{group}-merchants-repartition");
        let table = format!("{group}-merchants-table");
        let sinks = Sinks::of(application, NAME);
        let description = Description {
            name: NAME,
            version: VERSION,
            summary: "Scores each payment and raises alerts at once, per customer.",
            stages: vec![
                Stage { name: "payments", lateness_limit: Some(rules.lateness_limit()) },
                Stage { name: "merchants", lateness_limit: None },
            ],
            sources: vec![
                Source::events(topics.payments, "customerId"),
                Source::table(PAYMENTS, topics.labels, "customerId"),
                Source::repartition(BY_MERCHANT, changes.clone(), "merchantId"),
            ],
            stores: vec![
                StoreDescription::new(
                    &group,
                    PAYMENTS,
                    STORE,
                    "256 payments, 8 currencies and 32 labels a customer; a customer unseen for fraud.customer_ttl is dropped",
                ),
                StoreDescription::new(
                    &group,
                    BY_MERCHANT,
                    MERCHANTS,
                    "60 days of labels a merchant; one without newer ones is dropped",
                ),
            ],
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
                sinks.repartition(
                    PAYMENTS,
                    changes,
                    "merchantId",
                    "what a label changes for its merchant",
                ),
                sinks.table(table.clone(), "merchantId", "each merchant's history of labels"),
                sinks.aside(topics.late, "records later than the limit, as they came"),
                sinks.aside(topics.dead_letters, "records that cannot be processed, as they came"),
            ],
            group,
        };
        Self { description, rules, currency, merchants: Arc::new(Merchants::default()), table }
    }
}

impl Topology for FraudDetection {
    fn describe(&self) -> &Description {
        &self.description
    }

    fn configuration(&self) -> String {
        format!("currency {}; {:?}", self.currency, self.rules)
    }

    fn task(&self, stage: usize, _place: Place) -> Box<dyn Task> {
        match stage {
            PAYMENTS => {
                let (rules, merchants) = (self.rules.clone(), Arc::clone(&self.merchants));
                Box::new(PaymentsTask::new(rules, self.currency, merchants))
            }
            _ => Box::new(MerchantsTask::new()),
        }
    }

    fn globals(&self) -> Vec<Global> {
        vec![Global { topic: self.table.clone(), table: Arc::clone(&self.merchants) as _ }]
    }
}
