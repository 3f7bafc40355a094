//! The history's own test of the methods: each carries it on from several earlier points, the origins,
//! and is held against what then came.

use super::measures::{filled, missed, scale};
use super::method::Method;
use super::regression::mean;

/// Origins at most.
const ORIGINS: usize = 10;
/// How many methods a combination is of at most, and how much worse than the best one may be.
const MEMBERS: usize = 3;
const NEAR: f64 = 1.5;
/// A single method must be better than the combination by so much: a few origins cannot tell less apart,
/// and the mean of several errs less where they differ.
const BETTER: f64 = 0.95;

/// Where a back-test begins, and how far it looks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origins {
    /// How many values come before each, the earliest first.
    pub ends: Vec<usize>,
    /// How many values are forecast from each.
    pub horizon: usize,
}

impl Origins {
    /// For a history of `count` values: the last one `horizon` before the end, the others half a
    /// horizon apart, none in the first half of the history nor before the first `least` values. A short
    /// history is asked for fewer steps.
    #[must_use]
    pub fn of(count: usize, horizon: usize, least: usize) -> Self {
        let first = least.max(count / 2).max(1);
        let horizon = horizon.min(count.saturating_sub(first).div_ceil(2)).max(1);
        let step = horizon.div_ceil(2);
        let last = count.saturating_sub(horizon);
        let back = (0..ORIGINS).map_while(|n| last.checked_sub(n * step));
        let mut ends: Vec<usize> = back.take_while(|end| *end >= first).collect();
        ends.reverse();
        Self { ends, horizon }
    }
}

/// A method in the back-test.
#[derive(Clone, Debug)]
pub struct Trial {
    /// The method.
    pub method: Method,
    /// What it forecast from each origin.
    pub forecasts: Vec<Vec<f64>>,
    /// The mean absolute error over the origins.
    pub absolute: f64,
    /// It over that of the naive forecast of the season within the history; `None` if that made none.
    pub scaled: Option<f64>,
    /// The mean symmetric error in percent.
    pub symmetric: f64,
}

/// A back-test.
#[derive(Clone, Debug)]
pub struct Backtest {
    /// From where it was made.
    pub origins: Origins,
    /// The methods that could be tried, the best first; the combination before one hardly better.
    pub trials: Vec<Trial>,
    /// What the combination is of.
    pub members: Vec<Method>,
    /// What came after each origin.
    actual: Vec<Vec<Option<f64>>>,
    scales: Vec<Option<f64>>,
}

impl Backtest {
    /// Tries `methods` on a history; nothing is forecast below `floor`.
    #[must_use]
    pub fn of(
        history: &[Option<f64>],
        seasons: &[usize],
        horizon: usize,
        methods: &[Method],
        floor: Option<f64>,
    ) -> Self {
        let season = seasons.first().copied().unwrap_or(1);
        let singles: Vec<Method> =
            Method::SINGLE.into_iter().filter(|m| methods.contains(m)).collect();
        let needs = || singles.iter().map(|m| m.needs(season)).filter(|n| *n < history.len());
        // Where there is room every method is tried; where there is little, those that need less.
        let roomy = needs().filter(|n| 2 * n <= history.len()).max();
        let least = roomy.or_else(|| needs().min()).unwrap_or(1);
        let origins = Origins::of(history.len(), horizon, least);
        let actual = |end: &usize| history[*end..*end + origins.horizon].to_vec();
        let trained: Vec<Vec<f64>> =
            origins.ends.iter().map(|end| filled(&history[..*end], season)).collect();
        let mut test = Self {
            actual: origins.ends.iter().map(actual).collect(),
            scales: trained.iter().map(|t| scale(t, season)).collect(),
            trials: Vec::new(),
            members: Vec::new(),
            origins,
        };
        for method in singles {
            let carried = |t: &Vec<f64>| method.forecast(t, seasons, test.origins.horizon);
            let forecasts: Option<Vec<Vec<f64>>> = trained.iter().map(carried).collect();
            let trial = forecasts.and_then(|f| test.trial(method, floored(f, floor)));
            test.trials.extend(trial);
        }
        if methods.contains(&Method::Combined) {
            test.combine();
        }
        test.rank();
        test
    }

    fn rank(&mut self) {
        let of = |t: &Trial| t.absolute * if t.method == Method::Combined { BETTER } else { 1.0 };
        self.trials.sort_by(|a, b| of(a).total_cmp(&of(b)));
    }

    fn combine(&mut self) {
        self.rank();
        let Some(best) = self.trials.first().map(|t| t.absolute) else { return };
        let near = self.trials.iter().take_while(|t| t.absolute <= NEAR * best).take(MEMBERS);
        let members: Vec<&Trial> = near.collect();
        if members.len() < 2 {
            return;
        }
        let origins = 0..self.origins.ends.len();
        let together = origins.map(|o| together(members.iter().map(|m| m.forecasts[o].as_slice())));
        let together: Vec<Vec<f64>> = together.collect();
        self.members = members.iter().map(|m| m.method).collect();
        let trial = self.trial(Method::Combined, together);
        self.trials.extend(trial);
    }

    fn trial(&self, method: Method, forecasts: Vec<Vec<f64>>) -> Option<Trial> {
        let each: Vec<_> = self.actual.iter().zip(&forecasts).map(|(a, f)| missed(a, f)).collect();
        let known: Vec<_> = each.iter().flatten().collect();
        if known.is_empty() || !known.iter().all(|m| m.absolute.is_finite()) {
            return None;
        }
        let scaled =
            each.iter().zip(&self.scales).filter_map(|(m, s)| Some((*m)?.absolute / (*s)?));
        let scaled: Vec<f64> = scaled.collect();
        Some(Trial {
            method,
            absolute: mean(&known.iter().map(|m| m.absolute).collect::<Vec<_>>()),
            scaled: (!scaled.is_empty()).then(|| mean(&scaled)),
            symmetric: mean(&known.iter().map(|m| m.symmetric).collect::<Vec<_>>()),
            forecasts,
        })
    }

    /// The errors of a trial by origin and step: what came less what was forecast; `None` where that is
    /// not known.
    #[must_use]
    pub fn errors(&self, trial: &Trial) -> Vec<Vec<Option<f64>>> {
        let of = |(actual, forecast): (&Vec<Option<f64>>, &Vec<f64>)| {
            actual.iter().zip(forecast).map(|(a, f)| a.map(|a| a - f)).collect()
        };
        self.actual.iter().zip(&trial.forecasts).map(of).collect()
    }

    /// The positions of the season at which a trial never erred, each of three errors at least: a day
    /// on which a shop is closed.
    #[must_use]
    pub fn still(&self, errors: &[Vec<Option<f64>>], season: usize) -> Vec<bool> {
        let mut found = vec![(0_u32, true); season.max(1)];
        for (end, origin) in self.origins.ends.iter().zip(errors) {
            for (step, error) in origin.iter().enumerate() {
                let (count, still) = &mut found[(end + step) % season.max(1)];
                *count += u32::from(error.is_some());
                *still &= error.is_none_or(|e| e == 0.0);
            }
        }
        found.into_iter().map(|(count, still)| still && count >= 3).collect()
    }
}

/// The mean of several forecasts.
pub fn together<'a>(forecasts: impl Iterator<Item = &'a [f64]> + Clone) -> Vec<f64> {
    let count = forecasts.clone().count().max(1) as f64;
    let steps = forecasts.clone().map(<[f64]>::len).min().unwrap_or(0);
    (0..steps).map(|step| forecasts.clone().map(|f| f[step]).sum::<f64>() / count).collect()
}

fn floored(mut forecasts: Vec<Vec<f64>>, floor: Option<f64>) -> Vec<Vec<f64>> {
    if let Some(floor) = floor {
        forecasts.iter_mut().flatten().for_each(|v| *v = v.max(floor));
    }
    forecasts
}
