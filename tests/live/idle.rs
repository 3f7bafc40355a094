//! A topic that falls quiet still gets its final results, and what comes afterwards is late.

use std::sync::atomic::{AtomicBool, Ordering};
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

/// A partition that falls quiet while others of the same worker are never: it closes all the same.
#[test]
fn a_quiet_partition_beside_a_busy_one_gets_its_final_results() {
    let corner = Corner::of(ACTIVITY, "idle_beside", 2);
    let run = corner
        .bss(&["streams", "run", "customer-activity", "--quiet"])
        .env("BSS_ACTIVITY_WINDOW", "1s")
        .env("BSS_STREAMS_WORKERS", "1")
        .env("BSS_STREAMS_GRACE", "0s")
        .env("BSS_STREAMS_IDLE_AFTER", "2s")
        .spawn()
        .expect("bss");
    let event = |customer: &str| {
        let time = SystemClock.now().millis();
        let json =
            format!(r#"{{"customerId":"{customer}","activityType":"A","timestamp":{time}}}"#);
        (customer.to_owned(), json)
    };
    let of = |customer: &str| bss::streams::partition::of_key(customer.as_bytes(), 2);
    let quiet = "k";
    let busy = (0..).map(|n| format!("b{n}")).find(|b| of(b) != of(quiet)).expect("one of many");
    let windows = corner.topic("customer.activity.aggregated");
    corner.feed(&[event(quiet)]);
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Several at once, so that the worker never waits for the next record.
        for _ in 0..6 {
            scope.spawn(|| {
                while !done.load(Ordering::SeqCst) {
                    corner.feed(&vec![event(&busy); 3]);
                }
            });
        }
        let told = || corner.read(&windows).contains_key(quiet.as_bytes()).then_some(());
        let told = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            wait_for("the quiet partition's result", Duration::from_secs(40), told);
        }));
        done.store(true, Ordering::SeqCst);
        told.expect("told while the other partition is busy");
    });
    stop(run);
}
