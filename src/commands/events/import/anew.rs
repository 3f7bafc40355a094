//! Events as new ones at the store's end.

use std::collections::HashMap;

use super::Tally;
use super::lines::Lines;
use crate::backends::redis::events::{Append, Outcome, Store};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::events::sealing::{ERASED, Sealing};
use crate::events::{Aggregate, Content, Event, Expected, wire};
use crate::ui::Progress;

/// Lines that are taken together: the events of one aggregate among them go in one append.
const WINDOW: usize = 1000;
/// Events of one append, at most.
const TOGETHER: usize = 100;

/// A line's event.
type Line = (u64, Event);

/// Appends the events of a file.
///
/// # Errors
/// As the server says.
pub async fn run(mut lines: Lines, store: &mut Store, context: &Context) -> Result<Tally, Failure> {
    let (mut tally, sealing) = (Tally::default(), Sealing::new(context)?);
    let mut window: Vec<Line> = Vec::with_capacity(WINDOW);
    let mut progress = Progress::start(&context.ui, "importing events", None);
    let mut more = true;
    while more && !context.shutdown.asked() {
        match lines.next()? {
            Some((number, line)) => {
                tally.read += 1;
                match wire::read(&line) {
                    Ok(event) => match sealed(event, store, &sealing).await {
                        Ok(event) => window.push((number, event)),
                        // Of this event alone; a key that cannot be had stops the import.
                        Err(failure)
                            if failure.code == ERASED || failure.status == ExitStatus::Usage =>
                        {
                            tally.rejected.push((number, failure.message));
                        }
                        Err(failure) => return Err(failure),
                    },
                    Err(error) => tally.rejected.push((number, error.to_string())),
                }
            }
            None => more = false,
        }
        if window.len() == WINDOW || !more {
            flush(store, std::mem::take(&mut window), &mut tally).await?;
            progress.set(tally.read);
        }
    }
    progress.finish();
    Ok(tally)
}

/// The event with its personal fields sealed. Where another store's are sealed already, they stay as
/// they are.
async fn sealed(event: Event, store: &mut Store, sealing: &Sealing) -> Result<Event, Failure> {
    if sealing.personal().of(&event.aggregate).next().is_none() {
        return Ok(event);
    }
    let damaged = |e| super::super::shown::damaged(&event, &e);
    let content = event.content().map_err(damaged)?.into_owned();
    sealing.ready(store, &event.aggregate, std::slice::from_ref(&content)).await?;
    let content = sealing.seal(&event.aggregate, content)?;
    let envelope = content.envelope().map_err(damaged)?;
    Ok(Event { envelope, ..event })
}

/// The events of a window in groups of one aggregate, in their order.
fn groups(window: Vec<Line>) -> Vec<Vec<Line>> {
    let mut groups: Vec<Vec<Line>> = Vec::new();
    let mut open: HashMap<Aggregate, usize> = HashMap::new();
    for (number, event) in window {
        let at = open.get(&event.aggregate).copied().filter(|at| groups[*at].len() < TOGETHER);
        match at {
            Some(at) => groups[at].push((number, event)),
            None => {
                open.insert(event.aggregate.clone(), groups.len());
                groups.push(vec![(number, event)]);
            }
        }
    }
    groups
}

async fn flush(store: &mut Store, window: Vec<Line>, tally: &mut Tally) -> Result<(), Failure> {
    // An empty file, or one that ends with a full window.
    if window.is_empty() {
        return Ok(());
    }
    let groups = groups(window);
    let appends: Vec<Append> =
        groups.iter().map(|group| prepare(store, group)).collect::<Result<_, _>>()?;
    let outcomes = store.append_all(&appends).await?;
    for (group, outcome) in groups.iter().zip(outcomes) {
        let count = group.len() as u64;
        match outcome? {
            Outcome::Stored { .. } => tally.stored += count,
            Outcome::Known { .. } => tally.there += count,
            _ if group.len() > 1 => one_by_one(store, group, tally).await?,
            other => reject(tally, group[0].0, &other),
        }
    }
    Ok(())
}

/// A group of which some are stored: an import that was stopped and runs again.
async fn one_by_one(store: &mut Store, group: &[Line], tally: &mut Tally) -> Result<(), Failure> {
    for line in group {
        let append = prepare(store, std::slice::from_ref(line))?;
        match store.append(&append).await? {
            Outcome::Stored { .. } => tally.stored += 1,
            Outcome::Known { .. } => tally.there += 1,
            other => reject(tally, line.0, &other),
        }
    }
    Ok(())
}

fn reject(tally: &mut Tally, number: u64, outcome: &Outcome) {
    let why = match outcome {
        Outcome::Other { revision, .. } => {
            format!("its id is stored as revision {revision} with another content")
        }
        _ => "it is stored in another order".to_owned(),
    };
    tally.rejected.push((number, why));
}

/// An append of a group. The times of the events stay: one that was recorded then happened then.
fn prepare(store: &Store, group: &[Line]) -> Result<Append, Failure> {
    let mut contents: Vec<Content<'_>> = Vec::with_capacity(group.len());
    for (number, event) in group {
        let mut content = event
            .content()
            .map_err(|e| Failure::failed(format!("could not import line {number}")).because(&e))?;
        content.time_ms.get_or_insert(event.recorded_at.millis());
        contents.push(content);
    }
    Ok(store.prepare(&group[0].1.aggregate, Expected::Any, &contents)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::EventTime;
    use crate::events::{Link, Position};

    #[test]
    fn groups_keep_the_order_of_each_aggregate() {
        let line = |number: u64, aggregate: &str| {
            let event = Event {
                position: Position { shard: 0, n: number },
                aggregate: aggregate.parse().unwrap(),
                revision: 0,
                recorded_at: EventTime::from_millis(0),
                link: Link::START,
                envelope: Vec::new(),
            };
            (number, event)
        };
        let many = (0..250).map(|i| line(i, if i % 3 == 0 { "a/1" } else { "b/1" })).collect();
        let groups = groups(many);
        assert!(groups.iter().all(|g| g.len() <= TOGETHER));
        for name in ["a/1", "b/1"] {
            let of = groups.iter().flatten().filter(|(_, e)| e.aggregate.as_str() == name);
            let numbers: Vec<u64> = of.map(|(number, _)| *number).collect();
            assert!(numbers.is_sorted() && !numbers.is_empty());
        }
        assert_eq!(groups.iter().map(Vec::len).sum::<usize>(), 250);
    }
}
