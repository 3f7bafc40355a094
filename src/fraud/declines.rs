//! The small declined payments of the last minutes, for card testing.

use crate::domain::{EventTime, heap};

/// The most declines that are kept; the oldest go first.
const MAX_DECLINES: usize = 256;

/// One small decline.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decline {
    pub(super) time: EventTime,
    /// XXH3 of the payment's id.
    pub(super) payment: u64,
    /// XXH3 of the instrument's id; absent instruments are one instrument.
    pub(super) instrument: u64,
}

/// Distinct payments and instruments of a window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tested {
    pub(super) payments: u32,
    pub(super) instruments: u32,
}

/// The declines in order of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Declines(Vec<Decline>);

impl Declines {
    /// About how many bytes it holds outside of itself.
    pub(super) const fn heap(&self) -> usize {
        heap::list(&self.0)
    }

    /// All of them, oldest first.
    pub(super) fn all(&self) -> &[Decline] {
        &self.0
    }

    /// Puts them together again; `None` if they are not in order of time.
    pub(super) fn from_parts(declines: Vec<Decline>) -> Option<Self> {
        declines.is_sorted_by_key(|d| d.time).then_some(Self(declines))
    }

    /// Takes a decline in.
    pub(super) fn insert(&mut self, decline: Decline) {
        let after = self.0.iter().rev().take_while(|d| d.time > decline.time).count();
        self.0.insert(self.0.len() - after, decline);
    }

    /// Forgets declines older than `keep_from` and those over the limit.
    pub(super) fn forget(&mut self, keep_from: EventTime) {
        if self.0.is_empty() {
            return;
        }
        let old = self.0.iter().take_while(|d| d.time < keep_from).count();
        let gone = old.max(self.0.len().saturating_sub(MAX_DECLINES));
        self.0.drain(..gone);
        if self.0.is_empty() {
            // Most customers never come here again.
            self.0 = Vec::new();
        }
    }

    /// The declines in `(end - window, end]`.
    fn within(&self, end: EventTime, window: i64) -> impl Iterator<Item = &Decline> {
        let start = end.plus_micros(-window);
        self.0.iter().filter(move |d| d.time > start && d.time <= end)
    }

    /// Distinct payments and instruments in `(end - window, end]`.
    pub(super) fn tested(&self, end: EventTime, window: i64) -> Tested {
        let distinct = |mut hashes: Vec<u64>| {
            hashes.sort_unstable();
            hashes.dedup();
            u32::try_from(hashes.len()).unwrap_or(u32::MAX)
        };
        Tested {
            payments: distinct(self.within(end, window).map(|d| d.payment).collect()),
            instruments: distinct(self.within(end, window).map(|d| d.instrument).collect()),
        }
    }

    /// Whether a payment was declined, small, at that time.
    pub(super) fn contains(&self, payment: u64, time: EventTime) -> bool {
        self.0.iter().any(|d| d.payment == payment && d.time == time)
    }
}
