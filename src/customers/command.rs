//! What may be asked of a customer.

use crate::events::tree::Fields;

/// A command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// Make a customer with these fields.
    Create(Fields),
    /// Change fields; null removes one.
    Update(Fields),
    /// Change the tier.
    ChangeTier {
        /// The new one.
        tier: String,
        /// Why.
        reason: Option<String>,
    },
    /// The customer leaves.
    Close {
        /// Why.
        reason: Option<String>,
    },
}
