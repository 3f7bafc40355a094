//! The topologies as the settings ask for them.

use std::sync::Arc;

use crate::cli::Failure;
use crate::commands::Context;
use crate::commands::streams::rules::{
    activity_rules, fraud_rules, order_rules, pricing_rules, recommend_rules, refused_activity,
    refused_orders, refused_pricing, refused_recommend,
};
use crate::config::Settings;
use crate::domain::payment::Currency;
use crate::streams::driver::Limits;
use crate::streams::topologies::customer_activity::{self, ActivityTopics, CustomerActivity};
use crate::streams::topologies::dynamic_pricing::{self, DynamicPricing, PricingTopics};
use crate::streams::topologies::fraud_detection::{self, FraudDetection, FraudTopics};
use crate::streams::topologies::order_enrichment::{self, OrderEnrichment, OrderTopics};
use crate::streams::topologies::recommendation::{self, RecommendTopics, Recommendations};
use crate::streams::topology::Topology;
use crate::topics::{self, subject};

/// The names of all topologies.
pub const NAMES: [&str; 5] = [
    customer_activity::NAME,
    order_enrichment::NAME,
    fraud_detection::NAME,
    recommendation::NAME,
    dynamic_pricing::NAME,
];

/// The topology `name` with the settings' topics and rules.
///
/// # Errors
/// An unknown name (exit 2), settings that make no sense (exit 3).
pub fn build(name: &str, settings: &Settings) -> Result<Arc<dyn Topology>, Failure> {
    match name {
        customer_activity::NAME => activity(settings),
        order_enrichment::NAME => orders(settings),
        fraud_detection::NAME => fraud(settings),
        recommendation::NAME => recommendations(settings),
        dynamic_pricing::NAME => pricing(settings),
        _ => {
            let nearest = NAMES.iter().min_by_key(|n| strsim::damerau_levenshtein(n, name));
            let hint = nearest.map_or_else(String::new, |n| format!("Did you mean `{n}`? "));
            Err(Failure::usage(format!("unknown topology `{name}`"))
                .hint(format!("{hint}`bss streams list` names them all.")))
        }
    }
}

fn activity(settings: &Settings) -> Result<Arc<dyn Topology>, Failure> {
    let application = &settings.general.application;
    let names = ActivityTopics {
        events: topic(settings, subject::CUSTOMER_EVENTS),
        aggregated: topic(settings, subject::CUSTOMER_ACTIVITY),
        sessions: topic(settings, subject::CUSTOMER_SESSIONS),
        metrics: topic(settings, subject::CUSTOMER_METRICS),
        late: topics::late_records(application),
        dead_letters: topics::dead_letters(application),
    };
    let rules = activity_rules(settings)?;
    let topology = CustomerActivity::new(application, names, rules)
        .map_err(|(setting, fault)| refused_activity(setting).because(&fault))?;
    Ok(Arc::new(topology))
}

fn orders(settings: &Settings) -> Result<Arc<dyn Topology>, Failure> {
    let application = &settings.general.application;
    let names = OrderTopics {
        orders: topic(settings, subject::ORDER_EVENTS),
        customers: topic(settings, subject::CUSTOMER_INFO),
        enriched: topic(settings, subject::ORDERS_ENRICHED),
        high_value: topic(settings, subject::ORDERS_HIGH_VALUE),
        metrics: topic(settings, subject::ORDER_METRICS),
        region_trend: topic(settings, subject::REGION_TREND),
        revenue: topic(settings, subject::REVENUE_METRICS),
        late: topics::late_records(application),
        dead_letters: topics::dead_letters(application),
    };
    let rules = order_rules(settings)?;
    let topology = OrderEnrichment::new(application, names, rules, currency(settings)?)
        .map_err(|fault| refused_orders("orders.window").because(&fault))?;
    Ok(Arc::new(topology))
}

fn fraud(settings: &Settings) -> Result<Arc<dyn Topology>, Failure> {
    let application = &settings.general.application;
    let names = FraudTopics {
        payments: topic(settings, subject::PAYMENT_EVENTS),
        labels: topic(settings, subject::FRAUD_LABELS),
        scored: topic(settings, subject::PAYMENT_METRICS),
        alerts: topic(settings, subject::FRAUD_ALERTS),
        high_risk: topic(settings, subject::FRAUD_HIGH_RISK),
        late: topics::late_records(application),
        dead_letters: topics::dead_letters(application),
    };
    let rules = fraud_rules(settings)?;
    Ok(Arc::new(FraudDetection::new(application, names, rules, currency(settings)?)))
}

fn recommendations(settings: &Settings) -> Result<Arc<dyn Topology>, Failure> {
    let application = &settings.general.application;
    let names = RecommendTopics {
        events: topic(settings, subject::CUSTOMER_EVENTS),
        views: topic(settings, subject::PRODUCT_VIEWS),
        recommendations: topic(settings, subject::RECOMMENDATIONS),
        trending: topic(settings, subject::TRENDING),
        late: topics::late_records(application),
        dead_letters: topics::dead_letters(application),
    };
    let topology = Recommendations::new(application, names, recommend_rules(settings)?)
        .map_err(|fault| refused_recommend("recommend.trending_window").because(&fault))?;
    Ok(Arc::new(topology))
}

fn pricing(settings: &Settings) -> Result<Arc<dyn Topology>, Failure> {
    let application = &settings.general.application;
    let names = PricingTopics {
        orders: topic(settings, subject::ORDER_EVENTS),
        views: topic(settings, subject::PRODUCT_VIEWS),
        catalog: topic(settings, subject::PRODUCT_CATALOG),
        prices: topic(settings, subject::PRICING),
        late: topics::late_records(application),
        dead_letters: topics::dead_letters(application),
    };
    let rules = pricing_rules(settings)?;
    let topology = DynamicPricing::new(application, names, rules, currency(settings)?)
        .map_err(|fault| refused_pricing("pricing.window").because(&fault))?;
    Ok(Arc::new(topology))
}

/// The topic of a subject.
fn topic(settings: &Settings, subject: &str) -> String {
    topics::name(&settings.kafka.topic_prefix, subject)
}

/// The topologies that were asked for; all if none was named.
///
/// # Errors
/// As [`build`].
pub fn chosen(names: &[String], settings: &Settings) -> Result<Vec<Arc<dyn Topology>>, Failure> {
    if names.is_empty() {
        return NAMES.iter().map(|name| build(name, settings)).collect();
    }
    let mut names: Vec<&String> = names.iter().collect();
    names.sort_unstable();
    names.dedup();
    names.into_iter().map(|name| build(name, settings)).collect()
}

/// The currency that stands in for an absent one.
///
/// # Errors
/// A code that is none: exit 3.
pub fn currency(settings: &Settings) -> Result<Currency, Failure> {
    Currency::new(&settings.general.currency)
        .map_err(|e| Failure::config("cannot use general.currency").because(&e))
}

/// A span in microseconds.
#[must_use]
pub fn micros(span: std::time::Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// The driver's limits.
#[must_use]
pub fn limits(settings: &Settings) -> Limits {
    Limits {
        max_skew: micros(settings.general.max_skew),
        idle_after: micros(settings.streams.idle_after),
    }
}

/// The folder of locks and status files.
#[must_use]
pub fn state_dir(context: &Context) -> std::path::PathBuf {
    let set = &context.settings().streams.state_dir;
    if set.as_os_str().is_empty() { context.environment.state_dir() } else { set.clone() }
}

/// This process's name in its groups.
#[must_use]
pub fn instance(settings: &Settings) -> String {
    let set = &settings.streams.instance;
    if set.is_empty() {
        rustix::system::uname().nodename().to_string_lossy().into_owned()
    } else {
        set.clone()
    }
}
