//! Changes on their way to the disk: one buffer, sorted when it is written.

use crate::streams::mark::Mark;

/// What a key in the store begins with: the partition.
pub(super) const PREFIX: usize = 4;
/// A partition's mark comes before its entries.
const MARK: u8 = 0;
const ENTRY: u8 = 1;

/// The key of a partition's mark.
pub(super) fn mark_key(partition: i32) -> [u8; PREFIX + 1] {
    let mut key = [MARK; PREFIX + 1];
    key[..PREFIX].copy_from_slice(&partition.to_be_bytes());
    key
}

/// What a stored key names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Named<'a> {
    Mark,
    Entry { store: usize, key: &'a [u8] },
}

/// Reads a stored key, without its partition.
pub(super) fn named(key: &[u8]) -> Result<Named<'_>, String> {
    match key.get(PREFIX..) {
        Some([MARK]) => Ok(Named::Mark),
        Some([ENTRY, high, low, key @ ..]) => {
            Ok(Named::Entry { store: usize::from(u16::from_be_bytes([*high, *low])), key })
        }
        _ => Err("a key of another form".to_owned()),
    }
}

struct Change {
    start: usize,
    /// Where the key ends and the value begins.
    middle: usize,
    end: usize,
    deleted: bool,
}

/// A list of changes in the order in which they were made.
#[derive(Default)]
pub(super) struct Changes {
    bytes: Vec<u8>,
    list: Vec<Change>,
    /// How much of both is committed.
    settled: (usize, usize),
}

impl Changes {
    /// Adds a change that is not committed yet.
    pub fn push(&mut self, partition: i32, store: usize, key: &[u8], value: Option<&[u8]>) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&partition.to_be_bytes());
        self.bytes.push(ENTRY);
        // A topology has a handful of stores.
        self.bytes.extend_from_slice(&u16::try_from(store).unwrap_or(u16::MAX).to_be_bytes());
        self.bytes.extend_from_slice(key);
        self.end(start, value);
    }

    /// Adds a partition's mark.
    pub fn push_mark(&mut self, partition: i32, mark: &Mark) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(&mark_key(partition));
        self.end(start, Some(&mark.encode()));
    }

    /// Adds the deletion of a stored key.
    pub fn push_deletion(&mut self, stored: &[u8]) {
        let start = self.bytes.len();
        self.bytes.extend_from_slice(stored);
        self.end(start, None);
    }

    fn end(&mut self, start: usize, value: Option<&[u8]>) {
        let middle = self.bytes.len();
        self.bytes.extend_from_slice(value.unwrap_or_default());
        let end = self.bytes.len();
        self.list.push(Change { start, middle, end, deleted: value.is_none() });
    }

    /// What was added is committed.
    pub const fn settle(&mut self) {
        self.settled = (self.bytes.len(), self.list.len());
    }

    /// Forgets what is not committed.
    pub fn roll_back(&mut self) {
        self.bytes.truncate(self.settled.0);
        self.list.truncate(self.settled.1);
    }

    /// Takes everything out; there must be nothing that is not committed.
    pub fn take(&mut self) -> Self {
        self.roll_back();
        std::mem::take(self)
    }

    /// How many bytes it holds.
    pub const fn size(&self) -> usize {
        self.bytes.len()
    }

    pub const fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The last change of each key, sorted by key.
    pub fn sorted(&mut self) -> impl Iterator<Item = (&[u8], Option<&[u8]>)> {
        let bytes = &self.bytes;
        // Stable: of several changes of a key the last one stays last.
        self.list.sort_by(|a, b| bytes[a.start..a.middle].cmp(&bytes[b.start..b.middle]));
        let list = &self.list;
        list.iter().enumerate().filter_map(move |(at, change)| {
            let key = &bytes[change.start..change.middle];
            let again = list.get(at + 1).is_some_and(|next| bytes[next.start..next.middle] == *key);
            let value = &bytes[change.middle..change.end];
            (!again).then_some((key, (!change.deleted).then_some(value)))
        })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// Against a map: the last committed change of each key, and nothing else.
        #[test]
        fn keeps_the_last_committed_change(
            rounds in prop::collection::vec(
                (
                    prop::collection::vec(
                        (0_i32..3, 0_usize..2, 0_u8..4, prop::option::of(any::<u8>())),
                        0..10,
                    ),
                    any::<bool>(),
                ),
                0..10,
            )
        ) {
            let mut changes = Changes::default();
            let mut wanted = BTreeMap::new();
            for (round, commits) in rounds {
                for (partition, store, key, value) in &round {
                    let value = value.map(|v| [v]);
                    changes.push(*partition, *store, &[*key], value.as_ref().map(|v| &v[..]));
                }
                if commits {
                    changes.settle();
                    let put = |(p, s, k, v): (i32, usize, u8, Option<u8>)| ((p, s, k), v);
                    wanted.extend(round.into_iter().map(put));
                } else {
                    changes.roll_back();
                }
            }
            let mut taken = changes.take();
            prop_assert!(changes.is_empty());
            let mut found = Vec::new();
            for (stored, value) in taken.sorted() {
                let partition = i32::from_be_bytes(stored[..PREFIX].try_into().unwrap());
                let Named::Entry { store, key } = named(stored).unwrap() else { panic!("a mark") };
                found.push(((partition, store, key[0]), value.map(|v| v[0])));
            }
            prop_assert_eq!(found, wanted.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn any_key_is_read_without_harm(bytes: Vec<u8>) {
            let _read = named(&bytes);
        }
    }

    #[test]
    fn a_mark_is_told_from_an_entry_with_an_empty_key() {
        assert_eq!(named(&mark_key(3)), Ok(Named::Mark));
        let mut changes = Changes::default();
        changes.push(3, 1, b"", None);
        changes.settle();
        let (key, value) = changes.sorted().next().unwrap();
        assert_eq!((named(key), value), (Ok(Named::Entry { store: 1, key: b"" }), None));
    }
}
