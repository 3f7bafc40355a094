//! The history of the store: what is archived from an archive, the rest from the log.

use std::path::{Path, PathBuf};

use super::archive::Archive;
use crate::backends::redis::events::{Ahead, Loaded, Store};
use crate::cli::{ExitStatus, Failure};
use crate::events::{Event, Link, Position};

/// The option of commands that read events which may have been archived.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ArchiveOption {
    /// Read events that were archived from this folder
    #[arg(long, value_name = "DIR")]
    archive: Option<PathBuf>,
}

impl ArchiveOption {
    /// The history of a store.
    ///
    /// # Errors
    /// Exit 1 for a folder that cannot be read; exit 6 for an archive of another history.
    pub async fn of(&self, store: &mut Store) -> Result<History, Failure> {
        let mut history = History { archive: None, floors: Vec::new(), ahead: Ahead::default() };
        for shard in 0..store.shards() {
            history.floors.push(store.floor(shard).await?);
        }
        if let Some(dir) = &self.archive {
            let archive = Archive::open(dir, store.namespace())?;
            for (shard, (floor, link)) in (0..).zip(&history.floors) {
                let wrong = archive
                    .manifests()
                    .iter()
                    .any(|m| m.shard == shard && m.contradicts(*floor, link));
                if wrong {
                    return Err(other(dir, shard, *floor));
                }
            }
            history.archive = Some(archive);
        }
        Ok(history)
    }
}

fn other(dir: &Path, shard: u16, floor: u64) -> Failure {
    let what = format!("the archive {} is of another history than the store", dir.display());
    let why = format!(
        "at {shard}:{floor}, where the archive ends and the store begins, their links differ"
    );
    Failure::new(ExitStatus::Found, what)
        .code("conflict")
        .because(&std::io::Error::other(why))
        .hint(format!("See what it has: bss events archive list {}", dir.display()))
}

/// All events of a store that can be reached.
pub struct History {
    archive: Option<Archive>,
    floors: Vec<(u64, Link)>,
    ahead: Ahead,
}

impl History {
    /// What stands before the first event of a shard: nothing with an archive, else what was
    /// trimmed last.
    #[must_use]
    pub fn floor(&self, shard: u16) -> (u64, Link) {
        match &self.archive {
            Some(_) => (0, Link::START),
            None => self.trimmed(shard),
        }
    }

    fn trimmed(&self, shard: u16) -> (u64, Link) {
        self.floors.get(usize::from(shard)).copied().unwrap_or((0, Link::START))
    }

    /// Up to `count` events of a shard, beginning with `from`, in their order.
    ///
    /// # Errors
    /// As the server says; exit 1 for what the archive does not have; exit 6 for a damaged file.
    pub async fn read(
        &mut self,
        store: &mut Store,
        from: Position,
        count: usize,
    ) -> Result<Vec<Event>, Failure> {
        let (floor, link) = self.trimmed(from.shard);
        match &mut self.archive {
            Some(archive) if from.n <= floor => {
                let events = archive.read(from, floor, count)?;
                // A file may end before the floor or beyond it: where both meet, links must agree.
                match events.last() {
                    Some(last) if last.position.n == floor && last.link != link => {
                        Err(other(archive.dir(), from.shard, floor))
                    }
                    _ => Ok(events),
                }
            }
            _ => Ok(store.read_on(&mut self.ahead, from, count).await?),
        }
    }

    /// Puts what was trimmed back into a loaded part of an aggregate.
    ///
    /// # Errors
    /// As [`History::read`].
    pub fn fill(&mut self, loaded: &mut [Loaded]) -> Result<(), Failure> {
        let Some(archive) = &mut self.archive else { return Ok(()) };
        for each in loaded {
            if let Loaded::Trimmed { position, .. } = each
                && let Some(event) = archive.read(*position, position.n, 1)?.into_iter().next()
            {
                *each = Loaded::Event(event);
            }
        }
        Ok(())
    }
}
