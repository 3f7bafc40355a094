//! `bss metrics record`: record one metric.

pub mod customer;
pub mod order;
pub mod payment;
pub mod revenue;
mod store;
pub mod system;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Record one metric
#[derive(Debug, clap::Subcommand)]
#[expect(missing_docs, reason = "each leaf's arguments carry its help")]
pub enum Record {
    Customer(customer::CustomerArgs),
    Order(order::OrderArgs),
    Payment(payment::PaymentArgs),
    Revenue(revenue::RevenueArgs),
    System(system::SystemArgs),
}

impl Record {
    /// Runs the leaf.
    ///
    /// # Errors
    /// The command's failure.
    pub async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self {
            Self::Customer(args) => customer::run(args, context).await,
            Self::Order(args) => order::run(args, context).await,
            Self::Payment(args) => payment::run(args, context).await,
            Self::Revenue(args) => revenue::run(args, context).await,
            Self::System(args) => system::run(args, context).await,
        }
    }
}
