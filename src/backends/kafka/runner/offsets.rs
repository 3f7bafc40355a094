//! Committed offsets with what is committed beside them.

use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::{Offset, TopicPartitionList};

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::classify;
use crate::backends::kafka::ends::until_led;
use crate::streams::checkpoint::Checkpoint;

/// A partition's committed position.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Committed {
    /// The next offset to read; `None` if nothing was ever committed.
    pub offset: Option<i64>,
    /// What was committed with it.
    pub checkpoint: Checkpoint,
}

/// Reads the committed positions of `partitions` of `topic`, in their order. With a
/// read_committed consumer the answer is stable: it waits for open transactions.
///
/// # Errors
/// [`Kind::TimedOut`] while a transaction that commits offsets is open; others as the client
/// says; [`Kind::Refused`] for metadata that is not ours.
pub fn committed<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    group: &str,
    topic: &str,
    partitions: &[i32],
    limit: Duration,
) -> Result<Vec<Committed>> {
    let what =
        || format!("could not read the committed offsets of group \"{group}\" on \"{topic}\"");
    let mut asked = TopicPartitionList::new();
    for partition in partitions {
        asked.add_partition(topic, *partition);
    }
    let ask = |left| {
        let answer = consumer.committed_offsets(asked.clone(), left)?;
        answer.elements().iter().try_for_each(|element| element.error())?;
        Ok(answer)
    };
    // A coordinator that loads, or whose topic is only now made, answers a moment later.
    let answer = until_led(limit, ask, |_| ()).map_err(|e| classify(e, what()))?;
    let mut result = Vec::with_capacity(partitions.len());
    for partition in partitions {
        let element = answer
            .find_partition(topic, *partition)
            .ok_or_else(|| BackendError::new(Kind::Internal, what()))?;
        let offset = match element.offset() {
            Offset::Offset(offset) => Some(offset),
            _ => None,
        };
        let checkpoint = Checkpoint::from_metadata(element.metadata()).map_err(|e| {
            BackendError::new(Kind::Refused, what())
                .because(format!("partition {partition}: {e}"))
                .hint("Another program commits under this group; give bss a group of its own with general.application.")
        })?;
        result.push(Committed { offset, checkpoint });
    }
    Ok(result)
}

/// One position to commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position<'a> {
    /// The topic.
    pub topic: &'a str,
    /// The partition.
    pub partition: i32,
    /// The next offset to read.
    pub offset: i64,
    /// What is committed beside it.
    pub metadata: String,
}

/// The client's form of `positions`.
///
/// # Errors
/// [`Kind::Internal`] if the client refuses an offset.
pub fn list(positions: &[Position<'_>]) -> Result<TopicPartitionList> {
    let mut list = TopicPartitionList::with_capacity(positions.len());
    for position in positions {
        let mut element = list.add_partition(position.topic, position.partition);
        element.set_metadata(&position.metadata);
        element
            .set_offset(Offset::Offset(position.offset))
            .map_err(|e| classify(e, format!("could not note offset {}", position.offset)))?;
    }
    Ok(list)
}
