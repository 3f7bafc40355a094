//! A topic that has grown: keys move to other partitions, and `bss streams rebuild` takes their
//! state there, wherever it is cut off.

use std::collections::BTreeSet;
use std::process::{Command, Output};
use std::time::Duration;

use bss::streams::partition::of_key;
use rdkafka::admin::{AdminClient, AdminOptions, NewPartitions};
use rdkafka::client::DefaultClientContext;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::bounded::Bounded;
use crate::broker::{ACTIVITY, Corner, Job, ORDERS, activities};
use crate::dlq::document;
use crate::streams::stop;
use crate::support::{kafka, shown, wait_for};

const STEPS: [&str; 5] = [
    "rebuild-marked",
    "rebuild-made",
    "rebuild-state-gone",
    "rebuild-topics-made",
    "rebuild-written",
];

fn command(corner: &Corner, args: &[&str]) -> Command {
    let all: Vec<&str> = ["streams", "-o", "json"].iter().chain(args).copied().collect();
    let mut command = corner.bss(&all);
    command.env("BSS_STREAMS_SESSION_TIMEOUT", "6s");
    command
}

fn leaf(corner: &Corner, args: &[&str]) -> Output {
    command(corner, args).ended().expect("bss")
}

fn rebuild(corner: &Corner, more: &[&str]) -> Output {
    let args: Vec<&str> = ["rebuild", corner.job.name].iter().chain(more).copied().collect();
    leaf(corner, &args)
}

fn drain(corner: &Corner) -> Output {
    leaf(corner, &["run", corner.job.name, "--drain"])
}

#[track_caller]
fn ok(output: &Output) -> String {
    assert!(output.status.success(), "{}", shown(output));
    shown(output)
}

#[track_caller]
fn refused(output: &Output, code: i32, text: &str) {
    assert_eq!(output.status.code(), Some(code), "{}", shown(output));
    assert!(shown(output).contains(text), "{text}: {}", shown(output));
}

fn admin<T>(act: impl AsyncFnOnce(&AdminClient<DefaultClientContext>, &AdminOptions) -> T) -> T {
    let client = ClientConfig::new().set("bootstrap.servers", kafka()).create().expect("a client");
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let options = AdminOptions::new().operation_timeout(Some(Duration::from_secs(15)));
    runtime.expect("a runtime").block_on(act(&client, &options))
}

/// The topology's input and its table get more partitions, as an operator would do it.
fn grow(corner: &mut Corner, topics: &[&str], partitions: i32) {
    corner.partitions = partitions;
    for topic in topics {
        let topic = corner.topic(topic);
        let count = usize::try_from(partitions).expect("few");
        let grown = admin(async |client, options| {
            client.create_partitions(&[NewPartitions::new(&topic, count)], options).await
        });
        assert!(grown.expect("an answer").iter().all(Result::is_ok), "{topic}");
        wait_for("all know it", Duration::from_secs(20), || {
            let reader: rdkafka::consumer::BaseConsumer =
                ClientConfig::new().set("bootstrap.servers", kafka()).create().expect("a client");
            let found = rdkafka::consumer::Consumer::fetch_metadata(
                &reader,
                Some(&topic),
                Duration::from_secs(10),
            );
            (found.expect("metadata").topics()[0].partitions().len() == count).then_some(())
        });
    }
}

/// Runs until everything is read and stops: windows stay open.
fn read_all(corner: &Corner, read: u64) {
    let run = command(corner, &["run", corner.job.name, "--quiet"]).spawn().expect("bss");
    wait_for("it reads all", Duration::from_secs(60), || {
        let status = corner.status();
        (status["read"] == read && status["lag"] == 0).then_some(())
    });
    stop(run);
}

/// A customer whose key moves when four partitions become six.
fn mover() -> String {
    let moves = |c: &String| of_key(c.as_bytes(), 4) != of_key(c.as_bytes(), 6);
    (0..).map(|n| format!("k{n}")).find(moves).expect("one")
}

fn activity(customer: &str, second: u64) -> (String, String) {
    let time = 1_767_225_600_000 + second * 1000;
    let json =
        format!(r#"{{"customerId":"{customer}","activityType":"LOGIN","timestamp":{time}}}"#);
    (customer.to_owned(), json)
}

fn order(customer: &str, second: u64) -> (String, String) {
    let time = 1_767_225_600_000 + second * 1000;
    let json = format!(
        r#"{{"orderId":"o{second}","customerId":"{customer}","totalAmount":"1.50","itemsCount":1,"status":"COMPLETED","region":"EU","itemCategories":["a"],"timestamp":{time}}}"#
    );
    (customer.to_owned(), json)
}

fn values(corner: &Corner, subject: &str) -> Vec<serde_json::Value> {
    let all = corner.read(&corner.topic(subject));
    let records = all.into_values().flatten();
    let value = |record: crate::broker::Read| record.1.expect("a value");
    records.map(|r| serde_json::from_slice(&value(r)).expect("JSON")).collect()
}

/// J4: count for K is 5 on 4 partitions; grown to 6 the job refuses; after `rebuild`, the next
/// event of K gives 6, whatever step it was cut off at.
fn grown(
    job: Job,
    topics: &[&str],
    event: fn(&str, u64) -> (String, String),
    count: impl Fn(&Corner) -> Vec<u64>,
) {
    let mut corner = Corner::of(job, "rebuild", 4);
    let customer = mover();
    let five: Vec<_> = (0..5).map(|n| event(&customer, n)).collect();
    corner.feed(&five);
    // A row of the customer is counted too, and told again each time.
    let rows = u64::from(job.table.is_some());
    read_all(&corner, 5 + rows);
    grow(&mut corner, topics, 6);
    refused(&drain(&corner), 3, "state was built for 4");
    let before = corner.status();
    let plan = rebuild(&corner, &[]);
    ok(&plan);
    let meta = document(&plan)["meta"].clone();
    assert_eq!((&meta["builtFor"], &meta["partitions"]), (&4.into(), &6.into()), "{meta}");
    refused(&rebuild(&corner, &["--apply"]), 2, "without a confirmation");
    assert_eq!(corner.status()["read"], before["read"], "neither changes anything");
    refused(&drain(&corner), 3, "state was built for 4");
    for step in STEPS {
        let killed = command(&corner, &["rebuild", job.name, "--apply", "--yes"])
            .env("BSS_DEV_FAULT", format!("{step}:1"))
            .ended()
            .expect("bss");
        assert_eq!(killed.status.code(), None, "{step} was not reached: {}", shown(&killed));
        refused(&drain(&corner), 5, "a rebuild was cut off");
        if step == "rebuild-marked" {
            let told = shown(&killed);
            let (_, rest) = told.split_once("Wrote the offsets to ").expect("an undo file");
            let file = rest.lines().next().expect("a line").trim_end_matches('.');
            ok(&leaf(&corner, &["reset", job.name, "--undo", file, "--apply", "--yes"]));
            refused(&drain(&corner), 3, "state was built for 4");
        }
    }
    let told = ok(&rebuild(&corner, &["--apply", "--yes"]));
    assert!(told.contains("an earlier rebuild was cut off"), "{told}");
    assert!(count(&corner).is_empty(), "nothing is told by a rebuild");
    let after = corner.status();
    for key in ["read", "processed", "duplicate", "outputs", "streamTime"] {
        assert_eq!(after[key], before[key], "{key}: {after}");
    }
    corner.feed(&[event(&customer, 5)]);
    ok(&drain(&corner));
    assert_eq!(count(&corner), [6]);
    assert_eq!(corner.status()["lag"], 0);
}

#[test]
fn a_key_that_moves_takes_its_windows_along() {
    grown(ACTIVITY, &["customer.events"], activity, |corner| {
        let windows = values(corner, "customer.activity.aggregated");
        windows.iter().filter_map(|w| w["count"].as_u64()).collect()
    });
}

#[test]
fn a_region_behind_a_repartition_topic_goes_on() {
    grown(ORDERS, &["order.events", "customer.info"], order, |corner| {
        values(corner, "orders.region.trend").iter().filter_map(|w| w["orders"].as_u64()).collect()
    });
}

/// Half before the growth, half after: the windows of a run that had six partitions from the start.
#[test]
fn many_windows_are_those_of_an_undisturbed_run() {
    let all = activities(4000, 100, 11);
    let mut corner = Corner::of(ACTIVITY, "rebuild_many", 4);
    corner.feed(&all[..2500]);
    read_all(&corner, 2500);
    grow(&mut corner, &["customer.events"], 6);
    ok(&rebuild(&corner, &["--apply", "--yes"]));
    corner.feed(&all[2500..]);
    ok(&drain(&corner));
    let straight = Corner::of(ACTIVITY, "rebuild_straight", 6);
    straight.feed(&all);
    ok(&drain(&straight));
    let set = |corner: &Corner| -> BTreeSet<(String, Vec<u8>, String)> {
        let outcome = corner.outcome().into_iter();
        outcome
            .flat_map(|((t, k), all)| all.into_iter().map(move |v| (t.clone(), k.clone(), v)))
            .collect()
    };
    assert_eq!(set(&corner), set(&straight));
    assert_eq!(corner.status()["read"], 4000);
}

/// What the sources do not hold any more, or hold in the wrong place, is said and asked for.
#[test]
fn a_gap_is_not_passed_over_in_silence() {
    let mut corner = Corner::of(ACTIVITY, "rebuild_gap", 4);
    let customer = mover();
    let events: Vec<_> = (0..5).map(|n| activity(&customer, n)).collect();
    corner.feed(&events);
    read_all(&corner, 5);
    let partition = i32::try_from(of_key(customer.as_bytes(), 4)).expect("few");
    let topic = corner.topic("customer.events");
    let mut list = TopicPartitionList::new();
    list.add_partition_offset(&topic, partition, Offset::Offset(2)).expect("an offset");
    let deleted = admin(async |client, options| client.delete_records(&list, options).await);
    deleted.expect("deleted");
    // Not read before the topic grows: it stays where its key was.
    corner.feed(&[activity(&customer, 5)]);
    grow(&mut corner, &["customer.events"], 6);
    let refusal = rebuild(&corner, &["--apply", "--yes"]);
    refused(&refusal, 5, "2 offsets of");
    assert!(shown(&refusal).contains("1 of 1 unread records"), "{}", shown(&refusal));
    refused(&drain(&corner), 3, "state was built for 4");
    ok(&rebuild(&corner, &["--apply", "--yes", "--accept-gap"]));
    corner.feed(&[activity(&customer, 6)]);
    ok(&drain(&corner));
    let windows = values(&corner, "customer.activity.aggregated");
    let mut counts: Vec<u64> = windows.iter().filter_map(|w| w["count"].as_u64()).collect();
    counts.sort_unstable();
    assert_eq!(counts, [1, 4], "three that are kept and the new one; the misplaced one by itself");
}

/// What a run began after was never counted, and is not counted by a rebuild in silence; it takes
/// its mark back.
#[test]
fn a_later_beginning_is_seen() {
    let corner = Corner::of(ACTIVITY, "rebuild_later", 2);
    let events: Vec<_> = (0..5).map(|n| activity("k", n)).collect();
    corner.feed(&events);
    ok(&leaf(&corner, &["reset", "customer-activity", "--to", "latest", "--apply", "--yes"]));
    corner.feed(&[activity("k", 5)]);
    read_all(&corner, 1);
    refused(&rebuild(&corner, &["--apply", "--yes"]), 5, "hold 6 records, 1 were counted");
    ok(&drain(&corner));
    let windows = values(&corner, "customer.activity.aggregated");
    assert_eq!(windows[0]["count"], 1, "as if nothing had been asked: {windows:?}");
}

/// J3: orders of six partitions, customers of four: refused at the start with both counts.
#[test]
fn sources_that_do_not_fit_are_refused_with_both_counts() {
    let mut corner = Corner::of(ORDERS, "rebuild_fit", 4);
    corner.feed(&[order("c", 0)]);
    grow(&mut corner, &["order.events"], 6);
    let run = drain(&corner);
    refused(&run, 3, "6 partitions");
    assert!(shown(&run).contains("customer.info\\\" has 4"), "{}", shown(&run));
    refused(&rebuild(&corner, &[]), 5, "committed nothing");
}
