//! The width of a bucket, and the buckets of a zone one after the other.

use jiff::civil::{Date, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Unit};

use crate::domain::EventTime;
use crate::timescale::interval::Interval;

const SECOND: i64 = 1_000_000;

/// From where `time_bucket` counts buckets of days and less: a Monday, so that weeks begin with one.
const MONDAY: Date = date(2000, 1, 3);
/// The same in microseconds.
const MONDAY_MICROS: i64 = 946_857_600_000_000;

/// The width of a bucket. Buckets of less than a day are in UTC, of a day and more in a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Width {
    /// So many microseconds, less than a day.
    Micros(i64),
    /// So many days.
    Days(i32),
    /// So many months.
    Months(i32),
}

impl Width {
    /// Reads `30s`, `15m`, `1h`, `1d`, `2w`, `1mo`, `1q`, `1y`, or one of `minute`, `hour`, `day`,
    /// `week`, `month`, `quarter`, `year`.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a width such as 15m, 1h, 1d, 1w, 1mo or 1y");
        let plain = text.trim();
        let digits = plain.len() - plain.trim_start_matches(|c: char| c.is_ascii_digit()).len();
        let (number, unit) = plain.split_at(digits);
        let number: i32 = if digits == 0 { 1 } else { number.parse().map_err(|_| wrong())? };
        if !(1..=100_000).contains(&number) {
            return Err(wrong());
        }
        let micros = |each: i64| {
            let width = i64::from(number) * each * SECOND;
            let day = 24 * 60 * 60 * SECOND;
            match width {
                w if w < day => Ok(Self::Micros(w)),
                w if w % day == 0 => i32::try_from(w / day).map(Self::Days).map_err(|_| wrong()),
                _ => Err(format!("`{text}` is more than a day but not in whole days")),
            }
        };
        match unit.trim() {
            "s" | "sec" | "second" | "seconds" => micros(1),
            "m" | "min" | "minute" | "minutes" => micros(60),
            "h" | "hour" | "hours" => micros(60 * 60),
            "d" | "day" | "days" => Ok(Self::Days(number)),
            "w" | "week" | "weeks" => Ok(Self::Days(number * 7)),
            "mo" | "mon" | "month" | "months" => Ok(Self::Months(number)),
            "q" | "quarter" | "quarters" => Ok(Self::Months(number * 3)),
            "y" | "year" | "years" => Ok(Self::Months(number * 12)),
            _ => Err(wrong()),
        }
    }

    /// The width of a bucket that is declared as an interval; `None` of one that mixes days with hours
    /// or months.
    #[must_use]
    pub fn of(interval: Interval) -> Option<Self> {
        match interval.parts() {
            (0, 0, micros) if micros > 0 => Some(Self::Micros(micros)),
            (0, days, 0) if days > 0 => Some(Self::Days(i32::try_from(days).ok()?)),
            (months, 0, 0) if months > 0 => Some(Self::Months(i32::try_from(months).ok()?)),
            _ => None,
        }
    }

    /// As an interval.
    #[must_use]
    pub fn interval(self) -> Interval {
        let text = match self {
            Self::Micros(micros) => format!("{} seconds", micros / SECOND),
            Self::Days(days) => format!("{days} days"),
            Self::Months(months) => format!("{months} months"),
        };
        Interval::parse(&text).unwrap_or_default()
    }

    /// Whether its buckets follow a zone.
    #[must_use]
    pub const fn follows_zone(self) -> bool {
        !matches!(self, Self::Micros(_))
    }

    /// Whether each bucket is made of whole buckets of another width.
    #[must_use]
    pub const fn is_made_of(self, other: Self) -> bool {
        match (self, other) {
            (Self::Micros(own), Self::Micros(other)) => own % other == 0,
            // A day may have 23 or 25 hours; it is whole buckets of those that divide an hour, in a
            // zone whose clocks change by whole hours. That is for the caller to know.
            (_, Self::Micros(other)) => 3600 * SECOND % other == 0,
            (Self::Days(own), Self::Days(other)) => own % other == 0,
            (Self::Months(own), Self::Months(other)) => own % other == 0,
            (Self::Months(_), Self::Days(other)) => other == 1,
            _ => false,
        }
    }

    /// The number of the bucket that holds `time`; one after the other.
    #[must_use]
    pub fn number(self, time: EventTime, zone: &TimeZone) -> Option<i64> {
        if let Self::Micros(width) = self {
            return Some((time.micros() - MONDAY_MICROS).div_euclid(width));
        }
        let day = Timestamp::from_microsecond(time.micros()).ok()?.to_zoned(zone.clone()).date();
        Some(match self {
            Self::Months(months) => {
                let since = (i64::from(day.year()) - 2000) * 12 + i64::from(day.month()) - 1;
                since.div_euclid(i64::from(months))
            }
            Self::Days(days) => {
                let since = MONDAY.until((Unit::Day, day)).ok()?.get_days();
                i64::from(since).div_euclid(i64::from(days))
            }
            Self::Micros(_) => return None,
        })
    }

    /// The first instant of the bucket of a number.
    #[must_use]
    pub fn start(self, number: i64, zone: &TimeZone) -> Option<EventTime> {
        let day = match self {
            Self::Micros(width) => {
                let micros = number.checked_mul(width)?.checked_add(MONDAY_MICROS)?;
                return Some(EventTime::from_micros(micros));
            }
            Self::Days(days) => {
                let days = i32::try_from(number).ok()?.checked_mul(days)?;
                MONDAY.checked_add(days.days()).ok()?
            }
            Self::Months(months) => {
                let months = number.checked_mul(i64::from(months))?;
                let year = i16::try_from(2000 + months.div_euclid(12)).ok()?;
                let month = i8::try_from(months.rem_euclid(12) + 1).ok()?;
                Date::new(year, month, 1).ok()?
            }
        };
        let first = day.at(0, 0, 0, 0).to_zoned(zone.clone()).ok()?;
        Some(EventTime::from_micros(first.timestamp().as_microsecond()))
    }

    /// The first instant of the bucket that holds `time`.
    #[must_use]
    pub fn floor(self, time: EventTime, zone: &TimeZone) -> Option<EventTime> {
        self.start(self.number(time, zone)?, zone)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn time(text: &str) -> EventTime {
        EventTime::from_event_text(text).unwrap()
    }

    #[test]
    fn widths_are_read_as_people_write_them() {
        let hour = 3600 * SECOND;
        for (text, width) in [
            ("15m", Width::Micros(hour / 4)),
            ("hour", Width::Micros(hour)),
            ("24h", Width::Days(1)),
            ("48h", Width::Days(2)),
            ("1d", Width::Days(1)),
            ("2w", Width::Days(14)),
            ("1mo", Width::Months(1)),
            ("quarter", Width::Months(3)),
            ("1y", Width::Months(12)),
        ] {
            assert_eq!(Width::parse(text), Ok(width), "{text}");
        }
        for text in ["", "0d", "25h", "-1d", "1x", "1.5h", "d1", "99999999999d"] {
            assert!(Width::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn days_follow_the_zone_and_its_clocks() {
        let berlin = TimeZone::get("Europe/Berlin").unwrap();
        let day = Width::Days(1);
        let floor = |text: &str| day.floor(time(text), &berlin).unwrap().to_string();
        assert_eq!(floor("2024-03-31T21:59:59Z"), "2024-03-30T23:00:00Z");
        assert_eq!(floor("2024-03-31T22:00:00Z"), "2024-03-31T22:00:00Z");
        assert_eq!(floor("2024-10-27T22:59:59Z"), "2024-10-26T22:00:00Z");
        let week = Width::Days(7).floor(time("2024-03-31T12:00:00Z"), &TimeZone::UTC).unwrap();
        assert_eq!(week.to_string(), "2024-03-25T00:00:00Z");
        let quarter = Width::Months(3).floor(time("2024-03-31T22:30:00Z"), &berlin).unwrap();
        assert_eq!(quarter.to_string(), "2024-03-31T22:00:00Z");
    }

    proptest! {
        #[test]
        fn an_instant_lies_in_its_bucket_and_the_next_begins_after_it(
            micros in 0_i64..4_000_000_000_000_000, at in 0_usize..8, zone in 0_usize..4,
        ) {
            let widths = ["1m", "7m", "6h", "1d", "3d", "1w", "1mo", "1y"];
            let zones = ["UTC", "Europe/Berlin", "America/Chicago", "Asia/Kolkata"];
            let (width, zone) = (Width::parse(widths[at]).unwrap(), TimeZone::get(zones[zone]).unwrap());
            let time = EventTime::from_micros(micros);
            let number = width.number(time, &zone).unwrap();
            let (start, next) = (width.start(number, &zone).unwrap(), width.start(number + 1, &zone).unwrap());
            prop_assert!(start <= time && time < next, "{start} {time} {next}");
            prop_assert_eq!(width.number(start, &zone), Some(number));
        }
    }
}
