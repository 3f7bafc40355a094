//! Writes letters back to where they came from, and for each a marker beside it, in one
//! transaction.

use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::BaseRecord;

use crate::backends::error::Result;
use crate::backends::kafka::once::{Once, Words};
use crate::config::settings::Kafka;
use crate::domain::EventTime;
use crate::runtime::Fault;
use crate::streams::letters::requeue::Return;
use crate::streams::letters::{REQUEUED, REQUEUED_AT, REQUEUED_FROM};

const WORDS: Words = Words {
    noun: "requeue",
    done: "requeued",
    look: "See what is open with `bss streams dlq list --state open`.",
    fewer: "Requeue fewer letters at once: filter by --topic, --partition or --until.",
    marker: (REQUEUED, REQUEUED_AT),
};

/// A producer that holds the application's right to requeue.
pub struct Requeuer {
    once: Once,
    dead_letters: String,
}

impl Requeuer {
    /// Takes the place of whoever requeued for this application before: what is finished is
    /// finished, what was open is aborted. Records are written in batches that a topic of
    /// `smallest` `max.message.bytes` takes.
    ///
    /// # Errors
    /// As the client says.
    pub fn take_over(kafka: &Kafka, id: &str, dead_letters: &str, smallest: u64) -> Result<Self> {
        let once = Once::take_over(kafka, id, smallest, &WORDS)?;
        Ok(Self { once, dead_letters: dead_letters.to_owned() })
    }

    /// Writes `returns` in their order and marks their letters as requeued at `at`: all of it or
    /// nothing.
    ///
    /// # Errors
    /// [`Kind::Conflict`] if another requeue took over, [`Kind::Stopped`] once `stop` says so; then
    /// and after every other failure but an unknown outcome nothing was written.
    ///
    /// [`Kind::Conflict`]: crate::backends::Kind::Conflict
    /// [`Kind::Stopped`]: crate::backends::Kind::Stopped
    pub fn write(
        &self,
        returns: &[Return],
        at: EventTime,
        fault: &Fault,
        stop: &dyn Fn() -> bool,
    ) -> Result<()> {
        self.once.write(fault, stop, &|open| {
            for each in returns {
                open.send(record(each))?;
                for letter in &each.letters {
                    open.mark(&self.dead_letters, *letter, at)?;
                }
                fault.hit("requeue-after-write");
            }
            Ok(())
        })
    }
}

fn record(each: &Return) -> BaseRecord<'_, [u8], [u8]> {
    let mut headers = OwnedHeaders::new_with_capacity(each.headers.len() + 1);
    for (key, value) in &each.headers {
        headers = headers.insert(Header { key, value: value.as_ref() });
    }
    if let Some(first) = each.letters.first() {
        headers = headers.insert(Header { key: REQUEUED_FROM, value: Some(&first.to_string()) });
    }
    let mut record: BaseRecord<'_, [u8], [u8]> =
        BaseRecord::to(&each.origin.topic).partition(each.origin.partition).headers(headers);
    record.key = each.key.as_deref();
    record.payload = each.value.as_deref();
    record
}
