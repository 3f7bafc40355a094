//! Reads the store and publishes, and comes back after an outage.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::exposed::Figures;
use super::rows::Rows;
use super::{Halt, names, verdict};
use crate::backends::kafka::relay::{Batch, Going, Publisher};
use crate::backends::redis::events::Store;
use crate::backends::{BackendError, Kind};
use crate::cli::{ExitStatus, Failure};
use crate::commands::Context;
use crate::commands::events::shown;
use crate::events::relay::State;
use crate::events::{Epoch, Event, Upcasters};
use crate::runtime::Fault;

/// Bytes of events that are read at once, about.
const BYTES: usize = 4 << 20;
/// Events that are read at once, at most.
const PAGE: usize = 1000;
/// How long after a failure the servers are asked again.
const PAUSE: Duration = Duration::from_millis(500);
/// How often a refusal that may pass is asked again.
const REFUSALS: u32 = 5;

/// The relay among the readers of a shard: what it has not published is not trimmed.
const READER: &str = "relay";

/// A shard while it is carried.
struct Lane {
    state: State,
    epoch: Epoch,
    /// Where a drain ends.
    goal: u64,
}

/// Carries events from the store to Kafka.
pub struct Carrier<'c> {
    store: Store,
    types: BTreeSet<String>,
    drain: bool,
    accept_gap: bool,
    figures: Arc<Figures>,
    context: &'c Context,
    fault: Fault,
    lanes: BTreeMap<u16, Lane>,
    rows: Rows,
    page: usize,
    /// When something went last.
    went: Instant,
    refusals: u32,
}

impl<'c> Carrier<'c> {
    /// A carrier; nothing is asked yet.
    pub fn new(
        store: Store,
        types: BTreeSet<String>,
        drain: bool,
        accept_gap: bool,
        figures: Arc<Figures>,
        context: &'c Context,
        upcasters: Upcasters,
    ) -> Self {
        Self {
            store,
            types,
            drain,
            accept_gap,
            figures,
            context,
            fault: Fault::parse(context.environment.fault.as_deref()),
            lanes: BTreeMap::new(),
            rows: Rows::new(upcasters),
            page: 100,
            went: Instant::now(),
            refusals: 0,
        }
    }

    /// Carries until it is stopped, or drained. Servers that are away are waited for, as long as
    /// `streams.outage_timeout` says.
    ///
    /// # Errors
    /// What ended it.
    pub async fn run(&mut self) -> Result<(), Failure> {
        let patience = self.context.settings().streams.outage_timeout;
        loop {
            let error = match self.session().await {
                Ok(()) => return Ok(()),
                Err(Halt::Final(failure)) => return Err(failure),
                Err(Halt::Passing(error)) => error,
            };
            if self.context.shutdown.asked() {
                return Ok(());
            }
            self.figures.stands_still(&error.message);
            let refused = !matches!(error.kind, Kind::Unreachable | Kind::TimedOut);
            self.refusals += u32::from(refused);
            if self.went.elapsed() > patience || self.refusals >= REFUSALS {
                return Err(error.into());
            }
            let cause = error.source.as_ref().map_or(String::new(), |s| format!(": {s}"));
            self.context.ui.warning(format!("{}{cause}; trying again.", error.message));
            tokio::select! {
                () = tokio::time::sleep(PAUSE) => {}
                () = self.context.shutdown.wait() => return Ok(()),
            }
            // What it cannot do now, the next session says.
            if let Err(error) = self.store.reconnect().await {
                tracing::info!(%error, "the store is still away");
            }
        }
    }

    /// From the last commit on, until it is stopped or something fails.
    async fn session(&mut self) -> Result<(), Halt> {
        let settings = self.context.settings();
        let names = names(self.context);
        let (mut publisher, mut states) = tokio::task::block_in_place(|| {
            let publisher = Publisher::start(&settings.kafka, &settings.streams, names)?;
            let states = publisher.states()?;
            Ok::<_, BackendError>((publisher, states))
        })?;
        for kind in &self.types {
            let topic = crate::topics::aggregate_events(&settings.kafka.topic_prefix, kind);
            tokio::task::block_in_place(|| publisher.require(&topic))?;
        }
        self.rows.forget();
        self.lanes.clear();
        for shard in 0..self.store.shards() {
            let state = states.remove(&shard);
            let state = state.unwrap_or_else(|| State::start(self.types.clone()));
            self.same_types(shard, &state)?;
            self.meet(shard, state).await?;
        }
        if let Some((shard, state)) = states.into_iter().find(|(_, state)| state.position > 0) {
            let what = format!(
                "the store has {} shards; Kafka has events of shard {shard}, up to {}",
                self.store.shards(),
                state.position
            );
            return Err(Failure::new(ExitStatus::Found, what).code("lost").into());
        }
        self.figures.goes();
        self.context.ui.status(format!("Publishing from {}.", self.store.place()));
        self.carry(&mut publisher).await
    }

    /// Compares a shard with what was published, and takes it up.
    async fn meet(&mut self, shard: u16, mut state: State) -> Result<(), Halt> {
        let epoch = self.store.epoch(shard).await?;
        let checked =
            verdict::check(&mut self.store, shard, &state, self.accept_gap, self.context).await;
        (state.position, state.link) = checked?;
        let head = self.store.head(shard).await?.0;
        self.figures.stands(shard, state.position, head);
        let goal = self.lanes.get(&shard).map_or(head, |lane| lane.goal);
        self.lanes.insert(shard, Lane { state, epoch, goal });
        Ok(())
    }

    fn same_types(&self, shard: u16, state: &State) -> Result<(), Failure> {
        if state.types == self.types || state.position == 0 {
            return Ok(());
        }
        let list = |types: &BTreeSet<String>| match types.len() {
            0 => "all types".to_owned(),
            _ => types.iter().cloned().collect::<Vec<_>>().join(", "),
        };
        let what = format!(
            "shard {shard} is published up to {} with {}, not with {}",
            state.position,
            list(&state.types),
            list(&self.types)
        );
        let same: Vec<&str> = state.types.iter().map(String::as_str).collect();
        Err(Failure::new(ExitStatus::Conflict, what)
            .hint("Events of the others before that position would be missing in Kafka.")
            .hint(format!("Go on as before: bss events relay {}", same.join(" ")).trim_end()))
    }

    async fn carry(&mut self, publisher: &mut Publisher) -> Result<(), Halt> {
        loop {
            let drained = self.lanes.values().all(|lane| lane.state.position >= lane.goal);
            if self.context.shutdown.asked() || (self.drain && drained) {
                return Ok(());
            }
            let ends: Vec<(u16, u64)> =
                self.lanes.iter().map(|(shard, lane)| (*shard, lane.state.position)).collect();
            let events = tokio::select! {
                events = self.store.after(&ends, self.page) => events?,
                () = self.context.shutdown.wait() => return Ok(()),
            };
            if events.is_empty() {
                self.idle().await?;
            } else {
                self.publish(events, publisher).await?;
            }
            (self.went, self.refusals) = (Instant::now(), 0);
        }
    }

    /// Nothing came: is it still the same server? One that lost its end has nothing either.
    async fn idle(&mut self) -> Result<(), Halt> {
        let shards: Vec<u16> = self.lanes.keys().copied().collect();
        for shard in shards {
            let epoch = self.store.epoch(shard).await?;
            let Some(lane) = self.lanes.get(&shard) else { continue };
            if epoch != lane.epoch {
                let state = lane.state.clone();
                self.context.ui.status(format!("Shard {shard}: the server is another one now."));
                self.meet(shard, state).await?;
            }
        }
        self.figures.goes();
        Ok(())
    }

    async fn publish(&mut self, events: Vec<Event>, publisher: &mut Publisher) -> Result<(), Halt> {
        let bytes: usize = events.iter().map(|event| event.envelope.len()).sum();
        self.page = (BYTES / (bytes / events.len()).max(1)).clamp(1, PAGE);
        let mut batch = Batch::default();
        let mut published: BTreeMap<u16, u64> = BTreeMap::new();
        for event in events {
            let shard = event.position.shard;
            let Some(lane) = self.lanes.get_mut(&shard) else { continue };
            let (next, expected) = (lane.state.position + 1, event.link_after(&lane.state.link));
            if event.position.n != next || event.link != expected {
                return Err(self.broken(&event, next).await);
            }
            (lane.state.position, lane.state.link) = (event.position.n, event.link);
            if lane.state.takes(event.aggregate.kind()) {
                lane.state.published += 1;
                *published.entry(shard).or_default() += 1;
                let stored = event.content().map_err(|e| shown::damaged(&event, &e))?;
                let version = stored.type_version;
                let content = self.rows.current(&event)?;
                let row = self.rows.take(&event, &content, &mut self.store, publisher).await?;
                batch.rows.extend(row);
                let newer = content.type_version != version;
                let current = newer.then(|| content.into_owned());
                batch.events.push(Going { event, epoch: lane.epoch.to_string(), current });
            }
            lane.state.epoch = lane.epoch.to_string();
            batch.states.insert(shard, lane.state.clone());
        }
        tokio::task::block_in_place(|| publisher.publish(&batch, &self.fault))?;
        for (shard, count) in published {
            self.figures.published(shard, count);
        }
        self.figures.committed(batch.rows.len() as u64);
        for (shard, state) in &batch.states {
            let head = self.store.head(*shard).await?.0;
            self.figures.stands(*shard, state.position, head);
            self.store.note_reader(*shard, READER, state.position).await?;
        }
        Ok(())
    }

    /// The next event does not follow on the last one that was published.
    async fn broken(&mut self, event: &Event, next: u64) -> Halt {
        let shard = event.position.shard;
        let Some(lane) = self.lanes.get(&shard) else {
            return Failure::new(ExitStatus::Bug, "an event of an unknown shard").into();
        };
        let state = lane.state.clone();
        let checked =
            verdict::check(&mut self.store, shard, &state, self.accept_gap, self.context).await;
        if let Err(halt) = checked {
            return halt;
        }
        let what = format!(
            "the event at {} does not follow on {shard}:{}: its position or its link is another",
            event.position,
            next - 1
        );
        Failure::new(ExitStatus::Found, what).hint("See what is damaged: bss events verify").into()
    }
}
