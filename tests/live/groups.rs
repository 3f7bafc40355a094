//! `bss events groups`, `pending` and `parked`: each event reaches its handler, whatever is lost.

use std::collections::BTreeSet;

use crate::bounded::Bounded;
use crate::shelf::Shelf;
use crate::support::{shown, wait_for};

const TO_FILE: &str = "cat >> out";

fn run<'a>(group: &'a str, options: &[&'a str], handler: &'a str) -> Vec<&'a str> {
    let start = ["events", "groups", "run", group, "--drain", "--backoff", "10ms"];
    let end = ["--", "sh", "-c", handler];
    start.into_iter().chain(options.iter().copied()).chain(end).collect()
}

fn sorted(mut numbers: Vec<u64>) -> Vec<u64> {
    numbers.sort_unstable();
    numbers
}

#[test]
fn every_event_is_handed_over_once_and_a_restart_goes_on() {
    let shelf = Shelf::new(2);
    shelf.fill(1, 12);
    shelf.ended(0, &run("mail", &["--consumer", "a"], TO_FILE));
    assert_eq!(sorted(shelf.numbers("out")), (1..=12).collect::<Vec<_>>());
    shelf.fill(13, 20);
    shelf.ended(0, &run("mail", &["--consumer", "a", "--batch", "5"], TO_FILE));
    assert_eq!(sorted(shelf.numbers("out")), (1..=20).collect::<Vec<_>>());
    // One consumer however often it starts, nothing left.
    shelf.ended(0, &run("mail", &["--consumer", "a"], TO_FILE));
    let group = &shelf.json(&["events", "groups", "list"])["rows"][0];
    assert_eq!((&group["group"], &group["lag"]), (&"mail".into(), &0.into()), "{group}");
    assert_eq!((&group["pending"], &group["consumers"]), (&0.into(), &1.into()), "{group}");
    // A choice of events, and a start.
    let even = "cat >> even";
    shelf.ended(0, &run("even", &["--type", "Even"], even));
    assert_eq!(sorted(shelf.numbers("even")), (1..=10).map(|n| 2 * n).collect::<Vec<_>>());
    assert_eq!(shelf.json(&["events", "groups", "status", "even"])["meta"]["lag"], 0);
    shelf.ended(0, &run("late", &["--from", "end"], "cat >> late"));
    assert_eq!(shelf.numbers("late"), Vec::<u64>::new());
    shelf.fill(21, 22);
    shelf.ended(0, &run("late", &[], "cat >> late"));
    assert_eq!(sorted(shelf.numbers("late")), [21, 22]);
    let refused = shelf.ended(2, &run("late", &["--from", "start"], TO_FILE));
    assert!(shown(&refused).contains("--from"), "{}", shown(&refused));
}

#[test]
fn a_group_that_the_server_lost_goes_on_at_its_checkpoint() {
    let shelf = Shelf::new(1);
    shelf.fill(1, 10);
    shelf.ended(0, &run("mail", &[], TO_FILE));
    let log = shelf.key(0, "log");
    let mut redis = shelf.redis();
    let mut destroy = redis::cmd("XGROUP");
    let _gone: u64 =
        destroy.arg("DESTROY").arg(&log).arg("mail").query(&mut redis).expect("destroyed");
    shelf.fill(11, 15);
    let list = shelf.json(&["events", "groups", "list"]);
    assert_eq!((&list["rows"][0]["state"], &list["rows"][0]["lag"]), (&"lost".into(), &5.into()));
    let again = shelf.ended(0, &run("mail", &[], TO_FILE));
    assert!(shown(&again).contains("had lost the group mail"), "{}", shown(&again));
    assert_eq!(sorted(shelf.numbers("out")), (1..=15).collect::<Vec<_>>());
    // Made again at the end by somebody else, with the backlog passed over.
    shelf.fill(16, 18);
    let mut set = redis::cmd("XGROUP");
    let _set: String =
        set.arg("SETID").arg(&log).arg("mail").arg("$").query(&mut redis).expect("set");
    let again = shelf.ended(0, &run("mail", &[], TO_FILE));
    assert!(shown(&again).contains("had moved the group mail"), "{}", shown(&again));
    assert_eq!(sorted(shelf.numbers("out")), (1..=18).collect::<Vec<_>>());
}

#[test]
fn a_run_that_is_killed_ten_times_leaves_nothing_out() {
    let shelf = Shelf::new(1);
    shelf.fill(1, 30);
    // The handler of every third event kills the run before it can tell that it is done.
    let killing = r#"read -r line; echo "$line" >> out; n=$(expr "$line" : '.*"n":\([0-9]*\)}'); [ $((n % 3)) = 0 ] && [ ! -f killed-$n ] && { touch killed-$n; kill -9 $PPID; }; exit 0"#;
    let mut kills = 0;
    loop {
        let output = shelf.bss(&run("mail", &[], killing)).ended().expect("bss");
        match output.status.code() {
            None => kills += 1,
            Some(code) => {
                assert_eq!(code, 0, "{}", shown(&output));
                break;
            }
        }
    }
    assert_eq!(kills, 10);
    let all = shelf.numbers("out");
    assert_eq!(all.iter().copied().collect::<BTreeSet<_>>(), (1..=30).collect(), "{all:?}");
    assert_eq!(all.len(), 40, "only the killed ones came twice: {all:?}");
    let status = shelf.json(&["events", "groups", "status", "mail"]);
    assert_eq!((&status["meta"]["pending"], &status["meta"]["lag"]), (&0.into(), &0.into()));
}

#[test]
fn consumers_that_have_ended_do_not_make_the_list_long() {
    let shelf = Shelf::new(1);
    shelf.fill(1, 1);
    for n in 0..20 {
        shelf.ended(0, &run("mail", &["--consumer", &format!("pod-{n}")], TO_FILE));
    }
    let rows = || {
        let status = shelf.json(&["events", "groups", "status", "mail"]);
        status["rows"].as_array().expect("rows").clone()
    };
    let idle = |row: &serde_json::Value| row["idleSeconds"].as_f64().expect("a number") > 5.0;
    let limit = std::time::Duration::from_secs(30);
    wait_for("all have asked for nothing for a while", limit, || {
        rows().iter().all(idle).then_some(())
    });
    shelf.ended(0, &run("mail", &["--consumer", "pod-new"], TO_FILE));
    assert_eq!(rows().len(), 1);
    assert_eq!(shelf.numbers("out"), [1]);
}

#[test]
fn what_fails_again_and_again_is_parked_and_can_be_tried_again() {
    let shelf = Shelf::new(1);
    shelf.fill(1, 8);
    let picky = r#"read -r line; case "$line" in *'"n":5}'*) echo "no fives" >&2; exit 3;; esac; echo "$line" >> out"#;
    let output = shelf.ended(7, &run("mail", &["--retries", "2"], picky));
    assert!(shown(&output).contains("no fives"), "{}", shown(&output));
    assert_eq!(sorted(shelf.numbers("out")), [1, 2, 3, 4, 6, 7, 8]);
    let parked = shelf.json(&["events", "parked", "list", "mail"]);
    let row = &parked["rows"][0];
    assert_eq!((&row["eventId"], &row["tries"]), (&"e-5".into(), &3.into()), "{parked}");
    assert_eq!(row["reason"], "exit 3: no fives");
    assert_eq!(shelf.json(&["events", "groups", "status", "mail"])["meta"]["lag"], 0);
    // Here and now: it fails and stays, then it is done.
    let replay = ["events", "parked", "replay", "mail", "--", "sh", "-c"];
    let with = |handler: &'static str| [&replay[..], &[handler]].concat();
    shelf.ended(7, &with("exit 1"));
    assert_eq!(shelf.json(&["events", "parked", "list", "mail"])["rows"][0]["tries"], 4);
    shelf.ended(1, &["events", "parked", "replay", "mail", "0:1"]);
    shelf.ended(0, &with(TO_FILE));
    assert_eq!(sorted(shelf.numbers("out")), (1..=8).collect::<Vec<_>>());
    assert_eq!(shelf.json(&["events", "parked", "list", "mail"])["meta"]["parked"], 0);
    // Of a batch only the bad one is parked, and the run of the group tries it again when asked.
    let picky = r#"cat > batch; grep -q '"n":5}' batch && exit 1; cat batch >> all"#;
    shelf.ended(7, &run("batch", &["--retries", "0", "--batch", "4"], picky));
    assert_eq!(sorted(shelf.numbers("all")), [1, 2, 3, 4, 6, 7, 8]);
    let parked = shelf.json(&["events", "parked", "list", "batch"]);
    let position = parked["rows"][0]["position"].as_str().expect("a position").to_owned();
    shelf.ended(0, &["events", "parked", "replay", "batch", &position]);
    shelf.ended(0, &run("batch", &[], "cat >> all"));
    assert_eq!(sorted(shelf.numbers("all")), (1..=8).collect::<Vec<_>>());
    assert_eq!(shelf.json(&["events", "parked", "list", "batch"])["meta"]["parked"], 0);
    // A handler that is not there is no fault of the events.
    shelf.ended(1, &["events", "groups", "run", "none", "--drain", "--", "/no/such/program"]);
    assert_eq!(shelf.json(&["events", "groups", "status", "none"])["meta"]["parked"], 0);
}

/// Events that a consumer was given and has not done.
fn given(shelf: &Shelf, group: &str, consumer: &str, count: usize) -> Vec<String> {
    let mut read = redis::cmd("XREADGROUP");
    read.arg("GROUP").arg(group).arg(consumer).arg("COUNT").arg(count);
    read.arg("STREAMS").arg(shelf.key(0, "log")).arg(">");
    let reply: Vec<(String, Vec<(String, Vec<String>)>)> =
        read.query(&mut shelf.redis()).expect("read");
    reply.into_iter().flat_map(|(_, entries)| entries).map(|(id, _)| id).collect()
}

#[test]
fn trimmed_pending_events_are_told_and_the_others_go_on() {
    let shelf = Shelf::new(1);
    shelf.ended(0, &["events", "append", "thing/0", "--type", "Even", "--data", "{\"n\":0}"]);
    shelf.ended(0, &run("mail", &["--consumer", "live"], TO_FILE));
    shelf.fill(1, 5);
    let ids = given(&shelf, "mail", "dead", 5);
    let mut delete = redis::cmd("XDEL");
    let _deleted: u64 =
        delete.arg(shelf.key(0, "log")).arg(&ids[..3]).query(&mut shelf.redis()).expect("deleted");
    let status = shelf.json(&["events", "groups", "status", "mail"]);
    assert_eq!(status["meta"]["pending"], 5, "{status}");
    assert_eq!(status["meta"]["trimmedPending"], serde_json::json!(["0:2", "0:3", "0:4"]));
    let pending = shelf.json(&["events", "pending", "list", "mail"]);
    let trimmed = |row: &&serde_json::Value| row["state"] == "trimmed";
    assert_eq!(pending["rows"].as_array().expect("rows").iter().filter(trimmed).count(), 3);
    shelf.ended(0, &["events", "pending", "claim", "mail", "--idle", "1h", "--to", "live"]);
    let claim =
        ["events", "pending", "claim", "mail", "--idle", "0s", "--to", "live", "-o", "json"];
    let claimed = shelf.ended(7, &claim);
    let report: serde_json::Value = serde_json::from_slice(&claimed.stdout).expect("JSON");
    assert_eq!((&report["meta"]["claimed"], &report["meta"]["lost"]), (&2.into(), &3.into()));
    assert!(shown(&claimed).contains("0:2, 0:3, 0:4"), "{}", shown(&claimed));
    shelf.ended(0, &run("mail", &["--consumer", "live"], TO_FILE));
    let status = shelf.json(&["events", "groups", "status", "mail"]);
    assert_eq!((&status["meta"]["pending"], &status["meta"]["lag"]), (&0.into(), &0.into()));
    assert_eq!(shelf.numbers("out").len(), 3);
}

#[test]
fn a_consumer_that_is_retired_leaves_its_work_to_another() {
    let shelf = Shelf::new(1);
    shelf.ended(0, &["events", "append", "thing/0", "--type", "Even", "--data", "{\"n\":0}"]);
    shelf.ended(0, &run("mail", &["--consumer", "live"], TO_FILE));
    shelf.fill(1, 3);
    assert_eq!(given(&shelf, "mail", "dead", 3).len(), 3);
    let retired = shelf.json(&["events", "groups", "retire", "mail", "dead"]);
    let row = &retired["rows"][0];
    assert_eq!((&row["moved"], &row["movedTo"]), (&3.into(), &"live".into()), "{retired}");
    let status = shelf.json(&["events", "groups", "status", "mail"]);
    assert_eq!(status["rows"].as_array().expect("rows").len(), 1, "{status}");
    assert_eq!(status["rows"][0]["pending"], 3, "{status}");
    // The last one keeps its work, unless somebody is named.
    let refused = shelf.ended(5, &["events", "groups", "retire", "mail", "live"]);
    assert!(shown(&refused).contains("--to"), "{}", shown(&refused));
    shelf.ended(1, &["events", "groups", "retire", "mail", "nobody"]);
    shelf.ended(0, &["events", "groups", "retire", "mail", "live", "--to", "next"]);
    shelf.ended(0, &run("mail", &["--consumer", "next"], TO_FILE));
    assert_eq!(sorted(shelf.numbers("out")), [0, 1, 2, 3]);
    assert_eq!(shelf.json(&["events", "groups", "status", "mail"])["meta"]["pending"], 0);
    shelf.ended(1, &["events", "groups", "status", "other"]);
}

#[test]
fn a_group_that_is_removed_keeps_nothing_back_and_begins_anew() {
    let shelf = Shelf::new(2);
    shelf.fill(1, 8);
    let fails_on_even = "if grep -q Even; then exit 1; fi";
    shelf.ended(7, &run("mail", &["--consumer", "a", "--retries", "0"], fails_on_even));
    let remove: &[&str] = &["events", "groups", "remove", "mail"];
    let refused = shelf.ended(5, &[remove, &["--yes"]].concat());
    assert!(shown(&refused).contains("a runs it"), "{}", shown(&refused));
    shelf.ended(0, &["events", "groups", "retire", "mail", "a"]);
    // Nobody is asked here, so that it takes a word.
    let refused = shelf.ended(2, remove);
    assert!(shown(&refused).contains("without a confirmation"), "{}", shown(&refused));
    assert_eq!(shelf.json(&["events", "groups", "list"])["rows"][0]["group"], "mail");
    let removed = shelf.json(&[remove, &["--yes"]].concat());
    let rows = removed["rows"].as_array().expect("rows");
    let parked: u64 = rows.iter().filter_map(|row| row["parked"].as_u64()).sum();
    assert_eq!((rows.len(), parked), (2, 4), "{removed}");
    assert_eq!(shelf.json(&["events", "groups", "list"])["rows"], serde_json::json!([]));
    shelf.ended(1, &[remove, &["--yes"]].concat());
    // Of two shards no key is left, and the next of its name has everything before it.
    for shard in 0..2 {
        for part in ["parked:mail", "again:mail"] {
            let there: bool = redis::cmd("EXISTS")
                .arg(shelf.key(shard, part))
                .query(&mut shelf.redis())
                .expect("told");
            assert!(!there, "{part} of shard {shard}");
        }
    }
    shelf.ended(0, &run("mail", &["--consumer", "a"], TO_FILE));
    assert_eq!(sorted(shelf.numbers("out")), (1..=8).collect::<Vec<_>>());
}

#[test]
fn two_consumers_share_the_work_and_a_stop_is_graceful() {
    let shelf = Shelf::new(1);
    shelf.fill(1, 1);
    let start = |consumer: &str| {
        let mut command = shelf.bss(&["events", "groups", "run", "mail", "--consumer", consumer]);
        command.args(["--", "sh", "-c", TO_FILE]);
        command.stdin(std::process::Stdio::null()).spawn().expect("bss")
    };
    let mut both = [start("a"), start("b")];
    shelf.fill(2, 60);
    let all = || {
        let done = shelf.numbers("out").into_iter().collect::<BTreeSet<_>>();
        (done.len() == 60).then_some(())
    };
    wait_for("every event is done", std::time::Duration::from_secs(60), all);
    for child in &both {
        let pid = rustix::process::Pid::from_child(child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("told");
    }
    for child in &mut both {
        assert!(crate::bounded::end_of(child).success());
    }
    let status = shelf.json(&["events", "groups", "status", "mail"]);
    assert_eq!((&status["meta"]["pending"], &status["meta"]["lag"]), (&0.into(), &0.into()));
    assert_eq!(shelf.numbers("out").len(), 60, "none twice while nothing fails");
}
