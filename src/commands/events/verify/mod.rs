//! `bss events verify`

mod kafka;

use std::collections::HashSet;

use super::history::{ArchiveOption, History};
use super::open;
use crate::backends::redis::events::{Access, Store};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::events::check::{Checker, Finding, with_position};
use crate::events::{Aggregate, Digest, Event, Position};
use crate::ui::{Cell, Progress, Report};

/// Events, or aggregates, that are read at once.
const PAGE: usize = 1000;

/// Prove that the store is whole
///
/// Walks every event: positions without a gap, a chain without a break, each aggregate's revisions
/// one after the other, and indexes that agree with the events. With --kafka also that the topics
/// hold each event once, in order and with the same link, as far as `events relay` is. Exit 6 if
/// anything is found.
#[derive(Debug, clap::Args)]
pub struct VerifyArgs {
    /// Compare with what is published, too
    #[arg(long)]
    kafka: bool,
    /// Show at most so many findings
    #[arg(long, value_name = "N", default_value_t = 100,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
    #[command(flatten)]
    archive: ArchiveOption,
}

impl VerifyArgs {
    /// Whether it reads from Kafka.
    #[must_use]
    pub const fn reads_kafka(&self) -> bool {
        self.kafka
    }
}

/// Something that is wrong, and where.
struct Fault {
    position: Option<Position>,
    aggregate: Option<Aggregate>,
    kind: &'static str,
    detail: String,
}

/// Runs the command.
///
/// # Errors
/// Redis unreachable, no event store: exit 4.
pub async fn run(args: VerifyArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let mut store = open(context, Access::Read).await?;
    let mut history = args.archive.of(&mut store).await?;
    let mut faults = Vec::new();
    let mut report = Report::new(format!("The event store in {}", store.place()));
    let mut events = 0;
    for shard in 0..store.shards() {
        let checker = walk((&mut store, &mut history), shard, &mut faults, context).await?;
        events += checker.events();
        let (n, link) = checker.head();
        report = report.meta(&format!("head{shard}"), format!("{n} {link}"));
    }
    let published = match args.kafka {
        true => Some(kafka::compare(&mut store, &mut faults, context).await?),
        false => None,
    };
    if let Some(published) = &published {
        report = published.tell(report);
    }
    let mut report = report
        .meta("events", events)
        .meta("findings", faults.len() as u64)
        .column("position", "POSITION")
        .column("aggregate", "AGGREGATE")
        .column("finding", "FINDING")
        .column("detail", "DETAIL");
    let limit = usize::try_from(args.limit).unwrap_or(usize::MAX);
    for fault in faults.iter().take(limit) {
        report.push(vec![
            Cell::text_or_null(fault.position.map(|p| p.to_string())),
            Cell::text_or_null(fault.aggregate.as_ref().map(Aggregate::as_str)),
            fault.kind.into(),
            fault.detail.as_str().into(),
        ]);
    }
    context.ui.report(&report)?;
    if faults.len() > limit {
        context.ui.cut(limit, "--limit");
    }
    if faults.is_empty() {
        let published = published.map_or_else(String::new, |p| p.to_string());
        context.ui.status(format!("{events} events: whole.{published}"));
        return Ok(ExitStatus::Done);
    }
    Ok(ExitStatus::Found)
}

/// Walks a shard up to where it ended when the walk began.
async fn walk(
    (store, history): (&mut Store, &mut History),
    shard: u16,
    faults: &mut Vec<Fault>,
    context: &Context,
) -> Result<Checker, Failure> {
    let (floor, link) = history.floor(shard);
    let (end, _) = store.head(shard).await?;
    let mut checker = Checker::new(floor + 1, link);
    let mut progress = Progress::start(
        &context.ui,
        format!("verifying shard {shard}"),
        Some(end - floor.min(end)),
    );
    let mut next = floor + 1;
    while next <= end {
        let mut page = history.read(store, Position { shard, n: next }, PAGE).await?;
        page.retain(|event| event.position.n <= end);
        let Some(last) = page.last().map(|event| event.position.n) else { break };
        for event in &page {
            let found = checker.step(event);
            faults.extend(found.into_iter().map(|finding| fault(event, finding)));
        }
        ids(store, &page, faults).await?;
        progress.advance(page.len() as u64);
        next = last + 1;
    }
    let mut last = store.last_ever(shard).await?;
    let names: Vec<&Aggregate> = checker.aggregates().map(|(aggregate, _)| aggregate).collect();
    for page in names.chunks(PAGE) {
        last = last.max(indexes(store, page, &checker, (floor, end), faults).await?);
    }
    last = last.max(unseen(store, shard, &checker, (floor, end), faults).await?);
    // Events that came meanwhile are in the log, since an append is one step; others were lost.
    let (now, _) = store.head(shard).await?;
    if last > now {
        faults.push(Fault {
            position: Some(Position { shard, n: now + 1 }),
            aggregate: None,
            kind: "gap",
            detail: format!("events {} to {last} are missing: the log lost its end", now + 1),
        });
    }
    progress.finish();
    Ok(checker)
}

/// Looks for aggregates that have an index but no events.
async fn unseen(
    store: &mut Store,
    shard: u16,
    checker: &Checker,
    (floor, end): (u64, u64),
    faults: &mut Vec<Fault>,
) -> Result<u64, Failure> {
    let (mut cursor, mut last) = (0, 0);
    // The walk may come to an index twice.
    let mut told = HashSet::new();
    loop {
        let (next, found) = store.walk(shard, cursor, None).await?;
        for indexed in found {
            let n = indexed.last.n;
            last = last.max(n);
            let known = n <= floor || n > end || checker.seen(&indexed.aggregate).is_some();
            if !known && told.insert(indexed.aggregate.clone()) {
                faults.push(Fault {
                    position: None,
                    kind: "index",
                    detail: format!("the index has {} events, the log none", indexed.events),
                    aggregate: Some(indexed.aggregate),
                });
            }
        }
        cursor = next;
        if cursor == 0 {
            return Ok(last);
        }
    }
}

fn fault(event: &Event, finding: Finding) -> Fault {
    let (kind, detail) = match finding {
        Finding::Gap { from, to } => ("gap", format!("events {from} to {to} are missing")),
        Finding::Link { expected } => {
            let found = event.link;
            (
                "link",
                format!(
                    "{found}, but the chain gives {expected}: it or the one before was changed"
                ),
            )
        }
        Finding::Revision { expected } => {
            ("revision", format!("revision {}, expected {expected}", event.revision))
        }
        Finding::Content(why) => ("content", why),
    };
    Fault { position: Some(event.position), aggregate: Some(event.aggregate.clone()), kind, detail }
}

/// Compares the index of ids with events.
async fn ids(store: &mut Store, page: &[Event], faults: &mut Vec<Fault>) -> Result<(), Failure> {
    let read: Vec<_> = page.iter().filter_map(|e| Some((e, e.content().ok()?))).collect();
    let asked: Vec<_> = read
        .iter()
        .map(|(e, c)| (&e.aggregate, c.id.as_ref(), Digest::of(&e.aggregate, &e.envelope)))
        .collect();
    for ((event, content), known) in read.iter().zip(store.known(&asked).await?) {
        let detail = match known {
            Some(known) if known.same && known.revision == event.revision => continue,
            Some(known) if !known.same => {
                format!("the id {} is kept with another content", content.id)
            }
            Some(known) => format!("the id {} is kept as revision {}", content.id, known.revision),
            None => format!("the id {} is not in the index: it could be stored twice", content.id),
        };
        faults.push(Fault {
            position: Some(event.position),
            aggregate: Some(event.aggregate.clone()),
            kind: "id",
            detail,
        });
    }
    Ok(())
}

/// Compares the indexes of aggregates with what was seen of them between two positions. Answers the
/// last position that they have.
async fn indexes(
    store: &mut Store,
    names: &[&Aggregate],
    checker: &Checker,
    (floor, end): (u64, u64),
    faults: &mut Vec<Fault>,
) -> Result<u64, Failure> {
    let mut last = 0;
    for (aggregate, positions) in names.iter().copied().zip(store.indexes(names).await?) {
        last = last.max(positions.last().copied().unwrap_or(0));
        let Some(seen) = checker.seen(aggregate) else { continue };
        let upto = positions.iter().filter(|n| **n <= end).count() as u64;
        let sum = positions
            .iter()
            .filter(|n| **n > floor && **n <= end)
            .fold(0, |sum, n| with_position(sum, *n));
        if upto != seen.next || sum != seen.positions {
            faults.push(Fault {
                position: None,
                aggregate: Some(aggregate.clone()),
                kind: "index",
                detail: format!(
                    "the index has {upto} events, the log {}; or they are elsewhere",
                    seen.next
                ),
            });
        }
    }
    Ok(last)
}
