//! `bss events project customers`: the table is what the events add up to, whatever is killed.

use std::process::Output;

use crate::bounded::Bounded;
use crate::metrics_database::Database;
use crate::shelf::Shelf;
use crate::support::shown;

fn project(shelf: &Shelf, database: &Database, options: &[&str], fault: Option<&str>) -> Output {
    let mut command = database.bss();
    command.envs(shelf.names()).args(["events", "project", "customers"]).args(options);
    if let Some(fault) = fault {
        command.env("BSS_DEV_FAULT", fault);
    }
    command.ended().expect("bss")
}

#[track_caller]
fn projected(shelf: &Shelf, database: &Database, options: &[&str], status: i32) -> Output {
    let output = project(shelf, database, options, None);
    assert_eq!(output.status.code(), Some(status), "{options:?}: {}", shown(&output));
    output
}

/// Writes 500 events of five customers, as one of several writers.
fn write(shelf: &Shelf, writer: u64) {
    for customer in 0..5 {
        let line = |n: u64| {
            let (kind, data) = match n {
                0 => (
                    "CustomerCreated",
                    r#"{"name":"Ann","tier":"SILVER","region":"EU"}"#.to_owned(),
                ),
                n if n.is_multiple_of(7) => ("CustomerUpdated", format!(r#"{{"region":"R{n}"}}"#)),
                99 => ("CustomerClosed", "{}".to_owned()),
                n => ("CustomerTierChanged", format!(r#"{{"newTier":"T{n}"}}"#)),
            };
            format!("{{\"type\":\"{kind}\",\"data\":{data}}}\n")
        };
        let file = format!("writer-{writer}.ndjson");
        for start in [0, 25, 50, 75] {
            let lines: String = (start..start + 25).map(line).collect();
            std::fs::write(shelf.home().join(&file), lines).expect("written");
            let name = format!("customer/{writer}-{customer}");
            shelf.ended(0, &["events", "append", &name, "--file", &file]);
        }
    }
}

#[test]
fn twenty_kills_and_eight_writers_leave_no_event_out() {
    let (shelf, database) = (Shelf::new(2), Database::fresh());
    shelf.ended(0, &["events", "append", "order/1", "--type", "OrderPlaced"]);
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let shelf = &shelf;
            scope.spawn(move || write(shelf, writer));
        }
        for round in 0..20 {
            let fault = if round % 2 == 0 { "project-stored:1" } else { "project-read:1" };
            let output = project(&shelf, &database, &["--drain"], Some(fault));
            // Either killed, or there was nothing new.
            assert!(matches!(output.status.code(), None | Some(0)), "{}", shown(&output));
        }
    });
    projected(&shelf, &database, &["--drain"], 0);
    assert_eq!(database.count("SELECT count(*) FROM bss.customers"), 40);
    assert_eq!(database.count("SELECT sum(revision + 1)::bigint FROM bss.customers"), 4000);
    let closed = "SELECT count(*) FROM bss.customers WHERE status = 'CLOSED' AND tier = 'T97'";
    assert_eq!(database.count(closed), 40);
    projected(&shelf, &database, &["--compare"], 0);
    // Nothing new changes nothing, and the checkpoint holds archiving back.
    projected(&shelf, &database, &["--drain"], 0);
    let at = database.count("SELECT sum(position)::bigint FROM bss.projection");
    assert_eq!(at, 4001);
}

#[test]
fn a_wrong_row_is_found_and_a_rebuild_takes_its_place() {
    let (shelf, database) = (Shelf::new(1), Database::fresh());
    write(&shelf, 1);
    projected(&shelf, &database, &["--drain"], 0);
    database.count("WITH u AS (UPDATE bss.customers SET tier = 'X' WHERE id = '1-3' RETURNING 1) SELECT count(*) FROM u");
    let found = projected(&shelf, &database, &["--compare"], 6);
    assert!(shown(&found).contains("1-3"), "{}", shown(&found));
    projected(&shelf, &database, &["--swap"], 1);
    projected(&shelf, &database, &["--rebuild"], 0);
    projected(&shelf, &database, &["--compare"], 6);
    // The live one goes on meanwhile.
    write(&shelf, 2);
    projected(&shelf, &database, &["--drain"], 0);
    projected(&shelf, &database, &["--swap", "--yes"], 0);
    projected(&shelf, &database, &["--compare"], 0);
    assert_eq!(database.count("SELECT count(*) FROM bss.customers"), 10);
    // Archived events are read from the archive.
    shelf.ended(0, &["events", "archive", "--keep", "10", "--dir", "old"]);
    projected(&shelf, &database, &["--compare"], 1);
    let dir = shelf.home().join("old");
    let dir = dir.to_str().expect("a path");
    projected(&shelf, &database, &["--compare", "--archive", dir], 0);
    projected(&shelf, &database, &["--drain"], 0);
}

#[test]
fn a_store_that_lost_its_end_is_told_from_the_one_before() {
    let (shelf, database) = (Shelf::new(1), Database::fresh());
    write(&shelf, 1);
    projected(&shelf, &database, &["--drain"], 0);
    let log = shelf.key(0, "log");
    let mut redis = shelf.redis();
    let last: Vec<(String, Vec<String>)> = redis::cmd("XREVRANGE")
        .arg(&log)
        .arg("+")
        .arg("-")
        .arg("COUNT")
        .arg(3)
        .query(&mut redis)
        .expect("read");
    let ids: Vec<&String> = last.iter().map(|(id, _)| id).collect();
    let _deleted: u64 = redis::cmd("XDEL").arg(&log).arg(&ids).query(&mut redis).expect("deleted");
    let lost = projected(&shelf, &database, &["--drain"], 6);
    assert!(shown(&lost).contains("events 498 to 500"), "{}", shown(&lost));
    // If the store is right as it is, the table is made anew from it.
    projected(&shelf, &database, &["--rebuild"], 0);
    projected(&shelf, &database, &["--swap", "--yes"], 0);
    projected(&shelf, &database, &["--drain"], 0);
    projected(&shelf, &database, &["--compare"], 0);
}

/// The view of one shard: its rows by id.
fn view(shelf: &Shelf, shard: u16) -> std::collections::BTreeMap<String, serde_json::Value> {
    let rows: std::collections::BTreeMap<String, String> = redis::cmd("HGETALL")
        .arg(shelf.key(shard, "view:customers:live"))
        .query(&mut shelf.redis())
        .expect("the view");
    let read = |(id, row): (String, String)| (id, serde_json::from_str(&row).expect("JSON"));
    rows.into_iter().map(read).collect()
}

fn into_redis(shelf: &Shelf, options: &[&str]) -> std::process::Command {
    shelf.bss(&[&["events", "project", "customers", "--into", "redis"], options].concat())
}

#[track_caller]
fn viewed(shelf: &Shelf, options: &[&str], status: i32) -> Output {
    let output = into_redis(shelf, options).ended().expect("bss");
    assert_eq!(output.status.code(), Some(status), "{options:?}: {}", shown(&output));
    output
}

#[test]
fn a_view_in_redis_is_what_the_events_add_up_to_whatever_is_killed() {
    let shelf = Shelf::new(2);
    std::thread::scope(|scope| {
        for writer in 0..8 {
            let shelf = &shelf;
            scope.spawn(move || write(shelf, writer));
        }
        // Two at once, killed in turn.
        for _ in 0..2 {
            let shelf = &shelf;
            scope.spawn(move || {
                for round in 0..10 {
                    let fault = if round % 2 == 0 { "project-stored:1" } else { "project-read:1" };
                    let mut command = into_redis(shelf, &["--drain"]);
                    let output = command.env("BSS_DEV_FAULT", fault).ended().expect("bss");
                    assert!(matches!(output.status.code(), None | Some(0)), "{}", shown(&output));
                }
            });
        }
    });
    viewed(&shelf, &["--drain"], 0);
    viewed(&shelf, &["--compare"], 0);
    let rows: Vec<_> = [0, 1].into_iter().flat_map(|shard| view(&shelf, shard)).collect();
    assert_eq!(rows.len(), 40);
    for (id, row) in &rows {
        assert_eq!((&row["id"], &row["revision"]), (&id.as_str().into(), &99.into()));
        assert_eq!((&row["tier"], &row["status"]), (&"T97".into(), &"CLOSED".into()));
    }
    // Nothing is trimmed that is not in the view.
    let readers: std::collections::BTreeMap<String, String> = redis::cmd("HGETALL")
        .arg(shelf.key(0, "readers"))
        .query(&mut shelf.redis())
        .expect("the readers");
    assert!(readers.contains_key("projection:customers-redis"), "{readers:?}");
}

#[test]
fn a_view_in_redis_is_built_anew_beside_the_live_one() {
    let shelf = Shelf::new(2);
    viewed(&shelf, &["--swap", "--yes"], 1);
    write(&shelf, 1);
    viewed(&shelf, &["--drain"], 0);
    let shard = u16::from(!view(&shelf, 1).is_empty());
    let (id, mut row) = view(&shelf, shard).pop_first().expect("a row");
    row["tier"] = "X".into();
    let key = shelf.key(shard, "view:customers:live");
    let _set: u64 = redis::cmd("HSET")
        .arg(&key)
        .arg(&id)
        .arg(row.to_string())
        .query(&mut shelf.redis())
        .expect("set");
    let found = viewed(&shelf, &["--compare"], 6);
    assert!(shown(&found).contains(&id), "{}", shown(&found));
    viewed(&shelf, &["--rebuild"], 0);
    viewed(&shelf, &["--compare"], 6);
    // The live one goes on meanwhile.
    write(&shelf, 2);
    viewed(&shelf, &["--drain"], 0);
    viewed(&shelf, &["--swap"], 2);
    viewed(&shelf, &["--swap", "--yes"], 0);
    viewed(&shelf, &["--compare"], 0);
    assert_eq!(view(&shelf, 0).len() + view(&shelf, 1).len(), 10);
    // A row that nobody can read is told, not guessed.
    let _set: u64 =
        redis::cmd("HSET").arg(&key).arg(&id).arg("{}").query(&mut shelf.redis()).expect("set");
    let told = viewed(&shelf, &["--compare"], 1);
    assert!(shown(&told).contains("--into redis --rebuild"), "{}", shown(&told));
}
