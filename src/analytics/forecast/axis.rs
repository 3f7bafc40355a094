//! The times of a series of a file: numbers of rows, days or months, evenly apart.

use jiff::Span;
use jiff::civil::Date;

/// How long a series may be.
const LENGTH: usize = 1_000_000;

/// What the times of a series are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unit {
    Number,
    Day,
    Month,
}

/// The times of one series.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    unit: Unit,
    last: i64,
    step: i64,
}

/// Why a series is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Uneven {
    /// A time is of no form, or of another than the first.
    #[error("its time `{0}` is neither a date as the others nor a number as the others")]
    Unread(String),
    /// A time does not come after the one before.
    #[error("its time `{0}` does not come after `{1}`")]
    Unordered(String, String),
    /// Times are not evenly apart.
    #[error("its times are not evenly apart: `{0}` is not a whole number of steps after `{1}`")]
    Irregular(String, String),
    /// With its gaps it is too long.
    #[error("it is longer than {LENGTH} values with its gaps")]
    Long,
}

impl Axis {
    /// Puts values on their times; a time that is left out is a missing value.
    ///
    /// # Errors
    /// The times cannot be read or do not go on evenly.
    pub fn of(rows: &[(String, Option<f64>)]) -> Result<(Self, Vec<Option<f64>>), Uneven> {
        let (unit, places) = places(rows)?;
        let mut step = i64::MAX;
        for (at, pair) in places.windows(2).enumerate() {
            let far = pair[1].checked_sub(pair[0]).ok_or(Uneven::Long)?;
            if far <= 0 {
                return Err(Uneven::Unordered(rows[at + 1].0.clone(), rows[at].0.clone()));
            }
            step = step.min(far);
        }
        if places.len() < 2 {
            step = 1;
        }
        let mut values: Vec<Option<f64>> = Vec::with_capacity(rows.len());
        for (at, (place, (time, value))) in places.iter().zip(rows).enumerate() {
            let far = at.checked_sub(1).map_or(step, |before| place - places[before]);
            if far % step != 0 {
                return Err(Uneven::Irregular(time.clone(), rows[at - 1].0.clone()));
            }
            let gap = usize::try_from(far / step - 1).unwrap_or(LENGTH);
            if values.len() + gap >= LENGTH {
                return Err(Uneven::Long);
            }
            values.extend(std::iter::repeat_n(None, gap));
            values.push(*value);
        }
        Ok((Self { unit, last: places.last().copied().unwrap_or(0), step }, values))
    }

    /// The time `ahead` steps after the last, in the form of the others; `None` beyond the calendar.
    #[must_use]
    pub fn ahead(&self, ahead: usize) -> Option<String> {
        let far = i64::try_from(ahead).ok()?.checked_mul(self.step)?;
        let place = self.last.checked_add(far)?;
        match self.unit {
            Unit::Number => Some(place.to_string()),
            Unit::Day => {
                let day = Date::constant(1970, 1, 1).checked_add(Span::new().try_days(place).ok()?);
                Some(day.ok()?.to_string())
            }
            Unit::Month => {
                let (month, day) = (place.div_euclid(31), place.rem_euclid(31) + 1);
                let year = i16::try_from(month.div_euclid(12)).ok()?;
                let number = i8::try_from(month.rem_euclid(12) + 1).ok()?;
                let first = Date::new(year, number, 1).ok()?;
                let day = i8::try_from(day).ok()?.min(first.days_in_month());
                Date::new(year, number, day).ok().map(|d| d.to_string())
            }
        }
    }
}

/// The place of each time on a line of whole numbers. Months stand 31 apart, so that the day of the
/// month has room; it is the same in all.
fn places(rows: &[(String, Option<f64>)]) -> Result<(Unit, Vec<i64>), Uneven> {
    let times = || rows.iter().map(|(time, _)| time.trim());
    if times().next().is_none_or(|first| first.parse::<i64>().is_ok()) {
        let read = |t: &str| t.parse::<i64>().map_err(|_| Uneven::Unread(t.to_owned()));
        return Ok((Unit::Number, times().map(read).collect::<Result<_, _>>()?));
    }
    let read = |t: &str| t.parse::<Date>().map_err(|_| Uneven::Unread(t.to_owned()));
    let dates: Vec<Date> = times().map(read).collect::<Result<_, _>>()?;
    let ends = dates.iter().all(|d| *d == d.last_of_month());
    let day = |d: &Date| if ends { 31 } else { i64::from(d.day()) };
    let monthly = dates.windows(2).all(|pair| {
        day(&pair[0]) == day(&pair[1]) && pair[0].first_of_month() != pair[1].first_of_month()
    });
    if monthly && dates.len() > 1 {
        let month = |d: &Date| i64::from(d.year()) * 12 + i64::from(d.month()) - 1;
        return Ok((Unit::Month, dates.iter().map(|d| month(d) * 31 + day(d) - 1).collect()));
    }
    let epoch = Date::constant(1970, 1, 1);
    let days = |d: &Date| i64::from(d.since(epoch).map_or(0, |span| span.get_days()));
    Ok((Unit::Day, dates.iter().map(days).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(times: &[&str]) -> Result<(Vec<Option<f64>>, Option<String>), Uneven> {
        let rows = times.iter().zip(1_u32..).map(|(t, n)| ((*t).to_owned(), Some(f64::from(n))));
        let (axis, values) = Axis::of(&rows.collect::<Vec<_>>())?;
        Ok((values, axis.ahead(2)))
    }

    #[test]
    fn numbers_days_and_months_go_on_and_gaps_are_missing() {
        let (one, two, three) = (Some(1.0), Some(2.0), Some(3.0));
        let ok = |values: &[Option<f64>], next: &str| Ok((values.to_vec(), Some(next.to_owned())));
        assert_eq!(of(&["1", "2", "4"]), ok(&[one, two, None, three], "6"));
        assert_eq!(of(&["10", "20"]), ok(&[one, two], "40"));
        let days = ["2026-02-26", "2026-02-27", "2026-03-01"];
        assert_eq!(of(&days), ok(&[one, two, None, three], "2026-03-03"));
        assert_eq!(of(&["2026-02-01", "2026-02-08"]), ok(&[one, two], "2026-02-22"));
        let months = ["2025-10-31", "2025-12-31"];
        assert_eq!(of(&months), ok(&[one, two], "2026-04-30"));
        assert_eq!(of(&["2026-01-31", "2026-02-28"]), ok(&[one, two], "2026-04-30"));
        assert_eq!(of(&["2026-11-01", "2026-12-01"]), ok(&[one, two], "2027-02-01"));
        assert_eq!(of(&["2026-11-01"]), ok(&[one], "2026-11-03"));
    }

    #[test]
    fn what_is_uneven_is_refused() {
        let (text, before) = ("3".to_owned(), "5".to_owned());
        assert_eq!(of(&["1", "5", "3"]), Err(Uneven::Unordered(text, before)));
        assert_eq!(of(&["1", "x"]), Err(Uneven::Unread("x".to_owned())));
        assert_eq!(of(&["2026-01-01", "2"]), Err(Uneven::Unread("2".to_owned())));
        assert!(matches!(of(&["1", "3", "6"]), Err(Uneven::Irregular(..))));
        assert_eq!(of(&["1", "2", "99999999999"]), Err(Uneven::Long));
        assert_eq!(of(&["-9223372036854775808", "9223372036854775807"]), Err(Uneven::Long));
    }
}
