//! `bss fraud patterns`

use crate::analytics::facts;
use crate::analytics::scores::{AMOUNT, PAYMENTS, SCORED, mean};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::analytics::asking::{Asked, ask, count, money};
use crate::ui::Cell;

/// Payments by method and status, with their scores
///
/// A line for each method, status and currency of the last 7 days (or of --since and --until), the
/// highest mean score first. A mean is over payments with a score; those without are counted apart.
#[derive(Debug, clap::Args)]
pub struct PatternsArgs {
    /// Only in this currency
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(args: PatternsArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let by = vec!["payment_method", "status", "currency"];
    let only = vec![("currency", args.currency)];
    let asked = Asked { facts: facts::PAYMENTS, daily: false, by, only, most: None };
    let mut answer = ask(context, 7, asked).await?;
    answer.facts.sort_by(|a, b| {
        let by_count = || b.value(PAYMENTS).cmp(&a.value(PAYMENTS));
        mean([b]).cmp(&mean([a])).then_with(by_count).then_with(|| a.keys.cmp(&b.keys))
    });
    let all = |measure: usize| answer.facts.iter().map(|f| f.value(measure)).sum();
    let (payments, scored): (rust_decimal::Decimal, rust_decimal::Decimal) =
        (all(PAYMENTS), all(SCORED));
    let average = mean(&answer.facts);
    let whole = |n: rust_decimal::Decimal| n.normalize().to_string().parse::<u64>().ok();
    let mut report = answer
        .report("Payments by method and status")
        .meta("totalPayments", whole(payments))
        .meta("unscored", whole(payments - scored))
        .meta("averageFraudScore", average.map(|a| a.to_string()))
        .column("paymentMethod", "METHOD")
        .column("status", "STATUS")
        .column("currency", "CURRENCY")
        .number("payments", "PAYMENTS")
        .number("unscored", "UNSCORED")
        .number("averageFraudScore", "SCORE")
        .number("totalAmount", "AMOUNT");
    for fact in &answer.facts {
        report.push(vec![
            fact.key(0).into(),
            fact.key(1).into(),
            fact.key(2).into(),
            count(fact.value(PAYMENTS)),
            count(fact.value(PAYMENTS) - fact.value(SCORED)),
            mean([fact]).map_or(Cell::Null, |m| Cell::Number(m.to_string())),
            money(fact.value(AMOUNT)),
        ]);
    }
    context.ui.report(&report)?;
    if let Some(average) = average {
        let unscored = (payments - scored).normalize();
        context.ui.status(format!(
            "In all: {} payments, {unscored} without a score; the mean of the others is {average}.",
            payments.normalize()
        ));
    }
    Ok(ExitStatus::Done)
}
