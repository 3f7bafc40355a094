//! Whether a server may hold an event store: it must neither evict nor forget.

use super::Facts;

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
}
