//! What must hold before a run starts: topics, their partition counts, one configuration.

use std::time::{Duration, Instant};

use rdkafka::consumer::{BaseConsumer, Consumer};

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::ends::until_led;
use crate::backends::kafka::runner::meta::MetaLog;
use crate::backends::kafka::runner::offsets;
use crate::backends::kafka::{Quiet, classify, client};
use crate::config::settings::Kafka;
use crate::streams::topology::{Description, Role, SinkKind};

/// How long one question to the brokers may take.
const CALL: Duration = Duration::from_secs(10);

/// How long a topic may take to become known to every broker.
const SPREAD: Duration = Duration::from_secs(2);

/// A client for questions only.
///
/// # Errors
/// As the client says.
pub fn asker(kafka: &Kafka, group: &str) -> Result<BaseConsumer<Quiet>> {
    client(kafka)
        .set("group.id", group)
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "error")
        .set("isolation.level", "read_committed")
        .set("enable.partition.eof", "true")
        // An empty end is answered at once: a start waits for it.
        .set("fetch.wait.max.ms", "10")
        .create_with_context(Quiet)
        .map_err(|e| classify(e, format!("could not make a client for {}", kafka.bootstrap)))
}

/// How many partitions `topic` has; `None` if it is not there.
///
/// # Errors
/// As the client says.
pub fn partition_count(
    consumer: &BaseConsumer<Quiet>,
    place: &str,
    topic: &str,
) -> Result<Option<usize>> {
    let what = || format!("could not ask Kafka at {place} about topic \"{topic}\"");
    let metadata = consumer.fetch_metadata(Some(topic), CALL).map_err(|e| classify(e, what()))?;
    let Some(found) = metadata.topics().iter().find(|t| t.name() == topic) else { return Ok(None) };
    match found.error() {
        None => Ok(Some(found.partitions().len()).filter(|n| *n > 0)),
        Some(error) => {
            let code: rdkafka::types::RDKafkaErrorCode = error.into();
            match code {
                rdkafka::types::RDKafkaErrorCode::UnknownTopicOrPartition
                | rdkafka::types::RDKafkaErrorCode::UnknownTopic => Ok(None),
                _ => Err(BackendError::new(Kind::Denied, what()).because(code.to_string())),
            }
        }
    }
}

/// The partition counts of inputs and changelogs, and which topics are not there.
fn look<'a>(
    kafka: &Kafka,
    consumer: &BaseConsumer<Quiet>,
    description: &'a Description,
) -> Result<(Vec<(&'a str, usize)>, Vec<&'a str>)> {
    let mut missing = Vec::new();
    let mut inputs = Vec::new();
    let changelogs = description.stores.iter().map(|s| s.changelog.as_str());
    for topic in description.sources.iter().map(|s| s.topic.as_str()).chain(changelogs) {
        match partition_count(consumer, &kafka.bootstrap, topic)? {
            Some(count) => inputs.push((topic, count)),
            None => missing.push(topic),
        }
    }
    for sink in description.sinks.iter().filter(|s| s.kind != SinkKind::Repartition) {
        if partition_count(consumer, &kafka.bootstrap, &sink.topic)?.is_none() {
            missing.push(&sink.topic);
        }
    }
    Ok((inputs, missing))
}

/// Checks that every topic is there and that all inputs and changelogs have one partition
/// count, which is returned.
///
/// # Errors
/// [`Kind::Missing`] with the missing topics, [`Kind::Unfit`] with both counts.
pub fn topics(kafka: &Kafka, description: &Description) -> Result<usize> {
    let consumer = asker(kafka, &description.group)?;
    let started = Instant::now();
    // A topic just created is known to some brokers before others.
    let (inputs, mut missing) = loop {
        let (inputs, missing) = look(kafka, &consumer, description)?;
        if missing.is_empty() || started.elapsed() > SPREAD {
            break (inputs, missing);
        }
        std::thread::park_timeout(Duration::from_millis(100));
    };
    if !missing.is_empty() {
        refuse_half_rebuilt(&consumer, description)?;
        missing.sort_unstable();
        return Err(BackendError::new(
            Kind::Missing,
            format!(
                "cannot run \"{}\": topics are missing at {}",
                description.name, kafka.bootstrap
            ),
        )
        .because(missing.join(", "))
        .hint("Create them with `bss setup kafka`."));
    }
    let (first, count) = inputs[0];
    if let Some((other, others)) = inputs.iter().find(|(_, n)| *n != count) {
        refuse_half_rebuilt(&consumer, description)?;
        let own = |topic: &str| description.own_topics().any(|own| own == topic);
        let state = own(other);
        let cause = if state {
            format!(
                "state was built for {others} partitions (\"{other}\"), \"{first}\" has {count}"
            )
        } else {
            format!("\"{first}\" has {count} partitions, \"{other}\" has {others}")
        };
        let hint = if state {
            format!(
                "A topic that has grown needs its state made anew: `bss streams rebuild {}`.",
                description.name
            )
        } else {
            "Give both the same count.".to_owned()
        };
        return Err(BackendError::new(
            Kind::Unfit,
            format!("cannot run \"{}\": partition counts differ", description.name),
        )
        .because(cause)
        .hint(format!("Keys would not meet. {hint}")));
    }
    Ok(count)
}

/// The refusal of a group whose offsets carry the mark of a rebuild.
#[must_use]
pub fn half_rebuilt(description: &Description) -> BackendError {
    let Description { name, group, .. } = description;
    BackendError::new(
        Kind::Conflict,
        format!("cannot run group \"{group}\": its state is half made"),
    )
    .because("a rebuild was cut off")
    .hint(format!("Complete it: `bss streams rebuild {name} --apply`."))
}

fn refuse_half_rebuilt(consumer: &BaseConsumer<Quiet>, description: &Description) -> Result<()> {
    let Description { group, sources, .. } = description;
    for source in sources.iter().filter(|s| s.role != Role::Repartition) {
        let count = partition_count(consumer, "", &source.topic)?.unwrap_or(0);
        let numbers: Vec<i32> = (0..i32::try_from(count).unwrap_or(i32::MAX)).collect();
        let committed = offsets::committed(consumer, group, &source.topic, &numbers, CALL)?;
        if committed.iter().any(|c| c.checkpoint.rebuilding.is_some()) {
            return Err(half_rebuilt(description));
        }
    }
    Ok(())
}

/// What all processes of a group must agree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// The topology's version.
    pub version: u32,
    /// Its configuration as text.
    pub configuration: String,
}

impl Fingerprint {
    fn text(&self) -> String {
        format!("version {}; {}", self.version, self.configuration)
    }
}

/// Refuses to join a group whose living members run another version or configuration, and
/// leaves the own one for those who come.
///
/// # Errors
/// [`Kind::Conflict`] with both; others as the client says.
pub fn agree(
    kafka: &Kafka,
    meta: &MetaLog,
    group: &str,
    instance: &str,
    own: &Fingerprint,
) -> Result<()> {
    let found = meta.get(group);
    if found == Some(&*own.text()) {
        return Ok(());
    }
    let consumer = asker(kafka, group)?;
    let others = other_members(&consumer, group, instance)?;
    if let Some(found) = found.filter(|_| !others.is_empty()) {
        return Err(BackendError::new(
            Kind::Conflict,
            format!("cannot join group \"{group}\": its members run another configuration"),
        )
        .because(format!("members: {}", others.join(", ")))
        .hint(format!("theirs: {found}"))
        .hint(format!("this one: {}", own.text()))
        .hint("Stop the others first, or start this one with their configuration."));
    }
    meta.write(group, Some(&own.text()))
}

fn other_members(
    consumer: &BaseConsumer<Quiet>,
    group: &str,
    instance: &str,
) -> Result<Vec<String>> {
    let (_, mut members) = members(consumer, group)?;
    members.retain(|id| !is_member_of(id, instance));
    Ok(members)
}

/// The group's state as the broker names it (`Dead` if there is none), and its members' ids.
///
/// # Errors
/// As the client says.
pub fn members(consumer: &BaseConsumer<Quiet>, group: &str) -> Result<(String, Vec<String>)> {
    let what = || format!("could not ask about the members of group \"{group}\"");
    let ask = |left| consumer.fetch_group_list(Some(group), left);
    let list = until_led(CALL, ask, |_| ()).map_err(|e| classify(e, what()))?;
    let found = list.groups().iter().find(|g| g.name() == group);
    let ids = found.map(|g| g.members().iter().map(|m| m.id().to_owned()).collect());
    Ok((found.map_or_else(|| "Dead".to_owned(), |g| g.state().to_owned()), ids.unwrap_or_default()))
}

/// Whether a member's id is one of `instance`: a static member's is its instance name, a dash and
/// a UUID.
#[must_use]
pub fn is_member_of(id: &str, instance: &str) -> bool {
    id.len() == instance.len() + 37 && id.starts_with(instance)
}
