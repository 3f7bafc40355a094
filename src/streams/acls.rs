//! What a principal must be allowed so that a topology can run, and not more.

use std::collections::{BTreeMap, BTreeSet};

use crate::streams::topology::{Description, SinkKind};

/// What a right is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// A topic.
    Topic(String),
    /// A consumer group.
    Group(String),
    /// All transactional ids that begin so.
    TransactionalIds(String),
}

impl Resource {
    /// Its type, name and pattern, by Kafka's own words.
    #[must_use]
    pub fn words(&self) -> (&'static str, &str, &'static str) {
        match self {
            Self::Topic(name) => ("topic", name, "literal"),
            Self::Group(name) => ("group", name, "literal"),
            Self::TransactionalIds(name) => ("transactional-id", name, "prefixed"),
        }
    }
}

/// Rights on one resource. Each includes `Describe`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Right {
    /// What it is about.
    pub resource: Resource,
    /// What is done with it.
    pub access: BTreeSet<Access>,
    /// What for.
    pub why: String,
}

impl Right {
    /// The operations by Kafka's own names.
    #[must_use]
    pub fn operations(&self) -> Vec<&'static str> {
        let name = |access: &Access| match access {
            Access::Read => "Read",
            Access::Write => "Write",
            Access::Settings => "DescribeConfigs",
        };
        self.access.iter().map(name).collect()
    }

    /// The command that grants it.
    #[must_use]
    pub fn command(&self, bootstrap: &str, principal: &str) -> String {
        let (kind, name, pattern) = self.resource.words();
        let mut text = format!(
            "kafka-acls.sh --bootstrap-server {} --add --allow-principal {}",
            quoted(bootstrap),
            quoted(principal)
        );
        for operation in self.operations() {
            text.push_str(&format!(" --operation {operation}"));
        }
        if pattern != "literal" {
            text.push_str(&format!(" --resource-pattern-type {pattern}"));
        }
        text.push_str(&format!(" --{kind} {}", quoted(name)));
        text
    }
}

/// What is done with a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// It is read.
    Read,
    /// It is written.
    Write,
    /// Its settings are read.
    Settings,
}

/// A word that a shell reads as it is.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._-:,/@=".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', "'\\''"))
}

/// The rights that running `description` needs, in order; `transactions` if outputs and offsets
/// are committed together. Idempotent writes need no right on the cluster since Kafka 2.8
/// (KIP-679): a right to write any topic is enough.
#[must_use]
pub fn needed(description: &Description, meta_topic: &str, transactions: bool) -> Vec<Right> {
    use Access::{Read, Settings, Write};
    let group = &description.group;
    let mut rights: BTreeMap<Resource, Right> = BTreeMap::new();
    let mut add = |resource: Resource, access: &[Access], why: &str| {
        let right = rights.entry(resource.clone()).or_insert_with(|| Right {
            resource,
            access: BTreeSet::new(),
            why: String::new(),
        });
        right.access.extend(access);
        if !right.why.is_empty() {
            right.why.push_str("; ");
        }
        right.why.push_str(why);
    };
    for source in &description.sources {
        add(Resource::Topic(source.topic.clone()), &[Read], "input");
    }
    for store in &description.stores {
        // Without its settings the state on disk is of no use: how long deletions stay decides.
        let why = format!("changelog of {}: written, and read by a restore", store.name);
        add(Resource::Topic(store.changelog.clone()), &[Read, Write, Settings], &why);
    }
    for sink in &description.sinks {
        let access: &[Access] = match sink.kind {
            SinkKind::Table => &[Read, Write],
            SinkKind::Events | SinkKind::Aside | SinkKind::Repartition => &[Write],
        };
        add(Resource::Topic(sink.topic.clone()), access, sink.what);
    }
    let why = "fingerprints, pauses, and who runs where";
    add(Resource::Topic(meta_topic.to_owned()), &[Read, Write], why);
    add(Resource::Group(group.clone()), &[Read], "membership and offsets");
    if transactions {
        let why = "transactions of all instances; a dead one's is aborted by its successor";
        add(Resource::TransactionalIds(format!("{group}-")), &[Write], why);
    }
    rights.into_values().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::topology::{Sinks, Source, Stage, StoreDescription};

    fn description() -> Description {
        let sinks = Sinks::of("bss", "x");
        Description {
            name: "x",
            version: 1,
            summary: "",
            group: "bss-x".to_owned(),
            stages: vec![Stage { name: "x", lateness_limit: None }],
            sources: vec![Source::events("in".to_owned(), "")],
            stores: vec![StoreDescription::new("bss-x", 0, "s", "")],
            // The one output is an input too.
            sinks: vec![
                sinks.aside("in".to_owned(), "loop"),
                sinks.table("bss-x-table".to_owned(), "", "read whole"),
                sinks.aside("late".to_owned(), "late"),
            ],
        }
    }

    #[test]
    fn each_resource_is_granted_once_with_all_that_is_needed() {
        let rights = needed(&description(), "bss-meta", true);
        let shown: Vec<String> = rights
            .iter()
            .map(|r| format!("{:?} {}", r.resource.words(), r.operations().join("+")))
            .collect();
        assert_eq!(
            shown,
            [
                r#"("topic", "bss-meta", "literal") Read+Write"#,
                r#"("topic", "bss-x-s-changelog", "literal") Read+Write+DescribeConfigs"#,
                r#"("topic", "bss-x-table", "literal") Read+Write"#,
                r#"("topic", "in", "literal") Read+Write"#,
                r#"("topic", "late", "literal") Write"#,
                r#"("group", "bss-x", "literal") Read"#,
                r#"("transactional-id", "bss-x-", "prefixed") Write"#,
            ]
        );
        let plain = needed(&description(), "bss-meta", false);
        assert_eq!(plain.len(), rights.len() - 1, "no transactions, no ids");
    }

    #[test]
    fn a_command_is_safe_to_paste() {
        let rights = needed(&description(), "bss-meta", true);
        assert_eq!(
            rights[6].command("k1:9092,k2:9092", "User:CN=bss, O'Neil;rm"),
            "kafka-acls.sh --bootstrap-server k1:9092,k2:9092 --add --allow-principal \
             'User:CN=bss, O'\\''Neil;rm' --operation Write --resource-pattern-type prefixed \
             --transactional-id bss-x-"
        );
    }
}
