//! Writers that are processes of their own, killed at any moment, beside a server that is killed too: each
//! append is there once and whole, however often it was sent.

use std::collections::BTreeMap;
use std::process::{Child, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::broker::xorshift;
use crate::event_corner::Corner;
use crate::redis_server::Server;
use crate::support::shown;

const WRITERS: usize = 64;

/// How many events, `BSS_TEST_EVENTS` or few enough for every run, and how many an append has.
fn wanted() -> (usize, usize) {
    let asked = std::env::var("BSS_TEST_EVENTS").ok().and_then(|n| n.parse().ok());
    asked.map_or((8_000, 20), |events: usize| (events, 500))
}

/// One append: `each` events of one aggregate, their ids made of its number.
fn append(
    corner: &Corner,
    writer: usize,
    number: usize,
    (each, aggregates): (usize, usize),
) -> Child {
    let file = format!("writer-{writer}.ndjson");
    let line =
        |i| format!("{{\"eventId\":\"{number}-{i}\",\"type\":\"Noted\",\"data\":{{\"n\":{i}}}}}\n");
    std::fs::write(corner.home().join(&file), (0..each).map(line).collect::<String>())
        .expect("written");
    let name = format!("order/{}", number % aggregates);
    let mut command = corner.command(&["events", "append", &name, "--file", &file, "--quiet"]);
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    command.spawn().expect("bss")
}

/// Sends one append again and again until it is answered; how often the writer was killed.
fn sent(corner: &Corner, writer: usize, number: usize, shape: (usize, usize)) -> usize {
    let mut random = xorshift(u64::try_from(number).expect("small") + 1);
    let mut killed = 0;
    loop {
        let mut child = append(corner, writer, number, shape);
        if killed < 3 && random(3) == 0 {
            // Any moment is as good as any other.
            std::thread::park_timeout(Duration::from_millis(random(60)));
            child.kill().expect("killed");
            killed += 1;
        }
        let output = child.wait_with_output().expect("an end");
        match output.status.code() {
            Some(0) => return killed,
            // Killed, or nobody knows: the server was killed meanwhile.
            None | Some(4) => {}
            _ => panic!("append {number}: {}", shown(&output)),
        }
    }
}

/// By id the revision of each event of the store; none is there twice.
fn revisions(corner: &Corner) -> BTreeMap<String, u64> {
    corner.ends(0, &["export", "all.ndjson", "--quiet"]);
    let text = std::fs::read_to_string(corner.home().join("all.ndjson")).expect("exported");
    let mut found = BTreeMap::new();
    for line in text.lines() {
        let event: serde_json::Value = serde_json::from_str(line).expect("JSON");
        let id = event["eventId"].as_str().expect("an id").to_owned();
        let revision = event["revision"].as_u64().expect("a revision");
        assert_eq!(found.insert(id.clone(), revision), None, "{id} is there twice");
    }
    found
}

fn each_append_is_there_once(aggregates: usize) {
    let (events, each) = wanted();
    let appends = events / each / 2;
    let server = Mutex::new(Server::start(&["--appendfsync", "always"]));
    let port = server.lock().expect("unbroken").port;
    let corner = Corner::at("processes", port).with("BSS_REDIS_CONNECT_TIMEOUT", "30s");
    let (next, killed) = (AtomicUsize::new(0), AtomicUsize::new(0));
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let (corner, server, next, killed) = (&corner, &server, &next, &killed);
            scope.spawn(move || {
                loop {
                    let number = next.fetch_add(1, Ordering::SeqCst);
                    if number >= appends {
                        return;
                    }
                    if number % (appends / 4) == appends / 8 {
                        let mut server = server.lock().expect("unbroken");
                        server.kill();
                        server.launch();
                    }
                    let kills = sent(corner, writer, number, (each, aggregates));
                    killed.fetch_add(kills, Ordering::SeqCst);
                }
            });
        }
    });
    assert!(killed.load(Ordering::SeqCst) > appends / 5, "{killed:?} writers were killed");
    let found = revisions(&corner);
    assert_eq!(found.len(), appends * each);
    for number in 0..appends {
        let first = found[&format!("{number}-0")];
        for (i, revision) in (0..each).zip(first..) {
            assert_eq!(found[&format!("{number}-{i}")], revision, "append {number} is in pieces");
        }
    }
    let told = corner.ends(0, &["verify"]);
    assert!(told.contains(&format!("{} events: whole", found.len())), "{told}");
}

#[test]
fn killed_processes_and_a_killed_server_lose_and_double_nothing_of_one_aggregate() {
    each_append_is_there_once(1);
}

#[test]
fn killed_processes_and_a_killed_server_lose_and_double_nothing_of_many() {
    each_append_is_there_once(64);
}
