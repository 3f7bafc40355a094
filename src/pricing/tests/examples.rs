//! By example: the formula, the limits, the catalogue, silence.

use rust_decimal::Decimal;

use crate::domain::Product;
use crate::pricing::tests::given::{bare, close, currency, fresh, money, row, units};
use crate::pricing::{Demand, Limits, PricingRules, Rule};

#[test]
fn without_smoothing_it_is_the_formula_with_its_cap() {
    let rules = bare();
    for (demand, factor, price, max_change) in [
        (0, 0.0, "90.00", false),
        (25, 0.5, "95.00", false),
        (50, 1.0, "100.00", false),
        (75, 1.5, "105.00", false),
        (100, 2.0, "110.00", false),
        (101, 2.02, "110.00", true),
        (200, 4.0, "110.00", true),
    ] {
        let mut pricing = fresh(&rules);
        let told = close(&mut pricing, &row("100.00", 50.0), 0, units(demand), &rules);
        let told = told.recommendation;
        assert!((told.factor - factor).abs() < 1e-12, "{demand}: {}", told.factor);
        assert_eq!(told.price, money(price), "{demand}");
        assert_eq!(told.moved, demand != 50, "{demand}");
        assert_eq!(told.limits, Limits { max_change, ..Limits::default() }, "{demand}");
    }
}

#[test]
fn floor_and_ceiling_come_before_the_cap() {
    let rules = bare();
    let product = Product {
        floor: Some(money("98.00")),
        ceiling: Some(money("103.00")),
        ..row("100.00", 50.0)
    };
    for (demand, price, floor, ceiling) in
        [(0, "98.00", true, false), (40, "98.00", false, false), (75, "103.00", false, true)]
    {
        let mut pricing = fresh(&rules);
        let told = close(&mut pricing, &product, 0, units(demand), &rules).recommendation;
        assert_eq!(told.price, money(price));
        assert_eq!(told.limits, Limits { max_change: false, floor, ceiling }, "{demand}");
    }
}

/// However little it differs: nobody can pay it any more.
#[test]
fn a_price_with_more_decimals_than_the_new_row_has_does_not_stand() {
    let rules = bare();
    let yen = |base: &str| Product { currency: currency("JPY"), ..row(base, 50.0) };
    let mut pricing = fresh(&rules);
    let told = close(&mut pricing, &yen("100.01"), 0, units(75), &rules).recommendation;
    assert_eq!((told.price, told.moved), (money("105.01"), true));
    let lazy = PricingRules { hysteresis: Decimal::new(3, 1), ..rules };
    let told = pricing.reprice(&yen("100"), &lazy);
    assert_eq!((told.price, told.moved), (money("105"), true));
    let told = pricing.reprice(&yen("100.01"), &lazy);
    assert_eq!((told.price, told.moved), (money("105"), false));
}

#[test]
fn rounding_is_half_to_even_and_never_beyond_a_limit() {
    let rules = bare();
    for (base, code, demand, price) in [
        // 0.50 x 1.05 = 0.525 and 0.70 x 1.05 = 0.735.
        ("0.50", "EUR", 75, "0.52"),
        ("0.70", "EUR", 75, "0.74"),
        // 10 % of 0.05 would round to a price of 20 % more.
        ("0.05", "EUR", 500, "0.05"),
        ("0.05", "EUR", 0, "0.05"),
        ("0.0452", "EUR", 100, "0.0497"),
        ("1500", "JPY", 76, "1578"),
        ("1.005", "KWD", 75, "1.055"),
        ("999999999999999", "EUR", 500, "999999999999999"),
    ] {
        let mut pricing = fresh(&rules);
        let product = Product {
            currency: currency(code),
            floor: None,
            ceiling: None,
            ..row(base.replace("999999999999999", "1").as_str(), 50.0)
        };
        let product = Product { base_price: money(base), ..product };
        let told = close(&mut pricing, &product, 0, units(demand), &rules).recommendation;
        assert_eq!(told.price, money(price), "{base} {code}");
    }
}

/// A report of a price stuck at its floor: 2 % of it were less than a unit and cut off each time.
#[test]
fn rises_below_a_cent_add_up() {
    let rules = bare();
    let (mut pricing, product) = (fresh(&rules), row("0.50", 1000.0));
    let mut told = Vec::new();
    for number in 0..40 {
        // 0.2 % more demand each time: 0.0001 of the price.
        let demand = units(1000 + 2 * u64::try_from(number).unwrap() * 10);
        let closed = close(&mut pricing, &product, number, demand, &rules).recommendation;
        told.extend(closed.moved.then(|| closed.price.to_string()));
    }
    assert_eq!(told, ["0.51", "0.52", "0.53", "0.54"], "a cent at a time, at half of it");
}

/// The report's own numbers: 0.01 and 2 % more at each step is 0.01 for 20 steps.
#[test]
fn a_cent_becomes_two_after_21_steps_of_two_percent() {
    let hysteresis = PricingRules::default().hysteresis;
    let rules =
        PricingRules { max_change: Decimal::ONE, catalog_windows: 1e12, hysteresis, ..bare() };
    let product = Product { floor: Some(money("0.01")), ceiling: None, ..row("0.01", 1000.0) };
    let mut pricing = fresh(&rules);
    for step in 1..=21 {
        // The price moves by a part of what demand is off.
        let off = (1.02_f64.powi(step) - 1.0) / rules.sensitivity;
        let demand = format!("{:.0}", 1000.0 * (1.0 + off)).parse().unwrap();
        let told = close(&mut pricing, &product, step.into(), units(demand), &rules);
        let price = if step < 21 { "0.01" } else { "0.02" };
        assert_eq!(
            told.recommendation.price,
            money(price),
            "step {step}: {:?}",
            told.recommendation
        );
    }
}

#[test]
fn a_price_stands_until_it_is_off_by_more_than_the_hysteresis() {
    let rules = PricingRules { hysteresis: Decimal::new(1, 2), ..bare() };
    let (mut pricing, product) = (fresh(&rules), row("100.00", 1000.0));
    let mut judged = Vec::new();
    for (number, demand) in [1099, 1100, 1101, 1200, 1000, 999, 1112].into_iter().enumerate() {
        let number = i64::try_from(number).unwrap();
        let told = close(&mut pricing, &product, number, units(demand), &rules).recommendation;
        judged.push((told.moved, told.price.to_string(), told.revision));
    }
    let stands = |price: &str| (false, price.to_owned(), 0);
    let moves = |price: &str| (true, price.to_owned(), 1);
    assert_eq!(
        judged,
        [
            stands("100.00"),
            stands("100.00"),
            moves("101.01"),
            stands("101.01"),
            // 101.01 is 1.0099 % more than 100: off by exactly 1 % is 99.9999.
            stands("101.01"),
            moves("99.99"),
            moves("101.12"),
        ]
    );
}

#[test]
fn a_change_of_the_catalogue_prices_anew() {
    let rules = PricingRules { hysteresis: Decimal::new(1, 2), ..bare() };
    let (mut pricing, product) = (fresh(&rules), row("100.00", 50.0));
    let same = pricing.reprice(&product, &rules);
    assert!(!same.moved, "nothing was given out yet, and nothing asked for");
    assert!(pricing.standing.withdrawal(&rules).is_none());
    close(&mut pricing, &product, 0, units(75), &rules);
    let mut reprice = |product: &Product| {
        let told = pricing.reprice(product, &rules);
        assert_eq!(told.rule, Rule::Catalog);
        (told.moved, told.price.to_string(), told.revision)
    };
    assert_eq!(reprice(&product), (false, "105.00".into(), 1));
    assert_eq!(reprice(&row("100.50", 50.0)), (false, "105.00".into(), 1), "within 1 %");
    let capped = Product { ceiling: Some(money("104.90")), ..product.clone() };
    assert_eq!(reprice(&capped), (true, "104.90".into(), 2), "above its ceiling, if only by 0.1 %");
    assert_eq!(reprice(&row("200.00", 50.0)), (true, "210.00".into(), 3));
    let dollars = Product { currency: currency("USD"), ..row("200.00", 50.0) };
    assert_eq!(
        reprice(&dollars),
        (true, "210.00".into(), 4),
        "the same number of another currency"
    );
    assert_eq!(pricing.standing.withdrawal(&rules).unwrap().1, 5);
}

#[test]
fn silence_lowers_the_price_and_long_silence_gives_it_up() {
    let rules = PricingRules { silent_windows: 20, ..PricingRules::default() };
    let (mut pricing, product) = (fresh(&rules), row("100.00", 50.0));
    let mut told = Vec::new();
    for number in 0..60 {
        let demand = if number == 0 { units(50) } else { Demand::default() };
        let closed = close(&mut pricing, &product, number, demand, &rules).recommendation;
        told.extend(closed.moved.then_some((number, closed.price, closed.rule)));
        assert_eq!(pricing.standing.is_resting(&rules), number >= 20, "{number}");
    }
    let (last, lowering) = told.split_last().unwrap();
    assert_eq!(*last, (20, money("100.00"), Rule::Silence));
    assert!(lowering.is_sorted_by(|a, b| a.1 > b.1), "{told:?}");
    assert!(lowering.len() > 3 && lowering.iter().all(|(.., rule)| *rule == Rule::Demand));
    assert!(lowering.last().unwrap().1 < money("95.00"), "{told:?}");
    // It begins anew from the base price.
    let again = close(&mut pricing, &product, 60, units(50), &rules).recommendation;
    assert!((again.factor - 1.0).abs() < 1e-9 && !again.moved);
}

#[test]
fn a_window_counts_once() {
    let rules = PricingRules::default();
    let (mut pricing, product) = (fresh(&rules), row("100.00", 50.0));
    close(&mut pricing, &product, 5, units(75), &rules);
    let before = pricing.clone();
    for past in 0..=5 {
        let window = crate::pricing::tests::given::window(past, &rules);
        assert_eq!(pricing.close(&product, window, &units(1_000), &rules), None);
    }
    assert_eq!(pricing, before);
}

#[test]
fn bulk_orders_and_cancelled_ones_do_not_count_in_full() {
    let rules = PricingRules::default();
    assert_eq!(Demand::order(u64::MAX, &rules).units, 100);
    assert_eq!(Demand::order(0, &rules), Demand { units: 0, orders: 1, views: 0 });
    assert!(rules.counts("COMPLETED") && rules.counts("PENDING") && !rules.counts("CANCELLED"));
    let mut sum = Demand::default();
    assert!(sum.is_silent());
    for one in [Demand::order(3, &rules), Demand::view(), Demand::view()] {
        sum.join(&one);
    }
    assert!((sum.weigh(&rules) - 3.1).abs() < 1e-12);
}

#[test]
fn senseless_rules_are_refused_by_name() {
    let good = PricingRules::default;
    assert_eq!(good().validated(), Ok(good()));
    for (rules, setting) in [
        (PricingRules { window: 0, ..good() }, "pricing.window"),
        (PricingRules { window: -900_000_000, ..good() }, "pricing.window"),
        (PricingRules { window: 7 * 60_000_000, ..good() }, "pricing.window"),
        (PricingRules { window: 90 * 60_000_000, ..good() }, "pricing.window"),
        (PricingRules { window: 5 * 3_600_000_000, ..good() }, "pricing.window"),
        (PricingRules { sensitivity: f64::NAN, ..good() }, "pricing.sensitivity"),
        (PricingRules { view_weight: -0.1, ..good() }, "pricing.view_weight"),
        (PricingRules { prior_demand: f64::INFINITY, ..good() }, "pricing.prior_demand"),
        (PricingRules { max_change: Decimal::ONE, ..good() }, "pricing.max_change"),
        (PricingRules { hysteresis: Decimal::NEGATIVE_ONE, ..good() }, "pricing.hysteresis"),
        (PricingRules { damping: -1, ..good() }, "pricing.damping"),
        (PricingRules { order_memory: 0, ..good() }, "pricing.order_memory"),
        (PricingRules { silent_windows: 0, ..good() }, "pricing.silent_windows"),
        (PricingRules { silent_windows: 10_000, ..good() }, "pricing.silent_windows"),
        (PricingRules { grace: -1, ..good() }, "streams.grace"),
    ] {
        assert_eq!(rules.validated().unwrap_err().setting, setting);
    }
    for minutes in [1, 15, 60, 120, 24 * 60, 7 * 24 * 60] {
        let rules = PricingRules { window: minutes * 60_000_000, ..good() };
        assert!(rules.validated().is_ok(), "{minutes}");
    }
}
