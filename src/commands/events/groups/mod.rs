//! `bss events groups`: Run and inspect the consumer groups of the event store

mod handler;
pub mod list;
pub mod remove;
pub mod retire;
pub mod run;
pub mod status;

pub use handler::{Ended, Handler};

use super::open;
use crate::backends::redis::events::{Access, Store};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Run and inspect the consumer groups of the event store
#[derive(Debug, clap::Subcommand)]
#[expect(missing_docs, reason = "each leaf's arguments carry its help")]
pub enum Groups {
    Run(run::RunArgs),
    List(list::ListArgs),
    Status(status::StatusArgs),
    Retire(retire::RetireArgs),
    Remove(remove::RemoveArgs),
}

impl Groups {
    /// Runs the leaf.
    ///
    /// # Errors
    /// The command's failure.
    pub async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self {
            Self::Run(args) => run::run(args, context).await,
            Self::List(args) => list::run(args, context).await,
            Self::Status(args) => status::run(args, context).await,
            Self::Retire(args) => retire::run(args, context).await,
            Self::Remove(args) => remove::run(args, context).await,
        }
    }
}

/// The name under which a group stands among the readers of a shard.
#[must_use]
pub fn reader(group: &str) -> String {
    format!("group:{group}")
}

/// The consumer of this machine.
#[must_use]
pub fn this_consumer() -> String {
    let host = rustix::system::uname().nodename().to_string_lossy().into_owned();
    crate::events::group::name(&host).unwrap_or_else(|_| "consumer".to_owned())
}

/// Opens the store for a group that must be there.
///
/// # Errors
/// Those of [`Store::open`]; exit 1 if there is no such group.
pub async fn open_for(context: &Context, group: &str) -> Result<Store, Failure> {
    let mut store = open(context, Access::Read).await?;
    for shard in 0..store.shards() {
        if store.readers(shard).await?.contains_key(&reader(group)) {
            return Ok(store);
        }
    }
    Err(Failure::failed(format!(
        "there is no group {group} in the event store at {}",
        store.place()
    ))
    .code("missing")
    .hint("See which groups there are: bss events groups list")
    .hint("Its first run makes it: bss events groups run GROUP -- COMMAND"))
}

/// Milliseconds as seconds.
#[must_use]
pub fn seconds(millis: u64) -> crate::ui::Cell {
    crate::ui::Cell::Number(format!("{}.{:03}", millis / 1000, millis % 1000))
}
