//! The row of the table `bss.customer.info`: what other parts may know of a customer.

use crate::domain::{EventTime, json};

use super::Customer;

/// A customer's row, without personal fields; `domain::customer` reads it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InfoRow {
    /// Who; the record's key too.
    pub customer_id: String,
    /// The tier.
    pub tier: String,
    /// Where the customer is.
    pub region: Option<String>,
    /// Since when the row holds.
    pub updated_at: EventTime,
}

/// The row of a customer; `None` where there is none (any more): the customer left, or no event gave
/// a tier.
#[must_use]
pub fn info_row(customer: &Customer) -> Option<InfoRow> {
    if customer.closed {
        return None;
    }
    Some(InfoRow {
        customer_id: customer.id.clone(),
        tier: customer.tier()?,
        region: customer.text("region"),
        updated_at: customer.updated_at,
    })
}

impl InfoRow {
    /// Its JSON, the record's value.
    #[must_use]
    pub fn to_json(&self) -> Vec<u8> {
        let mut out = br#"{"customerId":"#.to_vec();
        json::text(&self.customer_id, &mut out);
        json::text_field("tier", &self.tier, &mut out);
        json::optional_field("region", self.region.as_deref(), &mut out);
        json::time_field("updatedAt", self.updated_at, &mut out);
        out.push(b'}');
        out
    }
}
