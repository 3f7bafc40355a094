//! The membership in the group: what the group assigns, and the barrier that stops the work before
//! a partition leaves.

use std::sync::mpsc::{Sender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::{Duration, Instant};

use rdkafka::client::ClientContext;
use rdkafka::consumer::{
    BaseConsumer, Consumer, ConsumerContext, ConsumerGroupMetadata, Rebalance,
};
use rdkafka::error::KafkaError;

use crate::backends::error::Result;
use crate::backends::kafka::runner::crew::Crew;
use crate::backends::kafka::runner::worker::Command;
use crate::backends::kafka::runner::{RunHandle, RunOptions};
use crate::backends::kafka::{classify, client};
use crate::streams::topology::Description;

/// How long closing the client may take.
const LEAVING: Duration = Duration::from_secs(5);

/// An assignment as the group gave it.
pub struct Assignment {
    /// The partition numbers, the same of every source.
    pub partitions: Vec<i32>,
    /// The group metadata at its beginning.
    pub member: Arc<ConsumerGroupMetadata>,
}

/// What a worker holds of the membership while its assignment lasts.
#[derive(Clone)]
pub struct Membership {
    /// The group metadata at the assignment's beginning; kept, never fetched anew, so that a
    /// commit for an assignment that is over is refused.
    pub metadata: Arc<ConsumerGroupMetadata>,
    /// The member's consumer. Weak: the member alone ends it, on its own thread.
    pub consumer: Weak<BaseConsumer<MemberContext>>,
}

/// What the rebalance callback needs, since it runs inside the client's poll.
pub struct MemberContext {
    workers: Mutex<Vec<Sender<Command>>>,
    assigned: Mutex<Option<Assignment>>,
    stopped_at: Mutex<Option<Instant>>,
    patience: Duration,
    handle: RunHandle,
}

impl MemberContext {
    /// A context whose revoke barrier waits at most `patience` for the workers.
    #[must_use]
    pub fn new(handle: RunHandle, patience: Duration) -> Self {
        Self {
            workers: Mutex::new(Vec::new()),
            assigned: Mutex::new(None),
            stopped_at: Mutex::new(None),
            patience,
            handle,
        }
    }

    /// Whom to stop before partitions leave.
    pub fn tell(&self, workers: &[Sender<Command>]) {
        unlocked(&self.workers).extend_from_slice(workers);
    }

    /// When the work was stopped for a rebalance, once.
    #[must_use]
    pub fn take_stop(&self) -> Option<Instant> {
        unlocked(&self.stopped_at).take()
    }

    /// Takes the newest assignment, once.
    #[must_use]
    pub fn take_assignment(&self) -> Option<Assignment> {
        unlocked(&self.assigned).take()
    }

    /// The barrier: every worker has committed or aborted before the partitions go.
    pub(super) fn release(&self, lost: bool) {
        drop(unlocked(&self.assigned).take());
        unlocked(&self.stopped_at).get_or_insert_with(Instant::now);
        let (done, all_done) = sync_channel(64);
        let workers = unlocked(&self.workers);
        let told = workers
            .iter()
            .filter(|w| w.send(Command::Release { lost, done: done.clone() }).is_ok())
            .count();
        let deadline = Instant::now() + self.patience;
        for _ in 0..told {
            let left = deadline.saturating_duration_since(Instant::now());
            if all_done.recv_timeout(left).is_err() {
                self.handle.note(format!(
                    "a worker did not let go within {} s; the group's generation keeps it from committing.",
                    self.patience.as_secs()
                ));
                return;
            }
        }
    }
}

fn unlocked<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ClientContext for MemberContext {
    fn log(&self, level: rdkafka::config::RDKafkaLogLevel, facility: &str, message: &str) {
        crate::backends::kafka::log(level, facility, message);
    }
    fn error(&self, error: KafkaError, reason: &str) {
        tracing::debug!(%error, reason, "kafka member");
    }
}

impl ConsumerContext for MemberContext {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        if matches!(rebalance, Rebalance::Revoke(_)) {
            self.release(consumer.assignment_lost());
        }
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        let Rebalance::Assign(list) = rebalance else { return };
        // Workers read with consumers of their own; this one only holds the membership.
        if let Err(error) = consumer.pause(list) {
            tracing::warn!(%error, "could not pause the member's partitions");
        }
        let mut partitions: Vec<i32> = list.elements().iter().map(|e| e.partition()).collect();
        partitions.sort_unstable();
        partitions.dedup();
        if let Some(member) = consumer.group_metadata() {
            let member = Arc::new(member);
            *unlocked(&self.assigned) = Some(Assignment { partitions, member });
        }
    }
}

/// Opens the member's consumer and subscribes.
///
/// # Errors
/// As the client says.
pub fn join(
    options: &RunOptions,
    group: &str,
    topics: &[&str],
    context: MemberContext,
) -> Result<BaseConsumer<MemberContext>> {
    let session = options.streams.session_timeout;
    let what = || format!("could not join group \"{group}\"");
    let consumer: BaseConsumer<MemberContext> = client(&options.kafka)
        .set("group.id", group)
        .set("group.instance.id", &options.instance)
        .set("partition.assignment.strategy", "range")
        .set("session.timeout.ms", session.as_millis().to_string())
        .set("heartbeat.interval.ms", (session.as_millis() / 4).to_string())
        .set("max.poll.interval.ms", session.as_millis().max(60_000).to_string())
        .set("enable.auto.commit", "false")
        .set("enable.auto.offset.store", "false")
        // The member never reads: this keeps it from looking for offsets to start at.
        .set("auto.offset.reset", "latest")
        .set("queued.max.messages.kbytes", "1024")
        .set("queued.min.messages", "1")
        .create_with_context(context)
        .map_err(|e| classify(e, what()))?;
    consumer.subscribe(topics).map_err(|e| classify(e, what()))?;
    Ok(consumer)
}

/// Joins the group of a topology; `crew` is whom to stop before partitions leave.
///
/// # Errors
/// As the client says.
pub(super) fn enter(
    options: &RunOptions,
    handle: &RunHandle,
    description: &Description,
    crew: &Crew,
) -> Result<Arc<BaseConsumer<MemberContext>>> {
    let context = MemberContext::new(handle.clone(), options.streams.transaction_timeout);
    context.tell(&crew.commands);
    let topics: Vec<&str> = description.sources.iter().map(|s| s.topic.as_str()).collect();
    join(options, &description.group, &topics, context).map(Arc::new)
}

/// Ends the membership. A static member says nothing to the group when it goes: what it had stays
/// its own until its session times out.
///
/// A client that is closed while an assignment is still to be taken may wait for itself for ever
/// (librdkafka, issue 4884). So what the group has said by now is heard first; a close that hangs
/// all the same is left to itself, since nothing depends on it any more.
pub fn leave(consumer: Arc<BaseConsumer<MemberContext>>) {
    let deadline = Instant::now() + LEAVING;
    while consumer.poll(Duration::ZERO).is_some() && Instant::now() < deadline {}
    let (done, closed) = sync_channel(1);
    let closing = std::thread::Builder::new().name("leaving".to_owned()).spawn(move || {
        drop(consumer);
        // Nobody may be waiting any more.
        let _late = done.send(()).is_err();
    });
    if closing.is_ok() && closed.recv_timeout(LEAVING).is_err() {
        tracing::info!("the client of the group did not close; it is left behind");
    }
}
