//! How well a score ranks: area under the ROC curve, average precision, what the top holds.
//!
//! Payments of one score are one step, in whatever order they come: scikit-learn's
//! `roc_auc_score` and `average_precision_score` count them so.

use std::collections::BTreeMap;

/// Payments of one score.
#[derive(Clone, Copy, Debug, Default)]
struct Level {
    payments: u64,
    frauds: u64,
}

/// Payments by score, the highest first.
#[derive(Clone, Debug, Default)]
pub struct Ranking {
    levels: Vec<Level>,
    payments: u64,
    frauds: u64,
}

impl Ranking {
    /// Ranks payments, each given by its score and whether it was fraud.
    pub fn of<S: Ord>(payments: impl IntoIterator<Item = (S, bool)>) -> Self {
        let mut by_score: BTreeMap<S, Level> = BTreeMap::new();
        let mut own = Self::default();
        for (score, fraud) in payments {
            let level = by_score.entry(score).or_default();
            level.payments += 1;
            level.frauds += u64::from(fraud);
            own.payments += 1;
            own.frauds += u64::from(fraud);
        }
        own.levels = by_score.into_values().rev().collect();
        own
    }

    /// The probability that a random fraud has a higher score than a random genuine payment, equal
    /// scores counted half; none without a fraud or without a genuine payment.
    #[must_use]
    pub fn auc(&self) -> Option<f64> {
        let genuine = self.payments - self.frauds;
        if self.frauds == 0 || genuine == 0 {
            return None;
        }
        let (mut above, mut twice) = (0_u64, 0_u128);
        for level in &self.levels {
            let same = level.payments - level.frauds;
            let below = genuine - above - same;
            twice += u128::from(level.frauds) * (2 * u128::from(below) + u128::from(same));
            above += same;
        }
        Some(twice as f64 / (2 * u128::from(self.frauds) * u128::from(genuine)) as f64)
    }

    /// The mean over the frauds of the precision at each one's score: the sum of precision times
    /// gain in recall over the steps, without interpolation; none without a fraud.
    #[must_use]
    pub fn average_precision(&self) -> Option<f64> {
        if self.frauds == 0 {
            return None;
        }
        let (mut seen, mut caught, mut sum) = (0_u64, 0_u64, 0.0);
        for level in &self.levels {
            seen += level.payments;
            caught += level.frauds;
            if level.frauds > 0 {
                let gain = level.frauds as f64 / self.frauds as f64;
                sum += gain * (caught as f64 / seen as f64);
            }
        }
        Some(sum)
    }
}

/// How many payments of each group are among the `top` highest: where the last place falls among
/// equals, what to expect if they are drawn at random. `groups` is how many groups there are; a
/// payment may be of none.
pub fn in_top<S: Ord>(
    payments: impl IntoIterator<Item = (S, Option<usize>)>,
    top: u64,
    groups: usize,
) -> Vec<f64> {
    let mut by_score: BTreeMap<S, (u64, Vec<u64>)> = BTreeMap::new();
    for (score, group) in payments {
        let level = by_score.entry(score).or_insert_with(|| (0, vec![0; groups]));
        level.0 += 1;
        if let Some(group) = group {
            level.1[group] += 1;
        }
    }
    let mut found = vec![0.0; groups];
    let mut left = top;
    for (payments, own) in by_score.into_values().rev() {
        let taken = payments.min(left);
        let share = taken as f64 / payments as f64;
        found.iter_mut().zip(own).for_each(|(sum, n)| *sum += n as f64 * share);
        left -= taken;
        if left == 0 {
            break;
        }
    }
    found
}
