//! The differences by design (numbered in `joins`), each in a small case with what both sides make
//! of it. Times are milliseconds after [`ZERO`]; what Kafka Streams does by mistake is named so.

use crate::joins::case::{Case, Record, What, ZERO};
use crate::joins::compare::Answer;
use crate::joins::engine;

/// One difference. Results are `record order tier`, the tier being the number of the row's record
/// or `-`; ours with `again` for a correction.
pub struct Difference {
    /// What differs, with its number.
    what: &'static str,
    wait: i64,
    correct_for: i64,
    history: i64,
    /// Order, row or deletion; its customer and time.
    records: &'static [(&'static str, &'static str, i64)],
    ours: &'static str,
    /// Without grace, with the wait, with the wait and the time for corrections.
    theirs: [&'static str; 3],
}

const DAY: i64 = 86_400_000;

/// All of them.
pub const ALL: [Difference; 7] = [
    Difference {
        what: "1: an order whose customer is known does not wait for a newer row",
        wait: 5,
        correct_for: 0,
        history: DAY,
        records: &[("row", "a", 0), ("order", "a", 3), ("row", "a", 2), ("order", "b", 8)],
        ours: "1 1 0, 4 3 -",
        theirs: ["1 1 0, 3 3 -", "3 1 2, 4 3 -", "3 1 2, 4 3 -"],
    },
    Difference {
        what: "2: an order older than all rows takes the oldest",
        wait: 0,
        correct_for: 0,
        history: DAY,
        records: &[("row", "a", 9), ("row", "a", 5), ("order", "a", 4), ("order", "a", 5)],
        ours: "2 2 1, 3 3 1",
        theirs: ["2 2 -, 3 3 1", "2 2 -, 3 3 1", "2 2 -, 3 3 1"],
    },
    Difference {
        what: "3: the wait begins when an order comes, not at its own time",
        wait: 5,
        correct_for: 0,
        history: DAY,
        records: &[("order", "b", 9), ("order", "a", 4), ("row", "a", 0), ("order", "b", 14)],
        ours: "2 1 2, 3 0 -, 4 3 -",
        theirs: ["0 0 -, 1 1 -, 3 3 -", "1 1 -, 3 0 -, 4 3 -", "1 1 -, 3 0 -, 4 3 -"],
    },
    Difference {
        what: "4: the first row after the wait corrects, a better one does not",
        wait: 2,
        correct_for: 5,
        history: DAY,
        records: &[
            ("order", "a", 4),
            ("order", "b", 6),
            ("row", "a", 1),
            ("row", "a", 3),
            ("order", "b", 11),
        ],
        ours: "1 0 -, 2 0 2 again, 4 1 -, 5 4 -",
        theirs: ["0 0 -, 1 1 -, 4 4 -", "1 0 -, 4 1 -, 5 4 -", "4 0 3, 5 1 -, 5 4 -"],
    },
    Difference {
        what: "5: rows are kept by the customer's newest, not by the newest of all",
        wait: 0,
        correct_for: 0,
        history: DAY,
        records: &[
            ("row", "a", 0),
            ("row", "a", 2 * DAY),
            ("row", "b", 9 * DAY),
            ("row", "a", 3 * DAY),
            ("order", "a", 2 * DAY),
            ("order", "a", 3 * DAY),
        ],
        ours: "4 4 1, 5 5 3",
        theirs: ["4 4 1, 5 5 1", "4 4 1, 5 5 1", "4 4 1, 5 5 1"],
    },
    Difference {
        what: "5: before what is kept ours answers with the oldest",
        wait: 0,
        correct_for: 0,
        history: DAY,
        records: &[
            ("row", "a", 0),
            ("row", "a", 1),
            ("row", "a", 3 * DAY),
            ("order", "a", 0),
            ("order", "a", 1),
        ],
        ours: "3 3 1, 4 4 1",
        theirs: ["3 3 -, 4 4 -", "3 3 -, 4 4 -", "3 3 -, 4 4 -"],
    },
    Difference {
        what: "6: a deletion at the time of its row is lost with an older row (an error of theirs)",
        wait: 0,
        correct_for: 0,
        history: DAY,
        records: &[
            ("row", "a", 5),
            ("deletion", "a", 5),
            ("order", "a", 6),
            ("row", "a", 1),
            ("order", "a", 7),
        ],
        ours: "2 2 -, 4 4 -",
        theirs: ["2 2 -, 4 4 3", "2 2 -, 4 4 3", "2 2 -, 4 4 3"],
    },
];

impl Difference {
    /// As the other side is asked.
    pub fn case(&self) -> Case {
        let record = |(at, (what, customer, time)): (usize, &(&str, &'static str, i64))| {
            let what = match *what {
                "order" => What::Order,
                "row" => What::Row(at),
                _ => What::Deleted,
            };
            Record { customer, time: ZERO + time, what }
        };
        let records = self.records.iter().enumerate().map(record).collect();
        let Self { wait, correct_for, history, .. } = *self;
        Case { wait, correct_for, history, records }
    }

    /// Both sides' values, if they are not those written down.
    pub fn check(&self, answer: &Answer) -> Result<(), String> {
        let shown = |mut lines: Vec<(usize, usize, Option<usize>, bool)>| {
            lines.sort_unstable();
            let line = |(step, order, tier, again): &(usize, usize, Option<usize>, bool)| {
                let tier = tier.map_or_else(|| "-".to_owned(), |tier| tier.to_string());
                format!("{step} {order} {tier}{}", if *again { " again" } else { "" })
            };
            lines.iter().map(line).collect::<Vec<String>>().join(", ")
        };
        let ours = engine::run(&self.case());
        let ours = ours.iter().flat_map(|(order, told)| {
            told.iter().map(|told| (told.step, *order, told.tier, told.revision > 1))
        });
        let theirs = answer.0.each_ref().map(|join| {
            shown(join.iter().map(|(order, one)| (one.step, *order, one.tier, false)).collect())
        });
        let found = (shown(ours.collect()), theirs);
        let expected = (self.ours.to_owned(), self.theirs.map(str::to_owned));
        if found == expected {
            return Ok(());
        }
        Err(format!("{}\n  found    {found:?}\n  expected {expected:?}", self.what))
    }
}
