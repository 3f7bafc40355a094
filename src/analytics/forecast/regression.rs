//! Least squares on a line through time, with a level for each position of the season.

/// A line, and what each position of the season adds to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Line {
    /// Where it is at the first value.
    pub start: f64,
    /// What it rises by from one value to the next.
    pub slope: f64,
    /// What each position of the season adds; they come to zero. Empty without a season.
    pub season: Vec<f64>,
}

impl Line {
    /// Least squares of `history` on its numbers in order of time and, where `season` is more than 1,
    /// a dummy for each position, of which each must occur. The slope is the one within positions,
    /// which solves the normal equations at once.
    #[must_use]
    pub fn through(history: &[f64], season: usize) -> Self {
        let season = season.max(1);
        let positions: Vec<(f64, f64)> = (0..season).map(|p| means(history, p, season)).collect();
        let (mut across, mut along) = (0.0, 0.0);
        for (at, value) in history.iter().enumerate() {
            let (time, mean) = positions[at % season];
            let from = at as f64 - time;
            across += from * (value - mean);
            along += from * from;
        }
        let slope = if along > 0.0 { across / along } else { 0.0 };
        let levels: Vec<f64> = positions.iter().map(|(time, mean)| mean - slope * time).collect();
        let start = mean(&levels);
        let season =
            if season == 1 { Vec::new() } else { levels.iter().map(|l| l - start).collect() };
        Self { start, slope, season }
    }

    /// The value at a number in order of time.
    #[must_use]
    pub fn at(&self, number: usize) -> f64 {
        let season =
            if self.season.is_empty() { 0.0 } else { self.season[number % self.season.len()] };
        self.start + self.slope * number as f64 + season
    }
}

/// The mean number and the mean value at one position of the season.
fn means(history: &[f64], position: usize, season: usize) -> (f64, f64) {
    let own = || (position..history.len()).step_by(season);
    let count = own().count().max(1) as f64;
    let (times, values) = own().fold((0.0, 0.0), |(t, v), at| (t + at as f64, v + history[at]));
    (times / count, values / count)
}

/// The mean; zero of nothing.
#[must_use]
pub fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_with_the_sign_of_time() {
        let line = Line::through(&[1.0, 3.0, 5.0, 7.0], 1);
        assert_eq!((line.start, line.slope), (1.0, 2.0));
        assert_eq!(line.at(4), 9.0);
        // By hand: t = 0..3, mean 1.5 and 2.5, sum of products 4.5 - 2, of squares 5.
        let line = Line::through(&[2.0, 2.0, 2.0, 4.0], 1);
        assert!((line.slope - 0.6).abs() < 1e-12 && (line.start - 1.6).abs() < 1e-12, "{line:?}");
    }

    #[test]
    fn residuals_are_orthogonal_to_time_and_to_every_dummy() {
        let history: Vec<f64> =
            (0..40_u32).map(|n| f64::from(n * n % 17) + 0.3 * f64::from(n)).collect();
        let line = Line::through(&history, 7);
        let residual = |at: usize| history[at] - line.at(at);
        let along: f64 = (0..40).map(|at| residual(at) * at as f64).sum();
        assert!(along.abs() < 1e-8, "{along}");
        for position in 0..7 {
            let own: f64 = (position..40).step_by(7).map(residual).sum();
            assert!(own.abs() < 1e-9, "{own}");
        }
    }
}
