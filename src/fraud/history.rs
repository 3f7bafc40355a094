//! What a customer usually pays: mean and deviation per currency, older payments weighing less.
//!
//! The mean is weighted by `2^(-age / half-life)`, updated payment by payment as West's
//! incremental algorithm (1979) does it: with `f` the decay since the last payment,
//! `w = w f + 1`, `d = x - mean`, `mean += d / w`, `m2 = m2 f + d (x - mean)`; the variance is
//! `m2 / w`. Statistics are floats; the amounts that are shown are decimals.
//!
//! Beside the mean stands the usual amount: the same mean of amounts cut off at twice the usual one
//! (winsorised), so that a thief's payments do not become what is usual; and what was unusual lately:
//! how far the last days' payments exceeded it, decaying.

use rust_decimal::Decimal;

use crate::domain::payment::Currency;
use crate::domain::{EventTime, Money, heap};
use crate::fraud::alert::Seen;
use crate::fraud::rules::Rules;

/// The most currencies that are kept; the least recently used goes first.
pub(super) const MAX_CURRENCIES: usize = 8;

/// The history in one currency.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct History {
    pub(super) currency: Currency,
    /// Payments taken in, undecayed.
    pub(super) payments: u32,
    /// Sum of the weights.
    pub(super) weight: f64,
    pub(super) mean: f64,
    /// Weighted sum of the squared deviations.
    pub(super) m2: f64,
    /// The mean of amounts, each cut off at twice what was usual before it.
    pub(super) usual: f64,
    /// Decayed sum of 0 to 1 for each payment: 0 up to twice the usual amount, 1 from four times.
    pub(super) lately: f64,
    /// The latest payment's time.
    pub(super) last_time: EventTime,
}

impl History {
    /// How many times the usual amount `amount` is, once there are enough payments to say so. With
    /// few payments the usual amount is taken higher, by the standard error that a deviation of half
    /// the usual amount gives: `usual (1 + 0.5 / sqrt(weight))`.
    pub(super) fn ratio(&self, amount: f64, rules: &Rules) -> Option<f64> {
        (self.payments >= rules.unusual_min_payments && self.usual > 0.0)
            .then(|| amount / (self.usual * (1.0 + 0.5 / self.weight.max(1.0).sqrt())))
    }

    /// What was unusual lately, as of `time`.
    pub(super) fn lately(&self, time: EventTime, rules: &Rules) -> f64 {
        self.lately * decay(time.micros_since(self.last_time), rules.weights.lately_half_life)
    }

    /// What is unusual about `amount`, if anything is.
    pub(super) fn unusual(&self, amount: f64, rules: &Rules) -> Option<Seen> {
        let by_ratio = self.payments >= rules.unusual_min_payments
            && self.mean > 0.0
            && amount > rules.unusual_ratio * self.mean;
        if !by_ratio && self.payments < rules.unusual_deviations_min_payments {
            return None;
        }
        let deviation = (self.m2 / self.weight).sqrt();
        let by_deviations = self.payments >= rules.unusual_deviations_min_payments
            && deviation > 0.0
            && amount > self.mean + rules.unusual_deviations * deviation;
        (by_ratio || by_deviations).then(|| Seen::Unusual {
            mean: shown(self.mean),
            ratio: (self.mean > 0.0).then(|| three_decimals(amount / self.mean)),
            deviations: (deviation > 0.0).then(|| three_decimals((amount - self.mean) / deviation)),
            payments: self.payments,
            by_ratio,
        })
    }
}

/// A statistic as an amount of money, to four decimals.
fn shown(value: f64) -> Money {
    // Means of amounts are below 10^15 as the amounts are.
    Decimal::from_f64_retain(value).and_then(|d| Money::rounded(d).ok()).unwrap_or_default()
}

fn three_decimals(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

/// What is left of a weight after `elapsed` microseconds: `2^(-elapsed / half_life)`.
pub(super) fn decay(elapsed: i64, half_life: i64) -> f64 {
    if elapsed <= 0 {
        return 1.0;
    }
    (-(elapsed as f64) / half_life as f64).exp2()
}

/// The histories of one customer, the most recently used last.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Histories(Vec<History>);

impl Histories {
    /// About how many bytes it holds outside of itself.
    pub(super) const fn heap(&self) -> usize {
        heap::list(&self.0)
    }

    /// All of them, the most recently used last.
    pub(super) fn all(&self) -> &[History] {
        &self.0
    }

    /// Puts them together again, the most recently used last.
    pub(super) const fn from_parts(histories: Vec<History>) -> Self {
        Self(histories)
    }

    /// The history in `currency`.
    pub(super) fn of(&self, currency: Currency) -> Option<&History> {
        self.0.iter().rev().find(|h| h.currency == currency)
    }

    /// Takes an amount in.
    pub(super) fn learn(
        &mut self,
        currency: Currency,
        amount: f64,
        time: EventTime,
        rules: &Rules,
    ) {
        match self.0.iter().rposition(|h| h.currency == currency) {
            Some(at) => self.0[at..].rotate_left(1),
            None => {
                if self.0.len() == MAX_CURRENCIES {
                    self.0.remove(0);
                }
                self.0.reserve_exact(1);
                self.0.push(History {
                    currency,
                    payments: 0,
                    weight: 0.0,
                    mean: 0.0,
                    m2: 0.0,
                    usual: 0.0,
                    lately: 0.0,
                    last_time: time,
                });
            }
        }
        let Some(own) = self.0.last_mut() else { return };
        let unusual = own.ratio(amount, rules).map_or(0.0, |r| ((r - 2.0) / 2.0).clamp(0.0, 1.0));
        own.lately = own.lately(time, rules) + unusual;
        let f = decay(time.micros_since(own.last_time), rules.history_half_life);
        let known = own.payments >= rules.unusual_min_payments;
        let cut = if known { amount.min(2.0 * own.usual) } else { amount };
        own.weight = own.weight * f + 1.0;
        let d = amount - own.mean;
        own.mean += d / own.weight;
        own.m2 = own.m2 * f + d * (amount - own.mean);
        own.usual += (cut - own.usual) / own.weight;
        own.payments = own.payments.saturating_add(1);
        own.last_time = own.last_time.max(time);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eur() -> Currency {
        Currency::new("EUR").unwrap()
    }

    #[test]
    fn mean_and_deviation_equal_the_closed_form() {
        const DAY: i64 = 86_400_000_000;
        let rules = Rules::default();
        assert_eq!(rules.history_half_life, 30 * DAY);
        let payments = [(0, 10.0), (10, 20.0), (10, 25.0), (45, 5.0), (100, 80.0)];
        let mut histories = Histories::default();
        for (day, amount) in payments {
            histories.learn(eur(), amount, EventTime::from_micros(day * DAY), &rules);
        }
        let weight = |day: i64| 2_f64.powf(-((100 - day) as f64) / 30.0);
        let sum: f64 = payments.iter().map(|(d, _)| weight(*d)).sum();
        let mean = payments.iter().map(|(d, x)| weight(*d) * x).sum::<f64>() / sum;
        let variance =
            payments.iter().map(|(d, x)| weight(*d) * (x - mean).powi(2)).sum::<f64>() / sum;
        let own = histories.of(eur()).unwrap();
        assert_eq!(own.payments, 5);
        assert!((own.mean - mean).abs() < 1e-9, "{} {mean}", own.mean);
        assert!((own.m2 / own.weight - variance).abs() < 1e-9);
    }

    #[test]
    fn the_least_recently_used_currency_goes() {
        let mut histories = Histories::default();
        let code = |n: u8| Currency::new(&format!("AA{}", char::from(b'A' + n))).unwrap();
        let time = EventTime::from_micros(0);
        for n in 0..8 {
            histories.learn(code(n), 1.0, time, &Rules::default());
        }
        histories.learn(code(0), 1.0, time, &Rules::default());
        histories.learn(code(8), 1.0, time, &Rules::default());
        assert_eq!(histories.all().len(), MAX_CURRENCIES);
        assert_eq!(histories.of(code(1)), None);
        assert_eq!(histories.of(code(0)).unwrap().payments, 2);
        assert_eq!(histories.all().last().unwrap().currency, code(8));
    }
}
