//! Rankings are exact, whatever the order and however the views were spread over tasks.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::recommend::tests::given::minute;
use crate::recommend::{Ranked, TopProducts, TrendKey, ViewCount};

proptest! {
    #[test]
    fn the_first_of_each_task_give_the_first_of_all(
        views in prop::collection::vec(0..30_usize, 0..200),
        most in 1..8_usize,
        tasks in 1..5_usize,
    ) {
        let mut counts: BTreeMap<usize, u64> = BTreeMap::new();
        for product in &views {
            *counts.entry(*product).or_default() += 1;
        }
        let mut expected: Vec<Ranked> = counts
            .iter()
            .map(|(p, views)| Ranked { product: format!("p{p}").into(), views: *views })
            .collect();
        expected.sort_by(|a, b| b.views.cmp(&a.views).then(a.product.cmp(&b.product)));
        expected.truncate(most);
        let mut parts = vec![TopProducts::new(most); tasks];
        for (product, views) in &counts {
            parts[product % tasks].add(&format!("p{product}"), *views);
        }
        let mut forward = TopProducts::default();
        let mut backward = TopProducts::default();
        parts.iter().for_each(|p| forward.join(p));
        parts.iter().rev().for_each(|p| backward.join(p));
        prop_assert_eq!(forward.products(), expected);
        prop_assert_eq!(&forward, &backward);
        let mut bytes = Vec::new();
        forward.encode(&mut bytes);
        prop_assert_eq!(TopProducts::decode(&bytes), Ok(forward));
        for end in 0..bytes.len() {
            prop_assert!(TopProducts::decode(&bytes[..end]).is_err());
        }
    }

    #[test]
    fn views_join_in_any_order(
        views in prop::collection::vec((prop::option::of("[a-cä]{1,3}"), 0..5_i64), 1..20),
    ) {
        let join = |views: &mut dyn Iterator<Item = &(Option<String>, i64)>| {
            let mut sum = ViewCount::default();
            views.for_each(|(c, at)| sum.join(&ViewCount::one(c.as_deref(), minute(*at))));
            sum
        };
        let sum = join(&mut views.iter());
        prop_assert_eq!(&sum, &join(&mut views.iter().rev()));
        prop_assert_eq!(sum.views(), views.len() as u64);
        let told = views.iter().filter_map(|(c, at)| Some((*at, c.as_deref()?))).max();
        prop_assert_eq!(sum.category(), told.map(|(_, c)| c));
        let mut bytes = Vec::new();
        sum.encode(&mut bytes);
        prop_assert_eq!(ViewCount::decode(&bytes), Ok(sum));
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..100)) {
        drop((TopProducts::decode(&bytes), ViewCount::decode(&bytes), TrendKey::decode(&bytes)));
    }
}

#[test]
fn a_category_called_all_is_not_all() {
    let named = TrendKey::Category("ALL".into());
    for key in [TrendKey::All, named.clone(), TrendKey::Category("*".into())] {
        let mut bytes = Vec::new();
        key.encode(&mut bytes);
        assert_eq!(TrendKey::decode(&bytes), Ok(key));
    }
    assert_eq!(named.name(), TrendKey::All.name());
    assert!(TrendKey::decode(b"").is_err() && TrendKey::decode(b"*x").is_err());
    assert!(TrendKey::decode(b"=\xff").is_err());
}

#[test]
fn a_ranking_out_of_order_is_refused() {
    let mut bytes = Vec::new();
    let mut top = TopProducts::new(2);
    top.add("a", 5);
    top.add("b", 5);
    top.add("c", 1);
    top.encode(&mut bytes);
    let last = bytes.len() - 1;
    bytes[last] = 6;
    assert!(TopProducts::decode(&bytes).is_err());
    assert_eq!(top.products().len(), 2);
    let mut full = ViewCount::one(None, minute(0));
    let mut bytes = Vec::new();
    full.encode(&mut bytes);
    bytes.truncate(1);
    bytes.extend([0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 0]);
    full.join(&ViewCount::decode(&bytes).unwrap());
    assert_eq!(full.views(), u64::MAX);
}
