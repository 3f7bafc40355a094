//! `bss events archive`

pub mod folder;
mod list;
mod restore;
mod verify;
mod write;

use std::path::PathBuf;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::events::Position;

pub use folder::Archive;

/// Move old events from the store into files, and read them there
///
/// Writes the oldest events of each shard to files in a folder (NDJSON, gzipped, with a manifest beside
/// each: positions, links, count, SHA-256), reads every file back, and only then takes its events out of
/// the store. Nothing is trimmed that a consumer group, the relay or a projection has not done: the
/// archive ends there and names it (exit 7), unless --force is given. Revisions, positions and ids go on
/// as before. `read`, `replay`, `export` and `verify` take the archive with --archive DIR. A run that
/// was killed at any step has lost nothing; run it again.
#[derive(Debug, clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true,
    group(clap::ArgGroup::new("which").args(["before", "keep", "upto"]).required(true)))]
pub struct ArchiveArgs {
    #[command(subcommand)]
    leaf: Option<Leaf>,
    #[command(flatten)]
    write: WriteArgs,
}

#[derive(Debug, clap::Subcommand)]
enum Leaf {
    List(list::ListArgs),
    Verify(verify::VerifyArgs),
    Restore(restore::RestoreArgs),
}

/// Which events go where.
#[derive(Debug, clap::Args)]
pub struct WriteArgs {
    /// Events recorded before this
    #[arg(long, value_name = "TIME")]
    before: Option<String>,
    /// All but the newest N events of each shard
    #[arg(long, value_name = "N")]
    keep: Option<u64>,
    /// Events up to this position, and with it, of its shard: N, or SHARD:N
    #[arg(long, value_name = "POSITION")]
    upto: Option<Position>,
    /// The folder of the archive
    #[arg(long, value_name = "DIR", required = true)]
    dir: Option<PathBuf>,
    /// Go on beyond what every reader has done: those behind lose the events
    #[arg(long)]
    force: bool,
}

/// Runs the command.
///
/// # Errors
/// Those of its leaves.
pub async fn run(args: ArchiveArgs, context: &Context) -> Result<ExitStatus, Failure> {
    match args.leaf {
        None => write::run(&args.write, context).await,
        Some(Leaf::List(args)) => list::run(&args, context),
        Some(Leaf::Verify(args)) => verify::run(&args, context),
        Some(Leaf::Restore(args)) => restore::run(&args, context).await,
    }
}
