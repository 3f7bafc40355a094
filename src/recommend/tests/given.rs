//! What the tests begin with.

use proptest::prelude::*;

use crate::domain::{ActivityEvent, EventTime, ProductView};
use crate::recommend::{FinishedSession, RecommendRules, SessionIndex, SessionItem, TableKey};

/// 2026-01-01T00:00:00Z.
pub const START: i64 = 1_767_225_600_000_000;
pub const MINUTE: i64 = 60_000_000;

/// So many minutes after the start.
pub fn minute(minutes: i64) -> EventTime {
    EventTime::from_micros(START).plus_micros(minutes * MINUTE)
}

/// Small bounds, so that few sessions reach them.
pub fn rules() -> RecommendRules {
    RecommendRules {
        sessions: 1000,
        recent: 4,
        neighbours: 3,
        top_n: 4,
        session_items: 6,
        ..RecommendRules::default()
    }
    .validated()
    .unwrap()
}

/// A session that ended `end` minutes after the start; products are numbers, each has the
/// category of its remainder by three.
pub fn session(end: i64, products: &[usize]) -> FinishedSession {
    let item = |p: &usize| SessionItem {
        product: format!("p{p:02}").into(),
        category: Some(format!("c{}", p % 3).into()),
    };
    FinishedSession { end: minute(end), items: products.iter().map(item).collect() }
}

/// Sessions by key, each product once, ends within five hours, several at one time.
pub fn sessions(most: usize) -> impl Strategy<Value = Vec<(TableKey, FinishedSession)>> {
    let products = Just((0..14_usize).collect::<Vec<_>>()).prop_shuffle();
    let one = (0..300_i64, products, 2..9_usize);
    prop::collection::vec(one, 1..most).prop_map(|all| {
        let keyed = |(at, (end, products, length)): (usize, (i64, Vec<usize>, usize))| {
            let slot = u32::try_from(at).unwrap();
            (TableKey { writer: slot % 3, slot }, session(end, &products[..length]))
        };
        all.into_iter().enumerate().map(keyed).collect()
    })
}

pub fn index(rules: &RecommendRules, sessions: &[(TableKey, FinishedSession)]) -> SessionIndex {
    let mut index = SessionIndex::new(rules.bounds());
    for (key, session) in sessions {
        index.put(*key, Some(session));
    }
    index
}

pub fn view<'a>(
    product: &'a str,
    category: Option<&'a str>,
    session: Option<&'a str>,
    minutes: i64,
) -> ProductView<'a> {
    ProductView {
        customer_id: "c1".into(),
        product_id: product.into(),
        category: category.map(Into::into),
        session_id: session.map(Into::into),
        time: minute(minutes),
    }
}

pub fn activity<'a>(kind: &'a str, product: &'a str, minutes: i64) -> ActivityEvent<'a> {
    ActivityEvent {
        customer_id: "c1".into(),
        activity_type: kind.into(),
        session_id: None,
        product_id: Some(product.into()),
        category: Some("c1".into()),
        time: minute(minutes),
    }
}
