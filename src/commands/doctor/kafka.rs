//! Whether a Kafka cluster can carry exactly-once topologies.

use std::time::Duration;

use crate::backends::Kind;
use crate::backends::kafka::probe::{self, Facts};
use crate::backends::kafka::runner::{lag, status};
use crate::cli::Failure;
use crate::commands::doctor::Check;
use crate::commands::streams::aside::blocking;
use crate::commands::streams::topologies;
use crate::commands::{setup, streams};
use crate::config::{Backend, Settings};
use crate::domain::EventTime;
use crate::topics::plan;
use crate::topics::trust::Finding;

/// Settings that came with a version: the protocol does not tell the version itself.
const SINCE: [(&str, &str); 4] = [
    ("share.coordinator.state.topic.replication.factor", "4.0"),
    ("group.consumer.session.timeout.ms", "3.7"),
    ("remote.log.storage.system.enable", "3.6"),
    ("process.roles", "2.8"),
];

/// Asks the cluster and judges the answers.
pub async fn checks(settings: &Settings, now: EventTime) -> Vec<Check> {
    let facts = match probe::facts(&settings.kafka).await {
        Ok(facts) => facts,
        Err(error) => return vec![Check::unreachable(Backend::Kafka, error)],
    };
    let mut checks = judge(&facts, settings);
    match differences(settings).await {
        Ok((topics, findings)) => {
            checks.push(match topics {
                0 => Check::fine("topics", "as declared"),
                count => Check::finding(
                    "topics",
                    format!("{count} differ from what is declared"),
                    "`bss setup kafka --plan` lists them, `bss setup kafka` mends them.",
                ),
            });
            checks.push(exactly_once(&findings));
        }
        Err(failure) => checks.push(Check::unusable("topics", failure)),
    }
    checks.extend(hanging(settings, now).await);
    checks
}

/// How many topics or settings of topics are not as `bss setup kafka` would make them, and what
/// does not carry exactly-once.
async fn differences(settings: &Settings) -> Result<(usize, Vec<Finding>), Failure> {
    let declared = setup::kafka::declared(settings)?;
    let inventory = setup::kafka::inventory(settings, &declared).await?;
    let findings = setup::kafka::judge(settings, &inventory);
    Ok((plan::plan(&declared, &inventory.topics).len(), findings))
}

fn exactly_once(findings: &[Finding]) -> Check {
    let Some(first) = findings.first() else {
        return Check::fine("exactly-once", "what it stands on is set");
    };
    let found = format!(
        "{} settings do not carry it; {} of {} is {}, should be {}",
        findings.len(),
        first.key,
        first.object,
        first.found,
        first.wanted
    );
    Check::finding(
        "exactly-once",
        found,
        "`bss setup kafka --check` lists them with what mends them.",
    )
}

/// Transactions that hold back what topologies read. Topics that are missing are told elsewhere.
async fn hanging(settings: &Settings, now: EventTime) -> Vec<Check> {
    let Ok(topologies) = topologies::chosen(&[], settings) else { return Vec::new() };
    let mut checks = Vec::new();
    for topology in topologies {
        let (kafka, description) = (settings.kafka.clone(), topology.describe().clone());
        let asked = blocking(move || {
            let standing = status::standing(&kafka, &description)?;
            lag::lags(&kafka, &standing)
        })
        .await;
        let lags = match asked {
            Ok(Ok(lags)) => lags,
            Ok(Err(error)) if error.kind == Kind::Missing => continue,
            Ok(Err(error)) => {
                checks.push(Check::unusable("open-transactions", Failure::from(error)));
                continue;
            }
            Err(failure) => {
                checks.push(Check::unusable("open-transactions", failure));
                continue;
            }
        };
        for each in streams::hanging::hanging(settings, &lags, now) {
            let fix = format!("If its producer is gone, abort it: {}", each.command);
            checks.push(Check::finding("open-transactions", each.sentence, fix));
        }
    }
    if checks.is_empty() {
        checks.push(Check::fine("open-transactions", "none holds back what topologies read"));
    }
    checks
}

/// Judges the facts.
#[must_use]
pub fn judge(facts: &Facts, settings: &Settings) -> Vec<Check> {
    let mut checks = vec![Check::fine("reachable", settings.kafka.bootstrap.clone())];
    checks.push(version(facts));
    checks.push(brokers(facts, settings));
    if facts.settings.is_empty() {
        checks.push(Check::note(
            "settings",
            "the cluster does not show its settings to this user (DescribeConfigs)",
        ));
        return checks;
    }
    checks.push(transaction_log(facts));
    checks.push(offsets_log(facts));
    checks.push(transaction_timeout(facts, settings));
    checks.push(session_timeout(facts, settings));
    checks
}

fn version(facts: &Facts) -> Check {
    if facts.settings.is_empty() {
        return Check::note("version", "unknown: the cluster does not show its settings");
    }
    match SINCE.iter().find(|(key, _)| facts.settings.contains_key(*key)) {
        Some((_, version)) => Check::fine("version", format!("Kafka {version} or later")),
        None => Check::finding("version", "Kafka before 2.8", "Upgrade to Kafka 3.6 or later."),
    }
}

fn brokers(facts: &Facts, settings: &Settings) -> Check {
    let count = facts.brokers.len();
    let found = format!("{count} {}", if count == 1 { "broker" } else { "brokers" });
    let wanted = settings.kafka.replication_factor;
    if i32::try_from(count).is_ok_and(|c| c < wanted) {
        return Check::finding(
            "brokers",
            format!("{found}, but kafka.replication_factor is {wanted}"),
            format!("Start {wanted} brokers, or set kafka.replication_factor = {count}."),
        );
    }
    if count == 1 {
        return Check::note("brokers", format!("{found}: its disk is the only copy"));
    }
    Check::fine("brokers", found)
}

fn number(facts: &Facts, key: &str) -> Option<i64> {
    facts.settings.get(key)?.parse().ok()
}

/// An internal topic that asks for more replicas than there are brokers is never created, and
/// every transaction or group would time out.
fn internal(
    subject: &'static str,
    facts: &Facts,
    replicas_key: &str,
    in_sync_key: Option<&str>,
) -> Check {
    let brokers = i64::try_from(facts.brokers.len()).unwrap_or(i64::MAX);
    let Some(replicas) = number(facts, replicas_key) else {
        return Check::note(subject, format!("the cluster does not show {replicas_key}"));
    };
    let in_sync = in_sync_key.and_then(|k| number(facts, k)).unwrap_or(1);
    let found = format!("replicas {replicas}, in sync {in_sync}, brokers {brokers}");
    if replicas > brokers || in_sync > brokers {
        let mut fix = format!("Set {replicas_key}={brokers}");
        if let Some(key) = in_sync_key.filter(|_| in_sync > brokers) {
            fix.push_str(&format!(" and {key}={brokers}"));
        }
        return Check::finding(subject, found, fix + " on every broker and restart it.");
    }
    Check::fine(subject, found)
}

fn transaction_log(facts: &Facts) -> Check {
    let (replicas, in_sync) =
        ("transaction.state.log.replication.factor", "transaction.state.log.min.isr");
    internal("transactions", facts, replicas, Some(in_sync))
}

fn offsets_log(facts: &Facts) -> Check {
    internal("offsets", facts, "offsets.topic.replication.factor", None)
}

fn limit(subject: &'static str, own_key: &str, own: Duration, low: i64, high: i64) -> Check {
    let own_millis = i64::try_from(own.as_millis()).unwrap_or(i64::MAX);
    let found = format!("{own_key} is {own_millis} ms, allowed {low} to {high} ms");
    if (low..=high).contains(&own_millis) {
        return Check::fine(subject, found);
    }
    let wanted = own_millis.clamp(low, high);
    Check::finding(subject, found, format!("Set {own_key} = \"{wanted}ms\"."))
}

fn transaction_timeout(facts: &Facts, settings: &Settings) -> Check {
    let high = number(facts, "transaction.max.timeout.ms").unwrap_or(900_000);
    let own = settings.streams.transaction_timeout;
    limit("transaction-timeout", "streams.transaction_timeout", own, 1, high)
}

fn session_timeout(facts: &Facts, settings: &Settings) -> Check {
    let low = number(facts, "group.min.session.timeout.ms").unwrap_or(6_000);
    let high = number(facts, "group.max.session.timeout.ms").unwrap_or(1_800_000);
    limit("session-timeout", "streams.session_timeout", settings.streams.session_timeout, low, high)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::doctor::State;
    use crate::config::{Sources, layers};

    fn facts(brokers: i32, settings: &[(&str, &str)]) -> Facts {
        let defaults = [
            ("process.roles", "broker"),
            ("transaction.state.log.replication.factor", "1"),
            ("transaction.state.log.min.isr", "1"),
            ("offsets.topic.replication.factor", "1"),
        ];
        Facts {
            brokers: (1..=brokers).map(|id| (id, format!("k{id}:9092"))).collect(),
            settings: defaults
                .iter()
                .chain(settings)
                .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
                .collect(),
        }
    }

    fn findings(facts: &Facts, options: &[(&str, &str)]) -> Vec<(&'static str, String)> {
        let options = options.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        let sources = Sources { options, ..Sources::default() };
        let settings = layers::resolve(&sources).unwrap().settings;
        let checks = judge(facts, &settings).into_iter();
        let found = checks.filter(|c| c.state == State::Finding);
        found.map(|c| (c.subject, c.fix.unwrap())).collect()
    }

    #[test]
    fn a_cluster_that_can_do_transactions_has_no_findings() {
        assert!(findings(&facts(1, &[]), &[]).is_empty());
        assert!(findings(&facts(3, &[]), &[("kafka.replication_factor", "3")]).is_empty());
        assert!(
            findings(&Facts { brokers: vec![(1, "k:1".into())], ..Facts::default() }, &[])
                .is_empty()
        );
    }

    #[test]
    fn what_would_make_every_transaction_time_out_is_a_finding() {
        let too_many = facts(
            1,
            &[
                ("transaction.state.log.replication.factor", "3"),
                ("transaction.state.log.min.isr", "2"),
            ],
        );
        let fix = "Set transaction.state.log.replication.factor=1 and \
                   transaction.state.log.min.isr=1 on every broker and restart it.";
        assert_eq!(findings(&too_many, &[]), [("transactions", fix.to_owned())]);
    }

    #[test]
    fn limits_of_the_cluster_are_compared_with_the_settings() {
        let found = findings(&facts(1, &[("transaction.max.timeout.ms", "5000")]), &[]);
        let fix = "Set streams.transaction_timeout = \"5000ms\".".to_owned();
        assert_eq!(found, [("transaction-timeout", fix)]);
        let found = findings(&facts(1, &[("group.min.session.timeout.ms", "20000")]), &[]);
        assert_eq!(found[0].0, "session-timeout");
        let found = findings(&facts(1, &[]), &[("kafka.replication_factor", "3")]);
        assert_eq!(found[0].0, "brokers");
    }
}
