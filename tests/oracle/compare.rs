//! What is equal, and exactly where it is not.
//!
//! Results are compared with their values and with the record that brought them, then the number
//! of dropped records. Kafka Streams (4.3.1) differs in the ways below and in no other; each has a
//! case with both sides' values in `differences.rs`.
//!
//! 1. **`suppress` lets sessions and sliding windows go a millisecond early**, at `end + wait`,
//!    while they take records until stream time is beyond that: a record in this millisecond makes
//!    a second final. Here, our updates put through the rule of `suppress` must be its finals.
//!    (`onWindowClose` has no such millisecond; our finals must be its finals.)
//! 2. **A closed session that is still in the store is merged into a new one**, and its records
//!    come out again; ours never opens again. It happens where the store keeps a session longer
//!    than it is open, as `onWindowClose` needs. A key is compared up to there.
//! 3. **A sliding window also begins right after each event.** Ours are those that end with an
//!    event; theirs are compared where they end with one that has come. One that does both is
//!    given twice in updates, with the same value.
//! 4. **A stray: an event out of grace of the sliding window that ends with it.** Ours counts in
//!    the open windows that hold it and in those to come, or else in none and is late. Theirs
//!    counts in windows to come if the neighbouring window that these are made from has it; that
//!    may lack it, have it though none of ours had, or have it where it is too old. Windows that a
//!    stray is in, or is before by no more than their length, are compared with the definition.
//! 5. **A session that an event does not extend is withdrawn and given again.** Ours is updated.
//! 6. **Dropped records are counted once for each closed window.** Ours counts records, and the
//!    closed windows of those that count elsewhere.

use std::collections::BTreeMap;

use bss::domain::EventTime;
use bss::streams::aggregate::Placed;

use crate::case::{Case, Emit, Kind, Record};
use crate::engine::{self, Run};
use crate::peer::Answer;
use crate::results::{Line, Totals};

/// How much of a case was compared.
#[derive(Clone, Copy, Debug, Default)]
pub struct Compared {
    pub lines: usize,
    pub left_out: usize,
    pub late: u64,
}

/// Compares one case.
///
/// # Errors
/// What is not equal.
pub fn compare(case: &Case, answer: &Answer) -> Result<Compared, String> {
    let finals = engine::run(case, engine::Emit::Final);
    let updates = engine::run(case, engine::Emit::Updates);
    let (mut ours, mut theirs) = match case.emit {
        Emit::Suppress if matches!(case.kind, Kind::Session { .. }) => {
            (suppressed(case, &updates.lines, case.wait()), answer.lines.clone())
        }
        Emit::Suppress | Emit::Close => (finals.lines.clone(), answer.lines.clone()),
        Emit::Updates => (updates.lines.clone(), given_once(&answer.lines)),
    };
    let sliding = matches!(case.kind, Kind::Sliding { .. });
    if sliding {
        theirs = ending_with_events(case, &theirs);
    }
    if sliding || case.emit != Emit::Updates {
        // Those of one step come in the order of a store.
        ours.sort();
        theirs.sort();
    }
    if sliding && case.emit == Emit::Updates {
        theirs.dedup();
    }
    let all = ours.len();
    let (strays, reopened) = (strays(case), reopened(case, &finals));
    let comparable = |line: &Line| {
        let near = |(step, stray): &(usize, Record)| {
            let reach = line.start - (line.end - line.start)..=line.end;
            *step <= line.step && stray.key == line.key && reach.contains(&stray.time)
        };
        reopened.get(line.key).is_none_or(|step| line.step < *step) && !strays.iter().any(near)
    };
    ours.retain(comparable);
    theirs.retain(comparable);
    if ours != theirs {
        return Err(different("bss", &ours, "Kafka Streams", &theirs));
    }
    agree(case, &finals, &updates)?;
    if reopened.is_empty() {
        dropped(case, &finals, strays.len(), answer.dropped)?;
    }
    let late = finals.tally.late;
    Ok(Compared { lines: ours.len(), left_out: all - ours.len(), late })
}

/// Each record with the stream time that it makes.
fn with_stream_time(case: &Case) -> impl Iterator<Item = (usize, Record, i64)> {
    let mut stream_time = i64::MIN;
    case.records.iter().enumerate().map(move |(step, record)| {
        stream_time = stream_time.max(record.time);
        (step, *record, stream_time)
    })
}

/// What holds without the other side: each record is counted or late, finals are what the updates
/// end with, and they hold what they should.
fn agree(case: &Case, finals: &Run, updates: &Run) -> Result<(), String> {
    let all = u64::try_from(case.records.len()).expect("a small number");
    let tally = finals.tally;
    if tally.counted + tally.late != all || updates.tally != tally {
        return Err(format!("finals {tally:?}, updates {:?}, records {all}", updates.tally));
    }
    if (finals.open, updates.open) != (0, 0) {
        return Err(format!("still open: {} and {}", finals.open, updates.open));
    }
    let wait = match case.kind {
        Kind::Tumbling { .. } | Kind::Hopping { .. } => case.wait(),
        // Their end belongs to them.
        Kind::Sliding { .. } | Kind::Session { .. } => case.wait() + 1,
    };
    let mut last_updates = suppressed(case, &updates.lines, wait);
    let mut lines = finals.lines.clone();
    last_updates.sort();
    lines.sort();
    if lines != last_updates {
        return Err(different("bss's finals", &lines, "bss's updates", &last_updates));
    }
    if let Kind::Sliding { .. } = case.kind {
        let defined: Vec<Line> =
            lines.iter().map(|line| Line { totals: inside(case, finals, line), ..*line }).collect();
        if lines != defined {
            return Err(different("bss's finals", &lines, "the definition", &defined));
        }
    }
    Ok(())
}

/// The sliding window's events by the definition: those that counted and came before it closed.
fn inside(case: &Case, finals: &Run, line: &Line) -> Option<Totals> {
    let counted = case.records.iter().zip(&finals.placed).take(line.step);
    let mut totals: Option<Totals> = None;
    for (record, placed) in counted {
        let holds = record.key == line.key && (line.start..=line.end).contains(&record.time);
        if holds && matches!(placed, Placed::Counted { .. }) {
            let own = Totals::of(record.value);
            totals = Some(totals.map_or(own, |before| before.joined(&own)));
        }
    }
    totals
}

/// What `suppress` makes of updates (difference 1): a window waits with its last value until
/// stream time is at `end + wait`; what comes then goes out at once.
fn suppressed(case: &Case, updates: &[Line], wait: i64) -> Vec<Line> {
    let mut waiting: Vec<Line> = Vec::new();
    let mut out = Vec::new();
    let steps = with_stream_time(case).map(|(step, _, stream_time)| (step, stream_time));
    for (step, stream_time) in steps.chain([(case.records.len(), i64::MAX)]) {
        for update in updates.iter().filter(|update| update.step == step) {
            waiting.retain(|line| !line.same_window(update));
            waiting.push(*update);
        }
        let due = |line: &Line| line.end.saturating_add(wait) <= stream_time;
        let finals = waiting.iter().filter(|line| due(line) && line.totals.is_some());
        out.extend(finals.map(|line| Line { step, ..*line }));
        waiting.retain(|line| !due(line));
    }
    out
}

/// From which step on a key has a session again that was closed (difference 2).
fn reopened(case: &Case, finals: &Run) -> BTreeMap<&'static str, usize> {
    let mut from = BTreeMap::new();
    let (Kind::Session { gap }, Emit::Close) = (case.kind, case.emit) else { return from };
    for (step, record) in case.records.iter().enumerate() {
        let reopens = |line: &Line| {
            let reach = line.start - gap..=line.end + gap;
            line.key == record.key && line.step <= step && reach.contains(&record.time)
        };
        let counted = matches!(finals.placed[step], Placed::Counted { .. });
        if counted && finals.lines.iter().any(reopens) {
            from.entry(record.key).or_insert(step);
        }
    }
    from
}

/// Of their sliding windows those that end with an event which had come by then, in grace
/// (difference 3).
fn ending_with_events(case: &Case, lines: &[Line]) -> Vec<Line> {
    let ends = |line: &&Line| {
        with_stream_time(case).take(line.step + 1).any(|(_, record, stream_time)| {
            let in_grace = record.time + case.grace >= stream_time;
            in_grace && (record.key, record.time) == (line.key, line.end)
        })
    };
    lines.iter().filter(ends).copied().collect()
}

/// The strays among the events of sliding windows (difference 4).
fn strays(case: &Case) -> Vec<(usize, Record)> {
    if !matches!(case.kind, Kind::Sliding { .. }) {
        return Vec::new();
    }
    with_stream_time(case)
        .filter(|(_, record, stream_time)| record.time + case.grace < *stream_time)
        .map(|(step, record, _)| (step, record))
        .collect()
}

/// No withdrawal of a window that the same step gives again (difference 5).
fn given_once(lines: &[Line]) -> Vec<Line> {
    let again = |line: &Line| {
        lines.iter().any(|l| l.step == line.step && l.same_window(line) && l.totals.is_some())
    };
    lines.iter().filter(|line| line.totals.is_some() || !again(line)).copied().collect()
}

/// Whether their metric is what it must be by our count (difference 6).
fn dropped(case: &Case, ours: &Run, strays: usize, dropped: u64) -> Result<(), String> {
    if let Kind::Sliding { .. } = case.kind {
        // For a stray's own window, and for any closed one that they meet on the way.
        let least = u64::try_from(strays).expect("a small number");
        let fits = dropped >= least && (least > 0 || dropped == 0);
        return fits.then_some(()).ok_or_else(|| format!("dropped {dropped}, strays {least}"));
    }
    let window = engine::window(case.kind);
    let closed = |(record, placed): (&Record, &Placed)| match placed {
        // One of no length, alone, would be late; it is part of an open session.
        Placed::Counted { .. } if matches!(case.kind, Kind::Session { .. }) => 0,
        Placed::Counted { late_windows } => u64::from(*late_windows),
        Placed::Late { .. } => {
            let all = window.of(EventTime::from_millis(record.time)).count();
            u64::try_from(all).expect("a small number")
        }
    };
    let expected: u64 = case.records.iter().zip(&ours.placed).map(closed).sum();
    let told = || format!("dropped {dropped}, by our count {expected} ({:?})", ours.tally);
    (dropped == expected).then_some(()).ok_or_else(told)
}

/// The lines of one side only.
fn different(one: &str, ones: &[Line], other: &str, others: &[Line]) -> String {
    let times = |lines: &[Line], line: &Line| lines.iter().filter(|l| *l == line).count();
    let only = |these: &[Line], those: &[Line]| {
        let only = these.iter().filter(|line| times(these, line) > times(those, line));
        let only: String = only.map(|line| format!("    {line}\n")).collect();
        if only.is_empty() { "    none, or another order\n".to_owned() } else { only }
    };
    let (ones_only, others_only) = (only(ones, others), only(others, ones));
    format!("  only {one}:\n{ones_only}  only {other}:\n{others_only}")
}
