//! `bss events erase`

use std::borrow::Cow;

use uuid::Uuid;

use super::loading::{AsOf, Model};
use super::open;
use super::sealing::Sealing;
use super::state::nothing;
use crate::backends::keys::Held;
use crate::backends::redis::events::{Access, Loaded, Outcome, Store};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::config::Backend;
use crate::customers::{self, CustomerEvent};
use crate::events::seal::{Fingerprint, Sealed, keys_of};
use crate::events::tree::{Fields, Tree};
use crate::events::{Aggregate, Content, Expected};
use crate::runtime::Fault;
use crate::ui::Report;

/// Events that are read at once.
const PAGE: u64 = 1000;
/// What tells of an erasure, but for customers.
const ERASED: &str = "PersonalDataErased";

/// Forget the personal fields of an aggregate for good
///
/// Erases the key that the personal fields (events.personal) of an aggregate are sealed with. Its events
/// stay, and so do their chain, replay and every count; but what is sealed cannot be read any more,
/// neither here nor in snapshots, archives, exports or what was relayed to Kafka. An event tells of it
/// (CustomerErased, else PersonalDataErased), which empties states and projections and takes the
/// customer out of customer.info. Killed half-way, the same command goes on. Fields that were stored
/// before they were declared personal are in the clear, and others may be sealed with a key of another
/// folder: they are counted, and the exit status is 7. Handlers of groups get what is sealed as it is.
#[derive(Debug, clap::Args)]
pub struct EraseArgs {
    /// The aggregate, TYPE/ID
    #[arg(value_name = "AGGREGATE")]
    aggregate: Aggregate,
}

/// What the events of an aggregate hold of it.
#[derive(Default)]
pub struct Seen {
    events: u64,
    archived: u64,
    sealed: u64,
    /// The keys that something is sealed with.
    pub keys: Vec<Fingerprint>,
    /// Names of personal fields.
    names: Vec<String>,
    /// Revisions with personal fields in the clear.
    clear: Vec<u64>,
    /// The revision that tells of an erasure.
    told: Option<u64>,
}

/// Runs the command.
///
/// # Errors
/// Exit 1 if there are no events or the key is elsewhere, exit 2 without a confirmation.
pub async fn run(args: EraseArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let (aggregate, sealing) = (&args.aggregate, Sealing::new(context)?);
    let fault = Fault::parse(context.environment.fault.as_deref());
    let mut store = open(context, Access::Write).await?;
    let seen = look(&mut store, aggregate, &sealing).await?;
    if seen.events == 0 {
        return Err(nothing(aggregate, 0));
    }
    if seen.names.is_empty() {
        let what = format!("events of {} have no personal fields", aggregate.kind());
        return Err(
            Failure::failed(what).hint("Declare them in events.personal, before they are stored.")
        );
    }
    let held = sealing.keys().find(aggregate)?;
    if held == Held::Nothing {
        sealing.has_keys(aggregate, &seen.keys)?;
    }
    let done = seen.told.is_some() && matches!(held, Held::Erased(_));
    if !done {
        let what = format!("erase the personal fields of {aggregate}");
        let effect = format!("{} sealed fields are unreadable for good", seen.sealed);
        let _agreed = context.confirm(&[Backend::Redis], &what, &effect).await?;
    }
    let revision = match seen.told {
        Some(revision) => revision,
        None => tell(&mut store, aggregate, &seen.names).await?,
    };
    fault.hit("erase-told");
    sealing.keys().erase(aggregate)?;
    fault.hit("erase-erased");
    renew_snapshot(&mut store, aggregate, context).await?;
    answer(aggregate, &store, &seen, (revision, done), context)?;
    say_where(&sealing, context);
    let elsewhere = sealing.elsewhere(aggregate, &seen.keys)?;
    Ok(if left(&seen, elsewhere, context) { ExitStatus::Partly } else { ExitStatus::Done })
}

/// Reads all events of the aggregate that are in the store.
///
/// # Errors
/// As the server says; exit 1 for an event that is damaged.
pub async fn look(
    store: &mut Store,
    aggregate: &Aggregate,
    sealing: &Sealing,
) -> Result<Seen, Failure> {
    let mut seen = Seen { events: store.events_of(aggregate).await?, ..Seen::default() };
    seen.names = sealing.personal().of(aggregate).map(str::to_owned).collect();
    let mut next = 0;
    while next < seen.events {
        let last = next + PAGE - 1;
        for loaded in store.load(aggregate, next, Some(last)).await?.loaded {
            let Loaded::Event(event) = loaded else {
                seen.archived += 1;
                continue;
            };
            let content = event.content().map_err(|e| super::shown::damaged(&event, &e))?;
            let data = Tree::read(content.data.get());
            let data = data.map_err(|e| super::shown::damaged(&event, &e))?.into_fields();
            seen.take(event.revision, &content, data, aggregate, sealing);
        }
        next = last + 1;
    }
    Ok(seen)
}

impl Seen {
    fn take(
        &mut self,
        revision: u64,
        content: &Content<'_>,
        data: Fields,
        aggregate: &Aggregate,
        sealing: &Sealing,
    ) {
        if content.event_type == event_type(aggregate) {
            self.told = Some(revision);
        }
        if !sealing.personal().clear(aggregate, &data).is_empty() {
            self.clear.push(revision);
        }
        for (name, value) in data.iter().filter(|(_, value)| Sealed::read(value).is_some()) {
            self.sealed += 1;
            keys_of(value, &mut self.keys);
            if !self.names.contains(name) {
                self.names.push(name.clone());
            }
        }
    }
}

fn event_type(aggregate: &Aggregate) -> &'static str {
    if aggregate.kind() == customers::CATEGORY {
        CustomerEvent::Erased.event_type()
    } else {
        ERASED
    }
}

/// Appends the event that tells of the erasure: its revision.
async fn tell(store: &mut Store, aggregate: &Aggregate, names: &[String]) -> Result<u64, Failure> {
    let data = if aggregate.kind() == customers::CATEGORY {
        CustomerEvent::Erased.data()
    } else {
        // Merged into a state, null takes a field away.
        Tree::Object(names.iter().map(|name| (name.clone(), Tree::null())).collect())
    };
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
        Outcome::Stored { revision, .. } | Outcome::Known { revision, .. } => Ok(revision),
        Outcome::Conflict { .. } | Outcome::Other { .. } | Outcome::Mixed { .. } => {
            Err(nothing(aggregate, 0))
        }
    }
}

/// A snapshot from before holds fields that are gone from the state.
async fn renew_snapshot(
    store: &mut Store,
    aggregate: &Aggregate,
    context: &Context,
) -> Result<(), Failure> {
    if store.snapshot(aggregate).await?.is_none() {
        return Ok(());
    }
    let model = Model::new(context, true)?;
    match model.state(store, aggregate, AsOf::Newest).await?.state {
        Some(state) => model.keep(store, aggregate, state).await,
        None => Ok(()),
    }
}

fn answer(
    aggregate: &Aggregate,
    store: &Store,
    seen: &Seen,
    (revision, done): (u64, bool),
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
        revision.into(),
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

/// Says what is readable still; whether anything is.
fn left(seen: &Seen, elsewhere: usize, context: &Context) -> bool {
    if elsewhere > 0 {
        context.ui.warning(format!(
            "fields were sealed with {elsewhere} more keys, which are in another folder: erase it \
             there too, with --set events.keys_dir=DIR"
        ));
    }
    if !seen.clear.is_empty() {
        let revisions: Vec<String> = seen.clear.iter().take(10).map(u64::to_string).collect();
        let more = if seen.clear.len() > 10 { ", ..." } else { "" };
        context.ui.warning(format!(
            "{} events were stored in the clear and stay readable, here and wherever they were \
             copied: revisions {}{more}",
            seen.clear.len(),
            revisions.join(", ")
        ));
    }
    elsewhere > 0 || !seen.clear.is_empty()
}
