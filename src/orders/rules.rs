//! The numbers of order enrichment.

use std::collections::BTreeMap;
use std::fmt;

use crate::domain::payment::Currency;
use crate::domain::{Money, OrderEvent};

/// How orders are joined, judged and counted. Spans are microseconds of stream time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OrderRules {
    /// How long an order waits for a customer of whom no row was seen.
    pub wait: i64,
    /// How long an order told without its customer is remembered for a correction.
    pub correct_for: i64,
    /// How far behind a customer's newest row older ones are kept, in event time.
    pub history: i64,
    /// How long the ids of orders are remembered, so that each counts once.
    pub remember_for: i64,
    /// More than this is a high value.
    pub high_value: Money,
    /// The same by currency, where it differs.
    pub high_value_by_currency: BTreeMap<Currency, Money>,
    /// Statuses of orders that bring no revenue.
    pub no_revenue: Vec<String>,
    /// Length of the windows of regions and revenue, in event time.
    pub window: i64,
    /// How far out of order an event may come, in event time.
    pub grace: i64,
    /// Results of windows are given out at each change, not once when they close.
    pub updates: bool,
}

/// A threshold that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ThresholdFault(String);

impl fmt::Display for ThresholdFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = &self.0;
        write!(
            f,
            "`{text}` is no threshold: CURRENCY=AMOUNT such as JPY=150000, each currency once"
        )
    }
}

impl std::error::Error for ThresholdFault {}

impl OrderRules {
    /// What an order must cost more than, in its own currency, to be of high value.
    #[must_use]
    pub fn threshold(&self, currency: Currency) -> Money {
        self.high_value_by_currency.get(&currency).copied().unwrap_or(self.high_value)
    }

    /// Whether an order is of high value.
    #[must_use]
    pub fn is_high_value(&self, order: &OrderEvent<'_>) -> bool {
        order.total_amount > self.threshold(order.currency)
    }

    /// Whether an order of this status brings revenue.
    #[must_use]
    pub fn is_revenue(&self, status: &str) -> bool {
        !self.no_revenue.iter().any(|other| other == status)
    }

    /// Reads thresholds written as `CURRENCY=AMOUNT`.
    ///
    /// # Errors
    /// The first that is none, or that names a currency again.
    pub fn thresholds_from(texts: &[String]) -> Result<BTreeMap<Currency, Money>, ThresholdFault> {
        let mut thresholds = BTreeMap::new();
        for text in texts {
            let read = || {
                let (currency, amount) = text.split_once('=')?;
                let currency = Currency::new(currency.trim()).ok()?;
                Some((currency, Money::non_negative(amount).ok()?))
            };
            let (currency, amount) = read().ok_or_else(|| ThresholdFault(text.clone()))?;
            if thresholds.insert(currency, amount).is_some() {
                return Err(ThresholdFault(text.clone()));
            }
        }
        Ok(thresholds)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::tests::given::{order, rules};

    #[test]
    fn thresholds_are_amounts_by_currency_and_nothing_else_is() {
        let texts = ["JPY=150000".to_owned(), " USD = 1100.50 ".to_owned(), "EUR=0".to_owned()];
        let read = OrderRules::thresholds_from(&texts).unwrap();
        assert_eq!(read.len(), 3);
        assert_eq!(read[&Currency::new("USD").unwrap()].to_string(), "1100.50");
        for bad in ["JPY", "=1", "jpy=1", "JPYX=1", "JPY=", "JPY=-1", "JPY=NaN", "JPY=0.00001"] {
            let fault = OrderRules::thresholds_from(&[bad.to_owned()]).unwrap_err();
            assert!(fault.to_string().contains(bad), "{fault}");
        }
        let twice = ["JPY=1".to_owned(), "JPY=2".to_owned()];
        assert!(OrderRules::thresholds_from(&twice).unwrap_err().to_string().contains("JPY=2"));
    }

    #[test]
    fn more_than_the_threshold_of_its_currency_is_a_high_value() {
        let mut rules = rules();
        rules.high_value_by_currency = OrderRules::thresholds_from(&["JPY=150000".into()]).unwrap();
        for (amount, currency, high) in [
            ("1000.00", "EUR", false),
            ("1000.0001", "EUR", true),
            ("1000.01", "USD", true),
            ("150000", "JPY", false),
            ("150000.01", "JPY", true),
        ] {
            let mut order = order("o", "NEW", 0);
            order.total_amount = amount.parse().unwrap();
            order.currency = Currency::new(currency).unwrap();
            assert_eq!(rules.is_high_value(&order), high, "{amount} {currency}");
        }
        assert!(rules.is_revenue("COMPLETED") && !rules.is_revenue("CANCELLED"));
    }
}
