//! `bss events replay`

use super::choice::ChoiceArgs;
use super::form::{Form, FormArgs};
use super::history::{ArchiveOption, History};
use super::{open, shown};
use crate::backends::redis::events::{Access, Direction, Store};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::events::filter::Filter;
use crate::events::{Aggregate, Content, Event, Position};
use crate::ui::{OutputForm, visible};

/// Events that are read at once.
const PAGE: usize = 1000;

/// Walk through the events in their order
///
/// Prints every event, or those that are chosen, one a line: for people, or as JSON with -o json or
/// ndjson. --since and --until are over the time of recording. Nothing is published and nothing is
/// changed.
#[derive(Debug, clap::Args)]
pub struct ReplayArgs {
    /// Only events of this aggregate, TYPE/ID
    #[arg(value_name = "AGGREGATE")]
    aggregate: Option<Aggregate>,
    /// Begin with this position: N, or SHARD:N
    #[arg(long, value_name = "POSITION", conflicts_with = "aggregate")]
    from: Option<Position>,
    /// Begin with this revision of the aggregate
    #[arg(long, value_name = "N", requires = "aggregate")]
    from_revision: Option<u64>,
    /// The newest first
    #[arg(long, conflicts_with_all = ["follow", "archive"])]
    backward: bool,
    /// At most so many events
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    limit: Option<u64>,
    /// Go on with new events as they come, until stopped
    #[arg(long)]
    follow: bool,
    #[command(flatten)]
    choice: ChoiceArgs,
    #[command(flatten)]
    form: FormArgs,
    #[command(flatten)]
    archive: ArchiveOption,
}

/// What is printed and how much of it.
struct Printer<'c> {
    context: &'c Context,
    filter: Filter,
    form: Form,
    left: u64,
    printed: u64,
    text: Vec<u8>,
}

impl Printer<'_> {
    /// Prints the chosen ones; false once that is enough or nobody reads any more. What comes before
    /// one that cannot be printed is.
    fn print(&mut self, events: &[Event]) -> Result<bool, Failure> {
        self.text.clear();
        let written = self.write(events);
        let read = self.context.ui.pass(&self.text)?;
        written?;
        Ok(read && self.left > 0)
    }

    fn write(&mut self, events: &[Event]) -> Result<(), Failure> {
        for event in events {
            if !self.filter.takes(event).map_err(|e| shown::damaged(event, &e))? {
                continue;
            }
            if self.left == 0 {
                break;
            }
            let Some(content) = self.form.content(event)? else { continue };
            match self.context.ui.form() {
                OutputForm::Json | OutputForm::Ndjson => {
                    shown::line_with(event, &content, &mut self.text)?;
                }
                _ => readable(event, &content, &mut self.text),
            }
            self.left -= 1;
            self.printed += 1;
        }
        Ok(())
    }
}

/// `0:17  2026-11-27T05:00:00Z  customer/c-1 #3  CustomerRenamed  {...}`
fn readable(event: &Event, content: &Content<'_>, out: &mut Vec<u8>) {
    let line = format!(
        "{}  {}  {} #{}  {}  {}",
        event.position,
        event.recorded_at,
        event.aggregate,
        event.revision,
        content.event_type,
        content.data.get()
    );
    out.extend(visible(&line).replace('\n', " ").into_bytes());
    out.push(b'\n');
}

/// Runs the command.
///
/// # Errors
/// Exit 2 for a form that needs all rows at once; exit 1 for a damaged event, and for one of a newer
/// version than is known: what comes before it is printed.
pub async fn run(args: ReplayArgs, context: &Context) -> Result<ExitStatus, Failure> {
    if matches!(context.ui.form(), OutputForm::Csv | OutputForm::Plot | OutputForm::Svg) {
        return Err(Failure::usage("a replay is printed as lines: -o table, json or ndjson"));
    }
    let filter = args.choice.filter(context)?;
    let form = Form::new(&args.form, context)?;
    let mut store = open(context, Access::Read).await?;
    let left = args.limit.unwrap_or(u64::MAX);
    let mut printer = Printer { context, filter, form, left, printed: 0, text: Vec::new() };
    let mut history = args.archive.of(&mut store).await?;
    if let Some(aggregate) = &args.aggregate {
        let events = store.events_of(aggregate).await?;
        let first = args.from_revision.unwrap_or(0);
        if events == 0 && !args.follow {
            return Err(Failure::failed(format!("there are no events of {aggregate}"))
                .code("missing")
                .hint("See which aggregates there are: bss events list"));
        }
        if one((&mut store, &mut history), aggregate, (first, events), args.backward, &mut printer)
            .await?
            && args.follow
        {
            follow_one((&mut store, &mut history), aggregate, events.max(first), &mut printer)
                .await?;
        }
    } else {
        all(&args, (&mut store, &mut history), &mut printer).await?;
    }
    printer.form.tell(context);
    context.ui.status(format!("{} events.", printer.printed));
    let stopped = context.shutdown.asked() && !args.follow;
    Ok(if stopped { context.shutdown.status() } else { ExitStatus::Done })
}

/// The events of one aggregate; false once it is enough.
async fn one(
    (store, history): (&mut Store, &mut History),
    aggregate: &Aggregate,
    (first, end): (u64, u64),
    backward: bool,
    printer: &mut Printer<'_>,
) -> Result<bool, Failure> {
    let page = PAGE as u64;
    let (mut low, mut high) = (first, end);
    while low < high && !printer.context.shutdown.asked() {
        let (from, to) = if backward {
            (high.saturating_sub(page).max(low), high)
        } else {
            (low, high.min(low + page))
        };
        let mut loaded = store.load(aggregate, from, Some(to - 1)).await?.loaded;
        history.fill(&mut loaded)?;
        let mut events = shown::present(loaded)?;
        if backward {
            events.reverse();
            high = from;
        } else {
            low = to;
        }
        if !printer.print(&events)? {
            return Ok(false);
        }
    }
    Ok(!printer.context.shutdown.asked())
}

async fn follow_one(
    (store, history): (&mut Store, &mut History),
    aggregate: &Aggregate,
    mut next: u64,
    printer: &mut Printer<'_>,
) -> Result<(), Failure> {
    let shard = store.shard_of(aggregate);
    let (mut after, _) = store.head(shard).await?;
    loop {
        let end = store.events_of(aggregate).await?;
        if end > next {
            if !one((store, history), aggregate, (next, end), false, printer).await? {
                return Ok(());
            }
            next = end;
        }
        let ends = [(shard, after)];
        let wait = store.after(&ends, PAGE);
        let new = tokio::select! {
            new = wait => new?,
            () = printer.context.shutdown.wait() => return Ok(()),
        };
        after = new.last().map_or(after, |event| event.position.n);
    }
}

/// All events of all shards. Each shard is in order; of several shards, one comes after the other.
async fn all(
    args: &ReplayArgs,
    (store, history): (&mut Store, &mut History),
    printer: &mut Printer<'_>,
) -> Result<(), Failure> {
    let shards = match args.from {
        Some(from) => from.shard..from.shard + 1,
        None => 0..store.shards(),
    };
    let mut ends = Vec::new();
    for shard in shards {
        let start = if args.backward { u64::MAX } else { 1 };
        let mut next = args.from.map_or(start, |p| p.n);
        loop {
            if printer.context.shutdown.asked() {
                return Ok(());
            }
            let at = Position { shard, n: next };
            let events = if args.backward {
                store.read(at, Direction::Backward, PAGE).await?
            } else {
                history.read(store, at, PAGE).await?
            };
            let Some(last) = events.last().map(|event| event.position.n) else { break };
            if !printer.print(&events)? {
                return Ok(());
            }
            match if args.backward { last.checked_sub(1) } else { Some(last + 1) } {
                Some(n) if n > 0 => next = n,
                _ => break,
            }
        }
        ends.push((shard, next.saturating_sub(1)));
    }
    if !args.follow {
        return Ok(());
    }
    loop {
        let wait = store.after(&ends, PAGE);
        let events = tokio::select! {
            events = wait => events?,
            () = printer.context.shutdown.wait() => return Ok(()),
        };
        for event in &events {
            for (shard, after) in &mut ends {
                if *shard == event.position.shard {
                    *after = event.position.n;
                }
            }
        }
        if !printer.print(&events)? {
            return Ok(());
        }
    }
}
