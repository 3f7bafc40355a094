//! One record through its partition's task, and its outputs into the transaction.

use rdkafka::message::{Header, Headers, Message, OwnedHeaders};

use crate::backends::error::{BackendError, Kind};
use crate::backends::kafka::headers;
use crate::backends::kafka::runner::transaction::{Outgoing, Transaction, Trouble};
use crate::backends::kafka::runner::worker::Worker;
use crate::domain::EventTime;
use crate::streams::output::OutputRecord;
use crate::streams::record::SourceRecord;
use crate::streams::topology::Description;

impl Worker {
    /// Processes one record.
    ///
    /// # Errors
    /// A task that panics: the record is noted in `poison` and set aside the next time.
    pub(super) fn process(
        &mut self,
        message: &impl Message,
        now: EventTime,
    ) -> std::result::Result<(), Trouble> {
        let sources = &self.description.sources;
        let source = match sources.len() {
            1 => 0,
            _ => self.description.source_at(message.topic()).unwrap_or(0),
        };
        let number = message.partition();
        let Some(partition) = self.partitions.get_mut(&number) else { return Ok(()) };
        let record = SourceRecord {
            source,
            partition: number,
            offset: message.offset(),
            key: message.key(),
            value: message.payload(),
            timestamp: message.timestamp().to_millis().map(EventTime::from_millis),
        };
        let place = (source, number, record.offset);
        partition.dirty = true;
        partition.next[source] = record.offset + 1;
        if let Some(cause) = self.poison.get(&place) {
            partition.driver.park(&record, cause, &mut self.outputs);
        } else if let Err(panic) = {
            self.options.fault.hit_record(number, record.offset);
            partition.driver.step(&record, now, &mut self.outputs)
        } {
            self.outputs.clear();
            self.handle.note(format!(
                "a record stopped the task and is set aside: partition {number} offset {} of \"{}\".",
                record.offset, sources[source].topic
            ));
            self.poison.insert(place, panic.clone());
            return Err(Trouble::Abort(
                BackendError::new(
                    Kind::Internal,
                    format!("the task of partition {number} panicked"),
                )
                .because(panic),
            ));
        }
        if !self.outputs.is_empty() {
            self.urgent |= self.outputs.urgent();
            for record in self.outputs.iter() {
                // Read only where a record is carried on: it costs on each.
                let own = if record.id.is_empty() { message.headers() } else { None };
                send(&mut self.transaction, &self.description, &record, own)?;
            }
            self.outputs.clear();
        }
        Ok(())
    }
}

/// Writes one output with its CloudEvents headers; or, if it is carried on as it came, with the
/// headers that say why and with its `own`.
pub(super) fn send(
    transaction: &mut Transaction,
    description: &Description,
    record: &OutputRecord<'_>,
    own: Option<&impl Headers>,
) -> std::result::Result<(), Trouble> {
    let sink = &description.sinks[record.sink];
    let headers = if sink.kind.is_inside() {
        None
    } else if record.id.is_empty() {
        let mut headers = OwnedHeaders::new_with_capacity(record.headers.len());
        for (key, value) in record.headers {
            headers = headers.insert(Header { key, value: Some(value) });
        }
        // What says why it was set aside before is of then: this time counts.
        let own = own.into_iter().flat_map(Headers::iter);
        for header in own.filter(|h| !h.key.starts_with("bss_")) {
            headers = headers.insert(header);
        }
        Some(headers)
    } else {
        Some(headers::cloud(sink, record.id, record.time))
    };
    transaction.send(Outgoing {
        topic: &sink.topic,
        partition: record.partition,
        key: record.key,
        value: record.value,
        headers,
    })
}
