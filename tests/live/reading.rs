//! What a consumer reads is changed again and again: the client keeps count of its fetchers.

use std::time::Duration;

use bss::backends::kafka::reading;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::Message;
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

use crate::broker::{Corner, payments};
use crate::support::{kafka, unique, wait_for};

const LIMIT: Duration = Duration::from_secs(60);

fn consumer() -> BaseConsumer {
    ClientConfig::new()
        .set("bootstrap.servers", kafka())
        .set("group.id", unique("reading"))
        .set("enable.auto.commit", "false")
        .create()
        .expect("a consumer")
}

fn from_the_beginning(topic: &str, partitions: std::ops::Range<i32>) -> TopicPartitionList {
    let mut list = TopicPartitionList::new();
    for partition in partitions {
        list.add_partition_offset(topic, partition, Offset::Beginning).expect("an offset");
    }
    list
}

/// Without waiting for each change the client ends the process here, or falls silent.
#[test]
fn an_assignment_that_changes_again_at_once_is_read() {
    let corner = Corner::new("reading", 6);
    corner.feed(&payments(60, 20, 1));
    let topic = corner.topic("payment.events");
    let consumer = consumer();
    let list = |partitions| from_the_beginning(&topic, partitions);
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

/// A worker that went back to its last commit while it held sources back never read them again: the
/// client keeps a partition paused beyond its assignment. The others of the process waited for it.
#[test]
fn what_was_held_back_is_read_in_the_next_assignment() {
    let corner = Corner::new("held", 2);
    corner.feed(&payments(40, 20, 1));
    let topic = corner.topic("payment.events");
    let consumer = consumer();
    let list = from_the_beginning(&topic, 0..2);
    let read = |what: &str| {
        let mut seen = std::collections::BTreeSet::new();
        wait_for(what, LIMIT, || {
            if let Some(Ok(message)) = consumer.poll(Duration::from_millis(100)) {
                seen.insert((message.partition(), message.offset()));
            }
            (seen.len() == 40).then_some(())
        });
    };
    reading::assign(&consumer, &list).expect("assigned");
    read("the records");
    consumer.pause(&list).expect("paused");
    reading::assign(&consumer, &list).expect("assigned again");
    read("the records in the next assignment");
    consumer.pause(&list).expect("paused");
    reading::unassign(&consumer).expect("unassigned");
    reading::assign(&consumer, &list).expect("assigned after nothing");
    read("the records after nothing was assigned");
}
