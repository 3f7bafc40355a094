//! `streams generate` into real topics.

use std::collections::BTreeMap;
use std::time::Duration;

use bss::streams::partition;
use serde_json::Value;

use crate::bounded::Bounded;
use crate::broker::Corner;
use crate::support::{shown, wait_for};

const SUBJECTS: [&str; 6] = [
    "customer.events",
    "order.events",
    "payment.events",
    "product.views",
    "customer.info",
    "product.catalog",
];
const KINDS: [&str; 6] = [
    "customer-events",
    "order-events",
    "payment-events",
    "product-views",
    "customer-info",
    "product-catalog",
];

fn generate(corner: &Corner, options: &[&str]) -> (Value, String) {
    let arguments = [&["streams", "generate", "-o", "json", "--yes"][..], options].concat();
    let output = corner.bss(&arguments).ended().expect("bss");
    assert!(output.status.success(), "{}", shown(&output));
    let report = serde_json::from_slice(&output.stdout).expect("JSON");
    (report, String::from_utf8(output.stderr).expect("UTF-8"))
}

/// Every record arrives, where Kafka's own clients would put it, with the headers asked for; and
/// the topology takes all payments.
#[test]
fn all_records_arrive_in_their_keys_partitions_and_are_processed() {
    let corner = Corner::new("generate", 4);
    let options =
        [&KINDS[..], &["--count", "6000", "--cloud-events", "--fraud-bursts", "0.02"]].concat();
    let (report, _) = generate(&corner, &options);
    let mut total = 0;
    for (row, subject) in report["rows"].as_array().expect("rows").iter().zip(SUBJECTS) {
        assert_eq!(row["topic"], corner.topic(subject).as_str());
        let found = corner.read(&corner.topic(subject));
        let count: usize = found.values().map(Vec::len).sum();
        assert_eq!(row["records"], count, "{row}");
        assert!(count > 0, "{row}");
        total += count;
        let mut ids = BTreeMap::new();
        for (key, records) in found {
            for (at, value, headers) in records {
                let expected = partition::of_key(&key, 4);
                assert_eq!(u32::try_from(at).expect("a partition"), expected);
                let value: Value = serde_json::from_slice(&value.expect("a value")).expect("JSON");
                let headers: BTreeMap<String, String> = headers
                    .into_iter()
                    .map(|(k, v)| (k, String::from_utf8(v).expect("UTF-8")))
                    .collect();
                assert_eq!(headers["ce_time"], value["timestamp"].as_str().expect("a time"));
                assert_eq!(headers["ce_source"], format!("bss/{}/generate", corner.application));
                assert!(ids.insert(headers["ce_id"].clone(), value).is_none());
            }
        }
    }
    assert_eq!(total, 6000);
    let output = corner.drain();
    assert!(output.status.success(), "{}", shown(&output));
    let status = corner.status();
    let payments = &report["rows"][2]["records"];
    assert_eq!((&status["read"], &status["processed"]), (payments, payments), "{status}");
    assert_eq!((&status["rejected"], &status["late"]), (&0.into(), &0.into()), "{status}");
    assert!(!corner.read(&corner.topic("fraud.alerts")).is_empty(), "the planted bursts are found");
}

#[test]
fn flaws_are_counted_as_what_they_are() {
    let corner = Corner::new("flawed", 1);
    let options = [
        &["payment-events", "--count", "3000", "--duplicates", "0.02", "--broken", "0.02"][..],
        &["--out-of-order", "0.02", "--max-delay", "12h", "--customers", "20"],
    ]
    .concat();
    let (report, _) = generate(&corner, &options);
    let row = &report["rows"][0];
    let output = corner.drain();
    assert_eq!(output.status.code(), Some(7), "{}", shown(&output));
    let status = corner.status();
    let count = |value: &Value, key: &str| value[key].as_u64().expect("a count");
    assert_eq!(count(&status, "read"), 3000);
    assert_eq!(count(&status, "rejected") + count(&status, "future"), count(row, "broken"));
    assert!(count(&status, "late") > 0, "{status}");
    assert!(count(&status, "duplicate") > 0, "{status}");
}

#[test]
fn nothing_is_written_without_a_word_or_without_topics() {
    let corner = Corner::new("asked", 1);
    let output = corner.bss(&["streams", "generate", "--count", "10"]).ended().expect("bss");
    assert_eq!(output.status.code(), Some(2), "{}", shown(&output));
    assert!(shown(&output).contains("hint: Add --yes"), "{}", shown(&output));
    assert!(corner.read(&corner.topic("customer.events")).is_empty());
    let output = corner
        .bss(&["streams", "generate", "--count", "10", "--yes"])
        .env("BSS_KAFKA_TOPIC_PREFIX", "nothing_here")
        .ended()
        .expect("bss");
    assert_eq!(output.status.code(), Some(4), "{}", shown(&output));
    assert!(shown(&output).contains("nothing_here.customer.events"), "{}", shown(&output));
    assert!(shown(&output).contains("bss setup kafka"), "{}", shown(&output));
}

/// A broker that refuses a record ends the run, with what was acknowledged until then.
#[test]
fn a_refused_record_ends_it_with_the_count() {
    use rdkafka::admin::{AdminClient, AdminOptions, AlterConfig, ResourceSpecifier};
    let corner = Corner::new("refused", 1);
    let admin: AdminClient<rdkafka::client::DefaultClientContext> = rdkafka::ClientConfig::new()
        .set("bootstrap.servers", crate::support::kafka())
        .create()
        .expect("admin");
    let topic = corner.topic("payment.events");
    let change = AlterConfig::new(ResourceSpecifier::Topic(&topic)).set("max.message.bytes", "50");
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime");
    let answers = runtime.block_on(admin.alter_configs([&change], &AdminOptions::new()));
    assert!(answers.expect("answer").iter().all(Result::is_ok));
    let output = corner
        .bss(&["streams", "generate", "payment-events", "--count", "20", "--yes"])
        .ended()
        .expect("bss");
    assert_eq!(output.status.code(), Some(1), "{}", shown(&output));
    assert!(shown(&output).contains("0 of 20 records were acknowledged"), "{}", shown(&output));
}

/// Ctrl-C ends a run without an end cleanly: what it counted is there.
#[test]
fn a_stop_ends_it_with_the_count() {
    let corner = Corner::new("endless", 2);
    let mut command = corner.bss(&["streams", "generate", "--rate", "2000/s", "--yes"]);
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::piped());
    let child = command.spawn().expect("bss");
    let records = || -> usize {
        let topics = SUBJECTS[..4].iter().map(|subject| corner.read(&corner.topic(subject)));
        topics.flat_map(BTreeMap::into_values).map(|records| records.len()).sum()
    };
    wait_for("records", Duration::from_secs(30), || (records() > 0).then_some(()));
    let pid = rustix::process::Pid::from_child(&child);
    rustix::process::kill_process(pid, rustix::process::Signal::INT).expect("told");
    let output = child.wait_with_output().expect("ended");
    assert_eq!(output.status.code(), Some(0), "{}", shown(&output));
    let count = format!("\n{} records with --seed 1", records());
    assert!(shown(&output).contains(&count), "{count}: {}", shown(&output));
}

/// More records than the client's queue holds, faster than the broker takes them: none is lost
/// count of.
#[test]
fn more_records_than_the_queue_holds_are_all_acknowledged() {
    let corner = Corner::new("generate_many", 12);
    let (report, _) =
        generate(&corner, &["customer-events", "--count", "300000", "--customers", "5000"]);
    assert_eq!(report["rows"][0]["records"], 300_000, "{report}");
    let found = corner.read(&corner.topic("customer.events"));
    assert_eq!(found.values().map(Vec::len).sum::<usize>(), 300_000);
}
