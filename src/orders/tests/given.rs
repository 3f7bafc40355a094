//! Orders and rows to begin with, and a customer who orders.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::domain::payment::Currency;
use crate::domain::{EventTime, OrderEvent};
use crate::orders::{
    CustomerHistory, CustomerOrders, CustomerVersion, Decision, OrderRules, Profile, Received,
    Tally,
};

const SECOND: i64 = 1_000_000;

/// 2026-01-01T10:00:00Z and `seconds`.
pub(in crate::orders) fn at(seconds: i64) -> EventTime {
    EventTime::from_millis(1_767_261_600_000 + seconds * 1000)
}

/// An order of 12.30 EUR.
pub(in crate::orders) fn order(id: &str, status: &str, seconds: i64) -> OrderEvent<'static> {
    OrderEvent {
        order_id: Cow::Owned(id.to_owned()),
        customer_id: Cow::Borrowed("c1"),
        product_id: Some(Cow::Borrowed("p1")),
        total_amount: "12.30".parse().unwrap(),
        currency: Currency::new("EUR").unwrap(),
        items_count: 2,
        status: Cow::Owned(status.to_owned()),
        region: Some(Cow::Borrowed("EU")),
        item_categories: vec![Cow::Borrowed("TOYS"), Cow::Borrowed("BOOKS")],
        time: at(seconds),
    }
}

/// A row.
pub(in crate::orders) fn tier(seconds: i64, tier: &str) -> CustomerVersion {
    let profile = Profile { tier: tier.into(), region: Some("EU".into()) };
    CustomerVersion { since: at(seconds), profile: Some(profile) }
}

/// A deletion.
pub(in crate::orders) fn deleted(seconds: i64) -> CustomerVersion {
    CustomerVersion { since: at(seconds), profile: None }
}

/// Waits of 2 s, corrections for 60 s, a history of a day.
pub(in crate::orders) fn rules() -> OrderRules {
    OrderRules {
        wait: 2 * SECOND,
        correct_for: 60 * SECOND,
        history: 86_400 * SECOND,
        remember_for: 600 * SECOND,
        high_value: "1000".parse().unwrap(),
        high_value_by_currency: BTreeMap::new(),
        no_revenue: vec!["CANCELLED".to_owned()],
        window: 3600 * SECOND,
        grace: 600 * SECOND,
        updates: false,
    }
}

/// `ORDER TIER r1`, with `absent` or `deleted` for a tier; `ORDER forgotten`; with the status if it
/// is another than `NEW`.
pub(super) fn told(decision: Decision<'_>) -> String {
    let named = |order: &OrderEvent<'_>| match &*order.status {
        "NEW" => order.order_id.to_string(),
        status => format!("{}/{status}", order.order_id),
    };
    match decision {
        Decision::Enriched { order, customer, revision } => {
            let profile = customer.map(|version| version.profile.as_ref().map(|p| &*p.tier));
            let tier = profile.map_or("absent", |profile| profile.unwrap_or("deleted"));
            format!("{} {tier} r{revision}", named(order))
        }
        Decision::Forgotten { order } => format!("{} forgotten", named(order)),
    }
}

/// A customer of whom rows and orders come.
pub(super) struct Customer {
    pub(super) rules: OrderRules,
    pub(super) history: CustomerHistory,
    pub(super) orders: CustomerOrders,
    pub(super) tally: Tally,
    pub(super) told: Vec<String>,
}

impl Customer {
    pub(super) fn new() -> Self {
        Self {
            rules: rules(),
            history: CustomerHistory::default(),
            orders: CustomerOrders::default(),
            tally: Tally::default(),
            told: Vec::new(),
        }
    }

    /// What was told since the last call.
    pub(super) fn heard(&mut self) -> Vec<String> {
        std::mem::take(&mut self.told)
    }

    pub(super) fn orders(&mut self, order: &OrderEvent<'_>, now: i64) -> Received {
        let Self { rules, history, orders, tally, told } = self;
        let before = orders.clone();
        let known = Some(&*history).filter(|history| !history.versions().is_empty());
        let (changed, received) = orders.order(order, known, at(now), rules, &mut |decision| {
            tally.count(&decision);
            told.push(self::told(decision));
        });
        assert_eq!(changed, before != *orders, "{received:?}");
        received
    }

    pub(super) fn row(&mut self, version: CustomerVersion, now: i64) {
        let Self { rules, history, orders, tally, told } = self;
        history.put(version, rules.history);
        let before = orders.clone();
        let changed = orders.row_arrived(history, at(now), rules, &mut |decision| {
            tally.count(&decision);
            told.push(self::told(decision));
        });
        assert_eq!(changed, before != *orders);
    }

    pub(super) fn passes(&mut self, now: i64) {
        let Self { rules, orders, tally, told, .. } = self;
        let before = orders.clone();
        let changed = orders.advance(at(now), rules, &mut |decision| {
            tally.count(&decision);
            told.push(self::told(decision));
        });
        assert_eq!(changed, before != *orders);
        assert!(orders.due(rules).is_none_or(|due| due > at(now)));
        assert_eq!(orders.due(rules).is_none(), orders.is_empty());
    }

    /// Goes on from the encoded state.
    pub(super) fn restart(&mut self) {
        let (mut orders, mut history) = (Vec::new(), Vec::new());
        self.orders.encode(&mut orders);
        self.history.encode(&mut history);
        let decoded = CustomerOrders::decode(&orders).unwrap();
        assert_eq!(decoded, self.orders);
        self.orders = decoded;
        self.history = CustomerHistory::decode(&history).unwrap();
    }
}
