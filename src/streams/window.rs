//! Windows over event time: which ones a time belongs to, and when each closes.
//!
//! Spans and times are microseconds. Tumbling and hopping windows are `[start, end)`, aligned to
//! the epoch. A sliding window ends with an event and holds what happened in the `size` up to and
//! including it, `(t - size, t]`, which in whole microseconds is `[t - size + 1, t + 1)`. A
//! session is closed on both sides, `[first event, last event]`: events apart by just the gap are
//! in one session (as Kafka Streams has it), and an event alone is a session of no length.

use std::fmt;

use crate::domain::EventTime;
use crate::streams::time::Grace;

/// How time is cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// One after the other, each of `size`.
    Tumbling {
        /// Length in microseconds.
        size: i64,
    },
    /// Each of `size`, one beginning every `advance`.
    Hopping {
        /// Length in microseconds.
        size: i64,
        /// From one beginning to the next, in microseconds.
        advance: i64,
    },
    /// The last `size` up to each event.
    Sliding {
        /// Length in microseconds.
        size: i64,
    },
    /// As long as events come no more than `gap` apart.
    Session {
        /// The inactivity gap in microseconds.
        gap: i64,
    },
}

/// A window that cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowFault {
    /// A size, advance or gap of nothing or less (microseconds found).
    NotPositive(i64),
    /// Windows that begin further apart than they are long leave times out.
    Gaps {
        /// Length in microseconds.
        size: i64,
        /// From one beginning to the next, in microseconds.
        advance: i64,
    },
}

impl fmt::Display for WindowFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPositive(found) => write!(f, "a window of {found} us cannot hold an event"),
            Self::Gaps { size, advance } => write!(
                f,
                "windows of {size} us that begin every {advance} us leave times between them out"
            ),
        }
    }
}

impl std::error::Error for WindowFault {}

/// One window: `[start, end)`, for a session `[start, end]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowSpan {
    /// The first instant in it.
    pub start: EventTime,
    /// The first instant behind it; of a session, its last event.
    pub end: EventTime,
}

const fn positive(span: i64) -> Result<i64, WindowFault> {
    if span > 0 { Ok(span) } else { Err(WindowFault::NotPositive(span)) }
}

impl Window {
    /// Windows of `size`, one after the other.
    ///
    /// # Errors
    /// A size of nothing or less.
    pub fn tumbling(size: i64) -> Result<Self, WindowFault> {
        positive(size).map(|size| Self::Tumbling { size })
    }

    /// Windows of `size`, one beginning every `advance`.
    ///
    /// # Errors
    /// A size or an advance of nothing or less, or an advance beyond the size.
    pub fn hopping(size: i64, advance: i64) -> Result<Self, WindowFault> {
        let (size, advance) = (positive(size)?, positive(advance)?);
        if advance > size {
            return Err(WindowFault::Gaps { size, advance });
        }
        Ok(Self::Hopping { size, advance })
    }

    /// The last `size` up to each event.
    ///
    /// # Errors
    /// A size of nothing or less.
    pub fn sliding(size: i64) -> Result<Self, WindowFault> {
        positive(size).map(|size| Self::Sliding { size })
    }

    /// Sessions that end when nothing came for `gap`.
    ///
    /// # Errors
    /// A gap of nothing or less.
    pub fn session(gap: i64) -> Result<Self, WindowFault> {
        positive(gap).map(|gap| Self::Session { gap })
    }

    /// The windows that an event at `time` makes, earliest first: for a tumbling window one, for
    /// hopping ones `size / advance`, for a sliding one the window that ends with it, for a
    /// session the session of this event alone, still to be merged with its neighbours.
    pub fn of(self, time: EventTime) -> impl Iterator<Item = WindowSpan> {
        let micros = time.micros();
        let (first, last, advance, length) = match self {
            Self::Tumbling { size } => {
                let start = micros - micros.rem_euclid(size);
                (start, start, size, size)
            }
            Self::Hopping { size, advance } => {
                let last = micros - micros.rem_euclid(advance);
                // The earliest start above `micros - size`.
                let back = (size - 1 - (micros - last)).div_euclid(advance);
                (last - back * advance, last, advance, size)
            }
            Self::Sliding { size } => (micros - size + 1, micros - size + 1, 1, size),
            Self::Session { .. } => (micros, micros, 1, 0),
        };
        let mut next = Some(first);
        std::iter::from_fn(move || {
            let start = next?;
            next = (start < last).then_some(start + advance);
            let start = EventTime::from_micros(start);
            Some(WindowSpan { start, end: start.plus_micros(length) })
        })
    }

    /// The least time at which `span` is closed: `end + grace`; for a session, when an event
    /// that could still join it would be out of grace. A window is closed once stream time is
    /// there.
    #[must_use]
    pub fn closes_at(self, span: WindowSpan, grace: Grace) -> EventTime {
        let wait = match self {
            Self::Tumbling { .. } | Self::Hopping { .. } | Self::Sliding { .. } => 0,
            Self::Session { gap } => gap.saturating_add(1),
        };
        span.end.plus_micros(wait).plus_micros(grace.micros())
    }

    /// The least time at which an event at `time` can count nowhere any more.
    #[must_use]
    pub fn expires_at(self, time: EventTime, grace: Grace) -> EventTime {
        let last = self.of(time).last().unwrap_or(WindowSpan { start: time, end: time });
        let closes = self.closes_at(last, grace);
        match self {
            // It also is in the windows of later events, up to just before `time + size`.
            Self::Sliding { size } => closes.plus_micros(size - 1),
            _ => closes,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(micros: i64) -> EventTime {
        EventTime::from_micros(micros)
    }

    fn spans(window: Window, time: i64) -> Vec<(i64, i64)> {
        window.of(at(time)).map(|w| (w.start.micros(), w.end.micros())).collect()
    }

    #[test]
    fn every_small_window_holds_what_it_should_and_nothing_else() {
        for size in 1..=7_i64 {
            for time in -15..=15_i64 {
                let tumbling = spans(Window::tumbling(size).unwrap(), time);
                assert_eq!(tumbling, spans(Window::hopping(size, size).unwrap(), time));
                for advance in 1..=size {
                    let expected: Vec<(i64, i64)> = (-30..=30)
                        .filter(|start| start % advance == 0)
                        .filter(|start| (*start..start + size).contains(&time))
                        .map(|start| (start, start + size))
                        .collect();
                    let found = spans(Window::hopping(size, advance).unwrap(), time);
                    assert_eq!(found, expected, "size {size} advance {advance} time {time}");
                }
                let sliding = spans(Window::sliding(size).unwrap(), time);
                assert_eq!(sliding, [(time - size + 1, time + 1)]);
                assert_eq!(spans(Window::session(size).unwrap(), time), [(time, time)]);
            }
        }
    }

    #[test]
    fn windows_are_aligned_to_the_epoch() {
        let five = Window::tumbling(300_000_000).unwrap();
        let time = EventTime::from_event_text("2026-01-01T10:04:59.999999Z").unwrap();
        let span = five.of(time).next().unwrap();
        assert_eq!(span.start.to_string(), "2026-01-01T10:00:00Z");
        assert_eq!(span.end.to_string(), "2026-01-01T10:05:00Z");
        assert_eq!(
            five.of(span.end).next().unwrap().start,
            span.end,
            "the end belongs to the next"
        );
    }

    #[test]
    fn each_closes_when_nothing_in_grace_can_come_any_more() {
        for grace_micros in 0..=3 {
            let grace = Grace::from_micros(grace_micros);
            for size in 1..=4_i64 {
                let windows = [
                    Window::tumbling(size).unwrap(),
                    Window::hopping(size, 1).unwrap(),
                    Window::sliding(size).unwrap(),
                    Window::session(size).unwrap(),
                ];
                for window in windows {
                    for span in window.of(at(10)) {
                        let closes = window.closes_at(span, grace).micros();
                        // The latest event that can count in it, at the edge of grace.
                        let last = match window {
                            Window::Session { gap } => span.end.micros() + gap,
                            _ => span.end.micros() - 1,
                        };
                        assert_eq!(closes, last + grace_micros + 1, "{window:?}");
                    }
                    let expires = window.expires_at(at(10), grace).micros();
                    let latest = match window {
                        Window::Hopping { size, .. } | Window::Sliding { size } => 10 + size,
                        Window::Tumbling { size } => 10 - 10 % size + size,
                        Window::Session { gap } => 10 + gap + 1,
                    };
                    assert_eq!(expires, latest + grace_micros, "{window:?}");
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_a_window_is_refused() {
        assert_eq!(Window::tumbling(0), Err(WindowFault::NotPositive(0)));
        assert_eq!(Window::sliding(-1), Err(WindowFault::NotPositive(-1)));
        assert_eq!(Window::session(0), Err(WindowFault::NotPositive(0)));
        assert_eq!(Window::hopping(5, 0), Err(WindowFault::NotPositive(0)));
        let gaps = Window::hopping(5, 6).unwrap_err();
        assert_eq!(
            gaps.to_string(),
            "windows of 5 us that begin every 6 us leave times between them out"
        );
    }
}
