//! customer-activity: what each customer did in five minutes, and in each session.
//!
//! Sums and events are the room `activity`'s; this is the glue to records, stores and sinks.

use std::sync::Arc;

use crate::activity::{
    ActivityRules, ActivitySums, SessionKey, WindowResult, Written, withdraw_session, write_metric,
    write_session, write_window,
};
use crate::domain::{ActivityEvent, EventTime, Reject};
use crate::streams::aggregate::{Emission, Emit, Placed, WindowKey, WindowedAggregation};
use crate::streams::driver::Place;
use crate::streams::late::Corrections;
use crate::streams::output::Outputs;
use crate::streams::record::SourceRecord;
use crate::streams::store::{Memory, StoreValue};
use crate::streams::time::Grace;
use crate::streams::topology::{
    Description, Gate, Lateness, Outcome, Sinks, Source, Stage, StoreDescription, Task, Topology,
};
use crate::streams::window::{Window, WindowFault, WindowSpan};

/// The topology's name.
pub const NAME: &str = "customer-activity";
/// Raised when the same input gives other outputs.
const VERSION: u32 = 2;

const WINDOWS: usize = 0;
const SESSIONS: usize = 1;
/// The stores, by position.
const STORES: [&str; 2] = ["windows", "sessions"];

const AGGREGATED: usize = 0;
const ENDED: usize = 1;
const METRICS: usize = 2;

/// The topics it works on.
#[derive(Clone, Debug)]
pub struct ActivityTopics {
    /// Activity, keyed by customerId.
    pub events: String,
    /// Sums by window.
    pub aggregated: String,
    /// Sessions.
    pub sessions: String,
    /// Measurements of customers.
    pub metrics: String,
    /// Late records.
    pub late: String,
    /// Dead letters.
    pub dead_letters: String,
}

/// The measurement of a session; the others are of windows.
const SESSION_DURATION: &str = "session_duration";

/// The topology.
#[derive(Clone)]
pub struct CustomerActivity {
    description: Description,
    rules: ActivityRules,
    window: Window,
    session: Window,
}

impl CustomerActivity {
    /// The topology of `application` on `topics` with `rules`.
    ///
    /// # Errors
    /// A window or a gap of nothing, with the name of its setting.
    pub fn new(
        application: &str,
        topics: ActivityTopics,
        rules: ActivityRules,
    ) -> Result<Self, (&'static str, WindowFault)> {
        let window = Window::tumbling(rules.window).map_err(|f| ("activity.window", f))?;
        let session =
            Window::session(rules.session_gap).map_err(|f| ("activity.session_gap", f))?;
        let group = format!("{application}-{NAME}");
        let sinks = Sinks::of(application, NAME);
        let bounded_by = "open windows only: an entry goes when its window closes (end + grace)";
        let store = |name| StoreDescription::new(&group, 0, name, bounded_by);
        let description = Description {
            name: NAME,
            version: VERSION,
            summary: "Sums up what each customer did, by window and by session.",
            stages: vec![Stage { name: "windows", lateness_limit: None }],
            sources: vec![Source::events(topics.events, "customerId")],
            stores: STORES.map(store).to_vec(),
            sinks: vec![
                sinks.sink(
                    topics.aggregated,
                    "customerId",
                    "bss.customer.activity.aggregated.v1",
                    "each window's counts and score, when it closes",
                ),
                sinks.sink(
                    topics.sessions,
                    "customerId",
                    "bss.customer.session.v1",
                    "each session, when nothing can join it any more",
                ),
                sinks.sink(
                    topics.metrics,
                    "customerId",
                    "bss.customer.metric.v1",
                    "activity_count, activity_score, session_duration (s) for TimescaleDB",
                ),
                sinks.aside(topics.late, "records late for window and session, as they came"),
                sinks.aside(topics.dead_letters, "records that cannot be processed, as they came"),
            ],
            group,
        };
        Ok(Self { description, rules, window, session })
    }
}

impl Topology for CustomerActivity {
    fn describe(&self) -> &Description {
        &self.description
    }

    fn configuration(&self) -> String {
        format!("{:?}", self.rules)
    }

    fn task(&self, _stage: usize, _place: Place) -> Box<dyn Task> {
        let rules = self.rules.clone();
        let grace = Grace::from_micros(rules.grace);
        let emit = if rules.updates { Emit::Updates } else { Emit::Final };
        Box::new(ActivityTask {
            windows: WindowedAggregation::new(self.window, grace, emit, ActivitySums::join),
            sessions: WindowedAggregation::new(self.session, grace, emit, ActivitySums::join),
            rules,
            closed_windows: Vec::new(),
            ended_sessions: Vec::new(),
            event: Written::default(),
            metric: Written::default(),
        })
    }

    fn corrections(&self) -> Option<&dyn Corrections> {
        Some(self)
    }
}

impl Corrections for CustomerActivity {
    fn patient(&self) -> Box<dyn Topology> {
        let mut patient = self.clone();
        patient.rules.grace = Grace::ENDLESS.micros();
        patient.rules.updates = false;
        Box::new(patient)
    }

    fn closing(
        &self,
        sink: usize,
        measure: Option<&str>,
        span: WindowSpan,
    ) -> Option<(usize, EventTime)> {
        let of_session = sink == ENDED || measure == Some(SESSION_DURATION);
        let window = if of_session { self.session } else { self.window };
        let grace = Grace::from_micros(self.rules.grace);
        (sink <= METRICS).then(|| (0, window.closes_at(span, grace)))
    }

    fn lookback(&self) -> i64 {
        // A session may be longer; then it is found not to be whole.
        self.rules.session_gap.saturating_mul(48)
    }

    fn recounts_exactly(&self) -> bool {
        // An event may be late for its window and count in its session.
        false
    }

    fn withdrawn(&self, sink: usize, recorded: &[u8], revision: u32) -> Option<Vec<u8>> {
        let session = || withdraw_session(&self.rules, recorded, revision);
        (sink == ENDED).then(session).flatten().map(|written| written.value)
    }
}

impl StoreValue for ActivitySums {
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

impl WindowKey for SessionKey {
    fn encode(&self, out: &mut Vec<u8>) {
        Self::encode(self, out);
    }

    fn decode(bytes: &[u8]) -> Result<Self, String> {
        Self::decode(bytes)
    }
}

const fn told<K>(result: &Emission<K, ActivitySums>) -> WindowResult<'_> {
    WindowResult {
        start: result.span.start,
        end: result.span.end,
        revision: result.revision,
        sums: result.value.as_ref(),
    }
}

struct ActivityTask {
    rules: ActivityRules,
    windows: WindowedAggregation<String, ActivitySums>,
    sessions: WindowedAggregation<SessionKey, ActivitySums>,
    // Buffers, empty between two calls.
    closed_windows: Vec<Emission<String, ActivitySums>>,
    ended_sessions: Vec<Emission<SessionKey, ActivitySums>>,
    event: Written,
    metric: Written,
}

impl ActivityTask {
    fn event<'a>(record: &SourceRecord<'a>) -> Result<ActivityEvent<'a>, Reject> {
        let value = record.content("activity")?;
        let event = ActivityEvent::from_json(value, record.timestamp)?;
        record.keyed_by("customerId", &event.customer_id)?;
        Ok(event)
    }

    fn close_up_to(&mut self, time: EventTime, out: &mut Outputs) {
        self.windows.close_up_to(time, &mut self.closed_windows);
        self.sessions.close_up_to(time, &mut self.ended_sessions);
        self.tell(out);
    }

    /// Writes what was emitted.
    fn tell(&mut self, out: &mut Outputs) {
        for result in std::mem::take(&mut self.closed_windows) {
            write_window(&self.rules, &result.key, told(&result), &mut self.event);
            push(AGGREGATED, result.span.end, &result.key, &self.event, out);
            if let Some(sums) = &result.value {
                let count = i64::try_from(sums.count()).unwrap_or(i64::MAX).saturating_mul(1000);
                let (customer, at) = (&result.key, (result.span.start, result.revision));
                self.measure(customer, "activity_count", count, at, out);
                let score = self.rules.score(sums);
                self.measure(customer, "activity_score", score, at, out);
            }
        }
        for result in std::mem::take(&mut self.ended_sessions) {
            write_session(&self.rules, &result.key, told(&result), &mut self.event);
            push(ENDED, result.span.end, &result.key.customer, &self.event, out);
            if result.value.is_some() {
                // Microseconds as thousandths of a second, cut to the millisecond.
                let millis = result.span.end.micros_since(result.span.start) / 1000;
                let (customer, at) = (&result.key.customer, (result.span.start, result.revision));
                self.measure(customer, SESSION_DURATION, millis, at, out);
            }
        }
    }

    /// Writes a measurement at a time, in thousandths, with the revision of the result just written.
    fn measure(
        &mut self,
        customer: &str,
        name: &str,
        thousandths: i64,
        (time, revision): (EventTime, u32),
        out: &mut Outputs,
    ) {
        let source = (&self.event, revision);
        write_metric(customer, name, thousandths, time, source, &mut self.metric);
        push(METRICS, time, customer, &self.metric, out);
    }
}

fn push(sink: usize, time: EventTime, customer: &str, written: &Written, out: &mut Outputs) {
    out.push(
        sink,
        time,
        customer.as_bytes(),
        |id| id.extend_from_slice(&written.id),
        |value| value.extend_from_slice(&written.value),
    );
}

impl Task for ActivityTask {
    fn process(
        &mut self,
        record: &SourceRecord<'_>,
        gate: &mut Gate,
        out: &mut Outputs,
    ) -> Outcome {
        let event = match Self::event(record) {
            Ok(event) => event,
            Err(reject) => return Outcome::Rejected(reject),
        };
        if let Err(outcome) = gate.admit(event.time) {
            return outcome;
        }
        let stream_time = gate.stream_time.get().unwrap_or(event.time);
        // Each record closes what its time has passed, so that lateness does not depend on when
        // the commits come.
        self.close_up_to(stream_time, out);
        let one = ActivitySums::one(&event.activity_type);
        let customer = event.customer_id.into_owned();
        let window = self.windows.add(&customer, event.time, &one, &mut self.closed_windows);
        let key = SessionKey { customer, session: event.session_id.map(|s| s.into_owned()) };
        let session = self.sessions.add(&key, event.time, &one, &mut self.ended_sessions);
        self.tell(out);
        match (window, session) {
            (Placed::Late { span, .. }, Placed::Late { .. }) => Outcome::Late(Lateness {
                micros: stream_time.micros_since(event.time),
                window: Some(("tumbling", span)),
            }),
            _ => Outcome::Processed,
        }
    }

    fn advance(&mut self, stream_time: EventTime, out: &mut Outputs) {
        self.close_up_to(stream_time, out);
    }

    fn drain(&mut self, out: &mut Outputs) -> Option<EventTime> {
        self.windows.close_all(&mut self.closed_windows);
        self.sessions.close_all(&mut self.ended_sessions);
        self.tell(out);
        let reached = self.windows.closed_to().max(self.sessions.closed_to());
        if let Some(time) = reached {
            // One time for both: what is late for the one is judged by the same clock as for
            // the other, before and after a restart.
            self.close_up_to(time, out);
        }
        reached
    }

    fn resume(&mut self, stream_time: EventTime) {
        self.windows.resume(stream_time);
        self.sessions.resume(stream_time);
    }

    fn waits_for_time(&self) -> bool {
        self.windows.open() > 0 || self.sessions.open() > 0
    }

    fn take_changes(&mut self, write: &mut dyn FnMut(usize, &[u8], Option<&[u8]>)) {
        self.windows.take_changes(&mut |key, value| write(WINDOWS, key, value));
        self.sessions.take_changes(&mut |key, value| write(SESSIONS, key, value));
    }

    fn restore(&mut self, store: usize, key: &[u8], value: Option<&[u8]>) -> Result<(), String> {
        match store {
            WINDOWS => self.windows.restore(key, value),
            _ => self.sessions.restore(key, value),
        }
    }

    fn keys(&self) -> usize {
        self.windows.open() + self.sessions.open()
    }

    fn keep_within(&mut self, memory: &Arc<Memory>) {
        self.windows.keep_within(memory);
        self.sessions.keep_within(memory);
    }

    fn make_room(&mut self) {
        self.windows.make_room();
        self.sessions.make_room();
    }
}
