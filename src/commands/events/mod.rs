//! `bss events`: Keep, read and prove the events of the event store

pub mod append;
pub mod archive;
pub mod bench;
mod choice;
mod copied;
pub mod diff;
pub mod erase;
pub mod export;
mod form;
pub mod groups;
mod history;
pub mod import;
pub mod list;
pub(super) mod loading;
pub mod parked;
pub mod pending;
mod personal;
pub mod project;
pub mod read;
pub mod relay;
pub mod replay;
pub(super) mod sealing;
mod shown;
pub mod snapshot;
pub mod state;
pub mod stats;
mod target;
pub mod verify;

use crate::backends::redis::events::{Access, Store};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Keep, read and prove the events of the event store
#[derive(Debug, clap::Subcommand)]
#[expect(missing_docs, reason = "each leaf's arguments carry its help")]
pub enum Events {
    Append(append::AppendArgs),
    Read(read::ReadArgs),
    List(list::ListArgs),
    Replay(replay::ReplayArgs),
    State(state::StateArgs),
    Diff(diff::DiffArgs),
    #[command(subcommand)]
    Snapshot(snapshot::Snapshot),
    Export(export::ExportArgs),
    Import(import::ImportArgs),
    Relay(relay::RelayArgs),
    Verify(verify::VerifyArgs),
    Stats(stats::StatsArgs),
    #[command(hide = true)]
    Bench(bench::BenchArgs),
    #[command(subcommand)]
    Groups(groups::Groups),
    #[command(subcommand)]
    Pending(pending::PendingLeaf),
    #[command(subcommand)]
    Parked(parked::ParkedLeaf),
    Archive(archive::ArchiveArgs),
    Erase(erase::EraseArgs),
    Project(project::ProjectArgs),
}

impl Events {
    /// Runs the leaf.
    ///
    /// # Errors
    /// The command's failure.
    pub async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self {
            Self::Append(args) => append::run(args, context).await,
            Self::Read(args) => read::run(args, context).await,
            Self::List(args) => list::run(args, context).await,
            Self::Replay(args) => replay::run(args, context).await,
            Self::State(args) => state::run(args, context).await,
            Self::Diff(args) => diff::run(args, context).await,
            Self::Snapshot(command) => command.run(context).await,
            Self::Export(args) => export::run(args, context).await,
            Self::Import(args) => import::run(args, context).await,
            Self::Relay(args) => relay::run(args, context).await,
            Self::Verify(args) => verify::run(args, context).await,
            Self::Stats(args) => stats::run(args, context).await,
            Self::Bench(args) => bench::run(args, context).await,
            Self::Groups(command) => command.run(context).await,
            Self::Pending(command) => command.run(context).await,
            Self::Parked(command) => command.run(context).await,
            Self::Erase(args) => erase::run(args, context).await,
            Self::Archive(args) => archive::run(args, context).await,
            Self::Project(args) => project::run(args, context).await,
        }
    }
}

/// Opens the event store of the settings.
///
/// # Errors
/// Those of [`Store::open`].
pub async fn open(context: &Context, access: Access) -> Result<Store, Failure> {
    let settings = context.settings();
    Ok(Store::open(&settings.redis, &settings.events, access).await?)
}
