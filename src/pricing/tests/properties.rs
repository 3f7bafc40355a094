//! What holds for every product and every life.

use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::domain::{Money, Product};
use crate::pricing::tests::given::{MONDAY, currency, fresh, units, window};
use crate::pricing::{Demand, Pricing, PricingRules, Standing};

prop_compose! {
    fn rows()(
        units in 1_i64..100_000_000_000,
        scale in 0..5_u32,
        floor in prop::option::of(1..=100_i64),
        ceiling in prop::option::of(100..200_i64),
        code in prop::sample::select(vec!["EUR", "JPY", "KWD"]),
        expected_demand in prop::option::of(prop_oneof![Just(0.0), 0.001..10.0, 10.0..1e12]),
    ) -> Product {
        let base = Decimal::new(units, scale);
        let part = |percent: i64| {
            // Cut, and then not below the least amount or beyond the base price.
            let part = (base * Decimal::new(percent, 2)).round_dp(4).max(Decimal::new(1, 4));
            Money::from_decimal(if percent < 100 { part.min(base) } else { part.max(base) }).unwrap()
        };
        Product {
            product_id: "P1".into(),
            category: None,
            base_price: Money::from_decimal(base).unwrap(),
            floor: floor.map(part),
            ceiling: ceiling.map(part),
            currency: currency(code),
            expected_demand,
            time: crate::domain::EventTime::from_micros(MONDAY),
        }
    }
}

prop_compose! {
    fn all_rules()(
        damping in prop::sample::select(vec![0, 900_000_000, 3_600_000_000]),
        prior_demand in prop::sample::select(vec![0.0, 20.0]),
        sensitivity in 0.0..10.0,
        max_change in 0..100_i64,
        hysteresis in 0..50_i64,
        silent_windows in 1..40_u32,
    ) -> PricingRules {
        let rules = PricingRules {
            damping,
            prior_demand,
            sensitivity,
            max_change: Decimal::new(max_change, 2),
            hysteresis: Decimal::new(hysteresis, 3),
            silent_windows,
            ..Default::default()
        };
        rules.validated().unwrap()
    }
}

fn demands() -> impl Strategy<Value = Demand> {
    let count = || prop_oneof![Just(0_u64), 1..50_u64, any::<u64>()];
    prop_oneof![
        1 => Just(Demand::default()),
        2 => (count(), count(), count())
            .prop_map(|(units, orders, views)| Demand { units, orders, views }),
    ]
}

/// A window number ahead of the one before, its demand, and the row by then.
fn lives() -> impl Strategy<Value = Vec<(i64, Demand, bool)>> {
    let ahead = prop_oneof![6 => Just(1_i64), 2 => 2..30_i64, 1 => 500..3_000_i64];
    prop::collection::vec((ahead, demands(), prop::bool::weighted(0.1)), 1..60)
}

fn bytes_of(pricing: &Pricing) -> (Vec<u8>, Vec<u8>) {
    let (mut standing, mut expectation) = (Vec::new(), Vec::new());
    pricing.standing.encode(&mut standing);
    pricing.expectation.encode(&mut expectation);
    (standing, expectation)
}

fn restored(pricing: &Pricing) -> Pricing {
    let (standing, expectation) = bytes_of(pricing);
    assert!(standing.len() <= 113);
    Pricing {
        standing: Standing::decode(&standing).unwrap(),
        expectation: crate::pricing::Expectation::decode(&expectation).unwrap(),
    }
}

/// Lowest and highest price of a row.
fn limits(row: &Product, rules: &PricingRules) -> (Decimal, Decimal) {
    let base = row.base_price.decimal();
    let low = base * (Decimal::ONE - rules.max_change);
    let high = base * (Decimal::ONE + rules.max_change);
    (
        row.floor.map_or(low, |floor| low.max(floor.decimal())),
        row.ceiling.map_or(high, |ceiling| high.min(ceiling.decimal())),
    )
}

proptest! {
    #[test]
    fn every_price_is_within_its_limits_and_payable_and_told_only_when_it_changes(
        first in rows(),
        second in rows(),
        rules in all_rules(),
        life in lives(),
    ) {
        let mut pricing = fresh(&rules);
        let (mut row, mut number) = (&first, -1);
        let mut stands: Option<(Money, crate::domain::payment::Currency)> = None;
        for (ahead, demand, change) in life {
            number += ahead;
            if change {
                row = if std::ptr::eq(row, &first) { &second } else { &first };
            }
            let told = match change {
                true => pricing.reprice(row, &rules),
                false => pricing.close(row, window(number, &rules), &demand, &rules)
                    .unwrap().recommendation,
            };
            let (low, high) = limits(row, &rules);
            let price = told.price.decimal();
            prop_assert!((low..=high).contains(&price), "{} of {}", price, row.base_price);
            prop_assert!((low..=high).contains(&told.unrounded));
            let decimals = row.currency.decimals().max(row.base_price.decimal().normalize().scale());
            prop_assert!(price.normalize().scale() <= decimals);
            prop_assert!(told.factor.is_finite() && told.factor >= 0.0);
            let now = (told.price, row.currency);
            match stands {
                Some(before) => prop_assert_eq!(told.moved, before != now),
                None => prop_assert_eq!(told.moved, told.price != row.base_price),
            }
            if told.moved {
                stands = Some(now);
            }
            prop_assert_eq!(pricing.standing.withdrawal(&rules).is_some(), stands.is_some());
        }
    }

    #[test]
    fn a_restored_state_goes_on_as_the_live_one(
        row in rows(),
        rules in all_rules(),
        life in lives(),
    ) {
        let mut live = fresh(&rules);
        let mut number = -1;
        for (ahead, demand, change) in life {
            number += ahead;
            let mut other = restored(&live);
            prop_assert_eq!(&other, &live);
            let closed = live.close(&row, window(number, &rules), &demand, &rules);
            prop_assert_eq!(&closed, &other.close(&row, window(number, &rules), &demand, &rules));
            let learnt = closed.unwrap().learnt;
            prop_assert!(learnt || bytes_of(&restored(&live)).1 == bytes_of(&live).1);
            if change {
                prop_assert_eq!(live.reprice(&row, &rules), other.reprice(&row, &rules));
            }
            prop_assert_eq!(&other, &live);
        }
    }

    #[test]
    fn more_demand_never_means_a_lower_price(
        row in rows(),
        rules in all_rules(),
        life in lives(),
        less in demands(),
        more in demands(),
    ) {
        let mut pricing = fresh(&rules);
        let mut number = -1;
        for (ahead, demand, _) in life {
            number += ahead;
            pricing.close(&row, window(number, &rules), &demand, &rules);
        }
        // Silence is not little demand: a product without a sign of life goes to its base price.
        let least = |demand: Demand| Demand { views: demand.views.max(1), ..demand };
        let (mut less, mut more) = (least(less), least(more));
        if less.weigh(&rules) > more.weigh(&rules) {
            std::mem::swap(&mut less, &mut more);
        }
        let price = |demand: &Demand| {
            let mut pricing = pricing.clone();
            let closed = pricing.close(&row, window(number + 1, &rules), demand, &rules);
            closed.unwrap().recommendation
        };
        let (low, high) = (price(&less), price(&more));
        prop_assert!(low.unrounded <= high.unrounded);
        prop_assert!(low.factor <= high.factor);
    }

    #[test]
    fn windows_left_out_are_silent_ones(
        row in rows(),
        rules in all_rules(),
        before in 0..200_u64,
        gap in 1..100_i64,
    ) {
        let mut skipping = fresh(&rules);
        skipping.close(&row, window(0, &rules), &units(before), &rules);
        let mut shown = skipping.clone();
        for number in 1..gap {
            shown.close(&row, window(number, &rules), &Demand::default(), &rules);
        }
        let next = |pricing: &mut Pricing| {
            let closed = pricing.close(&row, window(gap, &rules), &units(7), &rules);
            let told = closed.unwrap().recommendation;
            (told.factor, told.expected, told.unrounded)
        };
        prop_assert_eq!(next(&mut skipping), next(&mut shown));
        prop_assert_eq!(skipping.expectation, shown.expectation);
    }

    #[test]
    fn joins_do_not_depend_on_order_and_bytes_round_trip(
        parts in prop::collection::vec(demands(), 0..8),
    ) {
        let sum = |parts: &mut dyn Iterator<Item = &Demand>| {
            parts.fold(Demand::default(), |mut sum, part| { sum.join(part); sum })
        };
        let whole = sum(&mut parts.iter());
        prop_assert_eq!(whole, sum(&mut parts.iter().rev()));
        let mut bytes = Vec::new();
        whole.encode(&mut bytes);
        prop_assert_eq!(Demand::decode(&bytes), Ok(whole));
        for end in 0..bytes.len() {
            prop_assert!(Demand::decode(&bytes[..end]).is_err());
        }
    }

    #[test]
    fn damaged_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..130)) {
        let damaged = [&[1][..], &bytes].concat();
        if let Ok(standing) = Standing::decode(&damaged) {
            let mut again = Vec::new();
            standing.encode(&mut again);
            prop_assert!(Standing::decode(&again).is_ok());
        }
        prop_assert!(Standing::decode(&[2]).is_err_and(|e| e.contains("version 2")));
    }
}
