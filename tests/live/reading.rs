//! What a consumer reads is changed again and again: the client keeps count of its fetchers.

use std::time::Duration;

use bss::backends::kafka::reading;
use rdkafka::consumer::BaseConsumer;
use rdkafka::message::Message;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::broker::{Corner, payments};
use crate::support::{kafka, unique, wait_for};

const LIMIT: Duration = Duration::from_secs(60);

/// Without waiting for each change the client ends the process here, or falls silent.
#[test]
fn an_assignment_that_changes_again_at_once_is_read() {
    let corner = Corner::new("reading", 6);
    corner.feed(&payments(60, 20, 1));
    let topic = corner.topic("payment.events");
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", kafka())
        .set("group.id", unique("reading"))
        .set("enable.auto.commit", "false")
        .create()
        .expect("a consumer");
    let list = |partitions: std::ops::Range<i32>| {
        let mut list = TopicPartitionList::new();
        for partition in partitions {
            list.add_partition_offset(&topic, partition, Offset::Beginning).expect("an offset");
        }
        list
    };
    for round in 0..300 {
        // Some fetchers are running by then, some are not.
        if round % 7 == 0 {
            drop(consumer.poll(Duration::from_millis(2)));
        }
        if round % 5 == 0 {
            reading::unassign(&consumer).expect("unassigned");
        }
        reading::assign(&consumer, &list(round % 3..6)).expect("assigned");
    }
    reading::assign(&consumer, &list(0..6)).expect("assigned");
    let mut seen = std::collections::BTreeSet::new();
    wait_for("every record", LIMIT, || {
        if let Some(Ok(message)) = consumer.poll(Duration::from_millis(100)) {
            seen.insert((message.partition(), message.offset()));
        }
        (seen.len() == 60).then_some(())
    });
}
