//! `bss analytics revenue region` and `category`

use super::super::asking::{Asked, ask, count, cut, money, newest_first};
use super::exchange::{ExchangeArgs, about, convert, meta, shown};
use crate::analytics::facts;
use crate::analytics::revenue::{ORDERS, PROFIT, REVENUE, average};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::ui::Cell;

/// By what revenue is broken down.
#[derive(Clone, Copy, Debug)]
pub enum Dimension {
    /// Where.
    Region,
    /// For what.
    Category,
}

/// The options of both.
#[derive(Debug, clap::Args)]
pub struct BreakdownArgs {
    /// Over the whole range instead of by day
    #[arg(long)]
    total: bool,
    /// Only in this currency
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    #[command(flatten)]
    exchange: ExchangeArgs,
    /// At most so many lines
    #[arg(long, value_name = "N", default_value_t = 500,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(
    dimension: Dimension,
    args: BreakdownArgs,
    context: &Context,
) -> Result<ExitStatus, Failure> {
    let (column, field, heading, title) = match dimension {
        Dimension::Region => ("region", "region", "REGION", "Revenue by region"),
        Dimension::Category => {
            ("product_category", "productCategory", "CATEGORY", "Revenue by product category")
        }
    };
    let (by, only) = (vec![column, "currency"], vec![("currency", args.currency)]);
    let daily = !args.total;
    let exchange = args.exchange.exchange(context)?;
    let exchange = exchange.as_ref();
    let mut answer =
        ask(context, 30, Asked { facts: facts::REVENUE, daily, by, only, most: None }).await?;
    convert(exchange, &mut answer, 1)?;
    newest_first(&mut answer.facts, REVENUE);
    let cut = cut(&mut answer.facts, args.limit);
    let report = meta(answer.report(&about(exchange, title)), exchange);
    let mut report = report.meta("cut", cut).meta("limit", args.limit);
    if daily {
        report = report.column("day", "DAY");
    }
    report = report
        .column(field, heading)
        .column("currency", "CURRENCY")
        .number("revenue", "REVENUE")
        .number("profit", "PROFIT")
        .number("orders", "ORDERS")
        .number("averageOrderValue", "AVERAGE");
    for fact in &answer.facts {
        let average = average(fact.value(REVENUE), fact.value(ORDERS));
        let day = fact.day.map(|d| Cell::from(answer.range.day(d)));
        let cells = [
            fact.key(0).into(),
            fact.key(1).into(),
            money(shown(fact.value(REVENUE))),
            money(shown(fact.value(PROFIT))),
            count(fact.value(ORDERS)),
            average.map_or(Cell::Null, money),
        ];
        report.push(day.into_iter().chain(cells).collect());
    }
    context.ui.report(&report)?;
    if cut {
        context.ui.cut(answer.facts.len(), "--limit");
    }
    Ok(ExitStatus::Done)
}
