//! Rows, windows and lives of products for the tests.

use rust_decimal::Decimal;

use crate::domain::payment::Currency;
use crate::domain::{EventTime, Money, Product};
use crate::pricing::{Closed, Demand, PriceWindow, Pricing, PricingRules};

/// A Monday, 2026-01-05T00:00:00Z.
pub const MONDAY: i64 = 1_767_571_200_000_000;

pub fn money(text: &str) -> Money {
    text.parse().unwrap()
}

pub fn currency(code: &str) -> Currency {
    Currency::new(code).unwrap()
}

/// A product of this base price, with 20 % of room in both directions.
pub fn row(base: &str, expected: f64) -> Product {
    let base_price = money(base);
    let part =
        |percent: i64| Money::rounded(base_price.decimal() * Decimal::new(percent, 2)).unwrap();
    Product {
        product_id: "P1".into(),
        category: None,
        base_price,
        floor: Some(part(80)),
        ceiling: Some(part(120)),
        currency: currency("EUR"),
        expected_demand: Some(expected),
        time: EventTime::from_micros(MONDAY),
    }
}

/// The rules of the bare formula: the last window only, nothing mixed in.
pub fn bare() -> PricingRules {
    PricingRules { damping: 0, prior_demand: 0.0, hysteresis: Decimal::ZERO, ..Default::default() }
}

/// The window so many after Monday.
pub fn window(number: i64, rules: &PricingRules) -> PriceWindow {
    PriceWindow::of(EventTime::from_micros(MONDAY + number * rules.window), rules)
}

pub const fn units(units: u64) -> Demand {
    Demand { units, orders: 1, views: 0 }
}

/// A product that is first seen in window 0.
pub fn fresh(rules: &PricingRules) -> Pricing {
    Pricing::first_seen(window(0, rules))
}

/// Closes window `number`.
pub fn close(
    pricing: &mut Pricing,
    row: &Product,
    number: i64,
    demand: Demand,
    rules: &PricingRules,
) -> Closed {
    pricing.close(row, window(number, rules), &demand, rules).unwrap()
}

/// SplitMix64: numbers from a seed.
pub struct Random(pub u64);

impl Random {
    /// From 0 to less than 1.
    pub fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
