//! What holds for any history, and the histories that operators asked about.

use std::cell::Cell;

use proptest::prelude::*;

use super::evaluation::{Evaluation, Protocol};
use super::method::Method;
use super::periods::{Bucket, Gaps};
use super::spread::Level;
use super::*;

const EVERY: [Method; 7] = [
    Method::SeasonalMean,
    Method::SeasonalNaive,
    Method::SeasonalLinear,
    Method::Linear,
    Method::Ets,
    Method::Mstl,
    Method::Combined,
];

fn wish(method: Option<Method>, seasons: &[usize], horizon: usize) -> Wish {
    Wish { method, seasons: seasons.to_vec(), horizon, floor: None }
}

fn known(history: &[f64]) -> Vec<Option<f64>> {
    history.iter().copied().map(Some).collect()
}

fn ahead(history: &[f64], wish: Wish) -> Vec<f64> {
    let prepared = Prepared::new(&known(history), wish).expect("enough");
    prepared.outlook().steps.iter().map(|s| s.value).collect()
}

/// Uniform numbers from a seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> f64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(self.0 >> 32).unwrap()) / f64::from(u32::MAX)
    }

    /// About normal: twelve rolls.
    fn noise(&mut self) -> f64 {
        (0..12).map(|_| self.roll()).sum::<f64>() - 6.0
    }
}

/// Weeks of a shop: a level, a trend, a week, noise.
fn shop(days: u32, trend: f64, noise: f64, seed: u64) -> Vec<f64> {
    let mut dice = Dice(seed);
    let week = [0.0, 10.0, 20.0, 25.0, 40.0, 80.0, -30.0];
    let day = |n: u32| 300.0 + trend * f64::from(n) + week[usize::try_from(n % 7).unwrap()];
    (0..days).map(|n| day(n) + noise * dice.noise()).collect()
}

#[track_caller]
fn near(found: &[f64], wanted: impl Iterator<Item = f64>, within: f64) {
    for (at, (found, wanted)) in found.iter().zip(wanted).enumerate() {
        assert!((found - wanted).abs() <= within, "{found} is not {wanted} at {at}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn a_shifted_or_scaled_history_has_a_shifted_or_scaled_forecast(
        seed in any::<u64>(), days in 30_u32..90, shift in -1e4..1e4_f64, scale in 0.01..1e4_f64,
    ) {
        let history = shop(days, 0.5, 8.0, seed);
        let moved: Vec<f64> = history.iter().map(|v| shift + scale * v).collect();
        for method in [Method::SeasonalMean, Method::SeasonalNaive, Method::SeasonalLinear,
            Method::Linear, Method::Ets, Method::Mstl]
        {
            let plain = method.forecast(&history, &[7], 10).unwrap();
            let moved = method.forecast(&moved, &[7], 10).unwrap();
            for (plain, moved) in plain.iter().zip(&moved) {
                let back = (moved - shift) / scale;
                // What is searched for is found to the search's own accuracy.
                let exact = !matches!(method, Method::Ets | Method::Mstl);
                let within = if exact { 1e-6 } else { 4.0 };
                prop_assert!((plain - back).abs() < within * (1.0 + shift.abs() / scale / 1e6),
                    "{method:?}: {plain} {back}");
            }
        }
    }

    #[test]
    fn any_history_has_a_finite_forecast_within_its_intervals(
        history in prop::collection::vec(
            prop::option::weighted(0.9, prop_oneof![Just(0.0), -1e15..1e15_f64, 0.0..1.0_f64]), 3..60),
        season in 1_usize..9, horizon in 1_usize..40,
    ) {
        for method in EVERY.into_iter().map(Some).chain([None]) {
            let mut wish = wish(method, &[season], horizon);
            wish.seasons.retain(|s| *s > 1);
            wish.floor = Some(0.0);
            let Ok(prepared) = Prepared::new(&history, wish) else { continue };
            let outlook = prepared.outlook();
            prop_assert_eq!(outlook.steps.len(), horizon);
            for step in outlook.steps.iter().chain([&outlook.total]) {
                prop_assert!(step.value.is_finite() && step.value >= 0.0, "{:?}", step);
                let [(low80, high80), (low95, high95)] = step.within[..] else { panic!() };
                prop_assert!(0.0 <= low80 && low80 <= step.value && step.value <= high80, "{:?}", step);
                prop_assert!(low95 <= step.value && step.value <= high95, "{:?}", step);
            }
        }
    }
}

#[test]
fn a_season_and_a_constant_are_forecast_exactly() {
    let week = |n: u32| f64::from(n % 7 * 10 + 5);
    let history: Vec<f64> = (0..70).map(week).collect();
    let seasonal = EVERY.into_iter().filter(|m| *m != Method::Linear).map(Some).chain([None]);
    for method in seasonal {
        near(&ahead(&history, wish(method, &[7], 17)), (70..).map(week), 1e-6);
    }
    for method in EVERY.into_iter().map(Some).chain([None]) {
        near(&ahead(&[3000.0; 40], wish(method, &[7], 9)), std::iter::repeat(3000.0), 1e-6);
        near(&ahead(&[0.0; 40], wish(method, &[7], 9)), std::iter::repeat(0.0), 0.0);
    }
}

#[test]
fn a_line_goes_on_with_its_own_sign() {
    // The report of growing sales that were said to fall: history in order of time, today not in it.
    let growing: Vec<f64> = (0..30_u32).map(|n| 1000.0 + 50.0 * f64::from(n)).collect();
    let falling: Vec<f64> = growing.iter().rev().copied().collect();
    for method in [Method::Linear, Method::SeasonalLinear, Method::Ets] {
        let up = ahead(&growing, wish(Some(method), &[7], 7));
        near(&up, (30..).map(|n| 1000.0 + 50.0 * f64::from(n)), 1e-3);
        let down = ahead(&falling, wish(Some(method), &[7], 7));
        near(&down, (1..).map(|n| 1000.0 - 50.0 * f64::from(n)), 1e-3);
    }
    let prepared = Prepared::new(&known(&growing), wish(None, &[7], 7)).unwrap();
    assert!((prepared.slope() - 50.0).abs() < 1e-9);
    assert!(prepared.outlook().steps[6].value > 2500.0, "{:?}", prepared.outlook());
    let falling = Wish { floor: Some(0.0), ..wish(Some(Method::Linear), &[7], 60) };
    let steps = Prepared::new(&known(&growing.iter().rev().copied().collect::<Vec<_>>()), falling);
    let steps = steps.unwrap().outlook().steps;
    assert_eq!((steps[59].value, steps[59].within[0].0), (0.0, 0.0));
}

/// The next month of a shop whose months had these sums, as seen on a day of the month after.
fn next_month(sums: &[u32], running: &str) -> (f64, f64) {
    let mut days = std::collections::BTreeMap::new();
    for (month, sum) in (1_i8..).zip(sums) {
        if *sum > 0 {
            let day = jiff::civil::Date::new(2026, month, 15).unwrap();
            days.insert(day, rust_decimal::Decimal::from(*sum));
        }
    }
    let begin = "2026-01-01".parse().ok();
    let months = Bucket::Month.history(&days, begin, running.parse().unwrap(), Gaps::Zero);
    assert_eq!(months.values.len(), 6);
    let as_numbers =
        |v: &Option<rust_decimal::Decimal>| v.map(|v| f64::from(u32::try_from(v).unwrap()));
    let values: Vec<Option<f64>> = months.values.iter().map(as_numbers).collect();
    let prepared = Prepared::new(&values, wish(None, &[], 1)).unwrap();
    (prepared.outlook().steps[0].value, prepared.mean())
}

#[test]
fn a_month_that_has_begun_takes_nothing_from_the_next() {
    for running in ["2026-07-03", "2026-07-28"] {
        // Three days of the seventh month with 300.
        let (next, mean) = next_month(&[3000, 3000, 3000, 3000, 3000, 3000, 300], running);
        assert_eq!((next, mean), (3000.0, 3000.0));
        let (next, mean) = next_month(&[1000, 0, 1000, 0, 1000, 0, 300], running);
        assert_eq!((next, mean), (500.0, 500.0));
        assert_eq!(next_month(&[0, 1000, 0, 0, 1000, 1000, 0], running).1, 500.0);
    }
}

#[test]
fn too_little_is_told_with_what_is_needed() {
    for (method, count, needed) in [
        (None, 6, 7),
        (Some(Method::Linear), 2, 3),
        (Some(Method::SeasonalNaive), 7, 8),
        (Some(Method::SeasonalLinear), 14, 15),
        (Some(Method::Ets), 14, 15),
        (Some(Method::Mstl), 14, 15),
    ] {
        let few = |count: usize| Prepared::new(&vec![Some(1.0); count], wish(method, &[7], 14));
        assert_eq!(few(count).unwrap_err(), TooFew { found: count, needed }, "{method:?}");
        let outlook = few(needed).unwrap().outlook();
        assert_eq!(outlook.steps.len(), 14, "{method:?}");
    }
    assert!(Prepared::new(&[None; 30], wish(None, &[7], 14)).is_err());
}

#[test]
fn a_closed_day_stays_closed_and_gaps_do_no_harm() {
    let mut history = known(&shop(180, 0.0, 20.0, 5));
    for day in history.iter_mut().skip(6).step_by(7) {
        *day = Some(0.0);
    }
    let outlook = Prepared::new(&history, wish(None, &[7], 14)).unwrap().outlook();
    // The 180th day is the fifth of its week.
    assert_eq!(outlook.steps[1], Expected { value: 0.0, within: vec![(0.0, 0.0); 2] });
    let gaps: Vec<Option<f64>> = known(&shop(180, 0.0, 5.0, 9))
        .into_iter()
        .enumerate()
        .map(|(at, v)| v.filter(|_| at % 11 != 3))
        .collect();
    let outlook = Prepared::new(&gaps, wish(None, &[7], 14)).unwrap().outlook();
    let wanted = shop(194, 0.0, 0.0, 1).split_off(180);
    near(&outlook.steps.iter().map(|s| s.value).collect::<Vec<_>>(), wanted.into_iter(), 10.0);
}

#[test]
fn what_was_chosen_is_the_best_of_the_back_test_and_by_itself_the_same() {
    let history = known(&shop(120, 1.0, 15.0, 3));
    let prepared = Prepared::new(&history, wish(None, &[7], 14)).unwrap();
    let trials = &prepared.backtest.trials;
    assert_eq!(trials.len(), 7);
    let combined = trials.iter().find(|t| t.method == Method::Combined).unwrap();
    let best = trials.iter().map(|t| t.absolute).fold(f64::INFINITY, f64::min);
    assert!(prepared.chosen().absolute <= best.max(combined.absolute));
    for trial in trials.iter().filter(|t| t.method != Method::Combined) {
        let alone = Prepared::new(&history, wish(Some(trial.method), &[7], 14)).unwrap();
        assert_eq!(alone.outlook().steps.len(), 14);
        assert_eq!(alone.chosen().method, trial.method);
    }
    let members: Vec<Outlook> = prepared
        .backtest
        .members
        .iter()
        .map(|m| prepared.outlook_by(trials.iter().find(|t| t.method == *m).unwrap()))
        .collect();
    let together = prepared.outlook_by(combined);
    let mean = members.iter().map(|o| o.steps[3].value).sum::<f64>() / members.len() as f64;
    assert!((together.steps[3].value - mean).abs() < 1e-9);
}

#[test]
fn intervals_cover_about_what_they_say() {
    let protocol = Protocol { wish: wish(None, &[7], 14), origins: 4, step: 14 };
    let mut found = Evaluation::default();
    let ticks = Cell::new(0);
    let clock = || {
        ticks.set(ticks.get() + 1);
        ticks.get()
    };
    for seed in 0..12 {
        found.add(&known(&shop(200, 0.3, 20.0, seed)), &protocol, &clock);
    }
    let auto = found.scores[&None];
    assert_eq!((auto.forecasts, found.left_out), (48, 0));
    let [eighty, ninety_five] = auto.covered();
    assert!((74.0..=90.0).contains(&eighty), "{eighty}");
    assert!((91.0..=99.5).contains(&ninety_five), "{ninety_five}");
    // The naive forecast errs by two noises, the best by hardly more than one.
    assert!(auto.scaled() < 0.8, "{}", auto.scaled());
    assert!(auto.scaled() <= found.scores[&Some(Method::SeasonalNaive)].scaled());
    assert!(auto.micros > 0);
    found.add(&known(&[1.0; 100]), &protocol, &clock);
    assert_eq!(found.left_out, 4);
}

#[test]
fn intervals_widen_with_the_horizon_of_what_wanders() {
    let mut dice = Dice(7);
    let mut at = 1000.0;
    let walk: Vec<f64> = (0..200)
        .map(|_| {
            at += 10.0 * dice.noise();
            at
        })
        .collect();
    let outlook = Prepared::new(&known(&walk), wish(Some(Method::Ets), &[], 14)).unwrap().outlook();
    let width = |step: usize| outlook.steps[step].within[0].1 - outlook.steps[step].value;
    assert!(width(13) > 1.5 * width(0), "{} {}", width(0), width(13));
    assert_eq!(Level::ALL.map(Level::percent), [80, 95]);
}
