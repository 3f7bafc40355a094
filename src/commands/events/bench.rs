//! `bss events bench`

use std::borrow::Cow;
use std::time::{Duration, Instant};

use super::{open, shown};
use crate::backends::redis::events::{Access, Ahead, Append, Direction, Outcome, Store};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::events::content::compact;
use crate::events::{Aggregate, Content, Expected, Position};
use crate::ui::Report;

/// Calls that are sent at once.
const PIPELINE: u64 = 100;
/// Events of each aggregate.
const EACH: u64 = 100;
/// Bytes of an event.
const BYTES: usize = 268;

/// Measure the event store beside the server's own commands
///
/// Fills a namespace that must be empty, in one run with XADD without any check: see dev/bench events.
#[derive(Debug, clap::Args)]
pub struct BenchArgs {
    /// Events of each way to append
    #[arg(long, value_name = "N", default_value_t = 100_000,
        value_parser = clap::value_parser!(u64).range(10_000..=10_000_000))]
    events: u64,
}

/// Runs the command.
///
/// # Errors
/// Exit 2 for a namespace with events.
pub async fn run(args: BenchArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let mut store = open(context, Access::Write).await?;
    if store.shards() > 1 || store.head(0).await?.0 > 0 {
        let what = format!("`{}` has events, or several shards", store.namespace());
        return Err(Failure::usage(what).hint("Give another one: --set events.namespace=bench"));
    }
    let mut report = Report::new(format!("The event store in {}", store.place()))
        .column("measure", "MEASURE")
        .number("value", "VALUE")
        .column("unit", "UNIT")
        .number("ofRaw", "% OF RAW");
    let mut tell = |measure: &str, value: f64, unit: &str, raw: Option<f64>| {
        let share = raw.map_or(crate::ui::Cell::Null, |raw| number(100.0 * value / raw));
        report.push(vec![measure.into(), number(value), unit.into(), share]);
    };
    let events = args.events;
    let before = store.used_memory().await?;
    let raw = rate(events, raw(&mut store, events).await?);
    let after = store.used_memory().await?;
    tell("XADD, pipelined by 100", raw, "events/s", Some(raw));
    tell("memory of XADD", per(after - before.min(after), events), "bytes/event", None);

    checked(&mut store, "first", 1000, 1).await?;
    let load = load(&mut store).await?;
    tell("load of 100 events among 1000", load, "us", None);
    let (before, mut stored) = (store.used_memory().await?, 1000);
    for (name, together) in [("singly", 1), ("by-ten", 10)] {
        let made = rate(events, checked(&mut store, name, events, together).await?);
        stored += events;
        let what = format!("append in calls of {together}, pipelined by 100");
        tell(&what, made, "events/s", Some(raw));
        let load = self::load(&mut store).await?;
        tell(&format!("load of 100 events among {stored}"), load, "us", None);
    }
    let after = store.used_memory().await?;
    tell("memory of the store", per(after - before.min(after), 2 * events), "bytes/event", None);
    let alone = alone(&mut store).await?;
    tell("append, one after the other, p50", alone[alone.len() / 2], "us", None);
    tell("append, one after the other, p99", alone[alone.len() * 99 / 100], "us", None);
    let (plain, lines) = replay(&mut store).await?;
    tell("XRANGE by 1000, parsed", plain, "events/s", Some(plain));
    tell("replay", lines, "events/s", Some(plain));
    context.ui.report(&report)?;
    Ok(ExitStatus::Done)
}

fn number(value: f64) -> crate::ui::Cell {
    crate::ui::Cell::Number(format!("{value:.1}"))
}

fn rate(events: u64, took: Duration) -> f64 {
    events as f64 / took.as_secs_f64()
}

fn per(bytes: u64, events: u64) -> f64 {
    bytes as f64 / events as f64
}

/// An event of [`BYTES`] bytes.
fn content(name: &str, n: u64) -> Result<Content<'static>, Failure> {
    let mut content = Content {
        id: Cow::Owned(format!("{name}-{n:036}")),
        event_type: Cow::Borrowed("OrderPlaced"),
        type_version: 1,
        time_ms: Some(1_795_550_400_000),
        correlation_id: None,
        causation_id: None,
        actor: None,
        data: Cow::Owned(compact("{\"note\":\"\"}").map_err(wrong)?),
        metadata: None,
    };
    let note = BYTES.saturating_sub(content.envelope().map_err(wrong)?.len());
    let data = format!("{{\"note\":\"{}\"}}", "x".repeat(note));
    content.data = Cow::Owned(compact(&data).map_err(wrong)?);
    Ok(content)
}

fn wrong(error: impl std::error::Error + 'static) -> Failure {
    Failure::failed("could not make an event").because(&error)
}

async fn raw(store: &mut Store, events: u64) -> Result<Duration, Failure> {
    let mut took = Duration::ZERO;
    for from in (0..events).step_by(100) {
        let entries = from..events.min(from + PIPELINE);
        let entries = entries.map(|n| content("raw", n)?.envelope().map_err(wrong));
        let entries: Vec<Vec<u8>> = entries.collect::<Result<_, _>>()?;
        let start = Instant::now();
        store.raw_add(&entries).await?;
        took += start.elapsed();
    }
    Ok(took)
}

fn aggregate(name: &str, n: u64) -> Result<Aggregate, Failure> {
    Aggregate::new("order", &format!("{name}-{n}")).map_err(wrong)
}

/// Appends events, `together` in a call, each with the exact revision that it must find.
async fn checked(
    store: &mut Store,
    name: &str,
    events: u64,
    together: u64,
) -> Result<Duration, Failure> {
    let (calls, aggregates) = (events / together, events / EACH);
    let mut took = Duration::ZERO;
    for from in (0..calls).step_by(100) {
        let append = |call: u64| -> Result<Append, Failure> {
            let revision = call / aggregates * together;
            let expected = revision.checked_sub(1).map_or(Expected::NoStream, Expected::Exact);
            let contents = (0..together).map(|i| content(name, call * together + i));
            let contents: Vec<Content<'_>> = contents.collect::<Result<_, _>>()?;
            Ok(store.prepare(&aggregate(name, call % aggregates)?, expected, &contents)?)
        };
        let appends = (from..calls.min(from + PIPELINE)).map(append);
        let appends: Vec<Append> = appends.collect::<Result<_, _>>()?;
        let start = Instant::now();
        let outcomes = store.append_all(&appends).await?;
        took += start.elapsed();
        for outcome in outcomes {
            let outcome = outcome?;
            if !matches!(outcome, Outcome::Stored { .. }) {
                return Err(Failure::failed(format!("the bench is not alone: {outcome:?}")));
            }
        }
    }
    Ok(took)
}

/// The median time of loading an aggregate of [`EACH`] events, in microseconds.
async fn load(store: &mut Store) -> Result<f64, Failure> {
    let mut took = Vec::new();
    for n in 0..200 {
        let aggregate = aggregate("first", n % (1000 / EACH))?;
        let start = Instant::now();
        let events = shown::present(store.load(&aggregate, 0, None).await?.loaded)?;
        took.push(start.elapsed().as_secs_f64() * 1e6);
        if events.len() as u64 != EACH {
            return Err(Failure::failed(format!("{aggregate} has {} events", events.len())));
        }
    }
    took.sort_by(f64::total_cmp);
    Ok(took[took.len() / 2])
}

/// The times of single appends, each waiting for its answer, in microseconds and sorted.
async fn alone(store: &mut Store) -> Result<Vec<f64>, Failure> {
    let mut took = Vec::new();
    for n in 0..5000 {
        let content = content("alone", n)?;
        let start = Instant::now();
        let append = store.prepare(&aggregate("alone", n % 50)?, Expected::Any, &[content])?;
        store.append(&append).await?;
        took.push(start.elapsed().as_secs_f64() * 1e6);
    }
    took.sort_by(f64::total_cmp);
    Ok(took)
}

/// Events per second, read and parsed only, and written as lines too.
async fn replay(store: &mut Store) -> Result<(f64, f64), Failure> {
    let mut rates = [0.0; 2];
    for (rate, lines) in rates.iter_mut().zip([false, true]) {
        let (mut next, mut count, mut ahead) = (1, 0, Ahead::default());
        let start = Instant::now();
        let mut text = Vec::new();
        loop {
            let at = Position { shard: 0, n: next };
            let events = if lines {
                store.read_on(&mut ahead, at, 1000).await?
            } else {
                store.read(at, Direction::Forward, 1000).await?
            };
            let Some(last) = events.last() else { break };
            (next, count) = (last.position.n + 1, count + events.len() as u64);
            if lines {
                text.clear();
                for event in &events {
                    shown::line(event, &mut text)?;
                }
            }
        }
        *rate = self::rate(count, start.elapsed());
    }
    Ok((rates[0], rates[1]))
}
