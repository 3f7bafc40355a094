//! What an append promises, against a real server.

use std::process::Stdio;

use serde_json::Value;

use crate::event_corner::Corner;
use crate::support::shown;

fn expected(corner: &Corner, status: i32, aggregate: &str, expected: &str, id: &str) -> String {
    let given = ["append", aggregate, "--type", "Made", "--expected", expected, "--id", id];
    corner.ends(status, &given)
}

/// Revisions and ids of an aggregate's events.
fn stored(corner: &Corner, aggregate: &str) -> Vec<(u64, String)> {
    let json = corner.json(&["read", aggregate, "--limit", "10000"]);
    let of = |row: &Value| {
        let id = row["eventId"].as_str().expect("an id").to_owned();
        (row["revision"].as_u64().expect("a revision"), id)
    };
    json["rows"].as_array().expect("rows").iter().map(of).collect()
}

#[test]
fn each_expectation_holds_or_names_what_is_there() {
    let corner = Corner::new("expected");
    for (status, what, id, told) in [
        (5, "exists", "a", "expected exists, found that it has no events"),
        (5, "0", "a", "expected 0, found that it has no events"),
        (0, "no-stream", "a", "stored"),
        (5, "no-stream", "b", "expected no-stream, found that its last event has revision 0"),
        (5, "1", "b", "expected 1, found that its last event has revision 0"),
        (0, "0", "b", "stored"),
        (0, "exists", "c", "stored"),
        (0, "any", "d", "stored"),
        (5, "2", "e", "expected 2, found that its last event has revision 3"),
    ] {
        let text = expected(&corner, status, "order/1", what, id);
        assert!(text.contains(told) && text.contains("order/1"), "{what} {id}: {text}");
    }
    let ids = ["a", "b", "c", "d"].iter().zip(0..).map(|(id, n)| (n, (*id).to_owned()));
    assert_eq!(stored(&corner, "order/1"), ids.collect::<Vec<_>>());
    // Another aggregate has revisions of its own.
    expected(&corner, 0, "order/2", "no-stream", "a");
    corner.ends(0, &["verify"]);
}

/// User report R2.
#[test]
fn of_fifty_writers_that_expect_one_revision_one_wins() {
    let corner = Corner::new("fifty");
    corner.append_many("order/1", 8);
    let start = |n: usize| {
        let id = format!("w-{n}");
        let given = ["append", "order/1", "--type", "Won", "--expected", "7", "--id", &id];
        let mut command = corner.command(&[&["events"], &given[..]].concat());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.spawn().expect("bss")
    };
    let writers: Vec<_> = (0..50).map(start).collect();
    let ends: Vec<_> =
        writers.into_iter().map(|writer| writer.wait_with_output().expect("an end")).collect();
    let won: Vec<_> = ends.iter().filter(|end| end.status.code() == Some(0)).collect();
    assert_eq!(won.len(), 1, "{}", shown(&ends[0]));
    for lost in ends.iter().filter(|end| end.status.code() != Some(0)) {
        let text = shown(lost);
        assert_eq!(lost.status.code(), Some(5), "{text}");
        assert!(text.contains("expected 7, found that its last event has revision 8"), "{text}");
    }
    let stored = stored(&corner, "order/1");
    assert_eq!(stored.iter().map(|(n, _)| *n).collect::<Vec<_>>(), (0..9).collect::<Vec<_>>());
    corner.ends(0, &["verify"]);
}

/// User report R3.
#[test]
fn the_same_event_again_is_stored_once_and_another_of_its_id_is_refused() {
    let corner = Corner::new("again");
    corner.append_many("order/1", 3);
    let once = |status, expected: &str, data: &str| {
        let given = ["append", "order/1", "--type", "Made", "--id", "x", "--data", data];
        corner.ends(status, &[&given[..], &["--expected", expected]].concat())
    };
    assert!(once(0, "2", "{\"a\":1}").contains("stored"));
    for expected in ["2", "any", "3", "exists", "no-stream", "17"] {
        let text = once(0, expected, "{\"a\":1}");
        assert!(text.contains("known") && text.contains("0:4"), "{expected}: {text}");
        let text = once(5, expected, "{\"a\":2}");
        let told = "the id x is stored as revision 3 with another content";
        assert!(text.contains(told), "{expected}: {text}");
    }
    corner.append("order/1", "y", "{}");
    assert!(once(0, "2", "{\"a\":1}").contains("known"), "later ones change nothing");
    assert_eq!(stored(&corner, "order/1").len(), 5);
    // The same id in another aggregate is another event.
    corner.append("order/2", "x", "{}");
    corner.ends(0, &["verify"]);
}

#[test]
fn several_events_are_stored_together_or_not_at_all() {
    let corner = Corner::new("together");
    let line = |id: &str, n: u32| {
        format!("{{\"eventId\":\"{id}\",\"type\":\"T\",\"data\":{{\"n\":{n}}}}}\n")
    };
    let append = |status, lines: &[String], expected: &str| {
        let file = corner.file("events.ndjson", lines.concat().as_bytes());
        corner.ends(status, &["append", "order/1", "--file", &file, "--expected", expected])
    };
    let three = [line("a", 1), line("b", 2), line("c", 3)];
    assert!(append(0, &three, "no-stream").contains("stored"));
    for expected in ["no-stream", "any", "2"] {
        assert!(append(0, &three, expected).contains("known"), "{expected}");
    }
    let other = [line("a", 1), line("b", 9), line("c", 3)];
    assert!(append(5, &other, "any").contains("the id b is stored as revision 1"));
    for mixed in
        [[line("c", 3), line("d", 4)], [line("d", 4), line("c", 3)], [line("b", 2), line("a", 1)]]
    {
        let text = append(5, &mixed, "any");
        assert!(text.contains("not together as given here"), "{text}");
    }
    // Nothing of a refused append stays, not even in the index of ids.
    assert_eq!(stored(&corner, "order/1").len(), 3);
    corner.ends(0, &["verify"]);
    assert!(append(0, &[line("d", 4)], "2").contains("stored"));
    let twice = append(2, &[line("e", 4), line("e", 4)], "any");
    assert!(twice.contains("the id e is there twice"), "{twice}");
    let foreign =
        "{\"aggregateType\":\"order\",\"aggregateId\":\"2\",\"type\":\"T\",\"data\":{}}\n";
    let text = append(2, &[line("f", 1), foreign.to_owned()], "any");
    assert!(text.contains("one step on one aggregate"), "{text}");
    assert_eq!(stored(&corner, "order/1").len(), 4);
}

#[test]
fn an_append_takes_a_thousand_events_and_none_that_is_too_large() {
    let corner = Corner::new("limits").with("BSS_EVENTS_MAX_EVENT_BYTES", "4KiB");
    corner.append_many("order/1", 1000);
    let text: String = (0..1001).map(|_| "{\"type\":\"T\",\"data\":{}}\n").collect();
    let file = corner.file("more.ndjson", text.as_bytes());
    let text = corner.ends(2, &["append", "order/2", "--file", &file]);
    assert!(text.contains("1 to 1000 events, not 1001"), "{text}");
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(5000));
    let given = ["append", "order/2", "--type", "T", "--id", "big", "--data", &large];
    let text = corner.ends(1, &given);
    assert!(text.contains("the event big has") && text.contains("max_event_bytes"), "{text}");
    corner.ends(1, &["read", "order/2"]);
    corner.ends(0, &["verify"]);
}

#[test]
fn what_is_stored_is_told_digit_for_digit() {
    let corner = Corner::new("hostile");
    let data = [
        r#"{"n":123456789012345678901234567890.123456789012345678901234567890}"#.to_owned(),
        r#"{"n":-0.0,"m":1e400,"k":1.10,"i":9007199254740993}"#.to_owned(),
        r#"{"t":"\u0000\u001b[31m\r\n\u2028 \"\\ 𝔘ñîçødé 漢字 \ud83d\ude00"}"#.to_owned(),
        r#"{"a":{"a":[1,[2,[3,{}]]],"a":2},"":null}"#.to_owned(),
        format!("{{\"blob\":\"{}\"}}", "é".repeat(500_000)),
    ];
    let line = |d: &String| format!("{{\"type\":\"T\",\"data\":{d}}}\n");
    let file = corner.file("hostile.ndjson", data.iter().map(line).collect::<String>().as_bytes());
    corner.ends(0, &["append", "order/ü x/:{}*[y]", "--file", &file]);
    let told = corner.lines(&["replay", "-o", "ndjson"]);
    assert_eq!(told.len(), data.len());
    for (told, data) in told.iter().zip(&data) {
        assert!(told.ends_with(&format!("\"data\":{data}}}")), "{}", &told[..200.min(told.len())]);
    }
    // Not even a hostile event reaches a terminal raw.
    let output = corner.run(&["replay", "--limit", "3"]);
    assert!(!output.stdout.contains(&0x1b) && !output.stdout.contains(&0), "{}", shown(&output));
    corner.ends(0, &["verify"]);
    for bad in ["order/a\u{1b}b", "Order/1", "order", "order/"] {
        corner.ends(2, &["append", bad, "--type", "T"]);
    }
    for data in ["[]", "1", "{", "{\"a\":NaN}"] {
        corner.ends(2, &["append", "order/1", "--type", "T", "--data", data]);
    }
    corner.ends(2, &["append", "order/1", "--type", "T\u{7}"]);
    corner.ends(2, &["append", "order/1", "--type", "T", "--id", &"x".repeat(201)]);
}
