//! Which partitions a consumer reads.

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::KafkaResult;

/// Reads `list` and nothing else. See [`settle`].
///
/// # Errors
/// As the client says.
#[expect(clippy::disallowed_methods, reason = "waited for")]
pub fn assign<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    list: &TopicPartitionList,
) -> KafkaResult<()> {
    consumer.assign(list)?;
    settle(consumer)
}

/// Reads nothing any more. See [`settle`].
///
/// # Errors
/// As the client says.
#[expect(clippy::disallowed_methods, reason = "waited for")]
pub fn unassign<C: ConsumerContext>(consumer: &BaseConsumer<C>) -> KafkaResult<()> {
    consumer.unassign()?;
    settle(consumer)
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
