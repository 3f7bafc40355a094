//! Few are heavy, many are light.

use crate::generate::random::Random;

/// Ranks by the law of Zipf and Mandelbrot: rank r is drawn in proportion to 1 / (r + flatness).
#[derive(Clone, Debug)]
pub struct Skew {
    /// For each rank the sum of the weights up to it.
    sums: Vec<u64>,
}

impl Skew {
    /// Over `count` ranks from 0, one at least; a larger `flatness` spares the first ones.
    #[must_use]
    pub fn new(count: u64, flatness: u64) -> Self {
        // Whole numbers, so that the sums are exact.
        const SCALE: u64 = 1 << 40;
        let mut sum = 0;
        let sums = (1..=count.max(1))
            .map(|rank| {
                sum += SCALE / (rank + flatness);
                sum
            })
            .collect();
        Self { sums }
    }

    /// A rank.
    pub fn draw(&self, random: &mut Random) -> u64 {
        let at = random.below(self.sums.last().copied().unwrap_or(1));
        self.sums.partition_point(|sum| *sum <= at) as u64
    }

    /// The share of a rank.
    #[must_use]
    pub fn share(&self, rank: u64) -> f64 {
        let at = usize::try_from(rank).unwrap_or(usize::MAX);
        let sum = |at: usize| self.sums.get(at).copied().unwrap_or(0);
        let before = at.checked_sub(1).map_or(0, sum);
        sum(at).saturating_sub(before) as f64 / self.sums.last().copied().unwrap_or(1) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_ranks_are_drawn_most() {
        let skew = Skew::new(1000, 5);
        let mut random = Random::new(1);
        let mut counts = vec![0_u32; 1000];
        for _ in 0..100_000 {
            counts[usize::try_from(skew.draw(&mut random)).unwrap()] += 1;
        }
        assert!(counts[0] > counts[9] && counts[9] > counts[99] && counts[99] > counts[999]);
        let top: u32 = counts[..10].iter().sum();
        assert!((18_000..22_000).contains(&top), "{top}");
        assert!((0..1000).map(|r| skew.share(r)).sum::<f64>() > 0.999);
        assert!((f64::from(counts[0]) / 1e5 - skew.share(0)).abs() < 0.003);
        assert_eq!(Skew::new(0, 0).draw(&mut random), 0);
    }
}
