//! What both sides give, in one form: milliseconds, and the record that brought it.

use std::fmt;

use bss::streams::store::StoreValue;

/// What the records of a window come to; joining does not depend on the order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Totals {
    pub count: i64,
    pub sum: i64,
    pub min: i64,
    pub max: i64,
}

impl Totals {
    /// Of one value.
    pub const fn of(value: i64) -> Self {
        Self { count: 1, sum: value, min: value, max: value }
    }

    /// Takes more in.
    pub fn join(&mut self, more: &Self) {
        *self = self.joined(more);
    }

    /// Of both.
    pub fn joined(&self, other: &Self) -> Self {
        Self {
            count: self.count + other.count,
            sum: self.sum + other.sum,
            min: self.min.min(other.min),
            max: self.max.max(other.max),
        }
    }
}

impl StoreValue for Totals {
    fn encode(&self, out: &mut Vec<u8>) {
        for number in [self.count, self.sum, self.min, self.max] {
            out.extend_from_slice(&number.to_le_bytes());
        }
    }

    fn decode(bytes: &[u8]) -> Result<Self, String> {
        let mut numbers = bytes.chunks_exact(8).map(|b| b.try_into().map(i64::from_le_bytes));
        let mut next = || numbers.next().and_then(Result::ok).ok_or("32 bytes are wanted");
        Ok(Self { count: next()?, sum: next()?, min: next()?, max: next()? })
    }

    fn heap(&self) -> usize {
        0
    }
}

/// One result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Line {
    /// The number of the record that brought it, from 0; behind the last one, the end of the input.
    pub step: usize,
    pub key: &'static str,
    /// As Kafka Streams has it: a sliding window and a session end with their last event, the
    /// others behind it.
    pub start: i64,
    pub end: i64,
    /// `None`: withdrawn.
    pub totals: Option<Totals>,
}

impl Line {
    /// Whether two lines are of one window.
    pub fn same_window(&self, other: &Self) -> bool {
        (self.key, self.start, self.end) == (other.key, other.start, other.end)
    }

    /// The same with times counted from `zero`.
    pub const fn since(self, zero: i64) -> Self {
        Self { start: self.start - zero, end: self.end - zero, ..self }
    }

    /// In few words: record, key, window, count (n) and sum (s).
    pub fn brief(&self) -> String {
        let Self { step, key, start, end, totals } = self;
        match totals {
            Some(Totals { count, sum, .. }) => {
                format!("{step} {key} {start}..{end} n{count} s{sum}")
            }
            None => format!("{step} {key} {start}..{end} withdrawn"),
        }
    }
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "record {}: {} {}..{} ", self.step, self.key, self.start, self.end)?;
        match self.totals {
            Some(Totals { count, sum, min, max }) => {
                write!(f, "count {count} sum {sum} min {min} max {max}")
            }
            None => f.write_str("withdrawn"),
        }
    }
}
