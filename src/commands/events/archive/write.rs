//! Writing an archive and trimming what it has.

use std::fs::File;
use std::path::Path;

use super::WriteArgs;
use super::folder::{self, Archive};
use crate::backends::redis::events::{Access, Direction, Store, Trimmed};
use crate::cli::{ExitStatus, Failure, range};
use crate::commands::Context;
use crate::commands::events::{open, shown, stats};
use crate::commands::target::Target;
use crate::config::Backend;
use crate::events::archive::{FILE_EVENTS, FORMAT, Manifest, Walk, file_name, manifest_name};
use crate::events::{Event, Link, Position};
use crate::runtime::Fault;
use crate::ui::{Progress, Report};

/// Events that are read at once.
const PAGE: usize = 1000;

/// What the command works with.
struct Work<'c> {
    context: &'c Context,
    dir: &'c Path,
    store: Store,
    fault: Fault,
    forced: bool,
}

/// What was done in a shard.
#[derive(Default)]
struct Done {
    first: u64,
    last: u64,
    files: u64,
    /// The reader that held it back, and where that one is.
    behind: Option<(String, u64)>,
}

/// Writes the archive.
///
/// # Errors
/// Exit 5 if the folder holds an archive of another history; exit 6 for a damaged store or file; exit
/// 1 if a file cannot be written. Nothing is trimmed then that is not archived.
pub async fn run(args: &WriteArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let Some(dir) = &args.dir else { return Err(Failure::usage("--dir names the folder")) };
    let zone = range::zone(&context.global, context.settings())?;
    let before = args.before.as_deref();
    let before = before.map(|t| range::instant("--before", t, context.now(), &zone)).transpose()?;
    let store = open(context, Access::Read).await?;
    std::fs::create_dir_all(dir).map_err(|e| {
        Failure::failed(format!("could not make the folder {}", dir.display())).because(&e)
    })?;
    let fault = Fault::parse(context.environment.fault.as_deref());
    let mut work = Work { context, dir, store, fault, forced: args.force };
    let mut plan = Vec::new();
    for shard in 0..work.store.shards() {
        let (head, _) = work.store.head(shard).await?;
        let upto = match (before, args.keep, args.upto) {
            (Some(before), ..) => match stats::first_since(&mut work.store, shard, before).await? {
                Some(first) => first.saturating_sub(1),
                None => head,
            },
            (_, Some(keep), _) => head.saturating_sub(keep),
            (.., Some(upto)) if upto.shard == shard => upto.n.min(head),
            _ => 0,
        };
        plan.push((shard, upto));
    }
    if args.force {
        work.ask(&plan).await?;
    }
    let mut report = Report::new(format!("Archived into {}", dir.display()))
        .number("shard", "SHARD")
        .number("events", "EVENTS")
        .number("firstPosition", "FIRST")
        .number("lastPosition", "LAST")
        .number("files", "FILES")
        .column("heldBackBy", "HELD BACK BY")
        .number("heldBackAt", "AT");
    let mut held = false;
    for (shard, upto) in plan {
        let done = work.shard(shard, upto).await?;
        held |= done.behind.is_some();
        report.push(row(shard, &done));
    }
    context.ui.report(&report)?;
    if context.shutdown.asked() {
        context.ui.hint("Run it again: it goes on where it stopped.");
        return Ok(context.shutdown.status());
    }
    Ok(if held { ExitStatus::Partly } else { ExitStatus::Done })
}

fn row(shard: u16, done: &Done) -> Vec<crate::ui::Cell> {
    use crate::ui::Cell;
    let some = |n: u64| if done.files > 0 { Cell::from(n) } else { Cell::Null };
    let events = if done.files > 0 { done.last + 1 - done.first } else { 0 };
    vec![
        u64::from(shard).into(),
        events.into(),
        some(done.first),
        some(done.last),
        done.files.into(),
        Cell::text_or_null(done.behind.as_ref().map(|(name, _)| name.as_str())),
        done.behind.as_ref().map_or(Cell::Null, |(_, at)| (*at).into()),
    ]
}

impl Work<'_> {
    /// Tells what readers lose and asks.
    async fn ask(&mut self, plan: &[(u16, u64)]) -> Result<(), Failure> {
        let mut losses = Vec::new();
        for (shard, upto) in plan {
            for (reader, at) in self.store.readers(*shard).await? {
                if at < *upto {
                    losses.push(format!("{reader} loses {} events of shard {shard}", upto - at));
                }
            }
        }
        if losses.is_empty() {
            return Ok(());
        }
        let what = "trim events that were not done";
        let _agreed = self.context.confirm(&[Backend::Redis], what, &losses.join(", ")).await?;
        losses.iter().for_each(|loss| self.context.ui.warning(loss));
        Ok(())
    }

    async fn shard(&mut self, shard: u16, mut upto: u64) -> Result<Done, Failure> {
        let mut done = Done::default();
        let (floor, link) = self.store.floor(shard).await?;
        if upto <= floor {
            return Ok(done);
        }
        if !self.forced {
            let readers = self.store.readers(shard).await?;
            let slowest = readers.into_iter().min_by_key(|(_, at)| *at);
            if let Some((reader, at)) = slowest.filter(|(_, at)| *at < upto) {
                self.behind(shard, &reader, at);
                (done.behind, upto) = (Some((reader, at)), at);
            }
        }
        let mut walk = Walk::new(floor + 1, link);
        self.same_history(shard, floor, &link)?;
        let title = format!("archiving shard {shard}");
        let left = upto.saturating_sub(floor);
        let mut progress = Progress::start(&self.context.ui, title, Some(left));
        while walk.next() <= upto && !self.context.shutdown.asked() {
            let first = walk.next();
            let last = upto.min(first + FILE_EVENTS - 1);
            let manifest = self.file(shard, last, &mut walk).await?;
            self.fault.hit("archive-manifest");
            let link = *walk.link();
            match self.store.trim(Position { shard, n: last }, link, self.forced).await? {
                Trimmed::Done(_) => {}
                Trimmed::Behind { reader, position } => {
                    self.behind(shard, &reader, position);
                    done.behind = Some((reader, position));
                    break;
                }
                Trimmed::Differs => return Err(self.other(shard, last)),
            }
            self.fault.hit("archive-trimmed");
            if done.files == 0 {
                done.first = first;
            }
            (done.last, done.files) = (last, done.files + 1);
            progress.advance(manifest.events);
        }
        progress.finish();
        Ok(done)
    }

    fn behind(&self, shard: u16, reader: &str, at: u64) {
        self.context.ui.warning(format!(
            "{reader} has done shard {shard} up to {at} only: nothing beyond is archived"
        ));
        if let Some(group) = reader.strip_prefix("group:") {
            self.context.ui.hint(format!("See why: bss events groups status {group}"));
        }
    }

    /// The folder may hold other stores, but no other history of this one.
    fn same_history(&self, shard: u16, floor: u64, link: &Link) -> Result<(), Failure> {
        let archive = Archive::open(self.dir, self.store.namespace())?;
        let wrong = |m: &&Manifest| m.shard == shard && m.contradicts(floor, link);
        match archive.manifests().iter().find(wrong) {
            None => Ok(()),
            Some(manifest) => Err(self.other(shard, manifest.last)),
        }
    }

    fn other(&self, shard: u16, position: u64) -> Failure {
        let what = format!(
            "refused to archive shard {shard} of `{}` into {}",
            self.store.namespace(),
            self.dir.display()
        );
        let why = format!("the archive has another history than the store, at {shard}:{position}");
        Failure::new(ExitStatus::Conflict, what)
            .code("conflict")
            .because(&std::io::Error::other(why))
            .hint("Give another folder: --dir DIR. Which of both is whole: bss events verify, bss events archive verify DIR")
    }

    /// Writes the file of the events from where the walk stands up to `last`, reads it back, and
    /// writes its manifest: only then is it of the archive.
    async fn file(&mut self, shard: u16, last: u64, walk: &mut Walk) -> Result<Manifest, Failure> {
        let (first, before) = (walk.next(), *walk.link());
        let name = file_name(self.store.namespace(), shard, first, last);
        let path = self.dir.join(&name);
        let place = self.dir.join(manifest_name(&name));
        let mut target = Target::open(path, self.context)?;
        let written = self.events(shard, last, walk, &mut target).await;
        let (earliest, latest) = match written {
            Ok(ends) => ends,
            Err(failure) => {
                target.forget();
                return Err(failure);
            }
        };
        target.finish()?;
        self.fault.hit("archive-file");
        let mut manifest = Manifest {
            format: FORMAT,
            namespace: self.store.namespace().to_owned(),
            shard,
            first,
            last,
            events: last + 1 - first,
            link_before: before.to_string(),
            link: walk.link().to_string(),
            first_recorded_at: earliest,
            last_recorded_at: latest,
            bytes: 0,
            sha256: String::new(),
            file: name,
        };
        (manifest.bytes, manifest.sha256) = folder::examine(self.dir, &manifest)?;
        self.fault.hit("archive-verified");
        let text = serde_json::to_vec_pretty(&manifest)
            .map_err(|e| Failure::failed("could not write a manifest").because(&e))?;
        let mut target = Target::open(place, self.context)?;
        target.write(&text)?;
        target.finish()?;
        // The names must be on the disk too before anything is trimmed.
        File::open(self.dir).and_then(|dir| dir.sync_all()).map_err(|e| {
            Failure::failed(format!("could not write {}", self.dir.display())).because(&e)
        })?;
        Ok(manifest)
    }

    /// Writes events; when the first and the last of them were recorded.
    async fn events(
        &mut self,
        shard: u16,
        last: u64,
        walk: &mut Walk,
        target: &mut Target<'_>,
    ) -> Result<(String, String), Failure> {
        let (mut earliest, mut latest) = (None, String::new());
        while walk.next() <= last {
            let next = Position { shard, n: walk.next() };
            let mut page = self.store.read(next, Direction::Forward, PAGE).await?;
            page.retain(|event| event.position.n <= last);
            let mut text = Vec::new();
            for event in &page {
                walk.step(event).map_err(|e| broken(event, &e))?;
                shown::line(event, &mut text)?;
            }
            let Some(end) = page.last() else {
                let what = format!("could not archive the event at {next}: it is not in the log");
                return Err(Failure::new(ExitStatus::Found, what)
                    .hint("See what else is missing: bss events verify"));
            };
            earliest = earliest.or_else(|| page.first().map(|e| e.recorded_at.to_string()));
            latest = end.recorded_at.to_string();
            target.write(&text)?;
            self.fault.hit("archive-part");
        }
        Ok((earliest.unwrap_or_default(), latest))
    }
}

/// An event that is not what was stored: it is neither archived nor trimmed.
fn broken(event: &Event, error: &dyn std::error::Error) -> Failure {
    let what = format!("could not archive the event at {}", event.position);
    Failure::new(ExitStatus::Found, what)
        .code("damaged")
        .because(&std::io::Error::other(error.to_string()))
        .hint("See what is damaged: bss events verify")
}
