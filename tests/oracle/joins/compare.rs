//! What is equal, and exactly where it is not: see the differences in `joins`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::joins::case::{Case, What};
use crate::joins::engine::{self, Told};

/// Kafka Streams' joins of a case.
const AT_ONCE: usize = 0;
const WAIT: usize = 1;
const CORRECTED: usize = 2;
const JOINS: usize = 3;

/// What Kafka Streams made of an order: the record that brought it, and the number of the tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Joined {
    pub step: usize,
    pub tier: Option<usize>,
}

/// What Kafka Streams made of a case: by join and order.
#[derive(Debug)]
pub struct Answer(pub [BTreeMap<usize, Joined>; JOINS]);

impl Answer {
    /// Reads the answer to a case of joins.
    pub fn of(answer: &Value) -> Self {
        let number = |text: &Value| text.as_str().map(|text| text.parse().expect("a number"));
        let known = |value: &Value| {
            usize::try_from(value.as_u64().expect("a number")).expect("a small number")
        };
        let mut joins = [const { BTreeMap::new() }; JOINS];
        for result in answer["results"].as_array().expect("results") {
            let joined = Joined { step: known(&result[0]), tier: number(&result[3]) };
            let order = number(&result[2]).expect("an order");
            let before = joins[known(&result[1])].insert(order, joined);
            assert_eq!(before, None, "an order is joined once: {result}");
        }
        Self(joins)
    }
}

/// How many orders were compared, by what became of them.
#[derive(Clone, Copy, Debug, Default)]
pub struct Compared {
    /// Compared with theirs without grace.
    pub at_once: usize,
    /// Told with a row that came within the wait.
    pub waited: usize,
    /// Told with none when the wait was over, and never corrected.
    pub absent: usize,
    /// Corrected after that.
    pub corrected: usize,
    /// Of all these: older than all rows.
    pub oldest: usize,
    /// Of all these: out of order.
    pub strays: usize,
    /// Of all these: told with a row.
    pub matched: usize,
    /// Not compared with theirs (differences 3 and 4).
    pub left_out: usize,
}

impl Compared {
    /// Takes more in.
    pub const fn join(&mut self, more: &Self) {
        self.at_once += more.at_once;
        self.waited += more.waited;
        self.absent += more.absent;
        self.corrected += more.corrected;
        self.oldest += more.oldest;
        self.strays += more.strays;
        self.matched += more.matched;
        self.left_out += more.left_out;
    }

    /// The number of each.
    pub const fn each(&self) -> [usize; 7] {
        let Self { at_once, waited, absent, corrected, oldest, strays, matched, .. } = *self;
        [at_once, waited, absent, corrected, oldest, strays, matched]
    }
}

/// An order of a case, and what becomes of it by the input alone.
struct Order<'a> {
    case: &'a Case,
    at: usize,
    /// The first row of its customer, by position.
    first_row: usize,
    /// The record that ends its wait, and the one that ends the time for a correction.
    wait_ends: usize,
    corrections_end: usize,
    stray: bool,
}

impl<'a> Order<'a> {
    fn of(case: &'a Case, at: usize) -> Self {
        let orders = || case.records.iter().enumerate().filter(|(_, r)| r.what == What::Order);
        let came = orders().take_while(|(n, _)| *n <= at).map(|(_, r)| r.time);
        let stream_time = came.max().expect("the order itself");
        let ends = |after: i64| {
            // Stream time is the largest of all, so that the first order this late moves it there.
            let due = |(n, time): &(usize, i64)| *n >= at && *time >= stream_time + after;
            let mut later = orders().map(|(n, r)| (n, if n <= at { stream_time } else { r.time }));
            later.find(due).map_or(case.records.len(), |(n, _)| n)
        };
        let customer = case.records[at].customer;
        let mut rows = case.records.iter();
        let first_row = rows.position(|r| r.customer == customer && r.what != What::Order);
        Self {
            case,
            at,
            first_row: first_row.unwrap_or(case.records.len() + 1),
            wait_ends: ends(case.wait),
            corrections_end: ends(case.wait + case.correct_for),
            stray: case.records[at].time < stream_time,
        }
    }

    /// Times and contents of the customer's rows that came before the record `step`.
    fn rows(&self, step: usize) -> impl Iterator<Item = (i64, Option<usize>)> {
        let customer = self.case.records[self.at].customer;
        self.case.records.iter().take(step).filter(move |r| r.customer == customer).filter_map(
            |record| match record.what {
                What::Order => None,
                What::Row(tier) => Some((record.time, Some(tier))),
                What::Deleted => Some((record.time, None)),
            },
        )
    }

    /// Whether a row came between two records.
    fn moved(&self, one: usize, other: usize) -> bool {
        self.rows(one).count() != self.rows(other).count()
    }

    /// Whether a deletion came at the very time of a row, and after it an older row (difference 6).
    fn deletion_lost(&self, step: usize) -> bool {
        let rows: Vec<(i64, Option<usize>)> = self.rows(step).collect();
        rows.iter().enumerate().any(|(at, (time, tier))| {
            let replaces = rows[..at].iter().any(|(t, tier)| t == time && tier.is_some());
            tier.is_none() && replaces && rows[at..].iter().any(|(t, _)| t < time)
        })
    }

    /// What theirs, with the rows that came before the record `step`, is in ours, and whether the
    /// order is older than all rows (difference 2).
    fn expected(&self, step: usize, theirs: Option<usize>) -> (Option<usize>, bool) {
        let own = self.case.records[self.at].time;
        // Of two of one instant the later to come holds.
        let last = |rows: Vec<(i64, Option<usize>)>| {
            rows.into_iter().max_by_key(|(time, _)| *time).and_then(|(_, tier)| tier)
        };
        match self.rows(step).map(|(time, _)| time).min() {
            Some(oldest) if own < oldest => {
                (last(self.rows(step).filter(|(time, _)| *time == oldest).collect()), true)
            }
            _ if self.deletion_lost(step) => {
                (last(self.rows(step).filter(|(time, _)| *time <= own).collect()), false)
            }
            _ => (theirs, false),
        }
    }

    /// Compares what ours told with theirs.
    fn compare(&self, ours: &[Told], answer: &Answer) -> Result<Compared, String> {
        let (first, last) = match ours {
            [one] => (one, one),
            [one, two] => (one, two),
            _ => return Err("told not once or twice".to_owned()),
        };
        let revisions: Vec<u64> = ours.iter().map(|told| told.revision).collect();
        if !matches!(revisions[..], [1] | [1, 2]) {
            return Err(format!("revisions {revisions:?}"));
        }
        let joined = |join: usize| answer.0[join].get(&self.at).copied().ok_or("theirs is silent");
        let mut compared = Compared { strays: usize::from(self.stray), ..Compared::default() };
        let waits = self.first_row > self.at;
        let absent = waits && self.first_row >= self.wait_ends;
        let (count, theirs, decided) = if !waits {
            (&mut compared.at_once, joined(AT_ONCE)?, self.at)
        } else if !absent {
            (&mut compared.waited, joined(WAIT)?, self.wait_ends)
        } else if ours.len() == 1 {
            (&mut compared.absent, joined(CORRECTED)?, self.corrections_end)
        } else {
            (&mut compared.corrected, joined(CORRECTED)?, last.step + 1)
        };
        *count += 1;
        self.in_time(first, last, absent)?;
        let apart = !self.stray && absent && first.step != joined(WAIT)?.step;
        if apart || (!waits && theirs.step != first.step) {
            return Err(format!("told at {}, theirs at {}", first.step, theirs.step));
        }
        if self.moved(decided, theirs.step) {
            return Ok(Compared { left_out: 1, ..Compared::default() });
        }
        let (expected, oldest) = self.expected(decided, theirs.tier);
        if last.tier != expected || (oldest && theirs.tier.is_some()) {
            return Err(format!("last told with {:?}, expected {expected:?}", last.tier));
        }
        self.says_why(last, absent)?;
        compared.oldest += usize::from(oldest);
        compared.matched += usize::from(expected.is_some());
        Ok(compared)
    }

    /// Whether it is told when it should be, and corrected only then.
    fn in_time(&self, first: &Told, last: &Told, absent: bool) -> Result<(), String> {
        let due = self.at.max(self.first_row.min(self.wait_ends));
        if first.step != due {
            return Err(format!("told at {}, not at {due}", first.step));
        }
        if first.revision == last.revision {
            return Ok(());
        }
        let right = if absent {
            // By a row, which no order brings.
            last.step >= self.first_row && last.step < self.corrections_end
        } else {
            self.first_row > self.at && last.step == self.wait_ends
        };
        right.then_some(()).ok_or_else(|| format!("corrected at {}", last.step))
    }

    /// Whether what is said of the row fits with it.
    fn says_why(&self, last: &Told, absent: bool) -> Result<(), String> {
        let all = self.case.records.len();
        let fits = match (last.tier, last.since, last.reason.as_deref()) {
            (Some(tier), Some(since), None) => self.rows(all).any(|r| r == (since, Some(tier))),
            (None, Some(since), Some("deleted")) => {
                !absent && self.rows(all).any(|r| r == (since, None))
            }
            (None, None, Some("absent")) => absent,
            _ => false,
        };
        fits.then_some(()).ok_or_else(|| format!("it says {last:?}"))
    }
}

/// Compares one case.
///
/// # Errors
/// What is not equal.
pub fn compare(case: &Case, answer: &Answer) -> Result<Compared, String> {
    let ours = engine::run(case);
    let orders = case.records.iter().enumerate().filter(|(_, r)| r.what == What::Order);
    let orders: Vec<usize> = orders.map(|(at, _)| at).collect();
    if !ours.keys().eq(orders.iter()) {
        return Err(format!("  told {:?}, of the orders {orders:?}", ours.keys()));
    }
    let mut all = Compared::default();
    for (at, told) in &ours {
        let order = Order::of(case, *at);
        let one = order.compare(told, answer).map_err(|fault| {
            let theirs: Vec<_> = answer.0.iter().map(|join| join.get(at)).collect();
            format!("  order {at}: {fault}\n    bss: {told:?}\n    Kafka Streams: {theirs:?}\n")
        })?;
        all.join(&one);
    }
    Ok(all)
}
