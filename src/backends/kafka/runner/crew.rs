//! The worker threads of a run.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::runner::care::Care;
use crate::backends::kafka::runner::worker::{self, Command, Joint, Tell};
use crate::backends::kafka::runner::{RunHandle, RunOptions};
use crate::streams::topology::Topology;

/// The worker threads.
pub(super) struct Crew {
    pub commands: Vec<Sender<Command>>,
    pub tells: Receiver<(u16, Tell)>,
    pub threads: Vec<JoinHandle<()>>,
}

impl Crew {
    /// Opens all workers at once: each waits for its transactional id.
    pub fn hire(
        topology: &Arc<dyn Topology>,
        options: &RunOptions,
        handle: &RunHandle,
        care: &Arc<Care>,
        shared: &Joint,
    ) -> Result<Self> {
        let (tell, tells) = channel();
        let count = options.streams.workers.max(1);
        let opened: Vec<_> = std::thread::scope(|scope| {
            let openings: Vec<_> = (0..count)
                .map(|index| {
                    let tell = tell.clone();
                    scope.spawn(move || {
                        worker::open(index, topology, options, handle, care, shared, tell)
                    })
                })
                .collect();
            openings.into_iter().map(std::thread::ScopedJoinHandle::join).collect()
        });
        let mut crew = Self { commands: Vec::new(), tells, threads: Vec::new() };
        for (index, opened) in opened.into_iter().enumerate() {
            let worker = opened.map_err(|_| {
                BackendError::new(Kind::Internal, format!("worker {index} panicked at its start"))
            })??;
            let (command, commands) = channel();
            crew.commands.push(command);
            let thread = std::thread::Builder::new()
                .name(format!("worker-{index}"))
                .spawn(move || worker.run(&commands))
                .map_err(|e| {
                    BackendError::new(Kind::Local, format!("could not start worker {index}"))
                        .because(e)
                })?;
            crew.threads.push(thread);
        }
        Ok(crew)
    }
}
