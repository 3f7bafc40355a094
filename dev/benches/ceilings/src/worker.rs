//! One worker: its partitions, its producer, its transactions.

use std::error::Error;
use std::time::{Duration, Instant};

use hashbrown::HashMap;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerGroupMetadata};
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};

use crate::batch::Batches;
use crate::options::Options;
use crate::payment::{Output, Payment};

const CALL: Duration = Duration::from_secs(20);

/// What a worker did.
#[derive(Default)]
pub struct Done {
    pub events: u64,
    pub changelog: u64,
    pub commits: u64,
    pub amount: f64,
    /// Waited for deliveries before commits.
    pub drain: Duration,
    /// In the commit itself.
    pub commit: Duration,
}

struct Worker<'a> {
    options: &'a Options,
    producer: BaseProducer,
    input: String,
    output: String,
    changelog: String,
    source: String,
    /// Next offset by partition.
    next: Vec<i64>,
    /// The transaction in which a customer was last seen.
    seen: HashMap<Box<[u8]>, u64>,
    /// Customers of this transaction, with their partition.
    dirty: Vec<(i32, Box<[u8]>)>,
    noise: Vec<u8>,
    out: Output,
    in_transaction: u64,
    done: Done,
}

/// Runs the `k`th worker over all that its partitions hold now.
pub fn run(options: &Options, k: usize) -> Result<Done, Box<dyn Error>> {
    let consumer: BaseConsumer = options.consumer().create()?;
    let id = format!("{}-{k}", options.group);
    let producer: BaseProducer = options.producer(&id).create()?;
    producer.init_transactions(CALL)?;
    let input = format!("{}.payment.events", options.prefix);
    let mut assignment = TopicPartitionList::new();
    let mut total = 0;
    for p in (0..options.partitions)
        .filter(|p| usize::try_from(*p).is_ok_and(|p| p % options.workers == k))
    {
        let (low, high) = consumer.fetch_watermarks(&input, p, CALL)?;
        assignment.add_partition_offset(&input, p, Offset::Offset(low))?;
        total += u64::try_from(high - low)?;
    }
    consumer.assign(&assignment)?;
    let metadata = consumer.group_metadata().ok_or("no group metadata")?;
    let mut worker = Worker {
        options,
        producer,
        output: format!("{}.payment.metrics", options.prefix),
        changelog: format!("{}-customers-changelog", options.group),
        source: format!("bss/{}/fraud-detection", options.group),
        input,
        next: vec![-1; usize::try_from(options.partitions)?],
        seen: HashMap::new(),
        dirty: Vec::new(),
        noise: noise(1 << 16),
        out: Output::default(),
        in_transaction: 0,
        done: Done::default(),
    };
    worker.producer.begin_transaction()?;
    worker.consume(&consumer, &metadata, total)?;
    Ok(worker.done)
}

impl Worker<'_> {
    fn consume(
        &mut self,
        consumer: &BaseConsumer,
        metadata: &ConsumerGroupMetadata,
        total: u64,
    ) -> Result<(), Box<dyn Error>> {
        let mut batches = Batches::new(consumer, 512);
        let mut last = Instant::now();
        while self.done.events < total {
            if self.options.batch {
                batches.take(20, |p, o, k, v| self.one(p, o, k, v))?;
                self.producer.poll(Duration::ZERO);
            } else {
                if let Some(message) = consumer.poll(Duration::from_millis(20)) {
                    let m = message?;
                    let (key, value) =
                        (m.key().unwrap_or_default(), m.payload().unwrap_or_default());
                    self.one(m.partition(), m.offset(), key, value)?;
                }
                if self.done.events.is_multiple_of(256) {
                    self.producer.poll(Duration::ZERO);
                }
            }
            let full = self.in_transaction >= self.options.max_records;
            let look = self.options.batch
                || self.done.events.is_multiple_of(64)
                || self.done.events >= total;
            if full || look && (last.elapsed() >= self.options.commit || self.done.events >= total)
            {
                self.commit(metadata)?;
                last = Instant::now();
                if self.done.events < total {
                    self.producer.begin_transaction()?;
                }
            }
        }
        Ok(())
    }

    fn one(&mut self, partition: i32, offset: i64, key: &[u8], value: &[u8]) -> Result<(), String> {
        let payment = Payment::from_json(value).map_err(|e| e.to_string())?;
        self.done.amount += payment.amount;
        self.done.events += 1;
        self.in_transaction += 1;
        let slot = usize::try_from(partition).ok().and_then(|p| self.next.get_mut(p));
        *slot.ok_or("a partition beyond --partitions")? = offset + 1;
        payment.write(&mut self.out);
        let mut record = BaseRecord::to(&self.output)
            .key(self.out.key.as_slice())
            .payload(self.out.json.as_slice());
        if self.options.same_partition {
            record = record.partition(partition);
        }
        if self.options.headers {
            record = record.headers(headers(&self.source, &self.out));
        }
        send(&self.producer, record)?;
        if self.options.changelog {
            let now = self.done.commits + 1;
            let before = match self.seen.get_mut(key) {
                Some(seen) => std::mem::replace(seen, now),
                None => self.seen.insert(key.into(), now).unwrap_or_default(),
            };
            if before != now {
                self.dirty.push((partition, key.into()));
            }
        }
        Ok(())
    }

    fn commit(&mut self, metadata: &ConsumerGroupMetadata) -> Result<(), Box<dyn Error>> {
        for (partition, key) in self.dirty.drain(..) {
            let at = usize::try_from(self.done.changelog * 61)? % (self.noise.len() / 2);
            let value = &self.noise[at..at + self.options.state_bytes];
            let record = BaseRecord::to(&self.changelog);
            send(&self.producer, record.key(&*key).payload(value).partition(partition))?;
            self.done.changelog += 1;
        }
        let start = Instant::now();
        while self.options.drain && self.producer.in_flight_count() > 0 {
            self.producer.poll(Duration::ZERO);
            std::thread::sleep(Duration::from_micros(500));
        }
        let drained = Instant::now();
        let mut offsets = TopicPartitionList::new();
        for (partition, next) in (0..).zip(&self.next).filter(|(_, next)| **next >= 0) {
            offsets.add_partition_offset(&self.input, partition, Offset::Offset(*next))?;
        }
        self.producer.send_offsets_to_transaction(&offsets, metadata, CALL)?;
        self.producer.commit_transaction(CALL)?;
        self.done.drain += drained - start;
        self.done.commit += drained.elapsed();
        self.done.commits += 1;
        self.in_transaction = 0;
        Ok(())
    }
}

/// The five headers of a CloudEvent in binary mode and the content type.
fn headers(source: &str, out: &Output) -> OwnedHeaders {
    let header = |key, value| Header { key, value: Some(value) };
    OwnedHeaders::new_with_capacity(6)
        .insert(header("ce_specversion", b"1.0".as_slice()))
        .insert(header("ce_id", out.id.as_slice()))
        .insert(header("ce_type", b"bss.payment.scored.v1".as_slice()))
        .insert(header("ce_source", source.as_bytes()))
        .insert(header("ce_time", out.time.as_slice()))
        .insert(header("content-type", b"application/json".as_slice()))
}

fn send(producer: &BaseProducer, mut record: BaseRecord<'_, [u8], [u8]>) -> Result<(), String> {
    loop {
        match producer.send(record) {
            Ok(()) => return Ok(()),
            Err((KafkaError::MessageProduction(RDKafkaErrorCode::QueueFull), back)) => {
                producer.poll(Duration::from_millis(1));
                record = back;
            }
            Err((e, _)) => return Err(e.to_string()),
        }
    }
}

/// Bytes of which every other sixteen are not to be compressed, as the hashes and floats of a state
/// are not, its texts and times are.
fn noise(length: usize) -> Vec<u8> {
    let mut x = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        let hash = bytes.len() % 32 < 16;
        bytes.extend_from_slice(&if hash { x.to_le_bytes() } else { *b"pay-0000" });
    }
    bytes
}
