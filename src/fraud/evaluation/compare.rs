//! Two sets of rules over the same payments: which alerts and scores differ, and how much money is
//! concerned.

use std::collections::{BTreeMap, HashMap};

use rust_decimal::Decimal;

use crate::domain::Money;
use crate::domain::payment::{Currency, Score};
use crate::fraud::evaluation::history::Told;
use crate::fraud::evaluation::judge::Threshold;

/// Whose answer it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The rules as they are.
    Before,
    /// The rules that are tried.
    After,
}

impl Side {
    /// Both, in order.
    pub const BOTH: [Self; 2] = [Self::Before, Self::After];

    /// The word in reports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Before => "before",
            Self::After => "after",
        }
    }

    const fn at(self) -> usize {
        match self {
            Self::Before => 0,
            Self::After => 1,
        }
    }
}

#[derive(Clone, Debug)]
struct Paid {
    amount: Money,
    currency: Currency,
    scores: [Option<Score>; 2],
    alerted: [bool; 2],
}

/// How many alerts there are of one kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Under the rules as they are.
    pub before: u64,
    /// Under the rules that are tried.
    pub after: u64,
    /// The same under both.
    pub both: u64,
}

/// Takes both answers in.
#[derive(Debug, Default)]
pub struct Comparison {
    payments: HashMap<String, Paid>,
    tallies: BTreeMap<(String, String), Tally>,
    /// Alerts of which the other side has said nothing so far.
    single: HashMap<String, (Side, Told)>,
}

/// How scores went over a threshold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crossing {
    /// The threshold as given.
    pub threshold: String,
    /// Payments above it under the rules as they are.
    pub before: u64,
    /// Payments above it under the rules that are tried.
    pub after: u64,
    /// Only above it under the rules that are tried.
    pub up: u64,
    /// Only above it under the rules as they are.
    pub down: u64,
}

/// Payments and their sum.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// How many.
    pub payments: u64,
    /// Their amounts, digit for digit.
    pub amount: Decimal,
}

/// The payments of a currency that only one set of rules suspects: alerted, or scored above the
/// lowest threshold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Affected {
    /// The currency.
    pub currency: Currency,
    /// Suspected only under the rules that are tried.
    pub added: Sum,
    /// Suspected only under the rules as they are.
    pub dropped: Sum,
}

/// What differs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// How many payments were compared.
    pub payments: u64,
    /// Alerts by rule and severity.
    pub alerts: Vec<((String, String), Tally)>,
    /// Alerts that only one side has, in order of time.
    pub only: Vec<(Side, Told)>,
    /// Payments whose score rose.
    pub raised: u64,
    /// Payments whose score fell.
    pub lowered: u64,
    /// By threshold.
    pub crossings: Vec<Crossing>,
    /// By currency, where anything is affected.
    pub affected: Vec<Affected>,
}

impl Changes {
    /// Whether both sets of rules say the same of everything.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        self.only.is_empty() && self.raised == 0 && self.lowered == 0
    }
}

impl Comparison {
    /// Takes in a payment; of several events the amount of the first counts.
    pub fn pay(&mut self, id: &str, amount: Money, currency: Currency) {
        if !self.payments.contains_key(id) {
            let paid = Paid { amount, currency, scores: [None; 2], alerted: [false; 2] };
            self.payments.insert(id.to_owned(), paid);
        }
    }

    /// Takes in a score; of several events of a payment the highest counts.
    pub fn scored(&mut self, side: Side, id: &str, score: Score) {
        if let Some(paid) = self.payments.get_mut(id) {
            let own = &mut paid.scores[side.at()];
            *own = (*own).max(Some(score));
        }
    }

    /// Takes in an alert.
    pub fn told(&mut self, side: Side, alert: &Told) {
        for id in &alert.payment_ids {
            if let Some(paid) = self.payments.get_mut(id) {
                paid.alerted[side.at()] = true;
            }
        }
        let kind = (alert.rule.clone(), alert.severity.clone());
        let tally = self.tallies.entry(kind).or_default();
        match side {
            Side::Before => tally.before += 1,
            Side::After => tally.after += 1,
        }
        match self.single.get(&alert.id) {
            Some((other, _)) if *other != side => {
                tally.both += 1;
                self.single.remove(&alert.id);
            }
            Some(_) => {}
            None => {
                self.single.insert(alert.id.clone(), (side, alert.clone()));
            }
        }
    }

    /// What differs.
    #[must_use]
    pub fn changes(self, thresholds: &[Threshold]) -> Changes {
        let lowest = thresholds.iter().map(|t| t.score).min();
        let mut changes = Changes {
            payments: u64::try_from(self.payments.len()).unwrap_or(u64::MAX),
            crossings: thresholds.iter().map(|t| crossing(t, self.payments.values())).collect(),
            ..Changes::default()
        };
        let mut affected: BTreeMap<&str, Affected> = BTreeMap::new();
        for paid in self.payments.values() {
            let [before, after] = paid.scores;
            changes.raised += u64::from(after > before);
            changes.lowered += u64::from(after < before);
            let suspected = Side::BOTH.map(|side| {
                let high = lowest.zip(paid.scores[side.at()]).is_some_and(|(t, own)| own > t);
                high || paid.alerted[side.at()]
            });
            let [before, after] = suspected;
            if before == after {
                continue;
            }
            let own = affected.entry(paid.currency.code()).or_insert_with(|| Affected {
                currency: paid.currency,
                added: Sum::default(),
                dropped: Sum::default(),
            });
            if after { own.added.add(paid.amount) } else { own.dropped.add(paid.amount) }
        }
        changes.affected = affected.into_values().collect();
        changes.alerts = self.tallies.into_iter().collect();
        changes.only = self.single.into_values().collect();
        changes.only.sort_by(|(a_side, a), (b_side, b)| {
            (a.time, &a.id, a_side).cmp(&(b.time, &b.id, b_side))
        });
        changes
    }
}

impl Sum {
    fn add(&mut self, amount: Money) {
        self.payments += 1;
        self.amount = self.amount.saturating_add(amount.decimal());
    }
}

fn crossing<'a>(threshold: &Threshold, payments: impl Iterator<Item = &'a Paid>) -> Crossing {
    let mut own =
        Crossing { threshold: threshold.shown.clone(), before: 0, after: 0, up: 0, down: 0 };
    for paid in payments {
        let [before, after] = paid.scores.map(|s| s.is_some_and(|s| s > threshold.score));
        own.before += u64::from(before);
        own.after += u64::from(after);
        own.up += u64::from(after && !before);
        own.down += u64::from(before && !after);
    }
    own
}
