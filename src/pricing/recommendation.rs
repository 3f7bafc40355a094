//! A recommended price, and what led to it.

use rust_decimal::{Decimal, RoundingStrategy};

use crate::domain::payment::Currency;
use crate::domain::{EventTime, Money, Product};
use crate::pricing::{Demand, PricingRules};

/// A tumbling window, aligned to the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct PriceWindow {
    /// Its first instant.
    pub start: EventTime,
    /// The first instant behind it.
    pub end: EventTime,
}

impl PriceWindow {
    /// The window that an instant lies in.
    #[must_use]
    pub const fn of(time: EventTime, rules: &PricingRules) -> Self {
        let into = time.micros().rem_euclid(rules.window);
        Self::from(time.plus_micros(-into), rules)
    }

    /// The window that begins at `start`.
    #[must_use]
    pub(super) const fn from(start: EventTime, rules: &PricingRules) -> Self {
        Self { start, end: start.plus_micros(rules.window) }
    }

    /// The window that ends at `end`.
    #[must_use]
    pub(super) const fn until(end: EventTime, rules: &PricingRules) -> Self {
        Self { start: end.plus_micros(-rules.window), end }
    }

    /// The window after this.
    #[must_use]
    pub const fn next(self, rules: &PricingRules) -> Self {
        Self::from(self.end, rules)
    }
}

/// What a price was judged for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// A window closed.
    Demand,
    /// So many windows went without an event that the base price holds.
    Silence,
    /// The product's row in the catalogue changed.
    Catalog,
}

impl Rule {
    /// The text form, as in events.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Demand => "DEMAND",
            Self::Silence => "SILENCE",
            Self::Catalog => "CATALOG",
        }
    }
}

/// What kept a price from going as far as demand asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Limits {
    /// `pricing.max_change`, up or down.
    pub max_change: bool,
    /// The catalogue's floor.
    pub floor: bool,
    /// The catalogue's ceiling.
    pub ceiling: bool,
}

/// The price that stands for a product after a window, or a change of the catalogue, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommendation {
    /// The last window that was counted.
    pub window: PriceWindow,
    /// What the price was judged for.
    pub rule: Rule,
    /// Whether the price is another than before and is to be given out; else what stood stands.
    pub moved: bool,
    /// How many were given out for the window, this one among them if it is.
    pub revision: u32,
    /// The price that stands.
    pub price: Money,
    /// What stood before, in the same currency: what was given out last, or the base price.
    pub previous: Option<Money>,
    /// The catalogue's price.
    pub base: Money,
    /// The catalogue's floor.
    pub floor: Option<Money>,
    /// The catalogue's ceiling.
    pub ceiling: Option<Money>,
    /// The currency of all prices.
    pub currency: Currency,
    /// What was asked for in the window.
    pub demand: Demand,
    /// The same in units.
    pub weighed: f64,
    /// What the window was expected to bring, in units, if anything says.
    pub expected: Option<f64>,
    /// Which part of the expectation was learnt; the rest is the catalogue's.
    pub learnt: f64,
    /// Smoothed demand over smoothed expectation.
    pub factor: f64,
    /// The change of the base price that the factor asks for, as a part of it.
    pub change: Decimal,
    /// The price that demand asks for within the limits, not rounded.
    pub unrounded: Decimal,
    /// What limited it.
    pub limits: Limits,
}

/// A price within a product's limits.
pub(super) struct Bounded {
    /// Not rounded.
    pub ideal: Decimal,
    /// Rounded half to even to what can be paid, and still within the limits.
    pub price: Money,
    /// What limited it.
    pub limits: Limits,
    /// The lowest price that is allowed.
    pub lowest: Decimal,
    /// The highest.
    pub highest: Decimal,
    /// The smallest difference of two prices.
    pub step: Decimal,
}

/// The base price of `row` changed by `change` of it, within all limits.
pub(super) fn bounded(row: &Product, change: Decimal, rules: &PricingRules) -> Bounded {
    let base = row.base_price.decimal();
    let held = change.clamp(-rules.max_change, rules.max_change);
    let (floor, ceiling) = (row.floor.map(Money::decimal), row.ceiling.map(Money::decimal));
    let part = |change: Decimal| base * (Decimal::ONE + change);
    let within = |price: Decimal| {
        let price = floor.map_or(price, |floor| price.max(floor));
        ceiling.map_or(price, |ceiling| price.min(ceiling))
    };
    let (lowest, highest) = (within(part(-rules.max_change)), within(part(rules.max_change)));
    let wanted = part(held);
    let ideal = wanted.clamp(lowest, highest);
    let decimals = row.currency.decimals().max(base.normalize().scale());
    let nearest = ideal.round_dp(decimals);
    // The base price is within the limits and has no more decimals, so there is such a price.
    let price = match () {
        () if nearest > highest => {
            highest.round_dp_with_strategy(decimals, RoundingStrategy::ToZero)
        }
        () if nearest < lowest => {
            lowest.round_dp_with_strategy(decimals, RoundingStrategy::AwayFromZero)
        }
        () => nearest,
    };
    Bounded {
        ideal,
        // Only a price that no amount can hold (10^15) is none.
        price: Money::from_decimal(price).unwrap_or(row.base_price),
        limits: Limits {
            max_change: held != change,
            floor: floor.is_some_and(|floor| wanted < floor),
            ceiling: ceiling.is_some_and(|ceiling| wanted > ceiling),
        },
        lowest,
        highest,
        step: Decimal::new(1, decimals),
    }
}
