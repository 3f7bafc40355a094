//! The orders of a customer that are not done with: those that wait for a row, and those told
//! without one.

use std::collections::VecDeque;

use crate::domain::{EventTime, OrderEvent};
use crate::orders::customers::CustomerVersion;

/// The most orders that are held of one customer.
pub(super) const MAX_HELD: usize = 1000;
/// The most bytes that their texts take, so that a customer's state fits in a record of Kafka.
pub(super) const MAX_HELD_BYTES: usize = 256 << 10;

/// An order whose wait is not over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Waiting {
    pub(super) order: OrderEvent<'static>,
    /// When its wait is over.
    pub(super) until: EventTime,
    /// How it was told, if a row came.
    pub(super) told: Option<Told>,
}

/// An order that was told in its wait, as soon as there was a row. Rows may come in any order: what
/// is right when the wait is over is told as a correction if it differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) with: CustomerVersion,
    /// The row of now, if it is another.
    pub(super) better: Option<CustomerVersion>,
}

/// An order that was told without its customer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Unmatched {
    pub(super) order: OrderEvent<'static>,
    /// When it is forgotten.
    pub(super) until: EventTime,
}

/// Both kinds, each in order of arrival and so of their times. Those unmatched came before those
/// that wait.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Held {
    unmatched: VecDeque<Unmatched>,
    waiting: VecDeque<Waiting>,
    /// The sizes of all of them.
    bytes: usize,
}

/// Bytes of an order's texts, and what else it takes in a state at most.
fn size(order: &OrderEvent<'_>) -> usize {
    let optional = [&order.product_id, &order.region].into_iter().flatten();
    let texts = [&order.order_id, &order.customer_id, &order.status].into_iter().chain(optional);
    64 + texts.chain(&order.item_categories).map(|text| text.len() + 2).sum::<usize>()
}

impl Held {
    /// About how many bytes it holds outside of itself.
    pub(super) fn heap(&self) -> usize {
        let room = self.unmatched.capacity() * size_of::<Unmatched>()
            + self.waiting.capacity() * size_of::<Waiting>();
        size_of::<Self>() + room + self.bytes
    }

    /// Puts both kinds together again; `None` if they are not in order, or too many.
    pub(super) fn from_parts(unmatched: Vec<Unmatched>, waiting: Vec<Waiting>) -> Option<Self> {
        let sorted = unmatched.is_sorted_by_key(|held| held.until)
            && waiting.is_sorted_by_key(|held| held.until);
        let orders = unmatched.iter().map(|held| &held.order);
        let bytes = orders.chain(waiting.iter().map(|held| &held.order)).map(size).sum();
        let fits = sorted && unmatched.len() + waiting.len() <= MAX_HELD;
        fits.then(|| Self { unmatched: unmatched.into(), waiting: waiting.into(), bytes })
    }

    /// The orders that were told without their customer.
    pub(super) const fn unmatched(&self) -> &VecDeque<Unmatched> {
        &self.unmatched
    }

    /// The orders whose wait is not over.
    pub(super) const fn waiting(&self) -> &VecDeque<Waiting> {
        &self.waiting
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.unmatched.is_empty() && self.waiting.is_empty()
    }

    /// Whether an order waits that was not told.
    pub(super) fn waits(&self) -> bool {
        self.waiting.back().is_some_and(|last| last.told.is_none())
    }

    /// Whether one order more would be too much.
    pub(super) fn is_full(&self, more: &OrderEvent<'_>) -> bool {
        self.unmatched.len() + self.waiting.len() >= MAX_HELD
            || self.bytes + size(more) > MAX_HELD_BYTES
    }

    /// Lets an order wait. Its time is not before that of the one before it.
    pub(super) fn wait(&mut self, order: OrderEvent<'static>, until: EventTime) {
        let until = self.waiting.back().map_or(until, |last| last.until.max(until));
        self.bytes += size(&order);
        self.waiting.push_back(Waiting { order, until, told: None });
    }

    /// Remembers an order that was told without its customer.
    pub(super) fn remember(&mut self, order: OrderEvent<'static>, until: EventTime) {
        let until = self.unmatched.back().map_or(until, |last| last.until.max(until));
        self.bytes += size(&order);
        self.unmatched.push_back(Unmatched { order, until });
    }

    /// Takes out the first order whose wait is over at `time`.
    pub(super) fn take_waiting(&mut self, time: EventTime) -> Option<Waiting> {
        self.waiting.front().filter(|first| first.until <= time)?;
        let first = self.waiting.pop_front()?;
        self.bytes -= size(&first.order);
        Some(first)
    }

    /// Takes out the first unmatched order that is to be forgotten at `time`.
    pub(super) fn take_unmatched(&mut self, time: EventTime) -> Option<Unmatched> {
        self.unmatched.front().filter(|first| first.until <= time)?;
        let first = self.unmatched.pop_front()?;
        self.bytes -= size(&first.order);
        Some(first)
    }

    /// Takes out the unmatched orders that `correct` corrects; says whether there were any.
    pub(super) fn correct(
        &mut self,
        mut correct: impl FnMut(&OrderEvent<'static>) -> bool,
    ) -> bool {
        let before = self.unmatched.len();
        let bytes = &mut self.bytes;
        self.unmatched.retain(|held| {
            let corrected = correct(&held.order);
            if corrected {
                *bytes -= size(&held.order);
            }
            !corrected
        });
        self.unmatched.len() < before
    }

    /// Changes the orders that wait, not when their wait is over.
    pub(super) fn waiting_mut(&mut self) -> impl Iterator<Item = &mut Waiting> {
        self.waiting.iter_mut()
    }

    /// When the first of them is due.
    pub(super) fn due(&self) -> Option<EventTime> {
        let waiting = self.waiting.front().map(|held| held.until);
        let unmatched = self.unmatched.front().map(|held| held.until);
        waiting.into_iter().chain(unmatched).min()
    }
}
