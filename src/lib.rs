//! The operator's command-line toolkit of a Business Support System.
//!
//! `ARCHITECTURE.md` has the map and the rule of dependencies.

pub mod activity;
pub mod analytics;
pub mod backends;
pub mod cli;
pub mod commands;
pub mod config;
pub mod customers;
pub mod domain;
pub mod events;
pub mod fraud;
pub mod generate;
pub mod http;
pub mod metrics;
pub mod orders;
pub mod pricing;
pub mod recommend;
pub mod runtime;
pub mod streams;
pub mod telemetry;
pub mod timescale;
pub mod topics;
pub mod ui;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;
