//! How many chunks a load would make, before it makes them.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::domain::EventTime;

/// What the server says of a hypertable's chunks.
#[derive(Clone, Debug)]
pub struct Layout {
    /// The length of a chunk.
    pub interval: Duration,
    /// The beginnings and ends of the chunks that are there.
    pub existing: Vec<(EventTime, EventTime)>,
    /// What a query locks of each chunk: the table and its indexes.
    pub locks_each: u64,
    /// How many locks the server has room for, of all transactions together.
    pub locks: u64,
}

impl Layout {
    /// How many locks a query over all chunks takes once there are `fresh` more.
    #[must_use]
    pub fn locks_of_all(&self, fresh: usize) -> u64 {
        let chunks = u64::try_from(self.existing.len() + fresh).unwrap_or(u64::MAX);
        chunks.saturating_mul(self.locks_each)
    }
}

/// Counts the chunks that do not exist yet.
#[derive(Clone, Debug)]
pub struct Estimate {
    interval: i64,
    existing: Vec<(EventTime, EventTime)>,
    fresh: BTreeSet<i64>,
    last: Option<i64>,
}

impl Estimate {
    /// Nothing counted yet.
    #[must_use]
    pub fn new(layout: &Layout) -> Self {
        let interval = i64::try_from(layout.interval.as_micros()).unwrap_or(i64::MAX).max(1);
        let mut existing = layout.existing.clone();
        existing.sort_unstable();
        Self { interval, existing, fresh: BTreeSet::new(), last: None }
    }

    /// Notes that a row at `time` will be stored. A new chunk covers a whole multiple of the
    /// interval, as TimescaleDB aligns it.
    pub fn note(&mut self, time: EventTime) {
        let slot = time.micros().div_euclid(self.interval);
        if self.last == Some(slot) {
            return;
        }
        let at = self.existing.partition_point(|(start, _)| *start <= time);
        if at == 0 || self.existing[at - 1].1 <= time {
            self.fresh.insert(slot);
            self.last = Some(slot);
        }
    }

    /// How many chunks are to be made.
    #[must_use]
    pub fn fresh(&self) -> usize {
        self.fresh.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: i64 = 86_400_000;

    #[test]
    fn counts_only_chunks_that_are_not_there() {
        let day = |n: i64| EventTime::from_millis(n * DAY);
        let layout = Layout {
            interval: Duration::from_secs(86_400),
            existing: vec![(day(10), day(11)), (day(12), day(14))],
            locks_each: 3,
            locks: 100,
        };
        let mut estimate = Estimate::new(&layout);
        for n in [9, 10, 11, 12, 13, 14, 9] {
            estimate.note(day(n).plus_millis(5));
        }
        assert_eq!(estimate.fresh(), 3);
        assert_eq!(layout.locks_of_all(3), 15);
    }

    /// Case T9.
    #[test]
    fn twelve_years_of_days() {
        let interval = Duration::from_secs(86_400);
        let layout = Layout { interval, existing: Vec::new(), locks_each: 1, locks: 1 };
        let mut estimate = Estimate::new(&layout);
        for n in 0..4380 * 4 {
            estimate.note(EventTime::from_millis(n * DAY / 4));
        }
        assert_eq!(estimate.fresh(), 4380);
    }
}
