//! `bss analytics customer metrics` and `aggregates`

use super::super::asking::{DAY, connect, expired_meta, tell_expired};
use crate::backends::postgres::customers::{self, CustomerQuery};
use crate::backends::postgres::transaction::report_fault;
use crate::cli::range::{self, Range};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::timescale::interval::Interval;
use crate::ui::{Cell, Report};

const TABLE: &str = "customer_metrics";
const WHAT: &str = "could not read hypertable bss.customer_metrics";

/// What both take.
#[derive(Debug, clap::Args)]
pub struct Of {
    /// The customer's identifier
    #[arg(value_name = "CUSTOMER")]
    customer: String,
    /// Only of this metric
    #[arg(long, value_name = "NAME")]
    metric: Option<String>,
    /// At most so many lines
    #[arg(long, value_name = "N", default_value_t = 100,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
}

/// The measurements of a customer
///
/// Lists what is stored of the customer in the last 7 days (or --since and --until), the newest first.
#[derive(Debug, clap::Args)]
pub struct MetricsArgs {
    #[command(flatten)]
    of: Of,
}

/// The measurements of a customer by hour, day, week or month
///
/// Mean, least, most and number of each metric by bucket over the last 7 days (or --since and --until),
/// the newest first. Days and longer are those of --tz.
#[derive(Debug, clap::Args)]
pub struct AggregatesArgs {
    #[command(flatten)]
    of: Of,
    /// By what
    #[arg(long, value_enum, default_value_t = Bucket::Day)]
    bucket: Bucket,
}

/// The width of a bucket.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum Bucket {
    /// Sixty seconds.
    Minute,
    /// An hour, in UTC.
    Hour,
    /// A day.
    Day,
    /// A week from Monday on.
    Week,
    /// A month.
    Month,
}

impl Bucket {
    fn width(self) -> Interval {
        let text = match self {
            Self::Minute => "1 minute",
            Self::Hour => "1 hour",
            Self::Day => "1 day",
            Self::Week => "7 days",
            Self::Month => "1 month",
        };
        Interval::parse(text).expect("an interval")
    }
}

impl Of {
    fn query(&self, context: &Context, range: &Range) -> CustomerQuery {
        CustomerQuery {
            tenant: context.settings().general.tenant.clone(),
            customer: self.customer.clone(),
            since: range.since,
            until: range.until,
            metric: self.metric.clone(),
            limit: self.limit,
        }
    }

    fn resolve(context: &Context) -> Result<Range, Failure> {
        range::resolve(&context.global, context.settings(), context.now(), DAY * 7)
    }

    fn report(&self, range: &Range, (rows, found): (usize, u64)) -> Report {
        let cut = u64::try_from(rows).unwrap_or(u64::MAX) < found;
        let report = Report::new(format!("Customer {}, {}", self.customer, range.title()))
            .meta("customerId", self.customer.as_str())
            .meta("found", found)
            .meta("limit", self.limit)
            .meta("cut", cut);
        range.meta(report)
    }

    fn tell(
        context: &Context,
        report: &Report,
        (rows, found): (usize, u64),
    ) -> Result<(), Failure> {
        context.ui.report(report)?;
        if u64::try_from(rows).unwrap_or(u64::MAX) < found {
            context.ui.cut(rows, "--limit");
        }
        Ok(())
    }
}

/// Runs `metrics`.
///
/// # Errors
/// The command's failure.
pub async fn run(args: MetricsArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let range = Of::resolve(context)?;
    let mut connection = connect(context).await?;
    let query = args.of.query(context, &range);
    let limit = context.settings().timescale.statement_timeout;
    let found = customers::measurements(&mut connection, &query).await;
    let (rows, found) = found.map_err(|e| report_fault(e, WHAT.into(), &range.title(), limit))?;
    let expired = tell_expired(context, &mut connection, TABLE, range.since).await?;
    let mut report = expired_meta(args.of.report(&range, (rows.len(), found)), expired)
        .column("timestamp", "TIME")
        .column("metricName", "METRIC")
        .number("metricValue", "VALUE")
        .column("labels", "LABELS")
        .column("eventId", "EVENT");
    for row in &rows {
        let text = |field: &str| Cell::text_or_null(row[field].as_str());
        report.push(vec![
            text("timestamp"),
            text("metricName"),
            Cell::Number(row["metricValue"].to_string()),
            if row["labels"].is_null() { Cell::Null } else { Cell::Json(row["labels"].clone()) },
            text("eventId"),
        ]);
    }
    Of::tell(context, &report, (rows.len(), found))?;
    Ok(ExitStatus::Done)
}

/// Runs `aggregates`.
///
/// # Errors
/// The command's failure.
pub async fn aggregates(args: AggregatesArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let range = Of::resolve(context)?;
    let mut connection = connect(context).await?;
    let (query, width) = (args.of.query(context, &range), args.bucket.width());
    let limit = context.settings().timescale.statement_timeout;
    let zone = range.zone_name();
    let found = customers::aggregates(&mut connection, &query, width, &zone).await;
    let (rows, found) = found.map_err(|e| report_fault(e, WHAT.into(), &range.title(), limit))?;
    let expired = tell_expired(context, &mut connection, TABLE, range.since).await?;
    let mut report = expired_meta(args.of.report(&range, (rows.len(), found)), expired)
        .column("bucket", "FROM")
        .column("metricName", "METRIC")
        .number("count", "COUNT")
        .number("avg", "MEAN")
        .number("min", "LEAST")
        .number("max", "MOST");
    let number = |value: f64| Cell::Number(serde_json::Value::from(value).to_string());
    for row in &rows {
        report.push(vec![
            row.start.into(),
            row.metric.as_str().into(),
            Cell::from(row.count),
            number(row.mean),
            number(row.least),
            number(row.most),
        ]);
    }
    Of::tell(context, &report, (rows.len(), found))?;
    Ok(ExitStatus::Done)
}
