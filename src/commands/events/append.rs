//! `bss events append`

use std::borrow::Cow;
use std::collections::HashSet;
use std::io::Read as _;
use std::path::PathBuf;

use uuid::Uuid;

use super::loading::keep_if_due;
use super::open;
use super::sealing::Sealing;
use crate::backends::error::Kind;
use crate::backends::redis::events::{Access, Outcome, Store, append::LIMIT};
use crate::cli::{ExitStatus, Failure, range};
use crate::commands::Context;
use crate::events::content::compact;
use crate::events::{Aggregate, Content, Expected};
use crate::ui::Report;

/// Append events to an aggregate
///
/// Stores one event, or with --file all events of a file together: all or none, with revisions that
/// follow each other. An event is known by its id: the same append again stores nothing and answers
/// what is stored; the same id with another content is a conflict. If the answer was lost, append
/// again with the same --id. Personal fields (events.personal) are stored sealed.
#[derive(Debug, clap::Args)]
pub struct AppendArgs {
    /// The aggregate, TYPE/ID
    #[arg(value_name = "AGGREGATE")]
    aggregate: Aggregate,
    /// What happened, such as CustomerCreated
    #[arg(long = "type", value_name = "TYPE", required_unless_present = "file")]
    event_type: Option<String>,
    /// The event as a JSON object
    #[arg(long, value_name = "JSON", default_value = "{}")]
    data: String,
    /// Events from a file instead, one JSON object a line: type, data, and eventId, typeVersion,
    /// eventTime, correlationId, causationId, actor, metadata if there are; - is standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["event_type", "data", "id", "time", "type_version", "metadata"])]
    file: Option<PathBuf>,
    /// What the aggregate must be: any, no-stream, exists, or the revision of its last event
    #[arg(long, value_name = "REVISION", default_value_t = Expected::Any)]
    expected: Expected,
    /// The event's id; made up if not given
    #[arg(long, value_name = "ID")]
    id: Option<String>,
    /// The version of the form of the data
    #[arg(long, value_name = "N", default_value_t = 1)]
    type_version: u32,
    /// When it happened; when it is stored, if not given
    #[arg(long, value_name = "TIME")]
    time: Option<String>,
    /// The conversation it belongs to
    #[arg(long, value_name = "ID")]
    correlation: Option<String>,
    /// What caused it
    #[arg(long, value_name = "ID")]
    causation: Option<String>,
    /// Who did it
    #[arg(long, value_name = "NAME")]
    actor: Option<String>,
    /// More about the event as a JSON object
    #[arg(long, value_name = "JSON")]
    metadata: Option<String>,
}

impl AppendArgs {
    fn contents(&self, context: &Context) -> Result<Vec<Content<'static>>, Failure> {
        let contents = match &self.file {
            Some(path) => self.of_file(path)?,
            None => vec![self.of_options(context)?],
        };
        if contents.is_empty() || contents.len() > LIMIT {
            let what = format!("one append takes 1 to {LIMIT} events, not {}", contents.len());
            return Err(Failure::usage(what)
                .hint("Events of many aggregates are loaded with bss events import."));
        }
        let mut ids = HashSet::new();
        if let Some(twice) = contents.iter().find(|c| !ids.insert(c.id.as_ref())) {
            return Err(Failure::usage(format!("the id {} is there twice", twice.id)));
        }
        Ok(contents)
    }

    fn of_options(&self, context: &Context) -> Result<Content<'static>, Failure> {
        let wrong = |option: &str, e: &dyn std::fmt::Display| {
            Failure::usage(format!("cannot use {option}: {e}"))
        };
        let zone = range::zone(&context.global, context.settings())?;
        let time = self.time.as_deref();
        let time = time.map(|t| range::instant("--time", t, context.now(), &zone)).transpose()?;
        let metadata = self.metadata.as_deref().map(compact).transpose();
        let content = Content {
            id: Cow::Owned(self.id.clone().unwrap_or_else(|| Uuid::now_v7().to_string())),
            event_type: Cow::Owned(self.event_type.clone().unwrap_or_default()),
            type_version: self.type_version,
            time_ms: time.map(crate::domain::EventTime::millis),
            correlation_id: self.correlation.clone().map(Cow::Owned),
            causation_id: self.causation.clone().map(Cow::Owned),
            actor: self.actor.clone().map(Cow::Owned),
            data: Cow::Owned(compact(&self.data).map_err(|e| wrong("--data", &e))?),
            metadata: metadata.map_err(|e| wrong("--metadata", &e))?.map(Cow::Owned),
        };
        content.check().map_err(|e| Failure::usage(format!("cannot append the event: {e}")))?;
        Ok(content)
    }

    fn of_file(&self, path: &PathBuf) -> Result<Vec<Content<'static>>, Failure> {
        let name = path.display().to_string();
        let unreadable = |e: std::io::Error| Failure::unreadable(&name, &e);
        let text = if name == "-" {
            let mut text = String::new();
            std::io::stdin().lock().read_to_string(&mut text).map_err(unreadable)?;
            text
        } else {
            std::fs::read_to_string(path).map_err(unreadable)?
        };
        let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty());
        let read = |(number, line): (usize, &str)| {
            let place = || format!("cannot append line {number} of {name}");
            let given = crate::events::draft::read(line, &self.aggregate)
                .map_err(|e| Failure::usage(format!("{}: {e}", place())))?;
            let content = Content {
                id: given.id.unwrap_or_else(|| Cow::Owned(Uuid::now_v7().to_string())),
                correlation_id: given.content.correlation_id.or_else(|| own(&self.correlation)),
                causation_id: given.content.causation_id.or_else(|| own(&self.causation)),
                actor: given.content.actor.or_else(|| own(&self.actor)),
                ..given.content
            };
            content.check().map_err(|e| Failure::usage(format!("{}: {e}", place())))?;
            Ok(content)
        };
        lines.map(read).collect()
    }
}

fn own(text: &Option<String>) -> Option<Cow<'static, str>> {
    text.clone().map(Cow::Owned)
}

/// Runs the command.
///
/// # Errors
/// Exit 5 if the aggregate is not as expected or an id is stored with another content; exit 4 if
/// the server gave no answer, so that nobody knows.
pub async fn run(args: AppendArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let sealing = Sealing::new(context)?;
    let contents = args.contents(context)?;
    let mut store = open(context, Access::Write).await?;
    contents.iter().try_for_each(|content| sealing.none_sealed(&args.aggregate, content))?;
    sealing.ready(&mut store, &args.aggregate, &contents).await?;
    let seal = |content| sealing.seal(&args.aggregate, content);
    let contents = contents.into_iter().map(seal).collect::<Result<Vec<_>, _>>()?;
    let append = store.prepare(&args.aggregate, args.expected, &contents)?;
    let outcome = store.append(&append).await.map_err(|error| {
        let (unknown, unconfirmed) = (error.transient, error.kind == Kind::TimedOut);
        let failure = Failure::from(error);
        let ids = contents.iter().map(|c| c.id.as_ref()).collect::<Vec<_>>().join(", ");
        if !unknown {
            return if unconfirmed { failure.hint(format!("Ids: {ids}")) } else { failure };
        }
        failure.hint(format!("Nobody knows whether it is stored; the same append again tells and stores it once. Ids: {ids}"))
    })?;
    let status = answer(&args, &store, &contents, &outcome, context)?;
    if let Outcome::Stored { revision, .. } = outcome {
        let stored = (revision, contents.len() as u64);
        keep_if_due(context, &mut store, &args.aggregate, stored, false).await;
    }
    Ok(status)
}

fn answer(
    args: &AppendArgs,
    store: &Store,
    contents: &[Content<'_>],
    outcome: &Outcome,
    context: &Context,
) -> Result<ExitStatus, Failure> {
    let aggregate = &args.aggregate;
    let refused = |why: String| {
        Failure::new(
            ExitStatus::Conflict,
            format!("could not append to {aggregate} in Redis at {}", store.place()),
        )
        .code("conflict")
        .because(&std::io::Error::other(why))
    };
    let (revision, position, state) = match outcome {
        Outcome::Stored { revision, position, .. } => (*revision, *position, "stored"),
        Outcome::Known { revision, position } => (*revision, *position, "known"),
        Outcome::Conflict { events } => {
            let found = match events.checked_sub(1) {
                Some(revision) => format!("its last event has revision {revision}"),
                None => "it has no events".to_owned(),
            };
            return Err(refused(format!("expected {}, found that {found}", args.expected))
                .hint(format!("Look at what came in between: bss events read {aggregate}")));
        }
        Outcome::Other { which, revision } => {
            let id = contents.get(*which).map_or("", |c| &c.id);
            return Err(refused(format!(
                "the id {id} is stored as revision {revision} with another content"
            ))
            .hint(format!("bss events read {aggregate} --from-revision {revision} --limit 1")));
        }
        Outcome::Mixed { which } => {
            let id = contents.get(*which).map_or("", |c| &c.id);
            return Err(refused(format!(
                "some of these events are stored, but not together as given here: see {id}"
            )));
        }
    };
    let mut report = Report::new(format!("{aggregate} in {}", store.place()))
        .meta("aggregate", aggregate.as_str())
        .column("eventId", "EVENT ID")
        .column("type", "TYPE")
        .number("revision", "REVISION")
        .column("position", "POSITION")
        .column("state", "STATE");
    for (content, i) in contents.iter().zip(0_u64..) {
        report.push(vec![
            content.id.as_ref().into(),
            content.event_type.as_ref().into(),
            (revision + i).into(),
            match outcome {
                Outcome::Stored { .. } => format!("{}:{}", position.shard, position.n + i).into(),
                _ if i == 0 => position.to_string().into(),
                _ => crate::ui::Cell::Null,
            },
            state.into(),
        ]);
    }
    context.ui.report(&report)?;
    Ok(ExitStatus::Done)
}
