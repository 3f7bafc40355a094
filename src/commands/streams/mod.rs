//! `bss streams`: Run and inspect the stream topologies

pub mod describe;
pub mod list;
pub mod rules;
pub mod run;
pub mod status;
pub mod test;
pub mod topologies;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Run and inspect the stream topologies
#[derive(Debug, clap::Subcommand)]
pub enum Streams {
    /// List the topologies
    List(list::ListArgs),
    /// Run topologies
    Run(run::RunArgs),
    /// Show what a topology reads, keeps and writes
    Describe(describe::DescribeArgs),
    /// Show whether topologies run, how far they are and what they set aside
    Status(status::StatusArgs),
    /// Run a topology over a file, without a broker
    Test(test::TestArgs),
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
            Self::Test(args) => test::run(args, context).await,
        }
    }
}
