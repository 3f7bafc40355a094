//! The chain: each event's link is made of the one before it in its shard and of the event itself,
//! so that a changed, lost or moved event is seen by whoever walks it.
//!
//! link = first 32 hexadecimal digits of SHA-1(link before + SHA-256(aggregate, 0, envelope) +
//! revision + `' '` + recorded at in ms). SHA-1 since it is what a function of the server can
//! compute; 128 bits of it since each event pays for them. It shows damage and partial edits, not
//! the work of somebody who writes the whole store anew: against that stands the copy in Kafka.

use std::fmt;
use std::str::FromStr;

use sha1::Sha1;
use sha2::{Digest as _, Sha256};

use super::Aggregate;

/// The SHA-256 of what a writer hands over: the aggregate and the envelope's bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest([u8; 32]);

impl Digest {
    /// The digest of an envelope for an aggregate.
    #[must_use]
    pub fn of(aggregate: &Aggregate, envelope: &[u8]) -> Self {
        let hash = Sha256::new()
            .chain_update(aggregate.as_str())
            .chain_update([0])
            .chain_update(envelope)
            .finalize();
        Self(hash.into())
    }

    /// Its bytes.
    #[must_use]
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// One link: 32 hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Link([u8; 32]);

impl Link {
    /// What stands before the first event.
    pub const START: Self = Self([b'0'; 32]);

    /// The link of the event after this one.
    #[must_use]
    pub fn next(&self, digest: &Digest, revision: u64, recorded_ms: i64) -> Self {
        let mut numbers = itoa::Buffer::new();
        let mut hash = Sha1::new();
        hash.update(self.0);
        hash.update(digest.0);
        hash.update(numbers.format(revision));
        hash.update(b" ");
        hash.update(numbers.format(recorded_ms));
        let mut link = [0; 32];
        for (pair, byte) in link.chunks_exact_mut(2).zip(hash.finalize()) {
            pair[0] = HEX[usize::from(byte >> 4)];
            pair[1] = HEX[usize::from(byte & 15)];
        }
        Self(link)
    }

    /// Its digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The link of 32 hexadecimal digits; `None` for anything else.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let digits: [u8; 32] = bytes.try_into().ok()?;
        let hex = |b: &u8| b.is_ascii_digit() || (b'a'..=b'f').contains(b);
        digits.iter().all(hex).then_some(Self(digits))
    }
}

const HEX: &[u8; 16] = b"0123456789abcdef";

impl fmt::Display for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Link {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::from_bytes(text.as_bytes()).ok_or("expected a link: 32 hexadecimal digits")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_moves_the_link() {
        let one: Aggregate = "a/1".parse().unwrap();
        let digest = Digest::of(&one, b"{}");
        let link = Link::START.next(&digest, 0, 1000);
        let other = [
            link.next(&digest, 0, 1000),
            Link::START.next(&Digest::of(&one, b"{ }"), 0, 1000),
            Link::START.next(&Digest::of(&"a/2".parse().unwrap(), b"{}"), 0, 1000),
            Link::START.next(&digest, 1, 1000),
            Link::START.next(&digest, 0, 1001),
        ];
        assert!(other.iter().all(|l| *l != link));
        assert_eq!(link.to_string().parse::<Link>().unwrap(), link);
        assert!("ABCDEF0123456789ABCDEF0123456789".parse::<Link>().is_err());
        assert!("00".parse::<Link>().is_err());
    }
}
