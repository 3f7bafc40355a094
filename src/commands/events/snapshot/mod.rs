//! `bss events snapshot`: Take, list, show and verify snapshots

pub mod list;
pub mod show;
pub mod take;
pub mod verify;

use super::loading::{Doubt, Model};
use super::open;
use crate::backends::redis::events::Store;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::events::snapshot::Unusable;
use crate::events::{Aggregate, State};

/// Take, list, show and verify snapshots
#[derive(Debug, clap::Subcommand)]
#[expect(missing_docs, reason = "each leaf's arguments carry its help")]
pub enum Snapshot {
    Take(take::TakeArgs),
    List(list::ListArgs),
    Show(show::ShowArgs),
    Verify(verify::VerifyArgs),
}

impl Snapshot {
    /// Runs the leaf.
    ///
    /// # Errors
    /// The command's failure.
    pub async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self {
            Self::Take(args) => take::run(args, context).await,
            Self::List(args) => list::run(args, context).await,
            Self::Show(args) => show::run(args, context).await,
            Self::Verify(args) => verify::run(args, context).await,
        }
    }
}

/// A snapshot's state, or why it is not used.
async fn judged(
    model: &Model,
    store: &mut Store,
    aggregate: &Aggregate,
    bytes: &[u8],
) -> Result<Result<State, Unusable>, Failure> {
    match model.judged(store, aggregate, bytes).await {
        Ok(state) => Ok(Ok(state)),
        Err(Doubt::Unusable(why)) => Ok(Err(why)),
        Err(Doubt::Failure(failure)) => Err(failure),
    }
}

/// No snapshot of an aggregate.
fn none(aggregate: &Aggregate) -> Failure {
    Failure::failed(format!("there is no snapshot of {aggregate}"))
        .code("missing")
        .hint(format!("Take one: bss events snapshot take {aggregate}"))
}
