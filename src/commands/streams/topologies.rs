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
    let application = &settings.general.application;
    let topic = |subject| topics::name(&settings.kafka.topic_prefix, subject);
    let (late, dead_letters) =
        (topics::late_records(application), topics::dead_letters(application));
    match name {
        customer_activity::NAME => {
            let names = ActivityTopics {
                events: topic(subject::CUSTOMER_EVENTS),
                aggregated: topic(subject::CUSTOMER_ACTIVITY),
                sessions: topic(subject::CUSTOMER_SESSIONS),
                metrics: topic(subject::CUSTOMER_METRICS),
                late,
                dead_letters,
            };
            let rules = activity_rules(settings)?;
            let topology = CustomerActivity::new(application, names, rules)
                .map_err(|(setting, fault)| refused_activity(setting).because(&fault))?;
            Ok(Arc::new(topology))
        }
        order_enrichment::NAME => {
            let names = OrderTopics {
                orders: topic(subject::ORDER_EVENTS),
                customers: topic(subject::CUSTOMER_INFO),
                enriched: topic(subject::ORDERS_ENRICHED),
                high_value: topic(subject::ORDERS_HIGH_VALUE),
                metrics: topic(subject::ORDER_METRICS),
                region_trend: topic(subject::REGION_TREND),
                revenue: topic(subject::REVENUE_METRICS),
                late,
                dead_letters,
            };
            let rules = order_rules(settings)?;
            let topology = OrderEnrichment::new(application, names, rules, currency(settings)?)
                .map_err(|fault| refused_orders("orders.window").because(&fault))?;
            Ok(Arc::new(topology))
        }
        fraud_detection::NAME => {
            let names = FraudTopics {
                payments: topic(subject::PAYMENT_EVENTS),
                labels: topic(subject::FRAUD_LABELS),
                scored: topic(subject::PAYMENT_METRICS),
                alerts: topic(subject::FRAUD_ALERTS),
                high_risk: topic(subject::FRAUD_HIGH_RISK),
                late,
                dead_letters,
            };
            let rules = fraud_rules(settings)?;
            Ok(Arc::new(FraudDetection::new(application, names, rules, currency(settings)?)))
        }
        recommendation::NAME => {
            let names = RecommendTopics {
                events: topic(subject::CUSTOMER_EVENTS),
                views: topic(subject::PRODUCT_VIEWS),
                recommendations: topic(subject::RECOMMENDATIONS),
                trending: topic(subject::TRENDING),
                late,
                dead_letters,
            };
            let topology = Recommendations::new(application, names, recommend_rules(settings)?)
                .map_err(|fault| refused_recommend("recommend.trending_window").because(&fault))?;
            Ok(Arc::new(topology))
        }
        dynamic_pricing::NAME => {
            let names = PricingTopics {
                orders: topic(subject::ORDER_EVENTS),
                views: topic(subject::PRODUCT_VIEWS),
                catalog: topic(subject::PRODUCT_CATALOG),
                prices: topic(subject::PRICING),
                late,
                dead_letters,
            };
            let rules = pricing_rules(settings)?;
            let topology = DynamicPricing::new(application, names, rules, currency(settings)?)
                .map_err(|fault| refused_pricing("pricing.window").because(&fault))?;
            Ok(Arc::new(topology))
        }
        _ => {
            let nearest = NAMES.iter().min_by_key(|n| strsim::damerau_levenshtein(n, name));
            let hint = nearest.map_or_else(String::new, |n| format!("Did you mean `{n}`? "));
            Err(Failure::usage(format!("unknown topology `{name}`"))
                .hint(format!("{hint}`bss streams list` names them all.")))
        }
    }
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

/// The driver's limits.
#[must_use]
pub fn limits(settings: &Settings) -> Limits {
    let micros = |span: std::time::Duration| i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
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
