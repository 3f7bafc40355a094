//! Made-up events for demos, tests and benches: seeded, the same bytes whenever they are made.
//!
//! Pure: a seed and a [`Shape`] in, events out. [`Generator`] lets customers come to the shop,
//! look around, and sometimes buy and pay, in the order of event time; [`Arrivals`] lets some of
//! that come late, twice or broken. Where the events go is none of this room's business.

mod arrivals;
mod burst;
mod catalog;
mod generator;
mod people;
pub mod random;
mod rhythm;
mod session;
mod shop;
mod skew;
#[cfg(test)]
mod tests;
mod value;

pub use arrivals::{Arrival, Arrivals, Flaws, Mark};
pub use generator::{Extent, Generator, LONGEST_SESSION, Shape};
pub use rhythm::Rhythm;

use crate::domain::EventTime;

/// What an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// What a customer does on the site.
    CustomerEvents,
    /// What a customer orders.
    OrderEvents,
    /// How an order is paid.
    PaymentEvents,
    /// Which product a customer looks at.
    ProductViews,
    /// A table: who the customers are.
    CustomerInfo,
    /// A table: what the products cost.
    ProductCatalog,
    /// What payments turned out to be, hours to days after them.
    FraudLabels,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 7] = [
        Self::CustomerEvents,
        Self::OrderEvents,
        Self::PaymentEvents,
        Self::ProductViews,
        Self::CustomerInfo,
        Self::ProductCatalog,
        Self::FraudLabels,
    ];

    /// What is made if nothing is named: what customers do.
    pub const USUAL: [Self; 4] =
        [Self::CustomerEvents, Self::OrderEvents, Self::PaymentEvents, Self::ProductViews];

    /// Whether the rows of a key replace one another.
    #[must_use]
    pub const fn is_table(self) -> bool {
        matches!(self, Self::CustomerInfo | Self::ProductCatalog)
    }

    /// The CloudEvents type.
    #[must_use]
    pub const fn event_type(self) -> &'static str {
        match self {
            Self::CustomerEvents => "bss.customer.activity.v1",
            Self::OrderEvents => "bss.order.v1",
            Self::PaymentEvents => "bss.payment.v1",
            Self::ProductViews => "bss.product.view.v1",
            Self::CustomerInfo => "bss.customer.info.v1",
            Self::ProductCatalog => "bss.product.catalog.v1",
            Self::FraudLabels => "bss.fraud.label.v1",
        }
    }

    const fn index(self) -> usize {
        self as usize
    }
}

/// A choice of kinds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Kinds([bool; Kind::ALL.len()]);

impl Kinds {
    /// These kinds.
    #[must_use]
    pub fn of(kinds: &[Kind]) -> Self {
        let mut chosen = [false; Kind::ALL.len()];
        kinds.iter().for_each(|kind| chosen[kind.index()] = true);
        Self(chosen)
    }

    /// Whether a kind is among them.
    #[must_use]
    pub const fn has(self, kind: Kind) -> bool {
        self.0[kind.index()]
    }

    /// The chosen ones.
    #[must_use]
    pub fn list(self) -> Vec<Kind> {
        Kind::ALL.into_iter().filter(|kind| self.has(*kind)).collect()
    }

    fn only_tables(self) -> bool {
        self.list().into_iter().all(Kind::is_table)
    }
}

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What it is.
    pub kind: Kind,
    /// Its id, for CloudEvents: an event that comes twice keeps it.
    pub id: u64,
    /// The record's key.
    pub key: String,
    /// The record's value.
    pub value: Vec<u8>,
    /// When it happened.
    pub time: EventTime,
}
