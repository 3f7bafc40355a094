//! What was made, for people and scripts.

use super::options::Wish;
use super::sink;
use crate::domain::EventTime;
use crate::generate::{Arrival, Kind, Mark};
use crate::ui::{Cell, Report};

/// What was made of one kind.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    records: u64,
    delayed: u64,
    duplicates: u64,
    broken: u64,
    times: Option<(EventTime, EventTime)>,
}

/// What was made.
#[derive(Debug, Default)]
pub struct Summary {
    counts: [Count; Kind::ALL.len()],
}

impl Summary {
    /// Counts one record.
    pub fn count(&mut self, arrival: &Arrival) {
        let time = arrival.event.time;
        let at = Kind::ALL.iter().position(|kind| *kind == arrival.event.kind).unwrap_or(0);
        let count = &mut self.counts[at];
        count.records += 1;
        match arrival.mark {
            Mark::Sound => {}
            Mark::Delayed => count.delayed += 1,
            Mark::Duplicate => count.duplicates += 1,
            Mark::Broken => count.broken += 1,
        }
        let (first, last) = count.times.unwrap_or((time, time));
        count.times = Some((first.min(time), last.max(time)));
    }

    /// All records.
    pub fn records(&self) -> u64 {
        self.counts.iter().map(|count| count.records).sum()
    }

    /// The report: one row a topic.
    pub fn report(&self, wish: &Wish, seed: u64, prefix: &str, place: &str) -> Report {
        let start = wish.shape.start;
        let title = format!("Events made with --seed {seed} --start {start}, to {place}");
        let mut report = Report::new(title)
            .meta("seed", seed)
            .meta("start", start.to_string())
            .meta("customers", wish.shape.customers)
            .meta("products", wish.shape.products)
            .meta("destination", place)
            .column("topic", "TOPIC")
            .number("records", "RECORDS")
            .number("outOfOrder", "OUT OF ORDER")
            .number("duplicates", "DUPLICATES")
            .number("broken", "BROKEN")
            .column("firstTime", "FIRST TIME")
            .column("lastTime", "LAST TIME");
        let names = sink::names(prefix);
        for ((name, count), kind) in names.into_iter().zip(&self.counts).zip(Kind::ALL) {
            if !wish.shape.kinds.has(kind) {
                continue;
            }
            let time = |pick: fn((EventTime, EventTime)) -> EventTime| {
                count.times.map_or(Cell::Null, |times| pick(times).into())
            };
            report.push(vec![
                name.into(),
                count.records.into(),
                count.delayed.into(),
                count.duplicates.into(),
                count.broken.into(),
                time(|(first, _)| first),
                time(|(_, last)| last),
            ]);
        }
        report
    }
}
