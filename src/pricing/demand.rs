//! How much of a product was asked for in a window.

use crate::pricing::PricingRules;
use crate::pricing::bytes::{end, number, versioned};

/// What was asked for in one window. Joining two is associative and commutative.
///
/// Demand is units ordered; a view is a weak sign of demand and counts as a part of a unit
/// (`pricing.view_weight`). An order's total never enters: several products may be in it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Demand {
    /// Units ordered.
    pub units: u64,
    /// Orders.
    pub orders: u64,
    /// Views of the product.
    pub views: u64,
}

const VERSION: u8 = 1;
const NAME: &str = "demand";

impl Demand {
    /// One order of `items` units. One of more than `pricing.max_order_units` counts as that
    /// many: a bulk order says little of what others want.
    #[must_use]
    pub fn order(items: u64, rules: &PricingRules) -> Self {
        Self { units: items.min(rules.max_order_units.into()), orders: 1, views: 0 }
    }

    /// One view.
    #[must_use]
    pub const fn view() -> Self {
        Self { units: 0, orders: 0, views: 1 }
    }

    /// Takes `more` in (saturating).
    pub fn join(&mut self, more: &Self) {
        self.units = self.units.saturating_add(more.units);
        self.orders = self.orders.saturating_add(more.orders);
        self.views = self.views.saturating_add(more.views);
    }

    /// Whether nothing happened.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        *self == Self::default()
    }

    /// The demand in units: units + `view_weight` x views.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a count above 2^53 may lose its last digits")]
    pub fn weigh(&self, rules: &PricingRules) -> f64 {
        rules.view_weight.mul_add(self.views as f64, self.units as f64)
    }

    /// Appends the bytes that the changelog keeps: version 1, then units, orders and views in
    /// eight bytes each.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.push(VERSION);
        for count in [self.units, self.orders, self.views] {
            out.extend_from_slice(&count.to_le_bytes());
        }
    }

    /// Reads them back.
    ///
    /// # Errors
    /// Another version, or bytes that [`Self::encode`] did not write.
    pub fn decode(bytes: &[u8]) -> Result<Self, String> {
        let mut rest = versioned(bytes, VERSION, NAME)?;
        let mut next = || number(&mut rest, NAME);
        let demand = Self { units: next()?, orders: next()?, views: next()? };
        end(rest, NAME)?;
        Ok(demand)
    }
}
