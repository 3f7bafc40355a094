//! The command line without servers: usage, help, errors, forms, exit codes.
//!
//! Each run has a cleared environment, a home of its own and a fixed width, and is judged by
//! standard output, standard error and status together. `BSS_TEST_GOLDEN=write` rewrites the
//! files in `golden/`.
#![allow(clippy::disallowed_methods, reason = "tests may read the environment")]
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

mod anomalies;
mod configuration;
mod confirm;
mod diff;
mod dlq;
mod evaluate;
mod forecast;
mod generate;
mod generated;
mod help;
mod output;
mod secrets;
mod signals;
mod streams;
mod support;
mod terminal;
mod time_range;
mod usage;
