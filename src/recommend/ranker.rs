//! From what a customer saw in a session to what to recommend: nearest sessions, what stands
//! beside the last product, and one step further.
//!
//! - *Neighbours* (V-SKNN: Ludewig, Jannach, "Evaluation of session-based recommendation
//!   algorithms", 2018; STAN: Garg et al., SIGIR 2019; the index of Serenade, 2022): of the
//!   sessions that share a product, the likeliest `neighbours`. A seen product weighs
//!   1 / (its place from the end); a session's likeness is the sum of what it shares, over
//!   (length of the own session)^0.5 (its own length)^0.2. A neighbour's products gain its
//!   likeness, less with their distance from the latest shared product (e^(-d / 4)), and times
//!   1 + log10(sessions / sessions with the product).
//! - *Next*: 1 / distance to the last product in each recent session with it, up to 10 away.
//! - *Beyond*: the ten best so far stand for a session; what is near them in their sessions.
//!
//! Each part is scaled to the largest it gives; the parts' shares are settings. The numbers that
//! are not were chosen on validation sessions of three shops (`dev/benches/recommend`); a wide
//! range around them does as well. Sums run in the order of likeness or of time, so that the same
//! sessions give the same answer to the last bit.

use std::cmp::Ordering;

use crate::domain::EventTime;
use crate::recommend::candidates::{Candidate, Candidates, Neighbour};
use crate::recommend::index::SessionIndex;
use crate::recommend::moment::{Moment, Moments, Tables, position};
use crate::recommend::rules::RecommendRules;

/// The latest products of a session that look for neighbours.
pub const LOOK: usize = 20;
/// How many products go one step further.
const STEPS: usize = 10;

/// Scores candidates. One a partition: it holds buffers.
#[derive(Debug)]
pub(super) struct Ranker {
    recent: usize,
    neighbours: usize,
    next_weight: f64,
    beyond_weight: f64,
    tables: Tables,
    moments: Moments,
    pub(super) candidates: Candidates,
    /// The seen products that are known, the latest first.
    pub(super) seen: Vec<u32>,
    /// What goes one step further, the best first, with its score.
    pub(super) steps: Vec<(u32, f64)>,
}

impl Ranker {
    pub(super) fn new(rules: &RecommendRules, moments: Moments) -> Self {
        Self {
            recent: rules.recent,
            neighbours: rules.neighbours,
            next_weight: rules.next_weight,
            beyond_weight: rules.beyond_weight,
            tables: Tables::default(),
            moments,
            candidates: Candidates::default(),
            seen: Vec::new(),
            steps: Vec::new(),
        }
    }

    /// Finds and scores what goes with `seen` (the latest last), by the sessions that ended by
    /// `as_of`. Gives the sum of the neighbours' likenesses.
    pub(super) fn score<'a>(
        &mut self,
        index: &SessionIndex,
        seen: impl DoubleEndedIterator<Item = &'a str>,
        as_of: EventTime,
    ) -> f64 {
        self.candidates.clear(index.capacity());
        self.seen.clear();
        self.steps.clear();
        let known = |name| index.product(name).filter(|p| index.count_with(*p, as_of) > 0);
        for product in seen.rev().filter_map(known) {
            if !self.seen.contains(&product) {
                self.seen.push(product);
            }
        }
        let mut moment = self.moments.take(index, as_of, &self.tables);
        let evidence = self.find_neighbours(index, as_of);
        self.take_neighbours(index);
        self.weigh_by_rarity(index, &mut moment, |c| &mut c.near);
        self.take_next(index, &mut moment);
        let near = self.largest(|c| c.near);
        let next = self.largest(|c| c.next);
        let (near, next) =
            (share_of(1.0 - self.next_weight, near), share_of(self.next_weight, next));
        for candidate in &mut self.candidates.found {
            candidate.near *= near;
            candidate.next *= next;
        }
        for product in &self.seen {
            if let Some(own) = self.candidates.find(*product) {
                own.seen = true;
            }
        }
        self.take_beyond(index, &mut moment);
        for candidate in &mut self.candidates.found {
            candidate.category = moment.fact(index, &self.tables, candidate.product).category;
        }
        self.moments.keep(moment);
        evidence
    }

    fn find_neighbours(&mut self, index: &SessionIndex, as_of: EventTime) -> f64 {
        for (place, product) in self.seen.iter().enumerate().take(LOOK) {
            let weight = 1.0 / (place + 1) as f64;
            for shared in index.ended_with(*product, as_of, self.recent) {
                self.candidates.share(shared, place, weight);
            }
        }
        let own = 1.0 / (self.seen.len().max(1) as f64).sqrt();
        for neighbour in &mut self.candidates.neighbours {
            neighbour.weight *= own * self.tables.shorter(neighbour.length as usize);
        }
        let newer = |a: &Neighbour, b: &Neighbour| {
            let newest = || index.place(b.session).cmp(&index.place(a.session));
            b.weight.total_cmp(&a.weight).then_with(newest)
        };
        self.candidates.keep(self.neighbours, newer);
        self.candidates.neighbours.iter().map(|n| n.weight).sum()
    }

    fn take_neighbours(&mut self, index: &SessionIndex) {
        for at in 0..self.candidates.neighbours.len() {
            let Neighbour { session, weight, anchor, .. } = self.candidates.neighbours[at];
            let products = index.products_of(session);
            let shared = position(products, self.seen[anchor]);
            for (place, product) in products.iter().enumerate() {
                let gain = weight * self.tables.fade(place, shared);
                let candidate = self.candidates.product(*product);
                candidate.near += gain;
                candidate.near_sessions += 1;
                if gain > candidate.nearest {
                    candidate.nearest = gain;
                    candidate.anchor = anchor;
                }
            }
        }
    }

    fn take_next(&mut self, index: &SessionIndex, moment: &mut Moment) {
        let Some(last) = self.seen.first().copied().filter(|_| self.next_weight > 0.0) else {
            return;
        };
        for beside in moment.beside(index, last, self.recent) {
            let candidate = self.candidates.product(beside.product);
            candidate.next = beside.gain;
            candidate.next_sessions = beside.sessions;
        }
    }

    fn take_beyond(&mut self, index: &SessionIndex, moment: &mut Moment) {
        if self.beyond_weight <= 0.0 {
            return;
        }
        let mut unseen: Vec<&Candidate> =
            self.candidates.found.iter().filter(|c| !c.seen && c.sum() > 0.0).collect();
        let order = |a: &&Candidate, b: &&Candidate| by_score(index, (a, a.sum()), (b, b.sum()));
        first(STEPS, &mut unseen, order);
        self.steps.extend(unseen.iter().map(|c| (c.product, c.sum())));
        for step in 0..self.steps.len() {
            let (product, score) = self.steps[step];
            for near in moment.near(index, &self.tables, product) {
                let candidate = self.candidates.product(near.product);
                candidate.beyond += score * near.sum;
                if score * near.most > candidate.strongest {
                    candidate.strongest = score * near.most;
                    candidate.through = step;
                }
            }
        }
        self.weigh_by_rarity(index, moment, |c| &mut c.beyond);
        let best = self.largest(|c| c.near + c.next);
        let share = share_of(self.beyond_weight * best, self.largest(|c| c.beyond));
        for candidate in &mut self.candidates.found {
            candidate.beyond *= share;
        }
    }

    /// Times `1 + log10(sessions / sessions with the product)`.
    fn weigh_by_rarity(
        &mut self,
        index: &SessionIndex,
        moment: &mut Moment,
        part: fn(&mut Candidate) -> &mut f64,
    ) {
        for candidate in &mut self.candidates.found {
            if *part(candidate) > 0.0 {
                let fact = moment.fact(index, &self.tables, candidate.product);
                *part(candidate) *= fact.rarity;
            }
        }
    }

    fn largest(&self, part: impl Fn(&Candidate) -> f64) -> f64 {
        self.candidates.found.iter().map(part).fold(0.0, f64::max)
    }
}

/// What scales a part whose largest is `largest` to `share`.
fn share_of(share: f64, largest: f64) -> f64 {
    if largest > 0.0 { share / largest } else { 0.0 }
}

/// The higher score first; ties in the order of the products' ids.
pub(super) fn by_score(
    index: &SessionIndex,
    (a, a_score): (&Candidate, f64),
    (b, b_score): (&Candidate, f64),
) -> Ordering {
    let names = || index.name(a.product).cmp(index.name(b.product));
    b_score.total_cmp(&a_score).then_with(names)
}

/// Keeps the first `most` of `order`, in that order.
pub(super) fn first<T>(most: usize, list: &mut Vec<T>, order: impl Fn(&T, &T) -> Ordering + Copy) {
    if list.len() > most {
        list.select_nth_unstable_by(most, order);
        list.truncate(most);
    }
    list.sort_unstable_by(order);
}
