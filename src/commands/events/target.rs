//! Where a projection is kept: a table, or a view beside the events.

use std::collections::HashMap;

use crate::backends::Result;
use crate::backends::postgres::projection::{self, table};
use crate::backends::postgres::{PgConnection, connect};
use crate::backends::redis::events::Store;
use crate::commands::Context;
use crate::config::Backend;
use crate::events::Event;
use crate::events::projection::{Build, Customer, Positions};

/// The places that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Place {
    /// The table bss.customers of TimescaleDB
    Timescale,
    /// A hash in each shard of the event store, {NAMESPACE:SHARD}:view:customers:live: ID to a row of JSON
    Redis,
}

/// A place that is open.
pub enum Target {
    /// The table.
    Timescale(PgConnection),
    /// The view.
    Redis(Box<Store>),
}

impl Target {
    /// Opens a place. The view is in the event store itself.
    ///
    /// # Errors
    /// A database that cannot be reached.
    pub async fn open(place: Place, store: &Store, context: &Context) -> Result<Self> {
        Ok(match place {
            Place::Timescale => Self::Timescale(connect(&context.settings().timescale).await?),
            Place::Redis => Self::Redis(Box::new(store.clone())),
        })
    }

    /// The name under which it stands among the readers of a shard.
    #[must_use]
    pub const fn reader(&self) -> &'static str {
        match self {
            Self::Timescale(_) => "projection:customers",
            Self::Redis(_) => "projection:customers-redis",
        }
    }

    /// The command that projects into it, with an option.
    #[must_use]
    pub fn command(&self, option: &str) -> String {
        let into = if matches!(self, Self::Redis(_)) { " --into redis" } else { "" };
        format!("bss events project customers{into} {option}")
    }

    /// What a build is called.
    #[must_use]
    pub fn name(&self, build: Build) -> String {
        match self {
            Self::Timescale(_) => table(build).to_owned(),
            Self::Redis(store) => {
                format!("{{{}:SHARD}}:view:customers:{}", store.namespace(), build.word())
            }
        }
    }

    /// The server that has it.
    #[must_use]
    pub const fn backend(&self) -> Backend {
        match self {
            Self::Timescale(_) => Backend::Timescale,
            Self::Redis(_) => Backend::Redis,
        }
    }

    /// How far a build has come.
    ///
    /// # Errors
    /// As the server says.
    pub async fn positions(&mut self, build: Build) -> Result<Positions> {
        match self {
            Self::Timescale(connection) => projection::positions(connection, build).await,
            Self::Redis(store) => store.view_positions(build).await,
        }
    }

    /// Folds the next events of one shard into a build, with their position.
    ///
    /// # Errors
    /// As the server says; an event that cannot be read.
    pub async fn apply(&mut self, build: Build, events: &[Event]) -> Result<()> {
        match self {
            Self::Timescale(connection) => projection::apply(connection, build, events).await,
            Self::Redis(store) => store.view_apply(build, events).await,
        }
    }

    /// All rows that are read, with the positions they stand for.
    ///
    /// # Errors
    /// As the server says.
    pub async fn all(&mut self) -> Result<(Positions, HashMap<String, Customer>)> {
        match self {
            Self::Timescale(connection) => projection::all(connection, Build::Live).await,
            Self::Redis(store) => store.view_all(Build::Live).await,
        }
    }

    /// Whether what was built of a shard was put in its place already, by a swap that did not end: a view
    /// is swapped shard by shard, and what is built begins with a position in each.
    #[must_use]
    pub fn is_placed(&self, built: &Positions, shard: u16) -> bool {
        matches!(self, Self::Redis(_)) && !built.contains_key(&shard)
    }

    /// Empties what is built beside the live one.
    ///
    /// # Errors
    /// As the server says.
    pub async fn begin_anew(&mut self) -> Result<()> {
        match self {
            Self::Timescale(connection) => projection::begin_anew(connection).await,
            Self::Redis(store) => store.view_begin_anew().await,
        }
    }

    /// Puts what was built in the place of the live one; false if that has come further.
    ///
    /// # Errors
    /// As the server says.
    pub async fn swap(&mut self, of_another_store: bool) -> Result<bool> {
        match self {
            Self::Timescale(connection) => projection::swap(connection, of_another_store).await,
            Self::Redis(store) => store.view_swap(of_another_store).await,
        }
    }
}
