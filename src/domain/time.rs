//! Event time: an instant in UTC, in microseconds, as PostgreSQL stores it.

use std::fmt;

use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, Offset, TimeZone};

use crate::domain::reject::{Reason, Reject};

/// An instant in UTC: microseconds since 1970-01-01T00:00:00Z.
///
/// Microseconds because that is what `timestamptz` keeps: an instant read from an event is
/// stored and shown digit for digit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventTime(i64);

/// Microseconds of an hour.
const HOUR: i64 = 3_600_000_000;
/// 1990-01-01T00:00:00Z in microseconds; nothing this system records is older.
const EARLIEST: i64 = 631_152_000_000_000;
/// 9999-12-30T22:00:00Z in microseconds: RFC 3339 ends with that year, and this is the last instant
/// that has a local time in every zone.
const END: i64 = 253_402_207_200_000_000;

impl EventTime {
    /// The instant `micros` microseconds after the epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// The instant `millis` milliseconds after the epoch (saturating).
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(millis.saturating_mul(1000))
    }

    /// Microseconds since the epoch.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Whole milliseconds since the epoch, rounded down.
    #[must_use]
    pub const fn millis(self) -> i64 {
        self.0.div_euclid(1000)
    }

    /// This instant moved by `micros` (saturating).
    #[must_use]
    pub const fn plus_micros(self, micros: i64) -> Self {
        Self(self.0.saturating_add(micros))
    }

    /// This instant moved by `millis` (saturating).
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        self.plus_micros(millis.saturating_mul(1000))
    }

    /// The first instant of its hour in UTC.
    #[must_use]
    pub const fn hour(self) -> Self {
        Self(self.0.div_euclid(HOUR) * HOUR)
    }

    /// The first instant of the next hour in UTC, or this one if an hour begins with it.
    #[must_use]
    pub const fn next_hour(self) -> Self {
        Self(self.0.saturating_add(HOUR - 1)).hour()
    }

    /// Microseconds from `earlier` to this instant (negative if this one is earlier).
    #[must_use]
    pub const fn micros_since(self, earlier: Self) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// Reads the `timestamp` of an event: RFC 3339 text, or epoch milliseconds as digits.
    ///
    /// # Errors
    /// [`Reason::BadTime`] if it is neither, [`Reason::ImplausibleTime`] if it lies before 1990
    /// or after 9999; seconds written in a field of milliseconds are named as such.
    pub fn from_event_text(text: &str) -> Result<Self, Reject> {
        let text = text.trim();
        let digits = text.strip_prefix('-').unwrap_or(text);
        if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
            let millis: i64 = text.parse().map_err(|_| bad(text))?;
            return Self::from_event_millis(millis);
        }
        let parsed: jiff::Timestamp = text.parse().map_err(|_| bad(text))?;
        Self(parsed.as_microsecond()).plausible(text)
    }

    /// As [`Self::from_event_text`], and a date or date-time without an offset as the local time of
    /// `zone`.
    ///
    /// # Errors
    /// As there, and [`Reason::AmbiguousTime`] for a local time that a change of the clocks skipped or
    /// repeated.
    pub fn from_local_text(text: &str, zone: &TimeZone) -> Result<Self, Reject> {
        match Self::from_event_text(text) {
            Err(reject) if reject.reason == Reason::BadTime => {}
            read => return read,
        }
        let text = text.trim();
        // The name of a zone in brackets would be read over.
        let plain = Some(text).filter(|t| !t.contains('['));
        let local: DateTime = plain.and_then(|t| t.parse().ok()).ok_or_else(|| bad(text))?;
        let at = |offset: Offset| offset.to_timestamp(local).map_err(|_| bad(text));
        let name = zone_name(zone);
        let detail = match zone.to_ambiguous_timestamp(local).offset() {
            AmbiguousOffset::Unambiguous { offset } => {
                return Self(at(offset)?.as_microsecond()).plausible(text);
            }
            AmbiguousOffset::Gap { .. } => {
                format!("{local} does not exist in {name}: the clocks are put forward there")
            }
            AmbiguousOffset::Fold { before, after } => format!(
                "{local} comes twice in {name}: it may mean {} or {}",
                Self(at(before)?.as_microsecond()),
                Self(at(after)?.as_microsecond())
            ),
        };
        Err(Reject::new(Reason::AmbiguousTime, "timestamp", detail))
    }

    /// Reads epoch milliseconds of an event.
    ///
    /// # Errors
    /// [`Reason::ImplausibleTime`] as in [`Self::from_event_text`].
    pub fn from_event_millis(millis: i64) -> Result<Self, Reject> {
        let time = Self::from_millis(millis);
        if time.0 < EARLIEST {
            // 1e9 s is 2001, 1e10 s is 2286: such a number of milliseconds would be January to
            // April 1970, so it was written in seconds.
            let seconds = Self(millis.saturating_mul(1_000_000));
            if (1_000_000_000..10_000_000_000).contains(&millis) {
                return Err(Reject::new(
                    Reason::ImplausibleTime,
                    "timestamp",
                    format!("{millis} ms is {time}; looks like seconds for {seconds}"),
                ));
            }
        }
        time.plausible(&millis.to_string())
    }

    fn plausible(self, text: &str) -> Result<Self, Reject> {
        if (EARLIEST..END).contains(&self.0) {
            return Ok(self);
        }
        let detail = if (-62_135_596_800_000_000..END).contains(&self.0) {
            format!("{text} is {self}, outside 1990 to 9999")
        } else {
            format!("{text} is outside 1990 to 9999")
        };
        Err(Reject::new(Reason::ImplausibleTime, "timestamp", detail))
    }

    /// Appends the RFC 3339 form to `out`; the same text as `Display`, without an allocation.
    ///
    /// The calendar is Howard Hinnant's `civil_from_days`, with years that begin in March.
    pub fn write_rfc3339(self, out: &mut Vec<u8>) {
        const DAY: i64 = 86_400_000_000;
        if !(0..END).contains(&self.0) {
            out.extend_from_slice(self.to_string().as_bytes());
            return;
        }
        let (days, mut rest) = (self.0 / DAY + 719_468, self.0 % DAY);
        let (era, day_of_era) = (days / 146_097, days % 146_097);
        let year_of_era =
            (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let from_march = (5 * day_of_year + 2) / 153;
        let day = day_of_year - (153 * from_march + 2) / 5 + 1;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        let year = year_of_era + era * 400 + i64::from(month <= 2);
        let mut text = *b"0000-00-00T00:00:00.000000Z";
        put_digits(&mut text[0..4], year);
        put_digits(&mut text[5..7], month);
        put_digits(&mut text[8..10], day);
        put_digits(&mut text[11..13], rest / 3_600_000_000);
        rest %= 3_600_000_000;
        put_digits(&mut text[14..16], rest / 60_000_000);
        rest %= 60_000_000;
        put_digits(&mut text[17..19], rest / 1_000_000);
        rest %= 1_000_000;
        put_digits(&mut text[20..26], rest);
        let length = match rest {
            0 => 19,
            r if r % 1000 == 0 => 23,
            _ => 26,
        };
        text[length] = b'Z';
        out.extend_from_slice(&text[..=length]);
    }
}

/// Writes the lowest digits of `value` over all of `text`.
fn put_digits(text: &mut [u8], mut value: i64) {
    for place in text.iter_mut().rev() {
        *place = b'0' + u8::try_from(value % 10).unwrap_or(0);
        value /= 10;
    }
}

/// The name of a zone: an IANA name or an offset.
#[must_use]
pub fn zone_name(zone: &TimeZone) -> String {
    match zone.iana_name() {
        Some(name) => name.to_owned(),
        None => zone.to_fixed_offset().map_or_else(|_| "unnamed".to_owned(), |o| o.to_string()),
    }
}

fn bad(text: &str) -> Reject {
    let shown: String = text.chars().take(64).collect();
    Reject::new(
        Reason::BadTime,
        "timestamp",
        format!("`{shown}` is neither RFC 3339 nor epoch milliseconds"),
    )
}

impl fmt::Display for EventTime {
    /// RFC 3339 in UTC; the fraction only as long as it has to be, in threes of digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match jiff::Timestamp::from_microsecond(self.0) {
            Ok(t) if self.0.rem_euclid(1_000_000) == 0 => write!(f, "{t:.0}"),
            Ok(t) if self.0.rem_euclid(1000) == 0 => write!(f, "{t:.3}"),
            Ok(t) => write!(f, "{t:.6}"),
            Err(_) => write!(f, "{} us since the epoch", self.0),
        }
    }
}

impl serde::Serialize for EventTime {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_both_forms_and_shows_them_digit_for_digit() {
        for (text, shown) in [
            ("2024-03-31T02:30:00+02:00", "2024-03-31T00:30:00Z"),
            ("1767225600123", "2026-01-01T00:00:00.123Z"),
            ("2026-01-01T00:00:00.123456Z", "2026-01-01T00:00:00.123456Z"),
            ("2026-01-01T00:00:00.100Z", "2026-01-01T00:00:00.100Z"),
        ] {
            assert_eq!(EventTime::from_event_text(text).unwrap().to_string(), shown, "{text}");
        }
    }

    #[test]
    fn seconds_in_a_field_of_milliseconds_are_named() {
        let reject = EventTime::from_event_text("1767225600").unwrap_err();
        assert_eq!(reject.reason, Reason::ImplausibleTime);
        assert!(reject.detail.contains("1970-01-21"), "{}", reject.detail);
        assert!(reject.detail.contains("seconds for 2026-01-01T00:00:00Z"), "{}", reject.detail);
    }

    proptest::proptest! {
        #[test]
        fn the_written_form_is_the_shown_one(micros in EARLIEST..END, cut in 0..3_u32) {
            let unit = 1000_i64.pow(cut);
            let time = EventTime(micros / unit * unit);
            let mut out = Vec::new();
            time.write_rfc3339(&mut out);
            proptest::prop_assert_eq!(String::from_utf8(out).unwrap(), time.to_string());
        }
    }

    #[test]
    fn the_written_form_is_the_shown_one_at_the_edges() {
        for text in [
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:00:00Z",
            "2024-02-29T23:59:59.999999Z",
            "2000-02-29T00:00:00Z",
            "2100-03-01T00:00:00.001Z",
            "9999-12-30T21:59:59Z",
        ] {
            let time = EventTime(text.parse::<jiff::Timestamp>().unwrap().as_microsecond());
            let mut out = Vec::new();
            time.write_rfc3339(&mut out);
            assert_eq!(
                (String::from_utf8(out).unwrap().as_str(), time.to_string()),
                (text, text.to_owned())
            );
        }
        let mut out = Vec::new();
        EventTime(i64::MAX).write_rfc3339(&mut out);
        assert_eq!(String::from_utf8(out).unwrap(), EventTime(i64::MAX).to_string());
    }

    #[test]
    fn implausible_and_broken_times_are_refused() {
        for (text, reason) in [
            ("1989-12-31T23:59:59Z", Reason::ImplausibleTime),
            ("0", Reason::ImplausibleTime),
            ("-5", Reason::ImplausibleTime),
            ("99999999999999999", Reason::ImplausibleTime),
            ("9223372036854775808", Reason::BadTime),
            ("yesterday", Reason::BadTime),
            ("", Reason::BadTime),
            ("2024-02-30T00:00:00Z", Reason::BadTime),
            ("2024-02-03T00:00:00", Reason::BadTime),
        ] {
            assert_eq!(EventTime::from_event_text(text).unwrap_err().reason, reason, "{text}");
        }
    }
}
