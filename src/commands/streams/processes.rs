//! The processes that run topologies: as they told the others, as this machine knows them, and as
//! the group has them.

use std::path::Path;
use std::time::Duration;

use crate::backends::BackendError;
use crate::backends::kafka::runner::files::{self, StatusFile};
use crate::backends::kafka::runner::meta::{self, MetaLog};
use crate::backends::kafka::runner::preflight;
use crate::commands::streams::exposed::FIGURES;
use crate::config::settings::Kafka;
use crate::http;
use crate::streams::meta::{Pause, Process};
use crate::streams::topology::Description;
use crate::streams::watch::figures::{Exposed, ProcessFigures, RunFigures};

/// How long a process may take to answer.
const ANSWER: Duration = Duration::from_secs(2);
/// Length of a dash and a UUID, which a member's id has after its instance's name.
const ID: usize = 37;

/// One process of a topology.
#[derive(Clone, Debug)]
pub struct Known {
    /// What it told of itself; empty where it has told nothing yet.
    pub process: Process,
    /// Whether the group has it as a member.
    pub member: bool,
    /// What it wrote on this machine, while it lives.
    pub local: Option<StatusFile>,
}

impl Known {
    /// Whether it is there: a member, or alive on this machine.
    #[must_use]
    pub const fn lives(&self) -> bool {
        self.member || self.local.is_some()
    }

    /// Its figures, where they are from, and the process's own; from its port if it has one, else
    /// from its file on this machine. `None` where neither tells.
    pub async fn figures(&self, topology: &str) -> Option<(RunFigures, String, ProcessFigures)> {
        let of = |exposed: Exposed, from: String| {
            let run = exposed.runs.into_iter().find(|run| run.topology == topology)?;
            Some((run, from, exposed.process))
        };
        let address = self.process.http.as_ref();
        if let Some(address) = address.or(self.local.as_ref().and_then(|l| l.http.as_ref())) {
            match http::get(address, FIGURES, ANSWER).await {
                Ok((200, text)) => {
                    let told = serde_json::from_str::<Exposed>(&text).ok();
                    // Somebody else may have the port by now.
                    let own = |run: &RunFigures| run.instance == self.process.instance;
                    if let Some(found) = told.and_then(|t| of(t, format!("http://{address}")))
                        && own(&found.0)
                    {
                        return Some(found);
                    }
                }
                Ok((status, _)) => tracing::info!(address, status, "no figures"),
                Err(error) => tracing::info!(address, %error, "no figures"),
            }
        }
        self.local.as_ref().and_then(|local| of(local.exposed.clone(), "status file".to_owned()))
    }
}

/// The processes of a topology, and whether somebody paused it.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// Who runs it, by instance.
    pub processes: Vec<Known>,
    /// The pause.
    pub pause: Option<Pause>,
}

/// The processes that live on this machine, without asking anybody.
#[must_use]
pub fn local(dir: &Path, description: &Description) -> Vec<Known> {
    let group = &description.group;
    let alive = |file: &StatusFile| files::held(dir, group, &file.instance);
    files::read_statuses(dir, group)
        .into_iter()
        .filter(alive)
        .map(|file| {
            let process = Process {
                topology: description.name.to_owned(),
                instance: file.instance.clone(),
                host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
                pid: file.pid,
                partitions: file.partitions.clone(),
                stores: description.stores.iter().map(|s| s.name.to_owned()).collect(),
                state_dir: dir.display().to_string(),
                http: file.http.clone(),
                ..Process::default()
            };
            Known { process, member: false, local: Some(file) }
        })
        .collect()
}

/// Asks the meta topic and the group, and joins what this machine knows.
///
/// # Errors
/// As the client says.
pub fn find(kafka: &Kafka, dir: &Path, description: &Description) -> Result<Found, BackendError> {
    let meta = MetaLog::open(kafka, &meta::topic(description))?;
    join(kafka, dir, description, &meta)
}

/// As [`find`], with what was read of the meta topic.
///
/// # Errors
/// As the client says.
pub fn join(
    kafka: &Kafka,
    dir: &Path,
    description: &Description,
    meta: &MetaLog,
) -> Result<Found, BackendError> {
    let group = &description.group;
    let asker = preflight::asker(kafka, group)?;
    let (_, members) = preflight::members(&asker, group)?;
    let mut all = local(dir, description);
    for process in meta.processes(group) {
        match all.iter_mut().find(|k| k.process.instance == process.instance) {
            // A process of the same name elsewhere is not the one on this machine.
            Some(known) if known.process.pid == process.pid => known.process = process,
            Some(_) => {}
            None => all.push(Known { process, member: false, local: None }),
        }
    }
    for id in &members {
        match all.iter_mut().find(|k| preflight::is_member_of(id, &k.process.instance)) {
            Some(known) => known.member = true,
            None => {
                let name = id.get(..id.len().saturating_sub(ID)).unwrap_or(id).to_owned();
                let topology = description.name.to_owned();
                let process = Process { topology, instance: name, ..Process::default() };
                all.push(Known { process, member: true, local: None });
            }
        }
    }
    all.sort_by(|a, b| a.process.instance.cmp(&b.process.instance));
    Ok(Found { processes: all, pause: meta.pause(group) })
}
