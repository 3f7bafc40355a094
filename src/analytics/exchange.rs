//! Sums of several currencies in one, at exchange rates that somebody gave: none is looked up or
//! guessed, and a currency without one is an error.

use std::collections::BTreeMap;
use std::fmt;

use jiff::civil::Date;
use rust_decimal::Decimal;

use crate::analytics::facts::Fact;

/// What one unit of a currency is worth in another, and since when that was so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rate {
    /// The currency that is converted.
    pub currency: String,
    /// What one unit of it is worth.
    pub rate: Decimal,
    /// The day of the rate.
    pub date: Date,
}

impl Rate {
    /// Reads `EUR=1.08` or `EUR=1.08@2026-03-31`; without a day it is of `today`.
    ///
    /// # Errors
    /// What is wrong with the text.
    pub fn parse(text: &str, today: Date) -> Result<Self, String> {
        let wrong = || format!("`{text}` is not a rate such as EUR=1.08 or EUR=1.08@2026-03-31");
        let (currency, rest) = text.split_once('=').ok_or_else(wrong)?;
        let (rate, date) = match rest.split_once('@') {
            Some((rate, date)) => (rate, date.parse().map_err(|_| wrong())?),
            None => (rest, today),
        };
        let rate: Decimal = rate.parse().map_err(|_| wrong())?;
        if currency.is_empty() || rate <= Decimal::ZERO {
            return Err(wrong());
        }
        Ok(Self { currency: currency.to_owned(), rate, date })
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {} of {}", self.currency, self.rate.normalize(), self.date)
    }
}

/// Into which currency, at which rates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exchange {
    /// The currency of the answer.
    pub into: String,
    /// A rate for each of the others.
    pub rates: Vec<Rate>,
}

/// Why sums cannot be converted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Inconvertible {
    /// Nobody said what this currency is worth.
    NoRate(String),
    /// The sum in this currency has more digits than there are.
    TooLarge(String),
}

impl Exchange {
    /// Takes rates that go together.
    ///
    /// # Errors
    /// Two for one currency, or one for the currency of the answer.
    pub fn new(into: String, rates: Vec<Rate>) -> Result<Self, String> {
        for (at, rate) in rates.iter().enumerate() {
            if rate.currency == into {
                return Err(format!("{into} is the currency of the answer, it has no rate"));
            }
            if rates[..at].iter().any(|r| r.currency == rate.currency) {
                return Err(format!("{} has two rates", rate.currency));
            }
        }
        Ok(Self { into, rates })
    }

    fn rate(&self, currency: &str) -> Option<Decimal> {
        if currency == self.into {
            return Some(Decimal::ONE);
        }
        self.rates.iter().find(|r| r.currency == currency).map(|r| r.rate)
    }

    /// Converts sums and adds up those that differ only in their currency, which stands at `currency`
    /// among the keys; `money` are the measures that are money. Nothing is rounded.
    ///
    /// # Errors
    /// [`Inconvertible`].
    pub fn convert(
        &self,
        facts: Vec<Fact>,
        currency: usize,
        money: &[usize],
    ) -> Result<Vec<Fact>, Inconvertible> {
        let mut sums: BTreeMap<_, Vec<Option<Decimal>>> = BTreeMap::new();
        for mut fact in facts {
            let from = fact.key(currency).to_owned();
            let rate = self.rate(&from).ok_or_else(|| Inconvertible::NoRate(from.clone()))?;
            let large = || Inconvertible::TooLarge(from.clone());
            for at in money {
                if let Some(value) = &mut fact.values[*at] {
                    *value = value.checked_mul(rate).ok_or_else(large)?;
                }
            }
            fact.keys[currency] = Some(self.into.clone());
            let sum = sums.entry((fact.day, fact.keys)).or_default();
            if sum.is_empty() {
                *sum = fact.values;
                continue;
            }
            for (sum, value) in sum.iter_mut().zip(fact.values) {
                *sum = match (*sum, value) {
                    (Some(a), Some(b)) => Some(a.checked_add(b).ok_or_else(large)?),
                    (a, b) => a.or(b),
                };
            }
        }
        let facts = sums.into_iter().map(|((day, keys), values)| Fact { day, keys, values });
        Ok(facts.collect())
    }
}

/// `in USD (EUR at 1.08 of 2026-03-31)`.
impl fmt::Display for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "in {}", self.into)?;
        let rates: Vec<String> = self.rates.iter().map(ToString::to_string).collect();
        if rates.is_empty() { Ok(()) } else { write!(f, " ({})", rates.join(", ")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::EventTime;

    const TODAY: Date = jiff::civil::date(2026, 4, 1);

    fn decimal(text: &str) -> Decimal {
        text.parse().unwrap()
    }

    fn fact(day: i64, currency: &str, revenue: &str, orders: &str) -> Fact {
        let revenue = Some(decimal(revenue)).filter(|r| !r.is_zero());
        Fact {
            day: Some(EventTime::from_millis(day)),
            keys: vec![Some(currency.to_owned())],
            values: vec![revenue, Some(decimal(orders))],
        }
    }

    #[test]
    fn rates_are_read_with_their_day() {
        let rate = Rate::parse("EUR=1.0800@2026-03-31", TODAY).unwrap();
        assert_eq!(rate.to_string(), "EUR at 1.08 of 2026-03-31");
        assert_eq!(Rate::parse("IDR=0.000061", TODAY).unwrap().date, TODAY);
        for text in ["EUR", "EUR=", "EUR=0", "EUR=-1", "EUR=NaN", "=1", "EUR=1@soon", "EUR=1e400"] {
            let error = Rate::parse(text, TODAY).unwrap_err();
            assert!(error.contains(text) && error.contains("EUR=1.08@2026-03-31"), "{error}");
        }
    }

    /// Case M4.
    #[test]
    fn with_rates_there_is_one_line_that_names_them() {
        let rates = vec![Rate::parse("IDR=0.000061@2026-03-31", TODAY).unwrap()];
        let exchange = Exchange::new("USD".to_owned(), rates.clone()).unwrap();
        assert_eq!(exchange.to_string(), "in USD (IDR at 0.000061 of 2026-03-31)");
        let facts = vec![fact(1, "IDR", "150000", "3"), fact(1, "USD", "10", "1")];
        let converted = exchange.convert(facts.clone(), 0, &[0]).unwrap();
        assert_eq!(converted, [fact(1, "USD", "19.15", "4")], "never 150010");
        let euro = [facts, vec![fact(2, "EUR", "1", "1")]].concat();
        let missing = exchange.convert(euro, 0, &[0]).unwrap_err();
        assert_eq!(missing, Inconvertible::NoRate("EUR".to_owned()));
        let large = vec![fact(1, "IDR", "79228162514264337593543950335", "1")];
        let twice = Exchange::new("X".into(), vec![Rate::parse("IDR=2", TODAY).unwrap()]).unwrap();
        let large = twice.convert(large, 0, &[0]).unwrap_err();
        assert_eq!(large, Inconvertible::TooLarge("IDR".to_owned()));
        let own = Exchange::new("IDR".to_owned(), rates.clone()).unwrap_err();
        assert!(own.contains("IDR is the currency of the answer"), "{own}");
        let twice = Exchange::new("USD".to_owned(), [rates.clone(), rates].concat()).unwrap_err();
        assert!(twice.contains("IDR has two rates"), "{twice}");
    }

    #[test]
    fn the_sums_of_any_split_add_up_to_the_same() {
        let rates = vec![Rate::parse("EUR=1.0837", TODAY).unwrap()];
        let exchange = Exchange::new("USD".to_owned(), rates).unwrap();
        let days: Vec<Fact> = (1..=800).map(|n| fact(n, "EUR", "1234.5678", "1")).collect();
        let by_day = exchange.convert(days, 0, &[0]).unwrap();
        let in_all = exchange.convert(vec![fact(1, "EUR", "987654.2400", "800")], 0, &[0]).unwrap();
        let sum: Decimal = by_day.iter().map(|f| f.value(0)).sum();
        assert_eq!(sum, in_all[0].value(0));
        let nothing = exchange.convert(vec![fact(1, "EUR", "0", "1")], 0, &[0]).unwrap();
        assert_eq!(nothing[0].values, [None, Some(Decimal::ONE)]);
    }
}
