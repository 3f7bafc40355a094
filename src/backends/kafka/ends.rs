//! Where many partitions end, in one question to each broker.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext};
use rdkafka::{Offset, TopicPartitionList};

use crate::backends::error::Result;
use crate::backends::kafka::classify;

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
    let answer = consumer.offsets_for_times(asked, limit).map_err(|e| classify(e, what()))?;
    let mut found = BTreeMap::new();
    for element in answer.elements() {
        if let (Ok(()), Offset::Offset(offset)) = (element.error(), element.offset()) {
            found.insert((element.topic().to_owned(), element.partition()), offset);
        }
    }
    Ok(found)
}
