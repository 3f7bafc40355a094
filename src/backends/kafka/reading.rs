//! Which partitions a consumer reads.

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaResult;

/// Reads `list` and nothing else, whatever was held back before. See [`settle`].
///
/// # Errors
/// As the client says.
#[expect(clippy::disallowed_methods, reason = "waited for")]
pub fn assign<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    list: &TopicPartitionList,
) -> KafkaResult<()> {
    unassign(consumer)?;
    consumer.assign(list)?;
    settle(consumer)
}

/// Reads nothing any more, and holds nothing back. See [`settle`].
///
/// The client keeps a partition paused beyond its assignment: one that is assigned again would never
/// be read, and whoever paused it before does not know of it any more.
///
/// # Errors
/// As the client says.
#[expect(clippy::disallowed_methods, reason = "waited for")]
pub fn unassign<C: ConsumerContext>(consumer: &BaseConsumer<C>) -> KafkaResult<()> {
    let before = consumer.assignment()?;
    if before.count() == 0 {
        return Ok(());
    }
    consumer.unassign()?;
    settle(consumer)?;
    consumer.resume(&before)
}

/// Waits until the fetchers that a change of the assignment stops have stopped.
///
/// If it changes again before that, librdkafka (up to 2.15) counts their stop twice: it aborts the
/// process, or never fetches any more (its issue 5573; on a busy machine seen within minutes). Its
/// main thread works in order: when the first question is answered the fetchers were told, when
/// the second is, their answers were heard.
fn settle<C: ConsumerContext>(consumer: &BaseConsumer<C>) -> KafkaResult<()> {
    consumer.assignment()?;
    consumer.assignment().map(drop)
}
