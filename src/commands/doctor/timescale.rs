//! Whether a PostgreSQL server with TimescaleDB can do what is asked of it.

use crate::backends::postgres::probe::{self, Facts};
use crate::commands::doctor::{Check, clock};
use crate::config::{Backend, Settings};
use crate::runtime::Clock;

/// `UNIQUE NULLS NOT DISTINCT` came with it.
const OLDEST_POSTGRES: i32 = 15;

/// Asks the server and judges the answers.
pub async fn checks(settings: &Settings, our_clock: &dyn Clock) -> Vec<Check> {
    let own = &settings.timescale;
    let facts = match probe::facts(own).await {
        Ok(facts) => facts,
        Err(error) => return vec![Check::unreachable(Backend::Timescale, error)],
    };
    let now = our_clock.now();
    let mut checks = vec![Check::fine("reachable", crate::backends::postgres::place(own))];
    checks.extend(judge(&facts));
    checks.push(clock(facts.time, now, settings.general.max_skew));
    checks
}

/// Judges the facts.
#[must_use]
pub fn judge(facts: &Facts) -> Vec<Check> {
    let mut checks = vec![version(facts), role(facts)];
    checks.extend(extension(facts));
    if facts.community == Some(true) {
        checks.push(scheduler(facts));
    }
    checks
}

fn version(facts: &Facts) -> Check {
    let found = format!("PostgreSQL {}", facts.version);
    if facts.major < OLDEST_POSTGRES {
        let fix = format!("Upgrade to PostgreSQL {OLDEST_POSTGRES} or later.");
        return Check::finding("version", found, fix);
    }
    Check::fine("version", found)
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

fn extension(facts: &Facts) -> Vec<Check> {
    let preload = "Run `ALTER SYSTEM SET shared_preload_libraries = 'timescaledb'` as a superuser \
                   and restart the server.";
    let Some(installed) = &facts.installed else {
        return vec![match &facts.available {
            None => Check::finding(
                "extension",
                "TimescaleDB is not on the server",
                format!(
                    "Install postgresql-{0}-timescaledb (Apache edition) or \
                     timescaledb-2-postgresql-{0} (Community edition) on the server.",
                    facts.major
                ),
            ),
            Some(_) if facts.license.is_none() => {
                Check::finding("extension", "TimescaleDB is on the server but not loaded", preload)
            }
            Some(version) => Check::finding(
                "extension",
                format!("TimescaleDB {version} is on the server but not in this database"),
                "Run `bss setup timescale`, or `CREATE EXTENSION timescaledb` as a superuser.",
            ),
        }];
    };
    let mut checks = vec![match &facts.available {
        Some(available) if newer(available, installed) => Check::finding(
            "extension",
            format!("TimescaleDB {installed}, an update to {available} waits"),
            "Run `ALTER EXTENSION timescaledb UPDATE` first thing in a new session.",
        ),
        _ => Check::fine("extension", format!("TimescaleDB {installed}")),
    }];
    checks.push(match (facts.license.as_deref(), facts.community) {
        (None, _) => Check::finding("edition", "the library is not loaded", preload),
        (Some("apache"), _) => Check::note(
            "edition",
            "Apache: hypertables only; compression, continuous aggregates and policies are not \
             available",
        ),
        (Some(_), Some(true)) => Check::fine("edition", "Community"),
        (Some(license), _) => Check::finding(
            "edition",
            format!("the licence is `{license}`, but the Community library does not answer"),
            "Restart the server; if that does not help, install the Community edition.",
        ),
    });
    checks
}

fn scheduler(facts: &Facts) -> Check {
    if facts.scheduler {
        let workers = facts.background_workers.map_or("?".to_owned(), |w| w.to_string());
        return Check::fine("scheduler", format!("runs, {workers} background workers"));
    }
    Check::finding(
        "scheduler",
        "no scheduler runs in this database: policies are kept but never run by themselves",
        "Raise max_worker_processes and run `SELECT _timescaledb_functions.start_background_workers()`.",
    )
}

/// Whether version `a` is newer than `b`, by their first three numbers.
fn newer(a: &str, b: &str) -> bool {
    let numbers =
        |v: &str| -> Vec<u32> { v.split(['.', '-']).map_while(|part| part.parse().ok()).collect() };
    numbers(a) > numbers(b)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::State;

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    fn community() -> Facts {
        Facts {
            version: "18.6".into(),
            major: 18,
            installed: text("2.29.2"),
            available: text("2.29.2"),
            license: text("timescale"),
            community: Some(true),
            scheduler: true,
            background_workers: Some(16),
            ..Facts::default()
        }
    }

    fn findings(facts: &Facts) -> Vec<&'static str> {
        let checks = judge(facts).into_iter().filter(|c| c.state == State::Finding);
        checks.map(|c| c.subject).collect()
    }

    #[test]
    fn both_editions_are_fine_and_told_apart() {
        assert!(findings(&community()).is_empty());
        let apache = Facts { license: text("apache"), community: None, ..community() };
        assert!(findings(&apache).is_empty());
        assert!(judge(&apache).iter().any(|c| c.found.starts_with("Apache")));
    }

    #[test]
    fn each_lack_is_one_finding() {
        let missing = Facts { installed: None, available: None, license: None, ..community() };
        for (facts, subject) in [
            (Facts { major: 14, ..community() }, "version"),
            (Facts { in_recovery: true, ..community() }, "role"),
            (Facts { community: None, ..missing.clone() }, "extension"),
            (Facts { available: text("2.31.0"), ..community() }, "extension"),
            (Facts { community: Some(false), ..community() }, "edition"),
            (Facts { license: None, community: None, ..community() }, "edition"),
            (Facts { scheduler: false, ..community() }, "scheduler"),
        ] {
            assert_eq!(findings(&facts), [subject], "{facts:?}");
        }
    }

    #[test]
    fn versions_are_compared_by_number() {
        assert!(newer("2.31.0", "2.9.1"));
        assert!(!newer("2.23.0-dev", "2.23.0"));
        assert!(!newer("2.23.0", "2.23.0-dev"));
    }
}
