//! Exponential smoothing with additive error, trend and seasons: Holt-Winters in the innovations form
//! of Hyndman, Koehler, Ord and Snyder (2008), with any number of seasons as in Taylor (2003).

use super::minimum;
use super::regression::{Line, mean};

/// A weight as small does not move its part: sums of squares below are rounding.
const TINY: f64 = 1e-24;

/// How the level goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trend {
    None,
    Damped,
    Full,
}

/// How much of an error each part takes in.
struct Weights {
    level: f64,
    trend: f64,
    damping: f64,
    seasons: Vec<f64>,
}

#[derive(Clone)]
struct State {
    level: f64,
    trend: f64,
    seasons: Vec<Vec<f64>>,
}

impl State {
    /// Before the first value: the least squares of all of it, so that weights of zero are just that
    /// and larger ones forget it.
    fn first(history: &[f64], seasons: &[usize], trend: Trend) -> Self {
        let mut rest = history.to_vec();
        let mut parts = Vec::new();
        for &length in seasons {
            let season = Line::through(&rest, length).season;
            for (at, value) in rest.iter_mut().enumerate() {
                *value -= season[at % length];
            }
            parts.push(season);
        }
        if trend == Trend::None {
            return Self { level: mean(&rest), trend: 0.0, seasons: parts };
        }
        let line = Line::through(&rest, 1);
        Self { level: line.start - line.slope, trend: line.slope, seasons: parts }
    }

    fn expected(&self, weights: &Weights, at: usize) -> f64 {
        let seasons: f64 = self.seasons.iter().map(|s| s[at % s.len()]).sum();
        self.level + weights.damping * self.trend + seasons
    }

    fn learn(&mut self, weights: &Weights, at: usize, error: f64) {
        self.level += weights.damping * self.trend + weights.level * error;
        self.trend = weights.damping * self.trend + weights.trend * error;
        for (season, weight) in self.seasons.iter_mut().zip(&weights.seasons) {
            let length = season.len();
            season[at % length] += weight * error;
        }
    }

    /// Goes through the history; gives the sum of the squared errors of one step.
    fn follow(&mut self, weights: &Weights, history: &[f64]) -> f64 {
        let mut sum = 0.0;
        for (at, value) in history.iter().enumerate() {
            let error = value - self.expected(weights, at);
            sum += error * error;
            self.learn(weights, at, error);
        }
        sum
    }
}

impl Trend {
    /// Numbers in `[0, 1]` to weights within their usual bounds: trend below level, seasons below
    /// what the level leaves, damping from 0.8 to 0.98.
    fn weights(self, numbers: &[f64]) -> Weights {
        let mut numbers = numbers.iter().copied();
        let mut next = || numbers.next();
        let level = next().unwrap_or(0.0);
        let trend = if self == Self::None { 0.0 } else { level * next().unwrap_or(0.0) };
        let damping = if self == Self::Damped { 0.8 + 0.18 * next().unwrap_or(0.0) } else { 1.0 };
        let mut left = 1.0 - level;
        let seasons = numbers.map(|part| {
            let weight = part * left;
            left -= weight;
            weight
        });
        Weights { level, trend, damping, seasons: seasons.collect() }
    }

    /// Where the search for them begins.
    fn start(self, seasons: usize) -> Vec<f64> {
        let own: &[f64] = match self {
            Self::None => &[0.2],
            Self::Full => &[0.2, 0.1],
            Self::Damped => &[0.2, 0.1, 0.9],
        };
        own.iter().copied().chain(std::iter::repeat_n(0.1, seasons)).collect()
    }
}

/// The next `horizon` values by the model without, with damped or with full trend that has the least
/// corrected information criterion of Akaike. Each season has two cycles in the history at least.
#[must_use]
pub fn forecast(history: &[f64], seasons: &[usize], horizon: usize) -> Vec<f64> {
    let mut best: Option<(f64, Weights, State)> = None;
    for trend in [Trend::None, Trend::Damped, Trend::Full] {
        let first = State::first(history, seasons, trend);
        let start = trend.start(seasons.len());
        let error = |numbers: &[f64]| first.clone().follow(&trend.weights(numbers), history);
        let weights = trend.weights(&minimum::within_unit(&start, &error));
        let mut state = first.clone();
        let squares = state.follow(&weights, history);
        let states = 1 + usize::from(trend != Trend::None) + seasons.iter().sum::<usize>();
        let criterion = criterion(squares, history, start.len() + states + 1);
        if best.as_ref().is_none_or(|(least, ..)| criterion < *least) {
            best = Some((criterion, weights, state));
        }
    }
    let Some((_, weights, mut state)) = best else { return Vec::new() };
    (history.len()..history.len() + horizon)
        .map(|at| {
            let value = state.expected(&weights, at);
            state.learn(&weights, at, 0.0);
            value
        })
        .collect()
}

/// The corrected criterion of Akaike; a model with too many numbers for its history has an endless
/// one, and of those the first stays.
fn criterion(squares: f64, history: &[f64], numbers: usize) -> f64 {
    let (count, numbers) = (history.len() as f64, numbers as f64);
    let size: f64 = history.iter().map(|v| v * v).sum();
    let left = count - numbers - 1.0;
    if left <= 0.0 {
        return f64::INFINITY;
    }
    let mean = squares.max(TINY * size).max(f64::MIN_POSITIVE) / count;
    count * mean.ln() + 2.0 * numbers + 2.0 * numbers * (numbers + 1.0) / left
}
