//! A topic that falls quiet still gets its final results, and what comes afterwards is late.

use std::time::Duration;

use bss::runtime::{Clock, SystemClock};

use crate::broker::{ACTIVITY, Corner};
use crate::streams::stop;
use crate::support::wait_for;

#[test]
fn a_quiet_topic_gets_its_final_results() {
    let corner = Corner::of(ACTIVITY, "idle", 1);
    let run = corner
        .bss(&["streams", "run", "customer-activity", "--quiet"])
        .env("BSS_ACTIVITY_WINDOW", "1s")
        .env("BSS_ACTIVITY_SESSION_GAP", "1s")
        .env("BSS_STREAMS_GRACE", "0s")
        .env("BSS_STREAMS_IDLE_AFTER", "2s")
        .spawn()
        .expect("bss");
    // The middle of a second, so that both fall into one window.
    let base = SystemClock.now().millis() / 1000 * 1000 + 100;
    let at = |millis: i64| {
        let time = base + millis;
        let json = format!(r#"{{"customerId":"k","activityType":"A","timestamp":{time}}}"#);
        ("k".to_owned(), json)
    };
    let limit = Duration::from_secs(40);
    let windows = corner.topic("customer.activity.aggregated");
    let sessions = corner.topic("customer.sessions");
    corner.feed(&[at(0), at(500)]);
    // Nothing comes any more: only the clock can close the window and the session.
    wait_for("the window's result", limit, || (!corner.read(&windows).is_empty()).then_some(()));
    wait_for("the session's result", limit, || (!corner.read(&sessions).is_empty()).then_some(()));
    corner.feed(&[at(200)]);
    wait_for("the late record", limit, || (!corner.read(&corner.late()).is_empty()).then_some(()));
    stop(run);
    for (topic, count) in [(&windows, 2), (&sessions, 2)] {
        let results: Vec<_> = corner.read(topic).into_values().flatten().collect();
        assert_eq!(results.len(), 1, "one final result in {topic}, not a second one");
        let value: serde_json::Value =
            serde_json::from_slice(results[0].1.as_ref().expect("a value")).expect("JSON");
        assert_eq!(value["count"], count, "{topic}");
    }
    let status = corner.status();
    assert_eq!((&status["processed"], &status["late"]), (&2.into(), &1.into()), "{status}");
}
