//! Orders with the customer's tier: a join with the table of customers as of event time.
//!
//! An order takes the customer's row as of its own time ([`CustomerHistory::as_of`]). Where no row
//! was ever seen it waits for one, and the later orders of that customer behind it; then it is told
//! as `UNKNOWN` and remembered for one correction ([`CustomerOrders`]). [`DueTimes`] says which
//! customers' orders are to be moved on when stream time moves.
//!
//! What orders come to by region, category and currency ([`RegionSums`], [`RevenueSums`]) needs no
//! customer and does not wait: a [`CountedOrder`] goes on, keyed by
//! [`CountedOrder::region_name`], to the stage that sums up, and a correction does not change it.

mod counted;
mod customers;
mod due;
mod held;
mod lifecycle;
mod readable;
mod recent;
mod rules;
mod state;
mod sums;
#[cfg(test)]
mod tests;
mod written;

pub use counted::{CountedOrder, RevenueKey};
pub use customers::{CustomerHistory, CustomerVersion, Profile};
pub use due::DueTimes;
pub use lifecycle::{Counted, CustomerOrders, Decision, Received, Tally};
pub use rules::{OrderRules, ThresholdFault};
pub use sums::{RegionSums, RevenueSums};
pub use written::{
    UNKNOWN, WindowResult, write_enriched, write_enriched_id, write_high_value,
    write_high_value_id, write_metric, write_metric_id, write_region, write_region_id,
    write_revenue, write_revenue_id,
};
