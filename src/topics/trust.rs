//! What exactly-once and stored state stand on, beside the declared topics: settings of the
//! brokers, of their internal topics, and limits that apply to ours.

use std::collections::BTreeMap;

use crate::topics::plan::Found;

/// Where the outcomes of transactions are kept.
pub const TRANSACTIONS: &str = "__transaction_state";
/// Where the groups' offsets are kept.
pub const OFFSETS: &str = "__consumer_offsets";

/// What the judgement needs of our own settings.
#[derive(Clone, Debug)]
pub struct Client {
    /// The cluster's address, for the commands.
    pub bootstrap: String,
    /// `streams.transaction_timeout`, in milliseconds.
    pub transaction_ms: i64,
    /// `general.max_skew`, in milliseconds.
    pub max_skew_ms: i64,
}

/// Something that does not carry what stands on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// `brokers` or `topic NAME`.
    pub object: String,
    /// The setting.
    pub key: &'static str,
    /// Its value.
    pub found: String,
    /// What it should be.
    pub wanted: String,
    /// Why.
    pub reason: &'static str,
    /// The command, or what else mends it.
    pub mend: String,
}

const OUTCOMES: &str = "a lost copy loses the outcome of transactions";
const POSITIONS: &str = "a lost copy loses the groups' offsets";
const IN_SYNC: &str = "a commit acknowledged by one copy is lost with it";
const UNCLEAN: &str = "a replica that is behind may become leader: committed records vanish";

/// Judges what a cluster of `brokers` nodes has; `topics` are the internal ones and ours, as far as
/// they are there. A setting that is not shown is not judged.
#[must_use]
pub fn judge(
    brokers: usize,
    settings: &BTreeMap<String, String>,
    topics: &BTreeMap<String, Found>,
    client: &Client,
) -> Vec<Finding> {
    // One or two nodes cannot hold three copies.
    let copies = i64::try_from(brokers.min(3)).unwrap_or(3);
    let insync = if copies >= 3 { 2 } else { 1 };
    let mut findings = of_brokers(settings, copies, insync, client);
    for (name, reason) in [(TRANSACTIONS, OUTCOMES), (OFFSETS, POSITIONS)] {
        if let Some(topic) = topics.get(name) {
            findings.extend(of_internal(name, topic, copies, insync, reason, client));
        }
    }
    for (name, topic) in topics.iter().filter(|(name, _)| !name.starts_with("__")) {
        findings.extend(of_topic(name, topic, settings, client));
    }
    findings
}

fn number(settings: &BTreeMap<String, String>, key: &str) -> Option<i64> {
    settings.get(key).and_then(|v| v.parse().ok())
}

fn of_brokers(
    settings: &BTreeMap<String, String>,
    copies: i64,
    insync: i64,
    client: &Client,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (key, least, reason) in [
        ("transaction.state.log.replication.factor", copies, OUTCOMES),
        ("transaction.state.log.min.isr", insync, IN_SYNC),
        ("offsets.topic.replication.factor", copies, POSITIONS),
        ("offsets.retention.minutes", 10_080, "a group stopped for longer forgets where it was"),
        (
            "transaction.max.timeout.ms",
            client.transaction_ms,
            "streams.transaction_timeout is refused: no transaction begins",
        ),
    ] {
        // All of them are read when a broker starts.
        let mend =
            format!("set {key}={least} in the properties of every broker, restart them one by one");
        if let Some(found) = number(settings, key).filter(|found| *found < least) {
            findings.push(Finding {
                object: "brokers".to_owned(),
                key,
                found: found.to_string(),
                wanted: format!("{least} or more"),
                reason,
                mend,
            });
        }
    }
    if settings.get("unclean.leader.election.enable").is_some_and(|v| v == "true") {
        findings.push(Finding {
            object: "brokers".to_owned(),
            key: "unclean.leader.election.enable",
            found: "true".to_owned(),
            wanted: "false".to_owned(),
            reason: UNCLEAN,
            mend: format!(
                "kafka-configs.sh --bootstrap-server {} --alter --entity-type brokers --entity-default --add-config unclean.leader.election.enable=false",
                client.bootstrap
            ),
        });
    }
    findings
}

/// The brokers' settings are for topics to come: the topic that is there has its client.
fn of_internal(
    name: &str,
    topic: &Found,
    copies: i64,
    insync: i64,
    reason: &'static str,
    client: &Client,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let object = || format!("topic {name}");
    if i64::from(topic.replication) < copies {
        findings.push(Finding {
            object: object(),
            key: "replication factor",
            found: topic.replication.to_string(),
            wanted: format!("{copies} or more"),
            reason,
            mend: format!(
                "kafka-reassign-partitions.sh --bootstrap-server {} --execute --reassignment-json-file FILE, with {copies} replicas for each partition",
                client.bootstrap
            ),
        });
    }
    let in_sync = number(&topic.settings, "min.insync.replicas").filter(|found| *found < insync);
    if let Some(found) = in_sync.filter(|_| name == TRANSACTIONS) {
        findings.push(Finding {
            object: object(),
            key: "min.insync.replicas",
            found: found.to_string(),
            wanted: format!("{insync} or more"),
            reason: IN_SYNC,
            mend: set(client, name, "min.insync.replicas", &insync.to_string()),
        });
    }
    let policy = topic.settings.get("cleanup.policy").filter(|p| *p != "compact");
    if let Some(policy) = policy {
        findings.push(Finding {
            object: object(),
            key: "cleanup.policy",
            found: policy.clone(),
            wanted: "compact".to_owned(),
            reason: "what retention deletes there is forgotten",
            mend: set(client, name, "cleanup.policy", "compact"),
        });
    }
    findings
}

fn of_topic(
    name: &str,
    topic: &Found,
    brokers: &BTreeMap<String, String>,
    client: &Client,
) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut tell = |key: &'static str, found: &str, wanted: String, to: &str, reason| {
        findings.push(Finding {
            object: format!("topic {name}"),
            key,
            found: found.to_owned(),
            wanted,
            reason,
            mend: set(client, name, key, to),
        });
    };
    let settings = &topic.settings;
    let unclean = "unclean.leader.election.enable";
    // What comes from the brokers is told once, of them.
    if settings.get(unclean).is_some_and(|v| v == "true")
        && brokers.get(unclean).is_none_or(|v| v != "true")
    {
        tell(unclean, "true", "false".to_owned(), "false", UNCLEAN);
    }
    if settings.get("message.timestamp.type").is_some_and(|t| t == "LogAppendTime") {
        return findings;
    }
    let after = "message.timestamp.after.max.ms";
    if let Some(found) = number(settings, after).filter(|found| *found < client.max_skew_ms) {
        let least = client.max_skew_ms.to_string();
        let reason = "records that general.max_skew allows are refused by the broker";
        tell(after, &found.to_string(), format!("{least} or more"), &least, reason);
    }
    let before = "message.timestamp.before.max.ms";
    let deletes = settings.get("cleanup.policy").is_some_and(|p| p.contains("delete"));
    let kept = number(settings, "retention.ms").filter(|kept| *kept > 0 && deletes);
    if let (Some(found), Some(kept)) = (number(settings, before), kept)
        && found < kept
    {
        let reason = "records that retention would keep are refused when they come late";
        tell(before, &found.to_string(), format!("{kept} or more"), &kept.to_string(), reason);
    }
    findings
}

/// The command that sets one setting of a topic.
fn set(client: &Client, topic: &str, key: &str, value: &str) -> String {
    format!(
        "kafka-configs.sh --bootstrap-server {} --alter --entity-type topics --entity-name {topic} --add-config {key}={value}",
        client.bootstrap
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client() -> Client {
        Client { bootstrap: "k:9092".to_owned(), transaction_ms: 10_000, max_skew_ms: 300_000 }
    }

    fn settings(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
        pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
    }

    fn topics(name: &str, replication: i32, pairs: &[(&str, &str)]) -> BTreeMap<String, Found> {
        let found = Found { partitions: 1, replication, settings: settings(pairs) };
        [(name.to_owned(), found)].into()
    }

    fn keys(findings: &[Finding]) -> Vec<(&str, &'static str)> {
        findings.iter().map(|f| (&*f.object, f.key)).collect()
    }

    #[test]
    fn brokers_are_judged_by_what_their_number_allows() {
        let none = BTreeMap::new();
        let one = settings(&[
            ("transaction.state.log.replication.factor", "1"),
            ("transaction.state.log.min.isr", "1"),
            ("offsets.topic.replication.factor", "1"),
            ("offsets.retention.minutes", "10080"),
            ("transaction.max.timeout.ms", "900000"),
            ("unclean.leader.election.enable", "false"),
        ]);
        assert_eq!(judge(1, &one, &none, &client()), []);
        assert_eq!(judge(3, &one, &none, &client()).len(), 3);
        let bad = settings(&[
            ("unclean.leader.election.enable", "true"),
            ("transaction.max.timeout.ms", "5000"),
            ("offsets.retention.minutes", "60"),
        ]);
        let found = judge(1, &bad, &none, &client());
        let expected = [
            ("brokers", "offsets.retention.minutes"),
            ("brokers", "transaction.max.timeout.ms"),
            ("brokers", "unclean.leader.election.enable"),
        ];
        assert_eq!(keys(&found), expected);
        assert!(found[1].mend.contains("transaction.max.timeout.ms=10000"), "{found:?}");
        assert!(found[2].mend.starts_with("kafka-configs.sh --bootstrap-server k:9092 "));
        assert_eq!(
            judge(3, &BTreeMap::new(), &none, &client()),
            [],
            "what is not shown is not judged"
        );
    }

    #[test]
    fn the_internal_topics_are_judged_as_they_are() {
        let none = BTreeMap::new();
        let good = [("min.insync.replicas", "2"), ("cleanup.policy", "compact")];
        assert_eq!(judge(3, &none, &topics(TRANSACTIONS, 3, &good), &client()), []);
        let bad = [("min.insync.replicas", "1"), ("cleanup.policy", "delete")];
        let found = judge(3, &none, &topics(TRANSACTIONS, 1, &bad), &client());
        let object = "topic __transaction_state";
        let expected = [
            (object, "replication factor"),
            (object, "min.insync.replicas"),
            (object, "cleanup.policy"),
        ];
        assert_eq!(keys(&found), expected);
        // Offsets are committed with acks from all in sync; the default of one is usual there.
        let found =
            judge(3, &none, &topics(OFFSETS, 1, &[("min.insync.replicas", "1")]), &client());
        assert_eq!(keys(&found), [("topic __consumer_offsets", "replication factor")]);
    }

    #[test]
    fn limits_of_timestamps_must_leave_room_for_skew_and_lateness() {
        let none = BTreeMap::new();
        let find = |pairs: &[(&str, &str)]| judge(1, &none, &topics("t", 1, pairs), &client());
        let usual = [
            ("message.timestamp.after.max.ms", "3600000"),
            ("message.timestamp.before.max.ms", "9223372036854775807"),
            ("retention.ms", "604800000"),
            ("cleanup.policy", "delete"),
        ];
        assert_eq!(find(&usual), []);
        let tight = [
            ("message.timestamp.after.max.ms", "299999"),
            ("message.timestamp.before.max.ms", "604799999"),
            ("retention.ms", "604800000"),
            ("cleanup.policy", "delete"),
        ];
        let found = find(&tight);
        let expected = [
            ("topic t", "message.timestamp.after.max.ms"),
            ("topic t", "message.timestamp.before.max.ms"),
        ];
        assert_eq!(keys(&found), expected);
        assert_eq!(
            found[0].mend,
            "kafka-configs.sh --bootstrap-server k:9092 --alter --entity-type topics --entity-name t --add-config message.timestamp.after.max.ms=300000"
        );
        let appended: Vec<_> =
            tight.into_iter().chain([("message.timestamp.type", "LogAppendTime")]).collect();
        assert_eq!(find(&appended), [], "the broker's own clock has no limits");
        let forever = [tight[0], tight[1], ("retention.ms", "-1"), tight[3]];
        assert_eq!(find(&forever).len(), 1, "kept for ever: no limit to compare with");
    }

    #[test]
    fn a_setting_of_the_brokers_is_told_once() {
        let unclean = [("unclean.leader.election.enable", "true")];
        let found = judge(1, &settings(&unclean), &topics("t", 1, &unclean), &client());
        assert_eq!(keys(&found), [("brokers", unclean[0].0)]);
        let found = judge(1, &BTreeMap::new(), &topics("t", 1, &unclean), &client());
        assert_eq!(keys(&found), [("topic t", unclean[0].0)]);
    }
}
