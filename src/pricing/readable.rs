//! What is kept of products and orders, as people read it.

use serde_json::{Map, Value, json};

use crate::domain::{EventTime, Money, Product};
use crate::pricing::expectation::HOURS;
use crate::pricing::rules::HOUR;
use crate::pricing::{Demand, Expectation, Placed, Standing};

impl Demand {
    /// What was asked for.
    #[must_use]
    pub fn readable(&self) -> Value {
        json!({"units": self.units, "orders": self.orders, "views": self.views})
    }
}

impl Placed {
    /// How many orders are remembered as counted, and when the newest was placed.
    #[must_use]
    pub fn readable(&self) -> Value {
        json!({
            "rememberedOrders": self.len(),
            "newest": self.newest().map(|time| time.to_string()),
        })
    }
}

impl Standing {
    /// The price that was given out last, and the demand it stands on.
    #[must_use]
    pub fn readable(&self) -> Value {
        json!({
            "countedThrough": self.through.to_string(),
            "recommendedPrice": self.told.map(|(price, _)| price.to_string()),
            "currency": self.told.map(|(_, currency)| currency.code().to_owned()),
            "revision": self.revision,
            "smoothedDemand": self.demand,
            "smoothedExpectation": self.usual,
            "silentWindows": self.silent,
            "lastWindow": self.last.readable(),
        })
    }
}

impl Expectation {
    /// The demand that was learnt by the hour of the week in which it came, weighted.
    #[must_use]
    pub fn readable(&self) -> Value {
        let hour = |number: i64| EventTime::from_micros(number.saturating_mul(HOUR));
        let week = self.first.saturating_add(self.week.saturating_mul(HOURS));
        // The hours are counted from the first that was learnt from.
        let hours: Map<String, Value> = self
            .hours
            .iter()
            .map(|(slot, demand)| {
                (hour(week.saturating_add(i64::from(*slot))).to_string(), json!(demand))
            })
            .collect();
        json!({
            "learntSince": hour(self.first).to_string(),
            "weightedFor": hour(week).to_string(),
            "demandByHourOfWeek": hours,
        })
    }
}

/// A row of the catalogue.
#[must_use]
pub fn readable_row(row: &Product) -> Value {
    let text = |price: Option<Money>| price.map(|price| price.to_string());
    json!({
        "basePrice": row.base_price.to_string(),
        "floor": text(row.floor),
        "ceiling": text(row.ceiling),
        "currency": row.currency.code(),
        "category": row.category,
        "expectedDemand": row.expected_demand,
        "since": row.time.to_string(),
    })
}
