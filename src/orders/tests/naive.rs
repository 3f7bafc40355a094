//! What should become of orders, said plainly: from the whole log of what came, order by order.

use crate::domain::OrderEvent;
use crate::orders::{Counted, CustomerVersion, OrderRules, Received};

use super::given::at;

/// Something that came, or that time passed.
#[derive(Clone, Debug)]
pub(super) enum Event {
    Row(CustomerVersion),
    Order(OrderEvent<'static>),
    Pass,
}

/// With the stream time (seconds) at which it came.
pub(super) type Log = Vec<(i64, Event)>;

/// The row as of the order's time, of those that came before position `end`.
fn as_of<'a>(log: &'a Log, end: usize, order: &OrderEvent<'_>) -> Option<&'a CustomerVersion> {
    let rows = || {
        log[..end].iter().filter_map(|(_, event)| match event {
            Event::Row(row) => Some(row),
            _ => None,
        })
    };
    // `max_by_key` takes the last of equals; of the oldest it must be the last, too.
    let held = rows().filter(|row| row.since <= order.time).max_by_key(|row| row.since);
    held.or_else(|| rows().rev().min_by_key(|row| row.since))
}

/// What became of the order at `position`.
pub(super) fn received(log: &Log, position: usize, rules: &OrderRules) -> Received {
    let (_, Event::Order(order)) = &log[position] else { panic!("no order") };
    let before: Vec<&OrderEvent<'_>> = log[..position]
        .iter()
        .filter_map(|(_, event)| match event {
            Event::Order(before) if before.order_id == order.order_id => Some(before),
            _ => None,
        })
        .collect();
    if before.contains(&order) {
        return Received::Duplicate;
    }
    let revenue = |order: &&OrderEvent<'_>| rules.is_revenue(&order.status);
    Received::Taken(Counted {
        as_order: before.is_empty(),
        as_revenue: revenue(&order) && !before.iter().any(revenue),
    })
}

/// What is told of the order at `position`, with the last revision that it comes to.
pub(super) fn told(log: &Log, position: usize, rules: &OrderRules) -> Vec<String> {
    let (now, Event::Order(order)) = &log[position] else { panic!("no order") };
    let name = format!("{}/{}", order.order_id, order.status);
    let line = |row: Option<&CustomerVersion>, revision: u32| {
        let tier = row.map_or("absent", |row| row.profile.as_ref().map_or("deleted", |p| &p.tier));
        format!("{name} {tier} r{revision}")
    };
    if let row @ Some(_) = as_of(log, position, order) {
        return vec![line(row, 1)];
    }
    let over = at(*now).plus_micros(rules.wait);
    let rows: Vec<usize> =
        (position..log.len()).filter(|later| matches!(log[*later].1, Event::Row(_))).collect();
    let in_wait: Vec<usize> = rows.iter().copied().filter(|row| at(log[*row].0) < over).collect();
    if let (Some(first), Some(last)) = (in_wait.first(), in_wait.last()) {
        let (first, last) = (as_of(log, first + 1, order), as_of(log, last + 1, order));
        let better = (first != last).then(|| line(last, 2));
        return [line(first, 1)].into_iter().chain(better).collect();
    }
    let forgotten = over.plus_micros(rules.correct_for);
    let correction = rows
        .iter()
        .filter(|row| at(log[**row].0) < forgotten)
        .filter_map(|row| as_of(log, row + 1, order))
        .find(|row| row.profile.is_some());
    let last = correction.map_or_else(|| format!("{name} forgotten"), |row| line(Some(row), 2));
    vec![line(None, 1), last]
}
