//! What an operator is told of too few sessions.

use proptest::prelude::*;

use crate::domain::EventTime;
use crate::recommend::tests::given::{MINUTE, index, minute, rules, session, sessions};
use crate::recommend::{FinishedSession, RecommendRules, SessionIndex, TableKey, too_few_sessions};

/// So many sessions, one every `seconds`, as four writers put them in slots of their own.
fn at_a_pace(rules: &RecommendRules, count: u32, seconds: u32) -> SessionIndex {
    let slots = rules.slots(4);
    let mut index = SessionIndex::new(rules.bounds());
    for at in 0..count {
        let end = minute(0).plus_micros(i64::from(at * seconds) * 1_000_000);
        let key = TableKey { writer: at % 4, slot: at / 4 % slots };
        index.put(key, Some(&FinishedSession { end, ..session(0, &[1, 2]) }));
    }
    index
}

/// The number that the advice gives.
fn wanted(advice: &str) -> usize {
    let rest = advice.split_once("recommend.sessions = ").expect("a setting").1;
    rest.split(' ').next().unwrap().parse().expect("a number")
}

proptest! {
    #[test]
    fn it_is_said_if_sessions_went_before_half_of_them_were_known(
        sessions in sessions(40),
        most in 1..50_usize,
        settle in 0..100_i64,
    ) {
        let rules = RecommendRules { sessions: most, settle: settle * MINUTE, ..rules() };
        let mut ends: Vec<EventTime> = sessions.iter().map(|(_, s)| s.end).collect();
        ends.sort_unstable();
        let kept = &ends[ends.len().saturating_sub(most)..];
        let newest = *kept.last().unwrap();
        let behind = (settle + 5) * MINUTE;
        let known = kept.iter().filter(|end| newest.micros_since(**end) >= behind).count();
        let said = kept.len() < ends.len() && 2 * known < kept.len();
        prop_assert_eq!(too_few_sessions(&index(&rules, &sessions), &rules).is_some(), said);
    }

    #[test]
    fn what_is_advised_is_enough(most in 4..60_usize, seconds in 1..20_u32) {
        let rules = RecommendRules { sessions: most, ..rules() };
        let few = at_a_pace(&rules, 2 * 60, seconds);
        let Some(advice) = too_few_sessions(&few, &rules) else {
            // Half an index of them is older than ten minutes.
            prop_assert!(f64::from(seconds) * most as f64 >= 2.0 * 600.0);
            return Ok(());
        };
        let sessions = wanted(&advice);
        prop_assert!(sessions > most);
        let enough = RecommendRules { sessions, ..rules };
        let count = u32::try_from(2 * sessions + 8).unwrap();
        prop_assert_eq!(too_few_sessions(&at_a_pace(&enough, count, seconds), &enough), None);
    }
}

#[test]
fn nothing_is_said_before_sessions_go() {
    let rules = RecommendRules { sessions: 8, ..rules() };
    assert_eq!(too_few_sessions(&SessionIndex::new(rules.bounds()), &rules), None);
    assert_eq!(too_few_sessions(&at_a_pace(&rules, 8, 1), &rules), None);
    let advice = too_few_sessions(&at_a_pace(&rules, 9, 1), &rules).expect("an advice");
    assert!(advice.starts_with("8 sessions are kept (recommend.sessions)"), "{advice}");
    assert!(advice.contains("ended 10 min before the newest, 0 of them"), "{advice}");
    // 70 minutes of a session a second, of which 8 span 7 s.
    assert_eq!(wanted(&advice), 4800);
    // The same row again is no newer session.
    let mut again = at_a_pace(&rules, 8, 1);
    again.put(TableKey { writer: 0, slot: 0 }, Some(&session(0, &[1, 2])));
    assert_eq!(too_few_sessions(&again, &rules), None);
}
