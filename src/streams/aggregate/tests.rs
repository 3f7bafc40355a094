//! What operators ran into, with driven clocks; then what holds for every input.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::*;
use crate::streams::time::{Arrival, FutureGuard, IdleClock, StreamTime, closing_time};

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// `10:00:00` on a day, in seconds after ten.
fn at(seconds: i64) -> EventTime {
    EventTime::from_millis(1_767_261_600_000 + seconds * 1000)
}

impl WindowKey for &'static str {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }

    fn decode(bytes: &[u8]) -> Result<Self, String> {
        String::from_utf8(bytes.to_vec()).map(|text| &*text.leak()).map_err(|e| e.to_string())
    }
}

impl StoreValue for u64 {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.to_le_bytes());
    }

    fn decode(bytes: &[u8]) -> Result<Self, String> {
        bytes.try_into().map(Self::from_le_bytes).map_err(|_| "not eight bytes".to_owned())
    }

    fn heap(&self) -> usize {
        0
    }
}

fn count(into: &mut u64, more: &u64) {
    *into += more;
}

type Counting = WindowedAggregation<&'static str, u64>;

fn counting(window: Window, grace: i64, emit: Emit) -> Counting {
    WindowedAggregation::new(window, Grace::from_micros(grace), emit, count)
}

fn tumbling(size: i64, grace: i64) -> Counting {
    counting(Window::tumbling(size).unwrap(), grace, Emit::Final)
}

fn shown(out: &[Emission<&'static str, u64>]) -> Vec<String> {
    let seconds = |t: EventTime| t.micros_since(at(0)) / SECOND;
    out.iter()
        .map(|e| {
            let value = e.value.map_or("withdrawn".to_owned(), |v| v.to_string());
            format!("{}..{} r{} {value}", seconds(e.span.start), seconds(e.span.end), e.revision)
        })
        .collect()
}

#[test]
fn a_window_closes_on_a_quiet_topic() {
    // S1: events at 10:00:10 and 10:00:50, then nothing; one final result by 10:01:40.
    let mut windows = tumbling(MINUTE, 10 * SECOND);
    let mut source = IdleClock::new(30 * SECOND, at(0));
    let (mut stream_time, mut out) = (StreamTime::new(), Vec::new());
    let mut emitted_at = Vec::new();
    for now in 0..=200 {
        if [10, 50].contains(&now) {
            source.heard(at(now));
            stream_time.advance(at(now));
            windows.add(&"k", at(now), &1, &mut out);
        }
        source.at_end(true, at(now));
        if let Some(time) = closing_time([(stream_time, source.claim(at(now)))]) {
            windows.close_up_to(time, &mut out);
        }
        if out.len() > emitted_at.len() {
            emitted_at.push(now);
        }
    }
    assert_eq!(shown(&out), ["0..60 r1 2"]);
    assert_eq!(emitted_at, [100], "10:01:40");
    // 10:00:55 comes after all: late, and no second final.
    let placed = windows.add(&"k", at(55), &1, &mut out);
    let span = WindowSpan { start: at(0), end: at(60) };
    assert_eq!(placed, Placed::Late { span, lateness: 110 * SECOND });
    windows.close_all(&mut out);
    assert_eq!(out.len(), 1);
    assert_eq!(windows.tally(), Tally { counted: 2, late: 1, late_windows: 0 });
}

#[test]
fn a_source_that_is_behind_holds_windows_open() {
    let mut windows = tumbling(MINUTE, 0);
    let (mut out, seen) = (Vec::new(), StreamTime::at(at(50)));
    windows.add(&"k", at(50), &1, &mut out);
    let mut idle = IdleClock::new(30 * SECOND, at(50));
    idle.at_end(true, at(50));
    let mut behind = IdleClock::new(30 * SECOND, at(50));
    behind.at_end(false, at(50));
    let now = at(3600);
    let closes =
        closing_time([(seen, idle.claim(now)), (StreamTime::at(at(7)), behind.claim(now))]);
    windows.close_up_to(closes.unwrap(), &mut out);
    assert_eq!(shown(&out), [""; 0]);
}

#[test]
fn one_event_of_the_future_does_not_make_good_ones_late() {
    // S2: 10:00, 10:02, one a day ahead, then 10:03 to 10:12, each when it happens.
    let guard = FutureGuard::new(5 * MINUTE, Grace::from_micros(HOUR));
    let mut windows = tumbling(MINUTE, MINUTE);
    let (mut stream_time, mut future, mut out) = (StreamTime::new(), 0, Vec::new());
    let events = [0, 120].into_iter().chain([86_400 + 120]).chain((3..=12).map(|m| m * 60));
    let mut now = 0;
    for event in events {
        now = if event < 86_400 { event } else { now };
        if matches!(guard.admit(at(event), at(now), &mut stream_time), Arrival::Future { .. }) {
            future += 1;
            continue;
        }
        windows.add(&"k", at(event), &1, &mut out);
        windows.close_up_to(stream_time.get().unwrap(), &mut out);
        assert!(stream_time.get().unwrap() <= at(now + 300));
    }
    windows.close_all(&mut out);
    assert_eq!(future, 1);
    assert_eq!(out.len(), 12, "{:?}", shown(&out));
    assert!(out.iter().all(|e| e.value == Some(1)));
    assert_eq!(windows.tally(), Tally { counted: 12, late: 0, late_windows: 0 });
}

#[test]
fn late_events_are_told_with_window_and_lateness() {
    // S3: 100 events, 3 of them beyond grace: 97 and 3.
    let mut windows = tumbling(MINUTE, 10 * SECOND);
    let (mut late, mut out) = (Vec::new(), Vec::new());
    for n in 0..97 {
        windows.add(&"k", at(n / 2), &1, &mut out);
    }
    windows.close_up_to(at(75), &mut out);
    for n in 0..3 {
        if let Placed::Late { span, lateness } = windows.add(&"k", at(n), &1, &mut out) {
            late.push((span.start, span.end, lateness));
        }
    }
    windows.close_all(&mut out);
    assert_eq!(shown(&out), ["0..60 r1 97"]);
    assert_eq!(late, [(at(0), at(60), 15 * SECOND); 3]);
    let Tally { counted, late, .. } = windows.tally();
    assert_eq!((counted, late), (97, 3));
}

fn session_orders(events: [i64; 3], grace: i64) -> Vec<Vec<String>> {
    [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]]
        .into_iter()
        .map(|order| {
            let mut windows = counting(Window::session(30 * MINUTE).unwrap(), grace, Emit::Final);
            let (mut stream_time, mut out) = (StreamTime::new(), Vec::new());
            for nth in order {
                stream_time.advance(at(events[nth]));
                windows.add(&"k", at(events[nth]), &1, &mut out);
                windows.close_up_to(stream_time.get().unwrap(), &mut out);
            }
            windows.close_all(&mut out);
            shown(&out)
        })
        .collect()
}

#[test]
fn the_order_of_arrival_does_not_change_sessions() {
    // S4: gap 30 min; 10:00, 10:50, 10:25 in all orders: one session with three events.
    for result in session_orders([0, 3000, 1500], HOUR) {
        assert_eq!(result, ["0..3000 r1 3"]);
    }
    // A gap of exactly 30:00 is inside; a second more is not.
    for result in session_orders([0, 1800, 3600], HOUR) {
        assert_eq!(result, ["0..3600 r1 3"]);
    }
    for result in session_orders([0, 1801, 3602], HOUR) {
        assert_eq!(result, ["0..0 r1 1", "1801..1801 r1 1", "3602..3602 r1 1"]);
    }
}

#[test]
fn earlier_parts_of_a_session_are_withdrawn() {
    let mut windows = counting(Window::session(30 * MINUTE).unwrap(), HOUR, Emit::Updates);
    let mut out = Vec::new();
    for seconds in [0, 3000, 1500, 1600] {
        windows.add(&"k", at(seconds), &1, &mut out);
    }
    assert_eq!(
        shown(&out),
        [
            "0..0 r1 1",
            "3000..3000 r1 1",
            "0..0 r2 withdrawn",
            "3000..3000 r2 withdrawn",
            "0..3000 r1 3",
            "0..3000 r2 4",
        ]
    );
    let before = out.len();
    windows.close_all(&mut out);
    assert_eq!((out.len(), windows.open()), (before, 0), "the last update was the result");
}

#[test]
fn a_session_closes_only_when_nothing_can_join_it() {
    let mut windows = counting(Window::session(10 * SECOND).unwrap(), 5 * SECOND, Emit::Final);
    let mut out = Vec::new();
    windows.add(&"k", at(0), &1, &mut out);
    windows.close_up_to(at(15), &mut out);
    assert_eq!(windows.add(&"k", at(10), &1, &mut out), Placed::Counted { late_windows: 0 });
    windows.close_up_to(at(25).plus_micros(1), &mut out);
    assert_eq!(shown(&out), ["0..10 r1 2"]);
    let placed = windows.add(&"k", at(10), &1, &mut out);
    assert!(matches!(placed, Placed::Late { .. }), "{placed:?}");
    // Out of grace by itself, but part of a session that is still open.
    windows.add(&"k", at(24), &1, &mut out);
    windows.close_up_to(at(33), &mut out);
    assert_eq!(windows.add(&"k", at(15), &1, &mut out), Placed::Counted { late_windows: 1 });
}

#[test]
fn late_for_some_windows_counts_in_the_others() {
    let hopping = Window::hopping(4 * SECOND, SECOND).unwrap();
    let mut windows = counting(hopping, 0, Emit::Final);
    let mut out = Vec::new();
    windows.close_up_to(at(12), &mut out);
    assert_eq!(windows.add(&"k", at(10), &1, &mut out), Placed::Counted { late_windows: 2 });
    assert_eq!(windows.add(&"k", at(9), &1, &mut out), Placed::Counted { late_windows: 3 });
    let span = WindowSpan { start: at(8), end: at(12) };
    assert_eq!(windows.add(&"k", at(8), &1, &mut out), Placed::Late { span, lateness: 0 });
    windows.close_all(&mut out);
    assert_eq!(shown(&out), ["9..13 r1 2", "10..14 r1 1"]);
    assert_eq!(windows.tally(), Tally { counted: 2, late: 1, late_windows: 5 });
}

#[test]
fn updates_carry_revisions() {
    let mut windows = counting(Window::tumbling(MINUTE).unwrap(), 0, Emit::Updates);
    let mut out = Vec::new();
    for seconds in [5, 10, 70] {
        windows.add(&"k", at(seconds), &1, &mut out);
    }
    windows.close_up_to(at(70), &mut out);
    assert_eq!(shown(&out), ["0..60 r1 1", "0..60 r2 2", "60..120 r1 1"]);
    assert!(matches!(windows.add(&"k", at(20), &1, &mut out), Placed::Late { .. }));
}

/// Events by key and second, with how late each arrives.
fn arrivals() -> impl Strategy<Value = Vec<(&'static str, i64, i64)>> {
    let key = prop_oneof![Just("a"), Just("b")];
    prop::collection::vec((key, 0..60_i64, 0..=10_i64), 0..40)
}

fn any_window() -> impl Strategy<Value = Window> {
    let span = 1..12_i64;
    prop_oneof![
        span.clone().prop_map(|s| Window::tumbling(s * SECOND).unwrap()),
        (span.clone(), 1..4_i64)
            .prop_map(|(s, a)| { Window::hopping(s * SECOND, a.min(s) * SECOND).unwrap() }),
        span.clone().prop_map(|s| Window::sliding(s * SECOND).unwrap()),
        span.prop_map(|s| Window::session(s * SECOND).unwrap()),
    ]
}

type Results = BTreeMap<(&'static str, WindowSpan), u64>;

/// The final results of events in their order, time closing windows as it comes.
fn finals(windows: &mut Counting, events: &[(&'static str, i64)]) -> Results {
    let (mut stream_time, mut out) = (StreamTime::new(), Vec::new());
    for (key, seconds) in events {
        stream_time.advance(at(*seconds));
        windows.add(key, at(*seconds), &1, &mut out);
        windows.close_up_to(stream_time.get().unwrap(), &mut out);
    }
    windows.close_all(&mut out);
    assert!(windows.open() == 0 && windows.points.is_empty() && windows.expiring.is_empty());
    let mut results = Results::new();
    for emission in out {
        let again = results.insert((emission.key, emission.span), emission.value.unwrap());
        assert_eq!((again, emission.revision), (None, 1), "nothing is emitted twice");
    }
    results
}

/// The same from the definitions, all events at hand.
fn expected(window: Window, events: &[(&'static str, i64)]) -> Results {
    let mut results = Results::new();
    match window {
        Window::Session { gap } => {
            for key in ["a", "b"] {
                let mut times: Vec<EventTime> =
                    events.iter().filter(|(k, _)| *k == key).map(|(_, s)| at(*s)).collect();
                times.sort();
                for session in times.chunk_by(|a, b| b.micros_since(*a) <= gap) {
                    let span = WindowSpan { start: session[0], end: session[session.len() - 1] };
                    results.insert((key, span), session.len() as u64);
                }
            }
        }
        _ => {
            for (key, seconds) in events {
                for span in window.of(at(*seconds)) {
                    let inside = events
                        .iter()
                        .filter(|(k, s)| k == key && (span.start..span.end).contains(&at(*s)));
                    results.insert((*key, span), inside.count() as u64);
                }
            }
        }
    }
    results
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn final_results_do_not_depend_on_the_order_of_arrival_within_grace(
        window in any_window(),
        mut events in arrivals(),
    ) {
        events.sort_by_key(|(_, time, delay)| time + delay);
        let events: Vec<_> = events.into_iter().map(|(key, time, _)| (key, time)).collect();
        let mut windows = counting(window, 10 * SECOND, Emit::Final);
        let results = finals(&mut windows, &events);
        prop_assert_eq!(&results, &expected(window, &events));
        let all = events.len() as u64;
        prop_assert_eq!(windows.tally(), Tally { counted: all, late: 0, late_windows: 0 });
    }

    #[test]
    fn every_event_is_accounted_for_in_any_order(
        window in any_window(),
        events in prop::collection::vec((prop_oneof![Just("a"), Just("b")], 0..60_i64), 0..40),
        grace in 0..5_i64,
        skew in 0..70_i64,
    ) {
        let guard = FutureGuard::new(0, Grace::from_micros(HOUR));
        let mut windows = counting(window, grace * SECOND, Emit::Final);
        let (mut stream_time, mut future, mut out) = (StreamTime::new(), 0, Vec::new());
        for (key, seconds) in &events {
            if guard.admit(at(*seconds), at(skew), &mut stream_time) != Arrival::OnTime {
                future += 1;
                continue;
            }
            let before = windows.tally();
            windows.add(key, at(*seconds), &1, &mut out);
            prop_assert_ne!(windows.tally(), before);
            windows.close_up_to(stream_time.get().unwrap(), &mut out);
        }
        windows.close_all(&mut out);
        let Tally { counted, late, .. } = windows.tally();
        prop_assert_eq!(events.len() as u64, counted + late + future);
        let total: u64 = out.iter().filter_map(|e| e.value).sum();
        let once = matches!(window, Window::Tumbling { .. } | Window::Session { .. });
        let complete = if once { total == counted } else { total >= counted };
        prop_assert!(complete, "{} of {}", total, counted);
        let mut spans: Vec<_> = out.iter().map(|e| (e.key, e.span)).collect();
        spans.sort();
        spans.dedup();
        prop_assert_eq!(spans.len(), out.len());
    }

    #[test]
    fn updates_end_where_finals_are(window in any_window(), mut events in arrivals()) {
        events.sort_by_key(|(_, time, delay)| time + delay);
        let mut windows = counting(window, 10 * SECOND, Emit::Updates);
        let (mut stream_time, mut out) = (StreamTime::new(), Vec::new());
        for (key, seconds, _) in &events {
            stream_time.advance(at(*seconds));
            windows.add(key, at(*seconds), &1, &mut out);
            windows.close_up_to(stream_time.get().unwrap(), &mut out);
        }
        windows.close_all(&mut out);
        let mut latest = Results::new();
        let mut revisions = BTreeMap::new();
        for emission in out {
            let place = (emission.key, emission.span);
            let before = revisions.insert(place, emission.revision).unwrap_or_default();
            prop_assert_eq!(emission.revision, before + 1);
            match emission.value {
                Some(value) => latest.insert(place, value),
                None => latest.remove(&place),
            };
        }
        let events: Vec<_> = events.into_iter().map(|(key, time, _)| (key, time)).collect();
        prop_assert_eq!(latest, expected(window, &events));
    }
}
