//! The stage keyed by customer: views are answered at once, sessions that end are learned from by
//! all.
//!
//! Two sources of events feed it, each with its own stream time. A session ends by that of the
//! views alone, before the view that moved it is taken in; the time of the stage, the least of
//! both, is never ahead of it but by the clock of idle sources, which is committed. So which
//! sessions end, and with what in them, depends neither on commits nor on how fast the other source
//! is read. What a customer did counts for the answers as it had arrived.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use crate::domain::{ActivityEvent, EventTime, ProductView, Reject};
use crate::recommend::{
    CustomerState, Deadlines, FinishedSession, Moments, RecommendRules, Recommender, Ring,
    SessionIndex, TableKey, ViewCount, Written, too_few_sessions, write_recommendation,
};
use crate::streams::driver::Place;
use crate::streams::output::Outputs;
use crate::streams::record::SourceRecord;
use crate::streams::store::{Memory, Store, StoreValue};
use crate::streams::topologies::recommendation::products::write_counted;
use crate::streams::topologies::recommendation::trends::Trends;
use crate::streams::topologies::recommendation::{
    BY_PRODUCT, RECOMMENDATIONS, RING, STATES, TABLE, VIEWS,
};
use crate::streams::topology::{Gate, GlobalTable, Outcome, Task};

/// Customers looked at for expiry at each commit.
const SWEEP: usize = 200;
/// The key of the ring's one entry.
const NEXT: &[u8] = b"next";

/// The sessions that ended, as the table has them by now, and what was found in them.
pub(super) struct Sessions {
    rules: RecommendRules,
    index: RwLock<SessionIndex>,
    moments: Moments,
}

impl Sessions {
    pub fn new(rules: RecommendRules) -> Self {
        let index = RwLock::new(SessionIndex::new(rules.bounds()));
        Self { rules, index, moments: Moments::default() }
    }

    fn read(&self) -> RwLockReadGuard<'_, SessionIndex> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl GlobalTable for Sessions {
    fn apply(&self, key: &[u8], value: Option<&[u8]>) -> Result<(), String> {
        let key = TableKey::decode(key).ok_or_else(|| "a key that is no slot".to_owned())?;
        let session = value.map(FinishedSession::decode).transpose().map_err(|e| e.to_string())?;
        let mut index = self.index.write().unwrap_or_else(PoisonError::into_inner);
        index.put(key, session.as_ref());
        Ok(())
    }

    fn held(&self) -> u64 {
        self.read().memory() as u64
    }

    fn advice(&self) -> Option<String> {
        too_few_sessions(&self.read(), &self.rules)
    }
}

impl StoreValue for CustomerState {
    fn encode(&self, out: &mut Vec<u8>) {
        Self::encode(self, out);
    }

    fn decode(bytes: &[u8]) -> Result<Self, String> {
        Self::decode(bytes).map_err(|fault| fault.to_string())
    }

    fn heap(&self) -> usize {
        Self::heap(self)
    }
}

impl StoreValue for Ring {
    fn encode(&self, out: &mut Vec<u8>) {
        Self::encode(self, out);
    }

    fn decode(bytes: &[u8]) -> Result<Self, String> {
        Self::decode(bytes).map_err(|fault| fault.to_string())
    }

    fn heap(&self) -> usize {
        0
    }
}

pub(super) struct CustomersTask {
    rules: RecommendRules,
    trends: Trends,
    /// Its name in the table of sessions, and how many slots it has there.
    writer: u32,
    slots: u32,
    customers: Store<CustomerState>,
    ring: Store<Ring>,
    deadlines: Deadlines,
    recommender: Recommender,
    sessions: Arc<Sessions>,
    /// How far the source that is furthest ahead has come.
    reached: Option<EventTime>,
    // Buffers, empty between two calls.
    finished: Vec<FinishedSession>,
    row: Vec<u8>,
    written: Written,
}

impl CustomersTask {
    pub fn new(
        rules: RecommendRules,
        trends: Trends,
        place: Place,
        sessions: Arc<Sessions>,
    ) -> Self {
        Self {
            trends,
            writer: u32::try_from(place.partition).unwrap_or_default(),
            slots: rules.slots(place.partitions),
            customers: Store::new("customers"),
            ring: Store::new("ring"),
            deadlines: Deadlines::default(),
            recommender: Recommender::sharing(&rules, &sessions.moments),
            sessions,
            reached: None,
            finished: Vec::new(),
            row: Vec::new(),
            written: Written::default(),
            rules,
        }
    }

    fn activity(&mut self, record: &SourceRecord<'_>, gate: &mut Gate) -> Result<Outcome, Reject> {
        let event = ActivityEvent::from_json(record.content("activity")?, record.timestamp)?;
        record.keyed_by("customerId", &event.customer_id)?;
        let stream_time = match self.admit(event.time, gate) {
            Ok(time) => time,
            Err(outcome) => return Ok(outcome),
        };
        let rules = &self.rules;
        self.customers.update(event.customer_id.as_bytes(), |state| {
            forget(state, stream_time, rules);
            state.activity(&event, rules);
            (true, ())
        });
        Ok(Outcome::Processed)
    }

    /// A view: answered at once, also if it is late for trends.
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
        self.end_sessions(stream_time, out);
        self.answer(&view, stream_time, out);
        // Late or not by the time of its own partition, also in a rebuild.
        let own_time = gate.source_time().unwrap_or(stream_time);
        match self.trends.first_open(view.time, own_time) {
            Ok(first) => {
                let count = ViewCount::one(view.category.as_deref(), view.time);
                out.hand_on(BY_PRODUCT, view.time, view.product_id.as_bytes(), |bytes| {
                    write_counted(first, &count, bytes);
                });
                Ok(Outcome::Processed)
            }
            Err(late) => Ok(Outcome::Late(late)),
        }
    }

    /// Takes the view in and tells what is recommended.
    fn answer(&mut self, view: &ProductView<'_>, stream_time: EventTime, out: &mut Outputs) {
        let Self { rules, customers, recommender, sessions, finished, written, .. } = self;
        let customer = view.customer_id.as_bytes();
        let index = sessions.read();
        let next = customers.update(customer, |state| {
            forget(state, stream_time, rules);
            state.view(view, rules, finished);
            write_recommendation(view, &recommender.answer(&index, state, view), written);
            // A session that a late view began is over already: it must not wait for a commit.
            state.close_up_to(stream_time, rules, finished);
            (true, state.next_close(rules))
        });
        drop(index);
        self.deadlines.set(customer, next);
        out.push(
            RECOMMENDATIONS,
            view.time,
            customer,
            |id| id.extend_from_slice(&written.id),
            |value| value.extend_from_slice(&written.value),
        );
        self.teach(out);
    }

    /// Lets an event's time in; the stream time of its source.
    fn admit(&mut self, time: EventTime, gate: &mut Gate) -> Result<EventTime, Outcome> {
        gate.admit(time)?;
        let stream_time = gate.stream_time.get().unwrap_or(time);
        self.reached = self.reached.max(Some(stream_time));
        Ok(stream_time)
    }

    /// Ends the sessions that nothing can join at `time` any more, in the order in which they end.
    fn end_sessions(&mut self, time: EventTime, out: &mut Outputs) {
        while let Some((at, customer)) = self.deadlines.pop_due(time) {
            let (rules, finished) = (&self.rules, &mut self.finished);
            let next = self.customers.update(&customer, |state| {
                state.close_up_to(at, rules, finished);
                (true, state.next_close(rules))
            });
            self.deadlines.set(&customer, next);
        }
        self.teach(out);
    }

    /// Writes the sessions that ended to the table that everybody learns from.
    fn teach(&mut self, out: &mut Outputs) {
        for session in self.finished.drain(..) {
            let (writer, slots) = (self.writer, self.slots);
            let key = self.ring.update(NEXT, |ring| (true, ring.next(writer, slots)));
            self.row.clear();
            session.encode(&mut self.row);
            out.row(TABLE, session.end, &key.encode(), Some(&self.row));
        }
    }
}

/// Begins anew with a customer not heard of for long, as if swept: the answer must not depend on
/// when the sweep comes.
fn forget(state: &mut CustomerState, time: EventTime, rules: &RecommendRules) {
    if state.is_forgotten(time, rules) {
        *state = CustomerState::default();
    }
}

impl Task for CustomersTask {
    fn process(
        &mut self,
        record: &SourceRecord<'_>,
        gate: &mut Gate,
        out: &mut Outputs,
    ) -> Outcome {
        let outcome = if record.source == VIEWS {
            self.view(record, gate, out)
        } else {
            self.activity(record, gate)
        };
        outcome.unwrap_or_else(Outcome::Rejected)
    }

    fn advance(&mut self, stream_time: EventTime, out: &mut Outputs) {
        self.reached = self.reached.max(Some(stream_time));
        self.end_sessions(stream_time, out);
        let rules = &self.rules;
        self.customers.expire(SWEEP, |state| state.is_forgotten(stream_time, rules));
    }

    fn drain(&mut self, out: &mut Outputs) -> Option<EventTime> {
        let reached = self.reached?;
        let sessions = reached.plus_micros(self.rules.session_gap).plus_micros(1);
        // The last window that a view was handed on for closes no later.
        let end = self.trends.last_close(reached).max(sessions);
        self.end_sessions(end, out);
        Some(end)
    }

    fn resume(&mut self, stream_time: EventTime) {
        self.reached = Some(stream_time);
    }

    fn waits_for_time(&self) -> bool {
        !self.deadlines.is_empty()
    }

    fn take_changes(&mut self, write: &mut dyn FnMut(usize, &[u8], Option<&[u8]>)) {
        self.customers.beside(self.deadlines.held());
        self.customers.take_changes(&mut |key, value| write(STATES, key, value));
        self.ring.take_changes(&mut |key, value| write(RING, key, value));
    }

    fn restore(&mut self, store: usize, key: &[u8], value: Option<&[u8]>) -> Result<(), String> {
        if store == RING {
            return self.ring.restore(key, value);
        }
        self.customers.restore(key, value)?;
        let next = self.customers.get(key).and_then(|state| state.next_close(&self.rules));
        self.deadlines.set(key, next);
        self.customers.beside(self.deadlines.held());
        Ok(())
    }

    fn keys(&self) -> usize {
        self.customers.len() + self.ring.len()
    }

    fn keep_within(&mut self, memory: &Arc<Memory>) {
        self.customers.keep_within(memory);
    }

    fn make_room(&mut self) {
        self.customers.make_room();
    }
}
