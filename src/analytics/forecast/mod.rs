//! How a series of sums goes on: several methods, the history's own test of them, and intervals.
//!
//! Pure: values in order of time in, forecasts out. [`Prepared`] tries the methods on the history
//! ([`backtest`]), chooses, and gives an [`Outlook`] with what the errors say of the next ones
//! ([`spread`]).

pub mod axis;
pub mod backtest;
pub mod decomposition;
pub mod evaluation;
pub mod measures;
pub mod method;
mod minimum;
pub mod periods;
pub mod regression;
pub mod smoothing;
pub mod spread;

use backtest::{Backtest, Trial, together};
use measures::filled;
use method::Method;
use regression::Line;
use spread::{Level, Spread};

/// What is asked of a history.
#[derive(Clone, Debug)]
pub struct Wish {
    /// How; `None` is by the best in the back-test.
    pub method: Option<Method>,
    /// After how many values the history repeats itself, the shortest first; empty if it does not.
    pub seasons: Vec<usize>,
    /// How many values.
    pub horizon: usize,
    /// Below which nothing is forecast.
    pub floor: Option<f64>,
}

/// There are too few values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{found} values where {needed} are needed")]
pub struct TooFew {
    /// How many there are.
    pub found: usize,
    /// How many are needed.
    pub needed: usize,
}

/// A history with its back-test.
#[derive(Clone, Debug)]
pub struct Prepared {
    history: Vec<f64>,
    wish: Wish,
    /// The test of the methods.
    pub backtest: Backtest,
}

/// A forecast.
#[derive(Clone, Debug, PartialEq)]
pub struct Expected {
    /// The value.
    pub value: f64,
    /// The interval of each level of [`Level::ALL`].
    pub within: Vec<(f64, f64)>,
}

/// How a history goes on.
#[derive(Clone, Debug, PartialEq)]
pub struct Outlook {
    /// By which method.
    pub method: Method,
    /// The next values.
    pub steps: Vec<Expected>,
    /// Their sum.
    pub total: Expected,
}

impl Prepared {
    /// Tries on `history` what is wished for.
    ///
    /// # Errors
    /// The history is too short for the method, or for a back-test of any.
    pub fn new(history: &[Option<f64>], wish: Wish) -> Result<Self, TooFew> {
        let season = wish.seasons.first().copied().unwrap_or(1);
        let needed = needed(wish.method, season);
        let found = history.len();
        if found < needed {
            return Err(TooFew { found, needed });
        }
        let every: Vec<Method> = Method::SINGLE.into_iter().chain([Method::Combined]).collect();
        let methods = match wish.method {
            None | Some(Method::Combined) => every,
            Some(method) => vec![method],
        };
        let backtest = Backtest::of(history, &wish.seasons, wish.horizon, &methods, wish.floor);
        if backtest.trials.is_empty() {
            return Err(TooFew { found: history.iter().flatten().count(), needed });
        }
        Ok(Self { history: filled(history, season), wish, backtest })
    }

    /// The trial that the wish comes to.
    #[must_use]
    pub fn chosen(&self) -> &Trial {
        let own = |t: &&Trial| Some(t.method) == self.wish.method;
        let trials = &self.backtest.trials;
        trials.iter().find(own).unwrap_or(&trials[0])
    }

    /// The slope of the least squares of the history on time: what it rises by from one value to the
    /// next.
    #[must_use]
    pub fn slope(&self) -> f64 {
        Line::through(&self.history, 1).slope
    }

    /// The mean of the history.
    #[must_use]
    pub fn mean(&self) -> f64 {
        regression::mean(&self.history)
    }

    /// How the history goes on by the chosen method.
    #[must_use]
    pub fn outlook(&self) -> Outlook {
        self.outlook_by(self.chosen())
    }

    /// How the history goes on by the method of a trial.
    #[must_use]
    pub fn outlook_by(&self, trial: &Trial) -> Outlook {
        let Wish { seasons, horizon, floor, .. } = &self.wish;
        let floor = floor.unwrap_or(f64::NEG_INFINITY);
        let carried = |method: Method| {
            let values = method.forecast(&self.history, seasons, *horizon).unwrap_or_default();
            values.into_iter().map(|v| v.max(floor)).collect::<Vec<f64>>()
        };
        let values = if trial.method == Method::Combined {
            let members: Vec<Vec<f64>> =
                self.backtest.members.iter().map(|m| carried(*m)).collect();
            together(members.iter().map(Vec::as_slice))
        } else {
            carried(trial.method)
        };
        let errors = self.backtest.errors(trial);
        let still = self.backtest.still(&errors, seasons.first().copied().unwrap_or(1));
        let spread = Spread::of(&errors, still, &self.backtest.origins.ends);
        let count = self.history.len();
        let around = |value: f64, half: &dyn Fn(Level) -> f64| Expected {
            value,
            within: Level::ALL
                .map(|level| ((value - half(level)).max(floor), value + half(level)))
                .to_vec(),
        };
        let steps = values.iter().enumerate();
        Outlook {
            method: trial.method,
            steps: steps
                .map(|(at, v)| around(*v, &|level| spread.half((count, at), level)))
                .collect(),
            total: around(values.iter().sum(), &|level| {
                spread.half_of_sum((count, *horizon), level)
            }),
        }
    }
}

/// How many values a method needs to be forecast with and tried once; `None` is any.
#[must_use]
pub fn needed(method: Option<Method>, season: usize) -> usize {
    match method {
        None | Some(Method::Combined) => season.max(3),
        Some(method) => method.needs(season).saturating_add(1).max(3),
    }
}

#[cfg(test)]
mod tests;
