//! What is popular: what most of the newest sessions have. It fills lists that would be short.
//!
//! Counted anew once in `popular_every` of event time, over the sessions that ended by then, so
//! that it is the same list however often and by whom it is asked for.

use std::collections::BTreeMap;

use crate::domain::EventTime;
use crate::recommend::index::SessionIndex;

/// The most products kept; more than a list and all that a customer may have bought or seen.
const KEPT: usize = 256;

/// A popular product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PopularProduct {
    /// `productId`.
    pub product: Box<str>,
    /// Its category, if known.
    pub category: Option<Box<str>>,
    /// In how many sessions it is.
    pub sessions: u32,
}

/// The most popular products at some time.
#[derive(Clone, Debug, Default)]
pub struct Popular {
    counted_at: Option<EventTime>,
    products: Vec<PopularProduct>,
}

impl Popular {
    /// Counts over the newest `sessions`, unless the list of `as_of`'s span of `every` is the
    /// one that is there.
    pub fn refresh(&mut self, index: &SessionIndex, as_of: EventTime, every: i64, sessions: usize) {
        let micros = as_of.micros();
        let at = EventTime::from_micros(micros.saturating_sub(micros.rem_euclid(every.max(1))));
        if self.counted_at == Some(at) {
            return;
        }
        self.counted_at = Some(at);
        let mut counts = BTreeMap::new();
        for session in index.recent(at, sessions) {
            for product in index.products_of(session) {
                *counts.entry(*product).or_insert(0_u32) += 1;
            }
        }
        let mut counts: Vec<(u32, &str, u32)> =
            counts.into_iter().map(|(product, n)| (n, index.name(product), product)).collect();
        let order = |a: &(u32, &str, u32), b: &(u32, &str, u32)| b.0.cmp(&a.0).then(a.1.cmp(b.1));
        if counts.len() > KEPT {
            counts.select_nth_unstable_by(KEPT, order);
            counts.truncate(KEPT);
        }
        counts.sort_unstable_by(order);
        let kept = |(sessions, name, product): (u32, &str, u32)| PopularProduct {
            product: name.into(),
            category: index.category(product).map(Box::from),
            sessions,
        };
        self.products = counts.into_iter().map(kept).collect();
    }

    /// The products, the most popular first; ties in the order of their ids.
    #[must_use]
    pub fn products(&self) -> &[PopularProduct] {
        &self.products
    }
}
