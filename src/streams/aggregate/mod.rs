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

//! Windows and points lie in stores, so that what memory has no room for is spilled; what stays of
//! one is when it closes and, where the windows of a key bear on each other, its span.

use std::collections::BTreeSet;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::domain::EventTime;
use crate::streams::aggregate::entry::{POINT, Pane, Point, WINDOW, name, start};
use crate::streams::aggregate::spans::Spans;
use crate::streams::store::{Memory, Store, StoreValue};
use crate::streams::time::Grace;
use crate::streams::window::{Window, WindowSpan};

mod changes;
pub mod entry;
mod spans;

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

/// The open windows of all keys.
pub struct WindowedAggregation<K, A> {
    window: Window,
    grace: Grace,
    emit: Emit,
    join: fn(&mut A, &A),
    /// By the names of the changelog.
    panes: Store<Pane<A>>,
    /// By when they close: the hashes of their names.
    closing: BTreeSet<(EventTime, u64)>,
    open: usize,
    /// The spans of a key's windows, by its hash; only where they bear on each other.
    spans: Spans,
    /// Contributions by key and time that sliding windows to come may need.
    points: Store<Point<A>>,
    /// By when they can count nowhere any more: the hashes of their names.
    expiring: BTreeSet<(EventTime, u64)>,
    /// Their times, by the hash of the key.
    moments: Spans,
    closed_to: Option<EventTime>,
    tally: Tally,
    keys: PhantomData<fn() -> K>,
}

impl<K: WindowKey, A: StoreValue + Clone> WindowedAggregation<K, A> {
    /// No open windows yet; `join` takes the second contribution into the first.
    #[must_use]
    pub fn new(window: Window, grace: Grace, emit: Emit, join: fn(&mut A, &A)) -> Self {
        Self {
            window,
            grace,
            emit,
            join,
            panes: Store::new("windows"),
            closing: BTreeSet::new(),
            open: 0,
            spans: Spans::default(),
            points: Store::new("points"),
            expiring: BTreeSet::new(),
            moments: Spans::default(),
            closed_to: None,
            tally: Tally { counted: 0, late: 0, late_windows: 0 },
            keys: PhantomData,
        }
    }

    /// Keeps within what all stores of the process may hold; called while it is empty.
    pub fn keep_within(&mut self, memory: &Arc<Memory>) {
        self.panes.keep_within(memory);
        self.points.keep_within(memory);
    }

    /// Spills what is too much; for stores in which nothing happens.
    pub fn make_room(&mut self) {
        self.panes.make_room();
        self.points.make_room();
    }

    /// What became of the contributions so far.
    #[must_use]
    pub const fn tally(&self) -> Tally {
        self.tally
    }

    /// How many windows are open.
    #[must_use]
    pub const fn open(&self) -> usize {
        self.open
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
        let mut due = Vec::new();
        while let Some((at, hash)) = self.closing.first().copied()
            && at <= time
        {
            self.closing.pop_first();
            let (window, grace) = (self.window, self.grace);
            let closes = |name: &[u8], pane: &Pane<A>| {
                window.closes_at(WindowSpan { start: start(name), end: pane.end }, grace) == at
            };
            for (name, pane) in self.panes.take_hash(hash, closes) {
                let span = WindowSpan { start: start(&name), end: pane.end };
                self.gone(&name, span);
                if self.emit == Emit::Final {
                    due.push((at, span, key_of::<K>(&name), pane.value));
                }
            }
        }
        due.sort_by(|a, b| (a.0, a.1.start, &a.2).cmp(&(b.0, b.1.start, &b.2)));
        let told = |(_, span, key, value)| Emission { key, span, revision: 1, value: Some(value) };
        out.extend(due.into_iter().map(told));
        while let Some((at, hash)) = self.expiring.first().copied()
            && at <= time
        {
            self.expiring.pop_first();
            let (window, grace) = (self.window, self.grace);
            let expires = |name: &[u8], _: &Point<A>| window.expires_at(start(name), grace) == at;
            for (name, _) in self.points.take_hash(hash, expires) {
                let time = start(&name);
                let key = self.panes.hash(own(&name));
                self.moments.remove(key, WindowSpan { start: time, end: time });
            }
        }
    }

    /// When the last of the open windows closes, if one is open.
    #[must_use]
    pub fn last_close(&self) -> Option<EventTime> {
        let last = self.closing.last().map(|(at, _)| *at);
        last.max(self.expiring.last().map(|(at, _)| *at))
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
        let starts = self.near(key, |other| (span.start..=time).contains(&other.start));
        let own_closed = self.closed(self.window.closes_at(span, self.grace));
        if own_closed && starts.is_empty() {
            // It would count only if an event were still to come that looks back to it.
            return self.late(span);
        }
        for other in &starts {
            self.join_into(key, *other, contribution, out);
        }
        self.note_point(key, time, contribution);
        if own_closed {
            return Placed::Counted { late_windows: 1 };
        }
        if !starts.contains(&span) {
            let value = self.sum_of_points(key, span.start, time);
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
        // Sessions of a key are more than a gap apart, so at most two are in reach.
        let near = self.near(key, |span| {
            span.start <= time.plus_micros(gap) && span.end >= time.plus_micros(-gap)
        });
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
            for span in &near {
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

    /// The open windows of a key whose span is `wanted`, earliest first.
    fn near(&mut self, key: &K, wanted: impl Fn(&WindowSpan) -> bool) -> Vec<WindowSpan> {
        let mut place = name(WINDOW, key, EventTime::default());
        let hash = self.panes.hash(own(&place));
        let mut found: Vec<WindowSpan> = self.spans.of(hash).filter(wanted).collect();
        // Another key may have the hash, and even the span.
        found.sort_unstable_by_key(|span| (span.start, span.end));
        found.dedup();
        found.retain(|span| {
            entry::begin(&mut place, span.start);
            self.panes.get(&place).is_some_and(|pane| pane.end == span.end)
        });
        found
    }

    /// Whether the windows of a key bear on each other.
    const fn bear(&self) -> bool {
        matches!(self.window, Window::Session { .. } | Window::Sliding { .. })
    }

    fn remove(&mut self, key: &K, span: WindowSpan) -> Option<Pane<A>> {
        let place = name(WINDOW, key, span.start);
        let pane = self.panes.take(&place)?;
        self.never_closes(&place, span);
        self.gone(&place, span);
        Some(pane)
    }

    /// A window of this name is open now.
    fn opened(&mut self, place: &[u8], span: WindowSpan) {
        self.open += 1;
        let closes_at = self.window.closes_at(span, self.grace);
        self.closing.insert((closes_at, self.panes.hash(place)));
        if self.bear() {
            self.spans.insert(self.panes.hash(own(place)), span);
        }
    }

    /// A window that was taken out does not wait for its end.
    fn never_closes(&mut self, place: &[u8], span: WindowSpan) {
        let hash = self.panes.hash(place);
        // Another name may have the hash and the end.
        if !self.panes.holds_hash(hash) {
            self.closing.remove(&(self.window.closes_at(span, self.grace), hash));
        }
    }

    /// A window is not open any more.
    fn gone(&mut self, place: &[u8], span: WindowSpan) {
        self.open -= 1;
        if self.bear() {
            self.spans.remove(self.panes.hash(own(place)), span);
        }
    }

    fn note_point(&mut self, key: &K, time: EventTime, contribution: &A) {
        let place = name(POINT, key, time);
        let join = self.join;
        let fresh = self.points.update(&place, |point| {
            let fresh = point.0.is_none();
            match &mut point.0 {
                Some(value) => join(value, contribution),
                None => point.0 = Some(contribution.clone()),
            }
            (true, fresh)
        });
        if fresh {
            self.point_is_there(&place, time);
        }
    }

    fn point_is_there(&mut self, place: &[u8], time: EventTime) {
        let expires_at = self.window.expires_at(time, self.grace);
        self.expiring.insert((expires_at, self.points.hash(place)));
        let span = WindowSpan { start: time, end: time };
        self.moments.insert(self.panes.hash(own(place)), span);
    }

    /// The contributions of a key from `from` to `to`, both included.
    fn sum_of_points(&mut self, key: &K, from: EventTime, to: EventTime) -> Option<A> {
        let mut place = name(POINT, key, from);
        let hash = self.panes.hash(own(&place));
        let times = self.moments.of(hash).map(|span| span.start);
        let mut times: Vec<EventTime> = times.filter(|at| (from..=to).contains(at)).collect();
        times.sort_unstable();
        times.dedup();
        let mut sum: Option<A> = None;
        for time in times {
            entry::begin(&mut place, time);
            let Some(value) = self.points.get(&place).and_then(|point| point.0.as_ref()) else {
                continue;
            };
            match &mut sum {
                Some(sum) => (self.join)(sum, value),
                None => sum = Some(value.clone()),
            }
        }
        sum
    }

    /// Joins a contribution into a window, opened if it was not.
    fn join_into(
        &mut self,
        key: &K,
        span: WindowSpan,
        contribution: &A,
        out: &mut Vec<Emission<K, A>>,
    ) {
        let place = name(WINDOW, key, span.start);
        let (join, updates) = (self.join, self.emit == Emit::Updates);
        let (revision, value) = self.panes.update(&place, |pane| {
            if pane.revision == 0 {
                *pane = Pane { end: span.end, revision: 1, value: contribution.clone() };
            } else {
                join(&mut pane.value, contribution);
                pane.revision += 1;
            }
            (true, (pane.revision, updates.then(|| pane.value.clone())))
        });
        if revision == 1 {
            self.opened(&place, span);
        }
        if value.is_some() {
            out.push(Emission { key: key.clone(), span, revision, value });
        }
    }
}

/// The key's own bytes in a name that was made here.
fn own(name: &[u8]) -> &[u8] {
    name.get(entry::PREFIX..).unwrap_or_default()
}

fn key_of<K: WindowKey>(name: &[u8]) -> K {
    K::decode(own(name)).expect("a key that was encoded here or read before")
}

#[cfg(test)]
mod tests;
