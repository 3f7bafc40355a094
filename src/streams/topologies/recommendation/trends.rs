//! The hopping windows of trends, each known by its start.
//!
//! In which windows a view counts is decided once, where it comes from: by the stream time there.
//! Later stages add it to just these, whatever they have closed or not by then, so that counts do
//! not depend on how the partitions are read. They keep a window as the slot of one advance in
//! which it starts, closed when the window is.

use crate::domain::EventTime;
use crate::recommend::RecommendRules;
use crate::streams::aggregate::{Emit, WindowKey, WindowedAggregation};
use crate::streams::store::StoreValue;
use crate::streams::time::Grace;
use crate::streams::topology::Lateness;
use crate::streams::window::{Window, WindowFault, WindowSpan};

/// The windows of trends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trends {
    window: Window,
    slots: Window,
    size: i64,
    grace: Grace,
    /// From the end of a slot to the close of its window.
    wait: Grace,
}

impl Trends {
    pub fn new(rules: &RecommendRules) -> Result<Self, WindowFault> {
        let (size, advance) = (rules.trending_window, rules.trending_advance);
        let grace = Grace::from_micros(rules.grace);
        Ok(Self {
            window: Window::hopping(size, advance)?,
            slots: Window::tumbling(advance)?,
            size,
            grace,
            wait: grace.plus_micros(size - advance),
        })
    }

    /// The same with a grace so long that nothing is late.
    pub const fn patient(self) -> Self {
        let grace = Grace::ENDLESS;
        Self { grace, wait: grace.plus_micros(self.size), ..self }
    }

    /// When a window closes.
    pub fn closes_at(self, span: WindowSpan) -> EventTime {
        self.window.closes_at(span, self.grace)
    }

    /// What is kept of open windows: contributions are added at the start of their window.
    pub fn open_windows<K: WindowKey, A: StoreValue + Clone>(
        self,
        join: fn(&mut A, &A),
    ) -> WindowedAggregation<K, A> {
        WindowedAggregation::new(self.slots, self.wait, Emit::Final, join)
    }

    /// The starts of the windows of a time, earliest first.
    pub fn starts(self, time: EventTime) -> impl Iterator<Item = EventTime> {
        self.window.of(time).map(|span| span.start)
    }

    /// The window that starts there.
    pub const fn starting(self, start: EventTime) -> WindowSpan {
        WindowSpan { start, end: start.plus_micros(self.size) }
    }

    /// The start of the first window of `time` that is open at `stream_time`; the later ones are
    /// open too. None is: how late it is.
    pub fn first_open(
        self,
        time: EventTime,
        stream_time: EventTime,
    ) -> Result<EventTime, Lateness> {
        let mut last = None;
        for span in self.window.of(time) {
            if self.window.closes_at(span, self.grace) > stream_time {
                return Ok(span.start);
            }
            last = Some(span);
        }
        let micros = stream_time.micros_since(time);
        Err(Lateness { micros, window: last.map(|span| ("hopping", span)) })
    }

    /// When the last window of `time` closes.
    pub fn last_close(self, time: EventTime) -> EventTime {
        self.window.expires_at(time, self.grace)
    }

    /// What a contribution is late for: only after a drain, since what is late is told where it
    /// comes from.
    pub const fn late(self, start: EventTime, micros: i64) -> Lateness {
        Lateness { micros, window: Some(("hopping", self.starting(start))) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::streams::aggregate::Placed;

    proptest! {
        /// A view counts in the windows that are open where it comes from, and a slot closes when
        /// its window does.
        #[test]
        fn slots_are_their_windows(
            size in 1..40_i64,
            advance in 1..40_i64,
            grace in 0..20_i64,
            time in -60..60_i64,
            ahead in 0..80_i64,
        ) {
            prop_assume!(advance <= size);
            let rules = RecommendRules {
                trending_window: size, trending_advance: advance, grace, ..RecommendRules::default()
            };
            let trends = Trends::new(&rules).unwrap();
            let (time, stream_time) = (EventTime::from_micros(time), EventTime::from_micros(time + ahead));
            let open: Vec<i64> = (-200..=200_i64)
                .filter(|start| start % advance == 0)
                .filter(|start| (*start..start + size).contains(&time.micros()))
                .filter(|start| start + size + grace > stream_time.micros())
                .collect();
            let Ok(first) = trends.first_open(time, stream_time) else {
                prop_assert!(open.is_empty());
                prop_assert!(trends.last_close(time) <= stream_time);
                return Ok(());
            };
            let found: Vec<EventTime> = trends.starts(time).filter(|s| *s >= first).collect();
            prop_assert_eq!(found.iter().map(|s| s.micros()).collect::<Vec<_>>(), open);
            prop_assert!(trends.last_close(time) > stream_time);
            for start in found {
                let mut windows: WindowedAggregation<String, u64> =
                    trends.open_windows(|a, b| *a += b);
                let mut closed = Vec::new();
                let end = trends.starting(start).end;
                windows.close_up_to(end.plus_micros(grace - 1), &mut closed);
                let placed = windows.add(&String::new(), start, &1, &mut closed);
                prop_assert_eq!(placed, Placed::Counted { late_windows: 0 });
                windows.close_up_to(end.plus_micros(grace), &mut closed);
                prop_assert_eq!(closed.iter().map(|e| e.span.start).collect::<Vec<_>>(), [start]);
            }
        }
    }
}
