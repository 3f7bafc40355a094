//! A worker that commits after its partition has moved is refused, its process still a member.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bss::backends::kafka::runner::membership::{Assignment, MemberContext, join};
use bss::backends::kafka::runner::offsets::Position;
use bss::backends::kafka::runner::transaction::{Outgoing, Transaction, Trouble, fence};
use bss::backends::kafka::runner::{RunHandle, RunOptions, StartAt};
use bss::config::layers::{Sources, resolve};
use bss::runtime::{Fault, SystemClock};
use bss::streams::driver::Limits;
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::broker::{Corner, payments};
use crate::support::kafka;

pub fn options(instance: &str) -> RunOptions {
    let variables = vec![
        ("BSS_KAFKA_BOOTSTRAP".to_owned(), kafka()),
        ("BSS_STREAMS_SESSION_TIMEOUT".to_owned(), "6s".to_owned()),
    ];
    let resolved = resolve(&Sources { variables, ..Sources::default() }).expect("settings");
    RunOptions {
        kafka: resolved.settings.kafka,
        streams: resolved.settings.streams,
        instance: instance.to_owned(),
        state_dir: std::env::temp_dir(),
        limits: Limits { max_skew: 0, idle_after: 0 },
        drain: false,
        from: StartAt::Earliest,
        accept_gap: false,
        http: None,
        clock: Arc::new(SystemClock),
        fault: Arc::new(Fault::default()),
    }
}

fn member(options: &RunOptions, group: &str, topic: &str) -> BaseConsumer<MemberContext> {
    let context = MemberContext::new(RunHandle::default(), Duration::from_secs(5));
    join(options, group, &[topic], context).expect("joined")
}

/// Polls all members until `ready` has what it wants.
fn until<T>(
    members: &[&BaseConsumer<MemberContext>],
    what: &str,
    mut ready: impl FnMut() -> Option<T>,
) -> T {
    let started = Instant::now();
    loop {
        for member in members {
            if let Some(Err(error)) = member.poll(Duration::from_millis(20)) {
                panic!("{what}: {error}");
            }
        }
        if let Some(value) = ready() {
            return value;
        }
        assert!(started.elapsed() < Duration::from_secs(40), "not in time: {what}");
    }
}

#[test]
fn a_commit_after_the_partition_moved_is_refused() {
    let corner = Corner::new("moved", 2);
    corner.feed(&payments(40, 20, 1));
    let topic = corner.topic("payment.events");
    let output = corner.topic("payment.metrics");
    let group = format!("{}-group", corner.application);
    let (one, two) = (options("one"), options("two"));
    let first = member(&one, &group, &topic);
    let before: Assignment = until(&[&first], "first assignment", || {
        first.context().take_assignment().filter(|a| a.partitions.len() == 2)
    });
    let write = |transaction: &mut Transaction, who: &str| {
        for n in 0..10 {
            let key = format!("{who}-{n}");
            transaction
                .send(Outgoing {
                    topic: &output,
                    partition: None,
                    key: Some(key.as_bytes()),
                    value: Some(b"{}"),
                    headers: None,
                })
                .expect("written");
        }
    };
    let at = |partition, offset| {
        [Position { topic: &topic, partition, offset, metadata: "bss1 w=x".to_owned() }]
    };
    // The first worker has done partition 1 but not committed when the second process comes.
    let mut slow =
        Transaction::start(&one.kafka, &one.streams, &format!("{group}-one-0")).expect("producer");
    write(&mut slow, "slow");
    let second = member(&two, &group, &topic);
    let mut kept = None;
    let mut moved = None;
    until(&[&first, &second], "both have one partition", || {
        kept = first.context().take_assignment().or(kept.take());
        moved = second.context().take_assignment().or(moved.take());
        let one_each = |a: &Option<Assignment>| a.as_ref().is_some_and(|a| a.partitions.len() == 1);
        (one_each(&kept) && one_each(&moved)).then_some(())
    });
    let moved = moved.expect("assigned");
    let partition = moved.partitions[0];
    let mut quick =
        Transaction::start(&two.kafka, &two.streams, &format!("{group}-two-0")).expect("producer");
    write(&mut quick, "quick");
    quick.commit(&at(partition, 10), &moved.member, &|_| ()).expect("the owner commits");
    let refused = slow.commit(&at(partition, 10), &before.member, &|_| ());
    assert!(matches!(refused, Err(Trouble::Stale(_))), "{refused:?}");
    slow.abort().expect("aborted");
    // The process is a member still: with the present assignment it commits.
    let kept = kept.expect("assigned");
    write(&mut slow, "again");
    slow.commit(&at(kept.partitions[0], 10), &kept.member, &|_| ())
        .expect("a living member commits");
    let keys: Vec<String> =
        corner.read(&output).into_keys().map(|k| String::from_utf8(k).expect("UTF-8")).collect();
    assert_eq!(keys.len(), 20, "{keys:?}");
    assert!(keys.iter().all(|k| !k.starts_with("slow")), "{keys:?}");
}

/// Taking a dead worker's id aborts what it left open at once, not at its timeout.
#[test]
fn the_id_of_a_dead_worker_frees_its_transaction() {
    let corner = Corner::new("takeover", 1);
    let one = options("one");
    let output = corner.topic("payment.metrics");
    let id = format!("{}-dead-0", corner.application);
    let mut dead = Transaction::start(&one.kafka, &one.streams, &id).expect("producer");
    dead.send(Outgoing {
        topic: &output,
        partition: Some(0),
        key: Some(b"k"),
        value: Some(b"{}"),
        headers: None,
    })
    .expect("written");
    let restorer =
        bss::backends::kafka::runner::restore::Restorer::open(&one.kafka, &id).expect("open");
    crate::support::wait_for("the open transaction shows", Duration::from_secs(10), || {
        dead.poll();
        let (_, high) = restorer.bounds(&output, 0).expect("bounds");
        (high > 0).then_some(())
    });
    assert_eq!(restorer.stable_end(&output, 0).expect("end"), 0);
    let started = Instant::now();
    fence(&one.kafka, &one.streams, &id).expect("fenced");
    crate::support::wait_for("the end moves", Duration::from_secs(8), || {
        (restorer.stable_end(&output, 0).expect("end") > 0).then_some(())
    });
    assert!(started.elapsed() < Duration::from_secs(8));
    let refused = dead.send(Outgoing {
        topic: &output,
        partition: Some(0),
        key: Some(b"k"),
        value: Some(b"{}"),
        headers: None,
    });
    drop(refused);
    assert!(corner.read(&output).is_empty(), "nothing of the dead worker is committed");
}
