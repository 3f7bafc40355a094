//! `bss analytics`: Sum up revenue, orders, customers and services

pub mod asking;
pub mod customer;
pub mod forecast;
pub mod orders;
pub mod revenue;
pub mod system;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Sum up revenue, orders, customers and services
#[derive(Debug, clap::Subcommand)]
pub enum Analytics {
    /// Sum up revenue
    #[command(subcommand)]
    Revenue(revenue::Revenue),
    /// Count orders by status and region
    #[command(subcommand)]
    Orders(orders::Orders),
    /// Show what customers do
    #[command(subcommand)]
    Customer(customer::Customer),
    /// Judge and compare services
    #[command(subcommand)]
    System(system::System),
    #[expect(missing_docs, reason = "the leaf's arguments carry its help")]
    Forecast(forecast::FileArgs),
}

impl Analytics {
    /// Runs the leaf.
    ///
    /// # Errors
    /// The command's failure.
    pub async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self {
            Self::Revenue(command) => command.run(context).await,
            Self::Orders(command) => command.run(context).await,
            Self::Customer(command) => command.run(context).await,
            Self::System(command) => command.run(context).await,
            Self::Forecast(args) => forecast::run(&args, context),
        }
    }
}
