//! `bss fraud payments status`

use crate::analytics::facts;
use crate::analytics::scores::{AMOUNT, PAYMENTS, mean};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::analytics::asking::{Asked, ask, count, cut, money, newest_first};
use crate::ui::Cell;

/// Payments by day and status
///
/// Counts the payments that came to each status, with amounts and the mean score of those that have
/// one, by day and currency over the last 7 days (or --since and --until), the newest day first.
#[derive(Debug, clap::Args)]
pub struct StatusArgs {
    /// Only in this currency
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// At most so many lines
    #[arg(long, value_name = "N", default_value_t = 500,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(args: StatusArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let (by, only) = (vec!["status", "currency"], vec![("currency", args.currency)]);
    let asked = Asked { facts: facts::PAYMENTS, daily: true, by, only, most: None };
    let mut answer = ask(context, 7, asked).await?;
    newest_first(&mut answer.facts, PAYMENTS);
    let cut = cut(&mut answer.facts, args.limit);
    let mut report = answer
        .report("Payments by status")
        .meta("cut", cut)
        .meta("limit", args.limit)
        .column("day", "DAY")
        .column("status", "STATUS")
        .column("currency", "CURRENCY")
        .number("paymentCount", "PAYMENTS")
        .number("totalAmount", "AMOUNT")
        .number("averageFraudScore", "SCORE");
    for fact in &answer.facts {
        report.push(vec![
            fact.day.map_or(Cell::Null, |d| answer.range.day(d).into()),
            fact.key(0).into(),
            fact.key(1).into(),
            count(fact.value(PAYMENTS)),
            money(fact.value(AMOUNT)),
            mean([fact]).map_or(Cell::Null, |m| Cell::Number(m.to_string())),
        ]);
    }
    context.ui.report(&report)?;
    if cut {
        context.ui.cut(answer.facts.len(), "--limit");
    }
    Ok(ExitStatus::Done)
}
