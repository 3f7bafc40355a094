//! Card precision: how many of the customers that one looks into each day were defrauded.

use std::collections::{BTreeMap, HashSet};

use crate::domain::EventTime;

/// A scored payment of a day.
#[derive(Clone, Copy, Debug)]
pub struct Card<C, S> {
    /// The first instant of its day.
    pub day: EventTime,
    /// Who paid.
    pub customer: C,
    /// Its score.
    pub score: S,
    /// Whether it was fraud.
    pub fraud: bool,
}

/// The mean over the days of the share of defrauded customers among the `most` highest; none
/// without a day. (The fraud detection handbook's card precision top-k.)
///
/// A customer is as high as the highest payment of the day, and defrauded on it if any of its
/// payments was fraud. One that was found is left out on later days. The share is always of `most`,
/// also on a day with fewer customers; of equals the lesser customer goes first.
pub fn card_precision<C: Copy + Ord + std::hash::Hash, S: Copy + Ord>(
    payments: impl IntoIterator<Item = Card<C, S>>,
    most: usize,
) -> Option<f64> {
    let mut days: BTreeMap<EventTime, BTreeMap<C, (S, bool)>> = BTreeMap::new();
    for one in payments {
        let customers = days.entry(one.day).or_default();
        let own = customers.entry(one.customer).or_insert((one.score, one.fraud));
        *own = (own.0.max(one.score), own.1 || one.fraud);
    }
    if days.is_empty() || most == 0 {
        return None;
    }
    let mut found: HashSet<C> = HashSet::new();
    let mut hits = 0_u64;
    for customers in days.values() {
        let mut ranked: Vec<(C, (S, bool))> = customers
            .iter()
            .map(|(customer, own)| (*customer, *own))
            .filter(|(customer, _)| !found.contains(customer))
            .collect();
        // Stable: equals stay in the order of customers.
        ranked.sort_by_key(|(_, (score, _))| std::cmp::Reverse(*score));
        for (customer, _) in ranked.iter().take(most).filter(|(_, own)| own.1) {
            found.insert(*customer);
            hits += 1;
        }
    }
    Some(hits as f64 / (days.len() as f64 * most as f64))
}
