//! The proof that Kafka has each published event once.

use std::collections::BTreeMap;
use std::fmt;

use super::{Fault, PAGE};
use crate::backends::kafka::relay::states;
use crate::backends::redis::events::{Direction, Store};
use crate::cli::Failure;
use crate::commands::Context;
use crate::commands::events::{copied, relay::names};
use crate::events::published::{Finding, Published};
use crate::events::relay::State;
use crate::events::{Aggregate, Position};
use crate::ui::{Progress, Report};

/// What was compared.
pub struct Compared {
    topics: Vec<String>,
    events: u64,
    archived: u64,
    states: BTreeMap<u16, State>,
}

impl Compared {
    /// Adds the counts to a report.
    pub fn tell(&self, mut report: Report) -> Report {
        report = report
            .meta("topics", self.topics.join(", "))
            .meta("kafkaEvents", self.events)
            .meta("kafkaEventsArchived", self.archived);
        for (shard, state) in &self.states {
            let told = format!("{} {}", state.position, state.link);
            report = report.meta(&format!("relayed{shard}"), told);
        }
        report
    }
}

impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let upto: Vec<String> = self
            .states
            .iter()
            .map(|(shard, state)| format!("{shard}:{}", state.position))
            .collect();
        let upto = if upto.is_empty() { "nothing".to_owned() } else { upto.join(", ") };
        write!(f, " {} events in Kafka, published up to {upto}: each once.", self.events)
    }
}

/// Compares the topics with the store.
///
/// # Errors
/// As the servers say.
pub async fn compare(
    store: &mut Store,
    faults: &mut Vec<Fault>,
    context: &Context,
) -> Result<Compared, Failure> {
    // In this order: what is published up to here is in the topics, and what is in the topics is in
    // the store.
    let kafka = &context.settings().kafka;
    let states = tokio::task::block_in_place(|| states(kafka, &names(context)))?;
    let mut copies = copied::open(context)?;
    let mut published = Published::default();
    let mut ends = Vec::new();
    for shard in 0..store.shards() {
        let (head, floor) = (store.head(shard).await?.0, store.floor(shard).await?.0);
        published.shard(shard, floor, head);
        ends.push((shard, floor, head));
    }
    let mut progress = Progress::start(&context.ui, "reading what Kafka has", None);
    copied::read(&mut copies, context, &mut |copied| {
        progress.advance(1);
        match &copied.event {
            Ok(event) => {
                let finding = published.take(event);
                faults.extend(finding.map(|finding| {
                    let place = format!("{} of topic {}", copied.place, copied.topic);
                    fault(event.position, Some(&event.aggregate), &finding, &place)
                }));
            }
            Err(why) => faults.push(Fault {
                position: None,
                aggregate: None,
                kind: "kafka-damaged",
                detail: format!("{} of topic {}: {why}", copied.place, copied.topic),
            }),
        }
    })?;
    progress.finish();
    for (shard, floor, head) in ends {
        let state = states.get(&shard);
        walk(store, (shard, floor, head), state, &mut published, faults).await?;
        faults.extend(ended(store, shard, state, head));
    }
    let unknown = published.unknown();
    faults.extend(unknown.map(|position| fault(position, None, &Finding::Unknown, "the topics")));
    let topics = copies.topics().map(str::to_owned).collect();
    let (events, archived) = (published.events(), published.archived());
    Ok(Compared { topics, events, archived, states })
}

/// Compares the events of a shard with what is published of it.
async fn walk(
    store: &mut Store,
    (shard, floor, head): (u16, u64, u64),
    state: Option<&State>,
    published: &mut Published,
    faults: &mut Vec<Fault>,
) -> Result<(), Failure> {
    let mut next = floor + 1;
    while next <= head {
        let page = store.read(Position { shard, n: next }, Direction::Forward, PAGE).await?;
        let Some(last) = page.last().map(|event| event.position.n) else { break };
        for event in page.iter().filter(|event| event.position.n <= head) {
            let due = state
                .is_some_and(|s| event.position.n <= s.position && s.takes(event.aggregate.kind()));
            let finding = published.compare(event, due);
            faults.extend(finding.map(|finding| {
                fault(event.position, Some(&event.aggregate), &finding, "the topics")
            }));
        }
        next = last + 1;
    }
    Ok(())
}

/// Whether the store has what the relay noted last.
fn ended(store: &Store, shard: u16, state: Option<&State>, head: u64) -> Option<Fault> {
    let state = state.filter(|state| state.position > head)?;
    Some(Fault {
        position: Some(Position { shard, n: state.position }),
        aggregate: None,
        kind: "kafka-lost",
        detail: format!(
            "published up to here, but the store in {} ends at {shard}:{head}",
            store.place()
        ),
    })
}

fn fault(
    position: Position,
    aggregate: Option<&Aggregate>,
    finding: &Finding,
    place: &str,
) -> Fault {
    let (kind, detail) = match finding {
        Finding::Missing => ("kafka-missing", format!("it is not in {place}")),
        Finding::Twice => ("kafka-twice", format!("it comes again in {place}")),
        Finding::Order { after } => {
            ("kafka-order", format!("in {place} it comes after revision {after}"))
        }
        Finding::Link { stored } => {
            ("kafka-link", format!("it has another link in {place}; the store has {stored}"))
        }
        Finding::Unknown => ("kafka-unknown", format!("{place}: the store has no such event")),
    };
    Fault { position: Some(position), aggregate: aggregate.cloned(), kind, detail }
}
