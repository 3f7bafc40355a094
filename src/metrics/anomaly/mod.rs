//! Anomalies in a series of measurements, judged row by row as they come.
//!
//! Online: what is said of a row depends on the rows before it and on itself, so an alarm of last
//! week is the one that would have been raised then. Three models look at each row:
//!
//! - *rhythm*: the value, on a logarithmic scale of the series' own size, against the earlier rows of
//!   the same two hours of a work day or of a weekend;
//! - *jump*: the step from the row before, against the last thousand steps and against those of the
//!   same two hours; the mean of both;
//! - *novelty*: the distance to the nearest value of the last two thousand rows.
//!
//! Each tells its deviation in standard deviations. How far one of them is to be noticed differs
//! from series to series, so a deviation is held against the highest ones of the [`PERIOD`]s before
//! (`rarity`); what comes every day is not rare. The rarities are added, and half the logarithm of
//! the number of periods is taken off: the longer a series is known, the more must be new about it.
//! The sum on a logistic scale is the score.
//!
//! The constants are round and were chosen on twenty series of the Numenta Anomaly Benchmark, whose
//! standard score they give 80.0; ARCHITECTURE.md says how far one of them halved or doubled moves
//! it, and what was tried without gain.

pub mod alarms;
mod nearest;
mod rarity;
pub mod row;
mod spread;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use nearest::Nearest;
use rarity::Rarity;
use spread::{Moments, Trailing};

/// Rows of a period: one of quiet after a score, and one whose highest deviation is remembered.
pub const PERIOD: usize = 100;
/// Rows before the first score.
pub const LEARNING: u64 = 200;
/// The least number of periods that the score reckons with: at the beginning all is new.
const FEWEST_PERIODS: f64 = 8.0;
/// What is taken off for each e-fold of periods.
const WEIGHT_OF_AGE: f64 = 0.5;
/// The sum of rarities, less the age, that has a score of 0.5.
const MIDDLE: f64 = -1.0;
/// Seconds of a slot of the day.
const SLOT: i64 = 2 * 60 * 60;
const SLOTS: usize = 12;
/// Rows of a slot before it says anything.
const SLOT_ROWS: f64 = 12.0;
/// Steps before the trailing ones say anything.
const STEPS: f64 = 30.0;
/// Values before one can be new.
const VALUES: f64 = 60.0;
/// How much of the logarithmic scale is logarithm: at the thirtieth part of the mean size it begins.
const SCALE: f64 = 30.0;
/// The least standard deviation, as a part of the mean size: rounding is no spread.
const LEAST: f64 = 1e-6;
/// Beyond it squares would overflow.
const LARGEST: f64 = 1e150;

/// The model that found most.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// Unusual for the time of day.
    Rhythm,
    /// An unusual step.
    Jump,
    /// Far from every value so far.
    Novelty,
}

impl Model {
    /// The word in results.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Rhythm => "RHYTHM",
            Self::Jump => "JUMP",
            Self::Novelty => "NOVELTY",
        }
    }
}

/// What the leading model says of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Finding {
    /// The model.
    pub model: Model,
    /// The value it expected: typical for the time of day, the one before, the nearest known.
    pub expected: f64,
    /// How many standard deviations the value is off, with its sign.
    pub deviations: f64,
}

/// What is said of a row.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Verdict {
    /// 0 (as ever, or still learning) to 1.
    pub score: f64,
    /// Whether a row of the period before had at least that score: its alarm stands for this one.
    pub repeated: bool,
    /// What stands out; none where nothing does.
    pub finding: Option<Finding>,
}

impl Verdict {
    /// The score if it is news, else 0.
    #[must_use]
    pub const fn news(&self) -> f64 {
        if self.repeated { 0.0 } else { self.score }
    }
}

/// What one measure of a row showed.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    deviations: f64,
    rarity: f64,
}

/// The state of one series: about 30 KB, whatever its length.
#[derive(Clone, Debug)]
pub struct Detector {
    rows: u64,
    before: f64,
    size: f64,
    values: Moments,
    levels: [Moments; 2 * SLOTS],
    steps_by_slot: [Moments; 2 * SLOTS],
    steps: Trailing,
    nearest: Nearest,
    /// Of the level, the step for the time of day, the step, the novelty.
    rarities: [Rarity; 4],
    quiet: Quiet,
}

impl Default for Detector {
    fn default() -> Self {
        Self {
            rows: 0,
            before: 0.0,
            size: 0.0,
            values: Moments::default(),
            levels: Default::default(),
            steps_by_slot: Default::default(),
            steps: Trailing::default(),
            nearest: Nearest::default(),
            rarities: [4.0, 4.0, 4.0, 1.0].map(Rarity::new),
            quiet: Quiet::default(),
        }
    }
}

impl Detector {
    /// How many rows it has seen.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// Judges the next row and learns it. `local` is its time in seconds since 1970 by the clock whose
    /// days the series follows. A value that is not a number is passed over, with a verdict of nothing.
    pub fn see(&mut self, local: i64, value: f64) -> Verdict {
        if value.is_nan() {
            return Verdict::default();
        }
        let value = value.clamp(-LARGEST, LARGEST);
        let slot = slot(local);
        self.size += (value.abs() - self.size) / (count(self.rows) + 1.0);
        let level = self.level(value);
        let step = if self.rows == 0 { 0.0 } else { value - self.before };
        let nearest = self.nearest.to(value);
        let seen = self.look(slot, level, step, nearest.map_or(0.0, |n| value - n));
        let verdict = self.judge(value, slot, nearest, &seen);
        self.learn(value, slot, level, step);
        verdict
    }

    /// The value on a scale that is straight near zero and logarithmic above.
    fn level(&self, value: f64) -> f64 {
        if self.size > 0.0 {
            (SCALE * value.abs() / self.size).ln_1p().copysign(value)
        } else {
            0.0
        }
    }

    /// The value of a level.
    fn value(&self, level: f64) -> f64 {
        level.abs().exp_m1().copysign(level) * self.size / SCALE
    }

    fn look(&mut self, slot: usize, level: f64, step: f64, distance: f64) -> [Seen; 4] {
        let least = LEAST * self.size;
        let deviations = [
            self.levels[slot].deviations(level, SLOT_ROWS, LEAST),
            self.steps_by_slot[slot].deviations(step, SLOT_ROWS, least),
            self.steps.moments().deviations(step, STEPS, least),
            self.values.units(distance, VALUES, least),
        ];
        let mut seen = [Seen::default(); 4];
        for ((seen, rarity), deviations) in seen.iter_mut().zip(&mut self.rarities).zip(deviations)
        {
            *seen = Seen { deviations, rarity: rarity.see(deviations.abs()) };
        }
        seen
    }

    fn judge(
        &mut self,
        value: f64,
        slot: usize,
        nearest: Option<f64>,
        [level, by_slot, step, novelty]: &[Seen; 4],
    ) -> Verdict {
        let jump = f64::midpoint(by_slot.rarity, step.rarity);
        let sum = level.rarity + jump + novelty.rarity;
        let periods = count(self.rows) / PERIOD as f64;
        let age = WEIGHT_OF_AGE * periods.max(FEWEST_PERIODS).ln();
        let learning = self.rows < LEARNING;
        let score = if sum > 0.0 && !learning { logistic(sum - age - MIDDLE) } else { 0.0 };
        let repeated = self.quiet.covers(score) && score > 0.0;
        if score == 0.0 {
            return Verdict { score, repeated, finding: None };
        }
        let (model, expected, seen) = if level.rarity >= jump && level.rarity >= novelty.rarity {
            (Model::Rhythm, self.value(self.levels[slot].mean()), level)
        } else if jump >= novelty.rarity {
            let most = if by_slot.rarity > step.rarity { by_slot } else { step };
            (Model::Jump, self.before, most)
        } else {
            (Model::Novelty, nearest.unwrap_or(value), novelty)
        };
        let finding = Some(Finding { model, expected, deviations: seen.deviations });
        Verdict { score, repeated, finding }
    }

    fn learn(&mut self, value: f64, slot: usize, level: f64, step: f64) {
        self.levels[slot].add(level);
        self.steps_by_slot[slot].add(step);
        self.steps.add(step);
        self.values.add(value);
        self.nearest.add(value);
        self.before = value;
        self.rows += 1;
        if self.rows.is_multiple_of(PERIOD as u64) {
            self.steps.close();
            self.rarities.iter_mut().for_each(Rarity::close);
        }
    }
}

/// Scores of the period before, as far as they still count: the highest first.
#[derive(Clone, Debug, Default)]
struct Quiet {
    row: u64,
    highest: VecDeque<(u64, f64)>,
}

impl Quiet {
    /// Whether one of the period before is as high; takes the score in.
    fn covers(&mut self, score: f64) -> bool {
        while self.highest.front().is_some_and(|(row, _)| row + (PERIOD as u64) < self.row) {
            self.highest.pop_front();
        }
        let covers = self.highest.front().is_some_and(|(_, highest)| *highest >= score);
        while self.highest.back().is_some_and(|(_, lower)| *lower <= score) {
            self.highest.pop_back();
        }
        self.highest.push_back((self.row, score));
        self.row += 1;
        covers
    }
}

/// The slot of the day, those of weekends behind those of work days.
fn slot(local: i64) -> usize {
    let days = local.div_euclid(86_400);
    // The first of January 1970 was a Thursday.
    let weekend = (days + 3).rem_euclid(7) >= 5;
    let slot = usize::try_from(local.rem_euclid(86_400) / SLOT).unwrap_or(0);
    slot + if weekend { SLOTS } else { 0 }
}

fn logistic(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn count(rows: u64) -> f64 {
    rows as f64
}
