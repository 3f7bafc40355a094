//! recommendation: an answer to each view, what is in it, trends against a plain count, and many
//! lives.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bss::domain::EventTime;
use bss::generate::random::Random;
use bss::streams::topology::Topology;
use serde_json::{Value, json};

use crate::disturbances::{Disturbances, Tally};
use crate::seeds::{RECOMMENDATION, TRENDS};
use crate::stages::sorted;
use crate::town::{Input, Town, piped};
use crate::world::Seen;
use crate::{MINUTE, at, limits, topology};

const EVENTS: usize = 0;
const VIEWS: usize = 1;
const GRACE: i64 = 5 * MINUTE;
const WINDOW: i64 = 60 * MINUTE;
const NOW: i64 = 300_000;

/// A topology of its own for each run: its tasks share what they learnt.
fn fresh() -> Arc<dyn Topology> {
    topology("recommendation", &["streams.grace=5m", "recommend.trending_top_n=3"])
}

fn input(source: usize, customer: &str, value: &Value) -> Input {
    let (key, value) = (customer.as_bytes().to_vec(), Some(value.to_string().into_bytes()));
    Input { source, key, value, timestamp: None }
}

fn view_at(customer: &str, product: &str, time: EventTime) -> Input {
    let category = format!("k{}", product.len() % 2);
    let value = json!({"customerId": customer, "productId": product, "category": category,
        "timestamp": time.to_string()});
    input(VIEWS, customer, &value)
}

fn view(customer: &str, product: &str, second: i64) -> Input {
    view_at(customer, product, at(second))
}

fn event(customer: &str, kind: &str, product: &str, second: i64) -> Input {
    let value = json!({"customerId": customer, "activityType": kind, "productId": product,
        "timestamp": at(second).to_string()});
    input(EVENTS, customer, &value)
}

/// The values of an output topic.
fn values(outputs: &[Seen], topic: &str) -> Vec<Value> {
    let own = outputs.iter().filter(|o| o.topic.ends_with(topic));
    own.map(|o| serde_json::from_str(&o.value).expect("JSON")).collect()
}

/// Who is recommended what, in order, with the kinds of reasons.
fn answers(outputs: &[Seen]) -> Vec<(String, Vec<(String, String)>)> {
    let text = |v: &Value| v.as_str().expect("a text").to_owned();
    let answer = |v: &Value| {
        let list = v["recommendations"].as_array().expect("a list");
        let own = |r: &Value| (text(&r["productId"]), text(&r["reason"]["kind"]));
        (text(&v["customerId"]), list.iter().map(own).collect())
    };
    values(outputs, ".recommendations").iter().map(answer).collect()
}

fn told(customer: &str, list: &[(&str, &str)]) -> (String, Vec<(String, String)>) {
    let own = |(product, kind): &(&str, &str)| ((*product).to_owned(), (*kind).to_owned());
    (customer.to_owned(), list.iter().map(own).collect())
}

/// Nothing is known at first; a session that ended long enough ago teaches all partitions; what
/// was seen or bought is not recommended; to a stranger the popular products are.
#[test]
fn sessions_teach_every_partition() {
    // The model moves in steps of five minutes: b's session is known a step after a's.
    let settled = 600 + 35 * 60;
    let inputs = [
        view("a", "p1", 0),
        view("a", "p22", 30),
        view("b", "p22", 345),
        view("b", "p333", 360),
        // Moves the time of every partition beyond the sessions.
        view("a", "other", settled - 10),
        view("b", "other", settled - 10),
        // Not yet known everywhere.
        view("c", "p22", settled - 6),
        view("d", "p22", settled),
        event("f", "PURCHASE", "p333", 50),
        view("f", "p22", settled),
        event("g", "PURCHASE", "p1", 50),
        // What is popular is counted once an hour.
        view("e", "unknown", settled + 3600),
        view("g", "unknown", settled + 3600),
        view("g", "p22", settled + 3601),
    ];
    let (outputs, counts) = piped(&*fresh(), limits(), at(NOW), 4, &inputs);
    let answers = answers(&outputs);
    assert_eq!((counts.processed, answers.len()), (14, 12));
    let nothing = |customer: &str| told(customer, &[]);
    assert_eq!(answers[..4], [nothing("a"), nothing("a"), nothing("b"), nothing("b")]);
    assert_eq!(answers[6], told("c", &[("p1", "similar-sessions")]), "b's came later");
    let mut both = answers[7].1.clone();
    both.sort();
    assert_eq!(told("d", &[("p1", "similar-sessions"), ("p333", "similar-sessions")]).1, both);
    assert_eq!(answers[8], told("f", &[("p1", "similar-sessions")]), "it has p333");
    // What they looked at is of p22's category.
    let popular = [("p22", "popular-in-category"), ("p1", "popular"), ("p333", "popular")];
    assert_eq!(answers[9], told("e", &popular));
    assert_eq!(answers[10], told("g", &[popular[0], popular[2]]), "it has p1");
    assert_eq!(answers[11], told("g", &[("p333", "similar-sessions")]), "it saw p22");
    let none = &values(&outputs, ".recommendations")[0];
    assert_eq!((none["confidence"].as_f64(), &none["productId"]), (Some(0.0), &"p1".into()));
}

/// A view late for trends is answered all the same; bad records are set aside with their reasons.
#[test]
fn late_views_are_answered_and_bad_records_set_aside() {
    let raw = |source, key: &str, value: Option<&str>| {
        let value = value.map(|v| v.as_bytes().to_vec());
        Input { source, key: key.as_bytes().to_vec(), value, timestamp: Some(at(5)) }
    };
    let mut wrong_key = view("c", "p", 10_000);
    wrong_key.key = b"other".to_vec();
    let inputs = [
        view("c", "p", 10_000),
        view("c", "q", 0),
        wrong_key,
        raw(VIEWS, "c", Some("null")),
        raw(VIEWS, "c", None),
        raw(EVENTS, "c", Some("{")),
        view("c", "p", NOW + 1000),
        event("c", "LOGIN", "p", NOW + 1000),
    ];
    let (outputs, counts) = piped(&*fresh(), limits(), at(NOW), 2, &inputs);
    assert_eq!((counts.processed, counts.late, counts.rejected, counts.future), (1, 1, 4, 2));
    let header = |o: &Seen, name: &str| {
        o.headers.iter().find(|(k, _)| *k == name).map(|(_, value)| value.clone())
    };
    let reasons: Vec<String> = outputs.iter().filter_map(|o| header(o, "bss_reason")).collect();
    let wanted = ["key-mismatch", "json-null", "tombstone", "broken-json", "future", "future"];
    assert_eq!(reasons, wanted);
    let late: Vec<String> = outputs.iter().filter_map(|o| header(o, "bss_window")).collect();
    let window = format!("hopping {}/{}", at(0), at(3600));
    assert_eq!(late, [window]);
    assert_eq!(answers(&outputs).len(), 2);
}

/// A drain closes the last windows; one that is repeated tells nothing.
#[test]
fn a_view_counts_in_each_of_its_windows_once() {
    use bss::streams::output::Outputs;
    use bss::streams::pipeline::Pipeline;
    use bss::streams::record::SourceRecord;
    let topology = fresh();
    let mut pipeline = Pipeline::new(&*topology, limits(), 3);
    let mut out = Outputs::new();
    for input in [view("c", "p", 0), view("c", "q", 1), view("c", "p", 2)] {
        let (key, value) = (Some(&*input.key), input.value.as_deref());
        let source = input.source;
        let record = SourceRecord { source, partition: -1, offset: 0, key, value, timestamp: None };
        pipeline.take(&record, at(NOW), &mut out).expect("no panic");
    }
    pipeline.drain(at(NOW), &mut out).expect("no panic");
    // 12 windows overall and of the one category that both are of; 3 answers; the session.
    assert_eq!(out.len(), 24 + 3 + 1);
    for _ in 0..3 {
        pipeline.drain(at(NOW), &mut out).expect("no panic");
    }
    assert_eq!(out.len(), 28);
    let all = out.iter().filter(|o| o.id.starts_with("all/"));
    for record in all {
        let value: Value = serde_json::from_slice(record.value.expect("one")).expect("JSON");
        let ranked = json!([{"rank": 1, "productId": "p", "views": 2},
            {"rank": 2, "productId": "q", "views": 1}]);
        assert_eq!(value["products"], ranked);
    }
}

fn small(random: &mut Random, below: u64) -> i64 {
    i64::try_from(random.below(below)).expect("small")
}

/// Views and other events of a few customers: in sessions with and without names, some out of
/// order, late, broken, of the future, with long silences between.
fn many(random: &mut Random) -> Vec<Input> {
    let mut second = 0_i64;
    (0..random.below(150) + 20)
        .map(|n| {
            second += match random.below(40) {
                0 => 6000,
                _ => small(random, 200),
            };
            let back = match random.below(14) {
                0 => 4500,
                1..=3 => small(random, 1200),
                _ => 0,
            };
            let customer = format!("c{}", random.below(8) * random.below(2));
            let product = "p".repeat(usize::try_from(random.below(7)).expect("few") + 1);
            let kind = *random.weighted(&[(1, "LOGIN"), (2, "PURCHASE"), (1, "ADD_TO_CART")]);
            let broken = Value::String("{".to_owned());
            // Each view has a time of its own, so that each answer has an id of its own.
            let time = at(second - back).plus_micros(i64::try_from(n).expect("few"));
            match random.below(30) {
                0 => input(VIEWS, &customer, &broken),
                1 => view(&customer, &product, NOW + 1000 + second),
                2..=7 => event(&customer, kind, &product, second - back),
                8..=11 => {
                    let value = json!({"customerId": customer, "productId": product,
                        "sessionId": format!("s{}", random.below(2)),
                        "timestamp": time.to_string()});
                    input(VIEWS, &customer, &value)
                }
                _ => view_at(&customer, &product, time),
            }
        })
        .collect()
}

/// An input as it was meant.
struct Plain {
    source: usize,
    value: Value,
    time: EventTime,
}

fn plain(inputs: &[Input]) -> Vec<Plain> {
    let read = |input: &Input| {
        let value: Value = serde_json::from_slice(input.value.as_ref()?).ok()?;
        let time = EventTime::from_event_text(value["timestamp"].as_str()?).ok()?;
        (time <= at(NOW + 300)).then_some(Plain { source: input.source, value, time })
    };
    inputs.iter().filter_map(read).collect()
}

/// A ranking's scope, category and window.
type Ranking = (String, String, String);

/// The rankings of all windows by counting: each view in the windows that are open by then.
fn counted(events: &[Plain], most: usize) -> BTreeMap<Ranking, Vec<(String, u64)>> {
    let mut views: BTreeMap<(i64, String), (u64, Option<(EventTime, String)>)> = BTreeMap::new();
    let mut reached = EventTime::from_micros(i64::MIN);
    for event in events.iter().filter(|e| e.source == VIEWS) {
        reached = reached.max(event.time);
        let last = event.time.micros().div_euclid(GRACE) * GRACE;
        for start in (0..12).map(|n| last - n * 5 * MINUTE) {
            if start + WINDOW + GRACE <= reached.micros() {
                continue;
            }
            let product = event.value["productId"].as_str().expect("a text").to_owned();
            let (count, category) = views.entry((start, product)).or_default();
            *count += 1;
            let own = event.value["category"].as_str().map(|k| (event.time, k.to_owned()));
            *category = own.max(category.take());
        }
    }
    let mut rankings: BTreeMap<Ranking, Vec<(String, u64)>> = BTreeMap::new();
    for ((start, product), (count, category)) in views {
        let start = EventTime::from_micros(start).to_string();
        let own = category.map(|(_, name)| ("category".to_owned(), name));
        for (scope, name) in own.into_iter().chain([("all".to_owned(), "ALL".to_owned())]) {
            let ranking = rankings.entry((scope, name, start.clone())).or_default();
            ranking.push((product.clone(), count));
        }
    }
    for ranking in rankings.values_mut() {
        ranking.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        ranking.truncate(most);
    }
    rankings
}

fn rankings(outputs: &[Seen]) -> BTreeMap<Ranking, Vec<(String, u64)>> {
    let told = values(outputs, ".products.trending");
    let text = |v: &Value| v.as_str().expect("a text").to_owned();
    let found: BTreeMap<_, _> = told
        .iter()
        .map(|v| {
            let products = v["products"].as_array().expect("a list").iter();
            let ranked = |p: &Value| (text(&p["productId"]), p["views"].as_u64().expect("views"));
            let key = (text(&v["scope"]), text(&v["category"]), text(&v["windowStart"]));
            (key, products.map(ranked).collect())
        })
        .collect();
    assert_eq!(found.len(), told.len(), "each window once");
    found
}

/// What was bought before or is looked at right now is in no list.
fn nothing_excluded_is_told(events: &[Plain], outputs: &[Seen], seed: u64) -> usize {
    let told = values(outputs, ".recommendations");
    let (mut bought, mut next, mut listed) = (BTreeSet::new(), told.iter(), 0);
    for event in events {
        let text = |key: &str| event.value[key].as_str().unwrap_or_default().to_owned();
        let own = (text("customerId"), text("productId"));
        if event.source == EVENTS {
            if text("activityType") == "PURCHASE" {
                bought.insert(own);
            }
            continue;
        }
        let answer = next.next().expect("an answer to each view");
        let same = ["customerId", "productId", "timestamp"];
        assert!(same.iter().all(|key| answer[key] == event.value[key]), "seed {seed}: {answer}");
        let list = answer["recommendations"].as_array().expect("a list");
        let mut seen = BTreeSet::from([own.1.clone()]);
        for product in list.iter().map(|r| r["productId"].as_str().expect("a text").to_owned()) {
            let key = (own.0.clone(), product.clone());
            assert!(!bought.contains(&key), "seed {seed}: bought {key:?}");
            assert!(seen.insert(product), "seed {seed}: twice or just seen in {answer}");
        }
        listed += list.len();
    }
    assert!(next.next().is_none(), "seed {seed}: an answer to no view");
    listed
}

/// Trends are those of a plain count, each view has one answer, and nothing excluded is in it.
#[test]
fn trends_are_those_of_a_plain_count() {
    let (mut told, mut listed) = (0, 0);
    TRENDS.each(|seed| {
        let inputs = many(&mut Random::of(seed, 21, 0));
        let events = plain(&inputs);
        let (outputs, counts) = piped(&*fresh(), limits(), at(NOW), 1, &inputs);
        let wanted = counted(&events, 3);
        assert_eq!(rankings(&outputs), wanted, "seed {seed}");
        told += wanted.len();
        listed += nothing_excluded_is_told(&events, &outputs, seed);
        let aside = (inputs.len() - events.len()) as u64;
        assert_eq!(counts.rejected + counts.future, aside, "seed {seed}");
        assert_eq!(counts.processed + counts.late, events.len() as u64, "seed {seed}");
    });
    assert!(told > 1000 && listed > 1000, "only {told} rankings and {listed} products");
}

/// All but what is in the lists: that depends on what was learnt by then.
fn without_lists(outputs: Vec<Seen>) -> Vec<Seen> {
    let bare = |mut o: Seen| {
        if o.topic.ends_with(".recommendations") {
            let value: Value = serde_json::from_str(&o.value).expect("JSON");
            o.value = format!("{} {}", value["productId"], value["timestamp"]);
        }
        o
    };
    sorted(outputs.into_iter().map(bare).collect())
}

/// Live, partition after partition, and through lives with crashes: one answer to each view, the
/// same sessions in the same slots, the same trends.
#[test]
fn recommendation_does_not_notice() {
    let mut tally = Tally::default();
    RECOMMENDATION.each(|seed| {
        let mut random = Random::of(seed, 22, 0);
        let inputs = many(&mut random);
        let partitions = u32::try_from(random.below(3)).expect("few") + 1;
        let now = at(NOW);
        let (live, counts) = piped(&*fresh(), limits(), now, partitions, &inputs);
        let (again, _) = piped(&*fresh(), limits(), now, partitions, &inputs);
        assert_eq!(again, live, "seed {seed}: again");
        let mut catch_up = Vec::new();
        for partition in 0..partitions {
            let own = |i: &&Input| bss::streams::partition::of_key(&i.key, partitions) == partition;
            catch_up.extend(inputs.iter().filter(own).cloned());
        }
        let (caught_up, _) = piped(&*fresh(), limits(), now, partitions, &catch_up);
        let wanted = without_lists(live.clone());
        assert_eq!(without_lists(caught_up), wanted, "seed {seed}: catch-up");
        let mut town = Town::new(fresh(), limits(), now, partitions, &inputs);
        let crashes = random.below(8);
        tally.add(&town.live(&mut random, Disturbances::of(seed, 22, crashes)));
        assert_eq!(without_lists(town.outputs()), wanted, "seed {seed}: lives");
        assert_eq!(town.counts(), counts, "seed {seed}: lives");
        assert_eq!(counts.total(), inputs.len() as u64, "seed {seed}: in");
        let told = |o: &&Seen| !o.id.is_empty();
        let ids: BTreeSet<_> = live.iter().filter(told).map(|o| (&o.topic, &o.id)).collect();
        assert_eq!(ids.len(), live.iter().filter(told).count(), "seed {seed}: each id once");
    });
    tally.assert_complete(RECOMMENDATION.count(), true);
}
