//! Where partitions begin and end, and what they hold at a time. While a partition is between two
//! leaders (a topic just made, a broker that goes) it is asked again.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::types::RDKafkaErrorCode;
use rdkafka::{Offset, TopicPartitionList};

use crate::backends::error::Result;
use crate::backends::kafka::{classify, is_between_leaders};

/// How soon a partition that had no leader is asked again.
const AGAIN: Duration = Duration::from_millis(100);
/// How long a question for the leaders of a topic may take.
const LEADERS: Duration = Duration::from_secs(1);

/// The first kept offset of a partition and the offset after its last record, asked for `limit` at
/// most: for a consumer that reads committed records the stable one, else the true one.
///
/// # Errors
/// As the client says.
pub fn bounds<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topic: &str,
    partition: i32,
    limit: Duration,
) -> KafkaResult<(i64, i64)> {
    let ask = |left| consumer.fetch_watermarks(topic, partition, left);
    until_led(limit, ask, |left| learn_leaders(consumer, [topic], left))
}

/// The first offsets at or after the times (in milliseconds) that stand in `asked` in the place of
/// offsets; [`Offset::End`] where there is none.
///
/// # Errors
/// As the client says, also of a single partition.
pub fn at_times<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    asked: &TopicPartitionList,
    limit: Duration,
) -> KafkaResult<TopicPartitionList> {
    let ask = |left| {
        let found = consumer.offsets_for_times(asked.clone(), left)?;
        found.elements().iter().try_for_each(|element| element.error())?;
        Ok(found)
    };
    let elements = asked.elements();
    let topics: BTreeSet<&str> = elements.iter().map(|element| element.topic()).collect();
    until_led(limit, ask, |left| learn_leaders(consumer, topics.iter().copied(), left))
}

/// Has the client ask for the leaders of topics. By itself it does not for what nobody reads: a partition
/// that had none when it last heard (a broker that stood still, and was shut out for a moment) stays
/// without one until all metadata are refreshed. No longer than `limit`, which is the caller's.
fn learn_leaders<'a, C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    topics: impl IntoIterator<Item = &'a str>,
    limit: Duration,
) {
    let deadline = Instant::now() + limit;
    for topic in topics {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return;
        }
        if let Err(error) = consumer.fetch_metadata(Some(topic), left.min(LEADERS)) {
            tracing::debug!(%error, topic, "the leaders are not known yet");
        }
    }
}

/// Asks until there is an answer, also where a coordinator is not ready yet. A client that has not
/// heard of a partition's leader does not know the partition: whoever asks has its number from the
/// cluster, so that it is asked again too, after `learn` (told how much time is left), and in the end
/// it is the time that ran out.
pub(super) fn until_led<T>(
    limit: Duration,
    ask: impl Fn(Duration) -> KafkaResult<T>,
    learn: impl Fn(Duration),
) -> KafkaResult<T> {
    let deadline = Instant::now() + limit;
    loop {
        let left = deadline.saturating_duration_since(Instant::now());
        let error = match ask(left.max(AGAIN)) {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let code = error.rdkafka_error_code();
        let unknown = code == Some(RDKafkaErrorCode::UnknownPartition);
        let again = unknown || code.is_some_and(is_between_leaders);
        if again && left > AGAIN {
            std::thread::sleep(AGAIN);
            learn(deadline.saturating_duration_since(Instant::now()));
        } else if unknown {
            return Err(KafkaError::MetadataFetch(RDKafkaErrorCode::OperationTimedOut));
        } else {
            return Err(error);
        }
    }
}

/// The offsets after the last record of `places` (topic and partition): for a consumer that reads
/// committed records, the stable ones; else the true ones. A partition that cannot be asked now
/// (no leader) is left out.
///
/// # Errors
/// As the client says.
pub fn ends<C: ConsumerContext>(
    consumer: &BaseConsumer<C>,
    places: impl IntoIterator<Item = (String, i32)>,
    limit: Duration,
) -> Result<BTreeMap<(String, i32), i64>> {
    let what = || "could not ask where the topics end".to_owned();
    let mut asked = TopicPartitionList::new();
    for (topic, partition) in places {
        // Instead of a time: the end.
        asked
            .add_partition_offset(&topic, partition, Offset::End)
            .map_err(|e| classify(e, what()))?;
    }
    if asked.count() == 0 {
        return Ok(BTreeMap::new());
    }
    let deadline = Instant::now() + limit;
    let answer = consumer.offsets_for_times(asked, limit).map_err(|e| classify(e, what()))?;
    let mut found = BTreeMap::new();
    let mut unled = BTreeSet::new();
    for element in answer.elements() {
        match (element.error(), element.offset()) {
            (Ok(()), Offset::Offset(offset)) => {
                found.insert((element.topic().to_owned(), element.partition()), offset);
            }
            (Ok(()), _) => {}
            (Err(_), _) => drop(unled.insert(element.topic().to_owned())),
        }
    }
    // For the next look.
    let left = deadline.saturating_duration_since(Instant::now());
    learn_leaders(consumer, unled.iter().map(String::as_str), left);
    Ok(found)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use rdkafka::types::RDKafkaErrorCode as Code;

    use super::*;

    #[test]
    fn a_partition_between_two_leaders_is_asked_again() {
        let asked = Cell::new(0);
        let answers = |code| {
            move |count: i32| if count < 3 { Err(KafkaError::MetadataFetch(code)) } else { Ok(7) }
        };
        let learnt = Cell::new(0);
        let ask = |limit, answer: &dyn Fn(i32) -> KafkaResult<i32>| {
            asked.set(0);
            learnt.set(0);
            let question = |_| {
                asked.set(asked.get() + 1);
                answer(asked.get())
            };
            let found = until_led(limit, question, |left| {
                // What is learnt does not take longer than who asks would wait.
                assert!(left < limit);
                learnt.set(learnt.get() + 1);
            });
            // Before each further question: the client would give the same answer for minutes.
            assert_eq!(learnt.get(), asked.get() - 1);
            (found.ok(), asked.get())
        };
        let minute = Duration::from_secs(60);
        assert_eq!(ask(minute, &answers(Code::NotLeaderForPartition)), (Some(7), 3));
        assert_eq!(ask(minute, &answers(Code::LeaderNotAvailable)), (Some(7), 3));
        assert_eq!(ask(minute, &answers(Code::UnknownPartition)), (Some(7), 3));
        // Of a group: a broker that has just started reads what it knows of its groups.
        assert_eq!(ask(minute, &answers(Code::CoordinatorLoadInProgress)), (Some(7), 3));
        assert_eq!(ask(minute, &answers(Code::UnknownTopicOrPartition)), (None, 1));
        assert_eq!(ask(Duration::ZERO, &answers(Code::NotLeaderForPartition)), (None, 1));
        let unknown = |_| Err::<i32, _>(KafkaError::MetadataFetch(Code::UnknownPartition));
        let late = until_led(Duration::ZERO, unknown, |_| ());
        assert_eq!(late.unwrap_err().rdkafka_error_code(), Some(Code::OperationTimedOut));
    }
}
