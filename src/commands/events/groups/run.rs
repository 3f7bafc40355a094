//! `bss events groups run`

use std::ffi::OsString;
use std::time::Duration;

use super::{Ended, Handler, reader, this_consumer};
use crate::backends::BackendError;
use crate::backends::redis::events::{Access, Given, Mended, Store, Taken, entry_of};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::events::choice::ChoiceArgs;
use crate::commands::events::{form, open, parked, shown};
use crate::config::settings::parse_span;
use crate::events::filter::Filter;
use crate::events::group::{self, Parked, Start};
use crate::events::{Event, Position, Upcasters};

/// Entries that are taken at once where most may be passed over.
const PAGE: usize = 500;
/// A consumer that has nothing and has asked for nothing for so long does not run.
const GONE_MS: u64 = 5000;

/// Run a handler for every event, at least once
///
/// Gives each event as one line of JSON to the standard input of COMMAND, a process for each event or,
/// with --batch, for up to N of them. Exit 0 means done. If it fails it is tried again with growing
/// pauses; after --retries more tries the event is parked, with what the handler said last, and the
/// group goes on: see `events parked`. Several machines with one GROUP share the work; with one consumer
/// the events of a shard come in their order. An event may come twice (after a crash or a lost answer),
/// so a handler must not mind. How far everything is done is kept in the store: a group that the server
/// has lost goes on there and skips nothing. Without --drain it runs until it is stopped.
#[derive(Debug, clap::Args)]
pub struct RunArgs {
    /// The group
    #[arg(value_name = "GROUP", value_parser = group::name)]
    group: String,
    /// Where a new group begins: start, end, or a position (N or SHARD:N)
    #[arg(long, value_name = "WHERE")]
    from: Option<Start>,
    /// The name of this consumer; each process of a group has its own, and the same after a restart
    #[arg(long, value_name = "NAME", value_parser = group::name, default_value_t = this_consumer(), hide_default_value = true)]
    consumer: String,
    /// Give up to N events to one process; if it fails they are tried one by one
    #[arg(long, value_name = "N", default_value_t = 1,
        value_parser = clap::value_parser!(u16).range(1..=1000))]
    batch: u16,
    /// Try a failed event so many times again before it is parked
    #[arg(long, value_name = "N", default_value_t = 5)]
    retries: u32,
    /// Wait so long before the first retry, then twice as long each time, a minute at most
    #[arg(long, value_name = "SPAN", default_value = "1s", value_parser = parse_span)]
    backoff: Duration,
    /// End when every event is done
    #[arg(long)]
    drain: bool,
    #[command(flatten)]
    choice: ChoiceArgs,
    /// The handler and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    command: Vec<OsString>,
}

/// What a run has done.
#[derive(Default)]
struct Tally {
    done: u64,
    passed: u64,
    parked: u64,
    trimmed: u64,
}

struct Run<'c> {
    context: &'c Context,
    store: Store,
    args: RunArgs,
    handler: Handler,
    filter: Filter,
    upcasters: Upcasters,
    /// Where the group begins in each shard if it is not there.
    starts: Vec<u64>,
    /// The last position of each shard that the group was given.
    given: Vec<(u16, u64)>,
    tally: Tally,
}

/// Runs the command.
///
/// # Errors
/// Exit 2 for --from of a group that is there; exit 1 if the handler cannot be started; exit 4 if
/// Redis does not answer for `events.response_timeout`.
pub async fn run(args: RunArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let filter = args.choice.filter(context)?;
    let mut store = open(context, Access::Read).await?;
    let starts = starts(&mut store, &args, context).await?;
    let given = (0..store.shards()).zip(starts.iter().copied()).collect();
    let handler = Handler::new(args.command.clone());
    let upcasters = form::upcasters(context)?;
    let tally = Tally::default();
    let mut run = Run { context, store, args, handler, filter, upcasters, starts, given, tally };
    run.forget_gone().await?;
    run.go().await?;
    let Run { tally, args, .. } = run;
    // The results are the handler's own.
    context.ui.status(format!(
        "The group {}: {} events done, {} passed over, {} parked, {} were trimmed before.",
        args.group, tally.done, tally.passed, tally.parked, tally.trimmed
    ));
    if tally.parked > 0 {
        context.ui.hint(format!("See why: bss events parked list {}", args.group));
    }
    let whole = tally.parked + tally.trimmed == 0;
    Ok(if whole { ExitStatus::Done } else { ExitStatus::Partly })
}

/// Where a new group begins, shard by shard.
async fn starts(store: &mut Store, args: &RunArgs, context: &Context) -> Result<Vec<u64>, Failure> {
    let start = args.from.unwrap_or(Start::First);
    if let Start::At(position) = start
        && position.shard >= store.shards()
    {
        let what =
            format!("there is no shard {}: the store has {}", position.shard, store.shards());
        return Err(Failure::usage(what));
    }
    let group = &args.group;
    let mut starts = Vec::new();
    for shard in 0..store.shards() {
        let known = store.readers(shard).await?.get(&reader(group)).copied();
        if let (Some(_), Some(at)) = (args.from, known) {
            let what = format!("the group {group} is there, at position {shard}:{at}");
            return Err(Failure::usage(what).hint(
                "Leave --from out: it goes on there. For another start give another group name.",
            ));
        }
        let (floor, _) = store.floor(shard).await?;
        let (last, _) = store.head(shard).await?;
        let begin = known.unwrap_or_else(|| start.checkpoint(shard, last));
        if begin < floor {
            context.ui.warning(format!(
                "events {} to {floor} of shard {shard} were trimmed: the group {group} goes on behind them",
                begin + 1
            ));
        }
        starts.push(begin.max(floor));
    }
    Ok(starts)
}

impl Run<'_> {
    /// Takes consumers off the list that have ended and left nothing: hosts with ever new names would
    /// make it long. One that does run after all is back with its next question.
    async fn forget_gone(&mut self) -> Result<(), Failure> {
        let (group, own) = (&self.args.group, &self.args.consumer);
        for shard in 0..self.store.shards() {
            for consumer in self.store.consumers(shard, group).await? {
                let gone = consumer.pending == 0 && consumer.idle_ms > GONE_MS;
                if gone && consumer.name != *own {
                    self.store.dismiss(shard, group, &consumer.name).await?;
                }
            }
        }
        Ok(())
    }

    async fn go(&mut self) -> Result<(), Failure> {
        while !self.context.shutdown.asked() {
            let mut found = false;
            for shard in 0..self.store.shards() {
                found |= self.shard(shard).await?;
            }
            if found {
                continue;
            }
            if self.args.drain {
                break;
            }
            let given = self.given.clone();
            let waited = tokio::select! {
                waited = self.store.after(&given, 1) => waited,
                () = self.context.shutdown.wait() => break,
            };
            if let Err(error) = waited {
                self.again(error).await?;
            }
        }
        Ok(())
    }

    /// One step of a shard; false if there was nothing to do. An answer that is lost is no failure:
    /// what is not noted as done is given again.
    async fn shard(&mut self, shard: u16) -> Result<bool, Failure> {
        if self.context.shutdown.asked() {
            return Ok(false);
        }
        match self.step(shard).await {
            Ok(found) => Ok(found),
            Err(Broken::Backend(error)) => self.again(error).await.map(|()| true),
            Err(Broken::Else(failure)) => Err(failure),
        }
    }

    async fn again(&mut self, error: BackendError) -> Result<(), Failure> {
        if !error.transient {
            return Err(error.into());
        }
        self.context.ui.warning(format!("{error}; trying again"));
        Ok(self.store.reconnect().await?)
    }

    async fn step(&mut self, shard: u16) -> Result<bool, Broken> {
        let count = if self.filter.takes_all() { usize::from(self.args.batch) } else { PAGE };
        let (group, consumer) = (&self.args.group, &self.args.consumer);
        let start = self.starts.get(usize::from(shard)).copied();
        let Some(taken) = self.store.take(shard, group, consumer, count, start).await? else {
            return Ok(false);
        };
        self.tell(shard, &taken);
        if let Some(given) = self.given.get_mut(usize::from(shard)) {
            given.1 = taken.given;
        }
        if taken.entries.is_empty() {
            return self.parked(shard).await;
        }
        let (mut wanted, mut others) = (Vec::new(), Vec::new());
        for entry in taken.entries {
            match entry {
                Given::Trimmed(entry) => {
                    self.tally.trimmed += 1;
                    self.context.ui.warning(format!(
                        "the event {shard}:{} was trimmed before the group {group} had done it",
                        entry.split('-').next().unwrap_or_default()
                    ));
                    others.push(entry);
                }
                // One that cannot be read is for the handler, so that it is parked.
                Given::Event(event) if self.filter.takes(&event).unwrap_or(true) => {
                    wanted.push(event);
                }
                Given::Event(event) => {
                    self.tally.passed += 1;
                    others.push(entry_of(&event));
                }
            }
        }
        self.store.done(shard, &self.args.group, &others).await?;
        for batch in wanted.chunks(usize::from(self.args.batch)) {
            if self.context.shutdown.asked() {
                break;
            }
            self.handle(batch).await?;
        }
        Ok(true)
    }

    fn tell(&self, shard: u16, taken: &Taken) {
        let (group, at) = (&self.args.group, taken.checkpoint);
        let ui = &self.context.ui;
        match taken.mended {
            Mended::Nothing => {}
            Mended::New => ui.status(format!("The group {group} begins after {shard}:{at}.")),
            Mended::Lost => ui.warning(format!(
                "the server had lost the group {group}; it goes on after {shard}:{at}, where all is done"
            )),
            Mended::Moved => ui.warning(format!(
                "somebody had moved the group {group} beyond what it has done; it goes on after {shard}:{at}"
            )),
        }
    }

    /// An event's line in today's form.
    fn line(&self, event: &Event, out: &mut Vec<u8>) -> Result<(), Failure> {
        let content = event.content().map_err(|e| shown::damaged(event, &e))?;
        let content = self.upcasters.current(&event.aggregate, content);
        shown::line_with(event, &content.map_err(|e| shown::unfit(event, &e))?, out)
    }

    /// Hands events to the handler, together and then one by one.
    async fn handle(&mut self, events: &[Event]) -> Result<(), Broken> {
        let Some(first) = events.first() else { return Ok(()) };
        if events.len() > 1 {
            let mut lines = Vec::new();
            let readable = events.iter().all(|event| self.line(event, &mut lines).is_ok());
            if readable && self.handler.take(&lines, &self.context.ui).await? == Ended::Done {
                let entries: Vec<String> = events.iter().map(entry_of).collect();
                self.store.done(first.position.shard, &self.args.group, &entries).await?;
                self.tally.done += events.len() as u64;
                return Ok(());
            }
        }
        for event in events {
            if self.context.shutdown.asked() {
                break;
            }
            self.one(event).await?;
        }
        Ok(())
    }

    async fn one(&mut self, event: &Event) -> Result<(), Broken> {
        let mut line = Vec::new();
        let (reason, tries) = match self.line(event, &mut line) {
            Ok(()) => match self.tried(&line).await? {
                Tried::Done => {
                    let entry = entry_of(event);
                    self.store.done(event.position.shard, &self.args.group, &[entry]).await?;
                    self.tally.done += 1;
                    return Ok(());
                }
                Tried::Stopped => return Ok(()),
                Tried::Failed(reason, tries) => (reason, tries),
            },
            Err(failure) => (failure.causes.join(": "), 0),
        };
        self.context.ui.warning(format!("parked the event at {}: {reason}", event.position));
        let record = parked::record(self.context, &self.args.consumer, &line, reason, tries)?;
        self.store.park(&self.args.group, event, &record).await?;
        self.tally.parked += 1;
        Ok(())
    }

    /// Tries an event until it is done or tried often enough.
    async fn tried(&self, line: &[u8]) -> Result<Tried, Failure> {
        let mut tries = 0;
        loop {
            let Ended::Failed(reason) = self.handler.take(line, &self.context.ui).await? else {
                return Ok(Tried::Done);
            };
            tries += 1;
            if tries > self.args.retries {
                return Ok(Tried::Failed(reason, tries));
            }
            let pause = group::wait(self.args.backoff, tries);
            self.context.ui.status(format!("The handler failed ({reason}); again in {pause:?}."));
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.context.shutdown.wait() => return Ok(Tried::Stopped),
            }
        }
    }

    /// Tries a parked event again that somebody asked for; false if there is none.
    async fn parked(&mut self, shard: u16) -> Result<bool, Broken> {
        let group = &self.args.group;
        let Some((n, record)) = self.store.asked_again(shard, group).await? else {
            return Ok(false);
        };
        let position = Position { shard, n };
        let Some(line) = Parked::read(&record).ok().and_then(|parked| parked.event) else {
            self.context.ui.warning(format!("the parked event at {position} cannot be read"));
            return Ok(true);
        };
        let line = format!("{}\n", line.get());
        match self.tried(line.as_bytes()).await? {
            Tried::Done => {
                self.store.unpark(group, position).await?;
                self.tally.done += 1;
            }
            Tried::Stopped => self.store.ask_again(group, position).await?,
            Tried::Failed(reason, tries) => {
                self.context.ui.warning(format!("the event at {position} stays parked: {reason}"));
                let consumer = &self.args.consumer;
                let record =
                    parked::record(self.context, consumer, line.as_bytes(), reason, tries)?;
                self.store.park_again(group, position, &record).await?;
                self.tally.parked += 1;
            }
        }
        Ok(true)
    }
}

/// What became of an event.
enum Tried {
    Done,
    /// It failed so often; with what was said last.
    Failed(String, u32),
    /// A stop was asked for: it stays pending.
    Stopped,
}

/// Why a step ended early.
enum Broken {
    Backend(BackendError),
    Else(Failure),
}

impl From<BackendError> for Broken {
    fn from(error: BackendError) -> Self {
        Self::Backend(error)
    }
}

impl From<Failure> for Broken {
    fn from(failure: Failure) -> Self {
        Self::Else(failure)
    }
}
