//! What a reset notes before it begins, and whether its offsets may be set back.
//!
//! Offsets are right only together with the state they were committed with. That state is gone
//! once the changelogs are emptied; offsets alone would go on as if nothing had been counted.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::streams::checkpoint::Checkpoint;

/// One committed offset.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NotedOffset {
    /// The topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The next offset to read.
    pub offset: i64,
    /// What is committed beside it.
    pub metadata: String,
}

/// Where a partition of a changelog ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct NotedEnd {
    /// The changelog.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// Its end.
    pub end: i64,
}

/// The file that a reset writes first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Undo {
    /// The topology.
    pub topology: String,
    /// Its consumer group.
    pub group: String,
    /// When it was written, RFC 3339.
    pub taken_at: String,
    /// The offsets.
    pub offsets: Vec<NotedOffset>,
    /// The ends of the changelogs that belong to them.
    pub changelogs: Vec<NotedEnd>,
}

/// First kept offset and end of each partition of the changelogs as they are now.
pub type Bounds = BTreeMap<(String, i32), (i64, i64)>;

/// Whether the offsets may be set back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// They are what is committed.
    Nothing,
    /// The state is the one they belong to: everything is as before.
    Exact,
    /// The state is empty: what they counted is missing from here on.
    Emptied,
    /// There is no changelog, or one of something else: records would be lost or counted twice.
    Refused(String),
}

impl Undo {
    /// Judges by the offsets and the changelogs of now.
    #[must_use]
    pub fn judge(&self, offsets: &[NotedOffset], bounds: &Bounds) -> Verdict {
        if sorted(offsets) == sorted(&self.offsets) {
            return Verdict::Nothing;
        }
        let mut other = None;
        for noted in &self.changelogs {
            let place = format!("{}/{}", noted.topic, noted.partition);
            match bounds.get(&(noted.topic.clone(), noted.partition)) {
                None => return Verdict::Refused(format!("changelog {place} is missing")),
                Some((_, end)) if *end == noted.end => {}
                Some((_, end)) => {
                    other.get_or_insert(format!(
                        "changelog {place} ends at {end}; at the reset it ended at {}",
                        noted.end
                    ));
                }
            }
        }
        let empty = bounds.values().all(|(first, end)| first == end);
        match other {
            // A rebuild that was cut off before it touched the state has only marked them.
            None if offsets.is_empty()
                || without_marks(offsets) == without_marks(&self.offsets) =>
            {
                Verdict::Exact
            }
            _ if empty => Verdict::Emptied,
            None => Verdict::Refused("the group has committed since".to_owned()),
            Some(other) => Verdict::Refused(other),
        }
    }
}

/// How many outputs were told up to these offsets, as what is committed beside them says.
#[must_use]
pub fn told(offsets: &[NotedOffset]) -> u64 {
    let checkpoints = offsets.iter().map(|noted| Checkpoint::from_metadata(&noted.metadata));
    checkpoints.flatten().map(|checkpoint| checkpoint.counts.outputs).sum()
}

/// What a rebuild's mark leaves as it was: topic, partition, offset; repartition topics, which are
/// not marked, stay in both.
fn without_marks(offsets: &[NotedOffset]) -> Vec<(&str, i32, i64, Option<Checkpoint>)> {
    let unmarked = |text: &str| {
        let checkpoint = Checkpoint::from_metadata(text).ok()?;
        Some(Checkpoint { rebuilding: None, ..checkpoint })
    };
    let mut all: Vec<_> = offsets
        .iter()
        .map(|o| (o.topic.as_str(), o.partition, o.offset, unmarked(&o.metadata)))
        .collect();
    all.sort_by_key(|(topic, partition, ..)| (*topic, *partition));
    all
}

fn sorted(offsets: &[NotedOffset]) -> Vec<&NotedOffset> {
    let mut all: Vec<&NotedOffset> = offsets.iter().collect();
    all.sort();
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offset(partition: i32, offset: i64) -> NotedOffset {
        let metadata = format!("bss1 p={offset} w=x");
        NotedOffset { topic: "in".to_owned(), partition, offset, metadata }
    }

    fn undo(ends: &[i64]) -> Undo {
        let end = |(partition, end): (i32, &i64)| NotedEnd {
            topic: "log".to_owned(),
            partition,
            end: *end,
        };
        Undo {
            topology: "t".to_owned(),
            group: "app-t".to_owned(),
            taken_at: "2026-01-01T00:00:00Z".to_owned(),
            offsets: vec![offset(0, 10), offset(1, 20)],
            changelogs: (0..).zip(ends).map(end).collect(),
        }
    }

    fn bounds(all: &[(i64, i64)]) -> Bounds {
        (0..).zip(all).map(|(p, b)| (("log".to_owned(), p), *b)).collect()
    }

    #[test]
    fn only_the_state_of_the_reset_goes_with_its_offsets() {
        let undo = undo(&[5, 7]);
        let kept = bounds(&[(0, 5), (0, 7)]);
        let same = [offset(1, 20), offset(0, 10)];
        assert_eq!(undo.judge(&[], &kept), Verdict::Exact);
        assert_eq!(undo.judge(&same, &kept), Verdict::Nothing, "in any order");
        let marked =
            same.clone().map(|o| NotedOffset { metadata: format!("{} b=1", o.metadata), ..o });
        assert_eq!(undo.judge(&marked, &kept), Verdict::Exact, "only marked");
        assert!(matches!(undo.judge(&marked, &bounds(&[(0, 1), (0, 1)])), Verdict::Refused(_)));
        assert!(matches!(undo.judge(&[offset(0, 3)], &kept), Verdict::Refused(_)));
        let emptied = bounds(&[(0, 0), (0, 0)]);
        assert_eq!(undo.judge(&[], &emptied), Verdict::Emptied);
        assert_eq!(undo.judge(&[offset(0, 3)], &emptied), Verdict::Emptied);
        for other in [vec![(0, 5), (0, 8)], vec![(0, 0), (0, 7)], vec![(0, 5)], vec![]] {
            let verdict = undo.judge(&[], &bounds(&other));
            assert!(matches!(verdict, Verdict::Refused(_)), "{other:?}: {verdict:?}");
        }
    }

    #[test]
    fn without_state_at_the_reset_offsets_are_everything() {
        let undo = undo(&[0, 0]);
        assert_eq!(undo.judge(&[], &bounds(&[(0, 0), (0, 0)])), Verdict::Exact);
        let text = serde_json::to_string(&undo).unwrap();
        assert!(text.contains("takenAt"), "{text}");
        assert_eq!(serde_json::from_str::<Undo>(&text).unwrap(), undo);
    }
}
