//! Takes a topology back to the state of one that never ran.
//!
//! The order is what makes it safe to be cut off: the offsets go first, so that a run finds state
//! without offsets and refuses; then the changelogs go, and a run misses its topics; then offsets
//! are set, if any are wanted; the changelogs are made anew last. Doing it again completes it.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::{Offset, TopicPartitionList};

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::admin::Admin;
use crate::backends::kafka::runner::offsets::{self, Position};
use crate::backends::kafka::runner::restore::Restorer;
use crate::backends::kafka::runner::{files, preflight, transaction};
use crate::backends::kafka::{classify, ends};
use crate::config::settings::{Kafka, Streams};
use crate::domain::EventTime;
use crate::runtime::Fault;
use crate::streams::checkpoint::Checkpoint;
use crate::streams::topology::{Description, Role, SinkKind};
use crate::streams::undo::{Bounds, NotedEnd, NotedOffset, Undo};
use crate::topics::plan::{Declared, Step};

/// How long one question may take.
const CALL: Duration = Duration::from_secs(10);

/// Where the group begins afterwards.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Without offsets: at the oldest record that is kept.
    Earliest,
    /// At what comes from now on.
    Latest,
    /// At the first record of this Kafka time.
    At(EventTime),
}

/// What there is before a reset.
#[derive(Clone, Debug)]
pub struct Before {
    /// Partitions of the sources.
    pub partitions: i32,
    /// What is committed.
    pub offsets: Vec<NotedOffset>,
    /// Transactional ids that committed last.
    pub writers: BTreeSet<String>,
    /// The members' ids.
    pub members: Vec<String>,
    /// Bounds of the changelogs that are there.
    pub changelogs: Bounds,
    /// Bounds of the outputs that are there.
    pub outputs: Bounds,
    /// The offsets the group gets; empty if none.
    pub targets: Vec<NotedOffset>,
}

/// A topology that may be reset.
pub struct Resetter {
    pub(super) kafka: Kafka,
    pub(super) description: Description,
    pub(super) restorer: Restorer,
}

impl Resetter {
    /// Connects.
    ///
    /// # Errors
    /// As the client says.
    pub fn open(kafka: &Kafka, description: &Description) -> Result<Self> {
        let restorer = Restorer::open(kafka, &description.group)?;
        Ok(Self { kafka: kafka.clone(), description: description.clone(), restorer })
    }

    /// Looks at everything a reset touches or leaves.
    ///
    /// # Errors
    /// [`Kind::Missing`] without a source topic; others as the client says.
    pub fn look(&self, target: Target) -> Result<Before> {
        let group = &self.description.group;
        let asker = preflight::asker(&self.kafka, group)?;
        let mut before = Before {
            partitions: 0,
            offsets: Vec::new(),
            writers: BTreeSet::new(),
            members: self.members()?,
            changelogs: Bounds::new(),
            outputs: Bounds::new(),
            targets: Vec::new(),
        };
        for source in &self.description.sources {
            let topic = &source.topic;
            let found = preflight::partition_count(&asker, &self.kafka.bootstrap, topic)?;
            let count = i32::try_from(found.unwrap_or(0)).unwrap_or(i32::MAX);
            if count == 0 && source.role == Role::Repartition {
                // A reset that was cut off had deleted it.
                continue;
            }
            if count == 0 {
                let what = format!("topic \"{topic}\" is missing at {}", self.kafka.bootstrap);
                return Err(BackendError::new(Kind::Missing, what)
                    .hint("Create it with `bss setup kafka`."));
            }
            if source.role != Role::Repartition {
                before.partitions = count;
            }
            let numbers: Vec<i32> = (0..count).collect();
            let committed =
                offsets::committed(self.restorer.impatient(), group, topic, &numbers, CALL)?;
            for (partition, committed) in numbers.iter().zip(committed) {
                let writer = &committed.checkpoint.writer;
                let Some(offset) = committed.offset else { continue };
                if !writer.is_empty() {
                    before.writers.insert(writer.clone());
                }
                let metadata = if committed.checkpoint == Checkpoint::default() {
                    String::new()
                } else {
                    committed.checkpoint.to_metadata()
                };
                before.offsets.push(NotedOffset {
                    topic: topic.clone(),
                    partition: *partition,
                    offset,
                    metadata,
                });
            }
            // A table is read whole, and a repartition topic is made anew.
            if source.role == Role::Events {
                before.targets.extend(self.targets(topic, &numbers, target)?);
            }
        }
        before.changelogs = self.bounds(self.description.own_topics())?;
        let outputs = self.description.sinks.iter();
        let outputs = outputs.filter(|s| matches!(s.kind, SinkKind::Events | SinkKind::Aside));
        before.outputs = self.bounds(outputs.map(|s| s.topic.as_str()))?;
        Ok(before)
    }

    fn bounds<'a>(&self, topics: impl Iterator<Item = &'a str>) -> Result<Bounds> {
        let mut bounds = Bounds::new();
        for topic in topics {
            let place = &self.kafka.bootstrap;
            let found = preflight::partition_count(self.restorer.impatient(), place, topic)?;
            for partition in 0..i32::try_from(found.unwrap_or(0)).unwrap_or(i32::MAX) {
                let ends = self.restorer.bounds(topic, partition)?;
                bounds.insert((topic.to_owned(), partition), ends);
            }
        }
        Ok(bounds)
    }

    fn targets(&self, topic: &str, numbers: &[i32], target: Target) -> Result<Vec<NotedOffset>> {
        let found = match target {
            Target::Earliest => return Ok(Vec::new()),
            Target::Latest => TopicPartitionList::new(),
            Target::At(time) => {
                let mut asked = TopicPartitionList::new();
                let what = || format!("could not find {time} in topic \"{topic}\"");
                for partition in numbers {
                    asked
                        .add_partition_offset(
                            topic,
                            *partition,
                            Offset::Offset(time.millis().max(0)),
                        )
                        .map_err(|e| classify(e, what()))?;
                }
                ends::at_times(self.restorer.patient(), &asked, CALL)
                    .map_err(|e| classify(e, what()))?
            }
        };
        let mut targets = Vec::with_capacity(numbers.len());
        for partition in numbers {
            let offset = match found.find_partition(topic, *partition).map(|e| e.offset()) {
                Some(Offset::Offset(offset)) => offset,
                _ => self.restorer.stable_end(topic, *partition)?,
            };
            let (topic, metadata) = (topic.to_owned(), String::new());
            targets.push(NotedOffset { topic, partition: *partition, offset, metadata });
        }
        Ok(targets)
    }

    /// The members' ids.
    ///
    /// # Errors
    /// As the client says.
    pub fn members(&self) -> Result<Vec<String>> {
        let group = &self.description.group;
        preflight::members(self.restorer.impatient(), group).map(|(_, members)| members)
    }

    /// Takes the transactional ids of `writers`: whatever one of them left open is aborted, and a
    /// process that lost its place in the group but lives cannot commit any more.
    ///
    /// # Errors
    /// As the client says.
    pub fn fence(&self, streams: &Streams, writers: &BTreeSet<String>) -> Result<()> {
        writers.iter().try_for_each(|w| transaction::fence(&self.kafka, streams, w))
    }

    /// Commits offsets of a group without members.
    ///
    /// # Errors
    /// [`Kind::Conflict`] if the group has a member; others as the client says.
    pub fn set(&self, wanted: &[NotedOffset]) -> Result<()> {
        if wanted.is_empty() {
            return Ok(());
        }
        let positions: Vec<Position<'_>> = wanted
            .iter()
            .map(|o| Position {
                topic: &o.topic,
                partition: o.partition,
                offset: o.offset,
                metadata: o.metadata.clone(),
            })
            .collect();
        let list = offsets::list(&positions)?;
        self.restorer.impatient().commit(&list, CommitMode::Sync).map_err(|e| {
            classify(
                e,
                format!("could not set the offsets of group \"{}\"", self.description.group),
            )
        })
    }

    /// What a reset of `before` notes.
    #[must_use]
    pub fn undo(&self, before: &Before, now: EventTime) -> Undo {
        let end = |((topic, partition), (_, end)): (&(String, i32), &(i64, i64))| NotedEnd {
            topic: topic.clone(),
            partition: *partition,
            end: *end,
        };
        Undo {
            topology: self.description.name.to_owned(),
            group: self.description.group.clone(),
            taken_at: now.to_string(),
            offsets: before.offsets.clone(),
            changelogs: before.changelogs.iter().map(end).collect(),
        }
    }
}

/// Carries a reset out: offsets, changelogs, new offsets, new changelogs, in this order.
///
/// # Errors
/// As the brokers say; what was done stays done, and another call completes it.
pub async fn carry_out(
    admin: &Admin,
    resetter: &Resetter,
    before: &Before,
    changelogs: &[Declared],
    fault: &Fault,
) -> Result<()> {
    let names: Vec<&str> = changelogs.iter().map(|d| d.name.as_str()).collect();
    admin.delete_group(&resetter.description.group).await?;
    fault.hit("reset-offsets-gone");
    admin.delete_topics(&names).await?;
    fault.hit("reset-state-gone");
    tokio::task::block_in_place(|| resetter.set(&before.targets))?;
    fault.hit("reset-offsets-set");
    for declared in changelogs {
        admin.apply(&Step::Create(declared.clone())).await?;
    }
    admin.ready(&names).await
}

/// Writes the undo file of a `verb` beside the status files, whole or not at all; gives its path.
///
/// # Errors
/// [`Kind::Local`], such as a full disk.
pub fn write_undo(dir: &Path, verb: &str, undo: &Undo, now: EventTime) -> Result<PathBuf> {
    let place = dir.join(format!("{}-{verb}-{}.json", undo.group, now.millis()));
    let what = || format!("could not write {}", place.display());
    let local = |e: std::io::Error| {
        BackendError::new(Kind::Local, what())
            .because(e)
            .hint("Nothing was changed. Free space there, or set streams.state_dir.")
    };
    let text = serde_json::to_vec_pretty(undo)
        .map_err(|e| BackendError::new(Kind::Internal, what()).because(e))?;
    let beside = place.with_extension("new");
    std::fs::create_dir_all(dir).map_err(local)?;
    std::fs::File::create(&beside)
        .and_then(|mut file| {
            file.write_all(&text)?;
            file.sync_all()
        })
        .and_then(|()| std::fs::rename(&beside, &place))
        .map_err(local)?;
    Ok(place)
}

/// Waits until members whose processes have ended on this machine have left the group: a static
/// member stays in it for a session. Says at once which live.
///
/// # Errors
/// [`Kind::Conflict`] with the members that live or do not leave in `limit`.
pub fn wait_for_nobody(
    resetter: &Resetter,
    dir: &Path,
    limit: Duration,
    told: &dyn Fn(&[String]),
) -> Result<()> {
    let group = &resetter.description.group;
    let started = Instant::now();
    let mut said = false;
    loop {
        let members = resetter.members()?;
        if members.is_empty() {
            return Ok(());
        }
        let ended: Vec<String> = files::read_statuses(dir, group)
            .into_iter()
            .filter(|status| !files::held(dir, group, &status.instance))
            .map(|status| status.instance)
            .collect();
        let has_ended = |id: &String| ended.iter().any(|e| preflight::is_member_of(id, e));
        if !members.iter().all(has_ended) || started.elapsed() > limit {
            return Err(BackendError::new(
                Kind::Conflict,
                format!("refused to change the state of group \"{group}\": it has members"),
            )
            .because(members.join(", "))
            .hint("Stop them first (Ctrl-C or SIGTERM); one that was killed stays in the group for streams.session_timeout."));
        }
        if !said {
            told(&members);
            said = true;
        }
        std::thread::park_timeout(Duration::from_millis(200));
    }
}

/// Offsets between first and end, summed up by topic.
#[must_use]
pub fn sums(bounds: &Bounds) -> BTreeMap<&str, i64> {
    let mut sums = BTreeMap::new();
    for ((topic, _), (first, end)) in bounds {
        *sums.entry(topic.as_str()).or_default() += end - first;
    }
    sums
}
