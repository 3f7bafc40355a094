//! What a report asks of the stored payments and alerts, and the rows it gets.

use rust_decimal::Decimal;

use crate::domain::{EventTime, Money};

/// Payments above a score (or without one) in `[since, until)`.
#[derive(Clone, Debug)]
pub struct AnomalyQuery {
    /// Whose rows.
    pub tenant: String,
    /// The first instant.
    pub since: EventTime,
    /// The first instant after.
    pub until: EventTime,
    /// Scores above this are asked for, this one itself is not.
    pub threshold: Decimal,
    /// Only this customer's.
    pub customer: Option<String>,
    /// Only in this currency.
    pub currency: Option<String>,
    /// Payments without a score instead, newest first.
    pub unscored: bool,
    /// At most so many rows.
    pub limit: u32,
}

/// One payment of a report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaymentRow {
    /// Event time.
    pub time: EventTime,
    /// The payment.
    pub payment_id: String,
    /// Who pays.
    pub customer_id: String,
    /// What is paid for.
    pub order_id: Option<String>,
    /// How much.
    pub amount: Money,
    /// In which currency.
    pub currency: String,
    /// What it has come to.
    pub status: String,
    /// How it is paid.
    pub payment_method: Option<String>,
    /// The merchant.
    pub merchant_id: Option<String>,
    /// The score from 0 to 100.
    pub fraud_score: Option<Decimal>,
}

/// Payments of at least an amount in `[since, until)`.
#[derive(Clone, Debug)]
pub struct HighValueQuery {
    /// Whose rows.
    pub tenant: String,
    /// The first instant.
    pub since: EventTime,
    /// The first instant after.
    pub until: EventTime,
    /// Amounts from this on.
    pub least: Money,
    /// Only in this currency.
    pub currency: Option<String>,
    /// At most so many rows.
    pub limit: u32,
}

/// Payments in `[since, until)` that are far from their customer's median.
#[derive(Clone, Debug)]
pub struct UnusualQuery {
    /// Whose rows.
    pub tenant: String,
    /// The first instant.
    pub since: EventTime,
    /// The first instant after.
    pub until: EventTime,
    /// Customers with at least so many payments in the currency.
    pub least_payments: u32,
    /// Further off than so many usual distances.
    pub distance: u32,
    /// Only in this currency.
    pub currency: Option<String>,
    /// At most so many rows.
    pub limit: u32,
}

/// A payment that is far from its customer's median.
#[derive(Clone, Debug, PartialEq)]
pub struct UnusualPayment {
    /// The payment, with its last status.
    pub payment: PaymentRow,
    /// The median of the customer's payments in the currency.
    pub median: Money,
    /// How far off it is, in usual distances.
    pub distance: f64,
    /// How many payments it is compared with, itself among them.
    pub payments: u64,
}

/// A sum over all rows that were asked for, however many are shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrencyTotal {
    /// The currency.
    pub currency: String,
    /// How many payments.
    pub payments: u64,
    /// Their sum, digit for digit.
    pub amount: Decimal,
}

/// What an anomaly report needs to know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Anomalies {
    /// The rows, at most the limit.
    pub rows: Vec<PaymentRow>,
    /// The sums, one for each currency; never one across.
    pub totals: Vec<CurrencyTotal>,
    /// How many payments of the range have no score.
    pub unscored: u64,
}

impl Anomalies {
    /// How many payments were asked for in all.
    #[must_use]
    pub fn found(&self) -> u64 {
        self.totals.iter().map(|t| t.payments).sum()
    }

    /// Whether the list was cut.
    #[must_use]
    pub fn cut(&self) -> bool {
        u64::try_from(self.rows.len()).unwrap_or(u64::MAX) < self.found()
    }
}

/// Alerts in `[since, until)`, newest first.
#[derive(Clone, Debug)]
pub struct AlertQuery {
    /// Whose rows.
    pub tenant: String,
    /// The first instant.
    pub since: EventTime,
    /// The first instant after.
    pub until: EventTime,
    /// Only of this severity.
    pub severity: Option<String>,
    /// Only of this rule.
    pub rule: Option<String>,
    /// Only of this customer.
    pub customer: Option<String>,
    /// At most so many rows.
    pub limit: u32,
}

/// A threshold from the command line: 0 to 100, at most three decimals as stored.
///
/// # Errors
/// What is wrong with the text.
pub fn threshold(text: &str) -> Result<Decimal, String> {
    let wrong = || format!("`{text}` is not a score from 0 to 100");
    let value: Decimal = text.trim().parse().map_err(|_| wrong())?;
    if value.is_sign_negative() || value > Decimal::ONE_HUNDRED {
        return Err(wrong());
    }
    Ok(value.normalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thresholds() {
        assert_eq!(threshold("80").unwrap().to_string(), "80");
        assert_eq!(threshold("80.50").unwrap().to_string(), "80.5");
        for text in ["-1", "100.001", "NaN", "", "80; DROP"] {
            assert!(threshold(text).is_err(), "{text}");
        }
    }

    #[test]
    fn a_cut_list_knows_it() {
        let total =
            |payments| CurrencyTotal { currency: "EUR".into(), payments, amount: Decimal::ONE };
        let anomalies = Anomalies { totals: vec![total(1), total(2)], ..Anomalies::default() };
        assert_eq!(anomalies.found(), 3);
        assert!(anomalies.cut());
        assert!(!Anomalies::default().cut());
    }
}
