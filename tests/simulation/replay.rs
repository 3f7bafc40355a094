//! Closed windows after a replay of late records: as if nothing had been late, told once, or left
//! alone where the count cannot be trusted.
#![allow(clippy::unwrap_used, reason = "a test fails by a panic")]

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;

use bss::activity::ActivityRules;
use bss::domain::payment::Currency;
use bss::domain::{EventTime, Money};
use bss::orders::OrderRules;
use bss::recommend::RecommendRules;
use bss::streams::driver;
use bss::streams::late::correction::{Plan, Recorded, plan};
use bss::streams::late::name::{Name, content, revised};
use bss::streams::late::reach::{self, Limits, Obstacle, Progress, Sorted, sort};
use bss::streams::late::recount::{Recount, Recounted};
use bss::streams::letters::{AsideRecord, Entry, Letter, Position};
use bss::streams::output::Outputs;
use bss::streams::partition;
use bss::streams::pipeline::Pipeline;
use bss::streams::record::SourceRecord;
use bss::streams::topologies::customer_activity::{ActivityTopics, CustomerActivity};
use bss::streams::topologies::order_enrichment::{OrderEnrichment, OrderTopics};
use bss::streams::topologies::recommendation::{RecommendTopics, Recommendations};
use bss::streams::topology::Topology;
use bss::streams::window::WindowSpan;

const SECOND: i64 = 1_000_000;
const PARTITIONS: u32 = 3;
const LIMITS: driver::Limits = driver::Limits { max_skew: 300 * SECOND, idle_after: 0 };
const REACH: Limits = Limits { grace: 5 * SECOND, correct_for: i64::MAX };

fn at(second: i64) -> EventTime {
    EventTime::from_millis(1_767_261_600_000 + second * 1000)
}

fn now() -> EventTime {
    at(86_400)
}

fn activity(updates: bool) -> CustomerActivity {
    let name = |what: &str| what.to_owned();
    let topics = ActivityTopics {
        events: name("events"),
        aggregated: name("aggregated"),
        sessions: name("sessions"),
        metrics: name("metrics"),
        late: name("late"),
        dead_letters: name("dlq"),
    };
    let rules = ActivityRules {
        window: 10 * SECOND,
        session_gap: 12 * SECOND,
        grace: REACH.grace,
        updates,
        weights: BTreeMap::from([("B".to_owned(), 2500)]),
        default_weight: 1000,
    };
    CustomerActivity::new("app", topics, rules).unwrap()
}

fn orders(updates: bool) -> OrderEnrichment {
    let name = |what: &str| what.to_owned();
    let topics = OrderTopics {
        orders: name("orders"),
        customers: name("customers"),
        enriched: name("enriched"),
        high_value: name("high"),
        metrics: name("metrics"),
        region_trend: name("trend"),
        revenue: name("revenue"),
        late: name("late"),
        dead_letters: name("dlq"),
    };
    let rules = OrderRules {
        wait: 2 * SECOND,
        correct_for: 60 * SECOND,
        history: 86_400 * SECOND,
        remember_for: 86_400 * SECOND,
        high_value: Money::non_negative("1000").unwrap(),
        high_value_by_currency: BTreeMap::new(),
        no_revenue: vec!["CANCELLED".to_owned()],
        window: 10 * SECOND,
        grace: REACH.grace,
        updates,
    };
    OrderEnrichment::new("app", topics, rules, Currency::new("EUR").unwrap()).unwrap()
}

fn recommendations() -> Recommendations {
    let name = |what: &str| what.to_owned();
    let topics = RecommendTopics {
        events: name("events"),
        views: name("views"),
        recommendations: name("recommendations"),
        trending: name("trending"),
        late: name("late"),
        dead_letters: name("dlq"),
    };
    let rules = RecommendRules {
        trending_window: 20 * SECOND,
        trending_advance: 5 * SECOND,
        // Most windows have more products than places.
        trending_top_n: 2,
        grace: REACH.grace,
        ..RecommendRules::default()
    };
    Recommendations::new("app", topics, rules).unwrap()
}

/// An event: key and JSON.
type Event = (String, String);

fn did(customer: &str, kind: &str, session: Option<u8>, second: i64) -> Event {
    let session = session.map_or_else(String::new, |s| format!(r#","sessionId":"s/{s}""#));
    let value = format!(
        r#"{{"customerId":"{customer}","activityType":"{kind}"{session},"timestamp":"{}"}}"#,
        at(second)
    );
    (customer.to_owned(), value)
}

fn viewed(customer: u8, product: u8, second: i64) -> Event {
    let category = ["\"a\"", "\"b/c\"", "null"][usize::from(product % 3)];
    let value = format!(
        r#"{{"customerId":"c{customer}","productId":"p{product}","category":{category},"timestamp":"{}"}}"#,
        at(second)
    );
    (format!("c{customer}"), value)
}

fn ordered(number: u8, status: &str, second: i64) -> Event {
    let customer = format!("c{}", number % 4);
    let region = ["\"EU\"", "\"U/S\"", "null"][usize::from(number % 3)];
    let value = format!(
        r#"{{"orderId":"o{number}","customerId":"{customer}","totalAmount":"{number}.25","currency":"EUR","itemsCount":1,"status":"{status}","region":{region},"itemCategories":["k"],"timestamp":"{}"}}"#,
        at(second)
    );
    (customer, value)
}

/// What Kafka would hold after a run to the end.
struct Ran<'a> {
    topology: &'a dyn Topology,
    log: Vec<(SourceParts, Event)>,
    progress: Progress,
    /// Sink, key, id, value, in order of writing.
    told: Vec<(usize, Vec<u8>, String, Vec<u8>)>,
    letters: Vec<Letter>,
}

#[derive(Clone, Copy)]
struct SourceParts {
    source: usize,
    partition: i32,
    offset: i64,
}

impl SourceParts {
    fn record(self, event: &Event) -> SourceRecord<'_> {
        SourceRecord {
            source: self.source,
            partition: self.partition,
            offset: self.offset,
            key: Some(event.0.as_bytes()),
            value: Some(event.1.as_bytes()),
            timestamp: None,
        }
    }
}

fn run<'a>(topology: &'a dyn Topology, events: &[Event]) -> Ran<'a> {
    let mut progress = Progress { partitions: PARTITIONS, ..Progress::default() };
    let mut log = Vec::new();
    let mut pipeline = Pipeline::new(topology, LIMITS, PARTITIONS);
    let mut out = Outputs::new();
    let sources = &topology.describe().sources;
    let source = sources.iter().position(|s| s.topic == "views").unwrap_or(0);
    for event in events {
        let number = partition::of_key(event.0.as_bytes(), PARTITIONS);
        let partition = i32::try_from(number).unwrap();
        let next = progress.committed.entry((source, partition)).or_default();
        let parts = SourceParts { source, partition, offset: *next };
        *next += 1;
        pipeline.take(&parts.record(event), now(), &mut out).unwrap();
        log.push((parts, event.clone()));
    }
    pipeline.drain(now(), &mut out).unwrap();
    for stage in 0..topology.describe().stages.len() {
        for partition in 0..i32::try_from(PARTITIONS).unwrap() {
            progress.times.insert((stage, partition), at(1_000_000));
        }
    }
    let mut ran = Ran { topology, log, progress, told: Vec::new(), letters: Vec::new() };
    ran.keep(&out);
    ran
}

impl Ran<'_> {
    fn keep(&mut self, out: &Outputs) {
        let late = self.topology.describe().late_sink();
        for record in out.iter() {
            if record.sink == late {
                let offset = i64::try_from(self.letters.len()).unwrap();
                let headers = record.headers.iter();
                let record = AsideRecord {
                    position: Position { partition: 0, offset },
                    time: None,
                    key: record.key.map(<[u8]>::to_vec),
                    value: record.value.map(<[u8]>::to_vec),
                    headers: headers.map(|(k, v)| ((*k).to_owned(), Some(v.clone()))).collect(),
                };
                let Entry::Letter(letter) = record.read() else { panic!("a letter") };
                self.letters.push(*letter);
            } else {
                let bytes = |b: Option<&[u8]>| b.unwrap_or_default().to_vec();
                let id = record.id.to_owned();
                self.told.push((record.sink, bytes(record.key), id, bytes(record.value)));
            }
        }
    }

    fn sorted(&self, chosen: &dyn Fn(&Letter) -> bool) -> Sorted {
        sort(self.topology.describe(), &self.letters, chosen, &self.progress, REACH)
    }

    fn recounted(&self, sorted: &Sorted) -> Recounted {
        let corrections = self.topology.corrections().unwrap();
        let patient = corrections.patient();
        let mut recount = Recount::new(&*patient, corrections, LIMITS, sorted, &self.progress);
        for (parts, event) in &self.log {
            recount.take(&parts.record(event), now()).unwrap();
        }
        recount.finish(now()).unwrap()
    }

    fn planned(&self, sorted: &Sorted, recounted: &Recounted) -> Plan {
        let mut recorded = Recorded::of(recounted.affected());
        for (sink, key, id, value) in &self.told {
            recorded.take(*sink, key, id, value);
        }
        let corrections = self.topology.corrections().unwrap();
        let description = self.topology.describe();
        plan(description, corrections, sorted, recounted, &recorded, &self.progress)
    }

    /// Replays the chosen letters, as the command would.
    fn replay(&mut self, chosen: &dyn Fn(&Letter) -> bool) -> Plan {
        let sorted = self.sorted(chosen);
        let plan = self.planned(&sorted, &self.recounted(&sorted));
        for each in &plan.corrections {
            let (id, value) = (each.name.id(each.revision), each.value.clone());
            self.told.push((each.name.sink, each.name.key.clone(), id, value));
        }
        self.letters.retain(|l| !plan.replayed.contains(&l.position()));
        plan
    }

    /// The content of each result that stands in the end.
    fn standing(&self) -> BTreeMap<Name, String> {
        let corrections = self.topology.corrections().unwrap();
        let mut revisions: BTreeMap<Name, u32> = BTreeMap::new();
        let mut standing = BTreeMap::new();
        for (sink, key, id, value) in &self.told {
            let Some((name, revision)) = Name::read(*sink, key, id) else { continue };
            if corrections.closing(name.sink, name.measure.as_deref(), name.span).is_none() {
                continue;
            }
            let before = revisions.insert(name.clone(), revision);
            let reopened = revision == 1 && before.is_some();
            assert!(before.is_none_or(|b| b < revision) || reopened, "{id} after {before:?}");
            let text = String::from_utf8(content(value).to_vec()).unwrap();
            if text.contains("\"withdrawn\":true") {
                standing.remove(&name);
            } else {
                standing.insert(name, text);
            }
        }
        standing
    }
}

/// What stands if nothing is ever late.
fn unlimited(topology: &dyn Topology, events: &[Event]) -> BTreeMap<Name, String> {
    let patient = topology.corrections().unwrap().patient();
    run(&*patient, events).standing()
}

fn any_activity() -> impl Strategy<Value = Vec<Event>> {
    let event = (0..3_u8, any::<bool>(), prop::option::of(0..2_u8), 0..200_i64).prop_map(
        |(customer, kind, session, second)| {
            did(&format!("c/{customer}"), if kind { "A" } else { "B" }, session, second)
        },
    );
    prop::collection::vec(event, 1..60)
}

fn any_orders() -> impl Strategy<Value = Vec<Event>> {
    let status = prop_oneof![Just("NEW"), Just("COMPLETED"), Just("CANCELLED")];
    let event = (0..12_u8, status, 0..200_i64).prop_map(|(n, status, at)| ordered(n, status, at));
    prop::collection::vec(event, 1..60)
}

fn any_views() -> impl Strategy<Value = Vec<Event>> {
    let event = (0..4_u8, 0..5_u8, 0..200_i64).prop_map(|(c, p, second)| viewed(c, p, second));
    prop::collection::vec(event, 1..60)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Trends: a view may be late for a window and count in the next, so that only the corrected
    /// windows are whole.
    #[test]
    fn trends_after_a_replay_are_those_of_an_endless_grace(
        events in any_views(),
        part in any::<u64>(),
    ) {
        let topology = recommendations();
        let mut ran = run(&topology, &events);
        let all: BTreeSet<Name> = ran.recounted(&ran.sorted(&|_| true)).affected();
        let some = |l: &Letter| part >> (l.position().offset % 64) & 1 == 1;
        prop_assert_eq!(ran.replay(&some).left, []);
        prop_assert_eq!(ran.replay(&|_| true).left, []);
        let (found, wanted) = (ran.standing(), unlimited(&topology, &events));
        for name in &all {
            prop_assert_eq!(found.get(name), wanted.get(name), "{:?}", name);
        }
        prop_assert_eq!(ran.replay(&|_| true), Plan::default());
    }

    /// Orders: after a replay of all, in one go or in two, everything stands as if nothing had
    /// been late.
    #[test]
    fn orders_after_a_replay_are_those_of_an_endless_grace(
        events in any_orders(),
        updates in any::<bool>(),
        part in any::<u64>(),
    ) {
        let topology = orders(updates);
        let mut ran = run(&topology, &events);
        let some = |l: &Letter| part >> (l.position().offset % 64) & 1 == 1;
        prop_assert_eq!(ran.replay(&some).left, []);
        prop_assert_eq!(ran.replay(&|_| true).left, []);
        prop_assert_eq!(ran.standing(), unlimited(&topology, &events));
        prop_assert_eq!(ran.replay(&|_| true), Plan::default());
    }

    /// Activity: an event may be late for its window and not for its session, or start a session
    /// beside one that has closed, so that only the corrected windows and sessions are whole.
    #[test]
    fn activity_after_a_replay_is_that_of_an_endless_grace(
        events in any_activity(),
        updates in any::<bool>(),
        part in any::<u64>(),
    ) {
        let topology = activity(updates);
        let mut ran = run(&topology, &events);
        let all: BTreeSet<Name> = ran.recounted(&ran.sorted(&|_| true)).affected();
        let some = |l: &Letter| part >> (l.position().offset % 64) & 1 == 1;
        prop_assert_eq!(ran.replay(&some).left, []);
        prop_assert_eq!(ran.replay(&|_| true).left, []);
        let (found, wanted) = (ran.standing(), unlimited(&topology, &events));
        for name in &all {
            // A measurement of a session that became part of another stays; it cannot be withdrawn.
            if name.measure.is_none() || wanted.contains_key(name) {
                prop_assert_eq!(found.get(name), wanted.get(name), "{:?}", name);
            }
        }
        prop_assert_eq!(ran.replay(&|_| true), Plan::default());
    }

    #[test]
    fn names_round_trip(
        about in "[a-z/r0-9-]{0,8}",
        times in any::<(i64, i64)>(),
        revision in 1..u32::MAX,
        measure in prop::option::of("activity_(count|score)"),
    ) {
        let (start, end) = (EventTime::from_micros(times.0), EventTime::from_micros(times.1));
        let span = WindowSpan { start, end };
        let name = Name { sink: 1, key: b"k".to_vec(), about, measure, span };
        prop_assert_eq!(Name::read(1, b"k", &name.id(revision)), Some((name, revision)));
    }

    #[test]
    fn hostile_ids_and_values_are_no_results(id in ".{0,40}", value in any::<Vec<u8>>(), n: u32) {
        if let Some((name, revision)) = Name::read(0, b"", &id) {
            let again = Name::read(0, b"", &name.id(revision));
            prop_assert_eq!(again, Some((name, revision)));
        }
        let told = [&value[..], b",\"revision\":1}"].concat();
        prop_assert_eq!(content(&told), &value[..]);
        let wanted = [&value[..], format!(",\"revision\":{n}}}").as_bytes()].concat();
        prop_assert_eq!(revised(&told, n), wanted);
    }
}

#[test]
fn what_is_no_result_of_a_window_has_no_name() {
    for id in [
        "",
        "/",
        "c",
        "o1/NEW/1767261600000000",
        "o1/NEW/176/enriched/r2",
        "c/1-",
        "c/-1",
        "c/1-2/r1",
        "c/1-2/r2/a/b",
        "c/1-99999999999999999999",
        "c/1--",
        "c/+1-2",
    ] {
        assert_eq!(Name::read(0, b"c", id), None, "{id}");
    }
    assert_eq!(content(b"{\"a\":1}"), b"{\"a\":1}");
    assert_eq!(revised(b"{\"revision\":}", 2), b"{\"revision\":}");
}

/// Fifty-odd events in a window, three of them late: as S3 of the users' reports.
fn late_by_three() -> Vec<Event> {
    let mut events: Vec<Event> = (0..7).map(|n| did("c", "A", None, n)).collect();
    events.push(did("c", "A", None, 100));
    events.extend((0..3).map(|n| did("c", "B", None, n)));
    events
}

#[test]
fn a_window_is_told_as_its_second_revision_and_its_measurements_with_it() {
    let topology = activity(false);
    let mut ran = run(&topology, &late_by_three());
    assert_eq!(ran.letters.len(), 3);
    let plan = ran.replay(&|_| true);
    let told: Vec<(String, String)> = plan
        .corrections
        .iter()
        .map(|c| (c.name.id(c.revision), String::from_utf8(c.value.clone()).unwrap()))
        .collect();
    let span = format!("c/{}-{}", at(0).micros(), at(10).micros());
    let session = format!("c/{}-{}/r2", at(0).micros(), at(6).micros());
    let ids: Vec<&str> = told.iter().map(|(id, _)| id.as_str()).collect();
    let wanted = [
        format!("{span}/r2"),
        session,
        format!("{span}/r2/activity_count"),
        format!("{span}/r2/activity_score"),
    ];
    assert_eq!(ids, wanted);
    assert!(told[0].1.contains("\"count\":10,\"activityCounts\":{\"A\":7,\"B\":3}"), "{told:?}");
    assert!(told.iter().all(|(_, value)| value.ends_with(",\"revision\":2}")), "{told:?}");
    assert!(told[2].1.contains("\"metricValue\":10,"), "{told:?}");
}

#[test]
fn sessions_that_become_one_are_withdrawn() {
    let topology = activity(false);
    let mut events =
        vec![did("c", "A", None, 0), did("c", "A", None, 20), did("c", "A", None, 100)];
    events.push(did("c", "A", None, 10));
    let mut ran = run(&topology, &events);
    let plan = ran.replay(&|_| true);
    let sessions: Vec<_> = plan.corrections.iter().filter(|c| c.name.sink == 1).collect();
    let seen: Vec<_> = sessions
        .iter()
        .map(|c| (c.name.span.start, c.name.span.end, c.revision, c.withdraws))
        .collect();
    let wanted = [(at(0), at(0), 2, true), (at(0), at(20), 1, false), (at(20), at(20), 2, true)];
    assert_eq!(seen, wanted);
    assert!(
        String::from_utf8_lossy(&sessions[0].value).contains("\"withdrawn\":true,\"revision\":2")
    );
}

fn obstacles(plan: &Plan) -> Vec<&'static str> {
    plan.left.iter().map(|left| left.obstacle.code()).collect()
}

#[test]
fn what_cannot_be_trusted_stays_open() {
    let topology = activity(false);
    // Records of the window are gone from the source.
    let mut ran = run(&topology, &late_by_three());
    ran.log.drain(..2);
    let plan = ran.replay(&|_| true);
    assert_eq!(obstacles(&plan), ["recount-differs"; 3]);
    assert_eq!((plan.corrections.len(), plan.replayed.len()), (0, 0));
    // The late record itself is.
    let mut ran = run(&topology, &late_by_three());
    ran.log.pop();
    assert_eq!(obstacles(&ran.replay(&|_| true)), ["source-gone"; 3]);
    // Its session is joined to one that is open.
    let mut ran = run(&topology, &late_by_three());
    ran.progress.times.values_mut().for_each(|time| *time = at(16));
    assert_eq!(obstacles(&ran.replay(&|_| true)), ["window-open"; 3]);
    // Too long ago.
    let ran = run(&topology, &late_by_three());
    let limits = Limits { correct_for: SECOND, ..REACH };
    let sorted = sort(topology.describe(), &ran.letters, &|_| true, &ran.progress, limits);
    assert!(
        matches!(sorted.left[0].obstacle, Obstacle::OutOfReach { closed, .. } if closed == at(15))
    );
    assert_eq!((sorted.candidates.len(), sorted.late.len()), (0, 3));
}

#[test]
fn a_later_stage_must_have_closed_too() {
    let topology = orders(false);
    let mut events: Vec<Event> = (0..9).map(|n| ordered(n, "NEW", 0)).collect();
    events.extend((0..4).map(|n| ordered(20 + n, "NEW", 100)));
    events.push(ordered(30, "NEW", 1));
    let mut ran = run(&topology, &events);
    assert_eq!(ran.letters.len(), 1);
    let before = ran.progress.times.insert((1, 2), at(14));
    assert_eq!(obstacles(&ran.replay(&|_| true)), ["window-open"]);
    ran.progress.times.insert((1, 2), before.unwrap());
    assert_eq!(ran.replay(&|_| true).corrections.len(), 2, "trend and revenue");
}

#[test]
fn letters_that_say_nothing_are_left() {
    let topology = activity(false);
    let ran = run(&topology, &late_by_three());
    let mut letters = ran.letters.clone();
    letters[0].origin = None;
    letters[1].window = "tumbling yesterday".to_owned();
    letters[2].topology = "another".to_owned();
    let sorted = sort(topology.describe(), &letters, &|_| true, &ran.progress, REACH);
    let left: Vec<_> = sorted.left.iter().map(|l| l.obstacle.clone()).collect();
    assert_eq!(left, [Obstacle::NoOrigin, Obstacle::NoWindow]);
    assert_eq!(sorted.candidates, []);
    assert_eq!(reach::window(&ran.letters[0]), Some(WindowSpan { start: at(0), end: at(10) }));
}
