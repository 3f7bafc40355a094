//! The state of one key, read from the changelog.

use serde_json::Value;

use crate::broker::{ACTIVITY, Corner, payments};
use crate::support::shown;

/// The state of a customer, from the right one of several partitions, and as of which offset.
#[test]
fn a_customers_state_is_shown_as_of_its_offset() {
    let corner = Corner::new("state_fraud", 4);
    let all = payments(500, 20, 6);
    corner.feed(&all);
    assert!(corner.drain().status.success());
    let lags = corner.rows(&["lag", "fraud-detection"]);
    let mut partitions = std::collections::BTreeSet::new();
    for customer in all.iter().map(|(c, _)| c).collect::<std::collections::BTreeSet<_>>() {
        let told = corner.json(&["state", "get", "fraud-detection", "customers", customer]);
        let (meta, value) = (&told["meta"], &told["rows"][0]["value"]);
        let committed = &meta["committed"][0];
        let lag = lags.iter().find(|l| l["partition"] == meta["partition"]).expect("a partition");
        assert_eq!(committed["offset"], lag["committedOffset"], "{told}");
        assert_eq!(meta["exact"], true);
        partitions.insert(meta["partition"].as_i64());
        // The customer's last payment is the newest it remembers.
        let of = all.iter().filter(|(c, _)| c == customer);
        let times = of.map(|(_, json)| {
            let event: Value = serde_json::from_str(json).expect("JSON");
            event["timestamp"].as_i64().expect("millis")
        });
        let latest = bss::domain::EventTime::from_millis(times.max().expect("a payment"));
        assert_eq!(value["latest"], latest.to_string(), "{customer}");
        let recent = value["recentPayments"].as_array().expect("payments");
        let last = recent.last().expect("one");
        assert_eq!(last["time"], latest.to_string());
        assert!(value["histories"][0]["payments"].as_u64() > Some(0), "{value}");
    }
    assert!(partitions.len() > 1, "{partitions:?}");
    let nobody = corner.leaf(&["state", "get", "fraud-detection", "customers", "nobody"]);
    assert_eq!(nobody.status.code(), Some(1), "{}", shown(&nobody));
    assert!(shown(&nobody).contains("not-found"), "{}", shown(&nobody));
    assert!(shown(&nobody).contains("as of offset"), "{}", shown(&nobody));
}

/// All open windows and sessions of a customer; after a drain all are closed.
#[test]
fn the_open_windows_of_a_customer_are_shown() {
    let corner = Corner::of(ACTIVITY, "state_windows", 2);
    let event = |minute: u64, session: &str| {
        let time = 1_767_225_600_000 + minute * 60_000;
        let json = format!(
            r#"{{"customerId":"c1","activityType":"LOGIN","sessionId":"{session}","timestamp":{time}}}"#
        );
        ("c1".to_owned(), json)
    };
    corner.feed(&[event(0, "a"), event(1, "b"), event(6, "a")]);
    let run = corner.bss(&["streams", "run", "customer-activity", "--quiet"]).spawn().expect("bss");
    let limit = std::time::Duration::from_secs(30);
    crate::support::wait_for("it reads all", limit, || {
        (corner.status()["read"] == 3).then_some(())
    });
    let windows = corner.json(&["state", "get", "customer-activity", "windows", "c1"]);
    let spans: Vec<_> = windows["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|r| (r["start"].as_str(), r["end"].as_str(), r["value"]["types"]["LOGIN"].as_u64()))
        .collect();
    assert_eq!(
        spans,
        [
            (Some("2026-01-01T00:00:00Z"), Some("2026-01-01T00:05:00Z"), Some(2)),
            (Some("2026-01-01T00:05:00Z"), Some("2026-01-01T00:10:00Z"), Some(1)),
        ]
    );
    assert_eq!(windows["meta"]["committed"][0]["offset"], 3, "{windows}");
    let sessions = corner.json(&["state", "get", "customer-activity", "sessions", "c1"]);
    let mut named: Vec<_> = sessions["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|r| (r["session"].as_str(), r["value"]["count"].as_u64()))
        .collect();
    named.sort_unstable();
    assert_eq!(named, [(Some("a"), Some(2)), (Some("b"), Some(1))]);
    crate::streams::stop(run);
    assert!(corner.drain().status.success());
    let closed = corner.leaf(&["state", "get", "customer-activity", "windows", "c1"]);
    assert_eq!(closed.status.code(), Some(1), "{}", shown(&closed));
    assert_eq!(document_error(&closed), "not-found");
}

fn document_error(output: &std::process::Output) -> String {
    assert!(output.stdout.is_empty(), "{}", shown(output));
    let error: Value = serde_json::from_slice(&output.stderr).expect("JSON");
    error["error"]["code"].as_str().expect("a code").to_owned()
}
