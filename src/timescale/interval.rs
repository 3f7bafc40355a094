//! PostgreSQL intervals: months, days and microseconds, which do not turn into one another.

use std::fmt;

use serde::{Deserialize, Deserializer};

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// An interval. `30 days` is not `1 month`: equality is by parts, order by [`Self::micros`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Interval {
    months: i64,
    days: i64,
    micros: i64,
}

impl Interval {
    /// `n` days.
    #[must_use]
    pub const fn days(n: i64) -> Self {
        Self { months: 0, days: n, micros: 0 }
    }

    /// `n` hours.
    #[must_use]
    pub const fn hours(n: i64) -> Self {
        Self { months: 0, days: 0, micros: n * HOUR }
    }

    /// Its months, days and microseconds.
    #[must_use]
    pub const fn parts(self) -> (i64, i64, i64) {
        (self.months, self.days, self.micros)
    }

    /// Its length in microseconds, a month taken as 30 days, as PostgreSQL compares intervals.
    #[must_use]
    pub const fn micros(self) -> i64 {
        (self.months * 30 + self.days) * DAY + self.micros
    }

    /// Whether it is a whole number of days or months, or longer than a day.
    #[must_use]
    pub const fn is_day_or_longer(self) -> bool {
        self.micros() >= DAY
    }

    /// Reads `7 days`, `1 hour`, `2 years`, `1 mon 15 days 01:30:00`, as PostgreSQL writes them
    /// and people do.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not an interval such as 15 minutes, 7 days or 2 years");
        let mut interval = Self::default();
        let mut words = text.split_whitespace().peekable();
        if words.peek().is_none() {
            return Err(wrong());
        }
        while let Some(word) = words.next() {
            if word.contains(':') {
                interval.micros += clock(word).ok_or_else(wrong)?;
                continue;
            }
            let count: i64 = word.parse().map_err(|_| wrong())?;
            let unit = words.next().ok_or_else(wrong)?;
            let part = match unit.trim_end_matches('s') {
                "year" => {
                    Self { months: count.checked_mul(12).ok_or_else(wrong)?, ..Self::default() }
                }
                "month" | "mon" => Self { months: count, ..Self::default() },
                "week" => Self::days(count.checked_mul(7).ok_or_else(wrong)?),
                "day" => Self::days(count),
                "hour" => {
                    Self { micros: count.checked_mul(HOUR).ok_or_else(wrong)?, ..Self::default() }
                }
                "minute" | "min" => {
                    Self { micros: count.checked_mul(MINUTE).ok_or_else(wrong)?, ..Self::default() }
                }
                "second" | "sec" => {
                    Self { micros: count.checked_mul(SECOND).ok_or_else(wrong)?, ..Self::default() }
                }
                _ => return Err(wrong()),
            };
            interval = interval.plus(part).ok_or_else(wrong)?;
        }
        Ok(interval)
    }

    fn plus(self, other: Self) -> Option<Self> {
        Some(Self {
            months: self.months.checked_add(other.months)?,
            days: self.days.checked_add(other.days)?,
            micros: self.micros.checked_add(other.micros)?,
        })
    }
}

/// Reads `HH:MM:SS[.ffffff]`.
fn clock(text: &str) -> Option<i64> {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    let mut parts = text.split(':');
    let hours: i64 = parts.next()?.parse().ok()?;
    let minutes: i64 = parts.next()?.parse().ok()?;
    let (seconds, fraction) = match parts.next() {
        Some(s) => s.split_once('.').unwrap_or((s, "")),
        None => ("0", ""),
    };
    let seconds: i64 = seconds.parse().ok()?;
    let micros: i64 = format!("{fraction:0<6}").get(..6)?.parse().ok()?;
    let whole =
        hours.checked_mul(HOUR)?.checked_add(minutes * MINUTE + seconds * SECOND + micros)?;
    parts.next().is_none().then_some(sign * whole)
}

impl fmt::Display for Interval {
    /// As people write it and PostgreSQL reads it: `2 years`, `7 days`, `1 hour`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        let mut part = |count: i64, unit: &str| {
            if count != 0 {
                parts.push(format!("{count} {unit}{}", if count.abs() == 1 { "" } else { "s" }));
            }
        };
        part(self.months / 12, "year");
        part(self.months % 12, "month");
        part(self.days, "day");
        part(self.micros / HOUR, "hour");
        part(self.micros % HOUR / MINUTE, "minute");
        let rest = self.micros % MINUTE;
        if rest % SECOND == 0 {
            part(rest / SECOND, "second");
        } else {
            let (whole, sign) = (rest.abs(), if rest < 0 { "-" } else { "" });
            parts.push(format!("{sign}00:00:{:02}.{:06}", whole / SECOND, whole % SECOND));
        }
        if parts.is_empty() {
            parts.push("0 seconds".to_owned());
        }
        f.write_str(&parts.join(" "))
    }
}

impl<'de> Deserialize<'de> for Interval {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(d)?).map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_and_the_server_write() {
        for (text, shown) in [
            ("7 days", "7 days"),
            ("1 week", "7 days"),
            ("01:00:00", "1 hour"),
            ("1 hour", "1 hour"),
            ("00:15:00", "15 minutes"),
            ("2 years", "2 years"),
            ("1 mon", "1 month"),
            ("1 year 2 mons 3 days 04:05:06", "1 year 2 months 3 days 4 hours 5 minutes 6 seconds"),
            ("00:00:01.5", "00:00:01.500000"),
            ("00:00:00", "0 seconds"),
            ("-01:00:00", "-1 hour"),
        ] {
            let interval = Interval::parse(text).unwrap();
            assert_eq!(interval.to_string(), shown, "{text}");
            assert_eq!(Interval::parse(shown).unwrap(), interval, "{text}");
        }
        for text in ["", "7", "days", "7 parsecs", "1:2:3:4", "9223372036854775807 years"] {
            assert!(Interval::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_month_is_not_thirty_days() {
        let (month, days) = (Interval::parse("1 month").unwrap(), Interval::days(30));
        assert_ne!(month, days);
        assert_eq!(month.micros(), days.micros());
    }
}
