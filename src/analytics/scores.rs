//! What fraud scores come to. A payment without a score is counted apart, never as a score of zero.

use rust_decimal::Decimal;

use crate::analytics::facts::Fact;

/// The positions of the measures of [`crate::analytics::facts::PAYMENTS`].
pub const PAYMENTS: usize = 0;
/// See [`PAYMENTS`].
pub const AMOUNT: usize = 1;
/// See [`PAYMENTS`].
pub const SCORES: usize = 2;
/// See [`PAYMENTS`].
pub const SCORED: usize = 3;

/// The mean score over payments, to three decimals: the sum of all scores over how many there are,
/// not a mean of means. `None` if none has a score.
#[must_use]
pub fn mean<'a>(facts: impl IntoIterator<Item = &'a Fact>) -> Option<Decimal> {
    let add = |(sum, count): (Decimal, Decimal), f: &Fact| {
        (sum + f.value(SCORES), count + f.value(SCORED))
    };
    let (sum, count) = facts.into_iter().fold((Decimal::ZERO, Decimal::ZERO), add);
    (!count.is_zero()).then(|| (sum / count).round_dp(3).normalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mean_counts_payments_and_not_groups() {
        let fact = |scores: i64, scored: i64| Fact {
            day: None,
            keys: vec![],
            values: [scored + 5, 0, scores, scored].map(|n| Some(Decimal::from(n))).to_vec(),
        };
        let facts = [fact(900, 10), fact(10, 1)];
        assert_eq!(mean(&facts), Some("82.727".parse().unwrap()));
        assert_eq!(mean(&[fact(0, 0)]), None);
        assert_eq!(mean(&[fact(0, 4)]), Some(Decimal::ZERO));
    }
}
