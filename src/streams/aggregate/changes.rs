//! The open windows in a changelog: what changed since the last commit, and back again.
//!
//! A record's key is a letter (`w` an open window, `p` a point that sliding windows to come may
//! need), the start or time in big-endian microseconds, and the key's own bytes. A window's value
//! is its end, its revision and the aggregate's bytes; a point's is the aggregate's bytes.
//!
//! The time up to which windows are closed is not kept here: it is stream time, which is
//! committed with the offsets, and comes back by [`WindowedAggregation::resume`].

use std::collections::BTreeSet;

use crate::domain::EventTime;
use crate::streams::aggregate::WindowedAggregation;
use crate::streams::aggregate::entry::{POINT, PREFIX, WINDOW, start};
use crate::streams::store::StoreValue;
use crate::streams::window::WindowSpan;

/// A key of windows and its bytes in the changelog.
pub trait WindowKey: Ord + Clone {
    /// Appends the key's bytes.
    fn encode(&self, out: &mut Vec<u8>);

    /// Reads them back.
    ///
    /// # Errors
    /// What is wrong with them.
    fn decode(bytes: &[u8]) -> Result<Self, String>;
}

impl WindowKey for String {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }

    fn decode(bytes: &[u8]) -> Result<Self, String> {
        Self::from_utf8(bytes.to_vec()).map_err(|_| "a key that is not UTF-8".to_owned())
    }
}

impl<K: WindowKey, A: StoreValue + Clone> WindowedAggregation<K, A> {
    /// Hands each change since the last call to `write` (`None`: deleted), and forgets them.
    pub fn take_changes(&mut self, write: &mut dyn FnMut(&[u8], Option<&[u8]>)) {
        self.count_beside();
        self.panes.take_changes(write);
        self.points.take_changes(write);
    }

    /// Takes one record of the changelog.
    ///
    /// # Errors
    /// Bytes that [`Self::take_changes`] did not write.
    pub fn restore(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), String> {
        let kind = *key.first().ok_or("an empty key")?;
        self.count_beside();
        K::decode(key.get(PREFIX..).ok_or("a key that ends too early")?)?;
        match kind {
            WINDOW => self.restore_window(key, value),
            POINT => self.restore_point(key, value),
            other => Err(format!("an entry of kind {other}; written by a newer program?")),
        }
    }

    /// Counts what is held beside the stores. A tree is two thirds full as a rule.
    fn count_beside(&mut self) {
        let times = |tree: &BTreeSet<(EventTime, u64)>| tree.len() * size_of::<(EventTime, u64)>();
        let bytes = (times(&self.closing) + times(&self.expiring)) * 3 / 2;
        self.panes.beside((bytes + self.spans.held() + self.moments.held()) as u64);
    }

    fn restore_window(&mut self, place: &[u8], value: Option<&[u8]>) -> Result<(), String> {
        if let Some(end) = self.panes.get(place).map(|pane| pane.end) {
            let span = WindowSpan { start: start(place), end };
            self.panes.restore(place, None)?;
            self.never_closes(place, span);
            self.gone(place, span);
        }
        self.panes.restore(place, value)?;
        if let Some(end) = self.panes.get(place).map(|pane| pane.end) {
            self.opened(place, WindowSpan { start: start(place), end });
        }
        Ok(())
    }

    fn restore_point(&mut self, place: &[u8], value: Option<&[u8]>) -> Result<(), String> {
        let time = start(place);
        let (before, hash) = (self.points.get(place).is_some(), self.points.hash(place));
        self.points.restore(place, value)?;
        match (before, value.is_some()) {
            (false, true) => self.point_is_there(place, time),
            (true, false) => {
                if !self.points.holds_hash(hash) {
                    self.expiring.remove(&(self.window.expires_at(time, self.grace), hash));
                }
                let span = WindowSpan { start: time, end: time };
                self.moments.remove(self.panes.hash(&place[PREFIX..]), span);
            }
            _ => {}
        }
        Ok(())
    }

    /// Goes on where a commit at stream time `closed_to` ended: what closed before stays closed.
    pub const fn resume(&mut self, closed_to: EventTime) {
        self.closed_to = Some(closed_to);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::Arc;

    use proptest::prelude::*;

    use super::*;
    use crate::streams::aggregate::{Emission, Emit};
    use crate::streams::store::Memory;
    use crate::streams::store::tests::Drawer;
    use crate::streams::time::Grace;
    use crate::streams::window::Window;

    #[derive(Clone, Debug, Default, PartialEq)]
    struct Sum(u64);

    impl StoreValue for Sum {
        fn encode(&self, out: &mut Vec<u8>) {
            out.extend_from_slice(&self.0.to_le_bytes());
        }
        fn decode(bytes: &[u8]) -> Result<Self, String> {
            let bytes = bytes.try_into().map_err(|_| "not eight bytes".to_owned())?;
            Ok(Self(u64::from_le_bytes(bytes)))
        }

        fn heap(&self) -> usize {
            0
        }
    }

    type Summing = WindowedAggregation<String, Sum>;
    type Log = BTreeMap<Vec<u8>, Vec<u8>>;

    fn summing(window: Window, grace: i64, emit: Emit) -> Summing {
        Summing::new(window, Grace::from_micros(grace), emit, |into, more| into.0 += more.0)
    }

    fn write_down(windows: &mut Summing, log: &mut Log) {
        windows.take_changes(&mut |key, value| {
            match value {
                Some(value) => log.insert(key.to_vec(), value.to_vec()),
                None => Some(log.remove(key).expect("a tombstone only for what is there")),
            };
        });
    }

    fn any_window() -> impl Strategy<Value = Window> {
        let span = 1..12_i64;
        prop_oneof![
            span.clone().prop_map(|s| Window::tumbling(s).unwrap()),
            (span.clone(), 1..4_i64).prop_map(|(s, a)| Window::hopping(s, a.min(s)).unwrap()),
            span.clone().prop_map(|s| Window::sliding(s).unwrap()),
            span.prop_map(|s| Window::session(s).unwrap()),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]

        /// Whatever the window and wherever the commits and restarts lie: the same emissions as
        /// in one go, and in the end an empty changelog.
        #[test]
        fn a_restart_at_any_commit_changes_nothing(
            window in any_window(),
            grace in 0..6_i64,
            emit in prop_oneof![Just(Emit::Final), Just(Emit::Updates)],
            // Key, time, and what follows: nothing, a commit, a commit and a restart.
            events in prop::collection::vec((0..3_u8, 0..60_i64, 0..3_u8), 0..60),
        ) {
            let mut undisturbed = summing(window, grace, emit);
            let mut disturbed = summing(window, grace, emit);
            // Whatever is committed is spilled at once.
            let memory = Arc::new(Memory::new(0, Box::new(Drawer::default())));
            disturbed.keep_within(&memory);
            let mut log = Log::new();
            let (mut wanted, mut found): (Vec<Emission<_, _>>, Vec<_>) = Default::default();
            let mut time = EventTime::default();
            for (key, at, then) in events {
                let key = key.to_string();
                let at = EventTime::from_micros(at);
                time = time.max(at);
                let one = undisturbed.add(&key, at, &Sum(1), &mut wanted);
                undisturbed.close_up_to(time, &mut wanted);
                let other = disturbed.add(&key, at, &Sum(1), &mut found);
                disturbed.close_up_to(time, &mut found);
                prop_assert_eq!(one, other);
                if then > 0 {
                    write_down(&mut disturbed, &mut log);
                }
                if then > 1 {
                    disturbed = summing(window, grace, emit);
                    disturbed.keep_within(&memory);
                    disturbed.resume(time);
                    for (key, value) in &log {
                        disturbed.restore(key, Some(value)).unwrap();
                    }
                }
            }
            undisturbed.close_all(&mut wanted);
            disturbed.close_all(&mut found);
            prop_assert_eq!(wanted, found);
            write_down(&mut disturbed, &mut log);
            prop_assert!(log.is_empty(), "{} entries are left", log.len());
        }
    }

    #[test]
    fn bytes_of_another_program_are_refused() {
        let mut windows = summing(Window::tumbling(10).unwrap(), 0, Emit::Final);
        let key = |kind: u8| [&[kind][..], &5_i64.to_be_bytes(), b"k"].concat();
        for (key, value, cause) in [
            (vec![], None, "empty key"),
            (vec![WINDOW, 1], None, "ends too early"),
            (key(b'x'), None, "kind 120"),
            (key(WINDOW), Some(&[1_u8, 2][..]), "ends too early"),
            (key(POINT), Some(&[1][..]), "not eight bytes"),
            ([&key(WINDOW)[..], &[0xff]].concat(), None, "UTF-8"),
        ] {
            let fault = windows.restore(&key, value).unwrap_err();
            assert!(fault.contains(cause), "{fault}");
        }
    }
}
