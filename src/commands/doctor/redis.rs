//! Whether a Redis server takes writes and keeps them.

use std::time::Duration;

use crate::backends::redis::{Facts, place, safety};
use crate::commands::doctor::{Check, clock};
use crate::config::settings::Redis;
use crate::domain::EventTime;

/// Judges the facts; persistence and eviction as `bss setup redis` does.
#[must_use]
pub fn judge(facts: &Facts, settings: &Redis, now: EventTime, allowed: Duration) -> Vec<Check> {
    let mut checks = vec![Check::fine("reachable", place(settings)), role(facts)];
    for line in safety::judge(facts).into_iter().chain(safety::durability(facts)) {
        checks.push(match line.fix {
            Some(fix) => {
                let found = format!("{}, wanted {}", line.found, line.wanted);
                Check::finding(line.setting, found, fix)
            }
            None if line.found == "unknown" => {
                Check::note(line.setting, "the server does not show it; ask whoever runs it")
            }
            None => Check::fine(line.setting, line.found),
        });
    }
    checks.push(clock(facts.time, now, allowed));
    checks
}

fn role(facts: &Facts) -> Check {
    match facts.info.get("role").map_or("unknown", String::as_str) {
        "master" => Check::fine("role", "primary, takes writes"),
        other => Check::finding(
            "role",
            format!("{other}, takes no writes"),
            "Point redis.host and redis.port at the primary.",
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::State;

    const NOW: i64 = 1_767_225_600_000;

    fn findings(info: &[(&str, &str)], settings: &[(&str, &str)], time: i64) -> Vec<&'static str> {
        let good = [("redis_version", "7.0.15"), ("role", "master")];
        let safe = [
            ("appendonly", "yes"),
            ("appendfsync", "everysec"),
            ("maxmemory-policy", "noeviction"),
        ];
        let map = |good: &[(&str, &str)], other: &[(&str, &str)]| {
            good.iter().chain(other).map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
        };
        let facts = Facts {
            info: map(&good, info),
            settings: map(&safe, settings),
            time: EventTime::from_millis(time),
        };
        let resolved = crate::config::layers::resolve(&Default::default()).unwrap();
        let now = EventTime::from_millis(NOW);
        let checks = judge(&facts, &resolved.settings.redis, now, Duration::from_secs(300));
        for check in &checks {
            assert_eq!(check.state == State::Finding, check.fix.is_some(), "{check:?}");
        }
        checks.iter().filter(|c| c.state == State::Finding).map(|c| c.subject).collect()
    }

    #[test]
    fn each_unsafe_setting_is_one_finding_with_its_fix() {
        assert!(findings(&[], &[], NOW).is_empty());
        assert_eq!(findings(&[("redis_version", "6.2.7")], &[], NOW), ["redis_version"]);
        assert_eq!(findings(&[("role", "slave")], &[], NOW), ["role"]);
        assert_eq!(findings(&[], &[("appendonly", "no")], NOW), ["appendonly"]);
        assert_eq!(
            findings(&[], &[("maxmemory-policy", "allkeys-lru")], NOW),
            ["maxmemory-policy"]
        );
        assert_eq!(findings(&[], &[], NOW - 200_000), ["clock"]);
    }
}
