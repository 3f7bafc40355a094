//! What a run keeps in the state directory: the lock of its instance and its status.

use std::fs::{File, TryLockError};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::runner::{Phase, Restored, RunOptions, RunView};
use crate::runtime::process;
use crate::streams::store::Memory;
use crate::streams::watch::figures::{Exposed, ProcessFigures, RunFigures};

/// Holds the instance of a group on this machine; let go when dropped or when the process dies.
pub struct InstanceLock {
    _file: File,
}

pub(super) fn local(what: String, error: std::io::Error, dir: &Path) -> BackendError {
    let hint = match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            "Free space there, or point streams.state_dir at another disk; nothing committed is lost."
        }
        _ => "Check the folder and its permissions, or set streams.state_dir.",
    };
    BackendError::new(Kind::Local, what).because(error).hint(format!("{hint} ({})", dir.display()))
}

pub(super) fn path(dir: &Path, group: &str, instance: &str, ending: &str) -> PathBuf {
    dir.join(format!("{group}-{instance}.{ending}"))
}

/// Takes the lock of `instance` of `group` in `dir`.
///
/// # Errors
/// [`Kind::Conflict`] with the holder's process id; [`Kind::Local`] if the folder cannot be used.
pub fn lock(dir: &Path, group: &str, instance: &str) -> Result<InstanceLock> {
    let what = || format!("could not lock instance \"{instance}\" of group \"{group}\"");
    std::fs::create_dir_all(dir).map_err(|e| local(what(), e, dir))?;
    let place = path(dir, group, instance, "lock");
    let mut file = File::options()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&place)
        .map_err(|e| local(what(), e, dir))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            drop(file.read_to_string(&mut holder));
            return Err(BackendError::new(Kind::Conflict, what())
                .because(format!("process {} holds {}", holder.trim(), place.display()))
                .hint("Stop it first, or run this one under another name with --set streams.instance=NAME."));
        }
        Err(TryLockError::Error(e)) => return Err(local(what(), e, dir)),
    }
    let pid = std::process::id();
    file.set_len(0)
        .and_then(|()| writeln!(file, "{pid}"))
        .and_then(|()| file.flush())
        .map_err(|e| local(what(), e, dir))?;
    Ok(InstanceLock { _file: file })
}

/// Whether a process holds the lock of `instance`.
#[must_use]
pub fn held(dir: &Path, group: &str, instance: &str) -> bool {
    File::open(path(dir, group, instance, "lock"))
        .is_ok_and(|f| matches!(f.try_lock_shared(), Err(TryLockError::WouldBlock)))
}

/// The status file's content.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StatusFile {
    /// The instance's name.
    pub instance: String,
    /// The process.
    pub pid: u32,
    /// When it was written, in microseconds since the epoch.
    pub written_at: i64,
    /// What the run does.
    pub phase: Phase,
    /// The partitions it has.
    pub partitions: Vec<i32>,
    /// Where their state came from.
    #[serde(default)]
    pub restored: Restored,
    /// Transactions committed.
    pub commits: u64,
    /// How long the last rebalance stopped the work, in milliseconds.
    pub last_stop_ms: Option<u64>,
    /// Where it answers `/metrics`.
    #[serde(default)]
    pub http: Option<String>,
    /// All that it shows.
    #[serde(default)]
    pub exposed: Exposed,
}

/// Writes the status beside the lock, whole or not at all.
///
/// # Errors
/// [`Kind::Local`], such as a full disk.
pub fn write_status(
    options: &RunOptions,
    group: &str,
    view: &RunView,
    run: RunFigures,
) -> Result<()> {
    let (dir, instance) = (&options.state_dir, &options.instance);
    let status = StatusFile {
        instance: instance.clone(),
        pid: std::process::id(),
        written_at: options.clock.now().micros(),
        phase: view.phase.clone(),
        partitions: view.partitions.clone(),
        restored: view.restored,
        commits: view.commits,
        last_stop_ms: view.last_stop_ms,
        http: options.http.clone(),
        exposed: Exposed { process: process_figures(&options.memory), runs: vec![run] },
    };
    let place = path(dir, group, instance, "status.json");
    let what = || format!("could not write the status of group \"{group}\" to {}", place.display());
    let text = serde_json::to_vec(&status)
        .map_err(|e| BackendError::new(Kind::Internal, what()).because(e))?;
    replace(&place, &text).map_err(|e| local(what(), e, dir))
}

/// What the operating system says of this process, and its stores.
#[must_use]
pub fn process_figures(memory: &Memory) -> ProcessFigures {
    ProcessFigures {
        resident_bytes: process::resident_bytes(),
        cpu_millis: Some(process::cpu_millis()),
        open_files: process::open_files(),
        state_bytes: memory.held(),
        state_limit_bytes: memory.limit(),
        spilled_bytes: memory.spilled(),
    }
}

/// Writes a file whole or not at all.
pub(super) fn replace(place: &Path, content: &[u8]) -> std::io::Result<()> {
    let beside = place.with_extension("new");
    let mut file = File::create(&beside)?;
    file.write_all(content)?;
    file.flush()?;
    std::fs::rename(&beside, place)
}

/// The status files of `group` in `dir`; a file that cannot be read is left out.
#[must_use]
pub fn read_statuses(dir: &Path, group: &str) -> Vec<StatusFile> {
    let Ok(entries) = std::fs::read_dir(dir) else { return Vec::new() };
    let mut statuses: Vec<StatusFile> = entries
        .flatten()
        .filter(|e| {
            let name = e.file_name().to_string_lossy().into_owned();
            name.starts_with(&format!("{group}-")) && name.ends_with(".status.json")
        })
        .filter_map(|e| serde_json::from_slice(&std::fs::read(e.path()).ok()?).ok())
        .collect();
    statuses.sort_by(|a, b| a.instance.cmp(&b.instance));
    statuses
}

/// Deletes the status files of `group` in `dir`; the locks stay, since somebody may hold them.
///
/// # Errors
/// [`Kind::Local`] if one cannot be deleted.
pub fn remove_statuses(dir: &Path, group: &str) -> Result<()> {
    for status in read_statuses(dir, group) {
        let place = path(dir, group, &status.instance, "status.json");
        match std::fs::remove_file(&place) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                return Err(local(format!("could not delete {}", place.display()), e, dir));
            }
            _ => {}
        }
    }
    Ok(())
}
