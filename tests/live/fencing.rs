//! A worker that commits after its partition has moved is refused, its process still a member.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bss::backends::kafka::runner::disk::spill::SpillTo;
use bss::backends::kafka::runner::membership::{Assignment, MemberContext, join};
use bss::backends::kafka::runner::offsets::Position;
use bss::backends::kafka::runner::transaction::{Outgoing, Transaction, Trouble, fence};
use bss::backends::kafka::runner::{RunHandle, RunOptions, StartAt};
use bss::config::layers::{Sources, resolve};
use bss::runtime::{Fault, SystemClock};
use bss::streams::driver::Limits;
use bss::streams::store::Memory;
use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::bounded::end_of;
use crate::broker::{Corner, payments};
use crate::streams::{assert_same, stop};
use crate::support::{kafka, wait_for};

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
        memory: Arc::new(Memory::new(u64::MAX, Box::new(SpillTo::new(std::env::temp_dir())))),
        turnstile: Arc::default(),
        drain: false,
        from: StartAt::Earliest,
        accept_gap: false,
        standby: false,
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

/// Processes of one name on two machines: the group lets only one of them be the member. They do not
/// take turns for ever: one gives way with the cause, and the other does the work, once.
#[test]
fn of_two_machines_with_one_name_one_gives_way() {
    let input = payments(2000, 100, 51);
    let reference = Corner::new("namesake_ref", 2);
    reference.feed(&input);
    assert!(reference.drain().status.success());
    let corner = Corner::new("namesake", 2);
    corner.feed(&input[..1000]);
    let run = |machine: &str| {
        corner
            .bss(&["streams", "run", corner.job.name])
            .env("BSS_STREAMS_STATE_DIR", corner.home.path().join(machine))
            .env("BSS_STREAMS_SESSION_TIMEOUT", "6s")
            .stderr(std::process::Stdio::piped())
            .spawn()
            .expect("bss")
    };
    let limit = Duration::from_secs(60);
    let mut processes = vec![run("one")];
    wait_for("it works", limit, || (corner.status()["lag"] == 0).then_some(()));
    processes.push(run("two"));
    let gone = wait_for("one gives way", limit, || {
        let ended = |p: &mut std::process::Child| p.try_wait().expect("a look").is_some();
        processes.iter_mut().position(ended)
    });
    let mut gone = processes.remove(gone);
    assert_eq!(end_of(&mut gone).code(), Some(5));
    let text = std::io::read_to_string(gone.stderr.take().expect("its words")).expect("text");
    assert!(text.contains("another process runs as instance"), "{text}");
    corner.feed(&input[1000..]);
    wait_for("the other works", limit, || (corner.status()["lag"] == 0).then_some(()));
    processes.into_iter().for_each(stop);
    assert_same(&corner.outcome(), &reference.outcome(), "one name");
}
