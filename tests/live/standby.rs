//! State of partitions that others have, followed on the own disk.

use std::process::{Child, Stdio};
use std::time::Duration;

use crate::bounded::Bounded;
use crate::broker::{Corner, payments};
use crate::disk::{customers, restored};
use crate::streams::{assert_same, stop};
use crate::support::{shown, wait_for};

const LIMIT: Duration = Duration::from_secs(60);

fn run(corner: &Corner, name: &str) -> Child {
    corner
        .bss(&["streams", "run", corner.job.name, "--standby", "--quiet"])
        .env("BSS_STREAMS_INSTANCE", name)
        .env("BSS_STREAMS_SESSION_TIMEOUT", "6s")
        .env("BSS_STREAMS_CHECKPOINT_INTERVAL", "50ms")
        .spawn()
        .expect("bss")
}

fn rows(corner: &Corner, what: &str) -> Vec<serde_json::Value> {
    let args = ["streams", what, corner.job.name, "-o", "json"];
    let output = corner.bss(&args).ended().expect("bss");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", shown(&output)));
    document["rows"].as_array().expect("rows").clone()
}

/// All is processed, and each of `names` follows what the others have, to its end.
fn settled(corner: &Corner, names: &[&str]) {
    wait_for("everything is processed and followed", LIMIT, || {
        let rows = rows(corner, "metrics");
        let follows = |name: &&str| {
            let own = rows.iter().find(|r| r["instance"] == **name)?;
            let (has, has_not) = (own["partitions"].as_array()?.len(), own["standby"].as_u64()?);
            let all = has as u64 + has_not == 4 && has_not > 0;
            (all && own["standbyBehind"] == 0 && own["state"] == "running").then_some(())
        };
        let done = corner.status()["lag"] == 0;
        (done && names.iter().all(|name| follows(name).is_some())).then_some(())
    });
}

/// A take-over from a killed process reads what the standby has from its own disk, and of the
/// changelogs only the last moments; a standby that was killed goes on where it was.
#[test]
fn a_take_over_reads_the_last_moments_only() {
    let input = payments(6000, 300, 41);
    let reference = Corner::new("standby_ref", 4);
    reference.feed(&input);
    assert!(reference.drain().status.success());
    let corner = Corner::new("standby", 4);
    let mut one = run(&corner, "one");
    let mut two = run(&corner, "two");
    corner.feed(&input[..3000]);
    settled(&corner, &["one", "two"]);
    let metadata = rows(&corner, "metadata");
    for own in &metadata {
        let list = |key: &str| own[key].as_array().expect("a list").clone();
        assert_eq!((list("partitions").len(), list("standby").len()), (2, 2), "{own}");
        assert!(list("partitions").iter().all(|p| !list("standby").contains(p)), "{own}");
    }
    two.kill().expect("killed");
    two.wait().expect("reaped");
    let two = run(&corner, "two");
    corner.feed(&input[3000..5000]);
    settled(&corner, &["one", "two"]);
    one.kill().expect("killed");
    one.wait().expect("reaped");
    corner.feed(&input[5000..]);
    wait_for("the other has it all", LIMIT, || (corner.status()["lag"] == 0).then_some(()));
    // Both have about half of the customers; a restore in full would read those of one. It writes
    // down every second what it has.
    let (_, changelog) = wait_for("enough comes from its disk", LIMIT, || {
        Some(restored(&corner, "two")).filter(|(disk, _)| *disk >= customers(&input) / 3)
    });
    assert!(changelog < customers(&input) / 10, "{changelog} records from the changelogs");
    let one = run(&corner, "one");
    settled(&corner, &["one", "two"]);
    stop(one);
    stop(two);
    assert!(corner.drain().status.success());
    assert_same(&corner.outcome(), &reference.outcome(), "taken over");
}

/// A process too many is told at its start that it stands by. It takes over from one that was killed,
/// and says how long the work stood still.
#[test]
fn a_process_too_many_stands_by_and_takes_over() {
    let corner = Corner::new("spare", 1);
    corner.feed(&payments(500, 20, 43));
    let start = |name: &str| {
        corner
            .bss(&["streams", "run", corner.job.name])
            .env("BSS_STREAMS_INSTANCE", name)
            .env("BSS_STREAMS_SESSION_TIMEOUT", "6s")
            .stderr(Stdio::piped())
            .spawn()
            .expect("bss")
    };
    let own = |name: &str| rows(&corner, "metrics").into_iter().find(|r| r["instance"] == name);
    let mut first = start("one");
    wait_for("it works", LIMIT, || (corner.status()["lag"] == 0).then_some(()));
    let mut second = start("two");
    wait_for("the second stands by", LIMIT, || {
        (own("two")?["state"] == "standing-by").then_some(())
    });
    assert_eq!(own("one").expect("its figures")["state"], "running");
    first.kill().expect("killed");
    first.wait().expect("reaped");
    corner.feed(&payments(500, 20, 44));
    wait_for("the second takes over", LIMIT, || {
        (corner.status()["lag"] == 0 && own("two")?["state"] == "running").then_some(())
    });
    let words = second.stderr.take().expect("its words");
    stop(second);
    let text = std::io::read_to_string(words).expect("text");
    assert!(text.contains("stands by: all 1 partitions have an owner"), "{text}");
    assert!(text.contains("running on 1 partitions, after a stop of "), "{text}");
}
