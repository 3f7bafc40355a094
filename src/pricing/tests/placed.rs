//! Orders count once.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::domain::EventTime;
use crate::pricing::{Placed, PricingRules};

proptest! {
    #[test]
    fn an_order_is_first_once_within_the_memory(
        events in prop::collection::vec((0..30_u32, 0..2_000_i64), 0..200),
        order_memory in 1..3_000_i64,
    ) {
        let rules = PricingRules { order_memory, ..Default::default() };
        let mut placed = Placed::default();
        // The same by a map of what is remembered.
        let mut remembered: BTreeMap<u32, i64> = BTreeMap::new();
        let mut newest = i64::MIN;
        for (order, time) in events {
            let known = remembered.contains_key(&order);
            let first =
                placed.is_first(&format!("O-{order}"), EventTime::from_micros(time), &rules);
            prop_assert_eq!(first, !known);
            newest = newest.max(if known { newest } else { time });
            remembered.entry(order).or_insert(time);
            remembered.retain(|_, time| *time >= newest - order_memory);
            newest = remembered.values().copied().max().unwrap_or(i64::MIN);
            let mut bytes = Vec::new();
            placed.encode(&mut bytes);
            prop_assert_eq!(Placed::decode(&bytes), Ok(placed.clone()));
        }
    }

    #[test]
    fn damaged_bytes_do_no_harm(bytes in prop::collection::vec(any::<u8>(), 0..70)) {
        let bytes = [&[1][..], &bytes].concat();
        if let Ok(placed) = Placed::decode(&bytes) {
            let mut again = Vec::new();
            placed.encode(&mut again);
            prop_assert_eq!(again, bytes);
        }
    }
}

#[test]
fn no_customer_takes_more_than_its_share() {
    let rules = PricingRules::default();
    let mut placed = Placed::default();
    for number in 0..10_000_i64 {
        assert!(placed.is_first(&number.to_string(), EventTime::from_micros(number), &rules));
    }
    let mut bytes = Vec::new();
    placed.encode(&mut bytes);
    assert_eq!(bytes.len(), 1 + 256 * 16);
    assert_eq!(placed.newest(), Some(EventTime::from_micros(9_999)));
    assert!(!placed.is_first("9999", EventTime::from_micros(9_999), &rules));
}

#[test]
fn what_is_remembered_is_known_until_it_is_spent() {
    let (rules, at) =
        (PricingRules { order_memory: 10, ..Default::default() }, EventTime::from_micros);
    let mut placed = Placed::default();
    assert!(placed.is_spent(at(0), &rules) && placed.is_empty());
    assert!(placed.is_first("o", at(5), &rules));
    assert!(placed.knows("o") && !placed.knows("p"));
    assert_eq!((placed.len(), placed.is_spent(at(15), &rules)), (1, false));
    assert!(placed.is_spent(at(16), &rules));
}
