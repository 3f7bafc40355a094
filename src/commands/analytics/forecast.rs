//! `bss analytics forecast`

use std::path::{Path, PathBuf};

use serde_json::{Value, json};

use crate::analytics::forecast::axis::Axis;
use crate::analytics::forecast::evaluation::{Evaluation, Protocol};
use crate::analytics::forecast::method::Method;
use crate::analytics::forecast::spread::Level;
use crate::analytics::forecast::{Expected, Prepared, Wish};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::metrics::import::source::Source;
use crate::metrics::encoding::Encoding;
use crate::ui::{Cell, Report};

/// Forecast the series of a file, or test the methods on it
///
/// FILE is CSV, plain or gzipped, with the columns series_id, time and value, each series in order of time
/// (`-` is standard input). A time is a date or a number, evenly apart; a value that is empty or left out
/// is missing. No server is asked. With --backtest nothing is forecast: each method is carried on from
/// N origins of every series, with nothing known but what came before, and its errors are shown:
/// MASE (over the error of the naive forecast of the first season before the origin), sMAPE, and how
/// much of what came lay within the intervals. The last origin is a horizon before the end, each earlier
/// one --step before the next. `auto` there is what the back-test inside the history before each origin
/// chooses. `bss analytics revenue forecast --help` explains the methods.
#[derive(Debug, clap::Args)]
pub struct FileArgs {
    /// The file
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// After how many values a series repeats itself; several by commas (24,168), 1 if it does not
    #[arg(long, value_name = "N", value_delimiter = ',', required = true,
        value_parser = clap::value_parser!(u16).range(1..=10_000))]
    season: Vec<u16>,
    /// How many values ahead
    #[arg(long, value_name = "N", default_value_t = 14,
        value_parser = clap::value_parser!(u16).range(1..=10_000))]
    horizon: u16,
    /// By which method; with --backtest, which is tested
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
    /// Test the methods from N origins of each series
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=10_000))]
    backtest: Option<u16>,
    /// How many values lie between two origins [default: the horizon]
    #[arg(long, value_name = "N", requires = "backtest",
        value_parser = clap::value_parser!(u16).range(1..=10_000))]
    step: Option<u16>,
    /// Forecast nothing below zero
    #[arg(long)]
    clip: bool,
}

/// How to forecast.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Way {
    /// The best in the back-test; the combination where no single method is clearly better
    Auto,
    /// Season and trend by loess, the trend by exponential smoothing
    Mstl,
    /// Exponential smoothing with trend and season (Holt-Winters, additive)
    Ets,
    /// Least squares on time and on the position in the season
    SeasonalLinear,
    /// The mean of the last 4 at the same position in the season; of all, where there is no season
    SeasonalMean,
    /// The last at the same position in the season
    SeasonalNaive,
    /// Least squares on time
    Linear,
    /// The mean of the best two or three in the back-test; the best, where no other is near it
    Combined,
}

impl Way {
    /// The method; `None` is the best.
    pub const fn method(self) -> Option<Method> {
        match self {
            Self::Auto => None,
            Self::Mstl => Some(Method::Mstl),
            Self::Ets => Some(Method::Ets),
            Self::SeasonalLinear => Some(Method::SeasonalLinear),
            Self::SeasonalMean => Some(Method::SeasonalMean),
            Self::SeasonalNaive => Some(Method::SeasonalNaive),
            Self::Linear => Some(Method::Linear),
            Self::Combined => Some(Method::Combined),
        }
    }
}

/// A prediction interval.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Percent {
    /// Four of five values lie within
    #[value(name = "80")]
    Eighty,
    /// 19 of 20 values lie within
    #[value(name = "95")]
    NinetyFive,
}

/// Which intervals were asked for, by [`Level::ALL`].
pub fn levels(asked: &[Percent]) -> [bool; Level::ALL.len()] {
    [asked.contains(&Percent::Eighty), asked.contains(&Percent::NinetyFive)]
}

/// The keys and headings of the bounds of each of [`Level::ALL`].
const BOUNDS: [[(&str, &str); 2]; Level::ALL.len()] = [
    [("lower80", "LOWER 80"), ("upper80", "UPPER 80")],
    [("lower95", "LOWER 95"), ("upper95", "UPPER 95")],
];

/// The columns of the intervals asked for.
pub fn bounds(report: Report, levels: [bool; Level::ALL.len()]) -> Report {
    let asked = BOUNDS.into_iter().zip(levels).filter(|(_, asked)| *asked);
    asked.flat_map(|(bounds, _)| bounds).fold(report, |r, (key, heading)| r.number(key, heading))
}

/// The bounds asked for, in the order of [`bounds`].
pub fn within(
    expected: &Expected,
    levels: [bool; Level::ALL.len()],
) -> impl Iterator<Item = f64> + '_ {
    let asked = expected.within.iter().zip(levels).filter(|(_, asked)| *asked);
    asked.flat_map(|((lower, upper), _)| [*lower, *upper])
}

/// The back-test, for the facts of a report: the methods that were tried, the best first.
pub fn tried(prepared: &Prepared) -> Value {
    let test = &prepared.backtest;
    let methods = test.trials.iter().map(|trial| {
        json!({
            "method": trial.method.word(),
            "mase": trial.scaled.map(rounded),
            "smape": rounded(trial.symmetric),
        })
    });
    json!({
        "origins": test.origins.ends.len(),
        "horizon": test.origins.horizon,
        "methods": methods.collect::<Vec<_>>(),
    })
}

/// The methods a forecast is the mean of; of a single method none.
pub fn members(prepared: &Prepared, method: Method) -> Vec<&'static str> {
    let members = (method == Method::Combined).then_some(&prepared.backtest.members);
    members.into_iter().flatten().map(|m| m.word()).collect()
}

/// The method and how it did in the back-test, as a sentence without its end.
pub fn story(prepared: &Prepared, units: &str, asked: Option<Method>) -> String {
    let (test, chosen) = (&prepared.backtest, prepared.chosen());
    let (origins, horizon) = (test.origins.ends.len(), test.origins.horizon);
    let members = members(prepared, chosen.method).join(", ");
    let of = if members.is_empty() { String::new() } else { format!(" ({members})") };
    let count = test.trials.len();
    let why = if asked.is_none() { format!(", chosen of {count}") } else { String::new() };
    let errors = |t: &crate::analytics::forecast::backtest::Trial| {
        let scaled = t.scaled.map_or_else(|| "-".to_owned(), |s| format!("{s:.3}"));
        format!("MASE {scaled}, sMAPE {:.1}%", t.symmetric)
    };
    let others = test.trials.iter().filter(|t| t.method != chosen.method);
    let others: Vec<String> =
        others.map(|t| format!("{} {}", t.method.word(), errors(t))).collect();
    let others = if others.is_empty() { String::new() } else { format!("; {}", others.join("; ")) };
    format!(
        "{}{of}{why} by back-test, {origins} origins of {horizon} {units}: {}{others}",
        chosen.method.word(),
        errors(chosen)
    )
}

/// To four decimals: the same on every machine.
pub fn rounded(value: f64) -> f64 {
    (value * 10_000.0).round() / 10_000.0
}

struct Series {
    id: String,
    axis: Axis,
    values: Vec<Option<f64>>,
}

/// Runs the leaf.
///
/// # Errors
/// The file cannot be read or says nothing usable; a series is too short.
pub fn run(args: &FileArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let mut seasons: Vec<usize> = args.season.iter().map(|s| usize::from(*s)).collect();
    seasons.sort_unstable();
    seasons.dedup();
    seasons.retain(|s| *s > 1);
    let wish = Wish {
        method: args.method.method(),
        seasons,
        horizon: usize::from(args.horizon),
        floor: args.clip.then_some(0.0),
    };
    let series = read(&args.file)?;
    match args.backtest {
        None => forecast(args, &series, &wish, context),
        Some(origins) => test(args, &series, wish, origins, context),
    }
}

fn forecast(
    args: &FileArgs,
    series: &[Series],
    wish: &Wish,
    context: &Context,
) -> Result<ExitStatus, Failure> {
    let levels = levels(&args.interval);
    let title = format!("Forecast of {} values", args.horizon);
    let report = Report::new(title).column("seriesId", "SERIES").column("time", "TIME");
    let mut report = bounds(report.number("forecast", "FORECAST"), levels);
    let (mut told, mut lines): (Vec<Value>, Vec<String>) = (Vec::new(), Vec::new());
    for one in series {
        if context.shutdown.asked() {
            return Ok(context.shutdown.status());
        }
        let prepared = Prepared::new(&one.values, wish.clone()).map_err(|few| {
            let what = format!("cannot forecast series `{}`: {few}", one.id);
            Failure::failed(what)
                .hint("Give a longer series, a shorter --season or another --method.")
        })?;
        let outlook = prepared.outlook();
        for (ahead, step) in outlook.steps.iter().enumerate() {
            let numbers = std::iter::once(step.value).chain(within(step, levels));
            let mut row =
                vec![one.id.as_str().into(), Cell::text_or_null(one.axis.ahead(ahead + 1))];
            row.extend(numbers.map(|n| Cell::Number(rounded(n).to_string())));
            report.push(row);
        }
        told.push(json!({
            "seriesId": one.id,
            "method": outlook.method.word(),
            "members": members(&prepared, outlook.method),
            "values": one.values.len(),
            "missing": one.values.iter().filter(|v| v.is_none()).count(),
            "slope": rounded(prepared.slope()),
            "backtest": tried(&prepared),
        }));
        lines.push(format!("{}: {}.", one.id, story(&prepared, "values", wish.method)));
    }
    context.ui.report(&report.meta("forecasts", told))?;
    lines.into_iter().for_each(|line| context.ui.status(line));
    Ok(ExitStatus::Done)
}

fn test(
    args: &FileArgs,
    series: &[Series],
    wish: Wish,
    origins: u16,
    context: &Context,
) -> Result<ExitStatus, Failure> {
    let step = usize::from(args.step.unwrap_or(args.horizon));
    let protocol = Protocol { wish, origins: usize::from(origins), step };
    let mut found = Evaluation::default();
    let clock = || context.now().micros();
    for one in series {
        if context.shutdown.asked() {
            return Ok(context.shutdown.status());
        }
        found.add(&one.values, &protocol, &clock);
    }
    if found.scores.is_empty() {
        return Err(Failure::failed(format!("cannot test the methods on {}", args.file.display()))
            .hint(
                "Every origin needs a history that changes; ask for less --horizon or --backtest.",
            ));
    }
    let seasons: Vec<String> = args.season.iter().map(u16::to_string).collect();
    let mut report = Report::new(format!(
        "Back-test: {} series, season {}, horizon {}, {origins} origins",
        series.len(),
        seasons.join(","),
        args.horizon
    ))
    .meta("series", series.len())
    .meta("leftOut", found.left_out)
    .column("method", "METHOD")
    .number("forecasts", "FORECASTS")
    .number("mase", "MASE")
    .number("smape", "SMAPE")
    .number("coverage80", "WITHIN 80")
    .number("coverage95", "WITHIN 95")
    .number("secondsPerFit", "S PER FIT");
    for (method, score) in &found.scores {
        let number = |value: f64, digits: usize| Cell::Number(format!("{value:.digits$}"));
        let [eighty, ninety_five] = score.covered();
        let seconds = score.micros as f64 / 1e6 / f64::from(score.forecasts);
        report.push(vec![
            method.map_or("auto", Method::word).into(),
            i64::from(score.forecasts).into(),
            number(score.scaled(), 4),
            number(score.symmetric(), 2),
            number(eighty, 1),
            number(ninety_five, 1),
            number(seconds, 4),
        ]);
    }
    let chosen: Vec<String> =
        found.chosen.iter().map(|(method, n)| format!("{} {n}", method.word())).collect();
    context.ui.report(&report)?;
    context.ui.status(format!("Chosen: {}.", chosen.join(", ")));
    if found.left_out > 0 {
        let left = found.left_out;
        context
            .ui
            .status(format!("{left} origins left out: too little before them, or no change."));
    }
    Ok(ExitStatus::Done)
}

/// Reads the series of a file, in the order in which they come.
fn read(file: &Path) -> Result<Vec<Series>, Failure> {
    let source = Source::new(file, false)?;
    let name = source.name();
    let wrong = |line: u64, what: String| {
        Failure::failed(format!("cannot read series from {name}: line {line}: {what}"))
            .hint("Give CSV with the columns series_id, time and value.")
    };
    let mut reader = csv::Reader::from_reader(source.open(Encoding::Utf8)?.bytes);
    let header = reader.headers().map_err(|e| wrong(1, e.to_string()))?.clone();
    let column = |wanted: &str| {
        let at = header.iter().position(|c| c.trim_start_matches('\u{feff}').trim() == wanted);
        at.ok_or_else(|| wrong(1, format!("there is no column {wanted}")))
    };
    let [id, time, value] = [column("series_id")?, column("time")?, column("value")?];
    let mut found: Vec<(String, Vec<(String, Option<f64>)>)> = Vec::new();
    let mut known = std::collections::HashMap::new();
    for record in reader.records() {
        let line = |p: Option<&csv::Position>| p.map_or(0, csv::Position::line);
        let record = record.map_err(|e| wrong(line(e.position()), e.to_string()))?;
        let line = line(record.position());
        let text = &record[value];
        let number =
            match text.trim() {
                "" => None,
                text => Some(text.parse::<f64>().ok().filter(|v| v.abs() <= 1e100).ok_or_else(
                    || wrong(line, format!("`{text}` is no number that can be reckoned with")),
                )?),
            };
        let at = *known.entry(record[id].to_owned()).or_insert(found.len());
        if at == found.len() {
            found.push((record[id].to_owned(), Vec::new()));
        }
        found[at].1.push((record[time].to_owned(), number));
    }
    if found.is_empty() {
        return Err(Failure::failed(format!("there is no series in {name}"))
            .hint("Give CSV with the columns series_id, time and value."));
    }
    let placed = found.into_iter().map(|(id, rows)| match Axis::of(&rows) {
        Ok((axis, values)) => Ok(Series { id, axis, values }),
        Err(uneven) => Err(Failure::failed(format!(
            "cannot place series `{id}` of {name} in time"
        ))
        .because(&uneven)
        .hint("Times are dates or numbers, in order and evenly apart; leave out what is missing.")),
    });
    placed.collect()
}
