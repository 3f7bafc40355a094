//! How a report asks: the range in whole days, from where the answer comes, within which time.

use std::time::Duration;

use rust_decimal::Decimal;

use crate::analytics::facts::{Fact, Facts, Question, Source, in_whole_hours};
use crate::analytics::health::PERCENTILES;
use crate::backends::postgres::transaction::{limit_statements, report_fault};
use crate::backends::postgres::{self, PgConnection, facts, hypertable};
use crate::cli::Failure;
use crate::cli::range::{self, Range};
use crate::commands::Context;
use crate::domain::EventTime;
use crate::ui::{Cell, Report};

/// A day.
pub const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What is asked beside the range.
pub struct Asked {
    /// About what.
    pub facts: Facts,
    /// Whether by day.
    pub daily: bool,
    /// By which dimensions.
    pub by: Vec<&'static str>,
    /// Only where a dimension has a value.
    pub only: Vec<(&'static str, Option<String>)>,
    /// Only so many lines, those with the most of the first measure.
    pub most: Option<u32>,
}

/// The answer, with the range it is of.
pub struct Answered {
    /// The range.
    pub range: Range,
    /// From where the answer comes.
    pub source: Source,
    /// Its lines.
    pub facts: Vec<Fact>,
    /// How many there are in all.
    pub all: usize,
    /// Before when rows that it lacks have expired.
    pub expired: Option<EventTime>,
}

/// Asks over whole days; without `--since` over the last `days`.
///
/// # Errors
/// A wrong range, a server that cannot be reached, a missing table, a question that took too long.
pub async fn ask(context: &Context, days: u32, asked: Asked) -> Result<Answered, Failure> {
    let range = range::resolve(&context.global, context.settings(), context.now(), DAY * days)?;
    ask_in(context, range, asked).await
}

/// Asks over the whole days of a range.
///
/// # Errors
/// As [`ask`], but for the range.
pub async fn ask_in(context: &Context, range: Range, asked: Asked) -> Result<Answered, Failure> {
    let settings = context.settings();
    let (range, whole) = range.of_days(context.now());
    let zone = range.zone_name();
    let hours = in_whole_hours(&range.zone, (range.since, range.until), context.now());
    let source = Source::of(&asked.facts, zone == settings.timescale.zone, whole, hours);
    let question = Question {
        facts: asked.facts,
        source,
        tenant: settings.general.tenant.clone(),
        since: range.since,
        until: range.until,
        daily: asked.daily.then_some(zone),
        by: asked.by,
        only: asked.only.into_iter().filter_map(|(c, v)| Some((c, v?))).collect(),
        most: asked.most,
    };
    let mut connection = connect(context).await?;
    let limit = settings.timescale.statement_timeout;
    let (facts, all) = facts::ask(&mut connection, &question).await.map_err(|e| {
        let what = format!("could not sum up hypertable bss.{}", question.facts.hypertable);
        report_fault(e, what, &range.title(), limit)
    })?;
    let expired = match source {
        Source::Rows => {
            tell_expired(context, &mut connection, question.facts.hypertable, range.since).await?
        }
        // What the rows added up to is still there.
        Source::Aggregate | Source::Hourly => None,
    };
    Ok(Answered { range, source, facts, all, expired })
}

/// Warns of an answer from rows whose range begins before the rows do; before when they have expired.
///
/// # Errors
/// A missing table, a lost connection.
pub async fn tell_expired(
    context: &Context,
    connection: &mut PgConnection,
    table: &str,
    since: EventTime,
) -> Result<Option<EventTime>, Failure> {
    let floor = hypertable::floor(connection, table).await?.filter(|floor| since < *floor);
    if let Some(floor) = floor {
        context.ui.warning(format!(
            "rows of bss.{table} before {floor} have expired and are not in this answer"
        ));
    }
    Ok(floor)
}

/// The same in the document.
pub fn expired_meta(report: Report, expired: Option<EventTime>) -> Report {
    match expired {
        Some(floor) => report.meta("expiredBefore", floor.to_string()),
        None => report,
    }
}

/// The range in whole hours if it is too long for percentiles: it is then answered from the hourly
/// aggregate, with a warning that percentiles are left out.
pub fn in_hours(context: &Context, range: &Range) -> Option<Range> {
    let span = Duration::from_micros(range.until.micros_since(range.since).unsigned_abs());
    if span <= PERCENTILES {
        return None;
    }
    let days = PERCENTILES.as_secs() / DAY.as_secs();
    context.ui.warning(format!(
        "over more than {days} days sums by hour are read, from which there is no percentile: P99 MS \
         is not shown"
    ));
    let (since, until) = (range.since.hour(), range.until.next_hour());
    Some(Range { since, until, ..range.clone() })
}

/// A connection for a report.
///
/// # Errors
/// The server cannot be reached.
pub async fn connect(context: &Context) -> Result<PgConnection, Failure> {
    let settings = &context.settings().timescale;
    let mut connection = postgres::connect(settings).await?;
    limit_statements(&mut connection, settings.statement_timeout).await?;
    Ok(connection)
}

impl Answered {
    /// A report with the facts of the range.
    pub fn report(&self, about: &str) -> Report {
        let report = Report::new(format!("{about}, {}", self.range.title()));
        let report = self.range.meta(report).meta("source", self.source.word());
        expired_meta(report, self.expired)
    }
}

/// The newest day first, then by a measure, the largest first.
pub fn newest_first(facts: &mut [Fact], measure: usize) {
    facts.sort_by(|a, b| {
        let by_value = || b.value(measure).cmp(&a.value(measure));
        b.day.cmp(&a.day).then_with(by_value).then_with(|| a.keys.cmp(&b.keys))
    });
}

/// Cuts a list to `limit`; says whether it did.
pub fn cut<T>(list: &mut Vec<T>, limit: u32) -> bool {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let cut = list.len() > limit;
    list.truncate(limit);
    cut
}

/// Money digit for digit, with two decimals at least; a sum may be larger than an amount.
pub fn money(amount: Decimal) -> Cell {
    Cell::from(money_text(amount))
}

/// The same as a text.
pub fn money_text(amount: Decimal) -> String {
    let mut amount = amount.normalize();
    amount.rescale(amount.scale().max(2));
    amount.to_string()
}

/// A count.
pub fn count(number: Decimal) -> Cell {
    Cell::Number(number.normalize().to_string())
}

/// A measured number to two decimals, if it is known.
pub fn number(value: Option<f64>) -> Cell {
    value.map_or(Cell::Null, |v| Cell::Number(format!("{v:.2}")))
}
