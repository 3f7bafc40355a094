//! The differences by design (numbered in `compare.rs`), each in a small case with what both sides
//! make of it. Times are milliseconds after [`ZERO`]; what Kafka Streams does by mistake is named so.

use crate::case::{Case, Emit, Kind, Record};
use crate::engine;
use crate::peer::Answer;

/// The first midnight of 2026.
const ZERO: i64 = 1_767_225_600_000;

/// One difference.
pub struct Difference {
    /// What differs, with its number.
    pub what: &'static str,
    kind: Kind,
    grace: i64,
    emit: Emit,
    /// Key, time and value.
    records: &'static [(&'static str, i64, i64)],
    /// What ours gives: record, key, window, count and sum.
    ours: &'static str,
    /// What Kafka Streams gives.
    theirs: &'static str,
    /// Counted, late, late windows.
    tally: (u64, u64, u64),
    /// Kafka Streams' metric.
    dropped: u64,
}

/// All of them.
pub const ALL: [Difference; 11] = [
    Difference {
        what: "1: suppress lets a session go early, then again",
        kind: Kind::Session { gap: 5 },
        grace: 0,
        emit: Emit::Suppress,
        records: &[("a", 0, 1), ("b", 5, 1), ("a", 5, 2)],
        ours: "3 a 0..5 n2 s3, 3 b 5..5 n1 s1",
        theirs: "1 a 0..0 n1 s1, 3 a 0..5 n2 s3, 3 b 5..5 n1 s1",
        tally: (3, 0, 0),
        dropped: 0,
    },
    Difference {
        what: "1: suppress lets a sliding window go early, then again",
        kind: Kind::Sliding { difference: 5 },
        grace: 0,
        emit: Emit::Suppress,
        records: &[("a", 0, 1), ("a", 0, 2)],
        ours: "2 a -5..0 n2 s3",
        theirs: "0 a -5..0 n1 s1, 1 a -5..0 n2 s3",
        tally: (2, 0, 0),
        dropped: 0,
    },
    Difference {
        what: "2: a closed session opens again in a store that keeps it",
        kind: Kind::Session { gap: 5 },
        grace: 0,
        emit: Emit::Close,
        records: &[("a", 0, 1), ("b", 6, 1), ("a", 5, 2)],
        ours: "1 a 0..0 n1 s1, 3 a 5..5 n1 s2, 3 b 6..6 n1 s1",
        theirs: "1 a 0..0 n1 s1, 3 a 0..5 n2 s3, 3 b 6..6 n1 s1",
        tally: (3, 0, 0),
        dropped: 0,
    },
    Difference {
        what: "2: it does not in one that forgets it when it closes",
        kind: Kind::Session { gap: 5 },
        grace: 0,
        emit: Emit::Suppress,
        records: &[("a", 0, 1), ("b", 6, 1), ("a", 5, 2)],
        ours: "1 a 0..0 n1 s1, 3 a 5..5 n1 s2, 3 b 6..6 n1 s1",
        theirs: "1 a 0..0 n1 s1, 3 a 5..5 n1 s2, 3 b 6..6 n1 s1",
        tally: (3, 0, 0),
        dropped: 0,
    },
    Difference {
        what: "3: sliding windows begin after events too",
        kind: Kind::Sliding { difference: 5 },
        grace: 0,
        emit: Emit::Close,
        records: &[("a", 0, 1), ("a", 3, 2)],
        ours: "1 a -5..0 n1 s1, 2 a -2..3 n2 s3",
        theirs: "1 a -5..0 n1 s1, 2 a -2..3 n2 s3, 2 a 1..6 n1 s2",
        tally: (2, 0, 0),
        dropped: 0,
    },
    Difference {
        what: "3: one that also ends with an event is given twice",
        kind: Kind::Sliding { difference: 3 },
        grace: 0,
        emit: Emit::Updates,
        records: &[("a", 0, 1), ("a", 1, 2), ("a", 5, 4)],
        ours: "0 a -3..0 n1 s1, 1 a -2..1 n2 s3, 2 a 2..5 n1 s4",
        theirs: "0 a -3..0 n1 s1, 1 a 1..4 n1 s2, 1 a -2..1 n2 s3, 2 a 2..5 n1 s4, 2 a 2..5 n1 s4",
        tally: (3, 0, 0),
        dropped: 0,
    },
    Difference {
        what: "4: a stray that none of ours had is in a window to come",
        kind: Kind::Sliding { difference: 9 },
        grace: 0,
        emit: Emit::Close,
        records: &[("a", 0, 1), ("b", 9, 1), ("a", 5, 2), ("a", 11, 4)],
        ours: "1 a -9..0 n1 s1, 3 b 0..9 n1 s1, 4 a 2..11 n1 s4",
        theirs: "1 a -9..0 n1 s1, 3 a 1..10 n1 s2, 3 b 0..9 n1 s1, 4 a 2..11 n2 s6, 4 a 6..15 n1 s4",
        tally: (3, 1, 0),
        dropped: 1,
    },
    Difference {
        what: "4: a stray that an open window has is not in one to come",
        kind: Kind::Sliding { difference: 5 },
        grace: 2,
        emit: Emit::Close,
        records: &[("a", 6, 1), ("a", 2, 2), ("a", 5, 4)],
        ours: "3 a 0..5 n2 s6, 3 a 1..6 n3 s7",
        theirs: "3 a 0..5 n1 s4, 3 a 1..6 n3 s7, 3 a 3..8 n2 s5, 3 a 6..11 n1 s1",
        tally: (3, 0, 1),
        dropped: 1,
    },
    Difference {
        what: "4: a stray is in a window that begins after it (an error of theirs)",
        kind: Kind::Sliding { difference: 80 },
        grace: 0,
        emit: Emit::Close,
        records: &[("a", 0, 1), ("b", 58, 1), ("a", 37, 2), ("a", 60, 4), ("a", 118, 8)],
        ours: "1 a -80..0 n1 s1, 3 b -22..58 n1 s1, 4 a -20..60 n2 s5, 5 a 38..118 n2 s12",
        theirs: "1 a -80..0 n1 s1, 3 b -22..58 n1 s1, 4 a -20..60 n2 s5, 4 a 1..81 n2 s6, 5 a 38..118 n3 s14, 5 a 61..141 n1 s8",
        tally: (4, 1, 0),
        dropped: 1,
    },
    Difference {
        what: "5: a session that an event does not extend",
        kind: Kind::Session { gap: 5 },
        grace: 0,
        emit: Emit::Updates,
        records: &[("a", 0, 1), ("a", 4, 2), ("a", 2, 4)],
        ours: "0 a 0..0 n1 s1, 1 a 0..0 withdrawn, 1 a 0..4 n2 s3, 2 a 0..4 n3 s7",
        theirs: "0 a 0..0 n1 s1, 1 a 0..0 withdrawn, 1 a 0..4 n2 s3, 2 a 0..4 withdrawn, 2 a 0..4 n3 s7",
        tally: (3, 0, 0),
        dropped: 0,
    },
    Difference {
        what: "6: dropped records are counted by window",
        kind: Kind::Hopping { size: 4, advance: 1 },
        grace: 0,
        emit: Emit::Close,
        records: &[("b", 12, 1), ("a", 10, 2), ("a", 8, 4)],
        ours: "3 a 9..13 n1 s2, 3 a 10..14 n1 s2, 3 b 9..13 n1 s1, 3 b 10..14 n1 s1, 3 b 11..15 n1 s1, 3 b 12..16 n1 s1",
        theirs: "3 a 9..13 n1 s2, 3 a 10..14 n1 s2, 3 b 9..13 n1 s1, 3 b 10..14 n1 s1, 3 b 11..15 n1 s1, 3 b 12..16 n1 s1",
        tally: (2, 1, 2),
        dropped: 6,
    },
];

impl Difference {
    /// As the other side is asked.
    pub fn case(&self) -> Case {
        let record = |(key, time, value): &(&'static str, i64, i64)| Record {
            key,
            time: ZERO + time,
            value: *value,
        };
        let records = self.records.iter().map(record).collect();
        Case { kind: self.kind, grace: self.grace, emit: self.emit, records }
    }

    /// Both sides' values, if they are not those written down.
    pub fn check(&self, answer: &Answer) -> Result<(), String> {
        let emit = match self.emit {
            Emit::Updates => engine::Emit::Updates,
            Emit::Suppress | Emit::Close => engine::Emit::Final,
        };
        let mut run = engine::run(&self.case(), emit);
        let mut theirs = answer.lines.clone();
        if self.emit != Emit::Updates {
            run.lines.sort();
            theirs.sort();
        }
        let shown = |lines: &[crate::results::Line]| {
            let lines = lines.iter().map(|line| line.since(ZERO).brief());
            lines.collect::<Vec<String>>().join(", ")
        };
        let tally = (run.tally.counted, run.tally.late, run.tally.late_windows);
        let found = (shown(&run.lines), shown(&theirs), tally, answer.dropped);
        let expected = (self.ours.to_owned(), self.theirs.to_owned(), self.tally, self.dropped);
        if found == expected {
            return Ok(());
        }
        Err(format!("{}\n  found    {found:?}\n  expected {expected:?}", self.what))
    }
}
