//! Which amounts are unusual for their customer: far from the median, in units of the usual distance
//! from it. Both stand still when one amount is far off.

/// A standard deviation of a normal distribution, in median absolute deviations.
const NORMAL: f64 = 1.4826;

/// What is usual of the payments of a customer in one currency.
#[derive(Clone, Debug, PartialEq)]
pub struct Usual {
    /// Whose.
    pub customer_id: String,
    /// In which currency.
    pub currency: String,
    /// How many payments.
    pub payments: usize,
    /// The median of the amounts.
    pub median: f64,
    /// The usual distance from it. Where most amounts are the same it would be zero: it is a
    /// hundredth of the median at least.
    pub spread: f64,
}

/// The middle of a sorted list, between the two middle ones of an even number; 0 of nothing.
fn middle(sorted: &[f64]) -> f64 {
    let (low, high) = (sorted.len().saturating_sub(1) / 2, sorted.len() / 2);
    match (sorted.get(low), sorted.get(high)) {
        // As PostgreSQL's percentile_cont does, to the last digit.
        (Some(low), Some(high)) if low != high => low + 0.5 * (high - low),
        (Some(low), _) => *low,
        (None, _) => 0.0,
    }
}

/// Looks for the amounts that are further off than so many usual distances.
#[derive(Clone, Debug, Default)]
pub struct Search {
    distance: f64,
    usual: Vec<Usual>,
    /// The distance of each that was found, and whose it is.
    off: Vec<(f64, usize)>,
}

impl Search {
    /// Begins with nothing.
    #[must_use]
    pub fn new(distance: u32) -> Self {
        Self { distance: f64::from(distance), ..Self::default() }
    }

    /// Takes in all amounts of a customer in a currency.
    pub fn add(&mut self, customer_id: String, currency: String, mut amounts: Vec<f64>) {
        amounts.sort_unstable_by(f64::total_cmp);
        let median = middle(&amounts);
        let mut off: Vec<f64> = amounts.iter().map(|amount| (amount - median).abs()).collect();
        off.sort_unstable_by(f64::total_cmp);
        let spread = (NORMAL * middle(&off)).max(0.01 * median).max(0.0001);
        let first = off.partition_point(|off| *off <= spread * self.distance);
        if first == off.len() {
            return;
        }
        let at = self.usual.len();
        self.off.extend(off[first..].iter().map(|off| (off / spread, at)));
        self.usual.push(Usual { customer_id, currency, payments: amounts.len(), median, spread });
    }

    /// How many amounts are that far off.
    #[must_use]
    pub const fn found(&self) -> usize {
        self.off.len()
    }

    /// The customers among whose amounts the `limit` furthest are; several may be as far as the last.
    #[must_use]
    pub fn furthest(mut self, limit: usize) -> Vec<Usual> {
        if let Some(last) = limit.checked_sub(1).filter(|last| *last < self.off.len()) {
            let (_, nth, _) = self.off.select_nth_unstable_by(last, |a, b| b.0.total_cmp(&a.0));
            let least = nth.0;
            self.off.retain(|(distance, _)| *distance >= least);
        }
        let wanted: std::collections::BTreeSet<usize> =
            self.off.iter().map(|(_, at)| *at).collect();
        let kept = self.usual.into_iter().enumerate().filter(|(at, _)| wanted.contains(at));
        kept.map(|(_, usual)| usual).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn search(customers: &[&[f64]]) -> Search {
        let mut search = Search::new(5);
        for (n, amounts) in customers.iter().enumerate() {
            search.add(format!("c{n}"), "EUR".to_owned(), amounts.to_vec());
        }
        search
    }

    #[test]
    fn the_middle_is_one_or_between_two() {
        for (sorted, expected) in
            [(&[][..], 0.0), (&[3.0], 3.0), (&[3.0, 4.0], 3.5), (&[1.0, 2.0, 9.0], 2.0)]
        {
            assert_eq!(middle(sorted), expected, "{sorted:?}");
        }
    }

    #[test]
    fn one_amount_does_not_move_what_is_usual() {
        let found = search(&[&[10.0, 11.0, 9.0, 500.0, 10.0], &[1.0, 2.0, 3.0, 4.0, 5.0]]);
        assert_eq!(found.found(), 1);
        let [usual] = &found.furthest(10)[..] else { panic!("one customer") };
        assert_eq!((&*usual.customer_id, usual.payments, usual.median), ("c0", 5, 10.0));
        assert_eq!(usual.spread, 1.4826);
        // Always the same amount: a hundredth of it is the usual distance.
        let found = search(&[&[100.0, 100.0, 100.0, 100.0, 106.0], &[100.0, 100.0, 100.0, 104.9]]);
        assert_eq!(found.found(), 1);
        assert_eq!(found.furthest(1)[0].spread, 1.0);
        // Nothing at all is usual.
        assert_eq!(search(&[&[0.0, 0.0, 0.0, 0.01]]).furthest(1)[0].spread, 0.0001);
    }

    #[test]
    fn the_furthest_of_all_customers() {
        let same: &[f64] = &[10.0, 11.0, 9.0, 500.0, 10.0];
        let further: &[f64] = &[10.0, 11.0, 9.0, 900.0, 800.0, 10.0, 10.0];
        let found = search(&[same, further, same]);
        assert_eq!(found.found(), 4);
        let names = |limit| {
            let usual = search(&[same, further, same]).furthest(limit);
            usual.into_iter().map(|u| u.customer_id).collect::<Vec<_>>()
        };
        assert_eq!(names(2), ["c1"]);
        assert_eq!(names(3), ["c0", "c1", "c2"], "two are as far as the third");
        assert_eq!(names(100), ["c0", "c1", "c2"]);
    }
}
