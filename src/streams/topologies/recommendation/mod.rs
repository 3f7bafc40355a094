//! recommendation: what to recommend at each view of a product, and which products trend.
//!
//! What is recommended is the room `recommend`'s; this is the glue to records, stores and sinks.
//! The first stage (`customers`) is keyed by customer: it answers each view at once and writes each
//! session that ends to a table, which every process reads whole and learns from. Views go on to
//! the second (`products`), keyed by product: counts by window. At the end of a window each of its
//! tasks gives its best products to the third (`rankings`), keyed by category.

mod customers;
mod products;
mod rankings;
mod trends;

use std::sync::Arc;

use crate::domain::EventTime;
use crate::recommend::{RecommendRules, ranks_no_less};
use crate::streams::driver::Place;
use crate::streams::late::Corrections;
use crate::streams::topology::{
    Description, Global, Sink, Sinks, Source, Stage, StoreDescription, Task, Topology,
};
use crate::streams::window::{WindowFault, WindowSpan};
use customers::{CustomersTask, Sessions};
use products::ProductsTask;
use rankings::RankingsTask;
use trends::Trends;

/// The topology's name.
pub const NAME: &str = "recommendation";
/// Raised when the same input gives other outputs.
const VERSION: u32 = 2;

/// The stages, by position.
const CUSTOMERS: usize = 0;
const PRODUCTS: usize = 1;
const RANKINGS: usize = 2;

/// The source of views, by position.
const VIEWS: usize = 1;

/// The stores, by position; the last two are the engine's.
const STATES: usize = 0;
const RING: usize = 1;
const COUNTS: usize = 2;
const TOPS: usize = 3;

/// The sinks, by position.
const RECOMMENDATIONS: usize = 0;
const TRENDING: usize = 1;
const BY_PRODUCT: usize = 2;
const BY_CATEGORY: usize = 3;
const TABLE: usize = 4;

/// The topics it works on.
#[derive(Clone, Debug)]
pub struct RecommendTopics {
    /// What customers do, keyed by customerId.
    pub events: String,
    /// Product views, keyed by customerId.
    pub views: String,
    /// Recommended products.
    pub recommendations: String,
    /// What trends.
    pub trending: String,
    /// Late records.
    pub late: String,
    /// Dead letters.
    pub dead_letters: String,
}

/// The topology.
pub struct Recommendations {
    description: Description,
    rules: RecommendRules,
    trends: Trends,
    sessions: Arc<Sessions>,
    table: String,
}

impl Recommendations {
    /// The topology of `application` on `topics` with `rules`.
    ///
    /// # Errors
    /// Trending windows of nothing, or with gaps between them.
    pub fn new(
        application: &str,
        topics: RecommendTopics,
        rules: RecommendRules,
    ) -> Result<Self, WindowFault> {
        let trends = Trends::new(&rules)?;
        let group = format!("{application}-{NAME}");
        let by_product = format!("{group}-products-repartition");
        let by_category = format!("{group}-rankings-repartition");
        let table = format!("{group}-sessions-table");
        let description = Description {
            name: NAME,
            version: VERSION,
            summary: "Recommends products at each view, with reasons, and tells which ones trend.",
            stages: vec![
                Stage { name: "customers", lateness_limit: None },
                Stage { name: "products", lateness_limit: None },
                Stage { name: "rankings", lateness_limit: None },
            ],
            sources: vec![
                Source::events(topics.events.clone(), "customerId"),
                Source::events(topics.views.clone(), "customerId"),
                Source::repartition(PRODUCTS, by_product.clone(), "productId"),
                Source::repartition(RANKINGS, by_category.clone(), "category"),
            ],
            stores: stores(&group),
            sinks: sinks(application, topics, by_product, by_category, table.clone()),
            group,
        };
        let sessions = Arc::new(Sessions::new(rules.clone()));
        Ok(Self { description, rules, trends, sessions, table })
    }
}

fn stores(group: &str) -> Vec<StoreDescription> {
    let store = |stage, name, bounded_by| StoreDescription::new(group, stage, name, bounded_by);
    vec![
        store(
            CUSTOMERS,
            "customers",
            "4 sessions, 16 categories and 64 bought products a customer; a customer unseen for recommend.customer_ttl is dropped",
        ),
        store(CUSTOMERS, "ring", "one entry: the next slot in the table of sessions"),
        store(
            PRODUCTS,
            "views",
            "open windows only: an entry goes when its window closes (end + grace)",
        ),
        store(
            RANKINGS,
            "rankings",
            "open windows only, recommend.trending_top_n products each: an entry goes when its window closes",
        ),
        StoreDescription::watermarks(group, PRODUCTS),
        StoreDescription::watermarks(group, RANKINGS),
    ]
}

fn sinks(
    application: &str,
    topics: RecommendTopics,
    by_product: String,
    by_category: String,
    table: String,
) -> Vec<Sink> {
    let sinks = Sinks::of(application, NAME);
    vec![
        sinks.sink(
            topics.recommendations,
            "customerId",
            "bss.recommendation.v1",
            "what is recommended at each view, with reasons",
        ),
        sinks.sink(
            topics.trending,
            "category",
            "bss.products.trending.v1",
            "the most viewed products of each window, overall and by category, when it closes",
        ),
        sinks.repartition(CUSTOMERS, by_product, "productId", "which windows each view counts in"),
        sinks.repartition(
            PRODUCTS,
            by_category,
            "category",
            "the best products of each task, when a window closes",
        ),
        sinks.table(table, "slot", "sessions that ended, without their customers"),
        sinks
            .aside(topics.late, "views late for all windows (answered all the same), as they came"),
        sinks.aside(topics.dead_letters, "records that cannot be processed, as they came"),
    ]
}

impl Topology for Recommendations {
    fn describe(&self) -> &Description {
        &self.description
    }

    fn configuration(&self) -> String {
        format!("{:?}", self.rules)
    }

    fn task(&self, stage: usize, place: Place) -> Box<dyn Task> {
        match stage {
            CUSTOMERS => {
                let sessions = Arc::clone(&self.sessions);
                Box::new(CustomersTask::new(self.rules.clone(), self.trends, place, sessions))
            }
            PRODUCTS => Box::new(ProductsTask::new(self.trends, self.rules.trending_top_n)),
            _ => Box::new(RankingsTask::new(self.trends)),
        }
    }

    fn globals(&self) -> Vec<Global> {
        vec![Global { topic: self.table.clone(), table: Arc::clone(&self.sessions) as _ }]
    }

    fn corrections(&self) -> Option<&dyn Corrections> {
        Some(self)
    }
}

/// Only what trends is corrected; a recommendation was given when it was asked for.
impl Corrections for Recommendations {
    fn patient(&self) -> Box<dyn Topology> {
        // Nothing is learned: the views alone count.
        let rules = RecommendRules { sessions: 1, recent: 1, neighbours: 1, ..self.rules.clone() };
        Box::new(Self {
            description: self.description.clone(),
            trends: self.trends.patient(),
            sessions: Arc::new(Sessions::new(rules.clone())),
            table: self.table.clone(),
            rules,
        })
    }

    fn closing(
        &self,
        sink: usize,
        _measure: Option<&str>,
        span: WindowSpan,
    ) -> Option<(usize, EventTime)> {
        (sink == TRENDING).then(|| (RANKINGS, self.trends.closes_at(span)))
    }

    fn lookback(&self) -> i64 {
        0
    }

    fn recounts_exactly(&self) -> bool {
        // A view may be late for a window and count in the next.
        false
    }

    fn overlap(&self) -> bool {
        true
    }

    fn is_more(&self, counted: &[u8], told: &[u8]) -> bool {
        ranks_no_less(counted, told, self.rules.trending_top_n)
    }

    fn withdrawn(&self, _sink: usize, _recorded: &[u8], _revision: u32) -> Option<Vec<u8>> {
        None
    }
}
