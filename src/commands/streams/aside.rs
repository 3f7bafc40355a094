//! What `dlq` and `late` share: the time range, the reading, the cells of an origin.

use std::time::Duration;

use crate::backends::kafka::aside::{AsideReader, Start};
use crate::cli::range;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::domain::EventTime;
use crate::runtime::Shutdown;
use crate::streams::letters::choice::Choice;
use crate::streams::letters::shelf::Shelf;
use crate::streams::letters::{Letter, Origin};
use crate::ui::{Cell, Report};

/// The part of a choice that dead letters and late records share.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct OriginArgs {
    /// Only records that this topology set aside
    #[arg(long, value_name = "TOPOLOGY")]
    pub topology: Option<String>,
    /// Only records from this topic
    #[arg(long, value_name = "TOPIC")]
    pub topic: Option<String>,
    /// Only records from this partition of their topic
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i32).range(0..))]
    pub partition: Option<i32>,
}

impl OriginArgs {
    /// The choice, with the time range of the global options. The range is over the time at which
    /// a record was set aside; without options everything that is kept is in it.
    ///
    /// # Errors
    /// A range that cannot be read: exit 2.
    pub fn choice(&self, context: &Context) -> Result<Choice, Failure> {
        let global = &context.global;
        let now = context.now();
        let kept = Duration::from_micros(u64::try_from(now.micros()).unwrap_or(0));
        let range = range::resolve(global, context.settings(), now, kept)?;
        let ends = global.until.is_some() || global.as_of.is_some();
        Ok(Choice {
            topology: self.topology.clone(),
            topic: self.topic.clone(),
            partition: self.partition,
            since: global.since.as_ref().map(|_| range.since),
            until: ends.then_some(range.until),
            ..Choice::default()
        })
    }
}

/// The range in words: ` since 2026-01-01T00:00:00Z, until ...`; empty if there is none.
pub fn span(choice: &Choice) -> String {
    let part = |word: &str, time: Option<EventTime>| time.map(|t| format!("{word} {t}"));
    let parts: Vec<String> =
        [part("since", choice.since), part("until", choice.until)].into_iter().flatten().collect();
    if parts.is_empty() { String::new() } else { format!(" {}", parts.join(", ")) }
}

/// Topic and range as facts of a report.
pub fn meta(report: Report, topic: &str, choice: &Choice) -> Report {
    let time = |t: Option<EventTime>| t.map(|t| t.to_string());
    report.meta("topic", topic).meta("since", time(choice.since)).meta("until", time(choice.until))
}

/// A reader and what it has found.
pub struct Reading {
    /// The reader, which may read on.
    pub reader: AsideReader,
    /// The chosen letters.
    pub shelf: Shelf,
}

/// Reads `topic` from `start` up to its stable end into `shelf`.
///
/// # Errors
/// Kafka unreachable, a missing topic: exit 4; 130 or 143 if interrupted.
pub async fn read(
    context: &Context,
    topic: String,
    start: Start,
    mut shelf: Shelf,
) -> Result<Reading, Failure> {
    let kafka = context.settings().kafka.clone();
    let shutdown = context.shutdown.clone();
    let status = context.shutdown.clone();
    let read = blocking(move || {
        let mut reader = AsideReader::open(&kafka, &topic)?;
        reader.read(&start, &|| shutdown.asked(), &mut |record| shelf.take(record))?;
        Ok(Reading { reader, shelf })
    });
    read.await?.map_err(|e| interrupted(&status, e))
}

/// Where to start so that every letter of the range is seen, and what became of it.
pub fn start(choice: &Choice) -> Start {
    choice.since.map_or(Start::Beginning, Start::Since)
}

/// A failure of a backend; an interrupted one ends as the signal says.
pub fn interrupted(shutdown: &Shutdown, error: crate::backends::BackendError) -> Failure {
    let mut failure = Failure::from(error);
    if failure.status == ExitStatus::Interrupted {
        failure.status = shutdown.status();
    }
    failure
}

/// Runs work that waits on a thread of its own.
///
/// # Errors
/// A panic of it: exit 70.
pub async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|e| Failure::new(ExitStatus::Bug, "a question to Kafka panicked").because(&e))
}

/// Topic, partition and offset of an origin.
pub fn origin(origin: Option<&Origin>) -> [Cell; 3] {
    origin.map_or([Cell::Null, Cell::Null, Cell::Null], |o| {
        [o.topic.as_str().into(), Cell::Integer(o.partition.into()), Cell::Integer(o.offset)]
    })
}

/// A text, or null where there is none.
pub fn text(text: &str) -> Cell {
    Cell::text_or_null(Some(text).filter(|t| !t.is_empty()))
}

/// Position, time, topology and origin: the first columns of both lists.
pub fn place(letter: &Letter) -> Vec<Cell> {
    let mut cells = vec![
        letter.position().to_string().into(),
        letter.record.time.map_or(Cell::Null, Cell::Time),
        text(&letter.topology),
    ];
    cells.extend(origin(letter.origin.as_ref()));
    cells
}

/// Says that only the newest records are shown.
pub fn cut(context: &Context, shown: usize, found: usize) {
    if shown < found {
        context
            .ui
            .warning(format!("only the newest {shown} of {found} are shown; --limit shows more"));
    }
}
