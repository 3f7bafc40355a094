//! `bss analytics revenue summary` and `total`

use serde_json::{Value, json};

use super::super::asking::{Answered, Asked, ask, count, money, money_text, newest_first};
use super::exchange::{ExchangeArgs, about, convert, meta, rates, shown};
use crate::analytics::exchange::Exchange;
use crate::analytics::facts;
use crate::analytics::revenue::{COSTS, ORDERS, PROFIT, REVENUE, average, growth, totals};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::ui::{Cell, Report};

/// Revenue by day, with totals and growth
///
/// A line for each day and currency of the last 30 days (or of --since and --until), the newest first;
/// days are those of --tz. The average order value is revenue / orders. Growth is from the last whole
/// day but one to the last whole day: the running day is left out, and from nothing there is none.
/// Totals stand by currency and are never added across, but with --in and --rate: then there is one
/// line a day, and the answer names each rate with its day. Revenue in a currency without a rate is
/// refused, not left out.
#[derive(Debug, clap::Args)]
pub struct SummaryArgs {
    /// Only in this currency
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    #[command(flatten)]
    exchange: ExchangeArgs,
}

/// Revenue in all
///
/// A line for each currency: revenue, costs, profit, orders and the average order value of the last 30
/// days (or of --since and --until).
#[derive(Debug, clap::Args)]
pub struct TotalArgs {
    /// Only in this currency
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    #[command(flatten)]
    exchange: ExchangeArgs,
}

async fn asked(
    context: &Context,
    daily: bool,
    currency: Option<String>,
    exchange: Option<&Exchange>,
) -> Result<Answered, Failure> {
    let (by, only) = (vec!["currency"], vec![("currency", currency)]);
    let asked = Asked { facts: facts::REVENUE, daily, by, only, most: None };
    let mut answer = ask(context, 30, asked).await?;
    convert(exchange, &mut answer, 0)?;
    Ok(answer)
}

/// Runs `summary`.
///
/// # Errors
/// The command's failure.
pub async fn run(args: SummaryArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let exchange = args.exchange.exchange(context)?;
    let exchange = exchange.as_ref();
    let mut answer = asked(context, true, args.currency, exchange).await?;
    newest_first(&mut answer.facts, REVENUE);
    let totals = totals(&answer.facts, 0);
    let mut lines = Vec::new();
    let mut told: Vec<Value> = Vec::new();
    for (currency, total) in &totals {
        let days = answer.range.last_days().filter(|(before, _)| *before >= answer.range.since);
        let growth = days.and_then(|days| growth(&answer.facts, (0, currency), days));
        let average = total.average().map(money_text);
        told.push(json!({
            "currency": currency,
            "totalRevenue": money_text(shown(total.revenue)),
            "totalCosts": money_text(shown(total.costs)),
            "totalProfit": money_text(shown(total.profit)),
            "totalOrders": total.orders.normalize().to_string().parse::<u64>().ok(),
            "averageOrderValue": average,
            "growthRate": growth.map(|g| g.normalize().to_string()),
        }));
        let grown = growth.map_or_else(String::new, |g| format!(", {}% by day", g.normalize()));
        let average = average.map_or_else(String::new, |a| format!(", {a} an order"));
        let at = rates(exchange);
        lines.push(format!(
            "In all: {} {currency}{at} revenue, {} profit of {} orders{average}{grown}.",
            money_text(shown(total.revenue)),
            money_text(shown(total.profit)),
            total.orders.normalize()
        ));
    }
    let mut report =
        columns(answer.report(&about(exchange, "Revenue by day")).column("day", "DAY"));
    report = meta(report, exchange).meta("totals", told);
    for fact in &answer.facts {
        let day = fact.day.map_or(Cell::Null, |d| answer.range.day(d).into());
        report.push([day].into_iter().chain(cells(fact)).collect());
    }
    context.ui.report(&report)?;
    lines.into_iter().for_each(|line| context.ui.status(line));
    Ok(ExitStatus::Done)
}

/// Runs `total`.
///
/// # Errors
/// The command's failure.
pub async fn total(args: TotalArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let exchange = args.exchange.exchange(context)?;
    let exchange = exchange.as_ref();
    let mut answer = asked(context, false, args.currency, exchange).await?;
    answer.facts.sort_by(|a, b| a.keys.cmp(&b.keys));
    let report = columns(answer.report(&about(exchange, "Revenue")));
    let mut report = meta(report, exchange);
    for fact in &answer.facts {
        report.push(cells(fact).collect());
    }
    context.ui.report(&report)?;
    Ok(ExitStatus::Done)
}

fn columns(report: Report) -> Report {
    report
        .column("currency", "CURRENCY")
        .number("revenue", "REVENUE")
        .number("costs", "COSTS")
        .number("profit", "PROFIT")
        .number("orders", "ORDERS")
        .number("averageOrderValue", "AVERAGE")
}

fn cells(fact: &facts::Fact) -> impl Iterator<Item = Cell> {
    let average = average(fact.value(REVENUE), fact.value(ORDERS));
    [
        fact.key(0).into(),
        money(shown(fact.value(REVENUE))),
        money(shown(fact.value(COSTS))),
        money(shown(fact.value(PROFIT))),
        count(fact.value(ORDERS)),
        average.map_or(Cell::Null, money),
    ]
    .into_iter()
}
