//! The Kafka topics of the system: what they are called and how they must be set.
//!
//! Pure: names and wishes in, a plan out. `backends::kafka` reads what the cluster has and
//! carries the plan out.

pub mod plan;
pub mod trust;

/// What an operator's topics are called without the prefix.
pub mod subject {
    /// Payments, keyed by customer.
    pub const PAYMENT_EVENTS: &str = "payment.events";
    /// Customer activity, keyed by customer.
    pub const CUSTOMER_EVENTS: &str = "customer.events";
    /// Orders, keyed by customer.
    pub const ORDER_EVENTS: &str = "order.events";
    /// Customer activity summed up by window, keyed by customer.
    pub const CUSTOMER_ACTIVITY: &str = "customer.activity.aggregated";
    /// Sessions of customers, keyed by customer.
    pub const CUSTOMER_SESSIONS: &str = "customer.sessions";
    /// Measurements of customers, keyed by customer.
    pub const CUSTOMER_METRICS: &str = "customer.metrics";
    /// Product views, keyed by customer.
    pub const PRODUCT_VIEWS: &str = "product.views";
    /// Customers as they are now: tier and region, keyed by customer (compacted).
    pub const CUSTOMER_INFO: &str = "customer.info";
    /// Products as they are now: price and its limits, keyed by product (compacted).
    pub const PRODUCT_CATALOG: &str = "product.catalog";
    /// Confirmed outcomes of payments, keyed by customer.
    pub const FRAUD_LABELS: &str = "fraud.labels";
    /// Orders with their customer's tier, keyed by customer.
    pub const ORDERS_ENRICHED: &str = "orders.enriched";
    /// Orders of high value, keyed by customer.
    pub const ORDERS_HIGH_VALUE: &str = "orders.highvalue";
    /// What orders come to by region and window, keyed by region.
    pub const REGION_TREND: &str = "orders.region.trend";
    /// Measurements of orders, keyed by order.
    pub const ORDER_METRICS: &str = "order.metrics";
    /// Revenue by region, category and window, keyed by region.
    pub const REVENUE_METRICS: &str = "revenue.metrics";
    /// Gauges of services, keyed by service.
    pub const SYSTEM_METRICS: &str = "system.metrics";
    /// Recommended products, keyed by customer.
    pub const RECOMMENDATIONS: &str = "recommendations";
    /// The products most looked at by window, keyed by category.
    pub const TRENDING: &str = "products.trending";
    /// Recommended prices, keyed by product.
    pub const PRICING: &str = "pricing.recommendations";
    /// Scored payments, keyed by payment.
    pub const PAYMENT_METRICS: &str = "payment.metrics";
    /// Fraud alerts, keyed by customer.
    pub const FRAUD_ALERTS: &str = "fraud.alerts";
    /// Customers and payments of high risk, keyed by customer.
    pub const FRAUD_HIGH_RISK: &str = "fraud.high-risk";
}

/// The name of a topic: `name("bss", subject::PAYMENT_EVENTS)` is `bss.payment.events`.
#[must_use]
pub fn name(prefix: &str, subject: &str) -> String {
    format!("{prefix}.{subject}")
}

/// The dead letters of an application.
#[must_use]
pub fn dead_letters(application: &str) -> String {
    format!("{application}-dlq")
}

/// The late records of an application.
#[must_use]
pub fn late_records(application: &str) -> String {
    format!("{application}-late")
}

/// The fingerprints of an application's topologies (compacted).
#[must_use]
pub fn meta(application: &str) -> String {
    format!("{application}-meta")
}

/// The events of one type of aggregate, as the relay publishes them, keyed by aggregate. Not to be
/// confused with what customers do: [`subject::CUSTOMER_EVENTS`].
#[must_use]
pub fn aggregate_events(prefix: &str, kind: &str) -> String {
    format!("{prefix}.events.{kind}")
}

/// How far the relay is (compacted).
#[must_use]
pub fn relay(application: &str) -> String {
    format!("{application}-relay")
}

/// The changelog of a store of a topology (compacted).
#[must_use]
pub fn changelog(application: &str, topology: &str, store: &str) -> String {
    format!("{application}-{topology}-{store}-changelog")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        assert_eq!(name("bss", subject::PAYMENT_EVENTS), "bss.payment.events");
        assert_eq!(aggregate_events("bss", "customer"), "bss.events.customer");
        assert_eq!(
            changelog("bss", "fraud-detection", "customers"),
            "bss-fraud-detection-customers-changelog"
        );
    }
}
