//! Which customers' sessions end next: derived from their states, rebuilt with them.

use std::collections::{BTreeSet, HashMap};

use crate::domain::EventTime;

/// Customers by the next instant at which a session of theirs ends.
#[derive(Clone, Debug, Default)]
pub struct Deadlines {
    by_time: BTreeSet<(EventTime, Box<[u8]>)>,
    by_customer: HashMap<Box<[u8]>, EventTime>,
}

impl Deadlines {
    /// Notes the next end of `customer`'s sessions, in place of what was noted before.
    pub fn set(&mut self, customer: &[u8], next: Option<EventTime>) {
        let before = self.by_customer.get(customer).copied();
        if before == next {
            return;
        }
        let key = match before.and_then(|time| self.by_time.take(&(time, customer.into()))) {
            Some((_, key)) => key,
            None => customer.into(),
        };
        let Some(next) = next else {
            self.by_customer.remove(customer);
            return;
        };
        self.by_customer.insert(key.clone(), next);
        self.by_time.insert((next, key));
    }

    /// Takes the first customer whose end has come at `time`: in order of end, then of customer.
    pub fn pop_due(&mut self, time: EventTime) -> Option<(EventTime, Box<[u8]>)> {
        if self.by_time.first()?.0 > time {
            return None;
        }
        let first = self.by_time.pop_first()?;
        self.by_customer.remove(&first.1);
        Some(first)
    }

    /// The first end of all.
    #[must_use]
    pub fn next(&self) -> Option<EventTime> {
        self.by_time.first().map(|(time, _)| *time)
    }

    /// About how many bytes it holds: a tree is two thirds full as a rule, and a key takes 16.
    #[must_use]
    pub fn held(&self) -> u64 {
        let ends = self.by_time.len() * (size_of::<(EventTime, Box<[u8]>)>() * 3 / 2 + 16);
        let entry = size_of::<(Box<[u8]>, EventTime)>() + 1;
        let customers = self.by_customer.capacity() * entry + self.by_customer.len() * 16;
        (ends + customers) as u64
    }

    /// How many customers have an open session.
    #[must_use]
    pub fn len(&self) -> usize {
        self.by_customer.len()
    }

    /// Whether nobody has.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_customer.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn due_customers_come_in_order_and_once(
            notes in prop::collection::vec((0..8_u8, prop::option::of(0..20_i64)), 0..60),
            time in 0..25_i64,
        ) {
            let mut deadlines = Deadlines::default();
            let mut naive = std::collections::BTreeMap::new();
            for (customer, next) in notes {
                deadlines.set(&[customer], next.map(EventTime::from_micros));
                match next {
                    Some(next) => drop(naive.insert(customer, next)),
                    None => drop(naive.remove(&customer)),
                }
            }
            prop_assert_eq!(deadlines.len(), naive.len());
            prop_assert!(deadlines.held() >= 90 * naive.len() as u64);
            let mut due: Vec<(i64, u8)> =
                naive.into_iter().filter(|n| n.1 <= time).map(|(c, t)| (t, c)).collect();
            due.sort_unstable();
            let mut found = Vec::new();
            while let Some((at, customer)) = deadlines.pop_due(EventTime::from_micros(time)) {
                found.push((at.micros(), customer[0]));
            }
            prop_assert_eq!(found, due);
            prop_assert!(deadlines.next().is_none_or(|next| next.micros() > time));
        }
    }
}
