//! `bss events archive restore`

use std::path::PathBuf;

use super::folder::{self, Archive};
use crate::backends::redis::events::Access;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::events::import::{Tally, back, lines::Lines};
use crate::commands::events::open;
use crate::ui::Report;

/// Put the events of an archive into an empty store
///
/// A log cannot grow at its beginning, so archived events do not go back below a store's first event: read
/// them with --archive, or make a whole store of another namespace: this command, then `events import` of
/// an export of the present store.
#[derive(Debug, clap::Args)]
pub struct RestoreArgs {
    /// The folder of the archive
    #[arg(value_name = "DIR")]
    dir: PathBuf,
    /// The namespace whose events are taken, where the archive has several
    #[arg(long, value_name = "NAMESPACE")]
    of: Option<String>,
}

/// Runs the command.
///
/// # Errors
/// Exit 6 for a damaged file; exit 5 for a store with other events.
pub async fn run(args: &RestoreArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let mut names: Vec<String> =
        folder::manifests(&args.dir)?.into_iter().map(|m| m.namespace).collect();
    names.dedup();
    if let Some(of) = &args.of {
        names.retain(|name| name == of);
    }
    let name = match names.as_slice() {
        [name] => name,
        [] => {
            return Err(Failure::failed(format!("there are no events in {}", args.dir.display())));
        }
        _ => {
            let what = format!("the archive is of several stores: {}", names.join(", "));
            return Err(Failure::usage(what).hint("Say which: --of NAMESPACE"));
        }
    };
    let archive = Archive::open(&args.dir, name)?;
    for manifest in archive.manifests() {
        folder::confirm(&args.dir, manifest)?;
    }
    let mut store = open(context, Access::Write).await?;
    let mut sum = Tally::default();
    for manifest in archive.manifests() {
        let lines = Lines::open(&args.dir.join(&manifest.file))?;
        let tally = back::run(lines, &mut store, context).await?;
        sum.read += tally.read;
        sum.stored += tally.stored;
        sum.there += tally.there;
    }
    let mut report =
        Report::new(format!("Restore of {} into {}", args.dir.display(), store.place()))
            .number("read", "READ")
            .number("stored", "STORED")
            .number("alreadyThere", "ALREADY THERE");
    report.push(vec![sum.read.into(), sum.stored.into(), sum.there.into()]);
    context.ui.report(&report)?;
    let stopped = context.shutdown.asked();
    Ok(if stopped { context.shutdown.status() } else { ExitStatus::Done })
}
