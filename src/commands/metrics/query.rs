//! `bss metrics query`

use jiff::tz::TimeZone;

use super::KindArg;
use crate::analytics::grouping::served::{Served, served};
use crate::analytics::grouping::{
    Condition, Field, Fill, Line, Measure, Number, Question, Shape, Width, fill,
};
use crate::backends::postgres::grouped;
use crate::backends::postgres::transaction::report_fault;
use crate::cli::range::{self, Range};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::analytics::asking::{
    DAY, connect, count, cut, expired_meta, money, tell_expired,
};
use crate::commands::setup::timescale::declared;
use crate::metrics::kind::{Form, Kind};
use crate::ui::{Cell, Report};

/// Query metrics by time and field
///
/// Counts, sums, means, percentiles and more of one kind of metric, in buckets of time (--bucket), by
/// fields (--by), of some rows only (--where). Over the last 24 hours, or --since and --until, which
/// begin with a whole bucket. Buckets of a day and more are those of --tz and have 23 or 25 hours where
/// the clocks change; shorter ones are in UTC.
///
/// Sums of money stay by currency, and what was measured of customers by the name of the metric:
/// these fields are added where they matter. Amounts are digit for digit, means of them to four
/// decimals, percentiles of them amounts that occur; gauges have nine significant digits. Rows without
/// a value do not count in it.
///
/// Answered from a continuous aggregate where one gives the same, and else from the rows; meta.source
/// says which. Rows that have expired are only in aggregates: a warning tells where the rows begin.
#[derive(Debug, clap::Args)]
pub struct QueryArgs {
    /// Which metrics
    #[arg(value_enum)]
    kind: KindArg,
    /// The width of a bucket, such as 15m, 1h, 1d, 1w, 1mo, 1y; without it the range is one
    #[arg(long, value_name = "WIDTH", value_parser = Width::parse)]
    bucket: Option<Width>,
    /// By these fields; names within a JSON field as labels.NAME
    #[arg(long, value_name = "FIELD", value_delimiter = ',')]
    by: Vec<String>,
    /// What is measured: count, or FUNCTION:FIELD with count, distinct, sum, avg, min, max, stddev,
    /// first, last, median, p95, p99.9 [default: what is usual for the kind]
    #[arg(short, long = "measure", value_name = "MEASURE", value_delimiter = ',')]
    measures: Vec<String>,
    /// Only of rows with FIELD=VALUE (or !=, <, <=, >, >=); FIELD= where it is not known. All must
    /// hold, but of several = of one field one is enough
    #[arg(long = "where", value_name = "CONDITION")]
    conditions: Vec<String>,
    /// What stands in buckets without rows, which are left out otherwise
    #[arg(long, value_enum, requires = "bucket")]
    fill: Option<FillArg>,
    /// At most so many lines
    #[arg(long, value_name = "N", default_value_t = 1000,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
}

/// What stands in a bucket without rows.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum FillArg {
    /// Nothing.
    Null,
    /// 0 for counts and sums; a mean of nothing stays unknown.
    Zero,
    /// The last value before.
    Locf,
    /// The straight line between the values before and after.
    Interpolate,
}

impl FillArg {
    const fn of(self) -> Fill {
        match self {
            Self::Null => Fill::Null,
            Self::Zero => Fill::Zero,
            Self::Locf => Fill::Locf,
            Self::Interpolate => Fill::Interpolate,
        }
    }
}

impl QueryArgs {
    fn question(&self, context: &Context, range: &Range) -> Result<Question, Failure> {
        let kind = self.kind.of();
        let measures: Vec<Measure> =
            parsed("--measure", &self.measures, |m| Measure::parse(kind, m))?;
        let mut question = Question {
            kind,
            tenant: context.settings().general.tenant.clone(),
            since: range.since,
            until: range.until,
            width: self.bucket,
            zone: range.zone_name(),
            by: parsed("--by", &self.by, |f| groupable(kind, f))?,
            measures: if measures.is_empty() { Measure::usual(kind) } else { measures },
            conditions: parsed("--where", &self.conditions, |c| Condition::parse(kind, c))?,
        };
        question.keep_apart();
        Ok(question)
    }
}

/// A field by which rows can be told apart.
fn groupable(kind: Kind, text: &str) -> Result<Field, String> {
    let field = Field::parse(kind, text)?;
    match field.form() {
        Form::Text => Ok(field),
        Form::Time => Err("by time is --bucket".to_owned()),
        Form::Json => Err(format!("`{text}` holds several values: give one as {text}.NAME")),
        _ => Err(format!("`{text}` is a number, not a name")),
    }
}

/// Reads what stands behind an option.
///
/// # Errors
/// Exit 2 with the option.
pub(super) fn parsed<T>(
    option: &str,
    texts: &[String],
    parse: impl Fn(&str) -> Result<T, String>,
) -> Result<Vec<T>, Failure> {
    let one = |text: &String| parse(text).map_err(|e| Failure::usage(format!("{option}: {e}")));
    texts.iter().map(one).collect()
}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub async fn run(args: QueryArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let settings = context.settings();
    let mut range = range::resolve(&context.global, settings, context.now(), DAY)?;
    if let Some(width) = args.bucket {
        range.since = width.floor(range.since, &range.zone).unwrap_or(range.since);
    }
    let question = args.question(context, &range)?;
    let spec = declared(&settings.timescale)?;
    let served = served(&spec, &question, &range.zone, context.now());
    let most = fill::MOST + 1;
    let asked = if args.fill.is_some() { most } else { most.min(args.limit as usize + 1) };
    let mut connection = connect(context).await?;
    let limit = settings.timescale.statement_timeout;
    let lines = grouped::ask(
        &mut connection,
        &question,
        served.as_ref(),
        i64::try_from(asked).unwrap_or(i64::MAX),
    )
    .await
    .map_err(|e| {
        let what = format!("could not query hypertable bss.{}", question.kind.hypertable());
        report_fault(e, what, &range.title(), limit)
    })?;
    let mut lines = filled(lines, &args, &question, &range)?;
    let expired = match served {
        Some(_) => None,
        None => {
            let table = question.kind.hypertable();
            tell_expired(context, &mut connection, table, question.since).await?
        }
    };
    let cut = cut(&mut lines, args.limit);
    let report = report(&question, &range, served.as_ref(), &lines);
    let report = expired_meta(report, expired);
    context.ui.report(&report.meta("cut", cut).meta("limit", args.limit))?;
    if cut {
        context.ui.cut(lines.len(), "--limit");
    }
    Ok(ExitStatus::Done)
}

/// Adds the buckets without rows, up to now.
fn filled(
    lines: Vec<Line>,
    args: &QueryArgs,
    question: &Question,
    range: &Range,
) -> Result<Vec<Line>, Failure> {
    let (Some(how), Some(width)) = (args.fill, args.bucket) else { return Ok(lines) };
    let until = range.until.min(range.as_of.max(range.since.plus_micros(1)));
    let zone: &TimeZone = &range.zone;
    let filled =
        fill::fill(lines, &question.measures, (how.of(), width), (range.since, until), zone);
    filled.map_err(|e| {
        Failure::usage(e).hint("Give a wider --bucket, a shorter range or fewer fields in --by.")
    })
}

fn report(
    question: &Question,
    range: &Range,
    served: Option<&Served<'_>>,
    lines: &[Line],
) -> Report {
    let kind = question.kind.name();
    let report = Report::new(format!(
        "{}{} metrics, {}",
        kind[..1].to_uppercase(),
        &kind[1..],
        range.title()
    ));
    let mut report =
        range.meta(report).meta("source", if served.is_some() { "aggregate" } else { "rows" });
    if let Some(served) = served {
        report = report.meta("aggregate", served.aggregate.name.as_str());
    }
    let of_days = question.width.is_some_and(Width::follows_zone);
    if question.width.is_some() {
        report = report.column("bucket", if of_days { "DAY" } else { "FROM" });
    }
    for field in &question.by {
        report = report.column(field.name(), field.heading());
    }
    for measure in &question.measures {
        report = report.number(measure.name(), measure.heading());
    }
    for line in lines {
        let bucket = line
            .bucket
            .map(|start| if of_days { Cell::from(range.day(start)) } else { Cell::from(start) });
        let keys = line.keys.iter().map(|key| Cell::text_or_null(key.as_deref()));
        let values = question.measures.iter().zip(&line.values).map(|(m, v)| cell(m, *v));
        report.push(bucket.into_iter().chain(keys).chain(values).collect());
    }
    report
}

fn cell(measure: &Measure, value: Option<Number>) -> Cell {
    match value {
        None => Cell::Null,
        Some(Number::Exact(value)) if measure.shape() == Shape::Money => money(value),
        Some(Number::Exact(value)) => count(value),
        Some(Number::Real(value)) => Cell::Number(significant(value)),
    }
}

/// A double to nine significant digits: what two servers that add in another order agree on.
fn significant(value: f64) -> String {
    let rounded: f64 = format!("{value:.8e}").parse().unwrap_or(value);
    serde_json::Value::from(rounded).to_string()
}
