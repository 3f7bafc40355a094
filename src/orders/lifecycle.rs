//! What becomes of a customer's orders: told at once, or after a wait, and corrected once.

use crate::domain::{EventTime, OrderEvent};
use crate::orders::customers::{CustomerHistory, CustomerVersion};
use crate::orders::held::{Held, Told, Waiting};
use crate::orders::recent::{Known, Recent, Seen};
use crate::orders::rules::OrderRules;

/// What is to be told of an order, or is not told any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision<'a> {
    /// The order with its customer.
    Enriched {
        /// The order.
        order: &'a OrderEvent<'a>,
        /// The row as of the order's time; `None` if no row was ever seen.
        customer: Option<&'a CustomerVersion>,
        /// 1 when it is told first; 2 corrects that.
        revision: u32,
    },
    /// An order told without its customer will not be corrected any more.
    Forgotten {
        /// The order.
        order: &'a OrderEvent<'a>,
    },
}

/// Where an order counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counted {
    /// As an order: with its first event.
    pub as_order: bool,
    /// As revenue: with the first event whose status brings revenue. It is not taken back: what a
    /// later cancellation means for the books is not known here.
    pub as_revenue: bool,
}

/// What became of an order event that came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// It is told, now or later.
    Taken(Counted),
    /// The same came before; nothing is told.
    Duplicate,
    /// One of the same order, status and time said something else; nothing is told.
    Conflicting,
}

/// How many orders became what: `matched + unmatched` is all that were told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Told with a row of their customer (or its deletion).
    pub matched: u64,
    /// Told without one.
    pub unmatched: u64,
    /// Told again, with another row.
    pub corrected: u64,
    /// Told without one and not corrected: not any more.
    pub forgotten: u64,
}

impl Tally {
    /// Takes a decision in.
    pub const fn count(&mut self, decision: &Decision<'_>) {
        match decision {
            Decision::Enriched { revision: 2.., .. } => self.corrected += 1,
            Decision::Enriched { customer: Some(_), .. } => self.matched += 1,
            Decision::Enriched { customer: None, .. } => self.unmatched += 1,
            Decision::Forgotten { .. } => self.forgotten += 1,
        }
    }
}

/// The state of one customer's orders. Bounded: orders that wait by `OrderRules::wait`, unmatched
/// ones by `OrderRules::correct_for`, both together by number and size; ids by
/// `OrderRules::remember_for` and number.
///
/// Decisions depend on the sequence of orders and rows and their stream times alone, not on how
/// often [`Self::advance`] is called between them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CustomerOrders {
    /// Boxed, since few customers have any; never empty.
    pub(super) held: Option<Box<Held>>,
    pub(super) recent: Recent,
}

/// Times at which nothing is told are due to the hour, so that they seldom move.
const HOUR: i64 = 3_600_000_000;

impl CustomerOrders {
    /// About how many bytes it holds outside of itself.
    #[must_use]
    pub fn heap(&self) -> usize {
        self.recent.heap() + self.held.as_ref().map_or(0, |held| held.heap())
    }

    /// Takes an order in. `known` is the customer's history, `stream_time` the time it came at.
    /// Says whether the state changed, and what became of the order.
    pub fn order(
        &mut self,
        order: &OrderEvent<'_>,
        known: Option<&CustomerHistory>,
        stream_time: EventTime,
        rules: &OrderRules,
        tell: &mut impl FnMut(Decision<'_>),
    ) -> (bool, Received) {
        let changed = self.advance(stream_time, rules, tell);
        let event = Seen::of(order, stream_time);
        match self.recent.known(&event) {
            Known::New => {}
            Known::Same => return (changed, Received::Duplicate),
            Known::Other => return (changed, Received::Conflicting),
        }
        let (counted_order, counted_revenue) = self.recent.of_order(&event);
        let as_revenue = !counted_revenue && rules.is_revenue(&order.status);
        self.recent.push(event, as_revenue);
        if let Some(row) = known.and_then(|history| history.as_of(order.time)) {
            if let Some(history) = known.filter(|_| self.held.as_ref().is_some_and(|h| h.waits())) {
                // Those before it go first, should nobody have said that the row came.
                self.row_arrived(history, stream_time, rules, tell);
            }
            tell(Decision::Enriched { order, customer: Some(row), revision: 1 });
        } else {
            self.hold(order, stream_time, rules, tell);
        }
        (true, Received::Taken(Counted { as_order: !counted_order, as_revenue }))
    }

    /// Lets an order wait; without a wait it is told at once.
    fn hold(
        &mut self,
        order: &OrderEvent<'_>,
        stream_time: EventTime,
        rules: &OrderRules,
        tell: &mut impl FnMut(Decision<'_>),
    ) {
        let held = self.held.get_or_insert_default();
        while held.is_full(order) && forget_oldest(held, tell) {}
        held.wait(order.to_static(), stream_time.plus_micros(rules.wait));
        self.advance(stream_time, rules, tell);
    }

    /// A row of the customer came and is in `known`: those that wait for one are told, those told
    /// without one are corrected. A deletion corrects nothing, as the tier stays unknown. Says
    /// whether the state changed; as after [`Self::advance`], nothing may be left of it.
    pub fn row_arrived(
        &mut self,
        known: &CustomerHistory,
        stream_time: EventTime,
        rules: &OrderRules,
        tell: &mut impl FnMut(Decision<'_>),
    ) -> bool {
        // Waits that were over before the row came.
        let mut changed = self.advance(stream_time, rules, tell);
        let Some(held) = &mut self.held else { return changed };
        changed |= held.correct(|order| {
            let row = known.as_of(order.time).filter(|row| row.profile.is_some());
            if row.is_some() {
                tell(Decision::Enriched { order, customer: row, revision: 2 });
            }
            row.is_some()
        });
        for waiting in held.waiting_mut() {
            if let Some(row) = known.as_of(waiting.order.time) {
                changed |= waiting.match_with(row, tell);
            }
        }
        self.tidy();
        changed
    }

    /// Moves stream time on: waits that are over end, unmatched orders and ids that are due are
    /// forgotten. Says whether the state changed.
    pub fn advance(
        &mut self,
        stream_time: EventTime,
        rules: &OrderRules,
        tell: &mut impl FnMut(Decision<'_>),
    ) -> bool {
        let mut changed = self.recent.forget(stream_time.plus_micros(-rules.remember_for));
        let Some(held) = &mut self.held else { return changed };
        while let Some(first) = held.take_waiting(stream_time) {
            changed = true;
            let until = first.until.plus_micros(rules.correct_for);
            if first.end(tell) {
                held.remember(first.order, until);
            }
        }
        while let Some(first) = held.take_unmatched(stream_time) {
            changed = true;
            tell(Decision::Forgotten { order: &first.order });
        }
        self.tidy();
        changed
    }

    /// When [`Self::advance`] has something to do next. Kept in a [`crate::orders::DueTimes`].
    #[must_use]
    pub fn due(&self, rules: &OrderRules) -> Option<EventTime> {
        let ids = self.recent.newest().map(|newest| {
            let end = newest.plus_micros(rules.remember_for).micros();
            let hours = end.saturating_add(HOUR - 1).div_euclid(HOUR);
            EventTime::from_micros(hours.saturating_mul(HOUR))
        });
        self.held.as_ref().and_then(|held| held.due()).into_iter().chain(ids).min()
    }

    /// The stream time at which the last of the orders that are remembered came.
    #[must_use]
    pub fn newest(&self) -> Option<EventTime> {
        self.recent.newest()
    }

    /// Whether nothing is left to remember: the customer's entry can go.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.held.is_none() && self.recent.len() == 0
    }

    fn tidy(&mut self) {
        if self.held.as_ref().is_some_and(|held| held.is_empty()) {
            self.held = None;
        }
    }
}

/// Makes room for an order: the oldest is forgotten, told without its customer if it still waits.
/// Says whether there was one.
fn forget_oldest(held: &mut Held, tell: &mut impl FnMut(Decision<'_>)) -> bool {
    let any = EventTime::from_micros(i64::MAX);
    if let Some(first) = held.take_unmatched(any) {
        tell(Decision::Forgotten { order: &first.order });
        return true;
    }
    let Some(first) = held.take_waiting(any) else { return false };
    if first.end(tell) {
        tell(Decision::Forgotten { order: &first.order });
    }
    true
}

impl Waiting {
    /// Tells the order with a row, the first time; later the row is what may be better. Says whether
    /// anything changed.
    fn match_with(&mut self, row: &CustomerVersion, tell: &mut impl FnMut(Decision<'_>)) -> bool {
        let Some(told) = &mut self.told else {
            tell(Decision::Enriched { order: &self.order, customer: Some(row), revision: 1 });
            self.told = Some(Told { with: row.clone(), better: None });
            return true;
        };
        let better = Some(row).filter(|row| **row != told.with);
        let changed = told.better.as_ref() != better;
        if changed {
            told.better = better.cloned();
        }
        changed
    }

    /// The wait is over. Says whether no row came.
    fn end(&self, tell: &mut impl FnMut(Decision<'_>)) -> bool {
        let order = &self.order;
        match &self.told {
            None => tell(Decision::Enriched { order, customer: None, revision: 1 }),
            Some(Told { better: None, .. }) => {}
            Some(Told { better, .. }) => {
                tell(Decision::Enriched { order, customer: better.as_ref(), revision: 2 });
            }
        }
        self.told.is_none()
    }
}
