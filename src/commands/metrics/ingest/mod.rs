//! `bss metrics ingest`

mod judge;
mod lane;

use std::collections::BTreeMap;

use clap::ValueEnum;

use lane::Lane;

use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::metrics::kind;
use crate::metrics::tally::Tally;
use crate::topics::subject;
use crate::ui::{Cell, Report};

/// Carry metrics and alerts from Kafka to TimescaleDB
///
/// Reads finished transactions only. Customer, revenue and system metrics are known by their
/// CloudEvents id (without its revision), else by their field eventId, else by where they stand in
/// the topic; a higher revision takes the place of a lower one. Rows and offsets are stored in one
/// database transaction, so each record counts once, however the command ends. A record that cannot
/// be stored goes to the topic of dead letters with its reason before its offset is stored. Two
/// processes may run: one that finds its offsets moved drops its batch, and stops with exit code 5 if
/// that goes on.
///
/// Runs until it is stopped; with --once it ends at the ends seen at the start, with exit code 7 if
/// something was set aside.
#[derive(Debug, clap::Args)]
pub struct IngestArgs {
    /// What to carry; everything if nothing is named
    #[arg(value_enum, value_name = "KIND")]
    kinds: Vec<Kind>,
    /// End once everything is stored that was there at the start
    #[arg(long)]
    once: bool,
    /// Count each event once, also if it comes again with another time: a metric by its id, a payment
    /// or order by its id and status. Ids are remembered from the first use of this option on, until
    /// retention drops their rows. Alerts keep their own keys
    #[arg(long)]
    once_per_id: bool,
}

/// The kinds of record that can be carried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
enum Kind {
    /// Measurements of customers, into `bss.customer_metrics`.
    Customer,
    /// Orders, into `bss.order_metrics`.
    Order,
    /// Scored payments, into `bss.payment_metrics`.
    Payment,
    /// Revenue by window, into `bss.revenue_metrics`.
    Revenue,
    /// Gauges of services, into `bss.system_metrics`.
    System,
    /// Fraud alerts, into `bss.fraud_alerts`.
    Alert,
}

impl Kind {
    /// The topic's subject.
    const fn subject(self) -> &'static str {
        match self {
            Self::Customer => subject::CUSTOMER_METRICS,
            Self::Order => subject::ORDER_METRICS,
            Self::Payment => subject::PAYMENT_METRICS,
            Self::Revenue => subject::REVENUE_METRICS,
            Self::System => subject::SYSTEM_METRICS,
            Self::Alert => subject::FRAUD_ALERTS,
        }
    }

    /// The kind of metric; alerts are none.
    const fn metric(self) -> Option<kind::Kind> {
        Some(match self {
            Self::Customer => kind::Kind::Customer,
            Self::Order => kind::Kind::Order,
            Self::Payment => kind::Kind::Payment,
            Self::Revenue => kind::Kind::Revenue,
            Self::System => kind::Kind::System,
            Self::Alert => return None,
        })
    }
}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(args: IngestArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let mut kinds = args.kinds.clone();
    if kinds.is_empty() {
        kinds = Kind::value_variants().to_vec();
    }
    kinds.sort_unstable();
    kinds.dedup();
    let mut lanes = Vec::new();
    for kind in kinds {
        lanes.push(Lane::open(kind, args.once_per_id, context).await?);
    }
    let mut tallies = BTreeMap::new();
    let outcome = all(&mut lanes, args.once, context).await;
    for lane in &lanes {
        tallies.insert(lane.topic().to_owned(), lane.tally().clone());
    }
    context.ui.report(&report(&tallies, &lane::group(context)))?;
    outcome?;
    for lane in &lanes {
        if let (rows @ 1.., Some((start, names))) =
            (lane.tally().outside, lane.window(context.now()))
        {
            let names = names.join(", ");
            context.ui.warning(format!(
                "{rows} rows of {} are older than {start}, outside the refresh window of {names}.",
                lane.topic()
            ));
            context.ui.hint("`bss metrics refresh --stale` takes them into the aggregates.");
        }
    }
    let aside: u64 = tallies.values().map(Tally::set_aside).sum();
    if aside > 0 {
        let topic = crate::topics::dead_letters(&context.settings().general.application);
        context.ui.warning(format!("{aside} records were set aside, with their reasons: {topic}."));
        context.ui.hint("`bss streams dlq list --topology metrics-ingest` shows them.");
    }
    for lane in lanes {
        lane.close().await?;
    }
    let partly = args.once && aside > 0 && !context.shutdown.asked();
    Ok(if partly { ExitStatus::Partly } else { ExitStatus::Done })
}

/// Runs all lanes at once, until all end or one fails.
async fn all(lanes: &mut [Lane], once: bool, context: &Context) -> Result<(), Failure> {
    let Some((one, rest)) = lanes.split_first_mut() else { return Ok(()) };
    tokio::try_join!(one.run(once, context), Box::pin(all(rest, once, context)))?;
    Ok(())
}

/// One row a topic, with the sum that must come out.
fn report(tallies: &BTreeMap<String, Tally>, group: &str) -> Report {
    let mut report = Report::new(format!("Ingested as {group}"))
        .column("topic", "TOPIC")
        .number("read", "READ")
        .number("stored", "STORED")
        .number("duplicate", "DUPLICATE")
        .number("corrected", "CORRECTED")
        .number("conflicting", "CONFLICTING")
        .number("rejected", "REJECTED")
        .number("future", "FUTURE")
        .number("expired", "EXPIRED")
        .meta("group", group);
    let (mut reasons, mut repeated) = (serde_json::Map::new(), serde_json::Map::new());
    for (topic, t) in tallies {
        report.push(vec![
            topic.as_str().into(),
            Cell::from(t.read),
            Cell::from(t.stored),
            Cell::from(t.duplicate),
            Cell::from(t.corrected),
            Cell::from(t.conflicting),
            Cell::from(t.rejected),
            Cell::from(t.future),
            Cell::from(t.expired),
        ]);
        repeated.insert(topic.clone(), t.repeated.into());
        let of_topic = t.reasons.iter().map(|(reason, n)| ((*reason).to_owned(), (*n).into()));
        reasons.insert(topic.clone(), serde_json::Value::Object(of_topic.collect()));
    }
    report
        .meta("reasons", serde_json::Value::Object(reasons))
        .meta("repeatedIds", serde_json::Value::Object(repeated))
}
