//! An order as it counts in windows, and the bytes in which one stage hands it to the next.

use crate::domain::compact::{self, Reader};
use crate::domain::payment::Currency;
use crate::domain::{Money, OrderEvent};
use crate::orders::lifecycle::Counted;
use crate::orders::state::decode_currency;
use crate::orders::written::UNKNOWN;

/// What an order adds to the windows of its region.
///
/// An order of several categories counts whole under the first of them, as it was given: the event
/// does not say what each item cost, and so the sum over categories is the sum of all orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedOrder {
    /// The region; `None` if the event names none.
    pub region: Option<Box<str>>,
    /// The first category; `None` if the event names none.
    pub category: Option<Box<str>>,
    /// The currency of the amount.
    pub currency: Currency,
    /// The amount.
    pub amount: Money,
    /// Where it counts.
    pub counted: Counted,
}

const VERSION: u8 = 1;
const AS_ORDER: u8 = 1;
const AS_REVENUE: u8 = 2;

impl CountedOrder {
    /// What `order` adds; `None` if it counts nowhere.
    #[must_use]
    pub fn of(order: &OrderEvent<'_>, counted: Counted) -> Option<Self> {
        (counted.as_order || counted.as_revenue).then(|| Self {
            region: order.region.as_deref().map(Into::into),
            category: order.item_categories.first().map(|name| (&**name).into()),
            currency: order.currency,
            amount: order.total_amount,
            counted,
        })
    }

    /// The region's name, by which its orders are summed up; [`UNKNOWN`] where there is none.
    #[must_use]
    pub fn region_name(&self) -> &str {
        self.region.as_deref().unwrap_or(UNKNOWN)
    }

    /// Whose revenue it is.
    #[must_use]
    pub fn revenue_key(&self) -> RevenueKey {
        RevenueKey {
            region: self.region.clone(),
            category: self.category.clone(),
            currency: self.currency,
        }
    }

    /// Appends the bytes: version, flags, region, category, currency, amount.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        let counted = self.counted;
        out.push(VERSION);
        out.push(flag(counted.as_order, AS_ORDER) | flag(counted.as_revenue, AS_REVENUE));
        compact::optional_text(self.region.as_deref(), out);
        compact::optional_text(self.category.as_deref(), out);
        out.extend_from_slice(&self.currency.bytes());
        compact::number(u64::try_from(self.amount.units()).unwrap_or_default(), out);
    }

    /// Reads them back.
    ///
    /// # Errors
    /// Another version, or bytes that [`Self::encode`] did not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let mut from = Reader::of_version(bytes, VERSION, "a counted order")?;
        let flags = from.byte()?;
        if flags & !(AS_ORDER | AS_REVENUE) != 0 {
            return Err(from.damaged("its flags"));
        }
        let read = Self {
            region: from.optional_text()?.map(Into::into),
            category: from.optional_text()?.map(Into::into),
            currency: decode_currency(&mut from)?,
            amount: Money::from_units(from.number()?.into()).map_err(|e| e.to_string())?,
            counted: Counted {
                as_order: flags & AS_ORDER != 0,
                as_revenue: flags & AS_REVENUE != 0,
            },
        };
        from.end()?;
        Ok(read)
    }
}

/// What revenue is summed up by. Currencies are never mixed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RevenueKey {
    /// The region; `None` if unknown.
    pub region: Option<Box<str>>,
    /// The category; `None` if unknown.
    pub category: Option<Box<str>>,
    /// The currency.
    pub currency: Currency,
}

impl RevenueKey {
    /// Appends the key's bytes: currency, region, category, texts with their length.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.currency.bytes());
        compact::optional_text(self.region.as_deref(), out);
        compact::optional_text(self.category.as_deref(), out);
    }

    /// Reads them back.
    ///
    /// # Errors
    /// Bytes that [`Self::encode`] did not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let mut from = Reader::new(bytes, "a key of revenue");
        let currency = decode_currency(&mut from)?;
        let region = from.optional_text()?.map(Into::into);
        let category = from.optional_text()?.map(Into::into);
        from.end()?;
        Ok(Self { region, category, currency })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn optional() -> impl Strategy<Value = Option<Box<str>>> {
        prop::option::of("[a-zA-ZäöüП/%]{1,20}").prop_map(|text| text.map(Into::into))
    }

    proptest! {
        #[test]
        fn bytes_round_trip(
            region in optional(),
            category in optional(),
            currency in "[A-Z]{3}",
            units in 0..10_i128.pow(19),
            as_order in any::<bool>(),
            as_revenue in any::<bool>(),
        ) {
            let counted = CountedOrder {
                region,
                category,
                currency: Currency::new(&currency).unwrap(),
                amount: Money::from_units(units).unwrap(),
                counted: Counted { as_order, as_revenue },
            };
            let (mut bytes, mut key) = (Vec::new(), Vec::new());
            counted.encode(&mut bytes);
            prop_assert_eq!(CountedOrder::decode(&bytes), Ok(counted.clone()));
            counted.revenue_key().encode(&mut key);
            prop_assert_eq!(RevenueKey::decode(&key), Ok(counted.revenue_key()));
            for cut in 0..bytes.len() {
                prop_assert!(CountedOrder::decode(&bytes[..cut]).is_err());
            }
            for cut in 0..key.len() {
                prop_assert!(RevenueKey::decode(&key[..cut]).is_err());
            }
        }
    }

    #[test]
    fn an_order_counts_whole_under_its_first_category() {
        let order = crate::orders::tests::given::order("o", "NEW", 0);
        let counted = |as_order, as_revenue| Counted { as_order, as_revenue };
        let one = CountedOrder::of(&order, counted(true, false)).unwrap();
        assert_eq!(one.category.as_deref(), Some("TOYS"), "of {:?}", order.item_categories);
        assert_eq!(one.amount, order.total_amount);
        assert!(CountedOrder::of(&order, counted(false, true)).is_some());
        assert_eq!(CountedOrder::of(&order, counted(false, false)), None);
        assert!(CountedOrder::decode(&[VERSION, 4, 0, 0]).is_err_and(|e| e.contains("flags")));
    }
}
