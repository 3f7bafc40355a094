//! order-enrichment: orders with their customer's tier, orders of high value, and what orders come
//! to by region and category.
//!
//! What becomes of an order is the room `orders`'; this is the glue to records, stores and sinks.
//! The first stage (`customers`) is keyed by customer; what an order counts goes on to the second
//! (`regions`), keyed by region.

mod customers;
mod regions;

use crate::domain::EventTime;
use crate::domain::payment::Currency;
use crate::orders::OrderRules;
use crate::streams::driver::Place;
use crate::streams::late::Corrections;
use crate::streams::time::Grace;
use crate::streams::topology::{
    Description, Sink, Sinks, Source, Stage, StoreDescription, Task, Topology,
};
use crate::streams::window::{Window, WindowFault, WindowSpan};
use customers::CustomersTask;
use regions::RegionsTask;

/// The topology's name.
pub const NAME: &str = "order-enrichment";
/// Raised when the same input gives other outputs.
const VERSION: u32 = 1;

/// The stages, by position.
const CUSTOMERS: usize = 0;
const REGIONS: usize = 1;

/// The sources, by position.
const TABLE: usize = 1;

/// The stores, by position; the last is the engine's.
const HISTORY: usize = 0;
const ORDERS: usize = 1;
const TREND: usize = 2;
const REVENUE: usize = 3;

/// The sinks, by position.
const ENRICHED: usize = 0;
const HIGH_VALUE: usize = 1;
const METRICS: usize = 2;
const REGION_TREND: usize = 3;
const REVENUE_METRICS: usize = 4;
const BY_REGION: usize = 5;

/// The topics it works on.
#[derive(Clone, Debug)]
pub struct OrderTopics {
    /// Orders, keyed by customerId.
    pub orders: String,
    /// The table of customers, keyed by customerId.
    pub customers: String,
    /// Orders with their customer's tier.
    pub enriched: String,
    /// Orders of high value.
    pub high_value: String,
    /// Measurements of orders.
    pub metrics: String,
    /// What orders come to by region.
    pub region_trend: String,
    /// Revenue by region and category.
    pub revenue: String,
    /// Late records.
    pub late: String,
    /// Dead letters.
    pub dead_letters: String,
}

/// The topology.
#[derive(Clone)]
pub struct OrderEnrichment {
    description: Description,
    rules: OrderRules,
    window: Window,
    currency: Currency,
}

impl OrderEnrichment {
    /// The topology of `application` on `topics` with `rules`; `currency` stands in for an absent
    /// one.
    ///
    /// # Errors
    /// A window of nothing.
    pub fn new(
        application: &str,
        topics: OrderTopics,
        rules: OrderRules,
        currency: Currency,
    ) -> Result<Self, WindowFault> {
        let window = Window::tumbling(rules.window)?;
        let group = format!("{application}-{NAME}");
        let by_region = format!("{group}-regions-repartition");
        let description = Description {
            name: NAME,
            version: VERSION,
            summary: "Adds the customer's tier to orders and sums them up by region and category.",
            stages: vec![
                Stage { name: "customers", lateness_limit: None },
                Stage { name: "regions", lateness_limit: None },
            ],
            sources: vec![
                Source::events(topics.orders.clone(), "customerId"),
                Source::table(CUSTOMERS, topics.customers.clone(), "customerId"),
                Source::repartition(REGIONS, by_region.clone(), "region"),
            ],
            stores: stores(&group),
            sinks: sinks(application, topics, by_region),
            group,
        };
        Ok(Self { description, rules, window, currency })
    }
}

fn stores(group: &str) -> Vec<StoreDescription> {
    let open = "open windows only: an entry goes when its window closes (end + grace)";
    let store = |stage, name, bounded_by| StoreDescription::new(group, stage, name, bounded_by);
    vec![
        store(CUSTOMERS, "customers", "64 rows a customer, orders.history behind the newest"),
        store(
            CUSTOMERS,
            "orders",
            "orders that wait (orders.wait) or may be corrected (orders.correct_for), 1000 a customer; ids for orders.remember_for",
        ),
        store(REGIONS, "trend", open),
        store(REGIONS, "revenue", open),
        StoreDescription::watermarks(group, REGIONS),
    ]
}

fn sinks(application: &str, topics: OrderTopics, by_region: String) -> Vec<Sink> {
    let sinks = Sinks::of(application, NAME);
    vec![
        sinks.sink(
            topics.enriched,
            "customerId",
            "bss.order.enriched.v1",
            "each order with its customer's tier",
        ),
        sinks.sink(
            topics.high_value,
            "customerId",
            "bss.order.high-value.v1",
            "orders above the threshold of their currency",
        ),
        sinks.sink(
            topics.metrics,
            "orderId",
            "bss.order.metric.v1",
            "each order event for TimescaleDB",
        ),
        sinks.sink(
            topics.region_trend,
            "region",
            "bss.orders.region-trend.v1",
            "orders and amounts of each region's window, when it closes",
        ),
        sinks.sink(
            topics.revenue,
            "region",
            "bss.revenue.metric.v1",
            "revenue of each region, category and currency by window for TimescaleDB",
        ),
        sinks.repartition(CUSTOMERS, by_region, "region", "what each order counts"),
        sinks.aside(topics.late, "orders late for their window (told all the same), as they came"),
        sinks.aside(topics.dead_letters, "records that cannot be processed, as they came"),
    ]
}

impl Topology for OrderEnrichment {
    fn describe(&self) -> &Description {
        &self.description
    }

    fn configuration(&self) -> String {
        format!("currency {}; {:?}", self.currency, self.rules)
    }

    fn task(&self, stage: usize, _place: Place) -> Box<dyn Task> {
        match stage {
            CUSTOMERS => {
                Box::new(CustomersTask::new(self.rules.clone(), self.window, self.currency))
            }
            _ => Box::new(RegionsTask::new(&self.rules, self.window)),
        }
    }
    fn corrections(&self) -> Option<&dyn Corrections> {
        Some(self)
    }
}

impl Corrections for OrderEnrichment {
    fn patient(&self) -> Box<dyn Topology> {
        let mut patient = self.clone();
        patient.rules.grace = Grace::ENDLESS.micros();
        patient.rules.updates = false;
        Box::new(patient)
    }

    fn closing(
        &self,
        sink: usize,
        _measure: Option<&str>,
        span: WindowSpan,
    ) -> Option<(usize, EventTime)> {
        let grace = Grace::from_micros(self.rules.grace);
        let closes_at = || (REGIONS, self.window.closes_at(span, grace));
        matches!(sink, REGION_TREND | REVENUE_METRICS).then(closes_at)
    }

    fn lookback(&self) -> i64 {
        // An order counts once, in the window of the first event that counts.
        self.rules.remember_for
    }

    fn recounts_exactly(&self) -> bool {
        true
    }

    fn withdrawn(&self, _sink: usize, _recorded: &[u8], _revision: u32) -> Option<Vec<u8>> {
        None
    }
}
