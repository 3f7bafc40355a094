//! What is kept of customers, windows and the table of sessions, as people read it.

use serde_json::{Value, json};

use crate::recommend::session::OpenSession;
use crate::recommend::{CustomerState, Ranked, Ring, TopProducts, ViewCount};

impl CustomerState {
    /// Open sessions, interests (each weight as of its time) and what was bought.
    #[must_use]
    pub fn readable(&self) -> Value {
        let interests = self.profile().kept().map(|(category, weight, time)| {
            json!({"category": category, "weight": weight, "asOf": time.to_string()})
        });
        let bought = self
            .bought
            .iter()
            .map(|(time, product)| json!({"productId": product, "timestamp": time.to_string()}));
        json!({
            "latest": self.latest.map(|time| time.to_string()),
            "openSessions": self.open_sessions().iter().map(session).collect::<Vec<_>>(),
            "interests": interests.collect::<Vec<_>>(),
            "bought": bought.collect::<Vec<_>>(),
        })
    }
}

fn session(own: &OpenSession) -> Value {
    let (start, end) = own.span();
    let products: Vec<&str> = own.items().iter().map(|item| &*item.product).collect();
    json!({
        "sessionId": own.name,
        "start": start.to_string(),
        "end": end.to_string(),
        "products": products,
    })
}

impl Ring {
    /// The slot of the next session that ends.
    #[must_use]
    pub fn readable(&self) -> Value {
        json!({"nextSlot": self.slot()})
    }
}

impl ViewCount {
    /// Views and category.
    #[must_use]
    pub fn readable(&self) -> Value {
        json!({"views": self.views(), "category": self.category()})
    }
}

impl TopProducts {
    /// The products, the most viewed first.
    #[must_use]
    pub fn readable(&self) -> Value {
        let ranked = |p: &Ranked| json!({"productId": p.product, "views": p.views});
        self.products().iter().map(ranked).collect()
    }
}
