//! Topologies in a driver, with a driven clock: what operators ran into, and many lives.
#![allow(clippy::disallowed_methods, reason = "tests may read the environment")]

mod activity;
mod broker;
mod disturbances;
mod labels;
mod lives;
mod orders;
mod pricing;
mod rebuild;
mod rebuilt;
mod recommendation;
mod replay;
mod seeds;
mod stages;
mod town;
mod worker;
mod world;

use std::sync::Arc;

use bss::commands::streams::topologies;
use bss::config::layers::{Sources, resolve};
use bss::domain::EventTime;
use bss::streams::driver::Limits;
use bss::streams::topology::Topology;

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;

/// `10:00:00` on a day, in seconds after ten.
fn at(seconds: i64) -> EventTime {
    EventTime::from_millis(1_767_261_600_000 + seconds * 1000)
}

/// No idle closing; five minutes of skew.
const fn limits() -> Limits {
    Limits { max_skew: 5 * MINUTE, idle_after: 0 }
}

fn topology(name: &str, settings: &[&str]) -> Arc<dyn Topology> {
    let split = |s: &&str| s.split_once('=').map(|(k, v)| (k.to_owned(), v.to_owned()));
    let options = settings.iter().filter_map(split).collect();
    let resolved = resolve(&Sources { options, ..Sources::default() }).expect("settings");
    topologies::build(name, &resolved.settings).unwrap_or_else(|_| panic!("no topology {name}"))
}

/// customer-activity with some settings of its own.
fn activity(settings: &[&str]) -> Arc<dyn Topology> {
    topology("customer-activity", settings)
}

fn fraud() -> Arc<dyn Topology> {
    topology("fraud-detection", &[])
}
