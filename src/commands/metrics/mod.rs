//! `bss metrics`: Record, load, query and export metrics, and keep their aggregates current

pub mod anomalies;
pub mod export;
pub mod import;
pub mod ingest;
pub mod policies;
pub mod query;
pub mod record;
pub mod refresh;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::metrics::kind::Kind;

/// Record, load, query and export metrics
#[derive(Debug, clap::Subcommand)]
#[expect(missing_docs, reason = "each leaf's arguments carry its help")]
pub enum Metrics {
    Query(query::QueryArgs),
    Import(import::ImportArgs),
    Export(export::ExportArgs),
    /// Record one metric
    #[command(subcommand)]
    Record(record::Record),
    Ingest(ingest::IngestArgs),
    /// Run and check the policies of aggregates, compression and retention
    #[command(subcommand)]
    Policies(policies::Policies),
    Refresh(refresh::RefreshArgs),
    /// Find anomalies in stored metrics and in files
    #[command(subcommand)]
    Anomalies(anomalies::Anomalies),
}

impl Metrics {
    /// Runs the leaf.
    ///
    /// # Errors
    /// The command's failure.
    pub async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self {
            Self::Query(args) => query::run(args, context).await,
            Self::Export(args) => export::run(args, context).await,
            Self::Import(args) => import::run(args, context).await,
            Self::Record(command) => command.run(context).await,
            Self::Ingest(args) => ingest::run(args, context).await,
            Self::Policies(command) => command.run(context).await,
            Self::Refresh(args) => refresh::run(args, context).await,
            Self::Anomalies(command) => command.run(context).await,
        }
    }
}

/// The kinds of metric on the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum KindArg {
    /// Measurements of customers.
    Customer,
    /// Orders, once for each status.
    Order,
    /// Payments, once for each status.
    Payment,
    /// Revenue by region and product category.
    Revenue,
    /// Gauges of services.
    System,
}

impl KindArg {
    /// The kind.
    #[must_use]
    pub const fn of(self) -> Kind {
        match self {
            Self::Customer => Kind::Customer,
            Self::Order => Kind::Order,
            Self::Payment => Kind::Payment,
            Self::Revenue => Kind::Revenue,
            Self::System => Kind::System,
        }
    }
}
