//! A corner of Kafka for one test: topics of its own, written to and read back.

use std::collections::BTreeMap;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, Headers, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::bounded::Bounded;
use crate::support::{bss, kafka, shown, unique};

/// How long a question may take.
const CALL: Duration = Duration::from_secs(20);

/// A record as read back: partition, value, headers.
pub type Read = (i32, Option<Vec<u8>>, Vec<(String, Vec<u8>)>);

/// A topology in a corner: its name, the topic it reads and those it writes.
#[derive(Clone, Copy)]
pub struct Job {
    pub name: &'static str,
    pub input: &'static str,
    /// A table of customers that it joins with.
    pub table: Option<&'static str>,
    pub outputs: &'static [&'static str],
}

pub const FRAUD: Job = Job {
    name: "fraud-detection",
    input: "payment.events",
    table: None,
    outputs: &["payment.metrics", "fraud.alerts", "fraud.high-risk"],
};

pub const ACTIVITY: Job = Job {
    name: "customer-activity",
    input: "customer.events",
    table: None,
    outputs: &["customer.activity.aggregated", "customer.sessions", "customer.metrics"],
};

pub const ORDERS: Job = Job {
    name: "order-enrichment",
    input: "order.events",
    table: Some("customer.info"),
    outputs: &[
        "orders.enriched",
        "orders.highvalue",
        "order.metrics",
        "orders.region.trend",
        "revenue.metrics",
    ],
};

/// Writes one record with its headers.
pub fn write_with(topic: &str, key: &[u8], value: &[u8], headers: Vec<(String, Vec<u8>)>) {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", kafka())
        .set("partitioner", "murmur2_random")
        .create()
        .expect("producer");
    let mut all = OwnedHeaders::new();
    for (key, value) in &headers {
        all = all.insert(Header { key, value: Some(value) });
    }
    let record = BaseRecord::to(topic).key(key).payload(value).headers(all);
    producer.send(record).map_err(|(error, _)| error).expect("sent");
    producer.flush(CALL).expect("flushed");
}

/// One test's topics, application and state folder.
pub struct Corner {
    pub job: Job,
    pub prefix: String,
    pub application: String,
    pub partitions: i32,
    pub home: tempfile::TempDir,
}

impl Corner {
    /// A corner for fraud-detection.
    pub fn new(what: &str, partitions: i32) -> Self {
        Self::of(FRAUD, what, partitions)
    }

    /// Topics made by `bss setup kafka`.
    pub fn of(job: Job, what: &str, partitions: i32) -> Self {
        let name = unique(what);
        let home = tempfile::tempdir().expect("a folder");
        let corner = Self {
            job,
            prefix: name.clone(),
            application: format!("{name}-app"),
            partitions,
            home,
        };
        let output = corner.bss(&["setup", "kafka", "--yes"]).ended().expect("bss");
        assert!(output.status.success(), "{}", shown(&output));
        corner
    }

    /// A second application on the same input topics' contents has outputs of its own.
    pub fn topic(&self, subject: &str) -> String {
        format!("{}.{subject}", self.prefix)
    }

    pub fn dead_letters(&self) -> String {
        format!("{}-dlq", self.application)
    }

    pub fn late(&self) -> String {
        format!("{}-late", self.application)
    }

    /// The program on this corner.
    pub fn bss(&self, args: &[&str]) -> Command {
        let mut command = bss(self.home.path());
        command
            .env("BSS_KAFKA_TOPIC_PREFIX", &self.prefix)
            .env("BSS_GENERAL_APPLICATION", &self.application)
            .env("BSS_KAFKA_PARTITIONS", self.partitions.to_string())
            .args(args);
        command
    }

    /// Runs the topology to the end of its input.
    pub fn drain(&self) -> Output {
        self.bss(&["streams", "run", self.job.name, "--drain"]).ended().expect("bss")
    }

    /// `streams status` as JSON rows.
    pub fn status(&self) -> serde_json::Value {
        let status = ["streams", "status", self.job.name, "-o", "json"];
        let output = self.bss(&status).ended().expect("bss");
        let document: serde_json::Value = serde_json::from_slice(&output.stdout)
            .unwrap_or_else(|e| panic!("{e}: {}", shown(&output)));
        let rows = document["rows"].as_array().expect("rows");
        rows.iter().find(|r| r["topology"] == self.job.name).expect("a row").clone()
    }

    /// Writes records (key, value) to a topic, spread by key as Kafka's own clients do.
    pub fn write(&self, topic: &str, records: &[(Option<Vec<u8>>, Option<Vec<u8>>)]) {
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", kafka())
            .set("partitioner", "murmur2_random")
            .set("linger.ms", "20")
            .set("message.max.bytes", "4000000")
            .create()
            .expect("producer");
        for (key, value) in records {
            let mut record: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(topic);
            record.key = key.as_deref();
            record.payload = value.as_deref();
            let mut record = Some(record);
            while let Some(next) = record.take() {
                match producer.send(next) {
                    Ok(()) => {}
                    Err((
                        KafkaError::MessageProduction(rdkafka::types::RDKafkaErrorCode::QueueFull),
                        back,
                    )) => {
                        producer.poll(Duration::from_millis(20));
                        record = Some(back);
                    }
                    Err((error, _)) => panic!("{error}"),
                }
            }
        }
        producer.flush(CALL).expect("flushed");
    }

    /// Writes events (customer, JSON) to the topology's input, after the rows of its table.
    pub fn feed(&self, events: &[(String, String)]) {
        if let Some(table) = self.job.table {
            let bytes = |text: &String| Some(text.clone().into_bytes());
            let rows = rows(events);
            let rows: Vec<_> = rows.iter().map(|(key, row)| (bytes(key), bytes(row))).collect();
            self.write(&self.topic(table), &rows);
        }
        let records: Vec<_> = events
            .iter()
            .map(|(key, json)| (Some(key.clone().into_bytes()), Some(json.clone().into_bytes())))
            .collect();
        self.write(&self.topic(self.job.input), &records);
    }

    /// Everything committed in a topic, in order per key.
    pub fn read(&self, topic: &str) -> BTreeMap<Vec<u8>, Vec<Read>> {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", kafka())
            .set("group.id", unique("reader"))
            .set("enable.auto.commit", "false")
            .set("isolation.level", "read_committed")
            .set("enable.partition.eof", "true")
            .set("fetch.queue.backoff.ms", "5")
            .create()
            .expect("consumer");
        let mut list = TopicPartitionList::new();
        let metadata = consumer.fetch_metadata(Some(topic), CALL).expect("metadata");
        for partition in metadata.topics()[0].partitions() {
            list.add_partition_offset(topic, partition.id(), Offset::Beginning).expect("offset");
        }
        let mut open = list.count();
        consumer.assign(&list).expect("assigned");
        let mut found: BTreeMap<Vec<u8>, Vec<Read>> = BTreeMap::new();
        let started = Instant::now();
        while open > 0 {
            assert!(
                started.elapsed() < Duration::from_secs(120),
                "{topic} was not read to its end"
            );
            match consumer.poll(Duration::from_millis(200)) {
                Some(Ok(message)) => {
                    let headers = message.headers().map_or_else(Vec::new, |h| {
                        h.iter()
                            .map(|h| (h.key.to_owned(), h.value.unwrap_or_default().to_vec()))
                            .collect()
                    });
                    let key = message.key().unwrap_or_default().to_vec();
                    let value = message.payload().map(<[u8]>::to_vec);
                    found.entry(key).or_default().push((message.partition(), value, headers));
                }
                Some(Err(KafkaError::PartitionEOF(_))) => open -= 1,
                Some(Err(error)) => panic!("{error}"),
                None => {}
            }
        }
        found
    }

    /// What the topology wrote, comparable between applications: over topic, key, value and
    /// headers, in order per key, without the application's name.
    pub fn outcome(&self) -> BTreeMap<(String, Vec<u8>), Vec<String>> {
        let mut all = BTreeMap::new();
        for subject in self.job.outputs {
            for (key, records) in self.read(&self.topic(subject)) {
                let shown = records.into_iter().map(|(_, value, headers)| {
                    let value = String::from_utf8(value.expect("a value")).expect("UTF-8");
                    let headers: Vec<String> = headers
                        .into_iter()
                        .map(|(k, v)| format!("{k}={}", String::from_utf8_lossy(&v)))
                        .collect();
                    format!("{value} {}", headers.join(" ")).replace(&self.application, "APP")
                });
                all.insert(((*subject).to_owned(), key), shown.collect());
            }
        }
        all
    }
}

/// The topics go with the test: a broker keeps files of every partition open, and a run of all
/// tests makes more of them than it may have.
impl Drop for Corner {
    fn drop(&mut self) {
        let config = ClientConfig::new().set("bootstrap.servers", kafka()).clone();
        let Ok(admin) = config.create::<AdminClient<DefaultClientContext>>() else { return };
        let Ok(metadata) = admin.inner().fetch_metadata(None, CALL) else { return };
        let all = metadata.topics().iter().map(rdkafka::metadata::MetadataTopic::name);
        let own: Vec<&str> = all
            .filter(|t| {
                let rest = t.strip_prefix(&self.prefix).or(t.strip_prefix(&self.application));
                rest.is_some_and(|rest| rest.starts_with(['.', '-']))
            })
            .collect();
        let options = AdminOptions::new().operation_timeout(Some(CALL));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        // What is left over costs room and nothing else.
        let _gone = runtime.map(|r| r.block_on(admin.delete_topics(&own, &options)));
    }
}

/// Rows of most customers of some events: (customer, JSON).
pub fn rows(events: &[(String, String)]) -> Vec<(String, String)> {
    let mut customers: Vec<&String> = events.iter().map(|(customer, _)| customer).collect();
    customers.sort_unstable();
    customers.dedup();
    let known = customers.iter().enumerate().filter(|(at, _)| at % 10 != 9);
    known
        .map(|(at, customer)| {
            let tier = ["GOLD", "SILVER", "STANDARD"][at % 3];
            let row = format!(
                r#"{{"customerId":"{customer}","tier":"{tier}","updatedAt":1767225600000}}"#
            );
            ((*customer).clone(), row)
        })
        .collect()
}

/// Deterministic orders of `customers`, some out of order, some told again, and one in
/// `late` late for its window. (customer, JSON) in order of arrival.
pub fn orders(count: u64, customers: u64, seed: u64, late: u64) -> Vec<(String, String)> {
    const START: u64 = 1_767_225_600_000;
    let mut random = xorshift(seed);
    let mut all: Vec<(String, String)> = Vec::new();
    for i in 0..count {
        if random(50) == 0 && !all.is_empty() {
            let at = all.len() - 1 - small(random(all.len().min(50) as u64));
            all.push(all[at].clone());
            continue;
        }
        let late = match random(late) {
            0 => 9_000_000,
            1..=4 => random(300_000),
            _ => 0,
        };
        // Eight hours of event time, however many orders.
        let time = START + 10_000_000 + i * 28_800_000 / count - late;
        let customer = format!("c{:06}", random(customers));
        let region = ["\"EU\"", "\"US\"", "\"APAC\"", "null"][small(random(4))];
        let json = format!(
            r#"{{"orderId":"o{i}","customerId":"{customer}","totalAmount":"{}.{:02}","currency":"EUR","itemsCount":1,"status":"COMPLETED","region":{region},"itemCategories":["k{}"],"timestamp":{time}}}"#,
            random(1400),
            random(100),
            random(3),
        );
        all.push((customer, json));
    }
    all
}

/// Deterministic activity of `customers`, some out of order, some with a named session.
/// (customer, JSON) in order of arrival.
pub fn activities(count: u64, customers: u64, seed: u64) -> Vec<(String, String)> {
    const START: u64 = 1_767_225_600_000;
    let mut random = xorshift(seed);
    (0..count)
        .map(|i| {
            let late = if random(10) == 0 { random(300_000) } else { 0 };
            // Four hours of event time, however many events.
            let time = START + i * 14_400_000 / count - late;
            let customer = format!("c{:06}", random(customers));
            let kind = ["LOGIN", "PRODUCT_VIEW", "ADD_TO_CART", "PURCHASE"][small(random(4))];
            let session = match random(3) {
                0 => format!(r#","sessionId":"s{}""#, random(3)),
                _ => String::new(),
            };
            let json = format!(
                r#"{{"customerId":"{customer}","activityType":"{kind}"{session},"timestamp":{time}}}"#
            );
            (customer, json)
        })
        .collect()
}

fn small(number: u64) -> usize {
    usize::try_from(number).expect("small")
}

/// Marsaglia's xorshift64* with a seed: numbers below a limit.
pub fn xorshift(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    move |below| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.wrapping_mul(0x2545_f491_4f6c_dd1d) % below
    }
}

/// Deterministic payments of `customers`: most ordinary, some out of order, some in bursts, some
/// unusual, some redelivered. (customer, JSON) in order of arrival.
pub fn payments(count: u64, customers: u64, seed: u64) -> Vec<(String, String)> {
    const START: u64 = 1_767_225_600_000;
    let mut random = xorshift(seed);
    let mut all: Vec<(String, String)> = Vec::new();
    for i in 0..count {
        if random(100) == 0 && !all.is_empty() {
            let at = all.len() - 1 - small(random(all.len().min(50) as u64));
            all.push(all[at].clone());
            continue;
        }
        let late = if random(10) == 0 { random(30_000) } else { 0 };
        // An hour and a half of event time, however many payments.
        let time = START + i * 5_400_000 / count - late;
        let who = if random(20) == 0 { random(3) } else { random(customers) };
        let cents = 1000 + random(4000) + if random(150) == 0 { 60_000 } else { 0 };
        let status = if random(50) == 0 { "DECLINED" } else { "COMPLETED" };
        let customer = format!("c{who:06}");
        let json = format!(
            r#"{{"paymentId":"p{i}","customerId":"{customer}","amount":{}.{:02},"currency":"EUR","status":"{status}","paymentMethod":"CARD","instrumentId":"i{}","timestamp":{time}}}"#,
            cents / 100,
            cents % 100,
            random(5),
        );
        all.push((customer, json));
    }
    all
}
