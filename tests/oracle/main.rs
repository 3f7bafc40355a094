//! Windowed aggregation with Kafka Streams as its oracle.
//!
//! `kafka-streams/` is a small Maven project around Kafka Streams' own test driver (no broker). It
//! is built when it changed and asked once for all cases; a missing JDK or Maven is a failure.
//! Cases are drawn from seeds, the same ones each time: `BSS_TEST_ORACLE_CASES` says how many
//! (2,000), `BSS_TEST_ORACLE_SEED` runs one alone. What differs by design is told in `compare.rs`
//! and pinned in `differences.rs`.
#![allow(clippy::disallowed_methods, reason = "tests may read the environment")]

mod case;
mod compare;
mod differences;
mod engine;
mod peer;
mod results;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use case::Case;
use compare::{Compared, compare};
use peer::Answer;

/// What was asked, and the answers in the same order.
struct Asked {
    differences: Vec<Answer>,
    drawn: Vec<(u64, Case, Answer)>,
}

/// A number of the environment.
fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(text.parse().unwrap_or_else(|_| panic!("{name}={text} is not a number")))
}

/// Asks the other side, once for all tests: its start takes longer than a thousand cases.
fn asked() -> &'static Asked {
    static ASKED: OnceLock<Asked> = OnceLock::new();
    ASKED.get_or_init(|| {
        let seeds = match number("BSS_TEST_ORACLE_SEED") {
            Some(seed) => seed..=seed,
            None => 1..=number("BSS_TEST_ORACLE_CASES").unwrap_or(2000),
        };
        let drawn: Vec<(u64, Case)> = seeds.map(|seed| (seed, Case::drawn(seed))).collect();
        let named = differences::ALL.iter().map(differences::Difference::case);
        let cases: Vec<Case> = named.chain(drawn.iter().map(|(_, case)| case.clone())).collect();
        let mut answers = peer::answers(&cases);
        let others = answers.split_off(differences::ALL.len());
        let drawn =
            drawn.into_iter().zip(others).map(|((seed, case), answer)| (seed, case, answer));
        Asked { differences: answers, drawn: drawn.collect() }
    })
}

#[test]
fn windows_are_those_of_kafka_streams() {
    let drawn = &asked().drawn;
    let mut failed = Vec::new();
    let mut compared: BTreeMap<String, Compared> = BTreeMap::new();
    for (seed, case, answer) in drawn {
        match compare(case, answer) {
            Ok(one) => {
                let all = compared.entry(case.way()).or_default();
                all.lines += one.lines;
                all.left_out += one.left_out;
                all.late += one.late;
            }
            Err(fault) => failed.push((case.records.len(), *seed, case, fault)),
        }
    }
    failed.sort_by_key(|(records, seed, ..)| (*records, *seed));
    let smallest = failed.iter().take(5).map(|(_, seed, case, fault)| {
        format!("BSS_TEST_ORACLE_SEED={seed} {}\n{fault}", case.line(0))
    });
    assert!(
        failed.is_empty(),
        "{} of {} cases differ; the smallest:\n{}",
        failed.len(),
        drawn.len(),
        smallest.collect::<Vec<String>>().join("\n"),
    );
    // A comparison that leaves most out, or meets nothing late, would say little.
    if drawn.len() >= 1000 {
        assert_eq!(compared.len(), case::WAYS.len(), "every way is compared");
        for (way, Compared { lines, left_out, late }) in &compared {
            let told = format!("{way}: {lines} results, {left_out} left out, {late} late");
            assert!(*lines > 400 && *late > 10 && left_out * 5 < *lines, "{told}");
        }
    }
}

#[test]
fn what_differs_by_design_is_written_down() {
    let answers = &asked().differences;
    let pairs = differences::ALL.iter().zip(answers);
    let faults: Vec<String> = pairs.filter_map(|(one, answer)| one.check(answer).err()).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
