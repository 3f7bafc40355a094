//! `bss fraud`: Report suspicious payments and alerts, and how good they are

pub mod alerts;
pub mod anomalies;
pub mod backtest;
pub mod evaluate;
pub mod patterns;
pub mod payments;
pub mod recorded;
pub mod score;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// Report suspicious payments and alerts
#[derive(Debug, clap::Subcommand)]
#[expect(missing_docs, reason = "each leaf's arguments carry its help")]
pub enum Fraud {
    /// List and explain alerts
    #[command(subcommand)]
    Alerts(alerts::Alerts),
    Anomalies(anomalies::AnomaliesArgs),
    Patterns(patterns::PatternsArgs),
    /// Report payments by status, amount and what is usual
    #[command(subcommand)]
    Payments(payments::Payments),
    /// Sum up fraud scores
    #[command(subcommand)]
    Score(score::Score),
    Evaluate(evaluate::EvaluateArgs),
    Backtest(backtest::BacktestArgs),
}

impl Fraud {
    /// Runs the leaf.
    ///
    /// # Errors
    /// The command's failure.
    pub async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        match self {
            Self::Alerts(command) => command.run(context).await,
            Self::Anomalies(args) => anomalies::run(args, context).await,
            Self::Patterns(args) => patterns::run(args, context).await,
            Self::Payments(command) => command.run(context).await,
            Self::Score(command) => command.run(context).await,
            Self::Evaluate(args) => evaluate::run(args, context).await,
            Self::Backtest(args) => backtest::run(args, context).await,
        }
    }
}
