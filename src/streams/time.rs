//! Event time as a task sees it: stream time, lateness, records from the future, idle sources.
//!
//! Everything here is told the wall time by the caller (as an [`EventTime`]); nothing reads a
//! clock. Spans are microseconds.

use crate::domain::EventTime;

/// The largest event time seen so far; it never moves back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamTime(Option<EventTime>);

impl StreamTime {
    /// Stream time before the first record.
    #[must_use]
    pub const fn new() -> Self {
        Self(None)
    }

    /// Stream time at `time`, for instance as restored.
    #[must_use]
    pub const fn at(time: EventTime) -> Self {
        Self(Some(time))
    }

    /// The largest event time so far, if there was one.
    #[must_use]
    pub const fn get(self) -> Option<EventTime> {
        self.0
    }

    /// Takes a record's event time in; says whether stream time moved.
    pub fn advance(&mut self, time: EventTime) -> bool {
        let moved = self.0.is_none_or(|now| time > now);
        if moved {
            self.0 = Some(time);
        }
        moved
    }

    /// Stream time less `grace`: no record older than this is on time.
    #[must_use]
    pub fn watermark(self, grace: Grace) -> Option<EventTime> {
        self.0.map(|time| time.plus_micros(-grace.micros()))
    }
}

/// How far out of order a record may come and still count: microseconds, zero or more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Grace(i64);

impl Grace {
    /// A century: nothing is late.
    pub const ENDLESS: Self = Self(100 * 365 * 86_400 * 1_000_000);

    /// A grace of `micros`; a negative one counts as none.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(if micros < 0 { 0 } else { micros })
    }

    /// The grace in microseconds.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// This grace and `micros` more (a window's own length, say).
    #[must_use]
    pub const fn plus_micros(self, micros: i64) -> Self {
        Self::from_micros(self.0.saturating_add(micros))
    }
}

/// What a record's event time means for the task it came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrival {
    /// To be processed.
    OnTime,
    /// Too far behind stream time.
    Late {
        /// Microseconds behind stream time.
        lateness: i64,
    },
    /// Too far ahead of the wall clock.
    Future {
        /// Microseconds ahead of the wall clock.
        ahead: i64,
    },
}

/// Tells records of the future and late ones from those to be processed.
///
/// A record of the future must not move stream time, or every good record after it would be
/// late; therefore [`FutureGuard::admit`] advances stream time only for what is on time.
#[derive(Clone, Copy, Debug)]
pub struct FutureGuard {
    allowed_skew: i64,
    allowed_lateness: Grace,
}

impl FutureGuard {
    /// Accepts event times up to `allowed_skew` microseconds ahead of the wall clock and not
    /// more than `allowed_lateness` behind stream time.
    #[must_use]
    pub const fn new(allowed_skew: i64, allowed_lateness: Grace) -> Self {
        Self { allowed_skew, allowed_lateness }
    }

    /// What `time` means at wall time `now`, without moving stream time. Both limits belong to
    /// the accepted side.
    #[must_use]
    pub fn classify(&self, time: EventTime, now: EventTime, stream_time: StreamTime) -> Arrival {
        let ahead = time.micros_since(now);
        if ahead > self.allowed_skew {
            return Arrival::Future { ahead };
        }
        match stream_time.get() {
            Some(latest) if latest.micros_since(time) > self.allowed_lateness.micros() => {
                Arrival::Late { lateness: latest.micros_since(time) }
            }
            _ => Arrival::OnTime,
        }
    }

    /// [`Self::classify`], then moves stream time if the record is on time.
    pub fn admit(&self, time: EventTime, now: EventTime, stream_time: &mut StreamTime) -> Arrival {
        let arrival = self.classify(time, now, *stream_time);
        if arrival == Arrival::OnTime {
            stream_time.advance(time);
        }
        arrival
    }
}

/// Says when one source (a partition) is idle: read to its end, and nothing came for
/// `idle_after`. A source that is restoring, behind or without an owner is never idle.
#[derive(Clone, Copy, Debug)]
pub struct IdleClock {
    idle_after: i64,
    quiet_since: EventTime,
    at_end: bool,
}

impl IdleClock {
    /// A source taken over at wall time `now`, not known to be at its end; `idle_after` in
    /// microseconds, zero or less turns idleness off.
    #[must_use]
    pub const fn new(idle_after: i64, now: EventTime) -> Self {
        Self { idle_after, quiet_since: now, at_end: false }
    }

    /// A record came from the source at wall time `now`.
    pub const fn heard(&mut self, now: EventTime) {
        self.quiet_since = now;
    }

    /// At wall time `now` the source has (or has not) been read to its read-committed end. May
    /// be told again and again; only a change counts.
    pub const fn at_end(&mut self, at_end: bool, now: EventTime) {
        if at_end && !self.at_end {
            self.quiet_since = now;
        }
        self.at_end = at_end;
    }

    /// The stream time the source may claim at wall time `now` because it is idle:
    /// `now - idle_after`, since what happened until then had `idle_after` to arrive. `None`
    /// while it is not idle.
    pub fn claim(&mut self, now: EventTime) -> Option<EventTime> {
        if now < self.quiet_since {
            // The wall clock was set back: start to wait anew rather than until it is as far
            // again.
            self.quiet_since = now;
        }
        let idle = self.idle_after > 0
            && self.at_end
            && now.micros_since(self.quiet_since) >= self.idle_after;
        idle.then(|| now.plus_micros(-self.idle_after))
    }
}

/// The time up to which a task may close its windows: the least over its sources of the larger
/// of stream time and idle claim. `None` if there is no source, or one of them has neither: a
/// source that was not heard of holds time back.
#[must_use]
pub fn closing_time(
    sources: impl IntoIterator<Item = (StreamTime, Option<EventTime>)>,
) -> Option<EventTime> {
    let mut least: Option<EventTime> = None;
    for (stream_time, claim) in sources {
        let own = stream_time.get().max(claim)?;
        least = Some(least.map_or(own, |l| l.min(own)));
    }
    least
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;
    const MINUTE: i64 = 60 * SECOND;

    fn at(seconds: i64) -> EventTime {
        EventTime::from_millis(1_767_225_600_000 + seconds * 1000)
    }

    #[test]
    fn stream_time_never_moves_back() {
        let mut time = StreamTime::new();
        assert_eq!(time.get(), None);
        assert_eq!(time.watermark(Grace::from_micros(MINUTE)), None);
        assert!(time.advance(at(100)));
        assert!(!time.advance(at(50)));
        assert!(!time.advance(at(100)));
        assert_eq!(time, StreamTime::at(at(100)));
        assert_eq!(time.watermark(Grace::from_micros(MINUTE)), Some(at(40)));
    }

    #[test]
    fn a_negative_grace_is_none() {
        assert_eq!(Grace::from_micros(-1), Grace::default());
        assert_eq!(Grace::from_micros(5).plus_micros(7).micros(), 12);
        assert_eq!(Grace::from_micros(i64::MAX).plus_micros(7).micros(), i64::MAX);
    }

    #[test]
    fn both_limits_belong_to_the_accepted_side() {
        let guard = FutureGuard::new(5 * MINUTE, Grace::from_micros(10 * MINUTE));
        let (now, seen) = (at(1000), StreamTime::at(at(1000)));
        for (seconds, arrival) in [
            (1300, Arrival::OnTime),
            (1301, Arrival::Future { ahead: 301 * SECOND }),
            (1000, Arrival::OnTime),
            (400, Arrival::OnTime),
            (399, Arrival::Late { lateness: 601 * SECOND }),
        ] {
            assert_eq!(guard.classify(at(seconds), now, seen), arrival, "{seconds}");
        }
        assert_eq!(guard.classify(at(-100_000), now, StreamTime::new()), Arrival::OnTime);
    }

    #[test]
    fn only_what_is_on_time_moves_stream_time() {
        let guard = FutureGuard::new(5 * MINUTE, Grace::from_micros(MINUTE));
        let mut time = StreamTime::new();
        assert_eq!(guard.admit(at(0), at(0), &mut time), Arrival::OnTime);
        let day = 86_400;
        assert!(matches!(guard.admit(at(day), at(120), &mut time), Arrival::Future { .. }));
        assert_eq!(time.get(), Some(at(0)));
        assert!(matches!(guard.admit(at(-61), at(120), &mut time), Arrival::Late { .. }));
        assert_eq!(guard.admit(at(150), at(120), &mut time), Arrival::OnTime);
        assert_eq!(time.get(), Some(at(150)));
    }

    #[test]
    fn a_source_is_idle_only_at_its_end_and_after_the_wait() {
        let mut source = IdleClock::new(30 * SECOND, at(0));
        assert_eq!(source.claim(at(1000)), None, "not at its end");
        source.at_end(true, at(1000));
        assert_eq!(source.claim(at(1029)), None);
        assert_eq!(source.claim(at(1030)), Some(at(1000)));
        source.at_end(true, at(1031));
        assert_eq!(source.claim(at(1031)), Some(at(1001)), "told again changes nothing");
        source.heard(at(1040));
        assert_eq!(source.claim(at(1069)), None);
        assert_eq!(source.claim(at(1070)), Some(at(1040)));
        source.at_end(false, at(1071));
        assert_eq!(source.claim(at(5000)), None, "behind");
    }

    #[test]
    fn idleness_off_and_a_clock_set_back() {
        let mut off = IdleClock::new(0, at(0));
        off.at_end(true, at(0));
        assert_eq!(off.claim(at(1_000_000)), None);

        let mut source = IdleClock::new(30 * SECOND, at(7200));
        source.at_end(true, at(7200));
        assert_eq!(source.claim(at(0)), None);
        assert_eq!(source.claim(at(30)), Some(at(0)), "waits 30 s, not two hours");
    }

    #[test]
    fn the_slowest_source_decides() {
        let seen = |s| StreamTime::at(at(s));
        assert_eq!(closing_time([]), None);
        assert_eq!(closing_time([(seen(10), None), (seen(5), None)]), Some(at(5)));
        assert_eq!(closing_time([(seen(10), None), (seen(5), Some(at(8)))]), Some(at(8)));
        assert_eq!(closing_time([(seen(10), Some(at(3)))]), Some(at(10)));
        assert_eq!(closing_time([(seen(10), None), (StreamTime::new(), None)]), None);
        assert_eq!(closing_time([(seen(10), None), (StreamTime::new(), Some(at(9)))]), Some(at(9)));
    }
}
