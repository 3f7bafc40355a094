//! `bss events erase`

use std::borrow::Cow;

use uuid::Uuid;

use super::history::ArchiveOption;
use super::loading::{AsOf, Model};
use super::open;
use super::personal::{Seen, event_type, look};
use super::sealing::Sealing;
use super::state::nothing;
use crate::backends::keys::Held;
use crate::backends::redis::events::{Access, Outcome, Store};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::config::Backend;
use crate::events::tree::Tree;
use crate::events::{Aggregate, Content, Expected};
use crate::runtime::Fault;
use crate::ui::Report;

/// Forget the personal fields of an aggregate for good
///
/// Erases the key that the personal fields (events.personal) of an aggregate are sealed with, in
/// events.keys_dir: whatever else is sealed with it, in another store too, goes with it. Its events
/// stay, and so do their chain, replay and every count; but what is sealed cannot be read any more,
/// neither here nor in snapshots, archives, exports or what was relayed to Kafka; only how long it was
/// can still be seen. An event tells of it (CustomerErased, else PersonalDataErased), which empties
/// states and projections and takes the customer out of customer.info. Killed half-way, the same command
/// goes on. What stays readable is counted, and the exit status is 7: fields that were stored before they
/// were declared personal, or are sealed with a key of another folder. Archived events are looked at
/// with --archive only.
#[derive(Debug, clap::Args)]
pub struct EraseArgs {
    /// The aggregate, TYPE/ID
    #[arg(value_name = "AGGREGATE")]
    aggregate: Aggregate,
    #[command(flatten)]
    archive: ArchiveOption,
}

/// Runs the command.
///
/// # Errors
/// Exit 1 if there are no events or the key is elsewhere, exit 2 without a confirmation.
pub async fn run(args: EraseArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let (aggregate, sealing) = (&args.aggregate, Sealing::new(context)?);
    let fault = Fault::parse(context.environment.fault.as_deref());
    let mut store = open(context, Access::Write).await?;
    let mut history = args.archive.of(&mut store).await?;
    let seen = look(&mut store, Some(&mut history), aggregate, &sealing).await?;
    possible(aggregate, &seen)?;
    let held = sealing.keys().find(aggregate)?;
    if held == Held::Nothing {
        sealing.has_keys(aggregate, &seen.keys)?;
        sealing.knows(aggregate, &seen)?;
    }
    let done = seen.told_of_all().is_some() && matches!(held, Held::Erased(_));
    if !done {
        let what = format!("erase the personal fields of {aggregate}");
        let folder = sealing.keys().folder().display();
        let effect = format!(
            "{} sealed fields, and what else its key in {folder} opens, are unreadable for good",
            seen.sealed
        );
        let _agreed = context.confirm(&[Backend::Redis], &what, &effect).await?;
    }
    if seen.told_of_all().is_none() {
        tell(&mut store, aggregate, &seen.names).await?;
    }
    fault.hit("erase-told");
    sealing.keys().erase(aggregate)?;
    fault.hit("erase-erased");
    renew_snapshot(&mut store, aggregate, context).await?;
    // Something may have been stored since it was looked at.
    let seen = look(&mut store, Some(&mut history), aggregate, &sealing).await?;
    answer(aggregate, &store, &seen, done, context)?;
    say_where(&sealing, context);
    let elsewhere = sealing.elsewhere(aggregate, &seen.keys)?;
    Ok(if left(&seen, elsewhere, context) { ExitStatus::Partly } else { ExitStatus::Done })
}

fn possible(aggregate: &Aggregate, seen: &Seen) -> Result<(), Failure> {
    if seen.events == 0 {
        return Err(nothing(aggregate, 0));
    }
    if !seen.names.is_empty() {
        return Ok(());
    }
    let what = format!("events of {} have no personal fields", aggregate.kind());
    Err(Failure::failed(what).hint("Declare them in events.personal, before they are stored."))
}

/// Appends the event that tells of the erasure. Merged into a state, null takes a field away.
async fn tell(store: &mut Store, aggregate: &Aggregate, names: &[String]) -> Result<(), Failure> {
    let data = Tree::Object(names.iter().map(|name| (name.clone(), Tree::null())).collect());
    let data = data.to_raw().map_err(|e| {
        Failure::failed(format!("could not tell of the erasure of {aggregate}")).because(&e)
    })?;
    let content = Content {
        id: Cow::Owned(Uuid::now_v7().to_string()),
        event_type: Cow::Borrowed(event_type(aggregate)),
        type_version: 1,
        time_ms: None,
        correlation_id: None,
        causation_id: None,
        actor: None,
        data: Cow::Owned(data),
        metadata: None,
    };
    let append = store.prepare(aggregate, Expected::Exists, &[content])?;
    let outcome = store.append(&append).await.map_err(|e| {
        Failure::from(e).hint("Nothing is erased yet; the same command again begins anew.")
    })?;
    match outcome {
        Outcome::Stored { .. } | Outcome::Known { .. } => Ok(()),
        Outcome::Conflict { .. } | Outcome::Other { .. } | Outcome::Mixed { .. } => {
            Err(nothing(aggregate, 0))
        }
    }
}

/// A snapshot from before holds fields that are gone from the state: it is taken anew, or goes.
async fn renew_snapshot(
    store: &mut Store,
    aggregate: &Aggregate,
    context: &Context,
) -> Result<(), Failure> {
    if store.snapshot(aggregate).await?.is_none() {
        return Ok(());
    }
    let model = Model::new(context, false)?;
    let state = model.state(store, aggregate, AsOf::Newest).await;
    match state.map(|found| found.state) {
        Ok(Some(state)) => model.keep(store, aggregate, state).await,
        Ok(None) => Ok(()),
        Err(failure) => {
            store.drop_snapshot(aggregate).await?;
            let why = failure.causes.last().unwrap_or(&failure.message);
            context
                .ui
                .warning(format!("the snapshot of {aggregate} was deleted, and none taken: {why}"));
            Ok(())
        }
    }
}

fn answer(
    aggregate: &Aggregate,
    store: &Store,
    seen: &Seen,
    done: bool,
    context: &Context,
) -> Result<(), Failure> {
    let mut report = Report::new(format!("{aggregate} in {}", store.place()))
        .column("aggregateType", "TYPE")
        .column("aggregateId", "ID")
        .number("revision", "REVISION")
        .number("sealedFields", "SEALED FIELDS")
        .number("clearEvents", "EVENTS IN THE CLEAR")
        .number("archivedEvents", "ARCHIVED EVENTS")
        .column("result", "RESULT");
    report.push(vec![
        aggregate.kind().into(),
        aggregate.id().into(),
        seen.told.as_ref().map_or(crate::ui::Cell::Null, |(revision, _)| (*revision).into()),
        seen.sealed.into(),
        (seen.clear.len() as u64).into(),
        seen.archived.into(),
        if done { "known" } else { "erased" }.into(),
    ]);
    Ok(context.ui.report(&report)?)
}

/// Where copies may be that this command does not reach.
fn say_where(sealing: &Sealing, context: &Context) {
    let folder = sealing.keys().folder().display();
    context.ui.status(format!(
        "Copies of the key may be in backups and snapshots of {folder}; copies of open fields where \
         somebody wrote down what --open or `customers show` gave. Projections and customer.info \
         follow with `events project` and `events relay`."
    ));
}

/// Says what is readable still, or may be; whether there is anything.
fn left(seen: &Seen, elsewhere: usize, context: &Context) -> bool {
    if elsewhere > 0 {
        context.ui.warning(format!(
            "fields were sealed with {elsewhere} more keys, which are in another folder: erase it \
             there too, with --set events.keys_dir=DIR"
        ));
    }
    if seen.archived > 0 {
        context.ui.warning(format!(
            "{} archived events were not looked at: what is sealed there with the erased key is \
             unreadable too; --archive DIR tells of the rest",
            seen.archived
        ));
    }
    if !seen.clear.is_empty() {
        let revisions: Vec<String> = seen.clear.iter().take(10).map(u64::to_string).collect();
        let more = if seen.clear.len() > 10 { ", ..." } else { "" };
        context.ui.warning(format!(
            "{} events were stored in the clear and stay readable, here and wherever they were \
             copied: revisions {}{more}. Before others are erased: export, then `events import \
             --renumber` into a new store seals them",
            seen.clear.len(),
            revisions.join(", ")
        ));
    }
    elsewhere > 0 || seen.archived > 0 || !seen.clear.is_empty()
}
