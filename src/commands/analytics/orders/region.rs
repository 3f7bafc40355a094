//! `bss analytics orders region`

use super::super::asking::{Asked, ask, count, cut, money, newest_first};
use crate::analytics::facts;
use crate::analytics::revenue::average;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::ui::Cell;

/// Orders by region
///
/// Counts the orders that came to a status, with amounts and items, by region and currency over the
/// last 30 days (or --since and --until). Without --status every status an order passed through counts.
#[derive(Debug, clap::Args)]
pub struct RegionArgs {
    /// Only orders that came to this status
    #[arg(long, value_name = "STATUS")]
    status: Option<String>,
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
pub async fn run(args: RegionArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let only = vec![("currency", args.currency), ("status", args.status)];
    let by = vec!["region", "currency"];
    let asked = Asked { facts: facts::ORDERS, daily: false, by, only, most: None };
    let mut answer = ask(context, 30, asked).await?;
    newest_first(&mut answer.facts, 1);
    let cut = cut(&mut answer.facts, args.limit);
    let mut report = answer
        .report("Orders by region")
        .meta("cut", cut)
        .meta("limit", args.limit)
        .column("region", "REGION")
        .column("currency", "CURRENCY")
        .number("orders", "ORDERS")
        .number("totalAmount", "AMOUNT")
        .number("averageAmount", "AVERAGE")
        .number("totalItems", "ITEMS");
    for fact in &answer.facts {
        report.push(vec![
            fact.key(0).into(),
            fact.key(1).into(),
            count(fact.value(0)),
            money(fact.value(1)),
            average(fact.value(1), fact.value(0)).map_or(Cell::Null, money),
            count(fact.value(2)),
        ]);
    }
    context.ui.report(&report)?;
    if cut {
        context.ui.cut(answer.facts.len(), "--limit");
    }
    Ok(ExitStatus::Done)
}
