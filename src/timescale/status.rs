//! What the declared objects hold: how large they are, over which time, how far they are made.

use crate::domain::EventTime;
use crate::timescale::interval::Interval;
use crate::timescale::policies::{Policy, Runs, is_due};

/// One hypertable.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HypertableStatus {
    /// Its name.
    pub name: String,
    /// The width of new chunks.
    pub chunk_interval: Interval,
    /// How many chunks there are.
    pub chunks: u64,
    /// How many of them are compressed.
    pub compressed_chunks: u64,
    /// What is known of the number of its rows.
    pub rows: KnownRows,
    /// Bytes on disk, indexes included.
    pub bytes: u64,
    /// Bytes of what is compressed: before and after, indexes included.
    pub compression: Option<(u64, u64)>,
    /// The time of the oldest and of the newest row.
    pub times: Option<(EventTime, EventTime)>,
    /// Before it rows have been dropped.
    pub floor: Option<EventTime>,
}

/// What the server knows of a number of rows without counting them.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct KnownRows {
    /// Rows of compressed chunks, counted when they were compressed.
    pub compressed: f64,
    /// Rows of the other chunks that `ANALYZE` has seen, brought forward to their present size.
    pub analyzed: f64,
    /// The bytes of those chunks, without indexes.
    pub analyzed_bytes: f64,
    /// The bytes of the chunks that `ANALYZE` has not seen yet, without indexes.
    pub other_bytes: f64,
}

impl KnownRows {
    /// About how many rows there are, taking chunks that `ANALYZE` has not seen for as dense as the
    /// others; `None` if it has seen none.
    #[must_use]
    pub fn about(&self) -> Option<f64> {
        let seen = self.compressed + self.analyzed;
        if self.other_bytes <= 0.0 {
            return Some(seen);
        }
        let dense = self.analyzed > 0.0 && self.analyzed_bytes > 0.0;
        dense.then(|| seen + self.other_bytes * self.analyzed / self.analyzed_bytes)
    }
}

impl HypertableStatus {
    /// Bytes a row, indexes included; as near as the number of rows is known.
    #[must_use]
    pub fn bytes_per_row(&self) -> Option<f64> {
        let rows = self.rows.about().filter(|rows| *rows >= 0.5)?;
        Some(float(self.bytes) / rows)
    }

    /// The percent of its bytes that compression has saved of what is compressed.
    #[must_use]
    pub fn saved_percent(&self) -> Option<f64> {
        let (before, after) = self.compression.filter(|(before, _)| *before > 0)?;
        Some(100.0 * (1.0 - float(after) / float(before)))
    }
}

/// A count as a number with decimals: exact to 2^53, far above any number of bytes.
fn float(count: u64) -> f64 {
    let half = |n: u64| f64::from(u32::try_from(n & 0xffff_ffff).unwrap_or(u32::MAX));
    half(count >> 32) * 4_294_967_296.0 + half(count)
}

/// One continuous aggregate or rollup.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AggregateStatus {
    /// Its public name.
    pub name: String,
    /// The hypertable below it.
    pub on: String,
    /// The width of a bucket.
    pub bucket: Interval,
    /// Bytes on disk, indexes included.
    pub bytes: u64,
    /// Up to where it is made; `None`: nothing is yet.
    pub made_until: Option<EventTime>,
    /// How many buckets before that may have changed since they were made. Of a continuous aggregate
    /// these are ranges: buckets without rows between two changes are counted too.
    pub invalid_buckets: u64,
    /// Whether rows beyond `made_until` are added when it is asked.
    pub real_time: bool,
    /// Whether its first filling was cut short.
    pub fill_pending: bool,
}

/// When a policy begins next: what the scheduler says where one works (`by_itself`), else from when on
/// `bss metrics policies run` runs it. `None`: never, or the server does not have it.
#[must_use]
pub fn next_run(
    policy: &Policy,
    runs: Option<&Runs>,
    by_itself: bool,
    now: EventTime,
) -> Option<EventTime> {
    let runs = runs?;
    if by_itself {
        return runs.next.filter(|_| !runs.never_starts);
    }
    if is_due(policy, Some(runs), now) {
        return Some(now);
    }
    Some(runs.started?.plus_micros(policy.every.micros()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::timescale::policies::declared;
    use crate::timescale::server::Edition;
    use crate::timescale::spec::{DECLARED, Spec};

    #[test]
    fn rows_are_known_only_where_the_server_has_looked() {
        let rows = KnownRows { analyzed: 1000.0, analyzed_bytes: 10.0, ..KnownRows::default() };
        assert_eq!(rows.about(), Some(1000.0));
        assert_eq!(KnownRows { other_bytes: 5.0, ..rows }.about(), Some(1500.0));
        assert_eq!(KnownRows { other_bytes: 5.0, ..KnownRows::default() }.about(), None);
        assert_eq!(KnownRows::default().about(), Some(0.0));
        let table = HypertableStatus { bytes: 3000, rows, ..HypertableStatus::default() };
        assert_eq!(table.bytes_per_row(), Some(3.0));
        assert_eq!(HypertableStatus::default().bytes_per_row(), None);
    }

    proptest! {
        #[test]
        fn a_count_below_2_to_the_53_is_exact(count in 0_u64..(1 << 53)) {
            prop_assert_eq!(format!("{:.0}", float(count)), count.to_string());
        }

        #[test]
        fn what_is_saved_and_what_is_left_make_the_whole(
            before in 1_u64..1 << 40, after in 0_u64..1 << 40
        ) {
            let table = HypertableStatus {
                compression: Some((before, after)), ..HypertableStatus::default()
            };
            let left = 100.0 - table.saved_percent().unwrap();
            prop_assert!((left * float(before) / 100.0 - float(after)).abs() < 1.0);
        }
    }

    #[test]
    fn the_next_run_is_the_schedulers_or_an_interval_after_the_last() {
        let hour = 3_600_000_000;
        let at = |hours: i64| EventTime::from_micros(1_767_225_600_000_000 + hours * hour);
        let spec = Spec::parse(DECLARED, "UTC").unwrap();
        let policy = &declared(&spec, Edition::Community)[0];
        let next = |runs: &Runs, by_itself| next_run(policy, Some(runs), by_itself, at(0));
        let started = Some(EventTime::from_micros(at(0).micros() - hour / 2));
        let runs = Runs { started, succeeded: started, next: Some(at(7)), ..Runs::default() };
        assert_eq!(next(&runs, true), Some(at(7)));
        assert_eq!(next(&runs, false), Some(EventTime::from_micros(at(0).micros() + hour / 2)));
        assert_eq!(next(&Runs::default(), false), Some(at(0)), "one that never ran is due");
        assert_eq!(next(&Runs { never_starts: true, ..runs }, true), None);
        assert_eq!(next_run(policy, None, false, at(0)), None);
    }
}
