//! `bss metrics anomalies file`

use std::path::PathBuf;

use csv::{ByteRecord, ReaderBuilder};
use serde_json::json;

use super::listing::{THRESHOLD, number, rounded, threshold};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::metrics::import::source::Source;
use crate::domain::EventTime;
use crate::metrics::anomaly::alarms::Watch;
use crate::metrics::anomaly::row::{Stamp, row};
use crate::metrics::encoding::Encoding;
use crate::ui::{Cell, Report};

/// Lines at fault that are told one by one.
const TOLD: usize = 20;

/// Score every row of a file
///
/// Reads CSV with the columns timestamp and value, plain or gzipped, in order of time, and gives each
/// row its score without any server, as `bss metrics anomalies system` would. The column score tells
/// how unusual a row is; anomaly_score is the same, but 0 where one of the 100 rows before was as
/// unusual: what is at or above a threshold there is an alarm. Times are RFC 3339, epoch milliseconds,
/// or without an offset, when they are read as UTC and may go back by an hour at most, as clocks do. A
/// row without a value has no score. A line that cannot be read is told with its number and left out,
/// and the exit code is 7.
#[derive(Debug, clap::Args)]
pub struct FileArgs {
    /// The file, or - for standard input
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// Scores from this on are alarms, above 0 and up to 1
    #[arg(long, value_name = "SCORE", default_value = THRESHOLD, value_parser = threshold)]
    threshold: f64,
    /// Only the rows that are alarms
    #[arg(long)]
    alarms: bool,
}

/// Runs the command.
///
/// # Errors
/// The command's failure.
pub fn run(args: &FileArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let source = Source::new(&args.file, false)?;
    let mut series = Series::new(args);
    read(&source, |line, time, value| series.take(&source, line, (time, value)))?;
    let Series { report, watch, rejects, rejected, .. } = series;
    let (rows, alarms) = (watch.rows, watch.alarms.len());
    let report = report
        .meta("source", source.name())
        .meta("threshold", args.threshold)
        .meta("rows", rows)
        .meta("missing", watch.missing)
        .meta("alarms", alarms)
        .meta("repeated", watch.repeated)
        .meta("rejected", rejected)
        .meta(
            "rejects",
            rejects
                .iter()
                .map(|(line, why)| json!({"line": line, "reason": why}))
                .collect::<Vec<_>>(),
        );
    context.ui.report(&report)?;
    for (line, why) in &rejects {
        context.ui.warning(format!("line {line} of {} is left out: {why}", source.name()));
    }
    if rejects.len() < rejected {
        context.ui.warning(format!("{rejected} lines are left out in all"));
    }
    if watch.learning() {
        context.ui.status("The series is too short to judge a row of it.");
    }
    context.ui.status(format!("Rows: {rows}, alarms: {alarms}, repeated: {}.", watch.repeated));
    Ok(if rejected > 0 { ExitStatus::Partly } else { ExitStatus::Done })
}

/// The rows so far.
struct Series {
    watch: Watch,
    report: Report,
    only_alarms: bool,
    before: Option<(u64, Stamp)>,
    rejects: Vec<(u64, String)>,
    rejected: usize,
}

impl Series {
    fn new(args: &FileArgs) -> Self {
        let report = Report::new(format!("Scores of {}", args.file.display()))
            .column("timestamp", "TIME")
            .number("value", "VALUE")
            .number("expected", "EXPECTED")
            .number("score", "SCORE")
            .number("deviations", "DEVIATIONS")
            .column("model", "MODEL")
            // The name that the benchmark's own tools know.
            .number("anomaly_score", "ANOMALY SCORE");
        Self {
            watch: Watch::new(EventTime::from_micros(i64::MIN), args.threshold),
            report,
            only_alarms: args.alarms,
            before: None,
            rejects: Vec::new(),
            rejected: 0,
        }
    }

    fn take(
        &mut self,
        source: &Source,
        line: u64,
        (time, text): (Option<&str>, Option<&str>),
    ) -> Result<(), Failure> {
        let (stamp, value) = match row(time, text) {
            Ok(row) => row,
            Err(why) => {
                self.rejected += 1;
                if self.rejects.len() < TOLD {
                    self.rejects.push((line, why));
                }
                return Ok(());
            }
        };
        if let Some((earlier, before)) = self.before
            && !stamp.may_follow(before)
        {
            return Err(Failure::failed(format!(
                "{} is not in order of time: {} in line {line} comes after {} in line {earlier}",
                source.name(),
                stamp.time,
                before.time
            ))
            .hint("Sort its lines by timestamp: a row is judged by the rows before it."));
        }
        self.before = Some((line, stamp));
        self.push(stamp.time, value);
        Ok(())
    }

    fn push(&mut self, time: EventTime, value: Option<f64>) {
        let alarms = self.watch.alarms.len();
        let verdict = self.watch.see(time, time.micros().div_euclid(1_000_000), value);
        if self.only_alarms && self.watch.alarms.len() == alarms {
            return;
        }
        let finding = verdict.and_then(|v| v.finding);
        let cell = |value: Option<f64>| value.map_or(Cell::Null, number);
        // Downwards: a score below a threshold never looks as if it were not.
        let score = |score: f64| (score * 1e6).floor() / 1e6;
        self.report.push(vec![
            time.into(),
            cell(value),
            cell(finding.map(|f| rounded(f.expected))),
            cell(verdict.map(|v| score(v.score))),
            finding.map_or(Cell::Null, |f| Cell::Number(format!("{:.1}", f.deviations))),
            Cell::text_or_null(finding.map(|f| f.model.word())),
            cell(verdict.map(|v| score(v.news()))),
        ]);
    }
}

/// Hands over each line's number, timestamp and value.
fn read(
    source: &Source,
    mut each: impl FnMut(u64, Option<&str>, Option<&str>) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let opened = source.open(Encoding::Utf8)?;
    // A quote that nobody closes must not swallow the rest of the file: `unquoted` looks at quotes.
    let mut csv = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .quoting(false)
        .from_reader(opened.bytes);
    let mut record = ByteRecord::new();
    let mut columns = None;
    while csv.read_byte_record(&mut record).map_err(|e| unreadable(source, &e))? {
        let line = record.position().map_or(0, csv::Position::line);
        let Some((time, value)) = columns else {
            columns = Some(header(source, &record)?);
            continue;
        };
        let field = |at: usize| record.get(at).map(String::from_utf8_lossy);
        each(line, field(time).as_deref(), field(value).as_deref())?;
    }
    if columns.is_none() {
        return Err(no_columns(source, "it is empty"));
    }
    Ok(())
}

/// Where the columns are.
fn header(source: &Source, record: &ByteRecord) -> Result<(usize, usize), Failure> {
    let names: Vec<String> =
        record.iter().map(|name| String::from_utf8_lossy(name).into_owned()).collect();
    let at = |wanted: &str| {
        let is =
            |name: &String| name.trim_matches(['\u{feff}', ' ', '"']).eq_ignore_ascii_case(wanted);
        names.iter().position(is)
    };
    match (at("timestamp"), at("value")) {
        (Some(time), Some(value)) => Ok((time, value)),
        _ => Err(no_columns(source, &format!("its first line is `{}`", names.join(",")))),
    }
}

fn no_columns(source: &Source, found: &str) -> Failure {
    Failure::failed(format!("{} has no columns timestamp and value: {found}", source.name()))
        .hint("Give CSV whose first line names them; other columns are passed over.")
}

fn unreadable(source: &Source, error: &csv::Error) -> Failure {
    match error.kind() {
        csv::ErrorKind::Io(e) => source.unreadable(e),
        _ => Failure::failed(format!("could not read {}", source.name())).because(error),
    }
}
