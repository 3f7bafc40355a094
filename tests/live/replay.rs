//! A replay of late records corrects closed windows once, whatever happens on the way.

use std::collections::BTreeMap;
use std::process::Output;

use serde_json::Value;

use crate::bounded::Bounded;
use crate::broker::{ACTIVITY, Corner};
use crate::dlq::document;
use crate::support::shown;

/// Windows of two minutes, a minute of grace.
const SETTINGS: [(&str, &str); 3] = [
    ("BSS_ACTIVITY_WINDOW", "2m"),
    ("BSS_ACTIVITY_SESSION_GAP", "1m"),
    ("BSS_STREAMS_GRACE", "1m"),
];

fn bss(corner: &Corner, args: &[&str], environment: &[(&str, &str)]) -> Output {
    corner.bss(args).envs(environment.iter().copied()).ended().expect("bss")
}

fn replay(corner: &Corner, args: &[&str], environment: &[(&str, &str)]) -> Output {
    let all = ["streams", "late", "replay", corner.job.name, "-o", "json"];
    bss(corner, &[&all[..], args].concat(), environment)
}

fn done(output: &Output) -> Value {
    assert!(output.status.success(), "{}", shown(output));
    document(output)
}

fn event(second: u64) -> (String, String) {
    let time = 1_767_261_600_000 + second * 1000;
    let json = format!(r#"{{"customerId":"c","activityType":"A","timestamp":{time}}}"#);
    ("c".to_owned(), json)
}

/// S3: a hundred events, three of them beyond grace.
fn hundred(what: &str) -> Corner {
    let corner = Corner::of(ACTIVITY, what, 3);
    let mut events: Vec<_> = (0..97).map(event).collect();
    events.push(event(3600));
    events.extend((0..3).map(event));
    corner.feed(&events);
    let ran = bss(&corner, &["streams", "run", corner.job.name, "--drain"], &SETTINGS);
    // 7: some were set aside.
    assert!(matches!(ran.status.code(), Some(0 | 7)), "{}", shown(&ran));
    corner
}

/// Count and revision of every result told of the first window.
fn told(corner: &Corner) -> Vec<(u64, u64)> {
    let all = corner.read(&corner.topic("customer.activity.aggregated"));
    let values = all.into_values().flatten().map(|(_, value, _)| value.expect("a value"));
    let values = values.map(|v| serde_json::from_slice::<Value>(&v).expect("JSON"));
    let own = values.filter(|v| v["windowStart"] == "2026-01-01T10:00:00Z");
    own.map(|v| (v["count"].as_u64().expect("n"), v["revision"].as_u64().expect("n"))).collect()
}

fn states(corner: &Corner) -> Vec<String> {
    let listed = bss(corner, &["streams", "late", "list", "-o", "json"], &[]);
    let rows = done(&listed)["rows"].as_array().expect("rows").clone();
    rows.iter().map(|row| row["state"].as_str().expect("a state").to_owned()).collect()
}

#[test]
fn a_closed_window_is_corrected_as_its_second_revision_once() {
    let corner = hundred("replay");
    assert_eq!((told(&corner), states(&corner)), (vec![(97, 1)], vec!["open".to_owned(); 3]));
    let status = corner.status();
    assert_eq!((&status["processed"], &status["late"]), (&98.into(), &3.into()), "{status}");

    let nothing = replay(&corner, &[], &SETTINGS);
    assert_eq!(nothing.status.code(), Some(2), "{}", shown(&nothing));
    let plan = done(&replay(&corner, &["--all", "--dry-run"], &SETTINGS));
    assert_eq!((&plan["meta"]["replayed"], &plan["meta"]["corrections"]), (&3.into(), &4.into()));
    let rows = plan["rows"].as_array().expect("rows");
    let window = rows.iter().find(|r| r["topic"] == corner.topic("customer.activity.aggregated"));
    let window = window.expect("the window");
    assert_eq!(window["outcome"], "would-correct");
    assert!(window["change"].as_str().expect("text").contains("count 97 -> 100"), "{window}");
    assert_eq!(told(&corner), [(97, 1)], "a dry run writes nothing");
    let unasked = replay(&corner, &["--all"], &SETTINGS);
    assert_eq!(unasked.status.code(), Some(2), "{}", shown(&unasked));

    done(&replay(&corner, &["--window", "2026-01-01T10:00:00Z", "--yes"], &SETTINGS));
    assert_eq!(told(&corner), [(97, 1), (100, 2)]);
    assert_eq!(states(&corner), ["replayed"; 3]);
    let metrics = corner.read(&corner.topic("customer.metrics"));
    let counts: Vec<(String, String)> = metrics[&b"c"[..]]
        .iter()
        .map(|(_, value, headers)| {
            let id = headers.iter().find(|(name, _)| name == "ce_id").expect("an id");
            let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
            (text(&id.1), text(value.as_deref().expect("a value")))
        })
        .filter(|(id, _)| id.ends_with("/activity_count"))
        .collect();
    let corrected = counts.iter().find(|(id, _)| id.ends_with("/r2/activity_count"));
    let value = &corrected.expect("a second revision").1;
    assert!(
        value.contains("\"metricValue\":100,") && value.ends_with("\"revision\":2}"),
        "{value}"
    );

    let again = replay(&corner, &["--all", "--yes"], &SETTINGS);
    assert!(shown(&again).contains("Nothing to replay."), "{}", shown(&again));
    done(&again);
    assert_eq!(told(&corner), [(97, 1), (100, 2)]);
}

#[test]
fn a_key_that_has_no_late_records_and_a_topology_without_windows() {
    let corner = hundred("none");
    let none = replay(&corner, &["--key", "d", "--yes"], &SETTINGS);
    assert_eq!(done(&none)["meta"]["replayed"], 0);
    let unknown = replay(&corner, &["0:999", "--yes"], &SETTINGS);
    assert_eq!(unknown.status.code(), Some(1), "{}", shown(&unknown));
    let fraud = bss(&corner, &["streams", "late", "replay", "fraud-detection", "--all"], &[]);
    assert_eq!(fraud.status.code(), Some(2), "{}", shown(&fraud));
    // Stream time is 3600 s, the window closed at 180 s.
    let short = [&SETTINGS[..], &[("BSS_STREAMS_CORRECT_FOR", "30m")]].concat();
    let far = replay(&corner, &["--all", "--yes"], &short);
    assert_eq!(far.status.code(), Some(7), "{}", shown(&far));
    let rows = document(&far)["rows"].clone();
    assert_eq!(
        (&rows[0]["outcome"], &rows[0]["reason"]),
        (&"left-open".into(), &"out-of-reach".into())
    );
    assert_eq!((told(&corner), states(&corner)), (vec![(97, 1)], vec!["open".to_owned(); 3]));
}

/// Killed before the commit nothing is replayed, killed after it everything is; in both cases a
/// further replay leaves each correction once.
#[test]
fn a_killed_replay_leaves_all_or_nothing() {
    for (step, committed) in [
        ("replay-after-write:2", false),
        ("replay-before-commit:1", false),
        ("replay-after-commit:1", true),
    ] {
        let corner = hundred("killed");
        let fault = [&SETTINGS[..], &[("BSS_DEV_FAULT", step)]].concat();
        let killed = replay(&corner, &["--all", "--yes"], &fault);
        assert_eq!(killed.status.code(), None, "{step} was not reached: {}", shown(&killed));
        let again = done(&replay(&corner, &["--all", "--yes"], &SETTINGS));
        assert_eq!(again["meta"]["replayed"], if committed { 0 } else { 3 }, "{step}: {again}");
        assert_eq!(told(&corner), [(97, 1), (100, 2)], "{step}");
        assert_eq!(states(&corner), ["replayed"; 3], "{step}");
    }
}

/// The last result of each window, without its revision.
fn last(corner: &Corner) -> BTreeMap<(String, Vec<u8>, String), Value> {
    let mut all = BTreeMap::new();
    for subject in ["orders.region.trend", "revenue.metrics"] {
        for (key, records) in corner.read(&corner.topic(subject)) {
            for (_, value, headers) in records {
                let (_, id) = headers.iter().find(|(name, _)| name == "ce_id").expect("an id");
                let id = String::from_utf8(id.clone()).expect("UTF-8");
                let name = id.split("/r").next().expect("a part").to_owned();
                let mut value: Value =
                    serde_json::from_slice(&value.expect("a value")).expect("JSON");
                value.as_object_mut().expect("an object").remove("revision");
                all.insert((subject.to_owned(), key.clone(), name), value);
            }
        }
    }
    all
}

/// Orders of five hours, one in forty late for its window, one in eight told again. (customer,
/// JSON) in order of arrival.
fn orders() -> Vec<(String, String)> {
    let mut all: Vec<(String, String)> = Vec::new();
    for n in 0..2000_u64 {
        if n % 8 == 7 {
            all.push(all[all.len() - 5].clone());
            continue;
        }
        let late = if n % 40 == 13 { 9_000 } else { n * 7 % 300 };
        let time = 1_767_261_600_000 + (10_000 + n * 9 - late) * 1000;
        let (customer, status) =
            (n % 23, ["NEW", "COMPLETED", "CANCELLED"][usize::from(n % 5 == 1)]);
        let region = ["\"EU\"", "\"US\"", "null"][usize::try_from(n % 3).expect("small")];
        // Each number twice: a later event of the same order.
        let json = format!(
            r#"{{"orderId":"o{}","customerId":"c{customer}","totalAmount":"{n}.50","currency":"EUR","itemsCount":1,"status":"{status}","region":{region},"itemCategories":["k{}"],"timestamp":{time}}}"#,
            n / 46 * 23 + customer,
            n % 2,
        );
        all.push((format!("c{customer}"), json));
    }
    all
}

/// Runs order-enrichment over `orders` to the end.
fn enriched(what: &str, environment: &[(&str, &str)]) -> Corner {
    let corner = Corner::of(ACTIVITY, what, 2);
    let bytes = |text: String| Some(text.into_bytes());
    let records: Vec<_> = orders().into_iter().map(|(key, v)| (bytes(key), bytes(v))).collect();
    corner.write(&corner.topic("order.events"), &records);
    let ran = bss(&corner, &["streams", "run", "order-enrichment", "--drain"], environment);
    // 7: some were set aside.
    assert!(matches!(ran.status.code(), Some(0 | 7)), "{}", shown(&ran));
    corner
}

/// Behind a repartition topic, with redelivered orders among the late ones: after the replay the
/// windows are those of a run in which nothing is late.
#[test]
fn windows_of_regions_are_those_of_an_endless_grace() {
    let corner = enriched("regions", &[]);
    let wanted = last(&enriched("patient", &[("BSS_STREAMS_GRACE", "24h")]));
    assert_ne!(last(&corner), wanted, "some are late");
    let command = ["streams", "late", "replay", "order-enrichment", "--all", "--yes", "-o", "json"];
    let told = done(&bss(&corner, &command, &[]));
    assert!(told["meta"]["corrections"].as_u64() > Some(0), "{told}");
    let found = last(&corner);
    let odd: Vec<_> =
        wanted.iter().filter(|(name, value)| found.get(*name) != Some(*value)).collect();
    assert!(
        odd.is_empty(),
        "{odd:?} of {}; found {:?}; {told}",
        wanted.len(),
        odd.iter().map(|(n, _)| found.get(*n)).collect::<Vec<_>>()
    );
    assert_eq!(found, wanted);
    let again = done(&bss(&corner, &command, &[]));
    assert_eq!(again["meta"]["replayed"], 0, "{again}");
}
