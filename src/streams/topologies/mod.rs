//! The topologies.
