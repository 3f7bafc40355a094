//! What the index says at one moment, as far as it was asked.
//!
//! Views of some minutes ask at the same moment, and much the same: what stands beside a product,
//! what is near it and how rare it is are found once for all of them, in whatever partition they are.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::domain::EventTime;
use crate::recommend::candidates::Places;
use crate::recommend::index::{SessionIndex, category_hash};
use crate::recommend::ranker::first;

/// How fast a session's products fade with the distance from what is shared.
const FADE: f64 = 4.0;
/// Long sessions are less alike: the exponent of their length.
const LENGTH_EXPONENT: f64 = 0.2;
/// How far what stands beside a product reaches.
const REACH: usize = 10;
/// Over how many sessions of a product one step further goes.
const STEP_SESSIONS: usize = 20;
/// Of what stands beside a product, and of what is near it, only the best count: the rest is long and
/// weighs next to nothing.
const BESIDE: usize = 64;
const NEAR: usize = 32;
/// Distances, lengths and counts that are tabulated.
const TABLE: usize = 1024;
/// Moments that are kept: events come out of order around the turn from one to the next, and two
/// threads that ask at once have one each.
const MOMENTS: usize = 4;
/// Of so many products a moment knows what is beside and near them; with one more it begins anew. Few
/// in tests, so that they meet it.
const KNOWN: usize = if cfg!(test) { 3 } else { 4096 };

/// Functions by number.
#[derive(Debug)]
pub(super) struct Tables {
    fade: Vec<f64>,
    shorter: Vec<f64>,
    logs: Vec<f64>,
}

impl Default for Tables {
    fn default() -> Self {
        let numbers = || (0..TABLE).map(|n| n as f64);
        Self {
            fade: numbers().map(|d| (-d / FADE).exp()).collect(),
            shorter: numbers().map(|n| n.max(1.0).powf(-LENGTH_EXPONENT)).collect(),
            logs: numbers().map(f64::log10).collect(),
        }
    }
}

impl Tables {
    /// What is left of a gain between two places of a session.
    pub fn fade(&self, a: usize, b: usize) -> f64 {
        self.fade.get(a.abs_diff(b)).copied().unwrap_or(0.0)
    }

    /// What a session of some length weighs.
    pub fn shorter(&self, length: usize) -> f64 {
        self.shorter[length.min(TABLE - 1)]
    }

    fn log(&self, number: usize) -> f64 {
        self.logs.get(number).copied().unwrap_or_else(|| (number as f64).log10())
    }
}

/// A product that stands beside another one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Beside {
    pub product: u32,
    /// The sum of 1 / distance.
    pub gain: f64,
    /// In how many sessions.
    pub sessions: u32,
}

/// A product that is near another one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Near {
    pub product: u32,
    /// The sum over sessions, and the largest of its parts.
    pub sum: f64,
    pub most: f64,
}

/// What is known of a product.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Fact {
    /// `1 + log10(sessions / sessions with it)`; 0 as long as nobody has asked.
    pub rarity: f64,
    /// Of its category.
    pub category: u64,
}

/// One moment.
#[derive(Debug)]
pub(super) struct Moment {
    as_of: EventTime,
    /// How often the index had given numbers anew.
    renumbered: u64,
    log_all: f64,
    facts: Vec<Fact>,
    beside: HashMap<u32, Box<[Beside]>>,
    near: HashMap<u32, Box<[Near]>>,
    places: Places,
}

impl Moment {
    fn of(index: &SessionIndex, as_of: EventTime, tables: &Tables) -> Self {
        Self {
            as_of,
            renumbered: index.renumbered(),
            log_all: tables.log(index.count(as_of).max(1)),
            facts: Vec::new(),
            beside: HashMap::new(),
            near: HashMap::new(),
            places: Places::default(),
        }
    }

    /// What is known of a product.
    pub fn fact(&mut self, index: &SessionIndex, tables: &Tables, product: u32) -> Fact {
        let at = product as usize;
        if self.facts.len() <= at {
            self.facts.resize(index.capacity().0.max(at + 1), Fact::default());
        }
        let own = &mut self.facts[at];
        if own.rarity <= 0.0 {
            let count = index.count_with(product, self.as_of).max(1);
            own.rarity = 1.0 + self.log_all - tables.log(count);
            own.category = index.category(product).map_or(0, category_hash);
        }
        *own
    }

    /// What stands up to ten places beside a product in its newest `recent` sessions, the best first.
    pub fn beside(&mut self, index: &SessionIndex, product: u32, recent: usize) -> &[Beside] {
        make_room(&mut self.beside, product);
        let (places, as_of) = (&mut self.places, self.as_of);
        self.beside.entry(product).or_insert_with(|| {
            let mut found: Vec<Beside> = Vec::new();
            places.reserve(index.capacity().0);
            for session in index.recent_with(product, as_of, recent) {
                let products = index.products_of(session);
                let own = position(products, product);
                let from = own.saturating_sub(REACH);
                let around = products.iter().enumerate().skip(from).take(own + REACH + 1 - from);
                for (place, other) in around.filter(|(place, _)| *place != own) {
                    let at = places.place(*other, found.len());
                    if at == found.len() {
                        found.push(Beside { product: *other, gain: 0.0, sessions: 0 });
                    }
                    found[at].gain += 1.0 / place.abs_diff(own) as f64;
                    found[at].sessions += 1;
                }
            }
            found.iter().for_each(|f| places.clear(f.product));
            let name = |f: &Beside| index.name(f.product);
            first(BESIDE, &mut found, |a, b| {
                b.gain.total_cmp(&a.gain).then_with(|| name(a).cmp(name(b)))
            });
            found.into()
        })
    }

    /// What is near a product in its newest twenty sessions, by distance and by their lengths, over
    /// the square root of how many there are; the best first.
    pub fn near(&mut self, index: &SessionIndex, tables: &Tables, product: u32) -> &[Near] {
        make_room(&mut self.near, product);
        let (places, as_of) = (&mut self.places, self.as_of);
        self.near.entry(product).or_insert_with(|| {
            let mut found: Vec<Near> = Vec::new();
            places.reserve(index.capacity().0);
            let sessions = index.count_with(product, as_of).clamp(1, STEP_SESSIONS);
            let each = 1.0 / (sessions as f64).sqrt();
            for session in index.recent_with(product, as_of, STEP_SESSIONS) {
                let products = index.products_of(session);
                let own = position(products, product);
                let weight = each * tables.shorter(products.len());
                for (place, other) in products.iter().enumerate().filter(|(p, _)| *p != own) {
                    let gain = weight * tables.fade(place, own);
                    let at = places.place(*other, found.len());
                    if at == found.len() {
                        found.push(Near { product: *other, sum: 0.0, most: 0.0 });
                    }
                    found[at].sum += gain;
                    found[at].most = found[at].most.max(gain);
                }
            }
            found.iter().for_each(|f| places.clear(f.product));
            let name = |f: &Near| index.name(f.product);
            first(NEAR, &mut found, |a, b| {
                b.sum.total_cmp(&a.sum).then_with(|| name(a).cmp(name(b)))
            });
            found.into()
        })
    }
}

/// Forgets the others if there is no room for what is known of `product`.
fn make_room<T>(known: &mut HashMap<u32, T>, product: u32) {
    if known.len() >= KNOWN && !known.contains_key(&product) {
        known.clear();
    }
}

/// The moments that were asked for last, shared by all who ask one index.
#[derive(Clone, Debug, Default)]
pub struct Moments(Arc<Mutex<Vec<Moment>>>);

impl Moments {
    fn lock(&self) -> MutexGuard<'_, Vec<Moment>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The moment `as_of`, taken out; [`Self::keep`] puts it back. While somebody has it, another
    /// gets one that knows nothing yet.
    pub(super) fn take(&self, index: &SessionIndex, as_of: EventTime, tables: &Tables) -> Moment {
        let mut kept = self.lock();
        // Numbers that were given anew tell of other products.
        kept.retain(|moment| moment.renumbered == index.renumbered());
        match kept.iter().rposition(|moment| moment.as_of == as_of) {
            Some(at) => kept.remove(at),
            None => Moment::of(index, as_of, tables),
        }
    }

    /// Keeps a moment, as the latest; the one not asked for longest goes.
    pub(super) fn keep(&self, moment: Moment) {
        let mut kept = self.lock();
        if kept.len() >= MOMENTS {
            kept.remove(0);
        }
        kept.push(moment);
    }
}

/// Where a product stands in a session that has it.
pub(super) fn position(products: &[u32], product: u32) -> usize {
    products.iter().position(|p| *p == product).unwrap_or(0)
}
