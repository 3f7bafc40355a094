//! A topic that falls quiet still gets its final results, and what comes afterwards is late.

use std::sync::Arc;
use std::time::Duration;

use bss::backends::kafka::runner::{RunHandle, member};
use bss::domain::{EventTime, Reason, Reject};
use bss::runtime::{Clock, SystemClock};
use bss::streams::aggregate::{Emission, Emit, Placed, WindowedAggregation};
use bss::streams::output::Outputs;
use bss::streams::record::SourceRecord;
use bss::streams::time::Grace;
use bss::streams::topology::{Description, Gate, Outcome, Sink, Source, Task, Topology};
use bss::streams::window::Window;

use crate::broker::Corner;
use crate::fencing::options;
use crate::support::wait_for;

const SECOND: i64 = 1_000_000;

/// Counts records by key in windows of one second; the record's value is its time in ms.
struct Counting(Description);

impl Topology for Counting {
    fn describe(&self) -> &Description {
        &self.0
    }
    fn configuration(&self) -> String {
        "windows of 1 s".to_owned()
    }
    fn task(&self) -> Box<dyn Task> {
        let window = Window::tumbling(SECOND).expect("a window");
        let join = |sum: &mut u64, more: &u64| *sum += more;
        Box::new(CountingTask {
            counts: WindowedAggregation::new(window, Grace::default(), Emit::Final, join),
        })
    }
}

struct CountingTask {
    counts: WindowedAggregation<Vec<u8>, u64>,
}

impl CountingTask {
    fn emit(results: Vec<Emission<Vec<u8>, u64>>, out: &mut Outputs) {
        for result in results {
            let id = format!("{}", result.span.start);
            let value = format!("{}", result.value.unwrap_or(0));
            out.push(
                0,
                result.span.end,
                &result.key,
                |b| b.extend_from_slice(id.as_bytes()),
                |b| b.extend_from_slice(value.as_bytes()),
            );
        }
    }
}

impl Task for CountingTask {
    fn process(
        &mut self,
        record: &SourceRecord<'_>,
        gate: &mut Gate,
        _out: &mut Outputs,
    ) -> Outcome {
        let text = String::from_utf8_lossy(record.value.unwrap_or_default()).into_owned();
        let Ok(millis) = text.parse() else {
            return Outcome::Rejected(Reject::new(Reason::BadTime, "", text));
        };
        let time = EventTime::from_millis(millis);
        if let Err(outcome) = gate.admit(time) {
            return outcome;
        }
        let key = record.key.unwrap_or_default().to_vec();
        match self.counts.add(&key, time, &1, &mut Vec::new()) {
            Placed::Counted { .. } => Outcome::Processed,
            Placed::Late { lateness, .. } => Outcome::Late(lateness),
        }
    }
    fn advance(&mut self, stream_time: EventTime, out: &mut Outputs) {
        let mut results = Vec::new();
        self.counts.close_up_to(stream_time, &mut results);
        Self::emit(results, out);
    }
    fn drain(&mut self, out: &mut Outputs) {
        let mut results = Vec::new();
        self.counts.close_all(&mut results);
        Self::emit(results, out);
    }
    fn waits_for_time(&self) -> bool {
        self.counts.open() > 0
    }
    fn take_changes(&mut self, _write: &mut dyn FnMut(usize, &[u8], Option<&[u8]>)) {}
    fn restore(&mut self, _: usize, _: &[u8], _: Option<&[u8]>) -> Result<(), String> {
        Err("it keeps no store".to_owned())
    }
    fn keys(&self) -> usize {
        self.counts.open()
    }
}

#[test]
fn a_quiet_topic_gets_its_final_results() {
    let corner = Corner::new("idle", 1);
    let sink = |topic: String| Sink {
        topic,
        keyed_by: "",
        event_type: "count",
        event_source: "test".to_owned(),
        what: "counts",
    };
    let topology: Arc<dyn Topology> = Arc::new(Counting(Description {
        name: "counting",
        version: 1,
        summary: "counts",
        group: format!("{}-counting", corner.application),
        sources: vec![Source { topic: corner.topic("payment.events"), keyed_by: "key" }],
        stores: Vec::new(),
        sinks: vec![
            sink(corner.topic("fraud.alerts")),
            sink(corner.late()),
            sink(corner.dead_letters()),
        ],
        lateness_limit: 3600 * SECOND,
    }));
    let mut options = options("idle");
    options.state_dir = corner.home.path().to_owned();
    options.limits.max_skew = 60 * SECOND;
    options.limits.idle_after = 2 * SECOND;
    let handle = RunHandle::default();
    let inside = handle.clone();
    let run = std::thread::spawn(move || member::run(&topology, &options, &inside));
    // The middle of a second, so that both fall into one window.
    let base = SystemClock.now().millis() / 1000 * 1000 + 100;
    let at = |millis: i64| (Some(b"k".to_vec()), Some((base + millis).to_string().into_bytes()));
    corner.write(&corner.topic("payment.events"), &[at(0), at(500)]);
    // Nothing comes any more: only the clock can close the window.
    wait_for("the final result", Duration::from_secs(40), || {
        (!corner.read(&corner.topic("fraud.alerts")).is_empty()).then_some(())
    });
    corner.write(&corner.topic("payment.events"), &[at(200)]);
    wait_for("the late record", Duration::from_secs(40), || {
        (!corner.read(&corner.late()).is_empty()).then_some(())
    });
    handle.stop();
    run.join().expect("no panic").expect("a clean stop");
    let results = corner.read(&corner.topic("fraud.alerts"));
    let values: Vec<_> = results.into_values().flatten().map(|(_, value, _)| value).collect();
    assert_eq!(values, [Some(b"2".to_vec())], "one final result, not a second one");
}
