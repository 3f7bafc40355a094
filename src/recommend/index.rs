//! The learned model: recent finished sessions, and for each product those it was in.
//!
//! The index of VMIS-kNN (Kersbergen, Sprangers, Schelter: "Serenade", SIGMOD 2022), kept up to
//! date session by session. What it holds is a function of the set of sessions put in, not of
//! their order: the newest `sessions` by (end, key) that end within `session_ttl` of the newest.
//! Products and sessions are numbers inside; nothing that is answered depends on these.

use std::collections::{HashMap, VecDeque};
use std::hash::BuildHasher;

use hashbrown::{DefaultHashBuilder, HashTable};

use crate::domain::EventTime;
use crate::recommend::session::{FinishedSession, TableKey};

/// As many products as fill a cache line with the rest of a session.
const FEW: usize = 11;

/// Products in the order of their latest views. Most sessions are short: theirs lie beside the rest,
/// since looking at hundreds of sessions is waiting for memory.
enum Products {
    Few { count: u8, list: [u32; FEW] },
    Many(Box<[u32]>),
}

impl Products {
    fn of(products: &[u32]) -> Self {
        let mut list = [0; FEW];
        match (list.get_mut(..products.len()), u8::try_from(products.len())) {
            (Some(own), Ok(count)) => {
                own.copy_from_slice(products);
                Self::Few { count, list }
            }
            _ => Self::Many(products.into()),
        }
    }

    fn list(&self) -> &[u32] {
        match self {
            Self::Few { count, list } => &list[..usize::from(*count)],
            Self::Many(list) => list,
        }
    }
}

impl Default for Products {
    fn default() -> Self {
        Self::Few { count: 0, list: [0; FEW] }
    }
}

struct Session {
    end: EventTime,
    key: TableKey,
    products: Products,
}

/// A session in a list by (end, key). Its end and length lie here too: lists are searched by the
/// one, and sessions are weighed by the other.
#[derive(Clone, Copy)]
pub(super) struct Ended {
    pub(super) end: EventTime,
    pub(super) session: u32,
    pub(super) length: u32,
}

type List = VecDeque<Ended>;

struct Product {
    name: Box<str>,
    /// As the newest session that told one has it.
    category: Option<(EventTime, TableKey, Box<str>)>,
    /// The sessions it is in, by (end, key).
    sessions: List,
}

/// How much the index holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// At most so many sessions.
    pub sessions: usize,
    /// None that ended longer before the newest, in microseconds.
    pub ttl: i64,
}

/// Recent finished sessions by product.
pub struct SessionIndex {
    bounds: Bounds,
    sessions: Vec<Session>,
    free_sessions: Vec<u32>,
    by_key: HashMap<TableKey, u32>,
    /// All sessions by (end, key).
    order: List,
    products: Vec<Product>,
    free_products: Vec<u32>,
    names: HashTable<u32>,
    hasher: DefaultHashBuilder,
    renumbered: u64,
    /// Whether a session ever went for a newer one.
    crowded: bool,
}

/// A number of the index, from a length: 2^32 sessions do not fit into memory.
fn number(length: usize) -> u32 {
    u32::try_from(length).unwrap_or(u32::MAX)
}

const fn at(number: u32) -> usize {
    number as usize
}

impl SessionIndex {
    /// An empty index.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            sessions: Vec::new(),
            free_sessions: Vec::new(),
            by_key: HashMap::new(),
            order: VecDeque::new(),
            products: Vec::new(),
            free_products: Vec::new(),
            names: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
            renumbered: 0,
            crowded: false,
        }
    }

    /// Puts the session of `key` in, in place of the one it had; `None` takes that one out.
    pub fn put(&mut self, key: TableKey, session: Option<&FinishedSession>) {
        if let Some(old) = self.by_key.get(&key).copied() {
            self.crowded |= session.is_some_and(|new| new.end > self.sessions[at(old)].end);
            self.take_out(old);
        }
        if let Some(session) = session {
            self.insert(key, session);
            self.evict();
        }
    }

    fn insert(&mut self, key: TableKey, session: &FinishedSession) {
        let mut products = Vec::with_capacity(session.items.len());
        for item in &session.items {
            let product = self.product_named(&item.product);
            // Bytes of another writer may name a product twice; it counts once.
            if !products.contains(&product) {
                products.push(product);
            }
            let own = &mut self.products[at(product)].category;
            if let Some(category) = &item.category
                && own.as_ref().is_none_or(|o| (o.0, o.1) <= (session.end, key))
            {
                *own = Some((session.end, key, category.clone()));
            }
        }
        let own = Session { end: session.end, key, products: Products::of(&products) };
        let place = if let Some(free) = self.free_sessions.pop() {
            self.sessions[at(free)] = own;
            free
        } else {
            self.sessions.push(own);
            number(self.sessions.len() - 1)
        };
        self.by_key.insert(key, place);
        insert_in_order(&self.sessions, &mut self.order, place);
        for product in self.sessions[at(place)].products.list() {
            insert_in_order(&self.sessions, &mut self.products[at(*product)].sessions, place);
        }
    }

    fn take_out(&mut self, session: u32) {
        remove_in_order(&self.sessions, &mut self.order, session);
        let products = std::mem::take(&mut self.sessions[at(session)].products);
        for product in products.list() {
            // Its place is found by the session's time and key, which are still there.
            let own = &mut self.products[at(*product)];
            remove_in_order(&self.sessions, &mut own.sessions, session);
            if own.sessions.is_empty() {
                self.forget(*product);
            }
        }
        self.by_key.remove(&self.sessions[at(session)].key);
        self.free_sessions.push(session);
    }

    fn evict(&mut self) {
        while let (Some(&oldest), Some(&newest)) = (self.order.front(), self.order.back()) {
            let age = newest.end.micros_since(oldest.end);
            let fits = self.order.len() <= self.bounds.sessions.max(1);
            if fits && age <= self.bounds.ttl {
                return;
            }
            self.crowded |= !fits;
            self.take_out(oldest.session);
        }
    }

    fn product_named(&mut self, name: &str) -> u32 {
        if let Some(found) = self.product(name) {
            return found;
        }
        let own = Product { name: name.into(), category: None, sessions: VecDeque::new() };
        let place = if let Some(free) = self.free_products.pop() {
            self.products[at(free)] = own;
            free
        } else {
            self.products.push(own);
            number(self.products.len() - 1)
        };
        let (products, hasher) = (&self.products, &self.hasher);
        let rehash = |p: &u32| hasher.hash_one(&*products[at(*p)].name);
        self.names.insert_unique(hasher.hash_one(name), place, rehash);
        place
    }

    fn forget(&mut self, product: u32) {
        self.renumbered += 1;
        let hash = self.hasher.hash_one(&*self.products[at(product)].name);
        if let Ok(entry) = self.names.find_entry(hash, |p| *p == product) {
            entry.remove();
        }
        let own = &mut self.products[at(product)];
        own.name = Box::from("");
        own.category = None;
        own.sessions = VecDeque::new();
        self.free_products.push(product);
    }

    /// How many sessions it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.order.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.order.is_empty()
    }

    /// Whether a session ever went to make room for a newer one.
    pub(super) const fn crowded(&self) -> bool {
        self.crowded
    }

    /// The ends of the oldest and the newest session.
    pub(super) fn ends(&self) -> Option<(EventTime, EventTime)> {
        Some((self.order.front()?.end, self.order.back()?.end))
    }

    /// How many products are in its sessions.
    #[must_use]
    pub fn products(&self) -> usize {
        self.names.len()
    }

    /// The memory it holds, in bytes: what its lists have room for, texts included; a table's
    /// control bytes and the allocator's rounding are not.
    #[must_use]
    pub fn memory(&self) -> usize {
        let session = |s: &Session| match &s.products {
            Products::Few { .. } => 0,
            Products::Many(list) => size_of_val(&**list),
        };
        let product = |p: &Product| {
            let category = p.category.as_ref().map_or(0, |(_, _, name)| name.len());
            p.name.len() + category + p.sessions.capacity() * size_of::<Ended>()
        };
        let numbers =
            self.free_sessions.capacity() + self.free_products.capacity() + self.names.capacity();
        self.sessions.capacity() * size_of::<Session>()
            + self.sessions.iter().map(session).sum::<usize>()
            + self.products.capacity() * size_of::<Product>()
            + self.products.iter().map(product).sum::<usize>()
            + self.by_key.capacity() * size_of::<(TableKey, u32)>()
            + self.order.capacity() * size_of::<Ended>()
            + numbers * size_of::<u32>()
    }

    /// The keys of its sessions, by (end, key).
    pub fn keys(&self) -> impl Iterator<Item = TableKey> {
        self.order.iter().map(|s| self.sessions[at(s.session)].key)
    }

    /// How often the number of a product became free for another one.
    pub(super) const fn renumbered(&self) -> u64 {
        self.renumbered
    }

    /// The number of a product that is in a session.
    pub(super) fn product(&self, name: &str) -> Option<u32> {
        let hash = self.hasher.hash_one(name);
        self.names.find(hash, |p| *self.products[at(*p)].name == *name).copied()
    }

    pub(super) fn name(&self, product: u32) -> &str {
        &self.products[at(product)].name
    }

    pub(super) fn category(&self, product: u32) -> Option<&str> {
        self.products[at(product)].category.as_ref().map(|(_, _, name)| &**name)
    }

    /// Numbers of products and sessions lie below these.
    pub(super) const fn capacity(&self) -> (usize, usize) {
        (self.products.len(), self.sessions.len())
    }

    /// What sessions are ordered by.
    pub(super) fn place(&self, session: u32) -> (EventTime, TableKey) {
        let own = &self.sessions[at(session)];
        (own.end, own.key)
    }

    pub(super) fn products_of(&self, session: u32) -> &[u32] {
        self.sessions[at(session)].products.list()
    }

    /// In how many sessions that ended by `as_of` a product is.
    pub(super) fn count_with(&self, product: u32, as_of: EventTime) -> usize {
        visible(&self.products[at(product)].sessions, as_of)
    }

    /// How many sessions ended by `as_of`.
    pub(super) fn count(&self, as_of: EventTime) -> usize {
        visible(&self.order, as_of)
    }

    /// The newest `most` sessions with a product that ended by `as_of`, oldest first.
    pub(super) fn recent_with(
        &self,
        product: u32,
        as_of: EventTime,
        most: usize,
    ) -> impl Iterator<Item = u32> {
        self.ended_with(product, as_of, most).map(|s| s.session)
    }

    /// The same with their ends and lengths.
    pub(super) fn ended_with(
        &self,
        product: u32,
        as_of: EventTime,
        most: usize,
    ) -> impl Iterator<Item = Ended> {
        let own = &self.products[at(product)].sessions;
        let end = visible(own, as_of);
        own.range(end.saturating_sub(most)..end).copied()
    }

    /// The newest `most` sessions that ended by `as_of`, oldest first.
    pub(super) fn recent(&self, as_of: EventTime, most: usize) -> impl Iterator<Item = u32> {
        let end = visible(&self.order, as_of);
        self.order.range(end.saturating_sub(most)..end).map(|s| s.session)
    }
}

/// What categories are compared by where names would take too long.
pub(super) fn category_hash(name: &str) -> u64 {
    // Zero stands for none.
    xxhash_rust::xxh3::xxh3_64(name.as_bytes()).max(1)
}

/// How many sessions of a list ended by `as_of`: all but a few of the last, which are looked at
/// first.
fn visible(list: &List, as_of: EventTime) -> usize {
    let later = |at: usize| list[at].end > as_of;
    let (mut known, mut step) = (list.len(), 1);
    while known > 0 && later(known.saturating_sub(step)) {
        known = known.saturating_sub(step);
        step *= 2;
    }
    let (mut low, mut high) = (known.saturating_sub(step), known);
    while low < high {
        let middle = low.midpoint(high);
        if later(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

fn insert_in_order(sessions: &[Session], list: &mut List, session: u32) {
    let (own, place) = entry(sessions, session);
    if list.back().is_none_or(|last| entry(sessions, last.session).1 < place) {
        list.push_back(own);
        return;
    }
    let position = list.partition_point(|s| entry(sessions, s.session).1 < place);
    list.insert(position, own);
}

fn remove_in_order(sessions: &[Session], list: &mut List, session: u32) {
    let (_, place) = entry(sessions, session);
    let position = list.partition_point(|s| entry(sessions, s.session).1 < place);
    if list.get(position).is_some_and(|own| own.session == session) {
        list.remove(position);
    }
}

/// A session as lists have it, and where it belongs there.
fn entry(sessions: &[Session], session: u32) -> (Ended, (EventTime, TableKey)) {
    let own = &sessions[at(session)];
    let length = number(own.products.list().len());
    (Ended { end: own.end, session, length }, (own.end, own.key))
}
