//! Dead letters and late records: listed, explained, and brought back after a repair.

use std::process::Output;

use serde_json::Value;

use crate::bounded::Bounded;
use crate::broker::Corner;
use crate::support::shown;

impl Corner {
    /// A leaf of `streams` with its answer as JSON.
    pub fn json(&self, args: &[&str]) -> Value {
        let output = self.leaf(args);
        assert!(output.status.success(), "{args:?}: {}", shown(&output));
        document(&output)
    }

    /// A leaf of `streams`.
    pub fn leaf(&self, args: &[&str]) -> Output {
        let all: Vec<&str> = ["streams", "-o", "json"].iter().chain(args).copied().collect();
        self.bss(&all).ended().expect("bss")
    }

    /// The rows of a list.
    pub fn rows(&self, args: &[&str]) -> Vec<Value> {
        self.json(args)["rows"].as_array().expect("rows").clone()
    }

    /// Position and state of each dead letter, in the order of its position.
    pub fn states(&self) -> Vec<(String, String)> {
        let text = |row: &Value, key: &str| row[key].as_str().expect(key).to_owned();
        let rows = self.rows(&["dlq", "list"]);
        let mut all: Vec<_> =
            rows.iter().map(|r| (text(r, "position"), text(r, "state"))).collect();
        all.sort();
        all
    }
}

/// The document on standard output.
pub fn document(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", shown(output)))
}

fn payment(n: u32) -> Vec<u8> {
    let time = 1_767_225_600_000_u64 + u64::from(n) * 1000;
    format!(
        r#"{{"paymentId":"p{n}","customerId":"c1","amount":"9.99","status":"COMPLETED","timestamp":{time}}}"#
    )
    .into_bytes()
}

/// Ten records, the fourth empty, the seventh broken.
fn ten(corner: &Corner) -> Vec<u8> {
    let broken = payment(7)[..40].to_vec();
    let records: Vec<_> = (1..=10)
        .map(|n| match n {
            4 => Vec::new(),
            7 => broken.clone(),
            n => payment(n),
        })
        .map(|value| (Some(b"c1".to_vec()), Some(value)))
        .collect();
    corner.write(&corner.topic("payment.events"), &records);
    let output = corner.drain();
    assert_eq!(output.status.code(), Some(7), "{}", shown(&output));
    broken
}

/// The user's case: 8 are processed, 2 lie in the dead letters with where, why and their bytes;
/// after the repair all 10 are processed.
#[test]
fn two_of_ten_are_set_aside_and_come_back_repaired() {
    let corner = Corner::new("ten", 3);
    let broken = ten(&corner);
    let before = corner.status();
    assert_eq!((&before["processed"], &before["rejected"]), (&8.into(), &2.into()), "{before}");
    assert_eq!(before["lag"], 0, "{before}");
    let letters = corner.rows(&["dlq", "list"]);
    let facts: Vec<_> = letters.iter().map(|l| (&l["offset"], l["reason"].as_str())).collect();
    assert_eq!(facts, [(&3.into(), Some("empty")), (&6.into(), Some("broken-json"))]);
    for letter in &letters {
        assert_eq!(letter["topic"], corner.topic("payment.events"));
        assert_eq!(letter["topology"], "fraud-detection");
        assert_eq!(letter["state"], "open");
    }
    let position = |n: usize| letters[n]["position"].as_str().expect("a position");
    let raw = corner.bss(&["streams", "dlq", "explain", position(1), "--raw"]).ended();
    assert_eq!(raw.expect("bss").stdout, broken, "the original bytes");
    for (at, n) in [(0, 4), (1, 7)] {
        let path = corner.home.path().join("value.json");
        std::fs::write(&path, payment(n)).expect("written");
        let path = path.to_str().expect("UTF-8");
        let told = corner.json(&["dlq", "requeue", position(at), "--value", path, "--yes"]);
        assert_eq!(told["rows"][0]["outcome"], "requeued", "{told}");
    }
    let output = corner.drain();
    assert_eq!(output.status.code(), Some(7), "{}", shown(&output));
    let after = corner.status();
    assert_eq!((&after["processed"], &after["rejected"]), (&10.into(), &2.into()), "{after}");
    assert_eq!((&after["read"], &after["lag"]), (&12.into(), &0.into()), "{after}");
    assert_eq!(corner.read(&corner.topic("payment.metrics")).len(), 10, "scored payments");
    assert!(corner.states().iter().all(|(_, state)| state == "requeued"), "{:?}", corner.states());
}

#[test]
fn a_letter_is_explained_with_its_fault_marked() {
    let corner = Corner::new("explain", 2);
    let value = br#"{"paymentId":"p1","customerId":"c1","amount":-1.50,"status":"COMPLETED"}"#;
    let records = [
        (Some(b"c1".to_vec()), Some(value.to_vec())),
        (Some(b"c1".to_vec()), Some(b"\x1b[31mred\nstate: open".to_vec())),
        (Some(b"c1".to_vec()), Some(vec![b'{', 0xff, b'}'])),
    ];
    corner.write(&corner.topic("payment.events"), &records);
    corner.drain();
    let letters = corner.rows(&["dlq", "list"]);
    let position = |n: usize| letters[n]["position"].as_str().expect("a position");
    let explain = |n: usize| {
        let output = corner.bss(&["streams", "dlq", "explain", position(n)]).ended().expect("bss");
        assert!(output.status.success(), "{}", shown(&output));
        String::from_utf8(output.stdout).expect("UTF-8")
    };
    let text = explain(0);
    let topic = corner.topic("payment.events");
    let partition = letters[0]["partition"].as_i64().expect("a number");
    for part in [
        format!("Dead letter {} of {}, open\n", position(0), corner.dead_letters()),
        format!("from {topic} partition {partition} offset 0\n"),
        "set aside by fraud-detection at ".to_owned(),
        "\nnegative in amount: ".to_owned(),
        "An amount is below zero.".to_owned(),
        "  |   \"amount\": -1.50,   <-- here\n".to_owned(),
        format!("  bss streams dlq explain {} --raw > value.json\n", position(0)),
        format!("  bss streams dlq requeue {} --value value.json\n", position(0)),
        "bss_offset     0\n".to_owned(),
        "key: c1\n".to_owned(),
    ] {
        assert!(text.contains(&part), "no `{part}` in {text}");
    }
    // Data neither drives the terminal nor passes for a line of the text.
    let text = explain(1);
    assert!(text.contains("  | \\u{1b}[31mred\n  | state: open\n"), "{text}");
    assert!(explain(2).contains("  | 00000000  7b ff 7d "), "{}", explain(2));
    let told = corner.json(&["dlq", "explain", position(0)])["meta"].clone();
    for (key, wanted) in [
        ("position", position(0)),
        ("topology", "fraud-detection"),
        ("topic", &topic),
        ("reason", "negative"),
        ("field", "amount"),
        ("state", "open"),
        ("key", "c1"),
        ("valueForm", "json"),
        ("value", std::str::from_utf8(value).expect("UTF-8")),
    ] {
        assert_eq!(told[key], wanted, "{key}");
    }
    assert_eq!((&told["offset"], &told["valueBytes"]), (&0.into(), &value.len().into()));
    let binary = corner.json(&["dlq", "explain", position(2)]);
    assert_eq!(
        (&binary["meta"]["valueForm"], &binary["meta"]["value"]),
        (&"bytes".into(), &Value::Null)
    );
}

#[test]
fn filters_limits_and_the_summary_of_a_list() {
    let corner = Corner::new("filters", 3);
    let payment = String::from_utf8(payment(1)).expect("UTF-8");
    let records: Vec<_> = (0..12)
        .map(|n| {
            let value = match n % 3 {
                0 => String::new(),
                1 => payment.replace("9.99", "-9.99"),
                _ => payment.replace("9.99", "9.99999"),
            };
            (Some(format!("c{n}").into_bytes()), Some(value.into_bytes()))
        })
        .collect();
    corner.write(&corner.topic("payment.events"), &records);
    corner.drain();
    let count = |args: &[&str]| {
        let all: Vec<&str> = ["dlq", "list"].iter().chain(args).copied().collect();
        corner.rows(&all).len()
    };
    let topic = corner.topic("payment.events");
    assert_eq!(count(&[]), 12);
    assert_eq!(count(&["--reason", "empty"]), 4);
    assert_eq!(count(&["--reason", "empty", "--reason", "negative"]), 8);
    assert_eq!(count(&["--topology", "fraud-detection", "--topic", &topic]), 12);
    assert_eq!(count(&["--topology", "metrics-ingest"]) + count(&["--topic", "other"]), 0);
    assert_eq!(count(&["--state", "requeued"]), 0);
    let split: Vec<usize> = ["0", "1", "2"].iter().map(|p| count(&["--partition", p])).collect();
    assert_eq!(split.iter().sum::<usize>(), 12, "{split:?}");
    assert_eq!(count(&["--since", "1h"]), 12);
    assert_eq!(count(&["--until", "1h"]), 0);
    let rows = corner.rows(&["dlq", "list"]);
    let times: Vec<&str> = rows.iter().map(|r| r["timestamp"].as_str().expect("time")).collect();
    assert!(times.is_sorted(), "{times:?}");
    let keys: Vec<&String> = rows[0].as_object().expect("a row").keys().collect();
    let wanted = "position timestamp topology topic partition offset reason field detail state";
    assert_eq!(keys, wanted.split(' ').collect::<Vec<_>>());
    let cut = corner.leaf(&["dlq", "list", "--limit", "5"]);
    assert_eq!(document(&cut)["rows"].as_array(), Some(&rows[7..].to_vec()), "the newest");
    assert_eq!(document(&cut)["meta"]["cut"], true);
    let said = shown(&cut);
    assert!(said.contains("only the newest 5 of 12 are shown; --limit shows more"), "{said}");
    let first = rows[0]["position"].as_str().expect("a position");
    corner.json(&["dlq", "requeue", first, "--yes"]);
    let summary = corner.json(&["dlq", "list", "--summary"]);
    assert_eq!((&summary["meta"]["open"], &summary["meta"]["requeued"]), (&11.into(), &1.into()));
    let sums: Vec<(u64, u64)> = summary["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|r| (r["open"].as_u64().expect("open"), r["requeued"].as_u64().expect("requeued")))
        .collect();
    assert_eq!(sums.len(), 3, "{summary}");
    assert!(sums.iter().all(|(open, requeued)| open + requeued == 4), "{summary}");
}

#[test]
fn late_records_are_listed_with_their_lateness() {
    let corner = Corner::new("late", 1);
    let text = |n: u32| String::from_utf8(payment(n)).expect("UTF-8");
    let at = |n: u32, time: &str| {
        let written = (1_767_225_600_000_u64 + u64::from(n) * 1000).to_string();
        ("c1".to_owned(), text(n).replace(&written, time))
    };
    corner.feed(&[at(1, "1767232800000"), at(2, "1767225600000")]);
    corner.drain();
    let rows = corner.rows(&["late", "list"]);
    assert_eq!(rows.len(), 1, "{rows:?}");
    assert_eq!((&rows[0]["latenessMs"], &rows[0]["offset"]), (&7_200_000.into(), &1.into()));
    assert_eq!(rows[0]["streamTime"], "2026-01-01T02:00:00Z");
    assert_eq!(rows[0]["topic"], corner.topic("payment.events"));
    assert!(corner.rows(&["late", "list", "--until", "1h"]).is_empty());
    assert!(corner.rows(&["dlq", "list"]).is_empty());
}

/// Each refusal names the object and the next step.
#[test]
fn refusals_say_what_to_do() {
    let corner = Corner::new("refusals", 2);
    ten(&corner);
    let fails = |args: &[&str], code: i32, parts: &[&str]| {
        let all: Vec<&str> = ["streams"].iter().chain(args).copied().collect();
        let output = corner.bss(&all).ended().expect("bss");
        let text = shown(&output);
        assert_eq!(output.status.code(), Some(code), "{args:?}: {text}");
        assert!(parts.iter().all(|p| text.contains(p)), "{args:?}: {parts:?} in {text}");
    };
    let topic = corner.dead_letters();
    let unknown = format!("there is no dead letter at 1:999 in topic \"{topic}\"");
    for leaf in ["explain", "requeue"] {
        fails(&["dlq", leaf, "1:999"], 1, &[&unknown, "`bss streams dlq list`"]);
        fails(&["dlq", leaf, "77:0"], 1, &["there is no partition 77"]);
    }
    fails(&["dlq", "requeue", "--all"], 2, &["without a confirmation", &topic, "--yes"]);
    assert!(corner.states().iter().all(|(_, state)| state == "open"));
    let elsewhere = ["--set", "general.application=nobody-here"];
    let missing = ["nobody-here-dlq", "general.application", "`bss setup kafka`"];
    for leaf in [&["dlq", "list"][..], &["dlq", "explain", "0:0"], &["dlq", "requeue", "--all"]] {
        fails(&[leaf, &elsewhere].concat(), 4, &missing);
    }
    fails(&[&["late", "list"][..], &elsewhere].concat(), 4, &["nobody-here-late"]);
    let nowhere = ["--set", "kafka.bootstrap=127.0.0.1:1", "--set", "kafka.connect_timeout=2s"];
    fails(&[&["dlq", "list"][..], &nowhere].concat(), 4, &["127.0.0.1:1"]);
}

/// A record without a key, with headers of its own: both go into the dead letters and back.
#[test]
fn a_null_key_and_own_headers_stay_with_the_record() {
    use rdkafka::message::{Header, OwnedHeaders};
    use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
    let corner = Corner::new("own_headers", 1);
    let topic = corner.topic("payment.events");
    let producer: BaseProducer = rdkafka::ClientConfig::new()
        .set("bootstrap.servers", crate::support::kafka())
        .create()
        .expect("producer");
    let headers =
        OwnedHeaders::new().insert(Header { key: "traceparent", value: Some("00-ab-cd-01") });
    let record: BaseRecord<'_, [u8], [u8]> =
        BaseRecord::to(&topic).payload(b"broken".as_slice()).headers(headers);
    producer.send(record).map_err(|(error, _)| error).expect("sent");
    producer.flush(std::time::Duration::from_secs(20)).expect("flushed");
    let output = corner.drain();
    assert_eq!(output.status.code(), Some(7), "{}", shown(&output));
    for _ in 0..2 {
        let states = corner.states();
        let open: Vec<_> = states.into_iter().filter(|(_, state)| state == "open").collect();
        assert_eq!(open.len(), 1, "{open:?}");
        let position = &open[0].0;
        let explained = corner.json(&["dlq", "explain", position]);
        assert_eq!(explained["meta"]["key"], Value::Null, "{explained}");
        let own = serde_json::json!({"header": "traceparent", "value": "00-ab-cd-01"});
        assert!(explained["rows"].as_array().expect("rows").contains(&own), "{explained}");
        let output = corner.leaf(&["dlq", "requeue", position, "--yes"]);
        assert!(output.status.success(), "{}", shown(&output));
        // It is broken still, so it comes again, as it was.
        let output = corner.drain();
        assert_eq!(output.status.code(), Some(7), "{}", shown(&output));
    }
}
