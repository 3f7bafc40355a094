//! The fraud rules: what one payment means, given what its customer did before.
//!
//! [`customer::CustomerState::assess`] takes one payment in and answers at once: a score, seldom
//! an alert, seldom a customer at high risk. Event times only; the same payments in the same
//! order give the same answers, whatever the clock says and however often the state was stored
//! and restored in between. Nothing here knows a topic or a table. Start with
//! [`customer`]; the numbers are in [`rules`].

pub mod alert;
pub mod customer;
mod declines;
mod history;
mod readable;
mod recent;
pub mod rules;
mod score;
pub mod scored;
mod state;
#[cfg(test)]
mod tests;

pub use alert::{Alert, HighRisk, RiskLevel, Rule, Severity};
pub use customer::{Assessment, CustomerState};
pub use rules::{RuleFault, Rules};
pub use scored::write_scored_payment;
pub use state::StateFault;
