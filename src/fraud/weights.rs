//! What each part of the score weighs, and how far back it looks.
//!
//! The defaults are calibrated on the payments of 2018-07-11 to 07-31 of the fraud detection
//! handbook's simulated data, labels seven days late; `dev/benches/fraud` evaluates them on the weeks
//! after.

use crate::fraud::rules::RuleFault;

/// A day in microseconds.
const DAY: i64 = 86_400_000_000;
/// How long labels are remembered behind the newest, in microseconds.
pub(super) const LABEL_RETENTION: i64 = 60 * DAY;

/// The numbers of the score's graded parts. Spans are microseconds.
#[derive(Clone, Debug, PartialEq)]
pub struct Weights {
    /// The most that a high amount weighs in the score, 0 to 1.
    pub high_value_weight: f64,
    /// The most that an amount above the usual one weighs, 0 to 1.
    pub amount_ratio_weight: f64,
    /// How many usual amounts above the usual one weigh half of that.
    pub amount_ratio_half: f64,
    /// The most that unusual payments lately weigh, 0 to 1.
    pub lately_weight: f64,
    /// How long until an unusual payment counts half for that.
    pub lately_half_life: i64,
    /// The most that a merchant's share of confirmed fraud weighs, 0 to 1.
    pub merchant_weight: f64,
    /// Genuine payments of a merchant that are taken for granted.
    pub merchant_prior: f64,
    /// The shorter window of labels of a merchant, by the time they became known.
    pub merchant_window: i64,
    /// The longer one; both count alike.
    pub merchant_long_window: i64,
    /// A wave of fraud at a merchant is over this long after it was first known.
    pub merchant_wave: i64,
    /// What is left of the merchant's weight then, 0 to 1.
    pub merchant_past: f64,
    /// The most that a customer's share of confirmed fraud weighs, 0 to 1.
    pub customer_weight: f64,
    /// Genuine payments of a customer that are taken for granted.
    pub customer_prior: f64,
    /// How long a confirmed fraud of a customer counts after it became known.
    pub customer_window: i64,
}

impl Default for Weights {
    fn default() -> Self {
        Self {
            high_value_weight: 0.5,
            amount_ratio_weight: 0.95,
            amount_ratio_half: 3.0,
            lately_weight: 0.3,
            lately_half_life: 4 * DAY,
            merchant_weight: 0.95,
            merchant_prior: 1.0,
            merchant_window: 3 * DAY,
            merchant_long_window: 7 * DAY,
            merchant_wave: 20 * DAY,
            merchant_past: 0.1,
            customer_weight: 0.5,
            customer_prior: 5.0,
            customer_window: 14 * DAY,
        }
    }
}

impl Weights {
    /// Whether the numbers make sense.
    pub(super) fn check(&self) -> Result<(), RuleFault> {
        let fault = |setting, detail: String| Err(RuleFault { setting, detail });
        for (setting, weight) in [
            ("fraud.high_value_weight", self.high_value_weight),
            ("fraud.amount_ratio_weight", self.amount_ratio_weight),
            ("fraud.lately_weight", self.lately_weight),
            ("fraud.merchant_weight", self.merchant_weight),
            ("fraud.merchant_past", self.merchant_past),
            ("fraud.customer_weight", self.customer_weight),
        ] {
            if !(0.0..=1.0).contains(&weight) {
                return fault(setting, format!("{weight} is not within 0 to 1"));
            }
        }
        for (setting, number) in [
            ("fraud.amount_ratio_half", self.amount_ratio_half),
            ("fraud.merchant_prior", self.merchant_prior),
            ("fraud.customer_prior", self.customer_prior),
        ] {
            if !(number.is_finite() && number > 0.0) {
                return fault(setting, format!("{number} is not above 0"));
            }
        }
        if self.lately_half_life <= 0 {
            return fault("fraud.lately_half_life", "must be longer than nothing".to_owned());
        }
        for (setting, span, longest) in [
            ("fraud.merchant_window", self.merchant_window, LABEL_RETENTION),
            ("fraud.merchant_long_window", self.merchant_long_window, LABEL_RETENTION),
            ("fraud.customer_window", self.customer_window, LABEL_RETENTION),
            // Twice as long must be seen, to tell a wave from a merchant of fraud.
            ("fraud.merchant_wave", self.merchant_wave, LABEL_RETENTION / 2 - DAY),
        ] {
            if !(3_600_000_000..=longest).contains(&span) {
                let days = longest / DAY;
                return fault(setting, format!("must be within one hour to {days} days"));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fraud::Rules;

    #[test]
    fn each_senseless_number_is_named() {
        let fault = |change: fn(&mut Weights)| {
            let mut rules = Rules::default();
            change(&mut rules.weights);
            rules.validated().unwrap_err().to_string()
        };
        for (shown, expected) in [
            (fault(|w| w.merchant_weight = 1.5), "fraud.merchant_weight: 1.5 is not within 0 to 1"),
            (
                fault(|w| w.lately_weight = f64::NAN),
                "fraud.lately_weight: NaN is not within 0 to 1",
            ),
            (fault(|w| w.customer_prior = 0.0), "fraud.customer_prior: 0 is not above 0"),
            (
                fault(|w| w.lately_half_life = 0),
                "fraud.lately_half_life: must be longer than nothing",
            ),
            (
                fault(|w| w.merchant_window = 61 * DAY),
                "fraud.merchant_window: must be within one hour to 60 days",
            ),
            (
                fault(|w| w.merchant_wave = 30 * DAY),
                "fraud.merchant_wave: must be within one hour to 29 days",
            ),
        ] {
            assert_eq!(shown, expected);
        }
    }
}
