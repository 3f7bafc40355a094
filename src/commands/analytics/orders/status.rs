//! `bss analytics orders status`

use super::super::asking::{Asked, ask, count, cut, money, newest_first};
use crate::analytics::facts;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::ui::Cell;

/// Orders by day and status
///
/// Counts how often an order came to each status, with the amounts, by day and currency over the last
/// 30 days (or --since and --until), the newest day first. An order counts once for each status.
#[derive(Debug, clap::Args)]
pub struct StatusArgs {
    /// Over the whole range instead of by day
    #[arg(long)]
    total: bool,
    /// Only in this currency
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// Only of this region
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
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
    let only = vec![("currency", args.currency), ("region", args.region)];
    let (by, daily) = (vec!["status", "currency"], !args.total);
    let mut answer =
        ask(context, 30, Asked { facts: facts::ORDERS, daily, by, only, most: None }).await?;
    newest_first(&mut answer.facts, 0);
    let cut = cut(&mut answer.facts, args.limit);
    let mut report = answer.report("Orders by status").meta("cut", cut).meta("limit", args.limit);
    if daily {
        report = report.column("day", "DAY");
    }
    report = report
        .column("status", "STATUS")
        .column("currency", "CURRENCY")
        .number("orders", "ORDERS")
        .number("totalAmount", "AMOUNT");
    for fact in &answer.facts {
        let day = fact.day.map(|d| Cell::from(answer.range.day(d)));
        let amount = money(fact.value(1));
        let cells = [fact.key(0).into(), fact.key(1).into(), count(fact.value(0)), amount];
        report.push(day.into_iter().chain(cells).collect());
    }
    context.ui.report(&report)?;
    if cut {
        context.ui.cut(answer.facts.len(), "--limit");
    }
    Ok(ExitStatus::Done)
}
