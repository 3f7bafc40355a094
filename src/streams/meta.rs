//! What the compacted topic `<application>-meta` keeps beside the fingerprints: who runs what and
//! where, and which topologies an operator has paused. One key each, so it is bounded by the number
//! of groups and instance names.

use serde::{Deserialize, Serialize};

/// A wish that a topology stands still, as an operator left it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pause {
    /// Since when, RFC 3339 UTC.
    pub since: String,
    /// Who asked for it.
    pub by: String,
}

impl Pause {
    /// The key of a group's pause; a tombstone resumes it.
    #[must_use]
    pub fn key(group: &str) -> String {
        format!("pause/{group}")
    }

    /// Reads a value; one that is not readable is a pause too: somebody asked for it.
    #[must_use]
    pub fn read(value: &str) -> Self {
        let unknown = || "unknown".to_owned();
        serde_json::from_str(value).unwrap_or_else(|_| Self { since: unknown(), by: unknown() })
    }
}

/// A process of a group, as it describes itself when it is given partitions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Process {
    /// The topology.
    pub topology: String,
    /// Its name in the group.
    pub instance: String,
    /// The machine's name.
    pub host: String,
    /// The process id there.
    pub pid: u32,
    /// The version of this program.
    pub version: String,
    /// The partitions it was given.
    pub partitions: Vec<i32>,
    /// The partitions of others whose state it follows.
    pub standby: Vec<i32>,
    /// The stores it keeps of each.
    pub stores: Vec<String>,
    /// Where its locks, status and state lie on that machine.
    pub state_dir: String,
    /// Where it answers `/metrics`, `/healthz` and `/readyz`, as `HOST:PORT`.
    pub http: Option<String>,
    /// When it was given the partitions, RFC 3339 UTC.
    pub assigned_at: String,
    /// The pause it obeys: everything is committed and nothing is read.
    pub paused: Option<Pause>,
}

impl Process {
    /// The beginning of the keys of a group's processes.
    #[must_use]
    pub fn keys(group: &str) -> String {
        format!("process/{group}/")
    }

    /// The key of an instance.
    #[must_use]
    pub fn key(group: &str, instance: &str) -> String {
        Self::keys(group) + instance
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn records_round_trip(text: String, pid: u32, partitions: Vec<i32>, http: Option<String>) {
            let pause = Pause { since: "2026-01-01T00:00:00Z".to_owned(), by: text.clone() };
            prop_assert_eq!(&Pause::read(&serde_json::to_string(&pause).unwrap()), &pause);
            let process = Process {
                instance: text,
                pid,
                partitions,
                http,
                paused: Some(pause),
                ..Process::default()
            };
            let json = serde_json::to_string(&process).unwrap();
            prop_assert_eq!(serde_json::from_str::<Process>(&json).unwrap(), process);
        }

        #[test]
        fn what_cannot_be_read_pauses_all_the_same(text in any::<String>()) {
            // Whoever wrote it wanted the topology to stand still.
            let readable = serde_json::from_str::<Pause>(&text).is_ok();
            prop_assert!(readable || Pause::read(&text).by == "unknown");
        }
    }

    #[test]
    fn keys_of_groups_that_begin_alike_do_not_meet() {
        assert!(
            !Process::key("bss-fraud-detection-2", "a")
                .starts_with(&Process::keys("bss-fraud-detection"))
        );
        assert_ne!(Pause::key("a"), Process::key("a", ""));
    }
}
