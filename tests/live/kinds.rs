//! The five kinds of metric into their hypertables: imported, recorded, ingested; corrections.

use std::process::Output;
use std::time::Duration;

use rdkafka::config::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde_json::Value;

use crate::bounded::Bounded;
use crate::metrics_database::{Database, json};
use crate::support::{self, shown};

const LIMIT: Duration = Duration::from_secs(30);
const FATES: [&str; 6] = ["read", "stored", "duplicate", "corrected", "conflicting", "rejected"];

fn import(database: &Database, kind: &str, text: &str) -> Output {
    let name = if text.starts_with('{') { "rows.ndjson" } else { "rows.csv" };
    std::fs::write(database.home().join(name), text).expect("written");
    let mut command = database.bss();
    command.args(["metrics", "import", kind, name, "-o", "json"]).ended().expect("bss")
}

fn fates(output: &Output, row: &Value) -> [u64; 6] {
    FATES.map(|key| row[key].as_u64().unwrap_or_else(|| panic!("{key}: {}", shown(output))))
}

#[track_caller]
fn imported(database: &Database, kind: &str, text: &str, wanted: [u64; 6]) {
    let output = import(database, kind, text);
    let status = if wanted[4] + wanted[5] > 0 { 7 } else { 0 };
    assert_eq!(output.status.code(), Some(status), "{}", shown(&output));
    assert_eq!(fates(&output, &json(&output)["rows"][0]), wanted, "{kind}: {}", shown(&output));
}

/// Kind, file, and what its rows are in the table, one text a row.
const FILES: [(&str, &str, &str, &[&str]); 4] = [
    (
        "customer",
        "customerId,metricName,metricValue,labels,timestamp\n\
         c1,logins,3,\"{\"\"b\"\":1}\",2026-01-01T00:00:00Z\n\
         c1,logins,3,\"{\"\"b\"\":1}\",2026-01-01T00:00:00Z\n\
         c2,spend,-0.5,,2026-01-01T00:00:00.123456Z\n",
        "SELECT concat_ws('|', customer_id, metric_name, metric_value, labels, \
         extract(microseconds FROM time)) FROM bss.customer_metrics ORDER BY 1",
        &["c1|logins|3|{\"b\": 1}|0", "c1|logins|3|{\"b\": 1}|0", "c2|spend|-0.5|123456"],
    ),
    (
        "order",
        "order_id,customer_id,status,total_amount,items_count,region,tags,currency,timestamp\n\
         o1,c1,PENDING,10.5,1,EU,\"{\"\"a\"\":[1]}\",USD,2026-01-01T00:00:00Z\n\
         o1,c1,SHIPPED,10.5,1,,,,2026-01-01T01:00:00Z\n",
        "SELECT concat_ws('|', order_id, status, total_amount, currency, items_count, region, tags, \
         event_id) FROM bss.order_metrics ORDER BY 1",
        &[
            "o1|PENDING|10.5000|USD|1|EU|{\"a\": [1]}|o1/PENDING/1767225600000",
            "o1|SHIPPED|10.5000|EUR|1|o1/SHIPPED/1767229200000",
        ],
    ),
    (
        "revenue",
        "{\"revenue\":\"100.25\",\"costs\":40,\"ordersCount\":3,\"region\":\"EU\",\
         \"productCategory\":\"BOOKS\",\"timestamp\":1767225600000}\n\
         {\"revenue\":-1,\"costs\":0,\"ordersCount\":0,\"timestamp\":1767225600000}\n",
        "SELECT concat_ws('|', revenue, costs, profit, currency, orders_count, region, \
         product_category) FROM bss.revenue_metrics ORDER BY 1",
        &["-1.0000|0.0000|-1.0000|EUR|0", "100.2500|40.0000|60.2500|EUR|3|EU|BOOKS"],
    ),
    (
        "system",
        "service,cpu,memory,requests,errors,p99,timestamp\n\
         api,12.5,,100,,250,2026-01-01T00:00:00Z\n\
         api,,50,,0.25,,2026-01-01T00:00:00Z\n",
        "SELECT concat_ws('|', service_name, coalesce(cpu_usage, -1), coalesce(memory_usage, -1), \
         coalesce(request_rate, -1), coalesce(error_rate, -1), coalesce(latency_p99, -1)) \
         FROM bss.system_metrics ORDER BY 1",
        &["api|-1|50|-1|0.25|-1", "api|12.5|-1|100|-1|250"],
    ),
];

fn texts(database: &Database, query: &str) -> Vec<String> {
    database.work(async |connection| {
        sqlx::query_scalar(query).fetch_all(connection).await.expect(query)
    })
}

#[test]
fn each_kind_is_stored_once_however_often_its_file_is_loaded() {
    let database = Database::fresh();
    for (kind, text, query, wanted) in FILES {
        let count = u64::try_from(wanted.len()).expect("few");
        imported(&database, kind, text, [count, count, 0, 0, 0, 0]);
        assert_eq!(texts(&database, query), wanted, "{kind}");
        // The same again, past the ledger and by the keys.
        imported(&database, kind, text, [count, 0, count, 0, 0, 0]);
        let mut command = database.bss();
        let name = if text.starts_with('{') { "rows.ndjson" } else { "rows.csv" };
        command.args(["metrics", "import", kind, name, "--reload", "-o", "json"]);
        let output = command.ended().expect("bss");
        let row = &json(&output)["rows"][0];
        assert_eq!(fates(&output, row), [count, 0, count, 0, 0, 0], "{kind}");
        assert_eq!(texts(&database, query), wanted, "{kind}");
    }
}

#[test]
fn a_higher_revision_takes_the_place_of_the_stored_row() {
    let database = Database::fresh();
    let row = |event: &str, revenue: &str, revision: u32| {
        format!(
            "{{\"eventId\":\"{event}\",\"revenue\":\"{revenue}\",\"costs\":0,\"ordersCount\":1,\
             \"timestamp\":1767225600000,\"revision\":{revision}}}\n"
        )
    };
    let stored = || {
        texts(
            &database,
            "SELECT concat_ws('|', event_id, revenue, revision) FROM bss.revenue_metrics ORDER BY 1",
        )
    };
    let text = [row("a", "1", 1), row("b", "5", 1)].concat();
    imported(&database, "revenue", &text, [2, 2, 0, 0, 0, 0]);
    let text = [row("a", "2", 2), row("c", "7", 1), row("c", "8", 3)].concat();
    imported(&database, "revenue", &text, [3, 1, 0, 2, 0, 0]);
    assert_eq!(stored(), ["a|2.0000|2", "b|5.0000|1", "c|8.0000|3"]);
    // An old one that comes again changes nothing; the same revision with other content conflicts.
    let text = [row("a", "1", 1), row("b", "5", 1), row("c", "9", 3)].concat();
    imported(&database, "revenue", &text, [3, 0, 1, 1, 1, 0]);
    assert_eq!(stored(), ["a|2.0000|2", "b|5.0000|1", "c|8.0000|3"]);
    let aside = std::fs::read_to_string(database.home().join("rows.ndjson.rejects.ndjson"));
    let aside: Value = serde_json::from_str(&aside.expect("rejects")).expect("one line");
    assert_eq!((&aside["reason"], &aside["line"]), (&"conflicting".into(), &3.into()));
    assert_eq!(aside["stored"]["revenue"], "8.00");
    assert_eq!(aside["stored"]["revision"], 3);
}

#[test]
fn one_metric_of_each_kind_is_recorded_once() {
    let database = Database::fresh();
    let record = |arguments: &[&str]| {
        let mut command = database.bss();
        command.args(["metrics", "record"]).args(arguments).args(["-o", "json"]);
        command.args(["--timestamp", "2026-01-01T00:00:00Z"]).ended().expect("bss")
    };
    let outcome = |output: &Output| json(output)["rows"][0]["outcome"].clone();
    let order = ["order", "o1", "--customer", "c", "--amount", "5", "--items", "1", "--status"];
    let rows: [Vec<&str>; 4] = [
        vec!["customer", "c1", "logins", "-3.5", "--labels", "{\"a\":1}"],
        [&order[..], &["NEW"]].concat(),
        vec!["revenue", "10", "--costs", "4", "--orders", "1", "--region", "EU"],
        vec!["system", "api", "--cpu", "12.5", "--p99", "250"],
    ];
    for row in &rows {
        for wanted in ["stored", "duplicate"] {
            let output = record(row);
            assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
            assert_eq!(outcome(&output), wanted, "{}", shown(&output));
        }
    }
    let revenue = json(&record(&rows[2]))["rows"][0].clone();
    assert_eq!(revenue["profit"], "6.00");
    let corrected = record(&[&order[..], &["NEW", "--amount", "6", "--revision", "2"]].concat());
    assert_eq!(corrected.status.code(), Some(2), "given twice: {}", shown(&corrected));
    let other =
        ["order", "o1", "--customer", "c", "--amount", "6", "--items", "1", "--status", "NEW"];
    let conflict = record(&other);
    assert_eq!(conflict.status.code(), Some(5), "{}", shown(&conflict));
    let corrected = record(&[&other[..], &["--revision", "2"]].concat());
    assert_eq!(outcome(&corrected), "corrected", "{}", shown(&corrected));
    for (arguments, code) in [
        (vec!["system", "api"], "missing-field"),
        (vec!["system", "api", "--cpu", "-1"], "negative"),
        (vec!["customer", "c", "m", "NaN"], "not-a-number"),
        (vec!["revenue", "1.23456", "--costs", "0", "--orders", "1"], "scale"),
    ] {
        let output = record(&arguments);
        assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
        let error: Value = serde_json::from_slice(&output.stderr).expect("a JSON error");
        assert_eq!(error["error"]["code"], code, "{}", shown(&output));
    }
    for (table, count) in [("customer", 1), ("order", 1), ("revenue", 1), ("system", 1)] {
        let query = format!("SELECT count(*) FROM bss.{table}_metrics");
        assert_eq!(database.count(&query), count, "{table}");
    }
}

/// Sends records with an id each, as the topologies do.
fn send(topic: &str, records: &[(Option<&str>, String)]) {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", support::kafka())
        .create()
        .expect("a producer");
    for (id, value) in records {
        let mut headers = OwnedHeaders::new();
        if let Some(id) = id {
            headers = headers.insert(Header { key: "ce_id", value: Some(*id) });
        }
        let record = BaseRecord::to(topic).key("k").payload(value).headers(headers);
        producer.send(record).expect("queued");
    }
    producer.flush(LIMIT).expect("written");
}

fn revenue(amount: &str, revision: u32) -> String {
    format!(
        "{{\"revenue\":\"{amount}\",\"costs\":\"0.00\",\"currency\":\"EUR\",\"ordersCount\":1,\
         \"timestamp\":\"2026-01-01T00:00:00Z\",\"windowEnd\":\"2026-01-01T01:00:00Z\",\
         \"revision\":{revision}}}"
    )
}

fn metric(value: u32, revision: u32) -> String {
    format!(
        "{{\"customerId\":\"c\",\"metricName\":\"activity_score\",\"metricValue\":{value},\
         \"timestamp\":\"2026-01-01T00:00:00Z\",\"revision\":{revision}}}"
    )
}

#[test]
fn every_topic_of_metrics_is_ingested_and_corrections_replace_what_they_correct() {
    let database = Database::fresh();
    let prefix = support::unique("kinds");
    let bss = || {
        let mut command = database.bss();
        command
            .env("BSS_KAFKA_TOPIC_PREFIX", &prefix)
            .env("BSS_GENERAL_APPLICATION", &prefix)
            .env("BSS_KAFKA_PARTITIONS", "1");
        command
    };
    let output = bss().args(["setup", "kafka", "--yes"]).ended().expect("bss");
    assert!(output.status.success(), "{}", shown(&output));
    send(
        &format!("{prefix}.revenue.metrics"),
        &[
            (Some("EU//EUR/1-2"), revenue("10.00", 1)),
            (Some("US//EUR/1-2"), revenue("20.00", 1)),
            (Some("EU//EUR/1-2/r2"), revenue("12.00", 2)),
            (Some("EU//EUR/1-2"), revenue("10.00", 1)),
        ],
    );
    send(&format!("{prefix}.customer.metrics"), &[(Some("c/1-2/activity_score"), metric(3, 1))]);
    let order = "{\"orderId\":\"o\",\"customerId\":\"c\",\"status\":\"NEW\",\"totalAmount\":\"5.00\",\
                 \"currency\":\"EUR\",\"itemsCount\":1,\"timestamp\":\"2026-01-01T00:00:00Z\"}";
    send(&format!("{prefix}.order.metrics"), &[(None, order.to_owned())]);
    let gauges = "{\"serviceName\":\"api\",\"cpuUsage\":50,\"timestamp\":\"2026-01-01T00:00:00Z\"}";
    // Without an id each record is one measurement, also if two say the same.
    let twice = [(None, gauges.to_owned()), (None, gauges.to_owned()), (None, "{}".to_owned())];
    send(&format!("{prefix}.system.metrics"), &twice);
    let ingest = || bss().args(["metrics", "ingest", "--once", "-o", "json"]).ended().expect("bss");
    let of = |output: &Output, subject: &str| {
        let document = json(output);
        let rows = document["rows"].as_array().expect("rows");
        let topic = format!("{prefix}.{subject}");
        let row = rows.iter().find(|r| r["topic"] == topic.as_str()).expect("the topic");
        fates(output, row)
    };
    let output = ingest();
    assert_eq!(output.status.code(), Some(7), "{}", shown(&output));
    assert_eq!(of(&output, "revenue.metrics"), [4, 2, 0, 2, 0, 0]);
    assert_eq!(of(&output, "customer.metrics"), [1, 1, 0, 0, 0, 0]);
    assert_eq!(of(&output, "order.metrics"), [1, 1, 0, 0, 0, 0]);
    assert_eq!(of(&output, "system.metrics"), [3, 2, 0, 0, 0, 1]);
    send(
        &format!("{prefix}.customer.metrics"),
        &[
            (Some("c/1-2/r2/activity_score"), metric(4, 2)),
            (Some("c/1-2/activity_score"), metric(3, 1)),
        ],
    );
    let again = ingest();
    assert_eq!(of(&again, "customer.metrics"), [2, 0, 0, 2, 0, 0], "{}", shown(&again));
    assert_eq!(of(&again, "revenue.metrics"), [0; 6]);
    let sums =
        "SELECT concat_ws('|', sum(revenue), count(*), max(revision)) FROM bss.revenue_metrics";
    assert_eq!(texts(&database, sums), ["32.0000|2|2"]);
    let values =
        "SELECT concat_ws('|', event_id, metric_value, revision) FROM bss.customer_metrics";
    assert_eq!(texts(&database, values), ["c/1-2/activity_score|4|2"]);
}
