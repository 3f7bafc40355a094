//! The spans of the open windows of many keys, 24 bytes each.

use hashbrown::HashTable;

use crate::streams::window::WindowSpan;

/// Spans by the hash of their key. Two keys may have one hash, so that whoever asks looks again.
#[derive(Default)]
pub(super) struct Spans(HashTable<(u64, WindowSpan)>);

impl Spans {
    pub fn insert(&mut self, hash: u64, span: WindowSpan) {
        self.0.insert_unique(hash, (hash, span), |(hash, _)| *hash);
    }

    /// Takes one out; of equal ones only one.
    pub fn remove(&mut self, hash: u64, span: WindowSpan) {
        if let Ok(entry) = self.0.find_entry(hash, |own| *own == (hash, span)) {
            entry.remove();
        }
        if self.0.len() < self.0.capacity() / 8 {
            self.0.shrink_to(self.0.len() * 2, |(hash, _)| *hash);
        }
    }

    /// Bytes that it holds.
    pub fn held(&self) -> usize {
        self.0.capacity() * (size_of::<(u64, WindowSpan)>() + 1)
    }

    pub fn of(&self, hash: u64) -> impl Iterator<Item = WindowSpan> {
        self.0.iter_hash(hash).filter(move |own| own.0 == hash).map(|own| own.1)
    }
}
