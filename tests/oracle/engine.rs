//! Our side: the windowed aggregation, driven as a topology drives it.

use std::sync::Arc;

use bss::backends::kafka::runner::disk::spill::SpillTo;
use bss::domain::EventTime;
use bss::streams::aggregate::{Emission, Placed, Tally, WindowedAggregation};
use bss::streams::store::Memory;
use bss::streams::time::{Grace, StreamTime};
use bss::streams::window::Window;

use crate::case::{Case, Kind};
use crate::results::{Line, Totals};

const MILLI: i64 = 1000;

/// When our results are given out.
pub use bss::streams::aggregate::Emit;

/// What our engine made of a case.
pub struct Run {
    pub lines: Vec<Line>,
    /// What became of each record.
    pub placed: Vec<Placed>,
    pub tally: Tally,
    /// Windows still open at the end.
    pub open: usize,
}

/// The same windows in our terms. Our sliding window is `(t - size, t]`, Kafka Streams' is
/// `[t - difference, t]`: the size is the difference and the least bit more.
pub fn window(kind: Kind) -> Window {
    let window = match kind {
        Kind::Tumbling { size } => Window::tumbling(size * MILLI),
        Kind::Hopping { size, advance } => Window::hopping(size * MILLI, advance * MILLI),
        Kind::Sliding { difference } => Window::sliding(difference * MILLI + 1),
        Kind::Session { gap } => Window::session(gap * MILLI),
    };
    window.expect("a window that can be")
}

fn line(case: &Case, step: usize, emission: Emission<String, Totals>) -> Line {
    let Emission { key, span, value, .. } = emission;
    let kind = case.kind;
    let key = case.records.iter().map(|r| r.key).find(|k| **k == key).expect("a key of the case");
    let end = match kind {
        // It ends with its event, the span a microsecond later.
        Kind::Sliding { .. } => span.end.plus_micros(-1),
        _ => span.end,
    };
    let whole = |time: EventTime| {
        assert_eq!(time.micros() % MILLI, 0, "{time} is not in whole milliseconds");
        time.millis()
    };
    Line { step, key, start: whole(span.start), end: whole(end), totals: value }
}

/// For each record: stream time moves to it, what that closes is closed, then it is added. Stream
/// time is that of all keys together, as in a task of Kafka Streams. Of every other case each window
/// is spilled to a file after every third record, and comes back when it is asked for.
pub fn run(case: &Case, emit: Emit) -> Run {
    let grace = Grace::from_micros(case.grace * MILLI);
    let mut windows = WindowedAggregation::new(window(case.kind), grace, emit, Totals::join);
    let scarce = case.records.len() % 2 == 1;
    if scarce {
        let files = SpillTo::new(std::env::temp_dir());
        windows.keep_within(&Arc::new(Memory::new(0, Box::new(files))));
    }
    let (mut stream_time, mut out) = (StreamTime::new(), Vec::new());
    let (mut lines, mut placed) = (Vec::new(), Vec::new());
    for (step, record) in case.records.iter().enumerate() {
        let time = EventTime::from_millis(record.time);
        stream_time.advance(time);
        if let Some(now) = stream_time.get() {
            windows.close_up_to(now, &mut out);
        }
        let key = record.key.to_owned();
        placed.push(windows.add(&key, time, &Totals::of(record.value), &mut out));
        lines.extend(out.drain(..).map(|emission| line(case, step, emission)));
        if scarce && step % 3 == 2 {
            windows.take_changes(&mut |_, _| ());
        }
    }
    windows.close_all(&mut out);
    lines.extend(out.drain(..).map(|emission| line(case, case.records.len(), emission)));
    Run { lines, placed, tally: windows.tally(), open: windows.open() }
}
