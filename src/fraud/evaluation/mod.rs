//! How good scores and rules are on payments whose outcome is known, and what other rules would
//! change.
//!
//! [`labels`] holds what is known of payments, [`history`] what was paid, scored and told;
//! [`judge::evaluate`] holds one against the other. [`ranking`] and [`cards`] are the measures of a
//! score: ties count as in scikit-learn, so that figures can be compared with anybody's. [`compare`]
//! tells two sets of rules apart over the same payments.

pub mod cards;
pub mod compare;
pub mod history;
pub mod judge;
pub mod labels;
pub mod ranking;
#[cfg(test)]
mod tests;

pub use compare::{Comparison, Side};
pub use history::{History, Told};
pub use judge::{By, Decision, Evaluation, Known, Terms, Threshold, evaluate};
pub use labels::{Label, LabelColumns, Labels, Unlisted};
pub use ranking::Ranking;
