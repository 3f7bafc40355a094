//! The stage keyed by customer: the table, the orders that wait for it, and what is told of each.

use std::sync::Arc;

use crate::domain::payment::Currency;
use crate::domain::{CustomerChange, EventTime, OrderEvent, Reason, Reject};
use crate::orders::{
    Counted, CountedOrder, CustomerHistory, CustomerOrders, CustomerVersion, Decision, DueTimes,
    OrderRules, Received, write_enriched, write_enriched_id, write_high_value, write_high_value_id,
    write_metric, write_metric_id,
};
use crate::streams::output::Outputs;
use crate::streams::record::SourceRecord;
use crate::streams::store::{Memory, Store, StoreValue};
use crate::streams::time::Grace;
use crate::streams::topologies::order_enrichment::{
    BY_REGION, ENRICHED, HIGH_VALUE, HISTORY, METRICS, ORDERS, TABLE,
};
use crate::streams::topology::{Gate, Lateness, Outcome, Task};
use crate::streams::window::{Window, WindowSpan};

/// Customers looked at for expiry at each commit.
const SWEEP: usize = 200;

impl StoreValue for CustomerHistory {
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

impl StoreValue for CustomerOrders {
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

pub(super) struct CustomersTask {
    rules: OrderRules,
    window: Window,
    currency: Currency,
    history: Store<CustomerHistory>,
    orders: Store<CustomerOrders>,
    due: DueTimes,
    stream_time: Option<EventTime>,
}

impl CustomersTask {
    pub fn new(rules: OrderRules, window: Window, currency: Currency) -> Self {
        Self {
            rules,
            window,
            currency,
            history: Store::new("customers"),
            orders: Store::new("orders"),
            due: DueTimes::new(),
            stream_time: None,
        }
    }

    /// A row of the table.
    fn row(
        &mut self,
        record: &SourceRecord<'_>,
        gate: &Gate,
        out: &mut Outputs,
    ) -> Result<Outcome, Reject> {
        let change = CustomerChange::from_record(record.value, record.timestamp)?;
        let time = match &change {
            CustomerChange::Row(row) => {
                record.keyed_by("customerId", &row.customer_id)?;
                row.time
            }
            CustomerChange::Deleted { time } => *time,
        };
        let key = record.key.map(std::str::from_utf8);
        let Some(Ok(customer)) = key else {
            return Err(Reject::new(Reason::KeyMismatch, "customerId", "no key that is a text"));
        };
        if let Err(outcome) = gate.admit_row(time) {
            return Ok(outcome);
        }
        let keep = self.rules.history;
        let spent = |h: &CustomerHistory| self.stream_time.is_some_and(|t| h.is_spent(t, keep));
        let changed = self.history.update(customer.as_bytes(), |history| {
            if spent(history) {
                // As if it had been swept: the answer must not depend on when the sweep comes.
                *history = CustomerHistory::default();
            }
            let changed = history.put(CustomerVersion::from(&change), keep);
            (changed, changed)
        });
        if !changed {
            return Ok(Outcome::Duplicate);
        }
        if let Some(stream_time) = self.stream_time
            && self.orders.get(customer.as_bytes()).is_some()
            && let Some(history) = self.history.get(customer.as_bytes())
        {
            let rules = &self.rules;
            let mut tell = |decision: Decision<'_>| told(decision, rules, out);
            change_orders(&mut self.orders, &mut self.due, rules, customer, |orders| {
                orders.row_arrived(history, stream_time, rules, &mut tell)
            });
        }
        Ok(Outcome::Processed)
    }

    /// An order.
    fn order(
        &mut self,
        record: &SourceRecord<'_>,
        gate: &mut Gate,
        out: &mut Outputs,
    ) -> Result<Outcome, Reject> {
        let value = record.content("order")?;
        let order = OrderEvent::from_json(value, self.currency, record.timestamp)?;
        record.keyed_by("customerId", &order.customer_id)?;
        if let Err(outcome) = gate.admit(order.time) {
            return Ok(outcome);
        }
        let stream_time = gate.stream_time.get().unwrap_or(order.time);
        // What is due is told before this order, whenever the commits come.
        self.move_to(stream_time, out);
        let stream_time = gate.source_time().unwrap_or(stream_time);
        let customer = order.customer_id.as_ref();
        let rules = &self.rules;
        let known = self.history.get(customer.as_bytes());
        let known = known.filter(|history| !history.is_spent(stream_time, rules.history));
        let mut tell = |decision: Decision<'_>| told(decision, rules, out);
        let mut received = Received::Duplicate;
        change_orders(&mut self.orders, &mut self.due, rules, customer, |orders| {
            let (changed, what) = orders.order(&order, known, stream_time, rules, &mut tell);
            received = what;
            changed
        });
        match received {
            Received::Duplicate => Ok(Outcome::Duplicate),
            Received::Conflicting => Err(Reject::new(
                Reason::Conflicting,
                "orderId",
                format!(
                    "order `{}` in status `{}` came before, of the same time and with another content",
                    order.order_id, order.status
                ),
            )),
            Received::Taken(counted) => {
                out.push(
                    METRICS,
                    order.time,
                    order.order_id.as_bytes(),
                    |id| write_metric_id(&order, id),
                    |value| write_metric(&order, value),
                );
                Ok(self.count(&order, counted, stream_time, out))
            }
        }
    }

    /// Hands on what the order counts, unless its window is closed.
    fn count(
        &self,
        order: &OrderEvent<'_>,
        counted: Counted,
        stream_time: EventTime,
        out: &mut Outputs,
    ) -> Outcome {
        let Some(counts) = CountedOrder::of(order, counted) else { return Outcome::Processed };
        if let Some((span, closes_at)) = self.closing(order.time)
            && closes_at <= stream_time
        {
            let micros = stream_time.micros_since(order.time);
            return Outcome::Late(Lateness { micros, window: Some(("tumbling", span)) });
        }
        let region = counts.region_name().as_bytes();
        out.hand_on(BY_REGION, order.time, region, |bytes| counts.encode(bytes));
        Outcome::Processed
    }

    /// The window of a time, and when it closes.
    fn closing(&self, time: EventTime) -> Option<(WindowSpan, EventTime)> {
        let span = self.window.of(time).next()?;
        Some((span, self.window.closes_at(span, Grace::from_micros(self.rules.grace))))
    }

    /// Ends what is over at `time`, in the order in which it was due.
    fn move_to(&mut self, time: EventTime, out: &mut Outputs) {
        self.stream_time = self.stream_time.max(Some(time));
        let rules = &self.rules;
        while let Some((at, customer)) = self.due.pop(time) {
            let mut tell = |decision: Decision<'_>| told(decision, rules, out);
            let orders = &mut self.orders;
            let (empty, after) = orders.update(customer.as_bytes(), |orders| {
                let changed = orders.advance(at, rules, &mut tell);
                (changed, (orders.is_empty(), orders.due(rules)))
            });
            // It was taken out: none is noted before.
            self.due.moved(&customer, None, after.filter(|_| !empty));
            if empty {
                orders.remove(customer.as_bytes());
            }
        }
    }
}

/// Changes a customer's orders; the entry goes when nothing is left of it.
fn change_orders(
    orders: &mut Store<CustomerOrders>,
    due: &mut DueTimes,
    rules: &OrderRules,
    customer: &str,
    change: impl FnOnce(&mut CustomerOrders) -> bool,
) {
    let (before, after, empty) = orders.update(customer.as_bytes(), |orders| {
        let before = orders.due(rules);
        let changed = change(orders);
        (changed, (before, orders.due(rules), orders.is_empty()))
    });
    due.moved(customer, before, after);
    if empty {
        orders.remove(customer.as_bytes());
    }
}

/// Writes what was decided of an order.
fn told(decision: Decision<'_>, rules: &OrderRules, out: &mut Outputs) {
    // One that is not corrected any more has been told; nothing new is to say.
    let Decision::Enriched { order, customer, revision } = decision else { return };
    let key = order.customer_id.as_bytes();
    out.push(
        ENRICHED,
        order.time,
        key,
        |id| write_enriched_id(order, revision, id),
        |value| write_enriched(order, customer, revision, rules, value),
    );
    if rules.is_high_value(order) {
        out.push(
            HIGH_VALUE,
            order.time,
            key,
            |id| write_high_value_id(order, revision, id),
            |value| write_high_value(order, customer, revision, rules, value),
        );
    }
}

impl Task for CustomersTask {
    fn process(
        &mut self,
        record: &SourceRecord<'_>,
        gate: &mut Gate,
        out: &mut Outputs,
    ) -> Outcome {
        let outcome = if record.source == TABLE {
            self.row(record, gate, out)
        } else {
            self.order(record, gate, out)
        };
        outcome.unwrap_or_else(Outcome::Rejected)
    }

    fn advance(&mut self, stream_time: EventTime, out: &mut Outputs) {
        self.move_to(stream_time, out);
        let keep = self.rules.history;
        self.history.expire(SWEEP, |history| history.is_spent(stream_time, keep));
    }

    fn drain(&mut self, out: &mut Outputs) -> Option<EventTime> {
        // State made anew for another partition count holds orders that came later than the time
        // it goes on from.
        let mut newest = None;
        self.orders.each(|_, orders| newest = newest.max(orders.newest()));
        let reached = self.stream_time?.max(newest.unwrap_or_default());
        let waited = reached.plus_micros(self.rules.wait);
        // The windows that close behind: what comes for them afterwards is late here.
        let closed = self.closing(reached).map_or(waited, |(_, closes_at)| closes_at);
        let end = waited.max(closed);
        self.move_to(end, out);
        Some(end)
    }

    fn resume(&mut self, stream_time: EventTime) {
        self.stream_time = Some(stream_time);
    }

    fn waits_for_time(&self) -> bool {
        !self.due.is_empty()
    }

    fn take_changes(&mut self, write: &mut dyn FnMut(usize, &[u8], Option<&[u8]>)) {
        self.orders.beside(self.due.held());
        self.history.take_changes(&mut |key, value| write(HISTORY, key, value));
        self.orders.take_changes(&mut |key, value| write(ORDERS, key, value));
    }

    fn restore(&mut self, store: usize, key: &[u8], value: Option<&[u8]>) -> Result<(), String> {
        if store == HISTORY {
            return self.history.restore(key, value);
        }
        let rules = &self.rules;
        let due = |orders: &mut Store<CustomerOrders>| orders.get(key)?.due(rules);
        let before = due(&mut self.orders);
        self.orders.restore(key, value)?;
        let after = due(&mut self.orders);
        let customer = std::str::from_utf8(key).map_err(|_| "a key that is not UTF-8")?;
        self.due.moved(customer, before, after);
        self.orders.beside(self.due.held());
        Ok(())
    }

    fn keys(&self) -> usize {
        self.history.len() + self.orders.len()
    }

    fn keep_within(&mut self, memory: &Arc<Memory>) {
        self.history.keep_within(memory);
        self.orders.keep_within(memory);
    }

    fn make_room(&mut self) {
        self.history.make_room();
        self.orders.make_room();
    }
}
