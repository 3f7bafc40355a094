//! Lays the outputs of one key beside each other, by what they are, in their order.

use std::collections::HashMap;

/// One output as the alignment sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// What it says: equal if id and value are.
    pub content: u64,
    /// Which output it is; 0 if it has no id.
    pub id: u64,
}

/// Where the two sides differ: positions in the recorded and in the produced sequence. Both are
/// given for an output that says something else.
pub type Pair = (Option<usize>, Option<usize>);

/// The differences between two sequences. What begins and ends both alike is set apart first, so
/// that a single change, deletion or insertion is found as exactly that.
#[must_use]
pub fn differences(recorded: &[Mark], produced: &[Mark]) -> Vec<Pair> {
    let mut gaps = Vec::new();
    split(recorded, produced, (0, 0), &mut gaps);
    let (mut pairs, mut alone) = (Vec::new(), Vec::new());
    let mut by_id: HashMap<u64, Vec<usize>> = HashMap::new();
    for at in gaps.iter().flat_map(|g| g.produced.clone()).rev() {
        if produced[at].id != 0 {
            by_id.entry(produced[at].id).or_default().push(at);
        }
    }
    let mut taken = vec![false; produced.len()];
    for gap in &gaps {
        let mut rest = Vec::new();
        for at in gap.recorded.clone() {
            match by_id.get_mut(&recorded[at].id).and_then(Vec::pop) {
                // The same id and the same value stand elsewhere in the order: a move, which is
                // told as what it is on both sides.
                Some(other) if recorded[at].content == produced[other].content => {
                    pairs.push((Some(at), None));
                    pairs.push((None, Some(other)));
                    taken[other] = true;
                }
                Some(other) => {
                    pairs.push((Some(at), Some(other)));
                    taken[other] = true;
                }
                None => rest.push(at),
            }
        }
        alone.push((rest, gap.produced.clone()));
    }
    for (rest, others) in alone {
        // What is left at the same place is taken for the same output.
        let mut others = others.filter(|at| !taken[*at]);
        pairs.extend(rest.into_iter().map(|at| (Some(at), others.next())));
        pairs.extend(others.map(|at| (None, Some(at))));
    }
    pairs.retain(|pair| match *pair {
        (Some(a), Some(b)) => recorded[a].content != produced[b].content,
        _ => true,
    });
    pairs.sort_unstable_by_key(|(a, b)| (a.or(*b), b.is_some()));
    pairs
}

/// A stretch in which nothing is equal.
struct Gap {
    recorded: std::ops::Range<usize>,
    produced: std::ops::Range<usize>,
}

/// Splits two sequences at what they have in common. The n-th occurrence of a content is taken for
/// the n-th, which makes all of them unique, and the longest run that both have in the same order
/// is kept; what lies between is split again, since there the count starts anew.
fn split(recorded: &[Mark], produced: &[Mark], base: (usize, usize), gaps: &mut Vec<Gap>) {
    let mut work = vec![(recorded, produced, base)];
    while let Some((a, b, (at_a, at_b))) = work.pop() {
        let same = |(x, y): &(&Mark, &Mark)| x.content == y.content;
        let head = a.iter().zip(b).take_while(same).count();
        let (a, b, at_a, at_b) = (&a[head..], &b[head..], at_a + head, at_b + head);
        let tail = a.iter().rev().zip(b.iter().rev()).take_while(same).count();
        let (a, b) = (&a[..a.len() - tail], &b[..b.len() - tail]);
        let common = if a.is_empty() || b.is_empty() { Vec::new() } else { in_order(a, b) };
        if common.is_empty() {
            if !a.is_empty() || !b.is_empty() {
                gaps.push(Gap { recorded: at_a..at_a + a.len(), produced: at_b..at_b + b.len() });
            }
            continue;
        }
        let (mut from_a, mut from_b) = (0, 0);
        for (x, y) in common.into_iter().chain([(a.len(), b.len())]) {
            if x > from_a || y > from_b {
                work.push((&a[from_a..x], &b[from_b..y], (at_a + from_a, at_b + from_b)));
            }
            (from_a, from_b) = (x + 1, y + 1);
        }
    }
    gaps.sort_unstable_by_key(|g| (g.recorded.start, g.produced.start));
}

/// The longest run of equal marks that both have in the same order.
fn in_order(a: &[Mark], b: &[Mark]) -> Vec<(usize, usize)> {
    let mut places: HashMap<u64, Vec<usize>> = HashMap::new();
    for (at, mark) in b.iter().enumerate().rev() {
        places.entry(mark.content).or_default().push(at);
    }
    let matched: Vec<(usize, usize)> = a
        .iter()
        .enumerate()
        .filter_map(|(at, mark)| Some((at, places.get_mut(&mark.content)?.pop()?)))
        .collect();
    // The longest increasing run of positions in `b`: for each length the match it ends with.
    let mut ends: Vec<usize> = Vec::new();
    let mut before: Vec<Option<usize>> = Vec::with_capacity(matched.len());
    for (at, (_, place)) in matched.iter().enumerate() {
        let length = ends.partition_point(|end| matched[*end].1 < *place);
        before.push(length.checked_sub(1).map(|l| ends[l]));
        if length == ends.len() {
            ends.push(at);
        } else {
            ends[length] = at;
        }
    }
    let mut run = Vec::with_capacity(ends.len());
    let mut next = ends.last().copied();
    while let Some(at) = next {
        run.push(matched[at]);
        next = before[at];
    }
    run.reverse();
    run
}
