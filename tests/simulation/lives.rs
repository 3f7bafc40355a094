//! Many lives of a task, each ended by whatever the seed says, at any step of a transaction, write
//! what one undisturbed life writes: the same outputs in the same order, the same counts.

use std::sync::Arc;

use bss::generate::random::Random;

use crate::disturbances::{Disturbances, Tally};
use crate::seeds::{ACTIVITY, ACTIVITY_UPDATES, FRAUD, LEFT_BEHIND, Seeds};
use crate::town::{Input, Town};
use crate::world::{Logged, World};
use crate::{activity, at, fraud, limits};
use bss::streams::topology::Topology;

/// Records of a few customers around ten o'clock, out of order, some late, some broken.
fn log(random: &mut Random, event: fn(&mut Random, &str, i64) -> String) -> Vec<Logged> {
    let mut clock = 0_i64;
    (0..random.below(60) + 5)
        .map(|_| {
            clock += i64::try_from(random.below(400)).expect("small");
            let back = match random.below(8) {
                0 => 3600,
                1..=3 => i64::try_from(random.below(700)).expect("small"),
                _ => 0,
            };
            let customer = format!("c{}", random.below(3));
            let key = Some(customer.clone().into_bytes());
            let value = match random.below(40) {
                0 => None,
                1 => Some(Vec::new()),
                2 => Some(b"{".to_vec()),
                3 => Some(event(random, "another", clock).into_bytes()),
                4 => Some(event(random, &customer, clock + 1_000_000).into_bytes()),
                _ => Some(event(random, &customer, clock - back).into_bytes()),
            };
            (key, value)
        })
        .collect()
}

fn activity_event(random: &mut Random, customer: &str, second: i64) -> String {
    let kind = random.weighted(&[(1, "LOGIN"), (1, "PRODUCT_VIEW"), (1, "PURCHASE")]);
    let session = match random.below(3) {
        0 => format!(r#","sessionId":"s{}""#, random.below(2)),
        _ => String::new(),
    };
    let time = at(second);
    format!(
        r#"{{"customerId":"{customer}","activityType":"{kind}"{session},"timestamp":"{time}"}}"#
    )
}

fn payment_event(random: &mut Random, customer: &str, second: i64) -> String {
    let (number, cents) = (random.below(40), random.below(100_000));
    let status = random.weighted(&[(1, "COMPLETED"), (1, "DECLINED"), (1, "FAILED")]);
    format!(
        r#"{{"paymentId":"p{number}","customerId":"{customer}","amount":"{}.{:02}","status":"{status}","timestamp":"{}"}}"#,
        cents / 100,
        cents % 100,
        at(second)
    )
}

fn undisturbed(topology: &Arc<dyn Topology>, log: &[Logged]) -> World {
    let mut world = World::new(Arc::clone(topology), limits(), log.to_vec());
    let mut life = world.wake();
    while world.step(&mut life, at(100_000)) {}
    world.drain(&mut life);
    world.commit(&mut life);
    world
}

/// The same log through the lives of a town with one partition.
fn disturbed(
    topology: &Arc<dyn Topology>,
    log: &[Logged],
    random: &mut Random,
    disturbances: Disturbances,
) -> (Town, Tally) {
    let input = |(key, value): &Logged| Input {
        source: 0,
        key: key.clone().expect("keyed"),
        value: value.clone(),
        timestamp: None,
    };
    let inputs: Vec<Input> = log.iter().map(input).collect();
    let mut town = Town::new(Arc::clone(topology), limits(), at(100_000), 1, &inputs);
    let tally = town.live(random, disturbances);
    (town, tally)
}

fn live(seeds: &Seeds, topology: &Arc<dyn Topology>, event: fn(&mut Random, &str, i64) -> String) {
    let mut tally = Tally::default();
    seeds.each(|seed| {
        let mut random = Random::of(seed, 0, 0);
        let log = log(&mut random, event);
        let wanted = undisturbed(topology, &log);
        let disturbances = Disturbances::of(seed, 0, random.below(12));
        let (found, happened) = disturbed(topology, &log, &mut random, disturbances);
        tally.add(&happened);
        assert_eq!(found.outputs(), wanted.committed.outputs, "seed {seed}");
        assert_eq!(found.counts(), wanted.counts(), "seed {seed}");
        let counts = wanted.counts();
        assert_eq!(counts.total(), log.len() as u64, "seed {seed}: every record is accounted for");
        assert_eq!(counts.outputs, wanted.committed.outputs.len() as u64, "seed {seed}");
    });
    tally.assert_complete(seeds.count(), false);
}

#[test]
fn customer_activity_does_not_notice() {
    live(&ACTIVITY, &activity(&[]), activity_event);
    live(&ACTIVITY_UPDATES, &activity(&["activity.emit=updates"]), activity_event);
}

#[test]
fn fraud_detection_does_not_notice() {
    live(&FRAUD, &fraud(), payment_event);
}

#[test]
fn windows_leave_nothing_behind() {
    LEFT_BEHIND.each(|seed| {
        let log = log(&mut Random::of(seed, 0, 0), activity_event);
        assert_eq!(undisturbed(&activity(&[]), &log).stored(), 0, "seed {seed}");
    });
}
