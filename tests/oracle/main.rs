//! Windowed aggregation and joins with Kafka Streams as their oracle.
//!
//! `kafka-streams/` is a small Maven project around Kafka Streams' own test driver (no broker). It
//! is built when it changed and asked once for all cases; a missing JDK or Maven is a failure.
//! Cases are drawn from seeds, the same ones each time: `BSS_TEST_ORACLE_CASES` says how many
//! (2,000 of windows and as many joins), `BSS_TEST_ORACLE_SEED` runs one of each alone. What differs
//! by design is told in `compare.rs` and `joins`, and pinned in their `differences.rs`.
#![allow(clippy::disallowed_methods, reason = "tests may read the environment")]

mod case;
mod compare;
mod dice;
mod differences;
mod engine;
mod joins;
mod peer;
mod results;

use std::collections::BTreeMap;
use std::sync::OnceLock;

use case::Case;
use compare::{Compared, compare};
use peer::Answer;
use serde_json::Value;

/// What was asked, and the answers in the same order.
struct Asked {
    differences: Vec<Answer>,
    drawn: Vec<(u64, Case, Answer)>,
    join_differences: Vec<joins::compare::Answer>,
    joins: Vec<(u64, joins::case::Case, joins::compare::Answer)>,
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
        let drawn: Vec<(u64, Case)> = seeds.clone().map(|seed| (seed, Case::drawn(seed))).collect();
        let joins: Vec<(u64, joins::case::Case)> =
            seeds.map(|seed| (seed, joins::case::Case::drawn(seed))).collect();
        let named = differences::ALL.iter().map(differences::Difference::case);
        let named_joins = joins::differences::ALL.iter().map(joins::differences::Difference::case);
        let windows = named.chain(drawn.iter().map(|(_, case)| case.clone()));
        let all_joins = named_joins.chain(joins.iter().map(|(_, case)| case.clone()));
        let mut questions: Vec<Value> = Vec::new();
        questions.extend(windows.enumerate().map(|(id, case)| case.line(id)));
        let of_windows = questions.len();
        questions.extend(all_joins.enumerate().map(|(id, case)| case.line(of_windows + id)));
        let mut answers = peer::answers(&questions);
        let join_answers = answers.split_off(of_windows);
        let mut windows = answers.iter().map(Answer::of);
        let mut others = join_answers.iter().map(joins::compare::Answer::of);
        Asked {
            differences: windows.by_ref().take(differences::ALL.len()).collect(),
            drawn: drawn.into_iter().zip(windows).map(|((s, case), a)| (s, case, a)).collect(),
            join_differences: others.by_ref().take(joins::differences::ALL.len()).collect(),
            joins: joins.into_iter().zip(others).map(|((s, case), a)| (s, case, a)).collect(),
        }
    })
}

/// Fails with the smallest of what failed: size, seed, question and fault.
fn none_failed(mut failed: Vec<(usize, u64, Value, String)>, of: usize) {
    failed.sort_by_key(|(records, seed, ..)| (*records, *seed));
    let smallest = failed.iter().take(5).map(|(_, seed, question, fault)| {
        format!("BSS_TEST_ORACLE_SEED={seed} {question}\n{fault}")
    });
    assert!(
        failed.is_empty(),
        "{} of {of} cases differ; the smallest:\n{}",
        failed.len(),
        smallest.collect::<Vec<String>>().join("\n"),
    );
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
            Err(fault) => failed.push((case.records.len(), *seed, case.line(0), fault)),
        }
    }
    none_failed(failed, drawn.len());
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

#[test]
fn joins_are_those_of_kafka_streams() {
    let drawn = &asked().joins;
    let mut failed = Vec::new();
    let mut all = joins::compare::Compared::default();
    for (seed, case, answer) in drawn {
        match joins::compare::compare(case, answer) {
            Ok(one) => all.join(&one),
            Err(fault) => failed.push((case.records.len(), *seed, case.line(0), fault)),
        }
    }
    none_failed(failed, drawn.len());
    // As above: each way of telling an order is met, and few are left out.
    if drawn.len() >= 1000 {
        let each = all.each();
        assert!(each.iter().all(|n| *n > 300) && all.left_out * 10 < all.matched, "{all:?}");
    }
}

#[test]
fn what_differs_in_joins_by_design_is_written_down() {
    let pairs = joins::differences::ALL.iter().zip(&asked().join_differences);
    let faults: Vec<String> = pairs.filter_map(|(one, answer)| one.check(answer).err()).collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
