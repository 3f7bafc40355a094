//! Reading ahead: while a page of a shard is worked on, the next one is on its way.

use tokio::task::JoinHandle;

use super::Store;
use super::read::Direction;
use crate::backends::error::{BackendError, Kind, Result};
use crate::events::{Event, Position};

/// The page that is on its way, if one is.
#[derive(Debug, Default)]
pub struct Ahead {
    page: Option<(Position, usize, JoinHandle<Result<Vec<Event>>>)>,
}

impl Ahead {
    fn take(&mut self, from: Position, count: usize) -> Option<JoinHandle<Result<Vec<Event>>>> {
        let (at, wanted, page) = self.page.take()?;
        if (at, wanted) == (from, count) {
            return Some(page);
        }
        page.abort();
        None
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        if let Some((.., page)) = &self.page {
            page.abort();
        }
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
            Some(page) => page.await.map_err(|e| {
                BackendError::new(Kind::Internal, "could not read events ahead").because(e)
            })??,
            None => self.read(from, Direction::Forward, count).await?,
        };
        if events.len() == count
            && let Some(n) = events.last().and_then(|last| last.position.n.checked_add(1))
        {
            let (mut store, next) = (self.clone(), Position { n, ..from });
            let page =
                tokio::spawn(async move { store.read(next, Direction::Forward, count).await });
            ahead.page = Some((next, count, page));
        }
        Ok(events)
    }
}
