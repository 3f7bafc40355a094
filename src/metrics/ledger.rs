//! The chain of hashes that names each batch of a file.
//!
//! h(0) = SHA-256(everything that decides how bytes become rows), h(i) = SHA-256(h(i-1), the
//! decompressed bytes of batch i). A rerun finds the batches it has stored by their link, be the
//! file gzipped, grown, renamed or read from a pipe.

use sha2::{Digest, Sha256};

/// One link of the chain.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Link([u8; 32]);

impl Link {
    /// h(0) from `parts`: kind, form, mapping, defaults, batch size. Each part is preceded by its
    /// length, so that no two lists give the same link.
    #[must_use]
    pub fn first(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.len().to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self(hash.finalize().into())
    }

    /// Starts the next link.
    #[must_use]
    pub fn next(self) -> Chain {
        let mut hash = Sha256::new();
        hash.update(self.0);
        Chain(hash)
    }

    /// The bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The link in hexadecimal digits.
    #[must_use]
    pub fn hex(&self) -> String {
        self.0.iter().map(|b| format!("{b:02x}")).collect()
    }
}

impl std::fmt::Debug for Link {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.hex())
    }
}

/// A link that is being made, fed with the batch's bytes.
#[derive(Clone)]
pub struct Chain(Sha256);

impl Chain {
    /// Adds bytes of the batch.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    /// The link.
    #[must_use]
    pub fn link(self) -> Link {
        Link(self.0.finalize().into())
    }
}

/// What the ledger says about a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Rows that this batch brought.
    pub stored: u64,
    /// Rows that were there already.
    pub duplicates: u64,
    /// Rows whose key was there with other content.
    pub conflicting: u64,
}

impl Entry {
    /// Whether a rerun may pass the batch over: each of its `valid` rows is in the table. Where
    /// one was set aside (in the future then, refused, conflicting) the batch is loaded again.
    #[must_use]
    pub const fn covers(&self, valid: u64) -> bool {
        self.conflicting == 0 && self.stored + self.duplicates == valid
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chain_depends_on_every_part_and_on_the_order() {
        let h0 = Link::first(&["payment", "csv", "10000"]);
        assert_ne!(h0, Link::first(&["payment", "csv1", "0000"]));
        let link = |from: Link, bytes: &[u8]| {
            let mut chain = from.next();
            chain.add(bytes);
            chain.link()
        };
        let ab = link(link(h0, b"a"), b"b");
        assert_ne!(ab, link(link(h0, b"b"), b"a"));
        assert_ne!(ab, link(h0, b"ab"));
        let mut pieces = h0.next();
        pieces.add(b"a");
        pieces.add(b"b");
        assert_eq!(pieces.link(), link(h0, b"ab"));
    }

    #[test]
    fn the_first_link_is_the_published_one() {
        // SHA-256 of eight zero bytes: the length of one empty part.
        assert_eq!(
            Link::first(&[""]).hex(),
            "af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc"
        );
    }

    #[test]
    fn a_batch_with_anything_set_aside_is_loaded_again() {
        let entry = Entry { stored: 7, duplicates: 2, conflicting: 0 };
        assert!(entry.covers(9));
        assert!(!entry.covers(10));
        assert!(!Entry { conflicting: 1, ..entry }.covers(9));
    }
}
