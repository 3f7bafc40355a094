//! The topologies.

pub mod fraud_detection;
