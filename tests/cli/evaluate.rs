//! `fraud evaluate` and `fraud backtest` over files, without a server.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;

use serde_json::Value;

use crate::support::{Place, Shown, run};

fn document(shown: &Shown) -> Value {
    serde_json::from_str(&shown.stdout).unwrap_or_else(|e| panic!("{e}: {shown:?}"))
}

/// A row of an evaluation.
fn row<'a>(document: &'a Value, by: &str, name: Option<&str>) -> &'a Value {
    let rows = document["rows"].as_array().unwrap();
    let own = |r: &&Value| r["by"] == by && r["name"].as_str() == name;
    rows.iter().find(own).unwrap_or_else(|| panic!("no {by} {name:?}: {document}"))
}

/// Made-up payments with bursts, and labels for two of three; large and rapid ones are fraud more
/// often. The ids that are fraud, and those that are genuine.
fn recorded(place: &Place) -> (BTreeSet<String>, BTreeSet<String>) {
    let made = ["streams", "generate", "payment-events", "--count=3000", "--customers=150"];
    let more = ["--start=2026-01-05T00:00:00Z", "--span=4d", "--fraud-bursts=0.01", "--seed=7"];
    place.run(&[&made[..], &more, &["--output-file=in.ndjson"]].concat()).ok();
    let text = std::fs::read_to_string(place.path().join("in.ndjson")).unwrap();
    let (mut frauds, mut genuine) = (BTreeSet::new(), BTreeSet::new());
    for (n, line) in text.lines().enumerate() {
        let payment: Value = serde_json::from_str(line).unwrap();
        let id = payment["paymentId"].as_str().unwrap().to_owned();
        let digits = payment["amount"].as_str().map(str::to_owned);
        let amount: f64 = digits.unwrap_or_else(|| payment["amount"].to_string()).parse().unwrap();
        match n % 3 {
            0 => {}
            _ if amount > 300.0 || n % 31 == 0 => drop(frauds.insert(id)),
            _ => drop(genuine.insert(id)),
        }
    }
    let genuine: BTreeSet<String> = genuine.difference(&frauds).cloned().collect();
    assert!(frauds.len() > 30 && genuine.len() > 300, "{} {}", frauds.len(), genuine.len());
    (frauds, genuine)
}

fn label_file(place: &Place, frauds: &BTreeSet<String>, genuine: &BTreeSet<String>) {
    let mut text = "paymentId,fraud\n".to_owned();
    for (ids, verdict) in [(frauds, "true"), (genuine, "no")] {
        ids.iter().for_each(|id| writeln!(text, "{id},{verdict}").unwrap());
    }
    std::fs::write(place.path().join("labels.csv"), text).unwrap();
}

/// The highest score of each payment and the alerts, by `streams test`.
fn tested(place: &Place) -> (BTreeMap<String, f64>, Vec<Value>) {
    let shown = place.run(&["streams", "test", "--input=in.ndjson", "-o", "ndjson"]);
    let (mut scores, mut alerts) = (BTreeMap::new(), Vec::new());
    for line in shown.stdout.lines() {
        let row: Value = serde_json::from_str(line).unwrap();
        let value = &row["value"];
        if row["topic"] == "bss.payment.metrics" {
            let id = value["paymentId"].as_str().unwrap().to_owned();
            let score = value["fraudScore"].as_f64().unwrap();
            let own: &mut f64 = scores.entry(id).or_insert(score);
            *own = own.max(score);
        } else if row["topic"] == "bss.fraud.alerts" {
            alerts.push(value.clone());
        }
    }
    (scores, alerts)
}

const EVALUATE: [&str; 6] =
    ["fraud", "evaluate", "--labels=labels.csv", "--payments=in.ndjson", "-o", "json"];

#[test]
fn the_figures_are_those_of_a_second_count_over_streams_test() {
    let place = Place::new();
    let (frauds, genuine) = recorded(&place);
    label_file(&place, &frauds, &genuine);
    let (scores, alerts) = tested(&place);
    let found = document(&place.run(&EVALUATE));
    let meta = &found["meta"];
    let of = |ids: &BTreeSet<String>| -> Vec<f64> { ids.iter().map(|id| scores[id]).collect() };
    let (bad, good) = (of(&frauds), of(&genuine));
    assert_eq!(meta["payments"], scores.len());
    assert_eq!(meta["frauds"], bad.len());
    assert_eq!(meta["unlabelled"], scores.len() - bad.len() - good.len());
    assert_eq!((&meta["unscored"], &meta["labelsWithoutPayment"]), (&0.into(), &0.into()));
    let pairs = bad.iter().flat_map(|b| good.iter().map(move |g| (b, g)));
    let auc: f64 = pairs
        .map(|(b, g)| {
            if b > g {
                1.0
            } else if b < g {
                0.0
            } else {
                0.5
            }
        })
        .sum();
    let auc = auc / (bad.len() as f64 * good.len() as f64);
    assert!((meta["aucRoc"].as_f64().unwrap() - auc).abs() < 1e-6, "{meta} {auc}");
    let at_least = |scores: &[f64], score: f64| scores.iter().filter(|s| **s >= score).count();
    let precision = |score: f64| {
        let (hits, misses) = (at_least(&bad, score), at_least(&good, score));
        hits as f64 / (hits + misses) as f64
    };
    let average = bad.iter().map(|s| precision(*s)).sum::<f64>() / bad.len() as f64;
    assert!((meta["averagePrecision"].as_f64().unwrap() - average).abs() < 1e-6, "{meta}");
    for (name, threshold) in [("75", 75.0), ("90", 90.0)] {
        let row = row(&found, "score above", Some(name));
        assert_eq!(row["true"], bad.iter().filter(|s| **s > threshold).count());
        assert_eq!(row["false"], good.iter().filter(|s| **s > threshold).count());
        assert_eq!(row["fired"], scores.values().filter(|s| **s > threshold).count());
    }
    let rapid: Vec<&Value> = alerts.iter().filter(|a| a["rule"] == "RAPID_PAYMENTS").collect();
    let names = |alert: &Value, ids: &BTreeSet<String>| {
        let payments = alert["paymentIds"].as_array().unwrap();
        payments.iter().any(|id| ids.contains(id.as_str().unwrap()))
    };
    let own = row(&found, "rule", Some("RAPID_PAYMENTS"));
    assert!(rapid.len() > 3, "{alerts:?}");
    assert_eq!(own["fired"], rapid.len());
    assert_eq!(own["true"], rapid.iter().filter(|a| names(a, &frauds)).count());
    let named: BTreeSet<&str> = rapid
        .iter()
        .flat_map(|a| a["paymentIds"].as_array().unwrap())
        .filter_map(Value::as_str)
        .filter(|id| frauds.contains(*id))
        .collect();
    let recall = named.len() as f64 / frauds.len() as f64;
    assert!((own["recall"].as_f64().unwrap() - recall).abs() < 1e-6, "{own} {recall}");
    assert_eq!(row(&found, "any rule", None)["fired"], alerts.len());
}

#[test]
fn every_form_of_both_files_gives_the_same() {
    let place = Place::new();
    let (frauds, genuine) = recorded(&place);
    label_file(&place, &frauds, &genuine);
    let expected = document(&place.run(&EVALUATE));
    let text = std::fs::read_to_string(place.path().join("in.ndjson")).unwrap();
    let fields = [
        ("timestamp", "time"),
        ("paymentId", "payment_id"),
        ("customerId", "customer_id"),
        ("amount", "amount"),
        ("currency", "currency"),
        ("status", "status"),
        ("merchantId", "terminal_id"),
        ("instrumentId", "instrumentId"),
        ("location", "location"),
        ("failureReason", "failure_reason"),
    ];
    let mut csv = fields.map(|(_, column)| column).join(",") + "\n";
    let mut several = String::new();
    for line in text.lines() {
        let payment: Value = serde_json::from_str(line).unwrap();
        let field = |(name, _): (&str, &str)| match &payment[name] {
            Value::Null => String::new(),
            Value::String(text) => format!("\"{}\"", text.replace('"', "\"\"")),
            other => other.to_string(),
        };
        csv += &(fields.map(field).join(",") + "\n");
        let key = &payment["customerId"];
        writeln!(several, "{{\"topic\":\"bss.payment.events\",\"key\":{key},\"value\":{line}}}")
            .unwrap();
        several += "{\"topic\":\"bss.order.events\",\"key\":\"x\",\"value\":{}}\n";
    }
    std::fs::write(place.path().join("several.ndjson"), several).unwrap();
    let pack = |name: &str, text: &str| {
        let file = std::fs::File::create(place.path().join(name)).unwrap();
        let mut gz = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        gz.write_all(text.as_bytes()).unwrap();
        gz.finish().unwrap();
    };
    pack("in.csv.gz", &csv);
    let mut json = String::new();
    for (ids, fraud) in [(&frauds, true), (&genuine, false)] {
        ids.iter().for_each(|id| {
            writeln!(json, "{{\"paymentId\":\"{id}\",\"fraud\":{fraud}}}").unwrap();
        });
    }
    pack("labels.ndjson.gz", &json);
    for payments in ["in.csv.gz", "several.ndjson"] {
        let payments = format!("--payments={payments}");
        let own = ["fraud", "evaluate", "--labels=labels.ndjson.gz", &payments, "-o", "json"];
        let mut found = document(&place.run(&own));
        let records = found["meta"]["records"].as_object_mut().unwrap();
        let lines = text.lines().count();
        let others = if payments.ends_with("csv.gz") { 0 } else { lines };
        assert_eq!(records.insert("otherTopics".to_owned(), 0.into()), Some(others.into()));
        assert_eq!(found, expected, "{payments}");
    }
    // Standard input stands for either.
    let mut command = place.command();
    command.args(["fraud", "evaluate", "--labels=-", "--payments=in.ndjson", "-o", "json"]);
    command.stdin(std::fs::File::open(place.path().join("labels.csv")).unwrap());
    assert_eq!(document(&place.shown(&command.output().unwrap())), expected);
}

/// Four customers at a merchant and one elsewhere, a payment a day each; the merchant's are fraud
/// from the third day on.
fn small() -> Place {
    let mut payments = "payment_id,time,customer_id,terminal_id,amount\n".to_owned();
    let mut labels = "payment_id,scenario\n".to_owned();
    for day in 1..=9 {
        for customer in 1..=5 {
            let merchant = if customer == 5 { "fine" } else { "bad" };
            let id = format!("p{day}{customer}");
            writeln!(
                payments,
                "{id},2026-01-0{day}T0{customer}:00:00Z,c{customer},{merchant},20.00"
            )
            .unwrap();
            if day > 2 && merchant == "bad" {
                writeln!(labels, "{id},{}", if day < 5 { "first" } else { "2" }).unwrap();
            }
        }
    }
    Place::new().file("payments.csv", &payments).file("labels.csv", &labels)
}

const SMALL: [&str; 4] = ["fraud", "evaluate", "--labels=labels.csv", "--payments=payments.csv"];

#[test]
fn labels_come_back_after_their_delay() {
    let place = small();
    let alone = document(&place.run(&[&SMALL[..], &["-o", "json"]].concat()));
    let meta = &alone["meta"];
    assert_eq!(
        (&meta["payments"], &meta["labelled"], &meta["frauds"]),
        (&45.into(), &45.into(), &28.into())
    );
    assert_eq!((&meta["aucRoc"], &meta["records"]["labelsReturned"]), (&0.5.into(), &0.into()));
    let back = ["--feedback", "--label-delay=1d", "--threshold=30", "--cards=2", "-o", "json"];
    let found = document(&place.run(&[&SMALL[..], &back].concat()));
    let meta = &found["meta"];
    // The labels of the last day are not known by its end.
    assert_eq!(meta["records"]["labelsReturned"], 40);
    assert_eq!(meta["records"]["processed"], 45);
    assert!(meta["aucRoc"].as_f64().unwrap() > 0.8, "{meta}");
    let row = row(&found, "score above", Some("30"));
    assert_eq!((&row["precision"], &row["unknown"]), (&1.0.into(), &0.into()));
    assert!(row["recall"].as_f64().unwrap() > 0.7, "{row}");
    // On the third day nothing is known yet.
    assert!(row["recallByScenario"]["first"].as_f64() < row["recallByScenario"]["2"].as_f64());
    // Known only after the last payment: as if never.
    let late = ["--feedback", "--label-delay=2w", "-o", "json"];
    let late = document(&place.run(&[&SMALL[..], &late].concat()));
    assert_eq!((&late["rows"], &late["meta"]["aucRoc"]), (&alone["rows"], &0.5.into()));
}

#[test]
fn a_range_is_judged_with_all_history_and_without_known_customers() {
    let place = small();
    let range = ["--since=2026-01-08", "--until=2026-01-09", "-o", "json"];
    let meta = |more: &[&str]| {
        let shown = place.run(&[&SMALL[..], &range, more].concat());
        shown.ok();
        document(&shown)["meta"].clone()
    };
    let all = meta(&[]);
    assert_eq!(
        (&all["payments"], &all["frauds"], &all["leftOut"]),
        (&5.into(), &4.into(), &0.into())
    );
    assert_eq!((&all["labelsWithoutPayment"], &all["records"]["read"]), (&24.into(), &45.into()));
    let known = meta(&["--leave-out-known", "--label-delay=1d"]);
    assert_eq!(
        (&known["payments"], &known["leftOut"], &known["frauds"]),
        (&1.into(), &4.into(), &0.into())
    );
    assert_eq!((&known["aucRoc"], &known["cardPrecision"]), (&Value::Null, &Value::Null));
    let late = meta(&["--leave-out-known", "--label-delay=1w"]);
    assert_eq!(late["leftOut"], 0);
    let since = ["--leave-out-known", "--label-delay=1d", "--known-since=2026-01-07T00:00:00Z"];
    assert_eq!(meta(&since)["leftOut"], 0, "known with the first instant of the eighth or later");
    let listed = meta(&["--unlisted=unknown"]);
    assert_eq!((&listed["labelled"], &listed["unlabelled"]), (&4.into(), &1.into()));
    let day = ["--tz=Pacific/Auckland", "--cards=1"];
    assert_eq!(meta(&day)["zone"], "Pacific/Auckland");
}

#[test]
fn people_see_everything_on_standard_output() {
    let place = small();
    let shown = place.run(&[&SMALL[..], &["--feedback", "--label-delay=1d"]].concat());
    let text = shown.ok();
    for part in [
        "Fraud score and rules against 28 labels, the first to the last, zone UTC\n",
        "45 payments: 45 labelled (28 frauds), 0 unlabelled, 0 without a score\n",
        "AUC ROC 0.",
        "card precision@100 0.",
        "recall in the top 1 % (0 payments) 0.000, of scenario 2 0.000, of scenario first 0.000\n",
        "RECALL BY SCENARIO",
        "score above  75 ",
        "rule         UNUSUAL_AMOUNT ",
        "any rule     - ",
    ] {
        assert!(text.contains(part), "no {part} in {text}");
    }
    assert_eq!(
        shown.stderr,
        "45 read = 45 processed + 0 duplicate + 0 late + 0 future + 0 rejected; 40 labels came back.\n"
    );
}

#[test]
fn labels_and_payments_at_fault_are_named_by_line() {
    let labels = "paymentId,fraud,labelledAt\np11,true,\np12,no,\np11,false,\np13,NaN,\n\
         nowhere,yes,\np14,true,2026-01-09T00:00:00Z\np14,false,2026-01-08T00:00:00Z\np12,0,\n\
         p15,true,1767225600\n";
    let place = small().file("labels.csv", labels);
    let shown = place.run(&[&SMALL[..], &["-o", "json"]].concat());
    assert_eq!(shown.status, Some(7), "{shown:?}");
    let meta = &document(&shown)["meta"];
    // p11 is disputed, p12 genuine, p14 fraud by the later word; p13 and p15 are not read.
    assert_eq!(
        (&meta["labelled"], &meta["frauds"], &meta["labels"]),
        (&2.into(), &1.into(), &4.into())
    );
    assert_eq!((&meta["labelsRejected"], &meta["labelsRepeated"]), (&3.into(), &1.into()));
    assert_eq!(meta["labelsWithoutPayment"], 2);
    let reasons: Vec<(u64, &str)> = meta["rejects"]
        .as_array()
        .unwrap()
        .iter()
        .map(|r| (r["line"].as_u64().unwrap(), r["reason"].as_str().unwrap()))
        .collect();
    assert_eq!(reasons, [(4, "conflicting"), (5, "wrong-type"), (10, "implausible-time")]);
    for part in [
        "warning: 3 labels of labels.csv were set aside\n",
        "line 4: conflicting in fraud: payment p11 is genuine here and fraud in line 2",
        "line 5: wrong-type in fraud: `NaN` is none of true",
    ] {
        assert!(shown.stderr.contains(part), "no {part} in {}", shown.stderr);
    }
    let broken = "payment_id,time,customer_id,amount\np11,2026-01-01T00:00:00Z,c1,5\n\
         p12,2026-01-01T00:00:00Z,c1,NaN\np13,2026-01-01\np14,2026-01-02T00:00:00Z,c1,5\n\
         p15,2026-01-01T00:00:00Z,c1,5\n";
    let place = place.file("payments.csv", broken).file("labels.csv", "paymentId\np15\np11\n");
    let shown = place.run(&[&SMALL[..], &["-o", "json"]].concat());
    assert_eq!(shown.status, Some(7), "{shown:?}");
    let meta = &document(&shown)["meta"];
    let records = &meta["records"];
    assert_eq!(
        (&records["read"], &records["rejected"], &records["late"]),
        (&5.into(), &2.into(), &1.into())
    );
    // What came too late has no score, and is not taken for one of 0.
    assert_eq!(
        (&meta["unscored"], &meta["unscoredFrauds"], &meta["frauds"]),
        (&1.into(), &1.into(), &2.into())
    );
    assert_eq!(row(&document(&shown), "score above", Some("75"))["recall"], 0.0);
    assert!(shown.stderr.contains("line 3: not-a-number in amount"), "{}", shown.stderr);
    assert!(
        shown.stderr.contains("line 4: broken-csv: 2 columns; the header has 4"),
        "{}",
        shown.stderr
    );
}

#[test]
fn what_makes_no_sense_is_refused() {
    let place = small();
    let evaluate = |more: &[&str]| place.run(&[&["fraud", "evaluate"][..], more].concat());
    evaluate(&[]).fails(2, &["--labels <FILE>"]);
    evaluate(&["--labels=labels.csv", "--feedback"])
        .fails(2, &["--feedback cannot change scores that are stored", "--payments"]);
    evaluate(&["--labels=-", "--payments=-"]).fails(2, &["cannot both be standard input"]);
    for (option, part) in [
        ("--top=0", "`0` is not within 0 and 100"),
        ("--threshold=101", "`101` is not a score from 0 to 100"),
        ("--known-since=2026-01-01", "--leave-out-known"),
        ("--label-delay=soon", "`soon` is not a duration"),
    ] {
        evaluate(&["--labels=labels.csv", "--payments=payments.csv", option]).fails(2, &[part]);
    }
    evaluate(&["--labels=labels.csv", "--payments=topic:"]).fails(2, &["topic:NAME"]);
    let both = ["--payments=payments.csv", "--leave-out-known", "--known-since=noon"];
    evaluate(&[&["--labels=labels.csv"][..], &both].concat())
        .fails(2, &["`noon` of --known-since"]);
    evaluate(&["--labels=none.csv", "--payments=payments.csv"])
        .fails(1, &["could not read none.csv"]);
    evaluate(&["--labels=labels.csv", "--payments=none.csv"])
        .fails(1, &["could not read none.csv"]);
    evaluate(&["--labels=payments.csv", "--payments=labels.csv"])
        .fails(1, &["cannot read labels.csv as CSV", "lacks customerId, amount, timestamp"]);
    std::fs::write(place.path().join("odd.csv"), "id,fraud\n1,2\n").unwrap();
    evaluate(&["--labels=odd.csv", "--payments=payments.csv"])
        .fails(1, &["cannot read odd.csv as CSV: the header lacks paymentId; it has id, fraud"]);
    std::fs::write(place.path().join("empty.csv"), "").unwrap();
    let empty = evaluate(&["--labels=empty.csv", "--payments=empty.csv"]);
    assert!(empty.ok().contains("AUC ROC -, average precision -"), "{empty:?}");
    assert!(empty.stderr.contains("warning: empty.csv holds no label"), "{empty:?}");
}

const BACKTEST: [&str; 4] = ["fraud", "backtest", "--rules=rules.toml", "--payments=in.ndjson"];

#[test]
fn the_same_rules_differ_in_nothing_and_others_as_evaluate_says() {
    let place = Place::new();
    let (frauds, genuine) = recorded(&place);
    label_file(&place, &frauds, &genuine);
    let backtest = |rules: &str, more: &[&str]| {
        std::fs::write(place.path().join("rules.toml"), rules).unwrap();
        place.run(&[&BACKTEST[..], more].concat())
    };
    let same = backtest("[fraud]\nrapid_high = 10\n", &["--check"]);
    assert!(same.ok().contains("Scores: 0 rose, 0 fell"), "{same:?}");
    assert!(same.stdout.ends_with("Alerts of one side only\n(none)\n"), "{same:?}");
    let other = "rapid_high = 4\nhigh_value = \"400.00\"\nunusual_ratio = 50\n";
    assert_eq!(backtest(other, &["--check"]).status, Some(6));
    let shown = backtest(other, &["--labels=labels.csv", "--limit=3", "-o", "json"]);
    shown.ok();
    let found = document(&shown);
    let meta = &found["meta"];
    assert_eq!(found["rows"].as_array().unwrap().len(), 3);
    assert!(shown.stderr.contains("only the first 3 are shown; --limit shows more"), "{shown:?}");
    let set = [
        "--set=fraud.rapid_high=4",
        "--set=fraud.high_value=400.00",
        "--set=fraud.unusual_ratio=50",
    ];
    let [before, after] =
        [&[][..], &set].map(|set| document(&place.run(&[&EVALUATE[..], set].concat())));
    for (side, own) in [("before", &before), ("after", &after)] {
        let judged = &meta["evaluation"][side];
        for figure in ["aucRoc", "averagePrecision", "cardPrecision", "frauds", "top"] {
            assert_eq!(judged[figure], own["meta"][figure], "{side} {figure}");
        }
        for decision in judged["decisions"].as_array().unwrap() {
            let row = row(own, decision["by"].as_str().unwrap(), decision["name"].as_str());
            for figure in ["fired", "true", "false", "recall", "f1"] {
                assert_eq!(decision[figure], row[figure], "{side} {decision} {row}");
            }
        }
    }
    for crossing in meta["thresholds"].as_array().unwrap() {
        let fired = |own: &Value| {
            row(own, "score above", crossing["threshold"].as_str())["fired"].as_i64().unwrap()
        };
        let number = |key: &str| crossing[key].as_i64().unwrap();
        assert_eq!((number("before"), number("after")), (fired(&before), fired(&after)));
        assert_eq!(number("after") - number("before"), number("up") - number("down"));
    }
    let rapid: Vec<&Value> = meta["alerts"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|a| a["rule"] == "RAPID_PAYMENTS")
        .collect();
    let sum = |key: &str| rapid.iter().map(|a| a[key].as_u64().unwrap()).sum::<u64>();
    assert_eq!(row(&before, "rule", Some("RAPID_PAYMENTS"))["fired"], sum("before"));
    assert_eq!(row(&after, "rule", Some("RAPID_PAYMENTS"))["fired"], sum("after"));
    assert!(sum("onlyAfter") > 0, "{meta}");
    assert!(!meta["amounts"].as_array().unwrap().is_empty(), "{meta}");
    let people = backtest(other, &["--labels=labels.csv"]);
    for part in [
        "ONLY BEFORE",
        "Payments alerted or scored above 75",
        "card precision@100",
        "Alerts of one side",
    ] {
        assert!(people.ok().contains(part), "no {part} in {people:?}");
    }
}

#[test]
fn a_small_backtest_names_what_changes() {
    let mut payments = String::new();
    for (n, amount) in ["10.00", "10.00", "10.00", "10.00", "10.00", "45.00"].iter().enumerate() {
        writeln!(
            payments,
            "{{\"paymentId\":\"p{n}\",\"customerId\":\"c1\",\"amount\":\"{amount}\",\"currency\":\"EUR\",\
             \"status\":\"COMPLETED\",\"timestamp\":\"2026-01-0{}T00:00:00Z\"}}",
            n + 1
        )
        .unwrap();
    }
    let rules = "unusual_ratio = 4.0\namount_ratio_weight = 0.0\n";
    let place = Place::new().file("in.ndjson", &payments).file("rules.toml", rules);
    let shown = place.run(&[&BACKTEST[..], &["--threshold=20", "-o", "json"]].concat());
    shown.ok();
    let found = document(&shown);
    let row = &found["rows"][0];
    for (key, value) in [
        ("side", "after"),
        ("rule", "UNUSUAL_AMOUNT"),
        ("severity", "HIGH"),
        ("customerId", "c1"),
        ("amount", "45.00"),
        ("currency", "EUR"),
        ("paymentId", "p5"),
        ("timestamp", "2026-01-06T00:00:00Z"),
    ] {
        assert_eq!(row[key], value, "{found}");
    }
    let meta = &found["meta"];
    assert_eq!((&meta["found"], &meta["scores"]["lowered"]), (&1.into(), &1.into()));
    assert_eq!(meta["evaluation"], Value::Null);
    // It was suspected by its score before, and is by an alert now.
    assert_eq!(meta["thresholds"][0]["down"], 1);
    assert_eq!(meta["amounts"], serde_json::json!([]));
    let none = place.run(&[&BACKTEST[..], &["--until=2026-01-06", "-o", "json"]].concat());
    assert_eq!(document(&none)["meta"]["found"], 0);
}

#[test]
fn rules_to_try_must_be_rules() {
    let place = Place::new().file("in.ndjson", "");
    let refused = |rules: &str, status: i32, parts: &[&str]| {
        std::fs::write(place.path().join("rules.toml"), rules).unwrap();
        place.run(&BACKTEST).fails(status, parts);
    };
    refused("rapid_hihg = 3\n", 3, &["unknown key in ", "Did you mean `fraud.rapid_high`?"]);
    refused("[kafka]\npartitions = 3\n", 3, &["is not of [fraud]"]);
    refused("rapid_critical = 3\n", 3, &["fraud.rapid_critical: 3 must be more than"]);
    run(&["fraud", "backtest", "--payments=x"]).fails(2, &["--rules <FILE>"]);
    place
        .run(&["fraud", "backtest", "--rules=none.toml", "--payments=in.ndjson"])
        .fails(3, &["none.toml"]);
    std::fs::write(place.path().join("rules.toml"), "").unwrap();
    place.run(&[&BACKTEST[..], &["--feedback"]].concat()).fails(2, &["--feedback needs labels"]);
    place
        .run(&["fraud", "backtest", "--rules=rules.toml", "--payments=-", "--labels=-"])
        .fails(2, &["cannot both be standard input"]);
    assert!(place.run(&BACKTEST).ok().contains("0 payments under the rules"));
}
