//! Whether a PostgreSQL server with TimescaleDB can do what is asked of it.

use crate::backends::postgres::probe::{self, Facts};
use crate::commands::doctor::{Check, clock};
use crate::config::{Backend, Settings};
use crate::runtime::Clock;

/// Asks the server and judges the answers.
pub async fn checks(settings: &Settings, our_clock: &dyn Clock) -> Vec<Check> {
    let own = &settings.timescale;
    let facts = match probe::facts(own).await {
        Ok(facts) => facts,
        Err(error) => return vec![Check::unreachable(Backend::Timescale, error)],
    };
    let now = our_clock.now();
    let mut checks = vec![Check::fine("reachable", crate::backends::postgres::place(own))];
    checks.push(role(&facts));
    checks.push(clock(facts.time, now, settings.general.max_skew));
    checks
}

fn role(facts: &Facts) -> Check {
    if facts.in_recovery {
        return Check::finding(
            "role",
            "standby, takes no writes",
            "Point timescale.host and timescale.port at the primary.",
        );
    }
    Check::fine("role", "primary, takes writes")
}
