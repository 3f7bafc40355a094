//! Export, import and the proof that a store is whole, against a real server.

use std::fs;

use serde_json::Value;

use crate::event_corner::Corner;

fn filled(what: &str, shards: &str) -> Corner {
    let corner = Corner::new(what).with("BSS_EVENTS_SHARDS", shards);
    for n in 0..5 {
        corner.append_many(&format!("order/{n}"), 300);
    }
    let full = ["--time", "2026-01-02T03:04:05.678Z", "--correlation", "k", "--causation", "c"];
    let more = ["--actor", "ü", "--type-version", "3", "--metadata", "{\"m\":1.10}"];
    let event =
        ["append", "customer/1", "--type", "Made", "--data", "{\"a\":12345678901234567890}"];
    corner.ends(0, &[&event[..], &full, &more].concat());
    corner
}

fn exported(corner: &Corner, name: &str) -> (String, String) {
    let file = corner.home().join(name).display().to_string();
    corner.ends(0, &["export", &file]);
    let text = fs::read_to_string(&file).expect("an export");
    (file, text)
}

#[test]
fn an_export_makes_the_same_store_elsewhere() {
    for shards in ["1", "3"] {
        let corner = filled("export", shards);
        let (file, text) = exported(&corner, "events.ndjson");
        assert_eq!(text.lines().count(), 1501);
        let copy = Corner::new("copy").with("BSS_EVENTS_SHARDS", shards);
        let report = copy.json(&["import", &file]);
        assert_eq!(report["rows"][0]["stored"], 1501);
        assert!(copy.ends(0, &["verify"]).contains("1501 events: whole"));
        assert_eq!(exported(&copy, "events.ndjson").1, text, "byte for byte");
        // Once more, and gzipped: all of it is there.
        let packed = corner.home().join("events.ndjson.gz").display().to_string();
        corner.ends(0, &["export", &packed]);
        let report = copy.json(&["import", &packed]);
        assert_eq!(
            (&report["rows"][0]["stored"], &report["rows"][0]["alreadyThere"]),
            (&0.into(), &1501.into())
        );
        // The copy goes on as the store would.
        copy.append("order/1", "new", "{}");
        assert!(copy.ends(0, &["verify"]).contains("1502 events: whole"));
        corner.ends(1, &["export", &file]);
        corner.ends(0, &["export", &file, "--force", "--category", "customer"]);
        assert_eq!(fs::read_to_string(&file).expect("an export").lines().count(), 1);
    }
}

#[test]
fn an_import_that_was_stopped_goes_on_where_it_stopped() {
    let corner = filled("stopped", "1");
    let (file, text) = exported(&corner, "events.ndjson");
    let copy = Corner::new("resumed");
    // Cut in the middle of a line, as a broken pipe leaves it.
    let cut = copy.file("cut.ndjson", &text.as_bytes()[..text.len() * 2 / 3]);
    let told = copy.ends(1, &["import", &cut]);
    assert!(told.contains("could not import line"), "{told}");
    copy.ends(0, &["verify"]);
    let report = copy.json(&["import", &file]);
    let row = &report["rows"][0];
    let number = |name: &str| row[name].as_u64().expect("a number");
    assert_eq!(number("stored") + number("alreadyThere"), 1501);
    assert!(number("alreadyThere") >= 500, "{row}");
    assert_eq!(exported(&copy, "events.ndjson").1, text);
}

#[test]
fn an_altered_event_is_refused_by_its_link() {
    let corner = filled("altered", "1");
    let (_, text) = exported(&corner, "events.ndjson");
    let lines: Vec<&str> = text.lines().collect();
    let import = |lines: &[String]| {
        let copy = Corner::new("refused");
        let file = copy.file("events.ndjson", (lines.join("\n") + "\n").as_bytes());
        (copy.ends(5, &["import", &file]), copy)
    };
    let with = |n: usize, change: &dyn Fn(&str) -> String| -> Vec<String> {
        let one =
            |(i, line): (usize, &&str)| if i == n { change(line) } else { (*line).to_owned() };
        lines.iter().enumerate().map(one).collect()
    };
    for (name, change) in [
        ("data", &(|l: &str| l.replace("{\"n\":100}", "{\"n\":101}")) as &dyn Fn(&str) -> String),
        ("time", &|l: &str| l.replace("\"type\":\"Made\"", "\"type\":\"Made2\"")),
        ("link", &|l: &str| {
            let at = l.find("\"link\":\"").expect("a link") + 8;
            let digit = if &l[at..=at] == "0" { "1" } else { "0" };
            format!("{}{digit}{}", &l[..at], &l[at + 1..])
        }),
    ] {
        let (told, copy) = import(&with(100, change));
        assert!(told.contains("could not put back the event at 0:101"), "{name}: {told}");
        assert!(told.contains("its link does not follow"), "{name}: {told}");
        copy.ends(0, &["verify"]);
    }
    let mut lost: Vec<String> = lines.iter().map(|l| (*l).to_owned()).collect();
    lost.remove(100);
    let (told, _copy) = import(&lost);
    assert!(told.contains("at 0:102") && told.contains("ends at position 100"), "{told}");
    // A store that went another way since.
    let other = Corner::new("other");
    other.append("order/9", "z", "{}");
    let file = other.file("events.ndjson", text.as_bytes());
    let told = other.ends(5, &["import", &file]);
    assert!(
        told.contains("another event at this position") && told.contains("--renumber"),
        "{told}"
    );
    let fewer = Corner::new("fewer").with("BSS_EVENTS_SHARDS", "3");
    let told = fewer.ends(5, &["import", &fewer.file("e.ndjson", text.as_bytes())]);
    assert!(told.contains("--renumber"), "{told}");
}

#[test]
fn renumbered_events_join_others_in_another_count_of_shards() {
    let corner = filled("renumbered", "1");
    let (file, text) = exported(&corner, "events.ndjson");
    let other = Corner::new("joined").with("BSS_EVENTS_SHARDS", "3");
    other.append("order/1", "own", "{}");
    let report = other.json(&["import", &file, "--renumber"]);
    assert_eq!(report["rows"][0]["stored"], 1501);
    let again = other.json(&["import", &file, "--renumber"]);
    assert_eq!(again["rows"][0]["alreadyThere"], 1501);
    assert!(other.ends(0, &["verify"]).contains("1502 events: whole"));
    let events = |text: &str| -> Vec<(String, String, String)> {
        let of = |line: &str| {
            let event: Value = serde_json::from_str(line).expect("JSON");
            let time = event.get("eventTime").unwrap_or(&event["recordedAt"]).to_string();
            (event["eventId"].to_string(), event["data"].to_string(), time)
        };
        let mut all: Vec<_> = text.lines().map(of).collect();
        all.sort();
        all
    };
    let mut after = events(&exported(&other, "events.ndjson").1);
    after.retain(|(id, _, _)| id != "\"own\"");
    assert_eq!(after, events(&text), "ids, data and the times at which they happened");
    // A line that is none is set aside, the rest is taken.
    let bad = other.file("bad.ndjson", format!("{{}}\n{text}").as_bytes());
    let told = other.ends(7, &["import", &bad, "--renumber"]);
    assert!(told.contains("line 1 of"), "{told}");
    // An id that is taken by another content is too.
    let clash = text.replace("{\"n\":7}", "{\"n\":8}");
    let told = other.ends(7, &["import", &other.file("c.ndjson", clash.as_bytes()), "--renumber"]);
    assert!(told.contains("with another content"), "{told}");
    other.ends(0, &["verify"]);
}

/// The kinds of finding that a verification tells.
fn findings(corner: &Corner) -> Vec<(String, String)> {
    let json = corner.json_of(6, &["verify"]);
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let of =
        |row: &Value| (text(&row["finding"]), text(&row["position"]) + &text(&row["aggregate"]));
    json["rows"].as_array().expect("rows").iter().map(of).collect()
}

fn has(found: &[(String, String)], kind: &str, place: &str) {
    assert!(found.iter().any(|(k, p)| k == kind && p.contains(place)), "{kind} {place}: {found:?}");
}

/// Changes a store of its own and tells what `verify` finds.
fn tampered(change: impl FnOnce(&Corner, &mut redis::Connection)) -> Vec<(String, String)> {
    let corner = Corner::new("tampered");
    corner.append_many("order/1", 5);
    corner.append_many("order/2", 5);
    corner.ends(0, &["verify"]);
    change(&corner, &mut corner.connection());
    findings(&corner)
}

type Entry = (String, Vec<Vec<u8>>);

/// The entry at a position.
fn entry(corner: &Corner, connection: &mut redis::Connection, n: u64) -> Entry {
    let log = corner.key(0, "log");
    let found: Vec<Entry> =
        redis::cmd("XRANGE").arg(log).arg(n).arg(n).query(connection).expect("an entry");
    found[0].clone()
}

#[test]
fn every_kind_of_tampering_is_found() {
    let tell = |connection: &mut redis::Connection, command: &mut redis::Cmd| {
        command.exec(connection).expect("done");
    };
    let lost = tampered(|corner, c| {
        let (id, _) = entry(corner, c, 3);
        tell(c, redis::cmd("XDEL").arg(corner.key(0, "log")).arg(id));
    });
    has(&lost, "gap", "0:4");
    let tail = tampered(|corner, c| {
        let (id, _) = entry(corner, c, 10);
        tell(c, redis::cmd("XDEL").arg(corner.key(0, "log")).arg(id));
    });
    has(&tail, "gap", "0:10");
    let first = tampered(|corner, c| {
        let (id, _) = entry(corner, c, 1);
        tell(c, redis::cmd("XDEL").arg(corner.key(0, "log")).arg(id));
    });
    has(&first, "gap", "0:2");
    let index = tampered(|corner, c| {
        tell(c, redis::cmd("DEL").arg(corner.key(0, "a:order/2")));
    });
    has(&index, "index", "order/2");
    let swapped = tampered(|corner, c| {
        tell(c, redis::cmd("LSET").arg(corner.key(0, "a:order/2")).arg(1).arg("3"));
    });
    has(&swapped, "index", "order/2");
    let invented = tampered(|corner, c| {
        tell(c, redis::cmd("RPUSH").arg(corner.key(0, "a:order/3")).arg("3"));
    });
    has(&invented, "index", "order/3");
    let id = tampered(|corner, c| {
        let mut keys = redis::cmd("KEYS");
        let buckets: Vec<String> = keys.arg(corner.key(0, "i:*")).query(c).expect("keys");
        tell(c, redis::cmd("DEL").arg(&buckets[0]));
    });
    has(&id, "id", "0:");
    let all = tampered(|corner, c| tell(c, redis::cmd("DEL").arg(corner.key(0, "log"))));
    has(&all, "gap", "0:1");
}

#[test]
fn a_rewritten_entry_is_found() {
    let found = tampered(|corner, c| {
        let log = corner.key(0, "log");
        let entries: Vec<Entry> =
            redis::cmd("XRANGE").arg(&log).arg("-").arg("+").query(c).expect("entries");
        redis::cmd("DEL").arg(&log).exec(c).expect("done");
        for (id, mut fields) in entries {
            if id.starts_with("4-") {
                let text = String::from_utf8(fields[3].clone()).expect("UTF-8");
                fields[3] = text.replace("\"n\":3", "\"n\":4").into_bytes();
            }
            redis::cmd("XADD").arg(&log).arg(id).arg(fields).exec(c).expect("done");
        }
    });
    has(&found, "link", "0:4");
    has(&found, "id", "0:4");
    assert_eq!(found.len(), 2, "one fault is told once: {found:?}");
}
