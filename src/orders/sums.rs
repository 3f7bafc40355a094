//! Sums of orders: exact, per currency, independent of any order of adding.

use std::collections::BTreeMap;

use crate::domain::compact::{self, Reader};
use crate::domain::payment::Currency;
use crate::orders::counted::CountedOrder;
use crate::orders::state::decode_currency;

const VERSION: u8 = 1;

/// Orders of a region and their amounts. Joining two is associative and commutative.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegionSums {
    orders: u64,
    /// In units of 0.0001.
    amounts: BTreeMap<Currency, i128>,
}

impl RegionSums {
    /// About how many bytes it holds outside of itself.
    #[must_use]
    pub fn heap(&self) -> usize {
        // A node of a map has room for eleven.
        if self.amounts.is_empty() { 0 } else { self.amounts.len().div_ceil(6) * 11 * 24 }
    }

    /// One order.
    #[must_use]
    pub fn one(order: &CountedOrder) -> Self {
        Self { orders: 1, amounts: BTreeMap::from([(order.currency, order.amount.units())]) }
    }

    /// Takes `more` in.
    pub fn join(&mut self, more: &Self) {
        self.orders = self.orders.saturating_add(more.orders);
        for (currency, units) in &more.amounts {
            let sum = self.amounts.entry(*currency).or_default();
            *sum = sum.saturating_add(*units);
        }
    }

    /// How many orders.
    #[must_use]
    pub const fn orders(&self) -> u64 {
        self.orders
    }

    /// Their amounts in units of 0.0001 (`Money::write_units`), by currency.
    pub fn amounts(&self) -> impl Iterator<Item = (Currency, i128)> {
        self.amounts.iter().map(|(currency, units)| (*currency, *units))
    }

    /// Appends the bytes that the changelog keeps: the version, the orders, then each currency with
    /// its units (16 bytes, little-endian).
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        compact::number(self.orders, out);
        compact::count(self.amounts.len(), out);
        for (currency, units) in &self.amounts {
            out.extend_from_slice(&currency.bytes());
            out.extend_from_slice(&units.to_le_bytes());
        }
    }

    /// Reads them back.
    ///
    /// # Errors
    /// Another version, or bytes that [`Self::encode`] did not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let mut from = Reader::of_version(bytes, VERSION, "sums of a region")?;
        let orders = from.number()?;
        let amounts = from.list(|from| {
            let currency = decode_currency(from)?;
            Ok((currency, i128::from_le_bytes(from.array()?)))
        })?;
        from.end()?;
        Ok(Self { orders, amounts: amounts.into_iter().collect() })
    }
}

/// Revenue of one region, category and currency. Joining two is associative and commutative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RevenueSums {
    orders: u64,
    /// In units of 0.0001.
    units: i128,
}

impl RevenueSums {
    /// One order.
    #[must_use]
    pub const fn one(order: &CountedOrder) -> Self {
        Self { orders: 1, units: order.amount.units() }
    }

    /// Takes `more` in.
    pub const fn join(&mut self, more: &Self) {
        self.orders = self.orders.saturating_add(more.orders);
        self.units = self.units.saturating_add(more.units);
    }

    /// How many orders.
    #[must_use]
    pub const fn orders(&self) -> u64 {
        self.orders
    }

    /// Their revenue in units of 0.0001 (`Money::write_units`).
    #[must_use]
    pub const fn units(&self) -> i128 {
        self.units
    }

    /// Appends the bytes that the changelog keeps: the version, the units (16 bytes,
    /// little-endian), the orders.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        out.extend_from_slice(&self.units.to_le_bytes());
        compact::number(self.orders, out);
    }

    /// Reads them back.
    ///
    /// # Errors
    /// Another version, or bytes that [`Self::encode`] did not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let mut from = Reader::of_version(bytes, VERSION, "sums of revenue")?;
        let units = i128::from_le_bytes(from.array()?);
        let orders = from.number()?;
        from.end()?;
        Ok(Self { orders, units })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Money;
    use crate::orders::lifecycle::Counted;
    use proptest::prelude::*;

    fn order((currency, units): &(String, i128)) -> CountedOrder {
        CountedOrder {
            region: None,
            category: None,
            currency: Currency::new(currency).unwrap(),
            amount: Money::from_units(*units).unwrap(),
            counted: Counted { as_order: true, as_revenue: true },
        }
    }

    proptest! {
        #[test]
        fn sums_are_exact_in_any_order_and_round_trip(
            orders in prop::collection::vec(("EUR|USD|JPY", 0..10_i128.pow(19)), 0..30),
            cut in any::<prop::sample::Index>(),
        ) {
            let sum = |orders: &[(String, i128)]| {
                let mut sums = (RegionSums::default(), RevenueSums::default());
                for order in orders.iter().map(order) {
                    sums.0.join(&RegionSums::one(&order));
                    sums.1.join(&RevenueSums::one(&order));
                }
                sums
            };
            let (region, revenue) = sum(&orders);
            let at = if orders.is_empty() { 0 } else { cut.index(orders.len()) };
            let mut other = sum(&orders[at..]);
            let first = sum(&orders[..at]);
            other.0.join(&first.0);
            other.1.join(&first.1);
            prop_assert_eq!((&region, &revenue), (&other.0, &other.1));
            let total: i128 = orders.iter().map(|(_, units)| units).sum();
            prop_assert_eq!(region.amounts().map(|(_, units)| units).sum::<i128>(), total);
            prop_assert_eq!((revenue.units(), revenue.orders()), (total, orders.len() as u64));
            let (mut a, mut b) = (Vec::new(), Vec::new());
            region.encode(&mut a);
            revenue.encode(&mut b);
            prop_assert_eq!(RegionSums::decode(&a), Ok(region));
            prop_assert_eq!(RevenueSums::decode(&b), Ok(revenue));
            for cut in 0..a.len() {
                prop_assert!(RegionSums::decode(&a[..cut]).is_err());
            }
            for cut in 0..b.len() {
                prop_assert!(RevenueSums::decode(&b[..cut]).is_err());
            }
        }
    }

    #[test]
    fn newer_bytes_are_refused() {
        assert!(RegionSums::decode(&[2]).is_err_and(|e| e.contains("version 2")));
        assert!(RevenueSums::decode(&[2]).is_err_and(|e| e.contains("version 2")));
    }
}
