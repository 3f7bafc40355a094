//! Tests against the real servers that `dev/up` starts.
//!
//! Addresses come from `BSS_TEST_KAFKA`, `BSS_TEST_POSTGRES`, `BSS_TEST_COMMUNITY` and
//! `BSS_TEST_REDIS`; a missing server is a failure.
#![allow(clippy::disallowed_methods, reason = "tests may read the environment")]

mod aggregates;
mod analytics;
mod anomalies;
mod archive;
mod bounded;
mod broker;
mod chaos;
mod diff;
mod disk;
mod dlq;
mod doctor;
mod evaluate;
mod export;
mod fencing;
mod forecast;
mod fraud_sql;
mod generate;
mod groups;
mod guard;
mod hours;
mod idle;
mod import;
mod ingest;
mod kinds;
mod lag;
mod mapping;
mod metrics_database;
mod observe;
mod once;
mod pause;
mod pricing;
mod project;
mod query;
mod reading;
mod rebuild;
mod recommendation;
mod recovery;
mod replay;
mod reported;
mod requeue;
mod reset;
mod setup_access;
mod setup_adopt;
mod setup_all;
mod setup_retention;
mod setup_status;
mod setup_timescale;
mod shelf;
mod standby;
mod state;
mod streams;
mod support;
mod trust;
mod workers;
