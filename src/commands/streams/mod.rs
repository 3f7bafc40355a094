//! `bss streams`: Run and inspect the stream topologies

pub mod aside;
pub mod bench;
mod condition;
pub mod describe;
pub mod diff;
pub mod dlq;
pub mod exposed;
pub mod generate;
pub mod hanging;
pub mod lag;
pub mod late;
pub mod list;
pub mod metadata;
pub mod metrics;
pub mod pause;
pub mod place;
mod processes;
pub mod rebuild;
pub mod reset;
pub mod resume;
pub mod rules;
pub mod run;
pub mod state;
pub mod status;
pub mod test;
pub mod topologies;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Run and inspect the stream topologies
#[derive(Debug, clap::Subcommand)]
#[expect(missing_docs, reason = "each leaf's arguments carry its help")]
pub enum Streams {
    List(list::ListArgs),
    Run(run::RunArgs),
    Describe(describe::DescribeArgs),
    Status(status::StatusArgs),
    Metadata(metadata::MetadataArgs),
    Metrics(metrics::MetricsArgs),
    Lag(lag::LagArgs),
    Pause(pause::PauseArgs),
    Resume(resume::ResumeArgs),
    Reset(reset::ResetArgs),
    Rebuild(rebuild::RebuildArgs),
    /// Look into the state of a topology
    #[command(subcommand)]
    State(state::State),
    Test(test::TestArgs),
    Diff(diff::DiffArgs),
    /// List, explain and requeue dead letters
    #[command(subcommand)]
    Dlq(dlq::Dlq),
    /// List records that came too late, and correct their windows
    #[command(subcommand)]
    Late(late::Late),
    Generate(generate::GenerateArgs),
}

impl Streams {
    /// Runs the leaf.
    ///
    /// # Errors
    /// The command's failure.
    pub async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self {
            Self::List(args) => list::run(args, context).await,
            Self::Run(args) => run::run(args, context).await,
            Self::Describe(args) => describe::run(args, context).await,
            Self::Status(args) => status::run(args, context).await,
            Self::Metadata(args) => metadata::run(args, context).await,
            Self::Metrics(args) => metrics::run(args, context).await,
            Self::Lag(args) => lag::run(args, context).await,
            Self::Pause(args) => pause::run(args, context).await,
            Self::Resume(args) => resume::run(args, context).await,
            Self::Reset(args) => reset::run(args, context).await,
            Self::Rebuild(args) => rebuild::run(args, context).await,
            Self::State(command) => command.run(context).await,
            Self::Test(args) => test::run(args, context).await,
            Self::Diff(args) => diff::run(args, context).await,
            Self::Dlq(command) => command.run(context).await,
            Self::Late(command) => command.run(context).await,
            Self::Generate(args) => generate::run(args, context).await,
        }
    }
}
