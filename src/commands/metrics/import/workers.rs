//! Batches on their way to the server, several at once if there are several connections.

use std::pin::Pin;
use std::sync::Arc;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::prepare::Prepared;
use crate::backends::error::Result;
use crate::backends::postgres::ledger::Posting;
use crate::backends::postgres::load::Loader;
use crate::backends::postgres::samples::Outcome;
use crate::metrics::kind::Kind;
use crate::metrics::ledger::Link;

/// What became of a batch.
pub enum Fate {
    /// An earlier run stored it.
    PassedOver,
    /// It was sent.
    Sent(Outcome),
}

/// What a batch is posted as.
#[derive(Clone)]
pub struct Errand {
    /// The kind of its rows.
    pub kind: Kind,
    /// The file, for people.
    pub source: Arc<str>,
    /// Stands in where a batch has no link.
    pub first: Link,
    /// Whether the ledger is not asked.
    pub reload: bool,
}

type Carried = (Loader, Prepared, Result<Fate>);

/// The connections, and the batches that they carry.
///
/// Batches are transactions of their own and may end in any order. Rows of one key in two of them are
/// told apart by the server whichever is first: one is stored, the other a duplicate or a conflict.
/// Not so corrections, which look at what is stored before they are written: a batch with any goes
/// alone.
pub struct Workers {
    errand: Errand,
    idle: Vec<Loader>,
    busy: FuturesUnordered<Pin<Box<dyn Future<Output = Carried>>>>,
    /// Waits until the others are done.
    held: Option<Prepared>,
    alone: bool,
}

impl Workers {
    /// Nothing is under way yet.
    pub fn new(errand: Errand, loaders: Vec<Loader>) -> Self {
        Self { errand, idle: loaders, busy: FuturesUnordered::new(), held: None, alone: false }
    }

    /// A connection that carries nothing now.
    pub fn idle(&mut self) -> Option<&mut Loader> {
        self.idle.first_mut()
    }

    /// Whether anything is under way.
    pub fn is_busy(&self) -> bool {
        !self.busy.is_empty()
    }

    /// Whether another batch can be taken.
    pub fn takes(&self) -> bool {
        !self.alone && self.held.is_none() && !self.idle.is_empty()
    }

    /// Takes a batch; there must be room for it.
    pub fn send(&mut self, prepared: Prepared) {
        if prepared.rows.corrects() && self.is_busy() {
            self.held = Some(prepared);
            return;
        }
        let Some(loader) = self.idle.pop() else { return };
        self.alone = prepared.rows.corrects();
        self.busy.push(Box::pin(carry(loader, prepared, self.errand.clone())));
    }

    /// The next batch that is through; waits for ever if none is under way.
    ///
    /// # Errors
    /// A lost connection, a missing table, a deadlock that came again and again.
    pub async fn next(&mut self) -> Result<(Prepared, Fate)> {
        let Some((loader, prepared, fate)) = self.busy.next().await else {
            return std::future::pending().await;
        };
        self.idle.push(loader);
        if self.busy.is_empty() {
            self.alone = false;
            if let Some(held) = self.held.take() {
                self.send(held);
            }
        }
        Ok((prepared, fate?))
    }
}

async fn carry(mut loader: Loader, prepared: Prepared, errand: Errand) -> Carried {
    let fate = sent(&mut loader, &prepared, &errand).await;
    (loader, prepared, fate)
}

/// Sends one batch unless the ledger has it.
async fn sent(loader: &mut Loader, prepared: &Prepared, errand: &Errand) -> Result<Fate> {
    let count = |n: usize| u64::try_from(n).unwrap_or(u64::MAX);
    let link = prepared.batch.link.unwrap_or(errand.first);
    let known = if errand.reload { None } else { loader.find(link).await? };
    if prepared.conflicting.is_empty() && known.is_some_and(|k| k.covers(prepared.valid())) {
        return Ok(Fate::PassedOver);
    }
    let posting = Posting {
        link,
        kind: errand.kind.name(),
        source: &errand.source,
        number: prepared.batch.number,
        duplicates: prepared.duplicates + prepared.corrected,
        conflicting: count(prepared.conflicting.len()),
        rejected: count(prepared.aside.len()),
    };
    loader.load(&prepared.rows, &posting).await.map(Fate::Sent)
}
