//! Whether a server may hold an event store: it must neither evict nor forget.

use super::Facts;
use crate::domain::EventTime;

/// One setting: what it is, what it should be, and the fix if it is not.
pub struct Line {
    /// The setting.
    pub setting: &'static str,
    /// Its value.
    pub found: String,
    /// What it should be.
    pub wanted: &'static str,
    /// The command that mends it; `None`: it is right.
    pub fix: Option<&'static str>,
}

/// Judges a server's facts for holding an event store.
#[must_use]
pub fn judge(facts: &Facts) -> Vec<Line> {
    let setting = |key: &str| facts.settings.get(key).cloned();
    let info = |key: &str| facts.info.get(key).cloned();
    let aof = setting("appendonly")
        .or_else(|| info("aof_enabled").map(|v| if v == "1" { "yes" } else { "no" }.to_owned()))
        .unwrap_or_else(|| "unknown".to_owned());
    let policy = setting("maxmemory-policy")
        .or_else(|| info("maxmemory_policy"))
        .unwrap_or_else(|| "unknown".to_owned());
    let fsync = setting("appendfsync").unwrap_or_else(|| "unknown".to_owned());
    let old = info("redis_version")
        .and_then(|v| v.split('.').next()?.parse::<u32>().ok())
        .is_some_and(|major| major < 7);
    let line = |setting, found: String, wanted, wrong: bool, fix| Line {
        setting,
        found,
        wanted,
        fix: wrong.then_some(fix),
    };
    vec![
        line(
            "redis_version",
            info("redis_version").unwrap_or_else(|| "unknown".to_owned()),
            "7.0 or newer",
            old,
            "Upgrade the server: functions and streams as bss uses them need 7.0.",
        ),
        line("appendonly", aof.clone(), "yes", aof == "no", "CONFIG SET appendonly yes"),
        line(
            "appendfsync",
            fsync.clone(),
            "everysec or always",
            fsync == "no",
            "CONFIG SET appendfsync everysec",
        ),
        line(
            "maxmemory-policy",
            policy.clone(),
            "noeviction",
            policy != "noeviction" && policy != "unknown",
            "CONFIG SET maxmemory-policy noeviction",
        ),
        line(
            "aof_last_write_status",
            info("aof_last_write_status").unwrap_or_else(|| "unknown".to_owned()),
            "ok",
            info("aof_last_write_status").is_some_and(|v| v != "ok"),
            "The last write to the append-only file failed: look at the server's log and its disk.",
        ),
    ]
}

/// What the settings give: what may be lost, and what the server does when a save or a replica fails.
/// Choices of the server's operator, so that only a save that failed is wrong.
#[must_use]
pub fn durability(facts: &Facts) -> Vec<Line> {
    let unknown = || "unknown".to_owned();
    let setting = |key: &str| facts.settings.get(key).cloned().unwrap_or_else(unknown);
    let info = |key: &str| facts.info.get(key).cloned().unwrap_or_else(unknown);
    let line = |setting, found, wanted| Line { setting, found, wanted, fix: None };
    let lost = match (setting("appendonly").as_str(), setting("appendfsync").as_str()) {
        ("no", _) => "everything since the last save of the data set",
        (_, "always") => {
            "nothing that was acknowledged, if the disk keeps what it was told to keep"
        }
        (_, "everysec") => {
            "what was acknowledged in the last 2 s if the machine fails; nothing if the server does"
        }
        (_, "no") => "what the system had not written yet, some 30 s, if the machine fails",
        _ => "what the server's operator says: it does not show its settings",
    };
    let saved = facts.info.get("rdb_last_save_time").and_then(|t| t.parse::<i64>().ok());
    let saved = saved.and_then(|s| s.checked_mul(1000)).map(EventTime::from_millis);
    let failed = facts.info.get("rdb_last_bgsave_status").is_some_and(|status| status != "ok");
    vec![
        line("can be lost", lost.to_owned(), "as little as the events are worth"),
        Line {
            fix: failed.then_some("Look at the server's log and its disk, then: BGSAVE"),
            ..line("rdb_last_bgsave_status", info("rdb_last_bgsave_status"), "ok")
        },
        line("last save", saved.map_or_else(unknown, |time| time.to_string()), "any"),
        line(
            "stop-writes-on-bgsave-error",
            setting("stop-writes-on-bgsave-error"),
            "yes: no append is taken while saves fail",
        ),
        line(
            "aof-load-truncated",
            setting("aof-load-truncated"),
            "yes: a torn end is cut off at a start; no: the server does not start",
        ),
        line("connected_slaves", info("connected_slaves"), "as many as events.replicas"),
        line(
            "min-replicas-to-write",
            setting("min-replicas-to-write"),
            "0, or as many as must be there for an append to be taken",
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts(pairs: &[(&str, &str)]) -> Facts {
        let settings = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let info = [("redis_version".to_owned(), "7.0.15".to_owned())].into();
        Facts { settings, info, ..Facts::default() }
    }

    #[test]
    fn an_evicting_or_forgetting_server_is_a_finding() {
        let findings = |pairs: &[(&str, &str)]| -> Vec<&'static str> {
            judge(&facts(pairs)).iter().filter(|l| l.fix.is_some()).map(|l| l.setting).collect()
        };
        let good = [
            ("appendonly", "yes"),
            ("appendfsync", "everysec"),
            ("maxmemory-policy", "noeviction"),
        ];
        assert!(findings(&good).is_empty());
        assert_eq!(
            findings(&[("appendonly", "no"), ("maxmemory-policy", "allkeys-lru")]),
            ["appendonly", "maxmemory-policy"]
        );
        assert_eq!(findings(&[("maxmemory-policy", "volatile-ttl")]), ["maxmemory-policy"]);
    }

    #[test]
    fn what_can_be_lost_follows_from_the_settings() {
        let lost = |pairs: &[(&str, &str)]| durability(&facts(pairs))[0].found.clone();
        assert!(lost(&[("appendonly", "yes"), ("appendfsync", "always")]).starts_with("nothing"));
        assert!(lost(&[("appendonly", "yes"), ("appendfsync", "everysec")]).contains("2 s"));
        assert!(lost(&[("appendonly", "yes"), ("appendfsync", "no")]).contains("30 s"));
        assert!(lost(&[("appendonly", "no"), ("appendfsync", "always")]).contains("last save"));
        assert!(lost(&[]).contains("does not show"));
        let mut failed = facts(&[]);
        failed.info.insert("rdb_last_bgsave_status".to_owned(), "err".to_owned());
        let wrong: Vec<_> = durability(&failed).into_iter().filter(|l| l.fix.is_some()).collect();
        assert_eq!(wrong.len(), 1);
    }
}
