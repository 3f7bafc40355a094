//! Looks after a run beside its work: where the sources end, what an operator has asked for, and
//! what others are told of this process.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use rdkafka::consumer::BaseConsumer;

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::Quiet;
use crate::backends::kafka::ends::ends;
use crate::backends::kafka::peek::{Peeker, Span};
use crate::backends::kafka::runner::meta::MetaLog;
use crate::backends::kafka::runner::{RunHandle, RunOptions, preflight};
use crate::streams::meta::Process;
use crate::streams::topology::Description;
use crate::streams::watch::Waiting;

/// How often the ends of the sources are asked for.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long one question to the brokers may take.
const CALL: Duration = Duration::from_secs(5);
/// How long a record must have waited before it is looked at, in microseconds.
const WAITS: i64 = 5_000_000;
/// How often records that wait are looked at.
const PEEK_EVERY: Duration = Duration::from_secs(10);
/// How long an end waits for the farewell to be written.
const FAREWELL: Duration = Duration::from_secs(3);

/// The monitor's thread.
pub struct Monitor {
    quit: Sender<bool>,
    done: Receiver<()>,
}

impl Monitor {
    /// Starts it; `meta` is read on from where it is.
    ///
    /// # Errors
    /// A client or thread that cannot be made.
    pub fn start(
        options: &RunOptions,
        handle: &RunHandle,
        description: &Description,
        meta: MetaLog,
    ) -> Result<Self> {
        let asker = preflight::asker(&options.kafka, &description.group)?;
        let (quit, quits) = channel();
        let (tell, done) = channel();
        let mut watcher = Watcher {
            options: options.clone(),
            handle: handle.clone(),
            description: description.clone(),
            meta,
            asker,
            peeker: None,
            peeked: Instant::now(),
            told: None,
        };
        std::thread::Builder::new()
            .name("monitor".to_owned())
            .spawn(move || {
                watcher.run(&quits);
                // Nobody may be waiting.
                let _nobody = tell.send(()).is_err();
            })
            .map_err(|e| {
                BackendError::new(Kind::Local, "could not start the monitor").because(e)
            })?;
        Ok(Self { quit, done })
    }

    /// Ends it; after a `clean` stop the process takes back what it said of itself.
    pub fn end(self, clean: bool) {
        if self.quit.send(clean).is_ok() {
            // A broker that does not answer must not keep the process from ending.
            let _late = self.done.recv_timeout(FAREWELL).is_err();
        }
    }
}

struct Watcher {
    options: RunOptions,
    handle: RunHandle,
    description: Description,
    meta: MetaLog,
    asker: BaseConsumer<Quiet>,
    peeker: Option<Peeker>,
    peeked: Instant,
    /// What was written of this process last.
    told: Option<Process>,
}

impl Watcher {
    fn run(&mut self, quits: &Receiver<bool>) {
        let mut next_look = Instant::now();
        loop {
            match quits.recv_timeout(Duration::ZERO) {
                Err(RecvTimeoutError::Timeout) => {}
                Ok(true) => return self.take_back(),
                Ok(false) | Err(RecvTimeoutError::Disconnected) => return,
            }
            match self.meta.read_on(Duration::from_millis(200)) {
                Ok(true) => self.handle.pause(self.meta.pause(&self.description.group)),
                Ok(false) => {}
                Err(error) => passing("the meta topic", &error),
            }
            if let Err(error) = self.tell() {
                passing("the meta topic", &error);
            }
            if next_look <= Instant::now() {
                next_look = Instant::now() + LOOK_EVERY;
                if let Err(error) = self.look() {
                    passing("the ends of the sources", &error);
                }
                if self.peeked.elapsed() >= PEEK_EVERY {
                    self.peeked = Instant::now();
                    if let Err(error) = self.peek() {
                        self.peeker = None;
                        passing("records that wait", &error);
                    }
                }
            }
        }
    }

    /// Where the sources of the assigned partitions end for a reader of committed records.
    fn look(&self) -> Result<()> {
        let partitions = self.handle.with(|view| view.partitions.clone());
        let sources = || self.description.sources.iter().enumerate();
        let places = sources()
            .flat_map(|(_, s)| partitions.iter().map(|p| (s.topic.clone(), *p)))
            .collect::<Vec<_>>();
        let found = ends(&self.asker, places, CALL)?;
        let at = self.handle.elapsed();
        self.handle.with(|view| {
            for (index, source) in sources() {
                for partition in &partitions {
                    if let Some(end) = found.get(&(source.topic.clone(), *partition)) {
                        view.watch.ends(*partition, index, *end, at);
                    }
                }
            }
        });
        Ok(())
    }

    /// Looks at the first and last of the records that wait for long: how old they are.
    fn peek(&mut self) -> Result<()> {
        let at = self.handle.elapsed();
        let waiting = self.handle.with(|view| view.watch.waiting(WAITS, at));
        if waiting.is_empty() {
            self.peeker = None;
            return Ok(());
        }
        let topic = |source: usize| self.description.sources[source].topic.clone();
        let spans: Vec<Span> = waiting
            .iter()
            .map(|(partition, source, from, to)| Span {
                topic: topic(*source),
                partition: *partition,
                from: *from,
                to: *to,
            })
            .collect();
        let peeker = match self.peeker.take() {
            Some(peeker) => peeker,
            None => Peeker::open(&self.options.kafka, true)?,
        };
        let (first, last) = (peeker.first(&spans)?, peeker.last(&spans)?);
        self.peeker = Some(peeker);
        let (now, at) = (self.options.clock.now(), self.handle.elapsed());
        self.handle.with(|view| {
            for (partition, source, ..) in &waiting {
                let place = (topic(*source), *partition);
                let oldest = first.get(&place).and_then(|seen| seen.time);
                let waiting = Waiting {
                    oldest: oldest.map(|time| now.micros_since(time).max(0)),
                    last: last.get(&place).and_then(|seen| seen.event_time.or(seen.time)),
                };
                view.watch.looked_at(*partition, *source, waiting, at);
            }
        });
        Ok(())
    }

    /// Tells the others what this process has, whenever it changes.
    fn tell(&mut self) -> Result<()> {
        let (partitions, standby, assigned_at) = self
            .handle
            .with(|view| (view.partitions.clone(), view.standby.0.clone(), view.assigned_at));
        let Some(assigned_at) = assigned_at else { return Ok(()) };
        let own = Process {
            topology: self.description.name.to_owned(),
            instance: self.options.instance.clone(),
            host: rustix::system::uname().nodename().to_string_lossy().into_owned(),
            pid: std::process::id(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            partitions,
            standby,
            stores: self.description.stores.iter().map(|s| s.name.to_owned()).collect(),
            state_dir: self.options.state_dir.display().to_string(),
            http: self.options.http.clone(),
            assigned_at: assigned_at.to_string(),
            paused: self.handle.obeyed(),
        };
        if self.told.as_ref() == Some(&own) {
            return Ok(());
        }
        let text = serde_json::to_string(&own).map_err(|e| {
            BackendError::new(Kind::Internal, "could not describe this process").because(e)
        })?;
        self.meta.write(&self.key(), Some(&text))?;
        self.told = Some(own);
        Ok(())
    }

    fn take_back(&self) {
        if self.told.is_some()
            && let Err(error) = self.meta.write(&self.key(), None)
        {
            passing("the meta topic", &error);
        }
    }

    fn key(&self) -> String {
        Process::key(&self.description.group, &self.options.instance)
    }
}

/// The work goes on without; the next round tries again.
fn passing(what: &str, error: &BackendError) {
    tracing::info!(%error, cause = ?error.source, "could not look at {what}");
}
