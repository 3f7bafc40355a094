//! Under constant demand a price settles and then does not change: without noise, with noise that
//! is within bounds, with noise as counts have it, and where demand answers to the price.

use proptest::prelude::*;

use crate::domain::Product;
use crate::pricing::tests::given::{Random, fresh, row, window};
use crate::pricing::{Demand, PricingRules};

/// The prices that are given out when window after window brings `demand`, in views of a
/// thousandth of a unit, as (window, price as a part of the base price).
fn told(
    row: &Product,
    rules: &PricingRules,
    windows: i64,
    mut demand: impl FnMut(i64, f64) -> f64,
) -> Vec<(i64, f64)> {
    let rules = PricingRules { view_weight: 0.001, ..rules.clone() };
    let mut pricing = fresh(&rules);
    let (mut told, mut stands) = (Vec::new(), 1.0);
    for number in 0..windows {
        let views = (demand(number, stands) * 1000.0).round().max(0.0) as u64;
        let demand = Demand { units: 0, orders: 0, views };
        let closed = pricing.close(row, window(number, &rules), &demand, &rules).unwrap();
        if closed.recommendation.moved {
            stands = closed.recommendation.price.to_f64() / row.base_price.to_f64();
            told.push((number, stands));
        }
    }
    told
}

/// How often the prices turn round.
fn turns(told: &[(i64, f64)]) -> usize {
    let prices: Vec<f64> = std::iter::once(1.0).chain(told.iter().map(|(_, p)| *p)).collect();
    let up: Vec<bool> = prices.windows(2).map(|w| w[1] > w[0]).collect();
    up.windows(2).filter(|w| w[0] != w[1]).count()
}

const WEEK: i64 = 672;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// The catalogue may be wrong by ten times: the price goes one way, and back to the base price
    /// as the right expectation is learnt; half a year later it stands.
    #[test]
    fn constant_demand_settles(expected in 0.1..500.0, times in -1.0..1.0_f64) {
        let demand = expected * 10_f64.powf(times);
        let told = told(&row("100.00", expected), &PricingRules::default(), 34 * WEEK, |_, _| demand);
        prop_assert!(told.len() <= 22, "{:?}", told);
        prop_assert!(turns(&told) <= 1, "{:?}", told);
        // The last step may be long in coming: the price asked for nears the base price slowly.
        prop_assert!(told.iter().filter(|(at, _)| *at > 22 * WEEK).count() <= 1, "{:?}", told);
        prop_assert!(told.last().is_none_or(|(_, p)| (p - 1.0).abs() < 0.0115), "{:?}", told);
    }

    /// 4 % of noise around the expectation move nothing, ever.
    #[test]
    fn small_noise_moves_nothing(expected in 1.0..500.0, seed in any::<u64>()) {
        let mut random = Random(seed);
        let told = told(&row("100.00", expected), &PricingRules::default(), 8 * WEEK, |_, _| {
            expected * (0.96 + 0.08 * random.unit())
        });
        prop_assert_eq!(told, []);
    }

    /// Buyers who answer to the price (demand x price^-elasticity): where a dearer price lowers the
    /// price asked for by less than itself, the two find each other. Where it lowers it by more, no
    /// price stands still: a step of 1 % calls for a step back.
    #[test]
    fn buyers_who_answer_to_the_price_do_not_make_it_swing(
        times in 0.2..4.0_f64,
        elasticity in 0.0..9.0_f64,
        damping in prop::sample::select(vec![900_000_000_i64, 3_600_000_000]),
    ) {
        prop_assume!(answer(times, elasticity) < 0.9);
        let rules = PricingRules { damping, ..PricingRules::default() };
        let told = told(&row("100.00", 100.0), &rules, WEEK, |_, price| {
            100.0 * times * price.powf(-elasticity)
        });
        // As above: the last step may be long in coming.
        prop_assert!(told.iter().filter(|(at, _)| *at > 48).count() <= 1, "{:?}", told);
        prop_assert!(turns(&told) <= 2, "{:?}", told);
    }
}

/// By how much the price asked for falls when the price rises, where the two meet; 0 at a limit.
fn answer(times: f64, elasticity: f64) -> f64 {
    let sensitivity = PricingRules::default().sensitivity;
    let asked = |price: f64| 1.0 + (times * price.powf(-elasticity) - 1.0) * sensitivity;
    let (mut low, mut high) = (0.9, 1.1);
    if asked(low) <= low || asked(high) >= high {
        return 0.0;
    }
    for _ in 0..60 {
        let middle: f64 = f64::midpoint(low, high);
        if asked(middle) > middle { low = middle } else { high = middle }
    }
    sensitivity * elasticity * times * low.powf(-elasticity - 1.0)
}

/// A knife's edge: demand of a Poisson distribution around the expectation. The price moves rarely.
#[test]
fn counts_as_they_come_move_it_rarely() {
    for (mean, most) in [(0.2, 0), (1.0, 0), (5.0, 1), (20.0, 2), (50.0, 2), (1000.0, 0)] {
        let mut random = Random(7);
        let told = told(&row("100.00", mean), &PricingRules::default(), 4 * WEEK, |_, _| {
            poisson(&mut random, mean)
        });
        assert!(told.len() <= most, "mean {mean}: {} changes in four weeks", told.len());
        assert!(told.iter().all(|(_, price)| (price - 1.0).abs() < 0.03), "{told:?}");
    }
}

/// Knuth's method, in parts small enough for `exp`.
fn poisson(random: &mut Random, mean: f64) -> f64 {
    let (mut count, mut left) = (0.0, mean);
    while left > 0.0 {
        let limit = (-left.min(50.0)).exp();
        left -= 50.0;
        let mut product = random.unit();
        while product > limit {
            count += 1.0;
            product *= random.unit();
        }
    }
    count
}
