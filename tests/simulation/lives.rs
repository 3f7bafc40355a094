//! Many lives of a task, each ended by a crash or a hand-over wherever the seed says, write what
//! one undisturbed life writes: the same outputs in the same order, the same counts.

use std::sync::Arc;

use bss::generate::random::Random;

use crate::world::{Logged, World};
use crate::{activity, at, fraud, limits};
use bss::streams::topology::Topology;

/// Seeds that once failed.
const KEPT: [u64; 0] = [];

fn seeds() -> impl Iterator<Item = u64> {
    let count = std::env::var("BSS_TEST_LIVES").ok().and_then(|n| n.parse().ok()).unwrap_or(1000);
    KEPT.into_iter().chain(0..count)
}

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

/// A script of lives: each takes some records, commits now and then, and ends by a crash (what
/// was open is gone) until the log is read.
fn disturbed(topology: &Arc<dyn Topology>, log: &[Logged], random: &mut Random) -> World {
    let mut world = World::new(Arc::clone(topology), limits(), log.to_vec());
    let mut crashes = random.below(12);
    loop {
        let mut life = world.wake();
        loop {
            if !world.step(&mut life, at(100_000)) {
                if crashes > 0 && random.below(2) == 0 {
                    // Killed in the middle of the last commit.
                    crashes -= 1;
                    break;
                }
                world.drain(&mut life);
                world.commit(&mut life);
                return world;
            }
            if random.below(4) == 0 {
                world.commit(&mut life);
            }
            if crashes > 0 && random.below(6) == 0 {
                crashes -= 1;
                break;
            }
        }
    }
}

fn live(topology: &Arc<dyn Topology>, event: fn(&mut Random, &str, i64) -> String) {
    for seed in seeds() {
        let mut random = Random::of(seed, 0, 0);
        let log = log(&mut random, event);
        let wanted = undisturbed(topology, &log);
        let found = disturbed(topology, &log, &mut random);
        assert_eq!(found.committed.outputs, wanted.committed.outputs, "seed {seed}");
        assert_eq!(found.counts(), wanted.counts(), "seed {seed}");
        let counts = wanted.counts();
        assert_eq!(counts.total(), log.len() as u64, "seed {seed}: every record is accounted for");
        assert_eq!(counts.outputs, wanted.committed.outputs.len() as u64, "seed {seed}");
    }
}

#[test]
fn customer_activity_does_not_notice() {
    live(&activity(&[]), activity_event);
    live(&activity(&["activity.emit=updates"]), activity_event);
}

#[test]
fn fraud_detection_does_not_notice() {
    live(&fraud(), payment_event);
}

#[test]
fn windows_leave_nothing_behind() {
    for seed in seeds().take(100) {
        let log = log(&mut Random::of(seed, 0, 0), activity_event);
        assert_eq!(undisturbed(&activity(&[]), &log).stored(), 0, "seed {seed}");
    }
}
