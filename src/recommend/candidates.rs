//! What is found for one view: products and sessions with what adds up to their scores. Kept
//! between views, so that none allocates.

use crate::recommend::index::Ended;

/// The empty place.
const NOWHERE: u32 = u32::MAX;

/// Numbers to places in a list, cleared by what is in the list.
#[derive(Debug, Default)]
pub(super) struct Places(Vec<u32>);

impl Places {
    /// Room for numbers below `size`.
    pub(super) fn reserve(&mut self, size: usize) {
        if self.0.len() < size {
            self.0.resize(size, NOWHERE);
        }
    }

    /// The place of `number`, which is `next` if it had none.
    pub(super) fn place(&mut self, number: u32, next: usize) -> usize {
        let own = &mut self.0[number as usize];
        if *own == NOWHERE {
            *own = u32::try_from(next).unwrap_or(NOWHERE);
        }
        *own as usize
    }

    fn get(&self, number: u32) -> Option<usize> {
        self.0.get(number as usize).filter(|p| **p != NOWHERE).map(|p| *p as usize)
    }

    pub(super) fn clear(&mut self, number: u32) {
        self.0[number as usize] = NOWHERE;
    }
}

/// A session that shares a product with the customer's.
#[derive(Clone, Copy, Debug)]
pub(super) struct Neighbour {
    pub(super) session: u32,
    /// How many products it has.
    pub(super) length: u32,
    /// Sum of the weights of what is shared; then the likeness.
    pub(super) weight: f64,
    /// The latest seen product that is shared, by its place.
    pub(super) anchor: usize,
}

/// A product that may be recommended.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Candidate {
    pub(super) product: u32,
    /// From neighbours, from what stands beside the last product, from neighbours of these.
    pub(super) near: f64,
    pub(super) next: f64,
    pub(super) beyond: f64,
    pub(super) near_sessions: u32,
    pub(super) next_sessions: u32,
    /// The largest single contribution, and the seen product it hangs on.
    pub(super) nearest: f64,
    pub(super) anchor: usize,
    /// The same for the products beyond.
    pub(super) strongest: f64,
    pub(super) through: usize,
    /// Of its category.
    pub(super) category: u64,
    /// In the customer's own session.
    pub(super) seen: bool,
    /// Must not be recommended.
    pub(super) excluded: bool,
}

impl Candidate {
    pub(super) const fn sum(&self) -> f64 {
        self.near + self.next + self.beyond
    }
}

/// Candidates and neighbours of one view.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    products: Places,
    sessions: Places,
    pub(super) found: Vec<Candidate>,
    pub(super) neighbours: Vec<Neighbour>,
}

impl Candidates {
    /// Nothing is found; numbers below `capacity` (products, sessions) may come.
    pub(super) fn clear(&mut self, capacity: (usize, usize)) {
        for candidate in self.found.drain(..) {
            self.products.clear(candidate.product);
        }
        for neighbour in self.neighbours.drain(..) {
            self.sessions.clear(neighbour.session);
        }
        self.products.reserve(capacity.0);
        self.sessions.reserve(capacity.1);
    }

    /// A product's candidate, made if there is none.
    pub(super) fn product(&mut self, product: u32) -> &mut Candidate {
        let place = self.products.place(product, self.found.len());
        if place == self.found.len() {
            self.found.push(Candidate { product, ..Candidate::default() });
        }
        &mut self.found[place]
    }

    /// A product's candidate, if it is one.
    pub(super) fn find(&mut self, product: u32) -> Option<&mut Candidate> {
        self.products.get(product).map(|place| &mut self.found[place])
    }

    /// A seen product at `anchor` weighs `weight` for `session`. Later products come first.
    pub(super) fn share(&mut self, shared: Ended, anchor: usize, weight: f64) {
        let Ended { session, length, .. } = shared;
        let place = self.sessions.place(session, self.neighbours.len());
        match self.neighbours.get_mut(place) {
            Some(own) => own.weight += weight,
            None => self.neighbours.push(Neighbour { session, length, weight, anchor }),
        }
    }

    /// Keeps the first `most` neighbours of `order`, in that order.
    pub(super) fn keep(
        &mut self,
        most: usize,
        order: impl Fn(&Neighbour, &Neighbour) -> std::cmp::Ordering + Copy,
    ) {
        if self.neighbours.len() > most {
            self.neighbours.select_nth_unstable_by(most, order);
            for neighbour in self.neighbours.drain(most..) {
                self.sessions.clear(neighbour.session);
            }
        }
        self.neighbours.sort_unstable_by(order);
    }
}
