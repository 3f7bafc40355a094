//! The rows of customers that go out beside their events.

use std::collections::{BTreeMap, HashMap};

use super::Halt;
use crate::backends::kafka::relay::Publisher;
use crate::backends::redis::events::{Loaded, Store};
use crate::commands::events::shown;
use crate::domain::customer::CustomerInfo;
use crate::events::info::{Change, Info, KIND};
use crate::events::{Content, Event, Upcasters};

/// Customers that are held, at most; beyond that all are forgotten and loaded as they come.
const HELD: usize = 100_000;
/// Events that are loaded at once.
const PAGE: u64 = 1000;

/// Customers as their published events give them.
pub struct Rows {
    upcasters: Upcasters,
    /// The customer's next revision, and what its events say up to there.
    known: HashMap<String, (u64, Info)>,
    /// The rows in Kafka, read when a customer's first events are no longer in the store.
    written: Option<BTreeMap<String, Vec<u8>>>,
}

impl Rows {
    /// No customer yet.
    #[must_use]
    pub fn new(upcasters: Upcasters) -> Self {
        Self { upcasters, known: HashMap::new(), written: None }
    }

    /// Forgets every customer: each is loaded again as its next event comes.
    pub fn forget(&mut self) {
        self.known.clear();
        self.written = None;
    }

    /// An event's content in today's form.
    ///
    /// # Errors
    /// Final for a damaged event, and for a version that this program does not know.
    pub fn current<'e>(&self, event: &'e Event) -> Result<Content<'e>, Halt> {
        let content = event.content().map_err(|e| shown::damaged(event, &e))?;
        let current = self.upcasters.current(&event.aggregate, content);
        Ok(current.map_err(|unfit| {
            shown::unfit(event, &unfit)
                .hint("Relay with a program that knows this version; nothing was left out.")
        })?)
    }

    /// What an event makes of its customer's row; nothing for other aggregates.
    ///
    /// # Errors
    /// As the servers say; final for a damaged event.
    pub async fn take(
        &mut self,
        event: &Event,
        content: &Content<'_>,
        store: &mut Store,
        publisher: &Publisher,
    ) -> Result<Option<(String, Option<Vec<u8>>)>, Halt> {
        if event.aggregate.kind() != KIND {
            return Ok(None);
        }
        let id = event.aggregate.id();
        let known = self.known.remove(id).filter(|(next, _)| *next == event.revision);
        let mut info = match known {
            Some((_, info)) => info,
            None => self.load(event, store, publisher).await?,
        };
        let change = info.take(id, content, event.recorded_at);
        if self.known.len() >= HELD {
            // What is written by now stands before what is forgotten.
            self.forget();
        }
        self.known.insert(id.to_owned(), (event.revision + 1, info));
        Ok(match change {
            Change::None => None,
            Change::Row(row) => Some((id.to_owned(), Some(row))),
            Change::Deleted => Some((id.to_owned(), None)),
        })
    }

    /// What a customer's events before this one say.
    async fn load(
        &mut self,
        event: &Event,
        store: &mut Store,
        publisher: &Publisher,
    ) -> Result<Info, Halt> {
        let mut info = Info::default();
        let mut next = 0;
        while next < event.revision {
            let last = (next + PAGE).min(event.revision) - 1;
            let part = store.load(&event.aggregate, next, Some(last)).await?;
            for loaded in part.loaded {
                match loaded {
                    Loaded::Event(before) => {
                        let content = self.current(&before)?;
                        info.take(before.aggregate.id(), &content, before.recorded_at);
                    }
                    // The row was written with the customer's last published event: it says all
                    // that the events before this one do.
                    Loaded::Trimmed { .. } => return self.row(event.aggregate.id(), publisher),
                }
            }
            next = last + 1;
        }
        Ok(info)
    }

    fn row(&mut self, id: &str, publisher: &Publisher) -> Result<Info, Halt> {
        let written = match &mut self.written {
            Some(written) => written,
            none => none.insert(tokio::task::block_in_place(|| publisher.rows())?),
        };
        let row = written.get(id).and_then(|row| CustomerInfo::from_json(row, None).ok());
        Ok(row.map_or_else(Info::default, |row| Info::of_row(&row)))
    }
}
