//! A customer's orders and history, as people read them.

use serde_json::{Value, json};

use crate::domain::OrderEvent;
use crate::orders::customers::{CustomerHistory, CustomerVersion};
use crate::orders::held::Held;
use crate::orders::lifecycle::CustomerOrders;

fn version(version: &CustomerVersion) -> Value {
    let profile = version.profile.as_ref();
    json!({
        "since": version.since.to_string(),
        "deleted": profile.is_none(),
        "tier": profile.map(|p| &p.tier),
        "region": profile.and_then(|p| p.region.as_ref()),
    })
}

fn named(order: &OrderEvent<'_>) -> Value {
    json!({
        "orderId": order.order_id,
        "status": order.status,
        "totalAmount": order.total_amount.to_string(),
        "currency": order.currency.code(),
        "timestamp": order.time.to_string(),
    })
}

impl CustomerHistory {
    /// The versions, oldest first.
    #[must_use]
    pub fn readable(&self) -> Value {
        self.versions().iter().map(version).collect()
    }
}

impl CustomerOrders {
    /// The orders that wait or may be corrected, and how many ids are remembered.
    #[must_use]
    pub fn readable(&self) -> Value {
        let none = Held::default();
        let held = self.held.as_deref().unwrap_or(&none);
        let waiting = held.waiting().iter().map(|held| {
            json!({
                "order": named(&held.order),
                "until": held.until.to_string(),
                "toldWith": held.told.as_ref().map(|told| version(&told.with)),
            })
        });
        let unmatched = held.unmatched().iter().map(
            |held| json!({"order": named(&held.order), "correctedUntil": held.until.to_string()}),
        );
        json!({
            "waiting": waiting.collect::<Vec<_>>(),
            "unmatched": unmatched.collect::<Vec<_>>(),
            "rememberedEvents": self.recent.len(),
            "lastSeen": self.recent.newest().map(|time| time.to_string()),
        })
    }
}
