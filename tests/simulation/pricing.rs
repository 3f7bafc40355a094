//! dynamic-pricing: prices against a plain calculation, and many lives.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bss::domain::payment::Currency;
use bss::domain::{EventTime, Product};
use bss::generate::random::Random;
use bss::pricing::{Demand, PriceWindow, Pricing, PricingRules, Written, write_recommendation};
use bss::streams::output::Outputs;
use bss::streams::pipeline::Pipeline;
use bss::streams::record::SourceRecord;
use bss::streams::topology::Topology;
use serde_json::{Value, json};

use crate::disturbances::{Disturbances, Tally};
use crate::seeds::{PRICES, PRICING, PRICING_END};
use crate::stages::sorted;
use crate::town::{Input, Town, piped};
use crate::world::Seen;
use crate::{MINUTE, at, limits, topology};

const ORDERS: usize = 0;
const VIEWS: usize = 1;
const CATALOG: usize = 3;

/// Few silent windows and quick answers, so that a short run sees all that can happen.
const SETTINGS: [&str; 4] = [
    "pricing.prior_demand=2",
    "pricing.silent_windows=4",
    "pricing.damping=15m",
    "streams.grace=5m",
];

fn rules() -> PricingRules {
    PricingRules {
        prior_demand: 2.0,
        silent_windows: 4,
        damping: 15 * MINUTE,
        grace: 5 * MINUTE,
        ..PricingRules::default()
    }
}

const NOW: i64 = 300_000;

fn pricing() -> Arc<dyn Topology> {
    topology("dynamic-pricing", &SETTINGS)
}

fn input(source: usize, key: &str, value: Option<&str>) -> Input {
    let value = value.map(|v| v.as_bytes().to_vec());
    Input { source, key: key.as_bytes().to_vec(), value, timestamp: Some(at(5)) }
}

fn order(id: &str, customer: &str, product: &str, status: &str, items: u64, second: i64) -> Input {
    let value = json!({"orderId": id, "customerId": customer, "productId": product,
        "totalAmount": "12.50", "itemsCount": items, "status": status,
        "timestamp": at(second).to_string()});
    input(ORDERS, customer, Some(&value.to_string()))
}

fn view(customer: &str, product: &str, second: i64) -> Input {
    let value = json!({"customerId": customer, "productId": product,
        "timestamp": at(second).to_string()});
    input(VIEWS, customer, Some(&value.to_string()))
}

fn row(product: &str, base: &str, expected: f64) -> Input {
    let value = json!({"productId": product, "basePrice": base, "currency": "EUR",
        "expectedDemand": expected, "timestamp": at(0).to_string()});
    input(CATALOG, product, Some(&value.to_string()))
}

/// Every price that was told, in order: product, price or `withdrawn`, rule, revision.
fn prices(outputs: &[Seen]) -> Vec<(String, String, String, u64)> {
    let told = outputs.iter().filter(|o| o.topic == "bss.pricing.recommendations");
    told.map(|o| {
        let value: Value = serde_json::from_str(&o.value).expect("JSON");
        let text = |key: &str| value[key].as_str().unwrap_or("-").to_owned();
        let revision = value["revision"].as_u64().expect("a revision");
        let price =
            if value["withdrawn"] == true { "withdrawn".into() } else { text("recommendedPrice") };
        (o.key.clone(), price, text("rule"), revision)
    })
    .collect()
}

fn told(product: &str, price: &str, rule: &str, revision: u64) -> (String, String, String, u64) {
    (product.to_owned(), price.to_owned(), rule.to_owned(), revision)
}

/// A window's demand moves the price when it closes, silent windows bring it back, and a
/// product at rest is not told again.
#[test]
fn demand_moves_a_price_and_silence_brings_it_back() {
    let quarter = 900;
    let inputs = [
        row("p", "100.00", 1.0),
        row("quiet", "10.00", 1.0),
        order("o1", "c", "p", "COMPLETED", 30, 10),
        // Moves time beyond the silent windows.
        view("d", "unknown", 12 * quarter),
        order("o2", "d", "unknown", "COMPLETED", 1, 12 * quarter),
    ];
    let (outputs, counts) = piped(&*pricing(), limits(), at(NOW), 1, &inputs);
    let told_prices = prices(&outputs);
    assert_eq!(told_prices[0], told("p", "110.00", "DEMAND", 1), "at its limit");
    assert_eq!(told_prices.last(), Some(&told("p", "100.00", "SILENCE", 1)));
    assert!(told_prices.iter().all(|t| t.0 == "p"), "{told_prices:?}");
    assert_eq!(counts.processed, 5);
}

/// An order is demand once, whatever it comes to; one that came to nothing is none.
#[test]
fn an_order_is_demand_once() {
    let once = [row("p", "100.00", 1.0), order("o", "c", "p", "PENDING", 2, 10)];
    let often = [
        row("p", "100.00", 1.0),
        order("lost", "c", "p", "CANCELLED", 50, 5),
        order("o", "c", "p", "PENDING", 2, 10),
        order("o", "c", "p", "COMPLETED", 2, 11),
        order("o", "c", "p", "SHIPPED", 2, 1000),
        order("o", "c", "p", "REFUNDED", 2, 1001),
    ];
    let run = |inputs: &[Input]| prices(&piped(&*pricing(), limits(), at(NOW), 1, inputs).0);
    assert_eq!(run(&once), [told("p", "103.33", "DEMAND", 1)], "(2 + 2) / (1 + 2) of demand");
    assert_eq!(run(&often)[0], run(&once)[0]);
}

/// Rows that come later price anew at once; a tombstone withdraws; a product that returns begins
/// anew; the same row again says nothing.
#[test]
fn the_catalogue_prices_anew_on_arrival() {
    let later = |second| view("d", "other", second);
    let inputs = [
        row("p", "100.00", 1.0),
        order("o1", "c", "p", "COMPLETED", 2, 10),
        order("o2", "d", "other", "COMPLETED", 1, 1300),
        later(1300),
        row("p", "200.00", 1.0),
        row("p", "200.00", 1.0),
        input(CATALOG, "p", None),
        input(CATALOG, "p", None),
        row("p", "50.00", 1.0),
        order("o3", "c", "p", "COMPLETED", 2, 2000),
    ];
    let (outputs, counts) = piped(&*pricing(), limits(), at(NOW), 1, &inputs);
    assert_eq!(
        prices(&outputs),
        [
            told("p", "103.33", "DEMAND", 1),
            told("p", "206.67", "CATALOG", 2),
            told("p", "withdrawn", "-", 3),
            told("p", "51.67", "DEMAND", 1),
        ]
    );
    assert_eq!((counts.processed, counts.total()), (8, 10));
    let ids: BTreeSet<&String> = outputs.iter().map(|o| &o.id).collect();
    assert_eq!(ids.len(), outputs.len(), "each id once");
}

/// Bad rows and events are set aside with their reasons and move nothing.
#[test]
fn bad_records_are_set_aside() {
    let inputs = [
        input(CATALOG, "p", Some(r#"{"productId":"p","basePrice":"-1"}"#)),
        input(CATALOG, "q", Some(r#"{"productId":"p","basePrice":"1"}"#)),
        input(
            CATALOG,
            "p",
            Some(r#"{"productId":"p","basePrice":"1","timestamp":"2027-01-01T00:00:00Z"}"#),
        ),
        input(VIEWS, "c", Some("null")),
        input(VIEWS, "c", None),
        view("c", "p", NOW + 1000),
        input(ORDERS, "c", Some("{")),
    ];
    let (outputs, counts) = piped(&*pricing(), limits(), at(NOW), 1, &inputs);
    let reason = |o: &Seen| {
        let found = o.headers.iter().find(|(k, _)| *k == "bss_reason");
        found.map(|(_, reason)| reason.clone()).unwrap_or_default()
    };
    assert_eq!(
        outputs.iter().map(reason).collect::<Vec<_>>(),
        ["negative", "key-mismatch", "future", "json-null", "tombstone", "future", "broken-json"]
    );
    assert_eq!((counts.rejected, counts.future, counts.processed), (5, 2, 0));
}

/// A drain that is repeated moves no time and tells nothing.
#[test]
fn a_second_drain_changes_nothing() {
    let topology = pricing();
    let mut pipeline = Pipeline::new(&*topology, limits(), 2);
    let mut out = Outputs::new();
    for input in [row("p", "100.00", 1.0), order("o", "c", "p", "COMPLETED", 30, 10)] {
        take(&mut pipeline, &input, &mut out);
    }
    pipeline.drain(at(NOW), &mut out).expect("no panic");
    assert_eq!(out.len(), 1);
    for _ in 0..20 {
        pipeline.drain(at(NOW), &mut out).expect("no panic");
    }
    assert_eq!(out.len(), 1, "silent windows came to pass by draining");
}

fn take(pipeline: &mut Pipeline<'_>, input: &Input, out: &mut Outputs) {
    let record = SourceRecord {
        source: input.source,
        partition: -1,
        offset: 0,
        key: Some(&input.key),
        value: input.value.as_deref(),
        timestamp: input.timestamp,
    };
    pipeline.take(&record, at(NOW), out).expect("no panic");
}

fn small(random: &mut Random, below: u64) -> i64 {
    i64::try_from(random.below(below)).expect("small")
}

/// A catalogue with changes, then orders and views: some told again, out of order, late, broken,
/// of the future, of products nobody knows, with long silences between.
fn many(random: &mut Random) -> Vec<Input> {
    let mut all = Vec::new();
    for product in 0..5 {
        let name = format!("p{product}");
        for _ in 0..random.below(3) {
            let expected = *random.weighted(&[(1, 0.0), (2, 1.0), (1, 3.5)]);
            all.push(row(&name, &format!("{}.90", random.below(300) + 1), expected));
        }
        if random.below(6) == 0 {
            all.push(input(CATALOG, &name, None));
        }
    }
    let mut second = 0_i64;
    for _ in 0..random.below(120) + 20 {
        second += match random.below(40) {
            0 => 9000,
            _ => small(random, 240),
        };
        let back = match random.below(12) {
            0 => 4000,
            1..=3 => small(random, 500),
            _ => 0,
        };
        let (customer, product) =
            (format!("c{}", random.below(6) * random.below(2)), format!("p{}", random.below(6)));
        let time = second - back;
        all.push(match random.below(30) {
            0 => input(VIEWS, &customer, Some("{")),
            1 => view(&customer, &product, NOW + 1000 + second),
            2..=14 => view(&customer, &product, time),
            _ => {
                let status =
                    *random.weighted(&[(3, "COMPLETED"), (2, "PENDING"), (1, "CANCELLED")]);
                let id = format!("o{}-{customer}", random.below(40));
                order(&id, &customer, &product, status, random.below(9), time)
            }
        });
    }
    all
}

/// What all records of a run of one partition come to, calculated product by product.
#[derive(Default)]
struct Plain {
    demand: BTreeMap<String, BTreeMap<PriceWindow, Demand>>,
    catalog: BTreeMap<String, Product>,
    clocks: [Option<EventTime>; 2],
    placed: BTreeSet<String>,
    counted: u64,
    idle: u64,
    late: u64,
    aside: u64,
}

impl Plain {
    fn of(inputs: &[Input], rules: &PricingRules) -> Self {
        let mut plain = Self::default();
        for input in inputs {
            let key = String::from_utf8(input.key.clone()).expect("UTF-8");
            match &input.value {
                None => drop(plain.catalog.remove(&key)),
                Some(value) if input.source == CATALOG => {
                    let eur = Currency::new("EUR").expect("a currency");
                    let row = Product::from_json(value, eur, None).expect("a good row");
                    plain.catalog.insert(key, row);
                }
                Some(value) => plain.event(input.source, value, rules),
            }
        }
        plain
    }

    fn event(&mut self, source: usize, value: &[u8], rules: &PricingRules) {
        let Ok(value) = serde_json::from_slice::<Value>(value) else {
            self.aside += 1;
            return;
        };
        let text = |key: &str| value[key].as_str().unwrap_or_default();
        let time = EventTime::from_event_text(text("timestamp")).expect("a time");
        if time > at(NOW + 300) {
            self.aside += 1;
            return;
        }
        let reached = self.clocks[source].max(Some(time)).expect("a time");
        self.clocks[source] = Some(reached);
        let (id, window) = (text("orderId").to_owned(), PriceWindow::of(time, rules));
        if source == ORDERS && (text("status") == "CANCELLED" || self.placed.contains(&id)) {
            self.idle += 1;
            return;
        }
        if window.end.plus_micros(rules.grace) <= reached {
            self.late += 1;
            return;
        }
        let demand = match source {
            ORDERS => Demand::order(value["itemsCount"].as_u64().expect("a number"), rules),
            _ => Demand::view(),
        };
        self.placed.insert(id);
        self.counted += 1;
        let windows = self.demand.entry(text("productId").to_owned()).or_default();
        windows.entry(window).or_default().join(&demand);
    }

    /// Id and value of each price.
    fn prices(&self, rules: &PricingRules) -> BTreeMap<String, String> {
        let mut told = BTreeMap::new();
        let Some(last) = self.clocks.iter().copied().max().flatten() else { return told };
        let end = PriceWindow::of(last, rules).end;
        let mut written = Written::default();
        for (product, windows) in &self.demand {
            let (Some(row), Some((first, _))) =
                (self.catalog.get(product), windows.first_key_value())
            else {
                continue;
            };
            let (mut pricing, mut window) = (Pricing::first_seen(*first), *first);
            while window.end <= end {
                let demand = windows.get(&window).copied().unwrap_or_default();
                // A product at rest is not asked about windows without an event.
                if !demand.is_silent() || !pricing.standing.is_resting(rules) {
                    let closed = pricing.close(row, window, &demand, rules).expect("in order");
                    if closed.recommendation.moved {
                        write_recommendation(product, &closed.recommendation, &mut written);
                        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
                        told.insert(text(&written.id), text(&written.value));
                    }
                }
                window = window.next(rules);
            }
        }
        told
    }
}

/// The topology tells what the plain calculation does, and every record is accounted for:
/// in = counted + no demand + late + set aside, and nothing is late behind the repartition topic.
#[test]
fn prices_are_those_of_a_plain_calculation() {
    let (topology, rules) = (pricing(), rules());
    let mut moved = 0;
    PRICES.each(|seed| {
        let inputs = many(&mut Random::of(seed, 11, 0));
        let plain = Plain::of(&inputs, &rules);
        let mut pipeline = Pipeline::new(&*topology, limits(), 1);
        let mut out = Outputs::new();
        for input in &inputs {
            take(&mut pipeline, input, &mut out);
        }
        pipeline.drain(at(NOW), &mut out).expect("no panic");
        let told: BTreeMap<String, String> = out
            .iter()
            .filter(|o| o.sink == 0)
            .map(|o| {
                let value = String::from_utf8_lossy(o.value.expect("a value")).into_owned();
                (o.id.to_owned(), value)
            })
            .collect();
        assert_eq!(told, plain.prices(&rules), "seed {seed}");
        moved += told.len();
        let (counts, behind) = (pipeline.counts(), pipeline.between(1));
        let rows = inputs.iter().filter(|i| i.source == CATALOG).count() as u64;
        assert_eq!((counts.late, behind.late), (plain.late, 0), "seed {seed}");
        assert_eq!(behind.total(), plain.counted, "seed {seed}");
        let rows_aside = counts.rejected + counts.future - plain.aside;
        let taken = counts.processed + counts.duplicate + rows_aside;
        assert_eq!(taken, plain.counted + plain.idle + rows, "seed {seed}");
        assert_eq!(counts.total(), inputs.len() as u64, "seed {seed}");
        let all = plain.counted + plain.idle + plain.late + plain.aside + rows;
        assert_eq!(all, inputs.len() as u64, "seed {seed}: in = counted + late + set aside");
    });
    assert!(moved > 1000, "only {moved} prices moved");
}

/// Live, partition after partition, and through lives with crashes: the same prices.
#[test]
fn dynamic_pricing_does_not_notice() {
    let topology = pricing();
    let mut tally = Tally::default();
    PRICING.each(|seed| {
        let mut random = Random::of(seed, 12, 0);
        let inputs = many(&mut random);
        let partitions = u32::try_from(random.below(3)).expect("few") + 1;
        let now = at(NOW);
        let (live, counts) = piped(&*topology, limits(), now, partitions, &inputs);
        let mut catch_up = Vec::new();
        for partition in 0..partitions {
            let own = |i: &&Input| bss::streams::partition::of_key(&i.key, partitions) == partition;
            catch_up.extend(inputs.iter().filter(own).cloned());
        }
        let (caught_up, _) = piped(&*topology, limits(), now, partitions, &catch_up);
        assert_eq!(sorted(caught_up), sorted(live.clone()), "seed {seed}: catch-up");
        let mut town = Town::new(Arc::clone(&topology), limits(), now, partitions, &inputs);
        let crashes = random.below(8);
        tally.add(&town.live(&mut random, Disturbances::of(seed, 12, crashes)));
        assert_eq!(sorted(town.outputs()), sorted(live.clone()), "seed {seed}: lives");
        assert_eq!(town.counts(), counts, "seed {seed}: lives");
        assert_eq!(counts.total(), inputs.len() as u64, "seed {seed}: in");
        let ids: BTreeSet<_> = live.iter().map(|o| (&o.topic, &o.id, &o.headers)).collect();
        assert_eq!(ids.len(), live.len(), "seed {seed}: each id once");
    });
    tally.assert_complete(PRICING.count(), true);
}

/// The end of the input is that of the source that is furthest ahead, also for a life that went on
/// from the last commit and saw no record.
#[test]
fn the_end_does_not_depend_on_the_last_commit() {
    let inputs = [
        row("p", "100.00", 1.0),
        view("c", "p", 0),
        order("o1", "c", "p", "COMPLETED", 30, 10),
        order("o2", "c", "p", "CANCELLED", 1, 9000),
    ];
    let (live, _) = piped(&*pricing(), limits(), at(NOW), 1, &inputs);
    assert_eq!(prices(&live).last(), Some(&told("p", "100.00", "SILENCE", 1)));
    PRICING_END.each(|seed| {
        let mut town = Town::new(pricing(), limits(), at(NOW), 1, &inputs);
        town.live(&mut Random::of(seed, 13, 0), Disturbances::none());
        assert_eq!(sorted(town.outputs()), sorted(live.clone()), "seed {seed}");
    });
}
