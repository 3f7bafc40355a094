//! The methods over many series: each is carried on from several origins, with nothing but what came
//! before them known, and held against what came.

use std::collections::BTreeMap;

use super::measures::{filled, missed, scale};
use super::method::Method;
use super::spread::Level;
use super::{Outlook, Prepared, Wish};

/// How the methods are held against what came.
#[derive(Clone, Debug)]
pub struct Protocol {
    /// What is asked at each origin.
    pub wish: Wish,
    /// How many origins a series has, the last one a horizon before its end.
    pub origins: usize,
    /// How many values lie between two.
    pub step: usize,
}

/// What a method missed by, over all origins of all series.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Score {
    /// How many forecasts there were.
    pub forecasts: u32,
    scaled: f64,
    symmetric: f64,
    values: u32,
    within: [u32; Level::ALL.len()],
    /// The time they took, in microseconds.
    pub micros: i64,
}

impl Score {
    /// The mean absolute error over that of the naive forecast of the season before the origin.
    #[must_use]
    pub fn scaled(&self) -> f64 {
        self.scaled / f64::from(self.forecasts)
    }

    /// The mean symmetric error in percent.
    #[must_use]
    pub fn symmetric(&self) -> f64 {
        self.symmetric / f64::from(self.forecasts)
    }

    /// How many percent of the values lay within the interval of each of [`Level::ALL`].
    #[must_use]
    pub fn covered(&self) -> [f64; Level::ALL.len()] {
        self.within.map(|within| 100.0 * f64::from(within) / f64::from(self.values))
    }

    fn add(&mut self, actual: &[Option<f64>], outlook: &Outlook, scale: f64) {
        let values: Vec<f64> = outlook.steps.iter().map(|s| s.value).collect();
        let Some(missed) = missed(actual, &values) else { return };
        self.forecasts += 1;
        self.scaled += missed.absolute / scale;
        self.symmetric += missed.symmetric;
        for (actual, step) in actual.iter().zip(&outlook.steps) {
            let Some(actual) = *actual else { continue };
            self.values += 1;
            for (count, (lower, upper)) in self.within.iter_mut().zip(&step.within) {
                *count += u32::from(*lower <= actual && actual <= *upper);
            }
        }
    }
}

/// Scores by method, `None` being the choice by back-test; and what was left out.
#[derive(Clone, Debug, Default)]
pub struct Evaluation {
    /// The scores.
    pub scores: BTreeMap<Option<Method>, Score>,
    /// How often the back-test chose each.
    pub chosen: BTreeMap<Method, u32>,
    /// Origins that say nothing: too little before them, nothing after, or never a change.
    pub left_out: u32,
}

impl Evaluation {
    /// Adds a series. `clock` gives microseconds.
    pub fn add(&mut self, series: &[Option<f64>], protocol: &Protocol, clock: &dyn Fn() -> i64) {
        for origin in 0..protocol.origins {
            let after = protocol.wish.horizon + origin * protocol.step;
            let end = series.len().checked_sub(after).filter(|end| *end > 0);
            if end.and_then(|end| self.add_origin(series, end, protocol, clock)).is_none() {
                self.left_out += 1;
            }
        }
    }

    fn add_origin(
        &mut self,
        series: &[Option<f64>],
        end: usize,
        protocol: &Protocol,
        clock: &dyn Fn() -> i64,
    ) -> Option<()> {
        let (before, after) = series.split_at(end);
        let actual = &after[..protocol.wish.horizon];
        let season = protocol.wish.seasons.first().copied().unwrap_or(1);
        let scale = scale(&filled(before, season), season)?;
        actual.iter().flatten().next()?;
        let began = clock();
        let prepared = Prepared::new(before, protocol.wish.clone()).ok()?;
        let tested = clock() - began;
        let chosen = prepared.chosen().method;
        for trial in &prepared.backtest.trials {
            let began = clock();
            let outlook = prepared.outlook_by(trial);
            let took = clock() - began;
            let score = self.scores.entry(Some(trial.method)).or_default();
            score.add(actual, &outlook, scale);
            score.micros += took;
            if protocol.wish.method.is_none() && trial.method == chosen {
                let score = self.scores.entry(None).or_default();
                score.add(actual, &outlook, scale);
                score.micros += tested + took;
            }
        }
        *self.chosen.entry(chosen).or_default() += 1;
        Some(())
    }
}
