//! What the events of an aggregate hold of somebody: sealed, with which keys, or in the clear.

use super::history::History;
use super::sealing::Sealing;
use super::shown;
use crate::backends::redis::events::{Loaded, Store};
use crate::cli::Failure;
use crate::customers::{self, CustomerEvent};
use crate::events::content::BadContent;
use crate::events::seal::{Fingerprint, Sealed, keys_of};
use crate::events::tree::{Fields, Tree};
use crate::events::{Aggregate, Event};

/// Events that are read at once.
const PAGE: u64 = 1000;
/// What tells of an erasure, but for customers.
const ERASED: &str = "PersonalDataErased";

/// What was seen.
#[derive(Debug, Default)]
pub struct Seen {
    /// How many events the aggregate has.
    pub events: u64,
    /// How many of them were archived and not looked at.
    pub archived: u64,
    /// How many fields are sealed.
    pub sealed: u64,
    /// The keys that they are sealed with.
    pub keys: Vec<Fingerprint>,
    /// The names of personal fields: the declared ones, and those that are sealed.
    pub names: Vec<String>,
    /// Revisions with personal fields in the clear.
    pub clear: Vec<u64>,
    /// The revision of the last event that tells of an erasure, and which fields it names.
    pub told: Option<(u64, Vec<String>)>,
}

impl Seen {
    /// The revision that tells of the erasure of all these fields.
    #[must_use]
    pub fn told_of_all(&self) -> Option<u64> {
        let (revision, named) = self.told.as_ref()?;
        self.names.iter().all(|name| named.contains(name)).then_some(*revision)
    }

    fn take(&mut self, event: &Event, sealing: &Sealing) -> Result<(), Failure> {
        let aggregate = &event.aggregate;
        let damaged = |e: BadContent| shown::damaged(event, &e);
        let content = event.content().map_err(damaged)?;
        let data = Tree::read(content.data.get()).map_err(damaged)?.into_fields();
        if content.event_type == event_type(aggregate) {
            self.told = Some((event.revision, data.keys().cloned().collect()));
        }
        if !sealing.clear(aggregate, &content)?.is_empty() {
            self.clear.push(event.revision);
        }
        for (name, value) in data.iter().filter(|(_, value)| Sealed::read(value).is_some()) {
            self.sealed += 1;
            keys_of(value, &mut self.keys);
            if !self.names.contains(name) {
                self.names.push(name.clone());
            }
        }
        Ok(())
    }
}

/// Looks at all events of an aggregate; at those that were archived if `history` has an archive.
///
/// # Errors
/// As the server says; exit 1 for an event that is damaged.
pub async fn look(
    store: &mut Store,
    mut history: Option<&mut History>,
    aggregate: &Aggregate,
    sealing: &Sealing,
) -> Result<Seen, Failure> {
    let mut seen = Seen { events: store.events_of(aggregate).await?, ..Seen::default() };
    seen.names = sealing.personal().of(aggregate).map(str::to_owned).collect();
    let mut next = 0;
    while next < seen.events {
        let last = next + PAGE - 1;
        let mut page = store.load(aggregate, next, Some(last)).await?.loaded;
        if let Some(history) = &mut history {
            history.fill(&mut page)?;
        }
        for loaded in page {
            match loaded {
                Loaded::Event(event) => seen.take(&event, sealing)?,
                Loaded::Trimmed { .. } => seen.archived += 1,
            }
        }
        next = last + 1;
    }
    Ok(seen)
}

/// The type of the event that tells of an erasure.
#[must_use]
pub fn event_type(aggregate: &Aggregate) -> &'static str {
    if aggregate.kind() == customers::CATEGORY {
        CustomerEvent::Erased(Fields::new()).event_type()
    } else {
        ERASED
    }
}
