//! Tables that every process of a topology reads whole: loaded before anything is processed, then
//! followed by a thread of its own.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::{Offset, TopicPartitionList};

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::intake::passing;
use crate::backends::kafka::runner::restore::Restorer;
use crate::backends::kafka::runner::{RunHandle, RunOptions, preflight};
use crate::backends::kafka::{Quiet, classify, reading};
use crate::streams::store::Share;
use crate::streams::topology::{Global, Topology};

/// How often the tables are looked at: what they hold, and what is to be said of them.
const LOOK_EVERY: Duration = Duration::from_secs(10);
/// How long nothing may come before the end that a table had.
const PATIENCE: Duration = Duration::from_secs(30);

/// The thread that follows the tables.
pub(super) struct Globals {
    stop: Arc<AtomicBool>,
    failures: Receiver<BackendError>,
    thread: Option<JoinHandle<()>>,
}

impl Globals {
    /// The failure that ended the thread, if one did.
    ///
    /// # Errors
    /// That failure.
    pub fn failed(&mut self) -> Result<()> {
        self.failures.try_recv().map_or(Ok(()), Err)
    }
}

impl Drop for Globals {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::SeqCst);
        if let Some(thread) = self.thread.take() {
            // What it had to say was said through `failures`.
            drop(thread.join());
        }
    }
}

/// Reads the topology's tables up to the end they have now, and goes on reading beside the work.
/// Nothing if it has none.
///
/// # Errors
/// As the client says; [`Kind::Refused`] for a row that is none; [`Kind::TimedOut`] if the end is
/// not reached.
pub(super) fn load(
    topology: &Arc<dyn Topology>,
    options: &RunOptions,
    handle: &RunHandle,
) -> Result<Option<Globals>> {
    let tables = topology.globals();
    if tables.is_empty() {
        return Ok(None);
    }
    let group = &topology.describe().group;
    let mut reader = Reader::open(options, handle, group, tables)?;
    let restorer = Restorer::open(&options.kafka, group)?;
    let mut goals = HashMap::new();
    for (table, partition) in &reader.places {
        let topic = &reader.tables[*table].topic;
        let end = restorer.stable_end(topic, *partition)?;
        if end > restorer.bounds(topic, *partition)?.0 {
            goals.insert((*table, *partition), end);
        }
    }
    let mut last = Instant::now();
    while !goals.is_empty() && !handle.stopping() {
        if reader.turn(Duration::from_millis(20))? {
            last = Instant::now();
            continue;
        }
        let position = reader.consumer.position().map_err(|e| reader.trouble(e))?;
        goals.retain(|(table, partition), goal| {
            let topic = &reader.tables[*table].topic;
            let at = position.find_partition(topic, *partition).map(|e| e.offset());
            !matches!(at, Some(Offset::Offset(at)) if at >= *goal)
        });
        if last.elapsed() > PATIENCE {
            return Err(BackendError::new(Kind::TimedOut, reader.what())
                .because(format!("nothing came for {} s", PATIENCE.as_secs())));
        }
    }
    reader.look();
    let stop = Arc::new(AtomicBool::new(false));
    let (tell, failures) = channel();
    let stopped = Arc::clone(&stop);
    let thread = std::thread::Builder::new()
        .name("globals".to_owned())
        .spawn(move || {
            while !stopped.load(Ordering::SeqCst) {
                if let Err(error) = reader.turn(Duration::from_millis(100)) {
                    // The member may have ended first.
                    drop(tell.send(error));
                    return;
                }
                if reader.looked.elapsed() >= LOOK_EVERY {
                    reader.look();
                }
            }
        })
        .map_err(|e| {
            BackendError::new(Kind::Local, "could not start the thread of tables").because(e)
        })?;
    Ok(Some(Globals { stop, failures, thread: Some(thread) }))
}

/// A consumer of all partitions of the tables.
struct Reader {
    consumer: BaseConsumer<Quiet>,
    tables: Vec<Global>,
    places: Vec<(usize, i32)>,
    /// What the tables hold of the stores' memory.
    share: Share,
    /// Tables that advice was given of.
    advised: Vec<bool>,
    handle: RunHandle,
    looked: Instant,
}

impl Reader {
    fn open(
        options: &RunOptions,
        handle: &RunHandle,
        group: &str,
        tables: Vec<Global>,
    ) -> Result<Self> {
        let kafka = &options.kafka;
        let consumer = preflight::asker(kafka, group)?;
        let mut list = TopicPartitionList::new();
        let mut places = Vec::new();
        for (at, table) in tables.iter().enumerate() {
            let count = preflight::partition_count(&consumer, &kafka.bootstrap, &table.topic)?;
            for partition in 0..i32::try_from(count.unwrap_or(0)).unwrap_or(i32::MAX) {
                list.add_partition_offset(&table.topic, partition, Offset::Beginning)
                    .map_err(|e| classify(e, format!("could not read \"{}\"", table.topic)))?;
                places.push((at, partition));
            }
        }
        let share = Share::new(&options.memory);
        let (advised, looked) = (vec![false; tables.len()], Instant::now());
        let handle = handle.clone();
        let reader = Self { consumer, tables, places, share, advised, handle, looked };
        reading::assign(&reader.consumer, &list).map_err(|e| reader.trouble(e))?;
        Ok(reader)
    }

    fn look(&mut self) {
        self.share.holds(self.tables.iter().map(|table| table.table.held()).sum());
        for (table, advised) in self.tables.iter().zip(&mut self.advised) {
            if !*advised && let Some(advice) = table.table.advice() {
                *advised = true;
                self.handle.note(advice);
            }
        }
        self.looked = Instant::now();
    }

    /// Takes what is there, waiting up to `wait` for the first. Whether anything came.
    fn turn(&mut self, wait: Duration) -> Result<bool> {
        let mut wait = wait;
        let mut any = false;
        loop {
            match self.consumer.poll(wait) {
                Some(Ok(message)) => self.apply(&message)?,
                Some(Err(KafkaError::PartitionEOF(_))) | None => return Ok(any),
                Some(Err(error)) if passing(&error) => return Ok(any),
                Some(Err(error)) => return Err(self.trouble(error)),
            }
            any = true;
            wait = Duration::ZERO;
        }
    }

    fn apply(&self, message: &BorrowedMessage<'_>) -> Result<()> {
        let Some(table) = self.tables.iter().find(|t| t.topic == message.topic()) else {
            return Ok(());
        };
        let key = message.key().unwrap_or_default();
        table.table.apply(key, message.payload()).map_err(|fault| {
            BackendError::new(Kind::Refused, self.what()).because(format!(
                "\"{}\" partition {} offset {}: {fault}",
                table.topic,
                message.partition(),
                message.offset()
            ))
        })
    }

    fn what(&self) -> String {
        let topics: Vec<&str> = self.tables.iter().map(|t| t.topic.as_str()).collect();
        format!("could not read {}", topics.join(", "))
    }

    fn trouble(&self, error: KafkaError) -> BackendError {
        classify(error, self.what())
    }
}
