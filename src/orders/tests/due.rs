//! Many customers: moving on only those that are due does what moving all on does.

use std::collections::BTreeMap;

use proptest::prelude::*;

use super::given::{at, order, rules, tier, told};
use crate::domain::EventTime;
use crate::orders::{CustomerHistory, CustomerOrders, DueTimes, OrderRules};

/// The customers of a task, as the topology will keep them.
struct Task {
    rules: OrderRules,
    histories: BTreeMap<String, CustomerHistory>,
    orders: BTreeMap<String, CustomerOrders>,
    due: DueTimes,
    told: Vec<String>,
    /// How many customers were moved on.
    moves: usize,
}

impl Task {
    fn new() -> Self {
        Self {
            rules: rules(),
            histories: BTreeMap::new(),
            orders: BTreeMap::new(),
            due: DueTimes::new(),
            told: Vec::new(),
            moves: 0,
        }
    }

    fn order(&mut self, customer: &str, number: usize, now: i64) {
        let mut order = order(&format!("o{number}"), "NEW", now);
        order.customer_id = customer.to_owned().into();
        let Self { rules, histories, orders, due, told, .. } = self;
        let own = orders.entry(customer.to_owned()).or_default();
        let before = own.due(rules);
        own.order(&order, histories.get(customer), at(now), rules, &mut |decision| {
            told.push(super::given::told(decision));
        });
        due.moved(customer, before, own.due(rules));
    }

    fn row(&mut self, customer: &str, now: i64) {
        let Self { rules, histories, orders, due, told, .. } = self;
        let history = histories.entry(customer.to_owned()).or_default();
        history.put(tier(now, "GOLD"), rules.history);
        let Some(own) = orders.get_mut(customer) else { return };
        let before = own.due(rules);
        own.row_arrived(history, at(now), rules, &mut |decision| {
            told.push(super::given::told(decision));
        });
        due.moved(customer, before, own.due(rules));
        if own.is_empty() {
            orders.remove(customer);
        }
    }

    fn move_on(&mut self, customer: &str, before: Option<EventTime>, now: i64) {
        let Self { rules, orders, due, told, moves, .. } = self;
        let Some(own) = orders.get_mut(customer) else { return };
        *moves += 1;
        own.advance(at(now), rules, &mut |decision| told.push(self::told(decision)));
        due.moved(customer, before, own.due(rules));
        if own.is_empty() {
            orders.remove(customer);
        }
    }

    fn due_move_on(&mut self, now: i64) {
        while let Some((time, customer)) = self.due.pop(at(now)) {
            self.move_on(&customer, Some(time), now);
        }
    }

    fn all_move_on(&mut self, now: i64) {
        for customer in self.orders.keys().cloned().collect::<Vec<_>>() {
            let before = self.orders[&customer].due(&self.rules);
            self.move_on(&customer, before, now);
        }
    }
}

proptest! {
    #[test]
    fn equals_moving_all_customers_on(
        steps in prop::collection::vec((0..40_i64, 0..9_usize, 0..4_u8), 0..80),
    ) {
        let (mut some, mut all) = (Task::new(), Task::new());
        let mut now = 0;
        for (number, (gap, customer, kind)) in steps.into_iter().enumerate() {
            now += gap * gap / 20;
            some.due_move_on(now);
            all.all_move_on(now);
            let customer = format!("c{customer}");
            for task in [&mut some, &mut all] {
                if kind == 0 {
                    task.row(&customer, now);
                } else {
                    task.order(&customer, number, now);
                }
            }
            let (mut a, mut b) = (some.told.clone(), all.told.clone());
            a.sort();
            b.sort();
            prop_assert_eq!(a, b);
            prop_assert_eq!(some.due.len(), some.orders.len());
        }
        some.due_move_on(now + 100_000);
        prop_assert!(some.orders.is_empty() && some.due.is_empty());
    }
}

#[test]
fn moving_on_costs_only_what_is_due() {
    let mut task = Task::new();
    for n in 0..1000 {
        let customer = format!("c{n}");
        task.row(&customer, 0);
        task.order(&customer, n, 0);
    }
    task.order("unknown", 1000, 1);
    for now in 1..600 {
        task.due_move_on(now);
    }
    assert_eq!(task.moves, 2, "the end of the wait, and of the correction");
    assert_eq!(task.told[1000..], ["o1000 absent r1", "o1000 forgotten"]);
    task.due_move_on(8000);
    assert_eq!((task.moves, task.orders.len()), (1003, 0), "each once when its ids are forgotten");
}
