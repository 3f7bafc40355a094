//! Means and standard deviations of what has been seen.

use std::collections::VecDeque;

/// Periods that trail.
const PERIODS: usize = 10;

/// Count, mean and sum of squared deviations, by Welford's recurrence (Technometrics 4, 1962): no
/// large sums are subtracted from each other.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    /// Takes a value in.
    pub fn add(&mut self, value: f64) {
        self.count += 1.0;
        let off = value - self.mean;
        self.mean += off / self.count;
        self.squares += off * (value - self.mean);
    }

    /// Both together (Chan, Golub, LeVeque 1979).
    fn with(self, other: &Self) -> Self {
        let count = self.count + other.count;
        if count == 0.0 {
            return self;
        }
        let off = other.mean - self.mean;
        Self {
            count,
            mean: self.mean + off * (other.count / count),
            squares: self.squares + other.squares + off * off * (self.count * other.count / count),
        }
    }

    /// The mean.
    pub const fn mean(&self) -> f64 {
        self.mean
    }

    /// How many standard deviations `value` is off the mean; 0 before there are `rows`.
    pub fn deviations(&self, value: f64, rows: f64, least: f64) -> f64 {
        self.units(value - self.mean, rows, least)
    }

    /// A distance in standard deviations, which are `least` at least; 0 before there are `rows`.
    pub fn units(&self, distance: f64, rows: f64, least: f64) -> f64 {
        if self.count < rows {
            return 0.0;
        }
        let deviation = (self.squares / (self.count - 1.0)).sqrt().max(least);
        if deviation > 0.0 { distance / deviation } else { 0.0 }
    }
}

/// The last ten closed periods and the one that is open.
#[derive(Clone, Debug, Default)]
pub(super) struct Trailing {
    open: Moments,
    closed: VecDeque<Moments>,
    of_closed: Moments,
}

impl Trailing {
    /// Takes a value in.
    pub fn add(&mut self, value: f64) {
        self.open.add(value);
    }

    /// Ends the period; the oldest one beyond ten goes.
    pub fn close(&mut self) {
        self.closed.push_back(std::mem::take(&mut self.open));
        if self.closed.len() > PERIODS {
            self.closed.pop_front();
        }
        self.of_closed = self.closed.iter().fold(Moments::default(), Moments::with);
    }

    /// All of them.
    pub fn moments(&self) -> Moments {
        self.of_closed.with(&self.open)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn moments_are_those_of_the_rows(rows in prop::collection::vec(-1e6..1e6f64, 2..400)) {
            let mut trailing = Trailing::default();
            for (at, row) in rows.iter().enumerate() {
                trailing.add(*row);
                if (at + 1) % 20 == 0 {
                    trailing.close();
                }
            }
            let open = rows.len() % 20;
            let first = (rows.len() - open).saturating_sub(20 * PERIODS);
            let kept = &rows[first..];
            let mean = kept.iter().sum::<f64>() / kept.len() as f64;
            let squares: f64 = kept.iter().map(|r| (r - mean).powi(2)).sum();
            let found = trailing.moments();
            prop_assert!((found.count - kept.len() as f64).abs() < 1e-9);
            prop_assert!((found.mean - mean).abs() < 1e-6);
            prop_assert!((found.squares - squares).abs() <= 1e-9 * squares.max(1.0));
        }
    }
}
