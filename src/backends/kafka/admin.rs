//! Topics and broker settings: read, create, set.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rdkafka::admin::{
    AdminClient, AdminOptions, AlterConfig, ConfigResource, ConfigSource, NewTopic,
    ResourceSpecifier, TopicReplication,
};
use rdkafka::types::RDKafkaErrorCode as Code;

use rdkafka::metadata::Metadata;

use crate::backends::error::{BackendError, Kind, Result};
use crate::backends::kafka::{Quiet, classify, client};
use crate::config::settings::Kafka;
use crate::topics::plan::{Found, Step};

/// How long one call may take on the brokers.
const CALL: Duration = Duration::from_secs(15);

/// What the cluster is and has.
#[derive(Clone, Debug, Default)]
pub struct Inventory {
    /// How many brokers it has.
    pub brokers: usize,
    /// The topics that were asked for and are there.
    pub topics: BTreeMap<String, Found>,
    /// One broker's settings.
    pub broker_settings: BTreeMap<String, String>,
}

/// A client for administration.
pub struct Admin {
    client: AdminClient<Quiet>,
    place: String,
    timeout: Duration,
    /// What was set by topic: the brokers may tell the old values for a moment.
    set: Mutex<BTreeMap<String, BTreeMap<String, String>>>,
}

impl Admin {
    /// Makes the client; nothing is asked yet.
    ///
    /// # Errors
    /// Settings the client refuses.
    pub fn new(kafka: &Kafka) -> Result<Self> {
        let place = kafka.bootstrap.clone();
        let client = client(kafka)
            .create_with_context(Quiet)
            .map_err(|e| classify(e, format!("could not make a client for Kafka at {place}")))?;
        Ok(Self { client, place, timeout: kafka.connect_timeout, set: Mutex::default() })
    }

    fn options() -> AdminOptions {
        AdminOptions::new().request_timeout(Some(CALL)).operation_timeout(Some(CALL))
    }

    /// Reads what the cluster has of `names`, and the settings of one broker.
    ///
    /// # Errors
    /// [`Kind::Unreachable`] and others as the client says.
    pub async fn inventory(&self, names: &[String]) -> Result<Inventory> {
        let what = || format!("could not ask Kafka at {}", self.place);
        // Blocking, but short, and the first thing that shows whether anybody answers.
        let metadata = tokio::task::block_in_place(|| {
            self.client.inner().fetch_metadata(None, self.timeout).map_err(|e| {
                classify(e, what())
                    .hint("Is the broker up? `kafka.bootstrap` names where it is looked for.")
            })
        })?;
        let mut inventory = Inventory { brokers: metadata.brokers().len(), ..Inventory::default() };
        for topic in metadata.topics().iter().filter(|t| names.iter().any(|n| n == t.name())) {
            let first = topic.partitions().first();
            let found = Found {
                partitions: i32::try_from(topic.partitions().len()).unwrap_or(i32::MAX),
                replication: first.map_or(0, |p| i32::try_from(p.replicas().len()).unwrap_or(0)),
                settings: BTreeMap::new(),
            };
            inventory.topics.insert(topic.name().to_owned(), found);
        }
        let topics = inventory.topics.keys().map(|n| ResourceSpecifier::Topic(n));
        let broker = metadata.brokers().first().map(|b| ResourceSpecifier::Broker(b.id()));
        let asked: Vec<ResourceSpecifier<'_>> = topics.chain(broker).collect();
        let answers = self
            .client
            .describe_configs(&asked, &Self::options())
            .await
            .map_err(|e| classify(e, what()))?;
        for answer in answers {
            let resource = answer.map_err(|code| {
                BackendError::new(Kind::Denied, what()).because(code.to_string())
            })?;
            self.keep(&mut inventory, resource);
        }
        Ok(inventory)
    }

    fn keep(&self, inventory: &mut Inventory, resource: ConfigResource) {
        use rdkafka::admin::OwnedResourceSpecifier as Owned;
        let settings = resource
            .entries
            .into_iter()
            .filter_map(|entry| Some((entry.name, entry.value?)))
            .collect();
        match resource.specifier {
            Owned::Topic(name) => {
                if let Some(found) = inventory.topics.get_mut(&name) {
                    found.settings = settings;
                }
            }
            Owned::Broker(_) => inventory.broker_settings = settings,
            Owned::Group(_) => {}
        }
    }

    /// Carries one step out; safe to repeat.
    ///
    /// # Errors
    /// As the brokers say.
    pub async fn apply(&self, step: &Step) -> Result<()> {
        match step {
            Step::Create(declared) => {
                let what =
                    || format!("could not create topic \"{}\" at {}", declared.name, self.place);
                let replication = TopicReplication::Fixed(declared.replication);
                let mut topic = NewTopic::new(&declared.name, declared.partitions, replication);
                for (key, value) in &declared.settings {
                    topic = topic.set(key, value);
                }
                let answers = self
                    .client
                    .create_topics([&topic], &Self::options())
                    .await
                    .map_err(|e| classify(e, what()))?;
                answers.into_iter().try_for_each(|answer| match answer {
                    Ok(_) | Err((_, Code::TopicAlreadyExists)) => Ok(()),
                    Err((_, code)) => {
                        Err(BackendError::new(Kind::Refused, what()).because(code.to_string()))
                    }
                })
            }
            Step::Set { topic, key, declared, .. } => self.set(topic, key, declared).await,
            Step::Refused { .. } => Ok(()),
        }
    }

    /// Waits until the topics can be used: each partition has a leader in the brokers' metadata,
    /// which follows the controller's answer a moment later.
    ///
    /// # Errors
    /// [`Kind::TimedOut`] with the topics that are not ready; others as the client says.
    pub async fn ready(&self, names: &[&str]) -> Result<()> {
        let what = || format!("could not see the new topics at {}", self.place);
        let usable = |metadata: &Metadata, name: &str| {
            metadata.topics().iter().any(|t| {
                t.name() == name
                    && !t.partitions().is_empty()
                    && t.partitions().iter().all(|p| p.leader() >= 0)
            })
        };
        let waiting = self.wait_for(names, what, usable).await?;
        if waiting.is_empty() {
            return Ok(());
        }
        Err(BackendError::new(Kind::TimedOut, what())
            .because(format!("without a leader: {}", waiting.join(", ")))
            .hint("They were created. Are all brokers up? Check with `bss setup kafka --check`."))
    }

    /// Waits until the brokers' metadata has every topic `as_wished`; returns those that it has
    /// not in time.
    async fn wait_for<'a>(
        &self,
        names: &[&'a str],
        what: impl Fn() -> String,
        as_wished: impl Fn(&Metadata, &str) -> bool,
    ) -> Result<Vec<&'a str>> {
        let deadline = Instant::now() + CALL * 2;
        loop {
            let metadata = tokio::task::block_in_place(|| {
                self.client.inner().fetch_metadata(None, CALL).map_err(|e| classify(e, what()))
            })?;
            let waiting: Vec<&str> =
                names.iter().copied().filter(|n| !as_wished(&metadata, n)).collect();
            if waiting.is_empty() || Instant::now() > deadline {
                return Ok(waiting);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Deletes topics, if they are there, and waits until no broker names them.
    ///
    /// # Errors
    /// As the brokers say; [`Kind::TimedOut`] if they stay.
    pub async fn delete_topics(&self, names: &[&str]) -> Result<()> {
        let what = || format!("could not delete {} at {}", names.join(", "), self.place);
        if names.is_empty() {
            return Ok(());
        }
        let answers = self
            .client
            .delete_topics(names, &Self::options())
            .await
            .map_err(|e| classify(e, what()))?;
        for answer in answers {
            match answer {
                Ok(_) | Err((_, Code::UnknownTopicOrPartition | Code::UnknownTopic)) => {}
                Err((name, code)) => {
                    return Err(
                        BackendError::new(Kind::Refused, what()).because(format!("{name}: {code}"))
                    );
                }
            }
        }
        let gone =
            |metadata: &Metadata, name: &str| metadata.topics().iter().all(|t| t.name() != name);
        if self.wait_for(names, what, gone).await?.is_empty() {
            return Ok(());
        }
        Err(BackendError::new(Kind::TimedOut, what())
            .because("the brokers name them still")
            .hint("Run the command again: it goes on where it stopped."))
    }

    /// Deletes a consumer group with its offsets, if it is there.
    ///
    /// # Errors
    /// [`Kind::Conflict`] while it has members; others as the brokers say.
    pub async fn delete_group(&self, group: &str) -> Result<()> {
        let what = || format!("could not delete the offsets of group \"{group}\"");
        let answers = self
            .client
            .delete_groups(&[group], &Self::options())
            .await
            .map_err(|e| classify(e, what()))?;
        answers.into_iter().try_for_each(|answer| match answer {
            Ok(_) | Err((_, Code::GroupIdNotFound)) => Ok(()),
            Err((_, code)) => {
                let kind = if code == Code::NonEmptyGroup { Kind::Conflict } else { Kind::Refused };
                Err(BackendError::new(kind, what()).because(code.to_string()))
            }
        })
    }

    fn set_before(&self) -> MutexGuard<'_, BTreeMap<String, BTreeMap<String, String>>> {
        self.set.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes one setting of a topic. The call replaces all settings of the topic at once, so
    /// those that were set before are sent along: as the brokers tell them, and as they were set
    /// here, since an answer may be older than that.
    async fn set(&self, topic: &str, key: &str, value: &str) -> Result<()> {
        let what = || format!("could not set {key} of topic \"{topic}\" at {}", self.place);
        let answers = self
            .client
            .describe_configs(&[ResourceSpecifier::Topic(topic)], &Self::options())
            .await
            .map_err(|e| classify(e, what()))?;
        let mut all: BTreeMap<String, String> = BTreeMap::new();
        for resource in answers.into_iter().flatten() {
            for entry in resource.entries {
                if entry.source == ConfigSource::DynamicTopic
                    && let Some(old) = entry.value
                {
                    all.insert(entry.name, old);
                }
            }
        }
        all.extend(self.set_before().get(topic).cloned().unwrap_or_default());
        all.insert(key.to_owned(), value.to_owned());
        let mut change = AlterConfig::new(ResourceSpecifier::Topic(topic));
        for (key, value) in &all {
            change = change.set(key, value);
        }
        let answers = self
            .client
            .alter_configs([&change], &Self::options())
            .await
            .map_err(|e| classify(e, what()))?;
        answers.into_iter().try_for_each(|answer| match answer {
            Ok(_) => Ok(()),
            Err((_, code)) => {
                Err(BackendError::new(Kind::Refused, what()).because(code.to_string()))
            }
        })?;
        let mut set = self.set_before();
        set.entry(topic.to_owned()).or_default().insert(key.to_owned(), value.to_owned());
        Ok(())
    }
}

/// The least value of a number among the settings of `topics`; `None` if it cannot be read there
/// (no right to, or a topic is gone). Blocks.
///
/// # Errors
/// As the client says.
pub fn least_setting(kafka: &Kafka, topics: &[String], name: &str) -> Result<Option<i64>> {
    let what = || format!("could not read {name} of {}", topics.join(", "));
    let admin = Admin::new(kafka)?;
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.map_err(|e| BackendError::new(Kind::Internal, what()).because(e))?;
    let asked: Vec<ResourceSpecifier<'_>> =
        topics.iter().map(|topic| ResourceSpecifier::Topic(topic)).collect();
    let answers = runtime
        .block_on(admin.client.describe_configs(&asked, &Admin::options()))
        .map_err(|e| classify(e, what()))?;
    let mut least = None;
    for answer in answers {
        let Ok(resource) = answer else { return Ok(None) };
        let entry = resource.entries.into_iter().find(|entry| entry.name == name);
        let Some(value) = entry.and_then(|e| e.value?.parse::<i64>().ok()) else {
            return Ok(None);
        };
        least = Some(least.map_or(value, |least: i64| least.min(value)));
    }
    Ok(least)
}
