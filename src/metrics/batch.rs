//! The rows of one batch: in the order of their key, each key once; and the ways round a row the
//! server refuses.

use std::ops::Range;

use crate::metrics::sample::Sample;

/// A batch's rows, sorted and told apart. Numbers are positions in the list that was arranged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Arranged {
    /// The rows to send, in the order of their key.
    pub keep: Vec<usize>,
    /// Rows that repeat an earlier one.
    pub duplicates: Vec<usize>,
    /// Rows with the key of an earlier one and other content: the row, the earlier one.
    pub conflicting: Vec<(usize, usize)>,
    /// Rows with the key of one of a higher revision.
    pub corrected: Vec<usize>,
}

/// Sorts `rows` by their key; of rows with one key the highest revision is kept, of these the first
/// of the file.
#[must_use]
pub fn arrange(rows: &[Sample<'_>]) -> Arranged {
    let mut order: Vec<usize> = (0..rows.len()).collect();
    order.sort_unstable_by(|a, b| {
        let (one, other) = (&rows[*a], &rows[*b]);
        let newest_first = || other.revision().cmp(&one.revision());
        one.key_order(other).then_with(newest_first).then(a.cmp(b))
    });
    let mut arranged = Arranged { keep: Vec::with_capacity(rows.len()), ..Arranged::default() };
    for at in order {
        match arranged.keep.last() {
            Some(&first) if rows[first].key_order(&rows[at]).is_eq() => {
                if rows[at].revision() < rows[first].revision() {
                    arranged.corrected.push(at);
                } else if rows[first].same_content(&rows[at]) {
                    arranged.duplicates.push(at);
                } else {
                    arranged.conflicting.push((at, first));
                }
            }
            _ => arranged.keep.push(at),
        }
    }
    arranged
}

/// Whether the next batch is sent by COPY straight into the table or through the staging table.
///
/// A COPY that meets a stored key costs the whole batch, so after two such batches in a row the
/// staging table comes first, and COPY is tried again every 20th batch.
#[derive(Clone, Copy, Debug, Default)]
pub struct Way {
    conflicts: u32,
    staged: u32,
}

/// Conflicting batches in a row after which staging comes first.
const PATIENCE: u32 = 2;
/// Staged batches after which COPY is tried again.
const RETRY: u32 = 20;

impl Way {
    /// Whether COPY is tried first.
    #[must_use]
    pub const fn copies(&self) -> bool {
        self.conflicts < PATIENCE || self.staged + 1 >= RETRY
    }

    /// Notes how a batch went: whether COPY was tried, and whether it met a stored key.
    pub const fn went(&mut self, copied: bool, conflict: bool) {
        if !copied {
            self.staged += 1;
            return;
        }
        self.staged = 0;
        self.conflicts = if conflict { self.conflicts.saturating_add(1) } else { 0 };
    }
}

/// What is left to try of a batch that the server refused: halves, until the row is found.
#[derive(Clone, Debug)]
pub struct Halving {
    left: Vec<Range<usize>>,
}

impl Halving {
    /// All `rows` rows are still to be sent.
    #[must_use]
    pub fn new(rows: usize) -> Self {
        let left = if rows == 0 { Vec::new() } else { vec![Range { start: 0, end: rows }] };
        Self { left }
    }

    /// The next range to send.
    pub fn next_range(&mut self) -> Option<Range<usize>> {
        self.left.pop()
    }

    /// The server refused `range` for its data: gives the row if it is only one, else comes back
    /// with both halves, the first one first.
    pub fn refused(&mut self, range: Range<usize>) -> Option<usize> {
        if range.len() <= 1 {
            return Some(range.start);
        }
        let middle = range.start + range.len() / 2;
        self.left.push(middle..range.end);
        self.left.push(range.start..middle);
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::EventTime;
    use crate::domain::payment::Currency;
    use crate::metrics::decode::{Decoder, Rules};
    use crate::metrics::kind::Kind;
    use crate::metrics::wishes::Wishes;
    use proptest::prelude::*;

    fn lines(specs: &[(u8, u8)]) -> Vec<String> {
        let line = |(id, amount): &(u8, u8)| {
            format!(
                r#"{{"paymentId":"p{id}","customerId":"c","amount":"{amount}","status":"PENDING",
                "timestamp":1767225600000}}"#
            )
        };
        specs.iter().map(line).collect()
    }

    fn read(kind: Kind, lines: &[String]) -> Vec<Sample<'_>> {
        let rules = Rules {
            currency: Currency::new("EUR").unwrap(),
            round: false,
            latest: EventTime::from_micros(i64::MAX),
            floor: None,
        };
        let decoder = Decoder::ndjson(kind, &Wishes::none(kind));
        lines.iter().map(|l| decoder.decode(l.as_bytes(), &rules).unwrap().sample).collect()
    }

    #[test]
    fn sorts_and_tells_duplicates_from_conflicts() {
        let lines = lines(&[(3, 1), (1, 1), (3, 1), (1, 2), (2, 1), (1, 1)]);
        let arranged = arrange(&read(Kind::Payment, &lines));
        assert_eq!(arranged.keep, [1, 4, 0]);
        assert_eq!(arranged.duplicates, [5, 2]);
        assert_eq!(arranged.conflicting, [(3, 1)]);
    }

    #[test]
    fn the_highest_revision_of_a_key_is_kept() {
        let line = |value: u8, revision: u8| {
            format!(
                r#"{{"eventId":"e","customerId":"c","metricName":"m","metricValue":{value},
                "timestamp":1767225600000,"revision":{revision}}}"#
            )
        };
        let lines = [line(1, 1), line(2, 2), line(1, 1), line(2, 2), line(3, 2)];
        let arranged = arrange(&read(Kind::Customer, &lines));
        assert_eq!((arranged.keep, arranged.corrected), (vec![1], vec![0, 2]));
        assert_eq!((arranged.duplicates, arranged.conflicting), (vec![3], vec![(4, 1)]));
    }

    #[test]
    fn goes_to_staging_after_two_and_tries_copy_every_twentieth() {
        let mut way = Way::default();
        for _ in 0..2 {
            assert!(way.copies());
            way.went(true, true);
        }
        for round in 0..2 {
            for n in 0..19 {
                assert!(!way.copies(), "round {round}, batch {n}");
                way.went(false, true);
            }
            assert!(way.copies());
            way.went(true, round == 0);
        }
        assert!(way.copies(), "a clean COPY brings COPY back");
    }

    proptest! {
        /// Whatever the split, the rows kept are the same, and each row is accounted for.
        #[test]
        fn any_split_keeps_the_same_rows(
            specs in prop::collection::vec((0u8..12, 0u8..3), 0..40),
            size in 1usize..41,
        ) {
            let lines = lines(&specs);
            let rows = read(Kind::Payment, &lines);
            let whole = arrange(&rows);
            let mut stored: Vec<Sample<'_>> = Vec::new();
            let (mut duplicate, mut conflicting) = (0, 0);
            for batch in rows.chunks(size) {
                let arranged = arrange(batch);
                duplicate += arranged.duplicates.len();
                conflicting += arranged.conflicting.len();
                for at in arranged.keep {
                    match stored.iter().find(|s| s.key_order(&batch[at]).is_eq()) {
                        None => stored.push(batch[at].clone()),
                        Some(s) if s.same_content(&batch[at]) => duplicate += 1,
                        Some(_) => conflicting += 1,
                    }
                }
            }
            stored.sort_by(Sample::key_order);
            let expected: Vec<_> = whole.keep.iter().map(|at| rows[*at].clone()).collect();
            prop_assert_eq!(&stored, &expected);
            prop_assert_eq!(stored.len() + duplicate + conflicting, rows.len());
        }

        /// Halving finds exactly the refused rows, and sends every other row once.
        #[test]
        fn halving_finds_the_rows(
            rows in 0usize..200,
            bad in prop::collection::btree_set(0usize..200, 0..6),
        ) {
            let mut halving = Halving::new(rows);
            let (mut sent, mut found) = (Vec::new(), Vec::new());
            while let Some(range) = halving.next_range() {
                if range.clone().any(|r| bad.contains(&r)) {
                    found.extend(halving.refused(range));
                } else {
                    sent.extend(range);
                }
            }
            let expected: Vec<usize> = bad.iter().copied().filter(|b| *b < rows).collect();
            prop_assert_eq!(&found, &expected);
            let good: Vec<usize> = (0..rows).filter(|r| !bad.contains(r)).collect();
            prop_assert_eq!(sent, good);
        }
    }
}
