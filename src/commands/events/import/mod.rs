//! `bss events import`

mod anew;
pub(super) mod back;
mod kafka;
pub(super) mod lines;

use std::path::PathBuf;

use super::open;
use crate::backends::redis::events::Access;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::ui::Report;

/// Put events of a file, or those that Kafka has, into the store
///
/// Reads what `events export` or `events archive` wrote. Every event goes back to its position, with
/// its time and its link, and must fit what is there: an empty store, or the same store with its end
/// missing. What is there already is counted and left alone, so that an import that was stopped can
/// be run again. With --renumber the events are appended as new ones instead, at the store's end, with
/// their ids: into a store with other events or another number of shards. Their personal fields are
/// sealed as if they were appended; events that go back stay as they are, byte for byte.
///
/// With --from-kafka the events come from the topics that `events relay` published them to: what a
/// shard has lost at its end goes back, if nothing else was appended since. --plan only says what
/// would be done.
#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    /// The file, plain or gzipped, or - for standard input
    #[arg(value_name = "FILE", required_unless_present = "from_kafka")]
    file: Option<PathBuf>,
    /// Put back what the store lost and Kafka has
    #[arg(long, conflicts_with_all = ["file", "renumber"])]
    from_kafka: bool,
    /// Say what --from-kafka would do, and change nothing
    #[arg(long, requires = "from_kafka")]
    plan: bool,
    /// Append the events as new ones, with new positions, revisions and times of recording
    #[arg(long)]
    renumber: bool,
}

impl ImportArgs {
    /// Whether it reads from Kafka.
    #[must_use]
    pub const fn reads_kafka(&self) -> bool {
        self.from_kafka
    }
}

/// What an import came to.
#[derive(Clone, Debug, Default)]
pub(super) struct Tally {
    /// Lines with an event.
    pub read: u64,
    /// Stored now.
    pub stored: u64,
    /// There before.
    pub there: u64,
    rejected: Vec<(u64, String)>,
}

/// Runs the command.
///
/// # Errors
/// Exit 5 for events that do not fit what is stored; exit 1 for a line that is no event (with
/// --renumber it is set aside: exit 7).
pub async fn run(args: ImportArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let Some(file) = &args.file else { return kafka::run(args.plan, context).await };
    let lines = lines::Lines::open(file)?;
    let name = lines.name().to_owned();
    let mut store = open(context, Access::Write).await?;
    let tally = if args.renumber {
        anew::run(lines, &mut store, context).await?
    } else {
        back::run(lines, &mut store, context).await?
    };
    for (number, why) in tally.rejected.iter().take(20) {
        context.ui.warning(format!("line {number} of {name} was set aside: {why}"));
    }
    if tally.rejected.len() > 20 {
        context.ui.warning(format!("and {} more lines", tally.rejected.len() - 20));
    }
    let mut report = Report::new(format!("Import of {name} into {}", store.place()))
        .number("read", "READ")
        .number("stored", "STORED")
        .number("alreadyThere", "ALREADY THERE")
        .number("rejected", "REJECTED");
    let rejected = tally.rejected.len() as u64;
    report.push(vec![tally.read.into(), tally.stored.into(), tally.there.into(), rejected.into()]);
    context.ui.report(&report)?;
    if context.shutdown.asked() {
        context.ui.hint("Run it again: it goes on where it stopped.");
        return Ok(context.shutdown.status());
    }
    Ok(if rejected > 0 { ExitStatus::Partly } else { ExitStatus::Done })
}
