//! The scores by their definition: no index, no bounds but the rules', everything gone through.

use std::collections::BTreeMap;

use proptest::prelude::*;

use crate::domain::EventTime;
use crate::recommend::tests::given::{index, minute, rules, sessions};
use crate::recommend::{FinishedSession, Question, RecommendRules, Recommender, TableKey};

type Known<'a> = Vec<(EventTime, TableKey, Vec<&'a str>)>;
type Scores<'a> = BTreeMap<&'a str, f64>;

fn place(products: &[&str], product: &str) -> Option<usize> {
    products.iter().position(|p| *p == product)
}

fn fade(a: usize, b: usize) -> f64 {
    (-(a.abs_diff(b) as f64) / 4.0).exp()
}

fn shorter(length: usize) -> f64 {
    (length as f64).powf(-0.2)
}

/// The newest `most` sessions with `product`, oldest first.
fn with<'k, 'a>(known: &'k Known<'a>, product: &str, most: usize) -> Vec<&'k [&'a str]> {
    let own = known.iter().filter(|s| s.2.contains(&product));
    let own: Vec<&[&str]> = own.map(|s| &*s.2).collect();
    own[own.len().saturating_sub(most)..].to_vec()
}

fn rare(known: &Known<'_>, scores: &mut Scores<'_>) {
    for (product, score) in scores {
        let own = known.iter().filter(|s| s.2.contains(product)).count();
        *score *= 1.0 + (known.len() as f64 / own as f64).log10();
    }
}

fn scaled(scores: &mut Scores<'_>, to: f64) {
    let largest = scores.values().copied().fold(0.0, f64::max);
    let factor = if largest > 0.0 { to / largest } else { 0.0 };
    scores.values_mut().for_each(|s| *s *= factor);
}

fn near<'a>(known: &Known<'a>, seen: &[&str], rules: &RecommendRules) -> Scores<'a> {
    let mut alike = Vec::new();
    for (end, key, products) in known {
        let (mut weight, mut latest) = (0.0, None);
        for (at, own) in seen.iter().enumerate() {
            let recent = known.iter().filter(|s| s.2.contains(own)).rev().take(rules.recent);
            if recent.into_iter().any(|s| s.1 == *key) {
                weight += 1.0 / (at + 1) as f64;
                latest = latest.or(Some(*own));
            }
        }
        if let Some(latest) = latest {
            weight *= 1.0 / (seen.len() as f64).sqrt() * shorter(products.len());
            alike.push((weight, *end, *key, products, latest));
        }
    }
    alike.sort_by(|a, b| b.0.total_cmp(&a.0).then((b.1, b.2).cmp(&(a.1, a.2))));
    let mut scores = Scores::new();
    for (weight, _, _, products, latest) in alike.into_iter().take(rules.neighbours) {
        let shared = place(products, latest).unwrap();
        for (at, product) in products.iter().enumerate() {
            *scores.entry(*product).or_default() += weight * fade(at, shared);
        }
    }
    rare(known, &mut scores);
    scores
}

fn next<'a>(known: &Known<'a>, last: &str, rules: &RecommendRules) -> Scores<'a> {
    let mut scores = Scores::new();
    for products in with(known, last, rules.recent) {
        let own = place(products, last).unwrap();
        for (at, product) in products.iter().enumerate().filter(|(at, _)| *at != own) {
            if at.abs_diff(own) <= 10 {
                *scores.entry(*product).or_default() += 1.0 / at.abs_diff(own) as f64;
            }
        }
    }
    scores
}

fn beyond<'a>(known: &Known<'a>, so_far: &Scores<'a>, seen: &[&str]) -> Scores<'a> {
    let mut steps: Vec<(&str, f64)> = so_far
        .iter()
        .map(|(p, s)| (*p, *s))
        .filter(|(p, s)| !seen.contains(p) && *s > 0.0)
        .collect();
    steps.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(b.0)));
    let mut scores = Scores::new();
    for (product, score) in steps.into_iter().take(10) {
        let own = with(known, product, 20);
        let each = score / (own.len() as f64).sqrt();
        for products in &own {
            let shared = place(products, product).unwrap();
            for (at, other) in products.iter().enumerate().filter(|(at, _)| *at != shared) {
                let gain = each * shorter(products.len()) * fade(at, shared);
                *scores.entry(*other).or_default() += gain;
            }
        }
    }
    rare(known, &mut scores);
    scores
}

/// Every product's score for `seen` (the latest last).
fn scores<'a>(
    sessions: &'a [(TableKey, FinishedSession)],
    seen: &[&str],
    as_of: EventTime,
    rules: &RecommendRules,
) -> Scores<'a> {
    let mut known: Known<'a> = sessions
        .iter()
        .filter(|(_, s)| s.end <= as_of)
        .map(|(key, s)| (s.end, *key, s.items.iter().map(|i| &*i.product).collect()))
        .collect();
    known.sort();
    let seen: Vec<&str> =
        seen.iter().rev().copied().filter(|p| known.iter().any(|s| s.2.contains(p))).collect();
    let Some(last) = seen.first() else { return Scores::new() };
    let mut sum = near(&known, &seen, rules);
    scaled(&mut sum, 1.0 - rules.next_weight);
    let mut beside = next(&known, last, rules);
    scaled(&mut beside, rules.next_weight);
    for (product, score) in beside {
        *sum.entry(product).or_default() += score;
    }
    let best = sum.values().copied().fold(0.0, f64::max);
    let mut further = beyond(&known, &sum, &seen);
    scaled(&mut further, rules.beyond_weight * best);
    for (product, score) in further {
        *sum.entry(product).or_default() += score;
    }
    sum
}

proptest! {
    #[test]
    fn scores_are_the_naive_ones(
        sessions in sessions(40),
        seen in prop::sample::subsequence((0..16_usize).collect::<Vec<_>>(), 1..7).prop_shuffle(),
        excluded in prop::collection::btree_set(0..16_usize, 0..5),
        as_of in 0..320_i64,
        all_open in any::<bool>(),
    ) {
        let rules = rules();
        let index = index(&rules, &sessions);
        let seen: Vec<String> = seen.iter().map(|p| format!("p{p:02}")).collect();
        let seen: Vec<&str> = seen.iter().map(|p| &**p).collect();
        let excluded: Vec<String> = excluded.iter().map(|p| format!("p{p:02}")).collect();
        let mut excluded: Vec<&str> = excluded.iter().map(|p| &**p).collect();
        excluded.extend(seen.iter().filter(|_| !all_open));
        let as_of = minute(as_of);
        let interests = [("c0", 1.1), ("c2", 1.2)];
        let question =
            Question { seen: &seen, as_of, interests: &interests, excluded: &excluded, list: 4 };
        let mut recommender = Recommender::new(&rules);
        let found = recommender.ask(&index, &question);
        let mut naive = scores(&sessions, &seen, as_of, &rules);
        naive.retain(|p, s| *s > 0.0 && !excluded.contains(&&**p));
        for (product, score) in &mut naive {
            let number: usize = product[1..].parse().unwrap();
            *score *= [1.1, 1.0, 1.2][number % 3];
        }
        let ranked: Vec<_> = found.products.iter().filter(|s| s.parts.popular == 0.0).collect();
        prop_assert_eq!(ranked.len(), naive.len().min(4));
        let mut least = f64::INFINITY;
        for suggestion in ranked {
            let (own, expected) = (suggestion.parts.score(), naive.remove(suggestion.product));
            let expected = expected.expect("a candidate of the naive list");
            prop_assert!((own - expected).abs() < 1e-9, "{} {own} {expected}", suggestion.product);
            prop_assert!(own <= least + 1e-12);
            least = own;
        }
        prop_assert!(naive.values().all(|rest| *rest <= least + 1e-9));
        prop_assert!((0.0..=1.0).contains(&found.confidence));
    }
}
