//! `bss metrics anomalies customer`

use super::listing::{Found, Listing, local};
use crate::backends::postgres::series::{self, Span, Together};
use crate::backends::postgres::transaction::report_fault;
use crate::cli::range::{self, Range};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::analytics::asking::{DAY, connect};
use crate::domain::EventTime;
use crate::metrics::anomaly::alarms::Watch;
use crate::timescale::interval::Interval;

/// List anomalies in customers' metrics
///
/// Adds the measurements of each metric up over all customers (or of one, --customer) by bucket,
/// judges the buckets of each metric, and lists the alarms of the last 24 hours (or of --since and
/// --until), learning from the days before (--history). Only buckets that lie wholly in the range are
/// judged; one without a measurement is no anomaly. The other columns are those of
/// `bss metrics anomalies system`.
#[derive(Debug, clap::Args)]
pub struct CustomerArgs {
    /// Only this customer's measurements
    #[arg(long, value_name = "ID")]
    customer: Option<String>,
    /// Only this metric
    #[arg(long, value_name = "NAME")]
    metric: Option<String>,
    /// The width of a bucket
    #[arg(long, value_enum, default_value_t = Bucket::Hour)]
    bucket: Bucket,
    /// How the measurements of a bucket are put together
    #[arg(long, value_enum, default_value_t = By::Sum)]
    by: By,
    /// Days before the range that are learnt from
    #[arg(long, value_name = "DAYS", default_value_t = 28,
        value_parser = clap::value_parser!(u32).range(1..=3650))]
    history: u32,
    #[command(flatten)]
    listing: Listing,
}

/// The width of a bucket.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum Bucket {
    /// A minute.
    #[value(name = "1m")]
    Minute,
    /// Five minutes.
    #[value(name = "5m")]
    FiveMinutes,
    /// A quarter of an hour.
    #[value(name = "15m")]
    Quarter,
    /// An hour.
    #[value(name = "1h")]
    Hour,
}

/// How measurements are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum By {
    /// Added.
    Sum,
    /// Averaged.
    Mean,
}

impl Bucket {
    fn width(self) -> Interval {
        let text = match self {
            Self::Minute => "1 minute",
            Self::FiveMinutes => "5 minutes",
            Self::Quarter => "15 minutes",
            Self::Hour => "1 hour",
        };
        Interval::parse(text).expect("an interval")
    }

    /// The first instant of the bucket that holds `time`.
    fn start(self, time: EventTime) -> EventTime {
        time.plus_micros(-time.micros().rem_euclid(self.width().micros()))
    }
}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(args: CustomerArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let settings = context.settings();
    let mut range = range::resolve(&context.global, settings, context.now(), DAY)?;
    range.until = args.bucket.start(range.until.min(range.as_of));
    if range.since >= range.until {
        return Err(Failure::usage("no whole bucket that is over lies in the time range")
            .hint("Give an earlier --since, or smaller buckets with --bucket."));
    }
    let found = judge(&args, context, &range).await?;
    let about = match &args.customer {
        Some(customer) => format!("Anomalies of customer {customer}"),
        None => "Anomalies of customers' metrics".to_owned(),
    };
    found.tell(context, &args.listing, &range, (&about, false), args.history)?;
    Ok(ExitStatus::Done)
}

async fn judge(args: &CustomerArgs, context: &Context, range: &Range) -> Result<Found, Failure> {
    let settings = context.settings();
    let span = Span {
        tenant: settings.general.tenant.clone(),
        since: args.bucket.start(args.listing.start(range.since, args.history)),
        until: range.until,
        most: args.listing.max_rows,
    };
    let together = Together {
        customer: args.customer.clone(),
        metric: args.metric.clone(),
        width: args.bucket.width(),
        mean: args.by == By::Mean,
    };
    let mut found = Found::default();
    let mut current: Option<(String, Watch)> = None;
    let mut connection = connect(context).await?;
    let limit = settings.timescale.statement_timeout;
    let read = series::customers(&mut connection, &span, &together, |row| {
        if current.as_ref().is_none_or(|(metric, _)| *metric != row.metric) {
            let watch = Watch::new(range.since, args.listing.threshold);
            if let Some((metric, watch)) = current.replace((row.metric, watch)) {
                found.take("", &metric, watch);
            }
        }
        if let Some((_, watch)) = &mut current {
            watch.see(row.time, local(&range.zone, row.time), Some(row.value));
        }
    });
    let complete = read.await.map_err(|e| {
        let what = "could not read hypertable bss.customer_metrics".to_owned();
        report_fault(e, what, &range.title(), limit)
    })?;
    args.listing.refuse_part(complete, "bss.customer_metrics", "--metric")?;
    if let Some((metric, watch)) = current {
        found.take("", &metric, watch);
    }
    Ok(found)
}
