//! The state of an aggregate out of the store: its newest usable snapshot and the events behind it.

use super::form::upcasters;
use super::shown;
use crate::backends::redis::events::{Loaded, Store};
use crate::cli::Failure;
use crate::commands::Context;
use crate::customers;
use crate::domain::EventTime;
use crate::events::fold::{self, MERGED, Rules};
use crate::events::snapshot::{Snapshot, Unusable};
use crate::events::{Aggregate, Event, State, Unfit, Upcasters};

/// Events that are read at once.
const PAGE: u64 = 1000;

/// How states are made here.
pub struct Model {
    upcasters: Upcasters,
    skip: bool,
}

/// As of when a state is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOf {
    /// Now.
    Newest,
    /// A revision.
    Revision(u64),
    /// What was stored up to an instant.
    Time(EventTime),
}

/// A state that was found.
#[derive(Debug, Default)]
pub struct Found {
    /// The state; `None` before the first event.
    pub state: Option<State>,
    /// How many events the aggregate has.
    pub events: u64,
    /// How many of them were read.
    pub read: u64,
    /// How many of these were left out.
    pub skipped: u64,
    /// The revision of the snapshot that was used.
    pub snapshot: Option<u64>,
    /// Why the snapshot that is there was not used.
    pub unusable: Option<Unusable>,
}

impl Found {
    /// Warns of a snapshot that was not used.
    pub fn warn(&self, aggregate: &Aggregate, context: &Context) {
        if let Some(why) = &self.unusable {
            context.ui.warning(format!(
                "the snapshot of {aggregate} was not used, the state is that of its events: {why}"
            ));
        }
    }
}

/// The rules of an aggregate.
#[must_use]
pub fn rules(aggregate: &Aggregate) -> Rules {
    if aggregate.kind() == customers::CATEGORY { customers::RULES } else { MERGED }
}

impl Model {
    /// The model of the settings; with `skip`, events that nobody here knows change nothing.
    ///
    /// # Errors
    /// Exit 3 for an upcaster that is none.
    pub fn new(context: &Context, skip: bool) -> Result<Self, Failure> {
        Ok(Self { upcasters: upcasters(context)?, skip })
    }

    /// The upcasters.
    #[must_use]
    pub const fn upcasters(&self) -> &Upcasters {
        &self.upcasters
    }

    /// The state of an aggregate.
    ///
    /// # Errors
    /// Exit 1 for a revision that there is not, an event that was archived, is damaged or unknown.
    pub async fn state(
        &self,
        store: &mut Store,
        aggregate: &Aggregate,
        as_of: AsOf,
    ) -> Result<Found, Failure> {
        let mut found = Found { events: store.events_of(aggregate).await?, ..Found::default() };
        let Some(newest) = found.events.checked_sub(1) else { return Ok(found) };
        let last = match as_of {
            AsOf::Revision(revision) if revision > newest => {
                return Err(Failure::failed(format!("{aggregate} has no revision {revision}"))
                    .code("missing")
                    .because(&std::io::Error::other(format!("its last one is {newest}"))));
            }
            AsOf::Revision(revision) => revision,
            AsOf::Newest | AsOf::Time(_) => newest,
        };
        match self.snapshot(store, aggregate).await {
            Ok(Some(state)) if within(&state, last, as_of) => {
                found.snapshot = Some(state.revision);
                found.state = Some(state);
            }
            Ok(_) => {}
            Err(Doubt::Unusable(why)) => found.unusable = Some(why),
            Err(Doubt::Failure(failure)) => return Err(failure),
        }
        self.fold(store, aggregate, (last, as_of), &mut found).await?;
        Ok(found)
    }

    /// The state by its events alone, up to a revision.
    ///
    /// # Errors
    /// As [`Self::state`].
    pub async fn full(
        &self,
        store: &mut Store,
        aggregate: &Aggregate,
        last: u64,
    ) -> Result<Option<State>, Failure> {
        let mut found = Found::default();
        self.fold(store, aggregate, (last, AsOf::Revision(last)), &mut found).await?;
        Ok(found.state)
    }

    /// The state of the snapshot that is there, if it is usable.
    ///
    /// # Errors
    /// [`Doubt::Unusable`] with the reason.
    pub async fn snapshot(
        &self,
        store: &mut Store,
        aggregate: &Aggregate,
    ) -> Result<Option<State>, Doubt> {
        let Some(bytes) = store.snapshot(aggregate).await? else { return Ok(None) };
        self.judged(store, aggregate, &bytes).await.map(Some)
    }

    /// The state of a snapshot's bytes, if it is usable.
    ///
    /// # Errors
    /// [`Doubt::Unusable`] with the reason.
    pub async fn judged(
        &self,
        store: &mut Store,
        aggregate: &Aggregate,
        bytes: &[u8],
    ) -> Result<State, Doubt> {
        let taken = Snapshot::read(aggregate, bytes)?;
        taken.fits(&rules(aggregate), &self.upcasters)?;
        let revision = taken.state.revision;
        match store.load(aggregate, revision, Some(revision)).await?.loaded.first() {
            Some(Loaded::Event(event)) => taken.belongs(event.position, Some(event))?,
            Some(Loaded::Trimmed { position, .. }) => taken.belongs(*position, None)?,
            None => return Err(Unusable::Foreign(revision).into()),
        }
        Ok(taken.state)
    }

    async fn fold(
        &self,
        store: &mut Store,
        aggregate: &Aggregate,
        (last, as_of): (u64, AsOf),
        found: &mut Found,
    ) -> Result<(), Failure> {
        let mut next = found.state.as_ref().map_or(0, |state| state.revision + 1);
        while next <= last {
            let end = last.min(next.saturating_add(PAGE - 1));
            let events = shown::present(store.load(aggregate, next, Some(end)).await?.loaded)?;
            if events.is_empty() {
                break;
            }
            for event in &events {
                if matches!(as_of, AsOf::Time(time) if event.recorded_at > time) {
                    return Ok(());
                }
                self.step(aggregate, event, found)?;
            }
            next = end + 1;
        }
        Ok(())
    }

    fn step(&self, aggregate: &Aggregate, event: &Event, found: &mut Found) -> Result<(), Failure> {
        found.read += 1;
        match fold::step(&rules(aggregate), &self.upcasters, &mut found.state, event) {
            Ok(()) => Ok(()),
            Err(Unfit::Version { .. } | Unfit::Type { .. }) if self.skip => {
                fold::skip(&mut found.state, event);
                found.skipped += 1;
                Ok(())
            }
            Err(unfit) => Err(shown::unfit(event, &unfit)
                .hint("See the state without such events: bss events state --skip-unknown")),
        }
    }

    /// Keeps a state as its aggregate's snapshot.
    ///
    /// # Errors
    /// As the server says.
    pub async fn keep(
        &self,
        store: &mut Store,
        aggregate: &Aggregate,
        state: State,
    ) -> Result<(), Failure> {
        let taken = Snapshot::of(state, &rules(aggregate), &self.upcasters);
        let bytes = taken.write(aggregate).map_err(|e| {
            Failure::failed(format!("could not take a snapshot of {aggregate}")).because(&e)
        })?;
        Ok(store.keep_snapshot(aggregate, &bytes).await?)
    }
}

fn within(state: &State, last: u64, as_of: AsOf) -> bool {
    state.revision <= last && !matches!(as_of, AsOf::Time(time) if state.recorded_at > time)
}

/// Why a snapshot gives no state.
pub enum Doubt {
    /// It cannot be trusted.
    Unusable(Unusable),
    /// It could not be read.
    Failure(Failure),
}

impl From<Unusable> for Doubt {
    fn from(why: Unusable) -> Self {
        Self::Unusable(why)
    }
}

impl From<crate::backends::BackendError> for Doubt {
    fn from(error: crate::backends::BackendError) -> Self {
        Self::Failure(error.into())
    }
}

/// Takes a snapshot after `count` events from `first` on were stored, if that is due, or to `renew` one
/// that was found unusable. It is a convenience: what fails here is told and fails nothing.
pub async fn keep_if_due(
    context: &Context,
    store: &mut Store,
    aggregate: &Aggregate,
    (first, count): (u64, u64),
    renew: bool,
) {
    let every = context.settings().events.snapshot_every;
    if every == 0 || (!renew && (first + count) / every == first / every) {
        return;
    }
    let taken = async {
        let model = Model::new(context, false)?;
        let found = model.state(store, aggregate, AsOf::Newest).await?;
        if !renew {
            found.warn(aggregate, context);
        }
        match found.state {
            Some(state) => model.keep(store, aggregate, state).await,
            None => Ok(()),
        }
    };
    if let Err(failure) = taken.await {
        let why = failure.causes.last().unwrap_or(&failure.message);
        context.ui.warning(format!("no snapshot of {aggregate} was taken: {why}"));
    }
}
