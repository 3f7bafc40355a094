//! `bss events project`

use std::collections::HashMap;

use super::history::{ArchiveOption, History};
use super::target::{Place, Target};
use super::{form, open};
use crate::backends::redis::events::{Access, Direction, Store};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::events::projection::{Build, Customer, Positions, fold};
use crate::events::{Event, Position, Upcasters};
use crate::runtime::Fault;
use crate::ui::{Cell, Report};

/// Events that are folded in one transaction.
const PAGE: usize = 500;

/// Keep a table of what the events add up to
///
/// Folds the events of customers into the table bss.customers, or with --into redis into a view beside
/// the events, as they come. The position is written in the transaction of the rows: an event that comes
/// twice changes nothing, and a run that was killed goes on. At its start it looks whether the store
/// still holds the last event it has, with its link: if not, the store has lost events or is another one
/// (exit 6). --rebuild makes the table anew beside the live one, --compare folds all events and compares,
/// --swap puts the new one in its place. Nothing is published, ever.
#[derive(Debug, clap::Args)]
pub struct ProjectArgs {
    /// The projection
    #[arg(value_name = "NAME", value_enum)]
    name: Name,
    /// Where it is kept
    #[arg(long, value_name = "PLACE", value_enum, default_value = "timescale")]
    into: Place,
    /// End when every event is in
    #[arg(long)]
    drain: bool,
    /// Build the table anew beside the live one, up to the last event
    #[arg(long, conflicts_with_all = ["drain", "compare", "swap"])]
    rebuild: bool,
    /// Compare the table with all events folded anew; exit 6 if anything differs
    #[arg(long, conflicts_with_all = ["drain", "swap"])]
    compare: bool,
    /// Put what was built in the place of the live table
    #[arg(long, conflicts_with = "drain")]
    swap: bool,
    #[command(flatten)]
    archive: ArchiveOption,
}

/// The projections that there are.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Name {
    /// One row a customer, in bss.customers
    Customers,
}

struct Work<'c> {
    context: &'c Context,
    store: Store,
    history: History,
    target: Target,
    fault: Fault,
    upcasters: Upcasters,
}

impl ProjectArgs {
    /// Whether the command runs until it is stopped.
    #[must_use]
    pub const fn runs_long(&self) -> bool {
        !self.drain && !self.rebuild && !self.compare && !self.swap
    }
}

/// Runs the command.
///
/// # Errors
/// Exit 6 if the store has lost events that are in the table; exit 4 for tables that are not there.
pub async fn run(args: ProjectArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let Name::Customers = args.name;
    let access = if args.into == Place::Redis { Access::Write } else { Access::Read };
    let mut store = open(context, access).await?;
    let history = args.archive.of(&mut store).await?;
    let target = Target::open(args.into, &store, context).await?;
    let fault = Fault::parse(context.environment.fault.as_deref());
    let upcasters = form::upcasters(context)?;
    let mut work = Work { context, store, history, target, fault, upcasters };
    if args.compare {
        return work.compare().await;
    }
    if args.swap {
        return work.swap().await;
    }
    if args.rebuild {
        work.target.begin_anew().await?;
        work.forward(Build::Next).await?;
        let swap = work.target.command("--swap");
        context.ui.hint(format!("Put it in the place of the live one: {swap}"));
        return Ok(stopped(context));
    }
    work.forward(Build::Live).await?;
    while !args.drain && !context.shutdown.asked() {
        let given = work.ends(Build::Live).await?;
        tokio::select! {
            waited = work.store.after(&given, 1) => drop(waited?),
            () = context.shutdown.wait() => break,
        }
        work.forward(Build::Live).await?;
    }
    Ok(if args.drain { stopped(context) } else { ExitStatus::Done })
}

fn stopped(context: &Context) -> ExitStatus {
    if context.shutdown.asked() { context.shutdown.status() } else { ExitStatus::Done }
}

impl Work<'_> {
    /// How far a build has come in each shard.
    async fn ends(&mut self, build: Build) -> Result<Vec<(u16, u64)>, Failure> {
        let found = self.target.positions(build).await?;
        let at = |shard| (shard, found.get(&shard).map_or(0, |(at, _)| *at));
        Ok((0..self.store.shards()).map(at).collect())
    }

    /// Folds in what has come, after a look whether the store is the one that was read before.
    async fn forward(&mut self, build: Build) -> Result<(), Failure> {
        let found = self.target.positions(build).await?;
        let mut events = 0;
        for shard in 0..self.store.shards() {
            if build == Build::Next && self.target.is_placed(&found, shard) {
                continue;
            }
            let mut at = 0;
            if let Some((position, link)) = found.get(&shard) {
                same_store(&mut self.store, shard, (*position, link.as_str())).await?;
                at = *position;
            }
            let (floor, _) = self.history.floor(shard);
            if at < floor {
                return Err(trimmed(shard, at, floor));
            }
            if build == Build::Live {
                // Noted at once, so that nothing is trimmed which is not read yet.
                self.store.note_reader(shard, self.target.reader(), at).await?;
            }
            while !self.context.shutdown.asked() {
                let next = Position { shard, n: at + 1 };
                let page = self.history.read(&mut self.store, next, PAGE).await?;
                let Some(last) = page.last().map(|event| event.position.n) else { break };
                let page = form::renewed(&self.upcasters, page)?;
                self.fault.hit("project-read");
                self.target.apply(build, &page).await?;
                self.fault.hit("project-stored");
                if build == Build::Live {
                    self.store.note_reader(shard, self.target.reader(), last).await?;
                }
                events += page.len();
                at = last;
            }
        }
        if events > 0 {
            let name = self.target.name(build);
            self.context.ui.status(format!("Folded {events} events into {name}."));
        }
        Ok(())
    }

    async fn swap(&mut self) -> Result<ExitStatus, Failure> {
        let live = self.target.name(Build::Live);
        if self.target.positions(Build::Next).await?.is_empty() {
            return Err(Failure::failed(format!("nothing was built beside {live}"))
                .code("missing")
                .hint(format!("Build it first: {}", self.target.command("--rebuild"))));
        }
        let what = format!("put what was built in the place of {live}");
        let effect = format!("the rows of {live} are replaced");
        let _agreed = self.context.confirm(&[self.target.backend()], &what, &effect).await?;
        let other = self.is_of_another_store().await?;
        loop {
            // The live one may have gone on since.
            self.forward(Build::Next).await?;
            if self.context.shutdown.asked() {
                return Ok(self.context.shutdown.status());
            }
            if self.target.swap(other).await? {
                self.context.ui.status(format!("{live} has the rows that were built."));
                return Ok(ExitStatus::Done);
            }
        }
    }

    /// Whether the live rows have events that the store does not have (any more).
    async fn is_of_another_store(&mut self) -> Result<bool, Failure> {
        for (shard, (at, link)) in self.target.positions(Build::Live).await? {
            match same_store(&mut self.store, shard, (at, link.as_str())).await {
                Err(failure) if failure.code == "lost" => return Ok(true),
                other => other?,
            }
        }
        Ok(false)
    }

    /// Compares the live rows with all events up to their position.
    async fn compare(&mut self) -> Result<ExitStatus, Failure> {
        let (positions, rows) = self.target.all().await?;
        let folded = self.folded(&positions).await?;
        let mut report = Report::new(format!(
            "{} and the events of {}: {} customers",
            self.target.name(Build::Live),
            self.store.place(),
            folded.len()
        ))
        .meta("customers", folded.len() as u64)
        .column("id", "ID")
        .column("difference", "DIFFERENCE");
        let mut ids: Vec<&String> = rows.keys().chain(folded.keys()).collect();
        ids.sort_unstable();
        ids.dedup();
        let mut found = 0_u64;
        for id in ids {
            let Some(why) = difference(rows.get(id), folded.get(id)) else { continue };
            found += 1;
            if found <= 100 {
                report.push(vec![id.as_str().into(), Cell::from(why)]);
            }
        }
        self.context.ui.report(&report.meta("differences", found))?;
        if found > 100 {
            self.context.ui.warning(format!("only the first 100 of {found} are shown"));
        }
        if found == 0 {
            return Ok(ExitStatus::Done);
        }
        self.context.ui.hint(format!("Build it anew: {}", self.target.command("--rebuild")));
        Ok(ExitStatus::Found)
    }

    async fn folded(
        &mut self,
        positions: &Positions,
    ) -> Result<HashMap<String, Customer>, Failure> {
        let mut rows: HashMap<String, Customer> = HashMap::new();
        for (shard, (end, link)) in positions {
            same_store(&mut self.store, *shard, (*end, link.as_str())).await?;
            let (floor, _) = self.history.floor(*shard);
            if floor > 0 {
                return Err(trimmed(*shard, 0, floor));
            }
            let mut at = 0;
            while at < *end {
                let next = Position { shard: *shard, n: at + 1 };
                let mut page = self.history.read(&mut self.store, next, PAGE).await?;
                page.retain(|event| event.position.n <= *end);
                let Some(last) = page.last() else { break };
                at = last.position.n;
                let page = form::renewed(&self.upcasters, page)?;
                for event in &page {
                    let before = rows.remove(event.aggregate.id());
                    let folded =
                        fold(before, event).map_err(|e| super::shown::damaged(event, &e))?;
                    rows.extend(folded.map(|customer| (customer.id.clone(), customer)));
                }
            }
        }
        Ok(rows)
    }
}

fn difference(row: Option<&Customer>, folded: Option<&Customer>) -> Option<String> {
    match (row, folded) {
        (Some(row), Some(folded)) if row == folded => None,
        (Some(row), Some(folded)) if row.revision != folded.revision => Some(format!(
            "revision {} in the table, {} by the events",
            row.revision, folded.revision
        )),
        (Some(_), Some(_)) => Some("other values than the events give".to_owned()),
        (None, _) => Some("not in the table".to_owned()),
        (_, None) => Some("in the table, but there are no events".to_owned()),
    }
}

/// Looks whether a store still holds an event that was read before, with its link.
async fn same_store(store: &mut Store, shard: u16, (at, link): (u64, &str)) -> Result<(), Failure> {
    let place = store.place();
    let lost = |why: String| {
        let what = format!("the event store in {place} is not the one that was projected");
        Failure::new(ExitStatus::Found, what)
            .code("lost")
            .because(&std::io::Error::other(why))
            .hint("If it lost its end: bss events import --from-kafka, then run this again.")
            .hint("If it is right as it is: bss events project customers --rebuild, then --swap")
    };
    let (floor, floor_link) = store.floor(shard).await?;
    let found = if at <= floor {
        (at == floor).then_some(floor_link)
    } else {
        let event =
            store.read(Position { shard, n: at }, Direction::Forward, 1).await?.into_iter().next();
        match event.filter(|event: &Event| event.position.n == at) {
            Some(event) => Some(event.link),
            None => {
                let (head, _) = store.head(shard).await?;
                return Err(lost(format!(
                    "shard {shard} ends at {head}; events {} to {at} are in the table and not in the store",
                    head + 1
                )));
            }
        }
    };
    match found {
        // Trimmed with what follows it: the link cannot be seen, the archive has it.
        None => Ok(()),
        Some(found) if found.as_str() == link => Ok(()),
        Some(found) => Err(lost(format!("at {shard}:{at} it has the link {found}, not {link}"))),
    }
}

fn trimmed(shard: u16, at: u64, floor: u64) -> Failure {
    let what = format!("cannot project shard {shard}: events {} to {floor} were archived", at + 1);
    Failure::failed(what).code("missing").hint("Read them from the archive: --archive DIR")
}
