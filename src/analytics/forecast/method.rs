//! The methods.

use super::decomposition;
use super::regression::{Line, mean};
use super::smoothing;

/// How many cycles a seasonal mean is of.
const CYCLES: usize = 4;
/// A position of the season that had one value in so many cycles keeps it: days on which a shop is
/// closed are nothing to be smoothed.
const STEADY: usize = 8;

/// How a history is carried on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Method {
    /// The mean of the last 4 values at the same position of the season; without a season, of all.
    SeasonalMean,
    /// The last value at the same position of the season.
    SeasonalNaive,
    /// Least squares on time and on the position in the season.
    SeasonalLinear,
    /// Least squares on time.
    Linear,
    /// Exponential smoothing.
    Ets,
    /// Season and trend by loess.
    Mstl,
    /// The mean of the best others in the back-test.
    Combined,
}

impl Method {
    /// Those that carry a history on by themselves, the simplest first.
    pub const SINGLE: [Self; 6] = [
        Self::SeasonalMean,
        Self::SeasonalNaive,
        Self::SeasonalLinear,
        Self::Linear,
        Self::Ets,
        Self::Mstl,
    ];

    /// The word in options and results.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::SeasonalMean => "seasonal-mean",
            Self::SeasonalNaive => "seasonal-naive",
            Self::SeasonalLinear => "seasonal-linear",
            Self::Linear => "linear",
            Self::Ets => "ets",
            Self::Mstl => "mstl",
            Self::Combined => "combined",
        }
    }

    /// How many values it needs, where the shortest season has `season` of them (1: no season).
    #[must_use]
    pub const fn needs(self, season: usize) -> usize {
        match self {
            Self::SeasonalMean | Self::SeasonalNaive | Self::Combined => season,
            Self::Linear => 2,
            Self::SeasonalLinear => 2 * season,
            Self::Ets => {
                if season > 1 {
                    2 * season
                } else {
                    3
                }
            }
            Self::Mstl => {
                if season > 1 {
                    2 * season
                } else {
                    usize::MAX
                }
            }
        }
    }

    /// The next `horizon` values; `None` if the history is too short or without a season, and for
    /// [`Self::Combined`], which takes others. Of several seasons the first is that of the simple
    /// methods; one that has not two cycles in the history is left out.
    #[must_use]
    pub fn forecast(self, history: &[f64], seasons: &[usize], horizon: usize) -> Option<Vec<f64>> {
        let season = seasons.first().copied().unwrap_or(1).max(1);
        if history.len() < self.needs(season) {
            return None;
        }
        let whole: Vec<usize> =
            seasons.iter().copied().filter(|s| *s > 1 && 2 * s <= history.len()).collect();
        let numbers = history.len()..history.len() + horizon;
        let line = |season| {
            let line = Line::through(history, season);
            numbers.clone().map(|number| line.at(number)).collect()
        };
        match self {
            Self::SeasonalMean if season == 1 => Some(vec![mean(history); horizon]),
            Self::SeasonalMean => Some(seasonal(history, season, horizon, CYCLES)),
            Self::SeasonalNaive => Some(seasonal(history, season, horizon, 1)),
            Self::SeasonalLinear => Some(steady(line(season), history, season)),
            Self::Linear => Some(line(1)),
            Self::Ets => {
                Some(steady(smoothing::forecast(history, &whole, horizon), history, season))
            }
            Self::Mstl => decomposition::forecast(history, &whole, horizon)
                .map(|values| steady(values, history, season)),
            Self::Combined => None,
        }
    }
}

/// The mean of the last `cycles` values at each position.
fn seasonal(history: &[f64], season: usize, horizon: usize, cycles: usize) -> Vec<f64> {
    let from = history.len() % season;
    let whole: Vec<&[f64]> = history[from..].chunks_exact(season).rev().take(cycles).collect();
    let of = |position: usize| whole.iter().map(|c| c[position]).sum::<f64>() / whole.len() as f64;
    (0..horizon).map(|step| of(step % season)).collect()
}

/// The values, but that of a position which had one and the same in the last cycles.
fn steady(mut values: Vec<f64>, history: &[f64], season: usize) -> Vec<f64> {
    let Some(from) = history.len().checked_sub(STEADY * season).filter(|_| season > 1) else {
        return values;
    };
    let last = &history[from..];
    for (step, value) in values.iter_mut().enumerate() {
        let mut own = last.iter().skip(step % season).step_by(season);
        let first = last[step % season];
        if own.all(|v| *v == first) {
            *value = first;
        }
    }
    values
}
