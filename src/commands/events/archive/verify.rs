//! `bss events archive verify`

use std::path::PathBuf;

use super::folder;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::events::archive::Manifest;
use crate::ui::{Progress, Report};

/// Prove that an archive is whole
///
/// Reads every file: SHA-256, positions, count, and each event's link after the one before; and that each
/// file goes on where one before it ends. Needs no server. Exit 6 if anything is found.
#[derive(Debug, clap::Args)]
pub struct VerifyArgs {
    /// The folder of the archive
    #[arg(value_name = "DIR")]
    dir: PathBuf,
}

/// Runs the command.
///
/// # Errors
/// Exit 1 for a folder or manifest that cannot be read.
pub fn run(args: &VerifyArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let manifests = folder::manifests(&args.dir)?;
    let mut report = Report::new(format!("The archive {}", args.dir.display()))
        .column("file", "FILE")
        .column("finding", "FINDING")
        .column("detail", "DETAIL");
    let mut progress =
        Progress::start(&context.ui, "reading the archive", Some(manifests.len() as u64));
    for manifest in &manifests {
        if context.shutdown.asked() {
            progress.finish();
            return Ok(context.shutdown.status());
        }
        if let Err(failure) = folder::confirm(&args.dir, manifest) {
            let detail = failure.causes.join(": ");
            report.push(vec![manifest.file.as_str().into(), "damaged".into(), detail.into()]);
        }
        progress.advance(1);
    }
    progress.finish();
    for (manifest, detail) in breaks(&manifests) {
        report.push(vec![manifest.file.as_str().into(), "gap".into(), detail.into()]);
    }
    let (whole, events) = (report.rows.is_empty(), manifests.iter().map(|m| m.events).sum::<u64>());
    let report = report.meta("files", manifests.len() as u64).meta("events", events);
    context.ui.report(&report)?;
    if whole {
        context.ui.status(format!("{} files with {events} events: whole.", manifests.len()));
        return Ok(ExitStatus::Done);
    }
    Ok(ExitStatus::Found)
}

/// Files that do not go on where one before them ends. The first of a shard may begin anywhere.
fn breaks(manifests: &[Manifest]) -> Vec<(&Manifest, String)> {
    let mut found = Vec::new();
    for (at, manifest) in manifests.iter().enumerate() {
        let before = || {
            let same =
                |m: &&Manifest| m.namespace == manifest.namespace && m.shard == manifest.shard;
            manifests[..at].iter().filter(same)
        };
        let Some(end) = before().map(|m| m.last).max() else { continue };
        if manifest.first > end + 1 {
            found.push((
                manifest,
                format!("events {} to {} are missing", end + 1, manifest.first - 1),
            ));
        }
        if before().any(|m| m.last + 1 == manifest.first && m.link != manifest.link_before) {
            found.push((manifest, "it is of another history than the file before".to_owned()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::events::archive::{FORMAT, file_name};

    #[test]
    fn gaps_and_other_histories_are_found() {
        let of = |first, last, before: &str, link: &str| Manifest {
            format: FORMAT,
            namespace: "bss".to_owned(),
            shard: 0,
            first,
            last,
            events: last + 1 - first,
            link_before: before.to_owned(),
            link: link.to_owned(),
            first_recorded_at: String::new(),
            last_recorded_at: String::new(),
            bytes: 0,
            sha256: String::new(),
            file: file_name("bss", 0, first, last),
        };
        let whole = [of(1, 5, "0", "a"), of(6, 9, "a", "b"), of(6, 12, "a", "c")];
        assert!(breaks(&whole).is_empty());
        let gap = [of(1, 5, "0", "a"), of(7, 9, "x", "b")];
        assert!(breaks(&gap)[0].1.contains("6 to 6"));
        let other = [of(1, 5, "0", "a"), of(6, 9, "x", "b")];
        assert!(breaks(&other)[0].1.contains("another history"));
    }
}
