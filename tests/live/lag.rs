//! How far behind a topology is: in records, in event time, by the clock; hanging transactions.

use std::time::Duration;

use rdkafka::ClientConfig;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use serde_json::Value;

use crate::bounded::Bounded;
use crate::broker::{Corner, payments};
use crate::dlq::document;
use crate::support::{kafka, shown, wait_for};

/// A payment of a customer that lands in partition 0 of one, an hour into 2026.
fn payment(id: &str, millis: u64) -> (String, String) {
    let time = 1_767_229_200_000 + millis;
    let json = format!(
        r#"{{"paymentId":"{id}","customerId":"c1","amount":"9.99","status":"COMPLETED","timestamp":{time}}}"#
    );
    ("c1".to_owned(), json)
}

fn row(corner: &Corner) -> Value {
    let rows = payments_of(corner.rows(&["lag", "fraud-detection"]));
    assert_eq!(rows.len(), 1, "{rows:?}");
    rows[0].clone()
}

/// The rows of the topic of payments: the topology reads labels and its own topic too.
fn payments_of(mut rows: Vec<Value>) -> Vec<Value> {
    rows.retain(|row| row["topic"].as_str().is_some_and(|t| t.ends_with("payment.events")));
    rows
}

/// A worker that stands still on a topic with little traffic: one record is one record behind,
/// and late by the clock.
#[test]
fn one_record_that_nobody_reads_is_reported_by_time() {
    let corner = Corner::new("lag_still", 1);
    let before = row(&corner);
    assert_eq!((&before["committedOffset"], &before["lag"]), (&Value::Null, &0.into()));
    corner.feed(&[payment("p1", 0)]);
    let first = row(&corner);
    assert_eq!((&first["lag"], &first["eventLagSeconds"]), (&1.into(), &Value::Null), "{first}");
    assert!(corner.drain().status.success());
    let done = row(&corner);
    assert_eq!((&done["lag"], &done["eventLagSeconds"]), (&0.into(), &0.0.into()), "{done}");
    assert_eq!(done["oldestUnreadAgeSeconds"], Value::Null, "{done}");
    let quiet = corner.leaf(&["lag", "--max-lag", "0", "--max-age", "1ms"]);
    assert_eq!(quiet.status.code(), Some(0), "{}", shown(&quiet));
    // The worker is stopped; five seconds of event time later one payment comes.
    corner.feed(&[payment("p2", 5000)]);
    let late = wait_for("it ages", Duration::from_secs(10), || {
        let late = corner.leaf(&["lag", "fraud-detection", "--max-age", "100ms"]);
        (late.status.code() == Some(6)).then_some(late)
    });
    let topic = corner.topic("payment.events");
    let text = shown(&late);
    assert!(
        text.contains(&format!("fraud-detection {topic}/0: the oldest unread record")),
        "{text}"
    );
    let told = document(&late);
    let behind = &told["rows"][0];
    assert_eq!((&behind["lag"], &behind["eventLagSeconds"]), (&1.into(), &5.0.into()), "{told}");
    assert_eq!(behind["lastTimeOf"], "event");
    assert!(behind["writer"].as_str().is_some_and(|w| w.starts_with(&corner.application)));
    assert_eq!(told["meta"]["topologies"][0]["lag"], 1, "{told}");
    let by_count = corner.leaf(&["lag", "fraud-detection", "--max-lag", "0"]);
    assert_eq!(by_count.status.code(), Some(6), "{}", shown(&by_count));
    let within = corner.leaf(&["lag", "fraud-detection", "--max-lag", "1", "--max-age", "1h"]);
    assert_eq!(within.status.code(), Some(0), "{}", shown(&within));
}

fn transactional(id: &str) -> BaseProducer {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", kafka())
        .set("transactional.id", id)
        .set("transaction.timeout.ms", "60000")
        .create()
        .expect("producer");
    producer.init_transactions(Duration::from_secs(20)).expect("ready");
    producer
}

fn send(producer: &BaseProducer, topic: &str, (key, value): &(String, String)) {
    producer.begin_transaction().expect("begun");
    producer.send(BaseRecord::to(topic).key(key).payload(value)).map_err(|(e, _)| e).expect("sent");
    producer.flush(Duration::from_secs(20)).expect("written");
}

/// On a topic written by transactions the lag comes to 0; an open one is counted, and named with
/// the command that ends it once it is too old.
#[test]
fn transactions_leave_no_lag_and_a_hanging_one_is_named() {
    let corner = Corner::new("lag_open", 1);
    let topic = corner.topic("payment.events");
    let producer = transactional(&format!("{}-shop", corner.application));
    for n in 0..3 {
        send(&producer, &topic, &payment(&format!("p{n}"), n * 1000));
        producer.commit_transaction(Duration::from_secs(20)).expect("committed");
    }
    // X12: ten records and one marker.
    producer.begin_transaction().expect("begun");
    for n in 10..20 {
        let (key, value) = payment(&format!("p{n}"), n * 1000);
        let record = BaseRecord::to(&topic).key(&key).payload(&value);
        producer.send(record).map_err(|(e, _)| e).expect("sent");
    }
    producer.commit_transaction(Duration::from_secs(20)).expect("committed");
    assert!(corner.drain().status.success());
    let done = row(&corner);
    assert_eq!((&done["lag"], &done["openRecords"]), (&0.into(), &0.into()), "{done}");
    let end = done["endOffset"].as_i64().expect("an end");
    // Aborted records and markers are nothing to wait for either.
    send(&producer, &topic, &payment("never", 9000));
    producer.abort_transaction(Duration::from_secs(20)).expect("aborted");
    wait_for("the end moves", Duration::from_secs(10), || {
        let now = row(&corner);
        assert_eq!(now["lag"], 0, "{now}");
        (now["endOffset"].as_i64()? == end + 2).then_some(())
    });
    send(&producer, &topic, &payment("hangs", 9000));
    let lag = |timeout: &str| {
        let args = ["streams", "lag", "fraud-detection", "-o", "json", "--max-age", "1h"];
        let set = format!("streams.transaction_timeout={timeout}");
        corner.bss(&args).args(["--set", &set]).ended().expect("bss")
    };
    let open = lag("60s");
    let text = shown(&open);
    assert_eq!(open.status.code(), Some(0), "{text}");
    let told = document(&open);
    assert_eq!(told["rows"][0]["openRecords"], 1, "{text}");
    assert!(!text.contains("abort --topic"), "{text}");
    let command = format!(
        "kafka-transactions.sh --bootstrap-server {} abort --topic {topic} --partition 0 --start-offset {}",
        kafka(),
        end + 2
    );
    let text = wait_for("it is too old", Duration::from_secs(20), || {
        let text = shown(&lag("2s"));
        text.contains("abort --topic").then_some(text)
    });
    assert!(text.contains(&command), "{text}");
    for leaf in [&["streams", "status", "fraud-detection"][..], &["doctor"]] {
        let args = [&["--set", "streams.transaction_timeout=2s"], leaf].concat();
        let text = shown(&corner.bss(&args).ended().expect("bss"));
        assert!(text.contains(&command) && text.contains("holds back 1 records"), "{text}");
    }
    producer.abort_transaction(Duration::from_secs(20)).expect("aborted");
}

/// With several partitions each has its own line, and only those behind are named.
#[test]
fn each_partition_stands_for_itself() {
    let corner = Corner::new("lag_many", 4);
    corner.feed(&payments(2000, 100, 3));
    let rows = payments_of(corner.rows(&["lag", "fraud-detection"]));
    let lags: Vec<u64> = rows.iter().map(|r| r["lag"].as_u64().expect("lag")).collect();
    assert_eq!((lags.len(), lags.iter().sum::<u64>()), (4, 2000), "{rows:?}");
    assert!(corner.drain().status.success());
    let (key, value) = payment("one", 0);
    let count = 4;
    let partition = bss::streams::partition::of_key(key.as_bytes(), count);
    corner.feed(&[(key, value)]);
    let over = corner.leaf(&["lag", "fraud-detection", "--max-lag", "0"]);
    let text = shown(&over);
    assert_eq!(over.status.code(), Some(6), "{text}");
    for other in 0..count {
        let named = text.contains(&format!("events/{other}: 1 records behind"));
        assert_eq!(named, other == partition, "{other}: {text}");
    }
}
