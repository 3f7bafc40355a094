//! The risk score of a payment: `100 (1 - product of (1 - weight))` over its parts.

use crate::domain::Money;
use crate::domain::payment::Score;
use crate::fraud::rules::Rules;

/// The weights of a payment's parts, each 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Parts {
    /// Many payments in an hour.
    pub(super) velocity: f64,
    /// Far above the customer's mean.
    pub(super) amount_ratio: f64,
    /// A large amount, whoever pays it.
    pub(super) high_value: f64,
    /// One of a burst of small declines.
    pub(super) card_testing: f64,
}

impl Parts {
    /// The score, to three decimals.
    pub(super) fn score(&self) -> Score {
        let harmless = (1.0 - self.velocity)
            * (1.0 - self.amount_ratio)
            * (1.0 - self.high_value)
            * (1.0 - self.card_testing);
        Score::from_fraction(1.0 - harmless)
    }

    /// The parts that are there, by name.
    pub(super) fn reasons(&self) -> Vec<&'static str> {
        [
            (self.velocity, "velocity"),
            (self.amount_ratio, "amount-ratio"),
            (self.high_value, "high-value"),
            (self.card_testing, "card-testing"),
        ]
        .into_iter()
        .filter_map(|(weight, name)| (weight > 0.0).then_some(name))
        .collect()
    }
}

/// The weight of `payments` distinct payments within an hour.
pub(super) const fn velocity(payments: u32) -> f64 {
    match payments {
        0..=5 => 0.0,
        6..=10 => 0.50,
        11..=20 => 0.70,
        _ => 0.85,
    }
}

/// The weight of an amount that is `ratio` times the customer's mean.
pub(super) fn amount_ratio(ratio: Option<f64>) -> f64 {
    match ratio {
        Some(ratio) if ratio > 2.0 => 0.9 * (1.0 - 2.0 / ratio),
        _ => 0.0,
    }
}

/// The weight of a large amount.
pub(super) fn high_value(amount: Money, rules: &Rules) -> f64 {
    if amount < rules.high_value {
        return 0.0;
    }
    let times = |n: u32| rules.high_value.decimal().saturating_mul(n.into());
    let amount = amount.decimal();
    if amount >= times(10) {
        0.30
    } else if amount >= times(5) {
        0.20
    } else {
        0.10
    }
}

/// The weight of a burst of small declines.
pub(super) const CARD_TESTING: f64 = 0.80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_at_their_limits() {
        for (payments, weight) in
            [(0, 0.0), (5, 0.0), (6, 0.5), (10, 0.5), (11, 0.7), (20, 0.7), (21, 0.85)]
        {
            assert_eq!(velocity(payments).to_bits(), f64::to_bits(weight), "{payments}");
        }
        let rules = Rules::default();
        for (amount, weight) in [
            ("999.9999", 0.0),
            ("1000", 0.1),
            ("4999.99", 0.1),
            ("5000", 0.2),
            ("9999.9999", 0.2),
            ("10000", 0.3),
        ] {
            let value = high_value(amount.parse().unwrap(), &rules);
            assert_eq!(value.to_bits(), f64::to_bits(weight), "{amount}");
        }
        assert!(amount_ratio(None) <= 0.0 && amount_ratio(Some(2.0)) <= 0.0);
        assert!((amount_ratio(Some(4.0)) - 0.45).abs() < 1e-12);
    }

    #[test]
    fn parts_join_as_independent_doubts() {
        let parts = Parts { velocity: 0.7, high_value: 0.1, ..Parts::default() };
        assert_eq!(parts.score().thousandths(), 73_000);
        assert_eq!(parts.reasons(), ["velocity", "high-value"]);
        assert_eq!(Parts::default().score(), Score::default());
    }
}
