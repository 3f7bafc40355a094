//! State made anew for another partition count: going on from it, nothing is lost and nothing is
//! told that an undisturbed run would not tell.

use std::sync::Arc;

use bss::generate::random::Random;
use bss::streams::topology::Topology;
use serde_json::json;

use crate::disturbances::{Disturbances, Tally};
use crate::seeds::{REBUILT_ACTIVITY, REBUILT_ORDERS, Seeds};
use crate::stages::sorted;
use crate::town::{Input, Town, piped};
use crate::world::Seen;
use crate::{activity, at, limits, topology};

fn small(random: &mut Random, below: u64) -> i64 {
    i64::try_from(random.below(below)).expect("small")
}

/// A record of `customer`; out of order by less than the grace, so that nothing is late however
/// keys are spread.
fn input(source: usize, customer: &str, value: &serde_json::Value) -> Input {
    let (key, value) = (customer.as_bytes().to_vec(), Some(value.to_string().into_bytes()));
    Input { source, key, value, timestamp: Some(at(5)) }
}

fn activities(random: &mut Random) -> Vec<Input> {
    let mut second = 0;
    (0..random.below(150) + 20)
        .map(|_| {
            second += small(random, 120);
            let customer = format!("c{}", random.below(9));
            let session = format!("s{}", random.below(2));
            let time = at(second - small(random, 300)).to_string();
            let value = json!({"customerId": customer, "activityType": "LOGIN",
                "sessionId": session, "timestamp": time});
            input(0, &customer, &value)
        })
        .collect()
}

/// Rows first, so that what an order is told does not depend on how long it waits.
fn orders(random: &mut Random) -> Vec<Input> {
    let row = |n: u64| {
        let customer = format!("c{n}");
        let value = json!({"customerId": customer, "tier": "GOLD", "updatedAt": at(0).to_string()});
        input(1, &customer, &value)
    };
    let mut all: Vec<Input> = (0..random.below(7)).map(row).collect();
    let mut second = 0;
    for n in 0..random.below(150) + 20 {
        second += small(random, 300);
        let customer = format!("c{}", random.below(9));
        let region = *random.weighted(&[(2, "EU"), (1, "US"), (1, "APAC")]);
        let value = json!({"orderId": format!("o{n}"), "customerId": customer,
            "totalAmount": format!("{}.25", random.below(1500)), "itemsCount": 1,
            "status": "COMPLETED", "region": region, "itemCategories": ["a", "b"],
            "timestamp": at(second - small(random, 300)).to_string()});
        all.push(input(0, &customer, &value));
    }
    all
}

fn without_repeats(mut outputs: Vec<Seen>) -> Vec<Seen> {
    outputs.dedup();
    outputs
}

fn rebuilt_equals_undisturbed(
    seeds: &Seeds,
    topology: &Arc<dyn Topology>,
    salt: u64,
    inputs: impl Fn(&mut Random) -> Vec<Input>,
) {
    let now = at(1_000_000);
    let mut repeated = 0;
    let mut tally = Tally::default();
    seeds.each(|seed| {
        let mut random = Random::of(seed, salt, 0);
        let inputs = inputs(&mut random);
        let mut some = || u32::try_from(random.below(4)).expect("few");
        let (old, more) = (some() + 1, some());
        let new = old + more;
        let cut = usize::try_from(random.below(inputs.len() as u64 + 1)).expect("short");
        let (wanted, counts) = piped(&**topology, limits(), now, new, &inputs);
        assert_eq!(counts.late, 0, "seed {seed}: the oracle asks for none");
        let mut town = Town::new(Arc::clone(topology), limits(), now, old, &inputs[..cut]);
        town.read_all(&mut random);
        let mut town = town.rebuilt(new, &inputs[cut..], &mut random);
        let crashes = random.below(5);
        tally.add(&town.live(&mut random, Disturbances::of(seed, salt, crashes)));
        let place = format!("seed {seed}: {old} to {new} partitions after {cut} records");
        assert_eq!(town.counts(), counts_but_outputs(&town, counts), "{place}");
        let (found, wanted) = (sorted(town.outputs()), sorted(wanted));
        let once = without_repeats(found.clone());
        repeated += found.len() - once.len();
        assert_same(&once, &without_repeats(wanted.clone()), &place);
        if old == 1 {
            // No partition was ahead: nothing is told again.
            assert_same(&found, &wanted, &place);
        }
    });
    tally.assert_complete(seeds.count(), topology.describe().stages.len() > 1);
    assert!(repeated > 0, "no seed had a partition ahead: the first comparison says too little");
}

/// Both sorted; only what differs is shown.
#[track_caller]
fn assert_same(found: &[Seen], wanted: &[Seen], place: &str) {
    let lacks = |one: &[Seen], other: &[Seen]| -> Vec<Seen> {
        one.iter().filter(|o| !other.contains(o)).cloned().collect()
    };
    let (missing, foreign) = (lacks(wanted, found), lacks(found, wanted));
    assert!(
        found == wanted,
        "{place}: {} of {}\nmissing {missing:#?}\nforeign {foreign:#?}",
        found.len(),
        wanted.len()
    );
}

/// What is told again counts as an output twice.
fn counts_but_outputs(
    town: &Town,
    counts: bss::streams::checkpoint::Counts,
) -> bss::streams::checkpoint::Counts {
    bss::streams::checkpoint::Counts { outputs: town.counts().outputs, ..counts }
}

#[test]
fn windows_and_sessions_go_on_with_another_count() {
    rebuilt_equals_undisturbed(&REBUILT_ACTIVITY, &activity(&[]), 31, activities);
}

#[test]
fn joins_and_regions_go_on_with_another_count() {
    rebuilt_equals_undisturbed(&REBUILT_ORDERS, &topology("order-enrichment", &[]), 32, orders);
}
