//! Which orders were counted: an order tells each of its statuses, and is demand once.

use xxhash_rust::xxh3::xxh3_64;

use crate::domain::{EventTime, heap};
use crate::pricing::PricingRules;
use crate::pricing::bytes::{end, number, take, versioned};

/// The most orders of one customer that are remembered.
const MOST: usize = 256;

/// The orders of one customer that were counted. Bounded by `pricing.order_memory` behind the
/// newest, and by 256; of more, the oldest is forgotten.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Placed(Vec<(i64, u64)>);

impl Placed {
    /// About how many bytes it holds outside of itself.
    #[must_use]
    pub const fn heap(&self) -> usize {
        heap::list(&self.0)
    }

    /// Whether this is the first that is seen of an order; it is remembered.
    pub fn is_first(&mut self, order_id: &str, time: EventTime, rules: &PricingRules) -> bool {
        let known = self.knows(order_id);
        if !known {
            let hash = xxh3_64(order_id.as_bytes());
            let at = self.0.partition_point(|(other, _)| *other <= time.micros());
            self.0.insert(at, (time.micros(), hash));
        }
        let newest = self.0.last().map_or(i64::MIN, |(time, _)| *time);
        let oldest = newest.saturating_sub(rules.order_memory);
        let too_old = self.0.partition_point(|(time, _)| *time < oldest);
        self.0.drain(..too_old.max(self.0.len().saturating_sub(MOST)));
        !known
    }

    /// Whether an order is remembered as counted.
    #[must_use]
    pub fn knows(&self, order_id: &str) -> bool {
        let hash = xxh3_64(order_id.as_bytes());
        self.0.iter().any(|(_, other)| *other == hash)
    }

    /// How many orders are remembered.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether all may be forgotten at `time`: the newest is `pricing.order_memory` behind.
    #[must_use]
    pub fn is_spent(&self, time: EventTime, rules: &PricingRules) -> bool {
        self.newest().is_none_or(|newest| newest.plus_micros(rules.order_memory) < time)
    }

    /// When the newest was placed; behind it by `pricing.order_memory`, all may be forgotten.
    #[must_use]
    pub fn newest(&self) -> Option<EventTime> {
        self.0.last().map(|(time, _)| EventTime::from_micros(*time))
    }

    /// Appends the bytes that the changelog keeps: version 1, then time and hash of each order
    /// in eight bytes each.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        for (time, hash) in &self.0 {
            out.extend_from_slice(&time.to_le_bytes());
            out.extend_from_slice(&hash.to_le_bytes());
        }
    }

    /// Reads them back.
    ///
    /// # Errors
    /// Another version, or bytes that [`Self::encode`] did not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let rest = versioned(bytes, VERSION, NAME)?;
        let (entries, left) = rest.as_chunks::<16>();
        end(left, NAME)?;
        let read = |mut entry: &[u8]| {
            let time = i64::from_le_bytes(take(&mut entry, NAME)?);
            Ok((time, number(&mut entry, NAME)?))
        };
        let orders: Vec<(i64, u64)> =
            entries.iter().map(|entry| read(entry)).collect::<Result<_, String>>()?;
        match orders.len() <= MOST && orders.is_sorted_by_key(|(time, _)| *time) {
            true => Ok(Self(orders)),
            false => Err(format!("{NAME} that are damaged")),
        }
    }
}

const VERSION: u8 = 1;
const NAME: &str = "counted orders";
