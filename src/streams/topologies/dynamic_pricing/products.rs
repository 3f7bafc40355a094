//! The stage keyed by product: windows of demand, and a price at the end of each.
//!
//! Windows end one after the other, also those without an event, as long as a price still stands
//! on demand: `active` holds these products, so that a catalogue at rest costs nothing.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::payment::Currency;
use crate::domain::{EventTime, Product, Reason, Reject, heap};
use crate::pricing::{
    Demand, Expectation, PriceWindow, Pricing, PricingRules, Recommendation, Standing, Written,
    write_recommendation, write_withdrawal,
};
use crate::streams::aggregate::{Emission, Emit, Placed, WindowedAggregation};
use crate::streams::output::Outputs;
use crate::streams::record::SourceRecord;
use crate::streams::store::{Memory, Store, StoreValue};
use crate::streams::time::Grace;
use crate::streams::topologies::dynamic_pricing::{
    CATALOG, CATALOG_ROWS, DEMAND, EXPECTATION, PRICES, STANDING,
};
use crate::streams::topology::{Gate, Lateness, Outcome, Task};
use crate::streams::window::Window;

impl StoreValue for Demand {
    fn encode(&self, out: &mut Vec<u8>) {
        Self::encode(self, out);
    }

    fn decode(bytes: &[u8]) -> Result<Self, String> {
        Self::decode(bytes)
    }

    fn heap(&self) -> usize {
        0
    }
}

/// A value that no default stands in for; absent only while it is worked on.
struct Kept<V>(Option<V>);

impl<V> Default for Kept<V> {
    fn default() -> Self {
        Self(None)
    }
}

/// A value with bytes of its own.
trait Bytes: Sized {
    fn write(&self, out: &mut Vec<u8>);
    fn read(bytes: &[u8]) -> Result<Self, String>;
    fn heap(&self) -> usize;
}

impl Bytes for Product {
    fn write(&self, out: &mut Vec<u8>) {
        self.encode(out);
    }

    fn read(bytes: &[u8]) -> Result<Self, String> {
        Self::decode(bytes)
    }

    fn heap(&self) -> usize {
        heap::text(&self.product_id) + heap::optional_text(self.category.as_deref())
    }
}

impl Bytes for Standing {
    fn write(&self, out: &mut Vec<u8>) {
        self.encode(out);
    }

    fn read(bytes: &[u8]) -> Result<Self, String> {
        Self::decode(bytes)
    }

    fn heap(&self) -> usize {
        0
    }
}

impl Bytes for Expectation {
    fn write(&self, out: &mut Vec<u8>) {
        self.encode(out);
    }

    fn read(bytes: &[u8]) -> Result<Self, String> {
        Self::decode(bytes)
    }

    fn heap(&self) -> usize {
        Self::heap(self)
    }
}

impl<V: Bytes> StoreValue for Kept<V> {
    fn encode(&self, out: &mut Vec<u8>) {
        if let Some(value) = &self.0 {
            value.write(out);
        }
    }

    fn decode(bytes: &[u8]) -> Result<Self, String> {
        V::read(bytes).map(|value| Self(Some(value)))
    }

    fn heap(&self) -> usize {
        self.0.as_ref().map_or(0, V::heap)
    }
}

pub(super) struct ProductsTask {
    rules: PricingRules,
    currency: Currency,
    catalog: Store<Kept<Product>>,
    demand: WindowedAggregation<String, Demand>,
    standing: Store<Kept<Standing>>,
    expectation: Store<Kept<Expectation>>,
    /// Products whose price windows without an event still move.
    active: BTreeSet<String>,
    /// The first window that is not closed; none before there was a time.
    next: Option<PriceWindow>,
    // Buffers, empty between two calls.
    closed: Vec<Emission<String, Demand>>,
    written: Written,
}

impl ProductsTask {
    pub fn new(rules: PricingRules, window: Window, currency: Currency) -> Self {
        let grace = Grace::from_micros(rules.grace);
        Self {
            rules,
            currency,
            catalog: Store::new("catalog"),
            demand: WindowedAggregation::new(window, grace, Emit::Final, Demand::join),
            standing: Store::new("standing"),
            expectation: Store::new("expectation"),
            active: BTreeSet::new(),
            next: None,
            closed: Vec::new(),
            written: Written::default(),
        }
    }

    /// A row of the catalogue. The last one in the topic counts, as its compaction has it.
    fn row(
        &mut self,
        record: &SourceRecord<'_>,
        gate: &Gate,
        out: &mut Outputs,
    ) -> Result<Outcome, Reject> {
        let Some(value) = record.value else {
            let key = record.key.map(std::str::from_utf8);
            let Some(Ok(product)) = key else {
                return Err(Reject::new(Reason::KeyMismatch, "productId", "no key that is a text"));
            };
            return Ok(self.withdraw(product, out));
        };
        let row = Product::from_json(value, self.currency, record.timestamp)?;
        record.keyed_by("productId", &row.product_id)?;
        if let Err(outcome) = gate.admit_row(row.time) {
            return Ok(outcome);
        }
        let product = row.product_id.clone();
        let Self { rules, catalog, standing, written, .. } = self;
        if catalog.get(product.as_bytes()).is_some_and(|known| known.0.as_ref() == Some(&row)) {
            return Ok(Outcome::Duplicate);
        }
        let told = standing.update(product.as_bytes(), |standing| {
            let told = standing.0.as_mut().map(|standing| standing.reprice(&row, rules));
            (told.as_ref().is_some_and(|told| told.moved), told)
        });
        catalog.update(product.as_bytes(), |kept| {
            kept.0 = Some(row);
            (true, ())
        });
        if let Some(told) = told {
            tell(&product, &told, written, out);
        }
        Ok(Outcome::Processed)
    }

    /// A product is taken from sale: its price is withdrawn and nothing is kept of it.
    fn withdraw(&mut self, product: &str, out: &mut Outputs) -> Outcome {
        let key = product.as_bytes();
        if self.catalog.get(key).is_none() {
            return Outcome::Duplicate;
        }
        let standing = self.standing.get(key).and_then(|kept| kept.0.as_ref());
        if let Some((window, revision)) = standing.and_then(|s| s.withdrawal(&self.rules)) {
            write_withdrawal(product, window, revision, &mut self.written);
            push(product, window, &self.written, out);
        }
        self.catalog.remove(key);
        self.standing.remove(key);
        self.expectation.remove(key);
        self.active.remove(product);
        Outcome::Processed
    }

    /// What was asked for, from the stage before.
    fn count(&mut self, record: &SourceRecord<'_>) -> Outcome {
        let foreign =
            |fault: String| Outcome::Rejected(Reject::new(Reason::Foreign, "value", fault));
        let demand = match Demand::decode(record.value.unwrap_or_default()) {
            Ok(demand) => demand,
            Err(fault) => return foreign(fault),
        };
        let Some(time) = record.timestamp else { return foreign("no event time".to_owned()) };
        let Some(Ok(product)) = record.key.map(std::str::from_utf8) else {
            return foreign("no key that is a text".to_owned());
        };
        match self.demand.add(&product.to_owned(), time, &demand, &mut self.closed) {
            Placed::Counted { .. } => Outcome::Processed,
            // Only after a drain: what is late is told where it comes from.
            Placed::Late { span, lateness } => {
                Outcome::Late(Lateness { micros: lateness, window: Some(("tumbling", span)) })
            }
        }
    }

    /// Closes all windows that `time` has passed, one after the other: first the products with
    /// events, then those whose price windows without one still move.
    fn move_to(&mut self, time: EventTime, out: &mut Outputs) {
        self.demand.close_up_to(time, &mut self.closed);
        let mut closed = std::mem::take(&mut self.closed);
        let mut events = closed.drain(..).peekable();
        while let Some(window) = self.due(time, events.peek()) {
            let same = |e: &Emission<String, Demand>| e.span.start == window.start;
            while let Some(Emission { key: product, value, .. }) = events.next_if(same) {
                if self.close(&product, window, &value.unwrap_or_default(), out) {
                    self.active.insert(product);
                }
            }
            let mut active = std::mem::take(&mut self.active);
            active.retain(|product| self.close(product, window, &Demand::default(), out));
            self.active = active;
            self.next = Some(window.next(&self.rules));
        }
        drop(events);
        self.closed = closed;
        self.pass(time);
    }

    /// The next window to close: with events, or the next of all while a price still stands on
    /// demand.
    fn due(
        &self,
        time: EventTime,
        event: Option<&Emission<String, Demand>>,
    ) -> Option<PriceWindow> {
        let with_events =
            event.map(|event| PriceWindow { start: event.span.start, end: event.span.end });
        let silent = self.next.filter(|window| {
            !self.active.is_empty() && window.end.plus_micros(self.rules.grace) <= time
        });
        [with_events, silent].into_iter().flatten().min()
    }

    /// Notes that all windows are closed that `time` has passed.
    fn pass(&mut self, time: EventTime) {
        let next = PriceWindow::of(time.plus_micros(-self.rules.grace), &self.rules);
        self.next = self.next.max(Some(next));
    }

    /// Closes a window of a product, and tells the price if it moves. Whether windows without an
    /// event move it further.
    fn close(
        &mut self,
        product: &str,
        window: PriceWindow,
        demand: &Demand,
        out: &mut Outputs,
    ) -> bool {
        let Self { rules, catalog, standing, expectation, written, .. } = self;
        let key = product.as_bytes();
        // What is not in the catalogue has no price.
        let Some(row) = catalog.get(key).and_then(|kept| kept.0.as_ref()) else { return false };
        let (closed, resting) = standing.update(key, |standing| {
            let (closed, resting) = expectation.update(key, |expectation| {
                let known = standing.0.take().zip(expectation.0.take());
                let fresh = known.is_none();
                let mut pricing = known.map_or_else(
                    || Pricing::first_seen(window),
                    |(standing, expectation)| Pricing { standing, expectation },
                );
                let closed = pricing.close(row, window, demand, rules);
                let learnt = fresh || closed.as_ref().is_some_and(|closed| closed.learnt);
                let resting = pricing.standing.is_resting(rules);
                standing.0 = Some(pricing.standing);
                expectation.0 = Some(pricing.expectation);
                (learnt, (closed, resting))
            });
            (closed.is_some(), (closed, resting))
        });
        if let Some(closed) = closed {
            tell(product, &closed.recommendation, written, out);
        }
        !resting
    }
}

/// Writes a price that moved.
fn tell(product: &str, told: &Recommendation, written: &mut Written, out: &mut Outputs) {
    if told.moved {
        write_recommendation(product, told, written);
        push(product, told.window, written, out);
    }
}

fn push(product: &str, window: PriceWindow, written: &Written, out: &mut Outputs) {
    out.push(
        PRICES,
        window.end,
        product.as_bytes(),
        |id| id.extend_from_slice(&written.id),
        |value| value.extend_from_slice(&written.value),
    );
}

impl Task for ProductsTask {
    fn process(
        &mut self,
        record: &SourceRecord<'_>,
        gate: &mut Gate,
        out: &mut Outputs,
    ) -> Outcome {
        if record.source == CATALOG_ROWS {
            self.row(record, gate, out).unwrap_or_else(Outcome::Rejected)
        } else {
            self.count(record)
        }
    }

    fn advance(&mut self, stream_time: EventTime, out: &mut Outputs) {
        self.move_to(stream_time, out);
    }

    fn drain(&mut self, out: &mut Outputs) -> Option<EventTime> {
        let last = self.demand.last_close().max(self.demand.closed_to())?;
        self.move_to(last, out);
        Some(last)
    }

    fn resume(&mut self, stream_time: EventTime) {
        self.demand.resume(stream_time);
        self.pass(stream_time);
    }

    fn waits_for_time(&self) -> bool {
        self.demand.open() > 0 || !self.active.is_empty()
    }

    fn take_changes(&mut self, write: &mut dyn FnMut(usize, &[u8], Option<&[u8]>)) {
        self.catalog.take_changes(&mut |key, value| write(CATALOG, key, value));
        self.demand.take_changes(&mut |key, value| write(DEMAND, key, value));
        self.standing.take_changes(&mut |key, value| write(STANDING, key, value));
        self.expectation.take_changes(&mut |key, value| write(EXPECTATION, key, value));
    }

    fn restore(&mut self, store: usize, key: &[u8], value: Option<&[u8]>) -> Result<(), String> {
        match store {
            CATALOG => self.catalog.restore(key, value),
            DEMAND => self.demand.restore(key, value),
            EXPECTATION => self.expectation.restore(key, value),
            _ => {
                self.standing.restore(key, value)?;
                let product = std::str::from_utf8(key).map_err(|_| "a key that is not UTF-8")?;
                let standing = self.standing.get(key).and_then(|kept| kept.0.as_ref());
                if standing.is_some_and(|standing| !standing.is_resting(&self.rules)) {
                    self.active.insert(product.to_owned());
                } else {
                    self.active.remove(product);
                }
                Ok(())
            }
        }
    }

    fn keys(&self) -> usize {
        self.catalog.len() + self.demand.open() + self.standing.len() + self.expectation.len()
    }

    fn keep_within(&mut self, memory: &Arc<Memory>) {
        self.demand.keep_within(memory);
        self.catalog.keep_within(memory);
        self.standing.keep_within(memory);
        self.expectation.keep_within(memory);
    }

    fn make_room(&mut self) {
        self.demand.make_room();
        self.catalog.make_room();
        self.standing.make_room();
        self.expectation.make_room();
    }
}
