//! A customer's state as people read it.

use serde_json::{Value, json};

use crate::fraud::customer::{CustomerState, Told};
use crate::fraud::labels::Known;

const fn word(told: Told) -> Option<&'static str> {
    match told {
        Told::Nothing => None,
        Told::High => Some("HIGH"),
        Told::Critical => Some("CRITICAL"),
    }
}

impl CustomerState {
    /// Everything that is remembered. The score is the one at `latest`; it decays from there.
    #[must_use]
    pub fn readable(&self) -> Value {
        let place =
            self.place.as_ref().map(|p| json!({"name": p.name, "time": p.time.to_string()}));
        let histories: Vec<Value> = self
            .histories
            .all()
            .iter()
            .map(|h| {
                json!({
                    "currency": h.currency.code(),
                    "payments": h.payments,
                    "mean": h.mean,
                    "deviation": (h.m2 / h.weight).sqrt(),
                    "weight": h.weight,
                    "usual": h.usual,
                    "unusualLately": h.lately,
                    "lastTime": h.last_time.to_string(),
                })
            })
            .collect();
        let entries = self.recent.entries();
        // The ids of the older ones are forgotten; their hashes tell redeliveries.
        let silent = entries.len() - self.recent.texts().count();
        let ids =
            std::iter::repeat_n(None, silent).chain(self.recent.texts().map(|(_, id)| Some(id)));
        let recent: Vec<Value> = entries
            .iter()
            .zip(ids)
            .map(|(e, id)| {
                json!({
                    "paymentId": id,
                    "idHash": format!("{:016x}", e.hash),
                    "time": e.time.to_string(),
                    "status": e.status.code(),
                    "counted": e.counted,
                })
            })
            .collect();
        let declines: Vec<Value> = self
            .declines
            .all()
            .iter()
            .map(|d| {
                json!({
                    "time": d.time.to_string(),
                    "idHash": format!("{:016x}", d.payment),
                    "instrumentHash": format!("{:016x}", d.instrument),
                })
            })
            .collect();
        json!({
            "latest": self.latest.map(|t| t.to_string()),
            "score": self.risk,
            "place": place,
            "histories": histories,
            "recentPayments": recent,
            "smallDeclines": declines,
            "labels": self.readable_labels(),
            "told": {
                "rapidPayments": word(self.rapid_told),
                "risk": word(self.risk_told),
                "cardTesting": self.card_testing_told,
            },
        })
    }

    fn readable_labels(&self) -> Vec<Value> {
        let label = |label: &Known| {
            json!({
                "labelledAt": label.time.to_string(),
                "idHash": format!("{:016x}", label.payment),
                "fraud": label.fraud,
            })
        };
        self.labels.all().iter().map(label).collect()
    }
}
