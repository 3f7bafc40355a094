//! dynamic-pricing: recommended prices that follow demand.
//!
//! What a price comes to is the room `pricing`'s; this is the glue to records, stores and sinks.
//! The first stage (`events`) is keyed by customer: it counts each order once and judges lateness.
//! The second (`products`) is keyed by product: windows of demand, the catalogue, the prices.

mod events;
mod products;

use crate::domain::payment::Currency;
use crate::pricing::PricingRules;
use crate::streams::driver::Place;
use crate::streams::topology::{
    Description, Sink, Sinks, Source, Stage, StoreDescription, Task, Topology,
};
use crate::streams::window::{Window, WindowFault};
use events::EventsTask;
use products::ProductsTask;

/// The topology's name.
pub const NAME: &str = "dynamic-pricing";
/// Raised when the same input gives other outputs.
const VERSION: u32 = 1;

/// The stages, by position.
const EVENTS: usize = 0;
const PRODUCTS: usize = 1;

/// The sources, by position.
const VIEWS: usize = 1;
const CATALOG_ROWS: usize = 3;

/// The stores, by position; the last is the engine's.
const PLACED: usize = 0;
const CATALOG: usize = 1;
const DEMAND: usize = 2;
const STANDING: usize = 3;
const EXPECTATION: usize = 4;

/// The sinks, by position.
const PRICES: usize = 0;
const BY_PRODUCT: usize = 1;

/// The topics it works on.
#[derive(Clone, Debug)]
pub struct PricingTopics {
    /// Orders, keyed by customerId.
    pub orders: String,
    /// Product views, keyed by customerId.
    pub views: String,
    /// The table of products, keyed by productId.
    pub catalog: String,
    /// Recommended prices.
    pub prices: String,
    /// Late records.
    pub late: String,
    /// Dead letters.
    pub dead_letters: String,
}

/// The topology.
pub struct DynamicPricing {
    description: Description,
    rules: PricingRules,
    window: Window,
    currency: Currency,
}

impl DynamicPricing {
    /// The topology of `application` on `topics` with `rules`; `currency` stands in for an absent
    /// one.
    ///
    /// # Errors
    /// A window of nothing.
    pub fn new(
        application: &str,
        topics: PricingTopics,
        rules: PricingRules,
        currency: Currency,
    ) -> Result<Self, WindowFault> {
        let window = Window::tumbling(rules.window)?;
        let group = format!("{application}-{NAME}");
        let by_product = format!("{group}-products-repartition");
        let description = Description {
            name: NAME,
            version: VERSION,
            summary: "Recommends a price for each product by its demand, within limits, with reasons.",
            stages: vec![
                Stage { name: "events", lateness_limit: None },
                Stage { name: "products", lateness_limit: None },
            ],
            sources: vec![
                Source::events(topics.orders.clone(), "customerId"),
                Source::events(topics.views.clone(), "customerId"),
                Source::repartition(PRODUCTS, by_product.clone(), "productId"),
                Source::table(PRODUCTS, topics.catalog.clone(), "productId"),
            ],
            stores: stores(&group),
            sinks: sinks(application, topics, by_product),
            group,
        };
        Ok(Self { description, rules, window, currency })
    }
}

fn stores(group: &str) -> Vec<StoreDescription> {
    let store = |stage, name, bounded_by| StoreDescription::new(group, stage, name, bounded_by);
    let catalog = "products of the catalogue that were asked for: an entry goes with its row";
    vec![
        store(EVENTS, "placed", "256 orders a customer, pricing.order_memory behind the newest"),
        store(PRODUCTS, "catalog", "the rows of the catalogue"),
        store(
            PRODUCTS,
            "demand",
            "open windows only: an entry goes when its window closes (end + grace)",
        ),
        store(PRODUCTS, "standing", catalog),
        store(PRODUCTS, "expectation", catalog),
        StoreDescription::watermarks(group, PRODUCTS),
    ]
}

fn sinks(application: &str, topics: PricingTopics, by_product: String) -> Vec<Sink> {
    let sinks = Sinks::of(application, NAME);
    vec![
        sinks.sink(
            topics.prices,
            "productId",
            "bss.pricing.recommendation.v1",
            "each price that moved, with its reasons, when a window closes or the catalogue changes",
        ),
        sinks.repartition(EVENTS, by_product, "productId", "what each order and view counts"),
        sinks.aside(topics.late, "orders and views late for their window, as they came"),
        sinks.aside(topics.dead_letters, "records that cannot be processed, as they came"),
    ]
}

impl Topology for DynamicPricing {
    fn describe(&self) -> &Description {
        &self.description
    }

    fn configuration(&self) -> String {
        format!("currency {}; {:?}", self.currency, self.rules)
    }

    fn task(&self, stage: usize, _place: Place) -> Box<dyn Task> {
        match stage {
            EVENTS => Box::new(EventsTask::new(self.rules.clone(), self.window, self.currency)),
            _ => Box::new(ProductsTask::new(self.rules.clone(), self.window, self.currency)),
        }
    }
}
