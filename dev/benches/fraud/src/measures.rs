//! Area under the ROC curve, average precision, card precision and recall at the top, each with ties
//! counted as scikit-learn and the handbook's baselines count them.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

/// A payment of the test days.
pub struct Tested {
    /// In thousandths.
    pub score: u32,
    /// 0 if genuine.
    pub scenario: usize,
    /// Days since the epoch.
    pub day: i64,
    /// The customer's number.
    pub customer: usize,
}

/// How well scores and outcomes go together.
pub struct Measures {
    auc: f64,
    average_precision: f64,
    card_precision: f64,
    /// Of scenarios 1 to 3, in the top 1 %.
    recall: [f64; 3],
    /// Share of frauds and number of payments above 75 and above 90.
    above: [(f64, usize); 2],
}

impl Measures {
    /// The columns of [`fmt::Display`].
    pub const HEADER: &'static str = "AUC ROC | average precision | card precision@100 | \
        recall of scenario 1 / 2 / 3 in the top 1 % | precision above 75 (payments) | above 90";

    /// Measures.
    pub fn of(tested: &[Tested]) -> Self {
        // Score -> (payments, frauds, frauds by scenario), highest last.
        let mut levels: BTreeMap<u32, (f64, f64, [f64; 3])> = BTreeMap::new();
        for one in tested {
            let level = levels.entry(one.score).or_default();
            level.0 += 1.0;
            if one.scenario > 0 {
                level.1 += 1.0;
                level.2[one.scenario - 1] += 1.0;
            }
        }
        let all = tested.len() as f64;
        let frauds: f64 = levels.values().map(|level| level.1).sum();
        let (mut auc, mut average_precision) = (0.0, 0.0);
        let (mut seen, mut caught) = (0.0, 0.0);
        let mut found = [0.0; 3];
        let top = (all * 0.01).floor();
        for (count, own, by) in levels.values().rev() {
            let room = ((top - seen) / count).clamp(0.0, 1.0);
            found.iter_mut().zip(by).for_each(|(sum, n)| *sum += n * room);
            let genuine_below = (all - frauds) - (seen - caught) - (count - own) / 2.0;
            auc += own * genuine_below;
            seen += count;
            caught += own;
            average_precision += own / frauds * caught / seen;
        }
        let of = |scenario: usize| tested.iter().filter(|t| t.scenario == scenario).count() as f64;
        let above = [75_000, 90_000].map(|limit| {
            let high: Vec<&Tested> = tested.iter().filter(|t| t.score > limit).collect();
            let hits = high.iter().filter(|t| t.scenario > 0).count();
            (hits as f64 / high.len() as f64, high.len())
        });
        Self {
            auc: auc / frauds / (all - frauds),
            average_precision,
            card_precision: card_precision(tested, 100),
            recall: [found[0] / of(1), found[1] / of(2), found[2] / of(3)],
            above,
        }
    }
}

/// The mean over the days of the share of defrauded customers among the `most` highest; one that was
/// found is left out on later days. Among equal scores the lower number goes first.
fn card_precision(tested: &[Tested], most: usize) -> f64 {
    let mut days: BTreeMap<i64, BTreeMap<usize, (u32, bool)>> = BTreeMap::new();
    for one in tested {
        let own = days.entry(one.day).or_default().entry(one.customer).or_default();
        *own = (own.0.max(one.score), own.1 || one.scenario > 0);
    }
    let mut found: HashSet<usize> = HashSet::new();
    let mut sum = 0.0;
    for customers in days.values() {
        let mut ranked: Vec<(usize, (u32, bool))> = customers
            .iter()
            .map(|(c, own)| (*c, *own))
            .filter(|(c, _)| !found.contains(c))
            .collect();
        ranked.sort_by_key(|(_, (score, _))| std::cmp::Reverse(*score));
        let hits: Vec<usize> =
            ranked.iter().take(most).filter(|(_, own)| own.1).map(|(c, _)| *c).collect();
        sum += hits.len() as f64 / most as f64;
        found.extend(hits);
    }
    sum / days.len() as f64
}

impl fmt::Display for Measures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [one, two, three] = self.recall;
        let [high, critical] = self.above;
        write!(
            f,
            "{:.3} | {:.3} | {:.3} | {one:.2} / {two:.2} / {three:.2} | {:.2} ({}) | {:.2} ({})",
            self.auc,
            self.average_precision,
            self.card_precision,
            high.0,
            high.1,
            critical.0,
            critical.1
        )
    }
}
