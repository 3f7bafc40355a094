//! `bss analytics revenue forecast`

use std::collections::BTreeMap;

use jiff::civil::Date;
use rust_decimal::Decimal;
use rust_decimal::prelude::{FromPrimitive, ToPrimitive};
use serde_json::{Map, Value, json};

use super::super::asking::{Answered, Asked, DAY, ask_in, money, money_text};
use super::super::forecast::{Percent, Way, bounds, levels, members, story, tried, within};
use crate::analytics::facts;
use crate::analytics::forecast::method::Method;
use crate::analytics::forecast::periods::{Bucket, Gaps, History};
use crate::analytics::forecast::spread::Level;
use crate::analytics::forecast::{Prepared, Wish, needed};
use crate::analytics::revenue::REVENUE;
use crate::cli::range::{self, Range};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::ui::{Cell, Report};

/// Without which value a dimension stands.
const UNKNOWN: &str = "UNKNOWN";
/// How many buckets a history may have: a day each for 30 years.
const MOST: usize = 11_000;

/// Forecast revenue
///
/// A line for each day to come (or month, with --bucket month), each currency for itself; with --by also
/// each region or category. The history is that of whole days in --tz: the running one is not over and
/// left out. It begins with the first day that has revenue within --history, or with --since; days
/// without rows are zero revenue, unless --gaps missing says that nothing is known of them.
///
/// `auto` tries all methods on the history itself (from up to ten earlier days each is carried on and
/// held against what then came) and takes the best; the combination of the best two or three, unless a
/// single one is clearly better. The errors of that test are shown (MASE: over the error of taking
/// the value of a week before; sMAPE in percent) and give the intervals, which widen with the horizon.
/// Nothing is forecast below zero. The season is a week, of months a year; a history shorter than two
/// has none. The slope is what the history rises by each day by least squares.
#[derive(Debug, clap::Args)]
pub struct ForecastArgs {
    /// How many days ahead, or months [default: 14 days, 3 months]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=366))]
    horizon: Option<u16>,
    /// By which method
    #[arg(long, value_enum, value_name = "METHOD", default_value = "auto")]
    method: Way,
    /// Which prediction intervals, in percent
    #[arg(
        long,
        value_enum,
        value_name = "PERCENT",
        value_delimiter = ',',
        default_value = "80,95"
    )]
    interval: Vec<Percent>,
    /// A forecast for each region or category
    #[arg(long, value_enum, value_name = "DIMENSION")]
    by: Option<By>,
    /// Only in this currency
    #[arg(long, value_name = "CODE")]
    currency: Option<String>,
    /// Only of this region
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// Only of this product category
    #[arg(long, value_name = "CATEGORY")]
    category: Option<String>,
    /// From how many days back the history is taken [default: 180, for months 1096]
    #[arg(long, value_name = "DAYS",
        value_parser = clap::value_parser!(u32).range(1..=11_000))]
    history: Option<u32>,
    /// What a day without rows is
    #[arg(long, value_enum, value_name = "WHAT", default_value = "zero")]
    gaps: Gap,
    /// Forecast days or calendar months
    #[arg(long, value_enum, value_name = "BUCKET", default_value = "day")]
    bucket: Every,
}

/// For what there is a forecast each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum By {
    /// Each region
    Region,
    /// Each product category
    Category,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Gap {
    /// No revenue
    Zero,
    /// Not known
    Missing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Every {
    /// Days
    Day,
    /// Calendar months
    Month,
}

impl By {
    /// The column, the field of results, its heading.
    const fn names(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Self::Region => ("region", "region", "REGION"),
            Self::Category => ("product_category", "productCategory", "CATEGORY"),
        }
    }
}

impl Every {
    const fn bucket(self) -> Bucket {
        match self {
            Self::Day => Bucket::Day,
            Self::Month => Bucket::Month,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Month => "month",
        }
    }
}

/// Whose forecast: the currency, and what `--by` names.
type Key = (String, Option<String>);

/// The range of the history, and the first day of the bucket that is not over.
struct Span {
    range: Range,
    begin: Option<Date>,
    running: Date,
}

/// Runs the leaf.
///
/// # Errors
/// The command's failure; too little history for any forecast.
pub async fn run(args: &ForecastArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let span = span(args, context)?;
    let answer = ask_in(context, span.range.clone(), asked(args)).await?;
    let days = by_day(args, &answer);
    if days.is_empty() {
        let title = answer.range.title();
        return Err(Failure::failed(format!("cannot forecast revenue: there is none, {title}"))
            .hint("Take a longer --history, or check --currency, --region and --category."));
    }
    let mut made = Vec::new();
    let mut few = Vec::new();
    for (key, days) in days {
        if context.shutdown.asked() {
            return Ok(context.shutdown.status());
        }
        let bucket = args.bucket.bucket();
        let history = bucket.history(&days, span.begin, span.running, args.gaps.gaps());
        match prepare(args, &history) {
            Ok(prepared) => made.push((key, history, prepared)),
            Err(needed) => few.push((key, history.values.len(), needed)),
        }
    }
    if made.is_empty() {
        return Err(too_little(args, &few));
    }
    let mut report = columns(args, answer.report("Revenue forecast"));
    report = report.meta("running", span.running.to_string());
    let mut told = Vec::new();
    let mut lines = Vec::new();
    for (key, history, prepared) in &made {
        lines.push(tell(args, (key, history, prepared), &mut report, &mut told)?);
    }
    let skipped = few.iter().map(|(key, found, needed)| {
        let mut object = named(args, key);
        object.insert("found".to_owned(), json!(found));
        object.insert("needed".to_owned(), json!(needed));
        Value::Object(object)
    });
    let report = report.meta("forecasts", told).meta("skipped", skipped.collect::<Vec<_>>());
    context.ui.report(&report)?;
    lines.into_iter().flatten().for_each(|line| context.ui.status(line));
    let word = args.bucket.word();
    context.ui.status(format!("The {word} of {} is not over and left out.", span.running));
    for line in few.iter().map(|few| shortage(args, few)) {
        context.ui.warning(format!("no forecast of {line}"));
    }
    Ok(if few.is_empty() { ExitStatus::Done } else { ExitStatus::Partly })
}

/// The history's range: whole buckets up to the running one.
fn span(args: &ForecastArgs, context: &Context) -> Result<Span, Failure> {
    if args.history.is_some() && context.global.since.is_some() {
        return Err(Failure::usage("--history and --since both say where the history begins")
            .hint("Give one of them."));
    }
    let back = args.history.unwrap_or(if args.bucket == Every::Day { 180 } else { 1096 });
    let range = range::resolve(&context.global, context.settings(), context.now(), DAY * back)?;
    let beyond = || Failure::usage(format!("cannot take whole days of {}", range.title()));
    let bucket = args.bucket.bucket();
    let running = range.date(range.until.min(range.as_of)).ok_or_else(beyond)?;
    let running = bucket.of(running);
    let begin = bucket.of(range.date(range.since).ok_or_else(beyond)?);
    let until = range.start(running).ok_or_else(beyond)?;
    let since = range.start(begin).ok_or_else(beyond)?;
    if since >= until {
        return Err(too_little(args, &[]));
    }
    if bucket.after(begin, MOST).is_some_and(|end| end < running) {
        let (since, word) = (begin, args.bucket.word());
        return Err(Failure::usage(format!("the history from {since} on is too long"))
            .hint(format!("Take at most {MOST} {word}s.")));
    }
    let begin = context.global.since.is_some().then_some(begin);
    Ok(Span { range: Range { since, until, ..range }, begin, running })
}

fn asked(args: &ForecastArgs) -> Asked {
    let mut by = vec!["currency"];
    by.extend(args.by.map(|by| by.names().0));
    let mut only = vec![("currency", args.currency.clone())];
    for (of, value) in [(By::Region, &args.region), (By::Category, &args.category)] {
        let column = of.names().0;
        // What is not known has no value to be compared with, and is sorted out by day.
        if value.as_deref() == Some(UNKNOWN) && !by.contains(&column) {
            by.push(column);
        } else if value.as_deref() != Some(UNKNOWN) {
            only.push((column, value.clone()));
        }
    }
    Asked { facts: facts::REVENUE, daily: true, by, only, most: None }
}

/// The sums by day of each forecast to be made.
fn by_day(args: &ForecastArgs, answer: &Answered) -> BTreeMap<Key, BTreeMap<Date, Decimal>> {
    let by = asked(args).by;
    let unknown = |of: By, value: &Option<String>| {
        let at = by.iter().position(|c| *c == of.names().0);
        at.filter(|_| value.as_deref() == Some(UNKNOWN))
    };
    let unknown: Vec<usize> = [(By::Region, &args.region), (By::Category, &args.category)]
        .into_iter()
        .filter_map(|(of, value)| unknown(of, value))
        .collect();
    let mut series: BTreeMap<Key, BTreeMap<Date, Decimal>> = BTreeMap::new();
    for fact in &answer.facts {
        let Some(day) = fact.day.and_then(|day| answer.range.date(day)) else { continue };
        if unknown.iter().any(|at| fact.key(*at) != UNKNOWN) {
            continue;
        }
        let key = (fact.key(0).to_owned(), args.by.map(|_| fact.key(1).to_owned()));
        *series.entry(key).or_default().entry(day).or_default() += fact.value(REVENUE);
    }
    series
}

/// The back-test of a history, or how many buckets it would need.
fn prepare(args: &ForecastArgs, history: &History) -> Result<Prepared, usize> {
    let bucket = args.bucket.bucket();
    let method = args.method.method();
    let seasonal = match method {
        Some(Method::SeasonalLinear | Method::SeasonalNaive | Method::Mstl) => true,
        _ => history.values.len() >= 2 * bucket.season(),
    };
    let season = if seasonal { bucket.season() } else { 1 };
    let needed = needed(method, season).max(bucket.least());
    if history.values.len() < needed {
        return Err(needed);
    }
    let wish = Wish {
        method,
        seasons: if seasonal { vec![season] } else { Vec::new() },
        horizon: usize::from(args.horizon()),
        floor: Some(0.0),
    };
    let values: Vec<Option<f64>> =
        history.values.iter().map(|v| v.as_ref().and_then(Decimal::to_f64)).collect();
    Prepared::new(&values, wish).map_err(|few| few.needed.max(needed))
}

impl ForecastArgs {
    fn horizon(&self) -> u16 {
        self.horizon.unwrap_or(if self.bucket == Every::Day { 14 } else { 3 })
    }
}

impl Gap {
    const fn gaps(self) -> Gaps {
        match self {
            Self::Zero => Gaps::Zero,
            Self::Missing => Gaps::Missing,
        }
    }
}

/// `revenue in EUR: 5 whole days of history, 7 are needed`
fn shortage(args: &ForecastArgs, (key, found, needed): &(Key, usize, usize)) -> String {
    let word = args.bucket.word();
    let of = key.1.as_ref().map(|of| format!(" of {of}")).unwrap_or_default();
    let ending = if *found == 1 { "" } else { "s" };
    format!(
        "revenue in {}{of}: {found} whole {word}{ending} of history, {needed} are needed",
        key.0
    )
}

fn too_little(args: &ForecastArgs, few: &[(Key, usize, usize)]) -> Failure {
    let (word, least) = (args.bucket.word(), args.bucket.bucket().least());
    let all: Vec<String> = few.iter().map(|few| shortage(args, few)).collect();
    let all = if all.is_empty() {
        format!("revenue: 0 whole {word}s of history, {least} are needed")
    } else {
        all.join("; ")
    };
    Failure::failed(format!("cannot forecast {all}")).code("too-little-history").hint(format!(
        "The running {word} is left out; take a longer --history or an earlier --since."
    ))
}

/// Whose forecast it is, as the beginning of a JSON object.
fn named(args: &ForecastArgs, key: &Key) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("currency".to_owned(), json!(key.0));
    if let (Some(by), Some(of)) = (args.by, &key.1) {
        object.insert(by.names().1.to_owned(), json!(of));
    }
    object
}

fn columns(args: &ForecastArgs, report: Report) -> Report {
    let heading = if args.bucket == Every::Day { "DAY" } else { "MONTH" };
    let mut report = report.column(args.bucket.word(), heading);
    if let Some(by) = args.by {
        report = report.column(by.names().1, by.names().2);
    }
    let report = report.column("currency", "CURRENCY").number("forecast", "FORECAST");
    bounds(report, levels(&args.interval))
}

/// A number as money to two decimals.
fn amount(value: f64) -> Result<Decimal, Failure> {
    Decimal::from_f64(value).map(|amount| amount.round_dp(2)).ok_or_else(|| {
        Failure::failed(format!("cannot forecast revenue: {value} is beyond what money can be"))
            .hint("Look for wrong amounts with `bss analytics revenue summary`.")
    })
}

/// Adds a forecast to the report and its facts; gives the sentences about it.
fn tell(
    args: &ForecastArgs,
    (key, history, prepared): (&Key, &History, &Prepared),
    report: &mut Report,
    told: &mut Vec<Value>,
) -> Result<Vec<String>, Failure> {
    let (bucket, word, levels) = (args.bucket.bucket(), args.bucket.word(), levels(&args.interval));
    let outlook = prepared.outlook();
    let count = history.values.len();
    let mut total = Decimal::ZERO;
    for (ahead, step) in outlook.steps.iter().enumerate() {
        let day = bucket.after(history.first, count + ahead).map(|day| day.to_string());
        let value = amount(step.value)?;
        total += value;
        let mut row = vec![Cell::text_or_null(day)];
        row.extend(key.1.as_deref().map(Cell::from));
        row.extend([key.0.as_str().into(), money(value)]);
        for bound in within(step, levels) {
            row.push(money(amount(bound)?));
        }
        report.push(row);
    }
    let last = count.checked_sub(1).and_then(|last| bucket.after(history.first, last));
    let (mean, slope) = (amount(prepared.mean())?, amount(prepared.slope())?);
    let mut object = named(args, key);
    let facts = json!({
        "method": outlook.method.word(),
        "members": members(prepared, outlook.method),
        "total": money_text(total),
        "totalWithin": total_within(&outlook.total.within, levels)?,
        "slope": money_text(slope),
        "slopePer": word,
        "history": {
            "from": history.first.to_string(),
            "to": last.map(|day| day.to_string()),
            "bucket": word,
            "buckets": count,
            "missing": history.values.iter().filter(|v| v.is_none()).count(),
            "mean": money_text(mean),
        },
        "backtest": tried(prepared),
    });
    object.extend(facts.as_object().cloned().unwrap_or_default());
    told.push(Value::Object(object));
    let name = key.1.as_ref().map_or_else(|| key.0.clone(), |of| format!("{of} in {}", key.0));
    let (horizon, units) = (args.horizon(), format!("{word}s"));
    let (total, mean, slope) = (money_text(total), money_text(mean), money_text(slope));
    let first = history.first;
    Ok(vec![
        format!(
            "{name}: {total} in {horizon} {units}, after {mean} a {word} in {count} {units} from \
             {first} on, slope {slope} a {word}."
        ),
        format!("{name}: {}.", story(prepared, &units, args.method.method())),
    ])
}

/// The intervals of the sum: `{"80": ["90.00", "110.00"]}`.
fn total_within(within: &[(f64, f64)], levels: [bool; Level::ALL.len()]) -> Result<Value, Failure> {
    let mut object = Map::new();
    for ((level, (lower, upper)), asked) in Level::ALL.into_iter().zip(within).zip(levels) {
        if asked {
            let bounds = [money_text(amount(*lower)?), money_text(amount(*upper)?)];
            object.insert(level.percent().to_string(), json!(bounds));
        }
    }
    Ok(Value::Object(object))
}
