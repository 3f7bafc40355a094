//! `bss fraud score`: Sum up fraud scores

use crate::analytics::facts;
use crate::analytics::scores::{PAYMENTS, SCORED, mean};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::analytics::asking::{Asked, ask, count};
use crate::ui::Cell;

/// Sum up fraud scores
#[derive(Debug, clap::Subcommand)]
pub enum Score {
    /// The mean fraud score
    ///
    /// Over all payments with a score of the last 7 days (or of --since and --until); those without are
    /// counted apart, never as a score of zero.
    Average(AverageArgs),
}

/// The options of `average`.
#[derive(Debug, clap::Args)]
pub struct AverageArgs {
    /// Only in this currency
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
}

impl Score {
    /// Runs the leaf.
    ///
    /// # Errors
    /// The command's failure.
    pub async fn run(self, context: &Context) -> Result<ExitStatus, Failure> {
        let Self::Average(args) = self;
        let only = vec![("currency", args.currency)];
        let asked =
            Asked { facts: facts::PAYMENTS, daily: false, by: Vec::new(), only, most: None };
        let answer = ask(context, 7, asked).await?;
        let all = |measure: usize| answer.facts.iter().map(|f| f.value(measure)).sum();
        let (payments, scored): (rust_decimal::Decimal, rust_decimal::Decimal) =
            (all(PAYMENTS), all(SCORED));
        let mut report = answer
            .report("Mean fraud score")
            .number("averageFraudScore", "SCORE")
            .number("payments", "PAYMENTS")
            .number("unscored", "UNSCORED");
        report.push(vec![
            mean(&answer.facts).map_or(Cell::Null, |m| Cell::Number(m.to_string())),
            count(payments),
            count(payments - scored),
        ]);
        context.ui.report(&report)?;
        Ok(ExitStatus::Done)
    }
}
