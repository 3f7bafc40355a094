//! Where an event is: shard and position; which shard and which bucket an aggregate belongs to.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest as _, Sha256};
use xxhash_rust::xxh3::xxh3_64;

use super::Aggregate;

/// The global position of an event: dense from 1 within its shard. Order holds within a shard, and
/// so within an aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// Which shard.
    pub shard: u16,
    /// Which event of it, from 1.
    pub n: u64,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.shard, self.n)
    }
}

impl FromStr for Position {
    type Err = &'static str;

    /// `SHARD:N`, or `N` in shard 0.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = "expected a position: N, or SHARD:N";
        let (shard, n) = text.split_once(':').unwrap_or(("0", text));
        Ok(Self {
            shard: shard.parse().map_err(|_| wrong)?,
            n: n.parse().ok().filter(|n| *n > 0).ok_or(wrong)?,
        })
    }
}

/// The shard of an aggregate among `shards`.
#[must_use]
pub fn shard_of(aggregate: &Aggregate, shards: u16) -> u16 {
    let rest = xxh3_64(aggregate.as_str().as_bytes()) % u64::from(shards.max(1));
    u16::try_from(rest).unwrap_or(0)
}

/// An event's id within its aggregate as the store's index has it: the first 16 bytes of the
/// SHA-256 of both.
pub type IdKey = [u8; 16];

/// The key of an event id in the index.
#[must_use]
pub fn id_key(aggregate: &Aggregate, id: &str) -> IdKey {
    let hash = Sha256::new()
        .chain_update(aggregate.as_str())
        .chain_update([0])
        .chain_update(id)
        .finalize();
    let mut key = IdKey::default();
    key.copy_from_slice(&hash[..16]);
    key
}

/// How many hashes hold a shard's event ids. Each hash costs some 90 bytes of its own and each id is
/// looked for among those of its hash; the server keeps a hash compact up to 512 entries
/// (`hash-max-listpack-entries`), 33 million events.
pub const BUCKETS: u32 = 1 << 16;

/// The bucket of an id.
#[must_use]
pub fn bucket(key: &IdKey) -> u32 {
    u32::from_be_bytes([key[0], key[1], key[2], key[3]]) % BUCKETS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_read_back() {
        for text in ["0:1", "3:17"] {
            assert_eq!(text.parse::<Position>().unwrap().to_string(), text);
        }
        assert_eq!("5".parse::<Position>().unwrap(), Position { shard: 0, n: 5 });
        for text in ["", "0", "a", "1:", ":1", "-1", "1:0"] {
            assert!(text.parse::<Position>().is_err(), "{text}");
        }
    }

    #[test]
    fn ids_are_told_apart_by_their_aggregate() {
        let (a, b) = ("a/1".parse().unwrap(), "a/2".parse().unwrap());
        assert_ne!(id_key(&a, "x"), id_key(&b, "x"));
        // The border between both is part of the key.
        let longer: Aggregate = "a/1x".parse().unwrap();
        assert_ne!(id_key(&a, "xy"), id_key(&longer, "y"));
        assert!(bucket(&id_key(&a, "x")) < BUCKETS);
        assert!((0..100).all(|i| shard_of(&format!("a/{i}").parse().unwrap(), 3) < 3));
    }
}
