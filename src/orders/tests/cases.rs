//! Single cases, the users' reports among them.

use super::given::{Customer, at, deleted, order, tier};
use crate::orders::held::MAX_HELD;
use crate::orders::{Counted, CustomerOrders, Received, Tally};

const fn taken(as_order: bool, as_revenue: bool) -> Received {
    Received::Taken(Counted { as_order, as_revenue })
}

#[test]
fn an_order_of_a_known_customer_is_told_at_once() {
    let mut customer = Customer::new();
    customer.row(tier(0, "GOLD"), 0);
    customer.row(tier(10, "SILVER"), 10);
    customer.orders(&order("a", "NEW", 5), 11);
    customer.orders(&order("b", "NEW", 11), 11);
    assert_eq!(customer.heard(), ["a GOLD r1", "b SILVER r1"]);
}

/// J1: an order whose customer comes later is matched within the wait, else told without and
/// corrected.
#[test]
fn a_wait_ends_with_the_row_or_without_it() {
    let mut customer = Customer::new();
    customer.orders(&order("a", "NEW", 5), 5);
    customer.passes(6);
    assert_eq!(customer.heard(), [""; 0]);
    customer.row(tier(6, "GOLD"), 6);
    assert_eq!(customer.heard(), ["a GOLD r1"]);
    customer.passes(7);
    assert_eq!(customer.heard(), [""; 0], "nothing better came");

    let mut customer = Customer::new();
    customer.orders(&order("a", "NEW", 5), 5);
    customer.orders(&order("b", "NEW", 6), 6);
    customer.passes(7);
    assert_eq!(customer.heard(), ["a absent r1"]);
    customer.row(tier(4, "GOLD"), 7);
    assert_eq!(customer.heard(), ["a GOLD r2", "b GOLD r1"]);
    customer.row(tier(5, "SILVER"), 7);
    customer.passes(1000);
    assert_eq!(customer.heard(), ["b SILVER r2"], "a was corrected once, b at the end of its wait");
    assert_eq!(customer.tally, Tally { matched: 1, unmatched: 1, corrected: 2, forgotten: 0 });
}

/// J2: after a tombstone there is no customer: not the tier before, and nothing to wait for.
#[test]
fn a_deleted_customer_is_no_customer() {
    let mut customer = Customer::new();
    customer.row(tier(0, "gold"), 0);
    customer.row(deleted(5), 5);
    customer.orders(&order("a", "NEW", 6), 6);
    customer.orders(&order("b", "NEW", 4), 6);
    assert_eq!(customer.heard(), ["a deleted r1", "b gold r1"]);

    let mut customer = Customer::new();
    customer.orders(&order("a", "NEW", 0), 0);
    customer.passes(2);
    customer.orders(&order("b", "NEW", 3), 3);
    customer.row(deleted(3), 3);
    assert_eq!(customer.heard(), ["a absent r1", "b deleted r1"], "a deletion corrects nothing");
    customer.row(tier(1, "gold"), 4);
    customer.passes(5);
    assert_eq!(customer.heard(), ["a gold r2"], "b came when it was deleted");
}

#[test]
fn what_is_not_corrected_in_time_is_forgotten_and_counted() {
    let mut customer = Customer::new();
    customer.orders(&order("a", "NEW", 0), 0);
    customer.passes(61);
    customer.passes(62);
    customer.row(tier(0, "GOLD"), 62);
    assert_eq!(customer.heard(), ["a absent r1", "a forgotten"]);
    assert_eq!(customer.tally.forgotten, 1);
    customer.passes(3600 * 24);
    assert!(customer.orders.is_empty(), "ids are forgotten too");
}

#[test]
fn a_wait_of_nothing_is_none() {
    let mut customer = Customer::new();
    customer.rules.wait = 0;
    customer.orders(&order("a", "NEW", 0), 0);
    assert_eq!(customer.heard(), ["a absent r1"]);
    customer.rules.correct_for = 0;
    customer.orders(&order("b", "NEW", 0), 0);
    assert_eq!(customer.heard(), ["b absent r1"]);
    customer.passes(60);
    assert_eq!(customer.heard(), ["a forgotten", "b forgotten"]);
}

#[test]
fn an_order_counts_once_whatever_comes_of_it() {
    let mut customer = Customer::new();
    customer.row(tier(0, "GOLD"), 0);
    assert_eq!(customer.orders(&order("a", "NEW", 1), 1), taken(true, true));
    assert_eq!(customer.orders(&order("a", "NEW", 1), 2), Received::Duplicate);
    assert_eq!(customer.orders(&order("a", "DONE", 2), 2), taken(false, false));
    assert_eq!(customer.orders(&order("b", "CANCELLED", 2), 2), taken(true, false));
    assert_eq!(customer.orders(&order("b", "NEW", 3), 3), taken(false, true));
    assert_eq!(customer.orders(&order("b", "DONE", 4), 4), taken(false, false));
    let mut other = order("a", "NEW", 1);
    other.items_count = 9;
    assert_eq!(customer.orders(&other, 5), Received::Conflicting);
    assert_eq!(customer.heard().len(), 5);
}

#[test]
fn a_redelivery_while_the_first_waits_is_a_duplicate() {
    let mut customer = Customer::new();
    customer.orders(&order("a", "NEW", 0), 0);
    assert_eq!(customer.orders(&order("a", "NEW", 0), 1), Received::Duplicate);
    customer.row(tier(0, "GOLD"), 1);
    assert_eq!(customer.orders(&order("a", "NEW", 0), 1), Received::Duplicate);
    assert_eq!(customer.heard(), ["a GOLD r1"]);
}

#[test]
fn a_row_that_nobody_announced_lets_those_that_wait_go_first() {
    let mut customer = Customer::new();
    customer.orders(&order("a", "NEW", 0), 0);
    customer.history.put(tier(0, "GOLD"), customer.rules.history);
    customer.orders(&order("b", "NEW", 1), 1);
    assert_eq!(customer.heard(), ["a GOLD r1", "b GOLD r1"]);
}

#[test]
fn what_is_held_of_a_customer_is_bounded_by_number_and_size() {
    let mut customer = Customer::new();
    customer.rules.correct_for *= 1000;
    for n in 0..1200 {
        customer.orders(&order(&format!("o{n}"), "NEW", n), 0);
    }
    let heard = customer.heard();
    assert_eq!(heard.len(), 400, "each of the 200 oldest is told, then forgotten");
    assert_eq!(heard[..2], ["o0 absent r1", "o0 forgotten"]);
    customer.passes(10);
    assert_eq!(customer.heard().len(), MAX_HELD);
    let mut long = order("long", "NEW", 10);
    long.item_categories = vec!["x".repeat(256).into(); 32];
    for n in 0..200 {
        long.order_id = format!("{n:0>250}").into();
        customer.orders(&long, 10);
    }
    let mut bytes = Vec::new();
    customer.orders.encode(&mut bytes);
    assert!(bytes.len() < 320 << 10, "{}", bytes.len());
    assert_eq!(CustomerOrders::decode(&bytes).as_ref(), Ok(&customer.orders));
    customer.row(tier(0, "GOLD"), 11);
    let tally = customer.tally;
    assert_eq!(tally.unmatched + tally.matched, 1400);
    assert_eq!(tally.forgotten + tally.corrected, tally.unmatched);
}

#[test]
fn a_customer_costs_little() {
    assert!(size_of::<CustomerOrders>() <= 32, "{}", size_of::<CustomerOrders>());
    let mut customer = Customer::new();
    customer.row(tier(0, "GOLD"), 0);
    for n in 0..10 {
        customer.orders(&order(&format!("o{n}"), "NEW", n), n);
    }
    let mut bytes = Vec::new();
    customer.orders.encode(&mut bytes);
    assert!(bytes.len() <= 300, "{}", bytes.len());
}

#[test]
fn bytes_that_nobody_wrote_are_refused() {
    assert!(CustomerOrders::decode(&[9]).is_err_and(|e| e.contains("version 9")));
    assert!(CustomerOrders::decode(&[]).is_err());
    let mut bytes = Vec::new();
    CustomerOrders::default().encode(&mut bytes);
    bytes.push(0);
    assert!(CustomerOrders::decode(&bytes).is_err_and(|e| e.contains("end")));
}

#[test]
fn a_state_is_readable() {
    let mut customer = Customer::new();
    customer.orders(&order("a", "NEW", 0), 0);
    customer.passes(2);
    customer.orders(&order("b", "NEW", 3), 3);
    let read = customer.orders.readable();
    assert_eq!(read["unmatched"][0]["order"]["orderId"], "a");
    assert_eq!(read["unmatched"][0]["correctedUntil"], at(62).to_string());
    assert_eq!(read["waiting"][0]["order"]["totalAmount"], "12.30");
    assert_eq!(read["waiting"][0]["until"], at(5).to_string());
    assert_eq!(read["rememberedEvents"], 2);
    customer.row(tier(1, "GOLD"), 3);
    assert_eq!(customer.orders.readable()["waiting"][0]["toldWith"]["tier"], "GOLD");
    assert_eq!(customer.history.readable()[0]["since"], at(1).to_string());
}
