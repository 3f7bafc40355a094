//! `bss streams lag`

use std::time::Duration;

use serde_json::json;

use crate::backends::kafka::runner::lag::{self, PartitionLag};
use crate::backends::kafka::runner::status::{self, Standing};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::streams::aside::blocking;
use crate::commands::streams::hanging;
use crate::commands::streams::topologies;
use crate::config::settings::parse_span;
use crate::domain::EventTime;
use crate::streams::topology::Description;
use crate::ui::{Cell, Report};

/// Show how far behind topologies are, in records and in time
///
/// One line a partition. LAG counts the offsets between the committed one and the end for a reader
/// of committed records, and is 0 once every record is processed. EVENT LAG is how far stream time
/// (the largest event time processed) is behind the time of the last record before that end: the
/// event time its value gives, else its Kafka timestamp (lastTimeOf says which); 0 once all is
/// processed, null while nothing was. AGE is the age of the oldest unread record by its Kafka
/// timestamp: the one that grows while a worker stands still. OPEN counts records held back by open
/// transactions of the producers; OPEN AGE is the age of the first of them. WRITER committed last.
/// All times are in seconds. With a limit the command exits 6 where a partition exceeds it.
#[derive(Debug, clap::Args)]
pub struct LagArgs {
    /// Topologies to show; all if none is named
    #[arg(value_name = "TOPOLOGY")]
    topologies: Vec<String>,
    /// Exit 6 if a partition is more than this many records behind
    #[arg(long, value_name = "N")]
    max_lag: Option<u64>,
    /// Exit 6 if a partition's oldest unread or held back record is older, such as 5m
    #[arg(long, value_name = "SPAN", value_parser = parse_span)]
    max_age: Option<Duration>,
}

/// Runs the command.
///
/// # Errors
/// Kafka unreachable or a topic missing (exit 4), an unknown topology (exit 2).
pub async fn run(args: LagArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let mut views = Vec::new();
    for topology in topologies::chosen(&args.topologies, context.settings())? {
        let kafka = context.settings().kafka.clone();
        let description = topology.describe().clone();
        views.push(
            blocking(move || {
                let standing = status::standing(&kafka, &description)?;
                let partitions = lag::lags(&kafka, &standing)?;
                Ok::<_, crate::backends::BackendError>(View { description, standing, partitions })
            })
            .await??,
        );
    }
    let now = context.now();
    let over: Vec<String> = views.iter().flat_map(|view| exceeded(view, &args, now)).collect();
    context.ui.report(&report(&views, now))?;
    views.iter().for_each(|view| warn(context, view, now));
    for each in &over {
        context.ui.warning(each);
    }
    Ok(if over.is_empty() { ExitStatus::Done } else { ExitStatus::Found })
}

/// One topology as it was found.
struct View {
    description: Description,
    standing: Standing,
    partitions: Vec<PartitionLag>,
}

pub(super) fn age(since: Option<EventTime>, now: EventTime) -> Option<i64> {
    since.map(|since| now.micros_since(since).max(0))
}

/// Microseconds as seconds with three decimals.
pub(super) fn seconds(micros: i64) -> String {
    format!("{}.{:03}", micros / 1_000_000, micros % 1_000_000 / 1000)
}

pub(super) fn cell(micros: Option<i64>) -> Cell {
    micros.map_or(Cell::Null, |micros| Cell::Number(seconds(micros)))
}

/// What is over a limit, a sentence each.
fn exceeded(view: &View, args: &LagArgs, now: EventTime) -> Vec<String> {
    let mut over = Vec::new();
    let limit = args.max_age.map(|a| i64::try_from(a.as_micros()).unwrap_or(i64::MAX));
    for p in &view.partitions {
        let place =
            format!("{} {}/{}", view.description.name, p.standing.topic, p.standing.partition);
        if let Some(max) = args.max_lag.filter(|max| p.records > *max) {
            over.push(format!("{place}: {} records behind, the limit is {max}", p.records));
        }
        for (what, since) in [("unread", p.oldest_unread), ("held back", p.open_since)] {
            if let (Some(age), Some(max)) = (age(since, now), limit)
                && age > max
            {
                over.push(format!(
                    "{place}: the oldest {what} record is {} s old, the limit is {} s",
                    seconds(age),
                    seconds(max)
                ));
            }
        }
    }
    over
}

fn report(views: &[View], now: EventTime) -> Report {
    let summaries: Vec<Summary> = views.iter().map(|view| Summary::of(view, now)).collect();
    let title: Vec<String> = summaries.iter().map(Summary::sentence).collect();
    let facts: Vec<serde_json::Value> = summaries.iter().map(Summary::json).collect();
    let mut report = Report::new(title.join("\n"))
        .column("topology", "TOPOLOGY")
        .column("topic", "TOPIC")
        .number("partition", "PARTITION")
        .number("committedOffset", "COMMITTED")
        .number("endOffset", "END")
        .number("lag", "LAG")
        .number("eventLagSeconds", "EVENT LAG")
        .column("lastTimeOf", "BY")
        .number("oldestUnreadAgeSeconds", "AGE")
        .number("openRecords", "OPEN")
        .number("openAgeSeconds", "OPEN AGE")
        .column("writer", "WRITER")
        .meta("asOf", now.to_string())
        .meta("topologies", facts);
    for view in views {
        for p in &view.partitions {
            let by = p.last.map(|last| if last.own { "event" } else { "kafka" });
            report.push(vec![
                view.description.name.into(),
                p.standing.topic.clone().into(),
                Cell::Integer(p.standing.partition.into()),
                p.standing.committed.map_or(Cell::Null, Cell::Integer),
                Cell::Integer(p.standing.end),
                p.records.into(),
                cell(p.event_lag()),
                Cell::text_or_null(by),
                cell(age(p.oldest_unread, now)),
                p.open().into(),
                cell(age(p.open_since, now)),
                Cell::text_or_null(Some(p.standing.writer.as_str()).filter(|w| !w.is_empty())),
            ]);
        }
    }
    report
}

/// A topology in one line: sums of records, the largest of the times.
struct Summary {
    topology: &'static str,
    group: String,
    members: usize,
    lag: u64,
    event_lag: Option<i64>,
    oldest: Option<i64>,
    open: u64,
}

impl Summary {
    fn of(view: &View, now: EventTime) -> Self {
        let all = &view.partitions;
        Self {
            topology: view.description.name,
            group: view.description.group.clone(),
            members: view.standing.members.len(),
            lag: all.iter().map(|p| p.records).sum(),
            event_lag: all.iter().filter_map(PartitionLag::event_lag).max(),
            oldest: all.iter().filter_map(|p| age(p.oldest_unread, now)).max(),
            open: all.iter().map(PartitionLag::open).sum(),
        }
    }

    fn sentence(&self) -> String {
        let mut text = format!("{}: {} records behind", self.topology, self.lag);
        if let Some(event_lag) = self.event_lag {
            text.push_str(&format!(", {} s by event time", seconds(event_lag)));
        }
        if let Some(oldest) = self.oldest {
            text.push_str(&format!(", the oldest unread is {} s old", seconds(oldest)));
        }
        if self.open > 0 {
            text.push_str(&format!(", {} in open transactions", self.open));
        }
        text
    }

    fn json(&self) -> serde_json::Value {
        let number = |micros: Option<i64>| {
            micros.and_then(|m| serde_json::from_str::<serde_json::Number>(&seconds(m)).ok())
        };
        json!({
            "topology": self.topology,
            "group": self.group,
            "members": self.members,
            "lag": self.lag,
            "eventLagSeconds": number(self.event_lag),
            "oldestUnreadAgeSeconds": number(self.oldest),
            "openRecords": self.open,
        })
    }
}

/// What retention took unread, and transactions that hang.
fn warn(context: &Context, view: &View, now: EventTime) {
    hanging::warn(context, &view.partitions, now);
    for p in &view.partitions {
        let s = &p.standing;
        if s.gone() > 0 {
            context.ui.warning(format!(
                "{}/{}: {} records were deleted by retention before they were read",
                s.topic,
                s.partition,
                s.gone()
            ));
        }
    }
}
