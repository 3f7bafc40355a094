//! What is expected, against the sum over every window ever.

use proptest::prelude::*;

use crate::pricing::expectation::hour_of;
use crate::pricing::rules::{HOUR, WEEK};
use crate::pricing::tests::given::{MONDAY, window};
use crate::pricing::{Demand, Expectation, PriceWindow, Pricing, PricingRules};

/// The same by its definition: every window of that hour in the weeks before, one by one.
fn naive(
    demands: &[u64],
    first: i64,
    number: i64,
    catalog: Option<f64>,
    rules: &PricingRules,
) -> Option<f64> {
    let hour = hour_of(window(number, rules).start);
    let learnt_from = hour_of(window(first, rules).end.plus_micros(HOUR - 1));
    let kept = (-(WEEK as f64) / rules.expectation_half_life as f64).exp2();
    let (mut sum, mut windows) = (0.0, 0.0);
    for at in first..number {
        let (then, demand) = (hour_of(window(at, rules).start), demands[at as usize]);
        let weeks = (hour - then) / 168;
        if then >= learnt_from && (hour - then) % 168 == 0 && weeks > 0 {
            sum += kept.powi(weeks as i32) * demand as f64;
            windows += kept.powi(weeks as i32);
        }
    }
    let weeks = ((hour - learnt_from).div_euclid(168)).max(0);
    let before = rules.catalog_windows * kept.powi(weeks as i32);
    match catalog {
        Some(catalog) => {
            let catalog = catalog * rules.window as f64 / (HOUR / 4) as f64;
            Some((before * catalog + sum) / (before + windows))
        }
        None => (windows > 0.0 && windows >= rules.catalog_windows).then(|| sum / windows),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn it_is_the_weighted_mean_of_that_hour_in_the_weeks_before(
        window_minutes in prop::sample::select(vec![20_i64, 30, 60, 120, 480, 1440, 10_080]),
        first in 0..40_i64,
        half_life_days in 3..60_i64,
        catalog in prop::option::of(0.0..50.0),
        catalog_windows in prop::sample::select(vec![0.0, 1.0, 8.0]),
        // Mostly silent: those windows are never shown to it.
        demands in prop::collection::vec(prop_oneof![3 => Just(0_u64), 1 => 1..100_u64], 2_000),
        asked in prop::collection::vec(41..2_000_usize, 12),
    ) {
        let rules = PricingRules {
            window: window_minutes * 60_000_000,
            expectation_half_life: half_life_days * 24 * HOUR,
            catalog_windows,
            silent_windows: 6720,
            ..Default::default()
        };
        let row = crate::domain::Product {
            expected_demand: catalog,
            ..crate::pricing::tests::given::row("10.00", 0.0)
        };
        let mut asked = asked;
        asked.sort_unstable();
        let mut pricing = Pricing::first_seen(window(first, &rules));
        for (number, demand) in demands.iter().enumerate().skip(first as usize) {
            let ask = asked.binary_search(&number).is_ok();
            if *demand == 0 && !ask {
                continue;
            }
            let demand = Demand { units: *demand, orders: 1, views: 0 };
            let closed = pricing.close(&row, window(number as i64, &rules), &demand, &rules);
            if ask {
                let found = closed.unwrap().recommendation.expected;
                let right = naive(&demands, first, number as i64, catalog, &rules);
                // Of a catalogue that counts for no window, only a week's first say nothing.
                let right = right.filter(|r| !r.is_nan()).or(
                    catalog.map(|c| c * rules.window as f64 / (HOUR / 4) as f64));
                prop_assert_eq!(found.is_some(), right.is_some());
                if let (Some(found), Some(right)) = (found, right) {
                    // What has faded to next to nothing is forgotten.
                    prop_assert!(
                        (found - right).abs() <= 1e-5f64.mul_add(right, 2e-3),
                        "window {}: {} is not {}", number, found, right
                    );
                }
            }
        }
        let mut bytes = Vec::new();
        pricing.expectation.encode(&mut bytes);
        prop_assert!(bytes.len() <= 857);
        prop_assert_eq!(Expectation::decode(&bytes), Ok(pricing.expectation));
    }

    #[test]
    fn damaged_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        let bytes = [&[1][..], &bytes].concat();
        if let Ok(expectation) = Expectation::decode(&bytes) {
            let mut again = Vec::new();
            expectation.encode(&mut again);
            prop_assert_eq!(again, bytes);
        }
    }
}

#[test]
fn windows_are_aligned_to_the_epoch() {
    let rules = PricingRules::default();
    let first = window(0, &rules);
    assert_eq!(first.start.to_string(), "2026-01-05T00:00:00Z");
    assert_eq!(first.next(&rules).end.to_string(), "2026-01-05T00:30:00Z");
    let last = first.end.plus_micros(-1);
    assert_eq!(PriceWindow::of(last, &rules), first);
    assert_eq!(PriceWindow::of(first.end, &rules), first.next(&rules));
    assert_eq!(MONDAY % WEEK, 4 * 24 * HOUR, "the epoch was a Thursday");
}
