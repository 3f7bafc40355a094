//! The fraud rules: what one payment means, given what its customer did before.
//!
//! [`customer::CustomerState::assess`] takes one payment in and answers at once: a score, seldom
//! an alert, seldom a customer at high risk. Event times only; the same payments in the same
//! order give the same answers, whatever the clock says and however often the state was stored
//! and restored in between. What payments turned out to be comes back as labels:
//! [`customer::CustomerState::learn_label`] takes them in and says what they change for the merchant
//! ([`merchant::MerchantHistory`]), whose history is shown to `assess`. Nothing here knows a topic
//! or a table. Start with [`customer`]; the numbers are in [`rules`] and [`weights`]. How good they
//! are where the outcome is known is asked in [`evaluation`].

pub mod alert;
mod bytes;
pub mod customer;
mod declines;
pub mod evaluation;
mod history;
pub mod labels;
pub mod merchant;
mod readable;
mod recent;
pub mod rules;
pub mod score;
pub mod scored;
mod state;
#[cfg(test)]
mod tests;
pub mod weights;

pub use alert::{Alert, HighRisk, RiskLevel, Rule, Severity};
pub use bytes::StateFault;
pub use customer::{Assessment, CustomerState};
pub use labels::{LabelChange, Verdict};
pub use merchant::{MerchantHistory, MerchantRisk, RETENTION_HOURS};
pub use rules::{RuleFault, Rules};
pub use score::Parts;
pub use scored::write_scored_payment;
pub use weights::Weights;
