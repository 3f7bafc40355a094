//! Windowed aggregation: contributions by key and event time, one result a window.
//!
//! Pure and told the time: [`WindowedAggregation::add`] takes a contribution in,
//! [`WindowedAggregation::close_up_to`] closes what stream time (or the time that an idle source
//! claims) has passed, [`WindowedAggregation::close_all`] drains. A contribution that is late for
//! all its windows is told as late; one that is late for some counts in the others. Nothing is
//! emitted twice and a closed window never opens again.
//!
//! What changed since the last commit is remembered, so that a task can write it to a changelog
//! and another can go on from there (`changes`).
//!
//! Contributions are joined by one function. Where it is associative and commutative, final
//! results do not depend on the order of arrival within grace.

use std::collections::{BTreeMap, BTreeSet};

use crate::domain::EventTime;
use crate::streams::aggregate::changes::Changed;
use crate::streams::time::Grace;
use crate::streams::window::{Window, WindowSpan};

mod changes;
pub mod entry;

pub use changes::WindowKey;

/// When results are given out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Emit {
    /// Once, when the window closes.
    #[default]
    Final,
    /// Each time the window changes, with a revision; nothing more when it closes.
    Updates,
}

/// One result of one window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emission<K, A> {
    /// Whose window.
    pub key: K,
    /// Which window.
    pub span: WindowSpan,
    /// 1 for a window's first result; each later one replaces those before.
    pub revision: u32,
    /// What the contributions came to; `None` withdraws the window (a session that became part of
    /// a longer one).
    pub value: Option<A>,
}

/// What became of a contribution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placed {
    /// It counts.
    Counted {
        /// In so many of its windows it does not, since they are closed.
        late_windows: u32,
    },
    /// All its windows are closed.
    Late {
        /// The last one it would have counted in.
        span: WindowSpan,
        /// How far time had gone beyond it, in microseconds.
        lateness: i64,
    },
}

/// How many contributions became what; `counted + late` is all of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Counted in a window at least.
    pub counted: u64,
    /// Late for all windows.
    pub late: u64,
    /// Of the counted ones: windows in which they do not count.
    pub late_windows: u64,
}

struct Pane<A> {
    end: EventTime,
    value: A,
    revision: u32,
    /// The changelog holds it: its end needs a tombstone.
    stored: bool,
}

struct Point<A> {
    value: A,
    stored: bool,
}

/// The open windows of all keys.
pub struct WindowedAggregation<K, A> {
    window: Window,
    grace: Grace,
    emit: Emit,
    join: fn(&mut A, &A),
    /// By key and start.
    panes: BTreeMap<(K, EventTime), Pane<A>>,
    /// By when they close, then start and key: the order of emission.
    closing: BTreeSet<(EventTime, EventTime, K)>,
    /// Contributions by key and time that sliding windows to come may need.
    points: BTreeMap<(K, EventTime), Point<A>>,
    /// By when they can count nowhere any more.
    expiring: BTreeSet<(EventTime, EventTime, K)>,
    closed_to: Option<EventTime>,
    tally: Tally,
    changed: Changed<K>,
}

impl<K: Ord + Clone, A: Clone> WindowedAggregation<K, A> {
    /// No open windows yet; `join` takes the second contribution into the first.
    #[must_use]
    pub const fn new(window: Window, grace: Grace, emit: Emit, join: fn(&mut A, &A)) -> Self {
        Self {
            window,
            grace,
            emit,
            join,
            panes: BTreeMap::new(),
            closing: BTreeSet::new(),
            points: BTreeMap::new(),
            expiring: BTreeSet::new(),
            closed_to: None,
            tally: Tally { counted: 0, late: 0, late_windows: 0 },
            changed: Changed::new(),
        }
    }

    /// What became of the contributions so far.
    #[must_use]
    pub const fn tally(&self) -> Tally {
        self.tally
    }

    /// How many windows are open.
    #[must_use]
    pub fn open(&self) -> usize {
        self.panes.len()
    }

    /// The time up to which windows are closed.
    #[must_use]
    pub const fn closed_to(&self) -> Option<EventTime> {
        self.closed_to
    }

    /// Takes a contribution of `key` at `time` in. It moves no time: the caller closes windows by
    /// the stream time that the record made. Updates are added to `out`.
    pub fn add(
        &mut self,
        key: &K,
        time: EventTime,
        contribution: &A,
        out: &mut Vec<Emission<K, A>>,
    ) -> Placed {
        let placed = match self.window {
            Window::Tumbling { .. } | Window::Hopping { .. } => {
                self.add_aligned(key, time, contribution, out)
            }
            Window::Sliding { size } => self.add_sliding(key, time, size, contribution, out),
            Window::Session { gap } => self.add_session(key, time, gap, contribution, out),
        };
        match placed {
            Placed::Counted { late_windows } => {
                self.tally.counted += 1;
                self.tally.late_windows += u64::from(late_windows);
            }
            Placed::Late { .. } => self.tally.late += 1,
        }
        placed
    }

    /// Closes every window that `time` has passed; final results are added to `out`, in order of
    /// closing, start and key. An earlier time than before changes nothing.
    pub fn close_up_to(&mut self, time: EventTime, out: &mut Vec<Emission<K, A>>) {
        if self.closed_to.is_some_and(|before| time <= before) {
            return;
        }
        self.closed_to = Some(time);
        while let Some((closes_at, _, _)) = self.closing.first()
            && *closes_at <= time
            && let Some((_, start, key)) = self.closing.pop_first()
        {
            let Some(pane) = self.panes.remove(&(key.clone(), start)) else { continue };
            self.changed.pane_gone((key.clone(), start), pane.stored);
            if self.emit == Emit::Final {
                let span = WindowSpan { start, end: pane.end };
                out.push(Emission { key, span, revision: 1, value: Some(pane.value) });
            }
        }
        while let Some((expires_at, _, _)) = self.expiring.first()
            && *expires_at <= time
            && let Some((_, at, key)) = self.expiring.pop_first()
        {
            if let Some(point) = self.points.remove(&(key.clone(), at)) {
                self.changed.point_gone((key, at), point.stored);
            }
        }
    }

    /// When the last of the open windows closes, if one is open.
    #[must_use]
    pub fn last_close(&self) -> Option<EventTime> {
        let last = self.closing.last().map(|(at, _, _)| *at);
        last.max(self.expiring.last().map(|(at, _, _)| *at))
    }

    /// Closes all windows: the input has ended.
    pub fn close_all(&mut self, out: &mut Vec<Emission<K, A>>) {
        if let Some(time) = self.last_close() {
            self.close_up_to(time, out);
        }
    }

    fn closed(&self, at: EventTime) -> bool {
        self.closed_to.is_some_and(|closed_to| closed_to >= at)
    }

    fn late(&self, span: WindowSpan) -> Placed {
        let reached = self.closed_to.unwrap_or(span.end);
        Placed::Late { span, lateness: reached.micros_since(span.end) }
    }

    fn add_aligned(
        &mut self,
        key: &K,
        time: EventTime,
        contribution: &A,
        out: &mut Vec<Emission<K, A>>,
    ) -> Placed {
        let (mut counted, mut late_windows, mut last) = (false, 0, None);
        for span in self.window.of(time) {
            last = Some(span);
            if self.closed(self.window.closes_at(span, self.grace)) {
                late_windows += 1;
            } else {
                self.join_into(key, span, contribution, out);
                counted = true;
            }
        }
        match last {
            Some(span) if !counted => self.late(span),
            _ => Placed::Counted { late_windows },
        }
    }

    fn add_sliding(
        &mut self,
        key: &K,
        time: EventTime,
        size: i64,
        contribution: &A,
        out: &mut Vec<Emission<K, A>>,
    ) -> Placed {
        let span = WindowSpan { start: time.plus_micros(1 - size), end: time.plus_micros(1) };
        // The windows of other events that hold this one end from here to just before
        // `time + size`; its own is among them if an event of the same time came before.
        let holding = (key.clone(), span.start)..=(key.clone(), time);
        let starts: Vec<WindowSpan> = self
            .panes
            .range(holding)
            .map(|((_, start), pane)| WindowSpan { start: *start, end: pane.end })
            .collect();
        let own_closed = self.closed(self.window.closes_at(span, self.grace));
        if own_closed && starts.is_empty() {
            // It would count only if an event were still to come that looks back to it.
            return self.late(span);
        }
        for other in &starts {
            self.join_into(key, *other, contribution, out);
        }
        let stored = self.changed.point((key.clone(), time));
        self.points
            .entry((key.clone(), time))
            .and_modify(|own| (self.join)(&mut own.value, contribution))
            .or_insert_with(|| Point { value: contribution.clone(), stored });
        let expires_at = self.window.expires_at(time, self.grace);
        self.expiring.insert((expires_at, time, key.clone()));
        if own_closed {
            return Placed::Counted { late_windows: 1 };
        }
        if !starts.contains(&span) {
            let inside = (key.clone(), span.start)..=(key.clone(), time);
            let mut points = self.points.range(inside).map(|(_, point)| &point.value);
            let mut value = points.next().cloned();
            for point in points {
                if let Some(value) = &mut value {
                    (self.join)(value, point);
                }
            }
            if let Some(value) = value {
                self.join_into(key, span, &value, out);
            }
        }
        Placed::Counted { late_windows: 0 }
    }

    fn add_session(
        &mut self,
        key: &K,
        time: EventTime,
        gap: i64,
        contribution: &A,
        out: &mut Vec<Emission<K, A>>,
    ) -> Placed {
        let alone = WindowSpan { start: time, end: time };
        let reach =
            (key.clone(), EventTime::from_micros(i64::MIN))..=(key.clone(), time.plus_micros(gap));
        // Sessions of a key are more than a gap apart, so at most two are in reach.
        let near: Vec<WindowSpan> = self
            .panes
            .range(reach)
            .rev()
            .map(|((_, start), pane)| WindowSpan { start: *start, end: pane.end })
            .take_while(|span| span.end >= time.plus_micros(-gap))
            .collect();
        let out_of_grace = self.closed(self.window.closes_at(alone, self.grace));
        if near.is_empty() && out_of_grace {
            return self.late(alone);
        }
        let joined = near.iter().fold(alone, |joined, span| WindowSpan {
            start: joined.start.min(span.start),
            end: joined.end.max(span.end),
        });
        if near.as_slice() == [joined] {
            self.join_into(key, joined, contribution, out);
        } else {
            let mut value: Option<A> = None;
            for span in near.iter().rev() {
                let Some(pane) = self.remove(key, *span) else { continue };
                if self.emit == Emit::Updates {
                    let revision = pane.revision + 1;
                    out.push(Emission { key: key.clone(), span: *span, revision, value: None });
                }
                match &mut value {
                    Some(value) => (self.join)(value, &pane.value),
                    None => value = Some(pane.value),
                }
            }
            match &mut value {
                Some(value) => (self.join)(value, contribution),
                None => value = Some(contribution.clone()),
            }
            if let Some(value) = value {
                self.join_into(key, joined, &value, out);
            }
        }
        Placed::Counted { late_windows: u32::from(out_of_grace) }
    }

    fn remove(&mut self, key: &K, span: WindowSpan) -> Option<Pane<A>> {
        let closes_at = self.window.closes_at(span, self.grace);
        self.closing.remove(&(closes_at, span.start, key.clone()));
        let pane = self.panes.remove(&(key.clone(), span.start))?;
        self.changed.pane_gone((key.clone(), span.start), pane.stored);
        Some(pane)
    }

    /// Joins a contribution into a window, opened if it was not.
    fn join_into(
        &mut self,
        key: &K,
        span: WindowSpan,
        contribution: &A,
        out: &mut Vec<Emission<K, A>>,
    ) {
        let place = (key.clone(), span.start);
        let stored = self.changed.pane(&place);
        let pane = match self.panes.entry(place) {
            std::collections::btree_map::Entry::Occupied(open) => {
                let pane = open.into_mut();
                (self.join)(&mut pane.value, contribution);
                pane.revision += 1;
                pane
            }
            std::collections::btree_map::Entry::Vacant(new) => {
                let closes_at = self.window.closes_at(span, self.grace);
                self.closing.insert((closes_at, span.start, key.clone()));
                new.insert(Pane { end: span.end, value: contribution.clone(), revision: 1, stored })
            }
        };
        if self.emit == Emit::Updates {
            let (revision, value) = (pane.revision, Some(pane.value.clone()));
            out.push(Emission { key: key.clone(), span, revision, value });
        }
    }
}

#[cfg(test)]
mod tests;
