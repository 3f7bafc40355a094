//! What the index holds, whatever the order it learned in.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::recommend::tests::given::{MINUTE, index, minute, rules, session, sessions};
use crate::recommend::{
    Bounds, FinishedSession, Question, RecommendRules, Recommender, SessionIndex, TableKey,
};

/// All that is answered after each single product, as one text.
fn answers(index: &SessionIndex, rules: &RecommendRules, as_of: i64) -> String {
    let mut recommender = Recommender::new(rules);
    let mut told = String::new();
    for product in 0..15 {
        let own = format!("p{product:02}");
        let question = Question {
            seen: &[&own],
            as_of: minute(as_of),
            interests: &[],
            excluded: &[&own],
            list: 5,
        };
        told.push_str(&format!("{:?}\n", recommender.ask(index, &question)));
    }
    told
}

proptest! {
    #[test]
    fn the_order_of_learning_does_not_matter(
        (sessions, shuffled) in sessions(40).prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        most in 1..50_usize,
        ttl in 1..300_i64,
    ) {
        let rules = RecommendRules { sessions: most, session_ttl: ttl * MINUTE, ..rules() };
        let (one, other) = (index(&rules, &sessions), index(&rules, &shuffled));
        let newest = sessions.iter().map(|(_, s)| s.end).max().unwrap();
        let mut naive: Vec<_> = sessions
            .iter()
            .map(|(key, s)| (s.end, *key))
            .filter(|(end, _)| newest.micros_since(*end) <= rules.session_ttl)
            .collect();
        naive.sort_unstable();
        naive.drain(..naive.len().saturating_sub(most));
        let naive: Vec<TableKey> = naive.into_iter().map(|(_, key)| key).collect();
        prop_assert_eq!(one.keys().collect::<Vec<_>>(), naive.clone());
        prop_assert_eq!(other.keys().collect::<Vec<_>>(), naive);
        prop_assert_eq!(one.products(), other.products());
        prop_assert_eq!(answers(&one, &rules, 1000), answers(&other, &rules, 1000));
    }

    #[test]
    fn replaced_and_removed_sessions_leave_nothing(
        changes in prop::collection::vec((0..6_u32, prop::option::of(sessions(2))), 1..60),
    ) {
        let rules = rules();
        let mut changed = SessionIndex::new(rules.bounds());
        let mut last: BTreeMap<TableKey, FinishedSession> = BTreeMap::new();
        for (slot, session) in changes {
            let key = TableKey { writer: 0, slot };
            let session = session.map(|mut own| own.remove(0).1);
            changed.put(key, session.as_ref());
            match session {
                Some(session) => drop(last.insert(key, session)),
                None => drop(last.remove(&key)),
            }
        }
        let last: Vec<_> = last.into_iter().collect();
        let fresh = index(&rules, &last);
        prop_assert_eq!(changed.len(), last.len());
        prop_assert_eq!(changed.products(), fresh.products());
        prop_assert_eq!(answers(&changed, &rules, 1000), answers(&fresh, &rules, 1000));
    }

    #[test]
    fn what_ended_later_is_not_known(sessions in sessions(30), as_of in 0..310_i64) {
        let rules = rules();
        let mut before = sessions.clone();
        before.retain(|(_, s)| s.end <= minute(as_of));
        let (whole, known) = (index(&rules, &sessions), index(&rules, &before));
        // Categories are the same in all sessions here, so nothing tells the two apart.
        prop_assert_eq!(answers(&whole, &rules, as_of), answers(&known, &rules, as_of));
    }
}

#[test]
fn hostile_sessions_are_held_as_well() {
    let mut index = SessionIndex::new(Bounds { sessions: 2, ttl: i64::MAX });
    let key = |slot| TableKey { writer: u32::MAX, slot };
    let empty = FinishedSession { end: minute(0), items: Vec::new() };
    let mut doubled = session(1, &[1, 2, 1, 1]);
    doubled.items[1].product = "".into();
    doubled.items[2].product = "ü\u{202e}\n".repeat(500).into();
    index.put(key(0), Some(&empty));
    index.put(key(1), Some(&doubled));
    index.put(key(1), Some(&doubled));
    assert_eq!((index.len(), index.products()), (2, 3));
    index.put(key(2), Some(&session(2, &[5, 6])));
    index.put(key(1), None);
    index.put(key(7), None);
    assert_eq!((index.len(), index.products()), (1, 2));
    index.put(key(2), None);
    assert!(index.is_empty() && index.products() == 0);
}

#[test]
fn an_old_session_does_not_enter_a_full_index() {
    let rules = RecommendRules { sessions: 2, ..rules() };
    let key = |slot| TableKey { writer: 0, slot };
    let all = [(key(0), session(5, &[1, 2])), (key(1), session(6, &[1, 3]))];
    let mut index = index(&rules, &all);
    index.put(key(2), Some(&session(4, &[8, 9])));
    assert_eq!(index.keys().collect::<Vec<_>>(), [key(0), key(1)]);
    assert_eq!(index.products(), 3);
}

#[test]
fn memory_is_bounded_however_long_it_learns() {
    let rules = RecommendRules { sessions: 50, ..rules() };
    let mut index = SessionIndex::new(rules.bounds());
    let (mut early, mut late) = (0, 0);
    for end in 0..5000_usize {
        let slot = u32::try_from(end).unwrap();
        let own = session(i64::from(slot), &[end, end + 1, end + 2]);
        index.put(TableKey { writer: 0, slot }, Some(&own));
        if end < 200 {
            early = early.max(index.memory());
        }
        late = late.max(index.memory());
    }
    assert_eq!((index.len(), index.products()), (50, 52));
    assert!(early > 50 * 3 * size_of::<u32>() && late <= early + early / 4, "{early} {late}");
}
