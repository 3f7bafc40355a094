//! The time range of a report: `--since`, `--until`, `--as-of` and `--tz`.
//!
//! A range is `[since, until)`. A time is RFC 3339, a date or a date-time in the zone, a span
//! before *as of* (`15m`, `24h`, `7d`, `2w`; a day is 24 hours), or a calendar word that follows
//! the zone: `today`, `yesterday`, `month` (the first instant of each). *As of* is `--as-of`, by
//! default now: it is the clock of the report.

use std::time::Duration;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::cli::failure::Failure;
use crate::cli::global::Global;
use crate::config::Settings;
use crate::config::settings::parse_span;
use crate::domain::EventTime;
use crate::domain::time::zone_name;
use crate::ui::Report;

/// What every refused time is told.
const FORMS: &str = "Give RFC 3339 (2026-07-01T00:00:00Z), a date or date-time in --tz \
                     (2026-07-01, 2026-07-01T08:30), a span before now (15m, 24h, 7d, 2w), or \
                     today, yesterday or month.";

/// A resolved time range.
#[derive(Clone, Debug)]
pub struct Range {
    /// The first instant in the range.
    pub since: EventTime,
    /// The first instant after the range.
    pub until: EventTime,
    /// The clock of the report.
    pub as_of: EventTime,
    /// The zone of dates without an offset, of calendar words and of day buckets.
    pub zone: TimeZone,
}

impl Range {
    /// The range for people: `2026-06-30T22:00:00Z to 2026-07-01T22:00:00Z, zone Europe/Berlin`.
    #[must_use]
    pub fn title(&self) -> String {
        format!("{} to {}, zone {}", self.since, self.until, self.zone_name())
    }

    /// The zone's name: an IANA name or an offset.
    #[must_use]
    pub fn zone_name(&self) -> String {
        zone_name(&self.zone)
    }

    /// Adds `since`, `until`, `asOf` and `zone` to the facts of a report.
    #[must_use]
    pub fn meta(&self, report: Report) -> Report {
        report
            .meta("since", self.since.to_string())
            .meta("until", self.until.to_string())
            .meta("asOf", self.as_of.to_string())
            .meta("zone", self.zone_name())
    }
}

impl Range {
    /// The same range from the beginning of its first day on, and whether it then is whole days: it
    /// ends with one too, or at `now`, after which there is nothing.
    #[must_use]
    pub fn of_days(&self, now: EventTime) -> (Self, bool) {
        let start =
            |time: EventTime| day_of(time, &self.zone).and_then(|d| start_of(d, &self.zone));
        let since = start(self.since).unwrap_or(self.since);
        let whole = self.until >= now || start(self.until) == Some(self.until);
        (Self { since, ..self.clone() }, whole)
    }

    /// The day of an instant in the range's zone, as `2026-07-01`.
    #[must_use]
    pub fn day(&self, time: EventTime) -> String {
        day_of(time, &self.zone).map_or_else(|| time.to_string(), |day| day.to_string())
    }

    /// The date of an instant in the range's zone; `None` beyond the calendar.
    #[must_use]
    pub fn date(&self, time: EventTime) -> Option<Date> {
        day_of(time, &self.zone)
    }

    /// The first instant of a date in the range's zone.
    #[must_use]
    pub fn start(&self, date: Date) -> Option<EventTime> {
        start_of(date, &self.zone)
    }

    /// The first instants of the last two days that are over when the range ends, or as of which it is
    /// seen: the one before the last, and the last.
    #[must_use]
    pub fn last_days(&self) -> Option<(EventTime, EventTime)> {
        let running = day_of(self.until.min(self.as_of), &self.zone)?;
        let last = running.yesterday().ok()?;
        let before = last.yesterday().ok()?;
        Some((start_of(before, &self.zone)?, start_of(last, &self.zone)?))
    }
}

/// The first instant of the day of an instant.
#[must_use]
pub fn day_start(time: EventTime, zone: &TimeZone) -> EventTime {
    day_of(time, zone).and_then(|day| start_of(day, zone)).unwrap_or(time)
}

fn day_of(time: EventTime, zone: &TimeZone) -> Option<Date> {
    Some(Timestamp::from_microsecond(time.micros()).ok()?.to_zoned(zone.clone()).date())
}

/// Resolves the options; without `--since` the range is `default_span` long.
///
/// # Errors
/// Exit 2 for a time that cannot be read, that a change of the clocks skipped or repeated (with
/// both instants), and for a range that is empty or backwards; exit 3 for a wrong
/// `general.zone`.
pub fn resolve(
    global: &Global,
    settings: &Settings,
    now: EventTime,
    default_span: Duration,
) -> Result<Range, Failure> {
    let zone = zone(global, settings)?;
    let as_of = match &global.as_of {
        Some(text) => instant("--as-of", text, now, &zone)?,
        None => now,
    };
    let until = match &global.until {
        Some(text) => instant("--until", text, as_of, &zone)?,
        None => as_of,
    };
    let since = match &global.since {
        Some(text) => instant("--since", text, as_of, &zone)?,
        None => before(until, default_span)
            .ok_or_else(|| Failure::usage(format!("cannot take a default range before {until}")))?,
    };
    if since >= until {
        return Err(Failure::usage(format!(
            "the time range is empty: --since {since} is not before --until {until}"
        ))
        .hint("--since is the first instant of the range, --until the first one after it."));
    }
    Ok(Range { since, until, as_of, zone })
}

/// `--since` and `--until` where they are given, for a command that has no default range.
///
/// # Errors
/// As [`resolve`].
pub fn given(
    global: &Global,
    settings: &Settings,
    now: EventTime,
) -> Result<(Option<EventTime>, Option<EventTime>), Failure> {
    if global.since.is_some() {
        let range = resolve(global, settings, now, Duration::ZERO)?;
        return Ok((Some(range.since), global.until.is_some().then_some(range.until)));
    }
    let zone = zone(global, settings)?;
    let until = global.until.as_deref();
    let until = until.map(|text| instant("--until", text, now, &zone)).transpose()?;
    Ok((None, until))
}

/// The zone of dates and calendar words: `--tz`, else `general.zone`.
///
/// # Errors
/// Exit 2 (`--tz`) or 3 (`general.zone`) for an unknown zone.
pub fn zone(global: &Global, settings: &Settings) -> Result<TimeZone, Failure> {
    let hint = "Give an IANA name such as Europe/Berlin, UTC, or an offset such as +02:00.";
    let (failure, name) = match &global.tz {
        Some(name) => (Failure::usage(format!("unknown time zone `{name}` in --tz")), name),
        None => {
            let name = &settings.general.zone;
            (Failure::config(format!("unknown time zone `{name}` in general.zone")), name)
        }
    };
    zone_named(name).ok_or_else(|| failure.hint(hint))
}

fn zone_named(name: &str) -> Option<TimeZone> {
    if let Some(digits) = name.strip_prefix('+').or_else(|| name.strip_prefix('-')) {
        let (hours, minutes) = digits.split_once(':').unwrap_or((digits, "0"));
        let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
        if !(0..=18).contains(&hours) || !(0..60).contains(&minutes) {
            return None;
        }
        let seconds = (hours * 60 + minutes) * 60;
        let signed = if name.starts_with('-') { -seconds } else { seconds };
        return jiff::tz::Offset::from_seconds(signed).ok().map(TimeZone::fixed);
    }
    if name.eq_ignore_ascii_case("utc") || name.eq_ignore_ascii_case("z") {
        return Some(TimeZone::UTC);
    }
    TimeZone::get(name).ok()
}

/// Reads the time an option gives; spans and words count from `as_of`.
///
/// # Errors
/// Exit 2, naming the option.
pub fn instant(
    option: &str,
    text: &str,
    as_of: EventTime,
    zone: &TimeZone,
) -> Result<EventTime, Failure> {
    let text = text.trim();
    let wrong = || Failure::usage(format!("cannot read the time `{text}` of {option}"));
    if let Ok(time) = text.parse::<Timestamp>() {
        return Ok(EventTime::from_micros(time.as_microsecond()));
    }
    if let Ok(span) = parse_span(text) {
        return before(as_of, span).ok_or_else(|| wrong().hint("The span reaches too far back."));
    }
    if let Some(date) = word(text, as_of, zone) {
        return start_of(date, zone).ok_or_else(|| wrong().hint(FORMS));
    }
    if let Ok(date) = text.parse::<Date>()
        && !text.contains(['T', 't', ' ', ':'])
    {
        return start_of(date, zone).ok_or_else(|| wrong().hint(FORMS));
    }
    match text.parse::<DateTime>() {
        Ok(local) => local_instant(option, text, local, zone),
        Err(_) => Err(wrong().hint(FORMS)),
    }
}

/// The day a calendar word names.
fn word(text: &str, as_of: EventTime, zone: &TimeZone) -> Option<Date> {
    let today = Timestamp::from_microsecond(as_of.micros()).ok()?.to_zoned(zone.clone()).date();
    match text {
        "today" => Some(today),
        "yesterday" => today.yesterday().ok(),
        "month" => Some(today.first_of_month()),
        _ => None,
    }
}

/// The first instant of a day; where midnight was skipped, the first instant after the gap, and
/// where it came twice, the first of the two.
fn start_of(date: Date, zone: &TimeZone) -> Option<EventTime> {
    let start = date.to_zoned(zone.clone()).ok()?.start_of_day().ok()?;
    Some(EventTime::from_micros(start.timestamp().as_microsecond()))
}

fn before(time: EventTime, span: Duration) -> Option<EventTime> {
    let micros = i64::try_from(span.as_micros()).ok()?;
    let at = Timestamp::from_microsecond(time.micros().checked_sub(micros)?).ok()?;
    // Years before 1 have no RFC 3339 form and no reader.
    let first = DateTime::new(1, 1, 1, 0, 0, 0, 0).ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp();
    (at >= first).then(|| EventTime::from_micros(at.as_microsecond()))
}

/// A local time that exists once; a skipped or repeated one is refused with both instants.
fn local_instant(
    option: &str,
    text: &str,
    local: DateTime,
    zone: &TimeZone,
) -> Result<EventTime, Failure> {
    let ambiguous = zone.to_ambiguous_timestamp(local);
    let (what, first, second) = match ambiguous.offset() {
        AmbiguousOffset::Unambiguous { .. } => {
            let time = ambiguous.unambiguous().map_err(|e| {
                Failure::usage(format!("cannot read the time `{text}` of {option}")).because(&e)
            })?;
            return Ok(EventTime::from_micros(time.as_microsecond()));
        }
        AmbiguousOffset::Gap { before, after } => ("does not exist", after, before),
        AmbiguousOffset::Fold { before, after } => ("exists twice", before, after),
    };
    let shown = |offset: jiff::tz::Offset| {
        offset.to_timestamp(local).map_or_else(|_| "?".to_owned(), |t| format!("{t:.0}"))
    };
    let change = "the clocks change there";
    let (one, two) = (shown(first), shown(second));
    Err(Failure::usage(format!(
        "the time `{text}` of {option} {what} in {}: {change}; it may mean {one} or {two}",
        zone_name(zone)
    ))
    .hint(format!("Say which one: {option} {one} or {option} {two}.")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::ExitStatus;
    use crate::config::{Sources, layers};

    const DAY: Duration = Duration::from_secs(86_400);

    fn range(tz: &str, since: &str, until: &str, now: &str) -> Result<Range, Failure> {
        let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        let global =
            Global { tz: given(tz), since: given(since), until: given(until), ..Global::default() };
        let settings = layers::resolve(&Sources::default()).unwrap().settings;
        resolve(&global, &settings, EventTime::from_event_text(now).unwrap(), DAY)
    }

    #[test]
    fn times_in_every_form() {
        let now = "2026-07-15T10:30:00Z";
        for (tz, since, shown) in [
            ("Europe/Berlin", "2026-07-01", "2026-06-30T22:00:00Z"),
            ("", "2026-07-01", "2026-07-01T00:00:00Z"),
            ("+05:30", "2026-07-01", "2026-06-30T18:30:00Z"),
            ("-03:00", "2026-07-01", "2026-07-01T03:00:00Z"),
            ("Europe/Berlin", "2026-07-01T08:30", "2026-07-01T06:30:00Z"),
            ("Europe/Berlin", "2026-07-01 08:30:15.5", "2026-07-01T06:30:15.500Z"),
            ("Europe/Berlin", "2026-07-01T08:30:00+02:00", "2026-07-01T06:30:00Z"),
            ("Europe/Berlin", "2026-07-01T08:30:00Z", "2026-07-01T08:30:00Z"),
            ("Europe/Berlin", "15m", "2026-07-15T10:15:00Z"),
            ("Europe/Berlin", "24h", "2026-07-14T10:30:00Z"),
            ("Europe/Berlin", "7d", "2026-07-08T10:30:00Z"),
            ("Europe/Berlin", "2w", "2026-07-01T10:30:00Z"),
            ("Europe/Berlin", "today", "2026-07-14T22:00:00Z"),
            ("Europe/Berlin", "yesterday", "2026-07-13T22:00:00Z"),
            ("Europe/Berlin", "month", "2026-06-30T22:00:00Z"),
            // The zone decides which day it is.
            ("Pacific/Auckland", "today", "2026-07-14T12:00:00Z"),
            ("", "", "2026-07-14T10:30:00Z"),
        ] {
            let range = range(tz, since, "", now).unwrap_or_else(|f| panic!("{since}: {f:?}"));
            assert_eq!(range.since.to_string(), shown, "{since} in `{tz}`");
            assert_eq!(range.until.to_string(), now);
        }
    }

    #[test]
    fn a_day_is_24_hours_even_when_the_clocks_change() {
        let range = range("Europe/Berlin", "1d", "", "2026-03-29T12:00:00Z").unwrap();
        assert_eq!(range.since.to_string(), "2026-03-28T12:00:00Z");
    }

    #[test]
    fn skipped_and_repeated_local_times_are_refused_with_both_instants() {
        let now = "2026-12-01T00:00:00Z";
        let gap = range("Europe/Berlin", "2026-03-29T02:30", "", now).unwrap_err();
        assert_eq!(gap.status, ExitStatus::Usage);
        for part in ["does not exist", "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"] {
            assert!(gap.message.contains(part), "{}", gap.message);
        }
        let fold = range("Europe/Berlin", "2026-10-25T02:30", "", now).unwrap_err();
        for part in ["exists twice", "2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z"] {
            assert!(fold.message.contains(part), "{}", fold.message);
        }
    }

    #[test]
    fn a_day_whose_midnight_was_skipped_starts_after_the_gap() {
        let now = "2018-12-01T00:00:00Z";
        let range = range("America/Sao_Paulo", "2018-11-04", "", now).unwrap();
        assert_eq!(range.since.to_string(), "2018-11-04T03:00:00Z");
    }

    #[test]
    fn wrong_times_and_empty_ranges_are_usage_errors() {
        let now = "2026-07-15T10:30:00Z";
        for since in ["yesterdays", "2026-13-01", "24", "-1h", "", "99999999w", "2026-02-30T00:00"]
        {
            let since = if since.is_empty() { " " } else { since };
            let failure = range("", since, "", now).unwrap_err();
            assert_eq!(failure.status, ExitStatus::Usage, "{since}");
            assert!(failure.message.contains("--since"), "{}", failure.message);
            assert!(!failure.hints.is_empty(), "{since}");
        }
        for (since, until) in [("2026-07-01", "2026-07-01"), ("today", "yesterday"), ("0s", "")] {
            let failure = range("", since, until, now).unwrap_err();
            assert!(failure.message.contains("empty"), "{}", failure.message);
        }
        assert_eq!(range("Mars/Olympus", "", "", now).unwrap_err().status, ExitStatus::Usage);
    }

    #[test]
    fn as_of_is_the_clock_of_the_report() {
        let settings = layers::resolve(&Sources::default()).unwrap().settings;
        let global = Global {
            as_of: Some("2011-12-09".to_owned()),
            since: Some("7d".to_owned()),
            ..Global::default()
        };
        let now = EventTime::from_event_text("2026-07-15T10:30:00Z").unwrap();
        let range = resolve(&global, &settings, now, DAY).unwrap();
        assert_eq!(range.title(), "2011-12-02T00:00:00Z to 2011-12-09T00:00:00Z, zone UTC");
        let report = range.meta(Report::new(""));
        assert_eq!(report.meta["since"], "2011-12-02T00:00:00Z");
        assert_eq!(report.meta["zone"], "UTC");
    }
}
