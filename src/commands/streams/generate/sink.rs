//! Where the events go: topics, or lines.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde_json::value::RawValue;

use super::subject_of;
use crate::backends::kafka::admin::Admin;
use crate::backends::kafka::feed::Feed;
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::config::Backend;
use crate::domain::CloudEvent;
use crate::generate::{Event, Kind, Kinds};
use crate::topics;
use crate::ui::Ui;

/// Lines are passed on in pieces of about this size.
const PIECE: usize = 1 << 16;

/// Where the events go.
pub enum Sink {
    /// Topics.
    Kafka {
        /// The writer.
        feed: Feed,
        /// The topics by kind, in the order of [`Kind::ALL`].
        names: Vec<String>,
        /// Who writes, if CloudEvents are wanted.
        source: Option<String>,
    },
    /// A file.
    File(BufWriter<File>, Lines),
    /// A file of values for each wanted kind, in the order of [`Kind::ALL`].
    Folder(Vec<Option<BufWriter<File>>>),
    /// Standard output.
    Standard(Ui, Vec<u8>, Lines),
}

/// The form of the lines.
pub struct Lines {
    /// Names of the topics if there are several kinds: then each line is an object.
    names: Option<Vec<String>>,
}

/// A line of several kinds: the value as JSON if it is an event, else its bytes as a text.
#[derive(serde::Serialize)]
struct Line<'a, V> {
    topic: &'a str,
    key: &'a str,
    value: V,
}

impl Lines {
    fn write(&self, event: &Event, out: &mut impl Write) -> std::io::Result<()> {
        if let Some(names) = &self.names {
            let (topic, key) = (name_of(names, event.kind), event.key.as_str());
            let whole = event.value.starts_with(b"{").then_some(event.value.as_slice());
            match whole.and_then(|v| serde_json::from_slice::<&RawValue>(v).ok()) {
                Some(value) => serde_json::to_writer(&mut *out, &Line { topic, key, value })?,
                None => {
                    let value = String::from_utf8_lossy(&event.value);
                    serde_json::to_writer(&mut *out, &Line { topic, key, value })?;
                }
            }
        } else {
            out.write_all(&event.value)?;
        }
        out.write_all(b"\n")
    }
}

fn name_of(names: &[String], kind: Kind) -> &str {
    &names[index(kind)]
}

fn index(kind: Kind) -> usize {
    Kind::ALL.iter().position(|k| *k == kind).unwrap_or(0)
}

fn create(path: &Path) -> Result<BufWriter<File>, Failure> {
    let file = File::create(path)
        .map_err(|e| Failure::failed(format!("could not write {}", path.display())).because(&e))?;
    Ok(BufWriter::with_capacity(PIECE, file))
}

/// Asks before files that hold something are written over.
async fn spare(context: &Context, path: &Path, files: &[PathBuf]) -> Result<(), Failure> {
    let size = |file: &PathBuf| {
        std::fs::metadata(file).map_or(0, |m| if m.is_file() { m.len() } else { 0 })
    };
    let held: u64 = files.iter().map(size).sum();
    if held > 0 {
        let what = format!("overwrite {}", path.display());
        context.confirm(&[], &what, &format!("{held} bytes are gone")).await?;
    }
    Ok(())
}

/// The topics by kind, in the order of [`Kind::ALL`].
pub fn names(prefix: &str) -> Vec<String> {
    Kind::ALL.iter().map(|kind| topics::name(prefix, subject_of(*kind))).collect()
}

impl Sink {
    /// Opens the topics, after a question.
    ///
    /// # Errors
    /// Kafka cannot be reached or a topic is missing (exit 4), or the operator does not agree
    /// (exit 2).
    pub async fn kafka(context: &Context, kinds: Kinds, cloud: bool) -> Result<Self, Failure> {
        let settings = context.settings();
        let names = names(&settings.kafka.topic_prefix);
        let wanted: Vec<String> =
            kinds.list().into_iter().map(|kind| name_of(&names, kind).to_owned()).collect();
        let inventory = Admin::new(&settings.kafka)?.inventory(&wanted).await?;
        let missing: Vec<&str> = wanted
            .iter()
            .filter(|name| !inventory.topics.contains_key(*name))
            .map(String::as_str)
            .collect();
        if !missing.is_empty() {
            let what = format!(
                "could not write events to Kafka at {}: no topic {}",
                settings.kafka.bootstrap,
                missing.join(", ")
            );
            return Err(Failure::new(ExitStatus::Unreachable, what)
                .code("missing")
                .hint("Run `bss setup kafka` to make the topics."));
        }
        let what = format!("write made-up events to {}", wanted.join(", "));
        let effect =
            "whoever reads these topics takes them for real, and they cannot be taken back";
        context.confirm(&[Backend::Kafka], &what, effect).await?;
        let feed = Feed::open(&settings.kafka)?;
        let source = cloud.then(|| format!("bss/{}/generate", settings.general.application));
        Ok(Self::Kafka { feed, names, source })
    }

    /// Opens a file, a folder's files, or standard output for `-`; a file that holds something is asked about.
    ///
    /// # Errors
    /// The file cannot be written (exit 1), or the operator does not agree (exit 2).
    pub async fn lines(context: &Context, path: &Path, kinds: Kinds) -> Result<Self, Failure> {
        let several = kinds.list().len() > 1;
        let lines = Lines { names: several.then(|| names(&context.settings().kafka.topic_prefix)) };
        if path.as_os_str() == "-" {
            return Ok(Self::Standard(context.ui.clone(), Vec::with_capacity(PIECE), lines));
        }
        if !path.is_dir() {
            spare(context, path, &[path.to_owned()]).await?;
            return Ok(Self::File(create(path)?, lines));
        }
        let paths: Vec<PathBuf> =
            kinds.list().iter().map(|k| path.join(format!("{}.ndjson", subject_of(*k)))).collect();
        spare(context, path, &paths).await?;
        let mut files: Vec<Option<BufWriter<File>>> = Kind::ALL.iter().map(|_| None).collect();
        for (kind, path) in kinds.list().into_iter().zip(&paths) {
            files[index(kind)] = Some(create(path)?);
        }
        Ok(Self::Folder(files))
    }

    /// Takes one event; false once nobody reads any more.
    ///
    /// # Errors
    /// As the destination says.
    pub fn take(&mut self, event: &Event) -> Result<bool, Failure> {
        match self {
            Self::Kafka { feed, names, source } => {
                let topic = name_of(names, event.kind);
                let id = format!("{:016x}", event.id);
                let cloud = source.as_ref().map(|source| CloudEvent {
                    id: &id,
                    event_type: event.kind.event_type(),
                    source,
                    time: event.time,
                });
                feed.send(topic, &event.key, &event.value, cloud.as_ref())?;
                Ok(true)
            }
            Self::File(file, lines) => {
                lines.write(event, file)?;
                Ok(true)
            }
            Self::Folder(files) => {
                if let Some(file) = &mut files[index(event.kind)] {
                    Lines { names: None }.write(event, file)?;
                }
                Ok(true)
            }
            Self::Standard(ui, piece, lines) => {
                lines.write(event, piece)?;
                Ok(piece.len() < PIECE || pass(ui, piece)?)
            }
        }
    }

    /// Passes on what was taken: before a pause, and from time to time.
    ///
    /// # Errors
    /// As the destination says.
    pub fn serve(&mut self) -> Result<bool, Failure> {
        match self {
            Self::Kafka { feed, .. } => feed.serve()?,
            Self::File(file, _) => file.flush()?,
            Self::Folder(files) => files.iter_mut().flatten().try_for_each(Write::flush)?,
            Self::Standard(ui, piece, _) => return pass(ui, piece),
        }
        Ok(true)
    }

    /// Waits until everything taken has arrived.
    ///
    /// # Errors
    /// As the destination says.
    pub fn finish(&mut self) -> Result<(), Failure> {
        if let Self::Kafka { feed, .. } = self {
            feed.finish()?;
        }
        self.serve().map(drop)
    }

    /// How many records have arrived for certain, of those taken.
    pub fn arrived(&self) -> Option<u64> {
        match self {
            Self::Kafka { feed, .. } => Some(feed.acknowledged()),
            Self::File(..) | Self::Folder(_) | Self::Standard(..) => None,
        }
    }
}

fn pass(ui: &Ui, piece: &mut Vec<u8>) -> Result<bool, Failure> {
    let read = ui.pass(piece)?;
    piece.clear();
    Ok(read)
}
