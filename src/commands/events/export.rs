//! `bss events export`

use std::path::{Path, PathBuf};

use super::choice::ChoiceArgs;
use super::history::{ArchiveOption, History};
use super::{form, open, shown};
use crate::backends::redis::events::{Access, Store};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::target::Target;
use crate::events::filter::Filter;
use crate::events::{Event, Position, Upcasters};
use crate::ui::Progress;

/// Events that are read at once.
const PAGE: usize = 1000;

/// Write events to a file that `events import` reads
///
/// Writes all events in their order, or those that are chosen, as NDJSON, gzipped if the file's name
/// ends with .gz. All of them, imported into an empty store, make the same store: positions, times
/// and chain. A file is there when it is whole.
#[derive(Debug, clap::Args)]
pub struct ExportArgs {
    /// The file, or - for standard output
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,
    /// Take the place of a file that is there
    #[arg(long)]
    force: bool,
    /// Write events in today's form, for other programs; `import --renumber` takes such a file,
    /// `import` alone finds another content than the chain holds
    #[arg(long)]
    current: bool,
    #[command(flatten)]
    choice: ChoiceArgs,
    #[command(flatten)]
    archive: ArchiveOption,
}

/// Which events, and in which form.
struct Chosen {
    filter: Filter,
    /// For today's form.
    newest: Option<Upcasters>,
}

impl Chosen {
    /// Adds an event's line; false if it is not chosen.
    fn line(&self, event: &Event, out: &mut Vec<u8>) -> Result<bool, Failure> {
        if !self.filter.takes(event).map_err(|e| shown::damaged(event, &e))? {
            return Ok(false);
        }
        let content = event.content().map_err(|e| shown::damaged(event, &e))?;
        let content = match &self.newest {
            Some(upcasters) => upcasters
                .current(&event.aggregate, content)
                .map_err(|unfit| shown::unfit(event, &unfit).hint("Leave --current out."))?,
            None => content,
        };
        shown::line_with(event, &content, out)?;
        Ok(true)
    }
}

/// Runs the command.
///
/// # Errors
/// Exit 1 for a file that is there or cannot be written, and for a damaged event.
pub async fn run(args: ExportArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let filter = args.choice.filter(context)?;
    if !args.force && args.file != Path::new("-") && args.file.exists() {
        return Err(Failure::failed(format!("{} is there already", args.file.display()))
            .hint("Give another name, or --force to take its place."));
    }
    let mut store = open(context, Access::Read).await?;
    let mut history = args.archive.of(&mut store).await?;
    // What comes in meanwhile is not of this export.
    let mut ends = Vec::new();
    for shard in 0..store.shards() {
        ends.push(store.head(shard).await?.0);
    }
    let newest = if args.current { Some(form::upcasters(context)?) } else { None };
    let chosen = Chosen { filter, newest };
    let mut target = Target::open(args.file, context)?;
    let mut progress = Progress::start(&context.ui, "exporting events", Some(ends.iter().sum()));
    let written =
        write((&mut store, &mut history), &ends, &chosen, &mut target, &mut progress, context)
            .await;
    progress.finish();
    let events = match written {
        Ok(Some(events)) => events,
        Ok(None) => {
            target.forget();
            let stopped = context.shutdown.asked();
            return Ok(if stopped { context.shutdown.status() } else { ExitStatus::Done });
        }
        Err(failure) => {
            target.forget();
            return Err(failure);
        }
    };
    let place = target.finish()?;
    context.ui.status(format!("Exported {events} events to {place}."));
    Ok(ExitStatus::Done)
}

/// Writes the events and counts them; `None` if it was stopped, or nobody reads any more.
async fn write(
    (store, history): (&mut Store, &mut History),
    ends: &[u64],
    chosen: &Chosen,
    target: &mut Target<'_>,
    progress: &mut Progress,
    context: &Context,
) -> Result<Option<u64>, Failure> {
    let mut written = 0;
    for (shard, end) in (0..).zip(ends) {
        let mut next = 1;
        while next <= *end {
            if context.shutdown.asked() {
                return Ok(None);
            }
            let events = history.read(store, Position { shard, n: next }, PAGE).await?;
            let Some(last) = events.last().map(|event| event.position.n) else { break };
            let mut text = Vec::new();
            for event in events.iter().take_while(|event| event.position.n <= *end) {
                written += u64::from(chosen.line(event, &mut text)?);
            }
            if !target.write(&text)? {
                return Ok(None);
            }
            progress.advance(events.len() as u64);
            next = last + 1;
        }
    }
    Ok(Some(written))
}
