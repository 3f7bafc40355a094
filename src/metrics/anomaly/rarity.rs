//! How rare a deviation is in its own series.

use std::collections::VecDeque;
use std::f64::consts::PI;

/// Periods that are taken for granted before the first is over.
const PRIOR: f64 = 5.0;
/// The standard deviation of the logarithm of their highest deviations.
const PRIOR_SPREAD: f64 = 0.5;
/// Deviations below it are not told apart.
const LEAST: f64 = 0.5;
/// The least standard deviation of logarithms.
const LEAST_SPREAD: f64 = 0.1;
/// Highest deviations that are kept one by one.
const KEPT: usize = 100;
/// One is as high as another if it is two thirds of it.
const AS_HIGH: f64 = 2.0 / 3.0;
/// Euler's constant: the mean of the standard Gumbel distribution.
const EULER: f64 = 0.577_215_664_901_532_9;

/// The highest deviation of each period so far, and of the one that runs.
///
/// Extremes of equal blocks follow an extreme value distribution whatever the rows are (Gumbel,
/// Statistics of Extremes, 1958); it is fitted by moments to their logarithms, because deviations
/// of series with heavy tails differ by factors.
#[derive(Clone, Debug)]
pub(super) struct Rarity {
    count: f64,
    sum: f64,
    squares: f64,
    kept: VecDeque<f64>,
    highest: f64,
}

impl Rarity {
    /// One that expects `usual` as the highest deviation of a period.
    pub fn new(usual: f64) -> Self {
        let mean = usual.ln();
        Self {
            count: PRIOR,
            sum: PRIOR * mean,
            squares: PRIOR * (PRIOR_SPREAD * PRIOR_SPREAD + mean * mean),
            kept: VecDeque::new(),
            highest: 0.0,
        }
    }

    /// The rarity of a deviation, which is taken in: by how many standard deviations its logarithm is
    /// above the mean of the periods' highest, 0 at least. If some of the last hundred periods had
    /// one as high, it is no rarer than their share says.
    pub fn see(&mut self, deviation: f64) -> f64 {
        if deviation <= 0.0 {
            return 0.0;
        }
        self.highest = self.highest.max(deviation);
        let mean = self.sum / self.count;
        let variance = self.squares / self.count - mean * mean;
        let spread = variance.max(LEAST_SPREAD * LEAST_SPREAD).sqrt();
        let rarity = (deviation.ln() - mean) / spread;
        if rarity <= 0.0 {
            return 0.0;
        }
        let limit = (deviation * AS_HIGH).ln();
        let as_high = self.kept.iter().filter(|kept| **kept >= limit).count();
        if as_high == 0 {
            return rarity;
        }
        let share = as_high as f64 / (self.kept.len() as f64 + 1.0);
        rarity.min(gumbel(share).max(0.0))
    }

    /// Ends the period.
    pub fn close(&mut self) {
        let highest = std::mem::take(&mut self.highest);
        if highest <= 0.0 {
            return;
        }
        let logarithm = highest.max(LEAST).ln();
        self.count += 1.0;
        self.sum += logarithm;
        self.squares += logarithm * logarithm;
        self.kept.push_back(logarithm);
        if self.kept.len() > KEPT {
            self.kept.pop_front();
        }
    }
}

/// The standardised Gumbel value that a small share lies above.
fn gumbel(share: f64) -> f64 {
    (-share.ln() - EULER) / (PI / 6.0_f64.sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_comes_in_every_third_period_is_not_rare() {
        let mut rarity = Rarity::new(4.0);
        for period in 0..60 {
            rarity.see(if period % 3 == 0 { 20.0 } else { 2.0 });
            rarity.close();
        }
        assert!(rarity.see(20.0) < 0.5, "{}", rarity.see(20.0));
        assert!(rarity.see(200.0) > 2.0, "{}", rarity.see(200.0));
    }

    #[test]
    fn more_is_never_less_rare() {
        let mut rarity = Rarity::new(4.0);
        for period in 0..200 {
            rarity.see(1.0 + f64::from(period % 17));
            rarity.close();
        }
        let rare: Vec<f64> = (1..400).map(|d| rarity.see(f64::from(d))).collect();
        assert!(rare.windows(2).all(|pair| pair[0] <= pair[1]), "{rare:?}");
    }

    #[test]
    fn periods_without_a_deviation_say_nothing() {
        let mut rarity = Rarity::new(4.0);
        let first = rarity.clone().see(9.0);
        for _ in 0..50 {
            assert_eq!(rarity.see(0.0), 0.0);
            rarity.close();
        }
        assert_eq!(rarity.see(9.0), first);
    }
}
