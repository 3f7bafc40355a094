//! The options with which revenue of several currencies is shown in one.

use rust_decimal::Decimal;
use serde_json::json;

use super::super::asking::{Answered, DAY};
use crate::analytics::exchange::{Exchange, Inconvertible, Rate};
use crate::analytics::revenue::{COSTS, PROFIT, REVENUE};
use crate::cli::{Failure, range};
use crate::commands::Context;
use crate::ui::Report;

/// Into which currency, at which rates.
#[derive(Debug, clap::Args)]
pub struct ExchangeArgs {
    /// Convert into this currency, at the rates of --rate; sums are rounded to 4 decimals when shown
    #[arg(long = "in", value_name = "CODE")]
    into: Option<String>,
    /// What one unit of a currency is worth in that of --in, as EUR=1.08, or with the day of the rate
    /// EUR=1.08@2026-03-31 [default day: that of --as-of]; may be given for several
    #[arg(long = "rate", value_name = "CODE=RATE", requires = "into")]
    rates: Vec<String>,
}

impl ExchangeArgs {
    /// The exchange, if one is asked for.
    ///
    /// # Errors
    /// Rates that are none: exit 2.
    pub fn exchange(&self, context: &Context) -> Result<Option<Exchange>, Failure> {
        let Some(into) = self.into.clone() else { return Ok(None) };
        let range = range::resolve(&context.global, context.settings(), context.now(), DAY)?;
        let today = range.date(range.as_of).unwrap_or_default();
        let rate = |text: &String| Rate::parse(text, today);
        let rates = self.rates.iter().map(rate).collect::<Result<_, _>>();
        let exchange = rates.and_then(|rates| Exchange::new(into, rates));
        exchange.map(Some).map_err(|e| Failure::usage(format!("--rate: {e}")))
    }
}

/// Converts an answer; the currency stands at `currency` among its keys.
///
/// # Errors
/// A currency without a rate: exit 1.
pub fn convert(
    exchange: Option<&Exchange>,
    answer: &mut Answered,
    currency: usize,
) -> Result<(), Failure> {
    let Some(exchange) = exchange else { return Ok(()) };
    let facts = std::mem::take(&mut answer.facts);
    answer.facts = exchange.convert(facts, currency, &[REVENUE, COSTS, PROFIT]).map_err(|e| {
        let into = &exchange.into;
        match e {
            Inconvertible::NoRate(from) => {
                Failure::failed(format!("there is revenue in {from}, but no rate of it in {into}"))
                    .code("no-rate")
                    .hint(format!("Give --rate {from}=RATE, or leave it out with --currency."))
            }
            Inconvertible::TooLarge(from) => Failure::failed(format!(
                "the revenue in {from} has too many digits to be converted into {into}"
            ))
            .hint("Give its rate with fewer decimals."),
        }
    })?;
    Ok(())
}

/// What a report is about, with the rates it was made at.
pub fn about(exchange: Option<&Exchange>, what: &str) -> String {
    exchange.map_or_else(|| what.to_owned(), |exchange| format!("{what} {exchange}"))
}

/// The rates for a line of text, if there are any.
pub fn rates(exchange: Option<&Exchange>) -> String {
    let rates = exchange.iter().flat_map(|e| e.rates.iter().map(ToString::to_string));
    let rates = rates.collect::<Vec<_>>().join(", ");
    if rates.is_empty() { rates } else { format!(" ({rates})") }
}

/// The same in the document.
pub fn meta(report: Report, exchange: Option<&Exchange>) -> Report {
    let Some(Exchange { into, rates }) = exchange else { return report };
    let rates: Vec<_> = rates
        .iter()
        .map(|r| {
            let (rate, date) = (r.rate.normalize().to_string(), r.date.to_string());
            json!({ "currency": r.currency, "rate": rate, "date": date })
        })
        .collect();
    report.meta("in", into.as_str()).meta("rates", rates)
}

/// A sum as it is shown.
pub fn shown(sum: Decimal) -> Decimal {
    sum.round_dp(4)
}
