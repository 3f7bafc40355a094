//! All topologies in three processes that are killed and stopped at random: what readers of
//! committed records see is what an undisturbed run gives.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::process::Child;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{Headers, Message};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use rustix::process::{Pid, Signal, kill_process};

use crate::bounded::{Bounded, end_of};
use crate::broker::{Corner, xorshift};
use crate::support::{kafka, shown, unique, wait_for};

/// What all topologies write, other than recommendations.
const OUTPUTS: [&str; 13] = [
    "customer.activity.aggregated",
    "customer.sessions",
    "customer.metrics",
    "orders.enriched",
    "orders.highvalue",
    "orders.region.trend",
    "order.metrics",
    "revenue.metrics",
    "payment.metrics",
    "fraud.alerts",
    "fraud.high-risk",
    "products.trending",
    "pricing.recommendations",
];
/// A transaction may last so long; a stop lasts longer.
const TRANSACTION: &str = "4s";
const STOP: Duration = Duration::from_secs(6);
/// Memory for a fraction of the state, so that most of it is spilled and read back all the time; the
/// undisturbed run has plenty.
const SCARCE: &str = "256KiB";
/// How long it may take to catch up once nothing disturbs it any more.
const CATCH_UP: Duration = Duration::from_secs(600);

/// By topic and key: how many records, and a hash of them in their order.
type Digest = BTreeMap<(&'static str, Vec<u8>), (u64, u64)>;

/// Digests a topic's committed records; without `contents` only how many each key has.
fn digest(corner: &Corner, subject: &'static str, contents: bool, into: &mut Digest) {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", kafka())
        .set("group.id", unique("digest"))
        .set("enable.auto.commit", "false")
        .set("isolation.level", "read_committed")
        .set("enable.partition.eof", "true")
        .create()
        .expect("consumer");
    let topic = corner.topic(subject);
    let mut list = TopicPartitionList::new();
    for partition in 0..corner.partitions {
        list.add_partition_offset(&topic, partition, Offset::Beginning).expect("offset");
    }
    consumer.assign(&list).expect("assigned");
    let (mut open, mut last) = (corner.partitions, Instant::now());
    while open > 0 {
        match consumer.poll(Duration::from_millis(200)) {
            Some(Ok(message)) => {
                let key = message.key().unwrap_or_default().to_vec();
                let own = into.entry((subject, key)).or_default();
                own.0 += 1;
                if contents {
                    let mut hasher = DefaultHasher::new();
                    (own.1, message.payload()).hash(&mut hasher);
                    for header in message.headers().into_iter().flat_map(Headers::iter) {
                        let value = String::from_utf8_lossy(header.value.unwrap_or_default());
                        (header.key, value.replace(&corner.application, "APP")).hash(&mut hasher);
                    }
                    own.1 = hasher.finish();
                }
                last = Instant::now();
            }
            Some(Err(KafkaError::PartitionEOF(_))) => open -= 1,
            Some(Err(error)) => panic!("{topic}: {error}"),
            None => assert!(last.elapsed() < Duration::from_secs(60), "{topic} has no end"),
        }
    }
}

/// Everything that was told. Which sessions an answer has learned from hangs on how fast the others
/// are read, so of recommendations only that each view has one.
fn told(corner: &Corner) -> Digest {
    let mut all = Digest::new();
    for subject in OUTPUTS {
        digest(corner, subject, true, &mut all);
    }
    digest(corner, "recommendations", false, &mut all);
    all
}

fn succeeds(corner: &Corner, args: &[&str]) {
    let output = corner.bss(args).ended().expect("bss");
    assert!(matches!(output.status.code(), Some(0 | 7)), "{}", shown(&output));
}

fn fill(corner: &Corner, events: usize) {
    // So that a customer's state does not grow with the run.
    let customers = (events / 100).max(2000).to_string();
    let products = (events / 2500).max(200).to_string();
    let events = &*events.to_string();
    let people = ["--customers", &*customers, "--products", &*products, "--seed", "5"];
    let start: &[&str] = &["--start", "2026-01-05T08:00:00Z", "--yes", "--quiet"];
    let generate = |kinds: &[&str]| {
        succeeds(corner, &[&["streams", "generate"][..], kinds, &people, start].concat());
    };
    generate(&["customer-info", "--count", &customers]);
    generate(&["product-catalog", "--count", &products]);
    generate(&["--count", events, "--fraud-bursts", "0.01", "--duplicates", "0.01"]);
}

fn status(corner: &Corner) -> Vec<serde_json::Value> {
    let output = corner.bss(&["streams", "status", "-o", "json"]).ended().expect("bss");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", shown(&output)));
    let rows = document["rows"].as_array().expect("rows").clone();
    assert_eq!(rows.len(), 5, "{document}");
    rows
}

fn lag(corner: &Corner) -> u64 {
    // A topology that nobody runs yet has no number.
    status(corner).iter().map(|r| r["lag"].as_u64().unwrap_or(1)).sum()
}

/// What became of the records, by topology.
fn counts(corner: &Corner) -> Vec<Vec<serde_json::Value>> {
    let fields =
        ["topology", "read", "processed", "duplicate", "late", "future", "rejected", "lag"];
    status(corner).iter().map(|row| fields.map(|f| row[f].clone()).to_vec()).collect()
}

/// Bytes of state that lie in files, as the processes say.
fn spilled(corner: &Corner) -> u64 {
    let output = corner.bss(&["streams", "metrics", "-o", "json"]).ended().expect("bss");
    let document: serde_json::Value = serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|e| panic!("{e}: {}", shown(&output)));
    let rows = document["rows"].as_array().expect("rows");
    rows.iter().filter_map(|row| row["spilledBytes"].as_u64()).sum()
}

/// Starts those again that found themselves replaced and ended by themselves.
fn revive(processes: &mut [Child], start: impl Fn(usize) -> Child) {
    for (at, process) in processes.iter_mut().enumerate() {
        if process.try_wait().expect("a look").is_some() {
            *process = start(at);
        }
    }
}

/// `BSS_TEST_CHAOS` enlarges it: how many events. `BSS_TEST_BINARY` should be a release build then.
#[test]
fn three_processes_killed_and_stopped_give_what_one_gives() {
    let events = std::env::var("BSS_TEST_CHAOS").map_or(20_000, |n| n.parse().expect("a number"));
    let reference = Corner::new("chaos_ref", 6);
    fill(&reference, events);
    succeeds(&reference, &["streams", "run", "--drain", "--quiet"]);
    let corner = Corner::new("chaos", 6);
    fill(&corner, events);
    let start = |at: usize| -> Child {
        corner
            .bss(&["streams", "run", "--quiet", "--standby"])
            .env("BSS_STREAMS_INSTANCE", ["one", "two", "three"][at])
            .env("BSS_STREAMS_SESSION_TIMEOUT", "6s")
            .env("BSS_STREAMS_TRANSACTION_TIMEOUT", TRANSACTION)
            .env("BSS_STREAMS_MEMORY", SCARCE)
            // Silence moves prices back, and how long it lasts hangs on when the others are ready.
            .env("BSS_STREAMS_IDLE_AFTER", "0s")
            .spawn()
            .expect("bss")
    };
    let mut random = xorshift(11);
    let mut below = |limit: u64| usize::try_from(random(limit)).expect("small");
    let mut processes: Vec<Child> = (0..3).map(start).collect();
    let (mut kills, mut stops) = (0, 0);
    // Bounded: on a slow machine they could keep the work from ever getting on.
    let harm = 12 + events / 25_000;
    while kills + stops < harm || kills < 4 || stops < 2 {
        // Any moment is as good as any other.
        std::thread::park_timeout(Duration::from_millis(500 + 10 * below(400) as u64));
        let at = below(3);
        let pid = Pid::from_child(&processes[at]);
        if below(3) == 0 {
            kill_process(pid, Signal::STOP).expect("stopped");
            std::thread::park_timeout(STOP);
            kill_process(pid, Signal::CONT).expect("goes on");
            stops += 1;
        } else {
            processes[at].kill().expect("killed");
            processes[at].wait().expect("reaped");
            processes[at] = start(at);
            kills += 1;
        }
        revive(&mut processes, start);
    }
    let undisturbed = Instant::now();
    while lag(&corner) > 0 {
        let status = || status(&corner);
        assert!(undisturbed.elapsed() < CATCH_UP, "it does not catch up: {:#?}", status());
        revive(&mut processes, start);
    }
    assert!(spilled(&corner) > 0, "nothing was spilled");
    for process in &mut processes {
        let pid = Pid::from_child(process);
        kill_process(pid, Signal::TERM).expect("told");
        end_of(process);
    }
    wait_for("the drain", Duration::from_secs(60), || {
        let drain = ["streams", "run", "--drain", "--quiet"];
        let output = corner.bss(&drain).env("BSS_STREAMS_INSTANCE", "one").ended().expect("bss");
        matches!(output.status.code(), Some(0 | 7)).then_some(())
    });
    let (found, wanted) = (told(&corner), told(&reference));
    for (place, own) in &wanted {
        let name = String::from_utf8_lossy(&place.1);
        assert_eq!(found.get(place), Some(own), "{} {name}", place.0);
    }
    assert_eq!(found.len(), wanted.len(), "keys nobody asked for");
    assert_eq!(counts(&corner), counts(&reference));
}
