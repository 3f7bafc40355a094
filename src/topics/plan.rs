//! Declared topics against what the cluster has: an ordered plan, one line a difference.

use std::collections::BTreeMap;

use crate::topics::{self, subject};

/// A topic as it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declared {
    /// Its name.
    pub name: String,
    /// How many partitions.
    pub partitions: i32,
    /// How many replicas.
    pub replication: i32,
    /// Settings that matter, by Kafka's own names.
    pub settings: BTreeMap<&'static str, String>,
}

/// A topic as the cluster has it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// How many partitions.
    pub partitions: i32,
    /// How many replicas the first partition has.
    pub replication: i32,
    /// All settings, defaults included.
    pub settings: BTreeMap<String, String>,
}

/// One difference and what is done about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// Make the topic.
    Create(Declared),
    /// Change one setting.
    Set {
        /// The topic.
        topic: String,
        /// The setting.
        key: &'static str,
        /// Its value now.
        found: String,
        /// Its value afterwards.
        declared: String,
    },
    /// A difference that is never changed by itself.
    Refused {
        /// The topic.
        topic: String,
        /// What differs.
        what: &'static str,
        /// Now.
        found: String,
        /// As declared.
        declared: String,
        /// What to do.
        hint: &'static str,
    },
}

impl Step {
    /// The object, the action, found, declared and reason, for a line of the plan.
    #[must_use]
    pub fn line(&self) -> [String; 5] {
        match self {
            Self::Create(d) => {
                let settings: Vec<String> =
                    d.settings.iter().map(|(k, v)| format!("{k}={v}")).collect();
                [
                    format!("topic {}", d.name),
                    "+ create".to_owned(),
                    "absent".to_owned(),
                    format!(
                        "{} partitions, {} replicas, {}",
                        d.partitions,
                        d.replication,
                        settings.join(" ")
                    ),
                    "declared, not there".to_owned(),
                ]
            }
            Self::Set { topic, key, found, declared } => [
                format!("topic {topic}"),
                format!("~ set {key}"),
                found.clone(),
                declared.clone(),
                format!("altered since set-up: {}", why(key)),
            ],
            Self::Refused { topic, what, found, declared, hint } => [
                format!("topic {topic}"),
                format!("! {what} differs"),
                found.clone(),
                declared.clone(),
                (*hint).to_owned(),
            ],
        }
    }

    /// The command, or what else mends it.
    #[must_use]
    pub const fn mend(&self) -> &'static str {
        match self {
            Self::Create(_) | Self::Set { .. } => "bss setup kafka",
            Self::Refused { hint, .. } => hint,
        }
    }

    /// Whether the step can be carried out.
    #[must_use]
    pub const fn applies(&self) -> bool {
        !matches!(self, Self::Refused { .. })
    }
}

const DAY: i64 = 86_400_000;

/// The topics of events, kept for a week.
const EVENTS: [&str; 20] = [
    subject::CUSTOMER_EVENTS,
    subject::ORDER_EVENTS,
    subject::PAYMENT_EVENTS,
    subject::PRODUCT_VIEWS,
    subject::CUSTOMER_ACTIVITY,
    subject::CUSTOMER_SESSIONS,
    subject::CUSTOMER_METRICS,
    subject::PAYMENT_METRICS,
    subject::FRAUD_ALERTS,
    subject::FRAUD_HIGH_RISK,
    subject::FRAUD_LABELS,
    subject::ORDERS_ENRICHED,
    subject::ORDERS_HIGH_VALUE,
    subject::REGION_TREND,
    subject::ORDER_METRICS,
    subject::REVENUE_METRICS,
    subject::SYSTEM_METRICS,
    subject::RECOMMENDATIONS,
    subject::TRENDING,
    subject::PRICING,
];

/// The topics that belong to the topologies and the relay alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Own {
    /// Types of aggregate whose events are published.
    pub aggregates: Vec<String>,
    /// Changelogs and tables that every process reads whole: the latest value by key counts.
    pub compacted: Vec<String>,
    /// Records on their way between two stages.
    pub repartition: Vec<String>,
}

/// The topics of the system.
#[must_use]
pub fn declared(
    application: &str,
    prefix: &str,
    own: &Own,
    partitions: i32,
    replication: i32,
    min_insync: i32,
) -> Vec<Declared> {
    let topic = |name: String, partitions: i32, settings: &[(&'static str, String)]| {
        let mut all: BTreeMap<&'static str, String> = settings.iter().cloned().collect();
        all.insert("min.insync.replicas", min_insync.to_string());
        Declared { name, partitions, replication, settings: all }
    };
    let kept = |days: i64| {
        [("cleanup.policy", "delete".to_owned()), ("retention.ms", (days * DAY).to_string())]
    };
    // Deletes must stay long enough for a process that was down to see them; small segments
    // keep a changelog short.
    let compacted = [
        ("cleanup.policy", "compact".to_owned()),
        ("delete.retention.ms", DAY.to_string()),
        ("segment.bytes", (64 << 20).to_string()),
    ];
    let mut all = Vec::new();
    for name in EVENTS {
        all.push(topic(topics::name(prefix, name), partitions, &kept(7)));
    }
    // A table is read from its beginning by whoever joins with it: rows of the last day stay all,
    // so that a join as of event time finds its row after a restart, and a deletion stays as long
    // as the events do. No time or size ever takes the last row of a key.
    let table = [
        ("cleanup.policy", "compact".to_owned()),
        ("delete.retention.ms", (7 * DAY).to_string()),
        ("min.compaction.lag.ms", DAY.to_string()),
        ("segment.bytes", (64 << 20).to_string()),
    ];
    for name in [subject::CUSTOMER_INFO, subject::PRODUCT_CATALOG] {
        all.push(topic(topics::name(prefix, name), partitions, &table));
    }
    for name in [topics::late_records(application), topics::dead_letters(application)] {
        // They carry records as they came, headers added: larger than any input may be.
        let mut aside = topic(name, partitions, &kept(30));
        aside.settings.insert("max.message.bytes", (8 << 20).to_string());
        all.push(aside);
    }
    for name in &own.compacted {
        all.push(topic(name.clone(), partitions, &compacted));
    }
    for name in &own.repartition {
        all.push(topic(name.clone(), partitions, &kept(7)));
    }
    for kind in &own.aggregates {
        // The copy that a store which lost its end is mended from: nothing is ever deleted.
        let mut events = topic(topics::aggregate_events(prefix, kind), partitions, &[]);
        events.settings.insert("cleanup.policy", "delete".to_owned());
        events.settings.insert("retention.ms", "-1".to_owned());
        events.settings.insert("retention.bytes", "-1".to_owned());
        events.settings.insert("max.message.bytes", (16 << 20).to_string());
        all.push(events);
    }
    all.push(topic(topics::relay(application), 1, &compacted));
    all.push(topic(topics::meta(application), 1, &compacted));
    all
}

/// What must be done so that the cluster is as declared; nothing if it is.
#[must_use]
pub fn plan(declared: &[Declared], found: &BTreeMap<String, Found>) -> Vec<Step> {
    let mut steps = Vec::new();
    for topic in declared {
        let Some(there) = found.get(&topic.name) else {
            steps.push(Step::Create(topic.clone()));
            continue;
        };
        let refused = |what, found: i32, declared: i32, hint| Step::Refused {
            topic: topic.name.clone(),
            what,
            found: found.to_string(),
            declared: declared.to_string(),
            hint,
        };
        if there.partitions != topic.partitions {
            let hint = "never changed by itself: keys would move and state split; set kafka.partitions to what is there, or make the topic anew";
            steps.push(refused("partition count", there.partitions, topic.partitions, hint));
        }
        if there.replication != topic.replication {
            let hint = "use kafka-reassign-partitions.sh, or set kafka.replication_factor to what is there";
            steps.push(refused("replication factor", there.replication, topic.replication, hint));
        }
        for (key, value) in &topic.settings {
            let now = there.settings.get(*key).cloned().unwrap_or_default();
            if now != *value {
                steps.push(Step::Set {
                    topic: topic.name.clone(),
                    key,
                    found: now,
                    declared: value.clone(),
                });
            }
        }
    }
    steps
}

/// What a setting is for.
fn why(key: &str) -> &'static str {
    match key {
        "cleanup.policy" => "state and tables live by compaction, events by retention",
        "delete.retention.ms" => "a process that was down must still see what was deleted",
        "min.compaction.lag.ms" => "a join as of event time needs the rows of the last day",
        "retention.ms" => "records are kept as long as they may be asked for",
        "min.insync.replicas" => "an acknowledged record survives the loss of a replica",
        "max.message.bytes" => {
            "a dead letter is larger than the record it carries, an event as large as it was stored"
        }
        "retention.bytes" => "no size may delete events that a store may be mended from",
        "segment.bytes" => "only closed segments are compacted: small ones keep a restore short",
        _ => "as declared",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(declared: &[Declared]) -> BTreeMap<String, Found> {
        declared
            .iter()
            .map(|d| {
                let settings =
                    d.settings.iter().map(|(k, v)| ((*k).to_owned(), v.clone())).collect();
                (
                    d.name.clone(),
                    Found { partitions: d.partitions, replication: d.replication, settings },
                )
            })
            .collect()
    }

    fn all() -> Vec<Declared> {
        let changelog = topics::changelog("bss", "fraud-detection", "customers");
        let own = Own {
            aggregates: vec!["customer".to_owned()],
            compacted: vec![changelog],
            repartition: vec!["inner".to_owned()],
        };
        declared("bss", "bss", &own, 12, 1, 1)
    }

    #[test]
    fn an_empty_cluster_gets_everything_and_a_full_one_nothing() {
        let declared = all();
        assert_eq!(plan(&declared, &BTreeMap::new()).len(), declared.len());
        assert_eq!(plan(&declared, &model(&declared)), []);
        assert!(declared.iter().any(|d| d.name == "bss-fraud-detection-customers-changelog"));
    }

    #[test]
    fn tables_are_compacted_and_nothing_else_deletes_their_rows() {
        let declared = all();
        for name in ["bss.customer.info", "bss.product.catalog"] {
            let table = declared.iter().find(|d| d.name == name).unwrap();
            assert_eq!(table.partitions, 12, "as the events they are joined with");
            assert_eq!(table.settings["cleanup.policy"], "compact");
            assert!(!table.settings.contains_key("retention.ms"), "{table:?}");
            let [lag, deletes] = ["min.compaction.lag.ms", "delete.retention.ms"]
                .map(|key| table.settings[key].parse::<i64>().unwrap());
            assert!(lag >= DAY && deletes > lag, "{table:?}");
        }
    }

    #[test]
    fn events_of_the_store_are_kept_for_ever() {
        let declared = all();
        let events = declared.iter().find(|d| d.name == "bss.events.customer").unwrap();
        assert_eq!((events.partitions, &*events.settings["retention.ms"]), (12, "-1"));
        assert_eq!(events.settings["cleanup.policy"], "delete");
        let relay = declared.iter().find(|d| d.name == "bss-relay").unwrap();
        assert_eq!((relay.partitions, &*relay.settings["cleanup.policy"]), (1, "compact"));
    }

    #[test]
    fn each_alteration_is_one_line() {
        let declared = all();
        for at in 0..declared.len() {
            let name = &declared[at].name;
            for key in declared[at].settings.keys() {
                let mut found = model(&declared);
                found.get_mut(name).unwrap().settings.insert((*key).to_owned(), "other".to_owned());
                let steps = plan(&declared, &found);
                assert!(
                    matches!(&steps[..], [Step::Set { topic, key: k, .. }] if topic == name && k == key)
                );
            }
            let mut found = model(&declared);
            found.get_mut(name).unwrap().partitions = 5;
            let steps = plan(&declared, &found);
            assert!(matches!(&steps[..], [step @ Step::Refused { .. }] if !step.applies()));
        }
    }
}
