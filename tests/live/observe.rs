//! What an operator sees of a run: the port, the figures, who has what; stalls and failures.

use std::io::{Read, Write};
use std::process::{Child, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::bounded::Bounded;
use crate::broker::{Corner, payments};
use crate::dlq::document;
use crate::streams::stop;
use crate::support::{shown, wait_for};

const LIMIT: Duration = Duration::from_secs(60);

/// Starts the topology as `instance` with a port of its own and a short patience.
pub fn start(corner: &Corner, instance: &str, changes: &[(&str, &str)]) -> Child {
    let mut command = corner.bss(&["streams", "run", corner.job.name, "--quiet"]);
    command
        .env("BSS_STREAMS_HTTP", "127.0.0.1:0")
        .env("BSS_STREAMS_INSTANCE", instance)
        .env("BSS_STREAMS_STALLED_AFTER", "2s")
        .stderr(Stdio::null());
    for (key, value) in changes {
        command.env(key, value);
    }
    command.spawn().expect("bss")
}

/// The process of `instance` as the meta topic has it, once it is told.
fn process(corner: &Corner, instance: &str) -> Value {
    wait_for("the process is told", LIMIT, || {
        let rows = corner.rows(&["metadata", corner.job.name]);
        rows.into_iter().find(|r| r["instance"] == instance && r["assignedAt"].is_string())
    })
}

/// Status code and body of a path.
fn get(address: &str, path: &str) -> (u16, String) {
    let mut stream = std::net::TcpStream::connect(address).expect("connected");
    write!(stream, "GET {path} HTTP/1.0\r\n\r\n").expect("asked");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("answered");
    let (head, body) = text.split_once("\r\n\r\n").expect("an answer");
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).expect("a status");
    (status, body.to_owned())
}

/// The sum of a family's samples whose labels contain `label`.
fn sum(text: &str, family: &str, label: &str) -> f64 {
    text.lines()
        .filter(|l| l.starts_with(&format!("{family}{{")) && l.contains(label))
        .map(|l| l.rsplit_once(' ').expect("a value").1.parse::<f64>().expect("a number"))
        .sum()
}

#[test]
fn a_run_tells_its_figures_its_health_and_what_it_has() {
    let corner = Corner::new("figures", 4);
    corner.feed(&payments(3000, 50, 7));
    let child = start(&corner, "one", &[]);
    let told = process(&corner, "one");
    let address = told["http"].as_str().expect("an address").to_owned();
    wait_for("it is ready", LIMIT, || (get(&address, "/readyz").0 == 200).then_some(()));
    wait_for("all is read", LIMIT, || (corner.status()["lag"] == 0).then_some(()));
    let status = corner.status();
    let text = wait_for("the figures are those of the broker", LIMIT, || {
        let text = get(&address, "/metrics").1;
        let processed = sum(&text, "bss_streams_records_total", "outcome=\"processed\"");
        let lag = sum(&text, "bss_streams_lag_records", "");
        (Some(processed) == status["processed"].as_f64() && lag == 0.0).then_some(text)
    });
    assert_eq!(Some(sum(&text, "bss_streams_outputs_total", "")), status["outputs"].as_f64());
    assert_eq!(
        Some(sum(&text, "bss_streams_records_total", "")),
        status["read"].as_f64(),
        "every record has one outcome"
    );
    for family in [
        "bss_streams_commits_total",
        "bss_streams_store_keys",
        "bss_streams_commit_duration_seconds_count",
    ] {
        assert!(sum(&text, family, "instance=\"one\"") > 0.0, "{family}\n{text}");
    }
    assert_eq!(sum(&text, "bss_streams_state", "state=\"running\""), 1.0, "{text}");
    assert_eq!(sum(&text, "bss_streams_state", ""), 1.0, "one state at a time");
    let of = |partition: &str| text.matches(&format!("partition=\"{partition}\"")).count();
    assert!(of("3") > 0 && of("3") == of("0"), "{text}");
    for family in ["process_resident_memory_bytes ", "process_cpu_seconds_total "] {
        assert!(text.lines().any(|l| l.starts_with(family)), "{family}\n{text}");
    }
    let (code, health) = get(&address, "/healthz");
    assert_eq!(code, 200, "{health}");
    assert!(health.contains(r#""state":"running""#), "{health}");
    assert_eq!(get(&address, "/other").0, 404);
    // Who has what.
    assert_eq!(told["pid"].as_u64(), Some(child.id().into()), "{told}");
    assert_eq!(told["partitions"], serde_json::json!(["0", "1", "2", "3"]), "{told}");
    assert_eq!(told["stores"], serde_json::json!(["customers", "merchants"]), "{told}");
    assert_eq!((&told["member"], &told["topology"]), (&true.into(), &corner.job.name.into()));
    assert!(told["stateDir"].as_str().is_some_and(|d| d.starts_with('/')), "{told}");
    // The same figures by command, from the port; with the port gone, from the file.
    let rows = corner.rows(&["metrics", corner.job.name]);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!(rows[0]["from"], format!("http://{address}"));
    assert_eq!((&rows[0]["read"], &rows[0]["lag"]), (&status["read"], &0.into()), "{rows:?}");
    let each = corner.rows(&["metrics", corner.job.name, "--partitions"]);
    let read: u64 = each.iter().filter_map(|r| r["read"].as_u64()).sum();
    assert_eq!((each.len(), Some(read)), (12, status["read"].as_u64()), "{each:?}");
    stop(child);
    let after = corner.rows(&["metadata", corner.job.name]);
    assert!(after.iter().all(|r| r["pid"].is_null()), "a clean stop takes it back: {after:?}");
}

#[test]
fn without_a_port_the_figures_come_from_the_file_of_this_machine_only() {
    let corner = Corner::new("figures_file", 2);
    corner.feed(&payments(100, 5, 7));
    let child = start(&corner, "quiet", &[("BSS_STREAMS_HTTP", "")]);
    let row = wait_for("the file tells", LIMIT, || {
        let rows = corner.rows(&["metrics", corner.job.name]);
        rows.into_iter().find(|r| r["read"] == 100)
    });
    assert_eq!((&row["from"], &row["state"]), (&"status file".into(), &"running".into()), "{row}");
    // Seen from another machine: nothing to ask.
    let away = corner
        .bss(&["streams", "metrics", corner.job.name, "-o", "json"])
        .env("BSS_STREAMS_STATE_DIR", corner.home.path().join("elsewhere"))
        .ended()
        .expect("bss");
    assert_eq!(away.status.code(), Some(7), "{}", shown(&away));
    assert!(shown(&away).contains("instance quiet"), "{}", shown(&away));
    assert!(shown(&away).contains("streams.http"), "{}", shown(&away));
    stop(child);
}

/// Two processes on one port: the second says so at once.
#[test]
fn a_port_that_is_taken_is_a_conflict() {
    let corner = Corner::new("port", 2);
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let output = corner
        .bss(&["streams", "run", corner.job.name])
        .env("BSS_STREAMS_HTTP", &address)
        .ended()
        .expect("bss");
    assert_eq!(output.status.code(), Some(5), "{}", shown(&output));
    assert!(shown(&output).contains(&address), "{}", shown(&output));
}

fn status(corner: &Corner) -> (Option<i32>, Value, String) {
    let output = corner
        .bss(&["streams", "status", corner.job.name, "-o", "json"])
        .env("BSS_STREAMS_STALLED_AFTER", "2s")
        .ended()
        .expect("bss");
    let row = document(&output)["rows"][0].clone();
    (output.status.code(), row, shown(&output))
}

/// A worker that panics: the process ends, and everybody is told why.
#[test]
fn a_worker_that_panics_is_failed_with_its_cause() {
    let corner = Corner::new("panics", 2);
    let mut child = start(&corner, "one", &[("BSS_DEV_FAULT", "panic-before-commit:1")]);
    corner.feed(&payments(100, 5, 7));
    let ended =
        wait_for("it ends at once", Duration::from_secs(8), || child.try_wait().expect("asked"));
    assert_eq!(ended.code(), Some(70));
    let (code, row, text) = status(&corner);
    assert_eq!((code, &row["state"]), (Some(6), &"failed".into()), "{text}");
    assert!(text.contains("panicked"), "{text}");
}

/// A worker that hangs in a commit or in a record: stalled once the limit has passed, named by the
/// port and by `status`, from this machine and from elsewhere; its neighbour goes on.
#[test]
fn a_worker_that_hangs_is_stalled_in_time() {
    for step in ["before-commit", "after-batch"] {
        let corner = Corner::new("hangs", 2);
        let mut child = start(&corner, "one", &[("BSS_DEV_FAULT", &format!("hang-{step}:1"))]);
        corner.feed(&payments(500, 50, 7));
        let told = process(&corner, "one");
        let address = told["http"].as_str().expect("an address").to_owned();
        let (_, row, text) = wait_for("it is stalled", Duration::from_secs(20), || {
            let seen = status(&corner);
            (seen.0 == Some(6)).then_some(seen)
        });
        assert_eq!(row["state"], "stalled", "{text}");
        assert!(text.contains("has not come round for"), "{text}");
        let (code, health) = get(&address, "/healthz");
        assert_eq!(code, 503, "{health}");
        assert!(health.contains("has not come round for"), "{health}");
        assert_eq!(get(&address, "/readyz").0, 503);
        let away = corner
            .bss(&["streams", "status", corner.job.name])
            .env("BSS_STREAMS_STATE_DIR", corner.home.path().join("elsewhere"))
            .ended()
            .expect("bss");
        assert_eq!(away.status.code(), Some(6), "{}", shown(&away));
        assert!(shown(&away).contains("has not come round for"), "{}", shown(&away));
        child.kill().expect("killed");
        drop(child.wait());
    }
}

/// Stopped, and a record waits on a topic with little traffic: told by time, not by count.
#[test]
fn a_record_that_nobody_reads_is_told_by_time() {
    let corner = Corner::new("waits", 2);
    corner.feed(&payments(10, 2, 7));
    assert!(corner.drain().status.success());
    let (code, row, text) = status(&corner);
    assert_eq!((code, &row["state"]), (Some(0), &"stopped".into()), "{text}");
    corner.feed(&payments(1, 1, 8));
    let (_, row, text) = wait_for("it is overdue", Duration::from_secs(20), || {
        let seen = status(&corner);
        (seen.0 == Some(6)).then_some(seen)
    });
    assert_eq!((&row["state"], &row["lag"]), (&"stopped".into(), &1.into()), "{text}");
    assert!(row["oldestUnreadAgeSeconds"].as_f64().is_some_and(|age| age >= 2.0), "{text}");
    assert!(text.contains("1 records wait") && text.contains("nobody runs it"), "{text}");
}

/// A process that tells nothing (no port, another machine) and does not work is found by looking
/// twice; one that works is not taken for it.
#[test]
fn a_silent_process_that_stands_still_is_found_by_looking_twice() {
    let corner = Corner::new("dark", 2);
    let dark = [("BSS_STREAMS_HTTP", ""), ("BSS_DEV_FAULT", "hang-before-commit:1")];
    let mut child = start(&corner, "one", &dark);
    corner.feed(&payments(200, 20, 7));
    let away = || {
        let output = corner
            .bss(&["streams", "status", corner.job.name])
            .env("BSS_STREAMS_STALLED_AFTER", "2s")
            .env("BSS_STREAMS_STATE_DIR", corner.home.path().join("elsewhere"))
            .ended()
            .expect("bss");
        (output.status.code() == Some(6)).then(|| shown(&output))
    };
    let text = wait_for("it is found", LIMIT, away);
    assert!(text.contains("nothing of") && text.contains("was committed within"), "{text}");
    child.kill().expect("killed");
    drop(child.wait());
}
