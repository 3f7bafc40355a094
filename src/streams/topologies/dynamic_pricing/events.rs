//! The stage keyed by customer: which orders and views are demand, and which come too late for
//! their window.

use std::sync::Arc;

use crate::domain::payment::Currency;
use crate::domain::{EventTime, OrderEvent, ProductView, Reject};
use crate::pricing::{Demand, Placed, PricingRules};
use crate::streams::output::Outputs;
use crate::streams::record::SourceRecord;
use crate::streams::store::{Memory, Store, StoreValue};
use crate::streams::time::Grace;
use crate::streams::topologies::dynamic_pricing::{BY_PRODUCT, PLACED, VIEWS};
use crate::streams::topology::{Gate, Lateness, Outcome, Task};
use crate::streams::window::{Window, WindowSpan};

/// Customers looked at for expiry at each commit.
const SWEEP: usize = 200;

impl StoreValue for Placed {
    fn encode(&self, out: &mut Vec<u8>) {
        Self::encode(self, out);
    }

    fn decode(bytes: &[u8]) -> Result<Self, String> {
        Self::decode(bytes)
    }

    fn heap(&self) -> usize {
        Self::heap(self)
    }
}

pub(super) struct EventsTask {
    rules: PricingRules,
    window: Window,
    currency: Currency,
    placed: Store<Placed>,
    /// How far the source that is furthest ahead has come.
    reached: Option<EventTime>,
}

impl EventsTask {
    pub fn new(rules: PricingRules, window: Window, currency: Currency) -> Self {
        Self { rules, window, currency, placed: Store::new("placed"), reached: None }
    }

    fn order(
        &mut self,
        record: &SourceRecord<'_>,
        gate: &mut Gate,
        out: &mut Outputs,
    ) -> Result<Outcome, Reject> {
        let value = record.content("order")?;
        let order = OrderEvent::from_json(value, self.currency, record.timestamp)?;
        record.keyed_by("customerId", &order.customer_id)?;
        let stream_time = match self.admit(order.time, gate) {
            Ok(time) => time,
            Err(outcome) => return Ok(outcome),
        };
        // One without a product, or that came to nothing, is no demand.
        let Some(product) = order.product_id.as_deref() else { return Ok(Outcome::Processed) };
        if !self.rules.counts(&order.status) {
            return Ok(Outcome::Processed);
        }
        let (late, rules) = (self.late(order.time, stream_time), &self.rules);
        let counted = self.placed.update(order.customer_id.as_bytes(), |placed| {
            if placed.is_spent(stream_time, rules) {
                // As if it had been swept: the answer must not depend on when the sweep comes.
                *placed = Placed::default();
            }
            match late {
                // A late one is not remembered: its next status may still be in time.
                Some(late) if !placed.knows(&order.order_id) => (false, Err(late)),
                Some(_) => (false, Ok(false)),
                None => {
                    let first = placed.is_first(&order.order_id, order.time, rules);
                    (first, Ok(first))
                }
            }
        });
        match counted {
            Ok(true) => {
                let demand = Demand::order(order.items_count, rules);
                hand_on(product, order.time, &demand, out);
                Ok(Outcome::Processed)
            }
            // A further status of an order that was counted.
            Ok(false) => Ok(Outcome::Processed),
            Err(late) => Ok(Outcome::Late(late)),
        }
    }

    fn view(
        &mut self,
        record: &SourceRecord<'_>,
        gate: &mut Gate,
        out: &mut Outputs,
    ) -> Result<Outcome, Reject> {
        let view = ProductView::from_json(record.content("product view")?, record.timestamp)?;
        record.keyed_by("customerId", &view.customer_id)?;
        let stream_time = match self.admit(view.time, gate) {
            Ok(time) => time,
            Err(outcome) => return Ok(outcome),
        };
        if let Some(late) = self.late(view.time, stream_time) {
            return Ok(Outcome::Late(late));
        }
        hand_on(&view.product_id, view.time, &Demand::view(), out);
        Ok(Outcome::Processed)
    }

    /// Lets an event's time in; the time that its own partition has reached with it, by which it is
    /// late or not, also in a rebuild.
    fn admit(&mut self, time: EventTime, gate: &mut Gate) -> Result<EventTime, Outcome> {
        gate.admit(time)?;
        let stream_time = gate.stream_time.get().unwrap_or(time);
        self.reached = self.reached.max(Some(stream_time));
        Ok(gate.source_time().unwrap_or(stream_time))
    }

    /// How late an event is, if its window is closed.
    fn late(&self, time: EventTime, stream_time: EventTime) -> Option<Lateness> {
        let (span, closes_at) = self.closing(time)?;
        (closes_at <= stream_time).then(|| Lateness {
            micros: stream_time.micros_since(time),
            window: Some(("tumbling", span)),
        })
    }

    /// The window of a time, and when it closes.
    fn closing(&self, time: EventTime) -> Option<(WindowSpan, EventTime)> {
        let span = self.window.of(time).next()?;
        Some((span, self.window.closes_at(span, Grace::from_micros(self.rules.grace))))
    }
}

fn hand_on(product: &str, time: EventTime, demand: &Demand, out: &mut Outputs) {
    out.hand_on(BY_PRODUCT, time, product.as_bytes(), |bytes| demand.encode(bytes));
}

impl Task for EventsTask {
    fn process(
        &mut self,
        record: &SourceRecord<'_>,
        gate: &mut Gate,
        out: &mut Outputs,
    ) -> Outcome {
        let outcome = if record.source == VIEWS {
            self.view(record, gate, out)
        } else {
            self.order(record, gate, out)
        };
        outcome.unwrap_or_else(Outcome::Rejected)
    }

    fn advance(&mut self, stream_time: EventTime, _out: &mut Outputs) {
        self.reached = self.reached.max(Some(stream_time));
        let rules = &self.rules;
        self.placed.expire(SWEEP, |placed| placed.is_spent(stream_time, rules));
    }

    fn drain(&mut self, _out: &mut Outputs) -> Option<EventTime> {
        // The last window that something was handed on for closes no later.
        self.closing(self.reached?).map(|(_, closes_at)| closes_at)
    }

    fn resume(&mut self, stream_time: EventTime) {
        self.reached = Some(stream_time);
    }

    fn waits_for_time(&self) -> bool {
        false
    }

    fn take_changes(&mut self, write: &mut dyn FnMut(usize, &[u8], Option<&[u8]>)) {
        self.placed.take_changes(&mut |key, value| write(PLACED, key, value));
    }

    fn restore(&mut self, _store: usize, key: &[u8], value: Option<&[u8]>) -> Result<(), String> {
        self.placed.restore(key, value)
    }

    fn keys(&self) -> usize {
        self.placed.len()
    }

    fn keep_within(&mut self, memory: &Arc<Memory>) {
        self.placed.keep_within(memory);
    }

    fn make_room(&mut self) {
        self.placed.make_room();
    }
}
