//! customer-activity: what operators of other engines ran into, each with its right answer.

use serde_json::{Value, json};

use crate::world::{Life, Logged, World};
use crate::{MINUTE, SECOND, activity, at, limits};
use bss::streams::driver::Limits;

fn event(customer: &str, kind: &str, second: i64) -> Logged {
    session_event(customer, kind, "", second)
}

fn session_event(customer: &str, kind: &str, session: &str, second: i64) -> Logged {
    let value = json!({
        "customerId": customer, "activityType": kind, "sessionId": session,
        "timestamp": at(second).to_string(),
    });
    (Some(customer.as_bytes().to_vec()), Some(value.to_string().into_bytes()))
}

/// Values written to the topic that ends with `subject`.
fn of(world: &World, subject: &str) -> Vec<Value> {
    let outputs = world.committed.outputs.iter().filter(|o| o.topic.ends_with(subject));
    outputs.map(|o| serde_json::from_str(&o.value).expect("JSON")).collect()
}

fn run(settings: &[&str], log: Vec<Logged>, now: i64) -> World {
    let mut world = World::new(activity(settings), limits(), log);
    let mut life = world.wake();
    while world.step(&mut life, at(now)) {}
    world.drain(&mut life);
    world.commit(&mut life);
    world
}

/// S1: events at 10:00:10 and 10:00:50, then nothing. The clock closes the window, once; what
/// comes afterwards is late; and a restart in between changes neither.
#[test]
fn a_window_closes_on_a_quiet_topic() {
    for restart in [false, true] {
        let settings = ["activity.window=1m", "streams.grace=10s", "activity.session_gap=1s"];
        let limits = Limits { idle_after: 30 * SECOND, ..limits() };
        let log = vec![event("c", "LOGIN", 10), event("c", "LOGIN", 50), event("c", "LOGIN", 55)];
        let mut world = World::new(activity(&settings), limits, log);
        let mut life = world.wake();
        assert!(world.step(&mut life, at(10)));
        world.commit(&mut life);
        assert!(world.step(&mut life, at(50)));
        let mut closed_at = None;
        for now in 51..=300 {
            world.idle(&mut life, at(now));
            let told = |life: &Life| life.written().iter().any(|o| o.topic.ends_with("aggregated"));
            if closed_at.is_none() && told(&life) {
                closed_at = Some(now);
            }
        }
        assert_eq!(closed_at, Some(100), "end + grace + idle limit");
        world.commit(&mut life);
        if restart {
            life = world.wake();
        }
        assert!(world.step(&mut life, at(300)));
        world.drain(&mut life);
        world.commit(&mut life);
        let windows = of(&world, "aggregated");
        assert_eq!(windows.len(), 1, "{windows:?}");
        assert_eq!(windows[0]["count"], 2);
        assert_eq!(windows[0]["windowStart"], "2026-01-01T10:00:00Z");
        let late = world.committed.outputs.iter().find(|o| o.topic.ends_with("-late"));
        let headers = &late.expect("the third is late").headers;
        let window = headers.iter().find(|(name, _)| *name == "bss_window").expect("a window");
        assert_eq!(window.1, "tumbling 2026-01-01T10:00:00Z/2026-01-01T10:01:00Z");
        assert_eq!((world.counts().processed, world.counts().late), (2, 1));
    }
}

/// S2: one event a day ahead does not make the good ones late.
#[test]
fn one_event_of_the_future_does_no_harm() {
    let mut log = vec![event("c", "A", 0), event("c", "A", 120), event("c", "A", 86_400)];
    log.extend((3..=12).map(|minute| event("c", "A", minute * 60)));
    let world = run(&["activity.window=1m", "streams.grace=1m"], log, 780);
    let counts = world.counts();
    assert_eq!((counts.processed, counts.late, counts.future), (12, 0, 1));
    assert_eq!(of(&world, "aggregated").len(), 12);
    let letter = world.committed.outputs.iter().find(|o| o.topic.ends_with("-dlq"));
    let headers = &letter.expect("set aside").headers;
    assert!(headers.contains(&("bss_reason", "future".to_owned())), "{headers:?}");
}

/// S3: what is beyond grace is in the late topic with window, lateness and offset, and counted.
#[test]
fn late_events_leave_a_trace() {
    let mut log: Vec<Logged> = (0..97).map(|n| event("c", "A", n)).collect();
    log.push(event("other", "A", 3600));
    log.extend((0..3).map(|n| event("c", "A", n)));
    let world =
        run(&["activity.window=2m", "streams.grace=1m", "activity.session_gap=1m"], log, 4000);
    let total: u64 = of(&world, "aggregated")
        .iter()
        .filter(|w| w["customerId"] == "c")
        .map(|w| w["count"].as_u64().expect("a count"))
        .sum();
    assert_eq!(total, 97);
    let late: Vec<_> =
        world.committed.outputs.iter().filter(|o| o.topic.ends_with("-late")).collect();
    assert_eq!(late.len(), 3);
    for (n, record) in late.iter().enumerate() {
        let header = |name| &record.headers.iter().find(|(k, _)| *k == name).expect(name).1;
        assert_eq!(*header("bss_offset"), (98 + n).to_string());
        assert_eq!(*header("bss_lateness_ms"), ((3600 - n) * 1000).to_string());
        assert!(header("bss_window").starts_with("tumbling 2026-01-01T10:00:00Z/"));
    }
    assert_eq!((world.counts().processed, world.counts().late), (98, 3));
}

/// S4: touching sessions come out as one, whatever the order of arrival and of the commits.
#[test]
fn the_order_of_arrival_does_not_change_sessions() {
    let minutes = [0_i64, 50, 25];
    for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
        let log: Vec<Logged> = order.iter().map(|n| event("c", "A", minutes[*n] * 60)).collect();
        let settings = ["streams.grace=60m"];
        let mut world = World::new(activity(&settings), limits(), log);
        let mut life = world.wake();
        while world.step(&mut life, at(3600)) {
            world.commit(&mut life);
            life = world.wake();
        }
        world.drain(&mut life);
        world.commit(&mut life);
        let sessions = of(&world, "sessions");
        assert_eq!(sessions.len(), 1, "{order:?}: {sessions:?}");
        let session = &sessions[0];
        assert_eq!(
            (&session["start"], &session["end"]),
            (&json!("2026-01-01T10:00:00Z"), &json!("2026-01-01T10:50:00Z"))
        );
        assert_eq!((&session["durationMs"], &session["count"]), (&json!(3_000_000), &json!(3)));
    }
}

/// A pause of just the gap is in the session; the least beyond it is not.
#[test]
fn a_pause_of_just_the_gap_does_not_end_a_session() {
    for (second, sessions) in [(1800, 1), (1801, 2)] {
        let log = vec![event("c", "A", 0), event("c", "A", second)];
        assert_eq!(of(&run(&[], log, 1801), "sessions").len(), sessions, "{second} s");
    }
}

/// Two devices at once: the sessions the application names stay apart, and an event without a
/// name belongs to neither.
#[test]
fn a_named_session_is_its_own() {
    let log = vec![
        session_event("c", "LOGIN", "phone", 0),
        session_event("c", "LOGIN", "desk", 10),
        session_event("c", "PURCHASE", "phone", 20),
        event("c", "EMAIL_OPENED", 15),
    ];
    let world = run(&[], log, 60);
    let mut sessions = of(&world, "sessions");
    sessions.sort_by_key(|s| s["sessionId"].to_string());
    let told: Vec<_> =
        sessions.iter().map(|s| (s["sessionId"].clone(), s["count"].clone())).collect();
    assert_eq!(
        told,
        [(json!("desk"), json!(1)), (json!("phone"), json!(2)), (Value::Null, json!(1))]
    );
    let window = &of(&world, "aggregated")[0];
    assert_eq!(window["count"], 4, "the window counts all of them");
    assert_eq!(window["activityCounts"], json!({"EMAIL_OPENED": 1, "LOGIN": 2, "PURCHASE": 1}));
    assert_eq!(window["activityScore"], 13, "1 + 2 x 1 + 10");
}

/// Results at each change carry revisions, and a session that became part of a longer one is
/// withdrawn.
#[test]
fn updates_replace_what_was_told_before() {
    let log = vec![event("c", "A", 0), event("c", "A", 3000), event("c", "A", 1500)];
    let world = run(&["activity.emit=updates", "streams.grace=60m"], log, 3600);
    let ids: Vec<&str> = world
        .committed
        .outputs
        .iter()
        .filter(|o| o.topic.ends_with("sessions"))
        .map(|o| o.id.as_str())
        .collect();
    let mut unique = ids.clone();
    unique.sort_unstable();
    unique.dedup();
    assert_eq!(unique.len(), ids.len(), "each result has an id of its own: {ids:?}");
    let sessions = of(&world, "sessions");
    let withdrawn = sessions.iter().filter(|s| s["withdrawn"] == true).count();
    assert_eq!(withdrawn, 2);
    let last = sessions.last().expect("one");
    assert_eq!((&last["count"], &last["durationMs"]), (&json!(3), &json!(3_000_000)));
}

/// S6 and others of their kind: set aside with the reason, nothing else disturbed.
#[test]
fn bad_events_are_set_aside() {
    let raw = |text: &str| (Some(b"c".to_vec()), Some(text.as_bytes().to_vec()));
    let log = vec![
        raw(r#"{"customerId":"c","activityType":"A","timestamp":1767225600}"#),
        raw(r#"{"customerId":"c","timestamp":1767225600000}"#),
        raw(r#"{"customerId":"d","activityType":"A","timestamp":1767225600000}"#),
        raw(""),
        raw("null"),
        raw("{"),
        (Some(b"c".to_vec()), None),
        event("c", "A", 0),
    ];
    let world = run(&[], log, 60);
    let reasons: Vec<&str> = world
        .committed
        .outputs
        .iter()
        .filter_map(|o| o.headers.iter().find(|(k, _)| *k == "bss_reason"))
        .map(|(_, v)| v.as_str())
        .collect();
    assert_eq!(
        reasons,
        [
            "implausible-time",
            "missing-field",
            "key-mismatch",
            "empty",
            "json-null",
            "broken-json",
            "tombstone"
        ]
    );
    assert_eq!((world.counts().processed, world.counts().rejected), (1, 7));
}

/// What an operator asked to be closed stays closed after a restart.
#[test]
fn a_drain_is_not_undone() {
    let log = vec![event("c", "A", 0), event("c", "A", 0)];
    let mut world = World::new(activity(&[]), Limits { max_skew: 60 * MINUTE, ..limits() }, log);
    let mut life = world.wake();
    assert!(world.step(&mut life, at(10)));
    world.drain(&mut life);
    world.commit(&mut life);
    let mut life = world.wake();
    assert!(world.step(&mut life, at(10)));
    world.drain(&mut life);
    world.commit(&mut life);
    assert_eq!(of(&world, "aggregated").len(), 1, "no second final result");
    assert_eq!(world.counts().late, 1);
}
