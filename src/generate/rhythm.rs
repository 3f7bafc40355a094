//! The hours of a day are not alike.
//!
//! Beside clock time runs *busy time*: it passes quickly in busy hours and slowly at night, and
//! a day of it is a day. Spread evenly over busy time, sessions follow the day.

use crate::domain::EventTime;

/// How fast busy time passes in each hour of the day, in UTC, in twenty-fourths; they sum to
/// 24 * 24.
const PACE: [i64; 24] =
    [8, 5, 4, 3, 3, 5, 10, 18, 27, 32, 34, 35, 36, 34, 32, 32, 33, 36, 41, 44, 42, 33, 19, 10];
const UNITS: i64 = 24;
const HOUR: i64 = 3_600_000_000;
const DAY: i64 = 24 * HOUR;

/// Whether the hours of a day are alike.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rhythm {
    /// Quiet nights and busy evenings.
    #[default]
    Daily,
    /// All alike: busy time is clock time.
    Steady,
}

/// Busy time since the epoch, in twenty-fourths of microseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Busy(i64);

impl Rhythm {
    /// The busy time at `time`.
    #[must_use]
    pub fn busy(self, time: EventTime) -> Busy {
        match self {
            Self::Daily => Busy::at(time),
            Self::Steady => Busy(time.micros().saturating_mul(UNITS)),
        }
    }

    /// The clock time at which it is a busy time.
    #[must_use]
    pub fn clock(self, busy: Busy) -> EventTime {
        match self {
            Self::Daily => busy.time(),
            Self::Steady => EventTime::from_micros(busy.0.div_euclid(UNITS)),
        }
    }
}

impl Busy {
    fn at(time: EventTime) -> Self {
        let (days, rest) = (time.micros().div_euclid(DAY), time.micros().rem_euclid(DAY));
        let hour = usize::try_from(rest / HOUR).unwrap_or(0);
        let before: i64 = PACE[..hour].iter().sum();
        Self(days * DAY * UNITS + before * HOUR + rest % HOUR * PACE[hour])
    }

    fn time(self) -> EventTime {
        let (days, mut rest) = (self.0.div_euclid(DAY * UNITS), self.0.rem_euclid(DAY * UNITS));
        let mut start = days * DAY;
        for pace in PACE {
            if rest < pace * HOUR {
                return EventTime::from_micros(start + rest / pace);
            }
            rest -= pace * HOUR;
            start += HOUR;
        }
        EventTime::from_micros(start)
    }

    /// This busy time and `micros` more.
    #[must_use]
    pub const fn plus(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros.saturating_mul(UNITS)))
    }

    /// Microseconds of busy time from `earlier` to this.
    #[must_use]
    pub const fn since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0) / UNITS
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_busy_day_is_a_day() {
        assert_eq!(PACE.iter().sum::<i64>(), 24 * UNITS);
        let day = |n: i64| Busy::at(EventTime::from_micros(n * DAY));
        assert_eq!(day(3).since(day(2)), DAY);
        let night = EventTime::from_micros(3 * HOUR);
        let evening = EventTime::from_micros(19 * HOUR);
        let hour = |t: EventTime| Busy::at(t.plus_micros(HOUR)).since(Busy::at(t));
        assert!(hour(evening) > 10 * hour(night));
        let steady = |t: EventTime| Rhythm::Steady.busy(t);
        assert_eq!(steady(night.plus_micros(HOUR)).since(steady(night)), HOUR);
        assert_eq!(steady(evening.plus_micros(HOUR)).since(steady(evening)), HOUR);
    }

    proptest::proptest! {
        #[test]
        fn there_and_back(micros in -4 * DAY..40_000 * DAY) {
            let time = EventTime::from_micros(micros);
            for rhythm in [Rhythm::Daily, Rhythm::Steady] {
                proptest::prop_assert_eq!(rhythm.clock(rhythm.busy(time)), time);
                proptest::prop_assert!(rhythm.busy(time.plus_micros(1)) > rhythm.busy(time));
            }
        }
    }
}
