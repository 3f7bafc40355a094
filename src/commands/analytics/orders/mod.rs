//! `bss analytics orders`: Count orders by status and region

pub mod fulfilment;
pub mod region;
pub mod status;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Count orders by status and region
#[derive(Debug, clap::Subcommand)]
#[expect(missing_docs, reason = "each leaf's arguments carry its help")]
pub enum Orders {
    Fulfilment(fulfilment::FulfilmentArgs),
    Status(status::StatusArgs),
    Region(region::RegionArgs),
}

impl Orders {
    /// Runs the leaf.
    ///
    /// # Errors
    /// The command's failure.
    pub async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self {
            Self::Fulfilment(args) => fulfilment::run(args, context).await,
            Self::Status(args) => status::run(args, context).await,
            Self::Region(args) => region::run(args, context).await,
        }
    }
}
