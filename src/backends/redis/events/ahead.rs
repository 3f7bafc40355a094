//! Reading ahead: while a page of a shard is worked on, the next ones are on their way.

use std::collections::VecDeque;

use tokio::task::JoinHandle;

use super::Store;
use super::read::Direction;
use crate::backends::error::{BackendError, Kind, Result};
use crate::events::{Event, Position};

/// Pages on their way at once: one that the server makes while the one before is read from it.
const DEPTH: usize = 2;

/// The pages that are on their way, in their order.
#[derive(Debug, Default)]
pub struct Ahead {
    pages: VecDeque<Page>,
}

#[derive(Debug)]
struct Page {
    from: Position,
    count: usize,
    events: JoinHandle<Result<Vec<Event>>>,
}

impl Drop for Page {
    fn drop(&mut self) {
        self.events.abort();
    }
}

impl Ahead {
    /// The page that begins there, if it is on its way; otherwise none of those that are is wanted.
    fn take(&mut self, from: Position, count: usize) -> Option<Page> {
        let next = self.pages.pop_front().filter(|p| (p.from, p.count) == (from, count));
        if next.is_none() {
            self.pages.clear();
        }
        next
    }
}

impl Store {
    /// As [`Store::read`] forward, for whoever goes on with the events behind them: these are asked for
    /// at once. A page that was on its way may lack what was appended since it was asked for.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub async fn read_on(
        &mut self,
        ahead: &mut Ahead,
        from: Position,
        count: usize,
    ) -> Result<Vec<Event>> {
        let events = match ahead.take(from, count) {
            Some(mut page) => (&mut page.events).await.map_err(|e| {
                BackendError::new(Kind::Internal, "could not read events ahead").because(e)
            })??,
            None => self.read(from, Direction::Forward, count).await?,
        };
        if let (Some(last), true) = (events.last(), events.len() == count) {
            // Positions are dense; where one is missing, the page behind begins elsewhere, and what was
            // asked for is not taken.
            let width = u64::try_from(count).unwrap_or(u64::MAX);
            let behind = |page: usize| {
                let pages = width.saturating_mul(u64::try_from(page).unwrap_or(u64::MAX));
                last.position.n.saturating_add(1).saturating_add(pages)
            };
            for page in ahead.pages.len()..DEPTH {
                let (mut store, from) = (self.clone(), Position { n: behind(page), ..from });
                let events =
                    tokio::spawn(async move { store.read(from, Direction::Forward, count).await });
                ahead.pages.push_back(Page { from, count, events });
            }
        }
        Ok(events)
    }
}
