//! The numbers of customer activity.

use std::collections::BTreeMap;
use std::fmt;

use crate::activity::ActivitySums;

/// How activity is cut and weighed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivityRules {
    /// Length of a window, in microseconds.
    pub window: i64,
    /// The longest pause in a session, in microseconds.
    pub session_gap: i64,
    /// How far out of order an event may come, in microseconds.
    pub grace: i64,
    /// Results are given out at each change, not once when a window closes.
    pub updates: bool,
    /// Weight by type of activity, in thousandths.
    pub weights: BTreeMap<String, i64>,
    /// The weight of types that are not named, in thousandths.
    pub default_weight: i64,
}

/// A weight that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WeightFault(String);

impl fmt::Display for WeightFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no weight: TYPE=WEIGHT, from 0 to 1000000, at most three decimals",
            self.0
        )
    }
}

impl std::error::Error for WeightFault {}

/// The largest weight, in thousandths.
const MAX_WEIGHT: i64 = 1_000_000_000;

impl ActivityRules {
    /// The score of `sums`: each activity's weight added up, in thousandths (saturating).
    #[must_use]
    pub fn score(&self, sums: &ActivitySums) -> i64 {
        sums.types().fold(0_i64, |score, (name, count)| {
            let weight = self.weights.get(name).copied().unwrap_or(self.default_weight);
            score.saturating_add(weight.saturating_mul(i64::try_from(count).unwrap_or(i64::MAX)))
        })
    }

    /// Reads weights written as `TYPE=WEIGHT`.
    ///
    /// # Errors
    /// The first that is not.
    pub fn weights_from(texts: &[String]) -> Result<BTreeMap<String, i64>, WeightFault> {
        let read = |text: &String| {
            let fault = || WeightFault(text.clone());
            let (name, weight) = text.split_once('=').ok_or_else(fault)?;
            let name = name.trim();
            if name.is_empty() {
                return Err(fault());
            }
            Ok((name.to_owned(), Self::weight_from(weight).map_err(|_| fault())?))
        };
        texts.iter().map(read).collect()
    }

    /// Reads one weight as thousandths.
    ///
    /// # Errors
    /// A text that is none.
    pub fn weight_from(text: &str) -> Result<i64, WeightFault> {
        let read = || {
            let value: rust_decimal::Decimal = text.trim().parse().ok()?;
            let scaled = value.checked_mul(1000.into())?;
            let thousandths = i64::try_from(scaled).ok().filter(|_| scaled.fract().is_zero())?;
            (0..=MAX_WEIGHT).contains(&thousandths).then_some(thousandths)
        };
        read().ok_or_else(|| WeightFault(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_read_to_the_thousandth_and_nothing_else_is() {
        let texts = ["LOGIN=1".to_owned(), " CART = 2.125 ".to_owned(), "X=0".to_owned()];
        let weights = ActivityRules::weights_from(&texts).unwrap();
        assert_eq!(weights["LOGIN"], 1000);
        assert_eq!(weights["CART"], 2125);
        assert_eq!(weights["X"], 0);
        for bad in ["LOGIN", "=1", "A=", "A=1.0001", "A=-1", "A=1e99", "A=NaN", "A=1000001"] {
            let fault = ActivityRules::weights_from(&[bad.to_owned()]).unwrap_err();
            assert!(fault.to_string().contains(bad), "{fault}");
        }
    }
}
