//! What revenue comes to: totals, averages, growth.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use crate::analytics::facts::Fact;
use crate::domain::EventTime;

/// The positions of the measures of [`crate::analytics::facts::REVENUE`].
pub const REVENUE: usize = 0;
/// See [`REVENUE`].
pub const COSTS: usize = 1;
/// See [`REVENUE`].
pub const PROFIT: usize = 2;
/// See [`REVENUE`].
pub const ORDERS: usize = 3;

/// Sums of one currency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Total {
    /// What came in.
    pub revenue: Decimal,
    /// What it cost.
    pub costs: Decimal,
    /// The difference.
    pub profit: Decimal,
    /// Of how many orders.
    pub orders: Decimal,
}

impl Total {
    /// Adds a line.
    pub fn add(&mut self, fact: &Fact) {
        self.revenue += fact.value(REVENUE);
        self.costs += fact.value(COSTS);
        self.profit += fact.value(PROFIT);
        self.orders += fact.value(ORDERS);
    }

    /// The average order value.
    #[must_use]
    pub fn average(&self) -> Option<Decimal> {
        average(self.revenue, self.orders)
    }
}

/// A sum over a count, to two decimals, halves to the even digit; `None` of nothing.
#[must_use]
pub fn average(sum: Decimal, count: Decimal) -> Option<Decimal> {
    (!count.is_zero()).then(|| (sum / count).round_dp(2))
}

/// The totals by currency, which stands at `currency` among the keys.
#[must_use]
pub fn totals(facts: &[Fact], currency: usize) -> BTreeMap<String, Total> {
    let mut totals: BTreeMap<String, Total> = BTreeMap::new();
    for fact in facts {
        totals.entry(fact.key(currency).to_owned()).or_default().add(fact);
    }
    totals
}

/// The growth of a currency's revenue from the last whole day but one to the last whole day, in
/// percent to two decimals. `running` is the first instant of the day that is not over. A day without
/// rows is a day without revenue, and from nothing there is no growth.
#[must_use]
pub fn growth(
    facts: &[Fact],
    currency: (usize, &str),
    (before, last): (EventTime, EventTime),
) -> Option<Decimal> {
    let of = |day: EventTime| -> Decimal {
        let own = facts.iter().filter(|f| f.day == Some(day) && f.key(currency.0) == currency.1);
        own.map(|f| f.value(REVENUE)).sum()
    };
    let (before, last) = (of(before), of(last));
    let hundred = Decimal::ONE_HUNDRED;
    (!before.is_zero()).then(|| ((last - before) / before.abs() * hundred).round_dp(2))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fact(day: i64, currency: &str, revenue: i64, orders: i64) -> Fact {
        let values = [revenue, 0, revenue, orders].map(|n| Some(Decimal::from(n)));
        Fact {
            day: Some(EventTime::from_millis(day)),
            keys: vec![Some(currency.to_owned())],
            values: values.to_vec(),
        }
    }

    #[test]
    fn currencies_are_never_added() {
        let facts = [fact(1, "IDR", 150_000, 3), fact(1, "USD", 10, 0), fact(2, "IDR", 1, 1)];
        let totals = totals(&facts, 0);
        let shown: Vec<(&str, String, Option<Decimal>)> =
            totals.iter().map(|(c, t)| (c.as_str(), t.revenue.to_string(), t.average())).collect();
        let average = Some("37500.25".parse().unwrap());
        assert_eq!(shown, [("IDR", "150001".into(), average), ("USD", "10".into(), None)]);
    }

    #[test]
    fn growth_is_of_two_days_and_never_from_nothing() {
        let day = EventTime::from_millis;
        let facts = [fact(1, "EUR", 200, 1), fact(2, "EUR", 50, 1), fact(2, "EUR", 100, 1)];
        let of = |a, b| growth(&facts, (0, "EUR"), (day(a), day(b)));
        assert_eq!(of(1, 2), Some("-25".parse().unwrap()));
        assert_eq!(of(2, 3), Some("-100".parse().unwrap()));
        assert_eq!(of(3, 1), None);
        assert_eq!(growth(&facts, (0, "USD"), (day(1), day(2))), None);
    }
}
