//! One view's recommendation: scored candidates, lifted by interests, without what is excluded,
//! filled up with what is popular, each with its reason.

use std::cmp::Ordering;

use crate::domain::{EventTime, ProductView};
use crate::recommend::candidates::Candidate;
use crate::recommend::customer::CustomerState;
use crate::recommend::index::{SessionIndex, category_hash};
use crate::recommend::moment::Moments;
use crate::recommend::popular::{Popular, PopularProduct};
use crate::recommend::ranker::{Ranker, by_score, first};
use crate::recommend::rules::RecommendRules;

/// What the most popular product scores: less than what a session found, as a rule.
const POPULAR_SCORE: f64 = 0.01;
/// From one moment of the model to the next, in microseconds of event time.
pub(super) const STEP: i64 = 300_000_000;
/// Evidence at which half of the found share is believed (see [`Recommendation::confidence`]).
const HALF_BELIEVED: f64 = 1.0;

/// Why a product is recommended: the largest part of its score.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason<'a> {
    /// Sessions like this one have it, above all beside this seen product.
    Neighbours {
        /// The seen product.
        product: &'a str,
        /// How many of the neighbours have it.
        sessions: u32,
    },
    /// It stands right before or after the product just seen.
    Next {
        /// The product just seen.
        product: &'a str,
        /// In how many sessions.
        sessions: u32,
    },
    /// It goes with a product that goes with what was seen.
    Beyond {
        /// That product.
        product: &'a str,
    },
    /// It is popular, and of a category the customer is interested in.
    PopularInCategory {
        /// The category.
        category: &'a str,
        /// How many sessions have it.
        sessions: u32,
    },
    /// It is popular.
    Popular {
        /// How many sessions have it.
        sessions: u32,
    },
}

/// What a score is the sum of; the sum times `interest`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Parts {
    /// From neighbours.
    pub near: f64,
    /// From what stands beside the product just seen.
    pub next: f64,
    /// From what goes with these.
    pub beyond: f64,
    /// From popularity.
    pub popular: f64,
    /// The factor of the customer's interest in its category, 1 or more.
    pub interest: f64,
}

impl Parts {
    /// The score.
    #[must_use]
    pub fn score(&self) -> f64 {
        (self.near + self.next + self.beyond + self.popular) * self.interest
    }
}

/// A recommended product.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Suggestion<'a> {
    /// `productId`.
    pub product: &'a str,
    /// What its score is made of.
    pub parts: Parts,
    /// The largest part.
    pub reason: Reason<'a>,
}

/// What is recommended for one view.
#[derive(Clone, Debug, PartialEq)]
pub struct Recommendation<'a> {
    /// The best first.
    pub products: Vec<Suggestion<'a>>,
    /// How likely the next new product is in the list, 0 to 1: the list's share in the scores of
    /// all candidates, times e / (e + 1) with e the sum of the neighbours' likenesses.
    pub confidence: f64,
}

/// What is asked.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// Products of the session, the latest last.
    pub seen: &'a [&'a str],
    /// Sessions that ended later are not known.
    pub as_of: EventTime,
    /// Interests as factors of a score, by category.
    pub interests: &'a [(&'a str, f64)],
    /// What must not be recommended.
    pub excluded: &'a [&'a str],
    /// At most so many.
    pub list: usize,
}

impl Question<'_> {
    fn interest(&self, category: Option<&str>) -> f64 {
        let own = category.and_then(|c| self.interests.iter().find(|(name, _)| *name == c));
        own.map_or(1.0, |(_, factor)| *factor)
    }
}

/// Makes recommendations. One a partition: it holds buffers and what is popular.
#[derive(Debug)]
pub struct Recommender {
    rules: RecommendRules,
    ranker: Ranker,
    popular: Popular,
}

impl Recommender {
    /// A recommender by `rules`.
    #[must_use]
    pub fn new(rules: &RecommendRules) -> Self {
        Self::sharing(rules, &Moments::default())
    }

    /// One that shares what is found with others that ask the same index by the same rules.
    #[must_use]
    pub fn sharing(rules: &RecommendRules, moments: &Moments) -> Self {
        let ranker = Ranker::new(rules, moments.clone());
        Self { rules: rules.clone(), ranker, popular: Popular::default() }
    }

    /// The recommendation for `view`, which `state` has taken in: without the session's own
    /// products and what was bought. It knows the sessions that every process knows at that event
    /// time, so that catching up answers as the live run did.
    pub fn answer<'a>(
        &'a mut self,
        index: &'a SessionIndex,
        state: &CustomerState,
        view: &'a ProductView<'_>,
    ) -> Recommendation<'a> {
        let rules = &self.rules;
        let as_of = moment_of(view.time, rules);
        let own = state.session_of(view);
        let mut seen: Vec<&str> = own.iter().map(|i| &*i.product).collect();
        if seen.is_empty() {
            seen.push(&view.product_id);
        }
        let interests: Vec<(&str, f64)> = state
            .profile()
            .shares(view.time, rules.half_life)
            .map(|(category, share)| (category, rules.interest_boost.mul_add(share, 1.0)))
            .collect();
        let list = rules.top_n;
        let bought = state.bought_at(view.time, rules);
        let excluded = [&*seen, &*bought].concat();
        let question =
            Question { seen: &seen, as_of, interests: &interests, excluded: &excluded, list };
        ask(&mut self.ranker, &mut self.popular, &self.rules, index, &question)
    }

    /// The answer to any question.
    pub fn ask<'a>(
        &'a mut self,
        index: &'a SessionIndex,
        question: &Question<'_>,
    ) -> Recommendation<'a> {
        ask(&mut self.ranker, &mut self.popular, &self.rules, index, question)
    }
}

/// The moment whose sessions a view at `time` is answered from: what ended so long before that
/// every process knows it, in steps of five minutes, so that many views ask at one.
#[must_use]
pub fn moment_of(time: EventTime, rules: &RecommendRules) -> EventTime {
    let known = time.plus_micros(-rules.session_gap).plus_micros(-rules.settle);
    known.plus_micros(-known.micros().rem_euclid(STEP))
}

fn ask<'a>(
    ranker: &mut Ranker,
    popular: &'a mut Popular,
    rules: &RecommendRules,
    index: &'a SessionIndex,
    question: &Question<'_>,
) -> Recommendation<'a> {
    let evidence = ranker.score(index, question.seen.iter().copied(), question.as_of);
    for product in question.excluded.iter().filter_map(|name| index.product(name)) {
        if let Some(own) = ranker.candidates.find(product) {
            own.excluded = true;
        }
    }
    let interests: Vec<(u64, f64)> =
        question.interests.iter().map(|(name, factor)| (category_hash(name), *factor)).collect();
    let interest = |category: u64| {
        interests.iter().find(|(own, _)| *own == category).map_or(1.0, |(_, factor)| *factor)
    };
    let mut all = 0.0;
    let mut best: Vec<(&Candidate, f64)> = Vec::with_capacity(ranker.candidates.found.len());
    for candidate in ranker.candidates.found.iter().filter(|c| !c.excluded) {
        let sum = candidate.sum();
        if sum <= 0.0 {
            continue;
        }
        let score = sum * interest(candidate.category);
        all += score;
        best.push((candidate, score));
    }
    first(question.list, &mut best, |a, b| by_score(index, *a, *b));
    let top: f64 = best.iter().map(|(_, score)| score).sum();
    let share = if all > 0.0 { (top / all).min(1.0) } else { 0.0 };
    let mut products: Vec<Suggestion<'a>> =
        best.iter().map(|(c, _)| suggestion(index, ranker, question, c)).collect();
    if products.len() < question.list {
        popular.refresh(index, question.as_of, rules.popular_every, rules.popular_sessions);
        fill(popular, question, &mut products);
    }
    Recommendation { products, confidence: share * evidence / (evidence + HALF_BELIEVED) }
}

fn suggestion<'a>(
    index: &'a SessionIndex,
    ranker: &Ranker,
    question: &Question<'_>,
    found: &Candidate,
) -> Suggestion<'a> {
    let interest = question.interest(index.category(found.product));
    let parts =
        Parts { near: found.near, next: found.next, beyond: found.beyond, popular: 0.0, interest };
    let seen = |place: usize| index.name(ranker.seen[place]);
    let reason = if parts.near >= parts.next.max(parts.beyond) {
        Reason::Neighbours { product: seen(found.anchor), sessions: found.near_sessions }
    } else if parts.next >= parts.beyond {
        Reason::Next { product: seen(0), sessions: found.next_sessions }
    } else {
        Reason::Beyond { product: index.name(ranker.steps[found.through].0) }
    };
    Suggestion { product: index.name(found.product), parts, reason }
}

/// Fills the list up with what is popular, by interest, without what is in it or excluded.
fn fill<'a>(popular: &'a Popular, question: &Question<'_>, products: &mut Vec<Suggestion<'a>>) {
    let most = popular.products().first().map_or(1, |p| p.sessions.max(1));
    let mut left: Vec<(&PopularProduct, f64, f64)> = popular
        .products()
        .iter()
        .filter(|p| !question.excluded.contains(&&*p.product))
        .filter(|p| products.iter().all(|own| *own.product != *p.product))
        .map(|p| {
            let share = POPULAR_SCORE * f64::from(p.sessions) / f64::from(most);
            (p, share, question.interest(p.category.as_deref()))
        })
        .collect();
    let order = |a: &(&PopularProduct, f64, f64), b: &(&PopularProduct, f64, f64)| -> Ordering {
        (b.1 * b.2).total_cmp(&(a.1 * a.2)).then_with(|| a.0.product.cmp(&b.0.product))
    };
    first(question.list - products.len(), &mut left, order);
    for (own, share, interest) in left {
        let reason = match &own.category {
            Some(category) if interest > 1.0 => {
                Reason::PopularInCategory { category, sessions: own.sessions }
            }
            _ => Reason::Popular { sessions: own.sessions },
        };
        let parts = Parts { popular: share, interest, ..Parts::default() };
        products.push(Suggestion { product: &own.product, parts, reason });
    }
}
