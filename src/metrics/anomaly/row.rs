//! A row of a file: a time and a value.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::domain::EventTime;

/// How far a local time may go back: clocks that are set back repeat an hour.
const REPEATED: i64 = 60 * 60 * 1_000_000;

/// A time as a file has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stamp {
    /// The instant; a local time is read as if it were UTC.
    pub time: EventTime,
    /// Whether it was written without an offset.
    pub local: bool,
}

impl Stamp {
    /// Reads RFC 3339, epoch milliseconds, or a date and time without an offset.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Ok(local) = text.parse::<DateTime>()
            && text.parse::<jiff::Timestamp>().is_err()
        {
            let zoned = local.to_zoned(TimeZone::UTC).map_err(|e| e.to_string())?;
            let time = EventTime::from_micros(zoned.timestamp().as_microsecond());
            return Ok(Self { time, local: true });
        }
        let time = EventTime::from_event_text(text).map_err(|reject| reject.detail)?;
        Ok(Self { time, local: false })
    }

    /// Whether it may follow `before`: the same time may come again, an earlier one only where it is
    /// local and clocks may have been set back.
    #[must_use]
    pub const fn may_follow(self, before: Self) -> bool {
        let back = before.time.micros_since(self.time);
        back <= 0 || (self.local && before.local && back <= REPEATED)
    }
}

/// Reads a value; `None` where it is missing: nothing, `null`, `NA` or `NaN`.
///
/// # Errors
/// It is neither missing nor a finite number.
fn value(text: &str) -> Result<Option<f64>, String> {
    let text = text.trim();
    if ["", "null", "na", "nan"].iter().any(|missing| text.eq_ignore_ascii_case(missing)) {
        return Ok(None);
    }
    match text.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(Some(value)),
        _ => Err(format!("`{text}` is not a finite number")),
    }
}

/// Reads the two fields of a row.
///
/// # Errors
/// One is not there or cannot be read.
pub fn row(time: Option<&str>, text: Option<&str>) -> Result<(Stamp, Option<f64>), String> {
    let (Some(time), Some(text)) = (time, text) else {
        return Err("it has fewer columns than the first line".to_owned());
    };
    Ok((Stamp::parse(unquoted(time)?)?, value(unquoted(text)?)?))
}

/// A field without the quotes around it.
fn unquoted(text: &str) -> Result<&str, String> {
    let text = text.trim();
    let inner = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')).unwrap_or(text);
    if inner.contains('"') { Err(format!("`{text}` has a quote in it")) } else { Ok(inner) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_with_and_without_an_offset() {
        for (text, micros, local) in [
            ("2014-02-14 14:30:00", 1_392_388_200_000_000, true),
            ("2014-02-14T14:30", 1_392_388_200_000_000, true),
            ("2014-02-14", 1_392_336_000_000_000, true),
            ("2014-02-14T14:30:00Z", 1_392_388_200_000_000, false),
            ("2014-02-14T15:30:00+01:00", 1_392_388_200_000_000, false),
            ("1392388200000", 1_392_388_200_000_000, false),
        ] {
            let stamp = Stamp { time: EventTime::from_micros(micros), local };
            assert_eq!(Stamp::parse(text), Ok(stamp), "{text}");
        }
        for text in ["", "noon", "2014-13-01 00:00:00", "1392388200", "2014-02-14 25:00:00"] {
            assert!(Stamp::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn only_clocks_go_back_and_by_an_hour_only() {
        let may = |before: &str, after: &str| {
            Stamp::parse(after).unwrap().may_follow(Stamp::parse(before).unwrap())
        };
        assert!(may("2014-11-02 01:55:00", "2014-11-02 01:00:00"));
        assert!(may("2014-11-02 01:55:00", "2014-11-02 01:55:00"));
        assert!(!may("2014-11-02 01:55:00", "2014-11-02 00:54:00"));
        assert!(!may("2014-11-02T01:55:00Z", "2014-11-02T01:50:00Z"));
        assert!(may("2014-11-02T01:55:00Z", "2014-11-02T01:55:00Z"));
    }

    #[test]
    fn quotes_go_around_a_whole_field() {
        let stamp = Stamp::parse("2014-02-14").unwrap();
        assert_eq!(row(Some("\"2014-02-14\""), Some(" \"1.5\" ")), Ok((stamp, Some(1.5))));
        // `"1,234"` cut at its comma is not 1.
        assert!(row(Some("2014-02-14"), Some("\"1")).is_err());
        assert!(row(Some("2014-02-14"), None).is_err());
    }

    #[test]
    fn values_are_finite_or_missing() {
        assert_eq!(value(" 1.5e3 "), Ok(Some(1500.0)));
        for text in ["", "NaN", "null", "NA"] {
            assert_eq!(value(text), Ok(None), "{text}");
        }
        for text in ["inf", "-Infinity", "1,5", "x", "1e999"] {
            assert!(value(text).is_err(), "{text}");
        }
    }
}
