//! The topologies.

pub mod customer_activity;
pub mod fraud_detection;
pub mod order_enrichment;
pub mod readable;
