//! `bss analytics customer top`

use super::super::asking::{Asked, ask, count, newest_first};
use crate::analytics::facts;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;

/// The customers with the most measurements
///
/// Counts the stored measurements of each customer over the last 7 days (or --since and --until), the
/// most first.
#[derive(Debug, clap::Args)]
pub struct TopArgs {
    /// At most so many customers
    #[arg(long, value_name = "N", default_value_t = 10,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(args: TopArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let (by, only) = (vec!["customer_id"], Vec::new());
    let most = Some(args.limit);
    let asked = Asked { facts: facts::CUSTOMERS, daily: false, by, only, most };
    let mut answer = ask(context, 7, asked).await?;
    newest_first(&mut answer.facts, 0);
    let customers = answer.all;
    let cut = customers > answer.facts.len();
    let mut report = answer
        .report("Most active customers")
        .meta("customers", customers)
        .meta("cut", cut)
        .meta("limit", args.limit)
        .column("customerId", "CUSTOMER")
        .number("activityCount", "ACTIVITIES");
    for fact in &answer.facts {
        report.push(vec![fact.key(0).into(), count(fact.value(0))]);
    }
    context.ui.report(&report)?;
    if cut {
        context.ui.cut(answer.facts.len(), "--limit");
    }
    Ok(ExitStatus::Done)
}
