//! `bss analytics revenue`: Sum up revenue

pub mod breakdown;
pub mod exchange;
pub mod forecast;
pub mod summary;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Sum up revenue
#[derive(Debug, clap::Subcommand)]
#[expect(missing_docs, reason = "each leaf's arguments carry its help")]
pub enum Revenue {
    Summary(summary::SummaryArgs),
    /// Revenue by region
    ///
    /// By day and region, the newest day first; with --total over the whole range. Revenue whose
    /// region is not known is UNKNOWN.
    Region(breakdown::BreakdownArgs),
    /// Revenue by product category
    ///
    /// By day and category, the newest day first; with --total over the whole range. Revenue whose
    /// category is not known is UNKNOWN.
    Category(breakdown::BreakdownArgs),
    Total(summary::TotalArgs),
    Forecast(forecast::ForecastArgs),
}

impl Revenue {
    /// Runs the leaf.
    ///
    /// # Errors
    /// The command's failure.
    pub async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        use breakdown::Dimension::{Category, Region};
        match self {
            Self::Summary(args) => summary::run(args, context).await,
            Self::Region(args) => breakdown::run(Region, args, context).await,
            Self::Category(args) => breakdown::run(Category, args, context).await,
            Self::Total(args) => summary::total(args, context).await,
            Self::Forecast(args) => forecast::run(&args, context).await,
        }
    }
}
