//! The topologies.

pub mod customer_activity;
pub mod dynamic_pricing;
pub mod fraud_detection;
pub mod order_enrichment;
pub mod readable;
pub mod recommendation;
