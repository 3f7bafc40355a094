//! Headers into letters, letters and markers into states, choices, order, and what is shown.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use crate::domain::{EventTime, Reason};
use crate::streams::letters::advice::advice;
use crate::streams::letters::choice::Choice;
use crate::streams::letters::content::{Form, shown};
use crate::streams::letters::requeue::{Obstacle, Target, plan};
use crate::streams::letters::shelf::{Keep, Shelf, State, groups};
use crate::streams::letters::{
    AsideRecord, Entry, Letter, Origin, Position, REQUEUED, REQUEUED_AT,
};

fn record(position: (i32, i64), value: Option<&[u8]>, headers: &[(&str, &str)]) -> AsideRecord {
    AsideRecord {
        position: Position { partition: position.0, offset: position.1 },
        time: Some(EventTime::from_millis(1_767_225_600_000 + position.1)),
        key: Some(b"k".to_vec()),
        value: value.map(<[u8]>::to_vec),
        headers: headers
            .iter()
            .map(|(k, v)| ((*k).to_owned(), Some(v.as_bytes().to_vec())))
            .collect(),
    }
}

fn from(position: (i32, i64), origin: (&str, i32, i64), reason: &str) -> AsideRecord {
    let (partition, offset) = (origin.1.to_string(), origin.2.to_string());
    let headers = [
        ("bss_topology", "fraud-detection"),
        ("bss_topic", origin.0),
        ("bss_partition", &partition),
        ("bss_offset", &offset),
        ("bss_reason", reason),
        ("bss_field", "amount"),
        ("bss_detail", "what was found"),
    ];
    record(position, Some(b"{\"amount\":-1}"), &headers)
}

fn letter(record: AsideRecord) -> Letter {
    match record.read() {
        Entry::Letter(letter) => *letter,
        Entry::Marker { .. } => panic!("a marker"),
    }
}

fn marker(position: (i32, i64), of: Position) -> AsideRecord {
    let of = of.to_string();
    record(position, None, &[(REQUEUED, &of), (REQUEUED_AT, "2026-01-01T00:00:00Z")])
}

fn targets(limit: u64) -> BTreeMap<String, Target> {
    ["a", "b"].map(|t| (t.to_owned(), Target { partitions: 3, limit })).into()
}

#[test]
fn headers_become_a_letter() {
    let read = letter(from((3, 17), ("a", 1, 5), "negative"));
    assert_eq!(read.topology, "fraud-detection");
    assert_eq!(read.origin, Some(Origin { topic: "a".to_owned(), partition: 1, offset: 5 }));
    assert_eq!((read.reason.as_str(), read.field.as_str()), ("negative", "amount"));
    assert_eq!(read.position().to_string(), "3:17");
    let late = letter(record(
        (0, 1),
        Some(b"{}"),
        &[("bss_lateness_ms", "7200000"), ("bss_stream_time", "2026-01-01T02:00:00Z")],
    ));
    assert_eq!(late.lateness_ms, Some(7_200_000));
    assert_eq!(late.stream_time.unwrap().to_string(), "2026-01-01T02:00:00Z");
}

#[test]
fn foreign_records_are_letters_without_an_origin() {
    for headers in [
        &[][..],
        &[("bss_topic", "a")],
        &[("bss_topic", "a"), ("bss_partition", "x"), ("bss_offset", "1")],
        &[("bss_topic", "a"), ("bss_partition", "-1"), ("bss_offset", "1")],
        &[("bss_topic", ""), ("bss_partition", "1"), ("bss_offset", "1")],
    ] {
        assert_eq!(letter(record((0, 0), None, headers)).origin, None, "{headers:?}");
    }
    let nothing = record((0, 0), None, &[(REQUEUED, "over there")]).read();
    assert_eq!(nothing, Entry::Marker { of: None, at: None });
}

#[test]
fn null_empty_and_the_header_of_a_tombstone_stay_apart() {
    assert_eq!(letter(record((0, 0), None, &[])).value(), None);
    assert_eq!(letter(record((0, 0), Some(b""), &[])).value(), Some(&b""[..]));
    assert_eq!(letter(record((0, 0), Some(b""), &[("bss_tombstone", "true")])).value(), None);
}

#[test]
fn positions_are_read_as_they_are_shown_and_nothing_else_is() {
    for wrong in
        ["", "3", "3:", ":3", "-1:3", "3:-1", "+1:2", "1:2:3", "a:b", "3:99999999999999999999"]
    {
        assert!(wrong.parse::<Position>().is_err(), "{wrong}");
    }
}

#[test]
fn what_cannot_go_back_stays_with_the_reason() {
    let mut big = from((0, 4), ("a", 0, 4), "oversize");
    big.value = Some(vec![b'x'; 1000]);
    let letters = [
        letter(record((0, 1), Some(b"x"), &[])),
        letter(from((0, 2), ("gone", 0, 1), "empty")),
        letter(from((0, 3), ("a", 7, 1), "empty")),
        letter(big),
        letter(from((0, 5), ("a", 0, 5), "empty")),
    ];
    let plan = plan(&letters, &targets(500), None);
    assert_eq!(plan.letters(), 1);
    let left: Vec<(String, Obstacle)> =
        plan.left.into_iter().map(|l| (l.letter.to_string(), l.obstacle)).collect();
    assert!(left.contains(&("0:1".to_owned(), Obstacle::NoOrigin)), "{left:?}");
    let gone = Obstacle::NoTopic { topic: "gone".to_owned() };
    assert_eq!(gone.to_string(), "topic \"gone\" does not exist any more");
    assert!(left.contains(&("0:2".to_owned(), gone)), "{left:?}");
    let partition = Obstacle::NoPartition { topic: "a".to_owned(), partition: 7, found: 3 };
    assert!(left.contains(&("0:3".to_owned(), partition)), "{left:?}");
    let large = left.iter().find(|(position, _)| position == "0:4").unwrap();
    assert!(matches!(large.1, Obstacle::TooLarge { limit: 500, size: 1000.., .. }), "{large:?}");
}

#[test]
fn a_record_set_aside_twice_goes_back_once_and_both_are_marked() {
    let twice = [from((1, 9), ("a", 0, 4), "empty"), from((0, 3), ("a", 0, 4), "negative")];
    let mut other = from((2, 1), ("a", 0, 4), "empty");
    other.value = Some(b"of a topic of the same name, made anew".to_vec());
    let letters: Vec<Letter> = twice.into_iter().chain([other]).map(letter).collect();
    let plan = plan(&letters, &targets(1000), None);
    let marked: Vec<usize> = plan.returns.iter().map(|r| r.letters.len()).collect();
    assert_eq!(marked, [2, 1]);
    assert_eq!(plan.letters(), 3);
}

#[test]
fn a_repaired_value_takes_the_place_of_the_original_one() {
    let tombstone = letter(record(
        (0, 1),
        None,
        &[
            ("bss_topic", "a"),
            ("bss_partition", "1"),
            ("bss_offset", "4"),
            ("bss_tombstone", "true"),
            ("traceparent", "00-1"),
        ],
    ));
    let as_it_was = plan([&tombstone], &targets(1000), None);
    assert_eq!(as_it_was.returns[0].value, None);
    assert_eq!(as_it_was.returns[0].headers.len(), 1, "only the record's own header goes back");
    let repaired = plan([&tombstone], &targets(1000), Some(b"{}"));
    assert_eq!(repaired.returns[0].value.as_deref(), Some(&b"{}"[..]));
    assert_eq!(repaired.returns[0].key.as_deref(), Some(&b"k"[..]));
}

#[test]
fn every_reason_has_its_own_advice() {
    let all: BTreeSet<&str> = Reason::ALL.iter().map(|r| advice(r.code()).means).collect();
    assert_eq!(all.len(), Reason::ALL.len());
    assert!(advice("from-a-later-version").means.contains("does not know"));
}

#[test]
fn json_is_laid_out_with_the_fault_marked_and_no_digit_changed() {
    let value = br#"{"a":{"amount":1e400},"amount":0.10,"list":[],"x":[1,{"y":"a\"b{,"}]}"#;
    let shown = shown(Some(value), "amount");
    assert_eq!(shown.form, Form::Json);
    let lines = [
        "{",
        "  \"a\": {",
        "    \"amount\": 1e400",
        "  },",
        "  \"amount\": 0.10,   <-- here",
        "  \"list\": [],",
        "  \"x\": [",
        "    1,",
        "    {",
        "      \"y\": \"a\\\"b{,\"",
        "    }",
        "  ]",
        "}",
    ];
    assert_eq!(shown.text, lines.join("\n"));
}

#[test]
fn what_is_no_json_is_shown_as_what_it_is() {
    let form = |value: Option<&[u8]>| shown(value, "").form;
    assert_eq!(form(None), Form::Null);
    assert_eq!(form(Some(b"")), Form::Empty);
    assert_eq!(form(Some(b"null")), Form::Json);
    assert_eq!(form(Some(b"{\"a\":")), Form::Text);
    let bytes = shown(Some(&[b'{', 0xff, b'}', 0]), "");
    assert_eq!(bytes.form, Form::Bytes);
    assert!(bytes.text.starts_with("00000000  7b ff 7d 00 "), "{}", bytes.text);
    assert!(bytes.text.ends_with(" {.}."), "{}", bytes.text);
    assert!(shown(Some(b"{\"a\":1}"), "b").text.ends_with("(no member \"b\")"));
    let long = "\u{20ac}".repeat(10_000);
    assert!(shown(Some(long.as_bytes()), "").cut);
}

/// Letters of a few topics and some markers, each at a place of its own.
fn topic() -> impl Strategy<Value = Vec<AsideRecord>> {
    let one = (0..2_usize, 0..3_i32, 0..6_i64, 0..3_usize, proptest::option::of(0..40_i64));
    proptest::collection::vec(one, 0..40).prop_map(|all| {
        let mut records = Vec::new();
        for (at, (topic, partition, offset, reason, marks)) in (0_i64..).zip(all) {
            let place = ((at % 3) as i32, at);
            records.push(match marks {
                // A marker comes after its letter, in the letter's partition.
                Some(back) if at - 3 * (back % 4 + 1) >= 0 => {
                    let offset = at - 3 * (back % 4 + 1);
                    marker(place, Position { partition: place.0, offset })
                }
                _ => from(
                    place,
                    (["a", "b"][topic], partition, offset),
                    ["empty", "negative", "scale"][reason],
                ),
            });
        }
        records
    })
}

fn shelf(records: &[AsideRecord], choice: Choice, keep: Keep) -> Shelf {
    let mut shelf = Shelf::new(choice, keep);
    records.iter().cloned().for_each(|r| shelf.take(r));
    shelf
}

proptest! {
    #[test]
    fn a_position_is_read_as_it_is_shown(partition in 0..i32::MAX, offset in 0..i64::MAX) {
        let position = Position { partition, offset };
        prop_assert_eq!(position.to_string().parse(), Ok(position));
    }

    #[test]
    fn the_order_of_reading_does_not_matter(records in topic(), turn in 0..40_usize) {
        let mut turned = records.clone();
        turned.rotate_left(turn % records.len().max(1));
        for keep in [Keep::Facts, Keep::Content, Keep::OpenContent] {
            let one = shelf(&records, Choice::default(), keep);
            let other = shelf(&turned, Choice::default(), keep);
            prop_assert_eq!(one.by_time(), other.by_time());
            prop_assert_eq!(one.bytes(), other.bytes());
        }
    }

    #[test]
    fn a_letter_is_open_until_a_marker_names_it(records in topic()) {
        let shelf = shelf(&records, Choice::default(), Keep::Content);
        let marked: BTreeSet<Position> = records
            .iter()
            .filter_map(|r| r.header(REQUEUED))
            .map(|text| text.parse().unwrap())
            .collect();
        let letters = records.iter().filter(|r| r.header(REQUEUED).is_none());
        for record in letters.clone() {
            let open = shelf.state(record.position) == State::Open;
            prop_assert_eq!(open, !marked.contains(&record.position));
        }
        let (all, open) = (letters.count(), shelf.open().count());
        let by_time = shelf.by_time();
        prop_assert_eq!(by_time.len(), all);
        let counted: (u64, u64) = groups(&by_time)
            .values()
            .fold((0, 0), |sum, group| (sum.0 + group.open, sum.1 + group.requeued));
        prop_assert_eq!(counted, (open as u64, (all - open) as u64));
    }

    #[test]
    fn a_choice_takes_what_its_parts_take(records in topic(), partition in 0..3_i32, cut in 0..40_i64) {
        let since = Some(EventTime::from_millis(1_767_225_600_000 + cut));
        let parts = [
            Choice { reasons: vec!["empty".to_owned(), "scale".to_owned()], ..Choice::default() },
            Choice { topic: Some("a".to_owned()), ..Choice::default() },
            Choice { partition: Some(partition), ..Choice::default() },
            Choice { since, ..Choice::default() },
        ];
        let all = Choice {
            reasons: parts[0].reasons.clone(),
            topic: parts[1].topic.clone(),
            partition: parts[2].partition,
            since,
            ..Choice::default()
        };
        for record in records.iter().filter(|r| r.header(REQUEUED).is_none()) {
            let letter = letter(record.clone());
            prop_assert_eq!(all.takes(&letter), parts.iter().all(|p| p.takes(&letter)));
            let before = Choice { until: since, ..Choice::default() };
            prop_assert_ne!(parts[3].takes(&letter), before.takes(&letter));
        }
    }

    #[test]
    fn what_goes_back_is_each_open_letter_once_in_its_old_order(records in topic()) {
        let mut shelf = shelf(&records, Choice::default(), Keep::OpenContent);
        let open: BTreeSet<Position> = shelf.open().map(Letter::position).collect();
        let first = plan(shelf.open(), &targets(1000), None);
        let gone: Vec<Position> = first.returns.iter().flat_map(|r| r.letters.clone()).collect();
        prop_assert!(first.left.is_empty());
        prop_assert_eq!(gone.len(), open.len());
        prop_assert_eq!(gone.iter().copied().collect::<BTreeSet<_>>(), open);
        // Same origin and content: one record.
        let origins: Vec<&Origin> = first.returns.iter().map(|r| &r.origin).collect();
        prop_assert!(origins.windows(2).all(|pair| pair[0] < pair[1]), "{origins:?}");
        // What was written back with its markers is not written back again.
        for (at, position) in (1000_i64..).zip(&gone) {
            shelf.take(marker((position.partition, at), *position));
        }
        prop_assert_eq!(shelf.open().count(), 0);
        prop_assert_eq!(shelf.bytes(), 0);
    }

    #[test]
    fn laid_out_json_is_the_same_json(numbers in proptest::collection::vec(any::<f64>(), 0..5), text in ".*") {
        let value = serde_json::json!({"n": numbers, "t": text, "o": {"t": [{}, []]}});
        let text = value.to_string();
        let shown = shown(Some(text.as_bytes()), "");
        let read = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        prop_assert_eq!(read(&shown.text), read(&text));
    }
}
