//! What holds for every sequence of orders and rows.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::given::{Customer, deleted, order, tier};
use super::naive::{self, Event, Log};
use crate::orders::{CustomerOrders, Received};

/// One step of a sequence; times are differences in seconds.
#[derive(Clone, Debug)]
enum Step {
    Row { gap: i64, behind: i64, tier: usize },
    Order { gap: i64, behind: i64, id: u8 },
    Again { gap: i64, back: usize },
    Pass { gap: i64 },
}

fn step() -> impl Strategy<Value = Step> {
    let gap = || prop_oneof![12 => Just(0_i64), 8 => 1..3_i64, 1 => 3..90_i64];
    prop_oneof![
        4 => (gap(), -5..15_i64, 0..4_usize)
            .prop_map(|(gap, behind, tier)| Step::Row { gap, behind, tier }),
        5 => (gap(), 0..10_i64, 0..6_u8)
            .prop_map(|(gap, behind, id)| Step::Order { gap, behind, id }),
        1 => (gap(), 0..5_usize).prop_map(|(gap, back)| Step::Again { gap, back }),
        1 => gap().prop_map(|gap| Step::Pass { gap }),
    ]
}

/// The log of the steps; at its end all waits and corrections are over. `late` rows come only
/// after so many steps.
fn log(steps: &[Step], rows_from: usize) -> Log {
    let (mut now, mut log) = (0, Log::new());
    for (n, step) in steps.iter().enumerate() {
        match step {
            Step::Row { gap, behind, tier: 0 } if n >= rows_from => {
                now += gap;
                log.push((now, Event::Row(deleted(now - behind))));
            }
            Step::Row { gap, behind, tier } if n >= rows_from => {
                now += gap;
                let tier = self::tier(now - behind, ["", "GOLD", "SILVER", "BASE"][*tier]);
                log.push((now, Event::Row(tier)));
            }
            Step::Order { gap, behind, id } => {
                now += gap;
                let order = order(&format!("o{id}"), &format!("s{n}"), now - behind);
                log.push((now, Event::Order(order)));
            }
            Step::Again { gap, back } => {
                let orders = log.iter().rev().filter(|(_, e)| matches!(e, Event::Order(_)));
                if let Some((_, again)) = orders.clone().nth(*back).cloned() {
                    now += gap;
                    log.push((now, again));
                }
            }
            Step::Row { gap, .. } | Step::Pass { gap } => {
                now += gap;
                log.push((now, Event::Pass));
            }
        }
    }
    log.push((now + 100, Event::Pass));
    log
}

fn customer() -> Customer {
    let mut customer = Customer::new();
    customer.rules.remember_for = 100_000 * 1_000_000;
    customer.rules.no_revenue = (0..100).filter(|n| n % 3 == 0).map(|n| format!("s{n}")).collect();
    customer
}

/// Lets the log come; `passes` whether time passes before each event, `restarts` at which positions
/// the state is written and read.
fn live(log: &Log, passes: bool, restarts: &BTreeSet<usize>) -> (Customer, Vec<Received>) {
    let (mut customer, mut received) = (customer(), Vec::new());
    for (position, (now, event)) in log.iter().enumerate() {
        if restarts.contains(&position) {
            customer.restart();
        }
        if passes {
            customer.passes(*now);
        }
        match event {
            Event::Row(row) => customer.row(row.clone(), *now),
            Event::Order(order) => received.push(customer.orders(order, *now)),
            Event::Pass if passes || position + 1 == log.len() => customer.passes(*now),
            Event::Pass => {}
        }
    }
    (customer, received)
}

/// Without what is told only to be counted.
fn enriched(told: &[String]) -> Vec<&String> {
    told.iter().filter(|line| !line.ends_with("forgotten")).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn equals_the_plain_form(
        steps in prop::collection::vec(step(), 0..60),
        rows_from in 0..60_usize,
    ) {
        let log = log(&steps, rows_from);
        let (customer, received) = live(&log, true, &BTreeSet::new());
        let orders: Vec<usize> =
            (0..log.len()).filter(|n| matches!(log[*n].1, Event::Order(_))).collect();
        let plain: Vec<Received> =
            orders.iter().map(|n| naive::received(&log, *n, &customer.rules)).collect();
        prop_assert_eq!(&received, &plain);
        let taken: Vec<usize> = orders
            .into_iter()
            .zip(received)
            .filter_map(|(n, received)| (received != Received::Duplicate).then_some(n))
            .collect();
        // Each order's lines, and the first ones in the order in which the orders came.
        let mut expected = Vec::new();
        for position in &taken {
            let lines = naive::told(&log, *position, &customer.rules);
            expected.push(lines[0].clone());
            let name = lines[0].split(' ').next().unwrap();
            let own = |line: &&String| line.split(' ').next() == Some(name);
            let own: Vec<String> = customer.told.iter().filter(own).cloned().collect();
            prop_assert_eq!(own, lines);
        }
        let firsts: Vec<String> =
            customer.told.iter().filter(|line| line.ends_with("r1")).cloned().collect();
        prop_assert_eq!(firsts, expected);
        let tally = customer.tally;
        prop_assert_eq!(tally.matched + tally.unmatched, taken.len() as u64);
        prop_assert!(tally.forgotten <= tally.unmatched && tally.corrected <= taken.len() as u64);
    }

    #[test]
    fn neither_restarts_nor_how_often_time_passes_change_what_is_told(
        steps in prop::collection::vec(step(), 0..60),
        rows_from in 0..60_usize,
        restarts in prop::collection::btree_set(0..60_usize, 0..20),
    ) {
        let log = log(&steps, rows_from);
        let (often, first) = live(&log, true, &BTreeSet::new());
        let (seldom, second) = live(&log, false, &BTreeSet::new());
        let (restarted, third) = live(&log, true, &restarts);
        prop_assert_eq!(&often.told, &restarted.told);
        prop_assert_eq!(enriched(&often.told), enriched(&seldom.told));
        prop_assert_eq!((&first, &first), (&second, &third));
        prop_assert_eq!((&often.orders, often.tally), (&restarted.orders, restarted.tally));
        prop_assert_eq!((&often.orders, often.tally), (&seldom.orders, seldom.tally));
    }

    /// Whatever the order in which a new customer's rows come, in the wait or before the orders:
    /// the last revision is the join as of the order's time.
    #[test]
    fn rows_within_the_wait_come_in_any_order(
        rows in prop::collection::vec((-20..5_i64, 1..4_usize), 1..8).prop_shuffle(),
        orders in prop::collection::vec(-20..3_i64, 1..8),
    ) {
        let mut customer = customer();
        for (n, time) in orders.iter().enumerate() {
            customer.orders(&order(&format!("o{n}"), "NEW", *time), 0);
        }
        let mut log = Log::new();
        for (time, tier) in rows {
            // One tier an instant: no two rows of one time that differ.
            let row = self::tier(time, &format!("T{time}-{}", tier.min(1)));
            log.push((1, Event::Row(row.clone())));
            customer.row(row, 1);
        }
        customer.passes(2);
        for (n, time) in orders.iter().enumerate() {
            let order = order(&format!("o{n}"), "NEW", *time);
            log.push((3, Event::Order(order.clone())));
            let joined = naive::told(&log, log.len() - 1, &customer.rules).remove(0);
            let last = customer.told.iter().rfind(|l| l.starts_with(&*order.order_id)).unwrap();
            let tier = |line: &str| line.split(' ').nth(1).unwrap().to_owned();
            prop_assert_eq!(tier(last), tier(&joined));
        }
        prop_assert_eq!(customer.tally.unmatched, 0);
    }

    #[test]
    fn damaged_bytes_are_refused_or_read_but_never_panic(
        steps in prop::collection::vec(step(), 1..40),
        at in any::<prop::sample::Index>(),
        bits in 1..=255_u8,
    ) {
        let log = log(&steps, 40);
        let mut customer = live(&log[..log.len() - 1].to_vec(), true, &BTreeSet::new()).0;
        let mut bytes = Vec::new();
        customer.orders.encode(&mut bytes);
        let cut = at.index(bytes.len());
        prop_assert!(CustomerOrders::decode(&bytes[..cut]).is_err());
        bytes[cut] ^= bits;
        if let Ok(read) = CustomerOrders::decode(&bytes) {
            let mut again = Vec::new();
            read.encode(&mut again);
            customer.orders = CustomerOrders::decode(&again).unwrap();
            customer.orders(&order("after", "NEW", 10), 10_000);
            customer.row(tier(0, "GOLD"), 10_000);
        }
    }
}

#[test]
fn the_sequences_reach_everything() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    let mut runner = TestRunner::deterministic();
    let (mut tally, mut duplicates, mut better) = (crate::orders::Tally::default(), 0, 0);
    for n in 0..300 {
        let steps = prop::collection::vec(step(), 0..60).new_tree(&mut runner).unwrap().current();
        let (customer, received) = live(&log(&steps, n % 30), true, &BTreeSet::new());
        let own = customer.tally;
        tally.matched += own.matched;
        tally.unmatched += own.unmatched;
        tally.corrected += own.corrected;
        tally.forgotten += own.forgotten;
        better += (own.corrected + own.forgotten).saturating_sub(own.unmatched);
        duplicates += received.iter().filter(|r| **r == Received::Duplicate).count();
    }
    assert!(tally.matched > 1000 && tally.unmatched > 1000, "{tally:?}");
    assert!(tally.corrected > 500 && tally.forgotten > 500, "{tally:?}");
    assert!(duplicates > 300 && better > 50, "{duplicates} {better}");
}
