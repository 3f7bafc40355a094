//! Reads published events back.

use rdkafka::consumer::Consumer;

use super::Names;
use crate::backends::error::Result;
use crate::backends::kafka::aside::{AsideReader, Start};
use crate::backends::kafka::classify;
use crate::backends::kafka::runner::preflight;
use crate::config::settings::Kafka;
use crate::domain::cloud_event;
use crate::events::relay::{ENVELOPE, LINK, POSITION, REVISION, source};
use crate::events::{Event, wire};
use crate::streams::letters::AsideRecord;
use crate::topics;

/// A published event, and where it lies.
#[derive(Clone, Debug)]
pub struct Copied {
    /// The topic.
    pub topic: String,
    /// The partition and the offset.
    pub place: String,
    /// The event, or what is wrong with it.
    pub event: std::result::Result<Event, String>,
}

/// The topics with a store's published events, as far as they go at the moment of opening.
pub struct Copies {
    readers: Vec<(String, AsideReader)>,
    source: String,
}

impl Copies {
    /// Looks at all topics of events; reads nothing yet.
    ///
    /// # Errors
    /// As the client says.
    pub fn open(kafka: &Kafka, names: &Names) -> Result<Self> {
        let what = || format!("could not ask Kafka at {} for its topics", kafka.bootstrap);
        let asker = preflight::asker(kafka, "bss-relay")?;
        let metadata =
            asker.fetch_metadata(None, kafka.connect_timeout).map_err(|e| classify(e, what()))?;
        let start = topics::aggregate_events(&names.prefix, "");
        let mut found: Vec<String> = metadata
            .topics()
            .iter()
            .map(|topic| topic.name().to_owned())
            .filter(|name| name.starts_with(&start))
            .collect();
        found.sort_unstable();
        let mut readers = Vec::with_capacity(found.len());
        for topic in found {
            let reader = AsideReader::open(kafka, &topic)?;
            readers.push((topic, reader));
        }
        Ok(Self { readers, source: source(&names.namespace) })
    }

    /// The topics.
    pub fn topics(&self) -> impl Iterator<Item = &str> {
        self.readers.iter().map(|(topic, _)| topic.as_str())
    }

    /// Hands every committed event of the store to `each`: those of a partition in their order. May
    /// be called again.
    ///
    /// # Errors
    /// As the client says; [`crate::backends::Kind::Stopped`] once `stop` says so.
    pub fn read(&mut self, stop: &dyn Fn() -> bool, each: &mut dyn FnMut(Copied)) -> Result<()> {
        for (topic, reader) in &mut self.readers {
            reader.read(&Start::Beginning, stop, &mut |record| {
                if header(&record, cloud_event::SOURCE) == Some(self.source.as_str()) {
                    let place = record.position.to_string();
                    let event = event(&record);
                    each(Copied { topic: topic.clone(), place, event });
                }
            })?;
        }
        Ok(())
    }
}

fn header<'a>(record: &'a AsideRecord, name: &str) -> Option<&'a str> {
    let (_, value) = record.headers.iter().find(|(key, _)| key == name)?;
    std::str::from_utf8(value.as_deref()?).ok()
}

/// The event of a record: its value must be one, and its headers and key must say the same.
fn event(record: &AsideRecord) -> std::result::Result<Event, String> {
    let value = record.value.as_deref().ok_or("it has no value")?;
    let line = std::str::from_utf8(value).map_err(|e| e.to_string())?;
    let mut event = wire::read(line).map_err(|e| e.to_string())?;
    if let Some(stored) = header(record, ENVELOPE) {
        stored.as_bytes().clone_into(&mut event.envelope);
        event.content().map_err(|e| format!("its header {ENVELOPE}: {e}"))?;
    }
    let told = [
        (POSITION, event.position.to_string()),
        (REVISION, event.revision.to_string()),
        (LINK, event.link.to_string()),
    ];
    for (name, value) in told {
        let found = header(record, name).unwrap_or("nothing");
        if found != value {
            return Err(format!("its header {name} says {found}, its value {value}"));
        }
    }
    if record.key.as_deref() != Some(event.aggregate.id().as_bytes()) {
        return Err(format!("its key is not that of {}", event.aggregate));
    }
    Ok(event)
}
