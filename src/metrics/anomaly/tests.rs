//! Series with and without a planted anomaly.

use proptest::prelude::*;

use super::alarms::{Order, Watch};
use super::{Detector, LEARNING, Model, PERIOD, Verdict};
use crate::domain::EventTime;

/// Seconds between rows.
const STEP: i64 = 300;
/// Rows of a day.
const DAY: usize = 288;
/// A Monday.
const MONDAY: i64 = 4 * 86_400;

/// Noise of a linear congruential generator, from -1 to 1.
fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed;
    move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        f64::from(u32::try_from(state >> 40).unwrap()) / f64::from(1 << 23) - 1.0
    }
}

/// A series over so many days, with a daily rhythm as high as `height`.
fn series(days: usize, height: f64) -> Vec<f64> {
    let mut noise = noise(7);
    let mut value = |row: usize| {
        let part = (row % DAY) as f64 / DAY as f64;
        100.0 - height * (part * std::f64::consts::TAU).cos() + 3.0 * (noise() + noise())
    };
    (0..days * DAY).map(&mut value).collect()
}

fn local(row: usize) -> i64 {
    MONDAY + i64::try_from(row).unwrap() * STEP
}

fn verdicts(values: &[f64]) -> Vec<Verdict> {
    let mut detector = Detector::default();
    values.iter().enumerate().map(|(row, value)| detector.see(local(row), *value)).collect()
}

/// The rows with news of at least `threshold`.
fn news(values: &[f64], threshold: f64) -> Vec<usize> {
    let verdicts = verdicts(values);
    (0..values.len()).filter(|row| verdicts[*row].news() >= threshold).collect()
}

#[test]
fn a_constant_series_gives_no_alarm() {
    for constant in [0.0, 42.0, -1e-9, 1e300, f64::MAX, f64::MIN_POSITIVE] {
        assert!(verdicts(&[constant; 3000]).iter().all(|v| v.score == 0.0), "{constant}");
    }
}

#[test]
fn a_spike_is_told_at_once_and_by_its_value() {
    let mut values = series(14, 0.0);
    let at = 12 * DAY + 77;
    values[at] = 250.0;
    let verdict = verdicts(&values)[at];
    assert!(verdict.news() > 0.99, "{verdict:?}");
    let finding = verdict.finding.unwrap();
    assert!(finding.deviations > 8.0, "{finding:?}");
    assert!((90.0..110.0).contains(&finding.expected), "{finding:?}");
    assert_eq!(news(&values, 0.9), [at]);
}

#[test]
fn a_shift_of_the_level_is_one_alarm_that_stands_for_the_rest() {
    let mut values = series(14, 0.0);
    let at = 12 * DAY + 77;
    values[at..].iter_mut().for_each(|v| *v += 80.0);
    let mut watch = Watch::new(EventTime::from_micros(local(12 * DAY) * 1_000_000), 0.9);
    for (row, value) in values.iter().enumerate() {
        watch.see(EventTime::from_micros(local(row) * 1_000_000), local(row), Some(*value));
    }
    let first = watch.alarms.first().unwrap();
    assert_eq!(first.time.micros(), local(at) * 1_000_000);
    assert!(first.repeated > 3, "{:?}", watch.alarms);
    assert!(watch.alarms.len() < 5, "{:?}", watch.alarms);
    let told: u64 = watch.alarms.iter().map(|a| a.repeated).sum();
    assert_eq!(told, watch.repeated);
    assert!(!watch.learning());
}

#[test]
fn a_peak_of_the_day_that_is_missing_is_seen_by_the_rhythm() {
    let mut values = series(21, 60.0);
    let noon = 17 * DAY + DAY / 2;
    let mut noise = noise(3);
    for value in &mut values[noon - 24..noon + 24] {
        *value = 40.0 + 3.0 * (noise() + noise());
    }
    let verdicts = verdicts(&values);
    let found = (noon - 24..noon + 24).filter(|row| verdicts[*row].news() > 0.9);
    let found: Vec<usize> = found.collect();
    assert!(found.first().is_some_and(|row| *row < noon - 20), "{found:?}");
    // 40 is what nights have: neither a new value nor, but for its first row, a step.
    let later = (noon - 20..noon).map(|row| verdicts[row].finding.unwrap().model);
    assert!(later.clone().all(|model| model == Model::Rhythm), "{:?}", later.collect::<Vec<_>>());
    // Before a day is over the size of the series is not known, nor is its rhythm.
    let quiet = news(&values[..noon - 24], 0.9).into_iter().filter(|row| *row > 2 * DAY);
    assert_eq!(quiet.count(), 0);
}

#[test]
fn what_comes_every_day_is_not_told_every_day() {
    let mut values = series(28, 0.0);
    for day in 0..28 {
        values[day * DAY + 100] = 250.0;
    }
    let late = news(&values, 0.5).into_iter().filter(|row| *row > 14 * DAY).count();
    assert_eq!(late, 0);
}

#[test]
fn nothing_is_told_while_learning_or_of_what_is_missing() {
    let mut values = series(3, 0.0);
    values[150] = 1e6;
    values[500] = f64::NAN;
    let verdicts = verdicts(&values);
    let learning = usize::try_from(LEARNING).unwrap();
    assert!(verdicts[..learning].iter().all(|v| v.score == 0.0));
    assert_eq!(verdicts[500], Verdict::default());
    let mut watch = Watch::new(EventTime::from_micros(0), 0.5);
    assert_eq!(watch.see(EventTime::from_micros(1), 0, None), None);
    assert_eq!(watch.see(EventTime::from_micros(1), 0, Some(f64::NAN)), None);
    assert_eq!((watch.rows, watch.missing, watch.learning()), (2, 2, true));
}

#[test]
fn a_missing_row_changes_nothing_for_the_others() {
    let values = series(4, 20.0);
    let mut with: Vec<(i64, f64)> =
        values.iter().enumerate().map(|(row, value)| (local(row), *value)).collect();
    let judge = |rows: &[(i64, f64)]| {
        let mut detector = Detector::default();
        let all = rows.iter().map(|(at, value)| (*value, detector.see(*at, *value)));
        all.filter(|(value, _)| !value.is_nan()).map(|(_, verdict)| verdict).collect::<Vec<_>>()
    };
    let without = judge(&with);
    for at in [3, 300, 700] {
        with.insert(at, (0, f64::NAN));
    }
    assert_eq!(judge(&with), without);
}

#[test]
fn the_unit_of_a_series_does_not_matter() {
    let mut values = series(14, 30.0);
    values[3000] = 300.0;
    let plain = verdicts(&values);
    for unit in [1e-9, 1024.0, 1e12] {
        let scaled: Vec<f64> = values.iter().map(|v| v * unit).collect();
        for (row, (a, b)) in plain.iter().zip(verdicts(&scaled)).enumerate() {
            assert!((a.score - b.score).abs() < 1e-6, "{unit} {row}: {a:?} {b:?}");
        }
    }
}

#[test]
fn values_at_the_end_of_the_range_of_numbers_are_judged_too() {
    let mut values = series(7, 0.0);
    for (row, value) in [(400, f64::MAX), (401, f64::MIN), (900, f64::INFINITY), (1500, 1e-320)] {
        values[row] = value;
    }
    for verdict in verdicts(&values) {
        assert!((0.0..=1.0).contains(&verdict.score), "{verdict:?}");
        if let Some(finding) = verdict.finding {
            assert!(finding.deviations.is_finite() && finding.expected.is_finite(), "{finding:?}");
        }
    }
}

#[test]
fn alarms_are_ordered_by_time_or_by_score() {
    let mut values = series(14, 0.0);
    values[2500] = 900.0;
    values[3500] = 150.0;
    let mut watch = Watch::new(EventTime::from_micros(0), 0.5);
    for (row, value) in values.iter().enumerate() {
        watch.see(EventTime::from_micros(local(row)), local(row), Some(*value));
    }
    let mut alarms = watch.alarms;
    alarms.sort_by(|a, b| Order::Newest.compare(a, b));
    assert!(alarms.windows(2).all(|pair| pair[0].time > pair[1].time));
    alarms.sort_by(|a, b| Order::Highest.compare(a, b));
    assert!(alarms.windows(2).all(|pair| pair[0].score >= pair[1].score));
    assert_eq!(alarms[0].value, 900.0);
}

/// Rows as a file may have them: times that repeat, go back or leap, any value.
fn rows() -> impl Strategy<Value = Vec<(i64, f64)>> {
    let value = prop_oneof![
        8 => -1e3..1e3f64,
        2 => Just(5.0),
        1 => any::<f64>(),
    ];
    prop::collection::vec((-600..4000i64, value), 0..(6 * PERIOD)).prop_map(|steps| {
        let mut time = MONDAY;
        let next = |(step, value): (i64, f64)| {
            time += step;
            (time, value)
        };
        steps.into_iter().map(next).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn no_later_row_changes_a_verdict(rows in rows(), other in rows(), cut in 0.0..1.0f64) {
        let judge = |rows: &[(i64, f64)]| {
            let mut detector = Detector::default();
            rows.iter().map(|(at, value)| detector.see(*at, *value)).collect::<Vec<_>>()
        };
        let cut = (0..=rows.len()).rev().find(|at| *at as f64 <= cut * rows.len() as f64).unwrap();
        let whole = judge(&rows);
        let changed: Vec<_> = rows[..cut].iter().chain(&other).copied().collect();
        prop_assert_eq!(&judge(&changed)[..cut], &whole[..cut]);
    }

    #[test]
    fn scores_are_from_0_to_1_and_repeated_ones_have_had_their_alarm(rows in rows()) {
        let mut detector = Detector::default();
        let all: Vec<_> = rows.iter().map(|(at, value)| detector.see(*at, *value)).collect();
        let real: Vec<_> = (0..rows.len()).filter(|row| !rows[*row].1.is_nan()).collect();
        for (at, row) in real.iter().enumerate() {
            let verdict = all[*row];
            prop_assert!((0.0..=1.0).contains(&verdict.score), "{verdict:?}");
            let before = real[at.saturating_sub(PERIOD)..at].iter().map(|r| all[*r].score);
            let covered = before.fold(0.0, f64::max) >= verdict.score && verdict.score > 0.0;
            prop_assert_eq!(verdict.repeated, covered);
        }
    }
}
