//! Days and months as the values of a history, in order of time and without holes.

use std::collections::BTreeMap;

use jiff::Span;
use jiff::civil::Date;
use rust_decimal::Decimal;

/// What one value is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bucket {
    /// A day.
    Day,
    /// A calendar month.
    Month,
}

/// What a bucket without rows is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gaps {
    /// Nothing came in.
    Zero,
    /// It is not known.
    Missing,
}

/// Whole buckets in order of time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct History {
    /// The first day of the first.
    pub first: Date,
    /// The sum of each; `None` is missing.
    pub values: Vec<Option<Decimal>>,
}

impl Bucket {
    /// The first day of the bucket of a day.
    #[must_use]
    pub fn of(self, day: Date) -> Date {
        match self {
            Self::Day => day,
            Self::Month => day.first_of_month(),
        }
    }

    /// The first day of the bucket that comes `count` later; `None` beyond the calendar's end.
    #[must_use]
    pub fn after(self, first: Date, count: usize) -> Option<Date> {
        let count = i32::try_from(count).ok()?;
        let span = match self {
            Self::Day => Span::new().try_days(count),
            Self::Month => Span::new().try_months(count),
        };
        first.checked_add(span.ok()?).ok()
    }

    /// How many make a season: a week, a year.
    #[must_use]
    pub const fn season(self) -> usize {
        match self {
            Self::Day => 7,
            Self::Month => 12,
        }
    }

    /// How many are needed at least.
    #[must_use]
    pub const fn least(self) -> usize {
        match self {
            Self::Day => 7,
            Self::Month => 3,
        }
    }

    /// The sums by day of one series as the buckets from `begin`, without it from the first that has
    /// one, up to the bucket of `running`, which is not over and left out.
    #[must_use]
    pub fn history(
        self,
        days: &BTreeMap<Date, Decimal>,
        begin: Option<Date>,
        running: Date,
        gaps: Gaps,
    ) -> History {
        let running = self.of(running);
        let mut sums: BTreeMap<Date, Decimal> = BTreeMap::new();
        for (day, sum) in days {
            *sums.entry(self.of(*day)).or_default() += sum;
        }
        let first = begin.map(|b| self.of(b)).or_else(|| sums.keys().next().copied());
        let first = first.unwrap_or(running);
        let empty = match gaps {
            Gaps::Zero => Some(Decimal::ZERO),
            Gaps::Missing => None,
        };
        let buckets = (0..).map_while(|n| self.after(first, n)).take_while(|day| *day < running);
        History { first, values: buckets.map(|b| sums.get(&b).copied().or(empty)).collect() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sums(days: &[(&str, i64)]) -> BTreeMap<Date, Decimal> {
        days.iter().map(|(day, sum)| (day.parse().unwrap(), Decimal::from(*sum))).collect()
    }

    fn values(history: &History) -> Vec<Option<i64>> {
        let whole = |v: &Option<Decimal>| v.map(|v| i64::try_from(v).unwrap());
        history.values.iter().map(whole).collect()
    }

    #[test]
    fn the_running_bucket_is_left_out_and_gaps_are_what_was_asked() {
        let days = sums(&[("2026-02-27", 5), ("2026-03-02", 7), ("2026-03-03", 100)]);
        let running: Date = "2026-03-03".parse().unwrap();
        let zero = Bucket::Day.history(&days, None, running, Gaps::Zero);
        assert_eq!(zero.first, "2026-02-27".parse().unwrap());
        assert_eq!(values(&zero), [Some(5), Some(0), Some(0), Some(7)]);
        let missing = Bucket::Day.history(&days, None, running, Gaps::Missing);
        assert_eq!(values(&missing), [Some(5), None, None, Some(7)]);
        let begin = "2026-02-25".parse().ok();
        let longer = Bucket::Day.history(&days, begin, running, Gaps::Zero);
        assert_eq!(values(&longer)[..3], [Some(0), Some(0), Some(5)]);
        assert_eq!(values(&Bucket::Day.history(&sums(&[]), None, running, Gaps::Zero)), []);
    }

    #[test]
    fn months_are_the_same_on_their_third_and_their_last_day() {
        let days = sums(&[("2026-01-31", 5), ("2026-01-01", 1), ("2026-03-01", 2)]);
        for running in ["2026-04-03", "2026-04-28", "2026-04-30"] {
            let running = running.parse().unwrap();
            let months = Bucket::Month.history(&days, None, running, Gaps::Zero);
            assert_eq!(values(&months), [Some(6), Some(0), Some(2)]);
        }
        let january: Date = "2026-01-01".parse().unwrap();
        assert_eq!(Bucket::Month.after(january, 14), "2027-03-01".parse().ok());
        assert_eq!(Bucket::Day.after(january, 59), "2026-03-01".parse().ok());
        assert_eq!(Bucket::Day.after(january, usize::MAX), None);
    }
}
