//! Reads several partitions as one stream: each in its order, between them by Kafka's time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rdkafka::consumer::BaseConsumer;
use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::{Offset, TopicPartitionList};

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::intake::passing;
use crate::backends::kafka::{Quiet, classify, client, reading};
use crate::config::settings::Kafka;

/// How long one look into a partition's queue may take.
const WAIT: Duration = Duration::from_millis(100);
/// How long nothing may come of a partition that is not at its end.
const PATIENCE: Duration = Duration::from_secs(60);
/// After how many records the client itself is served.
const SERVE_EVERY: u32 = 1000;

/// A part of a partition: the offsets from `from` up to, not including, `to`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Lane {
    /// The source, by position in the description.
    pub source: usize,
    /// Its topic.
    pub topic: String,
    /// The partition.
    pub partition: i32,
    /// The first offset; it must be kept.
    pub from: i64,
    /// The end; records up to it must be committed.
    pub to: i64,
}

impl Lane {
    /// Whether there is nothing to read.
    pub const fn is_empty(&self) -> bool {
        self.from >= self.to
    }
}

/// Hands the committed records of `lanes` to `take`, always the one with the least Kafka time of
/// those that are next; one without a time counts as the oldest. `None` tells that a lane has ended.
///
/// # Errors
/// As the client or `take` says; [`Kind::TimedOut`] if a lane does not come to its end.
pub(super) fn merged(
    kafka: &Kafka,
    group: &str,
    lanes: &[Lane],
    take: &mut dyn FnMut(&Lane, Option<&BorrowedMessage<'_>>) -> Result<()>,
) -> Result<()> {
    let lanes: Vec<&Lane> = lanes.iter().filter(|lane| !lane.is_empty()).collect();
    if lanes.is_empty() {
        return Ok(());
    }
    let consumer = open(kafka, group)?;
    let what = || format!("could not read the sources of \"{group}\"");
    let mut list = TopicPartitionList::new();
    for lane in &lanes {
        list.add_partition_offset(&lane.topic, lane.partition, Offset::Offset(lane.from))
            .map_err(|e| classify(e, what()))?;
    }
    reading::assign(&consumer, &list).map_err(|e| classify(e, what()))?;
    // A queue of its own for each: one that is not asked stops to fetch, so memory stays small.
    let queues = lanes.iter().map(|lane| {
        let queue = consumer.split_partition_queue(&lane.topic, lane.partition);
        queue.ok_or_else(|| BackendError::new(Kind::Internal, what()))
    });
    let queues: Vec<PartitionQueue<Quiet>> = queues.collect::<Result<_>>()?;
    let mut heads = Vec::with_capacity(lanes.len());
    let mut order = BinaryHeap::new();
    for (at, (lane, queue)) in lanes.iter().zip(&queues).enumerate() {
        let head = next(&consumer, lane, queue)?;
        match &head {
            Some(head) => order.push(Reverse((time(head), at))),
            None => take(lane, None)?,
        }
        heads.push(head);
    }
    let mut taken: u32 = 0;
    while let Some(Reverse((_, at))) = order.pop() {
        let Some(message) = heads[at].take() else { continue };
        take(lanes[at], Some(&message))?;
        drop(message);
        heads[at] = next(&consumer, lanes[at], &queues[at])?;
        match &heads[at] {
            Some(head) => order.push(Reverse((time(head), at))),
            None => take(lanes[at], None)?,
        }
        taken = taken.wrapping_add(1);
        if taken.is_multiple_of(SERVE_EVERY) {
            serve(&consumer, &what)?;
        }
    }
    Ok(())
}

fn time(message: &BorrowedMessage<'_>) -> i64 {
    message.timestamp().to_millis().unwrap_or(i64::MIN)
}

fn open(kafka: &Kafka, group: &str) -> Result<Arc<BaseConsumer<Quiet>>> {
    let consumer = client(kafka)
        .set("group.id", group)
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        .set("auto.offset.reset", "error")
        .set("isolation.level", "read_committed")
        .set("enable.partition.eof", "true")
        .set("fetch.wait.max.ms", "20")
        .set("fetch.queue.backoff.ms", "5")
        .set("fetch.message.max.bytes", "262144")
        // With queues of their own this is for each partition.
        .set("queued.min.messages", "1000")
        .set("queued.max.messages.kbytes", "1024")
        .create_with_context(Quiet)
        .map_err(|e| classify(e, format!("could not open a reader for \"{group}\"")))?;
    Ok(Arc::new(consumer))
}

/// Serves what is not of one partition.
fn serve(consumer: &BaseConsumer<Quiet>, what: &dyn Fn() -> String) -> Result<()> {
    match consumer.poll(Duration::ZERO) {
        Some(Ok(message)) => {
            // It came before the partition had its own queue: the order would be lost.
            let place = format!("{}/{} {}", message.topic(), message.partition(), message.offset());
            Err(BackendError::new(Kind::Internal, what())
                .because(format!("a record came out of turn: {place}"))
                .hint("Run the command again."))
        }
        Some(Err(error)) if !passing(&error) => Err(classify(error, what())),
        _ => Ok(()),
    }
}

/// The lane's next record; `None` at its end.
fn next<'a>(
    consumer: &BaseConsumer<Quiet>,
    lane: &Lane,
    queue: &'a PartitionQueue<Quiet>,
) -> Result<Option<BorrowedMessage<'a>>> {
    let what = || format!("could not read {}/{}", lane.topic, lane.partition);
    let started = Instant::now();
    loop {
        match queue.poll(WAIT) {
            // What is behind the end shows that the end was passed: markers are no records.
            Some(Ok(message)) => return Ok(Some(message).filter(|m| m.offset() < lane.to)),
            Some(Err(KafkaError::PartitionEOF(_))) => return Ok(None),
            Some(Err(error)) if passing(&error) => {}
            Some(Err(error)) => return Err(classify(error, what())),
            None => serve(consumer, &what)?,
        }
        if started.elapsed() > PATIENCE {
            return Err(BackendError::new(Kind::TimedOut, what()).because(format!(
                "nothing came for {} s before offset {}",
                PATIENCE.as_secs(),
                lane.to
            )));
        }
    }
}
