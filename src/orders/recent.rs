//! Which orders of a customer were seen lately, compact: what is redelivered is told, and an order
//! that comes to another status does not count again.

use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use crate::domain::compact::{self, Reader};
use crate::domain::{EventTime, OrderEvent, heap};

/// The most events that are remembered of a customer; the oldest go first.
pub(super) const MAX_SEEN: usize = 1024;

/// One event of one order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seen {
    /// XXH3 of the order's id.
    order: u64,
    /// XXH3 of its status and time.
    step: u64,
    /// Stream time when it came.
    at: EventTime,
    /// Of all else that it says.
    content: u32,
    /// Whether the order's revenue counted with this event.
    revenue: bool,
}

/// What is known of an event that comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known {
    /// Nothing.
    New,
    /// It came before.
    Same,
    /// One of the same order, status and time came before and said something else.
    Other,
}

/// The events in order of arrival.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Recent(Vec<Seen>);

impl Seen {
    pub(super) fn of(order: &OrderEvent<'_>, at: EventTime) -> Self {
        let mut step = Xxh3::new();
        step.update(&order.time.micros().to_le_bytes());
        step.update(order.status.as_bytes());
        let [a, b, c, d, ..] = content(order).to_le_bytes();
        Self {
            order: xxh3_64(order.order_id.as_bytes()),
            step: step.digest(),
            at,
            content: u32::from_le_bytes([a, b, c, d]),
            revenue: false,
        }
    }
}

/// A hash of what an event says beside its order, status and time. Texts of events have no U+0000,
/// so that it can stand between them.
fn content(order: &OrderEvent<'_>) -> u64 {
    let mut hash = Xxh3::new();
    hash.update(&order.total_amount.units().to_le_bytes());
    hash.update(&order.currency.bytes());
    hash.update(&order.items_count.to_le_bytes());
    let product = order.product_id.as_deref().unwrap_or_default();
    let region = order.region.as_deref().unwrap_or_default();
    let categories = order.item_categories.iter().map(|name| &**name);
    for text in [product, region].into_iter().chain(categories) {
        hash.update(text.as_bytes());
        hash.update(&[0]);
    }
    hash.digest()
}

impl Recent {
    /// About how many bytes it holds outside of itself.
    pub(super) const fn heap(&self) -> usize {
        heap::list(&self.0)
    }

    /// Whether an event like this came before.
    pub(super) fn known(&self, event: &Seen) -> Known {
        let same = |seen: &&Seen| seen.order == event.order && seen.step == event.step;
        match self.0.iter().find(same) {
            None => Known::New,
            Some(seen) if seen.content == event.content => Known::Same,
            Some(_) => Known::Other,
        }
    }

    /// Whether an event of the same order came before, and whether its revenue counted.
    pub(super) fn of_order(&self, event: &Seen) -> (bool, bool) {
        let mut found = (false, false);
        for seen in self.0.iter().filter(|seen| seen.order == event.order) {
            found = (true, found.1 || seen.revenue);
        }
        found
    }

    /// Remembers an event.
    pub(super) fn push(&mut self, event: Seen, revenue: bool) {
        if self.0.len() == MAX_SEEN {
            self.0.remove(0);
        }
        // Stream time never moves back; a caller who does changes no order here.
        let at = self.newest().map_or(event.at, |newest| newest.max(event.at));
        self.0.push(Seen { at, revenue, ..event });
    }

    /// When the last of them came.
    pub(super) fn newest(&self) -> Option<EventTime> {
        self.0.last().map(|seen| seen.at)
    }

    /// How many are remembered.
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    /// Forgets what came at or before `until`; says whether there was any.
    pub(super) fn forget(&mut self, until: EventTime) -> bool {
        let gone = self.0.partition_point(|seen| seen.at <= until);
        self.0.drain(..gone);
        gone > 0
    }

    /// Each event: the hashes, the arrival as difference to the one before, and the flag.
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        compact::count(self.0.len(), out);
        let mut before = EventTime::default();
        for seen in &self.0 {
            out.extend_from_slice(&seen.order.to_le_bytes());
            out.extend_from_slice(&seen.step.to_le_bytes());
            out.extend_from_slice(&seen.content.to_le_bytes());
            out.push(u8::from(seen.revenue));
            compact::signed(seen.at.micros_since(before), out);
            before = seen.at;
        }
    }

    pub(super) fn decode(from: &mut Reader<'_>) -> Result<Self, String> {
        let mut before = EventTime::default();
        let seen = from.list(|from| {
            let order = u64::from_le_bytes(from.array()?);
            let step = u64::from_le_bytes(from.array()?);
            let content = u32::from_le_bytes(from.array()?);
            let revenue = match from.byte()? {
                0 => false,
                1 => true,
                _ => return Err(from.damaged("what was seen")),
            };
            before = before.plus_micros(from.signed()?);
            Ok(Seen { order, step, at: before, content, revenue })
        })?;
        if seen.len() > MAX_SEEN || !seen.is_sorted_by_key(|seen| seen.at) {
            return Err(from.damaged("what was seen"));
        }
        Ok(Self(seen))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::orders::tests::given::{at, order};
    use std::borrow::Cow;

    #[test]
    fn an_event_is_small() {
        assert_eq!(size_of::<Seen>(), 32);
    }

    #[test]
    fn the_same_again_is_known_and_another_content_too() {
        let mut recent = Recent::default();
        let first = order("o1", "NEW", 5);
        recent.push(Seen::of(&first, at(9)), true);
        let known = |event| recent.known(&Seen::of(&event, at(10)));
        assert_eq!(known(first.clone()), Known::Same);
        assert_eq!(known(order("o1", "NEW", 6)), Known::New);
        assert_eq!(known(order("o1", "DONE", 5)), Known::New);
        assert_eq!(known(order("o2", "NEW", 5)), Known::New);
        let text = |text: &'static str| Some(Cow::Borrowed(text));
        let base = || first.clone();
        for other in [
            OrderEvent { total_amount: "9.99".parse().unwrap(), ..base() },
            OrderEvent { items_count: 7, ..base() },
            OrderEvent { region: text("X"), ..base() },
            OrderEvent { region: None, ..base() },
            OrderEvent { product_id: text("X"), ..base() },
            OrderEvent { product_id: text("p"), region: text("1EU"), ..base() },
            OrderEvent { item_categories: vec![], ..base() },
            OrderEvent {
                currency: crate::domain::payment::Currency::new("USD").unwrap(),
                ..base()
            },
        ] {
            assert_eq!(known(other.clone()), Known::Other, "{other:?}");
        }
        assert_eq!(recent.of_order(&Seen::of(&order("o1", "DONE", 8), at(10))), (true, true));
        assert_eq!(recent.of_order(&Seen::of(&order("o2", "DONE", 8), at(10))), (false, false));
    }

    #[test]
    fn it_is_bounded_by_time_and_number() {
        let mut recent = Recent::default();
        let event = |n: i64| Seen::of(&order(&format!("o{n}"), "NEW", n), at(n));
        for n in 0..2000 {
            recent.push(event(n), false);
        }
        assert_eq!(recent.len(), MAX_SEEN);
        assert_eq!(recent.known(&event(975)), Known::New);
        assert_eq!(recent.known(&event(976)), Known::Same);
        assert!(recent.forget(at(1990)) && !recent.forget(at(1990)));
        assert_eq!((recent.len(), recent.newest()), (9, Some(at(1999))));
    }
}
