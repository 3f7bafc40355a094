//! A folder of archive files: what is in it, and reading it event by event.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

use flate2::read::MultiGzDecoder;
use sha2::{Digest, Sha256};

use crate::cli::{ExitStatus, Failure};
use crate::events::archive::{FORMAT, Manifest, Walk, covering, manifest_name};
use crate::events::{Event, Link, Position, wire};

/// The archive of one store.
pub struct Archive {
    dir: PathBuf,
    manifests: Vec<Manifest>,
    open: Option<Reading>,
}

/// Events that are handed over together.
const BATCH: usize = 1000;
/// Batches that may wait.
const WAITING: usize = 4;

/// A file that is being read, by a thread of its own: reading and checking an event costs more than
/// what is done with it.
struct Reading {
    manifest: Manifest,
    /// The position of the next event.
    next: u64,
    batch: std::vec::IntoIter<Event>,
    batches: Receiver<Result<Vec<Event>, Failure>>,
}

impl Reading {
    fn start(dir: &Path, manifest: &Manifest) -> Result<Self, Failure> {
        let file = Opened::open(dir, manifest)?;
        let (send, batches) = sync_channel(WAITING);
        std::thread::Builder::new()
            .name("archive".to_owned())
            .spawn(move || file.send_to(&send))
            .map_err(|e| Failure::failed("could not start reading the archive").because(&e))?;
        let (next, batch) = (manifest.first, Vec::new().into_iter());
        Ok(Self { manifest: manifest.clone(), next, batch, batches })
    }

    /// The next event; `None` at the end.
    fn next(&mut self) -> Result<Option<Event>, Failure> {
        loop {
            if let Some(event) = self.batch.next() {
                self.next = event.position.n + 1;
                return Ok(Some(event));
            }
            match self.batches.recv() {
                Ok(batch) => self.batch = batch?.into_iter(),
                Err(_) => return Ok(None),
            }
        }
    }
}

/// A file that counts and hashes what is read of it.
struct Hashed {
    file: File,
    hash: Sha256,
    bytes: u64,
}

impl Read for Hashed {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let read = self.file.read(buffer)?;
        self.hash.update(&buffer[..read]);
        self.bytes += read as u64;
        Ok(read)
    }
}

/// An archive file, read from its start; every event is checked.
struct Opened {
    path: PathBuf,
    manifest: Manifest,
    lines: BufReader<MultiGzDecoder<Hashed>>,
    walk: Walk,
    line: String,
}

/// The manifests of a folder, by namespace, shard and position.
///
/// # Errors
/// Exit 1 for a folder or manifest that cannot be read.
pub fn manifests(dir: &Path) -> Result<Vec<Manifest>, Failure> {
    let name = dir.display().to_string();
    let mut found: Vec<Manifest> = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(|e| Failure::unreadable(&name, &e))? {
        let path = entry.map_err(|e| Failure::unreadable(&name, &e))?.path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(&path).map_err(|e| Failure::unreadable(&shown, &e))?;
        let manifest: Manifest = serde_json::from_str(&text).map_err(|e| {
            Failure::failed(format!("could not read the manifest {shown}"))
                .because(&e)
                .hint("Move what is no manifest of an archive out of the folder.")
        })?;
        if manifest.format != FORMAT {
            let what = format!("the archive file of {shown} has form {}", manifest.format);
            return Err(Failure::failed(what).hint(format!("This program knows form {FORMAT}.")));
        }
        found.push(manifest);
    }
    found.sort_by(|a, b| {
        (&a.namespace, a.shard, a.first, a.last).cmp(&(&b.namespace, b.shard, b.first, b.last))
    });
    Ok(found)
}

impl Archive {
    /// Opens the archive of a namespace in a folder.
    ///
    /// # Errors
    /// As [`manifests`].
    pub fn open(dir: &Path, namespace: &str) -> Result<Self, Failure> {
        let mut manifests = manifests(dir)?;
        manifests.retain(|manifest| manifest.namespace == namespace);
        Ok(Self { dir: dir.to_owned(), manifests, open: None })
    }

    /// Events of a shard in their order, beginning with `from`, up to `last`, at most `count`.
    ///
    /// # Errors
    /// Exit 1 if the archive does not have them; exit 6 if a file is damaged.
    pub fn read(&mut self, from: Position, last: u64, count: usize) -> Result<Vec<Event>, Failure> {
        let Position { shard, n: mut next } = from;
        let mut events = Vec::new();
        while events.len() < count && next <= last {
            let fits = |r: &Reading| {
                r.manifest.shard == shard && r.next <= next && r.manifest.covers(next)
            };
            if !self.open.as_ref().is_some_and(fits) {
                self.open = Some(self.at(Position { shard, n: next })?);
            }
            let Some(reading) = &mut self.open else { break };
            match reading.next()? {
                Some(event) if event.position.n < next => {}
                Some(event) => {
                    next = event.position.n + 1;
                    events.push(event);
                }
                None => self.open = None,
            }
        }
        Ok(events)
    }

    fn at(&self, place: Position) -> Result<Reading, Failure> {
        let Some(manifest) = covering(&self.manifests, place.shard, place.n) else {
            let what = format!("the archive {} has no event at {place}", self.dir.display());
            return Err(Failure::failed(what)
                .code("missing")
                .hint(format!("See what it has: bss events archive list {}", self.dir.display())));
        };
        Reading::start(&self.dir, manifest)
    }

    /// Its folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// Its manifests, by shard and position.
    #[must_use]
    pub fn manifests(&self) -> &[Manifest] {
        &self.manifests
    }
}

impl Opened {
    fn open(dir: &Path, manifest: &Manifest) -> Result<Self, Failure> {
        let path = dir.join(&manifest.file);
        let file =
            File::open(&path).map_err(|e| Failure::unreadable(&path.display().to_string(), &e))?;
        let hashed = Hashed { file, hash: Sha256::new(), bytes: 0 };
        let lines = BufReader::with_capacity(256 << 10, MultiGzDecoder::new(hashed));
        let link: Link = manifest.link_before.parse().map_err(|why: &str| {
            damaged(&path, &format!("linkBefore in {}: {why}", manifest_name(&manifest.file)))
        })?;
        let walk = Walk::new(manifest.first, link);
        Ok(Self { path, manifest: manifest.clone(), lines, walk, line: String::new() })
    }

    /// The next event; `None` at the end, where the file must be whole.
    fn next(&mut self) -> Result<Option<Event>, Failure> {
        self.line.clear();
        let read = self.lines.read_line(&mut self.line);
        if read.map_err(|e| damaged(&self.path, &e.to_string()))? == 0 {
            let whole = self.walk.next() == self.manifest.last + 1
                && self.walk.link().as_str() == self.manifest.link
                && self.manifest.events == self.manifest.last + 1 - self.manifest.first;
            let why = format!("it ends before position {}", self.walk.next());
            return if whole { Ok(None) } else { Err(damaged(&self.path, &why)) };
        }
        let event = wire::read(&self.line).map_err(|e| {
            damaged(&self.path, &format!("the line of position {}: {e}", self.walk.next()))
        })?;
        self.walk.step(&event).map_err(|e| damaged(&self.path, &e.to_string()))?;
        Ok(Some(event))
    }

    /// Hands over all events in batches, until nobody takes them any more.
    fn send_to(mut self, batches: &SyncSender<Result<Vec<Event>, Failure>>) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            match self.next() {
                Ok(Some(event)) => batch.push(event),
                Ok(None) => {
                    let _nobody = batches.send(Ok(batch)).is_err();
                    return;
                }
                Err(failure) => {
                    // What comes before it is good.
                    let _nobody = batches.send(Ok(batch)).and_then(|()| batches.send(Err(failure)));
                    return;
                }
            }
            if batch.len() == BATCH {
                let full = std::mem::replace(&mut batch, Vec::with_capacity(BATCH));
                if batches.send(Ok(full)).is_err() {
                    return;
                }
            }
        }
    }

    fn sum(self) -> (u64, String) {
        let hashed = self.lines.into_inner().into_inner();
        let digits = hashed.hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        (hashed.bytes, digits)
    }
}

/// Reads a whole file and checks every event; its bytes and SHA-256.
///
/// # Errors
/// Exit 6 for what is damaged, exit 1 if it cannot be read.
pub fn examine(dir: &Path, manifest: &Manifest) -> Result<(u64, String), Failure> {
    let mut file = Opened::open(dir, manifest)?;
    while file.next()?.is_some() {}
    Ok(file.sum())
}

/// Examines a file and compares it with what its manifest says.
///
/// # Errors
/// As [`examine`].
pub fn confirm(dir: &Path, manifest: &Manifest) -> Result<(), Failure> {
    let (bytes, sha256) = examine(dir, manifest)?;
    if (bytes, &sha256) == (manifest.bytes, &manifest.sha256) {
        return Ok(());
    }
    let why = format!(
        "it has {bytes} bytes with SHA-256 {sha256}, its manifest says {} and {}",
        manifest.bytes, manifest.sha256
    );
    Err(damaged(&dir.join(&manifest.file), &why))
}

fn damaged(path: &Path, why: &str) -> Failure {
    Failure::new(ExitStatus::Found, format!("the archive file {} is damaged", path.display()))
        .code("damaged")
        .because(&std::io::Error::other(why.to_owned()))
        .hint("Take another copy of it; see what else is damaged: bss events archive verify DIR")
}
