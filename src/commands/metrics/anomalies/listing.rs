//! What the lists of alarms have in common.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::Failure;
use crate::cli::range::Range;
use crate::commands::Context;
use crate::domain::EventTime;
use crate::metrics::anomaly::alarms::{Alarm, Order, Watch};
use crate::metrics::anomaly::{LEARNING, PERIOD};
use crate::ui::{Cell, Report};

/// The score from which on a row is an alarm, without `--threshold`.
pub const THRESHOLD: &str = "0.5";

/// The options of a list.
#[derive(Debug, clap::Args)]
pub struct Listing {
    /// Scores from this on, above 0 and up to 1
    #[arg(long, value_name = "SCORE", default_value = THRESHOLD, value_parser = threshold)]
    pub threshold: f64,
    /// Which alarms come first
    #[arg(long, value_enum, default_value_t = First::Newest)]
    first: First,
    /// At most so many alarms
    #[arg(long, value_name = "N", default_value_t = 50,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    limit: u32,
    /// Refuse to read more rows, history included
    #[arg(long, value_name = "N", default_value_t = 2_000_000,
        value_parser = clap::value_parser!(u32).range(1..=1_000_000_000))]
    pub max_rows: u32,
}

/// The order of a list.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum First {
    /// The newest.
    Newest,
    /// Those with the highest score.
    Highest,
}

/// Reads a threshold.
pub fn threshold(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(score) if score > 0.0 && score <= 1.0 => Ok(score),
        _ => Err("a score is above 0 and at most 1".to_owned()),
    }
}

/// An instant in seconds by the clocks of a zone: time of day and weekends are the zone's.
pub fn local(zone: &TimeZone, time: EventTime) -> i64 {
    let seconds = time.micros().div_euclid(1_000_000);
    let at = Timestamp::from_second(seconds);
    seconds + at.map_or(0, |at| i64::from(zone.to_offset(at).seconds()))
}

/// The alarms of all series.
#[derive(Default)]
pub struct Found {
    /// Series and alarm; a series is named by a service, if it has one, and a metric.
    alarms: Vec<(String, String, Alarm)>,
    series: u64,
    learning: u64,
    rows: u64,
    missing: u64,
    repeated: u64,
}

impl Found {
    /// Takes the alarms of a series in that has been seen to its end. A gauge that a service never
    /// reports is no series.
    pub fn take(&mut self, service: &str, metric: &str, watch: Watch) {
        if watch.rows == 0 || !watch.known() {
            return;
        }
        self.series += 1;
        self.learning += u64::from(watch.learning());
        self.rows += watch.rows;
        self.missing += watch.missing;
        self.repeated += watch.repeated;
        let named = |alarm| (service.to_owned(), metric.to_owned(), alarm);
        self.alarms.extend(watch.alarms.into_iter().map(named));
    }

    /// Prints the list.
    ///
    /// # Errors
    /// Standard output failed.
    pub fn tell(
        mut self,
        context: &Context,
        listing: &Listing,
        range: &Range,
        (about, services): (&str, bool),
        history: u32,
    ) -> Result<(), Failure> {
        let order = match listing.first {
            First::Newest => Order::Newest,
            First::Highest => Order::Highest,
        };
        self.alarms.sort_by(|a, b| {
            let by_name = || (&a.0, &a.1).cmp(&(&b.0, &b.1));
            order.compare(&a.2, &b.2).then_with(by_name)
        });
        let found = self.alarms.len();
        self.alarms.truncate(usize::try_from(listing.limit).unwrap_or(usize::MAX));
        let cut = self.alarms.len() < found;
        let mut report =
            Report::new(format!("{about}, {}", range.title())).column("timestamp", "TIME");
        if services {
            report = report.column("serviceName", "SERVICE");
        }
        let report = columns(report.column("metric", "METRIC"))
            .number("repeated", "REPEATED")
            .meta("threshold", listing.threshold)
            .meta("historyDays", history)
            .meta("series", self.series)
            .meta("learning", self.learning)
            .meta("rows", self.rows)
            .meta("missing", self.missing)
            .meta("repeated", self.repeated)
            .meta("found", found)
            .meta("limit", listing.limit)
            .meta("cut", cut);
        let mut report = range.meta(report);
        for (service, metric, alarm) in &self.alarms {
            let mut row = vec![alarm.time.into()];
            if services {
                row.push(service.as_str().into());
            }
            row.push(metric.as_str().into());
            row.extend(cells(alarm));
            row.push(Cell::from(alarm.repeated));
            report.push(row);
        }
        context.ui.report(&report)?;
        self.say(context);
        if cut {
            context.ui.cut(self.alarms.len(), "--limit");
        }
        Ok(())
    }

    fn say(&self, context: &Context) {
        let Self { series, learning, rows, missing, repeated, .. } = self;
        context.ui.status(format!("{rows} rows of {series} series were judged."));
        if *repeated > 0 {
            context.ui.status(format!(
                "{repeated} of them reached the threshold too, within {PERIOD} rows of an alarm at \
                 least as high."
            ));
        }
        if *missing > 0 {
            context.ui.status(format!("{missing} of them have no value."));
        }
        if *learning > 0 {
            context.ui.status(format!(
                "{learning} series have {LEARNING} values or fewer with the history: too few to \
                 judge one (--history)."
            ));
        }
    }
}

/// The columns that an alarm fills.
fn columns(report: Report) -> Report {
    report
        .number("value", "VALUE")
        .number("expected", "EXPECTED")
        .number("score", "SCORE")
        .number("deviations", "DEVIATIONS")
        .column("model", "MODEL")
}

fn cells(alarm: &Alarm) -> [Cell; 5] {
    [
        number(alarm.value),
        number(rounded(alarm.finding.expected)),
        score(alarm.score),
        Cell::Number(format!("{:.1}", alarm.finding.deviations)),
        alarm.finding.model.word().into(),
    ]
}

/// A number with as many digits as it needs.
pub fn number(value: f64) -> Cell {
    Cell::Number(serde_json::Value::from(value).to_string())
}

/// To six significant digits: an expectation is no measurement.
pub fn rounded(value: f64) -> f64 {
    format!("{value:.5e}").parse().unwrap_or(value)
}

/// A score to four decimals, downwards: one below the threshold never looks as if it were not.
pub fn score(score: f64) -> Cell {
    Cell::Number(format!("{:.4}", (score * 1e4).floor() / 1e4))
}

impl Listing {
    /// The first instant that is read.
    pub fn start(&self, since: EventTime, history: u32) -> EventTime {
        since.plus_micros(-i64::from(history) * 86_400_000_000)
    }

    /// Refuses to judge a part of the rows.
    ///
    /// # Errors
    /// There are more than `--max-rows`.
    pub fn refuse_part(&self, complete: bool, table: &str, narrow: &str) -> Result<(), Failure> {
        if complete {
            return Ok(());
        }
        let most = self.max_rows;
        Err(Failure::failed(format!(
            "hypertable {table} has more than {most} rows in the range and its history"
        ))
        .hint(format!("Narrow with {narrow}, a later --since or a shorter --history."))
        .hint("--max-rows N allows more; a page of them is in memory at a time."))
    }
}
