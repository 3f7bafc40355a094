//! `bss events archive list`

use std::path::PathBuf;

use super::folder;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::ui::Report;

/// List the files of an archive
#[derive(Debug, clap::Args)]
pub struct ListArgs {
    /// The folder of the archive
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// Exit 1 for a folder or manifest that cannot be read.
pub fn run(args: &ListArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let manifests = folder::manifests(&args.dir)?;
    let mut report = Report::new(format!("The archive {}", args.dir.display()))
        .meta("events", manifests.iter().map(|m| m.events).sum::<u64>())
        .column("namespace", "NAMESPACE")
        .number("shard", "SHARD")
        .number("firstPosition", "FIRST")
        .number("lastPosition", "LAST")
        .number("events", "EVENTS")
        .column("firstRecordedAt", "FIRST RECORDED")
        .column("lastRecordedAt", "LAST RECORDED")
        .number("bytes", "BYTES")
        .column("link", "LINK")
        .column("file", "FILE");
    for manifest in manifests {
        report.push(vec![
            manifest.namespace.into(),
            u64::from(manifest.shard).into(),
            manifest.first.into(),
            manifest.last.into(),
            manifest.events.into(),
            manifest.first_recorded_at.into(),
            manifest.last_recorded_at.into(),
            manifest.bytes.into(),
            manifest.link.into(),
            manifest.file.into(),
        ]);
    }
    context.ui.report(&report)?;
    Ok(ExitStatus::Done)
}
