//! What holds for every customer: exclusions, bounds, and the same answer to the same history.

use proptest::prelude::*;

use crate::recommend::tests::given::{
    MINUTE, activity, index, minute, rules, session, sessions, view,
};
use crate::recommend::{
    CustomerState, FinishedSession, MAX_BOUGHT, MAX_CATEGORIES, MAX_OPEN, Moments, Reason,
    RecommendRules, Recommender, SessionIndex, TableKey,
};

/// An act of a customer.
#[derive(Clone, Debug)]
enum Act {
    View { product: usize, session: Option<u8>, minute: i64 },
    Buy { product: usize, minute: i64 },
    Cart { product: usize, minute: i64 },
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let product = || 0..16_usize;
    let minute = || 300..900_i64;
    let act = prop_oneof![
        4 => (product(), prop::option::of(0..6_u8), minute())
            .prop_map(|(product, session, minute)| Act::View { product, session, minute }),
        1 => (product(), minute()).prop_map(|(product, minute)| Act::Buy { product, minute }),
        1 => (product(), minute()).prop_map(|(product, minute)| Act::Cart { product, minute }),
    ];
    (prop::collection::vec(act, 1..40), any::<bool>()).prop_map(|(mut acts, sorted)| {
        let at = |act: &Act| match act {
            Act::View { minute, .. } | Act::Buy { minute, .. } | Act::Cart { minute, .. } => {
                *minute
            }
        };
        if sorted {
            acts.sort_by_key(at);
        }
        acts
    })
}

/// Plays `acts`, with what others found at `moments`; each answer is given to `check` with what must
/// not be in it.
fn play(
    acts: &[Act],
    index: &SessionIndex,
    rules: &RecommendRules,
    moments: &Moments,
    mut check: impl FnMut(&CustomerState, &[String], Vec<String>, String),
) {
    let (mut state, mut finished) = (CustomerState::default(), Vec::new());
    let mut recommender = Recommender::sharing(rules, moments);
    let mut bought: Vec<String> = Vec::new();
    for act in acts {
        match act {
            Act::View { product, session, minute } => {
                let product = format!("p{product:02}");
                let category = format!("c{}", product.len() % 3);
                let session = session.map(|s| format!("s{s}"));
                let own = view(&product, Some(&category), session.as_deref(), *minute);
                state.view(&own, rules, &mut finished);
                let mut excluded = bought.clone();
                excluded.push(product.clone());
                excluded.extend(state.session_of(&own).iter().map(|i| i.product.to_string()));
                let answer = recommender.answer(index, &state, &own);
                let products = answer.products.iter().map(|s| s.product.to_owned()).collect();
                check(&state, &excluded, products, format!("{answer:?}"));
            }
            Act::Buy { product, minute } => {
                let product = format!("p{product:02}");
                state.activity(&activity("PURCHASE", &product, *minute), rules);
                bought.push(product);
            }
            Act::Cart { product, minute } => {
                let product = format!("p{product:02}");
                state.activity(&activity("ADD_TO_CART", &product, *minute), rules);
            }
        }
    }
}

proptest! {
    #[test]
    fn nothing_bought_or_just_seen_is_recommended(
        sessions in sessions(30),
        acts in acts(),
        others in acts(),
    ) {
        let rules = rules();
        let index = index(&rules, &sessions);
        let mut told = Vec::new();
        play(&acts, &index, &rules, &Moments::default(), |state, excluded, products, text| {
            for (at, product) in products.iter().enumerate() {
                assert!(!excluded.contains(product), "{product} in {products:?}");
                assert!(!products[..at].contains(product), "{product} twice");
            }
            assert!(products.len() <= rules.top_n);
            assert!(state.open_sessions().len() <= MAX_OPEN);
            for open in state.open_sessions() {
                assert!((1..=rules.session_items).contains(&open.items().len()));
                assert!(open.span().0 <= open.span().1);
            }
            told.push(text);
        });
        // What others have found changes nothing.
        let shared = Moments::default();
        play(&others, &index, &rules, &shared, |_, _, _, _| ());
        let mut again = Vec::new();
        play(&acts, &index, &rules, &shared, |_, _, _, text| again.push(text));
        prop_assert_eq!(told, again);
    }

    #[test]
    fn sessions_end_once_and_hold_what_was_seen(acts in acts()) {
        let rules = RecommendRules { session_items: 100, ..rules() };
        let (mut state, mut finished) = (CustomerState::default(), Vec::new());
        let mut views = 0;
        for act in &acts {
            let Act::View { product, session, minute } = act else { continue };
            let (product, session) = (format!("p{product:02}"), session.map(|s| format!("s{s}")));
            state.view(&view(&product, None, session.as_deref(), *minute), &rules, &mut finished);
            views += 1;
        }
        let open: Vec<_> = state.open_sessions().iter().map(|s| s.span().1).min().into_iter().collect();
        prop_assert_eq!(
            state.next_close(&rules),
            open.first().map(|end| end.plus_micros(rules.session_gap + 1))
        );
        while let Some(next) = state.next_close(&rules) {
            let (before, already) = (state.open_sessions().len(), state.clone());
            state.close_up_to(next.plus_micros(-1), &rules, &mut finished);
            prop_assert_eq!(&state, &already, "not before its time");
            state.close_up_to(next, &rules, &mut finished);
            prop_assert!(state.open_sessions().len() < before);
        }
        let held: usize = finished.iter().map(|s| s.items.len()).sum();
        prop_assert!(held <= views);
        for session in &finished {
            prop_assert!(session.items.len() > 1, "one product tells nothing");
            for (at, item) in session.items.iter().enumerate() {
                prop_assert!(session.items[..at].iter().all(|i| i.product != item.product));
            }
        }
    }

    #[test]
    fn a_state_is_bounded(products in prop::collection::vec(0..5000_usize, 1..300)) {
        let rules = rules();
        let mut state = CustomerState::default();
        for (at, product) in products.iter().enumerate() {
            let (name, kind) = (format!("p{product}"), format!("k{product}"));
            let minutes = i64::try_from(at).unwrap();
            state.activity(&activity("PURCHASE", &name, minutes), &rules);
            state.view(&view(&name, Some(&kind), Some(&kind), minutes), &rules, &mut Vec::new());
        }
        let now = minute(i64::try_from(products.len()).unwrap());
        let bought = state.bought_at(now, &rules);
        prop_assert!(bought.len() <= MAX_BOUGHT);
        let last = format!("p{}", products[products.len() - 1]);
        prop_assert!(bought.contains(&&*last));
        prop_assert!(state.profile().len() <= MAX_CATEGORIES);
        prop_assert!(state.open_sessions().len() <= MAX_OPEN);
        let mut bytes = Vec::new();
        state.encode(&mut bytes);
        prop_assert!(bytes.len() < 4096, "{} bytes", bytes.len());
    }
}

fn learned(rules: &RecommendRules) -> SessionIndex {
    let sessions: Vec<(TableKey, FinishedSession)> = [
        session(1, &[1, 2, 3]),
        session(2, &[1, 2]),
        session(3, &[3, 9]),
        session(4, &[7, 8]),
        session(5, &[7, 8]),
    ]
    .into_iter()
    .enumerate()
    .map(|(at, s)| (TableKey { writer: 0, slot: u32::try_from(at).unwrap() }, s))
    .collect();
    index(rules, &sessions)
}

#[test]
fn reasons_name_what_a_product_hangs_on() {
    let rules = rules();
    let index = learned(&rules);
    let mut state = CustomerState::default();
    let own = view("p01", Some("c1"), None, 100);
    state.view(&own, &rules, &mut Vec::new());
    let mut recommender = Recommender::new(&rules);
    let answer = recommender.answer(&index, &state, &own);
    let told: Vec<_> = answer.products.iter().map(|s| (s.product, s.reason)).collect();
    assert_eq!(
        told,
        [
            ("p02", Reason::Neighbours { product: "p01", sessions: 2 }),
            ("p03", Reason::Neighbours { product: "p01", sessions: 1 }),
            ("p09", Reason::Beyond { product: "p03" }),
            ("p07", Reason::PopularInCategory { category: "c1", sessions: 2 }),
        ]
    );
    assert!(answer.confidence > 0.0);
}

#[test]
fn a_cold_start_gets_what_is_popular_with_the_same_exclusions() {
    let rules = RecommendRules { top_n: 3, ..rules() };
    let index = learned(&rules);
    let mut recommender = Recommender::new(&rules);
    let unknown = view("new", None, None, 100);
    let mut state = CustomerState::default();
    state.view(&unknown, &rules, &mut Vec::new());
    let answer = recommender.answer(&index, &state, &unknown);
    let told: Vec<_> = answer.products.iter().map(|s| s.product).collect();
    assert_eq!(told, ["p01", "p02", "p03"]);
    assert!(matches!(answer.products[0].reason, Reason::Popular { sessions: 2 }));
    assert_eq!(answer.confidence, 0.0);
    for product in ["p01", "p07"] {
        state.activity(&activity("PURCHASE", product, 90), &rules);
    }
    let answer = recommender.answer(&index, &state, &unknown);
    let told: Vec<_> = answer.products.iter().map(|s| s.product).collect();
    assert_eq!(told, ["p02", "p03", "p08"]);
    // Nothing is known at all.
    let mut early = Recommender::new(&rules);
    let first = view("p01", None, None, -1000);
    assert!(early.answer(&index, &CustomerState::default(), &first).products.is_empty());
}

#[test]
fn what_was_bought_long_ago_may_come_again() {
    let rules = RecommendRules { bought_for: 10 * MINUTE, ..rules() };
    let mut state = CustomerState::default();
    state.activity(&activity("PURCHASE", "p1", 0), &rules);
    state.activity(&activity("ADD_TO_CART", "p2", 0), &rules);
    assert_eq!(state.bought_at(minute(9), &rules), ["p1"]);
    assert!(state.bought_at(minute(10), &rules).is_empty());
    state.activity(&activity("PURCHASE", "p3", 10), &rules);
    assert_eq!(state.bought_at(minute(0), &rules), ["p3"], "the old one is gone from the state");
}

#[test]
fn a_quiet_customer_is_forgotten_when_the_time_has_come() {
    let rules = rules();
    let (mut state, mut finished) = (CustomerState::default(), Vec::new());
    assert!(state.is_forgotten(minute(0), &rules));
    state.view(&view("p1", None, None, 0), &rules, &mut finished);
    let late = minute(0).plus_micros(rules.customer_ttl + 1);
    assert!(!state.is_forgotten(late, &rules), "a session is open");
    state.close_up_to(late, &rules, &mut finished);
    assert!(!state.is_forgotten(minute(5), &rules));
    assert!(state.is_forgotten(late, &rules));
}
