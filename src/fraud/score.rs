//! The risk score of a payment: `100 (1 - product of (1 - weight))` over its parts.
//!
//! Each part answers one question and grows with what it asks about; none can make the score fall.

use crate::domain::payment::Score;
use crate::domain::{Money, json};
use crate::fraud::rules::Rules;

/// Parts below this weight are in the score but are no reason for anything.
const REASON_FROM: f64 = 0.05;

/// The weights of a payment's parts, each 0 to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Parts {
    /// Many payments in an hour.
    pub velocity: f64,
    /// Far above what the customer usually pays.
    pub amount_ratio: f64,
    /// A large amount, whoever pays it.
    pub high_value: f64,
    /// One of a burst of small declines.
    pub card_testing: f64,
    /// The customer paid unusually much lately.
    pub unusual_lately: f64,
    /// The merchant's payments were fraud, as confirmed by then.
    pub merchant_history: f64,
    /// The customer's payments were fraud, as confirmed by then.
    pub customer_history: f64,
}

impl Parts {
    /// All of them, by name.
    #[must_use]
    pub const fn named(&self) -> [(&'static str, f64); 7] {
        [
            ("velocity", self.velocity),
            ("amount-ratio", self.amount_ratio),
            ("high-value", self.high_value),
            ("card-testing", self.card_testing),
            ("unusual-lately", self.unusual_lately),
            ("merchant-history", self.merchant_history),
            ("customer-history", self.customer_history),
        ]
    }

    /// The score, to three decimals.
    #[must_use]
    pub fn score(&self) -> Score {
        let harmless: f64 = self.named().iter().map(|(_, weight)| 1.0 - weight).product();
        Score::from_fraction(1.0 - harmless)
    }

    /// The parts that are worth naming: those that alone would score 5 or more.
    pub(super) fn told(&self) -> impl Iterator<Item = (&'static str, f64)> {
        self.named().into_iter().filter(|(_, weight)| *weight >= REASON_FROM)
    }

    /// Their names.
    pub(super) fn reasons(&self) -> Vec<&'static str> {
        self.told().map(|(name, _)| name).collect()
    }

    /// Appends `,"scoreParts":{"velocity":50,...}`, each as it would score alone, if any is worth
    /// naming.
    pub(super) fn write_json(&self, out: &mut Vec<u8>) {
        let mut first = true;
        for (name, weight) in self.told() {
            if first {
                json::key("scoreParts", out);
            }
            out.extend_from_slice(if first { b"{\"" } else { b",\"" });
            first = false;
            out.extend_from_slice(name.as_bytes());
            out.extend_from_slice(b"\":");
            json::thousandths_text(Score::from_fraction(weight).thousandths().into(), out);
        }
        if !first {
            out.push(b'}');
        }
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

/// The weight of `excess`, half of `most` where it equals `half`: `most x^2 / (x^2 + half^2)`.
///
/// Said with one division after the other, each rounding keeps the order: it never falls.
fn graded(excess: f64, half: f64, most: f64) -> f64 {
    most / (1.0 + (half / excess.max(0.0)).powi(2))
}

/// The weight of an amount that is `ratio` times what the customer usually pays.
pub(super) fn amount_ratio(ratio: Option<f64>, rules: &Rules) -> f64 {
    let excess = ratio.map_or(0.0, |ratio| ratio - 1.0);
    graded(excess, rules.weights.amount_ratio_half, rules.weights.amount_ratio_weight)
}

/// The weight of a large amount: nothing up to a tenth of the high value, half of the most at a
/// quarter of it.
pub(super) fn high_value(amount: Money, rules: &Rules) -> f64 {
    let high = rules.high_value.to_f64();
    graded(amount.to_f64() - 0.1 * high, 0.15 * high, rules.weights.high_value_weight)
}

/// The weight of what was unusual lately: half of the most after one payment of four times the
/// usual amount.
pub(super) fn unusual_lately(lately: f64, rules: &Rules) -> f64 {
    rules.weights.lately_weight / (1.0 + 1.0 / lately.max(0.0))
}

/// The weight of `frauds` confirmed among `payments` (older ones weighing less).
pub(super) fn customer_history(frauds: u32, payments: f64, rules: &Rules) -> f64 {
    if frauds == 0 {
        return 0.0;
    }
    let share = f64::from(frauds) / (payments + rules.weights.customer_prior);
    rules.weights.customer_weight * share.min(1.0)
}

/// The weight of a burst of small declines.
pub(super) const CARD_TESTING: f64 = 0.80;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn weights_at_their_limits() {
        for (payments, weight) in
            [(0, 0.0), (5, 0.0), (6, 0.5), (10, 0.5), (11, 0.7), (20, 0.7), (21, 0.85)]
        {
            assert_eq!(velocity(payments).to_bits(), f64::to_bits(weight), "{payments}");
        }
        let rules = Rules::default();
        for (amount, weight) in
            [("0", 0.0), ("100", 0.0), ("250", 0.25), ("1000", 0.5 * 36.0 / 37.0)]
        {
            let value = high_value(amount.parse().unwrap(), &rules);
            assert!((value - weight).abs() < 1e-12, "{amount} {value}");
        }
        assert!(amount_ratio(None, &rules) <= 0.0 && amount_ratio(Some(1.0), &rules) <= 0.0);
        assert!((amount_ratio(Some(4.0), &rules) - 0.475).abs() < 1e-12);
        assert!((amount_ratio(Some(f64::INFINITY), &rules) - 0.95).abs() < 1e-12);
        assert!((unusual_lately(1.0, &rules) - 0.15).abs() < 1e-12);
        assert!(customer_history(0, 0.0, &rules) <= 0.0);
        let all = customer_history(u32::MAX, 0.0, &rules);
        assert!((all - rules.weights.customer_weight).abs() < 1e-12, "a share is at most 1");
    }

    #[test]
    fn parts_join_as_independent_doubts() {
        let parts = Parts { velocity: 0.7, high_value: 0.1, ..Parts::default() };
        assert_eq!(parts.score().thousandths(), 73_000);
        assert_eq!(parts.reasons(), ["velocity", "high-value"]);
        assert_eq!(Parts::default().score(), Score::default());
    }

    #[test]
    fn small_parts_are_not_written() {
        let written = |parts: Parts| {
            let mut out = Vec::new();
            parts.write_json(&mut out);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(written(Parts { high_value: 0.0499, ..Parts::default() }), "");
        let parts = Parts { velocity: 0.5, merchant_history: 0.123_456, ..Parts::default() };
        assert_eq!(written(parts), r#","scoreParts":{"velocity":50,"merchant-history":12.346}"#);
    }

    proptest! {
        #[test]
        fn the_score_grows_with_each_part(
            weights in prop::array::uniform7(0.0..=1.0_f64),
            part in 0..7_usize,
            more in 0.0..=1.0_f64,
        ) {
            let parts = |w: [f64; 7]| Parts {
                velocity: w[0],
                amount_ratio: w[1],
                high_value: w[2],
                card_testing: w[3],
                unusual_lately: w[4],
                merchant_history: w[5],
                customer_history: w[6],
            };
            let mut raised = weights;
            raised[part] = weights[part].max(more);
            prop_assert!(parts(raised).score() >= parts(weights).score());
        }

        #[test]
        fn each_part_grows_with_what_it_asks_about(
            a in 0.0..1e15_f64,
            b in 0.0..1e15_f64,
            frauds in any::<(u32, u32)>(),
            cents in (0..i64::MAX / 10_000, 0..i64::MAX / 10_000),
        ) {
            let rules = Rules::default();
            let (low, high) = (a.min(b), a.max(b));
            let grows = |low: f64, high: f64, most: f64| low <= high && low >= 0.0 && high <= most;
            let ratio = |r| amount_ratio(Some(r), &rules);
            prop_assert!(grows(ratio(low), ratio(high), rules.weights.amount_ratio_weight));
            let lately = |l| unusual_lately(l, &rules);
            prop_assert!(grows(lately(low), lately(high), rules.weights.lately_weight));
            let history = |n| customer_history(n, low, &rules);
            let (few, many) = (frauds.0.min(frauds.1), frauds.0.max(frauds.1));
            prop_assert!(grows(history(few), history(many), rules.weights.customer_weight));
            let value = |c: i64| {
                let amount = rust_decimal::Decimal::new(c, 2);
                high_value(Money::from_decimal(amount).unwrap(), &rules)
            };
            let (small, large) = (cents.0.min(cents.1), cents.0.max(cents.1));
            prop_assert!(grows(value(small), value(large), rules.weights.high_value_weight));
        }
    }
}
