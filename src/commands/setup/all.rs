//! `bss setup all`

use std::time::Duration;

use crate::backends::redis::facts;
use crate::backends::{kafka, postgres};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::setup::redis::{RedisArgs, run as check_redis};
use crate::commands::setup::{kafka as topics, timescale, wait};

/// Set up TimescaleDB, Kafka and Redis, in this order
///
/// Each as by its own command; Redis is only checked. With --check the worst result is the exit
/// code.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct AllArgs {
    /// Print the plans and change nothing
    #[arg(long, conflicts_with = "check")]
    pub plan: bool,
    /// Change nothing; exit 6 if anything differs from what is declared
    #[arg(long)]
    pub check: bool,
    /// Wait until the servers answer
    #[arg(long, value_name = "DURATION", num_args = 0..=1, require_equals = true,
          default_missing_value = "60s", value_parser = wait::span)]
    pub wait: Option<Duration>,
}

/// Runs the command.
///
/// # Errors
/// The failure of the first that fails; later ones are not begun.
pub async fn run(args: AllArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let settings = context.settings();
    if args.wait.is_some() {
        let place = postgres::place(&settings.timescale);
        wait::until(context, &place, args.wait, async || {
            postgres::connect(&settings.timescale).await.map(drop)
        })
        .await?;
        wait::until(context, "Kafka", args.wait, async || {
            kafka::admin::Admin::new(&settings.kafka)?.inventory(&[]).await.map(drop)
        })
        .await?;
        wait::until(context, "Redis", args.wait, async || facts(&settings.redis).await.map(drop))
            .await?;
    }
    let (plan, check) = (args.plan, args.check);
    let first = timescale::TimescaleArgs { plan, check, ..timescale::TimescaleArgs::default() };
    let first = timescale::run(first, context).await?;
    let second = topics::run(topics::KafkaArgs { plan, check }, context).await?;
    let third = check_redis(RedisArgs::default(), context).await?;
    let word = |status| match status {
        ExitStatus::Done => "as declared",
        ExitStatus::Partly => "partly set up",
        _ => "differs",
    };
    if !plan {
        context.ui.status(format!(
            "TimescaleDB {}, Kafka {}, Redis {}.",
            word(first),
            word(second),
            word(third)
        ));
    }
    // A plan is printed whatever it says.
    Ok(if plan { ExitStatus::Done } else { first.max(second).max(third) })
}
